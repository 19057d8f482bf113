//! Voices: what one note of an instrument is made of.
//!
//! A melodic voice reads two wavetables, a bright and a dull one, and fades from the first to the
//! second as a struck or plucked body does; drums are swept sines and filtered noise.

use std::f64::consts::TAU;
use std::sync::OnceLock;

/// The instruments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Timbre {
    Piano,
    Pluck,
    Marimba,
    Flute,
    Strings,
    /// Strings that tremble.
    Tremolo,
    Organ,
    Guitar,
    Bass,
    Kick,
    Snare,
    Hat,
    Crash,
}

/// The numbers behind a melodic timbre.
#[derive(Debug, Clone, Copy)]
pub struct Voice {
    /// Partial k has amplitude k^-bright at the attack.
    pub bright: f64,
    /// And k^-dull later.
    pub dull: f64,
    /// Amplitude of even partials: 0 hollow, 1 full.
    pub even: f64,
    pub attack_seconds: f64,
    /// Time constant of the fall to `sustain`.
    pub decay_seconds: f64,
    /// Level of a held note, 0..=1; 0 for struck ones.
    pub sustain: f64,
    pub release_seconds: f64,
    pub vibrato_cents: f64,
    /// Depth of amplitude tremolo, 0..=1.
    pub tremolo: f64,
    /// Breath or bow noise relative to the tone.
    pub noise: f64,
    /// Half the distance of the two outer voices of three; 0 is a single voice.
    pub unison_cents: f64,
}

const STRUCK: Voice = Voice {
    bright: 1.25,
    dull: 2.4,
    even: 0.9,
    attack_seconds: 0.004,
    decay_seconds: 0.9,
    sustain: 0.0,
    release_seconds: 0.12,
    vibrato_cents: 0.0,
    tremolo: 0.0,
    noise: 0.0,
    unison_cents: 0.0,
};

const BLOWN: Voice = Voice {
    bright: 2.2,
    dull: 2.6,
    even: 0.5,
    attack_seconds: 0.06,
    decay_seconds: 0.3,
    sustain: 0.85,
    release_seconds: 0.14,
    vibrato_cents: 9.0,
    noise: 0.025,
    ..STRUCK
};

const BOWED: Voice = Voice {
    bright: 1.35,
    dull: 1.6,
    even: 1.0,
    attack_seconds: 0.16,
    decay_seconds: 0.6,
    sustain: 0.9,
    release_seconds: 0.35,
    vibrato_cents: 10.0,
    unison_cents: 6.0,
    ..STRUCK
};

const SAW: Voice = Voice {
    bright: 0.95,
    dull: 1.05,
    even: 1.0,
    attack_seconds: 0.003,
    decay_seconds: 0.5,
    sustain: 0.8,
    release_seconds: 0.05,
    unison_cents: 11.0,
    ..STRUCK
};

impl Timbre {
    /// The voice of a melodic timbre; `None` for drums.
    pub const fn voice(self) -> Option<Voice> {
        Some(match self {
            Self::Piano => Voice {
                unison_cents: 1.2,
                ..STRUCK
            },
            Self::Pluck => Voice {
                bright: 1.0,
                dull: 2.0,
                decay_seconds: 0.28,
                ..STRUCK
            },
            Self::Marimba => Voice {
                bright: 1.9,
                dull: 3.5,
                even: 0.35,
                attack_seconds: 0.002,
                decay_seconds: 0.22,
                ..STRUCK
            },
            Self::Flute => BLOWN,
            Self::Strings => BOWED,
            Self::Tremolo => Voice {
                attack_seconds: 0.02,
                release_seconds: 0.1,
                tremolo: 0.7,
                bright: 1.2,
                ..BOWED
            },
            Self::Organ => Voice {
                bright: 1.3,
                dull: 1.3,
                even: 0.3,
                attack_seconds: 0.05,
                sustain: 0.9,
                vibrato_cents: 26.0,
                unison_cents: 17.0,
                ..BLOWN
            },
            Self::Guitar => Voice {
                decay_seconds: 0.35,
                sustain: 0.4,
                ..SAW
            },
            Self::Bass => Voice {
                bright: 1.5,
                dull: 2.2,
                decay_seconds: 0.8,
                sustain: 0.35,
                release_seconds: 0.08,
                ..STRUCK
            },
            Self::Kick | Self::Snare | Self::Hat | Self::Crash => return None,
        })
    }
}

/// Samples in one period; a power of two, so that the phase wraps by masking.
pub const TABLE_LENGTH: usize = 2048;

/// One period of a sum of sine partials `amplitude(k) sin(k x)`, k = 1..=count, at unit RMS.
pub fn wavetable(count: usize, amplitude: impl Fn(usize) -> f64) -> Vec<f32> {
    static SINE: OnceLock<Vec<f64>> = OnceLock::new();
    let sine = SINE.get_or_init(|| {
        (0..TABLE_LENGTH)
            .map(|i| (TAU * i as f64 / TABLE_LENGTH as f64).sin())
            .collect()
    });
    let mut table = vec![0.0_f64; TABLE_LENGTH];
    let mut power = 0.0;
    for k in 1..=count.min(TABLE_LENGTH / 4) {
        let level = amplitude(k);
        power += level * level / 2.0;
        for (i, sample) in table.iter_mut().enumerate() {
            *sample += level * sine[(k * i) & (TABLE_LENGTH - 1)];
        }
    }
    let scale = if power > 0.0 {
        power.sqrt().recip()
    } else {
        0.0
    };
    table.into_iter().map(|v| (v * scale) as f32).collect()
}
