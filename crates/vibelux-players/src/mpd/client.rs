//! [`Mpd`]: the commands that are needed of MPD's protocol. The connection is made when it is first needed, and anew after it broke off.

use std::path::PathBuf;

use mpd_protocol::response::Frame;
use mpd_protocol::{Command, Connection, MpdProtocolError};

use super::address::MpdAddress;
use super::error::{MpdError, NO_EXIST};
use super::stream::Stream;
use crate::queue::{PlayState, QueueStatus, QueuedSong};

/// The numbers of the protocol for a wrong password, and for what one may not do without.
const PASSWORD: u64 = 3;
const PERMISSION: u64 = 4;

/// An MPD.
pub struct Mpd {
    address: MpdAddress,
    connection: Option<Connection<Stream>>,
}

impl Mpd {
    /// One that is not called yet.
    #[must_use]
    pub fn new(address: MpdAddress) -> Self {
        Self {
            address,
            connection: None,
        }
    }

    /// Where it is.
    #[must_use]
    pub fn address(&self) -> &MpdAddress {
        &self.address
    }

    /// How it is.
    ///
    /// # Errors
    /// [`MpdError`], as of all that follow.
    pub fn status(&mut self) -> Result<QueueStatus, MpdError> {
        let frame = self.ask(Command::new("status"))?;
        let number = |key: &str| frame.find(key).and_then(|value| value.parse::<u64>().ok());
        let seconds = |key: &str| frame.find(key).and_then(|value| value.parse::<f64>().ok());
        let place = number("song").and_then(|place| usize::try_from(place).ok());
        let length = number("playlistlength").and_then(|length| usize::try_from(length).ok());
        let (Some(state), Some(queue_length)) = (frame.find("state"), length) else {
            return Err(self.nonsense());
        };
        Ok(QueueStatus {
            state: match state {
                "play" => PlayState::Play,
                "pause" => PlayState::Pause,
                _ => PlayState::Stop,
            },
            song: place.zip(number("songid")),
            queue_length,
            left_seconds: seconds("duration")
                .zip(seconds("elapsed"))
                .map(|(duration, elapsed)| (duration - elapsed).max(0.0)),
            is_random: frame.find("random") == Some("1"),
        })
    }

    /// The songs of the queue from one place on, at most so many.
    ///
    /// # Errors
    /// [`MpdError`].
    pub fn queue(&mut self, from: usize, most: usize) -> Result<Vec<QueuedSong>, MpdError> {
        // The protocol's places are 32 bits wide, of which one is for the sign.
        let end = from.saturating_add(most).min(i32::MAX as usize);
        let range = format!("{from}:{end}");
        let frame = self.ask(Command::new("playlistinfo").argument(range))?;
        let mut songs = Vec::new();
        let mut name = None;
        let mut place = None;
        // Each song begins with its name and ends with its number.
        for (key, value) in frame.fields() {
            match key {
                "file" => name = Some(value.to_owned()),
                "Pos" => place = value.parse().ok(),
                "Id" => {
                    if let (Some(name), Some(place), Ok(id)) = (name.take(), place, value.parse()) {
                        songs.push(QueuedSong { id, place, name });
                    }
                }
                _ => {}
            }
        }
        Ok(songs)
    }

    /// Puts a song at the end of the queue; its number.
    ///
    /// # Errors
    /// [`MpdError`]; [`MpdError::is_absent`] if it does not know the song.
    pub fn add(&mut self, name: &str) -> Result<u64, MpdError> {
        let mut command = Command::new("addid");
        if command.add_argument(name).is_err() {
            // No line of the protocol holds it, so MPD cannot know it.
            return Err(MpdError::Refused {
                address: self.address.clone(),
                command: "addid".to_owned(),
                code: NO_EXIST,
                message: "no such song".to_owned(),
            });
        }
        let frame = self.ask(command).map_err(|error| match error {
            // What it says of whole paths that are not below its library.
            MpdError::Password {
                address,
                command,
                message,
            } if message == "Access denied" => MpdError::Refused {
                address,
                command,
                code: NO_EXIST,
                message,
            },
            error => error,
        })?;
        let id = frame.find("Id").and_then(|id| id.parse().ok());
        id.ok_or_else(|| self.nonsense())
    }

    /// Takes a song out of the queue; one that is not in it any more is no error.
    ///
    /// # Errors
    /// [`MpdError`].
    pub fn delete(&mut self, id: u64) -> Result<(), MpdError> {
        match self.ask(Command::new("deleteid").argument(id.to_string())) {
            Err(error) if error.is_absent() => Ok(()),
            done => done.map(drop),
        }
    }

    /// Plays the song with this number.
    ///
    /// # Errors
    /// [`MpdError`].
    pub fn play(&mut self, id: u64) -> Result<(), MpdError> {
        self.ask(Command::new("playid").argument(id.to_string()))
            .map(drop)
    }

    /// Its library's folder, which it tells who comes by a socket of the same machine.
    ///
    /// # Errors
    /// [`MpdError`].
    pub fn music_folder(&mut self) -> Result<Option<PathBuf>, MpdError> {
        if !self.address.is_socket() {
            return Ok(None);
        }
        match self.ask(Command::new("config")) {
            Ok(frame) => Ok(frame.find("music_directory").map(PathBuf::from)),
            Err(MpdError::Refused { .. } | MpdError::Password { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn ask(&mut self, command: Command) -> Result<Frame, MpdError> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.call()?,
        };
        let frame = self.ask_by(&mut connection, command);
        // One that broke off, or whose next answer would be to this question, is not used again.
        if !matches!(
            frame,
            Err(MpdError::Lost { .. } | MpdError::Nonsense { .. })
        ) {
            self.connection = Some(connection);
        }
        frame
    }

    fn call(&self) -> Result<Connection<Stream>, MpdError> {
        let connect = |source| MpdError::Connect {
            address: self.address.clone(),
            source,
        };
        let stream = Stream::open(self.address.place()).map_err(connect)?;
        let mut connection = Connection::connect(stream).map_err(|error| match error {
            MpdProtocolError::Io(source) => connect(source),
            MpdProtocolError::InvalidMessage => self.nonsense(),
        })?;
        if let Some(password) = self.address.password() {
            let mut command = Command::new("password");
            if command.add_argument(password).is_err() {
                return Err(MpdError::BadPassword {
                    address: self.address.clone(),
                });
            }
            self.ask_by(&mut connection, command)?;
        }
        Ok(connection)
    }

    fn ask_by(
        &self,
        connection: &mut Connection<Stream>,
        command: Command,
    ) -> Result<Frame, MpdError> {
        let response = connection.command(command).map_err(|error| match error {
            MpdProtocolError::Io(source) => MpdError::Lost {
                address: self.address.clone(),
                source,
            },
            MpdProtocolError::InvalidMessage => self.nonsense(),
        })?;
        response.into_single_frame().map_err(|error| {
            let command = error.current_command.as_deref().unwrap_or("a command");
            let (address, command) = (self.address.clone(), command.to_owned());
            let message = error.message.to_string();
            match error.code {
                PASSWORD | PERMISSION => MpdError::Password {
                    address,
                    command,
                    message,
                },
                code => MpdError::Refused {
                    address,
                    command,
                    code,
                    message,
                },
            }
        })
    }

    fn nonsense(&self) -> MpdError {
        MpdError::Nonsense {
            address: self.address.clone(),
        }
    }
}
