//! [`SoughtLibrary`]: the songs that may come, ready to be put in order.

use vibelux::EmotionVector;
use vibelux::library::SongStore;
use vibelux::media;
use vibelux::recommend::{Pick, Pool, QueueRequest, SongIndex, queue};
use vibelux::taste::Liking;

use super::args::SoughtArgs;
use crate::chosen::Chosen;

/// The songs of a library as the flags leave them.
pub struct SoughtLibrary {
    /// The songs.
    pub songs: Chosen,
    /// The same, ready to be compared.
    pub index: SongIndex,
    likings: Vec<Liking>,
    include_missing: bool,
}

impl SoughtLibrary {
    /// Reads the library.
    ///
    /// # Errors
    /// If it has no such song, or cannot be read.
    pub fn load(args: &SoughtArgs, store: &SongStore) -> anyhow::Result<Self> {
        Self::load_with(args, store, args.include_missing)
    }

    /// The same, also with songs whose files are not on this disk: somebody else has them.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn load_wherever(args: &SoughtArgs, store: &SongStore) -> anyhow::Result<Self> {
        Self::load_with(args, store, true)
    }

    fn load_with(
        args: &SoughtArgs,
        store: &SongStore,
        include_missing: bool,
    ) -> anyhow::Result<Self> {
        let mut songs = Chosen::load(store, include_missing, args.also.include)?;
        songs.keep(&args.only, store)?;
        songs.tell_mixed_models();
        let likings = if args.no_taste {
            Vec::new()
        } else {
            songs.table.likings(&store.said()?)
        };
        Ok(Self {
            index: songs.index(args.mode.into()),
            likings,
            include_missing,
            songs,
        })
    }

    /// What the songs are on the whole.
    pub fn mean(&self) -> EmotionVector {
        self.index.mean().unwrap_or(EmotionVector::UNIFORM)
    }

    /// The vectors of songs.
    pub fn vectors(&self, positions: &[usize]) -> Vec<EmotionVector> {
        let vectors = self.songs.table.vectors();
        positions.iter().map(|&at| vectors[at]).collect()
    }

    /// The songs for a request, without some.
    pub fn picks(
        &self,
        request: &QueueRequest,
        without: impl IntoIterator<Item = usize>,
    ) -> Vec<Pick> {
        let table = &self.songs.table;
        let mut allowed = self.songs.allowed().to_vec();
        for at in without {
            allowed[at] = false;
        }
        let liking = |at: usize| self.likings.get(at).map_or(0.0, |liking| liking.score);
        let pool = Pool {
            index: &self.index,
            allowed: &allowed,
            liking: (!self.likings.is_empty()).then_some(&liking),
            present: &|at| self.include_missing || media::is_at_hand(&table.path(at)),
            artist: &|at| table.artist_key(at),
            album: &|at| table.album_key(at),
            piece: &|at| table.piece_key(at),
        };
        queue(&pool, request)
    }
}
