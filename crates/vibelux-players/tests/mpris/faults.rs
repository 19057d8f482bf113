//! Buses and players that are not as they should be.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use vibelux_players::mpris::{Mpris, MprisBus, MprisError};
use vibelux_test_server::DbusDaemon;

use crate::player::{FakePlayer, Kind};

const SOON: Duration = Duration::from_millis(500);

#[test]
fn no_bus_says_how_to_get_one() {
    for address in ["unix:path=/nonexistent/bus", "nonsense", ""] {
        let error = MprisBus::connect(Some(address)).unwrap_err();
        assert!(matches!(error, MprisError::NoBus { .. }), "{error:?}");
        assert!(error.to_string().contains("dbus-run-session"), "{error}");
    }
    // Whatever takes the call and is silent is given up.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let address = format!("tcp:host=127.0.0.1,port={port}");
    let start = Instant::now();
    let error = MprisBus::connect_within(Some(&address), SOON).unwrap_err();
    assert!(matches!(error, MprisError::NoBus { .. }), "{error}");
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn the_first_bus_that_answers_is_taken() {
    let Some(bus) = DbusDaemon::start() else {
        return;
    };
    let addresses = format!("unix:path=/nonexistent/bus;{}", bus.address());
    let client = MprisBus::connect(Some(&addresses)).unwrap();
    assert!(client.players().unwrap().players.is_empty());
    let error = client.player(None).unwrap_err();
    assert!(matches!(error, MprisError::NoPlayer), "{error}");
}

#[test]
fn a_silent_player_keeps_nobody_waiting_for_ever() {
    let Some(bus) = DbusDaemon::start() else {
        return;
    };
    let _silent = FakePlayer::enter(bus.address(), "silent", Kind::IsSilent);
    let client = MprisBus::connect_within(Some(bus.address()), SOON).unwrap();
    let error = client.player(None).unwrap_err();
    assert!(matches!(error, MprisError::Slow { .. }), "{error}");
    let _other = FakePlayer::enter(bus.address(), "lists", Kind::Lists);
    let listing = client.players().unwrap();
    assert_eq!((listing.players.len(), listing.silent.len()), (1, 1));
    assert_eq!(
        client.player(None).unwrap().bus_name(),
        "org.mpris.MediaPlayer2.lists"
    );
}

#[test]
fn a_player_that_cannot_be_controlled_is_named() {
    let Some(bus) = DbusDaemon::start() else {
        return;
    };
    let _player = FakePlayer::enter(bus.address(), "kiosk", Kind::IsUncontrolled);
    let client = MprisBus::connect(Some(bus.address())).unwrap();
    let error = client.player(None).unwrap_err();
    assert!(
        matches!(error, MprisError::NotControllable { .. }),
        "{error}"
    );
    let error = client.player(Some("vlc")).unwrap_err();
    assert!(error.to_string().contains("Player (kiosk)"), "{error}");
}

#[test]
fn who_leaves_is_gone_and_a_bus_that_ends_is_lost() {
    let Some(mut bus) = DbusDaemon::start() else {
        return;
    };
    let mut player = FakePlayer::enter(bus.address(), "lists", Kind::Lists);
    let client = MprisBus::connect(Some(bus.address())).unwrap();
    let mut told = client.player(None).unwrap();
    told.info().unwrap();
    player.leave();
    let error = told.info().unwrap_err();
    assert!(matches!(error, MprisError::Gone { .. }), "{error}");
    assert!(error.is_passing());
    // Who has the name now is another one.
    let _player = FakePlayer::enter(bus.address(), "lists", Kind::Lists);
    assert!(matches!(told.play(), Err(MprisError::Gone { .. })));
    let mut told = client.player(None).unwrap();
    let mut mpris = Mpris::new(Some(bus.address().to_owned()), None);
    mpris.player().unwrap().info().unwrap();
    bus.stop();
    let error = told.info().unwrap_err();
    assert!(matches!(error, MprisError::Lost { .. }), "{error}");
    assert!(error.is_passing());
    assert!(mpris.player().unwrap().info().is_err());
}
