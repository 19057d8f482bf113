//! [`run_worker`]: takes songs from the queue, embeds them and writes what came of each, until it is told to stop or there is
//! nothing left.

use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use graphile_worker::runner::WorkerRuntimeError;
use graphile_worker::{LocalQueueConfig, Worker, WorkerOptions, WorkerRecoveryConfig};
use vibelux::library::{
    Completed, LibraryAddress, LibraryError, Pace, PlannedSong, QueuedJob, SongEmbedder, SongStore,
    complete_song, finish,
};
use vibelux::media::{self, PathMap};

use crate::error::WorkerError;
use crate::queue::{self, SCHEMA};
use crate::task::{FinishTask, SongTask};

/// After so many songs in a row whose files are not here, something is wrong with this machine and not with the songs.
const MOST_ABSENT: usize = 20;

/// How often it is looked whether to stop, and whether anything is left.
const TICK: Duration = Duration::from_millis(200);
const LOOK: Duration = Duration::from_secs(1);

/// For so long the server may be away.
const PATIENCE: Duration = Duration::from_secs(600);

/// The pause before it is tried again, which doubles up to the second one.
const PAUSES: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(15)];

/// A worker says so often that it lives; one that has not for so long is taken for dead, and its songs go to others.
const HEARTBEAT: Duration = Duration::from_secs(5);
const SILENCE: Duration = Duration::from_secs(30);

/// A song in hand may take so long when the worker is told to stop: as long as a song may take at all, and a little more.
const GRACE: Duration = Duration::from_secs(180);

/// So many songs for each in hand are fetched ahead.
const AHEAD: usize = 4;

/// Connections for the queue beside one for each song in hand.
const MORE_CONNECTIONS: usize = 3;

/// What a worker is started with.
pub struct WorkerConfig {
    /// The library, on a server.
    pub library: LibraryAddress,
    /// Where its files are here.
    pub paths: PathMap,
    /// What embeds.
    pub embedder: Arc<dyn SongEmbedder>,
    /// How many songs at once, and how much to rest.
    pub pace: Pace,
    /// Whether to end when nothing is left.
    pub until_empty: bool,
    /// When true, songs in hand are finished and no more begun.
    pub stop: Arc<AtomicBool>,
    /// Told after each song.
    pub progress: Box<dyn Fn(&WorkerProgress<'_>) + Send + Sync>,
}

/// A song that is done.
#[derive(Debug)]
pub struct WorkerProgress<'a> {
    /// Its file, as the library has it.
    pub path: &'a Path,
    /// What came of it.
    pub done: &'a Completed,
    /// All so far.
    pub summary: WorkerSummary,
}

/// What a worker did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WorkerSummary {
    /// Songs that were listened to and have a vector now.
    pub embedded: usize,
    /// Songs that have none.
    pub failed: usize,
    /// Files whose sound was known, or that were only looked into.
    pub kept: usize,
    /// Songs that another worker had taken over before they were done.
    pub lost: usize,
    /// Times that a song's file was not on this machine.
    pub absent: usize,
}

/// Works until it is told to stop, or until nothing is left if that is asked for. A server that is away for a while is waited for.
///
/// # Errors
/// If the library is no server's, the server stays away, files are not on this machine, or nothing can be embedded.
pub fn run_worker(config: WorkerConfig) -> Result<WorkerSummary, WorkerError> {
    for folder in config.paths.folders() {
        if !folder.is_dir() {
            return Err(WorkerError::NoFolder {
                folder: folder.to_owned(),
            });
        }
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|source| WorkerError::Start { source })?;
    let hands = Hands(Arc::new(Inner {
        stores: Mutex::default(),
        summary: Mutex::default(),
        absent: AtomicUsize::new(0),
        fault: Mutex::default(),
        config,
    }));
    let ended = runtime.block_on(hands.work());
    hands.config().embedder.rest();
    ended?;
    match lock(&hands.0.fault).take() {
        Some(fault) => Err(fault),
        None => Ok(*lock(&hands.0.summary)),
    }
}

/// What all songs in hand share.
#[derive(Clone)]
pub(crate) struct Hands(Arc<Inner>);

struct Inner {
    config: WorkerConfig,
    /// Connections that nobody uses just now.
    stores: Mutex<Vec<SongStore>>,
    summary: Mutex<WorkerSummary>,
    /// Songs in a row whose files are not here.
    absent: AtomicUsize,
    /// Why it makes no sense to go on.
    fault: Mutex<Option<WorkerError>>,
}

impl fmt::Debug for Hands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hands")
            .field("summary", &self.0.summary)
            .finish_non_exhaustive()
    }
}

impl Hands {
    fn config(&self) -> &WorkerConfig {
        &self.0.config
    }

    fn is_to_stop(&self) -> bool {
        self.config().stop.load(Ordering::Relaxed) || lock(&self.0.fault).is_some()
    }

    /// Works, with as many connections to the queue as it takes.
    async fn work(&self) -> Result<(), WorkerError> {
        let mut pause = PAUSES[0];
        let mut since = Instant::now();
        loop {
            let start = Instant::now();
            let Err(error) = self.work_connected().await else {
                return Ok(());
            };
            // What has worked for a while was connected.
            if start.elapsed() > PAUSES[1] {
                (pause, since) = (PAUSES[0], Instant::now());
            }
            if !matches!(error, WorkerError::Queue { .. }) || since.elapsed() > PATIENCE {
                return Err(error);
            }
            let end = Instant::now() + pause;
            while Instant::now() < end {
                if self.is_to_stop() {
                    return Ok(());
                }
                tokio::time::sleep(TICK).await;
            }
            pause = (2 * pause).min(PAUSES[1]);
        }
    }

