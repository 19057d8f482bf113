//! What learning a person's face at rest is worth: sequences made of the readings of real faces that rest for most of the
//! time and express something now and then, faintly or strongly.

#![allow(clippy::unwrap_used)] // A helper of a test may fail like the test itself.

mod fer2013;

use std::path::PathBuf;

use vibelux::face::{FaceImage, load_picture};
use vibelux::model::FaceModel;
use vibelux::mood::{Follow, MoodChange, MoodConfig, MoodFilter};
use vibelux::recommend::{Mode, Query, SongIndex};
use vibelux::{Emotion, EmotionVector};

const FRAME_SECONDS: f64 = 0.1;
const SECONDS: f64 = 90.0;
/// What comes before is the time in which the face is learnt.
const LEARNT_SECONDS: f64 = 30.0;
/// An expression lasts so long, and after that the face rests for so long: 70 % of the time.
const EXPRESSES_SECONDS: f64 = 4.5;
const RESTS_SECONDS: f64 = 10.5;
/// How far the way from the face at rest to the expression is gone.
const STRENGTHS: [f32; 4] = [0.3, 0.5, 0.75, 1.0];
const PERSONS: usize = 12;
const SHOWN: [Emotion; 5] = [
    Emotion::Angry,
    Emotion::Fearful,
    Emotion::Happy,
    Emotion::Sad,
    Emotion::Surprised,
];

/// The readings of the first faces of a class, by name; none and a loud line where there are no pictures.
fn readings(model: &FaceModel, class: &str) -> Vec<EmotionVector> {
    let Some(fer2013) = fer2013::folder() else {
        return Vec::new();
    };
    let listed = std::fs::read_dir(fer2013.join("validation").join(class)).unwrap();
    let mut paths: Vec<PathBuf> = listed.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let crops: Vec<FaceImage> = paths
        .iter()
        .take(3 * PERSONS)
        .map(|path| FaceImage::whole(&load_picture(path).unwrap()))
        .collect();
    model.classify_batch(&crops).unwrap()
}

/// Chance that is the same everywhere (a linear congruential generator), about normal.
struct Chance(u64);

impl Chance {
    fn normal(&mut self) -> f32 {
        let sum: f64 = (0..4)
            .map(|_| {
                self.0 = self.0.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(1);
                (self.0 >> 33) as f64 / f64::from(1_u32 << 31) - 0.5
            })
            .sum();
        (sum * 3.0_f64.sqrt()) as f32
    }
}

fn logs(vector: &EmotionVector) -> [f32; 7] {
    vector.values().map(|share| share.max(1e-3).ln())
}

/// A face that goes part of the way to an expression and back, as a camera sees it: some noise in every frame, some that
/// lasts a second.
fn sequence(
    rest: &EmotionVector,
    shown: &EmotionVector,
    strength: f32,
    seed: u64,
) -> Vec<(f64, EmotionVector)> {
    let (rest, shown) = (logs(rest), logs(shown));
    let mut chance = Chance(seed);
    let mut slow = [0.0_f32; 7];
    let mut share = 0.0_f32;
    (0..(SECONDS / FRAME_SECONDS) as u32)
        .map(|i| {
            let at = f64::from(i) * FRAME_SECONDS;
            let resting = at % (RESTS_SECONDS + EXPRESSES_SECONDS) < RESTS_SECONDS;
            // A face takes half a second to change.
            let goal = if resting { 0.0 } else { strength };
            share += (goal - share).clamp(-0.2, 0.2);
            let logits = std::array::from_fn(|e| {
                slow[e] = 0.9 * slow[e] + 0.15 * chance.normal();
                rest[e] + share * (shown[e] - rest[e]) + slow[e] + 0.4 * chance.normal()
            });
            (at, EmotionVector::from_logits(logits, 1.0).unwrap())
        })
        .collect()
}

/// A hundred invented songs of each emotion, as unsure as the music model's vectors.
fn songs() -> Vec<EmotionVector> {
    let mut chance = Chance(7);
    let mut song = |emotion: Emotion| {
        let logits = std::array::from_fn(|e| {
            let own = if e == emotion.index() { 1.6 } else { 0.0 };
            own + 0.6 * chance.normal()
        });
        EmotionVector::from_logits(logits, 1.0).unwrap()
    };
    Emotion::ALL
        .iter()
        .flat_map(|&emotion| [emotion; 100])
        .map(&mut song)
        .collect()
}

