//! Ctrl-C, heard from the moment on at which somebody listens, not from when he first waits for it.

use std::io;

/// Hears every Ctrl-C since it was made. Until then, Ctrl-C ends the program on the spot.
#[derive(Debug)]
pub struct CtrlC(
    #[cfg(unix)] tokio::signal::unix::Signal,
    #[cfg(windows)] tokio::signal::windows::CtrlC,
);

impl CtrlC {
    /// Listens from now on; inside of a runtime.
    ///
    /// # Errors
    /// If the system lets nobody listen.
    pub fn listen() -> io::Result<Self> {
        #[cfg(unix)]
        return tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt()).map(Self);
        #[cfg(windows)]
        return tokio::signal::windows::ctrl_c().map(Self);
    }

    /// Waits for one, or takes one that was pressed before.
    pub async fn pressed(&mut self) {
        self.0.recv().await;
    }
}
