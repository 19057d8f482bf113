//! What symphonia does not tell about an M4A file: copy protection, the encoder's priming
//! samples at the start of the track, which an edit list hides (ISO/IEC 14496-12, 8.6.6), and
//! fragments that claim more samples than the file can hold, which it would count one by one.

use std::io::{self, Read, Seek, SeekFrom};

/// The whole index of a long audio book is a few megabytes, that of a fragment a few kilobytes.
const MAX_INDEX_BYTES: u64 = 64 << 20;
/// Sample entries that mark encryption: Apple's FairPlay and Common Encryption.
const PROTECTED_ENTRIES: [(&[u8; 4], &str); 3] =
    [(b"drms", "drms"), (b"drmi", "drmi"), (b"enca", "enca")];

/// Facts about the first sound track.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Mp4Facts {
    /// The sample entry that says so.
    pub(super) protection: Option<&'static str>,
    /// How much of the track comes before the music, in seconds.
    pub(super) priming_seconds: f64,
    /// Its fragments claim more samples than the file has bytes.
    pub(super) claims_too_much: bool,
    /// It says what is where in it (`moov`), which often stands at the end.
    pub(super) has_index: bool,
}

/// Reads the facts of a file of `len` bytes. One that is too damaged for it has none: symphonia will say why.
pub(super) fn read_facts<R: Read + Seek>(file: &mut R, len: u64) -> io::Result<Mp4Facts> {
    let mut moov = None;
    let mut claimed = 0_u64;
    let mut has_index = false;
    each_index(file, len, |kind, content| match kind {
        b"moov" if moov.is_none() => {
            has_index = true;
            moov = sound_track(&content);
        }
        b"moof" => claimed = claimed.saturating_add(samples_claimed(&content)),
        _ => {}
    })?;
    file.seek(SeekFrom::Start(0))?;
    Ok(Mp4Facts {
        claims_too_much: claimed > len,
        has_index,
        ..moov.unwrap_or_default()
    })
}

/// Calls `visit` with every `moov` and `moof` box at the top of a file of `end` bytes.
fn each_index<R: Read + Seek>(
    file: &mut R,
    end: u64,
    mut visit: impl FnMut(&[u8; 4], Vec<u8>),
) -> io::Result<()> {
    let mut position = 0_u64;
    while end.saturating_sub(position) >= 8 {
        file.seek(SeekFrom::Start(position))?;
        let [mut size, mut kind] = [[0_u8; 4]; 2];
        file.read_exact(&mut size)?;
        file.read_exact(&mut kind)?;
        let (size, header_len) = match u32::from_be_bytes(size) {
            0 => (end - position, 8),
            1 => {
                let mut long = [0; 8];
                file.read_exact(&mut long)?;
                (u64::from_be_bytes(long), 16)
            }
            size => (u64::from(size), 8),
        };
        let Some(content) = size.checked_sub(header_len) else {
            break;
        };
        if matches!(&kind, b"moov" | b"moof") {
            if content > MAX_INDEX_BYTES.min(end - position) {
                break;
            }
            let mut bytes = Vec::new();
            file.by_ref().take(content).read_to_end(&mut bytes)?;
            visit(&kind, bytes);
        }
        let Some(next) = position.checked_add(size) else {
            break;
        };
        position = next;
    }
    Ok(())
}

/// The samples of all track runs in a fragment, which a run states after its version and flags.
/// Runs are found by their name wherever it stands, as the boxes around it may be damaged.
fn samples_claimed(moof: &[u8]) -> u64 {
    moof.windows(4)
        .enumerate()
        .filter(|(_, name)| name == b"trun")
        .filter_map(|(at, _)| be_u32(moof, at + 8))
        .map(u64::from)
        .sum()
}

/// The boxes directly inside `content`: type and content of each.
fn boxes(mut content: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    std::iter::from_fn(move || {
        let size = be_u32(content, 0)? as usize;
        let this = content.get(..size)?;
        let kind = this.get(4..8)?;
        content = &content[size..];
        Some((kind, &this[8..]))
    })
}

fn child<'a>(content: &'a [u8], path: &[&[u8; 4]]) -> Option<&'a [u8]> {
    path.iter().try_fold(content, |inside, name| {
        boxes(inside)
            .find(|(kind, _)| kind == name)
            .map(|(_, inner)| inner)
    })
}

fn be_u32(bytes: &[u8], at: usize) -> Option<u32> {
    let field = bytes.get(at..at.checked_add(4)?)?;
    field.try_into().ok().map(u32::from_be_bytes)
}

fn be_i64(bytes: &[u8], at: usize) -> Option<i64> {
    let field = bytes.get(at..at.checked_add(8)?)?;
    field.try_into().ok().map(i64::from_be_bytes)
}

