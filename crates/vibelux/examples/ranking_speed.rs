//! How long a search through very many songs takes, for `scripts/compare/ranking_speed.py`, which times others beside it.
//!
//! ```text
//! cargo run --release -p vibelux --example ranking_speed -- made 1000000
//! cargo run --release -p vibelux --example ranking_speed -- library library.db 'not genre:folk and duration<10m and happy>0.2'
//! ```
//!
//! `made` searches vectors that are made of a fixed seed; `library` the songs of a library that a filter means, and makes
//! a queue of them, as the server does. Prints the median, the least and the most milliseconds of a search on one core, each
//! for another mood, separated by tabs.

#[path = "../benches/made/mod.rs"]
mod made;

use std::path::Path;
use std::time::Instant;

use made::vectors;
use vibelux::EmotionVector;
use vibelux::library::filter::Filter;
use vibelux::library::{SongStore, SongTable, unix_seconds};
use vibelux::recommend::{Mode, Pool, Query, QueueRequest, SongIndex, queue};

const SONGS: usize = 20;
const SEARCHES: usize = 40;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match *arguments {
        ["made", count] => {
            let index = SongIndex::new(vectors(count.parse()?), Mode::Plain);
            searches(|query| index.top_k(query, SONGS).len());
        }
        ["library", file, filter] => library(Path::new(file), filter)?,
        _ => return Err("usage: ranking_speed made COUNT | library FILE FILTER".into()),
    }
    Ok(())
}

fn library(file: &Path, filter: &str) -> Result<(), Failure> {
    let store = SongStore::open(file)?;
    let table = SongTable::open(&store)?;
    let filter = Filter::parse(filter, unix_seconds())?;
    let liked = table.liked(&store)?;
    let index = SongIndex::new(std::sync::Arc::clone(table.vectors()), Mode::Plain);
    let likes = |at| liked.contains(&at);
    searches(|query| {
        let mut rows = table.matching(&filter, &likes);
        table.keep_at_hand(&mut rows);
        let pool = Pool {
            index: &index,
            allowed: &rows,
            liking: None,
            present: &|_| true,
            artist: &|at| table.artist_key(at),
            album: &|at| table.album_key(at),
            piece: &|at| table.piece_key(at),
        };
        queue(&pool, &QueueRequest::best(*query, SONGS)).len()
    });
    Ok(())
}

/// Times a search for one mood after the other.
fn searches(search: impl Fn(&Query) -> usize) {
    let moods = vectors(SEARCHES + 1);
    let mut times: Vec<f64> = Vec::new();
    for vector in moods {
        let query = Query {
            vector,
            reference: EmotionVector::UNIFORM,
        };
        let start = Instant::now();
        std::hint::black_box(search(&query));
        times.push(1000.0 * start.elapsed().as_secs_f64());
    }
    // The first one warms up.
    let times = &mut times[1..];
    times.sort_by(f64::total_cmp);
    println!(
        "{:.2}\t{:.2}\t{:.2}",
        times[times.len() / 2],
        times[0],
        times[times.len() - 1]
    );
}
