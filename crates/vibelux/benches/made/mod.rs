//! Vectors of songs that nobody has, for what times searches: `songs.rs` and the example `ranking_speed`.

use vibelux::EmotionVector;

/// Reproducible vectors: a linear congruential generator (Knuth's MMIX constants) is random enough to
/// time a scan.
pub fn vectors(count: usize) -> Vec<EmotionVector> {
    let mut state = 1_u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 + 1.0
    };
    (0..count)
        .filter_map(|_| EmotionVector::from_weights(std::array::from_fn(|_| next())).ok())
        .collect()
}
