//! `GET`, `POST` and `DELETE scan`: songs into the library, from the page; `GET folders` where they may be.

use std::path::{Path, PathBuf};

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;

use crate::blocking::blocking;
use crate::http::error::ApiError;
use crate::http::extract::{ApiJson, ApiQuery};
use crate::library::folders::FolderList;
use crate::library::scan::{ScanState, Work};
use crate::state::Shared;

/// More folders at once are a mistake.
const MAX_FOLDERS: usize = 100;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScanRequest {
    #[serde(default)]
    folders: Vec<String>,
    #[serde(default)]
    demo: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FolderQuery {
    path: Option<String>,
}

/// Answers `GET folders`.
pub async fn folders(
    State(app): State<Shared>,
    ApiQuery(query): ApiQuery<FolderQuery>,
) -> Result<Json<FolderList>, ApiError> {
    blocking(move || match query.path {
        None => Ok(Json(app.folders.start())),
        Some(path) => app
            .folders
            .inside(Path::new(&path))
            .map(Json)
            .ok_or(ApiError::NotFound("folder that may be looked into")),
    })
    .await?
}

/// Answers `POST scan`.
pub async fn start(
    State(app): State<Shared>,
    ApiJson(request): ApiJson<ScanRequest>,
) -> Result<(StatusCode, Json<ScanState>), ApiError> {
    blocking(move || {
        let work = match (request.demo, &app.folders.demo) {
            (true, _) if !request.folders.is_empty() => {
                let message = "name folders, or ask for the demo; not both at once";
                return Err(ApiError::BadRequest(message.to_owned()));
            }
            (true, Some(folder)) => Work::Demo(folder.clone()),
            (true, None) => {
                let message = "this user has no cache folder that the demo could be composed into";
                return Err(ApiError::BadRequest(message.to_owned()));
            }
            (false, _) => Work::Folders(checked(&request.folders)?),
        };
        Ok((StatusCode::ACCEPTED, Json(app.scanner.start(work)?)))
    })
    .await?
}

/// Answers `GET scan`.
pub async fn state(State(app): State<Shared>) -> Json<ScanState> {
    Json(app.scanner.state().unwrap_or_default())
}

/// Answers `DELETE scan`. Songs in hand are finished, so it may still be running for a moment.
pub async fn stop(State(app): State<Shared>) -> Json<ScanState> {
    app.scanner.stop();
    Json(app.scanner.state().unwrap_or_default())
}

/// These paths are a client's, so they are looked at before anything is begun.
fn checked(names: &[String]) -> Result<Vec<PathBuf>, ApiError> {
    let refuse = |message: String| Err(ApiError::BadRequest(message));
    if names.is_empty() || names.len() > MAX_FOLDERS {
        return refuse(format!("name from 1 to {MAX_FOLDERS} folders"));
    }
    let mut folders = Vec::with_capacity(names.len());
    for name in names {
        let folder = at_home(name.trim());
        if !folder.is_absolute() {
            return refuse(format!(
                "write the whole path of {name:?}, such as /home/me/Music"
            ));
        }
        match std::fs::metadata(&folder) {
            Ok(metadata) if metadata.is_dir() => folders.push(folder),
            Ok(_) => {
                return refuse(format!(
                    "{name:?} is not a folder; name the folder it is in"
                ));
            }
            Err(error) => return refuse(format!("{name:?} cannot be read ({error}); check it")),
        }
    }
    Ok(folders)
}

/// `~` as a shell means it: many people write it.
fn at_home(name: &str) -> PathBuf {
    let rest = match name.strip_prefix('~') {
        Some("") => Some(""),
        Some(rest) => rest.strip_prefix(['/', '\\']),
        None => None,
    };
    match (rest, std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(Path::new(rest)),
        _ => PathBuf::from(name),
    }
}
