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

/// Registry sources lie in one folder, wherever cargo's home is. Where the standard library panics, who
/// called it decides.
fn is_of_others(panic: &PanicHookInfo<'_>) -> bool {
    const OTHERS: &str = "/registry/src/";
    let file = panic.location().map_or("", |at| at.file());
    if file.contains("/crates/vibelux") || file.starts_with("src/") {
        return false;
    }
    file.contains(OTHERS)
        || Backtrace::force_capture()
            .to_string()
            .lines()
            .filter(|line| line.trim_start().starts_with("at "))
            .find(|line| line.contains(OTHERS) || line.contains("/crates/vibelux"))
            .is_some_and(|line| line.contains(OTHERS))
}

/// Hides an installed ffmpeg: it is another program, which others fuzz, and slow to start.
pub(crate) fn without_ffmpeg() {
    static ONCE: Once = Once::new();
    // SAFETY: libFuzzer calls targets from one thread, and no other one reads the environment.
    ONCE.call_once(|| unsafe { std::env::set_var("PATH", "") });
}