#[derive(Debug, Default, Clone, Copy)]
struct Outcome {
    /// The share of ten recommended songs that are mostly what was shown, after the time of learning.
    carried: f64,
    /// Changes of the strongest emotion a minute, in the mood and in the bars.
    mood_flicker: f64,
    bars_flicker: f64,
    /// New rankings a minute.
    ranked: f64,
}

fn follow(
    expression: f32,
    frames: &[(f64, EmotionVector)],
    shown: Emotion,
    index: &SongIndex,
    songs: &[EmotionVector],
) -> Outcome {
    let mut filter = MoodFilter::new(MoodConfig {
        expression,
        ..MoodConfig::default()
    });
    let mut change = MoodChange::default();
    let mut outcome = Outcome::default();
    let mut before: Option<(Emotion, Emotion)> = None;
    let mut asked = 0.0;
    for (i, (at, vector)) in frames.iter().enumerate() {
        let reading = filter.update(*at, vector);
        let follow = change.observe(*at, &reading);
        if *at < LEARNT_SECONDS {
            continue;
        }
        let now = (reading.mood.strongest(), reading.bars.strongest());
        if let Some(before) = before {
            outcome.mood_flicker += f64::from(u8::from(before.0 != now.0));
            outcome.bars_flicker += f64::from(u8::from(before.1 != now.1));
        }
        before = Some(now);
        outcome.ranked += f64::from(u8::from(follow == Follow::Rank));
        // A song ends somewhere, and the next is chosen.
        if i % 50 == 0 {
            let query = Query {
                vector: reading.mood,
                reference: EmotionVector::UNIFORM,
            };
            let best = index.top_k(&query, 10);
            let carrying = best.iter().filter(|r| songs[r.index].strongest() == shown);
            outcome.carried += carrying.count() as f64 / 10.0;
            asked += 1.0;
        }
    }
    let minutes = (SECONDS - LEARNT_SECONDS) / 60.0;
    Outcome {
        carried: outcome.carried / asked,
        mood_flicker: outcome.mood_flicker / minutes,
        bars_flicker: outcome.bars_flicker / minutes,
        ranked: outcome.ranked / minutes,
    }
}

#[test]
fn songs_carry_what_a_face_shows_that_rests_for_most_of_the_time() {
    let model = FaceModel::shipped().unwrap();
    let resting: Vec<EmotionVector> = readings(&model, "neutral");
    if resting.is_empty() {
        return;
    }
    let songs = songs();
    let index = SongIndex::new(songs.as_slice(), Mode::Plain);
    println!(
        "strength: carried, mood's and bars' changes, rankings a minute: plain -> with the face at rest"
    );
    let (mut all_plain, mut all_known) = (Outcome::default(), Outcome::default());
    for strength in STRENGTHS {
        let (mut plain, mut known) = (Outcome::default(), Outcome::default());
        let mut count = 0.0;
        for shown in SHOWN {
            // Faces that the model reads as what they are called: this is about time, not about its mistakes.
            let faces = readings(&model, shown.name());
            let faces = faces.iter().filter(|face| face.strongest() == shown);
            for (seed, (rest, face)) in (0_u64..).zip(resting.iter().zip(faces).take(PERSONS)) {
                let frames = sequence(rest, face, strength, seed);
                for (sum, expression) in [(&mut plain, 0.0), (&mut known, 1.0)] {
                    let outcome = follow(expression, &frames, shown, &index, &songs);
                    sum.carried += outcome.carried;
                    sum.mood_flicker += outcome.mood_flicker;
                    sum.bars_flicker += outcome.bars_flicker;
                    sum.ranked += outcome.ranked;
                }
                count += 1.0;
            }
        }
        for (sum, all) in [(&mut plain, &mut all_plain), (&mut known, &mut all_known)] {
            for (value, all) in [
                (&mut sum.carried, &mut all.carried),
                (&mut sum.mood_flicker, &mut all.mood_flicker),
                (&mut sum.bars_flicker, &mut all.bars_flicker),
                (&mut sum.ranked, &mut all.ranked),
            ] {
                *value /= count;
                *all += *value / STRENGTHS.len() as f64;
            }
        }
        println!("{strength}: {plain:.2?} -> {known:.2?}");
    }
    println!("all: {all_plain:.2?} -> {all_known:.2?}");
    assert!(all_known.carried >= 1.5 * all_plain.carried);
    assert!(all_known.mood_flicker <= all_plain.mood_flicker + 0.5);
}
