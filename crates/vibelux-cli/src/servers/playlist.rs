//! [`PlaylistFlags`]: which songs of a server are put into a playlist there; [`ServerPlaylistArgs`]: also on which server.

use std::num::NonZeroUsize;
use std::process::ExitCode;

use super::MusicServer;
use super::known::{KnownSongs, PickedSongs};
use crate::at_least_one::at_least_one;
use crate::library_location::LibraryArgs;
use crate::output;
use crate::schedule::{Schedule, parse_schedule, usual_strength};
use crate::sought::{SoughtArgs, SoughtLibrary, Wish, needed};

/// What `playlist` of every server takes.
#[derive(Debug, clap::Args)]
#[command(group = needed().arg("each_mood"))]
pub struct PlaylistFlags {
    /// What it is called there; with --each-mood what stands before the moods. One of yours with that name is replaced
    #[arg(value_name = "NAME", default_value = "VibeluX ")]
    name: String,
    #[command(flatten)]
    sought: SoughtArgs,
    /// A playlist for each of the seven emotions
    #[arg(long, group = "source", conflicts_with = "to")]
    each_mood: bool,
    /// How many songs
    #[arg(short = 'n', long, value_name = "N", default_value = "30", value_parser = at_least_one)]
    count: NonZeroUsize,
    /// Put it there again whenever this says, until stopped: minute, hour, day, month and day of the week, as in a crontab
    #[arg(long, value_name = "CRON", value_parser = parse_schedule)]
    every: Option<Schedule>,
    /// Only say which songs it would have
    #[arg(long, conflicts_with = "every")]
    dry_run: bool,
    #[command(flatten)]
    library: LibraryArgs,
}

/// What `playlist` of a server takes: also which server is meant, and who asks.
#[derive(Debug, clap::Args)]
pub struct ServerPlaylistArgs<S: clap::Args> {
    #[command(flatten)]
    pub playlist: PlaylistFlags,
    #[command(flatten)]
    pub server: S,
}

impl PlaylistFlags {
    /// Puts the playlists there, once or whenever it is time. `connect` is called each time.
    ///
    /// # Errors
    /// If the flags, the library or the server say so.
    pub fn run(
        &self,
        connect: impl Fn() -> anyhow::Result<Box<dyn MusicServer>>,
    ) -> anyhow::Result<ExitCode> {
        let seed = self.sought.seed.unwrap_or_default();
        match &self.every {
            Some(schedule) => {
                schedule.run(|minute| self.put(connect()?.as_ref(), seed.wrapping_add(minute)))?;
            }
            None => self.put(connect()?.as_ref(), seed)?,
        }
        Ok(ExitCode::SUCCESS)
    }

    fn put(&self, server: &dyn MusicServer, seed: u64) -> anyhow::Result<()> {
        let known = KnownSongs::load(server, &self.sought, &self.library)?;
        let called = server.called();
        for (number, (name, mut wish)) in (0..).zip(self.asked(&known.library)?) {
            wish.request.seed = seed.wrapping_add(number);
            let PickedSongs { ids, lines } = known.picked(wish, |_| false);
            if ids.is_empty() {
                anyhow::bail!("no song is left for {name:?}, so it was not written");
            }
            if self.dry_run {
                output::print(&format!("{name} would have\n{lines}"))?;
                continue;
            }
            server.put(&name, &ids)?;
            output::print(&format!(
                "{name}: {} at {called}\n{lines}",
                output::songs(ids.len())
            ))?;
        }
        Ok(())
    }

    /// The playlists that are asked for, by name.
    fn asked(&self, library: &SoughtLibrary) -> anyhow::Result<Vec<(String, Wish)>> {
        let usual = usual_strength(self.every.as_ref());
        let count = self.count.get();
        if !self.each_mood {
            let wish = self.sought.wish(library, count, usual)?;
            return Ok(vec![(self.name.trim().to_owned(), wish)]);
        }
        let moods = self.sought.wishes_of_moods(library, count, usual)?;
        let named = moods
            .into_iter()
            .map(|(emotion, wish)| (format!("{}{emotion}", self.name), wish));
        Ok(named.collect())
    }
}
