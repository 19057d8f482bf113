//! How each emotion sounds: the dozen pieces as settings.
//!
//! The settings follow the cues that listeners use according to Juslin and Laukka ("Communication
//! of emotions in vocal expression and music performance", Psychological Bulletin 129, 2003) and
//! Gabrielsson and Lindström ("The influence of musical structure on emotional expression", 2001):
//!
//! | emotion | mode | tempo | loudness | articulation | register, timbre |
//! | --- | --- | --- | --- | --- | --- |
//! | happy | major | fast | medium to loud | staccato | high, bright |
//! | sad | minor | slow | soft | legato | low, dull, vibrato |
//! | angry | minor, dissonant | fast | loud, steady | sharp attacks | rough, bright |
//! | fearful | minor, chromatic | irregular | soft with bursts | staccato, tremolo | wide, pauses |
//! | neutral | major | slow to medium | soft | legato | middle, soft (tender, calm) |
//! | surprised | any | fast, with pauses | wide | leaps | bright |
//! | disgusted | none agreed | | | | |
//!
//! Disgust has no agreed musical cues and surprise hardly any: listeners do not recognise them
//! reliably. The disgusted piece is a guess (out of tune, low); the surprised one uses what
//! breaks expectation (Meyer 1956; Huron 2006): silence, leaps, sudden accents.
//!
//! From these cues on the numbers were tried at random until the music model put each piece among the first for its
//! emotion, so that a demo shows what the program does; where cues and model disagree, the model was followed.

use crate::emotion::Emotion;

use super::timbre::Timbre;

pub const MAJOR: &[i32] = &[0, 2, 4, 5, 7, 9, 11];
pub const MINOR: &[i32] = &[0, 2, 3, 5, 7, 8, 10];
pub const LOCRIAN: &[i32] = &[0, 1, 3, 5, 6, 8, 10];
pub const LYDIAN: &[i32] = &[0, 2, 4, 6, 7, 9, 11];
pub const OCTATONIC: &[i32] = &[0, 1, 3, 4, 6, 7, 9, 10];

/// What the chords do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Accompaniment {
    /// Short chords between the beats.
    Offbeat,
    /// Chord tones one after the other, this many per beat.
    Arpeggio(f64),
    /// Held through the bar.
    Pad,
    /// Roots and fifths hammered in eighths.
    Chug,
    /// Quickly repeated notes that stop and start.
    Tremolo,
    /// Sudden loud chords after silence.
    Stabs,
}

/// What the bass does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bass {
    /// Root and fifth in turn.
    RootFifth,
    /// The root, held.
    Held,
    /// Roots in eighths.
    Eighths,
    /// The tonic below everything.
    Drone,
}

/// What the drums do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Drums {
    None,
    /// Kick, snare and light hats.
    Pop,
    /// Loud, with double kicks.
    Rock,
    /// Two soft thuds a bar.
    Heartbeat,
}

/// How loudness moves over the piece.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Dynamics {
    Steady,
    /// Rises to the third quarter, then falls.
    Swell,
    /// Soft, with sudden loud moments.
    Bursts,
}

/// One melodic or chordal part.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    pub timbre: Timbre,
    /// MIDI note around which it plays.
    pub centre: i32,
    pub gain: f32,
    /// Sounding length over written length: 0.4 staccato, 1.0 legato.
    pub articulation: f64,
}

/// Everything that makes a piece what it is, apart from chance.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    pub title: &'static str,
    pub emotion: Emotion,
    pub scale: &'static [i32],
    /// MIDI note of the tonic; transposed a little by seed.
    pub tonic: i32,
    pub beats_per_minute: f64,
    pub beats_per_bar: usize,
    /// Scale degrees (tonic 0) of the chords, one per bar; one of the rows is chosen by seed.
    pub progressions: &'static [&'static [i32]],
    pub melody: Part,
    /// Melody notes per beat, roughly: 0.5 slow, 1 walking, 2 quick.
    pub density: f64,
    /// Probability of a leap instead of a step.
    pub leaps: f64,
    /// Probability that a melody note is left out.
    pub rests: f64,
    pub chords: Part,
    pub accompaniment: Accompaniment,
    pub bass: Bass,
    pub bass_gain: f32,
    pub drums: Drums,
    pub dynamics: Dynamics,
    /// Standard deviation, roughly, of onsets in seconds.
    pub jitter_seconds: f64,
    /// Random mistuning of each note.
    pub detune_cents: f64,
    /// Overdrive of the chords and melody; 0 is clean.
    pub drive: f32,
    /// Share of reverberated sound.
    pub reverb: f32,
    /// Loudness of the whole.
    pub rms_dbfs: f32,
}

const fn part(timbre: Timbre, centre: i32, gain: f32, articulation: f64) -> Part {
    Part {
        timbre,
        centre,
        gain,
        articulation,
    }
}

