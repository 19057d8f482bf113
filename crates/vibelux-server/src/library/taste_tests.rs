//! Invented listeners of known taste: what thirty songs teach, and that the mood is never left for it.

use std::collections::HashSet;

use vibelux::library::{Outcome, Said, Song, SongStore, Tags, Verdict};
use vibelux::recommend::{Mode, Query, QueueRequest};
use vibelux::taste::Liking;
use vibelux::{Emotion, EmotionVector};

use super::catalogue::{Catalogue, Entry};
use super::ranking::{Rules, queue};

const SONGS: usize = 600;
const ARTISTS: u64 = 30;
const HEARD: u64 = 30;
const MOODS: [&str; 3] = [
    "happy=0.6,neutral=0.2,surprised=0.2",
    "sad=0.6,neutral=0.3,fearful=0.1",
    "neutral=0.7,happy=0.15,sad=0.15",
];

/// Chance that is the same everywhere: a linear congruential generator.
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(1);
        (self.0 >> 33) % n
    }

    fn share(&mut self) -> f32 {
        self.below(1000) as f32 / 1000.0
    }
}

/// Songs that are mostly one emotion with a shade of another, by some artists.
fn library() -> Catalogue {
    let dir = tempfile::tempdir().unwrap();
    let mut store = SongStore::open(&dir.path().join("library.db")).unwrap();
    let mut chance = Chance(1);
    let songs: Vec<Song> = (0..SONGS)
        .map(|i| {
            let mut weights: [f32; 7] = std::array::from_fn(|_| 0.1 + 0.3 * chance.share());
            weights[i % 7] += 1.0 + 0.6 * chance.share();
            weights[chance.below(7) as usize] += 0.6 * chance.share();
            let vector = EmotionVector::from_weights(weights).unwrap();
            Song {
                tags: Tags {
                    title: Some(format!("{i:03}")),
                    artist: Some(format!("Artist {}", chance.below(ARTISTS))),
                    ..Tags::default()
                },
                duration_seconds: Some(200.0),
                ..Song::new(
                    format!("/music/{i:03}.mp3"),
                    "test",
                    Outcome::Embedded(vector),
                )
            }
        })
        .collect();
    store.upsert_all(&songs).unwrap();
    Catalogue::read(&store, &[]).unwrap()
}

fn likings(catalogue: &Catalogue, said: &[Said]) -> Vec<Liking> {
    catalogue.table().likings(said)
}

/// Whether a song is to somebody's taste.
type Likes = fn(Entry<'_>) -> bool;

fn by_artist(song: Entry<'_>) -> bool {
    let artist = song.artist().unwrap_or_default();
    let number = artist.strip_prefix("Artist ");
    number.is_some_and(|number| number.parse::<u32>().unwrap() % 3 == 0)
}

/// A little more lively than sad: a shade that songs of every mood have or have not.
fn by_shade(song: Entry<'_>) -> bool {
    let v = song.vector();
    v.get(Emotion::Surprised) + v.get(Emotion::Angry)
        > v.get(Emotion::Fearful) + v.get(Emotion::Disgusted) + 0.04
}

/// What comes for a mood, by position.
fn coming(
    catalogue: &Catalogue,
    mood: &str,
    seed: u64,
    count: usize,
    likings: &[Liking],
    heard: &HashSet<usize>,
) -> Vec<(usize, f32)> {
    let query = Query {
        vector: mood.parse().unwrap(),
        reference: EmotionVector::UNIFORM,
    };
    let request = QueueRequest {
        strength: 0.8,
        seed,
        ..QueueRequest::best(query, count)
    };
    let allowed: Vec<bool> = (0..catalogue.len()).map(|i| !heard.contains(&i)).collect();
    let rules = Rules {
        allowed: &allowed,
        liking: Some(&|i| likings.get(i).map_or(0.0, |liking| liking.score)),
        present: &|_| true,
    };
    let picks = queue(catalogue, Mode::Plain, &request, &rules);
    picks
        .iter()
        .map(|pick| (pick.position, pick.cosine))
        .collect()
}

/// Of the songs that come for all moods: the share to the listener's taste, the share that is mostly what the mood is, and
/// the mean cosine.
fn judged(catalogue: &Catalogue, likes: Likes, likings: &[Liking]) -> [f64; 3] {
    let mut sums = [0.0; 3];
    let mut count = 0.0;
    for mood in MOODS {
        let strongest = mood.parse::<EmotionVector>().unwrap().strongest();
        for seed in 100..110 {
            for (position, cosine) in coming(catalogue, mood, seed, 10, likings, &HashSet::new()) {
                let song = catalogue.song(position);
                sums[0] += f64::from(u8::from(likes(song)));
                sums[1] += f64::from(u8::from(song.vector().strongest() == strongest));
                sums[2] += f64::from(cosine);
                count += 1.0;
            }
        }
    }
    sums.map(|sum| sum / count)
}

/// Listens to some songs and says what a listener of this taste would: mostly nothing.
fn listened(catalogue: &Catalogue, likes: Likes, songs: u64) -> Vec<Said> {
    let mut said: Vec<Said> = Vec::new();
    let mut heard = HashSet::new();
    let mut chance = Chance(2);
    for step in 0..songs {
        let known = likings(catalogue, &said);
        let mood = MOODS[(step / 5) as usize % MOODS.len()];
        let (position, _) = coming(catalogue, mood, step, 1, &known, &heard)[0];
        heard.insert(position);
        let song = catalogue.song(position);
        let verdicts: &[Verdict] = match (likes(song), chance.below(10)) {
            (true, 0..4) => &[Verdict::Finished, Verdict::Liked],
            (true, _) | (false, 0) => &[Verdict::Finished],
            (false, _) => &[Verdict::Skipped],
        };
        said.extend(verdicts.iter().map(|&verdict| Said {
            path: song.path(),
            verdict,
            times: 1,
            seconds: step,
        }));
    }
    said
}

#[test]
fn thirty_songs_teach_a_taste_and_the_mood_is_kept() {
    let catalogue = library();
    let listeners: [(&str, Likes); 3] = [
        ("artists", by_artist),
        ("a shade", by_shade),
        ("both", |song| by_artist(song) && by_shade(song)),
    ];
    let nothing = likings(&catalogue, &[]);
    for (name, likes) in listeners {
        let [taste, mood, cosine] = judged(&catalogue, likes, &nothing);
        let mut told = format!("{name}: to taste {taste:.2}, mood {mood:.2}, cosine {cosine:.3}");
        let mut after = [taste, mood, cosine];
        for songs in [10, 20, HEARD, 100] {
            after = judged(
                &catalogue,
                likes,
                &likings(&catalogue, &listened(&catalogue, likes, songs)),
            );
            told += &format!(
                "; after {songs}: {:.2}, {:.2}, {:.3}",
                after[0], after[1], after[2]
            );
            if songs == HEARD {
                assert!(after[0] >= 1.25 * taste, "{told}");
            }
        }
        println!("{told}");
        assert!(
            after[1] >= mood - 0.05 && after[2] >= cosine - 0.03,
            "{told}"
        );
    }
}

#[test]
fn who_likes_everything_alike_changes_nothing_much() {
    let catalogue = library();
    let nothing = judged(&catalogue, by_shade, &likings(&catalogue, &[]));
    let all = judged(
        &catalogue,
        by_shade,
        &likings(&catalogue, &listened(&catalogue, |_| true, HEARD)),
    );
    assert!((all[0] - nothing[0]).abs() < 0.15, "{nothing:?} {all:?}");
    assert!(all[1] >= nothing[1] - 0.05, "{nothing:?} {all:?}");
}
