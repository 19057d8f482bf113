//! Who is let in by a broker, and which broker is believed.

use vibelux_players::mqtt::{
    AddressFault, MqttAddress, MqttError, MqttSettings, MqttState, Refusal,
};
use vibelux_test_server::{MosquittoServer, MosquittoSetup};

use crate::{address, is, mood, of_mood, refused, settings, start};

#[test]
fn passwords_are_asked_for_and_never_shown() {
    let setup = MosquittoSetup {
        user: Some(("vibelux".to_owned(), "right word".to_owned())),
        ..MosquittoSetup::default()
    };
    let Some(server) = MosquittoServer::start(setup) else {
        return;
    };
    let with = |address: MqttAddress| MqttSettings::new(address, "home/vibelux");
    let user = address(server.port()).with_user("vibelux");
    for wrong in [
        with(address(server.port())).unwrap(),
        with(user.clone().with_password("secret")).unwrap(),
    ] {
        assert!(!format!("{wrong:?}").contains("secret"));
        let error = refused(wrong);
        let MqttError::Refused { refusal, .. } = &error else {
            panic!("{error}");
        };
        assert_eq!(*refusal, Refusal::NotAuthorised);
        assert!(error.is_refused_user());
        assert!(!format!("{error} {error:?}").contains("secret"));
    }
    let nobody = with(address(server.port()).with_password("secret")).unwrap_err();
    assert!(matches!(nobody, MqttError::Address(AddressFault::NoUser)));
    let (link, _commands, _notes) = start(with(user.with_password("right word")).unwrap());
    assert_eq!(link.state(), MqttState::Connected);
}

#[test]
fn who_may_not_listen_is_told() {
    let setup = MosquittoSetup {
        access: vec![
            "topic write home/vibelux/#".to_owned(),
            "topic read home/vibelux/mood".to_owned(),
        ],
        ..MosquittoSetup::default()
    };
    let Some(server) = MosquittoServer::start(setup) else {
        return;
    };
    let mut ear = server.listen("home/vibelux/mood");
    let (link, _commands, notes) = start(settings(&server));
    link.publish_mood(&mood("happy"));
    ear.wait_for(of_mood("happy"));
    // This broker says that all may listen, and sends them nothing.
    assert_eq!(notes.try_iter().count(), 0);
}

#[test]
fn over_tls_only_the_right_authority_is_believed() {
    let setup = MosquittoSetup {
        is_tls: true,
        ..MosquittoSetup::default()
    };
    let Some(server) = MosquittoServer::start(setup) else {
        return;
    };
    let address: MqttAddress = format!("mqtts://127.0.0.1:{}", server.port())
        .parse()
        .unwrap();
    let unknown = MqttSettings::new(address, "home/vibelux").unwrap();
    let error = refused(unknown.clone());
    assert!(matches!(error, MqttError::Tls { .. }), "{error}");
    let known = unknown
        .with_authority(&server.authority().unwrap())
        .unwrap();
    let mut ear = server.listen("home/vibelux/#");
    let (link, _commands, _notes) = start(known);
    link.publish_mood(&mood("happy"));
    ear.wait_for(of_mood("happy"));
    server.publish("home/vibelux/command", b"next", false);
    ear.wait_for(is("answer", r#"{"ok":true}"#));
    // Without TLS its port answers nothing.
    let error = refused(settings(&server));
    assert!(matches!(error, MqttError::HangsUp { .. }), "{error}");
}
