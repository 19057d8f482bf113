//! `vibelux recommend`: from a face, a mood or a song to the songs that fit.
//!
//! The sources are in [`crate::query`], the ranking in [`vibelux::recommend`]; here they meet.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgGroup, ValueEnum};
use serde_json::json;
use vibelux::library::{Song, SongStore};
use vibelux::recommend::{Match, Mode, Query, SongIndex, reasons};
use vibelux::{Emotion, EmotionVector};

use crate::bars::{bars, columns};
use crate::library_location::{self, LibraryArgs};
use crate::output;
use crate::pending::playlist::{PlaylistEntry, write_m3u};
use crate::query::{self, Answer, Asked, SourceArgs};

/// A reason that contributes less than this to the cosine is not worth reading.
const MIN_REASON: f32 = 0.05;

/// Flags of `vibelux recommend`.
#[derive(Debug, clap::Args)]
#[command(
    group = ArgGroup::new("source").required(true).multiple(false),
    after_help = "Exit codes: 0 done, 2 could not run, 3 no face found."
)]
pub struct RecommendArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// Find songs like this one of the library, named by its path or title
    #[arg(long, value_name = "SONG", group = "source")]
    similar_to: Option<PathBuf>,
    /// How many songs
    #[arg(short = 'n', long, value_name = "N", default_value_t = 10)]
    count: usize,
    /// How faces and songs are compared
    #[arg(long, value_enum, default_value_t)]
    mode: ModeArg,
    /// Say for each song which emotions matched
    #[arg(long)]
    why: bool,
    /// Also name songs whose files are not on this disk
    #[arg(long)]
    include_missing: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Also write the songs as a playlist
    #[arg(long, value_name = "FILE")]
    m3u: Option<PathBuf>,
    #[command(flatten)]
    library: LibraryArgs,
}

/// [`Mode`] as a flag.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum ModeArg {
    /// The vectors as they are; songs hardly differ
    Plain,
    /// What sets the face apart from the average face with what sets the song apart from your library
    #[default]
    Centred,
}

impl From<ModeArg> for Mode {
    fn from(mode: ModeArg) -> Self {
        match mode {
            ModeArg::Plain => Self::Plain,
            ModeArg::Centred => Self::Centred,
        }
    }
}

/// A query with what was found for it.
struct Found {
    asked: Asked,
    matches: Vec<Match>,
}

