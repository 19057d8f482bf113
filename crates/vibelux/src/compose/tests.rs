//! What can be measured about the music: the cues that listeners use must be there.

use std::sync::OnceLock;

use lofty::file::TaggedFileExt;
use lofty::tag::Accessor;
use proptest::prelude::*;
use rayon::prelude::*;
use realfft::RealFftPlanner;

use super::*;

const RATE_HZ: u32 = 16_000;

struct Measured {
    piece: Piece,
    sound: StereoWaveform,
    rms_dbfs: f64,
    centroid_hz: f64,
    /// Standard deviation of the level in dB over half seconds: how much loudness moves.
    level_spread_db: f64,
}

/// Every piece rendered once for all tests.
fn measured() -> &'static [Measured] {
    static ALL: OnceLock<Vec<Measured>> = OnceLock::new();
    ALL.get_or_init(|| compose_all(1).into_par_iter().map(measure).collect())
}

fn measure(piece: Piece) -> Measured {
    let sound = piece.render(RATE_HZ);
    let mono = sound.to_mono().samples;
    // Without the fade at the end.
    let body = &mono[..mono.len() - 3 * RATE_HZ as usize];
    let levels: Vec<f64> = body
        .chunks(RATE_HZ as usize / 2)
        .map(|c| decibels(rms(c)))
        .collect();
    let mean = levels.iter().sum::<f64>() / levels.len() as f64;
    let variance = levels.iter().map(|l| (l - mean).powi(2)).sum::<f64>() / levels.len() as f64;
    Measured {
        rms_dbfs: decibels(rms(&mono)),
        centroid_hz: centroid_hz(body),
        level_spread_db: variance.sqrt(),
        piece,
        sound,
    }
}

fn rms(samples: &[f32]) -> f64 {
    let power: f64 = samples.iter().map(|&v| f64::from(v).powi(2)).sum();
    (power / samples.len() as f64).sqrt()
}

fn decibels(amplitude: f64) -> f64 {
    20.0 * amplitude.max(1e-5).log10()
}

/// The magnitude-weighted mean frequency over all frames: brightness.
fn centroid_hz(samples: &[f32]) -> f64 {
    const N: usize = 1024;
    let fft = RealFftPlanner::<f32>::new().plan_fft_forward(N);
    let (mut sum, mut weighted) = (0.0, 0.0);
    for frame in samples.chunks_exact(N) {
        let mut input: Vec<f32> = frame
            .iter()
            .enumerate()
            .map(|(i, v)| v * (std::f32::consts::PI * i as f32 / N as f32).sin().powi(2))
            .collect();
        let mut output = fft.make_output_vec();
        fft.process(&mut input, &mut output).unwrap();
        for (k, bin) in output.iter().enumerate() {
            let magnitude = f64::from(bin.norm());
            sum += magnitude;
            weighted += magnitude * k as f64 * f64::from(RATE_HZ) / N as f64;
        }
    }
    weighted / sum
}

/// All values of one emotion's pieces.
fn of(emotion: Emotion, value: impl Fn(&Measured) -> f64) -> Vec<f64> {
    measured()
        .iter()
        .filter(|m| m.piece.emotion == emotion)
        .map(value)
        .collect()
}

/// Every piece of the one lies above every piece of the other.
fn above(more: Emotion, less: Emotion, factor: f64, value: impl Fn(&Measured) -> f64 + Copy) {
    let (high, low) = (of(more, value), of(less, value));
    let least = high.iter().copied().fold(f64::INFINITY, f64::min);
    let most = low.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    assert!(least > factor * most, "{more} {high:?}, {less} {low:?}");
}

#[test]
fn busy_and_calm_moods_differ_in_onsets() {
    let onsets = |m: &Measured| m.piece.onsets_per_second();
    above(Emotion::Happy, Emotion::Sad, 1.5, onsets);
    above(Emotion::Happy, Emotion::Neutral, 1.5, onsets);
    above(Emotion::Angry, Emotion::Sad, 1.5, onsets);
}

#[test]
fn loud_and_soft_moods_differ_in_level() {
    let loudness = |m: &Measured| 10_f64.powf(m.rms_dbfs / 20.0);
    above(Emotion::Angry, Emotion::Neutral, 2.0, loudness);
    above(Emotion::Angry, Emotion::Happy, 1.2, loudness);
    above(Emotion::Happy, Emotion::Sad, 1.5, loudness);
}

