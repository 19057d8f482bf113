//! [`Session`]: everything that is remembered of one camera, and what it makes of the next frame.

use std::sync::Arc;
use std::time::Instant;

use vibelux::EmotionVector;
use vibelux::face::{FaceError, FaceImage, FaceQuality};
use vibelux::model::FaceModel;
use vibelux::mood::{Follow, MoodChange, MoodConfig, Reading};

use super::advice::Quality;
use super::finder::FaceFinder;
use super::frame::decode;
use super::message::{
    Answer, Baseline, Chosen, ClientMessage, FaceAnswer, FaceChoice, FaceRule, Frame, FrameTimings,
    LiveError, Rest,
};
use super::tracks::{Track, Tracks};
use crate::analysis::{Timings, seconds_since};

/// Another face must be so much larger than the chosen one to be chosen instead, or two people at the
/// same distance would take turns.
const CLEARLY_LARGER: f64 = 1.25;

/// One camera.
#[derive(Debug)]
pub struct Session {
    model: Arc<FaceModel>,
    finder: FaceFinder,
    tracks: Tracks,
    change: MoodChange,
    choice: FaceChoice,
    /// Whom the rule "largest" has chosen.
    largest: Option<u32>,
    /// When the last frame was, in seconds since the start.
    last_frame: f64,
    start: Instant,
}

impl Session {
    /// A camera that has shown nothing yet, and begins at `start`: all times are counted from it.
    ///
    /// # Errors
    /// If the program was built with a broken detector.
    pub fn new(model: Arc<FaceModel>, start: Instant) -> Result<Self, FaceError> {
        Ok(Self {
            model,
            finder: FaceFinder::new()?,
            tracks: Tracks::default(),
            change: MoodChange::default(),
            choice: FaceChoice::Rule(FaceRule::Largest),
            largest: None,
            last_frame: f64::NEG_INFINITY,
            start,
        })
    }

    /// Does as the client says.
    pub fn obey(&mut self, message: &ClientMessage) {
        let now = self.start.elapsed().as_secs_f64();
        match message {
            ClientMessage::Settings {
                face,
                temperature,
                mood_seconds,
                bars_seconds,
                expression,
            } => {
                if *face != FaceChoice::Unsaid {
                    self.choice = *face;
                }
                let config = self.tracks.config();
                let config = MoodConfig {
                    temperature: temperature.unwrap_or(config.temperature),
                    mood_seconds: mood_seconds.unwrap_or(config.mood_seconds),
                    bars_seconds: bars_seconds.unwrap_or(config.bars_seconds),
                    expression: expression.unwrap_or(config.expression),
                };
                self.tracks.configure(config);
            }
            ClientMessage::Baseline { duration_seconds } => {
                for track in self.tracks.all() {
                    track.filter.start_baseline(now, *duration_seconds);
                }
            }
            ClientMessage::ResetBaseline => {
                for track in self.tracks.all() {
                    track.filter.reset_baseline();
                }
            }
            ClientMessage::Song => self.change.begin_song(now),
        }
    }

    /// What a frame that came at `received` shows. Takes its time.
    ///
    /// # Errors
    /// [`LiveError`] if it cannot be read; the session goes on.
    pub fn look(&mut self, frame: &Frame, received: Instant) -> Result<Answer, LiveError> {
        let now = received.saturating_duration_since(self.start).as_secs_f64();
        let stage = Instant::now();
        let image = decode(frame)?;
        let decode = seconds_since(stage);

        let stage = Instant::now();
        let before = self.tracks.faces_at(self.last_frame);
        let found = self.finder.find(now, &image, &before);
        let owners = self.tracks.assign(now, &found);
        self.last_frame = now;
        let seen: Vec<u32> = owners.into_iter().flatten().collect();
        let detect = seconds_since(stage);

        let stage = Instant::now();
        let there: Vec<_> = seen
            .iter()
            .filter_map(|&id| self.tracks.get(id))
            .map(|track| track.face)
            .collect();
        let crops: Vec<_> = there.iter().map(|f| FaceImage::crop(&image, f)).collect();
        let vectors = self
            .model
            .classify_batch(&crops)
            .map_err(|error| LiveError::about(frame.sequence, "model", &error.to_string()))?;
        let qualities = crops
            .iter()
            .zip(&there)
            .map(|(c, f)| FaceQuality::of_crop(c, f).into());
        let qualities: Vec<Quality> = qualities.collect();
        let mut faces = self.read(now, &seen, &vectors, &qualities);
        let classify = seconds_since(stage);

        let mut chosen = self.choose(&faces);
        let follow = chosen
            .as_mut()
            .map_or(Follow::Stay, |chosen| self.follow(now, chosen));
        let rest = chosen
            .and_then(|chosen| chosen.track)
            .or(faces.first().map(|face| face.track));
        let rest = rest
            .and_then(|id| self.tracks.get(id))
            .map(|track| Rest::of(track.filter.rest()));
        if let Follow::Cross(_) = follow {
            for face in &mut faces {
                if let Some(track) = self.tracks.get(face.track) {
                    face.mood = track.reading(&face.vector).mood;
                }
            }
        }
        Ok(Answer {
            kind: "frame",
            sequence: frame.sequence,
            width: image.width,
            height: image.height,
            baseline: self.baseline(chosen.as_ref(), &faces),
            faces,
            chosen,
            rest,
            looking: follow == Follow::Look,
            rank: !matches!(follow, Follow::Look | Follow::Stay),
            cross: matches!(follow, Follow::Cross(_)),
            timings_seconds: FrameTimings {
                stages: Timings {
                    decode,
                    detect,
                    classify,
                },
                total: seconds_since(received),
            },
        })
    }

