//! The laws of [`queue`], for any songs and requests.

use proptest::prelude::*;

use super::*;
use crate::recommend::Mode;

/// A song of the tests: its vector, and the numbers of its artist, album and piece.
#[derive(Debug, Clone)]
struct TestSong {
    vector: EmotionVector,
    artist: Option<u64>,
    album: Option<u64>,
    piece: Option<u64>,
    allowed: bool,
    present: bool,
    liking: f32,
}

fn plain(mood: &str, artist: u64) -> TestSong {
    TestSong {
        vector: mood.parse().unwrap(),
        artist: Some(artist),
        album: None,
        piece: None,
        allowed: true,
        present: true,
        liking: 0.0,
    }
}

fn picked(songs: &[TestSong], mode: Mode, request: &QueueRequest) -> Vec<Pick> {
    let vectors: Vec<EmotionVector> = songs.iter().map(|song| song.vector).collect();
    let index = SongIndex::new(vectors, mode);
    let allowed: Vec<bool> = songs.iter().map(|song| song.allowed).collect();
    let liking = |at: usize| songs[at].liking;
    // Whoever likes nothing is as one of whom nothing is known.
    let is_known = songs.iter().any(|song| song.liking != 0.0);
    let pool = Pool {
        index: &index,
        allowed: &allowed,
        liking: is_known.then_some(&liking),
        present: &|at| songs[at].present,
        artist: &|at| songs[at].artist,
        album: &|at| songs[at].album,
        piece: &|at| songs[at].piece,
    };
    queue(&pool, request)
}

fn positions(songs: &[TestSong], request: &QueueRequest) -> Vec<usize> {
    let picks = picked(songs, Mode::Plain, request);
    picks.iter().map(|pick| pick.position).collect()
}

fn vector() -> impl Strategy<Value = EmotionVector> {
    let weights = prop::array::uniform7(0.01_f32..1.0);
    weights.prop_map(|weights| EmotionVector::from_weights(weights).unwrap())
}

/// Songs of which all can be had.
fn songs(most: usize) -> impl Strategy<Value = Vec<TestSong>> {
    let song = (
        vector(),
        prop::option::of(0_u64..6),
        prop::option::of(0_u64..9),
        -1.0_f32..1.0,
    );
    let song = song.prop_map(|(vector, artist, album, liking)| TestSong {
        vector,
        artist,
        album,
        piece: None,
        allowed: true,
        present: true,
        liking,
    });
    prop::collection::vec(song, 0..most)
}

fn unliked(songs: Vec<TestSong>) -> Vec<TestSong> {
    let songs = songs.into_iter();
    songs
        .map(|song| TestSong {
            liking: 0.0,
            ..song
        })
        .collect()
}

fn request() -> impl Strategy<Value = QueueRequest> {
    let way = prop_oneof![
        Just(Way::Match),
        Just(Way::Lift),
        (vector(), 1_usize..12).prop_map(|(to, songs)| Way::Journey { to, songs }),
    ];
    let apart = (0_usize..5, 0_usize..4).prop_map(|(artist, album)| Apart { artist, album });
    let strength = prop::sample::select(vec![0.0, 0.3, 0.8, 1.0]);
    let parts = (
        vector(),
        way,
        strength,
        any::<u64>(),
        0_usize..20,
        any::<bool>(),
        apart,
    );
    parts.prop_map(
        |(vector, way, strength, seed, count, opening, apart)| QueueRequest {
            way,
            strength,
            seed,
            opening,
            apart,
            ..QueueRequest::best(
                Query {
                    vector,
                    reference: EmotionVector::UNIFORM,
                },
                count,
            )
        },
    )
}

/// By how many places a song is too near to songs of its artist and album that stand before it.
fn nearness(songs: &[TestSong], before: &[usize], song: usize, apart: Apart) -> usize {
    let near = |name: fn(&TestSong) -> Option<u64>, apart: usize| {
        let name_of_song = name(&songs[song]);
        if name_of_song.is_none() || apart < 2 {
            return 0;
        }
        let others = before.iter().rev().take(apart - 1);
        let mut distances = others.enumerate();
        let met = distances.find(|&(_, &other)| name(&songs[other]) == name_of_song);
        met.map_or(0, |(distance, _)| apart - (distance + 1))
    };
    near(|song| song.artist, apart.artist) + near(|song| song.album, apart.album)
}

