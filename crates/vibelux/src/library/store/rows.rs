//! Songs and windows to the rows of their tables and back.

use std::path::Path;

use super::database::{self, Database, DatabaseError, Row, values};
use crate::audio::{BELIEVABLE_LUFS, SoundKind};
use crate::emotion::{EMOTION_COUNT, EmotionVector};
use crate::library::content::ContentHash;
use crate::library::error::LibraryError;
use crate::library::failure::{Failure, FailureKind};
use crate::library::path_bytes::{from_bytes, to_bytes};
use crate::library::song::{FileStamp, Outcome, Song};
use crate::library::tags::{Encoding, Tags};

/// Bytes of a window in the table: its start as f64 and seven f32, little-endian.
pub(super) const WINDOW_BYTES: usize = 8 + 4 * EMOTION_COUNT;

/// What the table takes at most.
const LATEST_SECONDS: u64 = 1 << 40;
const MOST_ATTEMPTS: u32 = 1_000_000;

/// How far the sum of a stored vector may be from 1: far above the rounding of seven f32.
const SUM_TOLERANCE: f64 = 1e-4;

/// What [`read`] reads, in this order and before [`IS_DECLARED_MUSIC`].
pub(super) const COLUMNS: &str = "path, size_bytes, modified_nanoseconds, model, title, artist, album, \
     duration_seconds, vector, error, missing, sound, loudness_lufs, content, genre, year, lossless, bitrate_kbps, \
     added_seconds, first_look, failure, failed_seconds, tried_seconds, attempts, copy_of";
const DECLARED_MUSIC: usize = 25;

/// Whether the user says that the song of a row is music.
pub(super) const IS_DECLARED_MUSIC: &str =
    "EXISTS (SELECT 1 FROM verdicts WHERE verdicts.path = songs.path AND verdict = 'music')";

/// What a failure is read from, beginning with this column of [`COLUMNS`].
const FAILURE: usize = 20;
pub(super) const FAILURE_COLUMNS: &str = "failure, failed_seconds, tried_seconds, attempts";

/// The song of a row of [`COLUMNS`].
pub(super) fn read(row: &Row<'_>) -> database::Result<Song> {
    let path = from_bytes(&row.get::<Vec<u8>>(0)?);
    let outcome = match row.get::<Option<Vec<u8>>>(8)? {
        Some(blob) => {
            let vector = decode_vector(&blob);
            Outcome::Embedded(vector.ok_or_else(|| DatabaseError::bad_entry(&path))?)
        }
        None => Outcome::Failed(failure(row, row.get(9)?, FAILURE)?),
    };
    Ok(Song {
        stamp: stamp(row.get(1)?, row.get(2)?),
        model: row.get(3)?,
        content: content_of(row, 13)?,
        tags: Tags {
            title: row.get(4)?,
            artist: row.get(5)?,
            album: row.get(6)?,
            genre: row.get(14)?,
            year: number(row, 15)?,
        },
        encoding: Encoding {
            lossless: row.get(16)?,
            bitrate_kbps: number(row, 17)?.unwrap_or_default(),
        },
        added_seconds: row.get::<i64>(18)?.unsigned_abs(),
        duration_seconds: row.get(7)?,
        missing: row.get(10)?,
        sound: sound_of(row, 11)?,
        loudness_lufs: row.get::<Option<f64>>(12)?.map(|lufs| lufs as f32),
        is_first_look: row.get(19)?,
        copy_of: row
            .get::<Option<Vec<u8>>>(24)?
            .map(|path| from_bytes(&path)),
        declared_music: row.get(DECLARED_MUSIC)?,
        path,
        outcome,
    })
}

/// The failure with this reason, from [`FAILURE_COLUMNS`] at this place. Libraries of older layouts have no kind; what
/// failed in them is tried once more.
pub(super) fn failure(
    row: &Row<'_>,
    reason: Option<String>,
    first: usize,
) -> database::Result<Failure> {
    let kind: Option<String> = row.get(first)?;
    let kind = kind.and_then(|kind| FailureKind::named(&kind));
    Ok(Failure {
        kind: kind.unwrap_or(FailureKind::Damaged),
        reason: reason.unwrap_or_default(),
        since_seconds: row.get::<i64>(first + 1)?.unsigned_abs(),
        tried_seconds: row.get::<i64>(first + 2)?.unsigned_abs(),
        attempts: number(row, first + 3)?.unwrap_or_default(),
    })
}

/// Which sound a file holds, of a column of 16 bytes.
pub(super) fn content_of(row: &Row<'_>, column: usize) -> database::Result<Option<ContentHash>> {
    let bytes: Option<Vec<u8>> = row.get(column)?;
    let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
    Ok(bytes.map(ContentHash::from_bytes))
}

