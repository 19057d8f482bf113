//! Which songs of the library are one recording: after every scan, so that two copies of a song count once.
//!
//! Files with the same sound are. Two encodings of one recording are found by their length, what the model heard and their
//! fingerprints; which of them is offered, their encodings say.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::error::LibraryError;
use super::mounts::Presence;
use super::store::{CopyFacts, SongStore};
use crate::audio::Fingerprint;

/// Encoders add some hundredths of a second, and players of other kinds of files leave off some.
const MOST_SECONDS_APART: f64 = 2.0;
/// Two encodings of one recording sound alike to the model.
const LEAST_COSINE: f32 = 0.97;
/// Of the bits of their fingerprints so many are the same: about seven standard deviations above those of two others.
const LEAST_LIKENESS: f32 = 0.85;
/// So many songs are noted in one transaction.
const BATCH: usize = 500;

/// What was found out about copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CopySummary {
    /// Songs that were compared with all others.
    pub compared: usize,
    /// Songs for which another stands now.
    pub copies: usize,
}

/// Compares the songs that are new with all others, and notes which song stands for each recording: one that is not on a drive
/// that is away, one of which the listener has said something, else one of which nothing was lost in encoding, else the one with the most bits a second.
///
/// # Errors
/// If the store cannot be read or written; what was found stays. Stopped, it goes on the next time.
pub fn find_copies(store: &mut SongStore, stop: &AtomicBool) -> Result<CopySummary, LibraryError> {
    let songs = store.copy_facts()?;
    let presence = Presence::of(&store.mounts()?);
    let mut summary = CopySummary {
        compared: compare_new(store, &songs, stop)?,
        copies: 0,
    };
    let pairs = store.twins()?;
    let groups = groups(&songs, &pairs, &presence);
    let mut changes = Vec::new();
    for (song, &group) in songs.iter().zip(&groups) {
        let best = &songs[group].path;
        let of = (*best != song.path).then(|| best.clone());
        summary.copies += usize::from(of.is_some());
        if of != song.copy_of {
            changes.push((song.path.clone(), of));
        }
    }
    store.set_copies(&changes)?;
    Ok(summary)
}

/// Compares what is new; returns how many songs that were.
fn compare_new(
    store: &mut SongStore,
    songs: &[CopyFacts],
    stop: &AtomicBool,
) -> Result<usize, LibraryError> {
    let seconds = |song: &CopyFacts| song.duration_seconds.filter(|s| s.is_finite());
    let mut by_length: Vec<usize> = (0..songs.len())
        .filter(|&i| seconds(&songs[i]).is_some())
        .collect();
    let length = |i: usize| seconds(&songs[i]).unwrap_or_default();
    by_length.sort_by(|&a, &b| length(a).total_cmp(&length(b)).then(a.cmp(&b)));
    let mut prints = Prints::default();
    let (mut done, mut twins) = (Vec::new(), Vec::new());
    let mut compared = 0;
    for (place, &i) in by_length.iter().enumerate() {
        if songs[i].is_compared {
            continue;
        }
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let near = |&&other: &&usize| (length(other) - length(i)).abs() <= MOST_SECONDS_APART;
        let before = by_length[..place].iter().rev().take_while(near);
        let after = by_length[place + 1..].iter().take_while(near);
        for &other in before.chain(after) {
            let (a, b) = (&songs[i], &songs[other]);
            let known = a.content.is_some() && a.content == b.content;
            if known || a.vector.cosine(&b.vector) < LEAST_COSINE {
                continue;
            }
            let likeness = prints
                .of(store, i, &a.path)?
                .zip(prints.of(store, other, &b.path)?)
                .and_then(|(a, b)| a.likeness(&b));
            if let Some(likeness) = likeness.filter(|&likeness| likeness >= LEAST_LIKENESS) {
                let (first, second) = if a.path < b.path { (a, b) } else { (b, a) };
                twins.push((first.path.clone(), second.path.clone(), likeness));
            }
        }
        prints.forget_below(|i| length(i) < length(by_length[place]) - MOST_SECONDS_APART);
        done.push(songs[i].path.clone());
        compared += 1;
        if done.len() == BATCH {
            store.note_compared(&done, &twins)?;
            (done, twins) = (Vec::new(), Vec::new());
        }
    }
    store.note_compared(&done, &twins)?;
    Ok(compared)
}

