//! [`Pace`]: how many songs are worked on at once, and how long a worker rests after each, so that a computer stays its
//! owner's.

use std::num::NonZeroUsize;
use std::str::FromStr;
use std::time::Duration;

/// Nobody rests for longer after one song; a slow disk is no work of ours.
const LONGEST_REST: Duration = Duration::from_secs(60);

/// Workers, and the share of the time in which each works.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// Songs at once.
    pub jobs: NonZeroUsize,
    /// The share of the time, above 0 and at most 1, in which a worker works.
    duty: f64,
}

/// Not a share of a computer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no share of the processor; write a percentage from 1% to 100%, such as 25%")]
pub struct UnknownPace(String);

/// A share of all cores, in percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CpuShare(u32);

impl FromStr for CpuShare {
    type Err = UnknownPace;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = text.trim().strip_suffix('%').unwrap_or(text).trim();
        match number.parse() {
            Ok(percent @ 1..=100) => Ok(Self(percent)),
            _ => Err(UnknownPace(text.to_owned())),
        }
    }
}

impl Pace {
    /// So many workers without rest.
    #[must_use]
    pub const fn jobs(jobs: NonZeroUsize) -> Self {
        Self { jobs, duty: 1.0 }
    }

    /// As many workers as the share of the cores needs, which rest as much as is left of it; `jobs` workers instead, if
    /// given.
    #[must_use]
    pub fn share(share: CpuShare, cores: NonZeroUsize, jobs: Option<NonZeroUsize>) -> Self {
        let busy = f64::from(share.0) / 100.0 * cores.get() as f64;
        let needed = NonZeroUsize::new(busy.ceil() as usize).unwrap_or(NonZeroUsize::MIN);
        let jobs = jobs.unwrap_or(needed);
        Self {
            jobs,
            duty: (busy / jobs.get() as f64).min(1.0),
        }
    }

    /// How long a worker rests that has worked for so long.
    #[must_use]
    pub fn rest_after(&self, worked: Duration) -> Duration {
        worked.mul_f64(1.0 / self.duty - 1.0).min(LONGEST_REST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_read_with_and_without_their_sign() {
        assert_eq!("25%".parse(), Ok(CpuShare(25)));
        assert_eq!(" 100 %".parse(), Ok(CpuShare(100)));
        assert_eq!("7".parse(), Ok(CpuShare(7)));
        for odd in ["", "0%", "101%", "-5", "2.5%", "half"] {
            assert!(odd.parse::<CpuShare>().is_err(), "{odd}");
        }
    }

    #[test]
    fn workers_and_their_rest_make_the_share() {
        for cores in 1..=16 {
            for percent in 1..=100 {
                let cores = NonZeroUsize::new(cores).unwrap();
                for jobs in [None, NonZeroUsize::new(3)] {
                    let pace = Pace::share(CpuShare(percent), cores, jobs);
                    let worked = Duration::from_secs(1);
                    let rest = pace.rest_after(worked);
                    let used = pace.jobs.get() as f64 / (worked + rest).as_secs_f64();
                    let wanted = f64::from(percent) / 100.0 * cores.get() as f64;
                    let possible = wanted.min(pace.jobs.get() as f64);
                    assert!((used - possible).abs() < 1e-6 || rest == LONGEST_REST);
                }
            }
        }
        let all = Pace::jobs(NonZeroUsize::MIN);
        assert_eq!(all.rest_after(Duration::from_secs(9)), Duration::ZERO);
    }
}
