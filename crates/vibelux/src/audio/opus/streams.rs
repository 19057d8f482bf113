//! [`Streams`]: the decoders of an Opus track. One for mono or stereo; for more channels one for each stream that a packet holds, whose
//! channels are then put where the file says.

use opus_pure::OpusDecoder;

use super::packet::split;

/// Opus always decodes to this rate.
pub(super) const RATE_HZ: u32 = 48_000;
/// The longest packet, 120 ms.
pub(super) const MAX_PACKET_FRAMES: usize = 5_760;

/// A channel of this number in the file's mapping is silent.
const SILENT: u8 = 255;

/// A packet that is none.
#[derive(Debug)]
pub(super) struct BrokenPacket;

/// Where the channels of several streams go (RFC 7845, section 5.1.1).
#[derive(Debug, Clone, Copy)]
pub(super) struct Mapping<'a> {
    /// How many streams a packet holds.
    pub streams: usize,
    /// How many of them are stereo; those come first.
    pub coupled: usize,
    /// For each channel of the file the decoded one, or [`SILENT`].
    pub channels: &'a [u8],
}

/// The decoders of a track.
pub(super) struct Streams {
    decoders: Vec<OpusDecoder>,
    coupled: usize,
    channels: Vec<u8>,
    /// One stream's packet and what it decodes to, used again for each.
    plain: Vec<u8>,
    decoded: Vec<f32>,
}

impl Streams {
    /// One stream of one or two channels; `None` for any other number of them.
    pub(super) fn one(channels: usize) -> Option<Self> {
        let channels: &[u8] = match channels {
            1 => &[0],
            2 => &[0, 1],
            _ => return None,
        };
        Self::new(&Mapping {
            streams: 1,
            coupled: channels.len() - 1,
            channels,
        })
    }

    /// `None` if the mapping is against the rules.
    pub(super) fn new(mapping: &Mapping<'_>) -> Option<Self> {
        let &Mapping {
            streams,
            coupled,
            channels,
        } = mapping;
        let there = streams + coupled;
        let fits = |&channel: &u8| channel == SILENT || usize::from(channel) < there;
        if streams == 0 || coupled > streams || there > 255 || !channels.iter().all(fits) {
            return None;
        }
        let decoder = |at| OpusDecoder::new(RATE_HZ as i32, if at < coupled { 2 } else { 1 }).ok();
        Some(Self {
            decoders: (0..streams).map(decoder).collect::<Option<_>>()?,
            coupled,
            channels: channels.to_vec(),
            plain: Vec::new(),
            decoded: vec![0.0; 2 * MAX_PACKET_FRAMES],
        })
    }

    /// Decodes a packet into interleaved channels of at most [`MAX_PACKET_FRAMES`]; returns its frames.
    pub(super) fn decode(
        &mut self,
        packet: &[u8],
        interleaved: &mut [f32],
    ) -> Result<usize, BrokenPacket> {
        if self.channels.contains(&SILENT) {
            interleaved.fill(0.0);
        }
        let count = self.channels.len();
        let last = self.decoders.len() - 1;
        let mut rest = packet;
        let mut frames = None;
        for (at, decoder) in self.decoders.iter_mut().enumerate() {
            let data = if at == last {
                rest
            } else {
                rest = split(rest, &mut self.plain).ok_or(BrokenPacket)?;
                &self.plain
            };
            // An empty packet means "conceal a loss" to the decoder; here it is only damage.
            if data.is_empty() {
                return Err(BrokenPacket);
            }
            let decoded = decoder.decode(data, MAX_PACKET_FRAMES, &mut self.decoded);
            let decoded = decoded.map_err(|_| BrokenPacket)?;
            if *frames.get_or_insert(decoded) != decoded {
                return Err(BrokenPacket);
            }
            let (first, width) = if at < self.coupled {
                (2 * at, 2)
            } else {
                (at + self.coupled, 1)
            };
            for (channel, &from) in self.channels.iter().enumerate() {
                let side = usize::from(from).checked_sub(first);
                let Some(side) = side.filter(|&side| from != SILENT && side < width) else {
                    continue;
                };
                let from = self.decoded.iter().skip(side).step_by(width);
                let to = interleaved.iter_mut().skip(channel).step_by(count);
                to.zip(from)
                    .take(decoded)
                    .for_each(|(to, from)| *to = *from);
            }
        }
        frames.ok_or(BrokenPacket)
    }