proptest! {
    #[test]
    fn every_song_comes_once_and_as_many_as_there_are(
        songs in songs(30),
        flags in prop::collection::vec((any::<bool>(), any::<bool>(), prop::option::of(0_u64..12)), 30),
        request in request(),
        ends in (0_usize..40, 0_usize..40),
        likes in any::<bool>(),
    ) {
        let mut songs = if likes { songs } else { unliked(songs) };
        for (song, (allowed, present, piece)) in songs.iter_mut().zip(flags) {
            (song.allowed, song.present, song.piece) = (allowed, present, piece);
        }
        let request = QueueRequest {
            first: Some(ends.0).filter(|at| *at < 20),
            last: Some(ends.1).filter(|at| *at < 20),
            ..request
        };
        let found = positions(&songs, &request);
        prop_assert_eq!(&positions(&songs, &request), &found, "the same request gives the same songs");
        let fixed = |at: usize| [request.first, request.last].contains(&Some(at));
        let unique: HashSet<usize> = found.iter().copied().collect();
        prop_assert_eq!(unique.len(), found.len());
        prop_assert!(found.iter().all(|&at| fixed(at) || songs[at].allowed && songs[at].present));
        let pieces: Vec<u64> = found.iter().filter(|&&at| !fixed(at)).filter_map(|&at| songs[at].piece).collect();
        let different: HashSet<u64> = pieces.iter().copied().collect();
        prop_assert_eq!(pieces.len(), different.len());
        prop_assert!(found.len() <= request.count);
        if found.len() < request.count {
            // Whatever was left out is not to be had, or its piece is there.
            let pieces: HashSet<u64> = found.iter().filter_map(|&at| songs[at].piece).collect();
            for (at, song) in songs.iter().enumerate() {
                let is_had = song.allowed && song.present && !unique.contains(&at);
                prop_assert!(!is_had || song.piece.is_some_and(|piece| pieces.contains(&piece)));
            }
        }
        if let Some(first) = request.first.filter(|&at| at < songs.len() && request.count > 0) {
            prop_assert_eq!(found[0], first);
        }
        if let Some(last) = request.last.filter(|&at| at < songs.len() && request.count > 1) {
            prop_assert!(found.last() == Some(&last) || request.first == Some(last));
        }
    }

    #[test]
    fn artists_and_albums_meet_only_where_no_song_would_keep_them_apart(
        songs in songs(40),
        request in request(),
        likes in any::<bool>(),
    ) {
        let songs = if likes { songs } else { unliked(songs) };
        let request = QueueRequest { way: Way::Match, ..request };
        let found = positions(&songs, &request);
        for place in 0..found.len() {
            let before = &found[..place];
            let fault = nearness(&songs, before, found[place], request.apart);
            if request.opening && place == 0 || fault == 0 {
                continue;
            }
            for other in (0..songs.len()).filter(|other| !found[..=place].contains(other)) {
                prop_assert!(nearness(&songs, before, other, request.apart) >= fault);
            }
        }
    }

    #[test]
    fn a_queue_in_parts_keeps_artists_as_far_apart_as_one_in_a_piece(
        songs in songs(40),
        request in request(),
        come in 0_usize..12,
    ) {
        let request = QueueRequest { way: Way::Match, opening: false, ..request };
        let before: Vec<usize> = (0..come.min(songs.len())).collect();
        let request = QueueRequest { before: before.clone(), ..request };
        let found = positions(&songs, &request);
        prop_assert!(found.iter().all(|at| !before.contains(at)));
        let all = [before.clone(), found.clone()].concat();
        for place in before.len()..all.len() {
            let fault = nearness(&songs, &all[..place], all[place], request.apart);
            for other in (0..songs.len()).filter(|other| !all[..=place].contains(other)) {
                prop_assert!(fault == 0 || nearness(&songs, &all[..place], other, request.apart) >= fault);
            }
        }
    }

    #[test]
    fn where_all_songs_come_no_artist_follows_himself_that_need_not(
        artists in prop::collection::vec(prop::option::of(0_u64..4), 0..30),
        request in request(),
    ) {
        let songs: Vec<TestSong> = artists.iter().map(|&artist| TestSong { artist, ..plain("happy", 0) }).collect();
        let request = QueueRequest {
            way: Way::Match,
            count: songs.len(),
            apart: Apart { artist: 2, album: 0 },
            opening: false,
            ..request
        };
        let opening = QueueRequest { opening: true, ..request.clone() };
        prop_assert_eq!(positions(&songs, &opening).len(), songs.len());
        let found = positions(&songs, &request);
        prop_assert_eq!(found.len(), songs.len());
        let most = (0..4)
            .map(|a| artists.iter().filter(|x| **x == Some(a)).count())
            .max()
            .unwrap_or(0);
        let meetings = found
            .windows(2)
            .filter(|w| artists[w[0]].is_some() && artists[w[0]] == artists[w[1]])
            .count();
        // An artist with more songs than all others and one more must meet himself that often.
        let others = artists.len() - most;
        prop_assert_eq!(meetings, most.saturating_sub(others + 1));
    }

    #[test]
    fn a_journey_never_goes_back_where_songs_are_enough(
        songs in songs(40),
        request in request(),
        to in vector(),
        steps in 2_usize..12,
        ends in prop::option::of((0_usize..40, 0_usize..40)),
    ) {
        let request = QueueRequest { way: Way::Journey { to, songs: steps }, ..request };
        let progress = Progress::new(&request.query.vector, &to, steps);
        let along = |at: usize| progress.of(&songs[at].vector);
        let found = positions(&songs, &request);
        let steps = steps.min(found.len());
        let journey: Vec<f32> = found[..steps].iter().map(|&at| along(at)).collect();
        prop_assert!(journey.is_sorted(), "{journey:?}");
        // With given ends it stays between them wherever songs do.
        let Some((first, last)) = ends.filter(|(a, b)| a != b && *a.max(b) < songs.len()) else {
            return Ok(());
        };
        if along(first) > along(last) {
            return Ok(());
        }
        let request = QueueRequest { first: Some(first), last: Some(last), count: steps, ..request };
        let found = positions(&songs, &request);
        for place in 1..found.len().saturating_sub(1) {
            let (before, here) = (along(found[place - 1]), along(found[place]));
            let is_left = |other: &usize| !found[..=place].contains(other) && *other != last;
            let others = (0..songs.len()).filter(is_left);
            prop_assert!(here >= before || others.clone().all(|other| along(other) < before));
        }
    }

    #[test]
    fn the_best_come_first_where_nothing_else_is_asked(songs in songs(40), request in request()) {
        let songs: Vec<TestSong> = songs
            .into_iter()
            .map(|song| TestSong { artist: None, album: None, liking: 0.0, ..song })
            .collect();
        let request = QueueRequest { way: Way::Match, strength: 1.0, opening: false, ..request };
        let picks = picked(&songs, Mode::Plain, &request);
        let vectors: Vec<EmotionVector> = songs.iter().map(|song| song.vector).collect();
        let best = SongIndex::new(vectors, Mode::Plain).top_k(&request.query, request.count);
        prop_assert_eq!(picks.len(), best.len());
        for (pick, best) in picks.iter().zip(&best) {
            prop_assert_eq!(pick.position, best.index);
            prop_assert!((pick.contributions.iter().sum::<f32>() - pick.cosine).abs() < 1e-6);
        }
    }

    #[test]
    fn a_stronger_match_fits_better_on_the_whole(songs in songs(60), request in request()) {
        let fit = |strength: f64| -> f32 {
            let fits = (0..20).map(|seed| {
                let request = QueueRequest {
                    way: Way::Match,
                    apart: Apart { artist: 0, album: 0 },
                    opening: false,
                    count: 5,
                    strength,
                    seed,
                    ..request.clone()
                };
                let songs: Vec<TestSong> =
                    songs.iter().map(|song| TestSong { liking: 0.0, ..song.clone() }).collect();
                picked(&songs, Mode::Plain, &request).iter().map(|pick| pick.cosine).sum::<f32>()
            });
            fits.sum()
        };
        // The mean of twenty draws: chance alone does not turn the ends round.
        prop_assert!(fit(1.0) >= fit(0.5) - 1e-3);
        prop_assert!(fit(1.0) >= fit(0.0) - 1e-3);
    }
}

