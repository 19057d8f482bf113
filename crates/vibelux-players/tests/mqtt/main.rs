//! Moods and commands by a real mosquitto, who is let in there (`entry.rs`), and (`strangers.rs`) brokers that are not as they should be.

#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

mod entry;
mod strangers;

use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;
use vibelux_players::mqtt::{
    Command, HomeAssistant, MoodMessage, MqttAddress, MqttError, MqttLink, MqttNote, MqttSettings,
    MqttState, SongMessage,
};
use vibelux_test_server::{HeardMessage, MosquittoServer, MosquittoSetup};

fn mood(strongest: &str) -> MoodMessage {
    MoodMessage {
        strongest: strongest.to_owned(),
        emotions: vec![("happy".to_owned(), 0.7), ("sad".to_owned(), 0.3)],
        time: SystemTime::now(),
    }
}

fn address(port: u16) -> MqttAddress {
    format!("mqtt://127.0.0.1:{port}").parse().unwrap()
}

fn settings(server: &MosquittoServer) -> MqttSettings {
    MqttSettings::new(address(server.port()), "home/vibelux").unwrap()
}

/// A link that obeys all but `stop`, and what it was told and had to say.
fn start(settings: MqttSettings) -> (MqttLink, Receiver<Command>, Receiver<String>) {
    let (sends, commands) = channel();
    let (says, notes) = channel();
    let on_command = move |command: Command| {
        sends.send(command.clone()).unwrap();
        match command {
            Command::Stop => Err("nothing plays".to_owned()),
            _ => Ok(()),
        }
    };
    let on_note = move |note: MqttNote| drop(says.send(note.to_string()));
    let link = MqttLink::start(settings, on_command, on_note).unwrap();
    (link, commands, notes)
}

fn refused(settings: MqttSettings) -> MqttError {
    let begin = Instant::now();
    let error = MqttLink::start(settings, |_| Ok(()), |_| {}).unwrap_err();
    assert!(begin.elapsed() < Duration::from_secs(11));
    error
}

fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < end, "{what}");
        thread::sleep(Duration::from_millis(10));
    }
}

fn is(topic: &str, text: &str) -> impl Fn(&HeardMessage) -> bool {
    let topic = format!("home/vibelux/{topic}");
    move |message| message.topic == topic && message.text == text
}

fn json(message: &HeardMessage) -> Value {
    serde_json::from_str(&message.text).unwrap()
}

fn of_mood(strongest: &'static str) -> impl Fn(&HeardMessage) -> bool {
    move |message| message.topic.ends_with("/mood") && json(message)["strongest"] == strongest
}

#[test]
fn a_mood_is_heard_and_taken_back_at_the_end() {
    let Some(server) = MosquittoServer::start(MosquittoSetup::default()) else {
        return;
    };
    let mut ear = server.listen("home/vibelux/#");
    let (link, _commands, _notes) = start(settings(&server));
    assert_eq!(link.state(), MqttState::Connected);
    let online = ear.wait_for(is("availability", "online"));
    assert_eq!(online.qos, 1);
    link.publish_mood(&mood("happy"));
    let heard = ear.wait_for(of_mood("happy"));
    assert_eq!((heard.qos, heard.is_kept), (1, false));
    assert_eq!(json(&heard)["emotions"]["happy"], 0.7);
    assert!(json(&heard)["time"].as_str().unwrap().ends_with('Z'));
    link.publish_song(Some(&SongMessage {
        title: Some("Die \"Möwe\"".to_owned()),
        artist: Some("Somebody".to_owned()),
    }));
    let song = ear.wait_for(|message| message.topic == "home/vibelux/song");
    assert_eq!(json(&song)["title"], "Die \"Möwe\"");

    let begin = Instant::now();
    drop(link);
    assert!(begin.elapsed() < Duration::from_secs(2));
    let cleared = ear.wait_for(|message| {
        message.topic.ends_with("/mood") && json(message)["strongest"].is_null()
    });
    assert!(!cleared.is_kept);
    ear.wait_for(is("availability", "offline"));

    // Who comes later is told that nobody is there, and of no mood.
    let mut late = server.listen("home/vibelux/#");
    let offline = late.wait_for(is("availability", "offline"));
    assert!(offline.is_kept);
    server.publish("home/vibelux/end", b"", false);
    late.wait_for(|message| {
        assert!(!message.topic.ends_with("/mood"), "{message:?}");
        message.topic.ends_with("/end")
    });
}

