//! [`SongLibrary`]: the store behind the routes. Reads the whole library when it has changed, keeps
//! what the user has said and done about songs, and what follows from it.
//!
//! Every call may wait for the disk: only for threads that may.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use vibelux::EmotionVector;
use vibelux::emotion::EMOTION_COUNT;
use vibelux::library::{
    LibraryAddress, LibraryError, Said, SongStore, Verdict, VerdictKind, unix_seconds,
};
use vibelux::taste::Liking;

use crate::library::catalogue::{Catalogue, Entry};
use crate::library::song_id::SongId;

/// A scan changes the library with every song; all of it is read again at most this often, or after
/// ten times as long as reading it took.
const SHORTEST_REST: Duration = Duration::from_millis(500);

/// What [`SongStore::revision`] never is.
const NO_REVISION: i64 = -1;

/// The library as the server sees it.
#[derive(Debug)]
pub struct SongLibrary {
    address: LibraryAddress,
    reader: Mutex<Reader>,
    likes: RwLock<HashSet<SongId>>,
    reactions: RwLock<Reactions>,
    /// Until the server ends, never written.
    not_now: RwLock<HashSet<SongId>>,
}

/// How the listener's face changed, by song.
type Reactions = HashMap<SongId, [f32; EMOTION_COUNT]>;

/// The connection, and what was last read through it.
#[derive(Debug)]
struct Reader {
    store: SongStore,
    catalogue: Arc<Catalogue>,
    said: Arc<Vec<Said>>,
    /// How much each song of a catalogue is to the listener's liking, once somebody has asked.
    likings: Option<(Arc<Catalogue>, Arc<Vec<Liking>>)>,
    revision: i64,
    /// The catalogue is good enough until then.
    rests_until: Instant,
}

impl SongLibrary {
    /// Opens the library, or makes an empty one.
    ///
    /// # Errors
    /// If it cannot be opened or read.
    pub fn open(address: impl Into<LibraryAddress>) -> Result<Self, LibraryError> {
        // The table looks through a library that it reads anew.
        let store = SongStore::open_soon(address)?;
        let revision = store.revision()?;
        let said = store.said()?;
        Ok(Self {
            address: store.address().clone(),
            likes: RwLock::new(liked(&said)),
            reactions: RwLock::new(reactions(&said)),
            reader: Mutex::new(Reader {
                catalogue: warmed(Catalogue::read(&store, &said)?),
                said: Arc::new(said),
                likings: None,
                store,
                revision,
                rests_until: Instant::now(),
            }),
            not_now: RwLock::default(),
        })
    }

    /// Where the library is.
    pub fn address(&self) -> &LibraryAddress {
        &self.address
    }

    /// The songs, at most a moment old.
    ///
    /// # Errors
    /// If they have changed and cannot be read.
    pub fn catalogue(&self) -> Result<Arc<Catalogue>, LibraryError> {
        let mut reader = self.reader();
        let revision = reader.store.revision()?;
        let start = Instant::now();
        if revision != reader.revision && start >= reader.rests_until {
            self.read_said(&mut reader)?;
            reader.catalogue = warmed(Catalogue::read(&reader.store, &reader.said)?);
            reader.revision = revision;
            let end = Instant::now();
            reader.rests_until = end + SHORTEST_REST.max(10 * (end - start));
        }
        Ok(Arc::clone(&reader.catalogue))
    }

    /// The next reader sees the newest songs: a scan has ended.
    pub fn refresh(&self) {
        self.reader().rests_until = Instant::now();
    }

