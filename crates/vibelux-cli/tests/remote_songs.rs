//! Songs at addresses: on a real web server and an S3 bucket, by the commands that a user would give. What travels is counted by
//! the server.

#![allow(clippy::unwrap_used, reason = "a failed set-up fails the test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;
use vibelux::compose::{compose_all, write_wav};
use vibelux_test_server::{BucketServer, WebServer};

/// Of a song of four minutes so much may travel.
const MOST_SHARE: f64 = 0.35;

/// A folder of songs, and libraries beside it.
struct Fixture {
    dir: TempDir,
    environment: Vec<(&'static str, String)>,
}

impl Fixture {
    fn new() -> Self {
        let fixture = Self {
            dir: tempfile::tempdir().unwrap(),
            environment: Vec::new(),
        };
        let music = fixture.path("music");
        let album = music.join("A & B");
        fs::create_dir_all(&album).unwrap();
        let pieces = compose_all(7);
        let mut long = pieces[0].render(44_100);
        let once = long.frames.clone();
        while long.frames.len() < 240 * 44_100 {
            long.frames.extend_from_slice(&once);
        }
        write_wav(&album.join("50% #1?.wav"), &long, "Long", "Ada", "One").unwrap();
        let mut short = pieces[1].render(22_050);
        short.frames.truncate(30 * 22_050);
        write_wav(&album.join("short.wav"), &short, "Short", "Bo", "Two").unwrap();
        fs::copy(album.join("short.wav"), album.join(".hidden.wav")).unwrap();
        fs::write(music.join("broken.mp3"), "this is no sound at all").unwrap();
        fs::write(music.join("notes.txt"), "words").unwrap();
        fixture
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vibelux"));
        command.args(arguments).current_dir(self.dir.path());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.output().unwrap()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() || output.status.code() == Some(1),
            "{arguments:?}: {said}"
        );
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn embed(&self, songs: &str, library: &str) -> Value {
        self.json(&["embed", songs, "--library", library, "--json"])
    }

    /// The vectors of a library, by the names of the files.
    fn vectors(&self, library: &str) -> Vec<(String, Vec<f64>)> {
        let file = format!("{library}.json");
        let output = self.run(&["export", "json", &file, "--library", library]);
        assert!(output.status.success(), "{output:?}");
        let text = fs::read(self.path(&file)).unwrap();
        let songs: serde_json::Map<String, Value> = serde_json::from_slice(&text).unwrap();
        let vector = |value: &Value| {
            value
                .as_array()
                .unwrap()
                .iter()
                .map(|v| v.as_f64().unwrap())
                .collect()
        };
        let name = |path: &str| {
            path.rsplit('/')
                .next()
                .unwrap()
                .replace("%25", "%")
                .replace("%20", " ")
                .replace("%23", "#")
                .replace("%3F", "?")
        };
        let mut vectors: Vec<_> = songs
            .iter()
            .map(|(path, value)| (name(path), vector(value)))
            .collect();
        vectors.sort_by(|a, b| a.0.cmp(&b.0));
        vectors
    }

