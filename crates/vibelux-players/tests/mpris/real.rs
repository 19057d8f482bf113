//! Real players, where they are installed: VLC, whose list is edited, and mpv, which is given one song after the other.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use vibelux_players::mpris::{Mpris, OneByOne, same_uri};
use vibelux_players::{Follower, PlayState, PlayerQueue, Tick};
use vibelux_test_server::{DbusDaemon, silent_wav};

use crate::songs::{SONGS, Songs, uri};

/// For so long a player may take for anything.
const PATIENCE: Duration = Duration::from_secs(60);

/// A program that ends with this value.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a player on a bus, as nobody if the tests are root, which VLC does not run as; `None`, and a word about it, where it is not installed.
fn start(program: &str, arguments: &[&str], bus: &DbusDaemon) -> Option<Running> {
    let is_there = |program: &str| Command::new(program).arg("--version").output().is_ok();
    if !is_there(program) {
        eprintln!(
            "SKIPPED: {program} is not installed (apt-get install mpv mpv-mpris vlc-bin vlc-plugin-base), so it is not told what to play"
        );
        return None;
    }
    let is_root = fs::metadata("/proc/self").is_ok_and(|own| {
        use std::os::unix::fs::MetadataExt;
        own.uid() == 0
    });
    let mut command = Command::new(if is_root { "setpriv" } else { program });
    if is_root {
        if !is_there("setpriv") {
            eprintln!("SKIPPED: setpriv is not installed, so {program} is not started as nobody");
            return None;
        }
        let nobody = ["--reuid=65534", "--regid=65534", "--clear-groups", program];
        command.args(nobody);
    }
    let player = command
        .args(arguments)
        .env("DBUS_SESSION_BUS_ADDRESS", bus.address())
        .env("HOME", bus.folder())
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    Some(Running(player.unwrap()))
}

/// A folder that anybody may read, with songs of so many seconds.
fn library(seconds: u32) -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let song = silent_wav(seconds);
    for number in 0..2 * SONGS {
        let uri = uri(folder.path(), number);
        let name = uri.rsplit('/').next().unwrap();
        let name = percent_encoding::percent_decode_str(name)
            .decode_utf8()
            .unwrap();
        fs::write(folder.path().join(&*name), &song).unwrap();
    }
    folder
}

/// Waits for something.
fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "{what} has not come to pass");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn names(mpris: &mut Mpris) -> Vec<String> {
    let queue = mpris.queue(0, usize::MAX).unwrap();
    queue.into_iter().map(|song| song.name).collect()
}

fn plays(mpris: &mut Mpris, folder: &Path, song: usize) -> Option<()> {
    let info = mpris.player().unwrap().info().unwrap();
    let url = info.track.and_then(|track| track.url)?;
    let is_it = same_uri(&url, &uri(folder, song));
    (is_it && info.state == PlayState::Play).then_some(())
}

const VLC: [&str; 6] = [
    "-I",
    "dummy",
    "--aout=adummy",
    "--no-video",
    "--no-media-library",
    "--no-one-instance",
];

#[test]
fn vlc_is_followed() {
    let Some(bus) = DbusDaemon::start() else {
        return;
    };
    let Some(_vlc) = start("vlc", &VLC, &bus) else {
        return;
    };
    let library = library(30);
    let folder = library.path();
    let mut mpris = Mpris::new(Some(bus.address().to_owned()), Some("vlc".to_owned()));
    until("VLC on the bus", || mpris.player().ok().map(drop));
    let mut follower = Follower::new(2, true, false);
    let tick = follower.tick(&mut mpris, &mut Songs::sad(folder)).unwrap();
    assert_eq!(tick.added, [0, 1]);
    until("the first song", || plays(&mut mpris, folder, 0));
    let tick = follower.tick(&mut mpris, &mut Songs::sad(folder)).unwrap();
    assert_eq!((tick.began, tick.added), (Some(0), vec![2]));
    let name = |song| uri(folder, song);
    assert_eq!(names(&mut mpris), [0, 1, 2].map(name));
    // The mood changes, what plays stays.
    follower.change();
    let tick = follower
        .tick(&mut mpris, &mut Songs::happy(folder))
        .unwrap();
    assert_eq!((tick.removed, tick.added.len()), (2, 2));
    until("the new list", || {
        (names(&mut mpris) == [0, 20, 21].map(name)).then_some(())
    });
    assert!(plays(&mut mpris, folder, 0).is_some());
    // Somebody skips.
    mpris.player().unwrap().next().unwrap();
    until("the next song", || plays(&mut mpris, folder, 20));
    let tick = follower
        .tick(&mut mpris, &mut Songs::happy(folder))
        .unwrap();
    assert_eq!((tick.began, tick.added), (Some(20), vec![22]));
    assert_eq!(names(&mut mpris), [0, 20, 21, 22].map(name));
    // A pause is no end, and who stops it wants it to stop.
    mpris.player().unwrap().pause().unwrap();
    until("a pause", || {
        let info = mpris.player().unwrap().info().unwrap();
        (info.state == PlayState::Pause).then_some(())
    });
    let tick = follower
        .tick(&mut mpris, &mut Songs::happy(folder))
        .unwrap();
    assert_eq!(
        tick,
        Tick {
            of_others: tick.of_others,
            ..Tick::default()
        }
    );
    mpris.player().unwrap().stop().unwrap();
    until("a stop", || {
        let info = mpris.player().unwrap().info().unwrap();
        (info.state == PlayState::Stop).then_some(())
    });
    for _ in 0..3 {
        follower
            .tick(&mut mpris, &mut Songs::happy(folder))
            .unwrap();
    }
    assert_eq!(names(&mut mpris), [0, 20, 21, 22].map(name));
    assert_eq!(mpris.status().unwrap().state, PlayState::Stop);
}

