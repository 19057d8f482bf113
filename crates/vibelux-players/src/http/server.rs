//! [`HttpServer`]: a server that is asked, and its answer: a [`Reply`], or an [`Opened`] one.

use std::io::{self, Read};
use std::time::{Duration, Instant};

use serde_json::Value;
use ureq::http::{Request, Response};
use ureq::{Agent, Body};
use url::Url;

use super::ask::{Ask, Payload};
use super::error::HttpError;

/// For so long a connection may take.
const CONNECTING: Duration = Duration::from_secs(10);

/// For so long a server may think, and as long between two pieces of its answer.
const THINKING: Duration = Duration::from_secs(30);

/// For so long an answer may come that is kept in memory: one that drips has no pause that is too long.
const COMING: Duration = Duration::from_secs(120);

/// A request is made so often, at most.
const TRIES: u32 = 3;

/// So long is waited before it is made again, and twice as long before the next time.
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// It is not made again when it has taken so long by then: who is silent for that long is not waited for twice.
const NO_MORE_TRIES: Duration = Duration::from_secs(20);

/// So much of what is said about an error is read.
const MOST_SAID: u64 = 8 << 10;

/// No answer that is kept in memory is longer: a list of 500 songs has a megabyte.
const MOST_BYTES: u64 = 64 << 20;

/// A server on HTTP.
#[derive(Clone)]
pub(crate) struct HttpServer {
    agent: Agent,
    base: Url,
}

/// An answer that is read piece by piece.
pub(crate) struct Opened {
    /// What kind of thing it says that it is, such as `audio/mpeg`.
    pub content_type: Option<String>,
    /// How many bytes it says that it has.
    pub length: Option<u64>,
    /// What it carries.
    pub body: Box<dyn Read + Send>,
}

/// What a server answered.
#[derive(Debug)]
pub(crate) struct Reply {
    /// What it carries.
    pub body: Vec<u8>,
}

impl Reply {
    /// What it says, if it is JSON.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

impl HttpServer {
    /// One at an address that begins with `http://` or `https://` and may have a path.
    ///
    /// # Errors
    /// [`HttpError::Address`].
    pub fn new(address: &str) -> Result<Self, HttpError> {
        let wrong = || HttpError::Address {
            address: without_secrets(address),
        };
        let mut base = Url::parse(address.trim()).map_err(|_| wrong())?;
        let is_plain = base.query().is_none()
            && base.fragment().is_none()
            && base.username().is_empty()
            && base.password().is_none();
        if !matches!(base.scheme(), "http" | "https") || base.host().is_none() || !is_plain {
            return Err(wrong());
        }
        // What is asked for comes below the path, and not in the place of its last part.
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        let agent = Agent::config_builder()
            .timeout_connect(Some(CONNECTING))
            .timeout_recv_response(Some(THINKING))
            .timeout_per_read(Some(THINKING))
            .timeout_per_write(Some(THINKING))
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(concat!("vibelux/", env!("CARGO_PKG_VERSION")))
            .build()
            .into();
        Ok(Self { agent, base })
    }

