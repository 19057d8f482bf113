//! `vibelux music-assistant queue`: songs into the queue of one of its players.

use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::process::ExitCode;

use vibelux_players::music_assistant::{PlayerQueue, QueueOption};

use super::server::ServerArgs;
use crate::at_least_one::at_least_one;
use crate::library_location::LibraryArgs;
use crate::output;
use crate::servers::{KnownSongs, MusicServer, PickedSongs};
use crate::sought::{SoughtArgs, needed};

/// Which songs come into the queue of which player.
#[derive(Debug, clap::Args)]
#[command(group = needed())]
pub struct QueueArgs {
    /// The player by a part of its name, such as kitchen, or by its id [default: the only one that is on]
    #[arg(value_name = "PLAYER")]
    player: Option<String>,
    #[command(flatten)]
    sought: SoughtArgs,
    /// How many songs
    #[arg(short = 'n', long, value_name = "N", default_value = "20", value_parser = at_least_one)]
    count: NonZeroUsize,
    /// Put them after the song that plays
    #[arg(long)]
    next: bool,
    /// Put them in the place of all, and play
    #[arg(long, conflicts_with = "next")]
    replace: bool,
    #[command(flatten)]
    library: LibraryArgs,
    #[command(flatten)]
    server: ServerArgs,
}

impl QueueArgs {
    /// Puts them there.
    ///
    /// # Errors
    /// If the flags, the library or the server say so.
    pub fn run(&self) -> anyhow::Result<ExitCode> {
        let there = self.server.connect()?;
        let queues = there.server.queues()?;
        let queue = meant(
            &queues,
            self.player.as_deref().filter(|name| !name.is_empty()),
        )?;
        let known = KnownSongs::load(&there, &self.sought, &self.library)?;
        let wish = self.sought.wish(&known.library, self.count.get(), 1.0)?;
        let there_already: HashSet<String> = if self.replace {
            HashSet::new()
        } else {
            there.server.queued(queue)?.into_iter().collect()
        };
        let PickedSongs { ids, lines } = known.picked(wish, |id| there_already.contains(id));
        if ids.is_empty() {
            anyhow::bail!(
                "none of the songs that the library and the server have fits, or all that do are in it: the queue of {} is as it was",
                queue.name
            );
        }
        let (option, place) = match (self.next, self.replace) {
            (true, _) => (QueueOption::Next, "next in"),
            (_, true) => (QueueOption::Replace, "in the place of"),
            _ => (QueueOption::Add, "at the end of"),
        };
        there.server.enqueue(&queue.id, &ids, option)?;
        if ids.len() < self.count.get() {
            crate::tell!(
                "{} were asked for; the library and the server have no more that fit and are not in the queue",
                self.count
            );
        }
        output::print(&format!(
            "{} {place} the queue of {} ({})\n{lines}",
            output::songs(ids.len()),
            queue.name,
            there.called()
        ))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The queue that is meant.
fn meant<'a>(queues: &'a [PlayerQueue], name: Option<&str>) -> anyhow::Result<&'a PlayerQueue> {
    let listed = |queues: &[&PlayerQueue]| -> String {
        let names = queues.iter().map(|queue| {
            let is_same = |other: &&&PlayerQueue| other.name == queue.name;
            // One room may be there twice, by two ways of the server to its speaker.
            match queues.iter().filter(is_same).count() {
                1 => queue.name.clone(),
                _ => format!("{} ({})", queue.name, queue.id),
            }
        });
        names.collect::<Vec<_>>().join(", ")
    };
    let on: Vec<&PlayerQueue> = queues.iter().filter(|queue| queue.is_available).collect();
    if on.is_empty() {
        anyhow::bail!("no player of Music Assistant is on; switch one on, or see its page");
    }
    let Some(name) = name else {
        let [one] = *on else {
            anyhow::bail!("there are several players, so name one: {}", listed(&on));
        };
        return Ok(one);
    };
    let sought = name.to_lowercase();
    if let Some(same) = on.iter().find(|queue| queue.id == name) {
        return Ok(same);
    }
    let alike = on.iter().copied();
    let mut alike: Vec<&PlayerQueue> = alike
        .filter(|queue| queue.name.to_lowercase().contains(&sought))
        .collect();
    let is_whole = |queue: &&PlayerQueue| queue.name.to_lowercase() == sought;
    if alike.iter().any(is_whole) {
        alike.retain(is_whole);
    }
    match *alike {
        [one] => Ok(one),
        [] => anyhow::bail!(
            "no player that is on is called {name:?}; there are {}",
            listed(&on)
        ),
        _ => anyhow::bail!("{name:?} means several players: {}", listed(&alike)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(name: &str, is_available: bool) -> PlayerQueue {
        PlayerQueue {
            id: name.to_uppercase(),
            name: name.to_owned(),
            is_available,
            songs: 0,
        }
    }

    #[test]
    fn a_player_is_meant_by_a_part_of_its_name_if_no_other_is() {
        let queues = [
            queue("Kitchen", true),
            queue("Kitchen door", true),
            queue("Bath", true),
            queue("Cellar", false),
        ];
        let id = |name| meant(&queues, name).map(|queue| queue.id.as_str());
        assert_eq!(id(Some("kitchen")).ok(), Some("KITCHEN"));
        assert_eq!(id(Some("DOOR")).ok(), Some("KITCHEN DOOR"));
        for (name, said) in [
            (Some("kit"), "several players: Kitchen, Kitchen door"),
            (Some("cellar"), "there are Kitchen, Kitchen door, Bath"),
            (None, "name one: Kitchen, Kitchen door, Bath"),
        ] {
            let error = id(name).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
        assert_eq!(meant(&queues[2..], None).unwrap().id, "BATH");
        let mut twice = [queue("Bath", true), queue("Bath", true)];
        twice[1].id = "b2".to_owned();
        let error = meant(&twice, Some("bath")).unwrap_err().to_string();
        assert!(error.contains("Bath (BATH), Bath (b2)"), "{error}");
        assert_eq!(meant(&twice, Some("b2")).unwrap().id, "b2");
        assert!(meant(&queues[3..], None).is_err());
    }
}
