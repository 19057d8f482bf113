//! The fields of each kind of file, by lofty: ID3v2 in MP3, WAV and AIFF (`TMOO` and `TXXX`), Vorbis comments in FLAC, Vorbis and Opus, free
//! atoms of iTunes in M4A.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::Path;

use lofty::TextEncoding;
use lofty::config::{ParseOptions, ParsingMode, WriteOptions};
use lofty::file::{AudioFile, FileType};
use lofty::flac::FlacFile;
use lofty::id3::v2::{Frame, FrameId, Id3v2Tag, Id3v2Version, TextInformationFrame};
use lofty::iff::aiff::AiffFile;
use lofty::iff::wav::WavFile;
use lofty::mp4::{Atom, AtomData, AtomIdent, Ilst, Mp4File};
use lofty::mpeg::MpegFile;
use lofty::ogg::tag::VorbisComments;
use lofty::ogg::{OggPictureStorage, OpusFile, VorbisFile};
use lofty::picture::Picture;
use lofty::probe::Probe;
use lofty::tag::TagExt;
use sha2::{Digest, Sha256};

use super::error::TagError;
use super::fields::{Fields, MOOD, SEPARATOR};

/// Where iTunes and others keep fields of their own.
const ITUNES: &str = "com.apple.iTunes";

/// A song file with its tags.
pub(super) enum TaggedSong {
    Mpeg(MpegFile),
    Wav(WavFile),
    Aiff(AiffFile),
    Flac(FlacFile),
    Vorbis(VorbisFile),
    Opus(OpusFile),
    Mp4(Mp4File),
}

impl TaggedSong {
    /// Reads all of a file's tags.
    pub(super) fn read(song: &Path) -> Result<Self, TagError> {
        let file = File::open(song).map_err(|source| TagError::io(song, source))?;
        Self::read_from(song, file)
    }

    /// The same of an open file: `song` is what it is called, also in errors.
    pub(super) fn read_from(song: &Path, file: File) -> Result<Self, TagError> {
        let path = || song.to_owned();
        let tags = |source| TagError::Tags {
            path: path(),
            source,
        };
        let io = |source| TagError::io(song, source);
        let mut reader = BufReader::new(file);
        let there = id3v2_frames(&mut reader).map_err(io)?;
        reader.rewind().map_err(io)?;
        let kind = {
            let mut probe = Probe::new(&mut reader);
            if let Some(kind) = FileType::from_path(song) {
                probe = probe.set_file_type(kind);
            }
            probe.guess_file_type().map_err(io)?.file_type()
        };
        reader.rewind().map_err(io)?;
        let mut options = ParseOptions::new();
        // What is passed over while reading would be gone after writing. Of MP3, where many programs are careless, the frames are counted
        // instead, where they can be.
        if kind != Some(FileType::Mpeg) || there.is_none() {
            options.parsing_mode(ParsingMode::Strict);
        }
        // What is read as something else would be written so.
        options.implicit_conversions(false);
        options.read_properties(false);
        let reader = &mut reader;
        let tagged = match kind {
            Some(FileType::Mpeg) => Self::Mpeg(MpegFile::read_from(reader, options).map_err(tags)?),
            Some(FileType::Wav) => Self::Wav(WavFile::read_from(reader, options).map_err(tags)?),
            Some(FileType::Aiff) => Self::Aiff(AiffFile::read_from(reader, options).map_err(tags)?),
            Some(FileType::Flac) => Self::Flac(FlacFile::read_from(reader, options).map_err(tags)?),
            Some(FileType::Vorbis) => {
                Self::Vorbis(VorbisFile::read_from(reader, options).map_err(tags)?)
            }
            Some(FileType::Opus) => Self::Opus(OpusFile::read_from(reader, options).map_err(tags)?),
            Some(FileType::Mp4) => Self::Mp4(Mp4File::read_from(reader, options).map_err(tags)?),
            _ => return Err(TagError::Unsupported { path: path() }),
        };
        if let Some(tag) = tagged.id3v2() {
            if tag.original_version() == Id3v2Version::V2 {
                return Err(TagError::OldTag { path: path() });
            }
            let read = tag.into_iter().count();
            if let (Self::Mpeg(_), Some(there)) = (&tagged, there.filter(|&there| there != read)) {
                return Err(TagError::NotUnderstood {
                    path: path(),
                    there,
                    read,
                });
            }
        }
        Ok(tagged)
    }