fn sound_track(moov: &[u8]) -> Option<Mp4Facts> {
    let track = boxes(moov)
        .filter(|(kind, _)| kind == b"trak")
        .map(|(_, trak)| trak)
        .find(|trak| {
            child(trak, &[b"mdia", b"hdlr"]).and_then(|hdlr| hdlr.get(8..12)) == Some(b"soun")
        })?;
    let entry = child(track, &[b"mdia", b"minf", b"stbl", b"stsd"])
        .and_then(|stsd| boxes(stsd.get(8..)?).next())
        .map(|(kind, _)| kind);
    let protection = PROTECTED_ENTRIES
        .iter()
        .find(|(name, _)| entry == Some(&name[..]))
        .map(|&(_, scheme)| scheme);
    let priming_seconds = priming(track).unwrap_or(0.0).clamp(0.0, 10.0);
    Some(Mp4Facts {
        protection,
        priming_seconds,
        claims_too_much: false,
        has_index: true,
    })
}

/// The media time of the first edit that is not empty, in seconds.
fn priming(track: &[u8]) -> Option<f64> {
    let mdhd = child(track, &[b"mdia", b"mdhd"])?;
    let timescale = be_u32(mdhd, if *mdhd.first()? == 1 { 20 } else { 12 }).filter(|&t| t > 0)?;
    let elst = child(track, &[b"edts", b"elst"])?;
    let long = *elst.first()? == 1;
    let count = be_u32(elst, 4)?.min(64) as usize;
    let media_time = |i: usize| {
        if long {
            be_i64(elst, 8 + i * 20 + 8)
        } else {
            be_u32(elst, 8 + i * 12 + 4).map(|t| i64::from(t.cast_signed()))
        }
    };
    // -1 marks a pause before the track begins.
    let first = (0..count).map_while(media_time).find(|&time| time >= 0)?;
    Some(first as f64 / f64::from(timescale))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Cursor;

    fn atom(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let mut bytes = (content.len() as u32 + 8).to_be_bytes().to_vec();
        bytes.extend_from_slice(kind);
        bytes.extend_from_slice(content);
        bytes
    }

    fn track(entry: &[u8; 4], media_time: i32) -> Vec<u8> {
        let mut hdlr = vec![0; 8];
        hdlr.extend_from_slice(b"soun");
        let mut mdhd = vec![0; 12];
        mdhd.extend_from_slice(&44_100_u32.to_be_bytes());
        let mut stsd = vec![0, 0, 0, 0, 0, 0, 0, 1];
        stsd.extend(atom(entry, &[0; 8]));
        let mut elst = vec![0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 9];
        elst.extend_from_slice(&media_time.to_be_bytes());
        elst.extend_from_slice(&[0, 1, 0, 0]);
        let stbl = atom(b"minf", &atom(b"stbl", &atom(b"stsd", &stsd)));
        let mdia = [atom(b"hdlr", &hdlr), atom(b"mdhd", &mdhd), stbl].concat();
        let trak = [atom(b"edts", &atom(b"elst", &elst)), atom(b"mdia", &mdia)].concat();
        atom(b"trak", &trak)
    }

    #[test]
    fn priming_and_protection_are_found() {
        let facts = sound_track(&track(b"mp4a", 1024)).unwrap();
        assert_eq!(facts.protection, None);
        assert!((facts.priming_seconds - 1024.0 / 44_100.0).abs() < 1e-12);
        let facts = sound_track(&track(b"drms", -1)).unwrap();
        assert_eq!(
            facts,
            Mp4Facts {
                protection: Some("drms"),
                has_index: true,
                ..Mp4Facts::default()
            }
        );
    }

    #[test]
    fn fragments_that_claim_more_samples_than_bytes_are_told() {
        let claims = |count: u32| {
            let trun = [&[0, 0, 2, 0], &count.to_be_bytes()[..], &[0; 32]].concat();
            let moof = atom(b"moof", &atom(b"traf", &atom(b"trun", &trun)));
            let bytes = [atom(b"moov", &track(b"mp4a", 0)), moof].concat();
            let length = bytes.len() as u64;
            read_facts(&mut Cursor::new(bytes), length)
                .unwrap()
                .claims_too_much
        };
        assert!(!claims(8));
        assert!(claims(1_000_000_000));
    }

    proptest! {
        #[test]
        fn damaged_indexes_do_no_harm(at in 0_usize..200, byte in 0_u8..=255, cut in 0_usize..300) {
            let mut moov = track(b"mp4a", 1024);
            if let Some(b) = moov.get_mut(at) {
                *b = byte;
            }
            moov.truncate(cut);
            if let Some(facts) = sound_track(&moov) {
                prop_assert!((0.0..=10.0).contains(&facts.priming_seconds));
            }
        }
    }
}
