//! [`Queue`]: songs that wait for workers, in the library's database.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use graphile_worker::tokio_postgres::TokioPostgresDatabase;
use graphile_worker::{
    Database, DbError, DbExecutor, DbParams, JobKeyMode, JobSpec, TaskHandler, WorkerUtils,
};
use sha2::{Digest, Sha256};
use tokio::runtime::Runtime;
use vibelux::library::{LibraryAddress, PlannedSong, PostgresAddress};

use crate::error::WorkerError;
use crate::task::{FinishTask, SongTask};

/// The schema of the queue's tables, beside the library's.
pub(crate) const SCHEMA: &str = "vibelux_jobs";

/// So many jobs are written at a time.
const BATCH: usize = 1000;

/// Connections that only put jobs in and count them.
const CONNECTIONS: usize = 2;

/// The queue of a library. Its calls wait for the server.
#[derive(Debug)]
pub struct Queue {
    runtime: Runtime,
    database: Database,
    library: String,
}

/// How many songs are where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct QueueState {
    /// They wait for a worker.
    pub waiting: usize,
    /// Workers have them.
    pub running: usize,
    /// They were tried so often that nobody tries again, as their files were on no machine.
    pub given_up: usize,
    /// Whether there is still to be done what is done when all songs are.
    pub finishing: bool,
}

impl QueueState {
    /// Whether somebody will do something.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.has_songs() && !self.finishing
    }

    pub(crate) fn has_songs(&self) -> bool {
        self.waiting + self.running > 0
    }
}

impl Queue {
    /// Opens the queue of a library, and makes it if there is none.
    ///
    /// # Errors
    /// [`WorkerError::NoServer`] if the library is a file, [`WorkerError::Queue`] if its server does not answer.
    pub fn open(library: &LibraryAddress) -> Result<Self, WorkerError> {
        let server = server(library)?;
        let builder = &mut tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_all().build();
        let runtime = runtime.map_err(|source| WorkerError::Start { source })?;
        // The pool of connections must be made where it is used.
        let guard = runtime.enter();
        let database = connect(server, CONNECTIONS)?;
        drop(guard);
        let this = Self {
            runtime,
            database,
            library: server.to_string(),
        };
        this.wait(this.utils().migrate())?;
        Ok(this)
    }

    /// Puts songs in, which workers with this model will embed; those that are in already are not put in again. `progress` is
    /// told how many are in.
    ///
    /// # Errors
    /// If the server does not take them: those before are in.
    pub fn add(
        &self,
        songs: &[PlannedSong],
        model: &str,
        mut progress: impl FnMut(usize),
    ) -> Result<(), WorkerError> {
        let utils = self.utils();
        for (number, batch) in songs.chunks(BATCH).enumerate() {
            let tasks: Vec<(SongTask, JobSpec)> = batch
                .iter()
                .map(|song| (SongTask::new(&song.found, song.work, model), spec(song)))
                .collect();
            let jobs: Vec<(SongTask, &JobSpec)> = tasks
                .iter()
                .map(|(task, spec)| (task.clone(), spec))
                .collect();
            self.wait(utils.add_jobs::<SongTask>(&jobs))?;
            progress(number * BATCH + batch.len());
        }
        self.wait(add_finish(&utils, model, Duration::ZERO))
    }

    /// How many songs are where.
    ///
    /// # Errors
    /// If the server does not answer.
    pub fn state(&self) -> Result<QueueState, WorkerError> {
        self.wait(state(&self.database))
    }

    /// Lets the songs be tried again that were given up; returns how many.
    ///
    /// # Errors
    /// If the server does not answer.
    pub fn retry(&self) -> Result<usize, WorkerError> {
        let songs = SongTask::IDENTIFIER;
        let retry = |which: &str| {
            format!(
                "UPDATE {SCHEMA}._private_jobs SET attempts = 0, run_at = now()
                 WHERE locked_by IS NULL AND attempts >= max_attempts
                     AND task_id IN (SELECT id FROM {SCHEMA}._private_tasks WHERE identifier {which} '{songs}')"
            )
        };
        let execute = |sql: &str| self.wait(self.database.execute(sql, DbParams::default()));
        execute(&retry("<>"))?;
        Ok(usize::try_from(execute(&retry("="))?).unwrap_or(usize::MAX))
    }

