//! [`SongReader`]: one open song, read as mono frames at its own rate from any position.
//!
//! Positions are frames of music: encoder delay and priming are behind the zero. Seeks go to a
//! little before the wanted frame, because every lossy codec needs a packet or two to settle.

use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use symphonia::core::codecs::audio::AudioDecoder;
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, SeekMode, SeekTo, TrackType};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::MetadataOptions;
use symphonia::core::units::{TimeBase, Timestamp};

use super::AudioError;
use super::codecs::{audio_rate, make_decoder, unsupported};
use super::file_kind::{FileKind, UNKNOWN_FORMAT};
use super::flac;
use super::limits::SONG_RATES_HZ;
use super::loudness::LoudnessMeter;
use super::mono::{channels, mix_down};
use super::mp4::{self, Mp4Facts};
use super::source::{Deadline, TimedFile};
use crate::media::{self, MediaFile};

/// How far before the wanted frame a seek aims. Covers Opus's 80 ms and four MP3 frames.
const SETTLE_SECONDS: f64 = 0.1;
/// Reading on is cheaper than a seek over a gap shorter than this.
const SKIP_SECONDS: f64 = 0.5;
/// Above this size the exact seek in an MP3, which reads every frame's header up to the target,
/// is replaced by a jump to where the target should be; so it is if all that is read must travel.
const EXACT_SEEK_BYTES: u64 = 64 << 20;
/// Packets in a row that may be damaged before the rest counts as lost.
const MAX_BAD_PACKETS: u32 = 500;

/// One open song.
pub(super) struct SongReader {
    path: PathBuf,
    deadline: Deadline,
    format: Box<dyn FormatReader>,
    decoder: Box<dyn AudioDecoder>,
    track_id: u32,
    time_base: TimeBase,
    rate_hz: u32,
    claimed_frames: Option<u64>,
    /// Frames of the track before the music begins.
    lead_in: i64,
    seek_mode: SeekMode,
    /// The frame that the next decoded one will be, once that is known.
    position: Option<i64>,
    /// The mixed-down frames of the latest packet.
    mono: Vec<f32>,
    planes: Vec<Vec<f32>>,
    /// Hears what is decoded, if there is one.
    pub(super) meter: Option<LoudnessMeter>,
    /// The latest damage, for the error if nothing else comes.
    damage: Option<&'static str>,
}

impl SongReader {
    pub(super) fn open(path: &Path, deadline: Deadline) -> Result<Self, AudioError> {
        let owned = || path.to_owned();
        let io = |source| AudioError::io(path, source);
        // Asked before it is opened, as a pipe would wait for whoever writes into it.
        if !media::facts(path).map_err(io)?.is_file {
            return Err(AudioError::NotAFile { path: owned() });
        }
        let mut file = MediaFile::open(path).map_err(io)?;
        let size_bytes = file.facts().size_bytes;
        if size_bytes == 0 {
            return Err(AudioError::Empty { path: owned() });
        }
        let facts = examine(&mut file, path)?;
        let patches = flac::hide_wrong_seek_tables(&mut file, size_bytes).map_err(io)?;
        file.seek(SeekFrom::Start(0)).map_err(io)?;

        let source = TimedFile::new(file, deadline, patches);
        let stream = MediaSourceStream::new(Box::new(source), Default::default());
        let mut hint = Hint::new();
        if let Some(extension) = path.extension().and_then(|e| e.to_str()) {
            hint.with_extension(extension);
        }
        let format = symphonia::default::get_probe()
            .probe(
                &hint,
                stream,
                FormatOptions::default(),
                MetadataOptions::default(),
            )
            .map_err(|error| match error {
                _ if deadline.passed() => slow(path, deadline),
                Error::Unsupported(_) => unsupported(path, UNKNOWN_FORMAT),
                Error::IoError(e) if e.kind() != ErrorKind::UnexpectedEof => io(e),
                other => AudioError::Malformed {
                    path: owned(),
                    detail: other.to_string(),
                },
            })?;
        let Some(track) = format.default_track(TrackType::Audio).cloned() else {
            return Err(AudioError::NotAudio { path: owned() });
        };
        let decoder = make_decoder(&track, path)?;
        let rate_hz = decoder
            .codec_params()
            .sample_rate
            .or_else(|| audio_rate(&track));
        let Some(rate_hz) = rate_hz.filter(|hz| SONG_RATES_HZ.contains(hz)) else {
            let detail = format!("sample rate {rate_hz:?}");
            return Err(AudioError::Malformed {
                path: owned(),
                detail,
            });
        };
        let is_mp3 = format.format_info().short_name == "mp3";
        let jump = is_mp3 && (size_bytes > EXACT_SEEK_BYTES || media::is_address(path));
        let time_base = track
            .time_base
            .or_else(|| TimeBase::try_from_recip(rate_hz));
        let mut reader = Self {
            path: owned(),
            deadline,
            format,
            decoder,
            track_id: track.id,
            time_base: time_base.unwrap_or_default(),
            rate_hz,
            claimed_frames: None,
            lead_in: (facts.priming_seconds * f64::from(rate_hz)).round() as i64,
            seek_mode: if jump {
                SeekMode::Coarse
            } else {
                SeekMode::Accurate
            },
            position: None,
            mono: Vec::new(),
            planes: Vec::new(),
            meter: None,
            damage: None,
        };
        // Granule positions of Ogg Opus count the pre-skip (RFC 7845, section 4.3).
        if reader.format.format_info().short_name == "ogg" && reader.codec() == "opus" {
            reader.lead_in = i64::from(track.delay.unwrap_or(0));
        }
        let hidden = u64::try_from(reader.lead_in).unwrap_or(0);
        let frames = track
            .duration
            .map(|d| reader.frames_in(d.get()))
            .or(track.num_frames);
        reader.claimed_frames = frames.map(|f| f.saturating_sub(hidden)).filter(|&f| f > 0);
        // A recording of a live stream does not start at time 0.
        let start = reader.frame_at(track.start_ts);
        reader.lead_in = reader.lead_in.saturating_add(start.max(0));
        Ok(reader)
    }

