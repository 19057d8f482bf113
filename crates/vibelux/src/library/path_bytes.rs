//! Paths as bytes, without loss: file names need not be UTF-8, and a song must be found again under
//! the very name it has on disk.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

/// The bytes of a path as the operating system has them: as they are on Unix, UTF-16LE on Windows.
#[cfg(unix)]
pub(super) fn to_bytes(path: &Path) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt;
    path.as_os_str().as_bytes().to_vec()
}

/// The path with these bytes.
pub(super) fn from_bytes(bytes: &[u8]) -> PathBuf {
    as_path(bytes).into_owned()
}

/// The same without a copy, where the operating system's bytes are these.
#[cfg(unix)]
pub(super) fn as_path(bytes: &[u8]) -> Cow<'_, Path> {
    use std::os::unix::ffi::OsStrExt;
    Path::new(std::ffi::OsStr::from_bytes(bytes)).into()
}

/// The bytes of a path as the operating system has them: as they are on Unix, UTF-16LE on Windows.
#[cfg(windows)]
pub(super) fn to_bytes(path: &Path) -> Vec<u8> {
    use std::os::windows::ffi::OsStrExt;
    path.as_os_str()
        .encode_wide()
        .flat_map(u16::to_le_bytes)
        .collect()
}

/// The same without a copy, where the operating system's bytes are these.
#[cfg(windows)]
pub(super) fn as_path(bytes: &[u8]) -> Cow<'_, Path> {
    use std::os::windows::ffi::OsStringExt;
    let wide: Vec<u16> = bytes
        .chunks_exact(2)
        .map(|b| u16::from_le_bytes([b[0], b[1]]))
        .collect();
    PathBuf::from(std::ffi::OsString::from_wide(&wide)).into()
}

/// A path as a JSON string with its quotes. A byte that is not UTF-8 becomes the lone surrogate
/// `\udc80`..`\udcff`, which is how Python writes such paths (PEP 383), so the original reads them.
pub(super) fn to_json(path: &Path) -> String {
    use std::fmt::Write;
    let mut json = String::from("\"");
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        // A JSON value of a string is the quoted string; the quotes are ours to place.
        let quoted = serde_json::Value::from(chunk.valid()).to_string();
        json.push_str(&quoted[1..quoted.len() - 1]);
        for byte in chunk.invalid() {
            // Writing to a String cannot fail.
            let _ = write!(json, "\\udc{byte:02x}");
        }
    }
    json.push('"');
    json
}

/// The path of a JSON key that was read as bytes, in which lone surrogates are three bytes each (the
/// generalised UTF-8 that serde_json documents). `None` if the platform has no such path.
#[cfg(unix)]
pub(super) fn from_json(key: &[u8]) -> Option<PathBuf> {
    let mut bytes = Vec::with_capacity(key.len());
    let mut rest = key;
    while let Some((&first, tail)) = rest.split_first() {
        match rest {
            // U+DC80..=U+DCFF stands for the byte 0x80..=0xff.
            [0xED, high @ (0xB2 | 0xB3), low @ 0x80..=0xBF, after @ ..] => {
                bytes.push(((high & 0x03) << 6) | (low & 0x3F));
                rest = after;
            }
            [0xED, 0xA0..=0xBF, ..] | [0, ..] => return None,
            _ => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    (!bytes.is_empty()).then(|| from_bytes(&bytes))
}

/// The path of a JSON key that was read as bytes. `None` if the platform has no such path.
#[cfg(windows)]
pub(super) fn from_json(key: &[u8]) -> Option<PathBuf> {
    let text = std::str::from_utf8(key).ok()?;
    (!text.is_empty() && !text.contains('\0')).then(|| PathBuf::from(text))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_path_survives_bytes_and_json(bytes in prop::collection::vec(1_u8..=255, 1..40)) {
            let path = from_bytes(&bytes);
            prop_assert_eq!(from_bytes(&to_bytes(&path)), path.clone());
            let json = to_json(&path);
            prop_assert!(json.is_ascii() || std::str::from_utf8(&bytes).is_ok() || !json.is_empty());
            let mut reader = serde_json::Deserializer::from_str(&json);
            let key = <super::super::json::Key as serde::Deserialize>::deserialize(&mut reader).unwrap();
            prop_assert_eq!(from_json(&key.0), Some(path));
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_are_written_as_python_does() {
        assert_eq!(to_json(&from_bytes(b"a\"\xff.mp3")), r#""a\"\udcff.mp3""#);
        assert_eq!(from_json(b"\xed\xa0\x80"), None);
        assert_eq!(from_json(b""), None);
        assert_eq!(from_json(b"a\0b"), None);
    }
}
