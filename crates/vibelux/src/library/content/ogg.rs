//! The sound of an Ogg file: the bodies of its first pages with sound and of its last one, without their numbers and
//! checksums (RFC 3533), and the position at which it ends, which is its length in samples.

use std::io::{self, Read, Seek};
use std::ops::Range;

use super::sound::{Sound, read_at};

/// The most pages of headers: a cover of 16 MB fills 256 of the largest.
const MOST_HEADER_PAGES: usize = 4096;
/// So many pages with sound are taken from the start: some hundred KiB.
const PAGES: usize = 64;
/// A page is no longer.
const PAGE_BYTES: usize = 27 + 255 + 255 * 255;
/// The position of a page on which nothing ends.
const NOTHING_ENDS: u64 = u64::MAX;

struct Page {
    position: u64,
    body: Range<u64>,
}

/// Finds it in the pages.
pub(super) fn find<R: Read + Seek>(file: &mut R, rest: Range<u64>) -> io::Result<Sound> {
    let mut regions = Vec::new();
    let mut at = rest.start;
    for _ in 0..MOST_HEADER_PAGES {
        let Some(page) = page(file, at, &rest)? else {
            break;
        };
        at = page.body.end;
        // Headers are at position 0.
        let is_sound = page.position != 0 && page.position != NOTHING_ENDS;
        if is_sound || !regions.is_empty() {
            regions.push(page.body);
        }
        if regions.len() == PAGES {
            break;
        }
    }
    if regions.is_empty() {
        return Ok(Sound::stretch(b"ogg", rest));
    }
    let mut name = Vec::new();
    if let Some(last) = last_page(file, &rest)? {
        name.extend(last.position.to_le_bytes());
        regions.push(last.body);
    }
    for body in regions {
        let mut bytes = vec![0; (body.end - body.start) as usize];
        let read = read_at(file, body.start, &mut bytes)?;
        name.extend(&bytes[..read]);
    }
    Ok(Sound::Named { kind: b"ogg", name })
}

/// The page that begins there; `None` if there is no whole one.
fn page<R: Read + Seek>(file: &mut R, at: u64, rest: &Range<u64>) -> io::Result<Option<Page>> {
    let mut head = [0; 27 + 255];
    let read = read_at(file, at, &mut head)?;
    let head = &head[..read];
    if head.len() < 27 || !head.starts_with(b"OggS\0") {
        return Ok(None);
    }
    let segments = usize::from(head[26]);
    let Some(lengths) = head.get(27..27 + segments) else {
        return Ok(None);
    };
    let body: u64 = lengths.iter().map(|&length| u64::from(length)).sum();
    let start = at + 27 + segments as u64;
    let position = head[6..14].iter().rev();
    Ok((start + body <= rest.end).then(|| Page {
        position: position.fold(0, |number, &byte| number << 8 | u64::from(byte)),
        body: start..start + body,
    }))
}

/// The last whole page.
fn last_page<R: Read + Seek>(file: &mut R, rest: &Range<u64>) -> io::Result<Option<Page>> {
    let start = rest
        .end
        .saturating_sub(2 * PAGE_BYTES as u64)
        .max(rest.start);
    let mut tail = vec![0; (rest.end - start) as usize];
    let read = read_at(file, start, &mut tail)?;
    let places = tail[..read].windows(5).enumerate();
    let places: Vec<usize> = places
        .filter_map(|(at, bytes)| (bytes == b"OggS\0").then_some(at))
        .collect();
    for at in places.into_iter().rev() {
        if let Some(page) = page(file, start + at as u64, rest)? {
            return Ok(Some(page));
        }
    }
    Ok(None)
}
