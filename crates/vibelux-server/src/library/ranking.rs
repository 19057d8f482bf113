//! What the catalogue gives to [`vibelux::recommend::queue`], which makes a queue of it.

use vibelux::recommend::{Mode, Pick, Pool, QueueRequest, queue as arrange};

use crate::library::catalogue::Catalogue;

/// What is known of songs besides what the catalogue says, by their position in it.
pub struct Rules<'a> {
    /// May be chosen at all.
    pub allowed: &'a [bool],
    /// How much it is to the listener's liking, if anything is known of that.
    pub liking: Option<&'a dyn Fn(usize) -> f32>,
    /// Is there to be played.
    pub present: &'a dyn Fn(usize) -> bool,
}

/// The songs of a catalogue for a request, compared in this mode.
pub fn queue(
    catalogue: &Catalogue,
    mode: Mode,
    request: &QueueRequest,
    rules: &Rules<'_>,
) -> Vec<Pick> {
    let table = catalogue.table();
    let pool = Pool {
        index: catalogue.index(mode),
        allowed: rules.allowed,
        liking: rules.liking,
        present: rules.present,
        artist: &|at| table.artist_key(at),
        album: &|at| table.album_key(at),
        piece: &|at| table.piece_key(at),
    };
    arrange(&pool, request)
}

#[cfg(test)]
mod tests {
    use super::*;
    use vibelux::EmotionVector;
    use vibelux::library::{Outcome, Song, SongStore, Tags};
    use vibelux::recommend::{Query, Way};

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
        let query = Query {
            vector: mood.parse().unwrap(),
            reference: EmotionVector::UNIFORM,
        };
        QueueRequest {
            way,
            seed: 7,
            ..QueueRequest::best(query, count)
        }
    }

    fn picks(catalogue: &Catalogue, request: &QueueRequest, rules: &Rules<'_>) -> Vec<Pick> {
        queue(catalogue, Mode::Plain, request, rules)
    }

    fn titles(catalogue: &Catalogue, request: &QueueRequest, rules: &Rules<'_>) -> Vec<String> {
        let picks = picks(catalogue, request, rules);
        let title = |pick: &Pick| catalogue.song(pick.position).title().into_owned();
        picks.iter().map(title).collect()
    }

    const ALL: Rules<'static> = Rules {
        allowed: &[true; 32],
        liking: None,
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
        let picks = picks(&songs, &request("happy", Way::Match, 4), &ALL);
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
            let is_allowed = |at| allowed.contains(&songs.song(at).title().as_ref());
            titles(
                &songs,
                &request("happy", Way::Match, 2),
                &Rules {
                    allowed: &(0..4).map(is_allowed).collect::<Vec<_>>(),
                    liking: Some(&liking("b")),
                    present: &|i| songs.song(i).title() != "a",
                },
            )
        };
        assert_eq!(only(&["a", "c", "d"]), ["c", "d"]);
        let liked = Rules {
            liking: Some(&liking("b")),
            ..ALL
        };
        assert_eq!(
            titles(&songs, &request("happy", Way::Match, 2), &liked),
            ["b", "a"]
        );
        // Not so much that what does not fit comes first.
        let liked = Rules {
            liking: Some(&liking("d")),
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
        let picks = picks(&songs, &journey, &ALL);
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
        assert!(picks(&catalogue(&[]), &with(1, 0.5), &ALL).is_empty());
    }
}
