//! Work that takes time, kept off the asynchronous threads.

use std::num::NonZeroUsize;

use crate::http::error::ApiError;

/// Runs `work` on a thread where waiting and computing hold nobody up.
///
/// # Errors
/// [`ApiError::Broken`] if it panicked.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ApiError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| ApiError::Broken)
}

/// How many cores there are.
pub fn core_count() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}
