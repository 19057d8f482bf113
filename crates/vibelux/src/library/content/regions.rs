//! Where in a file its sound lies: what is left when tags, covers and padding are taken away.

use std::io::{self, Read, Seek};
use std::ops::Range;

use super::ogg;
use super::sound::{Sound, read_at};

/// A file has so many chunks, boxes or tags at most; what comes after is sound as far as it matters here.
const MOST_PARTS: usize = 4096;
/// So many kinds of tags may stand one after the other.
const MOST_TAGS: usize = 16;

const ASF_HEADER: [u8; 16] = *b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c";
const ASF_DATA: [u8; 16] = *b"\x36\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c";

/// Finds it by what the file begins with. What is not understood is sound.
pub(super) fn find<R: Read + Seek>(file: &mut R, length: u64) -> io::Result<Sound> {
    let start = after_id3v2(file, length)?;
    let mut head = [0; 16];
    let read = read_at(file, start, &mut head)?;
    let rest = start..length;
    Ok(match &head[..read] {
        [b'f', b'L', b'a', b'C', ..] => flac(file, rest)?,
        [b'O', b'g', b'g', b'S', ..] => ogg::find(file, rest)?,
        [
            b'R',
            b'I' | b'F',
            b'F' | b'6',
            b'F' | b'4',
            ..,
            b'W',
            b'A',
            b'V',
            b'E',
            _,
            _,
            _,
            _,
        ] => chunks(file, rest, b"wav", u32::from_le_bytes, &[b"fmt ", b"data"])?,
        [b'F', b'O', b'R', b'M', _, _, _, _, b'A', b'I', b'F', ..] => {
            chunks(file, rest, b"aiff", u32::from_be_bytes, &[b"COMM", b"SSND"])?
        }
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => boxes(file, rest)?,
        head if *head == ASF_HEADER => asf_objects(file, rest)?,
        // Matroska keeps its tags anywhere.
        [0x1A, 0x45, 0xDF, 0xA3, ..] => Sound::stretch(b"matroska", 0..length),
        _ => Sound::stretch(b"frames", start..before_trailing_tags(file, rest)?),
    })
}

/// The first byte behind the ID3v2 tags at the start of the file.
fn after_id3v2<R: Read + Seek>(file: &mut R, length: u64) -> io::Result<u64> {
    let mut at = 0;
    for _ in 0..MOST_TAGS {
        let mut head = [0; 10];
        if read_at(file, at, &mut head)? < head.len() || !head.starts_with(b"ID3") {
            break;
        }
        let footer = if head[5] & 0x10 > 0 { 10 } else { 0 };
        let next = at + 10 + syncsafe(&head[6..]) + footer;
        if next > length {
            break;
        }
        at = next;
    }
    Ok(at)
}

/// A number of seven bits a byte.
fn syncsafe(bytes: &[u8]) -> u64 {
    let seven = bytes.iter().take(4).map(|byte| u64::from(byte & 0x7F));
    seven.fold(0, |number, bits| number << 7 | bits)
}

/// The end of `rest` without ID3v1, APE and Lyrics3 tags and an ID3v2 tag that stands at the end.
fn before_trailing_tags<R: Read + Seek>(file: &mut R, rest: Range<u64>) -> io::Result<u64> {
    let mut end = rest.end;
    for _ in 0..MOST_TAGS {
        let Some(tag) = trailing_tag(file, &rest, end)? else {
            break;
        };
        // A tag that says it is longer than the file is none.
        match end.checked_sub(tag).filter(|&before| before >= rest.start) {
            Some(before) => end = before,
            None => break,
        }
    }
    Ok(end)
}

/// The length of the tag that ends at `end`.
fn trailing_tag<R: Read + Seek>(
    file: &mut R,
    rest: &Range<u64>,
    end: u64,
) -> io::Result<Option<u64>> {
    let mut tail = [0; 128];
    let start = end.saturating_sub(128).max(rest.start);
    let read = read_at(file, start, &mut tail[..(end - start) as usize])?;
    let tail = &tail[..read];
    let ends_at = |back: usize| tail.len().checked_sub(back).map(|at| &tail[at..]);
    if tail.len() == 128 && tail.starts_with(b"TAG") {
        return Ok(Some(128));
    }
    if let Some(footer) = ends_at(32).filter(|footer| footer.starts_with(b"APETAGEX")) {
        let field = |at: usize| {
            u32::from_le_bytes([footer[at], footer[at + 1], footer[at + 2], footer[at + 3]])
        };
        let header = if field(20) & 0x8000_0000 > 0 { 32 } else { 0 };
        return Ok(Some(u64::from(field(12)) + header));
    }
    if let Some(footer) = ends_at(10).filter(|footer| footer.starts_with(b"3DI")) {
        return Ok(Some(syncsafe(&footer[6..]) + 20));
    }
    let lyrics = ends_at(15).filter(|footer| footer.ends_with(b"LYRICS200"));
    if let Some(footer) = lyrics
        && let Some(size) = std::str::from_utf8(&footer[..6])
            .ok()
            .and_then(|s| s.parse::<u64>().ok())
    {
        return Ok(Some(size + 15));
    }
    Ok(None)
}

