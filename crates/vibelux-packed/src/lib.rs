//! What the program carries in itself takes less room packed: build scripts [`pack`] models, a font and the page, and the program [`unpack`]s each
//! when it is asked for. Deflate (RFC 1951), behind a byte shuffle as HDF5 has it where that helps: the 16-bit numbers that models are made of come
//! with all their low bytes before their high ones.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::{env, fs};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

/// How the bytes were laid out before they were compressed.
const AS_THEY_ARE: u8 = 0;
const SHUFFLED: u8 = 1;

/// The same bytes in less room, whichever way takes the least.
///
/// # Errors
/// None that is known: it writes to memory.
pub fn pack(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let plain = deflated(AS_THEY_ARE, bytes)?;
    let shuffled = deflated(SHUFFLED, &shuffled(bytes))?;
    Ok(if shuffled.len() < plain.len() {
        shuffled
    } else {
        plain
    })
}

/// Packs a file for `include_bytes!`: into the folder that cargo gives a build script, or below it, under this name.
///
/// # Errors
/// If it cannot be read or written, with its path; outside of build scripts always.
pub fn pack_file(from: &Path, name: impl AsRef<Path>) -> io::Result<()> {
    let bytes = fs::read(from).map_err(|error| at(from, &error))?;
    write_packed(&bytes, name)
}

/// The same of bytes.
///
/// # Errors
/// As [`pack_file`].
pub fn write_packed(bytes: &[u8], name: impl AsRef<Path>) -> io::Result<()> {
    let to = out_dir()?.join(name);
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).map_err(|error| at(folder, &error))?;
    }
    fs::write(&to, pack(bytes)?).map_err(|error| at(&to, &error))
}

/// The folder that cargo gives a build script.
///
/// # Errors
/// Outside of build scripts.
pub fn out_dir() -> io::Result<PathBuf> {
    env::var_os("OUT_DIR")
        .map(PathBuf::from)
        .ok_or_else(|| io::Error::other("OUT_DIR is not set: only build scripts pack files"))
}

fn at(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// What was packed.
///
/// # Errors
/// If [`pack`] did not make these bytes.
pub fn unpack(packed: &[u8]) -> io::Result<Vec<u8>> {
    let (&layout, deflated) = packed.split_first().ok_or(io::ErrorKind::UnexpectedEof)?;
    let mut bytes = Vec::new();
    DeflateDecoder::new(deflated).read_to_end(&mut bytes)?;
    match layout {
        AS_THEY_ARE => Ok(bytes),
        SHUFFLED => Ok(unshuffled(&bytes)),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

fn deflated(layout: u8, bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(vec![layout], Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}

fn shuffled(bytes: &[u8]) -> Vec<u8> {
    let every_second = |from: usize| bytes.iter().skip(from).step_by(2).copied();
    every_second(0).chain(every_second(1)).collect()
}

fn unshuffled(bytes: &[u8]) -> Vec<u8> {
    let (low, high) = bytes.split_at(bytes.len().div_ceil(2));
    let mut bytes_again = Vec::with_capacity(bytes.len());
    for (at, &byte) in low.iter().enumerate() {
        bytes_again.push(byte);
        bytes_again.extend(high.get(at));
    }
    bytes_again
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_of_16_bits_take_less_room_with_their_bytes_apart() {
        // Low bytes at random, high bytes alike.
        let noise = (0..20_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8);
        let numbers: Vec<u8> = noise.flat_map(|low| [low, 0x3C | low & 1]).collect();
        let packed = pack(&numbers).unwrap();
        assert_eq!(packed[0], SHUFFLED);
        let plain = deflated(AS_THEY_ARE, &numbers).unwrap();
        assert!(packed.len() < plain.len());
        assert_eq!(unpack(&packed).unwrap(), numbers);
    }

    #[test]
    fn what_was_never_packed_is_an_error() {
        for bytes in [&b""[..], b"\0", b"\x02\x03\x00", b"\0not deflated"] {
            assert!(unpack(bytes).is_err(), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn what_was_packed_comes_back(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert_eq!(unpack(&pack(&bytes).unwrap()).unwrap(), bytes.clone());
            prop_assert_eq!(unshuffled(&shuffled(&bytes)), bytes);
        }
    }
}
