//! From a mood to a queue of songs: where the ways, the mood shuffle, likes and artists meet.
//!
//! The parts are the library crate's ([`vibelux::recommend`]); this is their order.

use vibelux::EmotionVector;
use vibelux::emotion::EMOTION_COUNT;
use vibelux::recommend::{Mode, Query, Shuffled, Way, spaced};

use crate::library::catalogue::Catalogue;

/// A song that is wholly to the listener's liking counts as if it fitted so many standard deviations of all songs' cosines
/// better, one that is not as much worse: enough to come before its equals, too little to come where it does not fit.
const TASTE_DEVIATIONS: f64 = 0.6;

/// Among songs that fit all alike, liking decides too.
const LEAST_BONUS: f64 = 1e-4;

/// What is asked for.
#[derive(Debug, Clone)]
pub struct QueueRequest {
    /// The mood.
    pub vector: EmotionVector,
    /// What [`Mode::Centred`] subtracts from it.
    pub reference: EmotionVector,
    /// Where it should lead.
    pub way: Way,
    /// How songs are compared.
    pub mode: Mode,
    /// 0 for a plain shuffle to 1 for the best first.
    pub strength: f64,
    /// The same seed gives the same order.
    pub seed: u64,
    /// How many songs.
    pub count: usize,
    /// The first song is to be one whose strongest emotion is the one that is sought, if there is one.
    pub opening: bool,
}

/// One song of the queue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pick {
    /// Its position in the catalogue.
    pub position: usize,
    /// How well it fits its target.
    pub cosine: f32,
    /// What each emotion contributes to the cosine.
    pub contributions: [f32; EMOTION_COUNT],
    /// What was sought at this place of the queue.
    pub target: EmotionVector,
}

/// What is known of songs besides their vectors, by their position in the catalogue.
pub struct Rules<'a> {
    /// May be chosen at all.
    pub allowed: &'a dyn Fn(usize) -> bool,
    /// How much it is to the listener's liking, -1 to 1: comes a little sooner, or later.
    pub liking: &'a dyn Fn(usize) -> f32,
    /// Is there to be played. Asked last and only of songs that would be chosen, as it may wait for a
    /// disk.
    pub present: &'a dyn Fn(usize) -> bool,
}

/// The queue: no artist twice in a row where that can be avoided, no song twice.
pub fn queue(catalogue: &Catalogue, request: &QueueRequest, rules: &Rules<'_>) -> Vec<Pick> {
    let allowed: Vec<usize> = (0..catalogue.len())
        .filter(|&position| (rules.allowed)(position))
        .collect();
    let ranking = Ranking {
        catalogue,
        request,
        rules,
        allowed,
    };
    match request.way {
        Way::Journey { songs, .. } => ranking.journey(songs),
        _ => ranking.toward_one(),
    }
}

struct Ranking<'a> {
    catalogue: &'a Catalogue,
    request: &'a QueueRequest,
    rules: &'a Rules<'a>,
    allowed: Vec<usize>,
}