#[test]
fn vlc_that_is_started_anew_is_followed_on_and_goes_on_when_it_runs_dry() {
    let Some(bus) = DbusDaemon::start() else {
        return;
    };
    let Some(vlc) = start("vlc", &VLC, &bus) else {
        return;
    };
    let library = library(2);
    let folder = library.path();
    let mut mpris = Mpris::new(Some(bus.address().to_owned()), None);
    until("VLC on the bus", || mpris.player().ok().map(drop));
    let mut follower = Follower::new(1, true, false);
    follower.tick(&mut mpris, &mut Songs::sad(folder)).unwrap();
    until("the first song", || plays(&mut mpris, folder, 0));
    // Nobody looks until all has been played.
    until("the end", || {
        let info = mpris.player().unwrap().info().unwrap();
        (info.state == PlayState::Stop).then_some(())
    });
    let tick = follower.tick(&mut mpris, &mut Songs::sad(folder)).unwrap();
    assert_eq!(tick.added, [1]);
    until("the second song", || plays(&mut mpris, folder, 1));
    drop(vlc);
    let error = until("its end", || {
        follower.tick(&mut mpris, &mut Songs::sad(folder)).err()
    });
    assert!(error.is_passing(), "{error}");
    follower.reconnect();
    let Some(_vlc) = start("vlc", &VLC, &bus) else {
        return;
    };
    let tick = until("VLC again", || {
        follower.tick(&mut mpris, &mut Songs::happy(folder)).ok()
    });
    assert_eq!(tick.added, [20]);
    until("a happy song", || plays(&mut mpris, folder, 20));
}

#[test]
fn mpv_is_given_one_song_after_the_other() {
    // Its package puts it where mpv looks for it.
    let folders = ["/etc/mpv/scripts", "/usr/share/mpv/scripts"];
    let is_there = |folder: &&str| Path::new(folder).join("mpris.so").exists();
    if !folders.iter().any(is_there) {
        eprintln!(
            "SKIPPED: mpv-mpris is not installed (apt-get install mpv-mpris), so mpv is not given songs"
        );
        return;
    }
    let Some(bus) = DbusDaemon::start() else {
        return;
    };
    let arguments = ["--idle", "--no-video", "--ao=null", "--no-terminal"];
    let Some(_mpv) = start("mpv", &arguments, &bus) else {
        return;
    };
    // Long enough for a stop in the middle to be told from the end.
    let library = library(8);
    let folder = library.path();
    let mut mpris = Mpris::new(Some(bus.address().to_owned()), None);
    until("mpv on the bus", || mpris.player().ok().map(drop));
    assert!(!mpris.player().unwrap().can_queue());
    // It is on the bus before it is ready, and says nothing more of what it is given then.
    std::thread::sleep(Duration::from_secs(1));
    let mut follower = OneByOne::new(true, false);
    let mut began = Vec::new();
    let start = Instant::now();
    until("two songs", || {
        let mut songs = Songs::sad(folder);
        let tick = follower.tick(&mut mpris, &mut songs).unwrap();
        began.extend(tick.began);
        (began.len() == 2).then_some(())
    });
    assert_eq!(began, [0, 1]);
    assert!(
        start.elapsed() > Duration::from_secs(7),
        "the first was cut off"
    );
}
