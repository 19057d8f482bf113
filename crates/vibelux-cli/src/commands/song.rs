//! `vibelux song`: how the emotion of one song changes while it plays.
//!
//! The library keeps the mean of a few windows; here the whole song is decoded and every window is
//! shown, as numbers and as a picture.

use std::path::PathBuf;
use std::process::ExitCode;

use serde::Serialize;
use vibelux::library::read_tags;
use vibelux::model::{MusicModel, SongEmbedding};
use vibelux::{Emotion, EmotionVector, by_emotion};
use vibelux_train::plots;

use crate::bars::{bars, columns};
use crate::json::FileSong;
use crate::output;

/// Flags of `vibelux song`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit codes: 0 done, 2 could not run.")]
pub struct SongArgs {
    /// The song
    file: PathBuf,
    /// Draw the curve: emotion_curve.png and .svg in this folder
    #[arg(long, value_name = "DIR")]
    plot: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Your own music model (F.onnx, with F.toml beside it)
    #[arg(long, value_name = "F.onnx")]
    music_model: Option<PathBuf>,
}

/// Runs the command.
pub fn run(args: SongArgs) -> anyhow::Result<ExitCode> {
    let model = super::music_model::music_model(args.music_model.as_deref())?;
    let song = model.embed_whole_song(&args.file)?;
    if let Some(dir) = &args.plot {
        output::make_folder(dir)?;
        let (seconds, vectors): (Vec<f64>, Vec<EmotionVector>) =
            song.windows.iter().copied().unzip();
        plots::emotion_curve(dir, &seconds, &vectors)?;
    }
    if args.json {
        output::print_json(&to_json(&args, &model, &song))?;
    } else {
        output::print(&to_text(&args, &song))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The song for programs.
#[derive(Debug, Serialize)]
struct SongAnswer<'a> {
    model: &'a str,
    song: FileSong,
    loudness_lufs: Option<f32>,
    windows: Vec<Window>,
}

#[derive(Debug, Serialize)]
struct Window {
    start_seconds: f64,
    #[serde(serialize_with = "by_emotion::serialize")]
    vector: EmotionVector,
}

fn to_json<'a>(args: &SongArgs, model: &'a MusicModel, song: &SongEmbedding) -> SongAnswer<'a> {
    let tags = read_tags(&args.file).tags;
    let duration = Some(song.duration_seconds);
    let windows = song.windows.iter().map(|(start, vector)| Window {
        start_seconds: *start,
        vector: *vector,
    });
    SongAnswer {
        model: model.name(),
        song: FileSong::new(&args.file, &tags, duration, song.vector),
        loudness_lufs: song.loudness_lufs,
        windows: windows.collect(),
    }
}

/// The whole song as bars, then a line for each stretch in which the same emotion is the strongest.
fn to_text(args: &SongArgs, song: &SongEmbedding) -> String {
    let mut text = format!(
        "{} ({}, {}{})\n{}",
        output::readable(&args.file),
        clock(song.duration_seconds),
        output::counted(song.windows.len(), "window"),
        song.loudness_lufs
            .map_or_else(String::new, |lufs| format!(", {lufs:.1} LUFS")),
        bars(&song.vector, columns())
    );
    text += "    from  strongest share\n";
    for (start, emotion, share) in stretches(&song.windows) {
        text += &format!("  {:>6}  {:<9} {share:.2}\n", clock(start), emotion.name());
    }
    if let Some(dir) = &args.plot {
        text += &format!(
            "The curve is in {} and .svg\n",
            output::readable(&dir.join("emotion_curve.png"))
        );
    }
    text
}

/// Start, strongest emotion and its mean share of each run of windows that agree on it.
fn stretches(windows: &[(f64, EmotionVector)]) -> Vec<(f64, Emotion, f32)> {
    windows
        .chunk_by(|a, b| a.1.strongest() == b.1.strongest())
        .filter_map(|run| {
            let (start, first) = run.first()?;
            let emotion = first.strongest();
            let sum: f32 = run.iter().map(|(_, vector)| vector.get(emotion)).sum();
            Some((*start, emotion, sum / run.len() as f32))
        })
        .collect()
}

/// `3:07`, `1:02:03`.
fn clock(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    let (hours, minutes, seconds) = (whole / 3600, whole / 60 % 60, whole % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_that_agree_become_one_stretch() {
        let at = |second: f64, mood: &str| (second, mood.parse::<EmotionVector>().unwrap());
        let windows = [
            at(0.0, "sad=0.6,happy=0.4"),
            at(5.0, "sad=0.8,happy=0.2"),
            at(10.0, "happy"),
            at(15.0, "sad"),
        ];
        let found = stretches(&windows);
        assert_eq!(
            found.iter().map(|s| (s.0, s.1)).collect::<Vec<_>>(),
            [
                (0.0, Emotion::Sad),
                (10.0, Emotion::Happy),
                (15.0, Emotion::Sad)
            ]
        );
        assert!((found[0].2 - 0.7).abs() < 1e-6);
        assert!(stretches(&[]).is_empty());
    }

    #[test]
    fn times_read_like_a_players() {
        assert_eq!(clock(7.4), "0:07");
        assert_eq!(clock(187.0), "3:07");
        assert_eq!(clock(3723.0), "1:02:03");
    }
}
