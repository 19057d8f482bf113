//! [`decode_windows`] and [`decode_start`]: the limits, the fallbacks and the arithmetic between a
//! path and its waveforms.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

use super::ffmpeg;
use super::file_kind::UNKNOWN_FORMAT;
use super::limits::{MAX_WAVEFORM_SECONDS, check_above_zero, check_rate};
use super::loudness::LoudnessMeter;
use super::reader::SongReader;
use super::resample::Resampler;
use super::source::Deadline;
use super::window::{SongAudio, WindowPlan};
use super::{AudioError, Waveform};
use crate::media;

/// What one song may take, on a slow disk and a busy machine.
const TIME_LIMIT: Duration = Duration::from_secs(120);
/// Frames decoded to each side of a window, so that the resampler sees the song and not silence
/// beyond its edges. Longer than half its filter for every rate in use.
const MARGIN_FRAMES: usize = 2048;
/// A header's length is trusted if what it promised is missing less than this.
const TOLERATED_SECONDS: f64 = 0.5;
/// Longer claims than this are checked against the packets (a WAV header written by a pipe claims
/// 4 GB).
const BELIEVABLE_SECONDS: f64 = 48.0 * 3600.0;

/// Decodes the windows of `plan` and nothing else of the song, mixes them down to mono (the mean of
/// all channels) and resamples them.
///
/// # Errors
/// Any [`AudioError`]; a song that is merely damaged in parts gives what can be decoded.
pub fn decode_windows(path: &Path, plan: &WindowPlan) -> Result<SongAudio, AudioError> {
    plan.check()?;
    let deadline = Deadline::after(TIME_LIMIT);
    guarded(path, || match windows_built_in(path, plan, deadline) {
        Err(error) => with_ffmpeg(error, |codec| {
            ffmpeg::decode_windows(path, plan, codec, deadline)
        }),
        song => song,
    })
}

/// The first `seconds` of the file (all of it if `None`), mono and resampled: what
/// `librosa.load(path, sr=sample_rate_hz, duration=seconds)` gives.
///
/// # Errors
/// Any [`AudioError`]; [`AudioError::TooLong`] if the whole of a song above
/// [`MAX_WAVEFORM_SECONDS`] is asked for.
pub fn decode_start(
    path: &Path,
    sample_rate_hz: u32,
    seconds: Option<f64>,
) -> Result<Waveform, AudioError> {
    check_rate(sample_rate_hz)?;
    if let Some(seconds) = seconds {
        check_above_zero("the length in seconds", seconds, MAX_WAVEFORM_SECONDS)?;
    }
    let deadline = Deadline::after(TIME_LIMIT);
    guarded(path, || {
        match start_built_in(path, sample_rate_hz, seconds, deadline) {
            Err(error) => with_ffmpeg(error, |_| {
                ffmpeg::decode_start(path, sample_rate_hz, seconds, deadline)
            }),
            waveform => waveform,
        }
    })
}

/// Tries ffmpeg where the built-in decoders do not know the format; any other error stays.
fn with_ffmpeg<T>(
    error: AudioError,
    decode: impl FnOnce(&str) -> Result<T, AudioError>,
) -> Result<T, AudioError> {
    let AudioError::Unsupported { path, codec, hint } = error else {
        return Err(error);
    };
    let unknown = codec == UNKNOWN_FORMAT;
    // It is given no addresses.
    if media::is_address(&path) || !ffmpeg::is_installed() {
        return Err(if unknown {
            AudioError::NotAudio { path }
        } else {
            AudioError::Unsupported { path, codec, hint }
        });
    }
    match decode(&codec) {
        // If nobody knows the format, it is no audio rather than damaged audio.
        Err(AudioError::Malformed { .. } | AudioError::Empty { .. }) if unknown => {
            Err(AudioError::NotAudio { path })
        }
        result => result,
    }
}

/// Turns a panic inside a decoder into an error of this one song.
fn guarded<T>(
    path: &Path,
    decode: impl FnOnce() -> Result<T, AudioError>,
) -> Result<T, AudioError> {
    // Everything the closure touches is dropped with it, so no broken state survives.
    catch_unwind(AssertUnwindSafe(decode)).unwrap_or_else(|payload| {
        Err(AudioError::DecoderPanicked {
            path: path.to_owned(),
            message: message(&*payload),
        })
    })
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|s| (*s).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}

fn windows_built_in(
    path: &Path,
    plan: &WindowPlan,
    deadline: Deadline,
) -> Result<SongAudio, AudioError> {
    let mut reader = SongReader::open(path, deadline)?;
    let rate = f64::from(reader.rate_hz());
    let believable = (BELIEVABLE_SECONDS * rate) as u64;
    let (frames, claimed) = match reader.claimed_frames().filter(|&f| f < believable) {
        Some(frames) => (frames, true),
        None => (reader.scan_frames()?, false),
    };
    let (song, missing) = read_windows(&mut reader, plan, frames)?;
    if claimed && missing as f64 > TOLERATED_SECONDS * rate {
        // The header promised more than there is: measure, and plan again if that explains it.
        let true_frames = reader.scan_frames()?;
        if true_frames > 0 && true_frames.abs_diff(frames) as f64 > TOLERATED_SECONDS * rate {
            let (song, _) = read_windows(&mut reader, plan, true_frames)?;
            return settle(&reader, song);
        }
    }
    settle(&reader, song)
}

fn settle(reader: &SongReader, song: SongAudio) -> Result<SongAudio, AudioError> {
    if song.windows.is_empty() {
        Err(reader.nothing_decoded())
    } else {
        Ok(song)
    }
}

