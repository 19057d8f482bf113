//! [`Sound`]: what of a file is hashed; and reading at any place of it.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

/// The sound of a file.
pub(super) enum Sound {
    /// The stretches of the file that hold it, in order.
    Regions {
        kind: &'static [u8],
        regions: Vec<Range<u64>>,
    },
    /// The file itself says what names it.
    Named { kind: &'static [u8], name: Vec<u8> },
}

impl Sound {
    /// Sound that lies in one piece.
    pub(super) fn stretch(kind: &'static [u8], region: Range<u64>) -> Self {
        Self::Regions {
            kind,
            regions: Vec::from([region]),
        }
    }
}

/// Fills the buffer from this place on; less where the file ends.
pub(super) fn read_at<R: Read + Seek>(
    file: &mut R,
    at: u64,
    buffer: &mut [u8],
) -> io::Result<usize> {
    file.seek(SeekFrom::Start(at))?;
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
