//! What is saved is read again; the example in the messages works; nonsense is refused.

use std::path::Path;

use super::*;
use crate::emotion::{Emotion, EmotionVector};
use crate::spectrogram::LogMelConfig;

fn log_mel() -> Sidecar {
    Sidecar {
        version: VERSION,
        name: "test".to_owned(),
        input: [1, 3, 10],
        classes: Emotion::ALL.to_vec(),
        sound_kinds: None,
        output: OutputKind::Logits,
        temperature: 1.25,
        prior: Some(EmotionVector::one_hot(Emotion::Sad)),
        front_end: FrontEnd::LogMel {
            spectrogram: LogMelConfig {
                sample_rate_hz: 16_000,
                n_fft: 512,
                hop_length: 256,
                n_mels: 3,
                f_min_hz: 0.0,
                f_max_hz: 8000.0,
                window_frames: 10,
            },
            windows: 3,
            mean: vec![-30.5, -31.0, -32.0],
            std: vec![10.0, 11.0, 12.0],
        },
    }
}

#[test]
fn a_round_trip_keeps_everything() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("m.toml");
    for prior in [None, Some(EmotionVector::one_hot(Emotion::Sad))] {
        let sidecar = Sidecar { prior, ..log_mel() };
        sidecar.save(&path).unwrap();
        assert_eq!(Sidecar::load(&path).unwrap(), sidecar);
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn the_minimal_example_in_the_message_works() {
    let sidecar = Sidecar::parse(MINIMAL_FACE, Path::new("m.toml")).unwrap();
    assert_eq!(sidecar.input, [1, 48, 48]);
    let dir = tempfile::tempdir().unwrap();
    let message = Sidecar::load(&dir.path().join("none.toml"))
        .unwrap_err()
        .to_string();
    assert!(message.contains("none.toml") && message.contains(MINIMAL_FACE));
    let message = Sidecar::parse("version = 1", Path::new("m.toml"))
        .unwrap_err()
        .to_string();
    assert!(message.contains("m.toml") && message.contains(MINIMAL_FACE));
}

#[test]
fn values_that_make_no_sense_are_refused() {
    type Change = fn(&mut Sidecar);
    let changes: [Change; 9] = [
        |s| s.version = 2,
        |s| s.input = [0, 3, 10],
        |s| s.input = [usize::MAX; 3],
        |s| s.input = [1, 4, 10],
        |s| s.classes[0] = Emotion::Sad,
        |s| s.classes.push(Emotion::Sad),
        |s| s.temperature = 0.0,
        |s| s.temperature = f32::NAN,
        |s| {
            s.front_end = FrontEnd::Face {
                mean: 0.0,
                std: -1.0,
                mirror: false,
            }
        },
    ];
    assert_eq!(log_mel().validate(), Ok(()));
    for (i, change) in changes.into_iter().enumerate() {
        let mut sidecar = log_mel();
        change(&mut sidecar);
        assert!(sidecar.validate().is_err(), "change {i}");
    }
}
