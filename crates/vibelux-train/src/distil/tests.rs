//! Tests of teachers: what they say, and which are refused.

use super::teacher::CLASSES;
use super::*;
use std::path::{Path, PathBuf};

use crate::config::{TaskConfig, TrainingConfig, preset};
use crate::nn::{Init, Mode, Network, NetworkError, Precision, Random, softmax};
use vibelux::model::architecture::LayerSpec;

/// A face configuration whose network is a single dense layer on pooled pixels.
fn tiny(mean: f32, std: f32) -> TrainingConfig {
    let mut config = preset::face("default").unwrap();
    config.precision = Precision::F32;
    if let TaskConfig::Face {
        mean: own_mean,
        std: own_std,
        ..
    } = &mut config.task
    {
        (*own_mean, *own_std) = (mean, std);
    }
    config.architecture.layers = vec![
        LayerSpec::MaxPool {
            size: [2, 2],
            stride: [2, 2],
        },
        LayerSpec::GlobalAveragePool,
        LayerSpec::Dense { units: CLASSES },
        LayerSpec::Softmax,
    ];
    config
}

fn write_run(folder: &Path, config: &TrainingConfig, seed: u64) -> Network {
    std::fs::create_dir_all(folder).unwrap();
    config.save(&folder.join("config.toml")).unwrap();
    let network = Network::new(&config.architecture, Init::He, seed).unwrap();
    let path = folder.join("weights.safetensors");
    network.weights().save(&path).unwrap();
    network
}

#[test]
fn targets_are_the_labels_and_the_mean_of_what_teachers_say_of_the_same_pixels() {
    let dir = tempfile::tempdir().unwrap();
    let (one, other) = (dir.path().join("one"), dir.path().join("other"));
    let mut networks = [
        write_run(&one, &tiny(0.5, 0.25), 1),
        write_run(&other, &tiny(0.0, 1.0), 2),
    ];
    let mut student = tiny(0.5, 0.25);
    // A weights file will do as well as its folder.
    let runs = vec![one, other.join("weights.safetensors")];
    student.distil = Some(DistilConfig::new(runs));
    let mut teachers = Teachers::load(&student).unwrap().unwrap();

    let mut random = Random::new(3, 0, 0);
    let pixels: Vec<f32> = (0..2 * 48 * 48).map(|_| random.unit()).collect();
    let standardised: Vec<f32> = pixels.iter().map(|p| (p - 0.5) / 0.25).collect();
    let mut labels = vec![0.0; 2 * CLASSES];
    (labels[3], labels[CLASSES]) = (1.0, 1.0);
    let mut targets = vec![f32::NAN; 2 * CLASSES];
    teachers.teach(&standardised, &labels, &mut targets);

    let first = softmax(networks[0].forward(&standardised, Mode::Evaluate), CLASSES);
    let second = softmax(networks[1].forward(&pixels, Mode::Evaluate), CLASSES);
    for i in 0..2 * CLASSES {
        let expected = 0.3 * labels[i] + 0.35 * first[i] + 0.35 * second[i];
        assert!((targets[i] - expected).abs() < 1e-5);
    }
    for row in targets.chunks_exact(CLASSES) {
        assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-5);
    }
}

#[test]
fn pinning_keeps_absolute_paths_and_notices_a_changed_teacher() {
    let dir = tempfile::tempdir().unwrap();
    let run = dir.path().join("teacher");
    write_run(&run, &tiny(0.5, 0.25), 1);
    let mut student = tiny(0.5, 0.25);
    student.distil = Some(DistilConfig::new(vec![run.clone()]));
    pin(&mut student).unwrap();
    let pinned = student.clone();
    assert_eq!(pinned.distil.as_ref().unwrap().fingerprints.len(), 1);
    pinned.check().unwrap();
    let path = dir.path().join("student.toml");
    pinned.save(&path).unwrap();
    assert_eq!(TrainingConfig::load(&path).unwrap(), pinned);
    pin(&mut student).unwrap();
    assert_eq!(student, pinned);

    write_run(&run, &tiny(0.5, 0.25), 2);
    assert!(matches!(
        pin(&mut student),
        Err(DistilError::Changed { .. })
    ));
    student.distil = Some(DistilConfig::new(vec![PathBuf::from("teacher")]));
    assert!(matches!(pin(&mut student), Err(DistilError::Config(_))));
    let distil = student.distil.unwrap();
    assert!(distil.runs[0].is_absolute());
}

#[test]
fn who_cannot_teach_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let run = dir.path().join("flattening");
    let mut flattening = tiny(0.5, 0.25);
    flattening.architecture.layers[1] = LayerSpec::Flatten;
    write_run(&run, &flattening, 1);
    let mut student = tiny(0.5, 0.25);
    student.sizes = vec![crate::config::SizeStage {
        until: 0.5,
        side: 24,
    }];
    let mut distil = DistilConfig::new(vec![run]);
    student.distil = Some(distil.clone());
    pin(&mut student).unwrap();
    distil.view = TeacherView::ChangedSmall;
    student.distil = Some(distil);
    assert!(matches!(
        pin(&mut student),
        Err(DistilError::Network {
            source: NetworkError::SizeDependent { .. },
            ..
        })
    ));

    let run = dir.path().join("music");
    let mut music = preset::music("original").unwrap();
    music.architecture.layers = tiny(0.0, 1.0).architecture.layers;
    write_run(&run, &music, 1);
    student.sizes.clear();
    student.distil = Some(DistilConfig::new(vec![run]));
    assert!(pin(&mut student).is_err());
    for bad in [0.0, 1.1, f32::NAN] {
        let mut distil = student.distil.clone().unwrap();
        distil.weight = bad;
        assert!(distil.check().is_err());
    }
    assert!(DistilConfig::new(Vec::new()).check().is_err());
}
