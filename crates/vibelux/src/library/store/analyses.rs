//! Analyses: a song with all that was heard of it, written at once; those of a new model wait in a table of their own
//! until all are there, so that the songs of one library are compared by one model.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::SongStore;
use super::aside::{inherit, set_aside};
use super::database::{self, Database, values};
use super::rows::{self, upsert};
use crate::audio::Fingerprint;
use crate::emotion::EmotionVector;
use crate::library::error::LibraryError;
use crate::library::failure::Failure;
use crate::library::mounts::Presence;
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
    /// Puts an analysis in the place of what was known of the song. Where the file holds other sound than before, what was said of
    /// that is set aside until its file is found, or [`Self::settle_aside`]; a song that is new takes with it what was said of
    /// a file with its sound that is gone. Committed when it returns.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub fn put(&mut self, analysis: &Analysis, presence: &Presence) -> Result<(), LibraryError> {
        self.write(|database| {
            let song = &analysis.song;
            if let Some(content) = song.content {
                set_aside(database, &song.path, content)?;
                inherit(database, &song.path, content, presence)?;
            }
            put(database, analysis)
        })
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
        self.write(|database| {
            database
                .execute(
                    "INSERT INTO staged (path, model, analysis) VALUES (?1, ?2, ?3)
                     ON CONFLICT (path) DO UPDATE SET model = ?2, analysis = ?3",
                    values![&path, model, &text],
                )
                .map(drop)
        })
    }

    /// The songs of which an analysis by this model waits, with the files as they were.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn staged(&self, model: &str) -> Result<HashMap<PathBuf, Staged>, LibraryError> {
        let sql = "SELECT path, analysis FROM staged WHERE model = ?1";
        let staged = self.query(sql, values![model], |row| {
            let path = from_bytes(&row.get::<Vec<u8>>(0)?);
            // What is damaged is analysed again.
            let analysis = serde_json::from_str::<Analysis>(&row.get::<String>(1)?).ok();
            Ok(analysis.and_then(|analysis| {
                let failure = analysis.song.failure().cloned();
                let stamp = analysis.song.stamp?;
                Some((path, Staged { stamp, failure }))
            }))
        })?;
        Ok(staged.into_iter().flatten().collect())
    }

    /// If this model has heard all songs of the library, puts its analyses that wait in the place of what was known; returns how
    /// many go on waiting. Those of files that have changed or gone since count no more. One transaction.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub fn adopt_staged(&mut self, model: &str) -> Result<usize, LibraryError> {
        let count = |sql: &str| -> Result<usize, LibraryError> {
            let counts = self.query(sql, values![model], |row| row.get::<i64>(0))?;
            Ok(usize::try_from(counts.into_iter().sum::<i64>()).unwrap_or(0))
        };
        let waiting = count("SELECT count(*) FROM staged WHERE model = ?1")?;
        // Imported vectors have no file that was heard.
        let unheard = "SELECT count(*) FROM songs WHERE vector IS NOT NULL AND NOT missing AND size_bytes IS NOT NULL
             AND model <> ?1 AND path NOT IN (SELECT path FROM staged WHERE model = ?1)";
        if waiting == 0 || count(unheard)? > 0 {
            return Ok(waiting);
        }
        // The texts one by one: all of them at once may be more than memory.
        let songs =
            "SELECT staged.path, songs.size_bytes, songs.modified_nanoseconds, songs.missing
             FROM staged JOIN songs ON songs.path = staged.path WHERE staged.model = ?1 ORDER BY 1";
        let text = "SELECT analysis FROM staged WHERE path = ?1";
        self.write(|database| {
            let songs = database.query(songs, values![model], |row| {
                let stamp = rows::stamp(row.get(1)?, row.get(2)?);
                Ok((row.get::<Vec<u8>>(0)?, stamp, row.get::<bool>(3)?))
            })?;
            for (path, stamp, missing) in songs {
                let text = database.first(text, values![&path], |row| row.get::<String>(0))?;
                let analysis = text.and_then(|text| serde_json::from_str::<Analysis>(&text).ok());
                if let Some(mut analysis) = analysis
                    && analysis.song.stamp == stamp
                {
                    analysis.song.path = from_bytes(&path);
                    analysis.song.missing = missing;
                    put(database, &analysis)?;
                }
            }
            database.execute("DELETE FROM staged", &[]).map(drop)
        })?;
        Ok(0)
    }

    /// By what the recording of a song is known, if that is.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn fingerprint(&self, path: &Path) -> Result<Option<Fingerprint>, LibraryError> {
        let sql = "SELECT codes FROM fingerprints WHERE path = ?1";
        let codes = self.query(sql, values![&to_bytes(path)], |row| row.get::<Vec<u8>>(0))?;
        codes
            .into_iter()
            .next()
            .map(|codes| {
                Fingerprint::from_bytes(&codes).ok_or_else(|| rows::damaged(&self.path, path))
            })
            .transpose()
    }
}

