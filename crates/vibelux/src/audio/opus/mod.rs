//! Opus for symphonia, which has none of its own: a thin layer over the `opus-pure` crate.
//!
//! ```text
//! packet -> streams (a decoder for each stream; packet: takes a packet of several apart) -> gain, trimmed -> symphonia's buffer
//! ```
//!
//! `opus-pure` is Rust alone, so the program needs neither a system library nor cmake (decision 5).

mod packet;
mod streams;

use symphonia::core::audio::{
    AsGenericAudioBufferRef, AudioBuffer, AudioMut, AudioSpec, GenericAudioBufferRef,
};
use symphonia::core::codecs::CodecInfo;
use symphonia::core::codecs::audio::well_known::CODEC_ID_OPUS;
use symphonia::core::codecs::audio::{
    AudioCodecParameters, AudioDecoder, AudioDecoderOptions, FinalizeResult,
};
use symphonia::core::codecs::registry::{RegisterableAudioDecoder, SupportedAudioCodec};
use symphonia::core::errors::{Result, decode_error, unsupported_error};
use symphonia::core::packet::PacketRef;

use streams::{MAX_PACKET_FRAMES, Mapping, RATE_HZ, Streams};

static CODECS: [SupportedAudioCodec; 1] = [SupportedAudioCodec {
    id: CODEC_ID_OPUS,
    info: CodecInfo {
        short_name: "opus",
        long_name: "Opus",
        profiles: &[],
    },
}];

/// What the identification header (RFC 7845, section 5.1) says beyond symphonia's parameters.
struct Head<'a> {
    gain: f32,
    /// `None` for one mono or stereo stream.
    mapping: Option<Mapping<'a>>,
}

impl<'a> Head<'a> {
    fn parse(bytes: &'a [u8], channels: usize) -> Self {
        let plain = Self {
            gain: 1.0,
            mapping: None,
        };
        let Some(fields) = bytes.strip_prefix(b"OpusHead") else {
            return plain;
        };
        let Some(&[low, high]) = fields.get(8..10) else {
            return plain;
        };
        let gain_db = f32::from(i16::from_le_bytes([low, high])) / 256.0;
        let mapping = match (fields.get(10), fields.get(11), fields.get(12)) {
            (Some(&family), Some(&streams), Some(&coupled)) if family > 0 && family != 3 => {
                let mapping = |channels| Mapping {
                    streams: streams.into(),
                    coupled: coupled.into(),
                    channels,
                };
                fields.get(13..13 + channels).map(mapping)
            }
            _ => None,
        };
        Self {
            gain: 10.0_f32.powf(gain_db / 20.0),
            mapping,
        }
    }
}

/// Decodes Opus packets of all channel mappings but that of ambisonics with a matrix (family 3).
pub(super) struct SymphoniaOpus {
    params: AudioCodecParameters,
    streams: Streams,
    channels: usize,
    gain: f32,
    gapless: bool,
    interleaved: Vec<f32>,
    buffer: AudioBuffer<f32>,
}

impl SymphoniaOpus {
    fn decode_packet(&mut self, packet: &PacketRef<'_>) -> Result<()> {
        self.buffer.clear();
        let Ok(frames) = self.streams.decode(packet.data, &mut self.interleaved) else {
            return decode_error("opus: invalid packet");
        };
        self.buffer.render_uninit(Some(frames));
        for (channel, plane) in self.buffer.iter_planes_mut().enumerate() {
            let samples = self.interleaved.iter().skip(channel).step_by(self.channels);
            for (to, from) in plane.iter_mut().zip(samples) {
                *to = from * self.gain;
            }
        }
        if self.gapless {
            self.buffer.trim(
                packet.trim_start.get() as usize,
                packet.trim_end.get() as usize,
            );
        }
        Ok(())
    }
}

impl AudioDecoder for SymphoniaOpus {
    fn reset(&mut self) {
        self.streams.reset();
    }

    fn codec_info(&self) -> &CodecInfo {
        &CODECS[0].info
    }

    fn codec_params(&self) -> &AudioCodecParameters {
        &self.params
    }

    fn decode_ref(&mut self, packet: &PacketRef<'_>) -> Result<GenericAudioBufferRef<'_>> {
        self.decode_packet(packet)?;
        Ok(self.buffer.as_generic_audio_buffer_ref())
    }

    fn finalize(&mut self) -> FinalizeResult {
        FinalizeResult::default()
    }

    fn last_decoded(&self) -> GenericAudioBufferRef<'_> {
        self.buffer.as_generic_audio_buffer_ref()
    }
}

impl RegisterableAudioDecoder for SymphoniaOpus {
    fn try_registry_new(
        params: &AudioCodecParameters,
        options: &AudioDecoderOptions,
    ) -> Result<Box<dyn AudioDecoder>> {
        let Some(layout) = &params.channels else {
            return unsupported_error("opus: number of channels unknown");
        };
        let channels = layout.count();
        let head = Head::parse(params.extra_data.as_deref().unwrap_or_default(), channels);
        let streams = match &head.mapping {
            None => Streams::one(channels),
            Some(mapping) => Streams::new(mapping),
        };
        let Some(streams) = streams else {
            return unsupported_error("opus: channel mapping");
        };
        Ok(Box::new(Self {
            params: params.clone(),
            streams,
            channels,
            gain: head.gain,
            gapless: options.gapless,
            interleaved: vec![0.0; MAX_PACKET_FRAMES * channels],
            buffer: AudioBuffer::new(AudioSpec::new(RATE_HZ, layout.clone()), MAX_PACKET_FRAMES),
        }))
    }

    fn supported_codecs() -> &'static [SupportedAudioCodec] {
        &CODECS
    }
}