    /// How a song's emotion changes: start in seconds and vector of each analysed window.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn windows(&self, song: &Path) -> Result<Vec<(f64, EmotionVector)>, LibraryError> {
        self.reader().store.windows(song)
    }

    /// The songs of a catalogue that the user likes.
    pub fn liked(&self, catalogue: &Catalogue) -> HashSet<usize> {
        let said = self.said();
        let liked = said.iter().filter(|said| said.verdict == Verdict::Liked);
        liked
            .filter_map(|said| catalogue.position_of(&said.path))
            .collect()
    }

    /// Whether the user likes the song.
    pub fn likes(&self, id: SongId) -> bool {
        let likes = self.likes.read().unwrap_or_else(PoisonError::into_inner);
        likes.contains(&id)
    }

    /// How the listener's face changed while the song played, if that was kept.
    pub fn reaction(&self, id: SongId) -> Option<[f32; EMOTION_COUNT]> {
        let reactions = self.reactions.read();
        reactions
            .unwrap_or_else(PoisonError::into_inner)
            .get(&id)
            .copied()
    }

    /// Notes whether the user likes the song.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn set_liked(&self, song: Entry<'_>, liked: bool) -> Result<(), LibraryError> {
        if liked {
            self.say(song, Verdict::Liked)
        } else {
            self.unsay(&song.path(), VerdictKind::Liked)
        }
    }

    /// Notes something about a song.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn say(&self, song: Entry<'_>, verdict: Verdict) -> Result<(), LibraryError> {
        let mut reader = self.reader();
        reader.store.say(&song.path(), verdict, unix_seconds())?;
        self.said_anew(&mut reader, &[verdict.kind()])
    }

    /// Takes back what was said of a song in one way.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn unsay(&self, song: &Path, kind: VerdictKind) -> Result<(), LibraryError> {
        let mut reader = self.reader();
        reader.store.unsay(song, kind)?;
        self.said_anew(&mut reader, &[kind])
    }

    /// Forgets everything of these kinds; returns how many verdicts that were.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn unsay_all(&self, kinds: &[VerdictKind]) -> Result<usize, LibraryError> {
        let mut reader = self.reader();
        let forgotten = reader.store.unsay_all(kinds)?;
        self.said_anew(&mut reader, kinds)?;
        Ok(forgotten)
    }

    /// Everything that was said and done, as far as it was read.
    pub fn said(&self) -> Arc<Vec<Said>> {
        Arc::clone(&self.reader().said)
    }

    /// How much each song of a catalogue is to the listener's liking, by position; nothing if all are alike.
    pub fn likings(&self, catalogue: &Arc<Catalogue>) -> Arc<Vec<Liking>> {
        let mut reader = self.reader();
        if let Some((of, likings)) = &reader.likings
            && Arc::ptr_eq(of, catalogue)
        {
            return Arc::clone(likings);
        }
        let likings = Arc::new(catalogue.table().likings(&reader.said));
        reader.likings = Some((Arc::clone(catalogue), Arc::clone(&likings)));
        likings
    }

    /// What was said has changed through this connection, which is not told of its own changes.
    fn said_anew(&self, reader: &mut Reader, kinds: &[VerdictKind]) -> Result<(), LibraryError> {
        if kinds.contains(&VerdictKind::Sounds) {
            reader.revision = NO_REVISION;
            reader.rests_until = Instant::now();
        }
        self.read_said(reader)
    }

    fn read_said(&self, reader: &mut Reader) -> Result<(), LibraryError> {
        reader.said = Arc::new(reader.store.said()?);
        reader.likings = None;
        *self.likes.write().unwrap_or_else(PoisonError::into_inner) = liked(&reader.said);
        let reactions = reactions(&reader.said);
        *self
            .reactions
            .write()
            .unwrap_or_else(PoisonError::into_inner) = reactions;
        Ok(())
    }

    /// Notes that this is music whatever it sounds like, or takes that back; the next reader sees it.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn set_declared_music(&self, song: Entry<'_>, is_music: bool) -> Result<(), LibraryError> {
        let mut reader = self.reader();
        reader.store.set_declared_music([&song.path()], is_music)?;
        // A connection is not told of its own changes.
        reader.revision = NO_REVISION;
        reader.rests_until = Instant::now();
        Ok(())
    }

    /// The songs that the user does not want to hear today.
    pub fn not_now(&self) -> HashSet<SongId> {
        let not_now = self.not_now.read().unwrap_or_else(PoisonError::into_inner);
        not_now.clone()
    }

    /// The song is left out until the server ends.
    pub fn set_not_now(&self, id: SongId) {
        let mut not_now = self.not_now.write().unwrap_or_else(PoisonError::into_inner);
        not_now.insert(id);
    }

    fn reader(&self) -> MutexGuard<'_, Reader> {
        // A panic leaves the last catalogue and a connection whose transaction was undone.
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A catalogue for all, of which another thread makes meanwhile what will be asked for soon.
fn warmed(catalogue: Catalogue) -> Arc<Catalogue> {
    let catalogue = Arc::new(catalogue);
    let other = Arc::clone(&catalogue);
    // Where there is no thread to be had, the first who asks waits.
    let _ = std::thread::Builder::new().spawn(move || other.warm());
    catalogue
}

fn liked(said: &[Said]) -> HashSet<SongId> {
    let liked = said.iter().filter(|said| said.verdict == Verdict::Liked);
    liked.map(|said| SongId::of(&said.path)).collect()
}

fn reactions(said: &[Said]) -> Reactions {
    let reactions = said.iter();
    reactions
        .filter_map(|said| Some((SongId::of(&said.path), said.verdict.change()?)))
        .collect()
}
