//! [`Call`]: a request that was let in, with what it is about; and what is found by an id.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use serde_json::{Map, Value};
use vibelux::library::Verdict;

use super::parameters::Parameters;
use super::refusal::Refusal;
use super::shelves::{Album, Artist, ShelfKeeper, Shelves};
use crate::library::catalogue::Catalogue;
use crate::library::song_id::SongId;
use crate::state::Shared;

/// The most that one list has.
pub const MOST: usize = 500;

/// A request of a player.
pub struct Call {
    /// The server.
    pub app: Shared,
    /// The songs.
    pub catalogue: Arc<Catalogue>,
    /// Who has them in order.
    keeper: Arc<ShelfKeeper>,
    shelves: OnceLock<Arc<Shelves>>,
    /// What was sent.
    pub sent: Parameters,
    /// Who asks.
    pub user: String,
}

/// What an id names.
pub enum Item<'a> {
    /// A song, by its position.
    Song(usize),
    /// An album.
    Album(&'a Album),
    /// An artist.
    Artist(&'a Artist),
}

impl Call {
    /// A request about these songs.
    pub fn new(
        app: Shared,
        catalogue: Arc<Catalogue>,
        keeper: Arc<ShelfKeeper>,
        sent: Parameters,
        user: String,
    ) -> Self {
        Self {
            app,
            catalogue,
            keeper,
            shelves: OnceLock::new(),
            sent,
            user,
        }
    }

    /// The songs in order. Made when they are first asked for: who only listens has no need of them.
    pub fn shelves(&self) -> &Shelves {
        self.shelves.get_or_init(|| self.keeper.of(&self.catalogue))
    }

    /// What an id names.
    ///
    /// # Errors
    /// [`Refusal::NotFound`].
    pub fn item(&self, id: &str) -> Result<Item<'_>, Refusal> {
        // No song is called as albums and artists are, and songs are asked for most.
        if id.parse::<SongId>().is_ok() {
            return self.song(id).map(Item::Song);
        }
        let shelves = self.shelves();
        let album = shelves.album(id).map(Item::Album);
        let item = album.or_else(|| shelves.artist(id).map(Item::Artist));
        item.ok_or(Refusal::NotFound("song"))
    }

    /// The position of a song.
    ///
    /// # Errors
    /// [`Refusal::NotFound`].
    pub fn song(&self, id: &str) -> Result<usize, Refusal> {
        let id = id.parse::<SongId>().ok();
        let found = id.and_then(|id| self.catalogue.position(id));
        found.ok_or(Refusal::NotFound("song"))
    }

    /// The positions of the songs that an item has.
    pub fn songs_of<'a>(item: &'a Item<'_>) -> &'a [usize] {
        match item {
            Item::Song(at) => std::slice::from_ref(at),
            Item::Album(album) => &album.songs,
            Item::Artist(artist) => &artist.songs,
        }
    }

    /// The songs that the owner likes, by position, and since when if that is known.
    pub fn liked(&self) -> HashMap<usize, Option<u64>> {
        let said = self.app.library.said();
        let liked = said.iter().filter(|said| said.verdict == Verdict::Liked);
        let places = liked.filter_map(|said| {
            let at = self.catalogue.position_of(&said.path)?;
            Some((at, said.unix_seconds()))
        });
        places.collect()
    }

    /// How many of a list and from where on: the parameters with these names.
    ///
    /// # Errors
    /// [`Refusal::Wrong`] if they are no numbers.
    pub fn page(
        &self,
        count: &'static str,
        otherwise: usize,
        offset: &'static str,
    ) -> Result<(usize, usize), Refusal> {
        let count = self.sent.number(count, otherwise)?.min(MOST);
        Ok((count, self.sent.number(offset, 0)?))
    }
}

/// One field of a response.
pub fn field(name: &str, value: Value) -> Map<String, Value> {
    Map::from_iter([(name.to_owned(), value)])
}
