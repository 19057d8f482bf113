//! `vibelux playlist`: from a face, a mood or songs to a playlist file, once or by the clock.
//!
//! ```text
//! flags -> crate::sought (what is sought, and found) -> vibelux::playlist -> file
//!       crate::schedule (when) -^
//! ```

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Serialize;
use vibelux::audio::is_audio_file;
use vibelux::media::{self, PathRule};
use vibelux::playlist::{Beside, Naming, Playlist, PlaylistFormat, UnknownPlaylistFormat};
use vibelux::recommend::Pick;

use crate::at_least_one::at_least_one;
use crate::chosen::Chosen;
use crate::json::path_text;
use crate::library_location::LibraryArgs;
use crate::naming::naming;
use crate::output;
use crate::results::{self, Recommendation};
use crate::schedule::{Schedule, parse_schedule, usual_strength};
use crate::sought::{SoughtArgs, SoughtLibrary, Wish};

/// Flags of `vibelux playlist`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
        vibelux playlist happy.m3u8 --mood happy=0.8,surprised=0.2\n  \
        vibelux playlist more.m3u8 --similar-to favourites.m3u8 --unlike 'Sad Song'\n  \
        vibelux playlist up.m3u8 --mood sad --to happy -n 12\n  \
        vibelux playlist ~/Music/Moods --each-mood --every '0 6 * * *'\n\n\
        Exit codes: 0 done, 2 could not run, 3 no face found.")]
pub struct PlaylistArgs {
    /// The playlist: .m3u8, .xspf, .jspf or .nsp (a smart playlist of Navidrome); with --each-mood a folder. Without one, it goes to
    /// standard output
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    sought: SoughtArgs,
    /// A playlist for each of the seven emotions, in the folder
    #[arg(long, group = "source", requires = "file", conflicts_with = "to")]
    each_mood: bool,
    /// How many songs
    #[arg(short = 'n', long, value_name = "N", default_value = "30", value_parser = at_least_one)]
    count: NonZeroUsize,
    /// What the playlist is called [default: as its file]
    #[arg(long, value_name = "NAME", conflicts_with = "each_mood")]
    name: Option<String>,
    /// Write this format, whatever the file is called: m3u8, xspf, jspf or nsp
    #[arg(long, value_name = "FORMAT", value_parser = str::parse::<PlaylistFormat>)]
    format: Option<PlaylistFormat>,
    /// Name songs relative to this folder, such as the one that the player calls its library [default: the playlist's]
    #[arg(long, value_name = "DIR")]
    base: Option<PathBuf>,
    /// Name songs by their whole paths
    #[arg(long, conflicts_with = "base")]
    absolute: bool,
    /// For the player, what is below FROM is below TO; may be given several times
    #[arg(long, value_name = "FROM=TO")]
    map: Vec<PathRule>,
    /// Write it again whenever this says, until stopped: minute, hour, day, month and day of the week, as in a crontab
    #[arg(long, value_name = "CRON", value_parser = parse_schedule, requires = "file")]
    every: Option<Schedule>,
    /// Print JSON
    #[arg(long, conflicts_with = "every")]
    json: bool,
    #[command(flatten)]
    library: LibraryArgs,
}

/// What the command prints with `--json`.
#[derive(Debug, Serialize)]
struct PlaylistsAnswer {
    mode: &'static str,
    seed: u64,
    library_songs: usize,
    playlists: Vec<PlaylistAnswer>,
}

#[derive(Debug, Serialize)]
struct PlaylistAnswer {
    name: Option<String>,
    /// Where it was written.
    file: Option<String>,
    songs: Vec<Recommendation>,
    /// The files of songs that the format has no way to name.
    left_out: Vec<String>,
}

/// Runs the command.
pub fn run(args: &PlaylistArgs) -> anyhow::Result<ExitCode> {
    let format = args.format()?;
    if let Some(schedule) = &args.every {
        schedule.run(|minute| {
            // Each time another playlist, and the same one for the same minute.
            let made = args.make(format, args.seed().wrapping_add(minute))?;
            for playlist in &made.playlists {
                made.tell(playlist);
            }
            Ok(())
        })?;
        return Ok(ExitCode::SUCCESS);
    }
    let made = args.make(format, args.seed())?;
    if args.json {
        output::print_json(&made.answer(args.seed()))?;
        return Ok(ExitCode::SUCCESS);
    }
    for playlist in &made.playlists {
        match (&playlist.file, args.each_mood) {
            (Some(_), true) => {}
            (Some(_), false) => output::print(&made.rows(playlist))?,
            (None, _) => output::print(&playlist.text)?,
        }
        made.tell(playlist);
    }
    Ok(ExitCode::SUCCESS)
}

/// A playlist that is asked for.
struct Asked {
    /// What it is called.
    name: Option<String>,
    /// What is sought.
    wish: Wish,
}

/// Playlists that were made of the library.
struct Made {
    library: SoughtLibrary,
    playlists: Vec<MadePlaylist>,
}

struct MadePlaylist {
    list: Playlist,
    picks: Vec<Pick>,
    file: Option<PathBuf>,
    /// What would be in the file, where there is none.
    text: String,
    left_out: Vec<PathBuf>,
}

impl PlaylistArgs {
    fn seed(&self) -> u64 {
        self.sought.seed.unwrap_or_default()
    }

    /// The file, unless it goes to standard output.
    fn file(&self) -> Option<&Path> {
        self.file.as_deref().filter(|file| *file != Path::new("-"))
    }

