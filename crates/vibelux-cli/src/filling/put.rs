//! [`PutFlags`]: songs into the queue of a player, once.

use std::num::NonZeroUsize;

use vibelux::library::unix_seconds;
use vibelux_players::{PlayerQueue, enqueue};

use super::names::SongNames;
use crate::at_least_one::at_least_one;
use crate::library_location::LibraryArgs;
use crate::output;
use crate::sought::{SoughtArgs, SoughtLibrary, needed};

/// So many songs of the queue are looked at.
const LOOKED_AT: usize = 500;

/// How much fitting counts in a shuffle.
const SHUFFLE: f64 = 0.5;

/// What `queue` and `shuffle` of every player take.
#[derive(Debug, clap::Args)]
#[command(group = needed())]
pub struct PutFlags {
    #[command(flatten)]
    sought: SoughtArgs,
    /// How many songs
    #[arg(short = 'n', long, value_name = "N", default_value = "20", value_parser = at_least_one)]
    count: NonZeroUsize,
    /// Play the first of them if nothing plays
    #[arg(long)]
    play: bool,
    #[command(flatten)]
    library: LibraryArgs,
}

impl PutFlags {
    /// Puts songs at the end of the queue of a player that has a name for people, or, as a shuffle, in the place of those after the one that
    /// plays. `advised` says what to do about an error of the player.
    ///
    /// # Errors
    /// If the flags, the library or the player say so.
    pub fn put<P: PlayerQueue>(
        &self,
        player: &mut P,
        called: &str,
        names: &dyn SongNames,
        is_shuffle: bool,
        advised: fn(P::Error) -> anyhow::Error,
    ) -> anyhow::Result<()> {
        // Before a camera is started for nothing.
        let status = player.status().map_err(advised)?;
        let store = self.library.open_soon()?;
        let library = SoughtLibrary::load(&self.sought, &store)?;
        let usual = if is_shuffle { SHUFFLE } else { 1.0 };
        let mut wish = self.sought.wish(&library, self.count.get(), usual)?;
        if is_shuffle && self.sought.seed.is_none() {
            // Each time another one.
            wish.request.seed = unix_seconds();
        }
        let table = &library.songs.table;
        // What plays or is to come does not come twice; what makes way may come again.
        let first = status.song.map_or(0, |(place, _)| place);
        let there = player.queue(first, if is_shuffle { 1 } else { LOOKED_AT });
        let there = there.map_err(advised)?;
        let there = there
            .iter()
            .filter_map(|song| names.find(table, &song.name));
        let picks = library.picks(&wish.request, wish.left_out.into_iter().chain(there));
        let paths = picks.iter().map(|pick| table.path(pick.position));
        let names: Vec<String> = paths.filter_map(|path| names.name(&path)).collect();
        if names.is_empty() {
            anyhow::bail!(
                "no other song of the library fits that is on this disk, so the queue stays as it is"
            );
        }
        let done = enqueue(player, &names, is_shuffle, self.play).map_err(advised)?;
        for name in &done.unknown {
            crate::tell!("{called} does not know {name}");
        }
        let removed = match done.removed {
            0 => String::new(),
            removed => format!(" in the place of {}", output::songs(removed)),
        };
        output::print(&format!(
            "{} put into the queue{removed}\n",
            output::songs(done.added)
        ))
    }
}