#[test]
fn of_many_moods_the_latest_is_said_once_in_a_while() {
    let Some(server) = MosquittoServer::start(MosquittoSetup::default()) else {
        return;
    };
    let mut ear = server.listen("home/vibelux/mood");
    let (link, _commands, _notes) =
        start(settings(&server).with_interval(Duration::from_millis(500)));
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_millis(1200) {
        link.publish_mood(&mood("happy"));
        thread::sleep(Duration::from_millis(5));
    }
    link.publish_mood(&mood("sad"));
    let mut count = 0;
    ear.wait_for(|message| {
        count += 1;
        of_mood("sad")(message)
    });
    assert!((3..=4).contains(&count), "{count} messages in 1.2 to 1.7 s");
}

#[test]
fn a_kept_mood_is_there_for_who_comes_later_and_gone_at_the_end() {
    let Some(server) = MosquittoServer::start(MosquittoSetup::default()) else {
        return;
    };
    let mut ear = server.listen("home/vibelux/mood");
    let (link, _commands, _notes) = start(settings(&server).with_retained(true));
    link.publish_mood(&mood("happy"));
    ear.wait_for(of_mood("happy"));
    let mut late = server.listen("home/vibelux/mood");
    assert!(late.wait_for(of_mood("happy")).is_kept);
    drop(link);
    ear.wait_for(|message| message.text.is_empty());
    let mut later = server.listen("home/vibelux/#");
    server.publish("home/vibelux/end", b"", false);
    later.wait_for(|message| {
        assert!(!message.topic.ends_with("/mood"), "{message:?}");
        message.topic.ends_with("/end")
    });
}

#[test]
fn what_a_broker_is_to_keep_is_said_again_when_it_has_forgotten() {
    let Some(mut server) = MosquittoServer::start(MosquittoSetup::default()) else {
        return;
    };
    let mut ear = server.listen("home/vibelux/mood");
    let (link, _commands, notes) = start(settings(&server).with_retained(true));
    link.publish_mood(&mood("happy"));
    ear.wait_for(of_mood("happy"));
    server.stop();
    server.run().unwrap();
    // The link may not have noticed yet that the broker was gone.
    let again = notes.iter().find(|note| note.starts_with("connected"));
    assert!(again.is_some());
    let mut late = server.listen("home/vibelux/mood");
    late.wait_for(of_mood("happy"));
}