    /// Forgets what was decoded, for a place elsewhere in the track.
    pub(super) fn reset(&mut self) {
        for decoder in &mut self.decoders {
            // It never fails; one that did would go on with what it had decoded.
            let _ = decoder.reset_state();
        }
    }
}

#[cfg(test)]
mod tests {
    use opus_pure::{Application, OpusEncoder};

    use super::*;

    #[test]
    fn mappings_against_the_rules_are_refused() {
        let new = |streams, coupled, channels: &[u8]| {
            let mapping = Mapping {
                streams,
                coupled,
                channels,
            };
            Streams::new(&mapping).is_some()
        };
        assert!(new(4, 2, &[0, 4, 1, 2, 3, 5]));
        assert!(new(1, 0, &[0, SILENT]));
        assert!(!new(4, 2, &[0, 4, 1, 2, 3, 6]));
        assert!(!new(0, 0, &[SILENT]));
        assert!(!new(1, 2, &[0, 1]));
        assert!(!new(200, 56, &[0]));
        assert!(Streams::one(2).is_some() && Streams::one(3).is_none());
    }

    /// A packet of 20 ms in which channel `c` is a tone of `hz[c]`.
    fn packet(hz: &[f32]) -> Vec<u8> {
        let mut encoder = OpusEncoder::new(RATE_HZ as i32, hz.len(), Application::Audio).unwrap();
        let samples: Vec<f32> = (0..960 * hz.len())
            .map(|i| {
                let (frame, channel) = (i / hz.len(), i % hz.len());
                let turns = hz[channel] * frame as f32 / RATE_HZ as f32;
                0.5 * (std::f32::consts::TAU * turns).sin()
            })
            .collect();
        // No more than a length of one byte says.
        let mut bytes = vec![0; 200];
        let length = encoder.encode(&samples, 960, &mut bytes).unwrap();
        bytes.truncate(length);
        bytes
    }

    #[test]
    fn channels_go_where_the_mapping_says() {
        let (pair, single) = (packet(&[500.0, 0.0]), packet(&[2_000.0]));
        // One frame, the length of which stands behind the first byte.
        assert_eq!(pair[0] & 3, 0);
        let mut both = vec![pair[0], pair.len() as u8 - 1];
        both.extend(&pair[1..]);
        both.extend(single);
        let decoded = |channels: &[u8]| -> Vec<Vec<f32>> {
            let mapping = Mapping {
                streams: 2,
                coupled: 1,
                channels,
            };
            let mut streams = Streams::new(&mapping).unwrap();
            let mut interleaved = vec![9.0; channels.len() * MAX_PACKET_FRAMES];
            assert_eq!(streams.decode(&both, &mut interleaved).unwrap(), 960);
            let plane = |c: usize| interleaved.iter().skip(c).step_by(channels.len());
            let count = channels.len();
            (0..count)
                .map(|c| plane(c).take(960).copied().collect())
                .collect()
        };
        let straight = decoded(&[0, 1, 2]);
        let crossed = decoded(&[2, SILENT, 0]);
        assert_eq!(crossed[0], straight[2]);
        assert_eq!(crossed[1], [0.0; 960]);
        assert_eq!(crossed[2], straight[0]);
        let energy = |samples: &[f32]| samples.iter().map(|x| x * x).sum::<f32>();
        assert!(energy(&straight[1]) < 0.1 * energy(&straight[0]));
        // A tone crosses zero twice a turn.
        let turns = |samples: &[f32]| {
            samples
                .windows(2)
                .filter(|two| two[0] < 0.0 && two[1] >= 0.0)
                .count()
        };
        assert!(turns(&straight[2]) > 2 * turns(&straight[0]));
    }

    #[test]
    fn packets_that_are_none_are_broken() {
        let mut streams = Streams::new(&Mapping {
            streams: 2,
            coupled: 1,
            channels: &[0, 1, 2],
        })
        .unwrap();
        let mut interleaved = vec![1.0; 3 * MAX_PACKET_FRAMES];
        // Empty; a first stream that does not end; a second one that is not there; streams of 20 and of 10 ms.
        let packets: [&[u8]; 4] = [
            &[],
            &[0xFC, 9, 1],
            &[0xFC, 2, 1, 2],
            &[0xFC, 2, 1, 2, 0xF0, 1, 2],
        ];
        for packet in packets {
            assert!(
                streams.decode(packet, &mut interleaved).is_err(),
                "{packet:?}"
            );
        }
        streams.reset();
        let frames = streams.decode(&[0xFC, 2, 1, 2, 0xF8, 1, 2], &mut interleaved);
        assert_eq!(frames.unwrap(), 960);
    }
}
