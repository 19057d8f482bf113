//! Tests of what configurations are refused, and of the image sizes that they give.

use super::super::preset;
use super::super::task::SizeStage;
use super::*;
use proptest::prelude::*;

fn staged(epochs: usize, stages: &[(f32, usize)]) -> TrainingConfig {
    let mut config = preset::face("default").unwrap();
    config.epochs = epochs;
    config.sizes = stages
        .iter()
        .map(|&(until, side)| SizeStage { until, side })
        .collect();
    config
}

#[test]
fn image_sizes_follow_their_stages() {
    let config = staged(40, &[(0.35, 24), (0.6, 36)]);
    config.check().unwrap();
    let sides: Vec<usize> = (0..40).map(|epoch| config.input_at(epoch)[2]).collect();
    assert_eq!(sides, [vec![24; 14], vec![36; 10], vec![48; 16]].concat());
    assert_eq!(staged(3, &[]).input_at(0), [1, 48, 48]);
    assert_eq!(staged(3, &[(1.0, 44)]).input_at(2), [1, 44, 44]);
}

#[test]
fn image_sizes_out_of_order_or_range_are_refused() {
    for stages in [
        &[(0.5, 24), (0.5, 36)][..],
        &[(0.5, 24), (0.4, 36)],
        &[(0.0, 24)],
        &[(1.1, 24)],
        &[(f32::NAN, 24)],
        &[(0.5, 11)],
        &[(0.5, 49)],
        // Four poolings leave nothing of it.
        &[(0.5, 15)],
    ] {
        let refused = staged(10, stages).check();
        assert!(
            matches!(refused, Err(ConfigError::Range { .. })),
            "{stages:?}"
        );
    }
    let mut flattening = preset::face("original").unwrap();
    flattening.sizes = staged(1, &[(0.5, 24)]).sizes;
    let refused = flattening.check().unwrap_err().to_string();
    assert!(refused.contains("flattening"), "{refused}");
    let mut music = preset::music("default").unwrap();
    music.sizes = flattening.sizes;
    assert!(music.check().is_err());
}

#[test]
fn a_file_from_before_there_were_sizes_still_loads() {
    let text = toml::to_string(&staged(5, &[])).unwrap();
    assert!(!text.contains("sizes"));
    let config = staged(5, &[(0.25, 24), (0.5, 36)]);
    let with_stages = toml::to_string(&config).unwrap();
    assert!(with_stages.contains("[[sizes]]"));
    assert_eq!(
        toml::from_str::<TrainingConfig>(&with_stages).unwrap(),
        config
    );
    assert!(
        toml::from_str::<TrainingConfig>(&text)
            .unwrap()
            .sizes
            .is_empty()
    );
}

#[test]
fn a_radius_of_sharpness_aware_steps_is_checked_and_kept() {
    let mut config = staged(5, &[]);
    let plain = toml::to_string(&config).unwrap();
    assert!(!plain.contains("sharpness_radius"));
    assert_eq!(toml::from_str::<TrainingConfig>(&plain).unwrap(), config);

    config.optimiser.sharpness_radius = 0.1;
    let text = toml::to_string(&config).unwrap();
    assert_eq!(toml::from_str::<TrainingConfig>(&text).unwrap(), config);
    let misspelt = text.replace("sharpness_radius", "sharpnes_radius");
    assert!(toml::from_str::<TrainingConfig>(&misspelt).is_err());

    for wrong in [-0.1, f32::NAN, f32::INFINITY] {
        config.optimiser.sharpness_radius = wrong;
        let error = config.check().unwrap_err().to_string();
        assert!(error.contains("optimiser.sharpness_radius"), "{error}");
    }
}

proptest! {
    #[test]
    fn every_epoch_has_the_size_of_its_stage(
        epochs in 1_usize..400,
        untils in prop::collection::btree_set(1_u32..=100, 0..5),
    ) {
        let stages: Vec<(f32, usize)> = untils
            .iter()
            .enumerate()
            .map(|(i, &percent)| (percent as f32 / 100.0, 16 + 4 * i))
            .collect();
        let config = staged(epochs, &stages);
        prop_assert!(config.check().is_ok());
        let side = |epoch| config.input_at(epoch)[1];
        // The sides rise here, so a run that goes back in size has lost its place.
        prop_assert!((1..epochs).all(|epoch| side(epoch - 1) <= side(epoch)));
        for (i, &percent) in untils.iter().enumerate() {
            let trained = (0..epochs).filter(|&epoch| side(epoch) <= 16 + 4 * i).count();
            let expected = epochs as f64 * f64::from(percent) / 100.0;
            prop_assert!((trained as f64 - expected).abs() <= 0.51, "{trained}, {expected}");
        }
    }
}

#[test]
fn a_network_that_does_not_take_what_the_task_gives_is_refused() {
    let mut config = preset::face("default").unwrap();
    config.architecture.input = [1, 44, 44];
    assert!(matches!(config.check(), Err(ConfigError::Range { .. })));

    let mut config = preset::music("original").unwrap();
    config.architecture.input[0] = 3;
    assert!(matches!(config.check(), Err(ConfigError::Range { .. })));

    let mut config = preset::music("default").unwrap();
    config.architecture.input[1] += 1;
    assert!(matches!(config.check(), Err(ConfigError::Input(_))));
}

#[test]
fn what_the_sidecar_would_refuse_is_refused_before_the_training() {
    let mut config = preset::face("default").unwrap();
    if let TaskConfig::Face { std, .. } = &mut config.task {
        *std = 0.0;
    }
    assert!(matches!(config.check(), Err(ConfigError::Input(_))));

    let mut config = preset::music("default").unwrap();
    if let TaskConfig::Music {
        windows,
        spectrogram,
        ..
    } = &mut config.task
    {
        *windows = 0;
        spectrogram.n_mels = usize::MAX;
    }
    assert!(matches!(config.check(), Err(ConfigError::Input(_))));
}

#[test]
fn the_windows_drawn_from_a_song_are_bounded_by_what_can_be() {
    let with = |seconds, most| {
        let mut config = preset::music("default").unwrap();
        if let TaskConfig::Music {
            crop_seconds,
            most_crops,
            ..
        } = &mut config.task
        {
            (*crop_seconds, *most_crops) = (seconds, most);
        }
        config.check().map_err(|error| error.to_string())
    };
    assert_eq!(with(Some(5.0), Some(1)), Ok(()));
    for (seconds, most) in [(Some(0.0), None), (Some(f64::NAN), None)] {
        assert!(with(seconds, most).unwrap_err().contains("crop_seconds"));
    }
    for (seconds, most) in [(None, Some(4)), (Some(5.0), Some(0))] {
        assert!(with(seconds, most).unwrap_err().contains("most_crops"));
    }
}
