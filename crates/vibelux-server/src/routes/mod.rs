//! Which address does what. One file per concept; each handler is short and leaves the work to the
//! modules beside this one.

mod analyse;
mod audio;
mod audio_features;
mod filter;
mod home;
mod lan;
mod map;
mod playlist;
mod recommend;
mod scan;
mod song_json;
mod songs;
mod status;
mod taste;

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{delete, get, post, put};

use crate::http::error::ApiError;
use crate::http::{assets, compress};
use crate::security::Guard;
use crate::state::Shared;
use crate::{live, openapi, security};

/// All routes with what every request passes through on its way to them: `guard` first.
pub fn router(app: Shared, guard: Arc<Guard>) -> Router {
    // What is kept, what names files, and what was learnt of somebody.
    let of_owner = Router::new()
        .route("/songs/{id}/like", put(songs::like).delete(songs::unlike))
        .route(
            "/songs/{id}/music",
            put(songs::declare_music).delete(songs::retract_music),
        )
        .route(
            "/songs/{id}/sounds",
            put(songs::correct).delete(songs::retract_correction),
        )
        .route("/songs/{id}/heard", post(songs::heard))
        .route("/songs/{id}/not-now", post(songs::not_now))
        .route("/taste", get(taste::list).delete(taste::forget_all))
        .route("/taste/{id}/{verdict}", delete(taste::forget))
        .route("/playlist", post(playlist::playlist))
        .route(
            "/scan",
            get(scan::state).post(scan::start).delete(scan::stop),
        )
        .route("/folders", get(scan::folders))
        .route("/now", post(home::now))
        .route("/orders", get(home::orders))
        .route("/lan", get(lan::invitations))
        .route_layer(from_fn(security::owner_only));
    let api = Router::new()
        .route("/status", get(status::status))
        .route("/analyse", post(analyse::analyse))
        .route("/preview", post(analyse::preview))
        .route("/recommend", post(recommend::recommend))
        .route("/songs", get(songs::list))
        .route("/songs/{id}", get(songs::one))
        .route("/songs/{id}/curve", get(songs::curve))
        .route("/songs/{id}/cover", get(songs::cover))
        .route("/songs/{id}/audio", get(audio::audio))
        .route("/audio-features/{id}", get(audio_features::audio_features))
        .route("/map", get(map::map))
        .route("/map/song", get(map::song))
        .route("/map/matching", get(map::matching))
        .route("/artists", get(filter::artists))
        .route("/filter", get(filter::help))
        .route("/live", get(live::live))
        .route("/openapi.json", get(openapi::document))
        .merge(of_owner);
    Router::new()
        .route("/", get(assets::index))
        .route("/sw.js", get(assets::worker))
        .route("/assets/{*path}", get(assets::asset))
        .route("/vibelux.crt", get(lan::certificate))
        .route("/api/docs", get(openapi::page))
        .route("/api/docs.css", get(openapi::style))
        .nest("/api/v1", api)
        .fallback(async || ApiError::NotFound("such address"))
        .method_not_allowed_fallback(async || ApiError::WrongMethod)
        .layer(from_fn(compress::compress))
        .layer(from_fn_with_state(guard, security::guard))
        .with_state(app)
}
