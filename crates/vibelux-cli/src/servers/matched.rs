//! [`matched`]: which songs of a library a server has, and which of the server's songs the library has not.

use std::borrow::Cow;

use vibelux::library::SongTable;
use vibelux_players::{LocalSong, ServerSong, match_songs};

/// A library beside a server.
pub struct Matched<'s> {
    /// What the server calls each song of the library, if it has it.
    pub ids: Vec<Option<String>>,
    /// The server's songs that the library has not.
    pub others: Vec<&'s ServerSong>,
}

/// Matches the songs of both.
pub fn matched<'s>(table: &SongTable, songs: &'s [ServerSong]) -> Matched<'s> {
    struct Owned<'a> {
        path: String,
        title: Cow<'a, str>,
        artist: Cow<'a, str>,
        album: Cow<'a, str>,
        seconds: Option<f64>,
    }
    let owned: Vec<Owned<'_>> = (0..table.len())
        .map(|at| Owned {
            path: table.path(at).to_string_lossy().replace('\\', "/"),
            title: table.title(at),
            artist: table.artist(at).unwrap_or_default(),
            album: table.album(at).unwrap_or_default(),
            seconds: table.duration_seconds(at),
        })
        .collect();
    let local: Vec<LocalSong<'_>> = owned
        .iter()
        .map(|song| LocalSong {
            path: &song.path,
            title: &song.title,
            artist: &song.artist,
            album: &song.album,
            duration_seconds: song.seconds,
        })
        .collect();
    let matches = match_songs(&local, songs);
    let ids = matches.ids.into_iter();
    Matched {
        ids: ids.map(|id| id.map(str::to_owned)).collect(),
        others: matches.only_on_server,
    }
}