    /// What the music should do for the chosen mood. Where that has settled elsewhere, it is the new one at once.
    fn follow(&mut self, now: f64, chosen: &mut Chosen) -> Follow {
        let reading = Reading {
            bars: chosen.bars,
            mood: chosen.mood,
        };
        let follow = self.change.observe(now, &reading);
        if let Follow::Cross(mood) = follow {
            chosen.mood = mood;
            for track in self.tracks.all() {
                if chosen.track.is_none_or(|id| id == track.id) {
                    track.filter.settle(&mood);
                }
            }
        }
        follow
    }

    /// Feeds each face's filter, unless the face cannot be seen well.
    fn read(
        &mut self,
        now: f64,
        seen: &[u32],
        vectors: &[EmotionVector],
        qualities: &[Quality],
    ) -> Vec<FaceAnswer> {
        let mut faces = Vec::with_capacity(seen.len());
        for ((id, vector), quality) in seen.iter().zip(vectors).zip(qualities) {
            let Some(track) = self.tracks.all().iter_mut().find(|track| track.id == *id) else {
                continue;
            };
            if quality.ok {
                track.filter.update_in_part(now, vector, quality.weight());
            }
            let reading = track.reading(vector);
            faces.push(FaceAnswer {
                track: track.id,
                area: (&track.face.bounds).into(),
                vector: *vector,
                bars: reading.bars,
                mood: reading.mood,
                quality: *quality,
            });
        }
        faces
    }

    /// Whose mood counts. Somebody who has never been seen well has none yet.
    fn choose(&mut self, faces: &[FaceAnswer]) -> Option<Chosen> {
        let known: Vec<&FaceAnswer> = faces
            .iter()
            .filter(|face| self.reading_of(face.track).is_some())
            .collect();
        if let FaceChoice::Track(id) = self.choice {
            // Who has been gone for long is not waited for.
            if self.tracks.get(id).is_none() {
                self.choice = FaceChoice::Rule(FaceRule::Largest);
            } else {
                return known
                    .iter()
                    .find(|face| face.track == id)
                    .map(|face| of(face));
            }
        }
        if self.choice == FaceChoice::Rule(FaceRule::Mean) {
            let bars = EmotionVector::mean(known.iter().map(|face| &face.bars));
            let mood = EmotionVector::mean(known.iter().map(|face| &face.mood));
            return Some(Chosen {
                track: None,
                bars: bars?,
                mood: mood?,
            });
        }
        let side = |face: &FaceAnswer| f64::from(face.quality.measured.side_px);
        let largest = known.iter().max_by(|a, b| side(a).total_cmp(&side(b)))?;
        let kept = known
            .iter()
            .find(|face| Some(face.track) == self.largest)
            .filter(|kept| side(kept) * CLEARLY_LARGER >= side(largest));
        let chosen = kept.unwrap_or(largest);
        self.largest = Some(chosen.track);
        Some(of(chosen))
    }

    fn reading_of(&self, id: u32) -> Option<&Track> {
        let track = self.tracks.get(id)?;
        track.filter.reading().is_some().then_some(track)
    }

    /// Whether the resting face of the chosen one is known; without a chosen one, of anybody there.
    fn baseline(&self, chosen: Option<&Chosen>, faces: &[FaceAnswer]) -> Baseline {
        let chosen = chosen.and_then(|chosen| chosen.track);
        let tracks = faces
            .iter()
            .map(|face| face.track)
            .filter(|id| chosen.is_none_or(|chosen| chosen == *id))
            .filter_map(|id| self.tracks.get(id));
        let mut baseline = Baseline::None;
        for track in tracks {
            if track.filter.is_taking_baseline() {
                return Baseline::Taking;
            }
            baseline = match track.filter.rest() {
                rest if rest.is_shown() => Baseline::Set,
                rest if rest.certainty() > 0.0 && baseline == Baseline::None => Baseline::Learnt,
                _ => baseline,
            };
        }
        baseline
    }
}

fn of(face: &FaceAnswer) -> Chosen {
    Chosen {
        track: Some(face.track),
        bars: face.bars,
        mood: face.mood,
    }
}
