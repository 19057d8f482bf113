//! [`Answering`]: a server on 127.0.0.1 that answers what a test says. Not real: each connection is one request.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What was asked.
#[derive(Debug, Clone)]
pub struct Asked {
    /// `GET` or `POST`.
    pub verb: String,
    /// What of, such as `ping`; empty if it is not below `/rest/`.
    pub method: String,
    /// All of the first line.
    pub line: String,
    /// What stands behind the question mark, and in the form.
    pub fields: Vec<(String, String)>,
}

impl Asked {
    /// The first field of this name.
    pub fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.fields.iter();
        let found = fields.find(|(own, _)| own == name);
        found.map(|(_, value)| value.as_str())
    }

    /// All fields of this name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let fields = self.fields.iter().filter(move |(own, _)| own == name);
        fields.map(|(_, value)| value.as_str())
    }
}

/// What is answered.
pub struct Given {
    /// The number and what stands in the head beside the length.
    pub head: String,
    /// What follows.
    pub body: Vec<u8>,
    /// How many bytes the head says that it has.
    pub length: usize,
}

impl Given {
    /// JSON that says that it is well, with more in it.
    pub fn ok(more: &str) -> Self {
        Self::json(&format!(
            r#"{{"subsonic-response":{{"status":"ok","version":"1.16.1"{}{more}}}}}"#,
            if more.is_empty() { "" } else { "," }
        ))
    }

    /// JSON that says that it failed.
    pub fn failed(code: i64, message: &str) -> Self {
        Self::json(&format!(
            r#"{{"subsonic-response":{{"status":"failed","version":"1.15.0","error":{{"code":{code},"message":"{message}"}}}}}}"#
        ))
    }

    pub fn json(body: &str) -> Self {
        Self::of("200 OK\r\nContent-Type: application/json", body.as_bytes())
    }

    pub fn of(head: &str, body: &[u8]) -> Self {
        Self {
            head: head.to_owned(),
            body: body.to_vec(),
            length: body.len(),
        }
    }
}

/// The server. Its thread ends with the test's process.
pub struct Answering {
    address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Answering {
    /// Answers each request with what this makes of it; with nothing at all for `None`.
    pub fn start(answer: impl FnMut(&Asked) -> Option<Given> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        let mut answer = answer;
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { continue };
                let Some(request) = read(&stream) else {
                    continue;
                };
                log.lock().unwrap().push(request.clone());
                let Some(given) = answer(&request) else {
                    continue;
                };
                let head = format!(
                    "HTTP/1.1 {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                    given.head, given.length
                );
                let mut stream = &stream;
                let _ = stream.write_all(head.as_bytes());
                let _ = stream.write_all(&given.body);
            }
        });
        Self { address, asked }
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    /// All that was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// How often something was asked.
    pub fn count(&self, method: &str) -> usize {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|asked| asked.method == method).count()
    }
}

fn read(stream: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut length = 0;
    loop {
        let mut head = String::new();
        reader.read_line(&mut head).ok()?;
        if head.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = head.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let mut words = line.split_whitespace();
    let verb = words.next()?.to_owned();
    let url = url::Url::parse("http://x").ok()?.join(words.next()?).ok()?;
    let method = url.path().strip_prefix("/rest/").unwrap_or_default();
    let form = url::form_urlencoded::parse(&body).into_owned();
    let fields = url.query_pairs().into_owned().chain(form).collect();
    Some(Asked {
        verb,
        method: method.trim_end_matches(".view").to_owned(),
        line,
        fields,
    })
}
