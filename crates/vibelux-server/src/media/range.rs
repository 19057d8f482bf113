//! Byte ranges (RFC 9110, section 14): how a player jumps within a song.

use std::ops::RangeInclusive;

/// What a `Range` header comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Requested {
    /// The whole file: no range, several, or one that cannot be read; the RFC lets a server ignore
    /// these.
    Whole,
    /// These bytes, all within the file.
    Part(RangeInclusive<u64>),
    /// No byte of it is in the file.
    Nothing,
}

/// Reads a `Range` header for a file of `length_bytes`.
pub fn requested(header: Option<&str>, length_bytes: u64) -> Requested {
    let Some((unit, range)) = header.and_then(|header| header.split_once('=')) else {
        return Requested::Whole;
    };
    let Some((first, last)) = range.trim().split_once('-') else {
        return Requested::Whole;
    };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return Requested::Whole;
    }
    match (
        number(first),
        number(last),
        first.is_empty(),
        last.is_empty(),
    ) {
        // The last so many bytes.
        (None, Some(count), true, _) => match length_bytes.checked_sub(1) {
            Some(end) if count > 0 => Requested::Part(length_bytes.saturating_sub(count)..=end),
            _ => Requested::Nothing,
        },
        (Some(start), None, _, true) => from_to(start, u64::MAX, length_bytes),
        (Some(start), Some(end), ..) if start <= end => from_to(start, end, length_bytes),
        _ => Requested::Whole,
    }
}

fn from_to(start: u64, end: u64, length_bytes: u64) -> Requested {
    if start < length_bytes {
        Requested::Part(start..=end.min(length_bytes - 1))
    } else {
        Requested::Nothing
    }
}

/// Digits only: `parse` would also take a sign.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    // A number too large to be read lies beyond every file.
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ranges_are_those_of_the_rfc() {
        let of = |header| requested(Some(header), 1000);
        assert_eq!(of("bytes=0-499"), Requested::Part(0..=499));
        assert_eq!(of("bytes=500-"), Requested::Part(500..=999));
        assert_eq!(of("Bytes = 999-5000"), Requested::Part(999..=999));
        assert_eq!(of("bytes=-300"), Requested::Part(700..=999));
        assert_eq!(of("bytes=-5000"), Requested::Part(0..=999));
        assert_eq!(
            of("bytes=0-99999999999999999999999"),
            Requested::Part(0..=999)
        );
        for nothing in [
            "bytes=1000-",
            "bytes=2000-3000",
            "bytes=-0",
            "bytes=99999999999999999999-",
        ] {
            assert_eq!(of(nothing), Requested::Nothing, "{nothing}");
        }
        for whole in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=5-2",
            "bytes=0-1,3-4",
            "items=0-1",
            "bytes=+1-2",
            "bytes=a-b",
        ] {
            assert_eq!(of(whole), Requested::Whole, "{whole}");
        }
        assert_eq!(requested(None, 1000), Requested::Whole);
        assert_eq!(requested(Some("bytes=0-"), 0), Requested::Nothing);
        assert_eq!(requested(Some("bytes=-5"), 0), Requested::Nothing);
    }

    proptest! {
        #[test]
        fn a_part_is_always_within_the_file(header in "(bytes=)?[0-9-]{0,30}", length in 0_u64..5000) {
            if let Requested::Part(range) = requested(Some(&header), length) {
                prop_assert!(range.start() <= range.end() && *range.end() < length);
            }
        }
    }
}
