//! What a helper runs: answers questions about files until nobody asks any more.

use std::io::{BufRead, Write};
use std::sync::mpsc::channel;

use super::protocol::{Answer, Question};
use crate::library::embed::{SongEmbedder, embed_guarded, look_guarded};
use crate::library::failure::{Failure, FailureKind};

/// Answers the questions of [`super::IsolatedEmbedder`] from `input` on `output`, with at most `memory_bytes` of memory
/// where the system can hold a process to that (Linux). Ends the process when the input ends, also in the middle of a
/// song: nobody waits for it any more.
///
/// # Errors
/// If an answer cannot be written.
pub fn serve_songs(
    embedder: &dyn SongEmbedder,
    memory_bytes: u64,
    input: impl BufRead + Send + 'static,
    mut output: impl Write,
) -> std::io::Result<()> {
    limit_memory(memory_bytes);
    let (sender, questions) = channel();
    std::thread::Builder::new()
        .name("questions".to_owned())
        .spawn(move || {
            for line in input.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
            std::process::exit(0);
        })?;
    let mut say = |answer: &Answer| -> std::io::Result<()> {
        let mut line = serde_json::to_vec(answer)?;
        line.push(b'\n');
        output.write_all(&line)?;
        output.flush()
    };
    say(&Answer::Ready(embedder.name().to_owned()))?;
    for line in questions {
        say(&answer(embedder, &line))?;
    }
    Ok(())
}

fn answer(embedder: &dyn SongEmbedder, line: &str) -> Answer {
    let Ok(question) = serde_json::from_str::<Question>(line) else {
        let reason = "the helper did not understand the question";
        return Answer::Failure(Failure::new(FailureKind::Crashed, reason));
    };
    match question {
        Question::Look(path) => Answer::Facts(look_guarded(embedder, path.path())),
        Question::Embed { path, depth } => match embed_guarded(embedder, path.path(), depth) {
            Ok(embedding) => Answer::Embedding(embedding),
            Err(failure) => Answer::Failure(failure),
        },
    }
}

/// Holds the process to so much memory for its data, and the programs that it starts as well.
#[cfg(target_os = "linux")]
fn limit_memory(bytes: u64) {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let limit = Rlimit {
        current: Some(bytes),
        maximum: Some(bytes),
    };
    // Where it is refused, there was a lower limit before.
    let _ = setrlimit(Resource::Data, limit);
}

#[cfg(not(target_os = "linux"))]
fn limit_memory(_: u64) {}
