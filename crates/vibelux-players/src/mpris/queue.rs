//! [`Mpris`]: a player of the desktop as what fills queues wants it. It is looked for when it is first needed, and anew after it has gone.

use std::collections::HashMap;
use std::time::Duration;

use super::bus::MprisBus;
use super::call::PATIENCE;
use super::error::MprisError;
use super::info::PlayerInfo;
use super::player::MprisPlayer;
use super::uri::{normal, same_uri};
use crate::queue::{PlayState, PlayerQueue, QueueStatus, QueuedSong};

/// A player that may end and come again.
#[derive(Debug)]
pub struct Mpris {
    address: Option<String>,
    wanted: Option<String>,
    patience: Duration,
    there: Option<MprisPlayer>,
    /// The name on the bus of the one that was there.
    was: Option<String>,
    numbers: HashMap<String, u64>,
    /// The names of tracks, by their numbers. Another player's are others: no number means two songs.
    tracks: HashMap<u64, String>,
    latest_number: u64,
    /// The track that played when it was last looked at.
    played: Option<String>,
}

impl Mpris {
    /// One that is not looked for yet: on the bus with this address or else that of the session, called so or else the one that plays (see
    /// [`MprisBus::player`]).
    #[must_use]
    pub fn new(address: Option<String>, wanted: Option<String>) -> Self {
        Self {
            address,
            wanted,
            patience: PATIENCE,
            there: None,
            was: None,
            numbers: HashMap::new(),
            tracks: HashMap::new(),
            latest_number: 0,
            played: None,
        }
    }

    /// The same, where no answer is waited for longer than this.
    #[must_use]
    pub fn within(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The player, which is looked for if it is not known or has gone.
    ///
    /// # Errors
    /// As [`MprisBus::connect`] and [`MprisBus::player`].
    pub fn player(&mut self) -> Result<&mut MprisPlayer, MprisError> {
        let player = match self.there.take() {
            Some(player) => player,
            None => {
                let bus = MprisBus::connect_within(self.address.as_deref(), self.patience)?;
                let player = self.look(&bus)?;
                self.was = Some(player.bus_name().to_owned());
                player
            }
        };
        Ok(self.there.insert(player))
    }

    /// The one that was there, by its name; only the first time the one that plays.
    fn look(&self, bus: &MprisBus) -> Result<MprisPlayer, MprisError> {
        match &self.was {
            Some(was) => bus.player_again(was),
            None => bus.player(self.wanted.as_deref()),
        }
    }

    /// Does something with the player, and forgets it if it has gone.
    pub(super) fn with<T>(
        &mut self,
        act: impl FnOnce(&mut MprisPlayer) -> Result<T, MprisError>,
    ) -> Result<T, MprisError> {
        let done = act(self.player()?);
        if matches!(done, Err(MprisError::Gone { .. } | MprisError::Lost { .. })) {
            self.there = None;
            self.numbers.clear();
            self.tracks.clear();
            self.played = None;
        }
        done
    }

    fn number(&mut self, track: &str) -> u64 {
        if let Some(&number) = self.numbers.get(track) {
            return number;
        }
        self.latest_number += 1;
        self.numbers.insert(track.to_owned(), self.latest_number);
        self.tracks.insert(self.latest_number, track.to_owned());
        self.latest_number
    }

    /// The place of the song that plays, pauses or would go on.
    fn place(&mut self, info: &PlayerInfo, ids: &[String]) -> Result<Option<usize>, MprisError> {
        let place_of = |id: &str| ids.iter().position(|listed| listed == id);
        let mut place = info.track.as_ref().and_then(|track| place_of(&track.id));
        if place.is_none()
            && info.state != PlayState::Stop
            && let Some(url) = info.track.as_ref().and_then(|track| track.url.as_deref())
        {
            // Some call what plays otherwise than in the list.
            let tracks = self.with(|player| player.tracks_of(ids))?;
            let is_it = |track: &super::track::Track| {
                let listed = track.url.as_deref();
                listed.is_some_and(|listed| same_uri(listed, url))
            };
            let mut places = (0..ids.len()).filter(|&place| is_it(&tracks[place]));
            place = places.next().filter(|_| places.next().is_none());
        }
        if info.state != PlayState::Stop {
            self.played = place.map(|place| ids[place].clone());
            return Ok(place);
        }
        // Many forget their song when they stop.
        let played = self.played.as_deref().and_then(place_of);
        let place = place.or(played);
        // Whoever has played the last one was not stopped: it has come to the end.
        Ok(place.filter(|place| place + 1 < ids.len() || played != Some(*place)))
    }
}

impl PlayerQueue for Mpris {
    type Error = MprisError;

    fn status(&mut self) -> Result<QueueStatus, MprisError> {
        let (info, ids) = self.with(|player| {
            if !player.can_queue() {
                return Err(MprisError::CannotQueue {
                    player: player.label(),
                });
            }
            // The list first: what plays then is in it, or came later.
            let ids = player.track_ids()?;
            Ok((player.info()?, ids))
        })?;
        let place = self.place(&info, &ids)?;
        Ok(QueueStatus {
            state: info.state,
            song: place.map(|place| (place, self.number(&ids[place]))),
            queue_length: ids.len(),
            left_seconds: info.left_seconds(),
            is_random: info.is_random,
        })
    }

    fn queue(&mut self, from: usize, most: usize) -> Result<Vec<QueuedSong>, MprisError> {
        let tracks = self.with(|player| {
            let ids = player.track_ids()?;
            let end = from.saturating_add(most).min(ids.len());
            player.tracks_of(&ids[from.min(end)..end])
        })?;
        let songs = tracks.into_iter().enumerate();
        let songs = songs.map(|(place, track)| QueuedSong {
            id: self.number(&track.id),
            place: from + place,
            name: track.url.as_deref().map(normal).unwrap_or_default(),
        });
        Ok(songs.collect())
    }

    fn add(&mut self, name: &str) -> Result<u64, MprisError> {
        let id = self.with(|player| player.add(name))?;
        Ok(self.number(&id))
    }

    fn delete(&mut self, id: u64) -> Result<bool, MprisError> {
        let Some(track) = self.tracks.get(&id).cloned() else {
            return Ok(false);
        };
        self.with(|player| player.remove(&track))
    }

    fn play(&mut self, id: u64) -> Result<(), MprisError> {
        let Some(track) = self.tracks.get(&id).cloned() else {
            return Ok(());
        };
        self.with(|player| player.go_to(&track))?;
        self.played = Some(track);
        Ok(())
    }

    fn is_absent(error: &MprisError) -> bool {
        error.is_absent()
    }

    fn takes_none(&self, tried: usize, example: String) -> MprisError {
        let there = self.there.as_ref().map(MprisPlayer::label);
        MprisError::TakesNone {
            player: there.unwrap_or_else(|| "the player".to_owned()),
            tried,
            example,
        }
    }
}