/// Fingerprints that were read, as long as they may be needed.
#[derive(Default)]
struct Prints(HashMap<usize, Option<std::sync::Arc<Fingerprint>>>);

impl Prints {
    fn of(
        &mut self,
        store: &SongStore,
        song: usize,
        path: &Path,
    ) -> Result<Option<std::sync::Arc<Fingerprint>>, LibraryError> {
        if let Some(known) = self.0.get(&song) {
            return Ok(known.clone());
        }
        let print = store.fingerprint(path)?.map(std::sync::Arc::new);
        self.0.insert(song, print.clone());
        Ok(print)
    }

    fn forget_below(&mut self, is_past: impl Fn(usize) -> bool) {
        const MANY: usize = 10_000;
        if self.0.len() > MANY {
            self.0.retain(|&song, _| !is_past(song));
        }
    }
}

/// For each song the one that stands for its recording.
fn groups(
    songs: &[CopyFacts],
    pairs: &[(PathBuf, PathBuf, f32)],
    presence: &Presence,
) -> Vec<usize> {
    let mut parents: Vec<usize> = (0..songs.len()).collect();
    let mut by_content = HashMap::new();
    for (i, song) in songs.iter().enumerate() {
        if let Some(content) = song.content {
            let first = *by_content.entry(content).or_insert(i);
            join(&mut parents, first, i);
        }
    }
    if !pairs.is_empty() {
        let paired: HashSet<&Path> = pairs
            .iter()
            .flat_map(|(a, b, _)| [a.as_path(), b.as_path()])
            .collect();
        let places: HashMap<&Path, usize> = songs
            .iter()
            .enumerate()
            .filter(|(_, song)| paired.contains(song.path.as_path()))
            .map(|(i, song)| (song.path.as_path(), i))
            .collect();
        for (a, b, _) in pairs {
            if let (Some(&a), Some(&b)) = (places.get(a.as_path()), places.get(b.as_path())) {
                join(&mut parents, a, b);
            }
        }
    }
    let mut best: HashMap<usize, usize> = HashMap::new();
    for i in 0..songs.len() {
        let root = root(&mut parents, i);
        let best = best.entry(root).or_insert(i);
        // Songs come in the order of their paths, so of equal ones the first stays.
        if worth(&songs[i], presence) > worth(&songs[*best], presence) {
            *best = i;
        }
    }
    (0..songs.len())
        .map(|i| best[&root(&mut parents, i)])
        .collect()
}

fn worth(song: &CopyFacts, presence: &Presence) -> impl Ord + use<> {
    let is_here = !presence.is_away(&song.path);
    (is_here, song.is_spoken_of, song.encoding)
}

fn root(parents: &mut [usize], mut i: usize) -> usize {
    while parents[i] != i {
        parents[i] = parents[parents[i]];
        i = parents[i];
    }
    i
}

