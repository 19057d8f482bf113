//! [`IsolatedEmbedder`]: gives files to helper processes, one at a time each, and takes back a helper that takes too long.

use std::fmt;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::protocol::{Answer, Question};
use crate::library::embed::{Depth, SongEmbedder};
use crate::library::error::LibraryError;
use crate::library::facts::FileFacts;
use crate::library::failure::{Failure, FailureKind};
use crate::library::path_text::PathText;
use crate::model::SongEmbedding;

/// A helper reads its model first.
const START: Duration = Duration::from_secs(60);
/// A file has so long to be looked into, which reads some hundred KiB.
const LOOK: Duration = Duration::from_secs(30);
/// Lines that a helper may say before it is ready.
const MOST_CHATTER: usize = 100;
/// Of what a helper says before it breaks down, so much is kept.
const LAST_WORDS: usize = 4096;

/// What one song may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileLimits {
    /// The time to analyse it.
    pub time: Duration,
    /// The memory of the process that does.
    pub memory_bytes: u64,
}

impl Default for FileLimits {
    /// Above the two minutes after which the decoder itself gives up, and four times what the longest songs need.
    fn default() -> Self {
        Self {
            time: Duration::from_secs(150),
            memory_bytes: 2 << 30,
        }
    }
}

/// A [`SongEmbedder`] whose work is done by other processes.
pub struct IsolatedEmbedder {
    name: String,
    command: Box<dyn Fn() -> Command + Send + Sync>,
    limits: FileLimits,
    idle: Mutex<Vec<Helper>>,
    /// The program that could not be started, and why.
    fault: Mutex<Option<(PathBuf, String)>>,
}

impl fmt::Debug for IsolatedEmbedder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("IsolatedEmbedder");
        debug
            .field("name", &self.name)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl IsolatedEmbedder {
    /// Helpers that `command` starts: a program that calls [`super::serve_songs`] with its standard input and output.
    ///
    /// # Errors
    /// [`LibraryError::Helper`] if none can be started.
    pub fn new(
        command: impl Fn() -> Command + Send + Sync + 'static,
        limits: FileLimits,
    ) -> Result<Self, LibraryError> {
        let (helper, name) = Helper::start(&command())?;
        Ok(Self {
            name,
            command: Box::new(command),
            limits,
            idle: Mutex::new(vec![helper]),
            fault: Mutex::default(),
        })
    }

    /// The same without starting any yet: of these helpers the model is known to have this name.
    #[must_use]
    pub fn later(
        name: &str,
        command: impl Fn() -> Command + Send + Sync + 'static,
        limits: FileLimits,
    ) -> Self {
        Self {
            name: name.to_owned(),
            command: Box::new(command),
            limits,
            idle: Mutex::default(),
            fault: Mutex::default(),
        }
    }

    /// Asks a helper. One that does not answer in time, or breaks down, is not asked again.
    fn ask(&self, question: &Question, limit: Duration) -> Result<Answer, Failure> {
        let idle = self.idle().pop();
        let was_idle = idle.is_some();
        match self.ask_helper(idle, question, limit) {
            // It may have ended while nobody looked, by no fault of this file.
            Err(Refusal::Gone(_)) if was_idle => self.ask_helper(None, question, limit),
            answer => answer,
        }
        .map_err(|refusal| match refusal {
            Refusal::Gone(failure) | Refusal::Other(failure) => failure,
        })
    }

    fn ask_helper(
        &self,
        helper: Option<Helper>,
        question: &Question,
        limit: Duration,
    ) -> Result<Answer, Refusal> {
        let mut helper = match helper {
            Some(helper) => helper,
            None => self.start().map_err(Refusal::Other)?,
        };
        if helper.say(question).is_err() {
            return Err(Refusal::Gone(helper.buried(self.limits)));
        }
        match helper.answers.recv_timeout(limit) {
            Ok(line) => match serde_json::from_str(&line) {
                Ok(answer) => {
                    self.idle().push(helper);
                    Ok(answer)
                }
                Err(error) => {
                    drop(helper.end());
                    let reason = format!("the helper gave no answer ({error})");
                    Err(Refusal::Other(Failure::new(FailureKind::Crashed, reason)))
                }
            },
            Err(RecvTimeoutError::Timeout) => {
                drop(helper.end());
                let reason = format!("took longer than {} s", limit.as_secs_f64());
                Err(Refusal::Other(Failure::new(FailureKind::Limits, reason)))
            }
            Err(RecvTimeoutError::Disconnected) => Err(Refusal::Other(helper.buried(self.limits))),
        }
    }

    /// Another helper. If there can be none, that is a fault of the computer and not of a song.
    fn start(&self) -> Result<Helper, Failure> {
        let command = (self.command)();
        let reason = match Helper::start(&command) {
            Ok((helper, name)) if name == self.name => return Ok(helper),
            Ok((helper, name)) => {
                drop(helper.end());
                format!(
                    "its model is {name} now and was {} before; start again",
                    self.name
                )
            }
            Err(LibraryError::Helper { reason, .. }) => reason,
            Err(error) => error.to_string(),
        };
        let mut fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        *fault = Some((command.get_program().into(), reason.clone()));
        Err(Failure::new(FailureKind::Model, reason))
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Helper>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SongEmbedder for IsolatedEmbedder {
    fn name(&self) -> &str {
        &self.name
    }

    fn fault(&self) -> Option<LibraryError> {
        let fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        let (program, reason) = fault.clone()?;
        Some(LibraryError::Helper { program, reason })
    }

    fn rest(&self) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = None;
        let idle: Vec<Helper> = self.idle().drain(..).collect();
        for helper in idle {
            drop(helper.end());
        }
    }

    fn look(&self, path: &Path) -> FileFacts {
        match self.ask(&Question::Look(PathText::new(path)), LOOK) {
            Ok(Answer::Facts(facts)) => facts,
            _ => FileFacts::default(),
        }
    }

    fn embed(&self, path: &Path, depth: Depth) -> Result<SongEmbedding, Failure> {
        let question = Question::Embed {
            path: PathText::new(path),
            depth,
        };
        match self.ask(&question, self.limits.time)? {
            Answer::Embedding(embedding) => Ok(embedding),
            Answer::Failure(failure) => Err(failure),
            Answer::Ready(_) | Answer::Facts(_) => Err(Failure::new(
                FailureKind::Crashed,
                "the helper answered another question",
            )),
        }
    }
}

/// Why there is no answer.
enum Refusal {
    /// The helper was gone before it was asked.
    Gone(Failure),
    Other(Failure),
}

/// A process that answers questions.
struct Helper {
    process: Child,
    questions: ChildStdin,
    answers: Receiver<String>,
    complaints: JoinHandle<Vec<u8>>,
}

impl Helper {
    /// Starts one and waits until it is ready; returns it with the name of its model.
    fn start(command: &Command) -> Result<(Self, String), LibraryError> {
        let program = command.get_program().to_owned();
        let failed = |reason: String| LibraryError::Helper {
            program: program.clone().into(),
            reason,
        };
        let mut process = spawn(command).map_err(|error| failed(error.to_string()))?;
        let pipes = (
            process.stdin.take(),
            process.stdout.take(),
            process.stderr.take(),
        );
        let (Some(questions), Some(output), Some(errors)) = pipes else {
            return Err(failed("it has no pipes".to_owned()));
        };
        let helper = Self {
            process,
            questions,
            answers: lines(output).map_err(|error| failed(error.to_string()))?,
            complaints: tail(errors).map_err(|error| failed(error.to_string()))?,
        };
        // Whatever a program says before it is ready is not for us.
        let first = std::iter::from_fn(|| helper.answers.recv_timeout(START).ok());
        let name = first
            .take(MOST_CHATTER)
            .find_map(|line| match serde_json::from_str(&line) {
                Ok(Answer::Ready(name)) => Some(name),
                _ => None,
            });
        match name {
            Some(name) => Ok((helper, name)),
            None => {
                let complaints = helper.end().1;
                let last = complaints.lines().rfind(|line| !line.trim().is_empty());
                Err(failed(
                    last.unwrap_or("it did not say that it is ready").to_owned(),
                ))
            }
        }
    }

    fn say(&mut self, question: &Question) -> std::io::Result<()> {
        let mut line = serde_json::to_vec(question)?;
        line.push(b'\n');
        self.questions.write_all(&line)?;
        self.questions.flush()
    }

    /// Ends it with all that it has started; returns how it ended and what it complained of last.
    fn end(mut self) -> (std::io::Result<ExitStatus>, String) {
        kill_group(&mut self.process);
        let status = self.process.wait();
        let complaints = self.complaints.join().unwrap_or_default();
        (status, String::from_utf8_lossy(&complaints).into_owned())
    }

    /// Says why a helper has ended by itself.
    fn buried(self, limits: FileLimits) -> Failure {
        let (status, complaints) = self.end();
        if complaints.contains("memory allocation of") {
            let reason = format!(
                "needed more than {} MB of memory",
                limits.memory_bytes >> 20
            );
            return Failure::new(FailureKind::Limits, reason);
        }
        let how = status.map_or_else(|error| error.to_string(), describe);
        let reason = format!("the process that decoded it broke down ({how})");
        Failure::new(FailureKind::Crashed, reason)
    }
}

impl Drop for IsolatedEmbedder {
    fn drop(&mut self) {
        self.rest();
    }
}

/// Starts the process apart from the terminal's signals, so that Ctrl-C lets it finish the song in hand.
fn spawn(command: &Command) -> std::io::Result<Child> {
    let mut own = Command::new(command.get_program());
    own.args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => own.env(name, value),
            None => own.env_remove(name),
        };
    }
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut own, 0);
    own.stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
}

