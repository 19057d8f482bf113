//! Which address does what. One file per concept; each handler is short and leaves the work to the
//! modules beside this one.

mod analyse;
mod audio;
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
use crate::state::Shared;
use crate::{live, openapi, security};

/// All routes with what every request passes through on its way to them.
pub fn router(app: Shared) -> Router {
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
        .route("/map", get(map::map))
        .route(
            "/scan",
            get(scan::state).post(scan::start).delete(scan::stop),
        )
        .route("/live", get(live::live))
        .route("/openapi.json", get(openapi::document));
    Router::new()
        .route("/", get(assets::index))
        .route("/assets/{*path}", get(assets::asset))
        .route("/api/docs", get(openapi::page))
        .route("/api/docs.css", get(openapi::style))
        .nest("/api/v1", api)
        .fallback(async || ApiError::NotFound("such address"))
        .method_not_allowed_fallback(async || ApiError::WrongMethod)
        .layer(from_fn(compress::compress))
        .layer(from_fn_with_state(Arc::clone(&app.guard), security::guard))
        .with_state(app)
}