/// An analysis that waits: of which file, and whether it came to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staged {
    /// The file as it was.
    pub stamp: FileStamp,
    /// Why there is no vector, if there is none.
    pub failure: Option<Failure>,
}

fn put(database: &Database, analysis: &Analysis) -> database::Result<()> {
    let path = to_bytes(&analysis.song.path);
    database.execute(
        "DELETE FROM staged WHERE path = ?1 AND model = ?2",
        values![&path, &analysis.song.model],
    )?;
    upsert(database, &analysis.song, &analysis.windows)?;
    let Some(fingerprint) = &analysis.fingerprint else {
        return Ok(());
    };
    database
        .execute(
            "INSERT INTO fingerprints (path, kind, codes) VALUES (?1, 'chromaprint', ?2)
             ON CONFLICT (path) DO UPDATE SET codes = ?2",
            values![&path, &fingerprint.to_bytes()],
        )
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
            store
                .put(&analysis(path, "old"), &Presence::nothing_is_gone())
                .unwrap();
        }
        let (one, two) = (analysis("/1", "new"), analysis("/2", "new"));
        store.stage(&one).unwrap();
        store.stage(&analysis("/3", "newest")).unwrap();
        // It has not heard all of the library.
        assert_eq!(store.adopt_staged("new").unwrap(), 1);
        let models = |store: &SongStore| -> Vec<String> {
            let songs = store.songs().unwrap();
            songs.into_iter().map(|song| song.model).collect()
        };
        assert_eq!(models(&store), ["old", "old"]);
        let waiting = store.staged("new").unwrap();
        let expected = Staged {
            stamp: one.song.stamp.unwrap(),
            failure: None,
        };
        assert_eq!(waiting, HashMap::from([("/1".into(), expected)]));
        store.stage(&two).unwrap();
        assert_eq!(store.adopt_staged("new").unwrap(), 0);
        assert_eq!(models(&store), ["new", "new"]);
        assert_eq!(store.get(&one.song.path).unwrap(), Some(one.song));
        assert_eq!(store.windows(&two.song.path).unwrap(), two.windows);
        assert_eq!(store.fingerprint(&two.song.path).unwrap(), two.fingerprint);
        assert!(store.staged("newest").unwrap().is_empty());
    }

    #[test]
    fn what_waits_of_a_file_that_has_changed_or_gone_counts_no_more() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = SongStore::open(&dir.path().join("library.db")).unwrap();
        for path in ["/1", "/2", "/3"] {
            store
                .put(&analysis(path, "old"), &Presence::nothing_is_gone())
                .unwrap();
            store.stage(&analysis(path, "new")).unwrap();
        }
        let mut changed = analysis("/1", "new");
        changed.song.stamp = Some(FileStamp {
            size_bytes: 99,
            modified_nanoseconds: 99,
        });
        changed.song.tags.title = Some("Changed".to_owned());
        store.put(&changed, &Presence::nothing_is_gone()).unwrap();
        store.set_missing(&["/2".into()], true).unwrap();
        assert_eq!(store.adopt_staged("new").unwrap(), 0);
        assert_eq!(store.get(Path::new("/1")).unwrap(), Some(changed.song));
        let songs = store.songs().unwrap();
        assert!(songs[1].missing && !songs[2].missing);
        assert!(songs.iter().all(|song| song.model == "new"));
    }

    #[test]
    fn an_analysis_is_the_same_after_a_trip_through_text() {
        let mut one = analysis("/odd\u{fe}.mp3", "m");
        one.song.content = Some(crate::library::ContentHash::from_bytes([7; 16]));
        let text = serde_json::to_string(&one).unwrap();
        assert_eq!(serde_json::from_str::<Analysis>(&text).unwrap(), one);
    }
}
