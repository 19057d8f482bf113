//! What listens on a port and is no broker, or is an odd one.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use vibelux_players::mqtt::{Command, MqttError, MqttSettings};

use crate::{address, refused, start};

#[test]
fn what_is_no_broker_is_known() {
    // Nobody.
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let to = |port| MqttSettings::new(address(port), "vibelux").unwrap();
    assert!(matches!(refused(to(port)), MqttError::Connect { .. }));
    // Somebody who talks of other things, or says what no broker says.
    for talk in [
        &b"HTTP/1.1 400 Bad Request\r\n\r\n"[..],
        b"\x20\x02\x00\x87",
        b"\x20\x02\x00\x63",
        b"\x20\x03\x00\x00\x00",
        b"\xff\xff\xff\xff\xff\xff",
        b"\x30\xff\xff\xff\x7f",
        b"\x20\x02\x00\x00\x90\x03\x00\x63\x01",
        b"\x20\x02\x00\x00\x40\x02\x00\x63",
    ] {
        let port = stranger(talk, true);
        let error = refused(to(port));
        let is_right = matches!(
            error,
            MqttError::Nonsense { .. } | MqttError::TooLarge { .. }
        );
        assert!(is_right, "{talk:?}: {error}");
    }
    // Somebody who hangs up.
    let port = stranger(b"", false);
    assert!(matches!(refused(to(port)), MqttError::HangsUp { .. }));
    let bad = MqttSettings::new(address(port), "vibelux/#").unwrap_err();
    assert!(matches!(bad, MqttError::Prefix { .. }));
}

#[test]
fn a_broker_that_never_answers_is_not_waited_for() {
    let port = stranger(b"", true);
    let silent = MqttSettings::new(address(port), "vibelux").unwrap();
    assert!(matches!(refused(silent), MqttError::Silent { .. }));
}

#[test]
fn what_comes_twice_is_obeyed_once_and_a_closed_topic_is_known() {
    let next = |flags: u8, id: u8, text: &[u8]| {
        let topic = b"vibelux/command";
        let length = 2 + topic.len() + 2 + text.len();
        let head = [0x30 | flags, length as u8, 0, topic.len() as u8];
        [&head[..], topic, &[0, id], text].concat()
    };
    let talk = [
        next(0b0010, 1, b"next"),
        // The same again, as it was not acknowledged in time.
        next(0b1010, 1, b"next"),
        // Another one by the same number, after the first was acknowledged.
        next(0b0010, 1, b"next"),
        // Whose first copy never came.
        next(0b1010, 7, b"pause"),
        // Of another topic, which nobody asked for.
        b"\x30\x0b\x00\x05otherstop".to_vec(),
    ];
    let (port, heard) = imitation(0x80, talk.concat());
    let settings = MqttSettings::new(address(port), "vibelux").unwrap();
    let (link, commands, notes) = start(settings);
    let note = notes.recv_timeout(Duration::from_secs(5)).unwrap();
    assert!(note.contains("not listen to vibelux/command"), "{note}");
    let mut told = Vec::new();
    while told.last() != Some(&Command::Pause) {
        told.push(commands.recv_timeout(Duration::from_secs(5)).unwrap());
    }
    assert_eq!(told, [Command::Next, Command::Next, Command::Pause]);
    drop(link);
    assert_eq!(commands.try_iter().count(), 0);
    // All four are acknowledged, or they would come for ever.
    let heard = heard.recv_timeout(Duration::from_secs(5)).unwrap();
    let acknowledgements = heard.windows(3).filter(|window| window == b"\x40\x02\x00");
    assert_eq!(acknowledgements.count(), 4);
}

/// Somebody who greets as a broker does, allows or forbids to listen, and then says this; his port, and at the end all that he has heard.
fn imitation(listening: u8, talk: Vec<u8>) -> (u16, Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tells, heard) = channel();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut buffer = [0; 1000];
        let _ = stream.read(&mut buffer).unwrap();
        stream.write_all(b"\x20\x02\x00\x00").unwrap();
        let _ = stream.read(&mut buffer).unwrap();
        let number = [buffer[2], buffer[3]];
        assert_eq!(buffer[0], 0x82, "it asks to listen");
        let suback = [&[0x90, 3][..], &number, &[listening]].concat();
        stream.write_all(&suback).unwrap();
        stream.write_all(&talk).unwrap();
        let mut all = Vec::new();
        let _ = stream.read_to_end(&mut all);
        let _ = tells.send(all);
    });
    (port, heard)
}

/// Somebody on a port who says this to all who come, and then nothing; its port. It ends with the tests.
fn stranger(talk: &'static [u8], stays: bool) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            // What a client says first is heard, as a broker would.
            let _ = stream.read(&mut [0; 1000]);
            let _ = stream.write_all(talk);
            while stays && stream.read(&mut [0; 1000]).is_ok_and(|count| count > 0) {}
        }
    });
    port
}
