//! Tests of the windows that training draws from songs.

use vibelux::compose::{StereoWaveform, write_wav};
use vibelux::model::weights::{Tensor, Weights};

use super::*;
use crate::config::{TaskConfig, preset};
use crate::heads::{HeadConfig, HeadKind};

fn front_end() -> LogMelConfig {
    let TaskConfig::Music { spectrogram, .. } = preset::music("default").unwrap().task else {
        unreachable!("the default preset listens to songs");
    };
    spectrogram
}

/// A song of so many seconds, of which a teacher said for each second how many had passed.
fn row(folder: &Path, seconds: usize) -> TableRow {
    let path = folder.join(format!("{seconds}.wav"));
    let frames = (0..seconds * 16_000).map(|i| [(i as f32 * 0.2).sin() * 0.3; 2]);
    let sound = StereoWaveform {
        frames: frames.collect(),
        sample_rate_hz: 16_000,
    };
    write_wav(&path, &sound, "", "", "").unwrap();
    let array = |shape: Vec<usize>, data: Vec<f32>| Tensor { shape, data };
    let passed = (0..seconds).map(|s| s as f32).collect();
    let arrays = [
        ("hop_seconds", array(vec![1], vec![1.0])),
        ("passed", array(vec![seconds, 1], passed)),
    ];
    let track = Weights(arrays.map(|(n, a)| (n.to_owned(), a)).into());
    track.save(&path.with_extension("safetensors")).unwrap();
    let values = [("teacher", format!("{seconds}.safetensors"))];
    TableRow {
        path,
        target: None,
        quadrant: None,
        fold: None,
        folder: folder.to_owned(),
        values: values.map(|(c, v)| (c.to_owned(), v)).into(),
    }
}

#[test]
fn a_drawn_window_is_taught_what_was_said_of_it_and_long_songs_have_more() {
    let dir = tempfile::tempdir().unwrap();
    let rows = [row(dir.path(), 8), row(dir.path(), 40), row(dir.path(), 2)];
    let heads = Heads::new(&[HeadConfig {
        column: "teacher".to_owned(),
        kind: HeadKind::ValueTrack,
        condition: None,
        array: Some("passed".to_owned()),
        sound_kind: false,
        weight: 1.0,
        least_rows: 1,
        names: vec!["000".to_owned()],
    }]);
    let set = MusicSet::load(&rows, &front_end(), 5, &heads, None, &|_, _| ()).unwrap();
    let augmentation = MusicAugmentation::default();
    let same = set
        .clone()
        .with_training(augmentation.clone(), Crops::PerSong(2), 0.0);
    assert_eq!(same.crops, [0, 1, 2, 0, 1, 2]);
    let every = |most| Crops::EverySeconds { seconds: 8.0, most };
    let few = set
        .clone()
        .with_training(augmentation.clone(), every(3), 0.0);
    assert_eq!(few.crops, [0, 1, 2, 1, 1]);
    let set = set.with_training(augmentation, every(usize::MAX), 0.0);
    assert_eq!(set.crops, [0, 1, 2, 1, 1, 1, 1]);
    let config = front_end();
    let mut input = vec![0.0; config.n_mels * config.window_frames];
    let mut target = vec![0.0; heads.outputs()];
    let mut seen = Vec::new();
    for index in 0..TrainingSet::len(&set) {
        for epoch in 0..20 {
            set.draw(
                index,
                &mut Random::new(1, epoch, index as u64),
                &mut input,
                &mut target,
            );
            assert!(target[..7].iter().all(|t| t.is_nan()));
            if set.crops[index] == 2 {
                // Two seconds, over and over.
                assert!((target[7] - 0.5).abs() < 0.05, "{}", target[7]);
                continue;
            }
            let longest = if index == 0 { 8.0 } else { 40.0 };
            // A window is of 5.12 s; of its middle second it was said how many had passed.
            assert!((1.9..longest - 2.0).contains(&target[7]), "{}", target[7]);
            if index > 0 {
                seen.push(target[7]);
            }
        }
    }
    assert!(seen.iter().any(|&s| s < 10.0) && seen.iter().any(|&s| s > 28.0));
}
