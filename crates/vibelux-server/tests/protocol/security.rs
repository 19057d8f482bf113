//! Who is let in: hosts, origins, tokens, and requests that are not what they should be.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::json;
use vibelux_server::{Limits, Token, TokenPolicy};

use crate::client::read_answer;
use crate::stand::Plan;

const STATUS: &str = "/api/v1/status";

#[test]
fn only_names_of_this_computer_are_answered() {
    let stand = Plan::default().start();
    let port = stand.address().port();
    let with = |host: Option<&str>| stand.request("GET", STATUS).host(host).send();
    for own in [
        format!("localhost:{port}"),
        format!("127.0.0.1:{port}"),
        "[::1]:1".to_owned(),
    ] {
        assert_eq!(with(Some(&own)).status, 200, "{own}");
    }
    for other in [
        "evil.example",
        "127.0.0.1.evil.example",
        "192.168.1.5:80",
        "a b",
        "",
    ] {
        let answer = with(Some(other));
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (403, "foreign_host"),
            "{other}"
        );
    }
    assert_eq!(with(None).status, 403);
    let twice = stand.request("GET", STATUS).header("Host", "evil.example");
    assert_eq!(twice.send().status, 403);
    // The target may name a host too.
    let target = format!("http://evil.example:{port}{STATUS}");
    assert_eq!(stand.get(&target).status, 403);
}

#[test]
fn other_sites_pages_may_not_ask() {
    let stand = Plan::songs().start();
    let own = format!("http://{}", stand.address());
    let ask = |method: &str, target: &str, name: &str, value: &str| {
        stand
            .request(method, target)
            .header(name, value)
            .send()
            .status
    };
    assert_eq!(ask("GET", STATUS, "Origin", &own), 200);
    for origin in [
        "http://evil.example",
        "null",
        "http://localhost:3000",
        "https://127.0.0.1",
    ] {
        assert_eq!(ask("GET", STATUS, "Origin", origin), 403, "{origin}");
    }
    let like = format!("/api/v1/songs/{}/like", stand.id("Thunder"));
    assert_eq!(ask("PUT", &like, "Origin", "http://evil.example"), 403);
    assert_eq!(ask("OPTIONS", &like, "Origin", "http://evil.example"), 403);
    assert_eq!(ask("PUT", &like, "Sec-Fetch-Site", "cross-site"), 403);
    assert_eq!(ask("GET", STATUS, "Sec-Fetch-Site", "same-site"), 403);
    assert_eq!(ask("GET", STATUS, "Sec-Fetch-Site", "same-origin"), 200);
    // A link to the page may stand anywhere, one to the API not.
    for (target, status) in [("/", 200), (STATUS, 403)] {
        let link = stand
            .request("GET", target)
            .header("Sec-Fetch-Site", "cross-site")
            .header("Sec-Fetch-Mode", "navigate");
        assert_eq!(link.send().status, status, "{target}");
    }
    // What a form of another site can send is not JSON.
    let form = stand.request("POST", "/api/v1/recommend").body("{}");
    let form = form.header("Content-Type", "text/plain").send();
    assert_eq!((form.status, form.code().as_str()), (415, "json_needed"));
    assert!(
        stand
            .get(STATUS)
            .header("access-control-allow-origin")
            .is_none()
    );
}

#[test]
fn every_answer_says_what_a_browser_may_do_with_it() {
    let stand = Plan::default().start();
    for target in ["/", STATUS, "/nowhere", "/api/docs"] {
        let answer = stand.get(target);
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'self';"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert!(policy.contains(&format!("connect-src 'self' ws://{}", stand.address())));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    }
    assert_eq!(stand.get(STATUS).header("cache-control"), Some("no-store"));
}

#[test]
fn a_token_is_demanded_and_becomes_a_cookie() {
    let plan = Plan {
        token: TokenPolicy::New,
        ..Plan::songs()
    };
    let stand = plan.start();
    let token = stand.ready.token.clone().unwrap();
    assert!(
        stand
            .ready
            .url()
            .ends_with(&format!("/?token={}", token.text()))
    );
    for target in [
        "/",
        STATUS,
        "/assets/index.html",
        "/api/docs",
        "/nowhere",
        "/api/v1/live",
    ] {
        let answer = stand.get(target);
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (401, "token_needed"),
            "{target}"
        );
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    }
    let bearer = |text: &str| {
        let request = stand.request("GET", STATUS);
        request.header("Authorization", text).send().status
    };
    assert_eq!(bearer(&format!("Bearer {}", token.text())), 200);
    for wrong in [
        "Bearer ",
        "Bearer x",
        "Basic eDp5",
        &format!("Bearer {}x", token.text()),
    ] {
        assert_eq!(bearer(wrong), 401, "{wrong}");
    }

    let welcome = stand.get(&format!("/?lang=de&token={}", token.text()));
    assert_eq!(
        (welcome.status, welcome.header("location")),
        (303, Some("/?lang=de"))
    );
    let cookie = welcome.header("set-cookie").unwrap();
    assert!(
        cookie.contains("; HttpOnly; SameSite=Strict; Path=/"),
        "{cookie}"
    );
    let shown = cookie.split(';').next().unwrap();
    let with = |cookie: &str| {
        stand
            .request("GET", STATUS)
            .header("Cookie", cookie)
            .send()
            .status
    };
    assert_eq!(with(&format!("other=1; {shown}")), 200);
    assert_eq!(with("vibelux_1=x"), 401);
    assert_eq!(with(&format!("{shown}x")), 401);
    // The cookie does not help another site's page.
    let foreign = stand.request("GET", STATUS).header("Cookie", shown);
    assert_eq!(
        foreign
            .header("Origin", "http://evil.example")
            .send()
            .status,
        403
    );

    assert_eq!(stand.get("/?token=wrong").status, 401);
    // Only pages are opened with it, and never another host's.
    assert_eq!(
        stand
            .get(&format!("{STATUS}?token={}", token.text()))
            .status,
        401
    );
    let elsewhere = stand.get(&format!("//evil.example/?token={}", token.text()));
    assert!(
        elsewhere
            .header("location")
            .is_none_or(|to| !to.starts_with("//"))
    );
}

