//! What the user says of songs and does with them, which they like, skip or hear otherwise than the model, and which are
//! music whatever they sound like: a table beside the songs.
//!
//! Kept by path and apart from the songs, so that it outlives a song's new embedding, a drive that
//! is not plugged in, and a library that is scanned anew.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::SongStore;
use super::database::{self, Database, DatabaseError, values};
use super::rows::{decode_numbers, encode_numbers, number};
use super::verdict::{Said, Verdict, VerdictKind};
use crate::library::error::LibraryError;
use crate::library::path_bytes::{from_bytes, to_bytes};

/// So often is counted at most.
const MOST_TIMES: u32 = 1_000_000;

impl SongStore {
    /// The paths of all liked songs, also of those that the library no longer holds.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn likes(&self) -> Result<HashSet<PathBuf>, LibraryError> {
        let sql = "SELECT path FROM verdicts WHERE verdict = 'liked'";
        let likes = self.query(sql, &[], |row| Ok(from_bytes(&row.get::<Vec<u8>>(0)?)))?;
        Ok(likes.into_iter().collect())
    }

    /// Everything that was said of songs and done with them, by path and kind.
    ///
    /// # Errors
    /// If the database cannot be read, or a verdict is damaged.
    pub fn said(&self) -> Result<Vec<Said>, LibraryError> {
        let sql =
            "SELECT path, verdict, times, seconds, numbers FROM verdicts ORDER BY path, verdict";
        self.query(sql, &[], |row| {
            let path = from_bytes(&row.get::<Vec<u8>>(0)?);
            let numbers: Option<Vec<u8>> = row.get(4)?;
            let verdict = VerdictKind::named(&row.get::<String>(1)?)
                .and_then(|kind| Verdict::read(kind, numbers.as_deref()))
                .ok_or_else(|| DatabaseError::bad_entry(&path))?;
            Ok(Said {
                path,
                verdict,
                times: number(row, 2)?.unwrap_or_default(),
                seconds: row.get::<i64>(3)?.unsigned_abs(),
            })
        })
    }

    /// Notes something about a song, at `seconds` since 1970. What is said again counts again; a correction takes the place
    /// of the one before, a reaction goes into the mean. Committed when it returns.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub fn say(&mut self, song: &Path, verdict: Verdict, seconds: u64) -> Result<(), LibraryError> {
        self.write(|database| say(database, song, verdict, seconds))
    }

    /// Takes back what was said of a song in one way.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub fn unsay(&mut self, song: &Path, kind: VerdictKind) -> Result<(), LibraryError> {
        self.set_verdict([song], kind, false)
    }

    /// Forgets everything of these kinds, of all songs; returns how many verdicts that were.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub fn unsay_all(&mut self, kinds: &[VerdictKind]) -> Result<usize, LibraryError> {
        let sql = "DELETE FROM verdicts WHERE verdict = ?1";
        self.write(|database| {
            kinds.iter().try_fold(0, |forgotten, kind| {
                Ok(forgotten + database.execute(sql, values![kind.name()])?)
            })
        })
    }

    /// Notes that the song is liked, or no longer. Committed when it returns.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub fn set_liked(&mut self, song: &Path, liked: bool) -> Result<(), LibraryError> {
        self.set_verdict([song], VerdictKind::Liked, liked)
    }

    /// Notes that these files are music whatever they sound like, or takes that back. One transaction,
    /// committed when it returns; outlives a new analysis.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub fn set_declared_music(
        &mut self,
        songs: impl IntoIterator<Item = impl AsRef<Path>>,
        is_music: bool,
    ) -> Result<(), LibraryError> {
        self.set_verdict(songs, VerdictKind::Music, is_music)
    }

    fn set_verdict(
        &mut self,
        songs: impl IntoIterator<Item = impl AsRef<Path>>,
        kind: VerdictKind,
        holds: bool,
    ) -> Result<(), LibraryError> {
        let sql = if holds {
            "INSERT INTO verdicts (path, verdict, times, seconds) VALUES (?1, ?2, 1, 0) ON CONFLICT DO NOTHING"
        } else {
            "DELETE FROM verdicts WHERE path = ?1 AND verdict = ?2"
        };
        let songs: Vec<Vec<u8>> = songs.into_iter().map(|s| to_bytes(s.as_ref())).collect();
        self.write(|database| {
            songs
                .iter()
                .try_for_each(|path| database.execute(sql, values![path, kind.name()]).map(drop))
        })
    }

    /// A number that is another one after another connection has changed the library; tells nothing
    /// else.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn revision(&self) -> Result<i64, LibraryError> {
        self.database
            .change_counter()
            .map_err(|source| LibraryError::database(&self.path, source))
    }
}

