//! A small room: Schroeder's reverberator (1962) with Moorer's damped combs (1979).

use super::stereo::Frame;

/// Delays in seconds; without common factors, so that their echoes do not pile up.
const COMB_SECONDS: [f64; 4] = [0.029_7, 0.037_1, 0.041_1, 0.043_7];
const ALLPASS_SECONDS: [f64; 2] = [0.005_0, 0.001_7];
/// The right side's delays are longer by this much, which makes the room wide.
const STEREO_SECONDS: f64 = 0.000_61;
const FEEDBACK: f32 = 0.80;
const DAMPING: f32 = 0.35;

/// A ring of past samples.
struct Delay {
    ring: Vec<f32>,
    at: usize,
}

impl Delay {
    fn new(seconds: f64, rate: f64) -> Self {
        Self {
            ring: vec![0.0; ((seconds * rate) as usize).max(1)],
            at: 0,
        }
    }

    fn oldest(&self) -> f32 {
        self.ring[self.at]
    }

    fn push(&mut self, v: f32) {
        self.ring[self.at] = v;
        self.at += 1;
        if self.at == self.ring.len() {
            self.at = 0;
        }
    }
}

struct Room {
    combs: Vec<(Delay, f32)>,
    allpasses: Vec<Delay>,
}

impl Room {
    fn new(extra_seconds: f64, rate: f64) -> Self {
        let delay = |s: &f64| Delay::new(s + extra_seconds, rate);
        Self {
            combs: COMB_SECONDS.iter().map(|s| (delay(s), 0.0)).collect(),
            allpasses: ALLPASS_SECONDS.iter().map(delay).collect(),
        }
    }

    fn process(&mut self, input: f32) -> f32 {
        let mut sum = 0.0;
        for (delay, low) in &mut self.combs {
            let echo = delay.oldest();
            *low = echo + DAMPING * (*low - echo);
            delay.push(input + FEEDBACK * *low);
            sum += echo;
        }
        for delay in &mut self.allpasses {
            let echo = delay.oldest();
            let through = echo - 0.5 * sum;
            delay.push(sum + 0.5 * through);
            sum = through;
        }
        sum * 0.25
    }
}

/// Mixes reverberation into `frames`; `share` 0 is dry, 1 is only the room.
pub fn add(frames: &mut [Frame], share: f32, rate: f64) {
    let mut rooms = [Room::new(0.0, rate), Room::new(STEREO_SECONDS, rate)];
    for frame in frames {
        let input = 0.5 * (frame[0] + frame[1]);
        for (v, room) in frame.iter_mut().zip(&mut rooms) {
            *v = *v * (1.0 - share) + room.process(input) * 2.0 * share;
        }
    }
}