#[test]
fn a_given_token_is_taken() {
    let plan = Plan {
        token: TokenPolicy::Given(Token::given("a-token-of-my-own").unwrap()),
        ..Plan::default()
    };
    let stand = plan.start();
    let request = stand.request("GET", STATUS);
    let answer = request
        .header("authorization", "bearer a-token-of-my-own")
        .send();
    assert_eq!(answer.status, 200);
}

#[test]
fn requests_larger_than_allowed_are_refused() {
    let stand = Plan::default().start();
    let large = json!({ "source": "mood", "exclude": vec![1; 200_000] });
    let answer = stand.post("/api/v1/recommend", &large);
    assert_eq!((answer.status, answer.code().as_str()), (413, "too_large"));
    // Told by its head alone, before it is sent.
    let head = stand.request("POST", "/api/v1/analyse").head();
    let head = head.replace("Content-Length: 0", "Content-Length: 99999999");
    let mut stream = TcpStream::connect(stand.address()).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    assert_eq!(read_answer(stream, false).status, 413);
}

#[test]
fn half_a_request_is_not_waited_for() {
    let plan = Plan {
        limits: Limits {
            head: Duration::from_millis(200),
            body: Duration::from_millis(200),
            ..Limits::default()
        },
        ..Plan::default()
    };
    let stand = plan.start();
    let patience = Some(Duration::from_secs(30));
    let mut stream = TcpStream::connect(stand.address()).unwrap();
    stream.set_read_timeout(patience).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: loc").unwrap();
    let mut rest = Vec::new();
    // Closed, with or without a word.
    let _ = stream.read_to_end(&mut rest);
    assert!(!rest.starts_with(b"HTTP/1.1 200"), "{rest:?}");

    let mut stream = TcpStream::connect(stand.address()).unwrap();
    stream.set_read_timeout(patience).unwrap();
    let head = stand.request("POST", "/api/v1/analyse").head();
    let head = head.replace("Content-Length: 0", "Content-Length: 1000");
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(b"only a part").unwrap();
    let answer = read_answer(stream, false);
    assert_eq!((answer.status, answer.code().as_str()), (408, "too_slow"));
}

#[test]
fn many_clients_are_answered() {
    let plan = Plan {
        limits: Limits {
            // Fewer places than clients: the others wait.
            connections: 24,
            ..Limits::default()
        },
        ..Plan::songs()
    };
    let stand = plan.start();
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..100)
            .map(|_| scope.spawn(|| stand.get("/api/v1/songs?search=rain").json()["total"].clone()))
            .collect();
        for client in clients {
            assert_eq!(client.join().unwrap(), 2);
        }
    });
}

#[test]
fn stopping_ends_idle_connections() {
    let mut stand = Plan::default().start();
    let mut idle = TcpStream::connect(stand.address()).unwrap();
    let head = stand
        .request("GET", STATUS)
        .head()
        .replace("Connection: close\r\n", "");
    idle.write_all(head.as_bytes()).unwrap();
    let mut some = [0; 16];
    idle.read_exact(&mut some).unwrap();
    assert!(some.starts_with(b"HTTP/1.1 200"));
    let took = stand.stop();
    assert!(took < Limits::default().grace, "{took:?}");
    assert!(TcpStream::connect(stand.address()).is_err());
}
