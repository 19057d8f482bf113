//! Songs that are copies of others: which were compared, which pairs hold one recording, and which song stands for each.

use std::path::PathBuf;

use super::SongStore;
use super::database::values;
use super::rows::{content_of, decode_vector, number};
use crate::emotion::EmotionVector;
use crate::library::content::ContentHash;
use crate::library::error::LibraryError;
use crate::library::path_bytes::{from_bytes, to_bytes};
use crate::library::tags::Encoding;

/// What must be known of a song to tell whether it is a copy of another, and which of the two to offer.
#[derive(Debug, Clone, PartialEq)]
pub struct CopyFacts {
    /// Its file.
    pub path: PathBuf,
    /// Which sound that holds.
    pub content: Option<ContentHash>,
    /// Its length, if that is known.
    pub duration_seconds: Option<f64>,
    /// What the model heard.
    pub vector: EmotionVector,
    /// How it is encoded.
    pub encoding: Encoding,
    /// Whether the listener likes it, or has said what it is or sounds like.
    pub is_spoken_of: bool,
    /// Whether it has been compared with all others.
    pub is_compared: bool,
    /// The song that stands for it now.
    pub copy_of: Option<PathBuf>,
}

impl SongStore {
    /// All songs that have a vector and are not missing, in the order of their paths.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn copy_facts(&self) -> Result<Vec<CopyFacts>, LibraryError> {
        let facts = self.query(
                "SELECT path, content, duration_seconds, vector, lossless, bitrate_kbps, compared OR first_look,
                     copy_of, EXISTS (SELECT 1 FROM verdicts WHERE verdicts.path = songs.path
                         AND verdict IN ('liked', 'music', 'sounds'))
                 FROM songs WHERE vector IS NOT NULL AND NOT missing ORDER BY path",
            &[],
            |row| {
                // What is damaged is said when the songs are read.
                let Some(vector) = decode_vector(&row.get::<Vec<u8>>(3)?) else {
                    return Ok(None);
                };
                Ok(Some(CopyFacts {
                    path: from_bytes(&row.get::<Vec<u8>>(0)?),
                    content: content_of(row, 1)?,
                    duration_seconds: row.get(2)?,
                    vector,
                    encoding: Encoding {
                        lossless: row.get(4)?,
                        bitrate_kbps: number(row, 5)?.unwrap_or_default(),
                    },
                    is_compared: row.get(6)?,
                    copy_of: row
                        .get::<Option<Vec<u8>>>(7)?
                        .map(|path| from_bytes(&path)),
                    is_spoken_of: row.get(8)?,
                }))
            },
        )?;
        Ok(facts.into_iter().flatten().collect())
    }

    /// The pairs of songs that were found to hold one recording, with their likeness.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn twins(&self) -> Result<Vec<(PathBuf, PathBuf, f32)>, LibraryError> {
        self.query("SELECT path, twin, likeness FROM twins", &[], |row| {
            let (path, twin): (Vec<u8>, Vec<u8>) = (row.get(0)?, row.get(1)?);
            let likeness = row.get::<f64>(2)? as f32;
            Ok((from_bytes(&path), from_bytes(&twin), likeness))
        })
    }

    /// Notes that a song was compared with all others, and with which of them it shares its recording.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub fn note_compared(
        &mut self,
        songs: &[PathBuf],
        twins: &[(PathBuf, PathBuf, f32)],
    ) -> Result<(), LibraryError> {
        if songs.is_empty() {
            return Ok(());
        }
        let forget = "DELETE FROM twins WHERE path = ?1 OR twin = ?1";
        let note = "UPDATE songs SET compared = TRUE WHERE path = ?1";
        let insert = "INSERT INTO twins (path, twin, likeness) VALUES (?1, ?2, ?3)
             ON CONFLICT (path, twin) DO UPDATE SET likeness = ?3";
        self.write(|database| {
            for song in songs {
                let path = to_bytes(song);
                database.execute(forget, values![&path])?;
                database.execute(note, values![&path])?;
            }
            twins.iter().try_for_each(|(path, twin, likeness)| {
                let likeness = f64::from(likeness.clamp(0.0, 1.0));
                let (path, twin) = (to_bytes(path), to_bytes(twin));
                let values = values![&path, &twin, likeness];
                database.execute(insert, values).map(drop)
            })
        })
    }

    /// Notes which song stands for each of these; `None`: it stands for itself. One transaction.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub fn set_copies(
        &mut self,
        copies: &[(PathBuf, Option<PathBuf>)],
    ) -> Result<(), LibraryError> {
        if copies.is_empty() {
            return Ok(());
        }
        self.write(|database| {
            copies.iter().try_for_each(|(song, of)| {
                let of = of.as_deref().map(to_bytes);
                let sql = "UPDATE songs SET copy_of = ?2 WHERE path = ?1";
                let song = to_bytes(song);
                database.execute(sql, values![&song, &of]).map(drop)
            })
        })
    }
}
