//! [`Subsonic`]: a server that is asked, and what it says of itself.

use std::fmt;
use std::sync::OnceLock;

use super::account::{Credentials, SignIn, SubsonicAccount};
use super::answer::{Answer, Failure, code, list, text};
use super::error::SubsonicError;
use crate::http::{Ask, HttpError, HttpServer, Opened, Payload};

/// The version of the API that is spoken here, its last.
const VERSION: &str = "1.16.1";

/// The first version that has what is needed: `search3`, `getAlbumList2` and `updatePlaylist`.
const NEEDED: [u32; 3] = [1, 8, 0];

/// As what this program signs in.
const CLIENT: &str = "vibelux";

/// A server that speaks the Subsonic API.
pub struct Subsonic {
    http: HttpServer,
    credentials: Credentials,
    /// The version that it is spoken to in.
    version: String,
    sends_forms: bool,
    info: ServerInfo,
    user: OnceLock<Option<String>>,
}

/// What a server says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServerInfo {
    /// Which program it is, such as `navidrome`; older ones do not say.
    pub kind: Option<String>,
    /// Which version of that program.
    pub version: Option<String>,
    /// Which version of the API it speaks.
    pub api_version: String,
    /// Whether it speaks OpenSubsonic.
    pub is_open_subsonic: bool,
    /// What it can do beside what all can, such as `formPost`.
    pub extensions: Vec<String>,
}

impl ServerInfo {
    fn read(answer: &Answer) -> Self {
        let fields = answer.fields();
        Self {
            kind: text(fields, "type"),
            version: text(fields, "serverVersion"),
            api_version: text(fields, "version").unwrap_or_default(),
            is_open_subsonic: super::answer::is_true(fields, "openSubsonic"),
            extensions: Vec::new(),
        }
    }
}

impl Subsonic {
    /// Signs in at an address such as `https://nas:4533`.
    ///
    /// # Errors
    /// [`SubsonicError`].
    pub fn connect(address: &str, account: &SubsonicAccount) -> Result<Self, SubsonicError> {
        // Some give the address of the API.
        let address = address.trim().trim_end_matches('/');
        let address = address.strip_suffix("/rest").unwrap_or(address);
        let credentials = account.credentials()?;
        let mut this = Self {
            http: HttpServer::new(address)?,
            // A password must not be in the address of a request, which servers write into their logs.
            sends_forms: credentials.sign_in == SignIn::Password,
            credentials,
            version: VERSION.to_owned(),
            info: ServerInfo::default(),
            user: OnceLock::new(),
        };
        // Everybody may ask that, so nothing secret is in an address if it takes forms.
        let mut extensions = this.extensions(&[])?;
        this.take_extensions(extensions.as_deref());
        let mut info = match this.ping() {
            Err(SubsonicError::TooOld { version, .. }) if is_between(&version) => {
                // Some refuse whoever speaks a newer version than theirs, and then say which that is.
                this.version = version;
                this.ping()
            }
            info => info,
        }?;
        if parsed(&info.api_version).is_some_and(|version| version < NEEDED) {
            return Err(SubsonicError::TooOld {
                server: this.address().to_owned(),
                version: info.api_version,
            });
        }
        if info.is_open_subsonic && extensions.is_none() {
            let fields = this.credentials.fields.clone();
            extensions = this.extensions(&fields)?;
            this.take_extensions(extensions.as_deref());
        }
        info.extensions = extensions.unwrap_or_default();
        this.info = info;
        Ok(this)
    }

    /// Where it is.
    #[must_use]
    pub fn address(&self) -> &str {
        self.http.address()
    }

    /// What it said of itself when it was connected to.
    #[must_use]
    pub fn info(&self) -> &ServerInfo {
        &self.info
    }

