//! Phones of the network: HTTPS with the server's own certificate, what each role may do, and what keeps
//! nobody out.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::{Value, json};
use vibelux_server::{Limits, Role};

use crate::client::{Answer, Request, read_answer};
use crate::stand::{Plan, Stand};

/// A phone that has installed the authority.
struct Phone {
    address: SocketAddr,
    token: String,
    tls: Arc<ClientConfig>,
}

impl Phone {
    fn new(stand: &Stand, role: Role) -> Self {
        let url = stand.ready.lan.as_ref().unwrap().urls(role).next().unwrap();
        let (place, token) = url
            .strip_prefix("https://")
            .unwrap()
            .split_once("/?token=")
            .unwrap();
        let authority = stand.get("/vibelux.crt");
        assert_eq!(
            authority.header("content-type"),
            Some("application/x-x509-ca-cert")
        );
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(authority.body)).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self {
            address: place.parse().unwrap(),
            token: token.to_owned(),
            tls: Arc::new(tls),
        }
    }

    /// Sends what `change` makes of a request without a token.
    fn send(&self, method: &str, target: &str, change: impl FnOnce(Request) -> Request) -> Answer {
        let request = change(Request::new(self.address, method, target));
        let stream = TcpStream::connect(self.address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        let name = ServerName::from(self.address.ip());
        let connection = ClientConnection::new(Arc::clone(&self.tls), name).unwrap();
        let mut stream = StreamOwned::new(connection, stream);
        stream.write_all(&request.bytes()).unwrap();
        read_answer(stream, method == "HEAD")
    }

    fn ask(&self, method: &str, target: &str, body: Option<&Value>) -> Answer {
        let bearer = format!("Bearer {}", self.token);
        self.send(method, target, |request| {
            let request = request.header("authorization", &bearer);
            match body {
                Some(body) => request.json(body),
                None => request,
            }
        })
    }

    fn get(&self, target: &str) -> Answer {
        self.ask("GET", target, None)
    }
}

fn stand() -> Stand {
    let plan = Plan {
        lan: true,
        ..Plan::songs()
    };
    plan.start()
}

#[test]
fn a_phone_comes_in_with_a_token_and_as_who_it_says() {
    let stand = stand();
    let guest = Phone::new(&stand, Role::Guest);
    let owner = Phone::new(&stand, Role::Owner);
    let nobody = guest.send("GET", "/api/v1/status", |request| request);
    assert_eq!(
        (nobody.status, nobody.code().as_str()),
        (401, "token_needed")
    );
    assert_eq!(guest.get("/api/v1/status").json()["role"], "guest");
    assert_eq!(owner.get("/api/v1/status").json()["role"], "owner");
    assert_eq!(stand.get("/api/v1/status").json()["role"], "owner");
    // The page with the token in its address gets a cookie that stays, for HTTPS alone.
    let welcome = guest.send("GET", &format!("/?token={}", guest.token), |r| r);
    assert_eq!(
        (welcome.status, welcome.header("location")),
        (303, Some("/"))
    );
    let cookie = welcome.header("set-cookie").unwrap().to_owned();
    for attribute in ["Secure", "HttpOnly", "SameSite=Strict", "Max-Age="] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    let (pair, _) = cookie.split_once(';').unwrap();
    let page = guest.send("GET", "/", |request| request.header("cookie", pair));
    assert_eq!(page.status, 200);
    // Who has the owner's cookie stays the owner; who has an old token is told so in words.
    let demoted = owner.send("GET", &format!("/?token={}", guest.token), |request| {
        let (name, _) = pair.split_once('=').unwrap();
        request.header("cookie", &format!("{name}={}", owner.token))
    });
    assert_eq!((demoted.status, demoted.header("set-cookie")), (303, None));
    let old = guest.send("GET", "/?token=old", |request| {
        request.header("accept", "text/html,*/*;q=0.8")
    });
    assert_eq!(old.status, 401);
    assert!(String::from_utf8(old.body).unwrap().contains("QR"));
    // Another site's page has no business here.
    let foreign = owner.send("GET", "/api/v1/status", |request| {
        let bearer = format!("Bearer {}", owner.token);
        request
            .header("authorization", &bearer)
            .header("origin", "https://evil.example")
    });
    assert_eq!(foreign.code(), "foreign_origin");
}

