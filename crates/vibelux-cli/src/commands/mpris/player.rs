//! [`PlayerArgs`]: which player is meant; [`UriNames`]: what it calls songs; [`FollowedPlayer`]: the player that `follow` fills.

use std::path::Path;

use vibelux::library::SongTable;
use vibelux_players::mpris::{Mpris, MprisError, OneByOne, file_of_uri, file_uri};
use vibelux_players::{Follower, Tick};

use crate::filling::{FollowFlags, Followed, LibrarySongs, SongNames, Trouble};

/// Which player is meant.
#[derive(Debug, clap::Args)]
pub struct PlayerArgs {
    /// The player by a part of its name, such as vlc [default: the one that plays, or the only one]
    #[arg(long, value_name = "NAME")]
    pub player: Option<String>,
}

impl PlayerArgs {
    /// The player that is meant; looked for when it is needed, and again after it has gone.
    pub fn mpris(&self) -> Mpris {
        Mpris::new(None, self.player.clone())
    }
}

/// An error of a player, with what to do about it here.
pub fn advised(error: MprisError) -> anyhow::Error {
    let advice = match &error {
        MprisError::Ambiguous { .. } | MprisError::NotFound { .. } => {
            "name one with --player, as `vibelux mpris players` lists them"
        }
        MprisError::CannotQueue { .. } => {
            "`vibelux mpris follow --one-by-one` gives it song after song"
        }
        _ => return error.into(),
    };
    anyhow::anyhow!("{error}; {advice}")
}

/// Songs by the addresses of their files.
pub struct UriNames;

impl SongNames for UriNames {
    fn name(&self, path: &Path) -> Option<String> {
        file_uri(path)
    }

    fn find(&self, table: &SongTable, name: &str) -> Option<usize> {
        table.position(&file_of_uri(name)?)
    }
}

/// How a player is filled.
enum Way {
    Queue(Follower),
    OneByOne(OneByOne),
}

/// A player that follows.
pub struct FollowedPlayer {
    player: Mpris,
    label: String,
    way: Way,
}

impl FollowedPlayer {
    /// A player that is there.
    ///
    /// # Errors
    /// If it is not, or lets nobody change its queue.
    pub fn new(mut player: Mpris, flags: &FollowFlags, one_by_one: bool) -> anyhow::Result<Self> {
        let there = player.player().map_err(advised)?;
        let label = there.label();
        let way = if one_by_one {
            Way::OneByOne(OneByOne::new(!flags.no_play, false))
        } else if there.can_queue() {
            let ahead = flags.ahead.into();
            Way::Queue(Follower::new(ahead, !flags.no_play, flags.replace))
        } else {
            anyhow::bail!(
                "{label} lets nobody change its queue; add --one-by-one, and it is given song after song"
            );
        };
        Ok(Self { player, label, way })
    }
}

impl Followed for FollowedPlayer {
    fn called(&self) -> String {
        self.label.clone()
    }

    fn place(&self) -> String {
        self.label.clone()
    }

    fn tick(&mut self, songs: &mut LibrarySongs) -> Result<Tick, Trouble> {
        let ticked = match &mut self.way {
            Way::Queue(follower) => follower.tick(&mut self.player, songs),
            Way::OneByOne(one_by_one) => one_by_one.tick(&mut self.player, songs),
        };
        ticked.map_err(|error| match error {
            error if error.is_passing() => Trouble::Away(error.to_string()),
            MprisError::Refused { .. } => Trouble::Refused(advised(error)),
            error => Trouble::Lasting(advised(error)),
        })
    }

    fn change(&mut self) {
        if let Way::Queue(follower) = &mut self.way {
            follower.change();
        }
    }

    fn reconnect(&mut self) {
        match &mut self.way {
            Way::Queue(follower) => follower.reconnect(),
            Way::OneByOne(one_by_one) => one_by_one.reconnect(),
        }
    }
}
