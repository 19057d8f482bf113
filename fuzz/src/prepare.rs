//! What a target does once, before its first input.

use std::backtrace::Backtrace;
use std::panic::{PanicHookInfo, set_hook};
use std::sync::Once;

/// Leaves panics inside decoders of others to the guards that are there for them, and ends the process at
/// every other: libFuzzer's own hook would end it at each, contained or not. A panic of others that no
/// guard stops still ends it, as it comes back to libFuzzer.
pub fn prepare() {
    set_hook(Box::new(|panic| {
        if !is_of_others(panic) {
            eprintln!("{panic}\n{}", Backtrace::force_capture());
            std::process::abort();
        }
    }));
}

/// Registry sources lie in one folder, wherever cargo's home is.
fn is_of_others(panic: &PanicHookInfo<'_>) -> bool {
    let file = panic.location().map_or("", |at| at.file());
    file.replace('\\', "/").contains("/registry/src/")
}

/// Hides an installed ffmpeg: it is another program, which others fuzz, and slow to start.
pub(crate) fn without_ffmpeg() {
    static ONCE: Once = Once::new();
    // SAFETY: libFuzzer calls targets from one thread, and no other one reads the environment.
    ONCE.call_once(|| unsafe { std::env::set_var("PATH", "") });
}
