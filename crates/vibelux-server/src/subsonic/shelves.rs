//! [`Shelves`]: the music of a catalogue as players browse it, by artists and albums. Made once for each state of the library, of the songs'
//! tags and folders alone.
//!
//! An album is the songs of one folder that name the same album; a folder `CD 2` belongs to the one above it. Songs without an album are on
//! one that is called like their folder. An album's artist is the one of all its songs, else "Various Artists".

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};
use vibelux::library::{Inclusion, SongTable};

use crate::hex::hex;
use crate::library::catalogue::Catalogue;

/// What songs without an artist are listed under.
const NO_ARTIST: &str = "[Unknown Artist]";
const MANY_ARTISTS: &str = "Various Artists";

/// The places in the lists of [`Shelves`].
pub type AlbumNumber = usize;
pub type ArtistNumber = usize;

/// The music of a catalogue, in order.
#[derive(Debug, Default)]
pub struct Shelves {
    /// In the order of their names.
    pub albums: Vec<Album>,
    /// In the order of their names.
    pub artists: Vec<Artist>,
    /// By the genre's name as most songs write it.
    pub genres: Vec<Genre>,
    /// The album of each song, by its position in the catalogue.
    album_of: HashMap<usize, AlbumNumber>,
    artist_of: HashMap<usize, ArtistNumber>,
    album_ids: HashMap<String, AlbumNumber>,
    artist_ids: HashMap<String, ArtistNumber>,
}

/// Songs of one release.
#[derive(Debug)]
pub struct Album {
    /// How players name it.
    pub id: String,
    /// As the tags have it.
    pub name: String,
    /// Whose it is.
    pub artist_name: String,
    /// The same in the list of artists; `None` if it is several artists'.
    pub artist: Option<ArtistNumber>,
    /// The positions of its songs, as they are to be played.
    pub songs: Vec<usize>,
    /// When its last song came into the library, in seconds since 1970.
    pub added_seconds: u64,
    /// The first year and genre that a song names.
    pub year: Option<u16>,
    /// The genre.
    pub genre: Option<String>,
    /// How long it plays, as far as that is known.
    pub duration_seconds: f64,
}

/// Somebody who made songs.
#[derive(Debug)]
pub struct Artist {
    /// How players name it.
    pub id: String,
    /// As the tags have it.
    pub name: String,
    /// The albums that have a song of this artist.
    pub albums: Vec<AlbumNumber>,
    /// The positions of the songs.
    pub songs: Vec<usize>,
}

/// A kind of music.
#[derive(Debug)]
pub struct Genre {
    /// As the tags have it.
    pub name: String,
    /// How many songs are of it.
    pub songs: usize,
    /// And how many albums.
    pub albums: usize,
}

/// The shelves of the latest catalogue, once somebody has asked for them.
#[derive(Debug, Default)]
pub struct ShelfKeeper(Mutex<Option<(Arc<Catalogue>, Arc<Shelves>)>>);

impl ShelfKeeper {
    /// The shelves of this catalogue, made if they are not there. Takes a second or two with a million songs.
    pub fn of(&self, catalogue: &Arc<Catalogue>) -> Arc<Shelves> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*kept {
            Some((of, shelves)) if Arc::ptr_eq(of, catalogue) => Arc::clone(shelves),
            _ => {
                let shelves = Arc::new(Shelves::of(catalogue));
                *kept = Some((Arc::clone(catalogue), Arc::clone(&shelves)));
                shelves
            }
        }
    }
}