impl Ranking<'_> {
    /// Every place of the queue seeks the same.
    fn toward_one(&self) -> Vec<Pick> {
        let query = self.query(0);
        let mut order = self.order(&query, 0);
        let opening = if self.request.opening {
            self.opening(&query, &mut order)
        } else {
            None
        };
        let mut chosen: Vec<usize> = opening.into_iter().collect();
        let mut place = 0;
        while chosen.len() < self.request.count
            && let Some(position) = order.get(place)
        {
            place += 1;
            if Some(position) != opening && (self.rules.present)(position) {
                chosen.push(position);
            }
        }
        spaced(&chosen, |position| self.artist(position))
            .into_iter()
            .filter_map(|position| self.pick(&query, position))
            .collect()
    }

    /// The first song that is mostly what is sought.
    fn opening(&self, query: &Query, order: &mut Order<'_>) -> Option<usize> {
        let sought = query.vector.strongest();
        let vectors = self.catalogue.table().vectors();
        (0..)
            .map_while(|place| order.get(place))
            .find(|&at| vectors[at].strongest() == sought && (self.rules.present)(at))
    }

    /// Each of the first `songs` places seeks something else, those after them the goal.
    fn journey(&self, songs: usize) -> Vec<Pick> {
        let mut picks: Vec<Pick> = Vec::new();
        let mut used = vec![false; self.catalogue.len()];
        for step in 0..songs.min(self.request.count) {
            let query = self.query(step);
            let mut order = self.order(&query, step as u64);
            self.extend(&mut picks, &mut used, &query, &mut order, step + 1);
        }
        let query = self.query(songs);
        let mut order = self.order(&query, songs as u64);
        let count = self.request.count;
        self.extend(&mut picks, &mut used, &query, &mut order, count);
        picks
    }

    /// Appends songs of `order` until there are `count`: each the first that is left and not by the
    /// artist before it, else the first that is left.
    fn extend(
        &self,
        picks: &mut Vec<Pick>,
        used: &mut [bool],
        query: &Query,
        order: &mut Order<'_>,
        count: usize,
    ) {
        let mut absent = vec![false; used.len()];
        while picks.len() < count {
            let last = picks.last().and_then(|pick| self.artist(pick.position));
            let mut repeated = None;
            let mut other = None;
            for position in (0..).map_while(|place| order.get(place)) {
                if used[position] || absent[position] {
                    continue;
                }
                let repeats = last.is_some() && self.artist(position) == last;
                if repeats && repeated.is_some() {
                    continue;
                }
                if !(self.rules.present)(position) {
                    absent[position] = true;
                } else if repeats {
                    repeated = Some(position);
                } else {
                    other = Some(position);
                    break;
                }
            }
            let Some(pick) = other.or(repeated).and_then(|p| self.pick(query, p)) else {
                return;
            };
            used[pick.position] = true;
            picks.push(pick);
        }
    }

    fn query(&self, place: usize) -> Query {
        Query {
            vector: self.request.way.target(&self.request.vector, place),
            reference: self.request.reference,
        }
    }

    /// All allowed songs, as the strength of the request orders them.
    fn order(&self, query: &Query, place: u64) -> Order<'_> {
        let index = self.catalogue.index(self.request.mode);
        let mut cosines = index.cosines_of(query, &self.allowed);
        let bonus = (TASTE_DEVIATIONS * deviation(&cosines)).max(LEAST_BONUS) as f32;
        for (cosine, &position) in cosines.iter_mut().zip(&self.allowed) {
            *cosine += bonus * (self.rules.liking)(position);
        }
        let seed = self.request.seed.wrapping_add(place);
        Order {
            allowed: &self.allowed,
            shuffled: Shuffled::new(&cosines, self.request.strength, seed),
        }
    }

    fn pick(&self, query: &Query, position: usize) -> Option<Pick> {
        let contributions = self
            .catalogue
            .index(self.request.mode)
            .why(query, position)?;
        Some(Pick {
            position,
            cosine: contributions.iter().sum::<f32>().clamp(-1.0, 1.0),
            contributions,
            target: query.vector,
        })
    }

    fn artist(&self, position: usize) -> Option<String> {
        let artist = self.catalogue.table().artist(position)?;
        Some(artist.to_lowercase())
    }
}

/// The allowed songs as the strength of a request orders them, as far as somebody looks.
struct Order<'a> {
    allowed: &'a [usize],
    shuffled: Shuffled,
}

impl Order<'_> {
    /// The position of the song at a place of the order.
    fn get(&mut self, place: usize) -> Option<usize> {
        Some(self.allowed[self.shuffled.get(place)?])
    }
}