    /// How the file is written.
    fn format(&self) -> anyhow::Result<PlaylistFormat> {
        let file = self.file().filter(|_| !self.each_mood);
        let named = file.map(PlaylistFormat::of_path);
        let format = match (self.format, named) {
            (Some(format), _) | (None, Some(Some(format))) => format,
            (None, Some(None)) => {
                let file = output::readable(file.unwrap_or(Path::new("")));
                return Err(anyhow::Error::new(UnknownPlaylistFormat).context(format!(
                    "the name of {file} does not say which playlist it is; end it with .m3u8 or give --format"
                )));
            }
            (None, None) => PlaylistFormat::default(),
        };
        if format == PlaylistFormat::Nsp && self.base.is_none() {
            anyhow::bail!(
                "Navidrome names songs by their paths below its library: say with --base which folder that is"
            );
        }
        Ok(format)
    }

    fn naming(&self) -> anyhow::Result<Naming> {
        let otherwise = if self.absolute {
            Beside::Nothing
        } else {
            Beside::Playlist
        };
        naming(self.base.as_deref(), otherwise, &self.map)
    }

    /// Makes the playlists, and writes those that have a file.
    fn make(&self, format: PlaylistFormat, seed: u64) -> anyhow::Result<Made> {
        let store = self.library.open_soon()?;
        let library = SoughtLibrary::load(&self.sought, &store)?;
        let mut playlists = Vec::new();
        for (number, mut asked) in (0..).zip(self.asked(&library)?) {
            asked.wish.request.seed = seed.wrapping_add(number);
            let left_out = asked.wish.left_out.iter().copied();
            let picks = library.picks(&asked.wish.request, left_out);
            if picks.is_empty() {
                anyhow::bail!(
                    "no song is left for the playlist, so none was written: {} may be chosen, {} are what it is made from, and the files of the \
                     others are not on this disk",
                    output::songs(library.songs.count()),
                    asked.wish.left_out.len()
                );
            }
            playlists.push(self.written(format, &library.songs, asked, picks)?);
        }
        Ok(Made { library, playlists })
    }

    /// The playlists that are asked for.
    fn asked(&self, library: &SoughtLibrary) -> anyhow::Result<Vec<Asked>> {
        let usual = usual_strength(self.every.as_ref());
        let count = self.count.get();
        if !self.each_mood {
            let wish = self.sought.wish(library, count, usual)?;
            let stem = self.file().and_then(Path::file_stem);
            let stem = stem.map(|stem| output::readable(stem.as_ref()));
            let name = self.name.clone().or(stem);
            return Ok(vec![Asked { name, wish }]);
        }
        let moods = self.sought.wishes_of_moods(library, count, usual)?;
        let asked = moods.into_iter().map(|(emotion, wish)| Asked {
            name: Some(emotion.name().to_owned()),
            wish,
        });
        Ok(asked.collect())
    }

    fn written(
        &self,
        format: PlaylistFormat,
        songs: &Chosen,
        asked: Asked,
        picks: Vec<Pick>,
    ) -> anyhow::Result<MadePlaylist> {
        let naming = self.naming()?;
        let entries = picks.iter();
        let list = Playlist {
            name: asked.name,
            entries: entries
                .map(|pick| results::playlist_entry(&songs.table, pick.position))
                .collect(),
        };
        let file = self.file().map(|file| match &list.name {
            Some(name) if self.each_mood => file.join(name).with_extension(format.extension()),
            _ => file.to_owned(),
        });
        if let Some(file) = file.as_deref().filter(|file| is_audio_file(file)) {
            anyhow::bail!(
                "{} is called like a song, not like a playlist",
                output::readable(file)
            );
        }
        naming_tells(&naming, &list, format);
        let (text, left_out) = match &file {
            Some(file) => {
                if self.each_mood {
                    output::make_folder(file.parent().unwrap_or(file))?;
                }
                (String::new(), list.write(file, format, &naming)?)
            }
            None => list.text(format, &naming)?,
        };
        Ok(MadePlaylist {
            list,
            picks,
            file,
            text,
            left_out,
        })
    }
}

/// Says how many songs are not where the flags say that the player has them.
fn naming_tells(naming: &Naming, list: &Playlist, format: PlaylistFormat) {
    let Beside::Folder(base) = &naming.beside else {
        return;
    };
    let is_elsewhere = |song: &Path| {
        let name = naming.name(song);
        name.is_none_or(|name| Path::new(&name).is_absolute() || media::is_address(name.as_ref()))
    };
    let entries = list.entries.iter();
    let elsewhere = entries.filter(|entry| is_elsewhere(&entry.path)).count();
    if elsewhere > 0 && format != PlaylistFormat::Nsp {
        crate::tell!(
            "{} of the playlist are not below {}, and are named by their whole paths",
            output::songs(elsewhere),
            output::readable(base)
        );
    }
}

impl Made {
    fn rows(&self, playlist: &MadePlaylist) -> String {
        let picks = playlist.picks.iter().enumerate();
        let rows = picks.map(|(i, pick)| {
            results::row(i + 1, pick.position, pick.cosine, &self.library.songs.table)
        });
        rows.collect()
    }

    fn tell(&self, playlist: &MadePlaylist) {
        if let Some(file) = &playlist.file {
            results::tell_playlist(file, &playlist.list, &playlist.left_out);
        }
    }

    fn answer(&self, seed: u64) -> PlaylistsAnswer {
        let playlist = |made: &MadePlaylist| PlaylistAnswer {
            name: made.list.name.clone(),
            file: made.file.as_deref().map(path_text),
            songs: made
                .picks
                .iter()
                .map(|pick| Recommendation::of_pick(pick, &self.library.songs.table))
                .collect(),
            left_out: made.left_out.iter().map(|path| path_text(path)).collect(),
        };
        PlaylistsAnswer {
            mode: results::mode_name(self.library.index.mode()),
            seed,
            library_songs: self.library.songs.count(),
            playlists: self.playlists.iter().map(playlist).collect(),
        }
    }
}
