//! [`file_uri`]: how players are told of files, and [`same_uri`]: whether they mean the same one.

use std::path::Path;

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// The `file:` URI of an absolute path (RFC 8089): its bytes, whatever they mean, percent-encoded where they have to be; `None` for other paths,
/// and on systems that have no such players.
#[must_use]
pub fn file_uri(path: &Path) -> Option<String> {
    #[cfg(unix)]
    if path.is_absolute() {
        let bytes = std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str());
        return Some(encode(bytes));
    }
    #[cfg(not(unix))]
    let _ = path;
    None
}

fn encode(path: &[u8]) -> String {
    let mut uri = String::from("file://");
    for &byte in path {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push('%');
            uri.push(char::from(HEX[usize::from(byte >> 4)]));
            uri.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
    uri
}

/// Whether two URIs mean the same file, though each player encodes more or fewer characters.
#[must_use]
pub fn same_uri(one: &str, other: &str) -> bool {
    one == other || normal(one) == normal(other)
}

/// A URI as [`file_uri`] writes it, if it is one of a file of this machine; any other stays as it is.
pub(super) fn normal(uri: &str) -> String {
    let path = uri
        .strip_prefix("file://localhost/")
        .map(|path| format!("/{path}"))
        .or_else(|| uri.strip_prefix("file://").map(str::to_owned))
        .or_else(|| uri.strip_prefix("file:").map(str::to_owned))
        .filter(|path| path.starts_with('/'));
    match path {
        Some(path) => encode(&percent_encoding::percent_decode_str(&path).collect::<Vec<u8>>()),
        None => uri.to_owned(),
    }
}

/// What a URI begins with, in small letters.
pub(super) fn scheme(uri: &str) -> Option<String> {
    let (scheme, _) = uri.split_once(':')?;
    Some(scheme.to_ascii_lowercase())
}

#[cfg(all(test, unix))]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    #[test]
    fn paths_become_uris_byte_by_byte() {
        for (path, uri) in [
            (&b"/a b/c.mp3"[..], "file:///a%20b/c.mp3"),
            (b"/100%/#1?.mp3", "file:///100%25/%231%3F.mp3"),
            ("/Björk.ogg".as_bytes(), "file:///Bj%C3%B6rk.ogg"),
            (b"/\xFF\n.ogg", "file:///%FF%0A.ogg"),
        ] {
            assert_eq!(
                file_uri(Path::new(OsStr::from_bytes(path))).as_deref(),
                Some(uri)
            );
        }
        assert_eq!(file_uri(Path::new("a.mp3")), None);
    }

    #[test]
    fn each_players_way_of_writing_is_understood() {
        let ours = file_uri(Path::new("/a b/(c)'s & d's.mp3")).unwrap();
        for theirs in [
            "file:///a%20b/(c)'s%20&%20d's.mp3",
            "file://localhost/a%20b/%28c%29%27s%20%26%20d%27s.mp3",
            "file:/a b/(c)'s & d's.mp3",
        ] {
            assert!(same_uri(&ours, theirs), "{theirs}");
        }
        assert!(!same_uri(&ours, "file:///a%20b/c"));
        assert!(!same_uri("file://nas/a", "file:///a"), "another machine");
        assert!(!same_uri("http://nas/%61", "http://nas/a"));
        assert_eq!(scheme("FILE:///a").as_deref(), Some("file"));
    }
}