/// A whole number that a column of smaller ones holds; none where it is too large for one.
pub(super) fn number<T: TryFrom<i64>>(row: &Row<'_>, column: usize) -> database::Result<Option<T>> {
    let number: Option<i64> = row.get(column)?;
    Ok(number.and_then(|number| number.try_into().ok()))
}

/// The error for an entry that cannot be understood.
pub(in crate::library) fn damaged(library: &Path, song: &Path) -> LibraryError {
    LibraryError::BadEntry {
        path: library.to_owned(),
        song: song.to_owned(),
    }
}

/// Writes a song and its windows in place of what was known of it.
pub(super) fn upsert(
    database: &Database,
    song: &Song,
    windows: &[(f64, EmotionVector)],
) -> database::Result<()> {
    let path = to_bytes(&song.path);
    let (vector, failure) = match &song.outcome {
        Outcome::Embedded(vector) => (Some(encode_vector(vector)), None),
        Outcome::Failed(failure) => (None, Some(failure)),
    };
    database
        .execute(
            "INSERT INTO songs (path, size_bytes, modified_nanoseconds, model, title, artist, album,
                 duration_seconds, vector, error, missing, sound, loudness_lufs, content, genre, year, lossless,
                 bitrate_kbps, added_seconds, first_look, failure, failed_seconds, tried_seconds, attempts)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20,
                 ?21, ?22, ?23, ?24)
             ON CONFLICT (path) DO UPDATE SET
                 size_bytes = ?2, modified_nanoseconds = ?3, model = ?4, title = ?5, artist = ?6,
                 album = ?7, duration_seconds = ?8, vector = ?9, error = ?10, missing = ?11,
                 sound = ?12, loudness_lufs = ?13, content = ?14, genre = ?15, year = ?16, lossless = ?17,
                 bitrate_kbps = ?18, added_seconds = CASE WHEN songs.added_seconds > 0 THEN songs.added_seconds ELSE ?19 END, first_look = ?20,
                 failure = ?21, failed_seconds = ?22, tried_seconds = ?23, attempts = ?24, compared = FALSE",
        values![
            &path,
            // A file of more than 2^63 bytes does not exist; the bits are kept all the same.
            song.stamp.map(|s| s.size_bytes.cast_signed()),
            song.stamp.map(|s| s.modified_nanoseconds),
            &song.model,
            &song.tags.title,
            &song.tags.artist,
            &song.tags.album,
            song.duration_seconds.filter(|s| s.is_finite()),
            &vector,
            failure.map(|failure| &failure.reason),
            song.missing,
            song.sound.map(SoundKind::name),
            song.loudness_lufs.map(f64::from).filter(|lufs| BELIEVABLE_LUFS.contains(lufs)),
            song.content.as_ref().map(ContentHash::bytes),
            &song.tags.genre,
            song.tags.year,
            song.encoding.lossless,
            song.encoding.bitrate_kbps,
            believable(song.added_seconds),
            song.is_first_look,
            failure.map(|failure| failure.kind.name()),
            failure.map_or(0, |failure| believable(failure.since_seconds)),
            failure.map_or(0, |failure| believable(failure.tried_seconds)),
            failure.map_or(0, |failure| failure.attempts.min(MOST_ATTEMPTS)),
        ],
    )?;
    write_windows(database, &path, windows)?;
    database
        .execute("DELETE FROM fingerprints WHERE path = ?1", values![&path])
        .map(drop)
}

fn write_windows(
    database: &Database,
    path: &[u8],
    windows: &[(f64, EmotionVector)],
) -> database::Result<()> {
    if windows.is_empty() {
        return database
            .execute("DELETE FROM windows WHERE path = ?1", values![path])
            .map(drop);
    }
    let mut blob = Vec::with_capacity(windows.len() * WINDOW_BYTES);
    for (start_seconds, vector) in windows {
        blob.extend(start_seconds.to_le_bytes());
        blob.extend(encode_vector(vector));
    }
    database
        .execute(
            "INSERT INTO windows (path, windows) VALUES (?1, ?2)
             ON CONFLICT (path) DO UPDATE SET windows = ?2",
            values![path, &blob],
        )
        .map(drop)
}

/// A time that the table takes.
fn believable(seconds: u64) -> i64 {
    seconds.min(LATEST_SECONDS).cast_signed()
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
pub(super) fn sound_of(row: &Row<'_>, column: usize) -> database::Result<Option<SoundKind>> {
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
