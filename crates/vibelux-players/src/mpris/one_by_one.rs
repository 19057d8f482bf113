//! [`OneByOne`]: the next song for players whose track list is not for others, each when the one before has ended.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use super::error::MprisError;
use super::info::PlayerInfo;
use super::movement::{Motion, Movement};
use super::queue::Mpris;
use super::uri::same_uri;
use crate::follow::{NextSongs, Tick};
use crate::queue::{PlayState, PlayerQueue};
use crate::recent::Recent;

/// So many songs in a row that do not play are enough to ask what is wrong.
const MOST_UNKNOWN: usize = 5;

/// Who stops with more left of a song was stopped by somebody, in seconds.
const END: f64 = 5.0;

/// Some pause at the end, with no more left than this, in seconds.
const PAUSE_AT_END: f64 = 0.5;

/// A song that has not gone on for so long is over, whatever the player says.
const HANGS: Duration = Duration::from_secs(3);

/// For so long a player may take to begin with a song.
const BEGINNING: Duration = Duration::from_secs(10);

/// Gives a player one song after the other. What plays is never touched.
#[derive(Debug)]
pub struct OneByOne {
    starts: bool,
    passes_stops: bool,
    beginning: Duration,
    /// The song that was given last, and what it is called.
    given: Option<Given>,
    /// When something last played, and how long it would have gone on.
    seen: Option<(Instant, Option<f64>)>,
    movement: Movement,
    /// Whether somebody has stopped it, until it is let play again.
    is_stopped: bool,
    recent: Recent,
    unknown: HashSet<usize>,
    in_a_row: usize,
}

#[derive(Debug)]
struct Given {
    song: usize,
    uri: String,
    at: Instant,
    has_begun: bool,
}

impl OneByOne {
    /// With `starts` a player that does not play is given a song at once, and not only when something has been played to its end. With
    /// `passes_stops` who stops a song wants the next one; else a player that is stopped in the middle stays so until it is let play again.
    #[must_use]
    pub fn new(starts: bool, passes_stops: bool) -> Self {
        Self {
            starts,
            passes_stops,
            beginning: BEGINNING,
            given: None,
            seen: None,
            movement: Movement::default(),
            is_stopped: false,
            recent: Recent::default(),
            unknown: HashSet::new(),
            in_a_row: 0,
        }
    }

    /// The same, where a song that does not begin so soon is taken for one that does not play.
    #[must_use]
    pub fn beginning_within(mut self, beginning: Duration) -> Self {
        self.beginning = beginning;
        self
    }

    /// The player had gone: whoever is there now has been given nothing yet.
    pub fn reconnect(&mut self) {
        self.given = None;
        self.seen = None;
        self.movement = Movement::default();
        self.is_stopped = false;
    }

    /// Looks at the player, and gives it a song if it needs one; once a second is enough.
    ///
    /// # Errors
    /// What the player says; [`MprisError::TakesNone`] if several in a row do not play.
    pub fn tick(
        &mut self,
        player: &mut Mpris,
        songs: &mut dyn NextSongs,
    ) -> Result<Tick, MprisError> {
        let info = player.with(super::player::MprisPlayer::info)?;
        let mut tick = Tick::default();
        if self.is_to_wait(&info, &mut tick) {
            return Ok(tick);
        }
        if self.in_a_row >= MOST_UNKNOWN {
            let example = self.given.take().map(|given| given.uri);
            return Err(player.takes_none(self.in_a_row, example.unwrap_or_default()));
        }
        self.give(player, songs, &mut tick)?;
        Ok(tick)
    }

    fn is_to_wait(&mut self, info: &PlayerInfo, tick: &mut Tick) -> bool {
        let left = info.left_seconds();
        let is_at_end = left.is_some_and(|left| left < PAUSE_AT_END);
        let url = info.track.as_ref().and_then(|track| track.url.as_deref());
        let motion = self
            .movement
            .look(url, info.position_seconds, Instant::now());
        match (info.state, motion) {
            (PlayState::Play, Motion::Stands(time)) if time >= HANGS => {
                return self.is_stop_kept(tick);
            }
            (PlayState::Play, _) if has_nothing(info) => return self.is_stop_kept(tick),
            (PlayState::Play, _) | (PlayState::Stop, Motion::Goes) => {}
            (PlayState::Pause, _) if !is_at_end => {}
            (PlayState::Pause, _) => return false,
            (PlayState::Stop, _) => return self.is_stop_kept(tick),
        }
        self.is_stopped = false;
        // One that has gone back to its beginning is not about to play all of it again.
        if info.state == PlayState::Pause || !matches!(motion, Motion::Stands(_)) {
            self.seen = Some((Instant::now(), left));
        }
        if let Some(given) = self.given.as_mut().filter(|given| !given.has_begun) {
            given.has_begun = true;
            self.in_a_row = 0;
            if url.is_none_or(|url| same_uri(url, &given.uri)) {
                tick.began = Some(given.song);
            }
        }
        true
    }

    /// Whether a player that is stopped is left so.
    fn is_stop_kept(&mut self, tick: &mut Tick) -> bool {
        if let Some(given) = self.given.as_ref().filter(|given| !given.has_begun) {
            if given.at.elapsed() < self.beginning {
                return true;
            }
            self.unknown.insert(given.song);
            tick.unknown.push(given.song);
            self.in_a_row += 1;
            return false;
        }
        match self.seen {
            None => !self.starts,
            Some((at, Some(left))) => {
                // How much was left when it stopped: later looks only see that time has passed.
                self.is_stopped |= !self.passes_stops && left - at.elapsed().as_secs_f64() > END;
                self.is_stopped
            }
            Some((_, None)) => false,
        }
    }

    fn give(
        &mut self,
        player: &mut Mpris,
        songs: &mut dyn NextSongs,
        tick: &mut Tick,
    ) -> Result<(), MprisError> {
        let mut begins_again = false;
        let mut example = String::new();
        for _ in 0..2 * MOST_UNKNOWN {
            let mut without = self.unknown.clone();
            if !begins_again {
                without.extend(self.recent.songs());
            }
            let Some(song) = songs
                .next(1, &self.recent.latest(), &without)
                .first()
                .copied()
            else {
                if begins_again || self.recent.is_empty() {
                    break;
                }
                // A small library comes again.
                begins_again = true;
                continue;
            };
            let name = songs.name(song);
            let opened = name.as_deref().map(|uri| player.with(|p| p.open(uri)));
            match (opened, name) {
                (Some(Ok(())), Some(uri)) => {
                    self.given = Some(Given {
                        song,
                        uri,
                        at: Instant::now(),
                        has_begun: false,
                    });
                    self.recent.push(song);
                    tick.added.push(song);
                    return Ok(());
                }
                (Some(Err(error)), _) if !error.is_absent() => return Err(error),
                (_, name) => {
                    self.unknown.insert(song);
                    tick.unknown.push(song);
                    example = name.unwrap_or(example);
                }
            }
        }
        if tick.unknown.is_empty() {
            return Ok(());
        }
        Err(player.takes_none(tick.unknown.len(), example))
    }
}

/// Whether a player that says that it plays has nothing to play: an mpv that nobody has given a song may say so.
fn has_nothing(info: &PlayerInfo) -> bool {
    let is_blank = info.track.as_ref().is_none_or(|track| {
        track.url.is_none() && track.title.is_none() && track.length_seconds.is_none()
    });
    is_blank && info.position_seconds == Some(0.0)
}