fn join(parents: &mut [usize], a: usize, b: usize) {
    let (a, b) = (root(parents, a), root(parents, b));
    parents[a.max(b)] = a.min(b);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emotion::EmotionVector;
    use crate::library::store::Analysis;
    use crate::library::{ContentHash, Encoding, Outcome, Song, Verdict};

    /// A fingerprint of one window that differs from the plain one of this seed in so many codes of 24.
    fn print(seed: u32, others: usize) -> Fingerprint {
        let mut bytes = Vec::new();
        for i in 0..24_u32 {
            let code = (i + 1)
                .wrapping_mul(2_654_435_761)
                .wrapping_mul(2 * seed + 1)
                .rotate_left(seed);
            let code = if (i as usize) < others { !code } else { code };
            bytes.extend(code.to_le_bytes());
        }
        Fingerprint::from_bytes(&bytes).unwrap()
    }

    struct Stand {
        _dir: tempfile::TempDir,
        store: SongStore,
    }

    impl Stand {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            let store = SongStore::open(&dir.path().join("library.db")).unwrap();
            Self { _dir: dir, store }
        }

        fn add(&mut self, path: &str, content: u8, kbps: u32, seconds: f64, print: Fingerprint) {
            let vector: EmotionVector = "happy=0.6,neutral=0.4".parse().unwrap();
            let song = Song {
                content: Some(ContentHash::from_bytes([content; 16])),
                duration_seconds: Some(seconds),
                encoding: Encoding {
                    lossless: kbps > 400,
                    bitrate_kbps: kbps,
                },
                ..Song::new(path, "m", Outcome::Embedded(vector))
            };
            let analysis = Analysis {
                song,
                windows: Vec::new(),
                fingerprint: Some(print),
            };
            self.store
                .put(&analysis, &Presence::nothing_is_gone())
                .unwrap();
        }

        fn find(&mut self) -> CopySummary {
            find_copies(&mut self.store, &AtomicBool::new(false)).unwrap()
        }

        /// The songs that stand for themselves.
        fn offered(&self) -> Vec<String> {
            let songs = self.store.songs().unwrap();
            let own = songs.iter().filter(|song| song.copy_of.is_none());
            own.map(|song| song.path.display().to_string()).collect()
        }
    }

    #[test]
    fn of_the_same_sound_and_of_encodings_of_one_recording_the_best_is_offered() {
        let mut stand = Stand::new();
        stand.add("/a.mp3", 1, 128, 200.0, print(1, 2));
        stand.add("/b.mp3", 1, 128, 200.0, print(1, 2));
        stand.add("/c.flac", 2, 900, 200.1, print(1, 0));
        stand.add("/d.mp3", 3, 320, 200.2, print(2, 0));
        // As long, but another recording; and the same one, cut.
        stand.add("/e.mp3", 4, 320, 200.0, print(1, 16));
        stand.add("/f.mp3", 5, 320, 150.0, print(1, 0));
        assert_eq!(
            stand.find(),
            CopySummary {
                compared: 6,
                copies: 2
            }
        );
        assert_eq!(stand.offered(), ["/c.flac", "/d.mp3", "/e.mp3", "/f.mp3"]);
        // The second time nothing is new.
        assert_eq!(stand.find().compared, 0);
        // What the listener knows stays the one that is offered.
        stand
            .store
            .say(Path::new("/b.mp3"), Verdict::Liked, 1)
            .unwrap();
        stand.find();
        assert_eq!(stand.offered(), ["/b.mp3", "/d.mp3", "/e.mp3", "/f.mp3"]);
        // It is away: the next best.
        stand.store.set_missing(&["/b.mp3".into()], true).unwrap();
        stand.find();
        assert_eq!(stand.offered()[..2], ["/b.mp3", "/c.flac"]);
    }

    #[test]
    fn a_song_that_was_analysed_again_is_compared_again() {
        let mut stand = Stand::new();
        stand.add("/a.mp3", 1, 128, 200.0, print(1, 0));
        stand.add("/b.mp3", 2, 128, 200.0, print(1, 1));
        stand.find();
        assert_eq!(stand.offered(), ["/a.mp3"]);
        stand.add("/b.mp3", 3, 128, 200.0, print(5, 0));
        assert_eq!(
            stand.find(),
            CopySummary {
                compared: 1,
                copies: 0
            }
        );
        assert_eq!(stand.offered(), ["/a.mp3", "/b.mp3"]);
    }

    #[test]
    fn stopped_it_goes_on_the_next_time() {
        let mut stand = Stand::new();
        for i in 0..5 {
            stand.add(&format!("/{i}.mp3"), i, 128, 100.0, print(1, 0));
        }
        let stopped = find_copies(&mut stand.store, &AtomicBool::new(true)).unwrap();
        assert_eq!(stopped, CopySummary::default());
        assert_eq!(
            stand.find(),
            CopySummary {
                compared: 5,
                copies: 4
            }
        );
    }
}
