//! Many workers on one library: files put in once, workers killed at random moments and the server with them, and every song
//! embedded exactly once.
//!
//! `VIBELUX_CHAOS_FILES` says how many files (200 by default), `VIBELUX_CHAOS_PROGRAM` which program to try instead of the one
//! that was built with the test.

#![allow(clippy::unwrap_used, reason = "a failed set-up fails the test")]

#[path = "../../vibelux-server/tests/json_schema/mod.rs"]
mod json_schema;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use json_schema::Schema;
use serde_json::Value;
use vibelux_test_server::PostgresServer;

const WORKERS: usize = 8;

/// The longest that a test may take, by how many files it has.
fn patience(files: usize) -> Duration {
    Duration::from_secs(240) + Duration::from_millis(400) * files as u32
}

/// Numbers that look random and are the same in each run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

/// A little more than a second of a tone with noise, 8 kHz, 8 bits: as short as it is a song of its own.
fn write_short_song(path: &Path, numbers: &mut Numbers) {
    let length = 8800 + numbers.below(4000) as u32;
    let pitch = 200.0 + numbers.below(2000) as f64 / 2.0;
    let noise = 1 + numbers.below(40);
    let mut bytes = Vec::new();
    bytes.extend(b"RIFF");
    bytes.extend((36 + length).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16_u32.to_le_bytes());
    for word in [1_u16, 1] {
        bytes.extend(word.to_le_bytes());
    }
    bytes.extend(8000_u32.to_le_bytes());
    bytes.extend(8000_u32.to_le_bytes());
    for word in [1_u16, 8] {
        bytes.extend(word.to_le_bytes());
    }
    bytes.extend(b"data");
    bytes.extend(length.to_le_bytes());
    for at in 0..length {
        let tone = (f64::from(at) * pitch * std::f64::consts::TAU / 8000.0).sin();
        bytes.push((128.0 + 60.0 * tone) as u8 + numbers.below(noise) as u8);
    }
    fs::write(path, bytes).unwrap();
}

fn write_short_songs(folder: &Path, count: usize) {
    let mut numbers = Numbers(7);
    for number in 0..count {
        let folder = folder.join(format!("{}", number / 1000));
        fs::create_dir_all(&folder).unwrap();
        write_short_song(&folder.join(format!("{number}.wav")), &mut numbers);
    }
}

fn program() -> PathBuf {
    std::env::var_os("VIBELUX_CHAOS_PROGRAM")
        .map_or_else(|| env!("CARGO_BIN_EXE_vibelux").into(), PathBuf::from)
}

fn vibelux(library: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program());
    command.args(arguments).env("VIBELUX_LIBRARY", library);
    // The table of songs is kept in the user's cache.
    command.env("HOME", std::env::temp_dir());
    command
}

fn run(library: &str, arguments: &[&str]) -> Output {
    vibelux(library, arguments).output().unwrap()
}

