//! [`secret`]: passwords and keys, which do not belong on a command line that everybody on the computer can read.

use std::path::Path;

use anyhow::Context;

use crate::output;

/// The first line of a file, or what an environment variable holds; `None` where there is neither.
///
/// # Errors
/// If the file cannot be read or is empty.
pub fn secret(file: Option<&Path>, variable: &str) -> anyhow::Result<Option<String>> {
    let Some(file) = file else {
        return Ok(std::env::var(variable)
            .ok()
            .filter(|secret| !secret.is_empty()));
    };
    let shown = output::readable(file);
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {shown}"))?;
    let line = text.lines().next().unwrap_or_default().trim();
    anyhow::ensure!(
        !line.is_empty(),
        "{shown} is empty; write the secret into its first line"
    );
    Ok(Some(line.to_owned()))
}
