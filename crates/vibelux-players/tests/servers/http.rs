//! [`HttpServer`]: a made-up server whose answers are JSON, as these tests write them.

use std::net::TcpListener;

use serde_json::Value;
use vibelux_test_server::{HttpRequest, HttpResponse, StubServer};

/// What was asked.
#[derive(Debug, Clone)]
pub struct Asked {
    /// `GET`, `POST` or `DELETE`.
    pub method: String,
    /// Without the question mark.
    pub path: String,
    /// What stands behind it, decoded.
    pub query: Vec<(String, String)>,
    /// The line `Authorization`.
    pub authorization: String,
    /// What was sent along, if it is JSON.
    pub body: Value,
}

impl Asked {
    fn new(asked: &HttpRequest) -> Self {
        let asked = asked.clone();
        Self {
            method: asked.method,
            path: asked.path,
            query: asked.query,
            authorization: asked.authorization,
            body: serde_json::from_slice(&asked.body).unwrap_or(Value::Null),
        }
    }

    /// A value of the query.
    pub fn value(&self, name: &str) -> Option<&str> {
        let mut query = self.query.iter();
        let found = query.find(|(its, _)| its.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// A number of the query.
    pub fn number(&self, name: &str) -> Option<usize> {
        self.value(name)?.parse().ok()
    }
}

/// What is answered.
pub enum Answer {
    /// 200 with JSON.
    Json(Value),
    /// Another number, with a text as servers add it.
    Status(u16, &'static str),
    /// 200 with something that is no JSON.
    Text(&'static str),
    /// The first half of an answer whose head tells its whole length.
    Half(Value),
    /// Nothing: the connection is closed.
    Gone,
}

impl Answer {
    fn given(self) -> Option<HttpResponse> {
        match self {
            Self::Json(value) => Some(HttpResponse::json(&value.to_string())),
            Self::Status(status, text) => {
                Some(HttpResponse::new(&format!("{status} X"), text.as_bytes()))
            }
            Self::Text(text) => Some(HttpResponse::new("200 OK", text.as_bytes())),
            Self::Half(value) => Some(HttpResponse::json(&value.to_string()).cut_off()),
            Self::Gone => None,
        }
    }
}

/// A server that ends with this value.
pub struct HttpServer(StubServer);

impl HttpServer {
    /// Answers everything by one function, one question after the other.
    pub fn start(mut answer: impl FnMut(&Asked) -> Answer + Send + 'static) -> Self {
        Self(StubServer::start(move |asked| {
            answer(&Asked::new(asked)).given()
        }))
    }

    /// Where it is.
    pub fn address(&self) -> String {
        self.0.address()
    }

    /// All that was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.0.asked().iter().map(Asked::new).collect()
    }
}

/// A port of 127.0.0.1 on which nobody listens.
pub fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("its address").port();
    format!("http://127.0.0.1:{port}")
}
