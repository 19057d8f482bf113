//! [`MprisBus`]: a session bus, and the players on it.

use std::collections::HashSet;
use std::thread;
use std::time::Duration;

use super::call::{Arguments, CallError, PATIENCE};
use super::error::MprisError;
use super::info::{PREFIX, PlayerInfo, short};
use super::link::Link;
use super::value::{Fields, Value};

/// A connection to a session bus.
#[derive(Debug, Clone)]
pub struct MprisBus {
    pub(super) link: Link,
    pub(super) address: String,
}

/// The players of a bus.
#[derive(Debug, Default)]
pub struct MprisListing {
    /// Those that answer, by name.
    pub players: Vec<PlayerInfo>,
    /// Why others do not.
    pub silent: Vec<MprisError>,
}

impl MprisBus {
    /// Connects to the bus with such an address, or to that of the session (`DBUS_SESSION_BUS_ADDRESS`, or else the socket `bus` in the folder
    /// `XDG_RUNTIME_DIR`).
    ///
    /// # Errors
    /// [`MprisError::NoBus`], and [`MprisError::Elsewhere`] on systems without.
    pub fn connect(address: Option<&str>) -> Result<Self, MprisError> {
        Self::connect_within(address, PATIENCE)
    }

    /// The same, where no answer is waited for longer than this.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub fn connect_within(address: Option<&str>, patience: Duration) -> Result<Self, MprisError> {
        let address = match address {
            Some(address) => address.to_owned(),
            None => of_the_session()?,
        };
        let link = Link::open(&address, patience)?;
        Ok(Self { link, address })
    }

    /// Which players there are. Each is waited for, all at the same time.
    ///
    /// # Errors
    /// If the bus does not say.
    pub fn players(&self) -> Result<MprisListing, MprisError> {
        let named = self.named()?;
        let asked: Vec<_> = thread::scope(|scope| {
            let asking: Vec<_> = named
                .iter()
                .map(|(name, owner)| scope.spawn(move || self.info(name, owner)))
                .collect();
            asking
                .into_iter()
                .map(thread::ScopedJoinHandle::join)
                .collect()
        });
        let mut listing = MprisListing::default();
        for info in asked.into_iter().flatten() {
            match info {
                Ok(info) => listing.players.push(info),
                // It ended while it was asked.
                Err(MprisError::Gone { .. }) => {}
                Err(error @ MprisError::Lost { .. }) => return Err(error),
                Err(error) => listing.silent.push(error),
            }
        }
        Ok(listing)
    }

    /// The players' names, sorted, and who has them. Who has several is there once.
    fn named(&self) -> Result<Vec<(String, String)>, MprisError> {
        let answer = self.link.ask_bus("ListNames", Arguments::None);
        let answer = answer.map_err(|error| self.error(error, "the bus", "ListNames"))?;
        let mut names = answer.first().map(Value::texts).unwrap_or_default();
        names.retain(|name| name.starts_with(PREFIX));
        names.sort_unstable();
        let mut owners = HashSet::new();
        let mut named = Vec::new();
        for name in names {
            match self.owner(&name) {
                Ok(owner) if owners.insert(owner.clone()) => named.push((name, owner)),
                Ok(_) | Err(MprisError::Gone { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(named)
    }

    /// Who has a name now: whoever has it later is another one, whose tracks mean other songs.
    pub(super) fn owner(&self, name: &str) -> Result<String, MprisError> {
        let error = |error| self.error(error, short(name), "GetNameOwner");
        let answer = self.link.ask_bus("GetNameOwner", Arguments::Text(name));
        let answer = answer.map_err(error)?;
        let owner = answer.first().and_then(Value::text).map(str::to_owned);
        owner.ok_or_else(|| error(CallError::Nonsense))
    }

    fn info(&self, name: &str, owner: &str) -> Result<PlayerInfo, MprisError> {
        let root = self.properties(owner, short(name), "org.mpris.MediaPlayer2")?;
        let player = self.properties(owner, short(name), "org.mpris.MediaPlayer2.Player")?;
        let list = self.properties(owner, short(name), "org.mpris.MediaPlayer2.TrackList");
        let list = match list {
            // It need not have such an interface.
            Err(MprisError::Refused { .. } | MprisError::Nonsense { .. }) => Fields::new(),
            list => list?,
        };
        Ok(PlayerInfo::read(name, &root, &player, &list))
    }

    pub(super) fn properties(
        &self,
        owner: &str,
        label: &str,
        interface: &str,
    ) -> Result<Fields, MprisError> {
        let error = |error| self.error(error, label, "GetAll");
        let properties = "org.freedesktop.DBus.Properties";
        let answer = self
            .link
            .ask(owner, properties, "GetAll", Arguments::Text(interface))
            .map_err(error)?;
        match answer.into_iter().next() {
            Some(Value::Fields(fields)) => Ok(fields),
            _ => Err(error(CallError::Nonsense)),
        }
    }

    pub(super) fn error(&self, error: CallError, player: &str, method: &str) -> MprisError {
        error.of(player, method, &self.address, self.link.patience())
    }
}

fn of_the_session() -> Result<String, MprisError> {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    if let Some(address) = variable("DBUS_SESSION_BUS_ADDRESS") {
        return Ok(address);
    }
    match variable("XDG_RUNTIME_DIR") {
        Some(folder) => Ok(format!("unix:path={folder}/bus")),
        None if cfg!(unix) => Err(MprisError::NoBus {
            address: "DBUS_SESSION_BUS_ADDRESS".to_owned(),
            reason: "the variable is not set".to_owned(),
        }),
        None => Err(MprisError::Elsewhere),
    }
}
