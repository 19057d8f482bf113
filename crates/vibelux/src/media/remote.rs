//! [`RemoteFile`]: a file on an S3 bucket or a web server, of which only what is read travels; and [`list`], what is in a folder
//! there. The client is `object_store`, which repeats what fails for a moment; the environment tells it the keys of buckets.

use std::collections::{HashMap, HashSet};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use futures_util::TryStreamExt;
use object_store::aws::AmazonS3Builder;
use object_store::http::HttpBuilder;
use object_store::path::Path as ObjectPath;
use object_store::{
    ClientOptions, Error, GetOptions, ObjectMeta, ObjectStore, ObjectStoreExt, RetryConfig,
};
use percent_encoding::percent_decode_str;
use tokio::runtime::Runtime;

use super::address::join;
use super::blocks::Blocks;
use super::facts::{Found, Listing, MediaFacts};
use crate::error_text::with_causes;

/// A request that fails for a moment is repeated so often and for so long.
const MOST_RETRIES: usize = 4;
const RETRY_TIMEOUT: Duration = Duration::from_secs(60);

/// One request may take so long.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// So many files are kept open, with what was read of them, as a song is opened once for its tags, once to name its sound and
/// once to be heard; for so long it is not asked whether they have changed.
const MOST_RECENT: usize = 8;
const RECENT: Duration = Duration::from_secs(60);

/// What travelled since the program began.
static REQUESTS: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);

/// What travelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// So many requests were made, without those that were repeated.
    pub requests: u64,
    /// So many bytes of files came.
    pub bytes: u64,
}

/// What travelled since the program began.
#[must_use]
pub fn traffic() -> Traffic {
    Traffic {
        requests: REQUESTS.load(Ordering::Relaxed),
        bytes: BYTES.load(Ordering::Relaxed),
    }
}

/// An open file somewhere else.
#[derive(Debug)]
pub(super) struct RemoteFile {
    shelf: Arc<Shelf>,
    position: u64,
}

/// What readers of one file share.
#[derive(Debug)]
struct Shelf {
    place: Place,
    facts: MediaFacts,
    /// Names this state of the file, if the server does.
    tag: Option<String>,
    opened: Instant,
    blocks: Mutex<Blocks>,
}

impl RemoteFile {
    /// Opens the file at an address.
    pub fn open(address: &Path) -> io::Result<Self> {
        static RECENTLY: Mutex<Vec<Arc<Shelf>>> = Mutex::new(Vec::new());
        let place = Place::of(address)?;
        {
            let mut recently = lock(&RECENTLY);
            recently.retain(|shelf| shelf.opened.elapsed() < RECENT);
            if let Some(shelf) = recently.iter().find(|shelf| shelf.place == place) {
                return Ok(Self::at(shelf));
            }
        }
        let meta = place.head()?;
        let shelf = Arc::new(Shelf {
            place,
            facts: facts(&meta),
            tag: strong(meta.e_tag.as_deref()),
            opened: Instant::now(),
            blocks: Mutex::new(Blocks::new(meta.size)),
        });
        let mut recently = lock(&RECENTLY);
        if recently.len() >= MOST_RECENT {
            recently.remove(0);
        }
        recently.push(Arc::clone(&shelf));
        Ok(Self::at(&shelf))
    }

    fn at(shelf: &Arc<Shelf>) -> Self {
        Self {
            shelf: Arc::clone(shelf),
            position: 0,
        }
    }

    pub fn facts(&self) -> MediaFacts {
        self.shelf.facts
    }
}

impl Read for RemoteFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Shelf {
            place, blocks, tag, ..
        } = &*self.shelf;
        let count = lock(blocks).read(self.position, buffer, |range| {
            let (store, path) = (place.store()?, place.path.clone());
            let options = GetOptions {
                range: Some(range.into()),
                ..GetOptions::default()
            };
            let (now, bytes) = wait(async move {
                let found = store.get_opts(&path, options).await?;
                Ok((strong(found.meta.e_tag.as_deref()), found.bytes().await?))
            })?;
            if now != *tag {
                return Err(io::Error::other("it was replaced while it was read"));
            }
            BYTES.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            Ok(bytes)
        })?;
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for RemoteFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
            SeekFrom::End(by) => self.shelf.facts.size_bytes.checked_add_signed(by),
        };
        self.position = place.ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidInput, "a place before the beginning")
        })?;
        Ok(self.position)
    }
}

