//! `POST recommend`: songs for a face, a mood or a song.

use std::collections::HashSet;
use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use vibelux::emotion::EMOTION_COUNT;
use vibelux::library::{Inclusion, SongClass};
use vibelux::media;
use vibelux::recommend::{Mode, Pick, Query, QueueRequest, Way};
use vibelux::taste::{Liking, Reason};
use vibelux::{EmotionVector, by_emotion};

use super::song_json::SongJson;
use crate::blocking::blocking;
use crate::http::error::ApiError;
use crate::http::extract::ApiJson;
use crate::library::catalogue::{Catalogue, Entry};
use crate::library::filtered;
use crate::library::ranking::{Rules, queue};
use crate::library::song_id::SongId;
use crate::security::Role;
use crate::state::{App, Shared};

/// The longest queue.
const MAX_COUNT: usize = 500;

/// The longest journey, in songs; each place of it is a ranking of its own.
const MAX_JOURNEY: usize = 100;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecommendRequest {
    #[serde(default, deserialize_with = "by_emotion::option::deserialize")]
    vector: Option<EmotionVector>,
    source: Source,
    song_id: Option<SongId>,
    #[serde(default)]
    way: WayRequest,
    #[serde(default)]
    mode: ModeRequest,
    #[serde(default = "best_first")]
    strength: f64,
    #[serde(default)]
    seed: u64,
    #[serde(default = "usual_count")]
    count: usize,
    #[serde(default)]
    opening: bool,
    #[serde(default)]
    exclude: Vec<SongId>,
    #[serde(default)]
    include: Vec<SongClass>,
    filter: Option<String>,
}

fn best_first() -> f64 {
    1.0
}

fn usual_count() -> usize {
    20
}

/// Where the vector is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Source {
    Face,
    Mood,
    Song,
}

#[derive(Debug, Default, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "lowercase",
    expecting = "a way such as {\"kind\":\"match\"}, with lift, calm or journey for match"
)]
enum WayRequest {
    #[default]
    Match,
    Lift,
    Calm,
    Journey {
        #[serde(with = "by_emotion")]
        to: EmotionVector,
        #[serde(default = "usual_journey")]
        songs: usize,
    },
}

fn usual_journey() -> usize {
    10
}

#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ModeRequest {
    #[default]
    Plain,
    Centred,
}

#[derive(Debug, Serialize)]
pub struct Recommendations {
    recommendations: Vec<Recommendation>,
}

#[derive(Debug, Serialize)]
struct Recommendation {
    song: SongJson,
    cosine: f32,
    /// What each emotion contributes to the cosine.
    #[serde(serialize_with = "by_emotion::serialize")]
    why: [f32; EMOTION_COUNT],
    #[serde(serialize_with = "by_emotion::serialize")]
    target: EmotionVector,
    liking: LikingJson,
}

/// How much a song is to the listener's liking, and why.
#[derive(Debug, Serialize)]
struct LikingJson {
    score: f32,
    reason: Option<&'static str>,
}

impl LikingJson {
    fn of(liking: Liking) -> Self {
        Self {
            score: liking.score,
            reason: liking.reason.map(|reason| match reason {
                Reason::Itself => "itself",
                Reason::Artist => "artist",
                Reason::Alike => "alike",
            }),
        }
    }
}

/// Answers `POST recommend`.
pub async fn recommend(
    State(app): State<Shared>,
    Extension(role): Extension<Role>,
    ApiJson(request): ApiJson<RecommendRequest>,
) -> Result<Json<Recommendations>, ApiError> {
    let filter = filtered::parse(request.filter.as_deref())?;
    blocking(move || {
        let catalogue = app.library.catalogue()?;
        let (mode, wanted) = checked(&request, &app, &catalogue)?;
        let not_now = app.library.not_now();
        let left_out = request
            .exclude
            .iter()
            .chain(&request.song_id)
            .chain(&not_now);
        let left_out: HashSet<usize> = left_out.filter_map(|&id| catalogue.position(id)).collect();
        let include: Inclusion = request.include.iter().copied().collect();
        let table = catalogue.table();
        let likings = match role {
            Role::Owner => app.library.likings(&catalogue),
            // What the owner likes is nobody else's.
            Role::Guest => Arc::default(),
        };
        let liking = |at: usize| likings.get(at).copied().unwrap_or_default();
        let meant = filtered::meant(&catalogue, filter, role, &app.library);
        let is_allowed = |i: usize| {
            catalogue.is_had(i)
                && include.takes(table.class(i))
                && !left_out.contains(&i)
                && meant.as_ref().is_none_or(|meant| meant[i])
        };
        let allowed: Vec<bool> = (0..catalogue.len()).map(is_allowed).collect();
        let score = |i: usize| liking(i).score;
        let rules = Rules {
            allowed: &allowed,
            liking: (!likings.is_empty()).then_some(&score),
            present: &|i| media::is_at_hand(&table.path(i)),
        };
        let recommendations = queue(&catalogue, mode, &wanted, &rules)
            .iter()
            .map(|pick| recommendation(pick, liking(pick.position), &catalogue, &app, role))
            .collect();
        Ok(Json(Recommendations { recommendations }))
    })
    .await?
}

fn recommendation(
    pick: &Pick,
    liking: Liking,
    catalogue: &Catalogue,
    app: &App,
    role: Role,
) -> Recommendation {
    Recommendation {
        song: SongJson::of(catalogue.song(pick.position), app, role),
        cosine: pick.cosine,
        why: pick.contributions,
        target: pick.target,
        liking: LikingJson::of(liking),
    }
}

/// The request with everything that it leaves out, within its limits.
fn checked(
    request: &RecommendRequest,
    app: &App,
    catalogue: &Catalogue,
) -> Result<(Mode, QueueRequest), ApiError> {
    let refuse = |message: &str| Err(ApiError::BadRequest(message.to_owned()));
    if !(1..=MAX_COUNT).contains(&request.count) {
        return refuse("count must be from 1 to 500");
    }
    if !(0.0..=1.0).contains(&request.strength) {
        return refuse("strength must be from 0 (a plain shuffle) to 1 (the best first)");
    }
    let mode = match request.mode {
        ModeRequest::Plain => Mode::Plain,
        ModeRequest::Centred => Mode::Centred,
    };
    let seed_song = match request.song_id {
        Some(id) => Some(
            catalogue
                .get(id)
                .ok_or(ApiError::NotFound("song with this id"))?,
        ),
        None => None,
    };
    let (vector, reference) = match request.source {
        Source::Face => (request.vector, app.face_model.prior()),
        Source::Mood => (request.vector, None),
        Source::Song => (
            seed_song.map(Entry::vector).or(request.vector),
            catalogue.index(mode).mean(),
        ),
    };
    let Some(vector) = vector else {
        return refuse("give vector, such as {\"happy\":1}, or, for source \"song\", its song_id");
    };
    let way = match request.way {
        WayRequest::Match => Way::Match,
        WayRequest::Lift => Way::Lift,
        WayRequest::Calm => Way::Calm,
        WayRequest::Journey { to, songs } if (1..=MAX_JOURNEY).contains(&songs) => {
            Way::Journey { to, songs }
        }
        WayRequest::Journey { .. } => return refuse("a journey has from 1 to 100 songs"),
    };
    let query = Query {
        vector,
        reference: reference.unwrap_or(EmotionVector::UNIFORM),
    };
    let wanted = QueueRequest {
        way,
        strength: request.strength,
        seed: request.seed,
        opening: request.opening,
        ..QueueRequest::best(query, request.count)
    };
    Ok((mode, wanted))
}