    /// Frames per second of everything this reader gives.
    pub(super) fn rate_hz(&self) -> u32 {
        self.rate_hz
    }

    /// The codec's short name.
    pub(super) fn codec(&self) -> String {
        self.decoder.codec_info().short_name.to_owned()
    }

    /// The length that the file's header claims.
    pub(super) fn claimed_frames(&self) -> Option<u64> {
        self.claimed_frames
    }

    /// The error for a song that gave no sample at all.
    pub(super) fn nothing_decoded(&self) -> AudioError {
        let path = self.path.clone();
        match self.damage {
            Some(detail) => AudioError::Malformed {
                path,
                detail: detail.to_owned(),
            },
            None => AudioError::Empty { path },
        }
    }

    /// The true length, by walking through all packets without decoding them. The reader stands at
    /// the end afterwards.
    pub(super) fn scan_frames(&mut self) -> Result<u64, AudioError> {
        self.rewind()?;
        let mut end = 0;
        while let Some(packet) = self.next_packet()? {
            let after = packet.pts.saturating_add(packet.dur);
            end = end.max(self.frame_at(after).saturating_sub(self.lead_in));
        }
        self.position = Some(i64::MAX);
        Ok(u64::try_from(end).unwrap_or(0))
    }

    /// Appends up to `count` frames from frame `start` on; fewer at the end of the song.
    pub(super) fn read(
        &mut self,
        start: u64,
        count: usize,
        out: &mut Vec<f32>,
    ) -> Result<(), AudioError> {
        let start = i64::try_from(start).unwrap_or(i64::MAX);
        self.approach(start)?;
        let wanted = out.len().saturating_add(count);
        while out.len() < wanted {
            let Some(first) = self.next_block()? else {
                break;
            };
            let skip = usize::try_from(start.saturating_sub(first)).unwrap_or(0);
            let fresh = self.mono.get(skip..).unwrap_or_default();
            out.extend_from_slice(&fresh[..fresh.len().min(wanted - out.len())]);
        }
        Ok(())
    }

    /// Decodes on from where the reader stands, a packet at a time; `None` at the end. Frames
    /// before the music begins are left out.
    pub(super) fn read_block(&mut self) -> Result<Option<&[f32]>, AudioError> {
        let Some(first) = self.next_block()? else {
            return Ok(None);
        };
        let skip = usize::try_from(first.saturating_neg()).unwrap_or(0);
        Ok(Some(self.mono.get(skip..).unwrap_or_default()))
    }

    /// Brings the reader to or before `start`.
    fn approach(&mut self, start: i64) -> Result<(), AudioError> {
        let rate = f64::from(self.rate_hz);
        let here = self.position.unwrap_or(0);
        let near = start >= here && start - here <= (SKIP_SECONDS * rate) as i64;
        if near {
            return Ok(());
        }
        let target = (start - (SETTLE_SECONDS * rate) as i64).max(0);
        let ts = (target.saturating_add(self.lead_in)) as f64 / rate * self.ticks_per_second();
        let to = SeekTo::Timestamp {
            ts: Timestamp::new(ts as i64),
            track_id: self.track_id,
        };
        if self.format.seek(self.seek_mode, to).is_ok() {
            self.decoder.reset();
            self.position = None;
            return Ok(());
        }
        if self.deadline.passed() {
            return Err(slow(&self.path, self.deadline));
        }
        // No seeking in this file: read forward. A failed seek may have moved the stream.
        self.rewind()
    }

    fn rewind(&mut self) -> Result<(), AudioError> {
        let fresh = Self::open(&self.path, self.deadline)?;
        let (damage, meter) = (self.damage, self.meter.take());
        *self = fresh;
        (self.damage, self.meter) = (damage, meter);
        Ok(())
    }

