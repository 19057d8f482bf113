//! Texts that people and files write: a mood, names in a playlist.

use vibelux::EmotionVector;
use vibelux::library::filter::{Filter, complete};
use vibelux::playlist::{Naming, Playlist, PlaylistEntry, PlaylistFormat};

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

/// A filter: it is understood, or the mistake lies within it; what could come next takes the place of a part of it.
pub fn filter(data: &[u8]) {
    let (cursor, text) = data
        .split_first()
        .map_or((0, data), |(&first, rest)| (first, rest));
    let Ok(text) = std::str::from_utf8(text) else {
        return;
    };
    match Filter::parse(text, 1_795_910_400) {
        Ok(filter) => assert!(!filter.is_all() || text.trim().is_empty()),
        Err(error) => {
            assert!(text.get(error.place()).is_some(), "{error:?}");
            assert_eq!(error.to_string().lines().count(), 3, "{error}");
        }
    }
    let completion = complete(text, usize::from(cursor));
    assert!(
        text.get(completion.replaced.clone()).is_some(),
        "{completion:?}"
    );
    for option in completion.options {
        assert!(!option.is_empty());
    }
}

/// A playlist of songs whose paths and tags are anything: three lines per song, never more.
pub fn playlist(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut parts = text.splitn(4, '\0');
    let mut next = || parts.next().unwrap_or_default().to_owned();
    let entry = PlaylistEntry {
        path: next().into(),
        duration_seconds: Some(data.len() as f64),
        artist: Some(next()),
        title: Some(next()),
        album: Some(next()),
    };
    let list = Playlist {
        name: None,
        entries: vec![entry],
    };
    let here = folder();
    for format in [
        PlaylistFormat::M3u,
        PlaylistFormat::Xspf,
        PlaylistFormat::Jspf,
    ] {
        let path = here.join("playlist").with_extension(format.extension());
        if let Ok(left_out) = list.write(&path, format, &Naming::default()) {
            let read = Playlist::read(&path).expect("a written playlist");
            assert_eq!(read.entries.len(), 1 - left_out.len(), "{format:?}");
        }
    }
    // And whatever somebody else may have written.
    for format in [
        None,
        Some(PlaylistFormat::Xspf),
        Some(PlaylistFormat::Jspf),
        Some(PlaylistFormat::Nsp),
    ] {
        let _ = Playlist::parse(data, format, here);
    }
}
