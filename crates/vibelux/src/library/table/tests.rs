//! Tests of [`SongTable`].

use std::borrow::Cow;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::audio::SoundKind;
use crate::emotion::{Emotion, EmotionVector};
use crate::library::SongClass;
use crate::library::filter::{Filter, NumberField, SongFacts, TextField};
use crate::library::{Failure, FailureKind, Outcome, Song, Tags, Verdict};

fn song(number: usize) -> Song {
    let outcome = if number % 11 == 5 {
        Outcome::Failed(Failure::new(FailureKind::Damaged, "odd"))
    } else {
        let weights = std::array::from_fn(|i| ((number * 7 + i * 5) % 13) as f32);
        Outcome::Embedded(EmotionVector::from_weights(weights).unwrap())
    };
    let text = |some: bool, text: String| some.then_some(text);
    Song {
        tags: Tags {
            title: text(!number.is_multiple_of(4), format!("Song {number}")),
            artist: text(!number.is_multiple_of(5), format!("Artist {}", number % 7)),
            album: text(number.is_multiple_of(2), format!("Album {}", number / 10)),
            genre: text(
                !number.is_multiple_of(3),
                ["Folk", "Rock, Pop"][number % 2].to_owned(),
            ),
            year: (!number.is_multiple_of(6)).then_some(1980 + number as u16 % 40),
        },
        duration_seconds: (!number.is_multiple_of(7)).then_some(10.0 + number as f64),
        loudness_lufs: (!number.is_multiple_of(8)).then_some(-20.5 + (number % 10) as f32),
        added_seconds: if number.is_multiple_of(9) {
            0
        } else {
            1_700_000_000 + 86_400 * number as u64
        },
        sound: [
            None,
            Some(SoundKind::Music),
            Some(SoundKind::Speech),
            Some(SoundKind::Effects),
        ][number % 4],
        missing: number % 10 == 3,
        ..Song::new(
            format!("/music/{}/{number:03}.mp3", number / 12),
            ["m", "n"][number % 2],
            outcome,
        )
    }
}

fn library(songs: usize) -> (tempfile::TempDir, SongStore) {
    let dir = tempfile::tempdir().unwrap();
    let mut store = SongStore::open(&dir.path().join("library.db")).unwrap();
    let songs: Vec<Song> = (0..songs).map(song).collect();
    store.upsert_all(&songs).unwrap();
    store
        .set_declared_music(["/music/0/003.mp3", "/music/0/006.mp3"], true)
        .unwrap();
    store
        .set_copies(&[("/music/1/020.mp3".into(), Some("/music/1/021.mp3".into()))])
        .unwrap();
    (dir, store)
}

/// The table is what the songs say.
fn check(table: &SongTable, store: &SongStore) {
    let songs = store.songs().unwrap();
    assert_eq!(
        table.failed(),
        songs.iter().filter(|song| song.vector().is_none()).count()
    );
    let songs: Vec<Song> = songs
        .into_iter()
        .filter(|song| song.vector().is_some())
        .collect();
    assert_eq!(table.len(), songs.len());
    for (i, song) in songs.iter().enumerate() {
        assert_eq!(table.path(i), song.path);
        assert_eq!(table.position(&song.path), Some(i));
        assert_eq!(Some(table.vectors()[i]), song.vector());
        assert_eq!(table.title(i), song.title());
        assert_eq!(table.artist(i).as_deref(), song.tags.artist.as_deref());
        assert_eq!(
            table.models().nth(table.model_number(i)).as_deref(),
            Some(song.model.as_str())
        );
        assert_eq!(table.album(i).as_deref(), song.tags.album.as_deref());
        assert_eq!(table.class(i), song.class());
        assert_eq!(table.genre(i).as_deref(), song.tags.genre.as_deref());
        assert_eq!(table.year(i), song.tags.year);
        assert_eq!(table.loudness_lufs(i), song.loudness_lufs);
        assert_eq!(table.added_seconds(i), song.added_seconds);
        assert_eq!(table.is_declared_music(i), song.declared_music);
        let artist = table
            .artist_number(i)
            .and_then(|at| table.artists().nth(at));
        assert_eq!(artist, table.artist(i));
        let stand_in = table.stand_in(i).map(|at| table.path(at));
        assert_eq!(stand_in, song.copy_of);
        assert_eq!(table.duration_seconds(i), song.duration_seconds);
        assert_eq!(
            (table.is_missing(i), table.is_copy(i)),
            (song.missing, song.copy_of.is_some())
        );
    }
    assert_eq!(table.position(Path::new("/music/absent.mp3")), None);
    let mut rows = vec![true; songs.len()];
    table.keep_at_hand(&mut rows);
    let at_hand = songs.iter().map(|s| !s.missing && s.copy_of.is_none());
    assert_eq!(rows, at_hand.collect::<Vec<_>>());
}

