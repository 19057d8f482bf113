//! Tests of [`ContentHash`] on files made here; `tests/content.rs` tries real encoders and taggers.

use std::io::Cursor;

use proptest::prelude::*;

use super::*;

fn hash(bytes: &[u8]) -> ContentHash {
    ContentHash::of(&mut Cursor::new(bytes)).unwrap()
}

/// Bytes without order, so that no tag is found in them by chance.
fn noise(length: usize, seed: u32) -> Vec<u8> {
    let mut state = seed;
    let next = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}

fn id3v2(length: u8) -> Vec<u8> {
    let head = [b'I', b'D', b'3', 4, 0, 0, 0, 0, 0, length];
    [&head[..], &noise(length.into(), 1)].concat()
}

fn id3v1(title: u8) -> Vec<u8> {
    let mut tag = b"TAG".to_vec();
    tag.resize(128, title);
    tag
}

fn ape(items: usize) -> Vec<u8> {
    let mut footer = b"APETAGEX\xd0\x07\0\0".to_vec();
    footer.extend(u32::try_from(items + 32).unwrap().to_le_bytes());
    footer.extend([1, 0, 0, 0, 0, 0, 0, 0]);
    footer.resize(32, 0);
    [noise(items, 2), footer].concat()
}

#[test]
fn tags_around_frames_do_not_count() {
    let sound = [&[0xFF, 0xFB, 0x90, 0][..], &noise(5000, 3)].concat();
    let bare = hash(&sound);
    let lyrics = b"LYRICSBEGININD0000200000021LYRICS200";
    for file in [
        [id3v2(20), sound.clone()].concat(),
        [id3v2(3), id3v2(100), sound.clone(), id3v1(7)].concat(),
        [sound.clone(), ape(50), id3v1(9)].concat(),
        [&sound[..], &lyrics[..], &id3v1(9)].concat(),
        [id3v2(9), sound.clone(), ape(1), id3v1(b'x')].concat(),
    ] {
        assert_eq!(hash(&file), bare);
    }
    // One byte less, and one other byte.
    assert_ne!(hash(&sound[..5000]), bare);
    let mut other = sound.clone();
    other[2000] ^= 1;
    assert_ne!(hash(&other), bare);
}

fn chunk(name: &[u8; 4], body: &[u8], number: fn(u32) -> [u8; 4]) -> Vec<u8> {
    let mut chunk = name.to_vec();
    chunk.extend(number(u32::try_from(body.len()).unwrap()));
    chunk.extend(body);
    chunk.resize(chunk.len() + body.len() % 2, 0);
    chunk
}

#[test]
fn of_chunks_the_format_and_the_samples_count() {
    let wav = |rate: u8, tags: &[u8], samples: &[u8]| {
        let format = chunk(
            b"fmt ",
            &[1, 0, 1, 0, rate, 0, 0, 0, 0, 0, 0, 0, 1, 0, 8, 0],
            u32::to_le_bytes,
        );
        let (list, data) = (
            chunk(b"LIST", tags, u32::to_le_bytes),
            chunk(b"data", samples, u32::to_le_bytes),
        );
        [&b"RIFF\0\0\0\0WAVE"[..], &format, &list, &data, &list].concat()
    };
    let samples = noise(3001, 4);
    let one = hash(&wav(8, b"INFO", &samples));
    assert_eq!(hash(&wav(8, b"INFOINAM and more", &samples)), one);
    assert_ne!(hash(&wav(16, b"INFO", &samples)), one);
    assert_ne!(hash(&wav(8, b"INFO", &samples[1..])), one);
    let aiff = |name: &[u8]| {
        let parts = [
            (b"COMM", &b"common"[..]),
            (b"NAME", name),
            (b"SSND", &samples),
        ];
        let parts: Vec<u8> = parts
            .iter()
            .flat_map(|(name, body)| chunk(name, body, u32::to_be_bytes))
            .collect();
        [&b"FORM\0\0\0\0AIFF"[..], &parts].concat()
    };
    assert_eq!(hash(&aiff(b"a")), hash(&aiff(b"another name")));
}

#[test]
fn of_boxes_the_media_data_counts() {
    let mp4 = |tags: usize, sound: &[u8]| {
        let part = |name: &[u8; 4], body: &[u8]| {
            let size = u32::try_from(body.len() + 8).unwrap();
            [&size.to_be_bytes()[..], name, body].concat()
        };
        [
            part(b"ftyp", b"M4A \0\0\0\0"),
            part(b"moov", &noise(tags, 5)),
            part(b"mdat", sound),
        ]
        .concat()
    };
    let sound = noise(2000, 6);
    assert_eq!(hash(&mp4(10, &sound)), hash(&mp4(900, &sound)));
    assert_ne!(hash(&mp4(10, &sound)), hash(&mp4(10, &sound[..1999])));
}

