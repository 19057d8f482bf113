//! [`Answering`]: a made-up server that knows the questions and answers of the Subsonic API.

use vibelux_test_server::{HttpRequest, HttpResponse, StubServer};

/// What was asked.
#[derive(Debug, Clone)]
pub struct Asked {
    /// `GET` or `POST`.
    pub verb: String,
    /// What of, such as `ping`; empty if it is not below `/rest/`.
    pub method: String,
    /// The first line, as it came.
    pub line: String,
    /// What stands behind the question mark, and in the form.
    pub fields: Vec<(String, String)>,
}

impl Asked {
    fn new(asked: &HttpRequest) -> Self {
        let method = asked.path.strip_prefix("/rest/").unwrap_or_default();
        let form = url::form_urlencoded::parse(&asked.body).into_owned();
        Self {
            verb: asked.method.clone(),
            method: method.trim_end_matches(".view").to_owned(),
            line: asked.line.clone(),
            fields: asked.query.iter().cloned().chain(form).collect(),
        }
    }

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

/// JSON that says that it is well, with more in it.
pub fn ok(more: &str) -> HttpResponse {
    HttpResponse::json(&format!(
        r#"{{"subsonic-response":{{"status":"ok","version":"1.16.1"{}{more}}}}}"#,
        if more.is_empty() { "" } else { "," }
    ))
}

/// JSON that says that it failed.
pub fn failed(code: i64, message: &str) -> HttpResponse {
    HttpResponse::json(&format!(
        r#"{{"subsonic-response":{{"status":"failed","version":"1.15.0","error":{{"code":{code},"message":"{message}"}}}}}}"#
    ))
}

/// The server.
pub struct Answering(StubServer);

impl Answering {
    /// Answers each request with what this makes of it; with nothing at all for `None`.
    pub fn start(mut answer: impl FnMut(&Asked) -> Option<HttpResponse> + Send + 'static) -> Self {
        Self(StubServer::start(move |asked| answer(&Asked::new(asked))))
    }

    pub fn address(&self) -> String {
        self.0.address()
    }

    /// All that was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.0.asked().iter().map(Asked::new).collect()
    }

    /// How often something was asked.
    pub fn count(&self, method: &str) -> usize {
        let asked = self.asked();
        asked.iter().filter(|asked| asked.method == method).count()
    }
}