#[test]
fn songs_that_came_in_another_order_are_in_that_of_their_paths() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = SongStore::open(&dir.path().join("library.db")).unwrap();
    // One folder is the beginning of another's name, and a file comes between the two.
    let odd = [
        "/music/1.mp3",
        "/music/1-/a.mp3",
        "/music/10/b.mp3",
        "/music/1",
    ];
    let odd = odd.map(|path| Song {
        path: path.into(),
        ..song(1)
    });
    let songs: Vec<Song> = (0..40).rev().map(song).chain(odd).collect();
    store.upsert_all(&songs).unwrap();
    store
        .set_copies(&[("/music/2/030.mp3".into(), Some("/music/1-/a.mp3".into()))])
        .unwrap();
    check(&SongTable::read(&store).unwrap(), &store);
}

#[test]
fn songs_are_read_by_title_and_values_are_counted() {
    let (_dir, store) = library(60);
    let table = SongTable::read(&store).unwrap();
    let text = |at: &u32| {
        let at = *at as usize;
        let texts = [Some(table.title(at)), table.artist(at), table.album(at)];
        let texts: Vec<String> = texts
            .into_iter()
            .flatten()
            .map(|t| t.to_lowercase())
            .collect();
        (texts.join("\n"), table.path(at))
    };
    let order = table.by_title();
    assert!(order.is_sorted_by_key(text));
    let mut all = order.clone();
    all.sort_unstable();
    assert!(all.into_iter().eq(0..table.len() as u32));

    let folk = |at: &usize| table.genre(*at).as_deref() == Some("Folk");
    let counted = table.values(TextField::Genre, |at| at % 2 == 0);
    let expected = (0..table.len())
        .filter(|at| at % 2 == 0)
        .filter(folk)
        .count();
    assert!(
        counted.contains(&("Folk".to_owned(), expected)),
        "{counted:?}"
    );
    assert!(table.values(TextField::Path, |_| true).is_empty());
}

#[test]
fn a_table_is_what_the_songs_say_and_is_kept_until_they_change() {
    let (dir, mut store) = library(60);
    let file = dir.path().join("library.db.songs");
    let table = SongTable::open(&store).unwrap();
    check(&table, &store);
    assert_eq!(table.models().collect::<Vec<_>>(), ["m", "n"]);
    let kept = fs::read(&file).unwrap();
    check(&SongTable::open(&store).unwrap(), &store);
    // From the file: it is not written again.
    let written = fs::metadata(&file).unwrap().modified().unwrap();
    SongTable::open(&store).unwrap();
    assert_eq!(fs::metadata(&file).unwrap().modified().unwrap(), written);

    // Whatever is written makes it another revision.
    type Change<'a> = &'a dyn Fn(&mut SongStore) -> Result<(), LibraryError>;
    let changes: [Change<'_>; 5] = [
        &|store| store.upsert(&song(3), &[]),
        &|store| store.set_missing(&["/music/0/001.mp3".into()], true),
        &|store| store.say(Path::new("/music/0/001.mp3"), Verdict::Liked, 1),
        &|store| store.set_copies(&[("/music/1/022.mp3".into(), Some("/music/1/021.mp3".into()))]),
        &|store| store.remove_missing().map(drop),
    ];
    for change in changes {
        let before = store.state().unwrap();
        change(&mut store).unwrap();
        assert_ne!(store.state().unwrap(), before);
        check(&SongTable::open(&store).unwrap(), &store);
    }
    // Another library's file is passed by, and so is a damaged one.
    fs::write(&file, &kept).unwrap();
    check(&SongTable::open(&store).unwrap(), &store);
    let whole = fs::read(&file).unwrap();
    assert_ne!(whole, kept);
    for at in (0..whole.len()).step_by(7) {
        let mut damaged = whole.clone();
        damaged[at] ^= 4;
        fs::write(&file, &damaged).unwrap();
        assert!(
            file::read(&file, store.state().unwrap()).is_none(),
            "byte {at}"
        );
        fs::write(&file, &whole[..at]).unwrap();
        assert!(
            file::read(&file, store.state().unwrap()).is_none(),
            "{at} bytes"
        );
    }
    check(&SongTable::open(&store).unwrap(), &store);
}

