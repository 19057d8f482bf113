//! One suite for both kinds of library: whatever is done to a file and to a PostgreSQL server, both say the same afterwards.
//!
//! `VIBELUX_DATABASE_CASES` says how many series of steps are tried (48).
#![allow(clippy::unwrap_used, reason = "a failed set-up fails the test")]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use vibelux::EmotionVector;
use vibelux::audio::{Fingerprint, SoundKind};
use vibelux::emotion::Emotion;
use vibelux::library::{
    Analysis, ContentHash, Encoding, Failure, FailureKind, FileFacts, FileStamp, FileTags,
    FoundSong, LibraryAddress, LibraryError, Outcome, PostgresAddress, Presence, Song, SongStore,
    SongTable, Tags, Verdict, VerdictKind, json,
};
use vibelux_test_server::PostgresServer;

/// What can be done to a library, with the numbers of songs, sounds and models.
#[derive(Debug, Clone)]
enum Step {
    Put(u8, u8, u8),
    Stage(u8, u8),
    Adopt(u8),
    Fail(u8),
    Keep(u8, u8, u8),
    Note(u8, u8),
    Appear(u8),
    Vanish(u8),
    SetMissing(u8, bool),
    RemoveMissing,
    Settle,
    Say(u8, Verdict),
    Unsay(u8, VerdictKind),
    UnsayAll(VerdictKind),
    DeclareMusic(u8, bool),
    Compare(u8, u8),
    CopyOf(u8, u8),
    Mount(u8),
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    let song = 0..6_u8;
    let said = prop_oneof![
        Just(Verdict::Liked),
        Just(Verdict::Skipped),
        Just(Verdict::Sounds(EmotionVector::one_hot(Emotion::Sad))),
        Just(Verdict::Reaction([0.5, -0.5, 0.25, 0.0, 0.0, 0.0, -0.25])),
    ];
    let kind = prop::sample::select(VerdictKind::ALL.to_vec());
    prop_oneof![
        4 => (song.clone(), 0..4_u8, 0..2_u8).prop_map(|(s, c, m)| Step::Put(s, c, m)),
        1 => (song.clone(), 0..2_u8).prop_map(|(s, m)| Step::Stage(s, m)),
        1 => (0..2_u8).prop_map(Step::Adopt),
        1 => song.clone().prop_map(Step::Fail),
        3 => (song.clone(), 0..4_u8, 0..2_u8).prop_map(|(s, c, m)| Step::Keep(s, c, m)),
        1 => (song.clone(), 0..4_u8).prop_map(|(s, c)| Step::Note(s, c)),
        1 => song.clone().prop_map(Step::Appear),
        2 => song.clone().prop_map(Step::Vanish),
        1 => (song.clone(), any::<bool>()).prop_map(|(s, m)| Step::SetMissing(s, m)),
        1 => Just(Step::RemoveMissing),
        1 => Just(Step::Settle),
        3 => (song.clone(), said).prop_map(|(s, v)| Step::Say(s, v)),
        1 => (song.clone(), kind.clone()).prop_map(|(s, k)| Step::Unsay(s, k)),
        1 => kind.prop_map(Step::UnsayAll),
        1 => (song.clone(), any::<bool>()).prop_map(|(s, m)| Step::DeclareMusic(s, m)),
        1 => (song.clone(), song.clone()).prop_map(|(a, b)| Step::Compare(a, b)),
        1 => (song.clone(), song.clone()).prop_map(|(a, b)| Step::CopyOf(a, b)),
        1 => song.prop_map(Step::Mount),
        1 => Just(Step::Reopen),
    ]
}

/// The files of the songs, which both libraries speak of.
struct Files {
    folder: tempfile::TempDir,
}

impl Files {
    fn path(&self, song: u8) -> PathBuf {
        // Names whose order as bytes is not that of any language.
        let name = ["a", "B", "é", "z", "ä b", "日"][usize::from(song) % 6];
        self.folder.path().join(format!("{name}.mp3"))
    }

    fn found(&self, song: u8) -> FoundSong {
        let stamp = FileStamp {
            size_bytes: u64::MAX - u64::from(song),
            modified_nanoseconds: -5,
        };
        FoundSong {
            path: self.path(song),
            stamp,
        }
    }

