//! [`Scanner`]: one scan at a time, started and watched from the page; the same steps as
//! `vibelux embed`.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use vibelux::audio::is_audio_file;
use vibelux::compose::{DEMO_SEED, compose_all, write_missing};
use vibelux::error_text::{with_causes, without_path};
use vibelux::library::{
    Depth, EmbedOptions, EmbedPlan, EmbedProgress, LibraryError, Song, SongEmbedder, SongStore,
    embed_songs, mark_missing, plan, scan,
};

use crate::blocking::core_count;
use crate::http::error::ApiError;
use crate::library::song_library::SongLibrary;

/// So many of the latest failures are kept.
const MAX_FAILURES: usize = 50;

/// How a scan stands.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ScanState {
    /// Whether it is at work.
    pub running: bool,
    /// Songs found in the folders.
    pub found: usize,
    /// Of these: done, also those that needed nothing.
    pub done: usize,
    /// Whether all can be played, and are listened to once more and in full.
    pub refining: bool,
    /// Whether some were listened to for a moment only.
    #[serde(skip)]
    first_looks: bool,
    /// Of the done ones: have no vector.
    pub failed: usize,
    /// The song that was done last.
    pub current: Option<String>,
    /// The latest failures.
    pub failures: VecDeque<ScanFailure>,
}

/// A file or folder that could not be read.
#[derive(Debug, Clone, Serialize)]
pub struct ScanFailure {
    /// Which.
    pub path: String,
    /// Why.
    pub reason: String,
}

/// What to scan.
#[derive(Debug)]
pub enum Work {
    /// These folders.
    Folders(Vec<PathBuf>),
    /// This folder, after the demo's pieces were composed into it.
    Demo(PathBuf),
}

/// Scans folders into the library.
#[derive(Debug)]
pub struct Scanner {
    library: Arc<SongLibrary>,
    embedder: Arc<dyn SongEmbedder>,
    state: Mutex<Option<ScanState>>,
    stop: AtomicBool,
}

impl Scanner {
    /// A scanner that has not scanned yet.
    pub fn new(library: Arc<SongLibrary>, embedder: Arc<dyn SongEmbedder>) -> Self {
        Self {
            library,
            embedder,
            state: Mutex::new(None),
            stop: AtomicBool::new(false),
        }
    }

    /// How the latest scan stands; `None` before the first.
    pub fn state(&self) -> Option<ScanState> {
        self.lock().clone()
    }

    /// Begins to scan, on a thread of its own.
    ///
    /// # Errors
    /// [`ApiError::ScanRunning`] if a scan is at work, [`ApiError::Io`] if there is no thread for it.
    pub fn start(self: &Arc<Self>, work: Work) -> Result<ScanState, ApiError> {
        let mut state = self.lock();
        if state.as_ref().is_some_and(|state| state.running) {
            return Err(ApiError::ScanRunning);
        }
        let fresh = ScanState {
            running: true,
            ..ScanState::default()
        };
        self.stop.store(false, Ordering::Relaxed);
        let scanner = Arc::clone(self);
        std::thread::Builder::new()
            .name("scan".to_owned())
            .spawn(move || scanner.run(work))
            .map_err(ApiError::Io)?;
        *state = Some(fresh.clone());
        Ok(fresh)
    }

    /// Asks the scan to stop; songs in hand are finished.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    fn run(&self, work: Work) {
        // However it ends, a panic included, another scan can be started.
        let _ended = Ended(self);
        let folders = match work {
            Work::Folders(folders) => folders,
            Work::Demo(folder) => {
                let pieces = compose_all(DEMO_SEED);
                let composed = write_missing(&folder, &pieces, |piece| {
                    self.update(|state| state.current = Some(piece.title.to_owned()));
                });
                if let Err(error) = composed {
                    return self.update(|state| state.fail(&folder, &with_causes(&error)));
                }
                vec![folder]
            }
        };
        if let Err(error) = self.scan(&folders) {
            let path = self.library.address().shown();
            self.update(|state| state.fail(&path, &error.to_string()));
        }
    }

    fn scan(&self, folders: &[PathBuf]) -> Result<(), LibraryError> {
        let stopped = || self.stop.load(Ordering::Relaxed);
        let found = scan(folders, |path| !stopped() && is_audio_file(path));
        self.update(|state| {
            for problem in &found.problems {
                state.fail(&problem.path, &problem.reason);
            }
        });
        if stopped() {
            // What was not looked at is not gone.
            return Ok(());
        }
        let mut store = SongStore::open(self.library.address().clone())?;
        // A core is left for the page and the camera.
        let jobs = NonZeroUsize::new(core_count().get() - 1).unwrap_or(NonZeroUsize::MIN);
        let options = EmbedOptions::with_jobs(jobs);
        let mut plan = plan(&store, &found, self.embedder.name(), &options)?;
        // The first songs that can be heard are of all folders, not of one album.
        plan.spread();
        self.report(&plan, found.songs.len());
        mark_missing(&mut store, &found)?;
        embed_songs(
            &mut store,
            &plan,
            self.embedder.as_ref(),
            &options,
            &self.stop,
            |progress| self.update(|state| state.tell(progress)),
        )
        .map(drop)
    }

    /// What there is to do, and what is done already.
    fn report(&self, plan: &EmbedPlan, found: usize) {
        let known = &plan.known_failures;
        let latest = known.len().saturating_sub(MAX_FAILURES);
        self.update(|state| {
            state.found = found;
            state.done = plan.unchanged + known.len();
            state.failed = known.len();
            for song in &known[latest..] {
                state.fail(&song.path, &song.reason);
            }
        });
    }

    fn update(&self, change: impl FnOnce(&mut ScanState)) {
        if let Some(state) = self.lock().as_mut() {
            change(state);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<ScanState>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says at the end of its life that the scan has ended.
struct Ended<'a>(&'a Scanner);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        // First, so that who sees the end sees the songs too.
        self.0.library.refresh();
        self.0.update(|state| {
            state.running = false;
            state.current = None;
        });
    }
}

impl ScanState {
    fn tell(&mut self, progress: &EmbedProgress<'_>) {
        self.first_looks |= progress.depth == Depth::FirstLook;
        self.refining = self.first_looks && progress.depth == Depth::Full;
        self.done = self.found.saturating_sub(progress.total - progress.done);
        let name = || progress.path.file_stem().unwrap_or_default();
        self.current = Some(match progress.song {
            Some(song) => song.title(),
            None => name().to_string_lossy().into_owned(),
        });
        if let Some(failure) = progress.song.and_then(Song::failure) {
            self.failed += 1;
            self.fail(progress.path, &failure.reason);
        }
    }

    fn fail(&mut self, path: &Path, reason: &str) {
        if self.failures.len() == MAX_FAILURES {
            self.failures.pop_front();
        }
        self.failures.push_back(ScanFailure {
            path: path.to_string_lossy().into_owned(),
            reason: without_path(path, reason).to_owned(),
        });
    }
}
