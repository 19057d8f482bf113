//! What Symphonia 0.6 does not check in a FLAC file: a seek table that leads out of it, or back, would send
//! its search round in a circle until the song's time is up. Found by fuzzing.
//!
//! [`super::reader`] asks before it opens the file, and shows Symphonia a table that cannot be used as padding.
//! The layout is RFC 9639, sections 8.1 and 8.5.

use std::io::{self, Read, Seek, SeekFrom};

/// Kinds of metadata blocks.
const PADDING: u8 = 1;
const SEEK_TABLE: u8 = 3;
/// The bit that marks the last block.
const LAST: u8 = 0x80;
/// Bytes of a point: its first sample, where its frame begins after the first one, how many samples it has.
const POINT_BYTES: usize = 18;
/// The first sample of a point that only keeps room.
const PLACEHOLDER: u64 = u64::MAX;
/// No table needs more: a block has at most 2^24 bytes.
const MOST_BLOCKS: usize = 1024;

/// A byte to be shown in place of the one at its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Patch {
    pub at: u64,
    pub byte: u8,
}

/// What hides seek tables that cannot be used, for a file of `len` bytes; nothing if it is no FLAC file or its
/// blocks cannot be read, which is for the demuxer to say. Leaves the file somewhere.
pub(super) fn hide_wrong_seek_tables<R: Read + Seek>(
    file: &mut R,
    len: u64,
) -> io::Result<Vec<Patch>> {
    let Some(mut at) = first_block(file)? else {
        return Ok(Vec::new());
    };
    let mut tables = Vec::new();
    for _ in 0..MOST_BLOCKS {
        let mut header = [0; 4];
        file.seek(SeekFrom::Start(at))?;
        if file.read_exact(&mut header).is_err() {
            break;
        }
        let [kind, a, b, c] = header;
        let bytes = u32::from_be_bytes([0, a, b, c]) as usize;
        if kind & !LAST == SEEK_TABLE {
            let mut table = Vec::new();
            file.take(bytes as u64).read_to_end(&mut table)?;
            tables.push((at, kind, table));
        }
        at = at.saturating_add(4 + bytes as u64);
        if kind & LAST != 0 {
            break;
        }
    }
    // The blocks end where the first frame begins.
    let frames = len.saturating_sub(at);
    let wrong = tables
        .iter()
        .filter(|(_, _, table)| !is_sound(table, frames));
    let patch = |&(at, kind, _): &(u64, u8, Vec<u8>)| Patch {
        at,
        byte: (kind & LAST) | PADDING,
    };
    Ok(wrong.map(patch).collect())
}

/// Where the first metadata block begins, after an ID3v2 tag if there is one before.
fn first_block<R: Read + Seek>(file: &mut R) -> io::Result<Option<u64>> {
    let mut start = 0;
    let mut head = [0; 10];
    file.seek(SeekFrom::Start(0))?;
    if file.read_exact(&mut head).is_err() {
        return Ok(None);
    }
    if let [b'I', b'D', b'3', _, _, _, a, b, c, d] = head {
        // Seven bits of each byte count.
        let size = [a, b, c, d]
            .into_iter()
            .fold(0, |sum, byte| (sum << 7) | u64::from(byte & 0x7F));
        start = 10 + size;
        file.seek(SeekFrom::Start(start))?;
        if file.read_exact(&mut head[..4]).is_err() {
            return Ok(None);
        }
    }
    Ok(head.starts_with(b"fLaC").then_some(start + 4))
}

/// Whether its points rise and lie within so many bytes of frames.
fn is_sound(table: &[u8], frame_bytes: u64) -> bool {
    let (points, rest) = table.as_chunks::<POINT_BYTES>();
    let number = |point: &[u8; POINT_BYTES], at: usize| {
        let bytes = point[at..].first_chunk().copied();
        u64::from_be_bytes(bytes.unwrap_or_default())
    };
    let mut before = None;
    rest.is_empty()
        && points.iter().all(|point| {
            let (sample, offset) = (number(point, 0), number(point, 8));
            if sample == PLACEHOLDER {
                return true;
            }
            let rises = before.is_none_or(|(s, o)| s < sample && o < offset);
            before = Some((sample, offset));
            rises && offset < frame_bytes
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(kind: u8, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len()).unwrap().to_be_bytes();
        [&[kind], &length[1..], body].concat()
    }

    fn points(points: &[(u64, u64)]) -> Vec<u8> {
        let bytes = points.iter().flat_map(|(sample, offset)| {
            [&sample.to_be_bytes()[..], &offset.to_be_bytes(), &[0x10, 0]].concat()
        });
        bytes.collect()
    }

    /// What hides the table of a file with it, another block and 1,000 bytes of frames.
    fn patches(before: &[u8], table: &[u8]) -> Vec<Patch> {
        let bytes = [
            before,
            b"fLaC",
            &block(0, &[0; 34]),
            &block(SEEK_TABLE, table),
            &block(PADDING | LAST, &[0; 7]),
            &[0; 1000],
        ]
        .concat();
        let length = bytes.len() as u64;
        hide_wrong_seek_tables(&mut io::Cursor::new(bytes), length).unwrap()
    }

    #[test]
    fn tables_that_lead_out_or_back_are_hidden_and_no_others() {
        let at = 4 + 4 + 34;
        let hidden = |at| vec![Patch { at, byte: PADDING }];
        for sound in [
            &[][..],
            &[(0, 0)],
            &[(0, 0), (4096, 500), (8192, 999)],
            &[(0, 0), (4096, 500), (PLACEHOLDER, 0), (PLACEHOLDER, 0)],
        ] {
            assert_eq!(patches(b"", &points(sound)), [], "{sound:?}");
        }
        for wrong in [
            &[(0, 1000)][..],
            &[(0, 0), (4096, u64::MAX)],
            &[(0, 500), (4096, 400)],
            &[(4096, 0), (0, 500)],
            &[(0, 0), (0, 10)],
        ] {
            assert_eq!(patches(b"", &points(wrong)), hidden(at), "{wrong:?}");
        }
        assert_eq!(patches(b"", &[0; 5]), hidden(at));
        // After an ID3v2 tag of 20 bytes.
        let tag = [&b"ID3\x04\0\0\0\0\0\x14"[..], &[0; 20]].concat();
        assert_eq!(patches(&tag, &points(&[(0, 5000)])), hidden(at + 30));
        assert_eq!(patches(b"x", &points(&[(0, 5000)])), []);
    }
}
