//! [`Heads`]: the outputs of a network with heads; what a row says to them, and what they cost.

use super::config::{HeadConfig, HeadKind};
use super::loss::{head_loss, sigmoid};
use super::track::{Track, TrackError};
use crate::dataset::TableRow;
use crate::nn::softmax;

/// Outputs of the head that every network has.
const EMOTIONS: usize = 7;

/// The heads of a network, the seven emotions first.
#[derive(Debug, Clone, Default)]
pub struct Heads {
    heads: Vec<HeadConfig>,
}

impl Heads {
    /// Of resolved heads.
    #[must_use]
    pub fn new(heads: &[HeadConfig]) -> Self {
        Self {
            heads: heads.to_vec(),
        }
    }

    /// Values that the network gives for an example.
    #[must_use]
    pub fn outputs(&self) -> usize {
        EMOTIONS + self.heads.iter().map(|h| h.names.len()).sum::<usize>()
    }

    /// Names of the outputs beyond the seven: that of the head ([`HeadConfig::label`]), then the name:
    /// `quadrant:Q1`.
    pub fn names(&self) -> impl Iterator<Item = String> + '_ {
        self.heads.iter().flat_map(|head| {
            let label = head.label();
            let names = head.names.iter();
            names.map(move |name| format!("{label}:{name}"))
        })
    }

    /// What a row's own text says to every head; NaN where it says nothing, and for tracks.
    #[must_use]
    pub fn targets(&self, row: &TableRow) -> Vec<f32> {
        let mut targets = match &row.target {
            Some(target) => target.values().to_vec(),
            None => vec![f32::NAN; EMOTIONS],
        };
        for head in &self.heads {
            let start = targets.len();
            let Some(values) = head.read(row) else {
                targets.resize(start + head.names.len(), f32::NAN);
                continue;
            };
            targets.resize(start + head.names.len(), 0.0);
            for (name, value) in values {
                if let Some(at) = head.names.iter().position(|n| n == name) {
                    targets[start + at] = value;
                } else if head.kind == HeadKind::Class {
                    // A class that training never saw: nothing to learn or to judge.
                    targets[start..].fill(f32::NAN);
                }
            }
        }
        targets
    }

    /// What teachers said of the row's song, each with the place of its first value among the targets.
    ///
    /// # Errors
    /// If a file that the row names cannot be used, or says another number of values than the head has.
    pub fn tracks(&self, row: &TableRow) -> Result<Vec<(usize, Track)>, TrackError> {
        let mut tracks = Vec::new();
        let mut start = EMOTIONS;
        for head in &self.heads {
            if let Some(track) = head.track(row)? {
                track.check_names(head.names.len())?;
                tracks.push((start, track));
            }
            start += head.names.len();
        }
        Ok(tracks)
    }

    /// What a row says to every head of the song as a whole; NaN where it says nothing.
    ///
    /// # Errors
    /// As [`Self::tracks`].
    pub fn targets_overall(&self, row: &TableRow) -> Result<Vec<f32>, TrackError> {
        let mut targets = self.targets(row);
        for (at, track) in self.tracks(row)? {
            targets[at..at + track.names()].copy_from_slice(&track.overall());
        }
        Ok(targets)
    }

    /// The mean over the batch of the heads' weighted losses, and its gradient to the logits; both are
    /// `[n][outputs]`. Targets that are NaN cost nothing.
    #[must_use]
    pub fn loss(&self, logits: &[f32], targets: &[f32]) -> (f64, Vec<f32>) {
        let outputs = self.outputs();
        let n = (logits.len() / outputs).max(1) as f32;
        let mut gradient = vec![0.0; logits.len()];
        let mut loss = 0.0;
        let rows = logits
            .chunks_exact(outputs)
            .zip(targets.chunks_exact(outputs));
        for ((z, t), g) in rows.zip(gradient.chunks_exact_mut(outputs)) {
            let emotions = (HeadKind::Class, EMOTIONS, 1.0);
            let others = self.heads.iter();
            let others = others.map(|head| (head.kind, head.names.len(), head.weight));
            let mut start = 0;
            for (kind, len, weight) in std::iter::once(emotions).chain(others) {
                let part = start..start + len;
                let (z, t) = (&z[part.clone()], &t[part.clone()]);
                loss += f64::from(weight) * head_loss(kind, z, t, weight / n, &mut g[part]);
                start += len;
            }
        }
        (loss / f64::from(n), gradient)
    }

    /// The outputs beyond the seven of one example as what they stand for, from their logits: probabilities,
    /// or the values of a [`HeadKind::ValueTrack`].
    #[must_use]
    pub fn probabilities(&self, logits: &[f32]) -> Vec<f32> {
        let mut values = Vec::with_capacity(logits.len());
        let mut rest = logits;
        for head in &self.heads {
            let (own, after) = rest.split_at(head.names.len());
            rest = after;
            match head.kind {
                HeadKind::Class => values.extend(softmax(own, own.len())),
                HeadKind::Tags | HeadKind::Scales | HeadKind::TagTrack => {
                    values.extend(own.iter().map(|&z| sigmoid(z)));
                }
                HeadKind::ValueTrack => values.extend_from_slice(own),
            }
        }
        values
    }
}
