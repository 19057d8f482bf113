//! `vibelux serve` from its first line to Ctrl-C; the server itself is tested in its own crate.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a failed set-up fails the test")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use assert_cmd::cargo::CommandCargoExt;

/// A server in an empty folder that has said where it is.
struct Served {
    _dir: tempfile::TempDir,
    child: Child,
    /// As it printed it.
    url: String,
}

impl Served {
    fn start(flags: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut child = Command::cargo_bin("vibelux")
            .unwrap()
            .args(["serve", "--port", "0", "--no-open"])
            .args(flags)
            .env("VIBELUX_LIBRARY", dir.path().join("library.db"))
            .env_remove("VIBELUX_TOKEN")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let url = line.trim().rsplit(' ').next().unwrap().to_owned();
        Self {
            _dir: dir,
            child,
            url,
        }
    }

    /// Presses Ctrl-C and waits for the end: standard error and the exit code.
    fn interrupt(self) -> (String, Option<i32>) {
        // The shell's own, as not every system has the program.
        let interrupt = Command::new("sh")
            .args(["-c", &format!("kill -INT {}", self.child.id())])
            .status();
        assert!(interrupt.unwrap().success());
        let ended = self.child.wait_with_output().unwrap();
        let messages = String::from_utf8(ended.stderr).unwrap();
        (messages, ended.status.code())
    }
}

/// Starts it, asks for `path` with `header`, presses Ctrl-C. Returns the printed address, the answer,
/// standard error and the exit code.
fn serve(flags: &[&str], path: &str, header: &str) -> (String, String, String, Option<i32>) {
    let served = Served::start(flags);
    let url = served.url.clone();
    let host = url
        .strip_prefix("http://")
        .unwrap()
        .split('/')
        .next()
        .unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{header}Connection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (messages, code) = served.interrupt();
    (url, answer, messages, code)
}

#[test]
fn ctrl_c_is_heard_as_soon_as_the_address_is_told() {
    for _ in 0..5 {
        let (messages, code) = Served::start(&[]).interrupt();
        assert_eq!(code, Some(0), "{messages}");
    }
}

#[test]
fn it_says_where_it_is_answers_and_ends_with_ctrl_c() {
    let (url, answer, messages, code) = serve(&[], "/api/v1/status", "");
    assert!(
        url.starts_with("http://127.0.0.1:") && url.ends_with('/'),
        "{url}"
    );
    assert!(
        answer.starts_with("HTTP/1.1 200 OK") && answer.contains("\"ready\":0"),
        "{answer}"
    );
    assert_eq!(
        (code, messages.contains("HTTPS")),
        (Some(0), false),
        "{messages}"
    );
}

#[test]
fn elsewhere_it_demands_a_token_and_warns_of_the_camera() {
    let (url, refused, messages, code) = serve(&["--listen", "0.0.0.0"], "/api/v1/status", "");
    let token = url.split("?token=").nth(1).unwrap();
    assert!(
        token.len() >= 32 && refused.starts_with("HTTP/1.1 401"),
        "{refused}"
    );
    assert!(
        messages.contains("HTTPS") && !messages.contains(token),
        "{messages}"
    );
    assert_eq!(code, Some(0));
}

#[test]
fn a_token_can_be_given_unless_it_is_weak() {
    let header = "Authorization: Bearer of-my-own-choosing\r\n";
    let flags = ["--token", "of-my-own-choosing"];
    let (_, answer, _, _) = serve(&flags, "/api/v1/status", header);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let weak = Command::cargo_bin("vibelux")
        .unwrap()
        .args(["serve", "--token", "1234"])
        .output();
    assert_eq!(weak.unwrap().status.code(), Some(2));
}
