//! Extended M3U in UTF-8 (`.m3u8`): the playlist that every player reads.
//!
//! There is no standard; this is what Winamp began and VLC, mpv, MPD, Kodi and foobar2000 read:
//! `#EXTM3U`, `#PLAYLIST:` with its name, then for every song `#EXTINF:seconds,Artist - Title` and its path.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::entry::{Listed, Playlist, PlaylistEntry, one_line, tag};
use super::location;
use super::naming::{Place, without_dots};
use crate::media;

pub(super) fn text(name: Option<&str>, listed: &[Listed<'_>]) -> String {
    let mut text = String::from("#EXTM3U\n");
    // Nothing can fail while writing to a string.
    if let Some(name) = name {
        let _ = writeln!(text, "#PLAYLIST:{name}");
    }
    for Listed { entry, location } in listed {
        let (seconds, title) = (seconds(entry), display_title(entry));
        let _ = writeln!(text, "#EXTINF:{seconds},{title}\n{location}");
    }
    text
}

/// The line that names a song; `None` if no line can.
pub(super) fn line(place: &Place) -> Option<String> {
    let (Place::Address(path) | Place::Absolute(path) | Place::Relative(path)) = place;
    let text = path.to_str().filter(|text| !text.contains(['\n', '\r']))?;
    // Players take a line that begins with `#` for a comment, and trim lines.
    let misread = text.starts_with('#') || text.trim() != text || looks_like_address(text);
    if misread && matches!(place, Place::Relative(_)) {
        return Path::new(".").join(path).to_str().map(str::to_owned);
    }
    Some(text.to_owned())
}

/// Songs of an M3U; what is no song of it is passed over. Lines that are no UTF-8 are taken as the bytes of a path, as older players wrote
/// them.
pub(super) fn parse(bytes: &[u8], folder: &Path) -> Playlist {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut playlist = Playlist::default();
    let mut next = PlaylistEntry::default();
    for line in bytes.split(|&byte| matches!(byte, b'\n' | b'\r')) {
        if let Some(info) = line.strip_prefix(b"#EXTINF:") {
            next = described(&String::from_utf8_lossy(info));
        } else if let Some(name) = line.strip_prefix(b"#PLAYLIST:") {
            playlist.name = tag(&Some(String::from_utf8_lossy(name).into_owned()));
        } else if !line.trim_ascii().is_empty()
            && !line.starts_with(b"#")
            && let Some(path) = path_of(line, folder)
        {
            playlist.entries.push(PlaylistEntry { path, ..next });
            next = PlaylistEntry::default();
        }
    }
    playlist
}

/// What `#EXTINF:` says of the song after it: seconds, perhaps attributes, a comma, who and what.
fn described(info: &str) -> PlaylistEntry {
    let (length, title) = info.split_once(',').unwrap_or((info, ""));
    let seconds = length.split_whitespace().next().unwrap_or_default();
    let seconds = seconds.parse().ok();
    let (artist, title) = match title.split_once(" - ") {
        Some((artist, title)) => (Some(artist), title),
        None => (None, title),
    };
    PlaylistEntry {
        duration_seconds: seconds.filter(|seconds: &f64| seconds.is_finite() && *seconds >= 0.0),
        artist: tag(&artist.map(str::to_owned)),
        title: tag(&Some(title.to_owned())),
        ..PlaylistEntry::default()
    }
}

/// Where the song of a line is.
fn path_of(line: &[u8], folder: &Path) -> Option<PathBuf> {
    if let Ok(text) = std::str::from_utf8(line) {
        if media::is_address(Path::new(text)) {
            return Some(text.into());
        }
        if text
            .get(..5)
            .is_some_and(|start| start.eq_ignore_ascii_case("file:"))
        {
            return location::path(text, folder);
        }
    }
    Some(without_dots(&folder.join(media::os_path(line.to_vec()))))
}

/// Whole seconds; -1 is what the format says for unknown.
fn seconds(entry: &PlaylistEntry) -> i64 {
    match entry.duration_seconds {
        Some(seconds) if seconds.is_finite() && seconds >= 0.0 => seconds.round() as i64,
        _ => -1,
    }
}

/// `Artist - Title`, or what there is of it, or the file's name.
fn display_title(entry: &PlaylistEntry) -> String {
    match (tag(&entry.artist), tag(&entry.title)) {
        (Some(artist), Some(title)) => format!("{artist} - {title}"),
        (None, Some(title)) => title,
        (artist, None) => {
            let stem = entry.path.file_stem().unwrap_or_default();
            let name = one_line(&stem.to_string_lossy());
            artist.map_or_else(|| name.clone(), |artist| format!("{artist} - {name}"))
        }
    }
}

/// `http:` or `c:`: a relative path must not be taken for one.
fn looks_like_address(text: &str) -> bool {
    text.split('/')
        .next()
        .is_some_and(|first| first.contains(':'))
}
