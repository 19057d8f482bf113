//! Ctrl-C in commands that work for long: the first asks to stop, the second stops.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;

/// The shell's convention for a program ended by SIGINT: 128 + 2.
pub const INTERRUPTED: u8 = 130;

/// The flag that Ctrl-C raises, saying `message`. A second Ctrl-C ends the program at once, which is
/// safe too: what is stored stays.
///
/// # Errors
/// If the system lets nobody listen.
pub fn stop_on_ctrl_c(message: &'static str) -> anyhow::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let raised = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        if raised.swap(true, Ordering::Relaxed) {
            std::process::exit(i32::from(INTERRUPTED));
        }
        crate::tell!("\n{message}; press Ctrl-C again to stop at once");
    })
    .context("cannot listen for Ctrl-C")?;
    Ok(stop)
}
