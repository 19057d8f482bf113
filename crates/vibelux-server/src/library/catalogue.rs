//! [`Catalogue`]: the songs of the library as they were at one moment, ready to be listed and ranked.
//!
//! Made from the store in one go and never changed, so that a request sees one state of the library.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use axum::body::Bytes;
use serde::Serialize;
use vibelux::library::{
    ClassCounts, Heard, Inclusion, LibraryError, NotMusic, Said, SongClass, SongStore,
};
use vibelux::recommend::{Mode, SongIndex};
use vibelux::{Emotion, EmotionVector};

use crate::library::song_id::SongId;
use crate::media::AudioFormat;

/// A song that can be recommended.
#[derive(Debug)]
pub struct Entry {
    /// How clients name it.
    pub id: SongId,
    /// Where its file is.
    pub path: PathBuf,
    /// Its title, or its file's name.
    pub title: String,
    /// Who plays it.
    pub artist: Option<String>,
    /// What it is from.
    pub album: Option<String>,
    /// What kind of music it is.
    pub genre: Option<String>,
    /// When it came out.
    pub year: Option<u16>,
    /// When the library first knew it, in seconds since 1970; 0 where that is not known.
    pub added_seconds: u64,
    /// How long it plays.
    pub duration_seconds: Option<f64>,
    /// How loud it is by EBU R128, in LUFS.
    pub loudness_lufs: Option<f32>,
    /// What it expresses to the listener.
    pub vector: EmotionVector,
    /// What the model made of it.
    pub analysed: EmotionVector,
    /// Whether the listener has corrected that.
    pub corrected: bool,
    /// Whether it is music.
    pub class: SongClass,
    /// Whether it is because the user says so.
    pub declared_music: bool,
    /// How it is stored; known when somebody first asks, as it may take a look into the file.
    format: OnceLock<AudioFormat>,
    /// Title, artist and album in lower case, for the search.
    searched: String,
}

impl Entry {
    /// How the song is stored. May wait for the disk.
    pub fn format(&self) -> AudioFormat {
        *self
            .format
            .get_or_init(|| AudioFormat::of(&self.path).looked_into(&self.path))
    }
}

/// How many songs the library holds, by what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct SongCounts {
    /// Music that can be recommended.
    pub ready: usize,
    /// Have a vector and are no music: left out unless asked for.
    pub not_music: NotMusic,
    /// Could not be analysed.
    pub failed: usize,
    /// Were gone at the last scan.
    pub missing: usize,
    /// Hold the recording of another song, which stands for both.
    pub copies: usize,
}

/// Which songs to list.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Words that must all occur in title, artist or album, in any case.
    pub search: Option<String>,
    /// The strongest emotion.
    pub emotion: Option<Emotion>,
    /// The artist, in any case.
    pub artist: Option<String>,
    /// Which classes.
    pub include: Inclusion,
}

/// All songs at one moment, in the order of their titles.
#[derive(Debug)]
pub struct Catalogue {
    entries: Vec<Entry>,
    by_id: HashMap<SongId, usize>,
    counts: SongCounts,
    plain: SongIndex,
    centred: SongIndex,
    /// The answers to `GET map` by the number of the inclusion, each made when it is first asked for.
    maps: [OnceLock<Bytes>; Inclusion::COUNT],
}