/// As [`super::list`].
pub(super) fn list(address: &Path) -> io::Result<Listing> {
    let place = Place::of(address)?;
    let mut absent = None;
    if !place.is_folder {
        match place.head() {
            Ok(meta) => return Ok(Listing::File(place.found(&meta))),
            // Some servers of buckets keep folders and say something else than "not found" of them.
            Err(error) if place.is_bucket() => absent = Some(error),
            Err(error) => return Err(error),
        }
    }
    let (store, path) = (place.store()?, place.path.clone());
    let is_bucket = place.is_bucket();
    let listed = wait(async move {
        let below = (!path.as_ref().is_empty()).then_some(path);
        match store.list(below.as_ref()).try_collect::<Vec<_>>().await {
            // Apache lists no folder with all below it unless it is told to.
            Err(Error::PermissionDenied { .. } | Error::Generic { .. }) if !is_bucket => {
                list_by_folder(&*store, below).await
            }
            listed => listed,
        }
    });
    let mut found: Vec<Found> = listed
        .map_err(|error| place.unlisted(error))?
        .iter()
        .map(|meta| place.found(meta))
        .collect();
    match absent {
        Some(error) if found.is_empty() && error.kind() == io::ErrorKind::NotFound => {
            let said = "no such object, and no folder of this name";
            return Err(io::Error::new(error.kind(), said));
        }
        Some(error) if found.is_empty() => return Err(error),
        _ => {}
    }
    found.sort_unstable_by(|a, b| a.address.cmp(&b.address));
    Ok(Listing::Folder(place.address(&place.path), found))
}

/// All files below a folder, a request for each folder.
async fn list_by_folder(
    store: &dyn ObjectStore,
    from: Option<ObjectPath>,
) -> object_store::Result<Vec<ObjectMeta>> {
    let mut folders = vec![from];
    let mut known = HashSet::new();
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        let listed = store.list_with_delimiter(folder.as_ref()).await?;
        REQUESTS.fetch_add(1, Ordering::Relaxed);
        files.extend(listed.objects);
        let below = listed.common_prefixes.into_iter();
        folders.extend(below.filter(|below| known.insert(below.clone())).map(Some));
    }
    Ok(files)
}

/// An address, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    /// `s3://bucket` or `https://host:port`.
    root: String,
    path: ObjectPath,
    is_folder: bool,
}

impl Place {
    fn of(address: &Path) -> io::Result<Self> {
        let bad = |why: &str| io::Error::new(io::ErrorKind::InvalidInput, why.to_owned());
        let text = address.to_str().ok_or_else(|| bad("no UTF-8 text"))?;
        let (scheme, rest) = text.split_once("://").ok_or_else(|| bad("no address"))?;
        let scheme = scheme.to_ascii_lowercase();
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        if host.is_empty() {
            return Err(bad("it names no bucket or host"));
        }
        let is_bucket = scheme == "s3";
        let path_text = path.trim_end_matches('/');
        let parsed = if is_bucket {
            ObjectPath::parse(path_text)
        } else {
            if host.contains('@') {
                return Err(bad(
                    "names and passwords in addresses are not taken, as they would stand in the library",
                ));
            }
            if path.contains(['?', '#']) {
                return Err(bad("addresses with ? or # are not taken"));
            }
            let decoded = percent_decode_str(path_text).decode_utf8();
            ObjectPath::parse(decoded.map_err(|_| bad("no UTF-8 text"))?)
        };
        Ok(Self {
            root: format!(
                "{scheme}://{}",
                if is_bucket {
                    host.to_owned()
                } else {
                    host.to_ascii_lowercase()
                }
            ),
            path: parsed.map_err(|error| bad(&error.to_string()))?,
            is_folder: path.is_empty() || path.ends_with('/'),
        })
    }

    fn is_bucket(&self) -> bool {
        self.root.starts_with("s3:")
    }

    /// The address of something on the same server or bucket.
    fn address(&self, path: &ObjectPath) -> PathBuf {
        join(Path::new(&self.root), Path::new(path.as_ref()))
    }

    fn found(&self, meta: &ObjectMeta) -> Found {
        Found {
            address: self.address(&meta.location),
            facts: facts(meta),
        }
    }

    fn head(&self) -> io::Result<ObjectMeta> {
        let (store, path) = (self.store()?, self.path.clone());
        wait(async move { store.head(&path).await })
    }

    /// What else an error of a listing says.
    fn unlisted(&self, error: io::Error) -> io::Error {
        if self.is_bucket() {
            return error;
        }
        io::Error::new(
            error.kind(),
            format!(
                "{error}; only servers that speak WebDAV list their folders, of others name each file"
            ),
        )
    }

    /// The client of this server or bucket, made once.
    fn store(&self) -> io::Result<Arc<dyn ObjectStore>> {
        static STORES: Mutex<Option<HashMap<String, Arc<dyn ObjectStore>>>> = Mutex::new(None);
        let mut stores = lock(&STORES);
        let stores = stores.get_or_insert_default();
        if let Some(store) = stores.get(&self.root) {
            return Ok(Arc::clone(store));
        }
        let store = self.connect().map_err(io_error)?;
        stores.insert(self.root.clone(), Arc::clone(&store));
        Ok(store)
    }

