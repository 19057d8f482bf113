//! `vibelux song` on a made song: the numbers of every window, the picture, and a file that is none.
#![allow(clippy::unwrap_used, reason = "a failed set-up fails the test")]

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

/// 23 s of a melody, a new note every half second, as a WAV file of 16 bits.
fn write_song(dir: &TempDir) {
    const RATE_HZ: u32 = 16_000;
    let samples: Vec<u8> = (0..23 * RATE_HZ)
        .map(|i| {
            let t = i as f32 / RATE_HZ as f32;
            let hz = 220.0 * 1.06_f32.powf((t * 2.0).floor() * 7.0 % 12.0);
            let tone = (std::f32::consts::TAU * hz * (t % 0.5)).sin();
            (0.4 * (1.0 - t % 0.5) * tone * 32_767.0) as i16
        })
        .flat_map(i16::to_le_bytes)
        .collect();
    let len = samples.len() as u32;
    let mut file = b"RIFF".to_vec();
    file.extend((36 + len).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    file.extend(RATE_HZ.to_le_bytes());
    file.extend((2 * RATE_HZ).to_le_bytes());
    file.extend(b"\x02\0\x10\0data");
    file.extend(len.to_le_bytes());
    file.extend(samples);
    std::fs::write(dir.path().join("song.wav"), file).unwrap();
}

fn song(dir: &TempDir, args: &[&str]) -> std::process::Output {
    let mut command = Command::cargo_bin("vibelux").unwrap();
    command.arg("song").args(args).current_dir(dir.path());
    command.output().unwrap()
}

#[test]
fn every_window_has_a_vector_and_the_song_their_mean() {
    let dir = tempfile::tempdir().unwrap();
    write_song(&dir);
    let answer = song(&dir, &["song.wav", "--json", "--plot", "pictures"]);
    assert_eq!(answer.status.code(), Some(0));
    let answer: Value = serde_json::from_slice(&answer.stdout).unwrap();
    let windows = answer["windows"].as_array().unwrap();
    // As many of the model's windows of 5.12 s as fit into 23 s.
    assert_eq!(windows.len(), 4);
    for (emotion, mean) in answer["song"]["vector"].as_object().unwrap() {
        let of = |window: &Value| window["vector"][emotion].as_f64().unwrap();
        let expected = windows.iter().map(of).sum::<f64>() / 4.0;
        assert!((mean.as_f64().unwrap() - expected).abs() < 1e-5);
    }
    let starts: Vec<f64> = windows
        .iter()
        .map(|w| w["start_seconds"].as_f64().unwrap())
        .collect();
    assert!(starts.windows(2).all(|pair| pair[1] - pair[0] >= 5.12));
    let png = image::open(dir.path().join("pictures/emotion_curve.png")).unwrap();
    assert!(png.width() > 500);

    let text = song(&dir, &["song.wav"]);
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.starts_with("song.wav (0:23, 4 windows, -"), "{text}");
    let loudness = answer["loudness_lufs"].as_f64().unwrap();
    assert!((-40.0..-5.0).contains(&loudness), "{loudness}");
}

#[test]
fn a_file_that_is_no_song_is_named() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("notes.mp3"), "no music").unwrap();
    for name in ["notes.mp3", "gone.mp3"] {
        let refused = song(&dir, &[name]);
        assert_eq!(refused.status.code(), Some(2));
        assert!(String::from_utf8(refused.stderr).unwrap().contains(name));
    }
}