    fn assert_same_vectors(&self, a: &str, b: &str) {
        let (a, b) = (self.vectors(a), self.vectors(b));
        assert_eq!(a.len(), 2);
        for ((name, here), (other, there)) in a.iter().zip(&b) {
            assert_eq!(name, other);
            let apart = here
                .iter()
                .zip(there)
                .map(|(x, y)| (x - y).abs())
                .fold(0.0, f64::max);
            assert!(apart < 1e-6, "{name}: {apart}");
        }
    }
}

#[test]
fn songs_of_a_web_server_are_embedded_and_little_of_them_travels() {
    let fixture = Fixture::new();
    let Some(server) = WebServer::start(&fixture.path("music")) else {
        return;
    };
    let all = server.url("");
    let done = fixture.embed(&all, "web.db");
    assert_eq!(
        (&done["found"], &done["embedded"]),
        (&3.into(), &2.into()),
        "{done}"
    );
    assert_eq!(done["failures"].as_array().unwrap().len(), 1);
    fixture.embed("music", "here.db");
    fixture.assert_same_vectors("web.db", "here.db");

    let long = "/A & B/50% #1?.wav";
    let size = fs::metadata(fixture.path("music").join(&long[1..]))
        .unwrap()
        .len();
    let of_long = |requests: &[vibelux_test_server::WebRequest]| -> u64 {
        let gets = requests
            .iter()
            .filter(|request| request.method == "GET" && request.path == long);
        gets.map(|request| request.bytes).sum()
    };
    let travelled = of_long(&server.requests()) as f64 / size as f64;
    assert!(
        (0.001..MOST_SHARE).contains(&travelled),
        "{travelled} of {size} bytes"
    );

    // What has not changed is not fetched again.
    let before = server.requests().len();
    let again = fixture.embed(&all, "web.db");
    assert_eq!(again["unchanged"], 2, "{again}");
    assert!(
        server.requests()[before..]
            .iter()
            .all(|request| request.method != "GET")
    );

    // It can be recommended, and found as what it is.
    let best = fixture.json(&[
        "recommend",
        "--mood",
        "happy",
        "--library",
        "web.db",
        "--json",
    ]);
    let path = best["queries"][0]["recommendations"][0]["song"]["path"]
        .as_str()
        .unwrap();
    assert!(path.starts_with(&all), "{path}");

    fs::remove_file(fixture.path("music/A & B/short.wav")).unwrap();
    assert_eq!(fixture.embed(&all, "web.db")["gone"], 1);

    // A file by its address, and one that is not there.
    let one = server.url("A%20%26%20B/50%25%20%231%3F.wav");
    assert_eq!(fixture.embed(&one, "one.db")["embedded"], 1);
    let output = fixture.run(&["embed", &server.url("absent.mp3"), "--library", "one.db"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("absent.mp3"), "{said}");
}

#[test]
fn songs_of_a_bucket_are_embedded() {
    let mut fixture = Fixture::new();
    let server = BucketServer::start(fixture.dir.path());
    fixture.environment = server.environment().into();
    // The bucket is the folder of this name.
    let done = fixture.embed("s3://music", "bucket.db");
    assert_eq!(
        (&done["found"], &done["embedded"]),
        (&3.into(), &2.into()),
        "{done}"
    );
    fixture.environment.clear();
    fixture.embed("music", "here.db");
    fixture.assert_same_vectors("bucket.db", "here.db");

    fixture.environment = server.environment().into();
    let done = fixture.embed("s3://music/A & B", "bucket.db");
    assert_eq!(
        (&done["found"], &done["unchanged"]),
        (&2.into(), &2.into()),
        "{done}"
    );
    for (songs, why) in [
        ("s3://music/absent/", "there are no song files"),
        ("s3://music/absent", "no such object"),
    ] {
        let output = fixture.run(&["embed", songs, "--library", "bucket.db"]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(why), "{songs}: {said}");
    }
    // Nothing was taken for gone.
    assert_eq!(fixture.vectors("bucket.db").len(), 2);

    fixture
        .environment
        .retain(|(name, _)| *name != "AWS_SECRET_ACCESS_KEY");
    fixture
        .environment
        .push(("AWS_SECRET_ACCESS_KEY", "another".to_owned()));
    let output = fixture.run(&["embed", "s3://music", "--library", "bucket.db"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("s3://music") && !said.contains("panicked"),
        "{said}"
    );
}

#[test]
fn addresses_that_cannot_be_are_refused() {
    let fixture = Fixture::new();
    for (address, why) in [
        ("http://me:secret@127.0.0.1/a.mp3", "passwords"),
        ("http://127.0.0.1:9/a.mp3", "127.0.0.1:9"),
        ("s3:///a.mp3", "bucket"),
    ] {
        let output = fixture.run(&["embed", address, "--library", "x.db"]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(why), "{said}");
    }
}

#[cfg(feature = "postgres")]
#[test]
fn workers_read_from_servers() {
    let mut fixture = Fixture::new();
    let (Some(database), Some(web)) = (
        vibelux_test_server::PostgresServer::start(),
        WebServer::start(&fixture.path("music")),
    ) else {
        return;
    };
    let bucket = BucketServer::start(fixture.dir.path());
    fixture.environment = bucket.environment().into();
    let library = database.database("remote");
    fixture
        .environment
        .push(("VIBELUX_LIBRARY", library.clone()));
    // The table of songs is kept in the user's cache.
    fixture
        .environment
        .push(("HOME", fixture.path("").display().to_string()));

    // Put in where the files are, embedded where they are not.
    let music = fs::canonicalize(fixture.path("music")).unwrap();
    fixture.json(&["queue", "--json", path_text(&music)]);
    let rule = format!("{}={}", music.display(), web.url(""));
    let done = fixture.json(&["worker", "--until-empty", "--json", "--map", &rule]);
    assert_eq!(
        (&done["embedded"], &done["failed"]),
        (&2.into(), &1.into()),
        "{done}"
    );
    assert!(
        web.requests()
            .iter()
            .any(|request| request.method == "GET" && request.path.contains("50% #1?"))
    );

    // Put in as addresses, of a bucket.
    let queued = fixture.json(&["queue", "--json", "s3://music/A & B/"]);
    assert_eq!(queued["added"]["queued"], 2, "{queued}");
    let done = fixture.json(&["worker", "--until-empty", "--json"]);
    // The same sound as before.
    assert_eq!(
        (&done["embedded"], &done["kept"]),
        (&0.into(), &2.into()),
        "{done}"
    );
}

fn path_text(path: &Path) -> &str {
    path.to_str().unwrap()
}