#[test]
fn guests_look_and_listen_and_change_nothing() {
    let stand = stand();
    let guest = Phone::new(&stand, Role::Guest);
    let owner = Phone::new(&stand, Role::Owner);
    let id = stand.id("Sunny Morning");
    let song = format!("/api/v1/songs/{id}");
    let wish = json!({ "source": "mood", "vector": { "happy": 1 } });
    let face = json!({ "heard_seconds": 29, "reaction": { "happy": 0.2, "sad": -0.2 } });
    assert_eq!(
        owner
            .ask("POST", &format!("{song}/heard"), Some(&face))
            .status,
        200
    );
    assert_eq!(owner.ask("PUT", &format!("{song}/like"), None).status, 200);
    assert!(owner.get(&song).json()["reaction"].is_object());

    for target in [
        "/",
        "/assets/js/main.js",
        "/sw.js",
        "/vibelux.crt",
        "/api/v1/songs",
        "/api/v1/map",
        &format!("{song}/curve"),
        &format!("{song}/audio"),
        "/api/v1/openapi.json",
    ] {
        assert_eq!(guest.get(target).status, 200, "{target}");
    }
    let found = guest.ask("POST", "/api/v1/recommend", Some(&wish)).json();
    let found = found["recommendations"].as_array().unwrap();
    assert_eq!(found[0]["song"]["title"], "Sunny Morning");
    for each in found {
        assert_eq!(each["liking"]["score"], 0.0);
        assert_eq!(each["song"]["reaction"], Value::Null);
    }
    // Nor does a filter tell what the owner likes, or where files are.
    for (filter, owners) in [("liked", 1), ("path:a.mp3", 1), ("artist:ada", 2)] {
        let target = format!("/api/v1/songs?filter={filter}");
        assert_eq!(owner.get(&target).json()["total"], owners, "{filter}");
        let seen = if filter == "artist:ada" { owners } else { 0 };
        assert_eq!(guest.get(&target).json()["total"], seen, "{filter}");
    }
    let sad = json!({ "vector": { "sad": 1 } });
    let sounds = format!("{song}/sounds");
    assert_eq!(owner.ask("PUT", &sounds, Some(&sad)).status, 200);
    let seen = guest.get(&song);
    assert_eq!(seen.header("cache-control"), Some("no-store"));
    let seen = seen.json();
    assert_eq!(
        [&seen["reaction"], &seen["liked"], &seen["corrected"]],
        [&Value::Null, &json!(false), &json!(false)]
    );
    assert_eq!(seen["analysed"], seen["vector"]);
    assert_eq!(owner.ask("DELETE", &sounds, None).status, 200);
    assert_eq!(guest.get("/api/v1/status").json()["scan"], Value::Null);

    let folder = json!({ "folders": [stand.music()] });
    let vector = json!({ "vector": { "sad": 1 } });
    let heard = json!({ "heard_seconds": 3 });
    let list = json!({ "song_ids": [id] });
    for (method, target, body) in [
        ("PUT", format!("{song}/like"), None),
        ("DELETE", format!("{song}/like"), None),
        ("PUT", format!("{song}/music"), None),
        ("DELETE", format!("{song}/music"), None),
        ("PUT", format!("{song}/sounds"), Some(&vector)),
        ("DELETE", format!("{song}/sounds"), None),
        ("POST", format!("{song}/heard"), Some(&heard)),
        ("POST", format!("{song}/not-now"), None),
        ("GET", "/api/v1/taste".to_owned(), None),
        ("DELETE", "/api/v1/taste".to_owned(), None),
        ("DELETE", format!("/api/v1/taste/{id}/liked"), None),
        ("POST", "/api/v1/playlist".to_owned(), Some(&list)),
        ("GET", "/api/v1/scan".to_owned(), None),
        ("POST", "/api/v1/scan".to_owned(), Some(&folder)),
        ("DELETE", "/api/v1/scan".to_owned(), None),
        ("GET", "/api/v1/lan".to_owned(), None),
        ("GET", "/api/v1/folders".to_owned(), None),
        ("POST", "/api/v1/now".to_owned(), Some(&json!({}))),
        ("GET", "/api/v1/orders".to_owned(), None),
    ] {
        let refused = guest.ask(method, &target, body);
        assert_eq!(
            (refused.status, refused.code().as_str()),
            (403, "owner_only"),
            "{method} {target}"
        );
    }
    assert_eq!(owner.get(&song).json()["liked"], true);
}

