//! What may be asked of this module: lengths and rates beyond these are refused before anything is computed.

use std::ops::RangeInclusive;

use super::AudioError;

/// No waveform is longer than this, whatever a file claims: four hours.
pub const MAX_WAVEFORM_SECONDS: f64 = 4.0 * 3600.0;

/// Above every rate in use (DXD is 352,800 Hz); bounds the size of the resampler's transforms.
pub const MAX_SAMPLE_RATE_HZ: u32 = 768_000;

/// Rates that a song may have. The slowest in use is a telephone's, 8,000 Hz; at a few Hz a file of a few bytes
/// would fill hours.
pub(super) const SONG_RATES_HZ: RangeInclusive<u32> = 1_000..=MAX_SAMPLE_RATE_HZ;

/// Refuses a sample rate that cannot be worked with.
pub(super) fn check_rate(sample_rate_hz: u32) -> Result<(), AudioError> {
    check_above_zero(
        "the sample rate in Hz",
        f64::from(sample_rate_hz),
        f64::from(MAX_SAMPLE_RATE_HZ),
    )
}

/// Refuses what is not a number above zero and at most `limit`; `what` names it in the error.
pub(super) fn check_above_zero(
    what: &'static str,
    value: f64,
    limit: f64,
) -> Result<(), AudioError> {
    if value > 0.0 && value <= limit {
        Ok(())
    } else {
        Err(AudioError::BadRequest { what, value, limit })
    }
}
