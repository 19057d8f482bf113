//! Which files are music, counted: what was heard of each is a column of the songs, what the user says of some
//! is among the verdicts.

use super::SongStore;
use super::database::{self, Row, values};
use super::rows::{IS_DECLARED_MUSIC, sound_of};
use crate::library::class::{ClassCounts, SHORTEST_SONG_SECONDS, SongClass};
use crate::library::error::LibraryError;

impl SongStore {
    /// How many songs that have a vector, are not missing and stand for themselves there are of each class.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn class_counts(&self) -> Result<ClassCounts, LibraryError> {
        let sql = format!(
            "SELECT sound, duration_seconds < ?1, {IS_DECLARED_MUSIC}, count(*)
             FROM songs WHERE vector IS NOT NULL AND NOT missing AND copy_of IS NULL
             GROUP BY 1, 2, 3",
        );
        let mut counts = ClassCounts::default();
        for (class, files) in self.query(&sql, values![SHORTEST_SONG_SECONDS], group)? {
            counts.add(class, files);
        }
        Ok(counts)
    }
}

fn group(row: &Row<'_>) -> database::Result<(SongClass, usize)> {
    let sound = sound_of(row, 0)?;
    let is_short: Option<bool> = row.get(1)?;
    let seconds = if is_short == Some(true) {
        0.0
    } else {
        f64::INFINITY
    };
    let class = SongClass::of(sound, Some(seconds), row.get(2)?);
    Ok((class, row.get::<i64>(3)?.try_into().unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::SoundKind;
    use crate::library::store::tests;
    use crate::library::{Failure, FailureKind, Outcome, Song};

    fn song(name: &str, sound: Option<SoundKind>, seconds: f64) -> Song {
        Song {
            duration_seconds: Some(seconds),
            sound,
            ..tests::song(&format!("/music/{name}"))
        }
    }

    #[test]
    fn what_the_user_says_is_kept_when_a_song_is_analysed_again() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("library.db");
        let mut store = SongStore::open(&file).unwrap();
        let rain = song("rain.ogg", Some(SoundKind::Effects), 60.0);
        store.upsert(&rain, &[]).unwrap();
        let class = |store: &SongStore| store.get(&rain.path).unwrap().unwrap().class();
        assert_eq!(class(&store), SongClass::Effects);
        store.set_declared_music([&rain.path], true).unwrap();
        store.set_declared_music([&rain.path], true).unwrap();
        store.upsert(&rain, &[]).unwrap();
        drop(store);
        let mut store = SongStore::open(&file).unwrap();
        assert_eq!(class(&store), SongClass::Music);
        assert_eq!(store.songs().unwrap()[0].class(), SongClass::Music);
        store.set_declared_music([&rain.path], false).unwrap();
        assert_eq!(class(&store), SongClass::Effects);
    }

    #[test]
    fn classes_are_counted_as_songs_have_them() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = SongStore::open(&dir.path().join("library.db")).unwrap();
        let mut songs = Vec::new();
        for (number, sound) in [None, Some(SoundKind::Music), Some(SoundKind::Speech)]
            .into_iter()
            .cycle()
            .take(30)
            .enumerate()
        {
            songs.push(song(&number.to_string(), sound, 5.0 * number as f64));
        }
        songs[3].missing = true;
        songs[4].outcome = Outcome::Failed(Failure::new(FailureKind::NoSound, "no sound"));
        songs[5].duration_seconds = None;
        store.upsert_all(&songs).unwrap();
        store.set_declared_music([&songs[2].path], true).unwrap();
        let mut expected = ClassCounts::default();
        for song in store.songs().unwrap() {
            if song.vector().is_some() && !song.missing {
                expected.add(song.class(), 1);
            }
        }
        assert_eq!(store.class_counts().unwrap(), expected);
        assert!(
            SongClass::ALL
                .iter()
                .filter(|&&c| expected.get(c) > 0)
                .count()
                == 3
        );
    }
}
