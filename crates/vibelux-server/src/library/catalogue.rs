//! [`Catalogue`]: the songs of the library as they were at one moment, ready to be listed and ranked.
//!
//! A [`SongTable`] and what the server needs beside it, never changed, so that a request sees one state of the library. What
//! takes a while with a million songs, and not every request needs, is made when it is first asked for.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::body::Bytes;
use serde::Serialize;
use vibelux::library::filter::{Filter, Test, TextField};
use vibelux::library::{
    ClassCounts, Inclusion, LibraryError, NotMusic, Said, SongClass, SongStore, SongTable,
};
use vibelux::media;
use vibelux::recommend::{Mode, SongIndex};
use vibelux::{Emotion, EmotionVector};

use crate::library::song_id::SongId;
use crate::media::AudioFormat;

/// How many songs the library holds, by what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct SongCounts {
    /// Music that can be recommended.
    pub ready: usize,
    /// Have a vector and are no music: left out unless asked for.
    pub not_music: NotMusic,
    /// Could not be analysed.
    pub failed: usize,
    /// Were gone at the last scan.
    pub missing: usize,
    /// Hold the recording of another song, which stands for both.
    pub copies: usize,
}

/// Which songs to list.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Words that must all occur in title, artist or album, in any case.
    pub search: Option<String>,
    /// The strongest emotion.
    pub emotion: Option<Emotion>,
    /// The artist, in any case.
    pub artist: Option<String>,
    /// Which classes.
    pub include: Inclusion,
}

impl Wanted {
    /// The same as a filter, but for the classes.
    pub fn filter(&self) -> Filter {
        let search = self.search.as_deref().unwrap_or_default().to_lowercase();
        let words = search
            .split_whitespace()
            .map(|word| Test::Word(word.to_owned()));
        let artist = self.artist.as_ref();
        let artist = artist.map(|name| Test::Is(TextField::Artist, name.to_lowercase()));
        let tests = words.chain(artist).chain(self.emotion.map(Test::Strongest));
        Filter::All(tests.map(Filter::Test).collect())
    }
}

/// All songs that have a vector at one moment. A song is named by its position, in the order of the paths.
#[derive(Debug)]
pub struct Catalogue {
    /// With what the songs sound like to the listener.
    table: SongTable,
    /// What the model made of them.
    analysed: Arc<[EmotionVector]>,
    /// The songs that the listener has corrected.
    corrected: HashSet<usize>,
    counts: SongCounts,
    /// What music is on the whole.
    mean: Option<EmotionVector>,
    plain: OnceLock<SongIndex>,
    centred: OnceLock<SongIndex>,
    by_title: OnceLock<Vec<u32>>,
    ids: OnceLock<Ids>,
    /// The answers to `GET map` by the number of the inclusion, each made when it is first asked for.
    maps: [OnceLock<Bytes>; Inclusion::COUNT],
    /// How the songs are stored that somebody has asked for, as it may take a look into the file.
    formats: Mutex<HashMap<usize, AudioFormat>>,
}

impl Catalogue {
    /// Reads all songs, of which this was said.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn read(store: &SongStore, said: &[Said]) -> Result<Self, LibraryError> {
        let mut table = SongTable::open(store)?;
        let analysed = Arc::clone(table.vectors());
        table.correct(said);
        let corrected = said.iter().filter(|said| said.verdict.vector().is_some());
        let corrected = corrected
            .filter_map(|said| table.position(&said.path))
            .collect();
        let mut counts = SongCounts {
            failed: table.failed(),
            ..SongCounts::default()
        };
        let mut classes = ClassCounts::default();
        for at in 0..table.len() {
            if table.is_missing(at) {
                counts.missing += 1;
            } else if table.is_copy(at) {
                counts.copies += 1;
            } else {
                classes.add(table.class(at), 1);
            }
        }
        counts.ready = classes.get(SongClass::Music);
        counts.not_music = classes.not_music();
        let mut this = Self {
            analysed,
            corrected,
            counts,
            mean: None,
            plain: OnceLock::new(),
            centred: OnceLock::new(),
            by_title: OnceLock::new(),
            ids: OnceLock::new(),
            maps: [const { OnceLock::new() }; Inclusion::COUNT],
            formats: Mutex::default(),
            table,
        };
        // Shouts and bells do not move what music is compared with.
        let music = this.positions(Inclusion::default());
        this.mean = EmotionVector::mean(music.map(|at| &this.table.vectors()[at]));
        Ok(this)
    }

    /// Makes what will be asked for soon.
    pub fn warm(&self) {
        self.ids();
        self.by_title();
    }

    /// All that is known of the songs.
    pub fn table(&self) -> &SongTable {
        &self.table
    }

    /// How many positions there are, also of songs that are not to be had.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether a song is to be had: its file was there, and no other stands for it.
    pub fn is_had(&self, position: usize) -> bool {
        !self.table.is_missing(position) && !self.table.is_copy(position)
    }

    /// The songs to be had of these classes.
    pub fn positions(&self, include: Inclusion) -> impl Iterator<Item = usize> {
        let taken = move |at: &usize| self.is_had(*at) && include.takes(self.table.class(*at));
        (0..self.len()).filter(taken)
    }

    /// How many songs there are.
    pub fn counts(&self) -> SongCounts {
        self.counts
    }

    /// The position of a song. A copy means the song that stands for it.
    pub fn position(&self, id: SongId) -> Option<usize> {
        let found = self
            .ids()
            .candidates(id)
            .find(|&at| self.song(at).id() == id)?;
        self.stand_in(found)
    }

    /// The position of the song with this file. A copy means the song that stands for it.
    pub fn position_of(&self, path: &Path) -> Option<usize> {
        self.stand_in(self.table.position(path)?)
    }

    /// The song itself, or the one that stands for it; `None` if that is not to be had.
    fn stand_in(&self, position: usize) -> Option<usize> {
        let found = self.table.stand_in(position).unwrap_or(position);
        self.is_had(found).then_some(found)
    }

    /// One song.
    pub fn get(&self, id: SongId) -> Option<Entry<'_>> {
        Some(self.song(self.position(id)?))
    }

    /// The song at a position.
    pub fn song(&self, position: usize) -> Entry<'_> {
        Entry {
            catalogue: self,
            position,
        }
    }

    /// All songs ready to be ranked.
    pub fn index(&self, mode: Mode) -> &SongIndex {
        let index = match mode {
            Mode::Plain => &self.plain,
            Mode::Centred => &self.centred,
        };
        index.get_or_init(|| SongIndex::around(Arc::clone(self.table.vectors()), self.mean, mode))
    }

    /// The songs that are wanted, of which `meant` says for each whether it is one: the clearest first where an emotion is
    /// asked for, else in the order of their titles.
    pub fn list(&self, wanted: &Wanted, meant: Option<&[bool]>) -> Vec<usize> {
        let taken = |at: usize| {
            self.is_had(at)
                && wanted.include.takes(self.table.class(at))
                && meant.is_none_or(|meant| meant[at])
        };
        let order = self.by_title().iter().map(|&at| at as usize);
        let mut found: Vec<usize> = order.filter(|&at| taken(at)).collect();
        if let Some(emotion) = wanted.emotion {
            // Shares are not negative, so their bits are in their order.
            let share = |at: usize| self.table.vectors()[at].get(emotion).to_bits();
            found.sort_by_cached_key(|&at| Reverse(share(at)));
        }
        found
    }

    /// What `make` makes of the songs for the map, kept for the next time.
    pub fn map(&self, include: Inclusion, make: impl FnOnce() -> Bytes) -> Bytes {
        self.maps[include.number()].get_or_init(make).clone()
    }

    fn by_title(&self) -> &[u32] {
        self.by_title.get_or_init(|| self.table.by_title())
    }

    fn ids(&self) -> &Ids {
        self.ids.get_or_init(|| Ids::of(self))
    }
}