    fn connect(&self) -> object_store::Result<Arc<dyn ObjectStore>> {
        // An error says that there is one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let retry = RetryConfig {
            max_retries: MOST_RETRIES,
            retry_timeout: RETRY_TIMEOUT,
            ..RetryConfig::default()
        };
        let options = ClientOptions::new()
            .with_allow_http(true)
            .with_timeout(REQUEST_TIMEOUT)
            .with_connect_timeout(CONNECT_TIMEOUT);
        Ok(match self.root.strip_prefix("s3://") {
            Some(bucket) => Arc::new(
                AmazonS3Builder::from_env()
                    .with_bucket_name(bucket)
                    .with_client_options(options)
                    .with_retry(retry)
                    .build()?,
            ),
            None => Arc::new(
                HttpBuilder::new()
                    .with_url(&self.root)
                    .with_client_options(options)
                    .with_retry(retry)
                    .build()?,
            ),
        })
    }
}

/// The tag of a state, whether the server vouches for each byte or not: some do so only after a second.
fn strong(tag: Option<&str>) -> Option<String> {
    tag.map(|tag| tag.trim_start_matches("W/").to_owned())
}

fn facts(meta: &ObjectMeta) -> MediaFacts {
    MediaFacts {
        size_bytes: meta.size,
        modified: meta.last_modified.into(),
        is_file: true,
    }
}

/// Waits for a request. It runs on a thread of its own, so that whoever waits may be anybody, also another runtime's thread.
fn wait<T: Send + 'static>(
    request: impl Future<Output = object_store::Result<T>> + Send + 'static,
) -> io::Result<T> {
    static RUNTIME: OnceLock<io::Result<Runtime>> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| {
        let builder = &mut tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(1).enable_all().build()
    });
    let runtime = runtime
        .as_ref()
        .map_err(|error| io::Error::new(error.kind(), error.to_string()))?;
    let (sender, receiver) = mpsc::sync_channel(1);
    runtime.spawn(async move {
        // Nobody but the one below waits for it.
        let _ = sender.send(request.await);
    });
    REQUESTS.fetch_add(1, Ordering::Relaxed);
    receiver
        .recv()
        .map_err(|_| io::Error::other("the request was given up"))?
        .map_err(io_error)
}

/// What a client says, in one line.
fn io_error(error: Error) -> io::Error {
    let kind = match &error {
        Error::NotFound { .. } => io::ErrorKind::NotFound,
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => {
            io::ErrorKind::PermissionDenied
        }
        Error::InvalidPath { .. } => io::ErrorKind::InvalidInput,
        Error::NotSupported { .. } => {
            let said = "its server gives no parts of files (HTTP range requests)";
            return io::Error::new(io::ErrorKind::Unsupported, said);
        }
        _ => io::ErrorKind::Other,
    };
    let said = with_causes(&error).replace('\n', " ");
    // Some servers send a page with it.
    let said = said.split("<!").next().unwrap_or_default();
    io::Error::new(kind, said.trim_end_matches([' ', ':']).to_owned())
}

fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(address: &str) -> Place {
        Place::of(Path::new(address)).unwrap()
    }

    #[test]
    fn addresses_have_one_form() {
        let shown = |address: &str| {
            let place = place(address);
            place.address(&place.path).display().to_string()
        };
        assert_eq!(shown("s3://Bucket/A & B/1.mp3"), "s3://Bucket/A & B/1.mp3");
        assert_eq!(shown("s3://bucket/"), "s3://bucket");
        assert_eq!(
            shown("HTTP://Host:8080/A%20&%20B/1.mp3"),
            "http://host:8080/A%20%26%20B/1.mp3"
        );
        for (address, folder) in [("s3://b", true), ("s3://b/a/", true), ("http://h/a", false)] {
            assert_eq!(place(address).is_folder, folder, "{address}");
        }
    }

    #[test]
    fn what_cannot_be_asked_for_is_refused() {
        for (address, why) in [
            ("s3:///a.mp3", "names no bucket"),
            ("http://", "names no bucket or host"),
            ("s3://b/a//b.mp3", "empty"),
            ("http://u:p@h/a.mp3", "passwords"),
            ("http://h/a.mp3?token=1", "?"),
            ("http://h/%ff.mp3", "UTF-8"),
        ] {
            let error = Place::of(Path::new(address)).unwrap_err();
            assert!(error.to_string().contains(why), "{address}: {error}");
        }
    }
}