impl Shelves {
    /// Puts the music of a catalogue in order.
    pub fn of(catalogue: &Catalogue) -> Self {
        let table = catalogue.table();
        let mut albums: HashMap<(PathBuf, String), Vec<usize>> = HashMap::new();
        let mut artists: HashMap<String, Vec<usize>> = HashMap::new();
        for at in catalogue.positions(Inclusion::default()) {
            let folder = release_folder(&table.path(at));
            let album = table.album(at).unwrap_or_default().trim().to_lowercase();
            albums.entry((folder, album)).or_default().push(at);
            let artist = table.artist(at).unwrap_or(NO_ARTIST.into());
            artists
                .entry(artist.trim().to_lowercase())
                .or_default()
                .push(at);
        }
        let mut this = Self::default();
        this.put_artists(artists, table);
        this.put_albums(albums, table);
        this.put_genres(table);
        this
    }

    /// The album of a song.
    pub fn album_of(&self, position: usize) -> Option<&Album> {
        Some(&self.albums[*self.album_of.get(&position)?])
    }

    /// Who made a song.
    pub fn artist_of(&self, position: usize) -> Option<&Artist> {
        Some(&self.artists[*self.artist_of.get(&position)?])
    }

    /// The album with this id.
    pub fn album(&self, id: &str) -> Option<&Album> {
        Some(&self.albums[*self.album_ids.get(id)?])
    }

    /// The artist with this id.
    pub fn artist(&self, id: &str) -> Option<&Artist> {
        Some(&self.artists[*self.artist_ids.get(id)?])
    }

    fn put_artists(&mut self, artists: HashMap<String, Vec<usize>>, table: &SongTable) {
        let mut artists: Vec<_> = artists.into_iter().collect();
        artists.sort_unstable();
        for (key, songs) in artists {
            let number = self.artists.len();
            for &song in &songs {
                self.artist_of.insert(song, number);
            }
            let name = table.artist(songs[0]).unwrap_or(NO_ARTIST.into());
            let id = id_of("ar", &[key.as_bytes()]);
            self.artist_ids.insert(id.clone(), number);
            self.artists.push(Artist {
                id,
                name: name.trim().to_owned(),
                albums: Vec::new(),
                songs,
            });
        }
    }

    fn put_albums(&mut self, albums: HashMap<(PathBuf, String), Vec<usize>>, table: &SongTable) {
        let mut found: Vec<Album> = albums
            .into_iter()
            .map(|((folder, key), songs)| {
                let id = id_of(
                    "al",
                    &[folder.as_os_str().as_encoded_bytes(), key.as_bytes()],
                );
                self.album_made(id, &folder, songs, table)
            })
            .collect();
        found.sort_by_cached_key(|album| (album.name.to_lowercase(), album.id.clone()));
        for (number, album) in found.iter().enumerate() {
            self.album_ids.insert(album.id.clone(), number);
            for &song in &album.songs {
                self.album_of.insert(song, number);
                let artist = &mut self.artists[self.artist_of[&song]];
                if artist.albums.last() != Some(&number) {
                    artist.albums.push(number);
                }
            }
        }
        self.albums = found;
    }

    fn album_made(
        &self,
        id: String,
        folder: &Path,
        mut songs: Vec<usize>,
        table: &SongTable,
    ) -> Album {
        let first = songs[0];
        let artist = self.artist_of[&first];
        let is_one = songs.iter().all(|song| self.artist_of[song] == artist);
        let name = match table.album(first) {
            Some(name) if !name.trim().is_empty() => name.trim().to_owned(),
            _ => {
                let name = folder.file_name().unwrap_or(folder.as_os_str());
                name.to_string_lossy().into_owned()
            }
        };
        songs.sort_by_cached_key(|&at| {
            let path = table.path(at);
            let track = track_number(&path).unwrap_or(u32::MAX);
            (path.parent().map(Path::to_owned), track, at)
        });
        Album {
            id,
            name,
            artist_name: if is_one {
                self.artists[artist].name.clone()
            } else {
                MANY_ARTISTS.to_owned()
            },
            artist: is_one.then_some(artist),
            added_seconds: songs
                .iter()
                .map(|&at| table.added_seconds(at))
                .max()
                .unwrap_or_default(),
            year: songs.iter().find_map(|&at| table.year(at)),
            genre: songs
                .iter()
                .find_map(|&at| table.genre(at))
                .map(Cow::into_owned),
            duration_seconds: songs
                .iter()
                .filter_map(|&at| table.duration_seconds(at))
                .sum(),
            songs,
        }
    }