    /// Works until the queue fails, or to the end.
    async fn work_connected(&self) -> Result<(), WorkerError> {
        let library = &self.config().library;
        let error = |cause: &dyn fmt::Display| WorkerError::Queue {
            library: library.to_string(),
            reason: cause.to_string(),
        };
        let jobs = self.config().pace.jobs.get();
        let database = queue::connect(queue::server(library)?, jobs + MORE_CONNECTIONS)?;
        let recovery = WorkerRecoveryConfig::default()
            .enabled(true)
            .heartbeat_interval(HEARTBEAT)
            .sweep_interval(HEARTBEAT)
            .sweep_threshold(SILENCE)
            .recovery_delay(Duration::ZERO);
        let worker = WorkerOptions::default()
            .schema(SCHEMA)
            .concurrency(jobs)
            .poll_interval(LOOK)
            // Without it a job is fetched with each poll only.
            .local_queue(
                LocalQueueConfig::default()
                    .with_size(jobs * AHEAD)
                    .with_ttl(SILENCE),
            )
            .database(database.clone())
            .define_job::<SongTask>()
            .define_job::<FinishTask>()
            .worker_recovery(recovery)
            .listen_os_shutdown_signals(false)
            .shutdown_grace_period(GRACE)
            .add_extension(self.clone())
            .init()
            .await
            .map_err(|cause| error(&cause))?;
        let looks = async {
            let mut last = Instant::now();
            loop {
                tokio::time::sleep(TICK).await;
                if self.is_to_stop() {
                    return;
                }
                if self.config().until_empty && last.elapsed() > LOOK {
                    last = Instant::now();
                    // A server that does not answer is the other one's concern.
                    if queue::state(&database)
                        .await
                        .is_ok_and(|state| state.is_empty())
                    {
                        return;
                    }
                }
            }
        };
        run_until(&worker, looks)
            .await
            .map_err(|cause| error(&cause))
    }

    /// Does a song and writes what came of it. An error leaves its job in the queue.
    pub fn song(&self, task: &SongTask, job: &QueuedJob) -> Result<(), String> {
        let start = Instant::now();
        let embedder = &self.config().embedder;
        if task.model != embedder.name() {
            let (theirs, ours) = (&task.model, embedder.name());
            return Err(format!(
                "the song is for the model {theirs}, this worker has {ours}"
            ));
        }
        let (found, work) = task.song();
        let file = self.config().paths.file(&found.path);
        match media::exists(&file) {
            Ok(true) => {}
            Ok(false) => return Err(self.miss(&found.path, &file)),
            // A server that does not answer may do so later.
            Err(error) if media::is_address(&file) => {
                return Err(format!("{}: {error}", file.display()));
            }
            Err(_) => {}
        }
        self.0.absent.store(0, Ordering::Relaxed);
        let path = found.path.clone();
        let done = self.with_store(|store| {
            let known = store.known_song(&found.path)?;
            let song = PlannedSong::again(found, work, known, embedder.name());
            complete_song(store, embedder.as_ref(), &song, &file, job)
        });
        let done = match done {
            Ok(done) => done,
            Err(error) => {
                let said = error.to_string();
                if embedder.fault().is_some() {
                    self.give_up(error.into());
                }
                return Err(said);
            }
        };
        self.tell(&path, &done);
        self.rest(self.config().pace.rest_after(start.elapsed()));
        Ok(())
    }

    /// Does what is to be done when all songs are.
    pub fn finish(&self, model: &str) -> Result<(), String> {
        let done = self.with_store(|store| finish(store, model, &self.config().stop));
        done.map(drop).map_err(|error| error.to_string())
    }

    /// Notes that a song's file is not here.
    fn miss(&self, song: &Path, file: &Path) -> String {
        lock(&self.0.summary).absent += 1;
        if self.0.absent.fetch_add(1, Ordering::Relaxed) + 1 >= MOST_ABSENT {
            self.give_up(WorkerError::FilesAbsent {
                song: song.to_owned(),
                file: file.to_owned(),
            });
        }
        format!("{} is not on this machine", file.display())
    }

    fn give_up(&self, fault: WorkerError) {
        lock(&self.0.fault).get_or_insert(fault);
    }

    fn tell(&self, path: &Path, done: &Completed) {
        let summary = {
            let mut summary = lock(&self.0.summary);
            let count = match done {
                Completed::Embedded => &mut summary.embedded,
                Completed::Failed(_) => &mut summary.failed,
                Completed::Kept => &mut summary.kept,
                Completed::Lost => &mut summary.lost,
            };
            *count += 1;
            *summary
        };
        (self.config().progress)(&WorkerProgress {
            path,
            done,
            summary,
        });
    }

    fn rest(&self, mut rest: Duration) {
        while !rest.is_zero() && !self.is_to_stop() {
            let nap = rest.min(TICK);
            std::thread::sleep(nap);
            rest -= nap;
        }
    }

    /// Lends a connection, which is kept for the next one unless something fails on it.
    fn with_store<T>(
        &self,
        work: impl FnOnce(&mut SongStore) -> Result<T, LibraryError>,
    ) -> Result<T, LibraryError> {
        let kept = lock(&self.0.stores).pop();
        let mut store = match kept {
            Some(store) => store,
            None => SongStore::open(self.config().library.clone())?,
        };
        let value = work(&mut store)?;
        lock(&self.0.stores).push(store);
        Ok(value)
    }
}

/// Runs a worker to its end, which begins when `end` does: then the songs in hand are finished.
async fn run_until(
    worker: &Worker,
    end: impl Future<Output = ()>,
) -> Result<(), WorkerRuntimeError> {
    let run = worker.run();
    tokio::pin!(run, end);
    tokio::select! {
        done = &mut run => return done,
        () = &mut end => worker.request_shutdown(),
    }
    run.await
}

fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}
