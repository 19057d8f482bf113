//! [`FileKind`]: what the first bytes of a file say, before any decoder sees it.
//!
//! Symphonia's probe searches for anything that looks like audio, which a text file sooner or
//! later does; looking first keeps the errors honest.

/// What a format is called of which not even the container is known.
pub(super) const UNKNOWN_FORMAT: &str = "an unknown format";

/// A first guess that decides who reads the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileKind {
    /// Printable text, whatever the extension.
    Text,
    /// ISO base media: M4A, MP4, MOV.
    IsoMedia,
    /// Audio in a format that only ffmpeg reads; its name.
    Foreign(&'static str),
    /// Left to the probe.
    Unknown,
}

impl FileKind {
    /// Bytes that are enough for [`Self::of`].
    pub(super) const HEAD_BYTES: usize = 1024;

    pub(super) fn of(head: &[u8]) -> Self {
        const FOREIGN: [(&[u8], &str); 8] = [
            (
                &[0x30, 0x26, 0xB2, 0x75, 0x8E, 0x66, 0xCF, 0x11],
                "Windows Media (WMA)",
            ),
            (b"MPCK", "Musepack"),
            (b"MP+", "Musepack"),
            (b"MAC ", "Monkey's Audio"),
            (b"wvpk", "WavPack"),
            (b"TTA1", "True Audio"),
            (b"#!AMR", "AMR"),
            (&[0x0B, 0x77], "AC-3"),
        ];
        if let Some((_, name)) = FOREIGN.iter().find(|(magic, _)| head.starts_with(magic)) {
            return Self::Foreign(name);
        }
        if head.get(4..8) == Some(b"ftyp") {
            return Self::IsoMedia;
        }
        if is_text(head) {
            Self::Text
        } else {
            Self::Unknown
        }
    }
}

/// UTF-8 or UTF-16 without control characters. No audio format fits this in its first kilobyte:
/// all have sizes and counts in binary.
fn is_text(head: &[u8]) -> bool {
    let printable = |c: char| !c.is_control() || matches!(c, '\t' | '\n' | '\r' | '\u{c}');
    let utf16 = match head {
        [0xFF, 0xFE, rest @ ..] => Some((rest, u16::from_le_bytes as fn([u8; 2]) -> u16)),
        [0xFE, 0xFF, rest @ ..] => Some((rest, u16::from_be_bytes as fn([u8; 2]) -> u16)),
        _ => None,
    };
    if let Some((rest, unit)) = utf16 {
        let units = rest.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
        return char::decode_utf16(units).all(|c| c.is_ok_and(printable));
    }
    let whole = match std::str::from_utf8(head) {
        Ok(text) => text,
        // A character that is cut off at the end of the head is fine.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !whole.is_empty() && whole.chars().all(printable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_decide() {
        assert_eq!(
            FileKind::of("Ein schöner Text.\r\n".as_bytes()),
            FileKind::Text
        );
        assert_eq!(FileKind::of(b"\xFF\xFEh\0i\0"), FileKind::Text);
        assert_eq!(FileKind::of(b"caf\xC3"), FileKind::Text);
        assert_eq!(FileKind::of(b"\0\0\0\x20ftypM4A "), FileKind::IsoMedia);
        assert_eq!(FileKind::of(b"MPCKSH"), FileKind::Foreign("Musepack"));
        for binary in [
            &b"ID3\x03\0"[..],
            b"RIFF\x24\0\0\0WAVE",
            b"\xFF\xFB\x90\x64",
            b"",
        ] {
            assert_eq!(FileKind::of(binary), FileKind::Unknown);
        }
    }
}