    /// Decodes the next packet that gives frames into `self.mono` and says which frame is its
    /// first.
    fn next_block(&mut self) -> Result<Option<i64>, AudioError> {
        loop {
            let Some(packet) = self.next_packet()? else {
                return Ok(None);
            };
            self.mono.clear();
            // Decoders trim what the packet says; what is left starts after the trimmed part.
            let stamped = packet.pts.saturating_add(packet.trim_start);
            let first = match self.position {
                Some(position) => position,
                None => self.frame_at(stamped).saturating_sub(self.lead_in),
            };
            match self.decoder.decode(&packet) {
                Ok(buffer) => {
                    if buffer.spec().rate() != self.rate_hz {
                        self.damage = Some("the sample rate changes within the file");
                        continue;
                    }
                    let mut channels = channels(&buffer, &mut self.planes);
                    mix_down(&channels, &mut self.mono);
                    if let Some(meter) = &mut self.meter {
                        meter.hear(first, &mut channels);
                    }
                }
                Err(Error::DecodeError(detail)) => self.damage = Some(detail),
                Err(Error::IoError(_)) => self.damage = Some("cut off within a packet"),
                Err(Error::ResetRequired) => self.decoder.reset(),
                Err(Error::LimitError(detail) | Error::Unsupported(detail)) => {
                    self.damage = Some(detail);
                }
                Err(_) => self.damage = Some("undecodable packet"),
            }
            if self.mono.is_empty() {
                continue;
            }
            self.position = Some(first.saturating_add(self.mono.len() as i64));
            return Ok(Some(first));
        }
    }

    /// The next packet of the song's track; `None` at the end, which a cut-off file has early.
    fn next_packet(&mut self) -> Result<Option<symphonia::core::packet::Packet>, AudioError> {
        for _ in 0..MAX_BAD_PACKETS {
            if self.deadline.passed() {
                return Err(slow(&self.path, self.deadline));
            }
            match self.format.next_packet() {
                Ok(Some(packet)) if packet.track_id == self.track_id => return Ok(Some(packet)),
                Ok(Some(_)) => {}
                Ok(None) => return Ok(None),
                Err(Error::IoError(e)) if e.kind() == ErrorKind::UnexpectedEof => return Ok(None),
                Err(Error::IoError(e)) if e.kind() == ErrorKind::TimedOut => {
                    return Err(slow(&self.path, self.deadline));
                }
                Err(Error::IoError(e)) => return Err(AudioError::io(&self.path, e)),
                Err(Error::DecodeError(detail)) => self.damage = Some(detail),
                // A chained stream: a new track with its own headers follows.
                Err(Error::ResetRequired) if self.follow_chain() => {}
                Err(_) => return Ok(None),
            }
        }
        Ok(None)
    }

    fn follow_chain(&mut self) -> bool {
        let Some(track) = self.format.default_track(TrackType::Audio).cloned() else {
            return false;
        };
        match make_decoder(&track, &self.path) {
            Ok(decoder) if audio_rate(&track) == Some(self.rate_hz) => {
                self.decoder = decoder;
                self.track_id = track.id;
                true
            }
            _ => false,
        }
    }

    fn ticks_per_second(&self) -> f64 {
        f64::from(self.time_base.denom.get()) / f64::from(self.time_base.numer.get())
    }

    fn frame_at(&self, ts: Timestamp) -> i64 {
        (ts.get() as f64 / self.ticks_per_second() * f64::from(self.rate_hz)).round() as i64
    }

    fn frames_in(&self, ticks: u64) -> u64 {
        (ticks as f64 / self.ticks_per_second() * f64::from(self.rate_hz)).round() as u64
    }
}

/// What has to be known before symphonia sees the file.
fn examine(file: &mut MediaFile, path: &Path) -> Result<Mp4Facts, AudioError> {
    let io = |source| AudioError::io(path, source);
    let mut head = Vec::new();
    file.take(FileKind::HEAD_BYTES as u64)
        .read_to_end(&mut head)
        .map_err(io)?;
    file.seek(SeekFrom::Start(0)).map_err(io)?;
    match FileKind::of(&head) {
        FileKind::Text => Err(AudioError::NotAudio {
            path: path.to_owned(),
        }),
        FileKind::Foreign(codec) => Err(unsupported(path, codec)),
        FileKind::IsoMedia => {
            let facts = mp4::read_facts(file, file.facts().size_bytes).unwrap_or_default();
            file.seek(SeekFrom::Start(0)).map_err(io)?;
            match facts.protection {
                Some(scheme) => Err(AudioError::Protected {
                    path: path.to_owned(),
                    scheme,
                }),
                None if facts.claims_too_much => Err(AudioError::Malformed {
                    path: path.to_owned(),
                    detail: "its fragments claim more samples than it has bytes".to_owned(),
                }),
                None if !facts.has_index => Err(AudioError::Malformed {
                    path: path.to_owned(),
                    detail: "its index (moov) is missing: it was cut off, or holds no sound"
                        .to_owned(),
                }),
                None => Ok(facts),
            }
        }
        FileKind::Unknown => Ok(Mp4Facts::default()),
    }
}

fn slow(path: &Path, deadline: Deadline) -> AudioError {
    AudioError::TooSlow {
        path: path.to_owned(),
        limit: deadline.limit,
    }
}
