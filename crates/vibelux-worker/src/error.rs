//! [`WorkerError`]: why there can be no queue or no worker.

use std::path::PathBuf;

use vibelux::library::LibraryError;

/// What can go wrong with a queue and its workers. A song that cannot be embedded is not among these.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkerError {
    /// The library cannot be read or written.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// The library is a file.
    #[error(
        "{library} is a file; a queue needs a library on a server: --library postgres://USER@HOST/DATABASE"
    )]
    NoServer {
        /// The file.
        library: PathBuf,
    },
    /// The queue does not answer.
    #[error("{library}: the queue cannot be used ({reason})")]
    Queue {
        /// The library's address.
        library: String,
        /// Why.
        reason: String,
    },
    /// File after file is not on this machine.
    #[error(
        "{song} and the songs before it are not on this machine at {file}; say with --map FROM=TO where they are"
    )]
    FilesAbsent {
        /// The last of them, as the library has it.
        song: PathBuf,
        /// Where it was looked for.
        file: PathBuf,
    },
    /// A place to which paths are mapped is not there.
    #[error("{folder}: there is no such folder on this machine; correct --map")]
    NoFolder {
        /// The place.
        folder: PathBuf,
    },
    /// The system gives no thread or no socket.
    #[error("cannot start: {source}")]
    Start {
        /// Why.
        source: std::io::Error,
    },
}