#[test]
fn the_owner_is_shown_how_phones_get_in() {
    let stand = stand();
    let shown = stand.get("/api/v1/lan").json();
    assert_eq!(shown["is_on"], true);
    let roles: Vec<&Value> = shown["invitations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|invitation| {
            assert!(invitation["qr_svg"].as_str().unwrap().contains("<svg"));
            assert!(
                invitation["url"]
                    .as_str()
                    .unwrap()
                    .starts_with("https://127.0.0.2:")
            );
            &invitation["role"]
        })
        .collect();
    assert_eq!(roles, ["guest", "owner"]);
    let fingerprint = stand.ready.lan.as_ref().unwrap().fingerprint();
    assert_eq!(shown["fingerprint"], fingerprint);
    let alone = Plan::default().start();
    assert_eq!(alone.get("/api/v1/lan").json()["is_on"], false);
    assert_eq!(alone.get("/vibelux.crt").status, 404);
}

/// Connections from one address that say nothing.
fn flood(
    runtime: &tokio::runtime::Runtime,
    from: [u8; 4],
    to: SocketAddr,
    count: usize,
) -> Vec<tokio::net::TcpStream> {
    let from = SocketAddr::new(IpAddr::V4(Ipv4Addr::from(from)), 0);
    runtime.block_on(async {
        let mut streams = Vec::new();
        for _ in 0..count {
            let socket = tokio::net::TcpSocket::new_v4().unwrap();
            socket.set_reuseaddr(true).unwrap();
            socket.bind(from).unwrap();
            let opening = tokio::time::timeout(Duration::from_secs(1), socket.connect(to)).await;
            streams.extend(opening.ok().and_then(Result::ok));
        }
        streams
    })
}

#[test]
fn connections_that_say_nothing_keep_nobody_out() {
    let plan = Plan {
        lan: true,
        limits: Limits {
            head: Duration::from_secs(3),
            ..Limits::default()
        },
        ..Plan::songs()
    };
    let stand = plan.start();
    let phone = Phone::new(&stand, Role::Guest);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let silent = flood(&runtime, [127, 0, 0, 3], phone.address, 300);
    assert!(silent.len() >= 250, "{}", silent.len());
    // Another phone, and the computer itself, at once.
    let start = Instant::now();
    assert_eq!(phone.get("/api/v1/status").status, 200);
    assert_eq!(stand.get("/api/v1/status").status, 200);
    assert!(
        start.elapsed() < Duration::from_secs(2),
        "{:?}",
        start.elapsed()
    );
    // More than this computer has places: a few seconds, and it gets in.
    let own = flood(&runtime, [127, 0, 0, 1], stand.address(), 300);
    assert_eq!(stand.get("/api/v1/status").status, 200);
    drop((silent, own));
}

#[test]
fn who_forgets_the_s_of_https_is_told() {
    let stand = stand();
    let phone = Phone::new(&stand, Role::Guest);
    let mut stream = TcpStream::connect(phone.address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        .unwrap();
    let mut said = String::new();
    let _ = stream.read_to_string(&mut said);
    assert!(said.contains("https://"), "{said}");
}
