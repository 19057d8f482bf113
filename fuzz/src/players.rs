//! What players, music servers and home automation send.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::{Mutex, OnceLock, PoisonError};

use vibelux_players::fuzzing::{jellyfin_songs, music_assistant_songs, subsonic_songs};
use vibelux_players::mpd::{Mpd, MpdAddress};
use vibelux_players::mqtt::{Command, MqttAddress};
use vibelux_players::{LocalSong, ServerSong, match_songs};

use crate::place::folder;

/// An order of home automation, and the same as the address of a broker. What a broker says before that is `mqtt-protocol-core`'s to read.
pub fn mqtt(data: &[u8]) {
    match Command::parse(data) {
        Ok(Command::Play(Some(mood))) => {
            assert!(!mood.is_empty() && mood.trim() == mood, "{mood:?}");
            assert!(!mood.chars().any(char::is_control), "{mood:?}");
        }
        Ok(_) => {}
        Err(fault) => assert!(!fault.to_string().contains(char::is_control), "{fault:?}"),
    }
    if let Ok(text) = std::str::from_utf8(data)
        && let Ok(address) = text.parse::<MqttAddress>()
    {
        // What is shown has no password in it, and means the same broker.
        let shown = address.to_string();
        let again: MqttAddress = shown.parse().expect("an address that was shown");
        assert_eq!(again.to_string(), shown);
        assert_eq!(again.is_tls(), address.is_tls());
    }
}

/// The songs in the answer of a server, whose kind the first byte says, matched with themselves.
pub fn server_songs(data: &[u8]) {
    songs_found(data);
}

/// The same; how many songs there were.
pub(crate) fn songs_found(data: &[u8]) -> usize {
    let Some((kind, answer)) = data.split_first() else {
        return 0;
    };
    let songs = match kind % 3 {
        0 => subsonic_songs(answer),
        1 => jellyfin_songs(answer),
        _ => music_assistant_songs(answer),
    };
    let local: Vec<LocalSong<'_>> = songs.iter().map(as_ours).collect();
    let matches = match_songs(&local, &songs);
    assert_eq!(matches.ids.len(), songs.len());
    for id in matches.ids.iter().flatten() {
        assert!(songs.iter().any(|song| song.id == *id), "{id:?} is of none");
    }
    assert!(matches.only_on_server.len() <= songs.len());
    songs.len()
}

fn as_ours(song: &ServerSong) -> LocalSong<'_> {
    if let Some(seconds) = song.duration_seconds {
        assert!(seconds.is_finite(), "{song:?}");
    }
    LocalSong {
        path: song.path.as_deref().unwrap_or_default(),
        title: &song.title,
        artist: &song.artist,
        album: &song.album,
        duration_seconds: song.duration_seconds,
    }
}

/// An MPD that says this and hangs up, asked for all that is ever asked of it.
pub fn mpd_answers(data: &[u8]) {
    songs_queued(data);
}

/// The same; how many songs its queue has, if it says so.
pub(crate) fn songs_queued(data: &[u8]) -> Option<usize> {
    static SPEECH: Mutex<Vec<u8>> = Mutex::new(Vec::new());
    static ADDRESS: OnceLock<MpdAddress> = OnceLock::new();
    let address = ADDRESS.get_or_init(|| {
        let path = folder().join("mpd");
        let listener = UnixListener::bind(&path).expect("a socket");
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let speech = SPEECH
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .clone();
                // Whoever is asked may have hung up.
                let _ = say(stream, &speech);
            }
        });
        MpdAddress::new(&path.to_string_lossy(), 0)
    });
    *SPEECH.lock().unwrap_or_else(PoisonError::into_inner) = data.to_vec();
    let mut mpd = Mpd::new(address.clone());
    if let Ok(status) = mpd.status() {
        assert!(status.left_seconds.is_none_or(|seconds| seconds >= 0.0));
    }
    let queued = mpd.queue(0, 100).ok();
    if let Some(songs) = &queued {
        assert!(songs.iter().all(|song| !song.name.contains('\n')));
    }
    let _ = mpd.add("song");
    let _ = mpd.delete(1);
    let _ = mpd.play(1);
    let _ = mpd.music_folder();
    queued.map(|songs| songs.len())
}

/// The greeting, then, for each line that is asked, all up to the next line that ends an answer; nobody else says more than asked.
fn say(stream: UnixStream, speech: &[u8]) -> std::io::Result<()> {
    let mut lines = speech.split_inclusive(|&byte| byte == b'\n');
    let questions = BufReader::new(stream.try_clone()?).lines();
    let mut stream = stream;
    let greeting = lines.next().unwrap_or_default();
    stream.write_all(greeting)?;
    // Whoever waits for the rest of half a line would wait until time is up.
    if !greeting.ends_with(b"\n") {
        return Ok(());
    }
    for question in questions {
        question?;
        let mut answer = Vec::new();
        let mut whole = false;
        for line in lines.by_ref() {
            answer.extend_from_slice(line);
            let last = line.starts_with(b"OK") || line.starts_with(b"ACK");
            whole = last && line.ends_with(b"\n");
            if last {
                break;
            }
        }
        stream.write_all(&answer)?;
        if !whole {
            return Ok(());
        }
    }
    Ok(())
}
