//! [`SongLibrary`]: the store behind the routes. Reads the whole library when it has changed, keeps
//! what the user likes and does not want to hear now.
//!
//! Every call may wait for the disk: only for threads that may.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use vibelux::EmotionVector;
use vibelux::library::{LibraryError, SongStore};

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
    path: PathBuf,
    reader: Mutex<Reader>,
    likes: RwLock<HashSet<SongId>>,
    /// Until the server ends, never written.
    not_now: RwLock<HashSet<SongId>>,
}

/// The connection, and what was last read through it.
#[derive(Debug)]
struct Reader {
    store: SongStore,
    catalogue: Arc<Catalogue>,
    revision: i64,
    /// The catalogue is good enough until then.
    rests_until: Instant,
}

impl SongLibrary {
    /// Opens the library, or makes an empty one.
    ///
    /// # Errors
    /// If it cannot be opened or read.
    pub fn open(path: &Path) -> Result<Self, LibraryError> {
        let store = SongStore::open(path)?;
        let revision = store.revision()?;
        let likes = store.likes()?.iter().map(|path| SongId::of(path)).collect();
        Ok(Self {
            path: path.to_owned(),
            reader: Mutex::new(Reader {
                catalogue: Arc::new(Catalogue::read(&store)?),
                store,
                revision,
                rests_until: Instant::now(),
            }),
            likes: RwLock::new(likes),
            not_now: RwLock::default(),
        })
    }

    /// The library file.
    pub fn path(&self) -> &Path {
        &self.path
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
            reader.catalogue = Arc::new(Catalogue::read(&reader.store)?);
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

    /// Whether the user likes the song.
    pub fn likes(&self, id: SongId) -> bool {
        let likes = self.likes.read().unwrap_or_else(PoisonError::into_inner);
        likes.contains(&id)
    }

    /// Notes whether the user likes the song.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn set_liked(&self, song: &Entry, liked: bool) -> Result<(), LibraryError> {
        self.reader().store.set_liked(&song.path, liked)?;
        let mut likes = self.likes.write().unwrap_or_else(PoisonError::into_inner);
        if liked {
            likes.insert(song.id);
        } else {
            likes.remove(&song.id);
        }
        Ok(())
    }

    /// Notes that this is music whatever it sounds like, or takes that back; the next reader sees it.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn set_declared_music(&self, song: &Entry, is_music: bool) -> Result<(), LibraryError> {
        let mut reader = self.reader();
        reader.store.set_declared_music([&song.path], is_music)?;
        // A connection is not told of its own changes.
        reader.revision = NO_REVISION;
        reader.rests_until = Instant::now();
        Ok(())
    }

    /// Whether the user does not want to hear the song today.
    pub fn is_not_now(&self, id: SongId) -> bool {
        let not_now = self.not_now.read().unwrap_or_else(PoisonError::into_inner);
        not_now.contains(&id)
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