fn say(database: &Database, song: &Path, verdict: Verdict, seconds: u64) -> database::Result<()> {
    let (path, kind) = (to_bytes(song), verdict.kind().name());
    let before: Option<(u32, Option<Vec<u8>>)> = database.first(
        "SELECT times, numbers FROM verdicts WHERE path = ?1 AND verdict = ?2",
        values![&path, kind],
        |row| Ok((number(row, 0)?.unwrap_or_default(), row.get(1)?)),
    )?;
    let (times, numbers) = match (verdict, before) {
        (Verdict::Sounds(vector), _) => (1, Some(encode_numbers(vector.values()))),
        (Verdict::Reaction(change), before) => {
            let (times, mean) = before.unwrap_or_default();
            let mean = mean
                .and_then(|mean| decode_numbers(&mean))
                .unwrap_or_default();
            let share = 1.0 / (f64::from(times) + 1.0) as f32;
            let mean = std::array::from_fn(|i| mean[i] + share * (change[i] - mean[i]));
            (times + 1, Some(encode_numbers(&mean)))
        }
        (_, before) => (before.map_or(0, |(times, _)| times) + 1, None),
    };
    database
        .execute(
            "INSERT INTO verdicts (path, verdict, times, seconds, numbers) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (path, verdict) DO UPDATE SET times = ?3, seconds = ?4, numbers = ?5",
            values![
                &path,
                kind,
                times.min(MOST_TIMES),
                seconds.cast_signed(),
                &numbers
            ],
        )
        .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emotion::EmotionVector;
    use crate::library::store::layout::undo_to;

    #[test]
    fn likes_stay_and_can_be_taken_back() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("library.db");
        let (a, b) = (Path::new("/music/a.mp3"), Path::new("/music/b.mp3"));
        let mut store = SongStore::open(&file).unwrap();
        for song in [a, a, b] {
            store.set_liked(song, true).unwrap();
        }
        store.set_liked(b, false).unwrap();
        drop(store);
        let likes = SongStore::open(&file).unwrap().likes().unwrap();
        assert_eq!(likes, HashSet::from([a.to_owned()]));
    }

    /// The likes of a library that `older` has turned into one of an older layout.
    fn likes_of(older: &str) -> HashSet<PathBuf> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("library.db");
        let store = SongStore::open(&file).unwrap();
        let newer = undo_to(5) + "DROP TABLE verdicts; ALTER TABLE songs DROP COLUMN sound;";
        store.database.execute_batch(&newer).unwrap();
        store.database.execute_batch(older).unwrap();
        drop(store);
        SongStore::open(&file).unwrap().likes().unwrap()
    }

    #[test]
    fn likes_of_older_layouts_are_kept() {
        let second = "CREATE TABLE likes (path BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;
            INSERT INTO likes VALUES (x'2f61');
            PRAGMA user_version = 2;";
        let fourth = "CREATE TABLE verdicts (path BLOB NOT NULL, verdict TEXT NOT NULL, PRIMARY KEY (path, verdict))
                STRICT, WITHOUT ROWID;
            INSERT INTO verdicts VALUES (x'2f61', 'liked'), (x'2f62', 'music');
            ALTER TABLE songs ADD COLUMN sound TEXT;
            PRAGMA user_version = 4;";
        let third = "CREATE TABLE likes (path BLOB PRIMARY KEY, verdict TEXT NOT NULL CHECK (verdict = 'liked'))
                STRICT, WITHOUT ROWID;
            INSERT INTO likes VALUES (x'2f61', 'liked');
            PRAGMA user_version = 3;";
        for older in [second, third, fourth] {
            assert_eq!(likes_of(older), HashSet::from([PathBuf::from("/a")]));
        }
    }

    #[test]
    fn a_library_of_the_first_layout_gets_the_table() {
        assert!(likes_of("PRAGMA user_version = 1;").is_empty());
    }

    #[test]
    fn what_is_said_is_counted_kept_and_taken_back() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("library.db");
        let (a, b) = (Path::new("/music/a.mp3"), Path::new("/music/b.mp3"));
        let sad: EmotionVector = "sad=0.7,neutral=0.3".parse().unwrap();
        let mut store = SongStore::open(&file).unwrap();
        store.set_liked(a, true).unwrap();
        for seconds in [10, 20] {
            store.say(a, Verdict::Skipped, seconds).unwrap();
            store
                .say(b, Verdict::Sounds(EmotionVector::UNIFORM), seconds)
                .unwrap();
        }
        store.say(b, Verdict::Sounds(sad), 30).unwrap();
        let change =
            |happy: f32| std::array::from_fn(|i| if i == 3 { happy } else { -happy / 6.0 });
        store.say(b, Verdict::Reaction(change(0.6)), 40).unwrap();
        store.say(b, Verdict::Reaction(change(0.2)), 50).unwrap();
        drop(store);
        let mut store = SongStore::open(&file).unwrap();
        let said = store.said().unwrap();
        let kinds: Vec<_> = said
            .iter()
            .map(|s| (s.path.as_path(), s.verdict.kind(), s.times, s.seconds))
            .collect();
        assert_eq!(
            kinds,
            [
                (a, VerdictKind::Liked, 1, 0),
                (a, VerdictKind::Skipped, 2, 20),
                (b, VerdictKind::Reaction, 2, 50),
                (b, VerdictKind::Sounds, 1, 30),
            ]
        );
        let Verdict::Reaction(mean) = said[2].verdict else {
            panic!("{said:?}")
        };
        assert!((mean[3] - 0.4).abs() < 1e-6);
        assert_eq!(said[3].verdict, Verdict::Sounds(sad));
        store.unsay(a, VerdictKind::Skipped).unwrap();
        assert_eq!(store.said().unwrap().len(), 3);
        let kinds = [VerdictKind::Sounds, VerdictKind::Reaction];
        assert_eq!(store.unsay_all(&kinds).unwrap(), 2);
        assert_eq!(store.said().unwrap().len(), 1);
        assert!(store.likes().unwrap().contains(a));
    }

    #[test]
    fn a_damaged_correction_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("library.db");
        let mut store = SongStore::open(&file).unwrap();
        store
            .say(
                Path::new("/a.mp3"),
                Verdict::Sounds(EmotionVector::UNIFORM),
                1,
            )
            .unwrap();
        store
            .database
            .execute("UPDATE verdicts SET numbers = zeroblob(28)", &[])
            .unwrap();
        let error = store.said().unwrap_err().to_string();
        assert!(
            error.contains("/a.mp3") && error.contains("library.db"),
            "{error}"
        );
    }

    #[test]
    fn the_revision_tells_what_another_connection_wrote() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("library.db");
        let reader = SongStore::open(&file).unwrap();
        let mut writer = SongStore::open(&file).unwrap();
        let before = reader.revision().unwrap();
        assert_eq!(reader.revision().unwrap(), before);
        writer.set_liked(Path::new("/a"), true).unwrap();
        assert_ne!(reader.revision().unwrap(), before);
    }
}
