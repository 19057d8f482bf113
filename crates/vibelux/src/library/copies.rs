//! Which songs of the library are one recording: after every scan, so that two copies of a song count once.
//!
//! Files with the same sound are. Two encodings of one recording are found by their length, what the model heard and their
//! fingerprints; which of them is offered, their encodings say.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::error::LibraryError;
use super::mounts::Presence;
use super::store::{CopyFacts, SongStore};
use crate::audio::Fingerprint;
use crate::emotion::EMOTION_COUNT;

/// Encoders add some hundredths of a second, and players of other kinds of files leave off some.
const MOST_SECONDS_APART: f64 = 2.0;
/// Two encodings of one recording sound alike to the model.
const LEAST_COSINE: f32 = 0.97;
/// Of the bits of their fingerprints so many are the same: about seven standard deviations above those of two others.
const LEAST_LIKENESS: f32 = 0.85;
/// So many pairs of a song are kept where fewer would tell which songs are one recording: some of them may be gone one day.
const MOST_PAIRS: usize = 8;
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
    let mut line = Line::of(songs);
    let (mut done, mut twins) = (Vec::new(), Vec::new());
    let mut compared = 0;
    for place in 0..line.songs.len() {
        let one = line.songs[place];
        if one.song.is_compared {
            continue;
        }
        if stop.load(Ordering::Relaxed) {
            break;
        }
        for other in line.near(place) {
            if !line.may_be_twins(place, other) || line.are_joined(place, other) {
                continue;
            }
            let prints = line.print(store, place)?.zip(line.print(store, other)?);
            let likeness = prints.and_then(|(a, b)| a.likeness(&b));
            if let Some(likeness) = likeness.filter(|&likeness| likeness >= LEAST_LIKENESS) {
                let (a, b) = (&one.song.path, &line.songs[other].song.path);
                let (first, second) = if a < b { (a, b) } else { (b, a) };
                twins.push((first.clone(), second.clone(), likeness));
                line.join(place, other);
            }
        }
        done.push(one.song.path.clone());
        compared += 1;
        if done.len() == BATCH {
            store.note_compared(&done, &twins)?;
            (done, twins) = (Vec::new(), Vec::new());
        }
    }
    store.note_compared(&done, &twins)?;
    Ok(compared)
}

/// The songs whose length is known, the shortest first, so that those of about the same length stand together.
struct Line<'a> {
    songs: Vec<Measured<'a>>,
    /// The fingerprints of the songs before `dropped` are not needed any more.
    prints: Vec<Print>,
    dropped: usize,
    /// Which songs were found to be one recording, and how many others each of them was found to be the same as.
    parents: Vec<usize>,
    pairs: Vec<usize>,
}

#[derive(Clone, Copy)]
struct Measured<'a> {
    song: &'a CopyFacts,
    seconds: f64,
    /// Its vector, of length 1.
    unit: [f32; EMOTION_COUNT],
}

/// What is known of a song's fingerprint so far.
#[derive(Clone, Default)]
enum Print {
    #[default]
    Unread,
    None,
    Some(Arc<Fingerprint>),
}

impl<'a> Line<'a> {
    fn of(songs: &'a [CopyFacts]) -> Self {
        let measured = |song: &'a CopyFacts| {
            let seconds = song
                .duration_seconds
                .filter(|seconds| seconds.is_finite())?;
            let length = song
                .vector
                .values()
                .iter()
                .map(|x| x * x)
                .sum::<f32>()
                .sqrt();
            Some(Measured {
                song,
                seconds,
                unit: song.vector.values().map(|x| x / length),
            })
        };
        let mut songs: Vec<Measured<'_>> = songs.iter().filter_map(measured).collect();
        songs.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
        Self {
            prints: vec![Print::Unread; songs.len()],
            parents: (0..songs.len()).collect(),
            pairs: vec![0; songs.len()],
            songs,
            dropped: 0,
        }
    }

    /// The places of the songs of about the same length that this one is to be compared with: all before it, and of those after
    /// it the ones whose own turn does not come.
    fn near(&self, place: usize) -> impl Iterator<Item = usize> + use<> {
        let seconds = self.songs[place].seconds;
        let (before, after) = self.songs.split_at(place);
        let start = before.partition_point(|song| song.seconds < seconds - MOST_SECONDS_APART);
        let count = after.partition_point(|song| song.seconds <= seconds + MOST_SECONDS_APART);
        let later = 1..count;
        let later: Vec<usize> = later
            .filter(|&at| after[at].song.is_compared)
            .map(|at| place + at)
            .collect();
        (start..place).chain(later)
    }

    fn may_be_twins(&self, place: usize, other: usize) -> bool {
        let (a, b) = (&self.songs[place], &self.songs[other]);
        let products = a.unit.iter().zip(&b.unit).map(|(x, y)| x * y);
        let is_known = || a.song.content.is_some() && a.song.content == b.song.content;
        products.sum::<f32>() >= LEAST_COSINE && !is_known()
    }

    /// Whether nothing is won by comparing these: they are known to be one recording, and one of them by enough pairs. Of a
    /// thousand files of the same hum there would be half a million.
    fn are_joined(&mut self, place: usize, other: usize) -> bool {
        self.pairs[place].max(self.pairs[other]) >= MOST_PAIRS
            && root(&mut self.parents, place) == root(&mut self.parents, other)
    }

    fn join(&mut self, place: usize, other: usize) {
        join(&mut self.parents, place, other);
        self.pairs[place] += 1;
        self.pairs[other] += 1;
    }

    fn print(
        &mut self,
        store: &SongStore,
        place: usize,
    ) -> Result<Option<Arc<Fingerprint>>, LibraryError> {
        if let Print::Unread = self.prints[place] {
            let path = &self.songs[place].song.path;
            let read = store.fingerprint(path)?;
            self.prints[place] = read.map_or(Print::None, |print| Print::Some(Arc::new(print)));
            self.drop_before(self.songs[place].seconds - 2.0 * MOST_SECONDS_APART);
        }
        Ok(match &self.prints[place] {
            Print::Some(print) => Some(Arc::clone(print)),
            Print::None | Print::Unread => None,
        })
    }

    /// Lets go of the fingerprints of shorter songs: nothing that comes is near them.
    fn drop_before(&mut self, seconds: f64) {
        while self.songs[self.dropped].seconds < seconds {
            self.prints[self.dropped] = Print::None;
            self.dropped += 1;
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
    fn of_many_files_of_one_hum_not_all_pairs_are_kept() {
        const COUNT: usize = 60;
        let mut stand = Stand::new();
        for i in 0..COUNT as u8 {
            stand.add(&format!("/{i:02}.mp3"), i, 128, 100.0, print(1, 0));
        }
        assert_eq!(stand.find().copies, COUNT - 1);
        assert_eq!(stand.offered(), ["/00.mp3"]);
        assert!(stand.store.twins().unwrap().len() <= COUNT * MOST_PAIRS);
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