#[test]
fn a_journey_between_two_songs_begins_and_ends_with_them() {
    let moods = [
        "sad",
        "sad=0.8,happy=0.2",
        "sad=0.6,happy=0.4",
        "sad=0.4,happy=0.6",
        "sad=0.2,happy=0.8",
        "happy",
    ];
    let songs: Vec<TestSong> = (0..)
        .zip(moods)
        .map(|(artist, mood)| plain(mood, artist))
        .collect();
    let request = QueueRequest {
        way: Way::Journey {
            to: songs[5].vector,
            songs: 4,
        },
        first: Some(0),
        last: Some(5),
        ..QueueRequest::best(
            Query {
                vector: songs[0].vector,
                reference: EmotionVector::UNIFORM,
            },
            4,
        )
    };
    let found = positions(&songs, &request);
    assert_eq!((found[0], found[3], found.len()), (0, 5, 4));
    assert!(found.is_sorted(), "{found:?}");
    // The same song at both ends is there once.
    let both = QueueRequest {
        last: Some(0),
        ..request
    };
    let found = positions(&songs, &both);
    assert_eq!(found.iter().filter(|&&at| at == 0).count(), 1);
}

#[test]
fn songs_of_one_artist_stand_as_far_apart_as_they_can() {
    // Ten songs of one artist fit best, then one each of three others.
    let mut songs: Vec<TestSong> = (0..10).map(|_| plain("happy", 0)).collect();
    songs.extend((1..4).map(|artist| plain("happy=0.6,sad=0.4", artist)));
    let request = QueueRequest {
        apart: Apart {
            artist: 4,
            album: 0,
        },
        ..QueueRequest::best(
            Query {
                vector: "happy".parse().unwrap(),
                reference: EmotionVector::UNIFORM,
            },
            6,
        )
    };
    let artists: Vec<u64> = positions(&songs, &request)
        .iter()
        .filter_map(|&at| songs[at].artist)
        .collect();
    assert_eq!(artists[0], 0);
    assert_eq!(artists[4], 0);
    assert_eq!(
        artists.iter().filter(|&&artist| artist == 0).count(),
        3,
        "{artists:?}"
    );
}
