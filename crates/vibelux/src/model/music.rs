//! [`MusicModel`]: a song becomes an [`EmotionVector`], the mean over windows of it.

use std::path::{Path, PathBuf};

use image::imageops::{FilterType, resize};

use super::error::ModelError;
use super::face::distribution;
use super::runtime::Network;
use super::shipped;
use super::sidecar::{FrontEnd, Sidecar};
use crate::audio::{self, MAX_WAVEFORM_SECONDS, SoundShares, Waveform, WindowPlan};
use crate::emotion::{EMOTION_COUNT, EmotionVector};
use crate::spectrogram::image::{SAMPLE_RATE_HZ, SECONDS, spectrogram_image};
use crate::spectrogram::{LogMel, not_music};

/// What a model makes of a song.
#[derive(Debug, Clone, PartialEq)]
pub struct SongEmbedding {
    /// The mean of the windows' vectors.
    pub vector: EmotionVector,
    /// Where each window starts, in seconds, and its vector.
    pub windows: Vec<(f64, EmotionVector)>,
    /// What sort of sound it is, the mean over its windows; `None` if the model does not say.
    pub sound: Option<SoundShares>,
    /// Length of the song.
    pub duration_seconds: f64,
}

/// A classifier of music. Can be shared between threads; a call uses one core.
#[derive(Debug)]
pub struct MusicModel {
    network: Network,
    sidecar: Sidecar,
    front_end: MusicFrontEnd,
}

/// From a window of sound to the network's input.
enum MusicFrontEnd {
    LogMel {
        transform: LogMel,
        windows: usize,
        window_samples: usize,
        sample_rate_hz: u32,
    },
    Picture {
        mean: f32,
        std: f32,
    },
}

impl MusicModel {
    /// The model that comes with the program.
    ///
    /// # Errors
    /// Only if the program was built with a broken one.
    pub fn shipped() -> Result<Self, ModelError> {
        let (onnx, sidecar, path) = shipped::MUSIC;
        let sidecar = Sidecar::parse(sidecar, Path::new(path))?;
        Self::new(
            Network::from_bytes(onnx.to_vec(), Path::new(path), &sidecar)?,
            sidecar,
        )
    }

    /// Somebody's own: `F.onnx` with the sidecar `F.toml` beside it.
    ///
    /// # Errors
    /// If either is missing, broken, or does not fit the other.
    pub fn load(onnx: &Path) -> Result<Self, ModelError> {
        let (network, sidecar) = Network::load(onnx)?;
        Self::new(network, sidecar)
    }

    fn new(network: Network, sidecar: Sidecar) -> Result<Self, ModelError> {
        let front_end = match &sidecar.front_end {
            FrontEnd::LogMel {
                spectrogram,
                windows,
                ..
            } => MusicFrontEnd::LogMel {
                transform: LogMel::new(spectrogram).map_err(|source| ModelError::Spectrogram {
                    path: network.path().to_owned(),
                    source: source.into(),
                })?,
                windows: *windows,
                // Both were checked with the sidecar: at most 2^14 x 2^16.
                window_samples: spectrogram.window_frames * spectrogram.hop_length,
                sample_rate_hz: spectrogram.sample_rate_hz,
            },
            FrontEnd::SpectrogramImage { mean, std } => MusicFrontEnd::Picture {
                mean: *mean,
                std: *std,
            },
            other @ FrontEnd::Face { .. } => {
                return Err(ModelError::FrontEnd {
                    path: network.path().to_owned(),
                    got: other.name(),
                    needed: "log_mel or spectrogram_image",
                });
            }
        };
        Ok(Self {
            network,
            sidecar,
            front_end,
        })
    }

    /// Which windows of a song are analysed; `None` for models that look at a picture of its start.
    #[must_use]
    pub fn plan(&self) -> Option<WindowPlan> {
        match &self.front_end {
            MusicFrontEnd::LogMel {
                windows,
                window_samples,
                sample_rate_hz,
                ..
            } => Some(WindowPlan {
                count: *windows,
                window_seconds: *window_samples as f64 / f64::from(*sample_rate_hz),
                sample_rate_hz: *sample_rate_hz,
            }),
            MusicFrontEnd::Picture { .. } => None,
        }
    }

    /// Decodes the windows of a song and analyses them.
    ///
    /// # Errors
    /// If the song cannot be decoded, holds no sound or no music ([`not_music`]), or the network fails.
    pub fn embed_song(&self, path: &Path) -> Result<SongEmbedding, ModelError> {
        self.embed_planned(path, self.plan())
    }

    /// The same with as many windows as fit into the song, one after the other: how its emotion changes
    /// over time. Models that look at a picture of the song's start give that one window.
    ///
    /// # Errors
    /// As [`Self::embed_song`].
    pub fn embed_whole_song(&self, path: &Path) -> Result<SongEmbedding, ModelError> {
        let plan = self.plan().map(|plan| WindowPlan {
            count: (MAX_WAVEFORM_SECONDS / plan.window_seconds) as usize,
            ..plan
        });
        self.embed_planned(path, plan)
    }

