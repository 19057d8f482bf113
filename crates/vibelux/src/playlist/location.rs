//! Where a song is as a URI, as XSPF and JSPF name it (RFC 3986, RFC 8089), and back.

use std::path::{Path, PathBuf};

use url::Url;

use super::naming::{Place, without_dots};
use crate::media;

/// The URI of a place; `None` for an address that is no UTF-8, or a path that has no URI.
pub(super) fn uri(place: &Place) -> Option<String> {
    match place {
        Place::Address(address) => media::address_uri(address),
        Place::Absolute(path) => match Url::from_file_path(path) {
            Ok(url) => Some(url.into()),
            // For another system: `D:\Music` is no whole path here.
            Err(()) => Some(media::relative_uri(path)),
        },
        Place::Relative(path) => Some(media::relative_uri(path)),
    }
}

/// The path or address that a URI means, in a playlist that lies in `folder`; `None` if it is not one of a song that can be had.
pub(super) fn path(uri: &str, folder: &Path) -> Option<PathBuf> {
    let uri = uri.trim();
    if media::is_address(Path::new(uri)) {
        return Some(media::address_of_uri(uri));
    }
    // A folder's URI ends with a slash.
    let base = Url::from_directory_path(folder).ok()?;
    let url = base.join(uri).ok()?;
    // Only of this machine: a file on another one has its name between the second and the third slash.
    let path = url.to_file_path().ok()?;
    Some(without_dots(&path))
}
