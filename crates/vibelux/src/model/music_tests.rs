//! Tests of music models made for the purpose.

use super::super::architecture::{Architecture, LayerSpec};
use super::super::onnx::to_onnx;
use super::super::sidecar::{OutputKind, VERSION};
use super::super::weights::{Tensor, Weights};
use super::*;
use crate::audio::SoundKind;
use crate::compose::{StereoWaveform, write_wav};
use crate::emotion::Emotion;
use crate::random::Random;
use crate::spectrogram::{LogMelConfig, NotMusic};

fn load(front_end: FrontEnd) -> Result<MusicModel, ModelError> {
    load_with(front_end, None, 7)
}

/// Class 0 has the mean of the input as its logit, the others zero.
fn load_with(
    front_end: FrontEnd,
    sound_kinds: Option<[SoundKind; 3]>,
    units: usize,
) -> Result<MusicModel, ModelError> {
    let net = Architecture {
        input: [1, 8, 20],
        layers: vec![LayerSpec::GlobalAveragePool, LayerSpec::Dense { units }],
    };
    let tensor = |shape: &[usize], data: &[f32]| Tensor {
        shape: shape.to_vec(),
        data: data.to_vec(),
    };
    let mut row = vec![0.0; units];
    row[0] = 1.0;
    // After the emotions, the second kind of sound is the loudest.
    let bias: Vec<f32> = (0..units).map(|i| if i == 8 { 3.0 } else { 0.0 }).collect();
    let weights = Weights(
        [
            ("dense1.weight".to_owned(), tensor(&[units, 1], &row)),
            ("dense1.bias".to_owned(), tensor(&[units], &bias)),
        ]
        .into(),
    );
    let dir = tempfile::tempdir().unwrap();
    let onnx = dir.path().join("own.onnx");
    std::fs::write(&onnx, to_onnx(&net, &weights).unwrap()).unwrap();
    let sidecar = Sidecar {
        version: VERSION,
        name: "own".to_owned(),
        input: [1, 8, 20],
        classes: Emotion::ALL.to_vec(),
        sound_kinds,
        output: OutputKind::Logits,
        temperature: 1.0,
        prior: None,
        front_end,
    };
    sidecar.save(&dir.path().join("own.toml"))?;
    MusicModel::load(&onnx)
}

fn log_mel() -> FrontEnd {
    FrontEnd::LogMel {
        spectrogram: LogMelConfig {
            sample_rate_hz: 8000,
            n_fft: 512,
            hop_length: 256,
            n_mels: 8,
            f_min_hz: 0.0,
            f_max_hz: 4000.0,
            window_frames: 20,
        },
        windows: 3,
        mean: vec![-40.0; 8],
        std: vec![20.0; 8],
    }
}

#[test]
fn windows_of_any_length_fill_the_networks_input() {
    let model = load(log_mel()).unwrap();
    let window = |samples: usize| Waveform {
        samples: (0..samples).map(|i| (i as f32 * 0.3).sin()).collect(),
        sample_rate_hz: 8000,
    };
    let whole = window(20 * 256);
    for samples in [1, 300, 20 * 256, 40 * 256] {
        let input = model.input(&window(samples)).unwrap();
        assert_eq!(input.len(), 8 * 20, "{samples}");
        assert!(input.iter().all(|x| x.is_finite()));
    }
    // A short window is repeated.
    assert_eq!(
        model.input(&window(300)).unwrap(),
        model.input(&window(300).cut_or_repeated(20 * 256)).unwrap()
    );
    // What is beyond the window's end changes nothing.
    assert_eq!(
        model.input(&whole).unwrap(),
        model.input(&window(40 * 256)).unwrap()
    );
    let vectors = model.embed_windows(&[whole.clone(), whole]).unwrap();
    assert_eq!(vectors.len(), 2);
    assert_eq!(vectors[0], vectors[1]);
    assert_eq!(model.name(), "own");
}

#[test]
fn outputs_after_the_emotions_are_kinds_of_sound() {
    let kinds = [SoundKind::Effects, SoundKind::Music, SoundKind::Speech];
    let window = Waveform {
        samples: (0..20 * 256).map(|i| (i as f32 * 0.3).sin()).collect(),
        sample_rate_hz: 8000,
    };
    let model = load_with(log_mel(), Some(kinds), 10).unwrap();
    let (vectors, sounds) = model
        .classify_windows(&[window.clone(), window.clone()])
        .unwrap();
    assert_eq!((vectors.len(), sounds.len()), (2, 2));
    assert_eq!(sounds[0].kind(), SoundKind::Music);
    let plain = load(log_mel()).unwrap();
    let (without, none) = plain.classify_windows(&[window]).unwrap();
    assert_eq!((without[0], none.len()), (vectors[0], 0));
    // A network and a sidecar that do not say the same.
    assert!(load_with(log_mel(), Some(kinds), 7).is_err());
    assert!(load_with(log_mel(), None, 10).is_err());
    let twice = [SoundKind::Music, SoundKind::Music, SoundKind::Speech];
    assert!(load_with(log_mel(), Some(twice), 10).is_err());
}

#[test]
fn a_model_that_tells_sounds_is_asked_about_noise_too() {
    let dir = tempfile::tempdir().unwrap();
    let record = |name: &str, sound: &mut dyn FnMut(usize) -> f32| {
        let path = dir.path().join(name);
        let frames = (0..12 * 8000).map(|i| [sound(i); 2]).collect();
        let sample_rate_hz = 8000;
        let waveform = StereoWaveform {
            frames,
            sample_rate_hz,
        };
        write_wav(&path, &waveform, "", "", "").unwrap();
        path
    };
    let mut random = Random::new(1, 0);
    let noise = record("noise.wav", &mut |_| random.unit() as f32 - 0.5);
    let tone = record("tone.wav", &mut |i| (i as f32 * 0.3).sin() * 0.5);
    let mut front_end = log_mel();
    if let FrontEnd::LogMel { windows, .. } = &mut front_end {
        *windows = 16;
    }
    let plain = load(front_end.clone()).unwrap();
    let kinds = [SoundKind::Music, SoundKind::Speech, SoundKind::Effects];
    let knowing = load_with(front_end, Some(kinds), 10).unwrap();
    let what = |model: &MusicModel, path| match model.embed_song(path) {
        Err(ModelError::NotMusic { what, .. }) => Some(what),
        found => {
            found.unwrap();
            None
        }
    };
    assert_eq!(what(&plain, &noise), Some(NotMusic::Noise));
    assert_eq!(what(&knowing, &noise), None);
    assert_eq!(what(&plain, &tone), Some(NotMusic::Tone));
    assert_eq!(what(&knowing, &tone), Some(NotMusic::Tone));
}

#[test]
fn a_face_model_is_no_music_model() {
    let face = FrontEnd::Face {
        mean: 0.0,
        std: 1.0,
        mirror: false,
    };
    let message = load(face).unwrap_err().to_string();
    assert!(message.contains("log_mel"), "{message}");
}

#[test]
fn a_song_that_cannot_be_decoded_is_an_error() {
    let model = load(log_mel()).unwrap();
    let error = model.embed_song(Path::new("none.mp3")).unwrap_err();
    assert!(error.to_string().contains("none.mp3"), "{error}");
}

#[test]
fn models_are_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<MusicModel>();
    shared::<super::super::FaceModel>();
}