    /// Where it is, without a slash at the end.
    pub fn address(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    /// What it answers, read to its end.
    ///
    /// # Errors
    /// [`HttpError`].
    pub fn ask(&self, ask: &Ask<'_>) -> Result<Reply, HttpError> {
        self.repeatedly(ask, || {
            let mut response = self.send(ask, Some(COMING))?;
            let body = response
                .body_mut()
                .with_config()
                .limit(MOST_BYTES)
                .read_to_vec()
                .map_err(|error| self.broken(error, ask.path))?;
            Ok(Reply { body })
        })
    }

    /// What it answers, to be read piece by piece; it may take as long as it likes, but not between two pieces.
    ///
    /// # Errors
    /// [`HttpError`].
    pub fn open(&self, ask: &Ask<'_>) -> Result<Opened, HttpError> {
        let response = self.repeatedly(ask, || self.send(ask, None))?;
        let body = response.into_body();
        Ok(Opened {
            content_type: body.mime_type().map(str::to_owned),
            length: body.content_length(),
            body: Box::new(body.into_reader()),
        })
    }

    fn repeatedly<T>(
        &self,
        ask: &Ask<'_>,
        mut once: impl FnMut() -> Result<T, HttpError>,
    ) -> Result<T, HttpError> {
        let start = Instant::now();
        let mut wait = FIRST_WAIT;
        for _ in 1..TRIES {
            match once() {
                // What nobody answered was not heard either.
                Err(error)
                    if error.is_passing()
                        && start.elapsed() < NO_MORE_TRIES
                        && (ask.is_repeatable || matches!(error, HttpError::Connect { .. })) =>
                {
                    std::thread::sleep(wait);
                    wait *= 2;
                }
                done => return done,
            }
        }
        once()
    }

    fn send(&self, ask: &Ask<'_>, coming: Option<Duration>) -> Result<Response<Body>, HttpError> {
        let address = || HttpError::Address {
            address: format!("{}/{}", self.address(), ask.path),
        };
        let mut url = self.base.join(ask.path).map_err(|_| address())?;
        if !ask.query.is_empty() {
            url.query_pairs_mut().extend_pairs(ask.query);
        }
        let mut request = Request::builder().method(ask.method).uri(url.as_str());
        for (name, value) in ask.headers {
            request = request.header(*name, *value);
        }
        let (kind, payload) = match ask.payload {
            Payload::None => (None, Vec::new()),
            Payload::Json(value) => (Some("application/json"), value.to_string().into_bytes()),
            Payload::Form(fields) => {
                let mut form = url::form_urlencoded::Serializer::new(String::new());
                let form = form.extend_pairs(fields).finish();
                (Some("application/x-www-form-urlencoded"), form.into_bytes())
            }
        };
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        let response = if kind.is_none() && matches!(ask.method, "GET" | "DELETE") {
            let request = request.body(()).map_err(|_| address())?;
            let request = self.agent.configure_request(request);
            self.agent.run(request.timeout_recv_body(coming).build())
        } else {
            let request = request.body(payload).map_err(|_| address())?;
            let request = self.agent.configure_request(request);
            self.agent.run(request.timeout_recv_body(coming).build())
        };
        let response = response.map_err(|error| self.broken(error, ask.path))?;
        match response.status().as_u16() {
            status @ 400.. => Err(self.refused(status, ask.path, response)),
            300..400 => Err(self.moved(&url, ask.path, &response)),
            _ => Ok(response),
        }
    }

    fn refused(&self, status: u16, path: &str, response: Response<Body>) -> HttpError {
        let mut said = Vec::new();
        let body = response.into_body().into_reader();
        // The number alone says something too, so it is no matter if this breaks off.
        let _ = body.take(MOST_SAID).read_to_end(&mut said);
        HttpError::Status {
            server: self.address().to_owned(),
            status,
            path: path.to_owned(),
            said: String::from_utf8_lossy(&said).into_owned(),
        }
    }

    fn moved(&self, asked: &Url, path: &str, response: &Response<Body>) -> HttpError {
        let to = response.headers().get("location");
        let to = to.and_then(|to| to.to_str().ok());
        let to = to.and_then(|to| asked.join(to).ok());
        let to = to.map(|to| without_secrets(to.as_str()));
        HttpError::Moved {
            server: self.address().to_owned(),
            // The address is what stands before that which was asked for.
            to: to.map_or("nowhere".to_owned(), |to| {
                to.strip_suffix(path).unwrap_or(&to).to_owned()
            }),
        }
    }

    fn broken(&self, error: ureq::Error, path: &str) -> HttpError {
        use ureq::Error::{BodyExceedsLimit, ConnectionFailed, HostNotFound, Io, Timeout, Tls};
        let server = self.address().to_owned();
        match error {
            BodyExceedsLimit(most) => HttpError::TooLong {
                server,
                path: path.to_owned(),
                most,
            },
            Io(source) if source.kind() == io::ErrorKind::ConnectionRefused => {
                HttpError::Connect { server, source }
            }
            Io(source) if is_no_tls(&source) => HttpError::Connect {
                server,
                source: io::Error::other("it speaks no TLS there; try http://"),
            },
            Io(source) if source.to_string().contains("failed to lookup address") => {
                HttpError::Connect { server, source }
            }
            Io(source) => HttpError::Lost { server, source },
            error @ (HostNotFound | ConnectionFailed | Tls(_)) => HttpError::Connect {
                server,
                source: io::Error::other(error),
            },
            Timeout(ureq::Timeout::Connect | ureq::Timeout::Resolve) => HttpError::Connect {
                server,
                source: io::ErrorKind::TimedOut.into(),
            },
            error => HttpError::Lost {
                server,
                source: io::Error::other(error),
            },
        }
    }
}

/// An address as errors may show it: without a user, a password, and what stands behind a question mark.
fn without_secrets(address: &str) -> String {
    let address = address.split(['?', '#']).next().unwrap_or_default().trim();
    let start = address.find("://").map_or(0, |at| at + 3);
    let (scheme, rest) = address.split_at(start);
    // A password may have a slash in it that nobody encoded.
    let host = rest.rfind('@').map_or(rest, |at| &rest[at + 1..]);
    format!("{scheme}{host}")
}

/// Whether what answered to TLS does not speak it.
fn is_no_tls(error: &io::Error) -> bool {
    let fault = error.get_ref().and_then(|inner| inner.downcast_ref());
    matches!(fault, Some(rustls::Error::InvalidMessage(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_is_refused_is_shown_without_its_secrets() {
        for address in [
            "http://joe:sesame@nas:4533/music",
            "http://joe:ses/sesame@nas/?p=sesame",
            "https://nas/rest/ping?u=joe&p=sesame",
            "joe:sesame@nas",
        ] {
            let error = HttpServer::new(address).err().unwrap();
            assert!(matches!(error, HttpError::Address { .. }), "{address}");
            assert!(!format!("{error} {error:?}").contains("sesame"), "{error}");
        }
        let server = HttpServer::new(" https://nas:8443/music ").unwrap();
        assert_eq!(server.address(), "https://nas:8443/music");
    }
}
