//! How long one recommendation takes: `cargo run --release -p vibelux --example rank_speed`.
//!
//! Prints milliseconds for 10 thousand and 1 million songs, the median of several searches.

use std::time::Instant;

use vibelux::EmotionVector;
use vibelux::recommend::{Mode, Query, SongIndex};

fn main() {
    for count in [10_000, 1_000_000] {
        let songs = songs(count);
        for mode in [Mode::Plain, Mode::Centred] {
            let start = Instant::now();
            let index = SongIndex::new(&songs, mode);
            let build_ms = start.elapsed().as_secs_f64() * 1e3;
            let mut search_ms: Vec<f64> = (0..21)
                .map(|i| {
                    let query = Query {
                        vector: songs[i * 7],
                        reference: EmotionVector::UNIFORM,
                    };
                    let start = Instant::now();
                    std::hint::black_box(index.top_k(&query, 10));
                    start.elapsed().as_secs_f64() * 1e3
                })
                .collect();
            search_ms.sort_by(f64::total_cmp);
            let median = search_ms[search_ms.len() / 2];
            println!("{count:>9} songs, {mode:?}: index {build_ms:.2} ms, top 10 {median:.3} ms");
        }
    }
}

/// Reproducible songs: a linear congruential generator (Knuth's MMIX constants) is random enough to
/// time a scan.
fn songs(count: usize) -> Vec<EmotionVector> {
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