    fn put_genres(&mut self, table: &SongTable) {
        let mut genres: HashMap<String, Genre> = HashMap::new();
        for album in &self.albums {
            let mut of_album = Vec::new();
            for genre in album.songs.iter().filter_map(|&at| table.genre(at)) {
                let key = genre.trim().to_lowercase();
                if key.is_empty() {
                    continue;
                }
                let slot = match genres.entry(key.clone()) {
                    Slot::Occupied(slot) => slot.into_mut(),
                    Slot::Vacant(slot) => slot.insert(Genre {
                        name: genre.trim().to_owned(),
                        songs: 0,
                        albums: 0,
                    }),
                };
                slot.songs += 1;
                if !of_album.contains(&key) {
                    slot.albums += 1;
                    of_album.push(key);
                }
            }
        }
        self.genres = genres.into_values().collect();
        self.genres
            .sort_by_cached_key(|genre| genre.name.to_lowercase());
    }
}

/// The same name for the same thing from one start to the next.
fn id_of(kind: &str, parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
        // No path and no name has it, so that two parts are never taken for others.
        hash.update([0]);
    }
    format!("{kind}-{}", hex(&hash.finalize()[..8]))
}

/// The folder of a release: that of the song, or the one above if this is one of several discs.
fn release_folder(path: &Path) -> PathBuf {
    let folder = path.parent().unwrap_or(path);
    match folder.parent() {
        Some(above) if disc_number(path).is_some() => above.to_owned(),
        _ => folder.to_owned(),
    }
}

/// Which of several discs a song is on, if its folder is called like one: `CD 2`.
pub fn disc_number(path: &Path) -> Option<u32> {
    let folder = path.parent()?.file_name()?.to_string_lossy();
    let name = folder.to_ascii_lowercase();
    let digits = ["cd", "disc", "disk"].iter().find_map(|word| {
        let rest = name.strip_prefix(word)?;
        Some(rest.trim_matches([' ', '-', '_', '.']))
    })?;
    let is_number = !digits.is_empty() && digits.len() <= 2;
    (is_number && digits.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| digits.parse().ok())
        .flatten()
}

/// The number that a file's name begins with, as ripped records have it: `07 - Title.flac`.
pub fn track_number(path: &Path) -> Option<u32> {
    let name = path.file_stem()?.to_string_lossy();
    let digits = name.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = name.split_at(digits);
    let is_parted = rest.starts_with([' ', '-', '.', '_', ')']);
    // A year and an hour begin titles too.
    ((1..=3).contains(&digits) && is_parted)
        .then(|| number.parse().ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn discs_are_one_release() {
        for (path, folder) in [
            ("/m/Album/CD 1/a.mp3", "/m/Album"),
            ("/m/Album/disc2/a.mp3", "/m/Album"),
            ("/m/Album/CD/a.mp3", "/m/Album/CD"),
            ("/m/Album/Discovery 1/a.mp3", "/m/Album/Discovery 1"),
            ("/m/CD 1984/a.mp3", "/m/CD 1984"),
            ("/m/é/a.mp3", "/m/é"),
        ] {
            assert_eq!(release_folder(Path::new(path)), Path::new(folder), "{path}");
        }
    }

    #[test]
    fn tracks_are_numbered_by_their_files() {
        for (path, number) in [
            ("07 - Title.flac", Some(7)),
            ("1. Title.mp3", Some(1)),
            ("101 Title.mp3", Some(101)),
            ("1999 - Title.mp3", None),
            ("7even.mp3", None),
            ("Title.mp3", None),
            ("12.mp3", None),
        ] {
            assert_eq!(track_number(Path::new(path)), number, "{path}");
        }
    }
}
