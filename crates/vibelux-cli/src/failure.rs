//! What a command says when it fails: a sentence to standard error, with `--json` also a code and the
//! sentence to standard output, and the exit code.

use std::ffi::OsStr;
use std::fmt;
use std::io::{self, ErrorKind};
use std::process::ExitCode;

use serde::Serialize;
use vibelux::audio::AudioError;
use vibelux::error_text::with_causes;
use vibelux::face::FaceError;
use vibelux::library::LibraryError;
use vibelux::model::ModelError;
use vibelux_train::dataset::DatasetError;

use crate::output;

/// Exit code of what could not run.
const COULD_NOT_RUN: u8 = 2;

/// Exit code when no face was found.
const NO_FACE: u8 = 3;

/// Nobody is in the picture or before the camera; says where and what to try.
#[derive(Debug)]
pub struct NoFace(pub String);

impl fmt::Display for NoFace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NoFace {}

/// The answer of a command that failed.
#[derive(Debug, Serialize)]
struct ErrorAnswer<'a> {
    error: ErrorReason<'a>,
}

#[derive(Debug, Serialize)]
struct ErrorReason<'a> {
    code: &'static str,
    message: &'a str,
}

/// Whether the command line asks for JSON. Looked for in the raw words, as it also holds for a line that
/// cannot be parsed.
pub fn wants_json(words: impl Iterator<Item = impl AsRef<OsStr>>) -> bool {
    // What comes after two dashes is no flag.
    let mut flags = words.take_while(|word| word.as_ref() != "--");
    flags.any(|word| word.as_ref() == "--json")
}

/// Tells why a command failed.
pub fn tell_error(error: &anyhow::Error, json: bool) -> ExitCode {
    let mut message = with_causes(error.as_ref());
    if let Some(advice) = advice(error, &message) {
        message = format!("{message}; {advice}");
    }
    crate::tell!("vibelux: {message}");
    answer(code(error), &message, json);
    ExitCode::from(if error.is::<NoFace>() {
        NO_FACE
    } else {
        COULD_NOT_RUN
    })
}

/// What to do about what the system said, where the message ends with it: others say more.
fn advice(error: &anyhow::Error, message: &str) -> Option<&'static str> {
    let mut causes = error.chain();
    let system = causes.find_map(|cause| cause.downcast_ref::<io::Error>())?;
    let said = system.to_string();
    // The system's own words end with their number.
    if !(said.contains("(os error ") && message.ends_with(&said)) {
        return None;
    }
    match system.kind() {
        ErrorKind::NotFound => Some("check the path"),
        ErrorKind::IsADirectory => Some("name a file instead of the folder"),
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
            Some("a file stands where a folder should be; name another place")
        }
        ErrorKind::PermissionDenied => Some("see whose it is, or name another place"),
        _ => None,
    }
}

/// Tells of a panic.
pub fn tell_panic(panic: &str, json: bool) -> ExitCode {
    let message = format!("this is a mistake in vibelux, please report it: {panic}");
    crate::tell!("vibelux: {message}");
    answer("broken", &message, json);
    ExitCode::from(COULD_NOT_RUN)
}

/// Tells what cannot be understood of the command line, or the help if that is what it asks for.
pub fn tell_usage(error: &clap::Error, json: bool) -> ExitCode {
    // A closed terminal is nobody to tell.
    let _ = error.print();
    if error.use_stderr() {
        let text = error.to_string();
        // The tips too, but not how the command is used.
        let end = ["\n\nUsage:", "\n\nFor more"]
            .iter()
            .filter_map(|part| text.find(part))
            .min();
        let message = text[..end.unwrap_or(text.len())].trim();
        answer("usage", message.trim_start_matches("error: "), json);
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(COULD_NOT_RUN))
}

/// Prints the error where an answer is waited for; not after one, as two are no JSON.
fn answer(code: &'static str, message: &str, json: bool) {
    if json && !output::has_answered() {
        let error = ErrorReason { code, message };
        // The sentence and the exit code tell it anyway.
        let _ = output::print_json(&ErrorAnswer { error });
    }
}

/// What kind of error it is, for programs: that of the first cause that has one.
fn code(error: &anyhow::Error) -> &'static str {
    let code = |cause: &(dyn std::error::Error + 'static)| {
        if let Some(error) = cause.downcast_ref::<LibraryError>() {
            Some(error.code())
        } else if let Some(error) = cause.downcast_ref::<FaceError>() {
            Some(error.code())
        } else if let Some(error) = cause.downcast_ref::<ModelError>() {
            Some(error.code())
        } else if cause.is::<AudioError>() {
            Some("song")
        } else if cause.is::<DatasetError>() {
            Some("data_set")
        } else if cause.is::<NoFace>() {
            Some("no_face")
        } else {
            None
        }
    };
    error.chain().find_map(code).unwrap_or("failed")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use anyhow::Context;

    #[test]
    fn json_is_asked_for_by_a_flag() {
        assert!(wants_json(["vibelux", "embed", "--json", "x"].iter()));
        assert!(!wants_json(["vibelux", "embed", "x"].iter()));
        assert!(!wants_json(["vibelux", "embed", "--", "--json"].iter()));
    }

    #[test]
    fn what_the_system_says_gets_advice() {
        let system = fs::read("no such file.png").unwrap_err();
        let told = Err::<(), _>(system).context("me.png").unwrap_err();
        let advice = |error: &anyhow::Error| advice(error, &with_causes(error.as_ref()));
        assert_eq!(advice(&told), Some("check the path"));
        let own = io::Error::new(
            ErrorKind::NotFound,
            "its folder is not there; make it first",
        );
        assert_eq!(advice(&own.into()), None);
        assert_eq!(advice(&NoFace("nobody".to_owned()).into()), None);
        // Who says more than the system needs no advice.
        let folder = LibraryError::Folder {
            path: "a.jpg/l.db".into(),
            folder: "a.jpg".into(),
            source: fs::read("no such file.png").unwrap_err(),
        };
        assert_eq!(advice(&folder.into()), None);
    }

    #[test]
    fn causes_have_codes_however_deep_they_are() {
        let io = || io::Error::from(ErrorKind::NotFound);
        let library = LibraryError::Thread { source: io() };
        let deep = Err::<(), _>(library)
            .context("while embedding")
            .unwrap_err();
        assert_eq!(code(&deep), "library");
        assert_eq!(
            with_causes(deep.as_ref()).matches("cannot start").count(),
            1
        );
        assert_eq!(code(&NoFace("nobody".to_owned()).into()), "no_face");
        let picture = FaceError::EmptyPicture { path: "a".into() };
        assert_eq!(code(&picture.into()), "empty_picture");
        assert_eq!(code(&io().into()), "failed");
    }
}
