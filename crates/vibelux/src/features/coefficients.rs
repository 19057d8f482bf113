//! The numbers that were fitted, by `scripts/research/fit_audio_features.py`, which writes this file.
//!
//! - Key: 24-way softmax on game music of VGMIDI, rendered from MIDI, whose key signatures and notes say the key.
//! - Confidence of the tempo: logistic, on the pieces of VGMIDI whose notes lie on the grid of their tempo, and on 192 pieces
//!   of `compose`.
//! - Energy and valence: logistic, on the quadrants of 720 clips of Panda, Malheiro and Paiva (2018); valence from the
//!   vectors of music models that had not heard the clip, with mode and tempo.

use super::chroma::CLASSES;
use super::logistic::Logistic;

/// Weights of the pitch classes above the tonic, and what major has ahead of minor.
pub(super) struct KeyProfiles {
    /// Minor, then major; the tonic first.
    pub(super) profiles: [[f32; CLASSES]; 2],
    pub(super) major: f32,
}

pub(super) const KEY: KeyProfiles = KeyProfiles {
    profiles: [
        [
            3.501627,
            -1.6911806,
            0.8821722,
            1.0576513,
            -1.0000648,
            -0.2886506,
            -0.88472193,
            1.2035522,
            0.015066971,
            -1.9961821,
            -0.4182384,
            -0.38103175,
        ],
        [
            2.806862,
            -1.6504991,
            -0.018296542,
            -1.478509,
            1.2670549,
            0.77586776,
            -1.6102502,
            1.9864148,
            -0.94000626,
            -0.1106198,
            -1.707899,
            0.67988056,
        ],
    ],
    major: -0.8001612,
};

/// Of the strength of a tempo.
pub(super) const TEMPO_CONFIDENCE: Logistic<1> = Logistic {
    weights: [4.5047483],
    bias: 0.3899927,
};

/// Of dynamics and tonality, in the order of `energy.rs`.
pub(super) const ENERGY: Logistic<13> = Logistic {
    weights: [
        -0.045337,
        1.3249702,
        -0.21908411,
        0.6860115,
        -3.7470992,
        0.076165825,
        -0.038392857,
        0.032857697,
        0.06445893,
        0.06690364,
        0.054146245,
        0.046070088,
        0.025709612,
    ],
    bias: 4.142981,
};

/// Of the emotion vector, the probability of major, and octaves above 120 beats per minute.
pub(super) const VALENCE: Logistic<9> = Logistic {
    weights: [
        -1.5960383, -6.0449414, -5.982081, 2.8980026, 1.3319265, -1.8819903, 13.084336, 1.9447672,
        0.52903265,
    ],
    bias: -1.6724066,
};
