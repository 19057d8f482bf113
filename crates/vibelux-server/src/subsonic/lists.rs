//! Lists of albums and songs: the newest, by chance, by genre, liked.

use std::hash::{BuildHasher, Hash, RandomState};

use serde_json::{Map, Value, json};

use super::call::{Call, field};
use super::items::Items;
use super::refusal::Refusal;
use super::shelves::Album;

/// `getAlbumList2`, and `getAlbumList` with the older names.
///
/// What would need counts of plays (`frequent`, `recent`) or ratings (`highest`) is empty: nothing of that is kept.
///
/// # Errors
/// [`Refusal`] for a list that there is not.
pub fn albums(call: &Call, name: &str, is_folders: bool) -> Result<Map<String, Value>, Refusal> {
    let (count, offset) = call.page("size", 10, "offset")?;
    let items = Items::of(call);
    let kind = call.sent.required("type")?;
    let mut albums: Vec<&Album> = call.shelves().albums.iter().collect();
    match kind {
        "alphabeticalByName" => {}
        "alphabeticalByArtist" => {
            albums.sort_by_cached_key(|album| album.artist_name.to_lowercase());
        }
        "newest" => albums.sort_by_key(|album| std::cmp::Reverse(album.added_seconds)),
        "random" => shuffle(&mut albums, |album| album.id.clone()),
        "starred" => albums.retain(|album| items.is_starred(album)),
        "byGenre" => {
            let genre = call.sent.required("genre")?.trim().to_lowercase();
            let table = call.catalogue.table();
            albums.retain(|album| {
                let mut genres = album.songs.iter().filter_map(|&at| table.genre(at));
                genres.any(|name| name.trim().to_lowercase() == genre)
            });
        }
        "byYear" => by_year(call, &mut albums)?,
        "frequent" | "recent" | "highest" => albums.clear(),
        _ => {
            return Err(Refusal::Wrong {
                name: "type",
                value: kind.chars().take(40).collect(),
            });
        }
    }
    let albums = albums.into_iter().skip(offset).take(count);
    let albums = albums.map(|album| items.album_as(album, is_folders));
    let albums: Vec<Value> = albums.collect();
    Ok(field(name, json!({ "album": albums })))
}

/// Those of the years from the one to the other, the latest first where the first is the later.
fn by_year(call: &Call, albums: &mut Vec<&Album>) -> Result<(), Refusal> {
    call.sent.required("fromYear")?;
    call.sent.required("toYear")?;
    let from: u16 = call.sent.number("fromYear", 0)?;
    let to: u16 = call.sent.number("toYear", u16::MAX)?;
    let years = from.min(to)..=from.max(to);
    albums.retain(|album| album.year.is_some_and(|year| years.contains(&year)));
    albums.sort_by_key(|album| album.year);
    if from > to {
        albums.reverse();
    }
    Ok(())
}

/// `getRandomSongs`: other ones each time.
///
/// # Errors
/// [`Refusal::Wrong`].
pub fn random_songs(call: &Call) -> Result<Map<String, Value>, Refusal> {
    let (count, _) = call.page("size", 10, "offset")?;
    let from: Option<u16> = call.sent.optional("fromYear")?;
    let to: Option<u16> = call.sent.optional("toYear")?;
    let mut songs = songs_of_genre(call, call.sent.get("genre"));
    let table = call.catalogue.table();
    songs.retain(|&at| {
        let year = table.year(at);
        from.is_none_or(|from| year.is_some_and(|year| year >= from))
            && to.is_none_or(|to| year.is_some_and(|year| year <= to))
    });
    shuffle(&mut songs, |&at| at);
    songs.truncate(count);
    let songs = Items::of(call).songs(songs);
    Ok(field("randomSongs", json!({ "song": songs })))
}

/// `getSongsByGenre`.
///
/// # Errors
/// [`Refusal::Missing`].
pub fn songs_by_genre(call: &Call) -> Result<Map<String, Value>, Refusal> {
    let (count, offset) = call.page("count", 10, "offset")?;
    let genre = call.sent.required("genre")?;
    let songs = songs_of_genre(call, Some(genre)).into_iter();
    let songs = Items::of(call).songs(songs.skip(offset).take(count));
    Ok(field("songsByGenre", json!({ "song": songs })))
}

/// `getStarred2`, and `getStarred`: what the owner likes. A star on an album stands for all its songs.
pub fn starred(call: &Call, name: &str, is_folders: bool) -> Map<String, Value> {
    let items = Items::of(call);
    let albums = call.shelves().albums.iter();
    let albums = albums
        .filter(|album| items.is_starred(album))
        .map(|album| items.album_as(album, is_folders));
    let albums: Vec<Value> = albums.collect();
    let mut songs: Vec<usize> = items.liked().collect();
    songs.retain(|&at| call.shelves().album_of(at).is_some());
    songs.sort_unstable();
    let songs = items.songs(songs);
    field(name, json!({ "album": albums, "song": songs }))
}

fn songs_of_genre(call: &Call, genre: Option<&str>) -> Vec<usize> {
    let genre = genre.map(|genre| genre.trim().to_lowercase());
    let table = call.catalogue.table();
    let songs = call.shelves().albums.iter().flat_map(|album| &album.songs);
    let is_meant = |at: &usize| {
        genre.as_ref().is_none_or(|genre| {
            let of_song = table.genre(*at);
            of_song.is_some_and(|name| name.trim().to_lowercase() == *genre)
        })
    };
    songs.copied().filter(is_meant).collect()
}

/// Another order each time: by what a hash function that is new each time makes of the keys.
fn shuffle<T, K: Hash>(items: &mut [T], key: impl Fn(&T) -> K) {
    let random = RandomState::new();
    items.sort_by_cached_key(|item| random.hash_one(key(item)));
}
