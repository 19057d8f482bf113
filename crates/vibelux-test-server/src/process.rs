//! What starting a server takes, whichever it is.

use std::ffi::OsStr;
use std::io;
use std::net::TcpListener;
use std::process::Command;

/// Whether the tests run as root, as in most containers.
#[cfg(unix)]
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Whether the tests run as root, as in most containers.
#[cfg(not(unix))]
pub(crate) fn is_root() -> bool {
    false
}

/// Runs a command to its end, which must be a good one.
pub(crate) fn succeed(command: &mut Command) -> io::Result<()> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(());
    }
    let program = command.get_program().to_string_lossy().into_owned();
    let arguments: Vec<&OsStr> = command.get_args().collect();
    let said = String::from_utf8_lossy(&output.stderr);
    let said = format!("{program} {arguments:?}: {said}");
    Err(io::Error::other(said))
}

pub(crate) fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
