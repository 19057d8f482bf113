//! `song_embeddings.json`: the vectors of the library as the original program keeps them,
//! `{"path": [angry, disgusted, fearful, happy, neutral, sad, surprised], ...}`.
//!
//! Both ways are streamed: memory does not grow with the file.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;

use serde::Deserialize;
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

use super::error::LibraryError;
use super::import::{ImportSummary, ImportedSong, Importer};
use super::path_bytes::{from_json, to_json};
use super::song::Song;
use super::store::SongStore;
use crate::atomic;
use crate::emotion::{EMOTION_COUNT, EmotionVector};

/// The model name of songs whose vectors were imported.
pub const IMPORTED: &str = "song_embeddings.json";

/// Writes all songs that have a vector, whose files are not missing and that are `wanted`; returns how many. Written
/// beside `file` first and then renamed, so that a crash leaves the old file or the new one.
///
/// # Errors
/// If the library cannot be read or the file cannot be written.
pub fn export(
    store: &SongStore,
    file: &Path,
    wanted: impl Fn(&Song) -> bool,
) -> Result<usize, LibraryError> {
    let mut songs = store.songs()?;
    songs.retain(wanted);
    atomic::write_with(file, |part| write(part, &songs)).map_err(LibraryError::io(file))
}

fn write(file: &File, songs: &[Song]) -> std::io::Result<usize> {
    let mut out = BufWriter::new(file);
    let mut count = 0;
    out.write_all(b"{")?;
    for song in songs.iter().filter(|song| !song.missing) {
        let Some(vector) = song.vector() else {
            continue;
        };
        out.write_all(if count > 0 { b",\n" } else { b"\n" })?;
        write!(out, "{}: ", to_json(&song.path))?;
        serde_json::to_writer(&mut out, vector.values())?;
        count += 1;
    }
    out.write_all(b"\n}\n")?;
    out.into_inner()?.sync_all()?;
    Ok(count)
}

/// Puts the vectors of `file` into the library. Relative paths are taken from `base`.
///
/// A row must hold seven finite numbers that are not negative; they are normalised. Bad rows are
/// reported and the others kept. An imported song has no stamp, so the next `vibelux embed` that
/// finds its file embeds it anew; a song whose vector is already the same is left as it is.
///
/// # Errors
/// If the file cannot be read or holds no usable row and is malformed, or the library cannot be
/// written.
pub fn import(
    store: &mut SongStore,
    file: &Path,
    base: &Path,
) -> Result<ImportSummary, LibraryError> {
    let reader = BufReader::new(File::open(file).map_err(LibraryError::io(file))?);
    let mut importer = Importer::new(store, base);
    let mut json =
        serde_json::Deserializer::from_reader(BufReader::new(PythonNumbers::new(reader)));
    let result = Rows(&mut importer)
        .deserialize(&mut json)
        .and_then(|()| json.end());
    let mut summary = importer.finish()?;
    match result {
        Err(source) if summary.imported + summary.unchanged == 0 => Err(LibraryError::Json {
            path: file.to_owned(),
            source,
        }),
        result => {
            summary.broken_off = result.err().map(|error| error.to_string());
            Ok(summary)
        }
    }
}

/// Reads the object and hands each row on, keeping none.
struct Rows<'a, 'b>(&'a mut Importer<'b>);

impl<'de> DeserializeSeed<'de> for Rows<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Rows<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object of paths")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some((key, row)) = map.next_entry::<Key, Row>()? {
            let path =
                from_json(&key.0).ok_or_else(|| "the path cannot exist on this system".to_owned());
            let row = path.and_then(|path| Ok(ImportedSong::new(path, IMPORTED, row.vector()?)));
            self.0.row(&String::from_utf8_lossy(&key.0), row);
            if self.0.has_failed() {
                return Err(A::Error::custom("stopped"));
            }
        }
        Ok(())
    }
}

/// A key as bytes, since a path need not be UTF-8.
pub(super) struct Key(pub(super) Vec<u8>);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;

        impl Visitor<'_> for KeyVisitor {
            type Value = Key;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a path")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Key, E> {
                Ok(Key(bytes.to_vec()))
            }
        }

        deserializer.deserialize_bytes(KeyVisitor)
    }
}

