//! The commands that put songs on music servers, as a user runs them.

#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

mod music_assistant;
mod subsonic;

/// All that a command said.
fn said(output: &assert_cmd::assert::Assert) -> String {
    let output = output.get_output();
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}