fn deviation(values: &[f32]) -> f64 {
    let n = values.len().max(1) as f64;
    let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / n;
    let squares = values.iter().map(|&v| (f64::from(v) - mean).powi(2));
    (squares.sum::<f64>() / n).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use vibelux::library::{Outcome, Song, SongStore, Tags};

    /// Songs by (title, artist, mood).
    fn catalogue(songs: &[(&str, &str, &str)]) -> Catalogue {
        let dir = tempfile::tempdir().unwrap();
        let mut store = SongStore::open(&dir.path().join("library.db")).unwrap();
        let songs: Vec<Song> = songs
            .iter()
            .map(|(title, artist, mood)| Song {
                tags: Tags {
                    title: Some((*title).to_owned()),
                    artist: (!artist.is_empty()).then(|| (*artist).to_owned()),
                    ..Tags::default()
                },
                ..Song::new(
                    format!("/music/{title}.mp3"),
                    "test",
                    Outcome::Embedded(mood.parse().unwrap()),
                )
            })
            .collect();
        store.upsert_all(&songs).unwrap();
        Catalogue::read(&store, &[]).unwrap()
    }

    fn request(mood: &str, way: Way, count: usize) -> QueueRequest {
        QueueRequest {
            vector: mood.parse().unwrap(),
            reference: EmotionVector::UNIFORM,
            way,
            mode: Mode::Plain,
            strength: 1.0,
            seed: 7,
            count,
            opening: false,
        }
    }

    fn titles(catalogue: &Catalogue, request: &QueueRequest, rules: &Rules<'_>) -> Vec<String> {
        let picks = queue(catalogue, request, rules);
        let title = |pick: &Pick| catalogue.song(pick.position).title().into_owned();
        picks.iter().map(title).collect()
    }

    const ALL: Rules<'static> = Rules {
        allowed: &|_| true,
        liking: &|_| 0.0,
        present: &|_| true,
    };

    #[test]
    fn the_best_come_first_and_artists_apart() {
        let songs = catalogue(&[
            ("a", "One", "happy=0.9,sad=0.1"),
            ("b", "one", "happy=0.8,sad=0.2"),
            ("c", "Two", "happy=0.5,sad=0.5"),
            ("d", "Three", "sad"),
        ]);
        assert_eq!(
            titles(&songs, &request("happy", Way::Match, 3), &ALL),
            ["a", "c", "b"]
        );
        let picks = queue(&songs, &request("happy", Way::Match, 4), &ALL);
        for pick in &picks {
            assert!((pick.contributions.iter().sum::<f32>() - pick.cosine).abs() < 1e-6);
            let vector = songs.song(pick.position).vector();
            assert!((pick.cosine - vector.cosine(&"happy".parse().unwrap())).abs() < 1e-5);
        }
    }

    #[test]
    fn an_opening_begins_with_a_song_that_is_mostly_what_is_sought() {
        let songs = catalogue(&[
            ("a", "", "neutral=0.5,happy=0.45,sad=0.05"),
            ("b", "", "happy=0.9,surprised=0.1"),
            ("gone", "", "happy"),
            ("c", "", "neutral"),
        ]);
        let present = |i: usize| songs.song(i).title() != "gone";
        let rules = Rules {
            present: &present,
            ..ALL
        };
        // The cosine alone would begin with a song that is mostly neutral.
        let wish = request("happy=0.52,neutral=0.48", Way::Match, 3);
        assert_eq!(titles(&songs, &wish, &rules), ["a", "b", "c"]);
        for seed in 0..20 {
            let opening = QueueRequest {
                opening: true,
                strength: 0.3,
                seed,
                ..wish.clone()
            };
            let queue = titles(&songs, &opening, &rules);
            assert_eq!((queue[0].as_str(), queue.len()), ("b", 3));
        }
        // Where there is no such song, the best has to do.
        let surprised = QueueRequest {
            opening: true,
            ..request("surprised=0.6,neutral=0.4", Way::Match, 3)
        };
        assert_eq!(titles(&songs, &surprised, &rules)[0], "c");
    }

    #[test]
    fn what_is_forbidden_or_gone_is_left_out_and_what_is_liked_comes_sooner() {
        let songs = catalogue(&[
            ("a", "", "happy=0.80,sad=0.20"),
            ("b", "", "happy=0.79,sad=0.21"),
            ("c", "", "happy=0.5,sad=0.5"),
            ("d", "", "sad"),
        ]);
        let liking = |title: &'static str| {
            let songs = &songs;
            move |i: usize| {
                if songs.song(i).title() == title {
                    0.5
                } else {
                    0.0
                }
            }
        };
        let only = |allowed: &[&str]| {
            let allowed: Vec<String> = allowed.iter().map(|&t| t.to_owned()).collect();
            titles(
                &songs,
                &request("happy", Way::Match, 2),
                &Rules {
                    allowed: &|i| allowed.iter().any(|title| *title == songs.song(i).title()),
                    liking: &liking("b"),
                    present: &|i| songs.song(i).title() != "a",
                },
            )
        };
        assert_eq!(only(&["a", "c", "d"]), ["c", "d"]);
        let liked = Rules {
            liking: &liking("b"),
            ..ALL
        };
        assert_eq!(
            titles(&songs, &request("happy", Way::Match, 2), &liked),
            ["b", "a"]
        );
        // Not so much that what does not fit comes first.
        let liked = Rules {
            liking: &liking("d"),
            ..ALL
        };
        assert_eq!(
            titles(&songs, &request("happy", Way::Match, 4), &liked),
            ["a", "b", "c", "d"]
        );
    }

    #[test]
    fn a_journey_goes_from_here_to_there_without_a_song_twice() {
        let songs = catalogue(&[
            ("a", "One", "sad"),
            ("b", "One", "sad=0.75,happy=0.25"),
            ("c", "Two", "sad=0.5,happy=0.5"),
            ("d", "Three", "sad=0.25,happy=0.75"),
            ("e", "Four", "happy"),
            ("f", "Five", "happy=0.95,sad=0.05"),
        ]);
        let to = "happy".parse().unwrap();
        let journey = request("sad", Way::Journey { to, songs: 5 }, 6);
        // b would be next to a by the same artist, so that place takes the next best.
        let found = titles(&songs, &journey, &ALL);
        assert_eq!((found[0].as_str(), found.len()), ("a", 6));
        assert_eq!(found[4], "e");
        let mut unique = found.clone();
        unique.sort();
        unique.dedup();
        assert_eq!(unique.len(), 6);
        let artists: Vec<bool> = found
            .windows(2)
            .map(|w| w == ["a", "b"] || w == ["b", "a"])
            .collect();
        assert!(!artists.contains(&true), "{found:?}");
        let picks = queue(&songs, &journey, &ALL);
        assert_eq!(picks[0].target, "sad".parse().unwrap());
        assert_eq!(picks[5].target, to);
    }

    #[test]
    fn a_plain_shuffle_is_another_for_another_seed() {
        let moods: Vec<String> = (0..20).map(|i| format!("happy={},sad=1", i + 1)).collect();
        let names: Vec<String> = (0..20).map(|i| format!("{i:02}")).collect();
        let songs: Vec<_> = names
            .iter()
            .zip(&moods)
            .map(|(n, m)| (n.as_str(), "", m.as_str()))
            .collect();
        let songs = catalogue(&songs);
        let with = |seed, strength| QueueRequest {
            strength,
            seed,
            ..request("happy", Way::Match, 20)
        };
        let first = titles(&songs, &with(1, 0.0), &ALL);
        assert_eq!(titles(&songs, &with(1, 0.0), &ALL), first);
        assert_ne!(titles(&songs, &with(2, 0.0), &ALL), first);
        assert_eq!(
            titles(&songs, &with(1, 1.0), &ALL),
            titles(&songs, &with(2, 1.0), &ALL)
        );
        assert!(queue(&catalogue(&[]), &with(1, 0.5), &ALL).is_empty());
    }
}
