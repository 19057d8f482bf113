//! Extended M3U in UTF-8 (`.m3u8`): the playlist that every player reads.
//!
//! There is no standard; this is what Winamp began and VLC, mpv, MPD, Kodi and foobar2000 read:
//! `#EXTM3U`, then for every song `#EXTINF:seconds,Artist - Title` and its path.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Component, Path, PathBuf};

use super::{PlaylistEntry, PlaylistError};
use crate::atomic;
use crate::media::is_address;

/// Writes a playlist. Songs in or below the playlist's folder are named relative to it, so that the
/// folder can be moved; others by their absolute path.
///
/// It is written to a temporary file beside it and renamed, so that a crash leaves either the old
/// playlist or the new one. Returns the songs that are left out, as their paths are no UTF-8 or have a line break, which no
/// line holds.
///
/// # Errors
/// [`PlaylistError::Io`] if the file cannot be written.
pub fn write_m3u(file: &Path, entries: &[PlaylistEntry]) -> Result<Vec<PathBuf>, PlaylistError> {
    let io = |source| PlaylistError::Io {
        path: file.to_owned(),
        source,
    };
    let absolute = std::path::absolute(file).map_err(io)?;
    let folder = without_dots(absolute.parent().unwrap_or(&absolute));
    let (text, left_out) = text_of(entries, Some(&folder))?;
    let written = atomic::write_with(&absolute, |file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(io)?;
    Ok(left_out)
}

/// The text of a playlist that may lie anywhere: every song by its absolute path, or its address; and the songs that are left out, as in
/// [`write_m3u`].
///
/// # Errors
/// [`PlaylistError::Io`] for a relative path if the current folder is unknown.
pub fn m3u_text(entries: &[PlaylistEntry]) -> Result<(String, Vec<PathBuf>), PlaylistError> {
    text_of(entries, None)
}

/// The playlist, with songs below `folder` named relative to it, and who is left out.
fn text_of(
    entries: &[PlaylistEntry],
    folder: Option<&Path>,
) -> Result<(String, Vec<PathBuf>), PlaylistError> {
    let mut text = String::from("#EXTM3U\n");
    let mut left_out = Vec::new();
    for entry in entries {
        let Some(line) = line_of(&entry.path, folder)? else {
            left_out.push(entry.path.clone());
            continue;
        };
        // Nothing can fail while writing to a string.
        let _ = writeln!(text, "#EXTINF:{},{}", seconds(entry), display_title(entry));
        text.push_str(&line);
        text.push('\n');
    }
    Ok((text, left_out))
}

/// The line that names a song; `None` if no line can.
fn line_of(song: &Path, folder: Option<&Path>) -> Result<Option<String>, PlaylistError> {
    if is_address(song) {
        return Ok(one_line_path(song).map(str::to_owned));
    }
    let absolute = std::path::absolute(song).map_err(|source| PlaylistError::Io {
        path: song.to_owned(),
        source,
    })?;
    Ok(path_line(&without_dots(&absolute), folder))
}

fn one_line_path(path: &Path) -> Option<&str> {
    path.to_str().filter(|text| !text.contains(['\n', '\r']))
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
    let tag = |tag: &Option<String>| tag.as_deref().map(one_line).filter(|t| !t.is_empty());
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

/// Line breaks and other control characters would end the line early or upset a terminal.
fn one_line(tag: &str) -> String {
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    tag.split(|c| breaks(c) || c == ' ')
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn path_line(song: &Path, folder: Option<&Path>) -> Option<String> {
    let relative = folder.and_then(|folder| song.strip_prefix(folder).ok());
    let shown = relative
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(song);
    let text = one_line_path(shown)?;
    // Players take a line that begins with `#` for a comment, and trim lines.
    let misread = text.starts_with('#') || text.trim() != text || looks_like_address(text);
    if misread && shown.is_relative() {
        return Path::new(".").join(shown).to_str().map(str::to_owned);
    }
    Some(text.to_owned())
}

/// `http:` or `c:`: a relative path must not be taken for one.
fn looks_like_address(text: &str) -> bool {
    text.split('/')
        .next()
        .is_some_and(|first| first.contains(':'))
}

/// `a/./b/../c` as `a/c`, by the text alone: a song need not be there to be listed.
fn without_dots(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                clean.pop();
            }
            other => clean.push(other),
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What a player makes of a playlist: (seconds, title, path as a full one).
    fn parse(text: &str, folder: &Path) -> Vec<(i64, String, PathBuf)> {
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("#EXTM3U"));
        let mut songs = Vec::new();
        let mut info = None;
        for line in lines {
            if let Some(rest) = line.strip_prefix("#EXTINF:") {
                let (seconds, title) = rest.split_once(',').unwrap();
                info = Some((seconds.parse().unwrap(), title.to_owned()));
            } else if !line.starts_with('#') && !line.is_empty() {
                let (seconds, title) = info.take().unwrap();
                songs.push((seconds, title, without_dots(&folder.join(line))));
            }
        }
        assert!(info.is_none());
        songs
    }

    fn name() -> impl Strategy<Value = String> {
        // Any Unicode a file name may have, and what tempts a parser.
        prop_oneof![
            "[^/\u{0}\n\r]{1,12}",
            Just("#EXTM3U".to_owned()),
            Just("#EXTINF:1,x".to_owned()),
            Just("http:".to_owned()),
            Just(" ".to_owned()),
        ]
        .prop_filter("not a dot", |n| n != "." && n != "..")
    }

    fn entry() -> impl Strategy<
        Value = (
            bool,
            Vec<String>,
            Option<f64>,
            Option<String>,
            Option<String>,
        ),
    > {
        (
            any::<bool>(),
            prop::collection::vec(name(), 1..4),
            prop::option::of(prop::num::f64::ANY),
            prop::option::of(".{0,20}"),
            prop::option::of("(?s).{0,20}"),
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_player_finds_every_song(songs in prop::collection::vec(entry(), 0..8)) {
            let dir = tempfile::tempdir().unwrap();
            let folder = without_dots(&std::path::absolute(dir.path()).unwrap());
            let file = folder.join("mood.m3u8");
            let entries: Vec<_> = songs
                .into_iter()
                .map(|(below, names, duration_seconds, artist, title)| {
                    let root = if below { folder.clone() } else { PathBuf::from("/music") };
                    let path = names.iter().fold(root, |path, name| path.join(name));
                    PlaylistEntry { path, duration_seconds, artist, title }
                })
                .collect();
            write_m3u(&file, &entries).unwrap();
            let text = std::fs::read_to_string(&file).unwrap();
            let parsed = parse(&text, &folder);
            prop_assert_eq!(parsed.len(), entries.len());
            for ((seconds, title, path), entry) in parsed.iter().zip(&entries) {
                prop_assert_eq!(path, &entry.path);
                prop_assert!(*seconds >= -1);
                prop_assert!(!title.chars().any(char::is_control));
            }
            prop_assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "no temporary file is left");
        }
    }

    fn written(folder: &Path, entries: &[PlaylistEntry]) -> String {
        let file = folder.join("list.m3u8");
        write_m3u(&file, entries).unwrap();
        std::fs::read_to_string(file).unwrap()
    }

    #[test]
    fn the_format_is_that_of_extended_m3u() {
        let dir = tempfile::tempdir().unwrap();
        let entries = [
            PlaylistEntry {
                path: dir.path().join("Björk/Jóga.flac"),
                duration_seconds: Some(305.4),
                artist: Some("Björk".to_owned()),
                title: Some("Jóga\r\n#EXTINF:1,x".to_owned()),
            },
            PlaylistEntry {
                path: PathBuf::from("/elsewhere/02 song.mp3"),
                duration_seconds: None,
                artist: Some("  ".to_owned()),
                title: None,
            },
        ];
        let expected = "#EXTM3U\n#EXTINF:305,Björk - Jóga #EXTINF:1,x\nBjörk/Jóga.flac\n\
                        #EXTINF:-1,02 song\n/elsewhere/02 song.mp3\n";
        assert_eq!(written(dir.path(), &entries), expected);
    }

    #[test]
    fn names_that_players_misread_are_written_so_that_they_do_not() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["#1 hit.mp3", " led.mp3", "http:x.mp3"] {
            let entry = PlaylistEntry {
                path: dir.path().join(name),
                ..PlaylistEntry::default()
            };
            let text = written(dir.path(), &[entry]);
            assert!(text.ends_with(&format!("\n./{name}\n")), "{text}");
        }
    }

    #[test]
    fn a_path_that_no_line_holds_is_left_out_and_an_address_is_one() {
        let dir = tempfile::tempdir().unwrap();
        let odd = dir.path().join("two\nlines.mp3");
        let web = PathBuf::from("https://nas.example/a%20b/c.mp3");
        let bucket = PathBuf::from("s3://music/a b/c.mp3");
        let entries = [&odd, &web, &bucket].map(|path| PlaylistEntry {
            path: path.clone(),
            title: Some("T".to_owned()),
            ..PlaylistEntry::default()
        });
        let file = dir.path().join("list.m3u8");
        assert_eq!(
            write_m3u(&file, &entries).unwrap(),
            std::slice::from_ref(&odd)
        );
        let expected = "#EXTM3U\n#EXTINF:-1,T\nhttps://nas.example/a%20b/c.mp3\n#EXTINF:-1,T\ns3://music/a b/c.mp3\n";
        assert_eq!(std::fs::read_to_string(file).unwrap(), expected);
        assert_eq!(
            m3u_text(&entries).unwrap(),
            (expected.to_owned(), vec![odd])
        );
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error_with_its_path() {
        let error = write_m3u(Path::new("/no/such/folder/list.m3u8"), &[]).unwrap_err();
        assert!(
            error.to_string().contains("/no/such/folder/list.m3u8"),
            "{error}"
        );
    }
}
