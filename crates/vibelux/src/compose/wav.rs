//! Sound to a file that any player and the library's scan can read: 16-bit PCM in RIFF WAVE, with a
//! LIST/INFO chunk for title, artist and genre.

use std::fs;
use std::path::Path;

use super::{ComposeError, StereoWaveform};
use crate::random::Random;

/// Writes `waveform` as 16-bit stereo WAV with triangular dither, tagged, through a temporary file
/// beside it, so that a half-written file is never taken for a song.
///
/// # Errors
/// [`ComposeError::TooLong`] beyond the 4 GiB of RIFF, [`ComposeError::Write`].
pub fn write_wav(
    path: &Path,
    waveform: &StereoWaveform,
    title: &str,
    artist: &str,
    genre: &str,
) -> Result<(), ComposeError> {
    let bytes = encode(
        waveform,
        &[(b"INAM", title), (b"IART", artist), (b"IGNR", genre)],
    )
    .ok_or_else(|| ComposeError::TooLong {
        path: path.to_owned(),
        seconds: waveform.seconds(),
    })?;
    let partial = path.with_extension(format!("wav.{}.partial", std::process::id()));
    fs::write(&partial, bytes)
        .and_then(|()| fs::rename(&partial, path))
        .map_err(|source| {
            // The first error is the one worth telling.
            let _ = fs::remove_file(&partial);
            ComposeError::Write {
                path: path.to_owned(),
                source,
            }
        })
}

/// `None` if a size does not fit in 32 bits.
fn encode(waveform: &StereoWaveform, info: &[(&[u8; 4], &str)]) -> Option<Vec<u8>> {
    const CHANNELS: u16 = 2;
    const BYTES_PER_FRAME: u32 = 4;
    let rate = waveform.sample_rate_hz;
    let mut format = Vec::with_capacity(16);
    format.extend(1_u16.to_le_bytes()); // PCM
    format.extend(CHANNELS.to_le_bytes());
    format.extend(rate.to_le_bytes());
    format.extend(rate.checked_mul(BYTES_PER_FRAME)?.to_le_bytes());
    format.extend((BYTES_PER_FRAME as u16).to_le_bytes());
    format.extend(16_u16.to_le_bytes());
    let mut list = b"INFO".to_vec();
    for (id, text) in info {
        let mut content = text.as_bytes().to_vec();
        content.push(0);
        push_chunk(&mut list, id, &content)?;
    }
    let mut body = b"WAVE".to_vec();
    push_chunk(&mut body, b"fmt ", &format)?;
    push_chunk(&mut body, b"LIST", &list)?;
    push_chunk(&mut body, b"data", &samples(waveform))?;
    let mut file = Vec::with_capacity(body.len().checked_add(8)?);
    push_chunk(&mut file, b"RIFF", &body)?;
    Some(file)
}

fn push_chunk(out: &mut Vec<u8>, id: &[u8; 4], content: &[u8]) -> Option<()> {
    out.extend(id);
    out.extend(u32::try_from(content.len()).ok()?.to_le_bytes());
    out.extend(content);
    if content.len() % 2 == 1 {
        out.push(0);
    }
    Some(())
}

fn samples(waveform: &StereoWaveform) -> Vec<u8> {
    let mut random = Random::new(0, 16);
    let full_scale = f32::from(i16::MAX);
    waveform
        .frames
        .iter()
        .flatten()
        .flat_map(|&v| {
            let dither = (random.unit() - random.unit()) as f32;
            // Rounds by truncating a positive number; `as` and `clamp` keep it from wrapping.
            let shifted = (v * full_scale + dither + 32_768.5) as i32;
            ((shifted.clamp(0, 65_535) - 32_768) as i16).to_le_bytes()
        })
        .collect()
}
