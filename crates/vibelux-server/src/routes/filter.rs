//! `GET filter`: what is wrong with a filter that somebody types, and what could come next; `GET artists`: whom to choose from.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use vibelux::library::filter::complete;

use crate::blocking::blocking;
use crate::http::error::ApiError;
use crate::http::extract::ApiQuery;
use crate::library::filtered;
use crate::state::Shared;

/// More names are too many to choose from.
const MOST_ARTISTS: usize = 400;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilterQuery {
    text: String,
    cursor: Option<usize>,
}

/// Places are in UTF-16 units, as browsers count.
#[derive(Debug, Serialize)]
pub struct FilterHelp {
    mistake: Option<Mistake>,
    start: usize,
    end: usize,
    options: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Mistake {
    message: String,
    start: usize,
    end: usize,
}

#[derive(Debug, Serialize)]
pub struct Artists {
    artists: Vec<String>,
}

/// Answers `GET filter`.
pub async fn help(
    State(app): State<Shared>,
    ApiQuery(query): ApiQuery<FilterQuery>,
) -> Result<Json<FilterHelp>, ApiError> {
    blocking(move || {
        let text = query.text.as_str();
        let mistake = match filtered::parse(Some(text)) {
            Err(ApiError::Filter(error)) => Some(Mistake {
                message: error.message().to_owned(),
                start: units(text, error.place().start),
                end: units(text, error.place().end),
            }),
            _ => None,
        };
        let cursor = bytes(text, query.cursor.unwrap_or(usize::MAX));
        let completion = complete(text, cursor);
        let options = match completion.values_of {
            None => completion.options,
            Some(field) => {
                let typed = &text[completion.replaced.clone()];
                filtered::values(app.library.catalogue()?.as_ref(), field, typed)
            }
        };
        Ok(Json(FilterHelp {
            mistake,
            start: units(text, completion.replaced.start),
            end: units(text, completion.replaced.end),
            options,
        }))
    })
    .await?
}

/// Answers `GET artists`.
pub async fn artists(State(app): State<Shared>) -> Result<Json<Artists>, ApiError> {
    blocking(move || {
        let catalogue = app.library.catalogue()?;
        Ok(Json(Artists {
            artists: filtered::artists(&catalogue, MOST_ARTISTS),
        }))
    })
    .await?
}

/// A place in bytes as one in UTF-16 units.
fn units(text: &str, place: usize) -> usize {
    text.get(..place)
        .map_or(0, |before| before.encode_utf16().count())
}

/// The way back; the end of the text for a place behind it.
fn bytes(text: &str, place: usize) -> usize {
    let mut counted = 0;
    for (at, c) in text.char_indices() {
        if counted >= place {
            return at;
        }
        counted += c.len_utf16();
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_as_browsers_do() {
        let text = "aö𝄞b";
        for (in_bytes, in_units) in [(0, 0), (1, 1), (3, 2), (7, 4), (8, 5)] {
            assert_eq!(units(text, in_bytes), in_units);
            assert_eq!(bytes(text, in_units), in_bytes);
        }
        assert_eq!(bytes(text, usize::MAX), 8);
    }
}