    fn embed_planned(
        &self,
        path: &Path,
        plan: Option<WindowPlan>,
    ) -> Result<SongEmbedding, ModelError> {
        let (starts, windows, duration_seconds) = match plan {
            Some(plan) => {
                let song = audio::decode_windows(path, &plan)
                    .map_err(|source| ModelError::Audio(source.into()))?;
                (song.starts_seconds, song.windows, song.duration_seconds)
            }
            None => {
                let start = audio::decode_start(path, SAMPLE_RATE_HZ, Some(SECONDS))
                    .map_err(|source| ModelError::Audio(source.into()))?;
                let seconds = start.seconds();
                (vec![0.0], vec![start], seconds)
            }
        };
        let checked =
            not_music(&windows, duration_seconds).map_err(|source| ModelError::Spectrogram {
                path: self.path(),
                source: source.into(),
            })?;
        if let Some(what) = checked {
            let path = path.to_owned();
            return Err(ModelError::NotMusic { path, what });
        }
        let (vectors, sounds) = self.classify_windows(&windows)?;
        let vector = EmotionVector::mean(&vectors).ok_or_else(|| ModelError::NoSound {
            path: path.to_owned(),
        })?;
        Ok(SongEmbedding {
            vector,
            windows: starts.into_iter().zip(vectors).collect(),
            sound: SoundShares::mean(&sounds),
            duration_seconds,
        })
    }

    /// One vector per window of sound, which must be at the model's sample rate. A window is cut or, for
    /// log-mel models, repeated to the length that the network sees (pictures of a song's start keep
    /// silence after it, as they were trained).
    ///
    /// # Errors
    /// If the network fails or gives numbers that are no distribution.
    pub fn embed_windows(&self, windows: &[Waveform]) -> Result<Vec<EmotionVector>, ModelError> {
        Ok(self.classify_windows(windows)?.0)
    }

    /// The vector of each window and, if the model says so, what sort of sound it is.
    fn classify_windows(
        &self,
        windows: &[Waveform],
    ) -> Result<(Vec<EmotionVector>, Vec<SoundShares>), ModelError> {
        let mut vectors = Vec::with_capacity(windows.len());
        let mut sounds = Vec::new();
        let failed = |source| ModelError::Output {
            path: self.path(),
            source,
        };
        // One at a time: a batch is no faster on one core and takes more memory.
        for window in windows {
            let outputs = self.network.run(&self.input(window)?)?;
            for output in outputs.chunks_exact(self.network.outputs()) {
                let Some((logits, rest)) = output.split_first_chunk::<EMOTION_COUNT>() else {
                    continue;
                };
                vectors.push(distribution(&[*logits], &self.sidecar).map_err(failed)?);
                if let (Some(kinds), Some(logits)) = (self.sidecar.sound_kinds, rest.first_chunk())
                {
                    let shares = SoundShares::from_logits(*logits, kinds);
                    let path = || self.path();
                    sounds.push(shares.ok_or_else(|| ModelError::SoundOutput { path: path() })?);
                }
            }
        }
        Ok((vectors, sounds))
    }

    /// The sidecar's name for this model.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.sidecar.name
    }

    /// The mean vector over the data that the model was judged on.
    #[must_use]
    pub const fn prior(&self) -> Option<EmotionVector> {
        self.sidecar.prior
    }

    fn path(&self) -> PathBuf {
        self.network.path().to_owned()
    }

    fn input(&self, window: &Waveform) -> Result<Vec<f32>, ModelError> {
        let failed = |source| ModelError::Spectrogram {
            path: self.path(),
            source,
        };
        match (&self.front_end, &self.sidecar.front_end) {
            (
                MusicFrontEnd::LogMel {
                    transform,
                    window_samples,
                    ..
                },
                FrontEnd::LogMel { mean, std, .. },
            ) => {
                // A clone shares the plan and brings the scratch space that a call needs for itself.
                let spectrogram = transform
                    .clone()
                    .compute(&window.cut_or_repeated(*window_samples))
                    .map_err(|source| failed(source.into()))?;
                let frames = self.network.shape()[2];
                let mut values = Vec::with_capacity(self.network.example_len());
                let bands = spectrogram.values.chunks(spectrogram.frames.max(1));
                for ((band, mean), std) in bands.zip(mean).zip(std) {
                    let normalised = band.iter().map(|db| (db - mean) / std);
                    values.extend(normalised.chain(std::iter::repeat(0.0)).take(frames));
                }
                values.resize(self.network.example_len(), 0.0);
                Ok(values)
            }
            (MusicFrontEnd::Picture { mean, std }, _) => {
                let picture = spectrogram_image(window);
                let [channels, height, width] = self.network.shape();
                let (Ok(width), Ok(height)) = (u32::try_from(width), u32::try_from(height)) else {
                    return Ok(Vec::new());
                };
                let sized = resize(&picture, width, height, FilterType::Triangle).into_raw();
                let values = sized.iter().map(|&p| (f32::from(p) / 255.0 - mean) / std);
                let plane: Vec<f32> = values.collect();
                Ok(plane.repeat(channels))
            }
            (MusicFrontEnd::LogMel { .. }, other) => Err(ModelError::FrontEnd {
                path: self.path(),
                got: other.name(),
                needed: "log_mel",
            }),
        }
    }
}

impl std::fmt::Debug for MusicFrontEnd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::LogMel { .. } => "LogMel",
            Self::Picture { .. } => "Picture",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::architecture::{Architecture, LayerSpec};
    use super::super::onnx::to_onnx;
    use super::super::sidecar::{OutputKind, VERSION};
    use super::super::weights::{Tensor, Weights};
    use super::*;
    use crate::audio::SoundKind;
    use crate::emotion::Emotion;
    use crate::spectrogram::LogMelConfig;

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
        assert_eq!(sounds[0].strongest(), SoundKind::Music);
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
}