/// All windows for a song of `frames`, and how many frames of them could not be had. A window that
/// lies wholly in a damaged part is left out.
fn read_windows(
    reader: &mut SongReader,
    plan: &WindowPlan,
    frames: u64,
) -> Result<(SongAudio, usize), AudioError> {
    let rate_hz = reader.rate_hz();
    let rate = f64::from(rate_hz);
    let mut song = SongAudio {
        windows: Vec::new(),
        starts_seconds: Vec::new(),
        duration_seconds: frames as f64 / rate,
        loudness_lufs: None,
        codec: reader.codec(),
    };
    reader.meter = Some(LoudnessMeter::new(rate_hz));
    let length = (plan.window_seconds * rate).ceil() as usize;
    let mut missing = 0;
    for start_seconds in plan.starts_seconds(song.duration_seconds) {
        let start = on_both_grids((start_seconds * rate) as u64, rate_hz, plan.sample_rate_hz);
        let margin = Margin::before(start, rate_hz, plan.sample_rate_hz);
        let mut samples = Vec::with_capacity(margin.frames + length + MARGIN_FRAMES);
        let wanted = margin.frames + length + MARGIN_FRAMES;
        if let Some(meter) = &mut reader.meter {
            meter.begin_window(start, length);
        }
        reader.read(start - margin.frames as u64, wanted, &mut samples)?;
        let promised = frames.saturating_sub(start).min(length as u64) as usize;
        missing += promised.saturating_sub(samples.len().saturating_sub(margin.frames));
        if samples.len() <= margin.frames {
            continue;
        }
        let mut out = Vec::new();
        let mut resampler = Resampler::new(rate_hz, plan.sample_rate_hz)?;
        resampler.push(&samples, &mut out);
        resampler.finish(&mut out);
        out.drain(..margin.samples.min(out.len()));
        song.push(start as f64 / rate, out, plan);
    }
    song.drop_fragments();
    let meter = reader.meter.take();
    song.loudness_lufs = meter.and_then(|meter| meter.loudness_lufs());
    Ok((song, missing))
}

/// The ratio of two rates in lowest terms.
fn reduced(from_hz: u32, to_hz: u32) -> (usize, usize) {
    let mut divisor = (from_hz, to_hz);
    while divisor.1 != 0 {
        divisor = (divisor.1, divisor.0 % divisor.1);
    }
    ((from_hz / divisor.0) as usize, (to_hz / divisor.0) as usize)
}

/// The frame at or before `start` that is also a whole sample at the wanted rate, so that a window
/// is a cut-out of the resampled song. Rates that nearly never meet keep their frame.
fn on_both_grids(start: u64, from_hz: u32, to_hz: u32) -> u64 {
    match reduced(from_hz, to_hz).0 {
        down if down <= MARGIN_FRAMES => start - start % down as u64,
        _ => start,
    }
}

/// What is decoded before a window: `frames` at the song's rate are exactly `samples` at the
/// wanted one, so that cutting it off moves nothing.
struct Margin {
    frames: usize,
    samples: usize,
}

impl Margin {
    fn before(start: u64, from_hz: u32, to_hz: u32) -> Self {
        let (down, up) = reduced(from_hz, to_hz);
        let units = MARGIN_FRAMES.div_ceil(down);
        if units as u64 * down as u64 > start {
            return Self {
                frames: 0,
                samples: 0,
            };
        }
        Self {
            frames: units * down,
            samples: units * up,
        }
    }
}

fn start_built_in(
    path: &Path,
    sample_rate_hz: u32,
    seconds: Option<f64>,
    deadline: Deadline,
) -> Result<Waveform, AudioError> {
    let mut reader = SongReader::open(path, deadline)?;
    let rate = f64::from(reader.rate_hz());
    let mut resampler = Resampler::new(reader.rate_hz(), sample_rate_hz)?;
    let limit = (MAX_WAVEFORM_SECONDS * rate) as u64;
    // As soundfile's reader under librosa: whole frames only.
    let wanted = seconds.map(|s| ((s * rate) as u64).max(1));
    let (mut taken, mut samples) = (0_u64, Vec::new());
    while wanted.is_none_or(|w| taken < w) {
        let Some(block) = reader.read_block()? else {
            break;
        };
        let room = wanted.map_or(usize::MAX, |w| {
            usize::try_from(w - taken).unwrap_or(usize::MAX)
        });
        let block = &block[..block.len().min(room)];
        resampler.push(block, &mut samples);
        taken += block.len() as u64;
        if taken > limit {
            return Err(AudioError::TooLong {
                path: path.to_owned(),
                limit_seconds: MAX_WAVEFORM_SECONDS,
            });
        }
    }
    if taken == 0 {
        return Err(reader.nothing_decoded());
    }
    resampler.finish(&mut samples);
    Ok(Waveform {
        samples,
        sample_rate_hz,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_in_a_decoder_becomes_an_error_of_the_song() {
        let result: Result<(), _> = guarded(Path::new("a.mp3"), || panic!("index 9 out of 3"));
        let Err(AudioError::DecoderPanicked { path, message }) = result else {
            panic!("got {result:?}")
        };
        assert_eq!(
            (path.to_str(), message.as_str()),
            (Some("a.mp3"), "index 9 out of 3")
        );
    }

    #[test]
    fn a_margin_is_whole_on_both_sides() {
        let margin = Margin::before(100_000, 44_100, 16_000);
        assert_eq!(margin.frames * 160, margin.samples * 441);
        assert!(margin.frames >= MARGIN_FRAMES);
        assert_eq!(Margin::before(100, 44_100, 16_000).frames, 0);
    }
}