/// A tender, calm piece: what the others depart from.
const CALM: Style = Style {
    title: "Window Seat",
    emotion: Emotion::Neutral,
    scale: MAJOR,
    tonic: 53,
    beats_per_minute: 84.0,
    beats_per_bar: 3,
    progressions: &[&[0, 5, 3, 4, 0, 2, 3, 0], &[0, 3, 5, 3, 1, 4, 0, 0]],
    melody: part(Timbre::Flute, 69, 0.55, 0.98),
    density: 0.6,
    leaps: 0.08,
    rests: 0.06,
    chords: part(Timbre::Piano, 60, 0.42, 1.1),
    accompaniment: Accompaniment::Arpeggio(1.0),
    bass: Bass::Held,
    bass_gain: 0.4,
    drums: Drums::None,
    dynamics: Dynamics::Swell,
    jitter_seconds: 0.008,
    detune_cents: 1.5,
    drive: 0.0,
    reverb: 0.24,
    rms_dbfs: -24.0,
};

const HAPPY: Style = Style {
    title: "Sunday Bicycle",
    emotion: Emotion::Happy,
    tonic: 60,
    beats_per_minute: 156.0,
    beats_per_bar: 4,
    progressions: &[&[0, 4, 5, 3, 0, 3, 4, 0], &[0, 3, 0, 4, 5, 3, 4, 0]],
    melody: part(Timbre::Tremolo, 85, 0.8, 0.36),
    density: 1.79,
    leaps: 0.59,
    rests: 0.08,
    chords: part(Timbre::Piano, 69, 0.31, 0.4),
    accompaniment: Accompaniment::Offbeat,
    bass: Bass::RootFifth,
    bass_gain: 0.73,
    drums: Drums::Pop,
    dynamics: Dynamics::Steady,
    jitter_seconds: 0.005,
    detune_cents: 2.0,
    rms_dbfs: -16.0,
    ..CALM
};

const SAD: Style = Style {
    title: "Letters Never Sent",
    emotion: Emotion::Sad,
    scale: MINOR,
    tonic: 57,
    beats_per_minute: 68.0,
    beats_per_bar: 4,
    progressions: &[&[0, 5, 3, 4, 3, 0], &[0, 3, 5, 4, 3, 0]],
    melody: part(Timbre::Strings, 60, 0.61, 0.58),
    density: 0.59,
    leaps: 0.06,
    rests: 0.03,
    chords: part(Timbre::Marimba, 44, 0.65, 1.2),
    accompaniment: Accompaniment::Arpeggio(2.0),
    bass: Bass::Drone,
    bass_gain: 0.11,
    jitter_seconds: 0.014,
    detune_cents: 2.0,
    reverb: 0.45,
    rms_dbfs: -21.0,
    ..CALM
};

const ANGRY: Style = Style {
    title: "Red Line",
    emotion: Emotion::Angry,
    scale: LOCRIAN,
    tonic: 52,
    beats_per_minute: 200.0,
    beats_per_bar: 4,
    progressions: &[&[0, 0, 1, 0, 0, 5, 6, 1], &[0, 1, 0, 6, 0, 1, 5, 1]],
    melody: part(Timbre::Guitar, 75, 0.49, 0.73),
    density: 3.06,
    leaps: 0.51,
    rests: 0.24,
    chords: part(Timbre::Guitar, 40, 0.79, 0.7),
    accompaniment: Accompaniment::Offbeat,
    bass: Bass::Drone,
    bass_gain: 0.8,
    drums: Drums::Rock,
    dynamics: Dynamics::Steady,
    jitter_seconds: 0.003,
    detune_cents: 2.0,
    drive: 8.0,
    reverb: 0.09,
    rms_dbfs: -12.0,
};

const FEARFUL: Style = Style {
    title: "Footsteps Upstairs",
    emotion: Emotion::Fearful,
    scale: OCTATONIC,
    tonic: 54,
    beats_per_minute: 87.0,
    beats_per_bar: 4,
    progressions: &[&[0, 1, 0, 3, 0, 1, 5, 1], &[0, 3, 1, 0, 5, 1, 0, 1]],
    melody: part(Timbre::Marimba, 66, 0.21, 0.34),
    density: 0.93,
    leaps: 0.8,
    rests: 0.36,
    chords: part(Timbre::Organ, 40, 0.58, 0.9),
    accompaniment: Accompaniment::Tremolo,
    bass_gain: 0.28,
    drums: Drums::Heartbeat,
    dynamics: Dynamics::Bursts,
    jitter_seconds: 0.035,
    detune_cents: 26.0,
    reverb: 0.38,
    rms_dbfs: -18.0,
    ..CALM
};

