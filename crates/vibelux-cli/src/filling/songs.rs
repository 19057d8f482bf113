//! [`LibrarySongs`]: what comes next in a player's queue, of the library.

use std::collections::{HashMap, HashSet};

use vibelux::recommend::{QueueRequest, Way};
use vibelux_players::NextSongs;

use super::names::SongNames;
use crate::results::song_title;
use crate::sought::{SoughtLibrary, Wish};

/// The songs of a library, as a wish has them.
pub struct LibrarySongs {
    library: SoughtLibrary,
    names: Box<dyn SongNames>,
    wish: Wish,
    /// How many songs have come.
    come: usize,
    /// The songs by what the player calls them, as far as it was asked.
    found: HashMap<String, Option<usize>>,
}

impl LibrarySongs {
    /// The songs of this library, as the player names them.
    pub fn new(library: SoughtLibrary, names: Box<dyn SongNames>, wish: Wish) -> Self {
        Self {
            library,
            names,
            wish,
            come: 0,
            found: HashMap::new(),
        }
    }

    /// Where they are from.
    pub fn library(&self) -> &SoughtLibrary {
        &self.library
    }

    /// From now on another wish counts.
    pub fn set_wish(&mut self, wish: Wish) {
        self.wish = wish;
        self.come = 0;
    }

    /// A song for reading.
    pub fn title(&self, song: usize) -> String {
        song_title(&self.library.songs.table, song)
    }

    /// The request for the songs from here on: a journey goes on where it is.
    fn request(&self, count: usize, before: &[usize]) -> QueueRequest {
        let wish = &self.wish.request;
        // Each time another draw, and the same ones in the same order.
        let seed = wish.seed.wrapping_add(self.come as u64);
        match wish.way {
            Way::Journey { to, songs } => {
                let mut request = QueueRequest {
                    count,
                    seed,
                    way: Way::Journey {
                        to,
                        songs: songs.saturating_sub(self.come).max(1),
                    },
                    first: wish.first.filter(|_| self.come == 0),
                    last: None,
                    before: before.to_vec(),
                    ..wish.clone()
                };
                request.query.vector = wish.way.target(&wish.query.vector, self.come);
                request
            }
            _ => QueueRequest {
                count,
                seed,
                before: before.to_vec(),
                ..wish.clone()
            },
        }
    }
}

impl NextSongs for LibrarySongs {
    fn next(&mut self, count: usize, before: &[usize], without: &HashSet<usize>) -> Vec<usize> {
        let request = self.request(count, before);
        let without = without.iter().chain(&self.wish.left_out).copied();
        let picks = self.library.picks(&request, without);
        let songs: Vec<usize> = picks.into_iter().map(|pick| pick.position).collect();
        self.come += songs.len();
        songs
    }

    fn name(&self, song: usize) -> Option<String> {
        self.names.name(&self.library.songs.table.path(song))
    }

    fn find(&mut self, name: &str) -> Option<usize> {
        if let Some(found) = self.found.get(name) {
            return *found;
        }
        let found = self.names.find(&self.library.songs.table, name);
        self.found.insert(name.to_owned(), found);
        found
    }
}
