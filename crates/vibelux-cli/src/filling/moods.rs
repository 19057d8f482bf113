//! Where the moods come from that a queue follows: lines of text, or a camera that is watched all the time.

use std::io::BufRead;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use vibelux::EmotionVector;
use vibelux::face::{Camera, CameraSource};
use vibelux::mood::{Follow, MoodChange, MoodConfig, MoodFilter};

use crate::query::{FaceReader, SourceArgs, choose};

/// So often a frame is looked at.
const LOOK: Duration = Duration::from_millis(200);

/// Sends the mood of each line of standard input, until it ends.
pub fn read_lines(moods: &Sender<EmotionVector>) {
    let mut input = std::io::stdin().lock();
    let mut line = Vec::new();
    loop {
        line.clear();
        match input.read_until(b'\n', &mut line) {
            Ok(0) => {
                crate::tell!("no more moods come; the queue stays with the last one until Ctrl-C");
                return;
            }
            Ok(_) => {}
            Err(error) => {
                crate::tell!("standard input: {error}; the queue stays with the last mood");
                return;
            }
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.trim();
        if text.is_empty() {
            continue;
        }
        match text.parse() {
            Ok(mood) => {
                if moods.send(mood).is_err() {
                    return;
                }
            }
            Err(error) => crate::tell!("{text:?} is no mood: {error}"),
        }
    }
}

/// Watches a camera, and sends the mood whenever it has become another, until the camera ends or `stop` is raised.
///
/// # Errors
/// If there is no camera, or no model.
pub fn watch(
    source: &str,
    args: &SourceArgs,
    stop: &AtomicBool,
    moods: &Sender<EmotionVector>,
) -> anyhow::Result<()> {
    let source: CameraSource = source.parse()?;
    let mut reader = FaceReader::new(args)?;
    let mut filter = MoodFilter::new(MoodConfig::default());
    let mut change = MoodChange::default();
    let start = Instant::now();
    let mut looked: Option<Instant> = None;
    for frame in Camera::open(&source)? {
        if stop.load(Ordering::Relaxed) {
            return Ok(());
        }
        let frame = frame?;
        if looked.is_some_and(|looked| looked.elapsed() < LOOK) {
            continue;
        }
        looked = Some(Instant::now());
        let faces = reader.read(&frame)?;
        let chosen = choose(&faces, args.face_choice()).unwrap_or_default();
        let vectors = chosen.iter().map(|(_, vector)| vector);
        let Some(vector) = EmotionVector::mean(vectors) else {
            continue;
        };
        let seconds = start.elapsed().as_secs_f64();
        let reading = filter.update(seconds, &vector);
        let mood = match change.observe(seconds, &reading) {
            Follow::Look | Follow::Stay => continue,
            Follow::Rank => reading.mood,
            Follow::Cross(mood) => mood,
        };
        if moods.send(mood).is_err() {
            return Ok(());
        }
    }
    Ok(())
}
