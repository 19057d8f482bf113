//! The track list of a player, kept filled.

use std::path::Path;

use vibelux_players::mpris::{Mpris, MprisBus, MprisError};
use vibelux_players::{Follower, PlayState, PlayerQueue, enqueue};
use vibelux_test_server::DbusDaemon;

use crate::player::{FakePlayer, Kind};
use crate::songs::{Songs, uri};

const FOLDER: &str = "/music";

fn name(song: usize) -> String {
    uri(Path::new(FOLDER), song)
}

fn sad() -> Songs<'static> {
    Songs::sad(Path::new(FOLDER))
}

fn happy() -> Songs<'static> {
    Songs::happy(Path::new(FOLDER))
}

fn mpris(bus: &DbusDaemon) -> Mpris {
    Mpris::new(Some(bus.address().to_owned()), None)
}

#[test]
fn players_are_listed_chosen_and_told() {
    let Some(bus) = DbusDaemon::start() else {
        return;
    };
    let lists = FakePlayer::enter(bus.address(), "lists", Kind::Lists);
    let _other = FakePlayer::enter(bus.address(), "plain.instance7", Kind::HasNoList);
    lists.put(&name(3));
    let client = MprisBus::connect(Some(bus.address())).unwrap();
    let error = client.player(None).unwrap_err();
    assert!(matches!(error, MprisError::Ambiguous { .. }), "{error}");
    let mut player = client.player(Some("LISTS")).unwrap();
    assert!(player.can_queue());
    player.play().unwrap();
    lists.state().position = 20;
    // Now it is the one that plays.
    let player_too = client.player(None).unwrap();
    assert_eq!(player_too.bus_name(), "org.mpris.MediaPlayer2.lists");
    let listing = client.players().unwrap();
    assert!(listing.silent.is_empty());
    let [info, plain] = &listing.players[..] else {
        panic!("two players: {listing:?}");
    };
    assert_eq!(info.identity, "The Lists Player");
    assert_eq!(info.uri_schemes, ["file"]);
    assert_eq!(info.left_seconds(), Some(40.0));
    let track = info.track.as_ref().unwrap();
    assert_eq!(track.url.as_deref(), Some(name(3).as_str()));
    assert_eq!(track.artists, ["Somebody"]);
    assert!(!plain.can_queue() && plain.can_control);

    let id = player.add(&name(4)).unwrap();
    let mut ids = player.tracks().unwrap().into_iter().map(|track| track.id);
    assert_eq!(ids.next_back(), Some(id.clone()));
    player.pause().unwrap();
    assert_eq!(player.info().unwrap().state, PlayState::Pause);
    player.play_pause().unwrap();
    player.next().unwrap();
    assert_eq!(lists.current(), Some(name(4)));
    assert!(!player.remove(&id).unwrap(), "it plays");
    player.previous().unwrap();
    assert!(player.remove(&id).unwrap());
    assert!(!player.remove("/tracks/77").unwrap_or(false));
    player.stop().unwrap();
    assert_eq!(player.info().unwrap().state, PlayState::Stop);
    let told = ["Play", "Pause", "Play", "Next", "Previous", "Stop"];
    assert_eq!(lists.state().told, told);
    let mut plain = client.player(Some("plain")).unwrap();
    let error = plain.add(&name(4)).unwrap_err();
    assert!(matches!(error, MprisError::CannotQueue { .. }), "{error}");
    let error = plain.open("https://radio/").unwrap_err();
    assert!(error.is_absent() && error.to_string().contains("it takes http"));
}

#[test]
fn the_track_list_follows_the_mood_and_what_plays_stays() {
    let Some(bus) = DbusDaemon::start() else {
        return;
    };
    let player = FakePlayer::enter(bus.address(), "lists", Kind::Lists);
    let mut mpris = mpris(&bus);
    let mut follower = Follower::new(3, true, false);
    let tick = follower.tick(&mut mpris, &mut sad()).unwrap();
    assert_eq!(tick.added, [0, 1, 2]);
    assert_eq!(player.current(), Some(name(0)));
    let tick = follower.tick(&mut mpris, &mut sad()).unwrap();
    assert_eq!((tick.began, tick.added), (Some(0), vec![3]));
    // Somebody else puts a song in; then the mood changes.
    player.put("file:///others/guest.wav");
    follower.change();
    let tick = follower.tick(&mut mpris, &mut happy()).unwrap();
    assert_eq!(tick.removed, 3);
    let guest = "file:///others/guest.wav".to_owned();
    assert_eq!(player.queue(), [name(0), guest.clone(), name(20), name(21)]);
    assert_eq!(player.state().status, "Playing");
    // Nothing to do, nothing done.
    let tick = follower.tick(&mut mpris, &mut happy()).unwrap();
    assert_eq!((tick.added.len(), tick.removed), (0, 0));
    player.end_song();
    let tick = follower.tick(&mut mpris, &mut happy()).unwrap();
    assert_eq!((tick.began, tick.added), (None, vec![22]));
    // Somebody skips two songs.
    player.end_song();
    player.end_song();
    let tick = follower.tick(&mut mpris, &mut happy()).unwrap();
    assert_eq!((tick.began, tick.added), (Some(21), vec![23, 24]));
    // A song that is nearly over is followed by what was to follow it.
    player.state().position = 59;
    follower.change();
    let tick = follower.tick(&mut mpris, &mut sad()).unwrap();
    assert_eq!(tick.removed, 0);
    player.end_song();
    let tick = follower.tick(&mut mpris, &mut sad()).unwrap();
    assert_eq!((tick.began, tick.removed), (Some(22), 2));
    // Who stops it wants it to stop, and nothing piles up.
    player.state().status = "Stopped";
    let length = player.queue().len();
    for _ in 0..3 {
        follower.change();
        follower.tick(&mut mpris, &mut happy()).unwrap();
        assert_eq!(player.state().status, "Stopped");
        assert_eq!(player.current(), Some(name(22)));
        assert_eq!(player.queue().len(), length, "{:?}", player.queue());
    }
}