/// Which songs may have an id: by its first half, in order.
#[derive(Debug)]
struct Ids {
    halves: Vec<u64>,
    positions: Vec<u32>,
}

impl Ids {
    fn of(catalogue: &Catalogue) -> Self {
        let ids = (0..catalogue.len()).filter(|&at| !catalogue.table.is_missing(at));
        let mut ids: Vec<(u64, u32)> = ids
            .map(|at| (catalogue.song(at).id().first_half(), at as u32))
            .collect();
        ids.sort_unstable();
        let (halves, positions) = ids.into_iter().unzip();
        Self { halves, positions }
    }

    fn candidates(&self, id: SongId) -> impl Iterator<Item = usize> {
        let half = id.first_half();
        let start = self.halves.partition_point(|&other| other < half);
        let same = self.halves[start..]
            .iter()
            .take_while(move |&&other| other == half);
        same.zip(&self.positions[start..])
            .map(|(_, &at)| at as usize)
    }
}

/// A song of a catalogue.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    catalogue: &'a Catalogue,
    position: usize,
}

impl<'a> Entry<'a> {
    /// How clients name it.
    pub fn id(self) -> SongId {
        SongId::of(&self.path())
    }

    /// Where its file is.
    pub fn path(self) -> PathBuf {
        self.catalogue.table.path(self.position)
    }

    /// Its title, or its file's name.
    pub fn title(self) -> Cow<'a, str> {
        self.catalogue.table.title(self.position)
    }

    /// Who plays it.
    pub fn artist(self) -> Option<Cow<'a, str>> {
        self.catalogue.table.artist(self.position)
    }

    /// What it is from.
    pub fn album(self) -> Option<Cow<'a, str>> {
        self.catalogue.table.album(self.position)
    }

    /// How long it plays.
    pub fn duration_seconds(self) -> Option<f64> {
        self.catalogue.table.duration_seconds(self.position)
    }

    /// How loud it is by EBU R128, in LUFS.
    pub fn loudness_lufs(self) -> Option<f32> {
        self.catalogue.table.loudness_lufs(self.position)
    }

    /// What it expresses to the listener.
    pub fn vector(self) -> EmotionVector {
        self.catalogue.table.vectors()[self.position]
    }

    /// What the model made of it.
    pub fn analysed(self) -> EmotionVector {
        self.catalogue.analysed[self.position]
    }

    /// Whether the listener has corrected that.
    pub fn is_corrected(self) -> bool {
        self.catalogue.corrected.contains(&self.position)
    }

    /// Whether it is music.
    pub fn class(self) -> SongClass {
        self.catalogue.table.class(self.position)
    }

    /// Whether it is because the user says so.
    pub fn is_declared_music(self) -> bool {
        self.catalogue.table.is_declared_music(self.position)
    }

    /// How the song is stored. May wait for the disk.
    pub fn format(self) -> AudioFormat {
        let formats = || {
            let formats = self.catalogue.formats.lock();
            formats.unwrap_or_else(PoisonError::into_inner)
        };
        let known = formats().get(&self.position).copied();
        known.unwrap_or_else(|| {
            let path = self.path();
            let mut format = AudioFormat::of(&path);
            // Another machine is not asked about each song of a list.
            if !media::is_address(&path) {
                format = format.looked_into(&path);
            }
            formats().insert(self.position, format);
            format
        })
    }
}
