//! Audio files to [`Waveform`]s: the first step on the music side of the flow.

mod waveform;

pub use waveform::Waveform;
