//! The features of sounds whose features are known.

use proptest::prelude::*;

use super::{AudioFeatures, Quantities, measure};
use crate::audio::Waveform;
use crate::emotion::EmotionVector;

const RATE_HZ: u32 = 16_000;

fn sound(seconds: f64, rate_hz: u32, at: impl Fn(f64) -> f64) -> Waveform {
    let count = (seconds * f64::from(rate_hz)) as usize;
    Waveform {
        samples: (0..count)
            .map(|i| at(i as f64 / f64::from(rate_hz)) as f32)
            .collect(),
        sample_rate_hz: rate_hz,
    }
}

/// White noise between -1 and 1 that follows from the time.
fn noise(t: f64) -> f64 {
    let mut x = ((t * 1e6).round() as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (x >> 40) as f64 / f64::from(1 << 23) - 1.0
}

fn clicks(bpm: f64, rate_hz: u32) -> Waveform {
    sound(60.0, rate_hz, |t| {
        let since = t % (60.0 / bpm);
        0.8 * (-since / 0.01).exp() * noise(t)
    })
}

fn sine(pitch: f64, t: f64) -> f64 {
    let hz = 440.0 * ((pitch - 69.0) / 12.0).exp2();
    (std::f64::consts::TAU * hz * t).sin()
}

/// I, IV, V, I of chords of sines with three partials, a second each, so many semitones above C.
fn cadence(tonic: u8, is_major: bool, cents: f64) -> Waveform {
    let third = if is_major { 4.0 } else { 3.0 };
    // The dominant is major in both.
    let chords = [
        [0.0, third, 7.0],
        [5.0, 5.0 + third, 12.0],
        [7.0, 11.0, 14.0],
        [0.0, third, 7.0],
    ];
    sound(16.0, RATE_HZ, |t| {
        let chord = chords[t as usize % 4];
        let loud = (1.0 - (t % 1.0)).min(20.0 * (t % 1.0));
        let tone = |above: f64| {
            let pitch = 60.0 + f64::from(tonic) + above + cents / 100.0;
            let partial = |n: f64| sine(pitch + 12.0 * n.log2(), t) / (n * n);
            partial(1.0) + partial(2.0) + partial(3.0)
        };
        0.1 * loud * chord.into_iter().map(tone).sum::<f64>()
    })
}

fn is_whole(features: &AudioFeatures) -> bool {
    let shares = [
        features.tempo_confidence,
        features.pulse_clarity,
        features.key_confidence,
        features.mode_confidence,
        features.energy,
        features.valence,
    ];
    shares
        .into_iter()
        .flatten()
        .all(|x| (0.0..=1.0).contains(&x))
        && features
            .tempo
            .is_none_or(|bpm| (29.0..310.0).contains(&bpm))
        && features.key.is_none_or(|key| key < 12)
        && features.mode.is_none_or(|mode| mode < 2)
}

#[test]
fn clicks_have_their_tempo_at_every_rate() {
    for rate_hz in [16_000, 22_050] {
        for bpm in (60..=180).step_by(4) {
            let features = measure(&clicks(f64::from(bpm), rate_hz), None);
            let found = features.tempo.unwrap();
            let is = |wanted: i32| (found - wanted as f32).abs() < 0.25;
            // Nothing says whether fast clicks are beats or halves of beats.
            let is_right = is(bpm) || bpm > 155 && is(bpm / 2);
            assert!(is_right, "{found} for {bpm} at {rate_hz} Hz");
            assert!(features.pulse_clarity.unwrap() > 0.8, "{features:?}");
            assert!(features.tempo_confidence.unwrap() > 0.9, "{features:?}");
        }
    }
}

#[test]
fn cadences_have_their_key_in_any_tuning() {
    for is_major in [true, false] {
        for tonic in 0..12 {
            let cents = f64::from(tonic) * 7.0 - 40.0;
            let features = measure(&cadence(tonic, is_major, cents), None);
            assert_eq!(
                (features.key, features.mode),
                (Some(tonic), Some(u8::from(is_major))),
                "{tonic} {is_major} {cents} {features:?}"
            );
        }
    }
}

#[test]
fn the_tuning_is_found() {
    for cents in [-40.0, -15.0, 0.0, 30.0, 45.0] {
        let quantities = Quantities::of(&cadence(0, true, cents)).unwrap();
        let named = quantities.named();
        let tuning = named.iter().find(|(name, _)| name == "tuning").unwrap().1;
        assert!(
            (f64::from(tuning) - cents / 100.0).abs() < 0.03,
            "{tuning} for {cents}"
        );
    }
}

#[test]
fn silence_and_short_sounds_have_no_features() {
    let nothing = AudioFeatures::default();
    let emotions = Some(&EmotionVector::UNIFORM);
    for quiet in [0.0, 0.5, f64::NAN, f64::INFINITY] {
        let found = measure(&sound(10.0, RATE_HZ, |_| quiet), emotions);
        assert_eq!(found, nothing, "{quiet}");
    }
    assert_eq!(measure(&sound(2.9, RATE_HZ, noise), emotions), nothing);
    assert_eq!(measure(&sound(0.0, RATE_HZ, noise), emotions), nothing);
    assert_eq!(measure(&sound(10.0, 0, noise), emotions), nothing);
    assert_eq!(measure(&sound(10.0, 4_000, noise), emotions), nothing);
    assert_eq!(serde_json::to_string(&nothing).unwrap(), "{}");
}

#[test]
fn noise_has_no_key_and_no_pulse() {
    let features = measure(&sound(60.0, RATE_HZ, |t| 0.3 * noise(t)), None);
    assert_eq!((features.key, features.mode), (None, None), "{features:?}");
    assert!(
        features.pulse_clarity.is_none_or(|c| c < 0.1),
        "{features:?}"
    );
    assert!(
        features.tempo_confidence.is_none_or(|c| c < 0.75),
        "{features:?}"
    );
}

#[test]
fn a_busy_bright_sound_has_more_energy_than_a_slow_dark_one() {
    let busy = clicks(170.0, RATE_HZ);
    let slow = sound(60.0, RATE_HZ, |t| {
        0.2 * (1.0 - (t % 2.0) / 2.0) * sine(48.0 + 5.0 * (t / 2.0).floor() % 12.0, t)
    });
    let energy = |sound: &Waveform| measure(sound, None).energy.unwrap();
    assert!(
        energy(&busy) > 0.5 && energy(&slow) < 0.2,
        "{} {}",
        energy(&busy),
        energy(&slow)
    );
}

#[test]
fn happy_vectors_and_major_keys_are_pleasant() {
    let valence = |weights: [f32; 7], is_major: bool| {
        let emotions = EmotionVector::from_weights(weights).unwrap();
        measure(&cadence(0, is_major, 0.0), Some(&emotions))
            .valence
            .unwrap()
    };
    let (happy, angry) = (
        [0.05, 0.02, 0.05, 0.6, 0.15, 0.05, 0.08],
        [0.5, 0.1, 0.15, 0.1, 0.05, 0.05, 0.05],
    );
    assert!(valence(happy, true) > valence(happy, false));
    assert!(valence(happy, false) > valence(angry, true));
    assert!(valence(happy, true) > 0.7 && valence(angry, false) < 0.3);
}

#[test]
fn loudness_an_offset_and_a_bad_sample_change_nothing() {
    let plain = cadence(3, false, 10.0);
    let changed = |change: &dyn Fn(f32) -> f32| Waveform {
        samples: plain.samples.iter().map(|x| change(*x)).collect(),
        sample_rate_hz: RATE_HZ,
    };
    let expected = measure(&plain, Some(&EmotionVector::UNIFORM));
    let near = |a: Option<f32>, b: Option<f32>| (a.unwrap() - b.unwrap()).abs() < 1e-2;
    for other in [
        changed(&|x| x * 0.03),
        changed(&|x| x * 20.0),
        changed(&|x| x + 0.25),
    ] {
        let found = measure(&other, Some(&EmotionVector::UNIFORM));
        assert_eq!((found.key, found.mode), (expected.key, expected.mode));
        assert!(near(found.tempo, expected.tempo), "{found:?} {expected:?}");
        assert!(
            near(found.energy, expected.energy),
            "{found:?} {expected:?}"
        );
        assert!(
            near(found.valence, expected.valence),
            "{found:?} {expected:?}"
        );
    }
    let mut damaged = plain.clone();
    damaged.samples[100_000] = f32::NAN;
    damaged.samples[120_000] = f32::NEG_INFINITY;
    let found = measure(&damaged, None);
    assert!(is_whole(&found));
    assert_eq!((found.key, found.mode), (expected.key, expected.mode));
}

#[test]
fn the_same_sound_has_the_same_features_and_json_is_read_back() {
    let sound = clicks(97.0, 22_050);
    let (a, b) = (measure(&sound, None), measure(&sound, None));
    assert_eq!(a, b);
    let json = serde_json::to_string(&a).unwrap();
    assert!(!json.contains("valence"), "{json}");
    assert_eq!(serde_json::from_str::<AudioFeatures>(&json).unwrap(), a);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_comes_features_are_in_their_ranges(
        mut samples in prop::collection::vec(prop::num::f32::ANY, 0..200),
        parts in prop::collection::vec((-1.0_f32..1.0, 0_usize..9_000), 0..12),
        rate_hz in prop_oneof![Just(8_000_u32), Just(16_000), Just(22_050), 8_000_u32..50_000],
    ) {
        for (level, length) in parts {
            samples.extend((0..length).map(|i| level * noise(i as f64 * 1e-3) as f32));
        }
        let found = measure(&Waveform { samples, sample_rate_hz: rate_hz }, Some(&EmotionVector::UNIFORM));
        prop_assert!(is_whole(&found), "{:?}", found);
    }
}
