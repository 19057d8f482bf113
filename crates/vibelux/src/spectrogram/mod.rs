//! Waveform to spectrogram: STFT, mel bands and decibels in librosa's conventions.

mod config;

pub use config::LogMelConfig;
