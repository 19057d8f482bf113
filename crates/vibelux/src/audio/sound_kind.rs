//! [`SoundKind`]: what sort of sound a file holds; only music belongs in a playlist. A music model says it of
//! each window ([`crate::model::MusicModel`]).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What sort of sound it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SoundKind {
    /// Music, sung or not.
    Music,
    /// Somebody speaks, and nothing else is to be heard that matters.
    Speech,
    /// Noises, and the sounds of a place.
    Effects,
}

/// Not the name of a kind of sound.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no kind of sound; there are music, speech and effects")]
pub struct UnknownSoundKind(String);

impl SoundKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Music, Self::Speech, Self::Effects];

    /// Its name in lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Music => "music",
            Self::Speech => "speech",
            Self::Effects => "effects",
        }
    }
}

impl fmt::Display for SoundKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for SoundKind {
    type Err = UnknownSoundKind;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name = text.trim().to_ascii_lowercase();
        Self::ALL
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or_else(|| UnknownSoundKind(text.to_owned()))
    }
}

/// How much of each kind a stretch of sound is taken for; they add up to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SoundShares([f32; 3]);

impl SoundShares {
    /// By the softmax of one value for each kind, in the order of `kinds`, which has each once; `None` if a
    /// value is not finite.
    #[must_use]
    pub fn from_logits(logits: [f32; 3], kinds: [SoundKind; 3]) -> Option<Self> {
        if logits.iter().any(|z| !z.is_finite()) {
            return None;
        }
        let largest = logits.into_iter().fold(f32::NEG_INFINITY, f32::max);
        let weights = logits.map(|z| (z - largest).exp());
        let sum: f32 = weights.iter().sum();
        let mut shares = [0.0; 3];
        for (kind, weight) in kinds.into_iter().zip(weights) {
            shares[kind as usize] = weight / sum;
        }
        Some(Self(shares))
    }

    /// The mean over stretches of equal length; `None` of none.
    #[must_use]
    pub fn mean(stretches: &[Self]) -> Option<Self> {
        let count = stretches.len();
        let mut mean = [0.0; 3];
        for stretch in stretches {
            for (m, share) in mean.iter_mut().zip(stretch.0) {
                *m += share / count as f32;
            }
        }
        (count > 0).then_some(Self(mean))
    }

    /// The share of one kind, 0 to 1.
    #[must_use]
    pub const fn get(self, kind: SoundKind) -> f32 {
        self.0[kind as usize]
    }

    /// The kind with the largest share; of equals, the one that is listed first, music before all.
    #[must_use]
    pub fn kind(self) -> SoundKind {
        let better = |best: SoundKind, kind: SoundKind| {
            if self.get(kind) > self.get(best) {
                kind
            } else {
                best
            }
        };
        SoundKind::ALL.into_iter().fold(SoundKind::Music, better)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_read_back() {
        for kind in SoundKind::ALL {
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
        assert_eq!(" Speech".parse(), Ok(SoundKind::Speech));
        let error = "noise".parse::<SoundKind>().unwrap_err().to_string();
        assert!(
            error.contains("noise") && error.contains("effects"),
            "{error}"
        );
    }

    #[test]
    fn the_mean_is_over_the_stretches() {
        let kinds = SoundKind::ALL;
        let music = SoundShares::from_logits([50.0, 0.0, 0.0], kinds).unwrap();
        let speech = SoundShares::from_logits([0.0, 50.0, 0.0], kinds).unwrap();
        let mean = SoundShares::mean(&[music, speech, speech]).unwrap();
        assert!((mean.get(SoundKind::Speech) - 2.0 / 3.0).abs() < 1e-6);
        assert_eq!(mean.kind(), SoundKind::Speech);
    }

    #[test]
    fn equal_shares_are_music() {
        let kinds = [SoundKind::Effects, SoundKind::Music, SoundKind::Speech];
        let equal = SoundShares::from_logits([1.0; 3], kinds).unwrap();
        assert_eq!(equal.kind(), SoundKind::Music);
        assert_eq!(SoundShares::mean(&[]), None);
        assert_eq!(SoundShares::from_logits([0.0, f32::NAN, 0.0], kinds), None);
    }

    proptest! {
        #[test]
        fn shares_add_up_and_follow_the_logits(logits in prop::array::uniform3(-50_f32..50.0)) {
            let kinds = [SoundKind::Speech, SoundKind::Effects, SoundKind::Music];
            let shares = SoundShares::from_logits(logits, kinds).unwrap();
            let sum: f32 = SoundKind::ALL.iter().map(|&kind| shares.get(kind)).sum();
            prop_assert!((sum - 1.0).abs() < 1e-5);
            for (kind, logit) in kinds.into_iter().zip(logits) {
                for (other, other_logit) in kinds.into_iter().zip(logits) {
                    prop_assert!(shares.get(kind) <= shares.get(other) || logit > other_logit);
                }
                prop_assert!(shares.get(shares.kind()) >= shares.get(kind));
            }
        }
    }
}
