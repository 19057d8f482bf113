//! Where a finished run keeps its weights.

use std::path::{Path, PathBuf};

/// The weights file of a run folder; a file is one itself.
pub(crate) fn weights_file(run: &Path) -> PathBuf {
    if run.is_file() {
        run.to_owned()
    } else {
        run.join("weights.safetensors")
    }
}
