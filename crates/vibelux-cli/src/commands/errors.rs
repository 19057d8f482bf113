//! `vibelux errors`: the songs that could not be analysed, since when, what to do, and when they are tried again.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use serde::Serialize;
use vibelux::error_text::without_path;
use vibelux::library::{Failure, FailureKind, Retry, unix_seconds};

use crate::json::path_text;
use crate::library_location::LibraryArgs;
use crate::output;

/// Flags of `vibelux errors`.
#[derive(Debug, clap::Args)]
pub struct ErrorsArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    library: LibraryArgs,
}

#[derive(Debug, Serialize)]
struct ErrorsAnswer {
    failures: Vec<SongFailure>,
}

#[derive(Debug, Serialize)]
struct SongFailure {
    path: String,
    reason: String,
    kind: FailureKind,
    advice: &'static str,
    since_unix_seconds: Option<u64>,
    attempts: u32,
    retry: RetryName,
    retry_unix_seconds: Option<u64>,
}

/// When a song is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum RetryName {
    EveryRun,
    Later,
    OnChange,
}

/// Runs the command.
pub fn run(args: ErrorsArgs) -> anyhow::Result<ExitCode> {
    let store = args.library.open_existing()?;
    let failures = store.failures()?;
    if args.json {
        let failures = failures.iter().map(SongFailure::of).collect();
        output::print_json(&ErrorsAnswer { failures })?;
    } else {
        output::print(&to_text(&failures, unix_seconds()))?;
    }
    Ok(ExitCode::SUCCESS)
}

impl SongFailure {
    fn of((path, failure): &(PathBuf, Failure)) -> Self {
        let (retry, rest) = match failure.kind.retry(failure.attempts) {
            Retry::EveryRun => (RetryName::EveryRun, None),
            Retry::After(rest) => (RetryName::Later, Some(rest)),
            Retry::Never => (RetryName::OnChange, None),
        };
        Self {
            path: path_text(path),
            reason: without_path(path, &failure.reason).to_owned(),
            kind: failure.kind,
            advice: failure.kind.advice(),
            since_unix_seconds: (failure.since_seconds > 0).then_some(failure.since_seconds),
            attempts: failure.attempts,
            retry,
            retry_unix_seconds: rest.map(|rest| failure.tried_seconds + rest.as_secs()),
        }
    }
}

/// The songs by what is to be done.
fn to_text(failures: &[(PathBuf, Failure)], now_seconds: u64) -> String {
    if failures.is_empty() {
        return "every song has a vector\n".to_owned();
    }
    let mut by_kind: BTreeMap<FailureKind, Vec<&(PathBuf, Failure)>> = BTreeMap::new();
    for failed in failures {
        by_kind.entry(failed.1.kind).or_default().push(failed);
    }
    let mut text = String::new();
    for (kind, failed) in by_kind {
        text += &format!("{}: {}\n", output::songs(failed.len()), kind.advice());
        for (path, failure) in failed {
            text += &format!(
                "  {}\n    {}\n    {}\n",
                output::readable(path),
                without_path(path, &failure.reason),
                history(failure, now_seconds)
            );
        }
    }
    text
}

/// Since when a song fails, how often it was tried, and when it is tried again.
fn history(failure: &Failure, now_seconds: u64) -> String {
    if failure.attempts == 0 {
        return "tried by an older version; tried with the next run".to_owned();
    }
    let since = match failure.since_seconds {
        0 => "since long".to_owned(),
        since => format!("for {}", span(now_seconds.saturating_sub(since))),
    };
    let again = match failure.kind.retry(failure.attempts) {
        Retry::EveryRun => "tried with every run".to_owned(),
        Retry::After(rest) => {
            let at = failure.tried_seconds + rest.as_secs();
            match at.saturating_sub(now_seconds) {
                0 => "tried with the next run".to_owned(),
                left => format!("tried again in {}", span(left)),
            }
        }
        Retry::Never => "tried again when the file changes, or with --retry-failed".to_owned(),
    };
    format!(
        "{since}, tried {} so far; {again}",
        output::counted(failure.attempts as usize, "time")
    )
}

/// A span of time in its largest unit.
fn span(seconds: u64) -> String {
    let units = [
        (86_400, "day"),
        (3600, "hour"),
        (60, "minute"),
        (1, "second"),
    ];
    let found = units.into_iter().find(|&(length, _)| seconds >= length);
    let (length, name) = found.unwrap_or((1, "second"));
    output::counted((seconds / length) as usize, name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_said_in_their_largest_unit() {
        let said: Vec<String> = [0, 1, 59, 60, 7200, 86_400, 864_000].map(span).into();
        let expected = [
            "0 seconds",
            "1 second",
            "59 seconds",
            "1 minute",
            "2 hours",
            "1 day",
            "10 days",
        ];
        assert_eq!(said, expected);
    }

    #[test]
    fn songs_stand_by_what_is_to_be_done() {
        let fail = |kind, since| Failure::new(kind, "/m/a.mp3: is odd").at(since, None);
        let failures = [
            ("/m/a.mp3".into(), fail(FailureKind::Damaged, 1000)),
            ("/m/b.mp3".into(), fail(FailureKind::Limits, 4000)),
            ("/m/c.mp3".into(), fail(FailureKind::Damaged, 4599)),
        ];
        let text = to_text(&failures, 4600);
        let expected = "2 songs: copy or encode it again\n  /m/a.mp3\n    is odd\n    \
            for 1 hour, tried 1 time so far; tried again when the file changes, or with --retry-failed\n";
        assert!(text.starts_with(expected), "{text}");
        assert!(
            text.contains("for 10 minutes, tried 1 time so far; tried again in 50 minutes"),
            "{text}"
        );
        assert_eq!(to_text(&[], 0), "every song has a vector\n");
    }
}
