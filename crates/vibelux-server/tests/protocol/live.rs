//! The live socket: what it answers, what it refuses, and what it does with clients that misbehave.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use image::{GrayImage, Luma};
use serde_json::{Value, json};
use tungstenite::client::IntoClientRequest;
use tungstenite::{Message, WebSocket};
use vibelux_server::{Limits, TokenPolicy};

use crate::faces::{encode, expression, frame};
use crate::shapes;
use crate::stand::{Plan, Stand, eventually};

/// A page with a camera.
struct Camera(WebSocket<TcpStream>);

impl Camera {
    /// Opens the socket; the status of the answer if that is refused.
    fn try_open(stand: &Stand, headers: &[(&'static str, &str)]) -> Result<Self, u16> {
        let stream = TcpStream::connect(stand.address()).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        let url = format!("ws://{}/api/v1/live", stand.address());
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        match tungstenite::client(request, stream) {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(tungstenite::HandshakeError::Failure(tungstenite::Error::Http(answer))) => {
                Err(answer.status().as_u16())
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// Opens it and takes the greeting.
    fn open(stand: &Stand) -> Self {
        let mut camera = Self::try_open(stand, &[]).unwrap();
        let hello = camera.next();
        assert_eq!(hello["type"], "hello");
        assert_eq!(hello["emotions"][3], "happy");
        assert_eq!(hello["max_frame_bytes"], 512 * 1024);
        camera
    }

    fn say(&mut self, message: &Value) {
        shapes::check_order(message);
        self.0.send(Message::text(message.to_string())).unwrap();
    }

    fn show(&mut self, sequence: u32, jpeg: &[u8]) {
        let message = [&sequence.to_be_bytes(), jpeg].concat();
        self.0.send(Message::binary(message)).unwrap();
    }

    /// Shows a frame and waits for its answer.
    fn ask(&mut self, sequence: u32, jpeg: &[u8]) -> Value {
        self.show(sequence, jpeg);
        let answer = self.next();
        assert_eq!(answer["sequence"], sequence, "{answer}");
        answer
    }

    fn next(&mut self) -> Value {
        loop {
            match self.0.read().unwrap() {
                Message::Text(text) => {
                    let message = serde_json::from_str(text.as_str()).unwrap();
                    shapes::check_message(&message);
                    return message;
                }
                Message::Ping(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    fn next_error(&mut self) -> Value {
        let answer = self.next();
        assert_eq!(answer["type"], "error", "{answer}");
        assert!(answer["error"]["message"].as_str().unwrap().len() > 10);
        answer
    }

    /// Reads until the server has ended it; the code it gave.
    fn end(&mut self) -> Option<u16> {
        loop {
            match self.0.read() {
                Ok(Message::Close(frame)) => return frame.map(|frame| frame.code.into()),
                Ok(_) => {}
                Err(_) => return None,
            }
        }
    }
}

fn sum(vector: &Value) -> f64 {
    vector
        .as_object()
        .unwrap()
        .values()
        .map(|v| v.as_f64().unwrap())
        .sum()
}

#[test]
fn a_frame_without_anybody_has_no_mood() {
    let stand = Plan::default().start();
    let mut camera = Camera::open(&stand);
    let answer = camera.ask(7, &frame(&[]));
    assert_eq!(
        (&answer["type"], &answer["width"], &answer["height"]),
        (&json!("frame"), &json!(640), &json!(480))
    );
    assert_eq!(
        (&answer["faces"], &answer["chosen"]),
        (&json!([]), &Value::Null)
    );
    assert_eq!(
        (&answer["baseline"], &answer["rank"]),
        (&json!("none"), &json!(false))
    );
    for stage in ["decode", "detect", "classify", "total"] {
        assert!(
            answer["timings_seconds"][stage].as_f64().unwrap() >= 0.0,
            "{stage}"
        );
    }
}

#[test]
fn a_face_is_followed_and_has_a_mood() {
    let happy = expression("happy", 1);
    let [face] = happy.as_slice() else { return };
    let stand = Plan::default().start();
    let mut camera = Camera::open(&stand);
    for step in 0..12_u32 {
        let place = (200 + 4 * i64::from(step), 140);
        let answer = camera.ask(step, &frame(&[(face, 200, place)]));
        let faces = answer["faces"].as_array().unwrap();
        assert_eq!(
            (faces.len(), &faces[0]["track"]),
            (1, &json!(1)),
            "{answer}"
        );
        // Where it was put, and of FER2013's frame.
        let x = faces[0]["box"]["x"].as_f64().unwrap();
        let width = faces[0]["box"]["width"].as_f64().unwrap();
        let middle = x + width / 2.0;
        assert!(
            (middle - (place.0 + 100) as f64).abs() < 20.0,
            "{step}: {middle}"
        );
        assert!((140.0..240.0).contains(&width), "{width}");
        for vector in ["vector", "bars", "mood"] {
            assert!((sum(&faces[0][vector]) - 1.0).abs() < 1e-3);
        }
        assert_eq!(faces[0]["quality"]["ok"], true, "{answer}");
        assert_eq!(answer["chosen"]["track"], 1);
    }
}

/// Shows a frame over and over until an answer has `flag`; the answer, and after how many seconds it came.
fn shown_until(camera: &mut Camera, jpeg: &[u8], sequence: &mut u32, flag: &str) -> (Value, f64) {
    let start = Instant::now();
    loop {
        *sequence += 1;
        let answer = camera.ask(*sequence, jpeg);
        let seconds = start.elapsed().as_secs_f64();
        if answer[flag] == true {
            return (answer, seconds);
        }
        assert!(seconds < 20.0, "no {flag} after {seconds} s: {answer}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_face_is_looked_at_before_its_first_song_and_a_young_song_is_left_for_another_mood() {
    let (happy, sad) = (expression("happy", 1), expression("sad", 1));
    let ([happy], [sad]) = (happy.as_slice(), sad.as_slice()) else {
        return;
    };
    let [happy, sad] = [happy, sad].map(|face| frame(&[(face, 200, (220, 140))]));
    let stand = Plan::default().start();
    let mut camera = Camera::open(&stand);
    let mut sequence = 0;
    let first = camera.ask(0, &happy);
    assert_eq!(
        (
            &first["looking"],
            &first["rank"],
            &first["rest"]["certainty"]
        ),
        (&json!(true), &json!(false), &json!(0.0))
    );
    let (_, seconds) = shown_until(&mut camera, &happy, &mut sequence, "rank");
    assert!((1.8..4.5).contains(&seconds), "{seconds}");
    camera.say(&json!({ "type": "song" }));
    let still = camera.ask(9000, &happy);
    assert_eq!(
        (&still["looking"], &still["rank"], &still["cross"]),
        (&json!(false), &json!(false), &json!(false))
    );
    let (crossed, seconds) = shown_until(&mut camera, &sad, &mut sequence, "cross");
    assert!(seconds < 12.0, "{seconds}");
    assert_eq!(crossed["rank"], true);
    let strongest = |vector: &Value| {
        let values = vector.as_object().unwrap().iter();
        let best = values.max_by(|a, b| a.1.as_f64().unwrap().total_cmp(&b.1.as_f64().unwrap()));
        best.unwrap().0.clone()
    };
    let face = &crossed["faces"][0];
    let sees = strongest(&face["vector"]);
    assert_ne!(sees, "happy", "{crossed}");
    assert_eq!(strongest(&crossed["chosen"]["mood"]), sees, "{crossed}");
    assert_eq!(strongest(&face["mood"]), sees, "{crossed}");
}

#[test]
fn two_faces_have_tracks_of_their_own_and_one_is_chosen() {
    let (happy, sad) = (expression("happy", 1), expression("sad", 1));
    let ([happy], [sad]) = (happy.as_slice(), sad.as_slice()) else {
        return;
    };
    let stand = Plan::default().start();
    let mut camera = Camera::open(&stand);
    let both = frame(&[(happy, 220, (40, 120)), (sad, 160, (400, 150))]);
    let answer = camera.ask(1, &both);
    let faces = answer["faces"].as_array().unwrap();
    assert_eq!(faces.len(), 2, "{answer}");
    assert_ne!(faces[0]["track"], faces[1]["track"]);
    assert_eq!(answer["chosen"]["track"], faces[0]["track"]);
    camera.say(&json!({ "type": "settings", "face": faces[1]["track"] }));
    assert_eq!(camera.ask(2, &both)["chosen"]["track"], faces[1]["track"]);
    camera.say(&json!({ "type": "settings", "face": "mean" }));
    let answer = camera.ask(3, &both);
    assert_eq!(answer["chosen"]["track"], Value::Null);
    let mood = |of: &Value| of["mood"]["happy"].as_f64().unwrap();
    let mean = (mood(&answer["faces"][0]) + mood(&answer["faces"][1])) / 2.0;
    assert!((mood(&answer["chosen"]) - mean).abs() < 1e-4, "{answer}");
    // A track that never was is as good as nobody's.
    camera.say(&json!({ "type": "settings", "face": 99 }));
    assert!(camera.ask(4, &both)["chosen"]["track"].is_number());
}

#[test]
fn what_cannot_be_seen_well_is_said_and_not_believed() {
    let happy = expression("happy", 1);
    let [face] = happy.as_slice() else { return };
    let stand = Plan::default().start();
    let mut camera = Camera::open(&stand);
    let small = camera.ask(1, &frame(&[(face, 58, (300, 200))]));
    assert_eq!(small["faces"][0]["quality"]["advice"], "closer", "{small}");
    assert_eq!(
        (&small["faces"][0]["quality"]["ok"], &small["chosen"]),
        (&json!(false), &Value::Null)
    );
    let dark = GrayImage::from_fn(48, 48, |x, y| Luma([face.get_pixel(x, y).0[0] / 5]));
    let dark = camera.ask(2, &frame(&[(&dark, 240, (200, 100))]));
    if let Some(found) = dark["faces"].get(0) {
        assert_eq!(found["quality"]["advice"], "more_light", "{dark}");
    }
}

#[test]
fn a_baseline_is_taken_and_forgotten() {
    let faces = expression("neutral", 1);
    let [face] = faces.as_slice() else { return };
    let stand = Plan::default().start();
    let mut camera = Camera::open(&stand);
    let jpeg = frame(&[(face, 200, (220, 140))]);
    assert_eq!(camera.ask(0, &jpeg)["baseline"], "none");
    camera.say(&json!({ "type": "baseline", "duration_seconds": 0.5 }));
    assert_eq!(camera.ask(1, &jpeg)["baseline"], "taking");
    let mut sequence = 1;
    eventually("the baseline is set", || {
        sequence += 1;
        camera.ask(sequence, &jpeg)["baseline"] == "set"
    });
    camera.say(&json!({ "type": "reset_baseline" }));
    assert_eq!(camera.ask(9999, &jpeg)["baseline"], "none");
}

#[test]
fn what_cannot_be_used_is_complained_about_and_the_socket_goes_on() {
    let stand = Plan::default().start();
    let mut camera = Camera::open(&stand);
    let bad_frame = |camera: &mut Camera, sequence: u32, bytes: &[u8], code: &str| {
        camera.show(sequence, bytes);
        let error = camera.next_error();
        assert_eq!(
            (&error["error"]["code"], &error["sequence"]),
            (&json!(code), &json!(sequence))
        );
    };
    bad_frame(&mut camera, 1, b"not a picture", "bad_frame");
    bad_frame(&mut camera, 2, &[], "bad_frame");
    let whole = frame(&[]);
    bad_frame(&mut camera, 3, &whole[..whole.len() / 2], "damaged_picture");
    bad_frame(&mut camera, 4, &vec![0; 600_000], "frame_too_large");
    // Few bytes, many pixels.
    let vast = encode(GrayImage::new(4000, 4000));
    assert!(vast.len() < 500_000);
    bad_frame(&mut camera, 5, &vast, "frame_too_large");
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0";
    bad_frame(&mut camera, 6, png, "bad_frame");
    camera.0.send(Message::binary(vec![1, 2])).unwrap();
    assert_eq!(camera.next_error()["error"]["code"], "bad_frame");
    for text in [
        "",
        "hello",
        r#"{"type":"settings","temperature":-1}"#,
        r#"{"type":"x"}"#,
    ] {
        camera.0.send(Message::text(text)).unwrap();
        assert_eq!(
            camera.next_error()["error"]["code"],
            "bad_message",
            "{text}"
        );
    }
    assert_eq!(camera.ask(8, &whole)["type"], "frame");
}

#[test]
fn a_huge_message_or_endless_garbage_ends_the_socket() {
    let stand = Plan::default().start();
    let mut camera = Camera::open(&stand);
    // The server may hang up before all of it is sent.
    let _ = camera.0.send(Message::binary(vec![0; 3 << 20]));
    let code = camera.end();
    assert!(code.is_none() || code == Some(1009), "{code:?}");

    let mut camera = Camera::open(&stand);
    for _ in 0..200 {
        if camera.0.send(Message::text("x")).is_err() {
            break;
        }
    }
    let code = camera.end();
    assert!(code.is_none() || code == Some(1008), "{code:?}");

    // Not even the protocol.
    let mut camera = Camera::open(&stand);
    camera.0.get_mut().write_all(&[0xFF; 64]).unwrap();
    camera.end();
    assert_eq!(stand.get("/api/v1/status").status, 200);
}

#[test]
fn of_many_frames_at_once_the_latest_is_answered() {
    let stand = Plan::default().start();
    let mut camera = Camera::open(&stand);
    let jpeg = frame(&[]);
    for sequence in 0..40 {
        camera.show(sequence, &jpeg);
    }
    let mut answered = 0;
    loop {
        answered += 1;
        if camera.next()["sequence"] == 39 {
            break;
        }
    }
    assert!(answered < 40, "{answered}");
}

#[test]
fn sockets_are_checked_like_every_request() {
    let plan = Plan {
        token: TokenPolicy::New,
        ..Plan::default()
    };
    let stand = plan.start();
    let token = format!("Bearer {}", stand.ready.token.as_ref().unwrap().text());
    assert_eq!(Camera::try_open(&stand, &[]).err(), Some(401));
    let foreign = [
        ("authorization", token.as_str()),
        ("origin", "http://evil.example"),
    ];
    assert_eq!(Camera::try_open(&stand, &foreign).err(), Some(403));
    let own = format!("http://{}", stand.address());
    let own = [("authorization", token.as_str()), ("origin", own.as_str())];
    assert!(Camera::try_open(&stand, &own).is_ok());
    let plain = stand
        .request("GET", "/api/v1/live")
        .header("authorization", &token);
    assert_eq!(plain.send().status, 400);
}

#[test]
fn of_a_hundred_clients_sixteen_are_served_and_the_others_told() {
    let stand = Plan::default().start();
    let clients: Vec<_> = (0..100).map(|_| Camera::try_open(&stand, &[])).collect();
    let refused = clients
        .iter()
        .filter(|client| client.as_ref().err() == Some(&503))
        .count();
    let mut cameras: Vec<Camera> = clients.into_iter().flatten().collect();
    assert_eq!((cameras.len(), refused), (16, 84));
    let jpeg = frame(&[]);
    for camera in &mut cameras {
        assert_eq!(camera.next()["type"], "hello");
        camera.show(1, &jpeg);
    }
    for camera in &mut cameras {
        assert_eq!(camera.next()["type"], "frame");
    }
    // A place is free again when somebody leaves.
    drop(cameras.pop());
    eventually("a place is free", || Camera::try_open(&stand, &[]).is_ok());
}

#[test]
fn who_does_not_answer_pings_is_dropped_and_who_does_stays() {
    let plan = Plan {
        limits: Limits {
            ping: Duration::from_secs(1),
            sockets: 2,
            ..Limits::default()
        },
        ..Plan::default()
    };
    let stand = plan.start();
    let mut awake = Camera::open(&stand);
    let asleep = Camera::open(&stand);
    // Asleep never reads, so its library never answers; awake reads all the time.
    awake
        .0
        .get_mut()
        .set_read_timeout(Some(Duration::from_millis(20)))
        .unwrap();
    eventually("the sleeper is dropped", || {
        let _ = awake.0.read();
        Camera::try_open(&stand, &[]).is_ok()
    });
    awake
        .0
        .get_mut()
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    assert_eq!(awake.ask(1, &frame(&[]))["type"], "frame");
    drop(asleep);
}

#[test]
fn half_an_opening_takes_no_place() {
    let plan = Plan {
        limits: Limits {
            head: Duration::from_millis(200),
            sockets: 1,
            ..Limits::default()
        },
        ..Plan::default()
    };
    let stand = plan.start();
    let mut half = TcpStream::connect(stand.address()).unwrap();
    half.write_all(b"GET /api/v1/live HTTP/1.1\r\nUpgrade: websocket\r\n")
        .unwrap();
    Camera::open(&stand);
    half.set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    // Not waited for for ever.
    let _ = half.read_to_end(&mut Vec::new());
}

#[test]
fn a_server_that_stops_says_so() {
    let mut stand = Plan::default().start();
    let mut camera = Camera::open(&stand);
    let reader = std::thread::spawn(move || camera.end());
    let took = stand.stop();
    assert!(took < Limits::default().grace, "{took:?}");
    assert_eq!(reader.join().unwrap(), Some(1001));
}