    fn id3v2(&self) -> Option<&Id3v2Tag> {
        match self {
            Self::Mpeg(file) => file.id3v2(),
            Self::Wav(file) => file.id3v2(),
            Self::Aiff(file) => file.id3v2(),
            Self::Flac(_) | Self::Vorbis(_) | Self::Opus(_) | Self::Mp4(_) => None,
        }
    }

    /// What it says in our fields, and of the mood.
    pub(super) fn fields(&self) -> Fields {
        match self {
            Self::Mpeg(_) | Self::Wav(_) | Self::Aiff(_) => of_id3v2(self.id3v2()),
            Self::Flac(file) => of_comments(file.vorbis_comments()),
            Self::Vorbis(file) => of_comments(Some(file.vorbis_comments())),
            Self::Opus(file) => of_comments(Some(file.vorbis_comments())),
            Self::Mp4(file) => of_ilst(file.ilst()),
        }
    }

    /// Everything else that it says, in a fixed order: each field by its name and value, each picture with a checksum of what it holds.
    pub(super) fn others(&self) -> Vec<String> {
        let mut others = match self {
            Self::Mpeg(_) | Self::Wav(_) | Self::Aiff(_) => others_of_id3v2(self.id3v2()),
            Self::Flac(file) => others_of_comments(file.vorbis_comments()),
            Self::Vorbis(file) => others_of_comments(Some(file.vorbis_comments())),
            Self::Opus(file) => others_of_comments(Some(file.vorbis_comments())),
            Self::Mp4(file) => others_of_ilst(file.ilst()),
        };
        if let Self::Flac(file) = self {
            let pictures = file.pictures().iter();
            others.extend(pictures.map(|(picture, _)| pictured(picture)));
        }
        others.sort();
        others
    }
}

/// Puts the fields into an open copy of a song, in the place of those that it has.
pub(super) fn write(song: &Path, file: &mut File, fields: &Fields) -> Result<(), TagError> {
    let io = |source| TagError::io(song, source);
    file.rewind().map_err(io)?;
    let tagged = TaggedSong::read_from(song, file.try_clone().map_err(io)?)?;
    file.rewind().map_err(io)?;
    let encode = |source| TagError::Write {
        path: song.to_owned(),
        source,
    };
    let options = WriteOptions::new();
    match tagged {
        TaggedSong::Mpeg(mut parsed) => {
            let mut tag = parsed.remove_id3v2().unwrap_or_default();
            let options = put_id3v2(&mut tag, fields);
            tag.save_to(file, options).map_err(encode)
        }
        TaggedSong::Wav(mut parsed) => {
            let mut tag = parsed.remove_id3v2().unwrap_or_default();
            // As nearly all programs that write it into WAV call its chunk.
            let options = put_id3v2(&mut tag, fields).uppercase_id3v2_chunk(false);
            tag.save_to(file, options).map_err(encode)
        }
        TaggedSong::Aiff(mut parsed) => {
            let mut tag = parsed.remove_id3v2().unwrap_or_default();
            let options = put_id3v2(&mut tag, fields);
            tag.save_to(file, options).map_err(encode)
        }
        TaggedSong::Flac(mut parsed) => {
            let mut tag = parsed.remove_vorbis_comments().unwrap_or_default();
            put_comments(&mut tag, fields);
            parsed.set_vorbis_comments(tag);
            // A tag of that kind before FLAC is against its rules, and would be written anew; so it stays as it is.
            parsed.remove_id3v2();
            parsed.save_to(file, options).map_err(encode)
        }
        TaggedSong::Vorbis(mut parsed) => {
            put_comments(parsed.vorbis_comments_mut(), fields);
            parsed.save_to(file, options).map_err(encode)
        }
        TaggedSong::Opus(mut parsed) => {
            put_comments(parsed.vorbis_comments_mut(), fields);
            parsed.save_to(file, options).map_err(encode)
        }
        TaggedSong::Mp4(mut parsed) => {
            let mut tag = parsed.remove_ilst().unwrap_or_default();
            put_ilst(&mut tag, fields);
            tag.save_to(file, options).map_err(encode)
        }
    }
}

