//! Where in a song to listen: the plan for the windows that are decoded, and what comes back.

use super::limits::{MAX_WAVEFORM_SECONDS, check_above_zero, check_rate};
use super::{AudioError, Waveform};

/// Windows spread evenly over the song; fewer (>= 1) when it is short.
#[derive(Debug, Clone, PartialEq)]
pub struct WindowPlan {
    /// How many windows are wanted, at least 1.
    pub count: usize,
    /// The length of each in seconds.
    pub window_seconds: f64,
    /// The rate of the waveforms that are wanted.
    pub sample_rate_hz: u32,
}

/// The parts of a song that were asked for, and what is known about the whole of it.
#[derive(Debug, Clone, PartialEq)]
pub struct SongAudio {
    /// Each `window_seconds` long, or shorter where the song has no more or a part is damaged, but at least
    /// half as long as the longest; never empty.
    pub windows: Vec<Waveform>,
    /// Where each window starts in the song.
    pub starts_seconds: Vec<f64>,
    /// The length of the whole song.
    pub duration_seconds: f64,
    /// Integrated loudness of the windows by EBU R128, in LUFS, -70 to 10, one channel counted as heard from two
    /// speakers; `None` where nothing is loud enough, or ffmpeg decoded it.
    pub loudness_lufs: Option<f32>,
    /// The codec's short name, for example `mp3`.
    pub codec: String,
}

impl SongAudio {
    /// Adds the window that starts there; `samples` may go on behind its end. Nothing if there are none.
    pub(super) fn push(&mut self, start_seconds: f64, mut samples: Vec<f32>, plan: &WindowPlan) {
        samples.truncate(plan.window_samples());
        if samples.is_empty() {
            return;
        }
        self.windows.push(Waveform {
            samples,
            sample_rate_hz: plan.sample_rate_hz,
        });
        self.starts_seconds.push(start_seconds);
    }

    /// Leaves out what damage has left of some windows where others are whole: a fragment says too
    /// little to count as much as they do.
    pub(super) fn drop_fragments(&mut self) {
        let longest = self.windows.iter().map(|w| w.samples.len()).max();
        let least = longest.unwrap_or_default().div_ceil(2);
        let long = |w: &Waveform| w.samples.len() >= least;
        let starts = self.starts_seconds.iter().zip(&self.windows);
        self.starts_seconds = starts.filter(|(_, w)| long(w)).map(|(&s, _)| s).collect();
        self.windows.retain(long);
    }
}

impl WindowPlan {
    /// Refuses plans that no song can fill or no memory can hold.
    pub(super) fn check(&self) -> Result<(), AudioError> {
        check_above_zero("the number of windows", self.count as f64, 1e6)?;
        check_above_zero(
            "the total length of the windows in seconds",
            self.window_seconds * self.count as f64,
            MAX_WAVEFORM_SECONDS,
        )?;
        check_rate(self.sample_rate_hz)
    }

    /// The start of each window in seconds: every window sits in the middle of its own equal share
    /// of the song, so that intro and outro weigh no more than the rest and no two overlap.
    pub(super) fn starts_seconds(&self, duration_seconds: f64) -> Vec<f64> {
        let fitting = (duration_seconds / self.window_seconds).floor();
        let count = if fitting < self.count as f64 {
            fitting as usize
        } else {
            self.count
        }
        .max(1);
        let share = duration_seconds / count as f64;
        (0..count)
            .map(|i| ((i as f64 + 0.5) * share - self.window_seconds / 2.0).max(0.0))
            .collect()
    }

    /// Samples per finished window.
    pub(super) fn window_samples(&self) -> usize {
        (self.window_seconds * f64::from(self.sample_rate_hz))
            .round()
            .max(1.0) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plan(count: usize, window_seconds: f64) -> WindowPlan {
        WindowPlan {
            count,
            window_seconds,
            sample_rate_hz: 16_000,
        }
    }

    #[test]
    fn three_windows_sit_in_the_middle_of_each_third() {
        assert_eq!(plan(3, 10.0).starts_seconds(180.0), [25.0, 85.0, 145.0]);
    }

    #[test]
    fn a_short_song_gets_fewer_windows_and_a_very_short_one_starts_at_zero() {
        assert_eq!(plan(3, 10.0).starts_seconds(25.0).len(), 2);
        assert_eq!(plan(3, 10.0).starts_seconds(4.0), [0.0]);
    }

    #[test]
    fn impossible_plans_are_refused() {
        for bad in [plan(0, 10.0), plan(1, 0.0), plan(1, f64::NAN), plan(2, 1e9)] {
            assert!(matches!(bad.check(), Err(AudioError::BadRequest { .. })));
        }
        let mut rate = plan(1, 1.0);
        rate.sample_rate_hz = 0;
        assert!(rate.check().is_err());
    }

    #[test]
    fn fragments_are_left_out_beside_whole_windows_only() {
        let song = |lengths: &[usize]| SongAudio {
            windows: lengths
                .iter()
                .map(|&n| Waveform {
                    samples: vec![0.5; n],
                    sample_rate_hz: 8_000,
                })
                .collect(),
            starts_seconds: (0..lengths.len()).map(|i| i as f64).collect(),
            duration_seconds: 9.0,
            loudness_lufs: None,
            codec: "mp3".to_owned(),
        };
        let mut damaged = song(&[100, 8_000, 3_999, 4_000]);
        damaged.drop_fragments();
        assert_eq!(damaged.starts_seconds, [1.0, 3.0]);
        assert_eq!(damaged.windows.len(), 2);
        let mut short = song(&[100]);
        short.drop_fragments();
        assert_eq!(short.windows.len(), 1);
    }

    proptest! {
        #[test]
        fn windows_are_in_order_inside_the_song_and_apart(
            count in 1_usize..20, window in 0.1_f64..60.0, duration in 0.0_f64..10_000.0,
        ) {
            let plan = plan(count, window);
            let starts = plan.starts_seconds(duration);
            prop_assert!(!starts.is_empty() && starts.len() <= count);
            prop_assert!(starts[0] >= 0.0);
            for pair in starts.windows(2) {
                prop_assert!(pair[1] - pair[0] >= window - 1e-9);
            }
            if duration >= window {
                prop_assert!(starts[starts.len() - 1] + window <= duration + 1e-9);
            }
        }
    }
}
