//! A player of the tests' own: small, but it does what MPRIS says. It plays no sound; the test says when a song ends.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use zbus::object_server::SignalEmitter;
use zbus::{Connection, ObjectPath, OwnedObjectPath, OwnedVariant, Variant, connection, fdo};

const PATH: &str = "/org/mpris/MediaPlayer2";
const NO_TRACK: &str = "/org/mpris/MediaPlayer2/TrackList/NoTrack";

/// What kind of player it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// One whose track list others may edit.
    Lists,
    /// One that has none, as most are.
    HasNoList,
    /// One that nobody may control.
    IsUncontrolled,
    /// One that answers nothing.
    IsSilent,
}

/// What can be seen of it from outside.
#[derive(Debug)]
pub struct State {
    kind: Kind,
    /// Its tracks: number and address.
    pub tracks: Vec<(u32, String)>,
    /// The number of the one that is current.
    pub current: Option<u32>,
    /// As MPRIS has it.
    pub status: &'static str,
    /// In seconds; each song is a minute long.
    pub position: i64,
    /// What it was told to do.
    pub told: Vec<&'static str>,
    latest: u32,
}

impl State {
    fn push(&mut self, at: usize, uri: &str) -> u32 {
        self.latest += 1;
        self.tracks.insert(at, (self.latest, uri.to_owned()));
        self.latest
    }

    fn place(&self) -> Option<usize> {
        let current = self.current?;
        self.tracks
            .iter()
            .position(|(number, _)| *number == current)
    }

    fn go(&mut self, place: Option<usize>) {
        let track = place.and_then(|place| self.tracks.get(place));
        self.current = track.map(|(number, _)| *number);
        self.status = if self.current.is_some() {
            "Playing"
        } else {
            "Stopped"
        };
        self.position = 0;
    }

    fn metadata(&self, track: &(u32, String)) -> HashMap<String, OwnedVariant> {
        let own = |value: Variant<'_>| value.try_into_owned().unwrap();
        let name = track.1.rsplit('/').next().unwrap();
        HashMap::from([
            ("mpris:trackid".to_owned(), own(Variant::new(path(track.0)))),
            ("xesam:url".to_owned(), own(Variant::new(track.1.as_str()))),
            ("xesam:title".to_owned(), own(Variant::new(name))),
            (
                "xesam:artist".to_owned(),
                own(Variant::new(vec!["Somebody"])),
            ),
            ("mpris:length".to_owned(), own(Variant::new(60_000_000_i64))),
        ])
    }
}

fn path(number: u32) -> ObjectPath<'static> {
    ObjectPath::try_from(format!("/tracks/{number}")).unwrap()
}

type Shared = Arc<Mutex<State>>;

struct Root(Shared);
struct Player(Shared);
struct TrackList(Shared);

#[zbus::interface(name = "org.mpris.MediaPlayer2")]
impl Root {
    #[zbus(property)]
    async fn identity(&self) -> String {
        let kind = self.0.lock().unwrap().kind;
        if kind == Kind::IsSilent {
            std::future::pending::<()>().await;
        }
        format!("The {kind:?} Player")
    }

    #[zbus(property)]
    fn has_track_list(&self) -> bool {
        self.0.lock().unwrap().kind == Kind::Lists
    }

    #[zbus(property)]
    fn supported_uri_schemes(&self) -> Vec<String> {
        let has_no_list = self.0.lock().unwrap().kind == Kind::HasNoList;
        // As mpv, which plays files all the same.
        vec![if has_no_list { "http" } else { "file" }.to_owned()]
    }
}

#[zbus::interface(name = "org.mpris.MediaPlayer2.Player")]
impl Player {
    fn play(&self) {
        let mut state = self.0.lock().unwrap();
        state.told.push("Play");
        if state.current.is_some() {
            state.status = "Playing";
        } else {
            state.go(Some(0));
        }
    }

    fn pause(&self) {
        let mut state = self.0.lock().unwrap();
        state.told.push("Pause");
        if state.status == "Playing" {
            state.status = "Paused";
        }
    }

    fn play_pause(&self) {
        let is_playing = self.0.lock().unwrap().status == "Playing";
        if is_playing {
            self.pause();
        } else {
            self.play();
        }
    }

    fn next(&self) {
        let mut state = self.0.lock().unwrap();
        state.told.push("Next");
        let place = state.place().map(|place| place + 1);
        state.go(place);
    }

    fn previous(&self) {
        let mut state = self.0.lock().unwrap();
        state.told.push("Previous");
        let place = state.place().map(|place| place.saturating_sub(1));
        state.go(place);
    }

    /// Its track is what it would go on with.
    fn stop(&self) {
        let mut state = self.0.lock().unwrap();
        state.told.push("Stop");
        state.status = "Stopped";
    }

    fn open_uri(&self, uri: &str) {
        let mut state = self.0.lock().unwrap();
        state.told.push("OpenUri");
        state.tracks.clear();
        state.push(0, uri);
        if !uri.contains("broken") {
            state.go(Some(0));
        }
    }

    #[zbus(property)]
    fn playback_status(&self) -> String {
        self.0.lock().unwrap().status.to_owned()
    }