    fn song(&self, song: u8, content: u8, model: u8) -> Song {
        let strength = f32::from(content) / 8.0;
        let weights = std::array::from_fn(|at| {
            if at == 3 {
                strength
            } else {
                (1.0 - strength) / 6.0
            }
        });
        Song {
            stamp: Some(self.found(song).stamp),
            content: Some(sound(content)),
            tags: told(song).tags,
            encoding: told(song).encoding,
            duration_seconds: Some(f64::from(content) * 7.25 + 5.0),
            loudness_lufs: content.is_multiple_of(2).then_some(-9.5),
            sound: [
                None,
                Some(SoundKind::Music),
                Some(SoundKind::Speech),
                Some(SoundKind::Effects),
            ][usize::from(content) % 4],
            added_seconds: 1000 + u64::from(song),
            is_first_look: content == 3,
            ..Song::new(
                self.path(song),
                format!("model {model}"),
                Outcome::Embedded(EmotionVector::from_weights(weights).unwrap()),
            )
        }
    }

    fn analysis(&self, song: u8, content: u8, model: u8) -> Analysis {
        let windows = vec![(0.5, EmotionVector::UNIFORM); usize::from(content)];
        Analysis {
            song: self.song(song, content, model),
            windows,
            fingerprint: Fingerprint::from_bytes(&[content; 8]),
        }
    }

    fn presence(store: &SongStore) -> Presence {
        Presence::of(&store.mounts().unwrap())
    }

    fn do_step(&self, store: &mut SongStore, step: &Step) -> Result<String, LibraryError> {
        let presence = Self::presence(store);
        let path = |song: &u8| self.path(*song);
        Ok(match step {
            Step::Put(song, content, model) => {
                store.put(&self.analysis(*song, *content, *model), &presence)?;
                String::new()
            }
            Step::Stage(song, model) => {
                store.stage(&self.analysis(*song, 1, *model))?;
                String::new()
            }
            Step::Adopt(model) => format!("{}", store.adopt_staged(&format!("model {model}"))?),
            Step::Fail(song) => {
                let failure = Failure::new(FailureKind::Damaged, "it is broken").at(77, None);
                let mut failed = self.song(*song, 1, 0);
                failed.outcome = Outcome::Failed(failure);
                store.upsert(&failed, &[])?;
                String::new()
            }
            Step::Keep(song, content, model) => {
                let facts = FileFacts {
                    content: Some(sound(*content)),
                    told: told(song + 1),
                };
                let model = format!("model {model}");
                let kept = store.keep_analysis(&self.found(*song), &facts, &model, &presence)?;
                format!("{kept:?} {}", store.has_content(sound(*content), &model)?)
            }
            Step::Note(song, content) => {
                let facts = FileFacts {
                    content: Some(sound(*content)),
                    told: told(*song),
                };
                store.note_facts(&self.found(*song), &facts)?;
                String::new()
            }
            Step::Appear(_) | Step::Vanish(_) | Step::Reopen => String::new(),
            Step::SetMissing(song, missing) => {
                store.set_missing(&[path(song)], *missing)?;
                String::new()
            }
            Step::RemoveMissing => format!("{}", store.remove_missing()?),
            Step::Settle => {
                store.settle_aside()?;
                String::new()
            }
            Step::Say(song, verdict) => {
                store.say(&path(song), *verdict, 99)?;
                String::new()
            }
            Step::Unsay(song, kind) => {
                store.unsay(&path(song), *kind)?;
                String::new()
            }
            Step::UnsayAll(kind) => format!("{}", store.unsay_all(&[*kind])?),
            Step::DeclareMusic(song, holds) => {
                store.set_declared_music([path(song)], *holds)?;
                String::new()
            }
            Step::Compare(one, other) => {
                let pairs = [(path(one), path(other), 0.9)];
                store.note_compared(&[path(one)], if one == other { &[] } else { &pairs })?;
                String::new()
            }
            Step::CopyOf(one, other) => {
                store.set_copies(&[(path(one), (one != other).then(|| path(other)))])?;
                String::new()
            }
            Step::Mount(song) => {
                store.note_mounts(&[path(song).with_extension("mount")])?;
                String::new()
            }
        })
    }

    /// Changes the files as a step says; once for both libraries.
    fn change(&self, step: &Step) {
        match step {
            Step::Appear(song) => fs::write(self.path(*song), "x").unwrap(),
            Step::Vanish(song) => {
                // It may be gone already.
                let _ = fs::remove_file(self.path(*song));
            }
            _ => {}
        }
    }

