//! Analyses: a song with all that was heard of it, written at once; those of a new model wait in a table of their own
//! until all are there, so that the songs of one library are compared by one model.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

use super::SongStore;
use super::rows::{self, upsert};
use crate::audio::Fingerprint;
use crate::emotion::EmotionVector;
use crate::library::error::LibraryError;
use crate::library::path_bytes::{from_bytes, to_bytes};
use crate::library::song::{FileStamp, Song};

/// What there is to know of a song that was listened to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Analysis {
    /// The song.
    pub song: Song,
    /// Where each window starts, in seconds, and its vector.
    pub windows: Vec<(f64, EmotionVector)>,
    /// By what its recording is known.
    pub fingerprint: Option<Fingerprint>,
}

impl SongStore {
    /// Puts an analysis in the place of what was known of the song. Committed when it returns.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub fn put(&mut self, analysis: &Analysis) -> Result<(), LibraryError> {
        self.write(|connection| put(connection, analysis))
    }

    /// Keeps an analysis of another model than the song's until [`Self::adopt_staged`]. Committed when it returns.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub fn stage(&mut self, analysis: &Analysis) -> Result<(), LibraryError> {
        let (path, model) = (to_bytes(&analysis.song.path), &analysis.song.model);
        // Paths need not be text; this one has a column.
        let mut nameless = analysis.clone();
        nameless.song.path = PathBuf::new();
        let text = serde_json::to_string(&nameless).map_err(|source| LibraryError::Json {
            path: self.path.clone(),
            source,
        })?;
        self.write(|connection| {
            connection
                .prepare_cached(
                    "INSERT OR REPLACE INTO staged (path, model, analysis) VALUES (?1, ?2, ?3)",
                )?
                .execute(params![path, model, text])
                .map(drop)
        })
    }

    /// The songs of which an analysis by this model waits, with the files as they were.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn staged(&self, model: &str) -> Result<HashMap<PathBuf, FileStamp>, LibraryError> {
        let read = || -> rusqlite::Result<_> {
            let mut statement = self
                .connection
                .prepare("SELECT path, analysis FROM staged WHERE model = ?1")?;
            let rows = statement.query_map([model], |row| {
                Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, String>(1)?))
            })?;
            let mut staged = HashMap::new();
            for row in rows {
                let (path, text) = row?;
                // What is damaged is analysed again.
                let analysis = serde_json::from_str::<Analysis>(&text).ok();
                if let Some(stamp) = analysis.and_then(|analysis| analysis.song.stamp) {
                    staged.insert(from_bytes(&path), stamp);
                }
            }
            Ok(staged)
        };
        read().map_err(|source| LibraryError::database(&self.path, source))
    }

    /// Puts all analyses by this model that wait in the place of what was known of their songs, and forgets those of
    /// other models; returns how many songs that were. One transaction.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub fn adopt_staged(&mut self, model: &str) -> Result<usize, LibraryError> {
        self.write(|connection| {
            let mut adopted = 0;
            let mut statement =
                connection.prepare("SELECT path, analysis FROM staged WHERE model = ?1")?;
            let mut rows = statement.query([model])?;
            while let Some(row) = rows.next()? {
                let text: String = row.get(1)?;
                if let Ok(mut analysis) = serde_json::from_str::<Analysis>(&text) {
                    analysis.song.path = from_bytes(&row.get::<_, Vec<u8>>(0)?);
                    put(connection, &analysis)?;
                    adopted += 1;
                }
            }
            connection.execute("DELETE FROM staged", [])?;
            Ok(adopted)
        })
    }

    /// By what the recording of a song is known, if that is.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn fingerprint(&self, path: &Path) -> Result<Option<Fingerprint>, LibraryError> {
        let codes: Option<Vec<u8>> = self
            .connection
            .prepare_cached("SELECT codes FROM fingerprints WHERE path = ?1")
            .and_then(|mut s| s.query_row([to_bytes(path)], |row| row.get(0)).optional())
            .map_err(|source| LibraryError::database(&self.path, source))?;
        codes
            .map(|codes| {
                Fingerprint::from_bytes(&codes).ok_or_else(|| rows::damaged(&self.path, path))
            })
            .transpose()
    }
}

fn put(connection: &Connection, analysis: &Analysis) -> rusqlite::Result<()> {
    upsert(connection, &analysis.song, &analysis.windows)?;
    let Some(fingerprint) = &analysis.fingerprint else {
        return Ok(());
    };
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO fingerprints (path, kind, codes) VALUES (?1, 'chromaprint', ?2)",
        )?
        .execute(params![
            to_bytes(&analysis.song.path),
            fingerprint.to_bytes()
        ])
        .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::store::tests;

    fn analysis(path: &str, model: &str) -> Analysis {
        Analysis {
            song: Song {
                model: model.to_owned(),
                ..tests::song(path)
            },
            windows: vec![(0.0, EmotionVector::UNIFORM)],
            fingerprint: Fingerprint::from_bytes(&[1, 0, 0, 0, 9, 9, 9, 9]),
        }
    }

    #[test]
    fn what_a_new_model_says_counts_when_all_of_it_is_there() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = SongStore::open(&dir.path().join("library.db")).unwrap();
        for path in ["/1", "/2"] {
            store.put(&analysis(path, "old")).unwrap();
        }
        let (one, two) = (analysis("/1", "new"), analysis("/2", "new"));
        store.stage(&one).unwrap();
        store.stage(&analysis("/3", "newest")).unwrap();
        let models = |store: &SongStore| -> Vec<String> {
            let songs = store.songs().unwrap();
            songs.into_iter().map(|song| song.model).collect()
        };
        assert_eq!(models(&store), ["old", "old"]);
        let waiting = store.staged("new").unwrap();
        assert_eq!(
            waiting,
            HashMap::from([("/1".into(), one.song.stamp.unwrap())])
        );
        store.stage(&two).unwrap();
        assert_eq!(store.adopt_staged("new").unwrap(), 2);
        assert_eq!(models(&store), ["new", "new"]);
        assert_eq!(store.get(&one.song.path).unwrap(), Some(one.song));
        assert_eq!(store.windows(&two.song.path).unwrap(), two.windows);
        assert_eq!(store.fingerprint(&two.song.path).unwrap(), two.fingerprint);
        assert!(store.staged("newest").unwrap().is_empty());
    }

    #[test]
    fn an_analysis_is_the_same_after_a_trip_through_text() {
        let mut one = analysis("/odd\u{fe}.mp3", "m");
        one.song.content = Some(crate::library::ContentHash::from_bytes([7; 16]));
        let text = serde_json::to_string(&one).unwrap();
        assert_eq!(serde_json::from_str::<Analysis>(&text).unwrap(), one);
    }
}
