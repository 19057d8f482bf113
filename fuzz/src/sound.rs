//! Song files: any container, each container by itself, tags and covers.

use std::path::Path;

use vibelux::audio::{WindowPlan, decode_start, decode_windows};
use vibelux::library::{ContentHash, Tags, read_cover, read_mp4_codec, read_tags};

use crate::ogg_pages::mend_checksums;
use crate::place::file;
use crate::prepare::without_ffmpeg;

/// Audio of every container, and its tags. The first byte chooses the file's extension.
pub fn audio(data: &[u8]) {
    const EXTENSIONS: [&str; 8] = ["mp3", "flac", "ogg", "opus", "m4a", "wav", "aiff", "aac"];
    let Some((kind, data)) = data.split_first() else {
        return;
    };
    let extension = EXTENSIONS[usize::from(*kind) % EXTENSIONS.len()];
    decode(&file(&format!("song.{extension}"), data));
}

/// AIFF alone.
pub fn audio_aiff(data: &[u8]) {
    // AIFC or AIFF, by the byte that is there.
    let last = if data.get(11) == Some(&b'C') {
        b'C'
    } else {
        b'F'
    };
    forced("aiff", data, &[(0, b"FORM"), (8, b"AIF"), (11, &[last])]);
}

/// FLAC alone.
pub fn audio_flac(data: &[u8]) {
    forced("flac", data, &[(0, b"fLaC")]);
}

/// MP3 alone, behind tags or not.
pub fn audio_mp3(data: &[u8]) {
    if data.starts_with(b"ID3") {
        forced("mp3", data, &[]);
    } else {
        // MPEG-1 layer III; the bit for its checksum is left as it is.
        let second = 0xFA | data.get(1).map_or(1, |byte| byte & 1);
        forced("mp3", data, &[(0, &[0xFF, second])]);
    }
}

/// MP4 alone.
pub fn audio_mp4(data: &[u8]) {
    forced("m4a", data, &[(4, b"ftyp")]);
}

/// Ogg with Opus alone.
pub fn audio_opus(data: &[u8]) {
    let mut bytes = put(data, &[(0, b"OggS"), (28, b"OpusHead")]);
    mend_checksums(&mut bytes);
    decode(&file("song.opus", &bytes));
}

/// Ogg with Vorbis alone.
pub fn audio_vorbis(data: &[u8]) {
    let mut bytes = put(data, &[(0, b"OggS"), (28, b"\x01vorbis")]);
    mend_checksums(&mut bytes);
    decode(&file("song.ogg", &bytes));
}

/// WAV alone.
pub fn audio_wav(data: &[u8]) {
    forced("wav", data, &[(0, b"RIFF"), (8, b"WAVE")]);
}

/// Tags, the front cover and the codec of a file, sound or none. The first byte chooses the extension.
pub fn cover(data: &[u8]) {
    const EXTENSIONS: [&str; 7] = ["mp3", "flac", "ogg", "opus", "m4a", "wav", "aiff"];
    let Some((kind, data)) = data.split_first() else {
        return;
    };
    let extension = EXTENSIONS[usize::from(*kind) % EXTENSIONS.len()];
    about(&file(&format!("tagged.{extension}"), data));
}

/// Decodes a file of this extension that begins as the container must.
fn forced(extension: &str, data: &[u8], marks: &[(usize, &[u8])]) {
    decode(&file(&format!("song.{extension}"), &put(data, marks)));
}

/// The bytes with the marks at their places, if they reach that far.
fn put(data: &[u8], marks: &[(usize, &[u8])]) -> Vec<u8> {
    let mut bytes = data.to_vec();
    for (at, mark) in marks {
        if let Some(place) = bytes.get_mut(*at..at + mark.len()) {
            place.copy_from_slice(mark);
        }
    }
    bytes
}

fn decode(path: &Path) {
    without_ffmpeg();
    let plan = WindowPlan {
        count: 3,
        window_seconds: 0.5,
        sample_rate_hz: 16_000,
    };
    if let Ok(song) = decode_windows(path, &plan) {
        assert_eq!(song.windows.len(), song.starts_seconds.len());
        for window in &song.windows {
            assert!((1..=8_000).contains(&window.samples.len()));
            assert!(window.samples.iter().all(|s| s.is_finite()));
        }
    }
    if let Ok(waveform) = decode_start(path, 16_000, Some(1.0)) {
        assert!(waveform.samples.len() <= 16_000);
        assert!(waveform.samples.iter().all(|s| s.is_finite()));
    }
    about(path);
}

/// What the file says of itself: nothing that could rewrite a terminal or pass for a picture.
fn about(path: &Path) {
    let told = read_tags(path);
    let Tags {
        title,
        artist,
        album,
        genre,
        year,
    } = told.tags;
    assert!(year.is_none_or(|year| (1..=9999).contains(&year)));
    for name in [title, artist, album, genre].into_iter().flatten() {
        assert!(!name.is_empty() && name.chars().count() <= 1000);
        assert!(!name.chars().any(char::is_control), "{name:?}");
    }
    assert!(told.stated_seconds.is_none_or(|s| s.is_finite() && s > 0.0));
    if let Some(cover) = read_cover(path) {
        assert!(cover.mime.starts_with("image/") && cover.bytes.len() > 3);
    }
    let _ = read_mp4_codec(path);
    let hash = ContentHash::of_file(path).expect("the file is there");
    assert_eq!(ContentHash::of_file(path).ok(), Some(hash));
}