    fn utils(&self) -> WorkerUtils {
        WorkerUtils::new(self.database.clone(), SCHEMA)
    }

    fn wait<T, E: std::fmt::Display>(
        &self,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, WorkerError> {
        self.runtime
            .block_on(work)
            .map_err(|error| WorkerError::Queue {
                library: self.library.clone(),
                reason: error.to_string(),
            })
    }
}

/// The server that a library is on.
pub(crate) fn server(library: &LibraryAddress) -> Result<&PostgresAddress, WorkerError> {
    match library {
        LibraryAddress::Postgres(server) => Ok(server),
        LibraryAddress::File(file) => Err(WorkerError::NoServer {
            library: file.clone(),
        }),
    }
}

/// Connections for the queue.
pub(crate) fn connect(
    server: &PostgresAddress,
    connections: usize,
) -> Result<Database, WorkerError> {
    let error = |reason: String| WorkerError::Queue {
        library: server.to_string(),
        reason,
    };
    let config = server.config().map_err(|cause| error(cause.to_string()))?;
    let database = TokioPostgresDatabase::from_config(config, connections);
    Ok(database.map_err(|cause| error(cause.to_string()))?.into())
}

/// How many songs are where.
pub(crate) async fn state(database: &Database) -> Result<QueueState, DbError> {
    let songs = SongTask::IDENTIFIER;
    let sql = format!(
        "SELECT count(*) FILTER (WHERE task_identifier = '{songs}' AND locked_by IS NULL AND attempts < max_attempts) AS waiting,
             count(*) FILTER (WHERE task_identifier = '{songs}' AND locked_by IS NOT NULL) AS running,
             count(*) FILTER (WHERE task_identifier = '{songs}' AND locked_by IS NULL AND attempts >= max_attempts) AS given_up,
             count(*) FILTER (WHERE task_identifier <> '{songs}' AND attempts < max_attempts) AS finishing
         FROM {SCHEMA}.jobs"
    );
    let row = database.fetch_one(&sql, DbParams::default()).await?;
    let count = |column: &str| -> Result<usize, DbError> {
        let count: i64 = row.try_get(column)?;
        Ok(usize::try_from(count).unwrap_or(0))
    };
    Ok(QueueState {
        waiting: count("waiting")?,
        running: count("running")?,
        given_up: count("given_up")?,
        finishing: count("finishing")? > 0,
    })
}

/// Puts in what is to be done when all songs are, once.
pub(crate) async fn add_finish(
    utils: &WorkerUtils,
    model: &str,
    delay: Duration,
) -> Result<(), graphile_worker::errors::GraphileWorkerError> {
    let task = FinishTask {
        model: model.to_owned(),
    };
    let spec = JobSpec::builder()
        .job_key(FinishTask::IDENTIFIER)
        .job_key_mode(JobKeyMode::Replace)
        // After the songs.
        .priority(10)
        .run_at(SystemTime::now() + delay)
        .build();
    utils.add_job(task, spec).await.map(drop)
}

/// Of each song there is one job: by the digest of its path, as keys cannot be as long as paths.
fn spec(song: &PlannedSong) -> JobSpec {
    let path: &PathBuf = &song.found.path;
    let digest: [u8; 32] = Sha256::digest(path.as_os_str().as_encoded_bytes()).into();
    let (key, _) = digest.split_at(16);
    let key = key.iter().fold(0, |key, &byte| key << 8 | u128::from(byte));
    JobSpec::builder()
        .job_key(format!("{key:032x}"))
        .job_key_mode(JobKeyMode::Replace)
        .build()
}
