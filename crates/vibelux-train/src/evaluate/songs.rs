//! A music model on song files, as it is used.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;
use vibelux::model::MusicModel;

use super::judgement::{Judged, Judgement};
use crate::dataset::TableRow;

/// Embeds songs and holds them against their targets; the class is the target's strongest emotion.
///
/// `done` counts up as files are finished.
#[must_use]
pub fn songs(model: &MusicModel, rows: &[TableRow], done: &AtomicUsize) -> Judgement {
    let rows = rows
        .par_iter()
        .map(|row| {
            let embedded = model.embed_song(&row.path).map(|song| song.vector);
            done.fetch_add(1, Ordering::Relaxed);
            Judged::song(row, embedded.map_err(|error| error.to_string()))
        })
        .collect();
    Judgement::collect(rows)
}