    /// Whether it answers and takes the account; what it says of itself, without its extensions.
    ///
    /// # Errors
    /// [`SubsonicError`].
    pub fn ping(&self) -> Result<ServerInfo, SubsonicError> {
        let answer = self.ask("ping", &[]).map_err(|error| match error {
            // Nothing else is asked for by this, so it misses the password.
            SubsonicError::Refused {
                server,
                code: code::MISSING_PARAMETER,
                ..
            } if self.credentials.sign_in == SignIn::Token => SubsonicError::NoTokens { server },
            SubsonicError::Refused {
                server,
                code: code::MISSING_PARAMETER,
                message,
                ..
            } if self.credentials.sign_in == SignIn::ApiKey => {
                SubsonicError::NoSuchSignIn { server, message }
            }
            // A page that is not there, on a server of something else.
            SubsonicError::Http(HttpError::Status {
                server,
                status: 404 | 405,
                ..
            }) => SubsonicError::Nonsense {
                server,
                method: "ping".to_owned(),
            },
            error => error,
        })?;
        Ok(ServerInfo::read(&answer))
    }

    /// What the server calls the user, if that is known.
    pub(super) fn user(&self) -> Result<Option<&str>, SubsonicError> {
        if let Some(user) = self.user.get() {
            return Ok(user.as_deref());
        }
        let (answer, outer) = match &self.credentials.user {
            // It may write the name otherwise than the user does.
            Some(user) => (self.ask("getUser", &[("username", user)]), "user"),
            None => (self.ask("tokenInfo", &[]), "tokenInfo"),
        };
        let user = match answer {
            Ok(answer) => answer
                .object(outer)
                .and_then(|fields| text(fields, "username")),
            // It does not know the question, or does not answer it to this user.
            Err(error) if error.is_refusal() => None,
            Err(SubsonicError::Http(HttpError::Status {
                status: 404 | 405 | 410 | 501,
                ..
            })) => None,
            // A guess would make another playlist beside the user's own one.
            Err(error) => return Err(error),
        };
        let user = user.or_else(|| self.credentials.user.clone());
        Ok(self.user.get_or_init(|| user).as_deref())
    }

    /// Whether what it is asked goes into the body of a request, where there is more room than in an address.
    pub(super) fn sends_forms(&self) -> bool {
        self.sends_forms
    }

    /// Asks for something, and changes nothing or nothing more if it is asked twice.
    pub(super) fn ask(
        &self,
        method: &str,
        fields: &[(&str, &str)],
    ) -> Result<Answer, SubsonicError> {
        self.ask_as(method, fields, &self.credentials.fields, true)
    }

    /// Changes something, which is not done again if it is not known whether it was done.
    pub(super) fn change(
        &self,
        method: &str,
        fields: &[(&str, &str)],
    ) -> Result<Answer, SubsonicError> {
        self.ask_as(method, fields, &self.credentials.fields, false)
    }

    /// Asks for what is no answer of the API, unless it failed.
    pub(super) fn open(&self, method: &str, id: &str) -> Result<Opened, SubsonicError> {
        // Songs are compressed already, and a compressed answer does not say how long the song is.
        let headers = [("accept-encoding", "identity")];
        let fields = [("id", id), ("format", "raw")];
        self.with_ask(method, &fields, &self.credentials.fields, true, |ask| {
            let headers = &headers;
            self.http.open(&Ask { headers, ..*ask })
        })
    }

    /// Reads what came as an answer.
    pub(super) fn read(&self, method: &str, bytes: &[u8]) -> Result<Answer, SubsonicError> {
        match Answer::read(bytes) {
            Some(Ok(answer)) => Ok(answer),
            Some(Err(failure)) => Err(self.failed(method, failure)),
            None => Err(SubsonicError::Nonsense {
                server: self.address().to_owned(),
                method: method.to_owned(),
            }),
        }
    }