    /// All that a library says.
    fn dump(&self, store: &SongStore) -> String {
        let mut text = String::new();
        for mut song in store.songs().unwrap() {
            assert_eq!(store.get(&song.path).unwrap(), Some(song.clone()));
            let windows = store.windows(&song.path).unwrap();
            let fingerprint = store.fingerprint(&song.path).unwrap();
            // What is copied gets the time of the test.
            song.added_seconds = song.added_seconds.min(10_000);
            writeln!(text, "{song:?} {windows:?} {fingerprint:?}").unwrap();
        }
        let mut facts = store.copy_facts().unwrap();
        facts.sort_by(|a, b| a.path.cmp(&b.path));
        let mut twins = store.twins().unwrap();
        twins.sort_by(|a, b| a.partial_cmp(b).unwrap());
        let staged: Vec<BTreeMap<_, _>> = ["model 0", "model 1"]
            .map(|model| store.staged(model).unwrap().into_iter().collect())
            .into();
        let known: BTreeMap<_, _> = store.known().unwrap().into_iter().collect();
        let mut likes: Vec<_> = store.likes().unwrap().into_iter().collect();
        likes.sort();
        let mut mounts: Vec<_> = store.mounts().unwrap().into_iter().collect();
        mounts.sort();
        let table = SongTable::read(store).unwrap();
        let titles: Vec<_> = (0..table.len())
            .map(|at| (table.path(at), table.title(at).into_owned()))
            .collect();
        write!(
            text,
            "{facts:#?}\n{twins:?}\n{staged:?}\n{known:#?}\n{likes:?}\n{mounts:?}\n{:?}\n{:?}\n{:?}\n{titles:?} {}",
            store.said().unwrap(),
            store.failures().unwrap(),
            store.class_counts().unwrap(),
            table.failed(),
        )
        .unwrap();
        text
    }
}

/// The first lines that are not the same.
fn difference(file: &str, server: &str) -> String {
    let pairs = file.lines().zip(server.lines());
    let differ = pairs.enumerate().find(|(_, (a, b))| a != b);
    match differ {
        Some((at, (file, server))) => format!("line {at}\nfile:   {file}\nserver: {server}"),
        None => "one says more than the other".to_owned(),
    }
}

fn sound(number: u8) -> ContentHash {
    ContentHash::from_bytes([number; 16])
}

fn told(song: u8) -> FileTags {
    FileTags {
        tags: Tags {
            title: Some(format!("Título {song}")),
            artist: song.is_multiple_of(2).then(|| "日本語".to_owned()),
            album: None,
            genre: Some(String::new()),
            year: (song > 2).then_some(1990 + u16::from(song)),
        },
        encoding: Encoding {
            lossless: song == 4,
            bitrate_kbps: 4_000_000_000 + u32::from(song),
        },
        ..FileTags::default()
    }
}

fn address(url: &str) -> LibraryAddress {
    LibraryAddress::Postgres(url.parse::<PostgresAddress>().unwrap())
}