/// How many frames the ID3v2 tag at the start of a file has; `None` if there is none, or it is packed in a way that is not counted.
fn id3v2_frames<R: Read>(file: &mut R) -> io::Result<Option<usize>> {
    let mut head = [0; 10];
    if file.read_exact(&mut head).is_err() || !head.starts_with(b"ID3") || !matches!(head[3], 3 | 4)
    {
        return Ok(None);
    }
    // Unsynchronised, with an extended header, or an experiment.
    if head[5] & 0xE0 > 0 {
        return Ok(None);
    }
    let seven = |bytes: &[u8]| {
        let bits = bytes.iter().map(|byte| u64::from(byte & 0x7F));
        bits.fold(0, |number, bits| number << 7 | bits)
    };
    let mut left = seven(&head[6..10]);
    let mut count = 0;
    while left >= 10 {
        let mut frame = [0; 10];
        if file.read_exact(&mut frame).is_err() || frame[0] == 0 {
            break;
        }
        let size = if head[3] == 4 {
            seven(&frame[4..8])
        } else {
            u64::from(u32::from_be_bytes([frame[4], frame[5], frame[6], frame[7]]))
        };
        left -= 10;
        if size > left {
            return Ok(None);
        }
        io::copy(&mut file.by_ref().take(size), &mut io::sink())?;
        left -= size;
        count += 1;
    }
    Ok(Some(count))
}

fn mood_frame() -> FrameId<'static> {
    FrameId::Valid("TMOO".into())
}

/// Whether the mood is, or would be, in the frame for it and not in one of the user: older tags have none.
fn is_in_mood_frame(tag: &Id3v2Tag) -> bool {
    let has_frame = tag.get_text(&mood_frame()).is_some();
    let is_new = tag.original_version() == Id3v2Version::V4;
    has_frame || is_new && tag.get_user_text(MOOD).is_none()
}

fn of_id3v2(tag: Option<&Id3v2Tag>) -> Fields {
    Fields::of(|name| {
        let tag = tag?;
        let value = if name == MOOD && is_in_mood_frame(tag) {
            tag.get_text(&mood_frame())
        } else {
            tag.get_user_text(name)
        };
        value.map(str::to_owned)
    })
}

fn put_id3v2(tag: &mut Id3v2Tag, fields: &Fields) -> WriteOptions {
    let is_in_mood_frame = is_in_mood_frame(tag);
    for name in Fields::names() {
        let is_mood = name == MOOD && is_in_mood_frame;
        match fields.get(&name) {
            Some(value) if is_mood => {
                let value = value.to_owned();
                let frame = TextInformationFrame::new(mood_frame(), TextEncoding::UTF8, value);
                let _ = tag.insert(Frame::Text(frame));
            }
            Some(value) => {
                let _ = tag.insert_user_text(name, value.to_owned());
            }
            None if is_mood => tag.remove(&mood_frame()).for_each(drop),
            None => {
                let _ = tag.remove_user_text(&name);
            }
        }
    }
    // A tag stays of the version that it has, as there are players that read no other.
    WriteOptions::new().use_id3v23(tag.original_version() == Id3v2Version::V3)
}