#[cfg(unix)]
fn kill_group(process: &mut Child) {
    use rustix::process::{Pid, Signal, kill_process_group};
    let id = i32::try_from(process.id()).ok().and_then(Pid::from_raw);
    if let Some(id) = id {
        // It may have ended by itself.
        let _ = kill_process_group(id, Signal::KILL);
    }
    let _ = process.kill();
}

#[cfg(not(unix))]
fn kill_group(process: &mut Child) {
    let _ = process.kill();
}

#[cfg(unix)]
fn describe(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match (status.signal(), status.code()) {
        (Some(signal), _) => format!("signal {signal}"),
        (None, code) => format!("exit code {}", code.unwrap_or_default()),
    }
}

#[cfg(not(unix))]
fn describe(status: ExitStatus) -> String {
    status.to_string()
}

/// The lines that a helper writes, as they come.
fn lines(output: ChildStdout) -> std::io::Result<Receiver<String>> {
    let (sender, receiver) = channel();
    std::thread::Builder::new()
        .name("answers".to_owned())
        .spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        })?;
    Ok(receiver)
}

/// Reads what a helper complains of until it ends, and keeps the end of it.
fn tail(mut errors: ChildStderr) -> std::io::Result<JoinHandle<Vec<u8>>> {
    std::thread::Builder::new()
        .name("complaints".to_owned())
        .spawn(move || {
            let (mut words, mut buffer) = (Vec::new(), [0; 1024]);
            while let Ok(read @ 1..) = errors.read(&mut buffer) {
                words.extend(&buffer[..read]);
                let surplus = words.len().saturating_sub(LAST_WORDS);
                words.drain(..surplus);
            }
            words
        })
}