fn json(library: &str, arguments: &[&str]) -> Value {
    let output = run(library, arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
    let answer = serde_json::from_slice(&output.stdout).unwrap();
    let shape = match arguments[0] {
        "queue" => "QueueAnswer",
        "worker" => "WorkerAnswer",
        _ => "ErrorsAnswer",
    };
    let schema = Schema::of_vibelux().unwrap();
    assert_eq!(schema.check(shape, &answer), Ok(()), "{arguments:?}");
    assert_eq!(schema.check_any(&answer), Ok(()), "{arguments:?}");
    answer
}

/// Workers of this test, which end with it.
struct Workers {
    library: String,
    running: Vec<Child>,
}

impl Workers {
    fn start(&mut self) {
        let mut command = vibelux(&self.library, &["worker", "--until-empty", "--jobs", "1"]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        self.running.push(command.spawn().unwrap());
    }

    /// Kills one as `kill -9` does, and starts another in its place.
    fn kill_one(&mut self, number: usize) {
        let mut killed = self.running.swap_remove(number);
        killed.kill().unwrap();
        killed.wait().unwrap();
        self.start();
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        for worker in &mut self.running {
            // It may have ended by itself.
            let _ = worker.kill();
            let _ = worker.wait();
        }
    }
}

/// Notes each vector that is written, in a table of the test's own.
const AUDIT: &str = "
    CREATE TABLE public.audit (path BYTEA NOT NULL);
    CREATE FUNCTION public.audit() RETURNS TRIGGER LANGUAGE plpgsql AS
        'BEGIN INSERT INTO public.audit VALUES (NEW.path); RETURN NEW; END';
    CREATE TRIGGER audit AFTER INSERT OR UPDATE OF vector ON vibelux.songs
        FOR EACH ROW WHEN (NEW.vector IS NOT NULL) EXECUTE FUNCTION public.audit();
";

#[test]
fn every_song_is_embedded_once_whoever_is_killed() {
    let Some(mut server) = PostgresServer::start() else {
        return;
    };
    let count: usize =
        std::env::var("VIBELUX_CHAOS_FILES").map_or(200, |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    write_short_songs(folder.path(), count);
    let library = server.database("chaos");
    let added = json(
        &library,
        &["queue", "--json", folder.path().to_str().unwrap()],
    );
    assert_eq!(added["added"]["queued"], count);
    server.psql("chaos", AUDIT);
    let start = Instant::now();
    let mut workers = Workers {
        library: library.clone(),
        running: Vec::new(),
    };
    for _ in 0..WORKERS {
        workers.start();
    }
    let mut numbers = Numbers(99);
    let (mut kills, mut restarted_at) = (0, None);
    let ended = loop {
        let done: usize = server
            .psql("chaos", "SELECT count(*) FROM vibelux.songs")
            .parse()
            .unwrap();
        if done == count {
            break start.elapsed();
        }
        assert!(
            start.elapsed() < patience(count),
            "{done} of {count} after {kills} kills"
        );
        if restarted_at.is_none() && done > count / 3 {
            server.crash_and_restart();
            restarted_at = Some((start.elapsed(), done));
        }
        // Most of them before the last songs, for which killed workers are waited for.
        if done < count * 9 / 10 || numbers.below(8) == 0 {
            workers.kill_one(numbers.below(WORKERS as u64) as usize);
            kills += 1;
        }
        std::thread::sleep(Duration::from_millis(500 + numbers.below(2500)));
    };
    for worker in &mut workers.running {
        // All these songs are of a length, so each is compared with all others for copies.
        let end =
            Instant::now() + Duration::from_secs(120) + Duration::from_millis(30) * count as u32;
        while worker.try_wait().unwrap().is_none() {
            let left = || {
                server.psql(
                    "chaos",
                    "SELECT task_identifier, attempts, run_at - now(), locked_by, locked_at - now(), last_error
                     FROM vibelux_jobs.jobs",
                )
            };
            assert!(
                Instant::now() < end,
                "a worker does not end; left: {}",
                left()
            );
            std::thread::sleep(Duration::from_millis(100));
        }
        assert!(worker.wait().unwrap().success());
    }
    let written = server.psql(
        "chaos",
        "SELECT count(*), count(DISTINCT path) FROM public.audit",
    );
    assert_eq!(written, format!("{count}|{count}"), "vectors written");
    let left = json(&library, &["queue", "--json"]);
    assert_eq!(
        (&left["waiting"], &left["running"], &left["given_up"]),
        (&0.into(), &0.into(), &0.into())
    );
    let failed = json(&library, &["errors", "--json"]);
    assert_eq!(failed["failures"].as_array().unwrap().len(), 0);
    assert!(restarted_at.is_some(), "the server was never restarted");
    let settled = start.elapsed() - ended;
    println!(
        "{count} songs by {WORKERS} workers in {:.0} s (and {:.0} s more until the workers ended), {kills} killed, the server crashed after \
         {:?}: each written once",
        ended.as_secs_f64(),
        settled.as_secs_f64(),
        restarted_at.unwrap(),
    );
}

#[test]
fn files_are_found_by_the_map_and_their_absence_is_told() {
    let Some(server) = PostgresServer::start() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let music = folder.path().join("music");
    write_short_songs(&music, 25);
    let library = server.database("mapped");
    json(&library, &["queue", "--json", music.to_str().unwrap()]);
    let elsewhere = folder.path().join("elsewhere");
    fs::rename(&music, &elsewhere).unwrap();

    let output = run(&library, &["worker", "--until-empty"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        said.contains("--map") && said.contains(music.to_str().unwrap()),
        "{said}"
    );

    let rule = format!(
        "{}={}",
        music.display(),
        folder.path().join("absent").display()
    );
    let output = run(&library, &["worker", "--until-empty", "--map", &rule]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.code() == Some(2) && said.contains("absent"),
        "{said}"
    );

    // What was not found is tried again after a pause, or when somebody says so.
    server.psql(
        "mapped",
        "UPDATE vibelux_jobs._private_jobs SET run_at = now(), attempts = 25",
    );
    let left = json(&library, &["queue", "--json"]);
    assert_eq!(
        (&left["waiting"], &left["given_up"]),
        (&0.into(), &25.into())
    );
    assert_eq!(
        json(&library, &["queue", "--json", "--retry-failed"])["retried"],
        25
    );
    let rule = format!("{}={}", music.display(), elsewhere.display());
    let done = json(
        &library,
        &["worker", "--until-empty", "--json", "--map", &rule],
    );
    assert_eq!(
        (&done["embedded"], &done["failed"]),
        (&25.into(), &0.into())
    );

    // The paths of the library are those of whoever put them in.
    fs::rename(&elsewhere, &music).unwrap();
    let again = json(&library, &["queue", "--json", music.to_str().unwrap()]);
    assert_eq!(
        (&again["added"]["queued"], &again["added"]["unchanged"]),
        (&0.into(), &25.into())
    );
}

#[test]
fn a_queue_needs_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("library.db");
    for command in ["queue", "worker"] {
        let output = run(file.to_str().unwrap(), &[command]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2));
        assert!(
            said.contains("library.db") && said.contains("postgres://"),
            "{said}"
        );
    }
    assert!(!file.exists());
}
