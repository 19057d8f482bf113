//! `POST now` and `GET orders`: the page and home automation, where that is on.

use std::borrow::Cow;
use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::Stream;
use futures_util::stream::unfold;
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use vibelux::{EmotionVector, by_emotion};

use crate::home::{HomeAccess, Now, NowSong, Order};
use crate::http::error::ApiError;
use crate::http::extract::ApiJson;
use crate::library::song_id::SongId;
use crate::routes::songs::with_song;
use crate::state::Shared;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NowRequest {
    #[serde(default, deserialize_with = "by_emotion::option::deserialize")]
    mood: Option<EmotionVector>,
    song_id: Option<SongId>,
}

/// An order as the page reads it.
#[derive(Debug, Serialize)]
#[serde(tag = "order", rename_all = "lowercase")]
enum OrderJson {
    Play {
        #[serde(serialize_with = "by_emotion::option::serialize")]
        mood: Option<EmotionVector>,
    },
    Pause,
    Next,
}

impl From<Order> for OrderJson {
    fn from(order: Order) -> Self {
        match order {
            Order::Play(mood) => Self::Play { mood },
            Order::Pause => Self::Pause,
            Order::Next => Self::Next,
        }
    }
}

const NO_HOME: ApiError = ApiError::NotFound("home automation (vibelux serve --mqtt)");

/// Answers `POST now`.
pub async fn now(
    State(app): State<Shared>,
    ApiJson(request): ApiJson<NowRequest>,
) -> Result<StatusCode, ApiError> {
    let home = app.home.clone().ok_or(NO_HOME)?;
    let song = match request.song_id {
        Some(id) => {
            let named = with_song(app, id, |_, _, song| {
                Ok(NowSong {
                    title: song.title().into_owned(),
                    artist: song.artist().map(Cow::into_owned),
                })
            });
            // One that has left the library while it plays is not named; the mood is.
            named.await.ok()
        }
        None => None,
    };
    let mood = request.mood;
    home.home.tell(&Now { mood, song });
    Ok(StatusCode::NO_CONTENT)
}

/// A page that listens.
struct Page {
    listener: Receiver<Order>,
    /// Goes after the listener, so that of two pages that go at once the later one is the last.
    _leaving: Leaving,
}

struct Leaving(Arc<HomeAccess>);

impl Drop for Leaving {
    /// With the last page mood and song are gone.
    fn drop(&mut self) {
        if self.0.orders.pages() == 0 {
            self.0.home.tell(&Now::default());
        }
    }
}

/// Answers `GET orders`: each as a server-sent event, until the page or the server ends it.
pub async fn orders(
    State(app): State<Shared>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, ApiError> {
    let home = app.home.clone().ok_or(NO_HOME)?;
    let page = Page {
        listener: home.orders.listen(),
        _leaving: Leaving(home),
    };
    let stopping = app.stopping.clone();
    let events = unfold((page, stopping), |(mut page, mut stopping)| async move {
        loop {
            let order = tokio::select! {
                _ = stopping.wait_for(|stopping| *stopping) => return None,
                order = page.listener.recv() => order,
            };
            match order {
                Ok(order) => {
                    let event = Event::default().json_data(OrderJson::from(order));
                    // Names and numbers are always JSON.
                    let event = event.unwrap_or_default();
                    return Some((Ok(event), (page, stopping)));
                }
                // The latest ones count.
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}