#[test]
fn bright_and_dull_moods_differ_in_centroid() {
    above(Emotion::Happy, Emotion::Sad, 1.3, |m| m.centroid_hz);
    above(Emotion::Angry, Emotion::Sad, 1.3, |m| m.centroid_hz);
    above(Emotion::Angry, Emotion::Neutral, 1.3, |m| m.centroid_hz);
}

#[test]
fn fear_and_surprise_move_in_loudness_and_anger_does_not() {
    above(Emotion::Fearful, Emotion::Angry, 1.5, |m| m.level_spread_db);
    above(Emotion::Surprised, Emotion::Angry, 1.5, |m| {
        m.level_spread_db
    });
}

#[test]
fn every_piece_is_sound() {
    for m in measured() {
        let title = m.piece.title;
        let peak = m
            .sound
            .frames
            .iter()
            .flatten()
            .fold(0.0_f32, |p, v| p.max(v.abs()));
        assert!((0.1..0.99).contains(&peak), "{title}: peak {peak}");
        assert!(
            (-30.0..-10.0).contains(&m.rms_dbfs),
            "{title}: {} dBFS",
            m.rms_dbfs
        );
        assert!(
            (20.0..=30.0).contains(&m.sound.seconds()),
            "{title}: {} s",
            m.sound.seconds()
        );
        let mono = m.sound.to_mono().samples;
        assert_eq!(
            (mono[0], *mono.last().unwrap()),
            (0.0, 0.0),
            "{title} clicks at an end"
        );
        let offset: f32 = mono.iter().sum::<f32>() / mono.len() as f32;
        assert!(offset.abs() < 0.01, "{title}: DC offset {offset}");
    }
}

#[test]
fn the_first_seven_cover_the_emotions_and_titles_are_unique() {
    let pieces = compose_all(3);
    assert_eq!(pieces.len(), 12);
    for emotion in Emotion::ALL {
        assert!(
            pieces[..7].iter().any(|p| p.emotion == emotion),
            "{emotion}"
        );
    }
    let mut names: Vec<String> = pieces.iter().map(Piece::file_name).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 12);
}

#[test]
fn rendering_is_repeatable() {
    let render = || compose_all(9)[6].render(8_000);
    assert_eq!(render(), render());
}

#[test]
fn files_carry_their_tags_and_samples() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.wav");
    let sound = StereoWaveform {
        frames: vec![[0.5, -0.5]; 1_000],
        sample_rate_hz: 44_100,
    };
    write_wav(&path, &sound, "Odd", ARTIST, "sad").unwrap();
    let file = lofty::read_from_path(&path).unwrap();
    let tag = file.first_tag().unwrap();
    assert_eq!(tag.title().as_deref(), Some("Odd"));
    assert_eq!(tag.artist().as_deref(), Some(ARTIST));
    let bytes = std::fs::read(&path).unwrap();
    let data = bytes.windows(4).position(|w| w == b"data").unwrap() + 8;
    assert_eq!(bytes.len() - data, 4_000);
    let first = i16::from_le_bytes([bytes[data], bytes[data + 1]]);
    assert!((i32::from(first) - 16_384).abs() <= 2, "{first}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    let missing = write_wav(&dir.path().join("no/a.wav"), &sound, "", "", "");
    assert!(matches!(missing, Err(ComposeError::Write { .. })));
}

proptest! {
    #[test]
    fn any_seed_composes_within_bounds(seed: u64) {
        for piece in compose_all(seed) {
            prop_assert!(piece.score.notes.len() > 12, "{}", piece.title);
            prop_assert!((19.0..28.0).contains(&piece.score.seconds), "{} {}", piece.title, piece.score.seconds);
            for note in &piece.score.notes {
                prop_assert!((0.0..=1.0).contains(&note.velocity));
                prop_assert!(note.start_seconds >= 0.0 && note.start_seconds < piece.score.seconds + 0.1);
                prop_assert!(note.seconds > 0.0 && note.pitch < 105.0, "{:?}", note);
            }
        }
    }
}
