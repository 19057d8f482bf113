//! A server to test with: an own library in a folder of its own, at a free port.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use vibelux::EmotionVector;
use vibelux::audio::SoundKind;
use vibelux::library::{FileStamp, Outcome, Song, SongStore, Tags};
use vibelux::model::{FaceModel, MusicModel};
use vibelux_server::{
    HomeAccess, LanAccess, Limits, MusicFolders, Ready, Server, ServerConfig, SubsonicAccess,
    TokenPolicy,
};

use crate::client::{Answer, Request};

/// Where phones come in, in tests.
pub const LAN: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// A running server; stopped when it is dropped.
pub struct Stand {
    pub dir: TempDir,
    pub ready: Ready,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// How to start it.
pub struct Plan {
    pub token: TokenPolicy,
    pub limits: Limits,
    /// Whether phones may come, at [`LAN`].
    pub lan: bool,
    /// Whether music players may come.
    pub subsonic: bool,
    /// Home automation.
    pub home: Option<HomeAccess>,
    pub songs: Vec<(String, Tags, EmotionVector)>,
    /// What the files whose names begin with it are, for some beginnings; else nobody listened.
    pub sounds: Vec<(&'static str, SoundKind)>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            token: TokenPolicy::WhereReachable,
            limits: Limits::default(),
            lan: false,
            subsonic: false,
            home: None,
            songs: Vec::new(),
            sounds: Vec::new(),
        }
    }
}

impl Plan {
    /// Adds a song: file name, title, artist, mood. Its file is made, of bytes that count up.
    pub fn song(mut self, file: &str, title: &str, artist: &str, mood: &str) -> Self {
        let tags = Tags {
            title: Some(title.to_owned()),
            artist: (!artist.is_empty()).then(|| artist.to_owned()),
            ..Tags::default()
        };
        self.songs
            .push((file.to_owned(), tags, mood.parse().unwrap()));
        self
    }

    /// Some songs of different moods.
    pub fn songs() -> Self {
        Self::default()
            .song("a.mp3", "Sunny Morning", "Ada", "happy=0.8,surprised=0.2")
            .song("b.flac", "Dull Rain", "Bo", "sad=0.9,neutral=0.1")
            .song("c.wma", "Old Tape", "Ada", "neutral")
            .song("d.ogg", "Thunder", "Cy", "fearful=0.5,angry=0.5")
            .song("e.m4a", "Bright Rain", "", "happy=0.6,sad=0.4")
    }

    pub fn start(self) -> Stand {
        let dir = tempfile::tempdir().unwrap();
        let library = dir.path().join("library.db");
        let music = dir.path().join("music");
        std::fs::create_dir(&music).unwrap();
        let music = music.canonicalize().unwrap();
        let mut store = SongStore::open(&library).unwrap();
        for (file, tags, vector) in self.songs {
            let sound = self
                .sounds
                .iter()
                .find(|(begin, _)| file.starts_with(begin));
            let song = Song {
                sound: sound.map(|&(_, kind)| kind),
                ..song(&music.join(&file), tags, vector)
            };
            store.upsert(&song, &windows(&vector)).unwrap();
        }
        drop(store);
        let config = ServerConfig {
            listen: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: Some(0),
            token: self.token,
            lan: self.lan.then(|| {
                let keys = dir.path().join("keys");
                LanAccess::open(&keys, IpAddr::V4(LAN), Some(0)).unwrap()
            }),
            subsonic: self.subsonic.then(|| {
                let folder = dir.path().join("account");
                SubsonicAccess::open(&folder, IpAddr::V4(Ipv4Addr::LOCALHOST), Some(0)).unwrap()
            }),
            home: self.home,
            library: (&library).into(),
            folders: MusicFolders {
                usual: Some(music.clone()),
                roots: vec![dir.path().to_owned()],
                demo: Some(dir.path().join("demo")),
            },
            face_model: FaceModel::shipped().unwrap(),
            embedder: Arc::new(MusicModel::shipped().unwrap()),
            limits: self.limits,
        };
        let (sender, receiver) = mpsc::channel();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async {
                let server = Server::bind(config).await.unwrap();
                sender.send(server.ready().clone()).unwrap();
                server
                    .run(async {
                        let _ = stopped.await;
                    })
                    .await;
            });
            runtime.shutdown_background();
        });
        Stand {
            dir,
            ready: receiver.recv().unwrap(),
            stop: Some(stop),
            thread: Some(thread),
        }
    }
}

/// Two windows, the second of pure sadness.
fn windows(vector: &EmotionVector) -> [(f64, EmotionVector); 2] {
    [(0.0, *vector), (12.5, "sad".parse().unwrap())]
}

fn song(path: &Path, tags: Tags, vector: EmotionVector) -> Song {
    let bytes: Vec<u8> = (0..100_000_u32).map(|i| (i % 251) as u8).collect();
    std::fs::write(path, bytes).unwrap();
    Song {
        stamp: Some(FileStamp::of(&std::fs::metadata(path).unwrap())),
        tags,
        duration_seconds: Some(30.0),
        ..Song::new(path, "test", Outcome::Embedded(vector))
    }
}

impl Stand {
    pub fn address(&self) -> SocketAddr {
        self.ready.address
    }

    pub fn music(&self) -> PathBuf {
        self.dir.path().join("music").canonicalize().unwrap()
    }

    pub fn request(&self, method: &str, target: &str) -> Request {
        Request::new(self.address(), method, target)
    }

    pub fn get(&self, target: &str) -> Answer {
        self.request("GET", target).send()
    }

    pub fn post(&self, target: &str, body: &Value) -> Answer {
        self.request("POST", target).json(body).send()
    }

    /// The id of the song with this title.
    pub fn id(&self, title: &str) -> String {
        let list = self.get("/api/v1/songs").json();
        let songs = list["songs"].as_array().unwrap();
        let song = songs.iter().find(|song| song["title"] == title).unwrap();
        song["id"].as_str().unwrap().to_owned()
    }

    /// Stops the server and waits for it; says how long that took.
    pub fn stop(&mut self) -> Duration {
        let start = Instant::now();
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
        start.elapsed()
    }
}

impl Drop for Stand {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.stop();
        }
    }
}

/// Tries until it is so, for at most some seconds.
pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(60), "never: {what}");
        std::thread::sleep(Duration::from_millis(30));
    }
}
