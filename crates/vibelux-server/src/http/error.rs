//! What can go wrong: while the server starts ([`ServerError`]), and with one request ([`ApiError`]).

use std::net::SocketAddr;

use axum::Json;
use axum::http::header::{CONTENT_RANGE, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use vibelux::face::FaceError;
use vibelux::library::LibraryError;
use vibelux::library::filter::FilterError;
use vibelux::model::ModelError;

use crate::lan::error::LanError;
use crate::subsonic::error::SubsonicError;

/// Why a server cannot be started, or had to end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// The address or port cannot be had.
    #[error("cannot listen at {address} ({source}); choose another with {flags}")]
    Bind {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
        /// What says where.
        flags: &'static str,
    },
    /// The system gives no threads, or no randomness for a token.
    #[error("cannot start the server: {source}")]
    Start {
        /// Why.
        source: std::io::Error,
    },
    /// A token that is easily guessed, or would have to be escaped in an address.
    #[error("a token needs at least {least} characters, each a letter, a digit, - or _")]
    WeakToken {
        /// The fewest characters.
        least: usize,
    },
    /// Phones cannot be let in.
    #[error(transparent)]
    Lan(#[from] LanError),
    /// Players cannot be let in.
    #[error(transparent)]
    Subsonic(#[from] SubsonicError),
    /// The library cannot be opened.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// The face detector cannot be made.
    #[error(transparent)]
    Face(#[from] FaceError),
}

/// Why a request was not done. Answered as `{"error": {"code", "message"}}`.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// Something in the request cannot be.
    #[error("{0}")]
    BadRequest(String),
    /// A filter with a mistake.
    #[error(transparent)]
    Filter(FilterError),
    /// No token, or a wrong one.
    #[error("open the address that vibelux printed when it was started, with its token")]
    TokenNeeded,
    /// For the owner alone, and somebody else asks.
    #[error(
        "only the owner of this library may do that; open the page on the computer that vibelux runs \
         on, or with the owner's address"
    )]
    OwnerOnly,
    /// The request names a host that is not this server.
    #[error("this server answers as localhost only; open the address that vibelux printed")]
    ForeignHost,
    /// The request comes from another site's page.
    #[error("only this server's own page may ask; open the address that vibelux printed")]
    ForeignOrigin,
    /// No such address, song or file.
    #[error("there is no {0} here; GET /api/docs lists what there is")]
    NotFound(&'static str),
    /// The library knows the song, but its file is not where it was.
    #[error("the song's file is not where it was; scan its folder again")]
    SongMissing,
    /// The address does not do that.
    #[error("this address does not take that method; GET /api/docs lists what there is")]
    WrongMethod,
    /// A scan is at work already.
    #[error("a scan is running; stop it with DELETE /api/v1/scan or wait until it is done")]
    ScanRunning,
    /// The library is no longer what a map was made of.
    #[error("the songs have changed; load the map again")]
    MapChanged,
    /// The request is larger than it may be.
    #[error("the request has more than the {limit_bytes} bytes that are allowed; send less")]
    TooLarge {
        /// The most bytes.
        limit_bytes: usize,
    },
    /// The body did not come in time.
    #[error("the request took too long to arrive; send it again")]
    TooSlow,
    /// Not sent as JSON.
    #[error("send JSON with the header Content-Type: application/json")]
    JsonNeeded,
    /// A picture that cannot be read.
    #[error(transparent)]
    Picture(FaceError),
    /// No byte of the song is in the range that was asked for.
    #[error("the song has {length_bytes} bytes; ask for a range within them")]
    BadRange {
        /// The size of the song.
        length_bytes: u64,
    },
    /// All places are taken.
    #[error("{0}")]
    Busy(&'static str),
    /// The song needs ffmpeg.
    #[error("this song's format needs ffmpeg; install it and start vibelux again")]
    NoFfmpeg,
    /// ffmpeg makes nothing of the song.
    #[error("ffmpeg can play nothing of this song from there on; check its file")]
    Unconvertible,
    /// A song whose sound cannot be read. Says nothing of where it is: guests ask too.
    #[error("the sound of this song cannot be read; `vibelux errors` says of songs why")]
    Unmeasurable,
    /// The library failed.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// A model failed.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A song's file cannot be read, or ffmpeg cannot be started.
    #[error("the song cannot be read ({0}); check its file and its permissions")]
    Io(std::io::Error),
    /// A mistake of ours.
    #[error("this is a mistake in vibelux; please report what you did")]
    Broken,
}

/// What went wrong, in every JSON answer and on the live socket.
#[derive(Debug, PartialEq, Serialize)]
pub struct ErrorReason {
    /// For programs.
    pub code: &'static str,
    /// For people.
    pub message: String,
}

impl ErrorReason {
    /// A code and a sentence.
    pub fn new(code: &'static str, message: &str) -> Self {
        let message = message.to_owned();
        Self { code, message }
    }
}

/// A JSON answer in place of any other.
#[derive(Debug, Serialize)]
struct ErrorAnswer {
    error: ErrorReason,
}

impl ApiError {
    /// The HTTP status and the code that programs tell errors apart by.
    pub fn kind(&self) -> (StatusCode, &'static str) {
        match self {
            Self::BadRequest(_) => (StatusCode::BAD_REQUEST, "bad_request"),
            Self::Filter(_) => (StatusCode::BAD_REQUEST, "filter"),
            Self::TokenNeeded => (StatusCode::UNAUTHORIZED, "token_needed"),
            Self::OwnerOnly => (StatusCode::FORBIDDEN, "owner_only"),
            Self::ForeignHost => (StatusCode::FORBIDDEN, "foreign_host"),
            Self::ForeignOrigin => (StatusCode::FORBIDDEN, "foreign_origin"),
            Self::NotFound(_) => (StatusCode::NOT_FOUND, "not_found"),
            Self::SongMissing => (StatusCode::NOT_FOUND, "song_missing"),
            Self::WrongMethod => (StatusCode::METHOD_NOT_ALLOWED, "wrong_method"),
            Self::ScanRunning => (StatusCode::CONFLICT, "scan_running"),
            Self::MapChanged => (StatusCode::CONFLICT, "map_changed"),
            Self::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            Self::TooSlow => (StatusCode::REQUEST_TIMEOUT, "too_slow"),
            Self::JsonNeeded => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "json_needed"),
            Self::Picture(error) => picture_kind(error),
            Self::BadRange { .. } => (StatusCode::RANGE_NOT_SATISFIABLE, "bad_range"),
            Self::Busy(_) => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
            Self::Unconvertible => (StatusCode::UNPROCESSABLE_ENTITY, "unconvertible"),
            Self::Unmeasurable => (StatusCode::UNPROCESSABLE_ENTITY, "unmeasurable"),
            Self::NoFfmpeg => (StatusCode::NOT_IMPLEMENTED, "no_ffmpeg"),
            Self::Library(error @ LibraryError::Busy { .. }) => {
                (StatusCode::SERVICE_UNAVAILABLE, error.code())
            }
            Self::Library(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.code()),
            Self::Model(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.code()),
            Self::Io(_) => (StatusCode::INTERNAL_SERVER_ERROR, "io"),
            Self::Broken => (StatusCode::INTERNAL_SERVER_ERROR, "broken"),
        }
    }
}

/// What a picture's failure is to a client.
pub fn picture_kind(error: &FaceError) -> (StatusCode, &'static str) {
    let status = match error {
        FaceError::EmptyPicture { .. } | FaceError::DamagedPicture { .. } => {
            StatusCode::BAD_REQUEST
        }
        FaceError::UnsupportedPicture { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        FaceError::PictureTooLarge { .. } | FaceError::PictureFileTooLarge { .. } => {
            StatusCode::PAYLOAD_TOO_LARGE
        }
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    (status, error.code())
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, code) = self.kind();
        let error = ErrorReason::new(code, &self.to_string());
        let mut response = (status, Json(ErrorAnswer { error })).into_response();
        let headers = response.headers_mut();
        match self {
            Self::TokenNeeded => {
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Self::BadRange { length_bytes } => {
                if let Ok(value) = HeaderValue::try_from(format!("bytes */{length_bytes}")) {
                    headers.insert(CONTENT_RANGE, value);
                }
            }
            _ => {}
        }
        response
    }
}
