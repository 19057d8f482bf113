//! [`Movement`]: whether the song of a player goes on, by how far it has been played. What players say of that is not always so: mpv with
//! mpv-mpris 0.7 and `--idle` says that it is stopped while it plays, and that it plays when it has come to the end.

use std::time::{Duration, Instant};

/// What has not moved for so long stands still: who looks often does not see it move each time.
const STANDS_STILL: Duration = Duration::from_secs(2);

/// What the last looks have shown.
#[derive(Debug, Default)]
pub(super) struct Movement {
    /// Which song, and how far it had been played, in seconds.
    at: Option<(String, f64)>,
    /// When that was last seen to grow.
    grew: Option<Instant>,
}

/// Whether a song goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Motion {
    /// It does.
    Goes,
    /// It went on, and has not for so long.
    Stands(Duration),
    /// The player has not shown it.
    Unknown,
}

impl Movement {
    /// Looks once more.
    pub fn look(&mut self, url: Option<&str>, position: Option<f64>, now: Instant) -> Motion {
        let at = url.map(str::to_owned).zip(position);
        let before = std::mem::replace(&mut self.at, at);
        let stands = self
            .grew
            .map_or(Motion::Unknown, |grew| Motion::Stands(now - grew));
        match (before, &self.at) {
            (Some((url, _)), Some((other, _))) if url != *other => {
                self.grew = None;
                Motion::Unknown
            }
            (Some((_, from)), Some((_, to))) if *to > from => {
                self.grew = Some(now);
                Motion::Goes
            }
            (Some((_, from)), Some((_, to))) if *to == from => match stands {
                Motion::Stands(time) if time < STANDS_STILL => Motion::Goes,
                stands => stands,
            },
            // Back at the beginning, or nothing there any more.
            _ => stands,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_song_goes_on_until_it_has_stood_still_or_gone_back() {
        let start = Instant::now();
        let after = |millis: u64| start + Duration::from_millis(millis);
        let mut movement = Movement::default();
        let mut look = |position: Option<f64>, millis| {
            movement.look(Some("file:///a"), position, after(millis))
        };
        assert_eq!(look(Some(0.0), 0), Motion::Unknown);
        assert_eq!(look(Some(0.5), 500), Motion::Goes);
        assert_eq!(look(Some(0.5), 1500), Motion::Goes);
        let stands = |millis| Motion::Stands(Duration::from_millis(millis));
        assert_eq!(look(Some(0.5), 3000), stands(2500));
        assert_eq!(look(Some(0.9), 3500), Motion::Goes);
        assert_eq!(look(Some(0.0), 3600), stands(100));
        assert_eq!(look(None, 3700), stands(200));
        assert_eq!(
            movement.look(Some("file:///b"), Some(0.0), after(3800)),
            stands(300)
        );
        assert_eq!(
            movement.look(Some("file:///c"), Some(0.0), after(3900)),
            Motion::Unknown
        );
    }

    #[test]
    fn a_player_that_shows_nothing_is_not_known() {
        let mut movement = Movement::default();
        for position in [None, None, Some(0.0), Some(0.0)] {
            let motion = movement.look(Some("file:///a"), position, Instant::now());
            assert_eq!(motion, Motion::Unknown);
        }
    }
}