/// The checksum of the samples with the length of the frames, where the encoder has written one, else the frames.
fn flac<R: Read + Seek>(file: &mut R, rest: Range<u64>) -> io::Result<Sound> {
    const STREAM_INFO: usize = 34;
    let mut at = rest.start + 4;
    let mut info = [0; STREAM_INFO];
    for part in 0..MOST_PARTS {
        let mut head = [0; 4];
        if read_at(file, at, &mut head)? < head.len() {
            break;
        }
        let size = u64::from(u32::from_be_bytes([0, head[1], head[2], head[3]]));
        if part == 0 && size == STREAM_INFO as u64 {
            read_at(file, at + 4, &mut info)?;
        }
        at += 4 + size;
        if head[0] & 0x80 > 0 {
            break;
        }
    }
    let frames = at.min(rest.end)..rest.end;
    let end = before_trailing_tags(file, frames.clone())?;
    // Rate, channels, bits, length, then the checksum; a file that was cut short has fewer frames.
    if info[18..].iter().any(|&byte| byte != 0) {
        let name = [&info[10..], &(end - frames.start).to_le_bytes()].concat();
        return Ok(Sound::Named {
            kind: b"flac",
            name,
        });
    }
    Ok(Sound::stretch(b"flac frames", frames.start..end))
}

/// The chunks of a RIFF or IFF file with these names.
fn chunks<R: Read + Seek>(
    file: &mut R,
    rest: Range<u64>,
    kind: &'static [u8],
    number: fn([u8; 4]) -> u32,
    wanted: &[&[u8; 4]],
) -> io::Result<Sound> {
    let mut regions = Vec::new();
    let mut at = rest.start + 12;
    for _ in 0..MOST_PARTS {
        let mut head = [0; 8];
        if read_at(file, at, &mut head)? < head.len() {
            break;
        }
        let [a, b, c, d, size @ ..] = head;
        let mut size = u64::from(number(size));
        // What was written without knowing its end, or is longer than these files can say.
        if &[a, b, c, d] == b"data" && (size == 0 || size == u64::from(u32::MAX)) {
            size = rest.end - (at + 8).min(rest.end);
        }
        let end = (at + 8 + size).min(rest.end);
        if wanted.contains(&&[a, b, c, d]) && at + 8 <= end {
            regions.push(at + 8..end);
        }
        at = at + 8 + size + size % 2;
    }
    Ok(Sound::Regions {
        kind,
        regions: or_all(regions, rest),
    })
}

/// The media data of an MP4 file.
fn boxes<R: Read + Seek>(file: &mut R, rest: Range<u64>) -> io::Result<Sound> {
    let mut regions = Vec::new();
    let mut at = rest.start;
    for _ in 0..MOST_PARTS {
        let mut head = [0; 16];
        let read = read_at(file, at, &mut head)?;
        if read < 8 {
            break;
        }
        let short = u32::from_be_bytes([head[0], head[1], head[2], head[3]]);
        let [_, _, _, _, _, _, _, _, long @ ..] = head;
        let (header, size) = match short {
            0 => (8, rest.end - at),
            1 => (16, u64::from_be_bytes(long)),
            size => (8, u64::from(size)),
        };
        let Some(next) = at.checked_add(size).filter(|_| size >= header) else {
            break;
        };
        if &head[4..8] == b"mdat" && at + header <= next.min(rest.end) {
            regions.push(at + header..next.min(rest.end));
        }
        at = next;
        if at >= rest.end {
            break;
        }
    }
    Ok(Sound::Regions {
        kind: b"mp4",
        regions: or_all(regions, rest),
    })
}

/// The data object of a WMA file.
fn asf_objects<R: Read + Seek>(file: &mut R, rest: Range<u64>) -> io::Result<Sound> {
    /// The object's own header with the file's identifier, which a tagger may change.
    const HEADER: u64 = 50;
    let mut regions = Vec::new();
    let mut at = rest.start;
    for _ in 0..MOST_PARTS {
        let mut head = [0; 24];
        if read_at(file, at, &mut head)? < head.len() {
            break;
        }
        let [guid @ .., a, b, c, d, e, f, g, h] = head;
        let size = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
        let Some(next) = at.checked_add(size).filter(|_| size >= 24) else {
            break;
        };
        let end = next.min(rest.end);
        if guid == ASF_DATA && at + HEADER <= end {
            regions.push(at + HEADER..end);
        }
        at = next;
    }
    Ok(Sound::Regions {
        kind: b"asf",
        regions: or_all(regions, rest),
    })
}

/// Where nothing was found that is sound, all of it may be.
fn or_all(regions: Vec<Range<u64>>, rest: Range<u64>) -> Vec<Range<u64>> {
    if regions.iter().all(Range::is_empty) {
        vec![rest]
    } else {
        regions
    }
}