    fn ask_as(
        &self,
        method: &str,
        fields: &[(&str, &str)],
        sign_in: &[(&'static str, String)],
        is_repeatable: bool,
    ) -> Result<Answer, SubsonicError> {
        let reply = self.with_ask(method, fields, sign_in, is_repeatable, |ask| {
            self.http.ask(ask)
        })?;
        self.read(method, &reply.body)
    }

    fn with_ask<T>(
        &self,
        method: &str,
        fields: &[(&str, &str)],
        sign_in: &[(&'static str, String)],
        is_repeatable: bool,
        send: impl FnOnce(&Ask<'_>) -> Result<T, HttpError>,
    ) -> Result<T, SubsonicError> {
        let path = format!("rest/{method}.view");
        let mut all = vec![("v", self.version.as_str()), ("c", CLIENT), ("f", "json")];
        all.extend(sign_in.iter().map(|(name, value)| (*name, value.as_str())));
        all.extend_from_slice(fields);
        let ask = if self.sends_forms {
            Ask {
                method: "POST",
                payload: Payload::Form(&all),
                is_repeatable,
                ..Ask::get(&path, &[])
            }
        } else {
            Ask {
                is_repeatable,
                ..Ask::get(&path, &all)
            }
        };
        send(&ask).map_err(|error| self.http_failed(method, error))
    }

    /// Some say in an answer of HTTP's own errors what the matter is.
    fn http_failed(&self, method: &str, error: HttpError) -> SubsonicError {
        match error {
            HttpError::Status {
                server,
                status,
                path,
                said,
            } => match Answer::read(said.as_bytes()) {
                // Busy is busy, whatever it says.
                Some(Err(failure)) if !matches!(status, 429 | 502 | 503 | 504) => {
                    self.failed(method, failure)
                }
                _ => SubsonicError::Http(HttpError::Status {
                    server,
                    status,
                    path,
                    said: self.credentials.hide(&said),
                }),
            },
            error => SubsonicError::Http(error),
        }
    }

    fn failed(&self, method: &str, failure: Failure) -> SubsonicError {
        let server = self.address().to_owned();
        let method = method.to_owned();
        let message = self.credentials.hide(&failure.message);
        let version = failure.version.unwrap_or_else(|| "unknown".to_owned());
        match failure.code {
            code::CLIENT_TOO_OLD => SubsonicError::TooNew {
                server,
                version,
                message,
            },
            code::SERVER_TOO_OLD => SubsonicError::TooOld { server, version },
            code::WRONG_PASSWORD | code::TWO_SIGN_INS | code::WRONG_KEY => {
                SubsonicError::Account { server, message }
            }
            code::NO_TOKENS => SubsonicError::NoTokens { server },
            code::NO_SUCH_SIGN_IN => SubsonicError::NoSuchSignIn { server, message },
            code::FORBIDDEN => SubsonicError::Forbidden {
                server,
                method,
                message,
            },
            code::TRIAL_OVER => SubsonicError::TrialOver { server, message },
            code::NOT_FOUND => SubsonicError::NotFound {
                server,
                method,
                message,
            },
            code => SubsonicError::Refused {
                server,
                method,
                code,
                message,
            },
        }
    }

    /// What it can do beside what all can; `None` if it does not tell.
    fn extensions(
        &self,
        sign_in: &[(&'static str, String)],
    ) -> Result<Option<Vec<String>>, SubsonicError> {
        match self.ask_as("getOpenSubsonicExtensions", &[], sign_in, true) {
            Ok(answer) => {
                let extensions = list(answer.fields(), "openSubsonicExtensions");
                let names = extensions.iter().filter_map(|one| text(one, "name"));
                Ok(Some(names.collect()))
            }
            Err(
                error @ SubsonicError::Http(
                    HttpError::Connect { .. } | HttpError::Lost { .. } | HttpError::Moved { .. },
                ),
            ) => Err(error),
            Err(_) => Ok(None),
        }
    }

    fn take_extensions(&mut self, extensions: Option<&[String]>) {
        let has_forms = extensions.is_some_and(|names| names.iter().any(|name| name == "formPost"));
        self.sends_forms |= has_forms;
    }
}

impl fmt::Debug for Subsonic {
    /// Without the account.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subsonic")
            .field("address", &self.address())
            .field("info", &self.info)
            .finish_non_exhaustive()
    }
}

fn parsed(version: &str) -> Option<[u32; 3]> {
    let mut parts = version.trim().split('.').map(|part| part.parse().ok());
    let mut next = || parts.next().unwrap_or(Some(0));
    Some([next()?, next()?, next()?])
}

/// Whether a version is older than that which is spoken here, and new enough.
fn is_between(version: &str) -> bool {
    parsed(version).is_some_and(|version| {
        version >= NEEDED && parsed(VERSION).is_some_and(|spoken| version < spoken)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        for (version, is_fit) in [
            ("1.8.0", true),
            ("1.12", true),
            ("1.7.0", false),
            ("1.16.1", false),
            ("2.0.0", false),
            ("unknown", false),
            ("", false),
        ] {
            assert_eq!(is_between(version), is_fit, "{version}");
        }
    }
}
