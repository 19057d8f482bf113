//! The table as a file beside the library, `library.db.songs`, or in the user's cache if the library is on a server. It can be thrown away at any time; what is not of the very
//! revision of the library, or damaged, is passed by and written anew.
//!
//! Little-endian: the mark, the revision, the number of songs and of failed ones, then each column as its length in bytes and
//! its bytes, and a CRC-32 of all before it.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crc32fast::Hasher;

use super::columns::SongTable;
use super::shares::Shares;
use super::texts::{Dictionary, Texts};
use crate::atomic;
use crate::emotion::{EMOTION_COUNT, EmotionVector};
use crate::library::address::LibraryAddress;
use crate::library::revision::Revision;

/// The last byte counts the layouts.
const MARK: &[u8; 8] = b"VBLXtab\x03";

/// Where the table of a library is kept: beside its file; of one on a server, among the user's files that can be thrown away.
pub(super) fn place(library: &LibraryAddress) -> Option<PathBuf> {
    match library {
        LibraryAddress::File(file) => {
            let mut name = file.as_os_str().to_owned();
            name.push(".songs");
            Some(name.into())
        }
        #[cfg(feature = "postgres")]
        LibraryAddress::Postgres(server) => {
            let folders = directories::ProjectDirs::from("", "", "vibelux")?;
            let folder = folders.cache_dir();
            std::fs::create_dir_all(folder).ok()?;
            // By nothing that shows where the server is.
            let digest = <sha2::Sha256 as sha2::Digest>::digest(server.with_password());
            Some(folder.join(crate::library::hex::encode(&digest[..16]) + ".songs"))
        }
    }
}

/// Reads the table of a library at this revision; `None` if there is none that can be used.
pub(super) fn read(path: &Path, revision: Revision) -> Option<SongTable> {
    let file = File::open(path).ok()?;
    let left = usize::try_from(file.metadata().ok()?.len()).ok()?;
    let mut input = Input {
        inner: BufReader::with_capacity(1 << 16, file),
        hasher: Hasher::new(),
        left,
    };
    if &input.array::<8>()? != MARK {
        return None;
    }
    let found = Revision(i64::from_le_bytes(input.array()?));
    if found != revision {
        return None;
    }
    let songs = usize::try_from(u64::from_le_bytes(input.array()?)).ok()?;
    let failed = usize::try_from(u64::from_le_bytes(input.array()?)).ok()?;
    let weights = input.numbers(f32::from_le_bytes)?;
    let vectors: Option<Arc<[EmotionVector]>> = weights
        .as_chunks::<EMOTION_COUNT>()
        .0
        .iter()
        .map(|values| EmotionVector::from_weights(*values).ok())
        .collect();
    let table = SongTable {
        revision,
        failed,
        vectors: vectors?,
        flags: input.bytes()?,
        durations: input.numbers(f32::from_le_bytes)?,
        loudness: input.numbers(f32::from_le_bytes)?,
        years: input.numbers(u16::from_le_bytes)?,
        added: input.numbers(u32::from_le_bytes)?,
        titles: input.texts()?,
        artists: input.dictionary()?,
        albums: input.dictionary()?,
        genres: input.dictionary()?,
        models: input.dictionary()?,
        folders: input.dictionary()?,
        names: input.texts()?,
        stand_ins: input.numbers(u32::from_le_bytes)?,
        shares: Shares::default(),
    };
    let sum = input.hasher.clone().finalize();
    let is_whole = u32::from_le_bytes(input.array()?) == sum && input.left == 0;
    let lengths = [
        table.vectors.len(),
        table.flags.len(),
        table.durations.len(),
        table.loudness.len(),
        table.years.len(),
        table.added.len(),
        table.titles.len(),
        table.artists.numbers().len(),
        table.albums.numbers().len(),
        table.genres.numbers().len(),
        table.models.numbers().len(),
        table.folders.numbers().len(),
        table.names.len(),
    ];
    let pairs_fit = table.stand_ins.iter().all(|&at| (at as usize) < songs);
    let is_whole = is_whole && pairs_fit && table.stand_ins.len() <= 2 * songs;
    (is_whole && lengths.iter().all(|&length| length == songs)).then_some(table)
}

