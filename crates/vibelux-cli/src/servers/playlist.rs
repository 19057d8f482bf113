//! [`PlaylistFlags`]: which songs of a server are put into a playlist there.

use std::num::NonZeroUsize;
use std::process::ExitCode;

use clap::ArgGroup;
use indicatif::ProgressBar;

use super::MusicServer;
use super::matched::matched;
use crate::at_least_one::at_least_one;
use crate::library_location::LibraryArgs;
use crate::output;
use crate::results;
use crate::schedule::{Schedule, parse_schedule, usual_strength};
use crate::sought::{SoughtArgs, SoughtLibrary, Wish};

/// What `playlist` of every server takes.
#[derive(Debug, clap::Args)]
#[command(group = ArgGroup::new("needed").args(["image", "camera", "mood", "similar_to", "unlike", "each_mood"]).required(true).multiple(true))]
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
        let store = self.library.open_soon()?;
        // The server has them, wherever their files are here.
        let library = SoughtLibrary::load_wherever(&self.sought, &store)?;
        let called = server.called();
        let bar = ProgressBar::new_spinner();
        let songs = server.songs(&mut |count| {
            bar.set_message(format!("{called}: {} so far", output::songs(count)));
            bar.tick();
        })?;
        bar.finish_and_clear();
        let ids = matched(&library.songs.table, &songs).ids;
        let known = ids.iter().flatten().count();
        if known == 0 {
            anyhow::bail!(
                "none of the {} of {called} is in the library; embed the same songs, or see that their tags or paths are alike",
                output::songs(songs.len())
            );
        }
        crate::tell!(
            "{} of its {} are in the library",
            known,
            output::songs(songs.len())
        );
        let strangers: Vec<usize> = (0..ids.len()).filter(|&at| ids[at].is_none()).collect();
        for (number, (name, mut wish)) in (0..).zip(self.asked(&library)?) {
            wish.request.seed = seed.wrapping_add(number);
            let without = strangers.iter().chain(&wish.left_out).copied();
            let picks = library.picks(&wish.request, without);
            let chosen: Vec<usize> = picks.iter().map(|pick| pick.position).collect();
            if chosen.is_empty() {
                anyhow::bail!("no song is left for {name:?}, so it was not written");
            }
            let lines: String = chosen
                .iter()
                .map(|&at| format!("  {}\n", results::song_title(&library.songs.table, at)))
                .collect();
            let of_server: Vec<String> = chosen.iter().filter_map(|&at| ids[at].clone()).collect();
            if self.dry_run {
                output::print(&format!("{name} would have\n{lines}"))?;
                continue;
            }
            server.put(&name, &of_server)?;
            output::print(&format!(
                "{name}: {} at {called}\n{lines}",
                output::songs(of_server.len())
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
