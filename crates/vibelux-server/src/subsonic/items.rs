//! Songs, albums and artists as players read them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;

use chrono::{DateTime, SecondsFormat};
use serde_json::{Map, Value, json};

use super::call::Call;
use super::shelves::{Album, Artist, disc_number, track_number};
use crate::library::catalogue::Entry;
use crate::media::Playable;

/// What players take as the loudness that songs are brought to, in LUFS (ReplayGain 2.0).
const REPLAY_GAIN_LUFS: f32 = -18.0;

/// Turns positions and shelves into what is sent, for one call.
pub struct Items<'a> {
    call: &'a Call,
    /// When the owner said so.
    liked: HashMap<usize, Option<u64>>,
}

impl<'a> Items<'a> {
    /// For this call.
    pub fn of(call: &'a Call) -> Self {
        Self {
            call,
            liked: call.liked(),
        }
    }

    /// A song (`Child` of the protocol).
    pub fn song(&self, position: usize) -> Value {
        let song = self.call.catalogue.song(position);
        let table = self.call.catalogue.table();
        let path = song.path();
        let format = song.format();
        let shelves = self.call.shelves();
        let mut fields = Map::new();
        let mut put = |name: &str, value: Value| {
            if !value.is_null() {
                fields.insert(name.to_owned(), value);
            }
        };
        put("id", json!(song.id().to_string()));
        put("isDir", json!(false));
        put("isVideo", json!(false));
        put("type", json!("music"));
        put("mediaType", json!("song"));
        put("title", json!(song.title()));
        put("artist", json!(song.artist()));
        put("displayArtist", json!(song.artist()));
        put("track", json!(track_number(&path)));
        put("discNumber", json!(disc_number(&path)));
        put("year", json!(table.year(position)));
        put("genre", json!(table.genre(position)));
        put(
            "duration",
            json!(song.duration_seconds().map(f64::round).map(whole)),
        );
        put("created", json!(moment(table.added_seconds(position))));
        put("coverArt", json!(song.id().to_string()));
        put("path", json!(path_of(song, &path)));
        put("suffix", json!(format.name));
        put("contentType", json!(format.mime));
        if let Some(transcoder) = &self.call.app.transcoder
            && format.playable(true) == Playable::Transcode
        {
            let target = transcoder.of_players(None);
            put("transcodedContentType", json!(target.mime()));
            put("transcodedSuffix", json!(target.suffix()));
        }
        // The emotion that the song expresses most.
        put("moods", json!([song.vector().strongest().name()]));
        if let Some(album) = shelves.album_of(position) {
            put("parent", json!(album.id));
            put("albumId", json!(album.id));
            put("album", json!(album.name));
            put("displayAlbumArtist", json!(album.artist_name));
        }
        if let Some(artist) = shelves.artist_of(position) {
            put("artistId", json!(artist.id));
        }
        if let Some(loudness) = song.loudness_lufs() {
            put(
                "replayGain",
                json!({ "trackGain": REPLAY_GAIN_LUFS - loudness }),
            );
        }
        if let Some(when) = self.liked.get(&position) {
            let when = when.unwrap_or_else(|| table.added_seconds(position));
            put("starred", json!(moment(when)));
        }
        Value::Object(fields)
    }

    /// Songs by their positions.
    pub fn songs(&self, positions: impl IntoIterator<Item = usize>) -> Vec<Value> {
        positions.into_iter().map(|at| self.song(at)).collect()
    }

    /// An album (`AlbumID3`).
    pub fn album(&self, album: &Album) -> Map<String, Value> {
        let mut fields = Map::from_iter([
            ("id".to_owned(), json!(album.id)),
            ("name".to_owned(), json!(album.name)),
            ("artist".to_owned(), json!(album.artist_name)),
            ("displayArtist".to_owned(), json!(album.artist_name)),
            ("coverArt".to_owned(), json!(album.id)),
            ("songCount".to_owned(), json!(album.songs.len())),
            (
                "duration".to_owned(),
                json!(whole(album.duration_seconds.round())),
            ),
            ("created".to_owned(), json!(moment(album.added_seconds))),
            ("isCompilation".to_owned(), json!(album.artist.is_none())),
        ]);
        if let Some(artist) = album.artist {
            fields.insert(
                "artistId".to_owned(),
                json!(self.call.shelves().artists[artist].id),
            );
        }
        if let Some(year) = album.year {
            fields.insert("year".to_owned(), json!(year));
        }
        if let Some(genre) = &album.genre {
            fields.insert("genre".to_owned(), json!(genre));
        }
        if self.is_starred(album) {
            // It is since its last song was.
            let since = album.songs.iter().filter_map(|at| *self.liked.get(at)?);
            let since = since.max().unwrap_or(album.added_seconds);
            fields.insert("starred".to_owned(), json!(moment(since)));
        }
        fields
    }

    /// An album as a folder of the tree that older players browse.
    pub fn album_folder(&self, album: &Album) -> Map<String, Value> {
        let mut fields = self.album(album);
        fields.insert("isDir".to_owned(), json!(true));
        fields.insert("title".to_owned(), json!(album.name));
        fields.insert("album".to_owned(), json!(album.name));
        if let Some(artist) = fields.get("artistId").cloned() {
            fields.insert("parent".to_owned(), artist);
        }
        fields
    }

    /// An album as tags have it, or as a folder.
    pub fn album_as(&self, album: &Album, is_folder: bool) -> Value {
        Value::Object(if is_folder {
            self.album_folder(album)
        } else {
            self.album(album)
        })
    }

    /// An artist (`ArtistID3`).
    pub fn artist(&self, artist: &Artist) -> Map<String, Value> {
        Map::from_iter([
            ("id".to_owned(), json!(artist.id)),
            ("name".to_owned(), json!(artist.name)),
            ("coverArt".to_owned(), json!(artist.id)),
            ("albumCount".to_owned(), json!(artist.albums.len())),
        ])
    }

    /// The songs that are liked.
    pub fn liked(&self) -> impl Iterator<Item = usize> {
        self.liked.keys().copied()
    }

    /// Whether all songs of an album are liked: what a star on it means.
    pub fn is_starred(&self, album: &Album) -> bool {
        album.songs.iter().all(|at| self.liked.contains_key(at))
    }
}

/// A word with a large first letter.
pub fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}

/// Where a song is in a tree of artists and albums. Where its file really is, is nobody else's business.
fn path_of(song: Entry<'_>, path: &Path) -> String {
    let part = |text: Option<Cow<'_, str>>| {
        let text = text.unwrap_or("Unknown".into());
        text.replace(['/', '\\'], "_")
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    format!("{}/{}/{name}", part(song.artist()), part(song.album()))
}

/// Seconds since 1970 as ISO 8601, in UTC.
pub fn moment(unix_seconds: u64) -> String {
    let seconds = i64::try_from(unix_seconds).unwrap_or_default();
    let moment = DateTime::from_timestamp(seconds, 0).unwrap_or_default();
    moment.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Whole seconds, which the protocol has.
fn whole(seconds: f64) -> u64 {
    seconds.max(0.0) as u64
}
