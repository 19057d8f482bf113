//! Text for the user: what goes to standard output, and how paths are shown.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
use serde::Serialize;
use vibelux::error_text::without_path;

/// Writes a result to standard output. A reader that has seen enough (`| head`) is no error.
///
/// # Errors
/// Any other failure, such as a full disk behind a redirection.
pub fn print(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(anyhow::Error::from(error).context("standard output"))
        }
        _ => Ok(()),
    }
}

/// Whether a JSON answer was printed.
static ANSWERED: AtomicBool = AtomicBool::new(false);

/// Writes an answer as indented JSON to standard output.
///
/// # Errors
/// As [`print`].
pub fn print_json(answer: &impl Serialize) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(answer)?;
    ANSWERED.store(true, Ordering::Relaxed);
    print(&format!("{text}\n"))
}

/// Whether [`print_json`] has printed something.
pub fn has_answered() -> bool {
    ANSWERED.load(Ordering::Relaxed)
}

/// Makes a folder for results, and those above it.
///
/// # Errors
/// With the path, if it cannot be made.
pub fn make_folder(dir: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(dir).with_context(|| readable(dir))
}

/// Names the files that could not be used, and why.
pub fn tell_left_out(failed: &[(PathBuf, String)]) {
    for (path, reason) in failed {
        let reason = without_path(path, reason);
        crate::tell!("left out: {}: {reason}", readable(path));
    }
}

/// A path for reading, not for opening: control characters, which could rewrite the terminal, and
/// bytes that are no text are replaced.
pub fn readable(path: &Path) -> String {
    path.to_string_lossy()
        .chars()
        .map(|c| if c.is_control() { '\u{FFFD}' } else { c })
        .collect()
}

/// `1 song`, `2 songs`.
pub fn songs(count: usize) -> String {
    counted(count, "song")
}

/// `1 thing`, `2 things`, for a word that takes an s.
pub fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// `, 2 moved, 1 copied` of the counts that are not 0, to go on a sentence with.
pub fn and_counts(counts: &[(usize, &str)]) -> String {
    let counts = counts.iter().filter(|(count, _)| *count > 0);
    counts
        .map(|(count, what)| format!(", {count} {what}"))
        .collect()
}

/// So many paths are named where there may be thousands.
const NAMED: usize = 5;

/// The first paths of a list, and how many more there are.
pub fn listed(paths: &[PathBuf]) -> String {
    let named: Vec<String> = paths
        .iter()
        .take(NAMED)
        .map(|path| readable(path))
        .collect();
    let more = match paths.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", named.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_write_escape_sequences() {
        assert_eq!(
            readable(Path::new("/a\u{1b}[2J\nb")),
            "/a\u{FFFD}[2J\u{FFFD}b"
        );
    }
}