/// A picture by what it is, says and holds.
fn pictured(picture: &Picture) -> String {
    format!(
        "{:?} {:?} {:?} {:?}",
        picture.pic_type(),
        picture.mime_type(),
        picture.description(),
        Sha256::digest(picture.data()).as_slice()
    )
}

fn others_of_id3v2(tag: Option<&Id3v2Tag>) -> Vec<String> {
    let frames = tag.into_iter().flatten();
    let is_ours = |frame: &Frame<'_>| match frame {
        Frame::UserText(text) => Fields::names().any(|name| *text.description == *name),
        frame => frame.id() == &mood_frame(),
    };
    let said = |frame: &Frame<'_>| match frame {
        Frame::Picture(frame) => pictured(&frame.picture),
        frame => format!("{frame:?}"),
    };
    let others = frames.filter(|frame| !is_ours(frame));
    others.map(said).collect()
}

fn of_comments(tag: Option<&VorbisComments>) -> Fields {
    Fields::of(|name| joined(tag?.get_all(name)))
}

/// The values of a field as one text; `None` if there are none.
fn joined<'a>(values: impl Iterator<Item = &'a str>) -> Option<String> {
    let values: Vec<&str> = values.collect();
    (!values.is_empty()).then(|| values.join(&SEPARATOR.to_string()))
}

fn put_comments(tag: &mut VorbisComments, fields: &Fields) {
    for name in Fields::names() {
        let now = joined(tag.get_all(&name));
        if now.as_deref() == fields.get(&name) {
            continue;
        }
        tag.remove(&name).for_each(drop);
        let values = fields.get(&name).into_iter();
        for value in values.flat_map(|text| text.split(SEPARATOR)) {
            tag.push(name.clone(), value.to_owned());
        }
    }
}

fn others_of_comments(tag: Option<&VorbisComments>) -> Vec<String> {
    let is_ours = |key: &str| Fields::names().any(|name| name.eq_ignore_ascii_case(key));
    let Some(tag) = tag else {
        return Vec::new();
    };
    let items = tag.items().filter(|(key, _)| !is_ours(key));
    let items = items.map(|(key, value)| format!("{key}={value}"));
    let pictures = tag.pictures().iter();
    let pictures = pictures.map(|(picture, _)| pictured(picture));
    items.chain(pictures).collect()
}

fn atom(name: &str) -> AtomIdent<'static> {
    AtomIdent::Freeform {
        mean: ITUNES.into(),
        name: name.to_owned().into(),
    }
}

fn of_ilst(tag: Option<&Ilst>) -> Fields {
    Fields::of(|name| {
        let name = atom(name);
        // Several values are in one atom, or in one each.
        let atoms = tag.into_iter().flatten();
        let data = atoms.filter(|found| *found.ident() == name);
        joined(data.flat_map(Atom::data).filter_map(|data| match data {
            AtomData::UTF8(text) | AtomData::UTF16(text) => Some(text.as_str()),
            _ => None,
        }))
    })
}

fn put_ilst(tag: &mut Ilst, fields: &Fields) {
    for name in Fields::names() {
        tag.remove(&atom(&name)).for_each(drop);
        let values = fields.get(&name).into_iter();
        for value in values.flat_map(|text| text.split(SEPARATOR)) {
            tag.insert(Atom::new(atom(&name), AtomData::UTF8(value.to_owned())));
        }
    }
}

fn others_of_ilst(tag: Option<&Ilst>) -> Vec<String> {
    let ours: Vec<AtomIdent<'static>> = Fields::names().map(|name| atom(&name)).collect();
    let atoms = tag.into_iter().flatten();
    let atoms = atoms.filter(|found| !ours.contains(found.ident()));
    let said = |data: &AtomData| match data {
        AtomData::Picture(picture) => pictured(picture),
        data => format!("{data:?}"),
    };
    let said = |found: &Atom<'_>| {
        let data: Vec<String> = found.data().map(said).collect();
        format!("{:?} {data:?}", found.ident())
    };
    atoms.map(said).collect()
}