/// The value of a row: whatever is there, so that one bad row does not end the file.
enum Row {
    /// An array: its first seven entries (`None` for one that is no number) and how many there are.
    Array([Option<f64>; EMOTION_COUNT], usize),
    /// Something else.
    Other,
}

impl Row {
    fn vector(&self) -> Result<EmotionVector, String> {
        let Self::Array(entries, count) = self else {
            return Err("not an array of 7 numbers".to_owned());
        };
        if *count != EMOTION_COUNT {
            return Err(format!("{count} values instead of 7"));
        }
        let mut weights = [0.0; EMOTION_COUNT];
        for (i, (weight, entry)) in weights.iter_mut().zip(entries).enumerate() {
            *weight = entry.ok_or_else(|| format!("value {} is not a number", i + 1))? as f32;
        }
        EmotionVector::from_weights(weights).map_err(|error| error.to_string())
    }
}

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RowVisitor)
    }
}

struct RowVisitor;

impl<'de> Visitor<'de> for RowVisitor {
    type Value = Row;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("any value")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Row, A::Error> {
        let mut entries = [None; EMOTION_COUNT];
        let mut count = 0;
        while let Some(Entry(entry)) = seq.next_element()? {
            if let Some(slot) = entries.get_mut(count) {
                *slot = entry;
            }
            count += 1;
        }
        Ok(Row::Array(entries, count))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Row, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Row::Other)
    }

    fn visit_unit<E>(self) -> Result<Row, E> {
        Ok(Row::Other)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Row, E> {
        Ok(Row::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Row, E> {
        Ok(Row::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Row, E> {
        Ok(Row::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Row, E> {
        Ok(Row::Other)
    }

    fn visit_str<E>(self, _: &str) -> Result<Row, E> {
        Ok(Row::Other)
    }
}

/// An entry of the array: a number, or anything else.
struct Entry(Option<f64>);

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EntryVisitor)
    }
}

struct EntryVisitor;

impl<'de> Visitor<'de> for EntryVisitor {
    type Value = Entry;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("any value")
    }

    fn visit_f64<E>(self, value: f64) -> Result<Entry, E> {
        Ok(Entry(Some(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Entry, E> {
        Ok(Entry(Some(value as f64)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Entry, E> {
        Ok(Entry(Some(value as f64)))
    }

    fn visit_unit<E>(self) -> Result<Entry, E> {
        Ok(Entry(None))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Entry, E> {
        Ok(Entry(None))
    }

    fn visit_str<E>(self, _: &str) -> Result<Entry, E> {
        Ok(Entry(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Entry, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Entry(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entry, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Entry(None))
    }
}

/// Makes Python's output readable: its json module writes `NaN` and `Infinity`, which JSON does not
/// have and which would end the file at the first such row. Outside strings no JSON word starts with
/// a capital, so these are replaced, byte for byte, by something that the row check refuses.
struct PythonNumbers<R> {
    inner: R,
    in_string: bool,
    escaped: bool,
    word: Option<(&'static [u8], usize)>,
}

impl<R> PythonNumbers<R> {
    fn new(inner: R) -> Self {
        Self {
            inner,
            in_string: false,
            escaped: false,
            word: None,
        }
    }

    fn replace(&mut self, byte: u8) -> u8 {
        if self.in_string {
            self.in_string = self.escaped || byte != b'"';
            self.escaped = !self.escaped && byte == b'\\';
            return byte;
        }
        if !byte.is_ascii_alphabetic() {
            self.in_string = byte == b'"';
            self.word = None;
            return byte;
        }
        let (word, at) = *self.word.get_or_insert(match byte {
            b'N' => (b"{} ", 0),
            // Too large for f32, and may follow a minus sign.
            b'I' => (b"9E99    ", 0),
            _ => (b"", 0),
        });
        self.word = Some((word, at + 1));
        word.get(at).copied().unwrap_or(byte)
    }
}

impl<R: Read> Read for PythonNumbers<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        for byte in &mut buffer[..count] {
            *byte = self.replace(*byte);
        }
        Ok(count)
    }
}

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
