//! How the packet of several Opus streams comes apart into one packet of each.

/// A length as it stands in a packet (RFC 6716, section 3.2.1), and how many bytes it took.
fn length(data: &[u8]) -> Option<(usize, usize)> {
    match *data.first()? {
        first @ 0..=251 => Some((usize::from(first), 1)),
        first => Some((4 * usize::from(*data.get(1)?) + usize::from(first), 2)),
    }
}

/// Reads a self-delimited packet from its start to its end.
struct Reader<'a> {
    data: &'a [u8],
    at: usize,
    /// The same packet as it is where its end is known.
    plain: &'a mut Vec<u8>,
}

impl Reader<'_> {
    /// A byte that both forms have.
    fn byte(&mut self) -> Option<u8> {
        let byte = *self.data.get(self.at)?;
        self.plain.push(byte);
        self.at += 1;
        Some(byte)
    }

    /// A length that both forms have.
    fn kept_length(&mut self) -> Option<usize> {
        let (length, bytes) = length(self.data.get(self.at..)?)?;
        let written = self.data.get(self.at..self.at + bytes)?;
        self.plain.extend_from_slice(written);
        self.at += bytes;
        Some(length)
    }

    /// The one that only the self-delimited form has.
    fn last_length(&mut self) -> Option<usize> {
        let (length, bytes) = length(self.data.get(self.at..)?)?;
        self.at += bytes;
        Some(length)
    }

    /// The bytes of all frames and of the padding behind them.
    fn body(&mut self) -> Option<usize> {
        match self.byte()? & 3 {
            0 => self.last_length(),
            1 => Some(2 * self.last_length()?),
            2 => Some(self.kept_length()? + self.last_length()?),
            _ => self.counted_body(),
        }
    }

    /// The same of a packet that says how many frames it has.
    fn counted_body(&mut self) -> Option<usize> {
        let header = self.byte()?;
        let (frames, is_variable) = (usize::from(header & 0x3F), header & 0x80 > 0);
        if frames == 0 {
            return None;
        }
        let mut padding = 0;
        if header & 0x40 > 0 {
            loop {
                let byte = self.byte()?;
                padding += usize::from(byte.min(254));
                if byte < 255 {
                    break;
                }
            }
        }
        if !is_variable {
            return Some(frames * self.last_length()? + padding);
        }
        let mut sum = padding;
        for _ in 1..frames {
            sum += self.kept_length()?;
        }
        Some(sum + self.last_length()?)
    }
}

/// Writes the self-delimited packet (RFC 6716, appendix B) at the start of `data` into `plain` as an ordinary one, and returns what
/// follows it; `None` if it is broken.
pub(super) fn split<'a>(data: &'a [u8], plain: &mut Vec<u8>) -> Option<&'a [u8]> {
    plain.clear();
    let mut reader = Reader { data, at: 0, plain };
    let end = reader.body()? + reader.at;
    let start = reader.at;
    plain.extend_from_slice(data.get(start..end)?);
    data.get(end..)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parts(data: &[u8]) -> Option<(Vec<u8>, &[u8])> {
        let mut plain = vec![9];
        split(data, &mut plain).map(|rest| (plain, rest))
    }

    #[test]
    fn each_way_to_count_frames_comes_apart() {
        // One frame of three bytes; two of one; two of two and one; three of one, with two bytes of padding; three of one, two, none.
        let cases: [(&[u8], &[u8]); 5] = [
            (&[0, 3, 7, 8, 9], &[0, 7, 8, 9]),
            (&[1, 1, 7, 8], &[1, 7, 8]),
            (&[2, 2, 1, 7, 8, 9], &[2, 2, 7, 8, 9]),
            (
                &[3, 0x43, 2, 1, 7, 8, 9, 0, 0],
                &[3, 0x43, 2, 7, 8, 9, 0, 0],
            ),
            (&[3, 0x83, 1, 2, 0, 7, 8, 9], &[3, 0x83, 1, 2, 7, 8, 9]),
        ];
        for (packet, expected) in cases {
            let both = [packet, &[4, 5]].concat();
            assert_eq!(
                parts(&both),
                Some((expected.to_vec(), &[4, 5][..])),
                "{packet:?}"
            );
            // Cut off anywhere, it is broken.
            for end in 0..packet.len() {
                assert_eq!(parts(&packet[..end]), None, "{packet:?} until {end}");
            }
        }
        assert_eq!(parts(&[3, 0, 1, 1]), None);
    }

    #[test]
    fn long_frames_have_lengths_of_two_bytes() {
        let mut packet = vec![0, 252, 1];
        packet.extend([7; 256]);
        assert_eq!(parts(&packet).unwrap().0.len(), 257);
    }

    proptest! {
        #[test]
        fn whatever_comes_is_split_or_refused(data in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Some((plain, rest)) = parts(&data) {
                prop_assert!(plain.len() + rest.len() < data.len());
                prop_assert_eq!(rest, &data[data.len() - rest.len()..]);
            }
        }
    }
}
