//! Players without a track list, given one song after the other.

use std::path::Path;
use std::time::{Duration, Instant};

use vibelux_players::mpris::{Mpris, MprisError, OneByOne};
use vibelux_players::{Follower, PlayState, Tick};
use vibelux_test_server::DbusDaemon;

use crate::player::{FakePlayer, Kind};
use crate::songs::{Songs, uri};

const FOLDER: &str = "/music";

fn name(song: usize) -> String {
    uri(Path::new(FOLDER), song)
}

struct Stage {
    player: FakePlayer,
    mpris: Mpris,
    _bus: DbusDaemon,
}

fn stage() -> Option<Stage> {
    let bus = DbusDaemon::start()?;
    let player = FakePlayer::enter(bus.address(), "plain", Kind::HasNoList);
    let mpris = Mpris::new(Some(bus.address().to_owned()), None);
    Some(Stage {
        player,
        mpris,
        _bus: bus,
    })
}

impl Stage {
    fn look(&mut self, follower: &mut OneByOne) -> Tick {
        let mut songs = Songs::sad(Path::new(FOLDER));
        follower.tick(&mut self.mpris, &mut songs).unwrap()
    }
}

#[test]
fn the_next_song_comes_when_the_one_before_has_ended() {
    let Some(mut stage) = stage() else {
        return;
    };
    // Somebody plays a song of his own.
    stage.player.put("file:///others/guest.wav");
    stage.mpris.player().unwrap().play().unwrap();
    let mut follower = OneByOne::new(true, false);
    for _ in 0..3 {
        assert_eq!(stage.look(&mut follower), Tick::default());
    }
    stage.player.state().position = 58;
    stage.look(&mut follower);
    stage.player.end_song();
    assert_eq!(stage.look(&mut follower).added, [0]);
    assert_eq!(stage.player.current(), Some(name(0)));
    let tick = stage.look(&mut follower);
    assert_eq!((tick.began, tick.added.len()), (Some(0), 0));
    // A pause is no end, and neither is a stop in the middle.
    stage.player.state().position = 30;
    stage.mpris.player().unwrap().pause().unwrap();
    assert_eq!(stage.look(&mut follower), Tick::default());
    stage.mpris.player().unwrap().stop().unwrap();
    for _ in 0..3 {
        assert_eq!(stage.look(&mut follower), Tick::default());
    }
    stage.mpris.player().unwrap().play().unwrap();
    stage.look(&mut follower);
    stage.player.state().position = 59;
    stage.look(&mut follower);
    stage.player.end_song();
    assert_eq!(stage.look(&mut follower).added, [1]);
    // Some players pause at the end.
    stage.look(&mut follower);
    stage.player.state().position = 60;
    stage.player.state().status = "Paused";
    assert_eq!(stage.look(&mut follower).added, [2]);
}

#[test]
fn a_stop_passes_to_the_next_song_only_where_that_is_asked_for() {
    let Some(mut stage) = stage() else {
        return;
    };
    let mut waits = OneByOne::new(false, true);
    assert_eq!(
        stage.look(&mut waits),
        Tick::default(),
        "nothing has played"
    );
    let mut follower = OneByOne::new(true, true);
    assert_eq!(stage.look(&mut follower).added, [0]);
    stage.look(&mut follower);
    stage.mpris.player().unwrap().stop().unwrap();
    assert_eq!(stage.look(&mut follower).added, [1]);
}

#[test]
fn a_song_that_goes_on_plays_whatever_the_player_says() {
    let Some(mut stage) = stage() else {
        return;
    };
    let mut follower = OneByOne::new(true, true);
    assert_eq!(stage.look(&mut follower).added, [0]);
    let mut began = Vec::new();
    for position in 1..10 {
        stage.player.state().status = "Stopped";
        stage.player.state().position = position;
        let tick = stage.look(&mut follower);
        assert!(tick.added.is_empty(), "{position}");
        began.extend(tick.began);
    }
    assert_eq!(began, [0]);
    // It stands still.
    let end = Instant::now() + Duration::from_secs(20);
    let added = loop {
        let added = stage.look(&mut follower).added;
        if !added.is_empty() || Instant::now() > end {
            break added;
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    assert_eq!(added, [1]);
}

#[test]
fn songs_that_do_not_begin_are_passed_over_or_named() {
    let Some(mut stage) = stage() else {
        return;
    };
    let mut follower = OneByOne::new(true, false).beginning_within(Duration::from_millis(50));
    let mut songs = Songs::sad(Path::new(FOLDER));
    songs.kind = 40..60;
    let mut ticks = Vec::new();
    let error = loop {
        match follower.tick(&mut stage.mpris, &mut songs) {
            Ok(tick) => ticks.push(tick),
            Err(error) => break error,
        }
        assert!(ticks.len() < 200, "it never gives up");
        std::thread::sleep(Duration::from_millis(10));
    };
    assert!(
        matches!(error, MprisError::TakesNone { tried: 5, .. }),
        "{error}"
    );
    let unknown = ticks.iter().flat_map(|tick| &tick.unknown).count();
    assert_eq!(unknown, 4, "the last one is in the error");
    // What does not take songs into a list says so.
    let mut songs = Songs::sad(Path::new(FOLDER));
    let error = Follower::new(1, true, false)
        .tick(&mut stage.mpris, &mut songs)
        .unwrap_err();
    assert!(error.to_string().contains("one song at a time"), "{error}");
}

#[test]
fn a_player_that_comes_again_is_given_a_song() {
    let Some(bus) = DbusDaemon::start() else {
        return;
    };
    let mut player = FakePlayer::enter(bus.address(), "plain", Kind::HasNoList);
    let mut mpris = Mpris::new(Some(bus.address().to_owned()), Some("plain".to_owned()));
    let mut follower = OneByOne::new(true, false);
    let mut songs = Songs::sad(Path::new(FOLDER));
    follower.tick(&mut mpris, &mut songs).unwrap();
    follower.tick(&mut mpris, &mut songs).unwrap();
    player.leave();
    let error = follower.tick(&mut mpris, &mut songs).unwrap_err();
    assert!(matches!(error, MprisError::Gone { .. }), "{error}");
    follower.reconnect();
    let player = FakePlayer::enter(bus.address(), "plain", Kind::HasNoList);
    let tick = follower.tick(&mut mpris, &mut songs).unwrap();
    assert_eq!(tick.added, [1], "not the same again");
    assert_eq!(player.current(), Some(name(1)));
    let info = mpris.player().unwrap().info().unwrap();
    assert_eq!(info.state, PlayState::Play);
}

#[test]
fn who_stops_a_song_near_its_end_is_not_overruled_a_moment_later() {
    let Some(mut stage) = stage() else {
        return;
    };
    let mut follower = OneByOne::new(true, false);
    assert_eq!(stage.look(&mut follower).added, [0]);
    stage.look(&mut follower);
    // A little more is left than what counts as the end: it has passed when it is looked at again.
    stage.player.state().position = 54;
    stage.look(&mut follower);
    stage.mpris.player().unwrap().stop().unwrap();
    assert_eq!(stage.look(&mut follower), Tick::default());
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(stage.look(&mut follower), Tick::default());
}
