//! Artists, albums and songs one by one, both as tags have them and as the tree of folders that older players browse.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use vibelux::library::unix_seconds;

use super::call::{Call, Item, field};
use super::items::{Items, capitalised};
use super::refusal::Refusal;
use super::shelves::Artist;

/// Words that names are not sorted by.
const ARTICLES: [&str; 6] = ["the ", "a ", "an ", "die ", "der ", "les "];

/// The one music folder.
const MUSIC_FOLDER: u32 = 1;
const MUSIC_FOLDER_NAME: &str = "VibeluX";

/// `getMusicFolders`: there is one.
pub fn music_folders() -> Map<String, Value> {
    let one = json!({ "musicFolder": [{ "id": MUSIC_FOLDER, "name": MUSIC_FOLDER_NAME }] });
    field("musicFolders", one)
}

/// `getArtists`: all, by the first letter of their names.
pub fn artists(call: &Call) -> Map<String, Value> {
    let items = Items::of(call);
    let index = by_letter(call, |artist| Value::Object(items.artist(artist)));
    let all = json!({ "ignoredArticles": articles(), "index": index });
    field("artists", all)
}

/// `getIndexes`: the same as the top of a tree. A player that says what it has seen gets nothing if that is still so.
///
/// # Errors
/// [`Refusal::Wrong`].
pub fn indexes(call: &Call) -> Result<Map<String, Value>, Refusal> {
    let added = call
        .shelves()
        .albums
        .iter()
        .map(|album| album.added_seconds);
    // Songs that went leave no date, so that a player is told all again after a day at the latest.
    let day = unix_seconds() / 86_400 * 86_400;
    let modified = added.max().unwrap_or_default().max(day) * 1000;
    let seen: Option<u64> = call.sent.optional("ifModifiedSince")?;
    let index = if seen.is_some_and(|seen| seen >= modified) {
        Vec::new()
    } else {
        by_letter(
            call,
            |artist| json!({ "id": artist.id, "name": artist.name }),
        )
    };
    let all = json!({
        "lastModified": modified,
        "ignoredArticles": articles(),
        "index": index,
    });
    Ok(field("indexes", all))
}

fn by_letter(call: &Call, write: impl Fn(&Artist) -> Value) -> Vec<Value> {
    let mut letters: BTreeMap<String, Vec<(String, Value)>> = BTreeMap::new();
    for artist in &call.shelves().artists {
        let key = sort_key(&artist.name);
        let first = key.chars().next().filter(|c| c.is_alphabetic());
        let letter = first.map_or("#".to_owned(), |c| c.to_uppercase().collect());
        letters
            .entry(letter)
            .or_default()
            .push((key, write(artist)));
    }
    let letters = letters.into_iter().map(|(name, mut artists)| {
        artists.sort_by(|a, b| a.0.cmp(&b.0));
        let artists: Vec<Value> = artists.into_iter().map(|(_, artist)| artist).collect();
        json!({ "name": name, "artist": artists })
    });
    letters.collect()
}

fn sort_key(name: &str) -> String {
    let name = name.to_lowercase();
    let article = ARTICLES.iter().find(|article| name.starts_with(*article));
    article.map_or(name.clone(), |article| name[article.len()..].to_owned())
}

fn articles() -> String {
    ARTICLES.map(|word| capitalised(word.trim())).join(" ")
}

/// `getArtist`: with the albums.
///
/// # Errors
/// [`Refusal::NotFound`].
pub fn artist(call: &Call) -> Result<Map<String, Value>, Refusal> {
    let id = call.sent.required("id")?;
    let artist = call
        .shelves()
        .artist(id)
        .ok_or(Refusal::NotFound("artist"))?;
    let items = Items::of(call);
    let albums = artist.albums.iter().map(|&at| &call.shelves().albums[at]);
    let mut fields = items.artist(artist);
    let albums = albums.map(|album| Value::Object(items.album(album)));
    fields.insert("album".to_owned(), albums.collect());
    Ok(field("artist", Value::Object(fields)))
}

/// `getAlbum`: with the songs.
///
/// # Errors
/// [`Refusal::NotFound`].
pub fn album(call: &Call) -> Result<Map<String, Value>, Refusal> {
    let id = call.sent.required("id")?;
    let album = call.shelves().album(id).ok_or(Refusal::NotFound("album"))?;
    let items = Items::of(call);
    let mut fields = items.album(album);
    let songs = items.songs(album.songs.iter().copied());
    fields.insert("song".to_owned(), Value::Array(songs));
    Ok(field("album", Value::Object(fields)))
}

/// `getSong`.
///
/// # Errors
/// [`Refusal::NotFound`].
pub fn song(call: &Call) -> Result<Map<String, Value>, Refusal> {
    let at = call.song(call.sent.required("id")?)?;
    Ok(field("song", Items::of(call).song(at)))
}

/// `getMusicDirectory`: the artists, the albums of an artist, or the songs of an album.
///
/// # Errors
/// [`Refusal::NotFound`].
pub fn directory(call: &Call) -> Result<Map<String, Value>, Refusal> {
    let items = Items::of(call);
    let id = call.sent.required("id")?;
    if id == MUSIC_FOLDER.to_string() {
        let artists = call.shelves().artists.iter();
        let artists: Vec<Value> = artists
            .map(|artist| json!({ "id": artist.id, "title": artist.name, "isDir": true, "artist": artist.name }))
            .collect();
        let top = json!({ "id": id, "name": MUSIC_FOLDER_NAME, "child": artists });
        return Ok(field("directory", top));
    }
    let directory = match call.item(id)? {
        Item::Artist(artist) => {
            let albums = artist.albums.iter().map(|&at| &call.shelves().albums[at]);
            let albums = albums.map(|album| Value::Object(items.album_folder(album)));
            let albums: Vec<Value> = albums.collect();
            json!({ "id": artist.id, "name": artist.name, "child": albums })
        }
        Item::Album(album) => {
            let songs = items.songs(album.songs.iter().copied());
            json!({ "id": album.id, "name": album.name, "child": songs })
        }
        Item::Song(_) => return Err(Refusal::NotFound("folder")),
    };
    Ok(field("directory", directory))
}

/// `getGenres`.
pub fn genres(call: &Call) -> Map<String, Value> {
    let genres = call.shelves().genres.iter().map(|genre| {
        json!({ "value": genre.name, "songCount": genre.songs, "albumCount": genre.albums })
    });
    let genres: Vec<Value> = genres.collect();
    field("genres", json!({ "genre": genres }))
}
