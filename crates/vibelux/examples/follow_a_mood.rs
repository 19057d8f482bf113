//! From the readings of many frames to a mood, and to the moments at which the music should change.
//!
//! ```text
//! cargo run --release -p vibelux --example follow_a_mood
//! ```
//!
//! The frames are made up: a face that is neutral, twitches once, and then smiles for good.

use vibelux::EmotionVector;
use vibelux::mood::{Follow, MoodChange, MoodConfig, MoodFilter};

const FRAMES_PER_SECOND: f64 = 10.0;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let neutral: EmotionVector = "neutral=0.9,sad=0.1".parse()?;
    let happy: EmotionVector = "happy=0.9,surprised=0.1".parse()?;

    // The filter keeps two means: a quick one for the eye, a slow one for the music.
    let mut filter = MoodFilter::new(MoodConfig::default());
    // It says when the mood has really become another, which a twitch does not make it.
    let mut change = MoodChange::default();

    for frame in 0..600 {
        // Time comes from outside, so a recording can be followed as well as a camera.
        let seconds = f64::from(frame) / FRAMES_PER_SECOND;
        let smiles = frame == 100 || frame > 200;
        let reading = filter.update(seconds, if smiles { &happy } else { &neutral });
        match change.observe(seconds, &reading) {
            Follow::Look | Follow::Stay => {}
            Follow::Rank => println!("{seconds:5.1} s: songs for {}", reading.mood.strongest()),
            // Only while a song is young, which `change.begin_song` says.
            Follow::Cross(mood) => {
                println!("{seconds:5.1} s: at once, one for {}", mood.strongest());
            }
        }
    }
    Ok(())
}
