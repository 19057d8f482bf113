//! The library of songs: its JSON file, and its SQLite file with damage.

use std::cell::RefCell;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use vibelux::audio::SoundKind;
use vibelux::library::{
    ContentHash, Failure, FailureKind, FileStamp, Heard, LibraryError, Outcome, Song, SongStore,
    Tags, Verdict, json, parquet,
};
use vibelux::recommend::{Mode, Query, SongIndex};
use vibelux::{Emotion, EmotionVector};

use crate::place::{file, folder};

/// So many that tables have pages below pages.
const SONGS: usize = 150;
/// Songs with this remainder by ten have no vector but a reason, are gone, are liked.
const FAILED: usize = 3;
const MISSING: usize = 5;
const LIKED: usize = 7;
const PAGE_BYTES: usize = 4096;

/// `song_embeddings.json` into a library.
pub fn library_json(data: &[u8]) {
    thread_local! {
        static STORE: RefCell<SongStore> = RefCell::new(
            SongStore::open(&folder().join("library.db")).expect("a library in a fresh folder"),
        );
    }
    let path = file("song_embeddings.json", data);
    STORE.with_borrow_mut(|store| {
        if json::import(store, &path, Path::new("/music")).is_ok() {
            let songs = store.songs().expect("the library can be read");
            store
                .set_missing(&songs.into_iter().map(|s| s.path).collect::<Vec<_>>(), true)
                .expect("songs can be marked");
            store.remove_missing().expect("and removed");
        }
    });
}

/// A Parquet file of songs into a library.
pub fn library_parquet(data: &[u8]) {
    thread_local! {
        static STORE: RefCell<SongStore> = RefCell::new(
            SongStore::open(&folder().join("parquet.db")).expect("a library in a fresh folder"),
        );
    }
    let path = file("songs.parquet", data);
    STORE.with_borrow_mut(
        |store| match parquet::import(store, &path, Path::new("/music")) {
            Ok(_) => {
                let songs = store.songs().expect("the library can be read");
                for vector in songs.iter().filter_map(Song::vector) {
                    let sum: f32 = vector.values().iter().sum();
                    assert!((sum - 1.0).abs() < 1e-4, "{vector:?} sums to {sum}");
                }
                let paths: Vec<PathBuf> = songs.into_iter().map(|song| song.path).collect();
                store
                    .set_missing(&paths, true)
                    .expect("songs can be marked");
                store.remove_missing().expect("and removed");
            }
            Err(error) => {
                let text = error.to_string();
                assert!(text.contains("songs.parquet"), "{text}");
            }
        },
    );
}

/// A real library file with damage: an error that names the file, or everything that was put in. Text may
/// be damaged unseen; songs, vectors and likes may not be lost.
pub fn library_file(data: &[u8]) {
    static WHOLE: OnceLock<Vec<u8>> = OnceLock::new();
    let whole = WHOLE.get_or_init(|| make_library().expect("a library in a fresh folder"));
    let mut bytes = whole.clone();
    damage(&mut bytes, data);
    for journal in ["damaged.db-wal", "damaged.db-shm", "damaged.db-journal"] {
        let _ = std::fs::remove_file(folder().join(journal));
    }
    let path = file("damaged.db", &bytes);
    if let Err(error) = use_all(&path) {
        let text = error.to_string();
        assert!(text.contains("damaged.db"), "{text}");
    }
}

/// One fault after the other: a byte says which, three bytes where, then what it needs.
fn damage(bytes: &mut Vec<u8>, mut faults: &[u8]) {
    while let [kind, a, b, c, rest @ ..] = faults {
        let at = u32::from_be_bytes([0, *a, *b, *c]) as usize % bytes.len().max(1);
        let page = at - at % PAGE_BYTES;
        let end = bytes.len().min(page + PAGE_BYTES);
        let (argument, after) = rest.split_first().unwrap_or((&0, rest));
        faults = after;
        match kind % 6 {
            _ if bytes.is_empty() => return,
            0 => bytes[at] ^= 1 << (argument % 8),
            1 => {
                let count = usize::from(argument % 64).min(after.len());
                let (new, after) = after.split_at(count);
                bytes
                    .iter_mut()
                    .skip(at)
                    .zip(new)
                    .for_each(|(b, n)| *b = *n);
                faults = after;
            }
            2 => bytes[at..end].fill(*argument),
            3 => bytes.truncate(at),
            4 => {
                // A page that was written to the wrong place.
                let from = usize::from(*argument) * PAGE_BYTES;
                if let Some(other) = bytes.get(from..from + PAGE_BYTES).map(<[u8]>::to_vec) {
                    bytes[page..end].copy_from_slice(&other[..end - page]);
                }
            }
            _ => bytes[at] = *argument,
        }
    }
}

