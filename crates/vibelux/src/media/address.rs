//! Addresses as paths: which paths are one, and how what is below a folder is named below another one.
//!
//! An address of the web has what is special in it percent-encoded (RFC 3986, section 2.1); a path of this machine and a key of
//! an S3 bucket stand as they are.

use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};

const SCHEMES: [&str; 3] = ["s3://", "http://", "https://"];

/// What need not be encoded: the unreserved characters of RFC 3986, section 2.3.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Whether a path is an address.
#[must_use]
pub fn is_address(path: &Path) -> bool {
    let bytes = path.as_os_str().as_encoded_bytes();
    let begins = |scheme: &str| {
        let start = bytes.get(..scheme.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(scheme.as_bytes()))
    };
    SCHEMES.iter().any(|scheme| begins(scheme))
}

/// Whether a path is an address of which names are percent-encoded.
pub(crate) fn is_encoded(path: &Path) -> bool {
    let bytes = path.as_os_str().as_encoded_bytes();
    is_address(path) && bytes[0].eq_ignore_ascii_case(&b'h')
}

/// What is below `folder` at `path`, as a path of this machine would be called; `None` if it is elsewhere, also by its encoded parts.
#[must_use]
pub fn strip_prefix(path: &Path, folder: &Path) -> Option<PathBuf> {
    let below = path.strip_prefix(folder).ok()?;
    if !is_encoded(path) {
        return Some(below.to_owned());
    }
    let mut decoded = PathBuf::new();
    for part in below {
        let part: Vec<u8> = percent_decode_str(part.to_str()?).collect();
        // What would lead elsewhere is no name of a file.
        if part.is_empty()
            || part.contains(&b'/')
            || part.contains(&0)
            || part == b"."
            || part == b".."
        {
            return None;
        }
        decoded.push(os_path(part));
    }
    Some(decoded)
}

/// The path or address of what is at `below`, a path of this machine, in a folder.
#[must_use]
pub fn join(folder: &Path, below: &Path) -> PathBuf {
    let Some(text) = folder.to_str().filter(|_| is_address(folder)) else {
        return folder.join(below);
    };
    let mut address = text.trim_end_matches('/').to_owned();
    for part in below {
        address.push('/');
        if is_encoded(folder) {
            address.extend(percent_encode(part.as_encoded_bytes(), ENCODED));
        } else {
            address += &part.to_string_lossy();
        }
    }
    address.into()
}

/// A relative path as a relative URI.
pub(crate) fn relative_uri(path: &Path) -> String {
    let parts = path.components().map(|part| {
        let bytes = part.as_os_str().as_encoded_bytes();
        percent_encode(bytes, ENCODED).to_string()
    });
    parts.collect::<Vec<_>>().join("/")
}

/// An address as a URI; `None` if it is no UTF-8. The key of an S3 bucket is encoded for it.
pub(crate) fn address_uri(address: &Path) -> Option<String> {
    let text = address.to_str()?;
    if is_encoded(address) {
        return Some(text.to_owned());
    }
    let (scheme, rest) = text.split_once("://")?;
    let parts = rest
        .split('/')
        .map(|part| percent_encode(part.as_bytes(), ENCODED).to_string());
    Some(format!(
        "{scheme}://{}",
        parts.collect::<Vec<_>>().join("/")
    ))
}

/// The address that [`address_uri`] makes this of.
pub(crate) fn address_of_uri(uri: &str) -> PathBuf {
    if is_encoded(Path::new(uri)) {
        return uri.into();
    }
    percent_decode_str(uri)
        .decode_utf8()
        .map_or_else(|_| uri.into(), |text| text.into_owned().into())
}

#[cfg(unix)]
pub(crate) fn os_path(bytes: Vec<u8>) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    std::ffi::OsString::from_vec(bytes).into()
}

#[cfg(not(unix))]
pub(crate) fn os_path(bytes: Vec<u8>) -> PathBuf {
    String::from_utf8_lossy(&bytes).into_owned().into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_are_told_from_paths() {
        for address in ["s3://a/b.mp3", "http://h/b.mp3", "HTTPS://h/b.mp3"] {
            assert!(is_address(Path::new(address)), "{address}");
        }
        for path in ["", "s3:/a", "/s3://a", "https", "ftp://h/a", "C:/music"] {
            assert!(!is_address(Path::new(path)), "{path}");
        }
    }

    #[test]
    fn no_encoding_leads_out_of_a_folder() {
        for below in [
            "%2e%2e/%2e%2e/etc/x",
            "%2Fetc%2Fx",
            "a%2f..%2fb",
            "..",
            "a%00",
        ] {
            let address = format!("https://h/m/{below}");
            assert_eq!(
                strip_prefix(Path::new(&address), Path::new("https://h/m")),
                None,
                "{below}"
            );
        }
    }

    #[test]
    fn names_are_encoded_where_they_must_be() {
        let below = Path::new("A & B/50% #1?.mp3");
        let joined = |folder: &str| join(Path::new(folder), below);
        assert_eq!(
            joined("https://h/m").to_str(),
            Some("https://h/m/A%20%26%20B/50%25%20%231%3F.mp3")
        );
        assert_eq!(joined("s3://b").to_str(), Some("s3://b/A & B/50% #1?.mp3"));
        assert_eq!(joined("/mnt").to_str(), Some("/mnt/A & B/50% #1?.mp3"));
    }

    proptest! {
        #[test]
        fn what_is_below_a_folder_is_the_same_below_another(
            parts in prop::collection::vec("[^/\0]{1,8}", 1..4),
            folder in prop::sample::select(vec!["https://h/m%20x", "s3://b/m", "/music"]),
        ) {
            let below: PathBuf = parts.iter().filter(|part| *part != "." && *part != "..").collect();
            let folder = Path::new(folder);
            prop_assert_eq!(strip_prefix(&join(folder, &below), folder), Some(below));
        }
    }
}
