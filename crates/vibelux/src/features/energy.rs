//! Energy: how likely people are to call a song energetic, from [`Dynamics`] and the tonality of its peaks.

use super::coefficients::ENERGY;
use super::quantities::{Dynamics, GROUPS};

/// Numbers that energy follows from.
pub(super) const INPUTS: usize = 5 + GROUPS;

/// 0 to 1. `tonality` is that of `chroma.rs`.
pub(super) fn energy(dynamics: &Dynamics, tonality: f32) -> f32 {
    let mut inputs = [0.0; INPUTS];
    let single = [
        dynamics.range_db,
        dynamics.flux,
        dynamics.contrast,
        dynamics.onset_rate,
        tonality,
    ];
    inputs[..single.len()].copy_from_slice(&single);
    inputs[single.len()..].copy_from_slice(&dynamics.balance);
    ENERGY.probability(&inputs)
}