/// Everything that the program does with a library.
fn use_all(path: &Path) -> Result<(), LibraryError> {
    let mut store = SongStore::open(path)?;
    let songs = store.songs()?;
    let vectors: Vec<EmotionVector> = songs.iter().filter_map(Song::vector).collect();
    for vector in &vectors {
        assert!(vector.values().iter().all(|x| x.is_finite() && *x >= 0.0));
        let sum: f32 = vector.values().iter().sum();
        assert!((sum - 1.0).abs() < 1e-4, "{vector:?} sums to {sum}");
    }
    assert_eq!(songs.len(), SONGS, "songs are lost in silence");
    let paths: HashSet<&PathBuf> = songs.iter().map(|song| &song.path).collect();
    assert_eq!(paths.len(), SONGS, "songs are there twice");
    assert_eq!(vectors.len(), SONGS - SONGS / 10, "vectors are lost");
    let likes = store.likes()?;
    assert_eq!(likes.len(), SONGS / 10, "likes are lost in silence");
    // Fewer where the path that was said to be music is damaged: it is text.
    let declared = songs.iter().filter(|song| song.declared_music);
    assert!(declared.count() <= SONGS / 10, "music that nobody declared");
    let said = store.said()?;
    assert_eq!(said.len(), 5 * SONGS / 10, "verdicts are lost in silence");
    let heard = Heard::new(&songs, &said);
    for song in songs.iter().filter(|song| song.vector().is_some()) {
        let vector = heard.vector(&song.path, &vectors[0]);
        let sum: f32 = vector.values().iter().sum();
        assert!((sum - 1.0).abs() < 1e-4, "{vector:?} sums to {sum}");
    }
    for song in &songs {
        store.get(&song.path)?;
        store.windows(&song.path)?;
    }
    let known = store.known()?;
    assert_eq!(known.len(), SONGS, "songs are unknown");
    for mode in [Mode::Plain, Mode::Centred] {
        let query = Query {
            vector: EmotionVector::one_hot(Emotion::Happy),
            reference: EmotionVector::UNIFORM,
        };
        let best = SongIndex::new(vectors.as_slice(), mode).top_k(&query, 10);
        assert!(best.iter().all(|found| found.cosine.is_finite()));
    }
    store.class_counts()?;
    store.revision()?;
    store.upsert(&song(SONGS), &windows(SONGS))?;
    store.set_liked(&song(SONGS).path, true)?;
    store.set_declared_music([&song(SONGS).path], true)?;
    store.say(&song(SONGS).path, Verdict::Finished, 1)?;
    store.unsay_all(&[])?;
    store.set_missing(&[song(1).path], true)?;
    store.remove_missing()?;
    store.songs()?;
    Ok(())
}

/// The bytes of a library with songs of every kind.
fn make_library() -> Result<Vec<u8>, LibraryError> {
    let path = folder().join("whole.db");
    let mut store = SongStore::open(&path)?;
    for number in 0..SONGS {
        store.upsert(&song(number), &windows(number))?;
        if number % 10 == LIKED {
            store.set_liked(&song(number).path, true)?;
            store.set_declared_music([&song(number).path], true)?;
            for said in [
                Verdict::Sounds(vector(number)),
                Verdict::Skipped,
                Verdict::Reaction([0.0, 0.0, 0.0, 0.25, -0.25, 0.0, 0.0]),
            ] {
                store.say(&song(number).path, said, 1_700_000_000)?;
            }
        }
    }
    // The last connection moves everything from the log into the file.
    drop(store);
    Ok(std::fs::read(&path).expect("the library file"))
}

fn song(number: usize) -> Song {
    let outcome = if number % 10 == FAILED {
        Outcome::Failed(Failure::new(FailureKind::NoSound, "no sound in it"))
    } else {
        Outcome::Embedded(vector(number))
    };
    let path = format!("/music/artist {}/song {number}.mp3", number / 12);
    Song {
        stamp: (number % 10 != 2).then_some(FileStamp {
            size_bytes: 1000 + number as u64,
            modified_nanoseconds: 1_700_000_000_000_000_000,
        }),
        content: (!number.is_multiple_of(3))
            .then_some(ContentHash::from_bytes([number as u8 / 2; 16])),
        tags: Tags {
            title: (!number.is_multiple_of(4)).then(|| format!("Song {number}")),
            artist: Some(format!("Artist {}", number / 12)),
            year: Some(1950 + number as u16 % 70),
            ..Tags::default()
        },
        duration_seconds: Some(100.5 + number as f64),
        sound: [None, Some(SoundKind::Music), Some(SoundKind::Speech)][number % 3],
        loudness_lufs: (!number.is_multiple_of(5)).then_some(-9.5),
        missing: number % 10 == MISSING,
        ..Song::new(path, "a model", outcome)
    }
}

fn vector(number: usize) -> EmotionVector {
    let weights = std::array::from_fn(|i| ((number * 7 + i * 13) % 17 + 1) as f32);
    EmotionVector::from_weights(weights).expect("positive weights")
}

fn windows(number: usize) -> Vec<(f64, EmotionVector)> {
    (0..number % 5)
        .map(|i| (10.0 * i as f64, vector(number + i)))
        .collect()
}
