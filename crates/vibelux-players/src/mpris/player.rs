//! [`MprisPlayer`]: one player, and what it can be told.

use super::bus::MprisBus;
use super::call::{Arguments, CallError};
use super::choose::choose;
use super::error::MprisError;
use super::info::{PlayerInfo, short, stem};
use super::uri::scheme;
use super::value::Value;

const PLAYER: &str = "org.mpris.MediaPlayer2.Player";

/// A player. Whoever has its name after it has ended is another one: everything is an error then ([`MprisError::Gone`]).
#[derive(Debug)]
pub struct MprisPlayer {
    pub(super) bus: MprisBus,
    owner: String,
    pub(super) info: PlayerInfo,
    /// The tracks that were put in and are not in its list yet: VLC 3 only lists them from its next song on.
    pub(super) pending: Vec<String>,
}

impl MprisBus {
    /// The player that is called so, by a part of its name on the bus or of what people call it; if none is asked for, the one that plays, or the
    /// only one.
    ///
    /// # Errors
    /// If there is none, or it could be several; [`MprisError::NotControllable`] if it lets nobody control it.
    pub fn player(&self, wanted: Option<&str>) -> Result<MprisPlayer, MprisError> {
        let mut listing = self.players()?;
        let chosen = match choose(&listing.players, wanted) {
            Ok(info) => info.clone(),
            // It may be the one that does not answer.
            Err(MprisError::NoPlayer | MprisError::NotFound { .. })
                if !listing.silent.is_empty() =>
            {
                return Err(listing.silent.swap_remove(0));
            }
            Err(error) => return Err(error),
        };
        let owner = self.owner(&chosen.bus_name)?;
        Ok(MprisPlayer::new(self.clone(), owner, chosen))
    }

    /// The player that had this name on the bus, or the same kind of player, whose name may be another each time that it starts.
    pub(super) fn player_again(&self, bus_name: &str) -> Result<MprisPlayer, MprisError> {
        let mut listing = self.players()?;
        let there = listing.players.iter().map(PlayerInfo::label).collect();
        let kind = |name: &str| stem(short(name)).to_owned();
        listing
            .players
            .retain(|info| kind(&info.bus_name) == kind(bus_name));
        let is_named = |info: &&PlayerInfo| info.bus_name == bus_name;
        let chosen = match listing.players.iter().find(is_named) {
            Some(info) => info.clone(),
            None if listing.players.is_empty() => {
                let wanted = short(bus_name).to_owned();
                return Err(MprisError::NotFound { wanted, there });
            }
            None => choose(&listing.players, None)?.clone(),
        };
        let owner = self.owner(&chosen.bus_name)?;
        Ok(MprisPlayer::new(self.clone(), owner, chosen))
    }
}

impl MprisPlayer {
    pub(super) fn new(bus: MprisBus, owner: String, info: PlayerInfo) -> Self {
        Self {
            bus,
            owner,
            info,
            pending: Vec::new(),
        }
    }

    /// Its name on the bus.
    #[must_use]
    pub fn bus_name(&self) -> &str {
        &self.info.bus_name
    }

    /// What it is called in messages.
    #[must_use]
    pub fn label(&self) -> String {
        self.info.label()
    }

    /// Whether songs can be put behind others in it; if not, it can only [`Self::open`] one in the place of what plays.
    #[must_use]
    pub fn can_queue(&self) -> bool {
        self.info.can_queue()
    }

    /// How it is now.
    ///
    /// # Errors
    /// [`MprisError`], as of all that follow.
    pub fn info(&mut self) -> Result<PlayerInfo, MprisError> {
        let properties = self.bus.properties(&self.owner, &self.label(), PLAYER)?;
        self.info.update(&properties);
        Ok(self.info.clone())
    }

    /// Lets it play, or go on.
    ///
    /// # Errors
    /// [`MprisError`].
    pub fn play(&self) -> Result<(), MprisError> {
        self.tell("Play", Arguments::None)
    }

    /// Lets it pause.
    ///
    /// # Errors
    /// [`MprisError`].
    pub fn pause(&self) -> Result<(), MprisError> {
        self.tell("Pause", Arguments::None)
    }

    /// Lets it pause if it plays, and play if not.
    ///
    /// # Errors
    /// [`MprisError`].
    pub fn play_pause(&self) -> Result<(), MprisError> {
        self.tell("PlayPause", Arguments::None)
    }

    /// Lets it go on with the next song.
    ///
    /// # Errors
    /// [`MprisError`].
    pub fn next(&self) -> Result<(), MprisError> {
        self.tell("Next", Arguments::None)
    }

    /// Lets it go back to the song before.
    ///
    /// # Errors
    /// [`MprisError`].
    pub fn previous(&self) -> Result<(), MprisError> {
        self.tell("Previous", Arguments::None)
    }

    /// Stops it.
    ///
    /// # Errors
    /// [`MprisError`].
    pub fn stop(&self) -> Result<(), MprisError> {
        self.tell("Stop", Arguments::None)
    }

    /// Plays this at once, IN THE PLACE of what plays: only for somebody who wants that.
    ///
    /// # Errors
    /// [`MprisError::Scheme`] if it does not play what has such an address; others as above. Most players say nothing of a file that they cannot
    /// read.
    pub fn open(&self, uri: &str) -> Result<(), MprisError> {
        self.check(uri)?;
        self.tell("OpenUri", Arguments::Text(uri))
    }

    /// Whether it says that it plays what has such an address.
    pub(super) fn check(&self, uri: &str) -> Result<(), MprisError> {
        let takes = &self.info.uri_schemes;
        let names = |scheme: &str| takes.iter().any(|t| t.eq_ignore_ascii_case(scheme));
        let is_taken = scheme(uri).is_some_and(|scheme| {
            // mpv only names what lies elsewhere; whoever plays that plays files too.
            names(&scheme) || scheme == "file" && names("http")
        });
        // Some players do not say at all.
        if is_taken || takes.is_empty() {
            return Ok(());
        }
        Err(MprisError::Scheme {
            player: self.label(),
            uri: uri.to_owned(),
            takes: takes.clone(),
        })
    }

    fn tell(&self, method: &str, arguments: Arguments<'_>) -> Result<(), MprisError> {
        self.ask(PLAYER, method, arguments).map(drop)
    }

    pub(super) fn ask(
        &self,
        interface: &str,
        method: &str,
        arguments: Arguments<'_>,
    ) -> Result<Vec<Value>, MprisError> {
        let answer = self.bus.link.ask(&self.owner, interface, method, arguments);
        answer.map_err(|error| self.error(error, method))
    }

    /// What listens for a signal of it.
    pub(super) fn listen(&self, member: &str) -> Result<super::link::Listener, MprisError> {
        let listener = self.bus.link.listen(&self.owner, member);
        listener.map_err(|error| self.error(error, member))
    }

    fn error(&self, error: CallError, method: &str) -> MprisError {
        self.bus.error(error, &self.label(), method)
    }
}