/// Writes the table.
pub(super) fn write(path: &Path, table: &SongTable) -> std::io::Result<()> {
    atomic::write_with(path, |file| {
        let mut output = Output {
            inner: BufWriter::with_capacity(1 << 16, file),
            hasher: Hasher::new(),
        };
        output.put(MARK)?;
        output.put(&table.revision.0.to_le_bytes())?;
        output.put(&(table.len() as u64).to_le_bytes())?;
        output.put(&(table.failed as u64).to_le_bytes())?;
        let weights = table.vectors.iter().flat_map(EmotionVector::values);
        output.numbers(weights.copied(), f32::to_le_bytes)?;
        output.column(&table.flags)?;
        output.numbers(table.durations.iter().copied(), f32::to_le_bytes)?;
        output.numbers(table.loudness.iter().copied(), f32::to_le_bytes)?;
        output.numbers(table.years.iter().copied(), u16::to_le_bytes)?;
        output.numbers(table.added.iter().copied(), u32::to_le_bytes)?;
        output.texts(&table.titles)?;
        for dictionary in [
            &table.artists,
            &table.albums,
            &table.genres,
            &table.models,
            &table.folders,
        ] {
            output.numbers(dictionary.numbers().iter().copied(), u32::to_le_bytes)?;
            output.texts(dictionary.texts())?;
        }
        output.texts(&table.names)?;
        output.numbers(table.stand_ins.iter().copied(), u32::to_le_bytes)?;
        let sum = output.hasher.clone().finalize();
        output.inner.write_all(&sum.to_le_bytes())?;
        output.inner.flush()
    })
}

struct Input {
    inner: BufReader<File>,
    hasher: Hasher,
    /// Bytes that are still to come.
    left: usize,
}

impl Input {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Some(bytes)
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Option<()> {
        self.left = self.left.checked_sub(bytes.len())?;
        self.inner.read_exact(bytes).ok()?;
        self.hasher.update(bytes);
        Some(())
    }

    /// A column's bytes; never more than the file has.
    fn bytes(&mut self) -> Option<Vec<u8>> {
        let length = usize::try_from(u64::from_le_bytes(self.array()?)).ok()?;
        if length > self.left {
            return None;
        }
        let mut bytes = vec![0; length];
        self.fill(&mut bytes)?;
        Some(bytes)
    }

    fn numbers<const N: usize, T>(&mut self, decode: impl Fn([u8; N]) -> T) -> Option<Vec<T>> {
        let length = usize::try_from(u64::from_le_bytes(self.array()?)).ok()?;
        if length > self.left || !length.is_multiple_of(N) {
            return None;
        }
        let mut numbers = Vec::with_capacity(length / N);
        let mut buffer = vec![0; length.min(N << 13)];
        let mut rest = length;
        while rest > 0 {
            let part = &mut buffer[..rest.min(N << 13)];
            self.fill(part)?;
            rest -= part.len();
            numbers.extend(part.as_chunks::<N>().0.iter().map(|bytes| decode(*bytes)));
        }
        Some(numbers)
    }

    fn texts(&mut self) -> Option<Texts> {
        let ends = self.numbers(u32::from_le_bytes)?;
        Texts::of_parts(self.bytes()?, ends)
    }

    fn dictionary(&mut self) -> Option<Dictionary> {
        let numbers = self.numbers(u32::from_le_bytes)?;
        Dictionary::of_parts(numbers, self.texts()?)
    }
}

struct Output<'a> {
    inner: BufWriter<&'a File>,
    hasher: Hasher,
}

impl Output<'_> {
    fn put(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.hasher.update(bytes);
        self.inner.write_all(bytes)
    }

    fn column(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.put(&(bytes.len() as u64).to_le_bytes())?;
        self.put(bytes)
    }

    fn numbers<const N: usize, T>(
        &mut self,
        numbers: impl Iterator<Item = T> + Clone,
        encode: impl Fn(T) -> [u8; N],
    ) -> std::io::Result<()> {
        let count = numbers.clone().count() as u64;
        self.put(&(count * N as u64).to_le_bytes())?;
        let mut buffer = Vec::with_capacity(N << 10);
        for number in numbers {
            buffer.extend(encode(number));
            if buffer.len() >= N << 10 {
                self.put(&buffer)?;
                buffer.clear();
            }
        }
        self.put(&buffer)
    }

    fn texts(&mut self, texts: &Texts) -> std::io::Result<()> {
        let (bytes, ends) = texts.parts();
        self.numbers(ends.iter().copied(), u32::to_le_bytes)?;
        self.column(bytes)
    }
}
