//! A small HTTP server for the tests: hand-made answers, each test with a server of its own on a free port of 127.0.0.1.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::Value;

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

/// A server that ends with this value.
pub struct HttpServer {
    port: u16,
    is_over: Arc<AtomicBool>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl HttpServer {
    /// Answers everything by one function, one question after the other.
    pub fn start(mut answer: impl FnMut(&Asked) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        let this = Self {
            port,
            is_over: Arc::default(),
            asked: Arc::default(),
        };
        let (is_over, log) = (this.is_over.clone(), this.asked.clone());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if is_over.load(Ordering::Relaxed) {
                    return;
                }
                // A client that leaves is none of ours.
                let _ = serve(&stream, &mut answer, &log);
            }
        });
        this
    }

    /// Where it is.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// All that was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("no panic").clone()
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

/// A port of 127.0.0.1 on which nobody listens.
pub fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("its address").port();
    format!("http://127.0.0.1:{port}")
}

fn serve(
    stream: &TcpStream,
    answer: &mut impl FnMut(&Asked) -> Answer,
    log: &Mutex<Vec<Asked>>,
) -> io::Result<()> {
    let asked = read(stream)?;
    log.lock().expect("no panic").push(asked.clone());
    let (status, body, sent) = match answer(&asked) {
        Answer::Json(value) => {
            let body = value.to_string();
            (200, body.clone(), body.len())
        }
        Answer::Status(status, text) => (status, text.to_owned(), text.len()),
        Answer::Text(text) => (200, text.to_owned(), text.len()),
        Answer::Half(value) => {
            let body = value.to_string();
            (200, body.clone(), body.len() / 2)
        }
        Answer::Gone => return Ok(()),
    };
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    // In one piece: the second of two would wait until the first is confirmed.
    let mut stream = stream;
    stream.write_all(&[head.as_bytes(), &body.as_bytes()[..sent]].concat())
}

fn read(stream: &TcpStream) -> io::Result<Asked> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    let (mut length, mut authorization) = (0, String::new());
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().unwrap_or(0),
            "authorization" => authorization = value.to_owned(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let query = url::form_urlencoded::parse(query.as_bytes());
    Ok(Asked {
        method,
        path: path.to_owned(),
        query: query.into_owned().collect(),
        authorization,
        body: serde_json::from_slice(&body).unwrap_or(Value::Null),
    })
}