const SURPRISED: Style = Style {
    title: "Jack-in-the-Box",
    emotion: Emotion::Surprised,
    scale: LYDIAN,
    tonic: 60,
    beats_per_minute: 110.0,
    beats_per_bar: 4,
    progressions: &[&[0, 1, 0, 6, 0, 3, 1, 5], &[0, 6, 1, 0, 2, 1, 6, 0]],
    melody: part(Timbre::Organ, 78, 0.65, 0.63),
    density: 0.95,
    leaps: 0.65,
    rests: 0.28,
    chords: part(Timbre::Tremolo, 52, 0.69, 0.35),
    accompaniment: Accompaniment::Stabs,
    bass: Bass::RootFifth,
    bass_gain: 0.63,
    dynamics: Dynamics::Bursts,
    jitter_seconds: 0.006,
    detune_cents: 2.0,
    reverb: 0.13,
    rms_dbfs: -15.0,
    ..CALM
};

const DISGUSTED: Style = Style {
    title: "Sour Milk",
    emotion: Emotion::Disgusted,
    scale: LOCRIAN,
    tonic: 50,
    beats_per_minute: 99.0,
    beats_per_bar: 4,
    progressions: &[&[0, 1, 4, 0, 1, 4, 1, 0], &[0, 4, 1, 0, 4, 0, 1, 0]],
    melody: part(Timbre::Flute, 57, 0.58, 1.05),
    density: 0.83,
    leaps: 0.16,
    rests: 0.25,
    chords: part(Timbre::Pluck, 51, 0.57, 0.8),
    bass: Bass::Eighths,
    bass_gain: 0.6,
    dynamics: Dynamics::Steady,
    jitter_seconds: 0.02,
    detune_cents: 30.0,
    drive: 0.8,
    reverb: 0.14,
    rms_dbfs: -14.0,
    ..CALM
};

/// The dozen, each emotion once before any comes twice.
pub const STYLES: [Style; 12] = [
    HAPPY,
    SAD,
    ANGRY,
    CALM,
    FEARFUL,
    SURPRISED,
    DISGUSTED,
    Style {
        title: "Lemonade Steps",
        tonic: 62,
        beats_per_minute: 152.0,
        progressions: &[&[0, 0, 3, 4, 0, 5, 4, 0], &[0, 5, 1, 4, 0, 3, 4, 0]],
        melody: part(Timbre::Marimba, 81, 0.62, 0.5),
        density: 1.7,
        leaps: 0.22,
        rests: 0.05,
        chords: part(Timbre::Piano, 69, 0.45, 0.35),
        bass_gain: 0.55,
        detune_cents: 1.5,
        reverb: 0.12,
        rms_dbfs: -17.5,
        ..HAPPY
    },
    Style {
        title: "After the Last Train",
        tonic: 50,
        beats_per_minute: 61.0,
        melody: part(Timbre::Piano, 55, 0.45, 1.04),
        density: 1.0,
        leaps: 0.04,
        rests: 0.05,
        chords: part(Timbre::Strings, 40, 0.32, 1.05),
        accompaniment: Accompaniment::Arpeggio(1.0),
        bass_gain: 0.47,
        reverb: 0.32,
        rms_dbfs: -22.0,
        ..SAD
    },
    Style {
        title: "Broken Signal",
        scale: MINOR,
        tonic: 48,
        beats_per_minute: 130.0,
        progressions: &[&[0, 0, 4, 1, 0, 0, 1, 4], &[0, 4, 0, 1, 0, 4, 1, 1]],
        melody: part(Timbre::Pluck, 56, 0.25, 0.92),
        density: 1.74,
        leaps: 0.49,
        rests: 0.03,
        chords: part(Timbre::Pluck, 47, 0.8, 0.7),
        accompaniment: Accompaniment::Chug,
        detune_cents: 15.0,
        reverb: 0.04,
        ..ANGRY
    },
    Style {
        title: "Slow Harbour",
        tonic: 55,
        beats_per_minute: 68.0,
        beats_per_bar: 4,
        progressions: &[&[0, 3, 0, 3, 4, 0], &[0, 5, 3, 0, 3, 0]],
        melody: part(Timbre::Piano, 67, 0.55, 1.1),
        chords: part(Timbre::Strings, 60, 0.3, 1.05),
        accompaniment: Accompaniment::Pad,
        ..CALM
    },
    Style {
        title: "The Door Stood Open",
        tonic: 49,
        beats_per_minute: 44.0,
        progressions: &[&[0, 1, 0, 1, 3, 1], &[0, 3, 1, 5, 0, 1]],
        melody: part(Timbre::Flute, 80, 0.28, 1.13),
        density: 0.25,
        leaps: 0.56,
        rests: 0.38,
        chords: part(Timbre::Tremolo, 40, 0.7, 0.9),
        accompaniment: Accompaniment::Pad,
        bass: Bass::Eighths,
        bass_gain: 0.18,
        detune_cents: 7.0,
        reverb: 0.14,
        ..FEARFUL
    },
];
