//! Texts that people and files write: a mood, names in a playlist.

use vibelux::EmotionVector;
use vibelux::playlist::{PlaylistEntry, write_m3u};

use crate::place::folder;

/// A mood on the command line.
pub fn mood(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data)
        && let Ok(vector) = text.parse::<EmotionVector>()
    {
        let sum: f32 = vector.values().iter().sum();
        assert!((sum - 1.0).abs() < 1e-4, "{text:?} sums to {sum}");
    }
}

/// A playlist of songs whose paths and tags are anything: three lines per song, never more.
pub fn playlist(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut parts = text.splitn(3, '\0');
    let mut next = || parts.next().unwrap_or_default().to_owned();
    let entry = PlaylistEntry {
        path: next().into(),
        duration_seconds: Some(data.len() as f64),
        artist: Some(next()),
        title: Some(next()),
    };
    let path = folder().join("playlist.m3u8");
    if write_m3u(&path, &[entry]).is_ok() {
        let lines = std::fs::read_to_string(&path).expect("a written playlist");
        assert_eq!(lines.lines().count(), 3, "{lines:?}");
    }
}
