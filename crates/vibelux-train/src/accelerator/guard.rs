//! Turns the framework's panics into errors: burn and the drivers below it report a missing card, a
//! full memory or a kernel that does not compile by panicking.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `work`; what it says if it panics.
///
/// The caller must not use again what `work` was changing.
pub(super) fn guarded<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| Err(message(&*payload)))
}

/// The same without a panic's report on stderr, and with the first panic's message, which may come
/// from a thread of the framework and name the cause.
///
/// Replaces the process's panic hook meanwhile, so it is for the start of a run only, where a
/// missing card is an ordinary answer.
#[cfg(any(feature = "gpu", feature = "cuda"))]
pub(super) fn guarded_quietly<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    use std::sync::{Arc, OnceLock};

    let first = Arc::new(OnceLock::new());
    let seen = Arc::clone(&first);
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        seen.get_or_init(|| message(info.payload()));
    }));
    let result = guarded(work);
    std::panic::set_hook(hook);
    result.map_err(|reason| first.get().cloned().unwrap_or(reason))
}

fn message(payload: &(dyn Any + Send)) -> String {
    payload
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| payload.downcast_ref::<&str>().map(|&s| s.to_owned()))
        .unwrap_or_else(|| "an error without a message".to_owned())
}
