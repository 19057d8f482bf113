//! Which method does what: every request goes through [`answer`].

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_TYPE, REFERRER_POLICY};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use serde_json::{Map, Value, json};
use tokio::sync::Semaphore;

use super::account::SubsonicAccount;
use super::answer::Format;
use super::call::{Call, field};
use super::parameters::Parameters;
use super::refusal::Refusal;
use super::shelves::ShelfKeeper;
use super::{browse, lists, moods, own, search, similar, sound, system};
use crate::blocking::{blocking, core_count};
use crate::http::compress;
use crate::http::error::ApiError;
use crate::http::extract::read_body;
use crate::state::Shared;

/// A form is no longer: some thousand ids.
const MAX_FORM_BYTES: usize = 1 << 20;

/// What the requests of all players share.
#[derive(Debug)]
struct Players {
    app: Shared,
    account: SubsonicAccount,
    shelves: Arc<ShelfKeeper>,
    /// For pictures that are made smaller.
    covers: Arc<Semaphore>,
}

/// All methods, for whoever shows what the account demands.
///
/// A page of any origin may ask: what it shows is sent with each request by itself and never by a browser unasked.
pub fn router(app: Shared, account: SubsonicAccount) -> Router {
    let players = Arc::new(Players {
        app,
        account,
        shelves: Arc::default(),
        covers: Arc::new(Semaphore::new(core_count().get())),
    });
    Router::new()
        .route("/rest/{method}", any(answer))
        .fallback(async || {
            let text = "VibeluX speaks the OpenSubsonic API here; give a player this address.\n";
            (StatusCode::NOT_FOUND, text)
        })
        .layer(from_fn(compress::compress))
        .with_state(players)
}

/// Answers one request.
async fn answer(
    State(players): State<Arc<Players>>,
    Path(name): Path<String>,
    request: Request,
) -> Response {
    let name = name.strip_suffix(".view").unwrap_or(&name).to_owned();
    let (method, headers) = (request.method().clone(), request.headers().clone());
    let query = request.uri().query().unwrap_or_default().to_owned();
    let (format, done) = match parameters(&players.app, &query, request).await {
        Ok(sent) => {
            let format = Format::of(&sent);
            (format, players.call(&name, sent, &method, &headers).await)
        }
        Err(error) => (Format::of(&Parameters::parse(&[&query])), Err(error.into())),
    };
    let mut response = match done {
        Ok(Done::Fields(fields)) => format.answer(fields),
        Ok(Done::Response(response)) => response,
        Err(Refusal::Server(error @ (ApiError::BadRange { .. } | ApiError::Busy(_)))) => {
            error.into_response()
        }
        Err(refusal) => format.refuse(&refusal),
    };
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    // The address has what lets one in.
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// What comes of a request.
enum Done {
    Fields(Map<String, Value>),
    Response(Response),
}

impl Players {
    async fn call(
        &self,
        name: &str,
        sent: Parameters,
        method: &Method,
        headers: &HeaderMap,
    ) -> Result<Done, Refusal> {
        if name == "getOpenSubsonicExtensions" {
            let fields = system::extensions(self.app.transcoder.is_some());
            return Ok(Done::Fields(fields));
        }
        self.account.admit(&sent)?;
        let app = Arc::clone(&self.app);
        // Reads the library if it has changed.
        let catalogue = blocking(move || app.library.catalogue()).await??;
        let call = Call::new(
            Arc::clone(&self.app),
            catalogue,
            Arc::clone(&self.shelves),
            sent,
            self.account.user().to_owned(),
        );
        let response = match name {
            "stream" => sound::stream(call, method, headers).await?,
            "download" => sound::download(call, headers).await?,
            "getCoverArt" => sound::cover(call, &self.covers).await?,
            _ => {
                let name = name.to_owned();
                return blocking(move || fields_of(&call, &name).map(Done::Fields)).await?;
            }
        };
        Ok(Done::Response(response))
    }
}

/// The methods that answer with fields. Those that list what vibelux does not have answer that there is none.
fn fields_of(call: &Call, name: &str) -> Result<Map<String, Value>, Refusal> {
    let none = |name: &str, inner: &str| Ok(field(name, json!({ inner: [] })));
    match name {
        "ping" => Ok(system::ping()),
        "getLicense" => Ok(system::license()),
        "tokenInfo" => Ok(system::token_info(call)),
        "getUser" => system::user(call),
        "getScanStatus" => Ok(system::scan_status(call)),
        "getMusicFolders" => Ok(browse::music_folders()),
        "getArtists" => Ok(browse::artists(call)),
        "getIndexes" => browse::indexes(call),
        "getArtist" => browse::artist(call),
        "getAlbum" => browse::album(call),
        "getSong" => browse::song(call),
        "getMusicDirectory" => browse::directory(call),
        "getGenres" => Ok(browse::genres(call)),
        "getAlbumList2" => lists::albums(call, "albumList2", false),
        "getAlbumList" => lists::albums(call, "albumList", true),
        "getRandomSongs" => lists::random_songs(call),
        "getSongsByGenre" => lists::songs_by_genre(call),
        "getStarred2" => Ok(lists::starred(call, "starred2", false)),
        "getStarred" => Ok(lists::starred(call, "starred", true)),
        "search3" => search::search(call, "searchResult3", false),
        "search2" => search::search(call, "searchResult2", true),
        "getSimilarSongs2" => similar::songs(call, "similarSongs2"),
        "getSimilarSongs" => similar::songs(call, "similarSongs"),
        "getSonicSimilarTracks" => similar::tracks(call),
        "findSonicPath" => similar::path(call),
        "getPlaylists" => Ok(moods::playlists(call)),
        "getPlaylist" => moods::playlist(call),
        "star" => own::star(call, true),
        "unstar" => own::star(call, false),
        "getTopSongs" => none("topSongs", "song"),
        "getNowPlaying" => none("nowPlaying", "entry"),
        // A queue that was never kept.
        "getPlayQueue" => Ok(Map::new()),
        "getBookmarks" => none("bookmarks", "bookmark"),
        "getInternetRadioStations" => none("internetRadioStations", "internetRadioStation"),
        "getPodcasts" => none("podcasts", "channel"),
        "getNewestPodcasts" => none("newestPodcasts", "episode"),
        "getShares" => none("shares", "share"),
        "getVideos" => none("videos", "video"),
        "getArtistInfo" => Ok(field("artistInfo", json!({}))),
        "getArtistInfo2" => Ok(field("artistInfo2", json!({}))),
        "getAlbumInfo" | "getAlbumInfo2" => Ok(field("albumInfo", json!({}))),
        "getLyrics" => Ok(field("lyrics", json!({}))),
        "createPlaylist" | "updatePlaylist" | "deletePlaylist" => Err(Refusal::Forbidden(
            "playlists are made here of moods, and cannot be changed",
        )),
        // A report that nobody has to act on.
        "scrobble" => Ok(Map::new()),
        "setRating" | "savePlayQueue" | "createBookmark" | "createShare" => Err(
            Refusal::Forbidden("queues, bookmarks and ratings are not kept here; a star is"),
        ),
        _ => Err(Refusal::NotFound("method")),
    }
}

/// What stands in the address, and in a form that comes with it.
async fn parameters(app: &Shared, query: &str, request: Request) -> Result<Parameters, ApiError> {
    let is_form = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    if request.method() != Method::POST || !is_form {
        return Ok(Parameters::parse(&[query]));
    }
    let body = read_body(request, app, MAX_FORM_BYTES).await?;
    let form = String::from_utf8_lossy(&body);
    Ok(Parameters::parse(&[query, &form]))
}