#[test]
fn a_list_that_ran_dry_goes_on_and_an_idle_player_is_not_filled_for_ever() {
    let Some(bus) = DbusDaemon::start() else {
        return;
    };
    let player = FakePlayer::enter(bus.address(), "lists", Kind::Lists);
    let mut mpris = mpris(&bus);
    let mut quiet = Follower::new(2, false, false);
    for _ in 0..4 {
        quiet.tick(&mut mpris, &mut sad()).unwrap();
    }
    assert_eq!(player.queue(), [name(0), name(1)]);
    assert_eq!(player.state().status, "Stopped", "nobody asked it to play");
    quiet.change();
    let tick = quiet.tick(&mut mpris, &mut happy()).unwrap();
    assert_eq!(
        (tick.removed, player.queue()),
        (2, vec![name(20), name(21)])
    );

    let mut follower = Follower::new(1, true, false);
    follower.tick(&mut mpris, &mut sad()).unwrap();
    assert_eq!(player.current(), Some(name(0)), "after what was there");
    player.end_song();
    assert_eq!(player.state().status, "Stopped");
    follower.tick(&mut mpris, &mut sad()).unwrap();
    assert_eq!(player.state().status, "Playing");
    assert_eq!(player.current(), Some(name(1)));
}

#[test]
fn a_player_that_is_started_anew_is_followed_on() {
    let Some(bus) = DbusDaemon::start() else {
        return;
    };
    let mut player = FakePlayer::enter(bus.address(), "lists.instance1", Kind::Lists);
    let mut mpris = mpris(&bus);
    let mut follower = Follower::new(2, true, false);
    follower.tick(&mut mpris, &mut sad()).unwrap();
    follower.tick(&mut mpris, &mut sad()).unwrap();
    player.leave();
    let error = follower.tick(&mut mpris, &mut sad()).unwrap_err();
    assert!(matches!(error, MprisError::Gone { .. }), "{error}");
    follower.reconnect();
    let error = follower.tick(&mut mpris, &mut sad()).unwrap_err();
    assert!(error.is_passing(), "{error}");
    // Another one comes, and then the same again, whose tracks have the same names and are other songs.
    let other = FakePlayer::enter(bus.address(), "other", Kind::Lists);
    let error = follower.tick(&mut mpris, &mut sad()).unwrap_err();
    assert!(matches!(error, MprisError::NotFound { .. }), "{error}");
    let player = FakePlayer::enter(bus.address(), "lists.instance2", Kind::Lists);
    for song in [30, 31, 1] {
        player.put(&name(song));
    }
    {
        let mut state = player.state();
        state.current = Some(1);
        state.status = "Playing";
    }
    follower.change();
    let tick = follower.tick(&mut mpris, &mut happy()).unwrap();
    assert_eq!(tick.removed, 1, "our song is known by its name");
    assert_eq!(player.queue(), [name(30), name(31), name(20)]);
    assert!(other.queue().is_empty());
}

#[test]
fn songs_are_put_in_once_and_broken_ones_are_named() {
    let Some(bus) = DbusDaemon::start() else {
        return;
    };
    let player = FakePlayer::enter(bus.address(), "lists", Kind::Lists);
    let mut mpris = mpris(&bus);
    let done = enqueue(&mut mpris, &[name(1), name(50), name(2)], false, true).unwrap();
    assert_eq!((done.added, done.unknown), (2, vec![name(50)]));
    assert_eq!(player.current(), Some(name(1)));
    let done = enqueue(&mut mpris, &[name(3)], true, true).unwrap();
    assert_eq!((done.added, done.removed), (1, 1));
    assert_eq!(player.queue(), [name(1), name(3)]);
    let error = enqueue(&mut mpris, &[name(60)], true, true).unwrap_err();
    assert!(matches!(error, MprisError::TakesNone { .. }), "{error}");
    assert_eq!(player.queue(), [name(1), name(3)], "nothing is taken out");
    assert_eq!(
        mpris.status().unwrap().song.map(|(place, _)| place),
        Some(0)
    );
}
