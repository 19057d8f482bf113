//! `search3` and `search2`: artists, albums and songs by words. No words mean everything, page by page: so players copy a whole library.

use serde_json::{Map, Value, json};
use vibelux::library::Inclusion;

use super::call::{Call, field};
use super::items::Items;
use super::refusal::Refusal;
use crate::library::catalogue::Wanted;

/// Answers both, under the name of the one that was asked.
///
/// # Errors
/// [`Refusal`] if a number is none.
pub fn search(call: &Call, name: &str, is_folders: bool) -> Result<Map<String, Value>, Refusal> {
    // Some players put quotes round nothing, as the protocol's pages did once.
    let text = call.sent.required("query")?.trim_matches(['"', ' ']);
    // Words may be begun anyway.
    let text = text.replace('*', " ");
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    let has_all = |text: &str| {
        let text = text.to_lowercase();
        words.iter().all(|word| text.contains(word.as_str()))
    };
    let items = Items::of(call);
    let (count, offset) = call.page("artistCount", 20, "artistOffset")?;
    let artists = call.shelves().artists.iter();
    let artists = artists.filter(|artist| has_all(&artist.name));
    let artists = artists.skip(offset).take(count);
    let artists: Vec<Value> = artists
        .map(|artist| Value::Object(items.artist(artist)))
        .collect();
    let (count, offset) = call.page("albumCount", 20, "albumOffset")?;
    let albums = call.shelves().albums.iter();
    let albums = albums.filter(|album| has_all(&format!("{} {}", album.name, album.artist_name)));
    let albums = albums
        .skip(offset)
        .take(count)
        .map(|album| items.album_as(album, is_folders));
    let albums: Vec<Value> = albums.collect();
    let (count, offset) = call.page("songCount", 20, "songOffset")?;
    let wanted = Wanted {
        search: Some(text.clone()),
        include: Inclusion::default(),
        ..Wanted::default()
    };
    let filter = wanted.filter();
    let table = call.catalogue.table();
    let meant = (!words.is_empty()).then(|| table.matching(&filter, &|_| false));
    let songs = call.catalogue.list(&wanted, meant.as_deref()).into_iter();
    let songs = items.songs(songs.skip(offset).take(count));
    let found = json!({ "artist": artists, "album": albums, "song": songs });
    Ok(field(name, found))
}
