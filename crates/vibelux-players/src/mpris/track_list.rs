//! The track list of an [`MprisPlayer`], for those players that let others edit it.

use std::collections::{HashMap, HashSet};
use std::thread;
use std::time::{Duration, Instant};

use super::call::Arguments;
use super::error::MprisError;
use super::player::MprisPlayer;
use super::track::{NO_TRACK, Track};
use super::uri::same_uri;
use super::value::Value;
use crate::queue::PlayState;

const TRACK_LIST: &str = "org.mpris.MediaPlayer2.TrackList";

/// What VLC takes for the end of its list, even of one that it does not tell.
const VLC_END: &str = "/org/mpris/MediaPlayer2/TrackList/Append";

/// For so long a player may take to list a song that it was given.
const ADDING: Duration = Duration::from_secs(3);

/// For so long it may take to begin with a song.
const BEGINNING: Duration = Duration::from_secs(1);

/// How often is looked meanwhile.
const LOOK: Duration = Duration::from_millis(30);

/// So many tracks are asked for at a time.
const AT_A_TIME: usize = 100;

impl MprisPlayer {
    /// The names of its tracks, in their order.
    ///
    /// # Errors
    /// [`MprisError`].
    pub fn track_ids(&mut self) -> Result<Vec<String>, MprisError> {
        let mut ids = self.listed()?;
        let listed: HashSet<&String> = ids.iter().collect();
        let pending = std::mem::take(&mut self.pending);
        let pending = pending.into_iter().filter(|id| !listed.contains(id));
        let mut still = Vec::new();
        for id in pending.collect::<Vec<_>>() {
            if !self.ask_for(std::slice::from_ref(&id))?.is_empty() {
                still.push(id);
            }
        }
        self.pending.clone_from(&still);
        ids.append(&mut still);
        Ok(ids)
    }

    /// Its tracks, in their order.
    ///
    /// # Errors
    /// [`MprisError`].
    pub fn tracks(&mut self) -> Result<Vec<Track>, MprisError> {
        let ids = self.track_ids()?;
        self.tracks_of(&ids)
    }

    /// What is known of these tracks, in the same order.
    pub(super) fn tracks_of(&self, ids: &[String]) -> Result<Vec<Track>, MprisError> {
        let mut known = HashMap::new();
        for ids in ids.chunks(AT_A_TIME) {
            let mut tracks = self.ask_for(ids)?;
            if tracks.is_empty() && ids.len() > 1 {
                // One that is not there any more spoils the answer for all.
                for id in ids {
                    tracks.append(&mut self.ask_for(std::slice::from_ref(id))?);
                }
            }
            known.extend(tracks.into_iter().map(|track| (track.id.clone(), track)));
        }
        let unknown = |id: &String| Track {
            id: id.clone(),
            ..Track::default()
        };
        let tracks = ids.iter().map(|id| match known.get(id) {
            Some(track) => track.clone(),
            None => unknown(id),
        });
        Ok(tracks.collect())
    }

    /// Puts a song at the end of the list, without touching what plays; the name of the track that it became.
    ///
    /// # Errors
    /// [`MprisError::CannotQueue`] if it lets nobody do so, [`MprisError::Scheme`] or [`MprisError::NotTaken`] if it does not take the song.
    pub fn add(&mut self, uri: &str) -> Result<String, MprisError> {
        if !self.can_queue() {
            return Err(MprisError::CannotQueue {
                player: self.label(),
            });
        }
        self.check(uri)?;
        let mut listener = self.listen("TrackAdded")?;
        let before = self.track_ids()?;
        let after = match before.last() {
            _ if self.info.is_vlc() => VLC_END,
            Some(last) => last,
            None => NO_TRACK,
        };
        self.ask(TRACK_LIST, "AddTrack", Arguments::Track(uri, after, false))?;
        let end = Instant::now() + ADDING;
        loop {
            let listed = self.listed()?;
            let heard = listener.heard();
            let told = heard.iter().flatten().filter_map(Value::fields);
            let told: Vec<Track> = told.filter_map(Track::read).collect();
            let new = listed.iter().filter(|id| !before.contains(id)).cloned();
            let listed_new = self.tracks_of(&new.collect::<Vec<_>>())?;
            let is_it = |track: &&Track| {
                let url = track.url.as_deref();
                !before.contains(&track.id) && url.is_none_or(|url| same_uri(url, uri))
            };
            let id = told.iter().chain(&listed_new).find(is_it);
            if let Some(id) = id.map(|track| track.id.clone()).filter(|id| !id.is_empty()) {
                if !listed.contains(&id) {
                    self.pending.push(id.clone());
                }
                return Ok(id);
            }
            if Instant::now() > end {
                return Err(MprisError::NotTaken {
                    player: self.label(),
                    uri: uri.to_owned(),
                });
            }
            thread::sleep(LOOK);
        }
    }

    /// Takes a track out of the list; whether it was there. The one that plays, pauses or was stopped stays: players that lose it go on with another.
    ///
    /// # Errors
    /// [`MprisError`].
    pub fn remove(&mut self, id: &str) -> Result<bool, MprisError> {
        let is_there = self.track_ids()?.iter().any(|listed| listed == id);
        // Looked at last: it may go on at any moment.
        let is_current = self.info()?.track.is_some_and(|track| track.id == id);
        if is_current || !is_there {
            return Ok(false);
        }
        match self.ask(TRACK_LIST, "RemoveTrack", Arguments::Path(id)) {
            Ok(_) => {}
            Err(MprisError::Refused { .. }) if self.ask_for(&[id.to_owned()])?.is_empty() => {
                return Ok(false);
            }
            Err(error) => return Err(error),
        }
        self.pending.retain(|pending| pending != id);
        Ok(true)
    }

    /// Plays this track of the list now.
    ///
    /// # Errors
    /// [`MprisError`].
    pub fn go_to(&mut self, id: &str) -> Result<(), MprisError> {
        self.ask(TRACK_LIST, "GoTo", Arguments::Path(id))?;
        let end = Instant::now() + BEGINNING;
        while self.info()?.state != PlayState::Play {
            if Instant::now() > end {
                // Some only go there, and play when they are told to.
                return self.play();
            }
            thread::sleep(LOOK);
        }
        Ok(())
    }

    /// The tracks that it lists.
    fn listed(&self) -> Result<Vec<String>, MprisError> {
        let property = Arguments::Texts(TRACK_LIST, "Tracks");
        let answer = self.ask("org.freedesktop.DBus.Properties", "Get", property)?;
        Ok(answer.first().map(Value::texts).unwrap_or_default())
    }

    /// What it says of these tracks; nothing if one of them is not there.
    fn ask_for(&self, ids: &[String]) -> Result<Vec<Track>, MprisError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let answer = self.ask(TRACK_LIST, "GetTracksMetadata", Arguments::Paths(ids));
        match answer {
            Ok(answer) => {
                let Some(Value::List(list)) = answer.first() else {
                    return Ok(Vec::new());
                };
                let tracks = list.iter().filter_map(Value::fields);
                Ok(tracks.filter_map(Track::read).collect())
            }
            Err(MprisError::Refused { .. }) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}
