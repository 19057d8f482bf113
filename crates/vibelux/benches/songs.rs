//! What a library costs that is larger than anybody's: the last step of the flow, and what it reads.
//!
//! ```text
//! cargo bench -p vibelux --bench songs
//! ```
//!
//! The songs are drawn from a fixed seed; the library's files stand in a temporary folder.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot be set up ends")]

mod made;

use std::fmt;

use divan::Bencher;
use divan::counter::ItemsCount;
use made::vectors;
use tempfile::TempDir;
use vibelux::EmotionVector;
use vibelux::library::{FileStamp, Outcome, Song, SongStore, Tags, json};
use vibelux::recommend::{Mode, Query, SongIndex};

fn main() {
    divan::main();
}

/// As many songs, or a few where the benchmark is only tried (`cargo test` and nextest run it so).
fn of_many(count: usize) -> usize {
    let asked = |flag| std::env::args().any(|argument| argument == flag);
    if asked("--bench") && !asked("--test") {
        count
    } else {
        count.min(100)
    }
}

/// How many songs there are, and how they are compared.
struct Case {
    count: usize,
    mode: Mode,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{:?}", self.count, self.mode)
    }
}

fn cases() -> impl Iterator<Item = Case> {
    let modes = |count| [Mode::Plain, Mode::Centred].map(|mode| Case { count, mode });
    [10_000, 1_000_000].into_iter().flat_map(modes)
}

/// Every search is for another mood.
#[divan::bench(args = cases())]
fn top_ten(bencher: Bencher<'_, '_>, case: &Case) {
    let songs = vectors(of_many(case.count));
    let index = SongIndex::new(songs.as_slice(), case.mode);
    let mut next = 0;
    bencher
        .counter(ItemsCount::new(songs.len()))
        .with_inputs(|| {
            next = (next + 7) % songs.len();
            Query {
                vector: songs[next],
                reference: EmotionVector::UNIFORM,
            }
        })
        .bench_local_values(|query| index.top_k(&query, 10));
}

/// Once per start of the program, or change of the library.
#[divan::bench(args = cases(), max_time = 3)]
fn build_index(bencher: Bencher<'_, '_>, case: &Case) {
    let songs = vectors(of_many(case.count));
    bencher
        .counter(ItemsCount::new(songs.len()))
        .bench_local(|| SongIndex::new(divan::black_box(songs.as_slice()), case.mode));
}

const LIBRARY: usize = 100_000;

/// Songs as a scan leaves them.
fn songs(count: usize) -> Vec<Song> {
    let song = |(i, vector)| {
        let (artist, album) = (i / 120, i / 12);
        let track = i % 12 + 1;
        let path = format!("/music/artist {artist}/album {album}/{track:02} song {i}.mp3");
        Song {
            stamp: Some(FileStamp {
                size_bytes: 4_000_000 + i as u64,
                modified_nanoseconds: 1_700_000_000_000_000_000 + i as i64,
            }),
            tags: Tags {
                title: Some(format!("song {i}")),
                artist: Some(format!("artist {artist}")),
                album: Some(format!("album {album}")),
                ..Tags::default()
            },
            duration_seconds: Some(180.0 + (i % 60) as f64),
            ..Song::new(path, "music-default", Outcome::Embedded(vector))
        }
    };
    vectors(count).into_iter().enumerate().map(song).collect()
}

/// A library with its file, and the folder that goes with it.
fn filled(count: usize) -> (TempDir, SongStore) {
    let dir = tempfile::tempdir().unwrap();
    let mut store = SongStore::open(&dir.path().join("library.db")).unwrap();
    store.upsert_all(&songs(count)).unwrap();
    (dir, store)
}

/// From the file to songs in memory, as every `recommend` begins.
#[divan::bench(max_time = 5)]
fn load_library(bencher: Bencher<'_, '_>) {
    let count = of_many(LIBRARY);
    let (_dir, store) = filled(count);
    let path = store.path().to_owned();
    drop(store);
    let load = || SongStore::open(&path).unwrap().songs();
    assert_eq!(load().unwrap().len(), count);
    bencher
        .counter(ItemsCount::new(count))
        .bench_local(|| load().unwrap());
}

/// What a scan asks first: which files have changed.
#[divan::bench(max_time = 5)]
fn known_files(bencher: Bencher<'_, '_>) {
    let count = of_many(LIBRARY);
    let (_dir, store) = filled(count);
    assert_eq!(store.known().unwrap().len(), count);
    bencher
        .counter(ItemsCount::new(count))
        .bench_local(|| store.known().unwrap());
}

#[divan::bench(max_time = 5)]
fn write_json(bencher: Bencher<'_, '_>) {
    let count = of_many(LIBRARY);
    let (dir, store) = filled(count);
    let file = dir.path().join("song_embeddings.json");
    assert_eq!(json::export(&store, &file, |_| true).unwrap(), count);
    bencher
        .counter(ItemsCount::new(count))
        .bench_local(|| json::export(&store, &file, |_| true).unwrap());
}

/// Into a library that has none of the songs.
#[divan::bench(max_time = 10)]
fn read_json(bencher: Bencher<'_, '_>) {
    let count = of_many(LIBRARY);
    let (dir, store) = filled(count);
    let file = dir.path().join("song_embeddings.json");
    json::export(&store, &file, |_| true).unwrap();
    let read = |dir: &TempDir| {
        let mut store = SongStore::open(&dir.path().join("empty.db")).unwrap();
        json::import(&mut store, &file, dir.path())
    };
    assert_eq!(read(&tempfile::tempdir().unwrap()).unwrap().imported, count);
    bencher
        .counter(ItemsCount::new(count))
        .with_inputs(|| tempfile::tempdir().unwrap())
        .bench_local_refs(|dir| read(dir).unwrap());
}