#[test]
fn flac_is_named_by_the_checksum_of_its_samples() {
    let flac = |checksum: u8, picture: usize, frames: &[u8]| {
        let mut info = vec![
            0x10,
            0,
            0x10,
            0,
            0,
            0,
            picture as u8,
            0,
            0,
            9,
            0x0A,
            0xC4,
            0x42,
            0xF0,
            0,
            1,
            2,
            3,
        ];
        info.resize(34, checksum);
        let block = |kind: u8, body: &[u8]| {
            let [_, a, b, c] = u32::try_from(body.len()).unwrap().to_be_bytes();
            [&[kind, a, b, c][..], body].concat()
        };
        [
            &b"fLaC"[..],
            &block(0, &info),
            &block(0x86, &noise(picture, 7)),
            frames,
        ]
        .concat()
    };
    let (one, other) = (noise(4000, 8), noise(4000, 9));
    // The same samples, encoded better and tagged otherwise.
    assert_eq!(hash(&flac(5, 10, &one)), hash(&flac(5, 200, &other)));
    assert_ne!(hash(&flac(5, 10, &one)), hash(&flac(6, 10, &one)));
    assert_ne!(hash(&flac(5, 10, &one[1..])), hash(&flac(5, 10, &one)));
    // Without a checksum the frames count.
    assert_eq!(hash(&flac(0, 10, &one)), hash(&flac(0, 200, &one)));
    assert_ne!(hash(&flac(0, 10, &one)), hash(&flac(0, 10, &other)));
}

fn page(position: u64, number: u32, body: &[u8]) -> Vec<u8> {
    let mut page = b"OggS\0\0".to_vec();
    page.extend(position.to_le_bytes());
    page.extend([1, 0, 0, 0]);
    page.extend(number.to_le_bytes());
    page.extend(number.wrapping_mul(77).to_le_bytes());
    let full = body.len() / 255;
    page.push(u8::try_from(full + 1).unwrap());
    page.extend(std::iter::repeat_n(255, full));
    page.push(u8::try_from(body.len() % 255).unwrap());
    page.extend(body);
    page
}

#[test]
fn pages_of_ogg_may_be_numbered_anew() {
    let ogg = |tags: usize, last: u64| {
        let mut file = page(0, 0, b"OpusHead");
        for number in 1..=tags {
            let position = if number == tags { 0 } else { u64::MAX };
            file.extend(page(position, number as u32, &noise(900, number as u32)));
        }
        for number in 0..200 {
            let position = if number == 199 {
                last
            } else {
                960 * (number + 1)
            };
            let number = number as u32;
            file.extend(page(
                position,
                number + tags as u32 + 1,
                &noise(300, 50 + number),
            ));
        }
        file
    };
    assert_eq!(hash(&ogg(1, 199_000)), hash(&ogg(30, 199_000)));
    assert_ne!(hash(&ogg(1, 199_000)), hash(&ogg(1, 198_000)));
}

#[test]
fn of_long_sound_a_sample_is_read() {
    /// Counts what is read.
    struct Counted(Cursor<Vec<u8>>, u64);
    impl Read for Counted {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let read = self.0.read(buffer)?;
            self.1 += read as u64;
            Ok(read)
        }
    }
    impl Seek for Counted {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            self.0.seek(to)
        }
    }
    let sound = noise(20 << 20, 10);
    let mut counted = Counted(Cursor::new(sound.clone()), 0);
    let whole = ContentHash::of(&mut counted).unwrap();
    assert!(counted.1 < 300_000, "{} bytes", counted.1);
    assert_eq!(hash(&[id3v2(50), sound.clone()].concat()), whole);
    assert_ne!(hash(&sound[1..]), whole);
    for at in [0, sound.len() / 2, sound.len() - 1] {
        let mut other = sound.clone();
        // A sixteenth of it is another.
        let start = at.saturating_sub(sound.len() / 16);
        other[start..(start + sound.len() / 8).min(sound.len())].fill(0);
        assert_ne!(hash(&other), whole);
    }
}

#[test]
fn a_hash_is_read_back_from_text() {
    let one = hash(b"a");
    assert_eq!(ContentHash::try_from(one.to_string()), Ok(one));
    for odd in [
        "",
        "0",
        "zz",
        "é9e8b3c1f4a0d7e6c5b4a3928170605f",
        &format!("{one}0"),
    ] {
        assert!(ContentHash::try_from(odd.to_owned()).is_err(), "{odd}");
    }
}

proptest! {
    #[test]
    fn any_bytes_have_a_hash(
        head in prop::sample::select(vec![&b"fLaC"[..], b"OggS\0", b"RIFF\xff\xff\xff\xffWAVE", b"FORM\0\0\0\0AIFF",
            b"\0\0\0\x01ftyp", b"\0\0\0\0ftyp", b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c", b"ID3\x04\0\x10", b""]),
        rest in prop::collection::vec(any::<u8>(), 0..300),
        tail in prop::sample::select(vec![&b""[..], b"APETAGEX\xd0\x07\0\0\xff\xff\xff\xff\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", b"999999LYRICS200"]),
    ) {
        let bytes = [head, &rest, tail].concat();
        prop_assert_eq!(hash(&bytes), hash(&bytes));
    }
}