#[test]
fn a_library_in_a_folder_that_cannot_be_written_is_read_all_the_same() {
    let (dir, store) = library(10);
    // A folder where the file would be.
    fs::create_dir(dir.path().join("library.db.songs")).unwrap();
    check(&SongTable::open(&store).unwrap(), &store);
}

#[test]
fn an_empty_library_has_an_empty_table() {
    let (_dir, store) = library(0);
    for _ in 0..2 {
        let table = SongTable::open(&store).unwrap();
        assert!(table.is_empty() && table.position(Path::new("/a")).is_none());
    }
}

/// A song, what it sounds like to its listener, and whether they like it.
struct LibrarySong<'a> {
    /// The song.
    song: &'a Song,
    /// Its vector, corrected where the listener has.
    vector: EmotionVector,
    /// Whether the listener likes it.
    is_liked: bool,
}

impl SongFacts for LibrarySong<'_> {
    fn text(&self, field: TextField) -> Option<Cow<'_, str>> {
        let tags = &self.song.tags;
        let text = match field {
            TextField::Title => return Some(self.song.title().into()),
            TextField::Path => return Some(self.song.path.to_string_lossy()),
            TextField::Artist => &tags.artist,
            TextField::Album => &tags.album,
            TextField::Genre => &tags.genre,
        };
        text.as_deref().map(Into::into)
    }

    fn number(&self, field: NumberField) -> Option<f64> {
        match field {
            NumberField::Year => self.song.tags.year.map(f64::from),
            NumberField::Duration => self.song.duration_seconds,
            NumberField::Loudness => self.song.loudness_lufs.map(f64::from),
            NumberField::Added => match self.song.added_seconds {
                0 => None,
                seconds => Some(seconds as f64),
            },
            NumberField::Share(emotion) => Some(f64::from(self.vector.get(emotion))),
        }
    }

    fn strongest(&self) -> Emotion {
        self.vector.strongest()
    }

    fn class(&self) -> SongClass {
        self.song.class()
    }

    fn is_liked(&self) -> bool {
        self.is_liked
    }
}

fn filter() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "liked",
        "song",
        "artist:\"artist 3\"",
        "artist=\"artist 3\"",
        "genre:folk",
        "genre!=folk",
        "album:2",
        "path:/1/",
        "path:.mp3",
        "year<2000",
        "year=1983",
        "title=\"song 31\"",
        "year:1990..1999",
        "year>=2010",
        "duration<40",
        "duration:20..30",
        "duration=23",
        "loudness<-15",
        "added:3y",
        "added>2024-01-01",
        "happy>0.2",
        "sad<=0.1",
        "mood:sad",
        "class:music",
        "class:jingle",
        "not class:speech",
    ]);
    leaf.prop_map(str::to_owned)
        .prop_recursive(3, 12, 2, |inner| {
            prop_oneof![
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} and {b})")),
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} or {b})")),
                inner.prop_map(|a| format!("not ({a})")),
            ]
        })
}

proptest! {
    #[test]
    fn columns_say_of_a_filter_what_songs_say(text in filter()) {
        // So many that few of them are some.
        static LIBRARY: LazyLock<(SongTable, Vec<Song>)> = LazyLock::new(|| {
            let (_dir, store) = library(700);
            (SongTable::read(&store).unwrap(), store.songs().unwrap())
        });
        let (table, songs) = &*LIBRARY;
        let filter = Filter::parse(&text, 1_795_910_400).unwrap();
        let liked = |position: usize| position % 3 == 1;
        let rows = table.matching(&filter, &liked);
        for (i, song) in songs.iter().filter(|song| song.vector().is_some()).enumerate() {
            let seen = LibrarySong { song, vector: song.vector().unwrap(), is_liked: liked(i) };
            prop_assert_eq!(rows[i], filter.takes(&seen), "{} of {:?}", text, song);
            prop_assert_eq!(rows[i], table.takes(&filter, i, liked(i)));
        }
    }
}

#[test]
fn emotions_are_in_their_columns() {
    let (_dir, store) = library(20);
    let table = SongTable::read(&store).unwrap();
    let sad = Filter::parse("sad>0.2", 0).unwrap();
    let rows = table.matching(&sad, &|_| false);
    let expected: Vec<bool> = table
        .vectors()
        .iter()
        .map(|v| f64::from(v.get(Emotion::Sad)) > 0.2)
        .collect();
    assert_eq!(rows, expected);
}
