//! `vibelux subsonic embed`: the songs of a server that the library has not, fetched one by one, listened to and forgotten again; what stays is
//! a row in the library.
//!
//! Such a row has no file on this disk, so only playlists on servers have its song. It is found again by what the server says of the song.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::Ordering;

use anyhow::Context;
use indicatif::ProgressBar;
use vibelux::EmotionVector;
use vibelux::audio::SoundShares;
use vibelux::library::{
    Depth, FileLimits, IsolatedEmbedder, Outcome, Song, SongEmbedder, SongTable, Tags, unix_seconds,
};
use vibelux_players::ServerSong;
use vibelux_players::subsonic::Subsonic;

use super::server::ServerArgs;
use crate::analysis::isolated;
use crate::interrupt::stop_on_ctrl_c;
use crate::library_location::LibraryArgs;
use crate::output;
use crate::servers::matched;

/// No song is larger.
const MOST_BYTES: u64 = 4 << 30;

/// Flags of `vibelux subsonic embed`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "It can be stopped with Ctrl-C and run again: what was listened to stays.\n\n\
    Exit codes: 0 done, 1 some songs failed, 2 could not run."
)]
pub struct EmbedArgs {
    /// At most so many songs this time
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Use this music model (an ONNX file with its .toml beside it) instead of the built-in one
    #[arg(long, value_name = "F.onnx")]
    music_model: Option<PathBuf>,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    library: LibraryArgs,
}

impl EmbedArgs {
    /// Runs the command.
    pub fn run(&self) -> anyhow::Result<ExitCode> {
        let server = self.server.connect()?;
        let mut store = self.library.open()?;
        let spinner = ProgressBar::new_spinner();
        let songs = server.all_songs(|count| {
            spinner.set_message(format!("{} of the server so far", output::songs(count)));
            spinner.tick();
        })?;
        spinner.finish_and_clear();
        let table = SongTable::open(&store)?;
        let others = matched(&table, &songs).others;
        let limit = self.limit.unwrap_or(usize::MAX);
        crate::tell!(
            "{} of {} are not in the library",
            others.len(),
            output::songs(songs.len())
        );
        let embedder = isolated(self.music_model.as_deref(), FileLimits::default())?;
        let stop = stop_on_ctrl_c("stopping after this song")?;
        let folder = tempfile::tempdir().context("cannot make a folder for the songs")?;
        let bar = ProgressBar::new(others.len().min(limit) as u64);
        let (mut done, mut failed) = (0, Vec::new());
        for &song in others.iter().take(limit) {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            match listened(&server, &embedder, folder.path(), song) {
                Ok((row, windows)) => {
                    store.upsert(&row, &windows)?;
                    done += 1;
                }
                Err(error) => failed.push(format!(
                    "{}: {}",
                    output::readable(song.title.as_ref()),
                    vibelux::error_text::with_causes(error.as_ref())
                )),
            }
            bar.inc(1);
            if let Some(fault) = embedder.fault() {
                return Err(fault.into());
            }
        }
        bar.finish_and_clear();
        for failure in &failed {
            crate::tell!("failed: {failure}");
        }
        output::print(&format!(
            "{} listened to, {} failed\n",
            output::songs(done),
            failed.len()
        ))?;
        Ok(ExitCode::from(u8::from(!failed.is_empty())))
    }
}

type Windows = Vec<(f64, EmotionVector)>;

/// Fetches a song into the folder, listens to it and deletes it again.
fn listened(
    server: &Subsonic,
    embedder: &IsolatedEmbedder,
    folder: &Path,
    song: &ServerSong,
) -> anyhow::Result<(Song, Windows)> {
    let suffix = song.suffix.as_deref().unwrap_or("audio");
    // The server's word goes into a file's name: letters and digits of it.
    let suffix: String = suffix
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(8)
        .collect();
    let file = folder.join("song").with_extension(&suffix);
    let fetched = fetch(server, &song.id, &file);
    let embedded = fetched.and_then(|()| {
        let embedded = embedder.embed(&file, Depth::Full);
        embedded.map_err(|failure| anyhow::anyhow!(failure.reason))
    });
    // It is only there to be listened to; a file that is not there is no loss.
    let _ = std::fs::remove_file(&file);
    let embedded = embedded?;
    let place = server
        .address()
        .split_once("://")
        .map_or(server.address(), |(_, place)| place);
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let row = Song {
        tags: Tags {
            title: given(&song.title),
            artist: given(&song.artist),
            album: given(&song.album),
            ..Tags::default()
        },
        added_seconds: unix_seconds(),
        // As the server has it, by which it is found again.
        duration_seconds: song.duration_seconds.or(Some(embedded.duration_seconds)),
        loudness_lufs: embedded.loudness_lufs,
        sound: embedded.sound.map(SoundShares::kind),
        ..Song::new(
            format!("/subsonic/{place}/{}.{suffix}", song.id),
            embedder.name(),
            Outcome::Embedded(embedded.vector),
        )
    };
    Ok((row, embedded.windows))
}

fn fetch(server: &Subsonic, id: &str, file: &Path) -> anyhow::Result<()> {
    let mut sound = server.download(id)?.take(MOST_BYTES);
    let mut file = File::create(file)?;
    io::copy(&mut sound, &mut file).context("the song broke off on its way")?;
    Ok(())
}
