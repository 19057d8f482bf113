//! [`MusicModel`]: a song becomes an [`EmotionVector`], the mean over windows of it.

use std::path::{Path, PathBuf};

use image::imageops::{FilterType, resize};
use serde::{Deserialize, Serialize};

use super::error::ModelError;
use super::face::distribution;
use super::runtime::Network;
use super::shipped;
use super::sidecar::{FrontEnd, Sidecar};
use crate::audio::{self, Fingerprint, MAX_WAVEFORM_SECONDS, SoundShares, Waveform, WindowPlan};
use crate::emotion::{EMOTION_COUNT, EmotionVector};
use crate::spectrogram::image::{SAMPLE_RATE_HZ, SECONDS, spectrogram_image};
use crate::spectrogram::{LogMel, not_music};

/// What a model makes of a song.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SongEmbedding {
    /// The mean of the windows' vectors.
    pub vector: EmotionVector,
    /// Where each window starts, in seconds, and its vector.
    pub windows: Vec<(f64, EmotionVector)>,
    /// What sort of sound it is, the mean over its windows; `None` if the model does not say.
    pub sound: Option<SoundShares>,
    /// Length of the song.
    pub duration_seconds: f64,
    /// Integrated loudness by EBU R128 in LUFS, as far as it was listened to; see
    /// [`SongAudio::loudness_lufs`](crate::audio::SongAudio::loudness_lufs).
    pub loudness_lufs: Option<f32>,
    /// By what its recording is known; `None` for models that look at the song's start alone.
    pub fingerprint: Option<Fingerprint>,
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
        let path = shipped::MUSIC.path();
        let sidecar = Sidecar::parse(shipped::MUSIC.sidecar, path)?;
        let network = Network::from_bytes(shipped::MUSIC.onnx()?, path, &sidecar)?;
        Self::new(network, sidecar)
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
    /// If the song cannot be decoded, holds no sound or no music ([`not_music`], of which a model that tells kinds
    /// of sound needs no [`guess`](crate::spectrogram::NotMusic::is_guess)), or the network fails.
    pub fn embed_song(&self, path: &Path) -> Result<SongEmbedding, ModelError> {
        self.embed_planned(path, self.plan())
    }

    /// The same with one window alone, from the middle: what can be said soon. Models that look at a picture of the song's
    /// start do as always.
    ///
    /// # Errors
    /// As [`Self::embed_song`].
    pub fn embed_song_soon(&self, path: &Path) -> Result<SongEmbedding, ModelError> {
        let plan = self.plan().map(|plan| WindowPlan { count: 1, ..plan });
        self.embed_planned(path, plan)
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
        let is_planned = plan.is_some();
        let (starts, windows, duration_seconds, loudness_lufs) = match plan {
            Some(plan) => {
                let song = audio::decode_windows(path, &plan)
                    .map_err(|source| ModelError::Audio(source.into()))?;
                (
                    song.starts_seconds,
                    song.windows,
                    song.duration_seconds,
                    song.loudness_lufs,
                )
            }
            None => {
                let start = audio::decode_start(path, SAMPLE_RATE_HZ, Some(SECONDS))
                    .map_err(|source| ModelError::Audio(source.into()))?;
                let seconds = start.seconds();
                (vec![0.0], vec![start], seconds, None)
            }
        };
        let checked =
            not_music(&windows, duration_seconds).map_err(|source| ModelError::Spectrogram {
                path: self.path(),
                source: source.into(),
            })?;
        let knows_better = self.sidecar.sound_kinds.is_some();
        if let Some(what) = checked.filter(|what| !(knows_better && what.is_guess())) {
            let path = path.to_owned();
            return Err(ModelError::NotMusic { path, what });
        }
        let (vectors, sounds) = self.classify_windows(&windows)?;
        let vector = EmotionVector::mean(&vectors).ok_or_else(|| ModelError::NoSound {
            path: path.to_owned(),
        })?;
        let fingerprint = is_planned.then(|| Fingerprint::of(&windows));
        Ok(SongEmbedding {
            vector,
            windows: starts.into_iter().zip(vectors).collect(),
            sound: SoundShares::mean(&sounds),
            duration_seconds,
            loudness_lufs,
            fingerprint,
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
                    sounds
                        .push(shares.ok_or_else(|| ModelError::SoundOutput { path: self.path() })?);
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
#[path = "music_tests.rs"]
mod tests;