#[test]
fn commands_are_obeyed_and_answered() {
    let Some(server) = MosquittoServer::start(MosquittoSetup::default()) else {
        return;
    };
    let mut ear = server.listen("home/vibelux/answer");
    // Kept from before: it must not be obeyed at each start.
    server.publish("home/vibelux/command", b"play kept", true);
    let (link, commands, notes) = start(settings(&server));
    let note = notes.recv_timeout(Duration::from_secs(5)).unwrap();
    assert!(note.contains("retain"), "{note}");
    let mut tell = |message: &[u8]| {
        server.publish("home/vibelux/command", message, false);
        json(&ear.wait_for(|message| message.topic.ends_with("/answer")))
    };
    let ok = serde_json::json!({"ok": true});
    assert_eq!(tell(b"play happy=0.7,sad=0.3"), ok);
    assert_eq!(tell(br#"{"command":"play","mood":"sad"}"#), ok);
    assert_eq!(tell(b"next"), ok);
    let refusal = serde_json::json!({"error": "nothing plays"});
    assert_eq!(tell(b"stop"), refusal);
    let told: Vec<Command> = commands.try_iter().collect();
    let play = |mood: &str| Command::Play(Some(mood.to_owned()));
    let expected = [
        play("happy=0.7,sad=0.3"),
        play("sad"),
        Command::Next,
        Command::Stop,
    ];
    assert_eq!(told, expected);

    for (nonsense, says) in [
        (&b"dance"[..], "no command"),
        (b"\xff\xff", "UTF-8"),
        (b"", "empty"),
        (b"{\"command\":", "JSON"),
        (&[b'x'; 5000], "1024"),
        (&[b'x'; 500_000], "1024"),
    ] {
        let answer = tell(nonsense);
        let error = answer["error"].as_str().unwrap();
        assert!(error.contains(says), "{error}");
    }
    assert_eq!(commands.try_iter().count(), 0);
    assert_eq!(link.state(), MqttState::Connected);
}

#[test]
fn a_command_that_takes_long_keeps_nobody_waiting() {
    let Some(server) = MosquittoServer::start(MosquittoSetup::default()) else {
        return;
    };
    let mut ear = server.listen("home/vibelux/#");
    let (goes_on, waits) = channel::<()>();
    let on_command = move |_| {
        let _ = waits.recv();
        Ok(())
    };
    let link = MqttLink::start(settings(&server), on_command, |_| {}).unwrap();
    // One is being done, sixteen wait, and the others are refused.
    for _ in 0..20 {
        server.publish("home/vibelux/command", b"next", false);
    }
    let refused = ear.wait_for(|message| message.topic.ends_with("/answer"));
    assert!(refused.text.contains("too many"), "{refused:?}");
    link.publish_mood(&mood("happy"));
    ear.wait_for(of_mood("happy"));
    let begin = Instant::now();
    drop(link);
    assert!(begin.elapsed() < Duration::from_secs(2), "not waited for");
    ear.wait_for(is("availability", "offline"));
    drop(goes_on);
}

#[test]
fn what_ends_without_a_word_is_known_to_be_gone() {
    let Some(mut server) = MosquittoServer::start(MosquittoSetup::default()) else {
        return;
    };
    let (link, _commands, notes) = start(settings(&server));
    let mut ear = server.listen("home/vibelux/availability");
    ear.wait_for(is("availability", "online"));
    // A process that is killed says nothing: its socket closes, as this one does when its runtime is torn away.
    let cut = Cut::between(server.port());
    let other = MqttSettings::new(address(cut.port), "home/vibelux/other").unwrap();
    let (_other, _commands, _notes) = start(other);
    let mut other_ear = server.listen("home/vibelux/other/availability");
    other_ear.wait_for(is("other/availability", "online"));
    cut.now();
    other_ear.wait_for(is("other/availability", "offline"));

    // And the broker may go, and come back.
    link.publish_mood(&mood("happy"));
    server.stop();
    let lost = notes.recv_timeout(Duration::from_secs(5)).unwrap();
    assert!(lost.contains("broke off"), "{lost}");
    assert_eq!(link.state(), MqttState::Away);
    for _ in 0..1000 {
        link.publish_mood(&mood("sad"));
    }
    server.run().unwrap();
    let mut ear = server.listen("home/vibelux/#");
    let mut moods = 0;
    ear.wait_for(|message| {
        moods += usize::from(message.topic.ends_with("/mood"));
        of_mood("sad")(message)
    });
    assert_eq!(moods, 1, "only the latest");
    wait_until("it is connected again", || {
        link.state() == MqttState::Connected
    });
    let again = notes.recv_timeout(Duration::from_secs(5)).unwrap();
    assert!(again.contains("connected"), "{again}");
    // It listens again, too.
    server.publish("home/vibelux/command", b"next", false);
    ear.wait_for(is("answer", r#"{"ok":true}"#));
    let mut late = server.listen("home/vibelux/availability");
    assert!(late.wait_for(is("availability", "online")).is_kept);
}

#[test]
fn home_assistant_is_told_and_forgets() {
    let Some(server) = MosquittoServer::start(MosquittoSetup::default()) else {
        return;
    };
    let moods = [
        "angry",
        "disgusted",
        "fearful",
        "happy",
        "neutral",
        "sad",
        "surprised",
    ];
    let told = settings(&server).with_home_assistant(HomeAssistant::announce(&moods));
    let (link, commands, _notes) = start(told.unwrap());
    drop(link);
    let mut home = server.listen("homeassistant/#");
    let mut kinds = Vec::new();
    while kinds.len() < 14 {
        let message = home.wait_for(|message| message.topic.ends_with("/config"));
        assert!(message.is_kept);
        kinds.push(message);
    }
    let of = |id: &str| json(kinds.iter().find(|m| m.topic.contains(id)).unwrap());
    let sensor = of("/mood_happy/");
    assert_eq!(sensor["state_topic"], "home/vibelux/mood");
    assert_eq!(sensor["unit_of_measurement"], "%");
    // What its list of moods would send is understood.
    let select = of("/play_mood/");
    let template = select["command_template"].as_str().unwrap();
    let settings_again = settings(&server).with_home_assistant(HomeAssistant::remove(&moods));
    drop(commands);
    let (link, commands, _notes) = start(settings_again.unwrap());
    let message = template.replace("{{ value }}", "fearful");
    server.publish(
        select["command_topic"].as_str().unwrap(),
        message.as_bytes(),
        false,
    );
    let command = commands.recv_timeout(Duration::from_secs(5)).unwrap();
    assert_eq!(command, Command::Play(Some("fearful".to_owned())));
    drop(link);
    let mut later = server.listen("homeassistant/#");
    server.publish("homeassistant/end", b"", false);
    let first = later.wait_for(|_| true);
    assert_eq!(first.topic, "homeassistant/end", "all is forgotten");
    let bad = settings(&server).with_home_assistant(HomeAssistant::announce(&["a }}"]));
    assert!(matches!(bad, Err(MqttError::MoodName { .. })));
}

#[cfg(unix)]
#[test]
fn a_broker_that_hangs_does_not_hang_us() {
    let Some(server) = MosquittoServer::start(MosquittoSetup::default()) else {
        return;
    };
    let (link, _commands, _notes) = start(settings(&server));
    server.freeze().unwrap();
    for _ in 0..100 {
        link.publish_mood(&mood("happy"));
    }
    let begin = Instant::now();
    drop(link);
    assert!(begin.elapsed() < Duration::from_secs(4));
}

#[test]
fn it_is_started_and_dropped_by_a_runtime_too() {
    let Some(server) = MosquittoServer::start(MosquittoSetup::default()) else {
        return;
    };
    let mut ear = server.listen("home/vibelux/#");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (link, _commands, _notes) = start(settings(&server));
        link.publish_mood(&mood("happy"));
        ear.wait_for(of_mood("happy"));
        drop(link);
    });
    ear.wait_for(is("availability", "offline"));
}

/// A wire to a broker that can be cut without a word of MQTT.
struct Cut {
    port: u16,
    cut: std::sync::mpsc::Sender<()>,
}

impl Cut {
    fn between(broker: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (cut, is_cut) = channel();
        thread::spawn(move || {
            let (mut near, _) = listener.accept().unwrap();
            let mut far = std::net::TcpStream::connect(("127.0.0.1", broker)).unwrap();
            let ends = [near.try_clone().unwrap(), far.try_clone().unwrap()];
            let (mut near_in, mut far_in) = (near.try_clone().unwrap(), far.try_clone().unwrap());
            thread::spawn(move || std::io::copy(&mut near_in, &mut far));
            thread::spawn(move || std::io::copy(&mut far_in, &mut near));
            let _ = is_cut.recv();
            for end in ends {
                let _ = end.shutdown(std::net::Shutdown::Both);
            }
        });
        Self { port, cut }
    }

    fn now(self) {
        let _ = self.cut.send(());
    }
}
