//! [`file_uri`] and [`file_of_uri`]: how players are told of files, and tell of them; [`same_uri`]: whether two mean the same one.

use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};

/// What stands for itself in the path of a URI (RFC 3986, section 2.3), and what parts it.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

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
    format!("file://{}", percent_encode(path, PLAIN))
}

/// The file of this machine that a URI means, as a path; `None` for other URIs, and on systems that have no such players.
#[must_use]
pub fn file_of_uri(uri: &str) -> Option<PathBuf> {
    #[cfg(unix)]
    return bytes_of(uri).map(|path| {
        let path: std::ffi::OsString = std::os::unix::ffi::OsStringExt::from_vec(path);
        path.into()
    });
    #[cfg(not(unix))]
    {
        let _ = uri;
        None
    }
}

/// The bytes of the path that a URI of a file of this machine means.
fn bytes_of(uri: &str) -> Option<Vec<u8>> {
    let place = uri.strip_prefix("file:")?;
    let path = place
        .strip_prefix("//localhost")
        .filter(|path| path.starts_with('/'))
        // Behind two slashes stands a machine, or no name for this one.
        .or_else(|| place.strip_prefix("//"))
        .unwrap_or(place);
    path.starts_with('/')
        .then(|| percent_decode_str(path).collect())
}

/// Whether two URIs mean the same file, though each player encodes more or fewer characters.
#[must_use]
pub fn same_uri(one: &str, other: &str) -> bool {
    one == other || normal(one) == normal(other)
}

/// A URI as [`file_uri`] writes it, if it is one of a file of this machine; any other stays as it is.
pub(super) fn normal(uri: &str) -> String {
    bytes_of(uri).map_or_else(|| uri.to_owned(), |path| encode(&path))
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
            let file = file_of_uri(theirs);
            assert_eq!(file.as_deref(), Some(Path::new("/a b/(c)'s & d's.mp3")));
        }
        assert!(!same_uri(&ours, "file:///a%20b/c"));
        assert!(!same_uri("file://nas/a", "file:///a"), "another machine");
        assert_eq!(file_of_uri("file://nas/a"), None);
        assert_eq!(file_of_uri("http://nas/a"), None);
        assert!(!same_uri("http://nas/%61", "http://nas/a"));
        assert_eq!(scheme("FILE:///a").as_deref(), Some("file"));
    }
}
