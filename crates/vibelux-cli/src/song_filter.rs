//! `--where`: which songs of the library a command takes.

use std::time::{SystemTime, UNIX_EPOCH};

use vibelux::EmotionVector;
use vibelux::filter::{Filter, FilterError, LibrarySong};
use vibelux::library::{LibraryError, Song, SongStore};

/// The flag.
#[derive(Debug, clap::Args)]
pub struct WhereArgs {
    /// Only songs that this is true of, such as 'not genre:christmas and duration<10m and happy>0.4'
    #[arg(long = "where", value_name = "FILTER", value_parser = parse, default_value = "", hide_default_value = true)]
    filter: Filter,
}

fn parse(text: &str) -> Result<Filter, FilterError> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    Filter::parse(text, now.unwrap_or_default().as_secs())
}

impl WhereArgs {
    /// The songs that are meant, each with what it sounds like to the listener.
    ///
    /// # Errors
    /// If the library cannot be read.
    pub fn keep(
        &self,
        store: &SongStore,
        songs: Vec<(Song, EmotionVector)>,
    ) -> Result<Vec<(Song, EmotionVector)>, LibraryError> {
        if self.filter.is_all() {
            return Ok(songs);
        }
        let likes = store.likes()?;
        let mut songs = songs;
        songs.retain(|(song, vector)| {
            self.filter.takes(&LibrarySong {
                song,
                vector: *vector,
                is_liked: likes.contains(&song.path),
            })
        });
        Ok(songs)
    }
}