/// Runs the command.
pub fn run(args: RecommendArgs) -> anyhow::Result<ExitCode> {
    // The library first: without songs there is no need to start a camera.
    let store = args.library.open_existing()?;
    let songs = load(&store, args.include_missing)?;
    let vectors: Vec<EmotionVector> = songs.iter().map(|(_, vector)| *vector).collect();
    let index = SongIndex::new(&vectors, args.mode.into());

    let mut itself = None;
    let asked = if let Some(name) = &args.similar_to {
        let mean = index.mean().unwrap_or(EmotionVector::UNIFORM);
        let (position, asked) = query::similar_to(name, &songs, mean)?;
        itself = Some(position);
        vec![asked]
    } else {
        match args.source.ask()? {
            Some(Answer::Asked(asked)) => asked,
            Some(Answer::NoFace(message)) => return Ok(query::no_face(&message)),
            // clap lets nobody past without a source.
            None => {
                anyhow::bail!("say what to look for: --image, --camera, --mood or --similar-to")
            }
        }
    };
    let found: Vec<Found> = asked
        .into_iter()
        .map(|asked| {
            let playable =
                |i: usize| Some(i) != itself && (args.include_missing || songs[i].0.path.is_file());
            let matches = best(&index, &asked.query, args.count, playable);
            Found { asked, matches }
        })
        .collect();

    if let Some(file) = &args.m3u {
        write_m3u(file, &playlist(&found, &songs))?;
    }
    if args.json {
        output::print_json(&to_json(&found, &songs, &index))?;
    } else {
        output::print(&to_text(&found, &songs, &index, args.why))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The songs that have a vector, in the order of their paths.
fn load(store: &SongStore, include_missing: bool) -> anyhow::Result<Vec<(Song, EmotionVector)>> {
    let songs = store.songs()?;
    if songs.is_empty() {
        return Err(library_location::empty(store.path()));
    }
    let songs: Vec<_> = songs
        .into_iter()
        .filter(|song| include_missing || !song.missing)
        .filter_map(|song| song.vector().map(|vector| (song, vector)))
        .collect();
    if songs.is_empty() {
        anyhow::bail!(
            "no song of the library {} can be used: all have failed or are gone from disk; run \
             `vibelux embed` on your folders to see why",
            output::readable(store.path())
        );
    }
    Ok(songs)
}

/// The best `count` songs that are `playable`. Only as many files are looked for as are needed: a
/// library may hold a million, on a slow disk.
fn best(
    index: &SongIndex,
    query: &Query,
    count: usize,
    playable: impl Fn(usize) -> bool,
) -> Vec<Match> {
    let mut asked_for = count.saturating_add(1);
    let mut looked_at = 0;
    let mut matches = Vec::new();
    loop {
        let ranked = index.top_k(query, asked_for);
        for found in &ranked[looked_at.min(ranked.len())..] {
            if matches.len() < count && playable(found.index) {
                matches.push(*found);
            }
        }
        if matches.len() >= count || ranked.len() == index.len() {
            return matches;
        }
        looked_at = ranked.len();
        asked_for = asked_for.saturating_mul(4);
    }
}

/// All songs found, each once, in the order they are shown.
fn playlist(found: &[Found], songs: &[(Song, EmotionVector)]) -> Vec<PlaylistEntry> {
    let mut seen = std::collections::HashSet::new();
    found
        .iter()
        .flat_map(|found| &found.matches)
        .filter(|found| seen.insert(found.index))
        .map(|found| {
            let song = &songs[found.index].0;
            PlaylistEntry {
                path: song.path.clone(),
                title: Some(song.title()),
                artist: song.tags.artist.clone(),
                duration_seconds: song.duration_seconds,
            }
        })
        .collect()
}

fn to_text(
    found: &[Found],
    songs: &[(Song, EmotionVector)],
    index: &SongIndex,
    why: bool,
) -> String {
    let mut text = String::new();
    for (i, Found { asked, matches }) in found.iter().enumerate() {
        if i > 0 {
            text.push('\n');
        }
        let vector = &asked.query.vector;
        text += &format!("{} {}.\n", asked.subject, vector.strongest());
        text += &bars(vector, columns());
        text.push('\n');
        if asked.query.is_undirected(index.mode()) {
            text +=
                "  This is the average, so no song fits better than another; try --mode plain.\n";
        }
        if matches.is_empty() {
            text += "  None of the songs' files is on this disk; --include-missing names them anyway.\n";
        }
        for (rank, found) in matches.iter().enumerate() {
            text += &row(rank + 1, found, &songs[found.index].0);
            if why {
                text += &reasons_line(index, &asked.query, found);
            }
        }
    }
    text
}

/// Rank, cosine, title and artist; the path below, where it is never cut.
fn row(rank: usize, found: &Match, song: &Song) -> String {
    let bold = console::Style::new().bold();
    let dim = console::Style::new().dim();
    let artist = match &song.tags.artist {
        Some(artist) => format!(" \u{2014} {artist}"),
        None => String::new(),
    };
    format!(
        "{rank:>4} {:>6.3}  {}{artist}\n{:13}{}\n",
        found.cosine,
        bold.apply_to(output::readable(song.title().as_ref())),
        "",
        dim.apply_to(output::readable(&song.path)),
    )
}

fn reasons_line(index: &SongIndex, query: &Query, found: &Match) -> String {
    let contributions = index.why(query, found.index).unwrap_or_default();
    let reasons: Vec<String> = reasons(&contributions)
        .into_iter()
        .filter(|(_, value)| *value >= MIN_REASON)
        .map(|(emotion, value)| {
            // Centred, two deviations agree when both are below average too.
            let below = query.direction(index.mode())[emotion.index()] < 0.0;
            format!(
                "{}{emotion} {value:+.2}",
                if below { "little " } else { "" }
            )
        })
        .collect();
    if reasons.is_empty() {
        format!("{:13}nothing in particular matched\n", "")
    } else {
        format!("{:13}{}\n", "", reasons.join(", "))
    }
}

fn to_json(
    found: &[Found],
    songs: &[(Song, EmotionVector)],
    index: &SongIndex,
) -> serde_json::Value {
    let queries: Vec<_> = found
        .iter()
        .map(|Found { asked, matches }| {
            let rows: Vec<_> = matches
                .iter()
                .enumerate()
                .map(|(rank, found)| {
                    let (song, vector) = &songs[found.index];
                    let why = index.why(&asked.query, found.index).unwrap_or_default();
                    json!({
                        "rank": rank + 1,
                        "cosine": decimal(found.cosine),
                        "title": song.title(),
                        "artist": song.tags.artist,
                        "album": song.tags.album,
                        "duration_seconds": song.duration_seconds,
                        "path": song.path.to_string_lossy(),
                        "vector": by_name(vector.values()),
                        "why": by_name(&why),
                    })
                })
                .collect();
            json!({
                "subject": asked.subject,
                "strongest": asked.query.vector.strongest().name(),
                "vector": by_name(asked.query.vector.values()),
                "reference": by_name(asked.query.reference.values()),
                "songs": rows,
            })
        })
        .collect();
    let mode = match index.mode() {
        Mode::Plain => "plain",
        Mode::Centred => "centred",
    };
    json!({ "mode": mode, "library_songs": index.len(), "queries": queries })
}

fn by_name(values: &[f32; 7]) -> serde_json::Value {
    Emotion::ALL
        .iter()
        .zip(values)
        .map(|(emotion, value)| (emotion.name(), decimal(*value)))
        .collect()
}

/// An f32 without the digits that its f64 would show.
fn decimal(value: f32) -> f64 {
    (f64::from(value) * 1e6).round() / 1e6
}