#[test]
fn a_file_and_a_server_say_the_same_whatever_is_done() {
    let Some(server) = PostgresServer::start() else {
        return;
    };
    let mut databases = 0;
    let config = Config {
        cases: std::env::var("VIBELUX_DATABASE_CASES").map_or(48, |text| text.parse().unwrap()),
        failure_persistence: None,
        ..Config::default()
    };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let steps = prop::collection::vec(step(), 1..60);
    let databases = std::cell::RefCell::new(&mut databases);
    runner
        .run(&steps, |steps| {
            let mut count = databases.borrow_mut();
            **count += 1;
            let url = server.database(&format!("run{count}"));
            let folder = tempfile::tempdir().unwrap();
            let places = [
                LibraryAddress::from(&folder.path().join("library.db")),
                address(&url),
            ];
            let files = Files { folder };
            let mut stores = places.clone().map(|place| SongStore::open(place).unwrap());
            for step in &steps {
                files.change(step);
                let [file, server] = &mut stores;
                let said = files.do_step(file, step).unwrap();
                prop_assert_eq!(said, files.do_step(server, step).unwrap(), "{:?}", step);
                if matches!(step, Step::Reopen) {
                    stores = places.clone().map(|place| SongStore::open(place).unwrap());
                }
            }
            let [file, server] = &stores;
            let (file, server) = (files.dump(file), files.dump(server));
            prop_assert!(file == server, "{}", difference(&file, &server));
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_library_on_a_server_outlives_a_crash_of_it() {
    let Some(mut server) = PostgresServer::start() else {
        return;
    };
    let place = address(&server.database("music"));
    let mut store = SongStore::open(place.clone()).unwrap();
    let other = SongStore::open(place).unwrap();
    let files = Files {
        folder: tempfile::tempdir().unwrap(),
    };
    let presence = Presence::default();
    store.put(&files.analysis(0, 1, 0), &presence).unwrap();
    let before = other.revision().unwrap();
    server.crash_and_restart();
    store.put(&files.analysis(1, 2, 0), &presence).unwrap();
    assert_eq!(other.songs().unwrap().len(), 2);
    assert_ne!(other.revision().unwrap(), before);
}

#[test]
fn many_who_open_a_new_database_at_once_lay_out_one_library() {
    let Some(server) = PostgresServer::start() else {
        return;
    };
    let place = address(&server.database("music"));
    let files = Files {
        folder: tempfile::tempdir().unwrap(),
    };
    std::thread::scope(|scope| {
        for song in 0..6 {
            let (place, files) = (place.clone(), &files);
            scope.spawn(move || {
                let mut store = SongStore::open(place).unwrap();
                store.upsert(&files.song(song, 1, 0), &[]).unwrap();
            });
        }
    });
    assert_eq!(SongStore::open(place).unwrap().songs().unwrap().len(), 6);
}

#[test]
fn what_is_no_library_of_ours_on_a_server_is_refused() {
    let Some(server) = PostgresServer::start() else {
        return;
    };
    let url = server.database("other");
    server.psql(
        "other",
        "CREATE SCHEMA vibelux; CREATE TABLE vibelux.things (id INT)",
    );
    let error = SongStore::open(address(&url)).unwrap_err();
    assert!(matches!(error, LibraryError::Foreign { .. }), "{error}");

    let url = server.database("newer");
    drop(SongStore::open(address(&url)).unwrap());
    server.psql("newer", "UPDATE vibelux.layout SET version = 99");
    let error = SongStore::open(address(&url)).unwrap_err();
    assert!(
        matches!(error, LibraryError::NewerSchema { found: 99, .. }),
        "{error}"
    );

    let absent = server.url("absent");
    let error = SongStore::open(address(&absent)).unwrap_err().to_string();
    assert!(
        error.contains("absent") && error.contains("127.0.0.1"),
        "{error}"
    );
    let nobody = "postgres://vibelux:secret@127.0.0.1:1/music";
    let error = SongStore::open(address(nobody)).unwrap_err().to_string();
    assert!(
        error.contains("127.0.0.1:1") && !error.contains("secret"),
        "{error}"
    );
}

#[test]
fn the_one_character_that_a_server_cannot_keep_is_left_out() {
    let Some(server) = PostgresServer::start() else {
        return;
    };
    let mut store = SongStore::open(address(&server.database("music"))).unwrap();
    let files = Files {
        folder: tempfile::tempdir().unwrap(),
    };
    let mut song = files.song(0, 1, 0);
    song.tags.title = Some("Ti\0tle".to_owned());
    store.upsert(&song, &[]).unwrap();
    let read = store.get(&song.path).unwrap().unwrap();
    assert_eq!(read.tags.title.as_deref(), Some("Title"));
}

#[test]
fn songs_travel_from_a_file_to_a_server_and_back() {
    let Some(server) = PostgresServer::start() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("a.json"), folder.path().join("b.json"));
    let mut file = SongStore::open(&folder.path().join("library.db")).unwrap();
    let files = Files { folder };
    let songs: Vec<Song> = (0..6).map(|song| files.song(song, song % 4, 0)).collect();
    file.upsert_all(&songs).unwrap();
    json::export(&file, &from, |_| true).unwrap();
    let mut on_server = SongStore::open(address(&server.database("music"))).unwrap();
    json::import(&mut on_server, &from, Path::new("")).unwrap();
    json::export(&on_server, &to, |_| true).unwrap();
    assert_eq!(fs::read(from).unwrap(), fs::read(to).unwrap());
}
