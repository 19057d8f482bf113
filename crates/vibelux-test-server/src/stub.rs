//! [`StubServer`]: answers over HTTP what a test says, in the place of servers that no package registry has, and for faults that no real one shows.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use url::form_urlencoded;

/// What was asked.
#[derive(Debug, Clone)]
pub struct HttpRequest {
    /// The first line, as it came.
    pub line: String,
    /// `GET`, `POST` or `DELETE`.
    pub method: String,
    /// Without the question mark.
    pub path: String,
    /// What stands behind it, decoded.
    pub query: Vec<(String, String)>,
    /// The line `Authorization`; empty if there is none.
    pub authorization: String,
    /// What was sent along.
    pub body: Vec<u8>,
}

/// What is answered.
#[derive(Debug, Clone)]
pub struct HttpResponse {
    /// The number and what stands in the head beside the length.
    pub head: String,
    /// What follows.
    pub body: Vec<u8>,
    /// How many bytes the head says that it has.
    pub length: usize,
}

impl HttpResponse {
    /// An answer with this number, such as `200 OK`.
    #[must_use]
    pub fn new(head: &str, body: &[u8]) -> Self {
        Self {
            head: head.to_owned(),
            body: body.to_vec(),
            length: body.len(),
        }
    }

    /// JSON.
    #[must_use]
    pub fn json(body: &str) -> Self {
        Self::new("200 OK\r\nContent-Type: application/json", body.as_bytes())
    }

    /// The first half of an answer whose head tells its whole length.
    #[must_use]
    pub fn cut_off(mut self) -> Self {
        self.body.truncate(self.length / 2);
        self
    }
}

/// A server on a free port of 127.0.0.1 that ends with this value. Each connection is one question, and they are answered one after the other.
#[derive(Debug)]
pub struct StubServer {
    port: u16,
    is_over: Arc<AtomicBool>,
    asked: Arc<Mutex<Vec<HttpRequest>>>,
}

impl StubServer {
    /// Answers each question with what this makes of it; `None` closes the connection.
    ///
    /// # Panics
    /// If there is no free port.
    pub fn start(
        mut answer: impl FnMut(&HttpRequest) -> Option<HttpResponse> + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let this = Self {
            port: listener.local_addr().expect("its address").port(),
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
    #[must_use]
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// All that was asked so far.
    #[must_use]
    pub fn asked(&self) -> Vec<HttpRequest> {
        let asked = self.asked.lock();
        asked.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for StubServer {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn serve(
    mut stream: &TcpStream,
    answer: &mut impl FnMut(&HttpRequest) -> Option<HttpResponse>,
    log: &Mutex<Vec<HttpRequest>>,
) -> io::Result<()> {
    let asked = read(stream)?;
    log.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(asked.clone());
    let Some(given) = answer(&asked) else {
        return Ok(());
    };
    let head = format!(
        "HTTP/1.1 {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        given.head, given.length
    );
    // In one piece: the second of two would wait until the first is confirmed.
    stream.write_all(&[head.as_bytes(), &given.body].concat())
}

fn read(stream: &TcpStream) -> io::Result<HttpRequest> {
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
        if line.trim().is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').unwrap_or((&line, ""));
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap_or(0),
            "authorization" => authorization = value.trim().to_owned(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    Ok(HttpRequest {
        line: line.trim_end().to_owned(),
        method,
        path: path.to_owned(),
        query: form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect(),
        authorization,
        body,
    })
}