impl Catalogue {
    /// Reads all songs, of which this was said.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn read(store: &SongStore, said: &[Said]) -> Result<Self, LibraryError> {
        let songs = store.songs()?;
        let heard = Heard::new(&songs, said);
        let mut counts = SongCounts::default();
        let mut classes = ClassCounts::default();
        let (mut entries, mut copies) = (Vec::new(), Vec::new());
        for song in songs {
            let Some(analysed) = song.vector() else {
                counts.failed += 1;
                continue;
            };
            if song.missing {
                counts.missing += 1;
                continue;
            }
            if let Some(of) = song.copy_of {
                counts.copies += 1;
                copies.push((SongId::of(&song.path), SongId::of(&of)));
                continue;
            }
            let (title, class) = (song.title(), song.class());
            let vector = heard.vector(&song.path, &analysed);
            let corrected = heard.correction(&song.path).is_some();
            classes.add(class, 1);
            let tags = song.tags;
            let texts = [Some(&title), tags.artist.as_ref(), tags.album.as_ref()];
            let texts: Vec<String> = texts
                .into_iter()
                .flatten()
                .map(|t| t.to_lowercase())
                .collect();
            entries.push(Entry {
                id: SongId::of(&song.path),
                format: OnceLock::new(),
                path: song.path,
                searched: texts.join("\n"),
                title,
                artist: tags.artist,
                album: tags.album,
                genre: tags.genre,
                year: tags.year,
                added_seconds: song.added_seconds,
                duration_seconds: song.duration_seconds,
                loudness_lufs: song.loudness_lufs,
                vector,
                analysed,
                corrected,
                class,
                declared_music: song.declared_music,
            });
        }
        counts.ready = classes.get(SongClass::Music);
        counts.not_music = classes.not_music();
        // The title comes first in the searched text; the path tells namesakes apart.
        entries.sort_by(|a, b| a.searched.cmp(&b.searched).then(a.path.cmp(&b.path)));
        let vectors: Arc<[EmotionVector]> = entries.iter().map(|entry| entry.vector).collect();
        // Shouts and bells do not move what music is compared with.
        let music = entries
            .iter()
            .filter(|entry| entry.class == SongClass::Music);
        let music: Vec<EmotionVector> = music.map(|entry| entry.vector).collect();
        let mean = EmotionVector::mean(&music);
        let mut by_id: HashMap<SongId, usize> =
            entries.iter().enumerate().map(|(i, e)| (e.id, i)).collect();
        // What was said of a copy, and who asks for one, means the song that stands for it.
        for (copy, of) in copies {
            if let Some(&position) = by_id.get(&of) {
                by_id.insert(copy, position);
            }
        }
        Ok(Self {
            by_id,
            plain: SongIndex::around(Arc::clone(&vectors), mean, Mode::Plain),
            centred: SongIndex::around(vectors, mean, Mode::Centred),
            maps: [const { OnceLock::new() }; Inclusion::COUNT],
            counts,
            entries,
        })
    }

    /// Everything that has a vector, in the order of the titles.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// How many songs there are.
    pub fn counts(&self) -> SongCounts {
        self.counts
    }

    /// The position of a song among the entries.
    pub fn position(&self, id: SongId) -> Option<usize> {
        self.by_id.get(&id).copied()
    }

    /// One song.
    pub fn get(&self, id: SongId) -> Option<&Entry> {
        self.entries.get(self.position(id)?)
    }

    /// All songs ready to be ranked; positions are those of the entries.
    pub fn index(&self, mode: Mode) -> &SongIndex {
        match mode {
            Mode::Plain => &self.plain,
            Mode::Centred => &self.centred,
        }
    }

    /// The songs that are wanted, and `meant` by whoever asks: the clearest first where an emotion is asked for, else in the
    /// order of their titles.
    pub fn list(&self, filter: &Wanted, meant: impl Fn(&Entry) -> bool) -> Vec<&Entry> {
        let search = filter.search.as_deref().unwrap_or_default().to_lowercase();
        let words: Vec<&str> = search.split_whitespace().collect();
        let artist = filter.artist.as_ref().map(|name| name.to_lowercase());
        let mut found: Vec<&Entry> = self
            .entries
            .iter()
            .filter(|entry| filter.include.takes(entry.class))
            .filter(|entry| words.iter().all(|word| entry.searched.contains(word)))
            .filter(|entry| filter.emotion.is_none_or(|e| entry.vector.strongest() == e))
            .filter(|entry| {
                artist.as_ref().is_none_or(|name| {
                    let own = entry.artist.as_ref().map(|own| own.to_lowercase());
                    own.as_ref() == Some(name)
                })
            })
            .filter(|entry| meant(entry))
            .collect();
        if let Some(emotion) = filter.emotion {
            let value = |entry: &Entry| entry.vector.get(emotion);
            found.sort_by(|a, b| value(b).total_cmp(&value(a)));
        }
        found
    }

    /// Which songs of the map are meant: a bit for each, the first in the lowest bit of the first byte.
    pub fn matching(&self, include: Inclusion, meant: impl Fn(&Entry) -> bool) -> Vec<u8> {
        let taken = self
            .entries
            .iter()
            .filter(|entry| include.takes(entry.class));
        let taken: Vec<bool> = taken.map(meant).collect();
        let byte = |bits: &[bool]| {
            bits.iter()
                .rev()
                .fold(0, |byte, &bit| byte << 1 | u8::from(bit))
        };
        taken.chunks(8).map(byte).collect()
    }

    /// What `make` makes of the songs for the map, kept for the next time.
    pub fn map(&self, include: Inclusion, make: impl FnOnce(&[&Entry]) -> Bytes) -> Bytes {
        let make = || {
            let taken = self
                .entries
                .iter()
                .filter(|entry| include.takes(entry.class));
            make(&taken.collect::<Vec<_>>())
        };
        self.maps[include.number()].get_or_init(make).clone()
    }
}
