//! Songs and windows to the rows of their tables and back.

use std::path::Path;

use rusqlite::{Connection, Row, params};

use crate::audio::{BELIEVABLE_LUFS, SoundKind};
use crate::emotion::{EMOTION_COUNT, EmotionVector};
use crate::library::error::LibraryError;
use crate::library::path_bytes::{from_bytes, to_bytes};
use crate::library::song::{FileStamp, Outcome, Song};
use crate::library::tags::Tags;

/// Bytes of a window in the table: its start as f64 and seven f32, little-endian.
pub(super) const WINDOW_BYTES: usize = 8 + 4 * EMOTION_COUNT;

/// How far the sum of a stored vector may be from 1: far above the rounding of seven f32.
const SUM_TOLERANCE: f64 = 1e-4;

/// What [`read`] reads, in this order and before [`IS_DECLARED_MUSIC`].
pub(super) const COLUMNS: &str = "path, size_bytes, modified_nanoseconds, model, title, artist, album, \
     duration_seconds, vector, error, missing, sound, loudness_lufs";

/// Whether the user says that the song of a row is music.
pub(super) const IS_DECLARED_MUSIC: &str =
    "EXISTS (SELECT 1 FROM verdicts WHERE verdicts.path = songs.path AND verdict = 'music')";

/// The song of a row of [`COLUMNS`]; `library` is the file, for errors.
pub(super) fn read(row: &Row<'_>, library: &Path) -> Result<Song, LibraryError> {
    let error = |source| LibraryError::database(library, source);
    let path = from_bytes(&row.get::<_, Vec<u8>>(0).map_err(error)?);
    let outcome = match row.get::<_, Option<Vec<u8>>>(8).map_err(error)? {
        Some(blob) => {
            Outcome::Embedded(decode_vector(&blob).ok_or_else(|| damaged(library, &path))?)
        }
        None => {
            let reason: Option<String> = row.get(9).map_err(error)?;
            Outcome::Failed(reason.unwrap_or_default())
        }
    };
    let fields = || -> rusqlite::Result<_> {
        Ok(Song {
            stamp: stamp(row.get(1)?, row.get(2)?),
            model: row.get(3)?,
            tags: Tags {
                title: row.get(4)?,
                artist: row.get(5)?,
                album: row.get(6)?,
            },
            duration_seconds: row.get(7)?,
            missing: row.get(10)?,
            sound: sound_of(row, 11)?,
            loudness_lufs: row.get::<_, Option<f64>>(12)?.map(|lufs| lufs as f32),
            declared_music: row.get(13)?,
            path,
            outcome,
        })
    };
    fields().map_err(error)
}

/// The error for an entry that cannot be understood.
pub(super) fn damaged(library: &Path, song: &Path) -> LibraryError {
    LibraryError::BadEntry {
        path: library.to_owned(),
        song: song.to_owned(),
    }
}

/// Writes a song and its windows in place of what was known of it.
pub(super) fn upsert(
    connection: &Connection,
    song: &Song,
    windows: &[(f64, EmotionVector)],
) -> rusqlite::Result<()> {
    let path = to_bytes(&song.path);
    let (vector, reason) = match &song.outcome {
        Outcome::Embedded(vector) => (Some(encode_vector(vector)), None),
        Outcome::Failed(reason) => (None, Some(reason)),
    };
    connection
        .prepare_cached(
            "INSERT INTO songs (path, size_bytes, modified_nanoseconds, model, title, artist, album,
                 duration_seconds, vector, error, missing, sound, loudness_lufs)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
             ON CONFLICT (path) DO UPDATE SET
                 size_bytes = ?2, modified_nanoseconds = ?3, model = ?4, title = ?5, artist = ?6,
                 album = ?7, duration_seconds = ?8, vector = ?9, error = ?10, missing = ?11,
                 sound = ?12, loudness_lufs = ?13",
        )?
        .execute(params![
            path,
            // A file of more than 2^63 bytes does not exist; the bits are kept all the same.
            song.stamp.map(|s| s.size_bytes.cast_signed()),
            song.stamp.map(|s| s.modified_nanoseconds),
            song.model,
            song.tags.title,
            song.tags.artist,
            song.tags.album,
            song.duration_seconds.filter(|s| s.is_finite()),
            vector,
            reason,
            song.missing,
            song.sound.map(SoundKind::name),
            song.loudness_lufs.map(f64::from).filter(|lufs| BELIEVABLE_LUFS.contains(lufs)),
        ])?;
    if windows.is_empty() {
        return connection
            .prepare_cached("DELETE FROM windows WHERE path = ?1")?
            .execute([path])
            .map(drop);
    }
    let mut blob = Vec::with_capacity(windows.len() * WINDOW_BYTES);
    for (start_seconds, vector) in windows {
        blob.extend(start_seconds.to_le_bytes());
        blob.extend(encode_vector(vector));
    }
    connection
        .prepare_cached("INSERT OR REPLACE INTO windows (path, windows) VALUES (?1, ?2)")?
        .execute(params![path, blob])
        .map(drop)
}

/// The stamp of its two columns; none if they are empty.
pub(super) fn stamp(
    size_bytes: Option<i64>,
    modified_nanoseconds: Option<i64>,
) -> Option<FileStamp> {
    Some(FileStamp {
        size_bytes: size_bytes?.cast_unsigned(),
        modified_nanoseconds: modified_nanoseconds?,
    })
}

/// What was heard, of a column that only holds names of kinds.
pub(super) fn sound_of(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<SoundKind>> {
    let name: Option<String> = row.get(column)?;
    Ok(name.and_then(|name| name.parse().ok()))
}

fn encode_vector(vector: &EmotionVector) -> Vec<u8> {
    encode_numbers(vector.values())
}

/// Seven numbers, little-endian.
pub(super) fn encode_numbers(numbers: &[f32; EMOTION_COUNT]) -> Vec<u8> {
    numbers.iter().flat_map(|x| x.to_le_bytes()).collect()
}

/// The way back; `None` if it is another number of bytes.
pub(super) fn decode_numbers(bytes: &[u8]) -> Option<[f32; EMOTION_COUNT]> {
    let numbers = bytes
        .chunks_exact(4)
        .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
    numbers.collect::<Vec<f32>>().try_into().ok()
}

/// A vector as [`encode_numbers`] wrote it; `None` if these are none.
pub(super) fn decode_vector(bytes: &[u8]) -> Option<EmotionVector> {
    let values = decode_numbers(bytes)?;
    // What was written summed to 1; what does not is no longer what was written.
    let sum: f64 = values.iter().map(|&x| f64::from(x)).sum();
    if (sum - 1.0).abs() > SUM_TOLERANCE {
        return None;
    }
    EmotionVector::from_weights(values).ok()
}

/// One window of [`WINDOW_BYTES`] bytes; `None` if they hold no vector.
pub(super) fn decode_window(bytes: &[u8]) -> Option<(f64, EmotionVector)> {
    let (start, vector) = bytes.split_first_chunk::<8>()?;
    Some((f64::from_le_bytes(*start), decode_vector(vector)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_with_a_flipped_bit_is_refused() {
        let whole = encode_vector(&EmotionVector::UNIFORM);
        assert!(decode_vector(&whole).is_some());
        for bit in [22, 23, 28, 30, 31] {
            let mut bytes = whole.clone();
            bytes[8 + bit / 8] ^= 1 << (bit % 8);
            assert_eq!(decode_vector(&bytes), None, "bit {bit}");
        }
    }
}