    #[zbus(property)]
    fn metadata(&self) -> HashMap<String, OwnedVariant> {
        let state = self.0.lock().unwrap();
        let place = state.place();
        place.map_or_else(HashMap::new, |place| state.metadata(&state.tracks[place]))
    }

    #[zbus(property)]
    fn position(&self) -> i64 {
        self.0.lock().unwrap().position * 1_000_000
    }

    #[zbus(property)]
    fn shuffle(&self) -> bool {
        false
    }

    #[zbus(property)]
    fn can_control(&self) -> bool {
        self.0.lock().unwrap().kind != Kind::IsUncontrolled
    }
}

#[zbus::interface(name = "org.mpris.MediaPlayer2.TrackList")]
impl TrackList {
    fn get_tracks_metadata(&self, ids: Vec<OwnedObjectPath>) -> Vec<HashMap<String, OwnedVariant>> {
        let state = self.0.lock().unwrap();
        let of = |id: &OwnedObjectPath| {
            let track = state.tracks.iter().find(|(n, _)| path(*n) == **id);
            track.map(|track| state.metadata(track))
        };
        ids.iter().filter_map(of).collect()
    }

    async fn add_track(
        &self,
        #[zbus(signal_emitter)] emitter: SignalEmitter<'_>,
        uri: &str,
        after: ObjectPath<'_>,
        at_once: bool,
    ) -> fdo::Result<()> {
        // As players do with what they find to be no music.
        if uri.contains("broken") {
            return Ok(());
        }
        let metadata = {
            let mut state = self.0.lock().unwrap();
            let mut places = state.tracks.iter();
            let place = match places.position(|(number, _)| path(*number) == after) {
                Some(place) => place + 1,
                None if after.as_str() == NO_TRACK => 0,
                None => return Err(fdo::Error::InvalidArgs("no such track".to_owned())),
            };
            state.push(place, uri);
            if at_once {
                state.go(Some(place));
            }
            state.metadata(&state.tracks[place])
        };
        Self::track_added(&emitter, metadata, after).await?;
        Ok(())
    }

    fn remove_track(&self, id: ObjectPath<'_>) {
        let mut state = self.0.lock().unwrap();
        // As the specification has it.
        let is_current = state.current.is_some_and(|number| path(number) == id);
        if is_current {
            let place = state.place().map(|place| place + 1);
            state.go(place);
        }
        state.tracks.retain(|(number, _)| path(*number) != id);
    }

    fn go_to(&self, id: ObjectPath<'_>) {
        let mut state = self.0.lock().unwrap();
        let mut tracks = state.tracks.iter();
        let place = tracks.position(|(number, _)| path(*number) == id);
        if place.is_some() {
            state.go(place);
        }
    }

    #[zbus(signal)]
    async fn track_added(
        emitter: &SignalEmitter<'_>,
        metadata: HashMap<String, OwnedVariant>,
        after: ObjectPath<'_>,
    ) -> zbus::Result<()>;

    #[zbus(property)]
    fn tracks(&self) -> Vec<ObjectPath<'static>> {
        let state = self.0.lock().unwrap();
        state
            .tracks
            .iter()
            .map(|(number, _)| path(*number))
            .collect()
    }

    #[zbus(property)]
    fn can_edit_tracks(&self) -> bool {
        true
    }
}

/// A player on a bus; it leaves with this value.
pub struct FakePlayer {
    state: Shared,
    connection: Option<Connection>,
}

impl FakePlayer {
    /// Enters a bus by this name.
    pub fn enter(address: &str, name: &str, kind: Kind) -> Self {
        let state = Arc::new(Mutex::new(State {
            kind,
            tracks: Vec::new(),
            current: None,
            status: "Stopped",
            position: 0,
            told: Vec::new(),
            latest: 0,
        }));
        let mut builder = connection::Builder::address(address)
            .name(format!("org.mpris.MediaPlayer2.{name}"))
            .serve_at(PATH, Root(Arc::clone(&state)))
            .serve_at(PATH, Player(Arc::clone(&state)));
        if kind == Kind::Lists {
            builder = builder.serve_at(PATH, TrackList(Arc::clone(&state)));
        }
        let connection = zbus::block_on(builder.build()).unwrap();
        Self {
            state,
            connection: Some(connection),
        }
    }

    /// How it is.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// The addresses of its tracks.
    pub fn queue(&self) -> Vec<String> {
        let state = self.state();
        state.tracks.iter().map(|(_, uri)| uri.clone()).collect()
    }

    /// Somebody else puts a song at the end.
    pub fn put(&self, uri: &str) {
        let mut state = self.state();
        let end = state.tracks.len();
        state.push(end, uri);
    }

    /// Its song ends by itself, or somebody goes on to the next.
    pub fn end_song(&self) {
        let mut state = self.state();
        let place = state.place().map(|place| place + 1);
        state.go(place);
    }

    /// The address of what plays or pauses.
    pub fn current(&self) -> Option<String> {
        let state = self.state();
        state.place().map(|place| state.tracks[place].1.clone())
    }

    /// Ends, as a player that is closed or crashes.
    pub fn leave(&mut self) {
        if let Some(connection) = self.connection.take() {
            zbus::block_on(connection.close()).unwrap();
        }
    }
}

impl Drop for FakePlayer {
    fn drop(&mut self) {
        self.leave();
    }
}
