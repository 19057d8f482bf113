//! [`Taste`]: how much a song is to the listener's liking, from what he said and did about others.

use std::collections::HashMap;

use super::alike;
use crate::emotion::EmotionVector;

/// So much must be said of songs alike, or of an artist, before half of it is believed.
const DOUBT: f32 = 1.5;

/// What the song itself, its artist and songs that sound alike add to the liking.
const ITSELF: f32 = 0.5;
const ARTIST: f32 = 0.7;
const ALIKE: f32 = 0.5;

/// What a listener thinks of one song.
#[derive(Debug, Clone, PartialEq)]
pub struct Opinion {
    /// Which song: any number that stands for it.
    pub song: usize,
    /// What it sounds like.
    pub vector: EmotionVector,
    /// Who plays it, in lower case.
    pub artist: Option<String>,
    /// From -1 (always skipped) to 1 (liked).
    pub weight: f32,
}

/// Why a song is more or less to the listener's liking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// What was said of the song itself.
    Itself,
    /// What was said of its artist's songs.
    Artist,
    /// What was said of songs that sound alike.
    Alike,
}

/// How much a song is to the listener's liking.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Liking {
    /// From -1 to 1; 0 where nothing is known.
    pub score: f32,
    /// What adds most to it, or takes most away; `None` where nothing is known.
    pub reason: Option<Reason>,
}

/// All opinions of a listener.
#[derive(Debug, Clone, Default)]
pub struct Taste {
    opinions: Vec<Opinion>,
    of_song: HashMap<usize, f32>,
    /// Sum and number of the opinions of an artist's songs.
    of_artist: HashMap<String, (f32, f32)>,
}

impl Taste {
    /// The same opinions in any order are the same taste.
    #[must_use]
    pub fn new(opinions: Vec<Opinion>) -> Self {
        let mut taste = Self::default();
        for opinion in &opinions {
            *taste.of_song.entry(opinion.song).or_default() += opinion.weight;
            if let Some(artist) = &opinion.artist {
                let (sum, count) = taste.of_artist.entry(artist.clone()).or_default();
                *sum += opinion.weight;
                *count += 1.0;
            }
        }
        taste.opinions = opinions;
        taste
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.opinions.is_empty()
    }

    /// How much a song is to the listener's liking: `artist` in lower case.
    #[must_use]
    pub fn liking(&self, song: usize, vector: &EmotionVector, artist: Option<&str>) -> Liking {
        if self.is_empty() {
            return Liking::default();
        }
        let itself = self.of_song.get(&song).copied().unwrap_or(0.0);
        let artist = artist.and_then(|name| self.of_artist.get(name));
        let artist = artist.map_or(0.0, |(sum, count)| sum / (DOUBT + count));
        let (mut sum, mut weights) = (0.0, DOUBT);
        for opinion in &self.opinions {
            let weight = alike(vector, &opinion.vector);
            sum += weight * opinion.weight;
            weights += weight;
        }
        let parts = [
            (Reason::Itself, ITSELF * itself.clamp(-1.0, 1.0)),
            (Reason::Artist, ARTIST * artist),
            (Reason::Alike, ALIKE * sum / weights),
        ];
        let score = parts.iter().map(|(_, part)| part).sum::<f32>();
        let most = parts
            .into_iter()
            .filter(|(_, part)| part * score.signum() > 0.0 && score != 0.0)
            .max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()));
        Liking {
            score: score.clamp(-1.0, 1.0),
            reason: most.map(|(reason, _)| reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn opinion(song: usize, mood: &str, artist: &str, weight: f32) -> Opinion {
        Opinion {
            song,
            vector: mood.parse().unwrap(),
            artist: Some(artist.to_owned()),
            weight,
        }
    }

    #[test]
    fn a_liked_song_its_artist_and_songs_alike_are_liked_in_this_order() {
        let taste = Taste::new(vec![opinion(7, "happy=0.7,neutral=0.3", "one", 1.0)]);
        let (same, other) = (
            "happy=0.7,neutral=0.3".parse().unwrap(),
            "sad".parse().unwrap(),
        );
        let itself = taste.liking(7, &same, Some("one"));
        let artist = taste.liking(8, &other, Some("one"));
        let alike = taste.liking(9, &same, Some("two"));
        assert_eq!(itself.reason, Some(Reason::Itself));
        assert_eq!(artist.reason, Some(Reason::Artist));
        assert_eq!(alike.reason, Some(Reason::Alike));
        assert!(itself.score > artist.score && artist.score > alike.score && alike.score > 0.0);
        assert_eq!(taste.liking(9, &other, Some("two")).score, 0.0);
        assert_eq!(Taste::default().liking(7, &same, None), Liking::default());
    }

    #[test]
    fn skips_take_away_and_are_taken_back_by_leaving_them_out() {
        let liked = opinion(1, "happy", "one", 1.0);
        let skipped = opinion(2, "happy", "two", -1.0);
        let vector = "happy".parse().unwrap();
        let both = Taste::new(vec![liked.clone(), skipped]);
        assert!(both.liking(2, &vector, Some("two")).score < 0.0);
        assert!(both.liking(1, &vector, Some("one")).score > 0.0);
        let alone = Taste::new(vec![liked]);
        assert!(alone.liking(2, &vector, Some("two")).score >= 0.0);
    }

    proptest! {
        #[test]
        fn any_opinions_give_a_liking_between_minus_1_and_1(
            opinions in prop::collection::vec((0_usize..9, prop::array::uniform7(0.01_f32..1.0), 0_usize..4, -1.0_f32..=1.0), 0..30),
            song in 0_usize..9,
            vector in prop::array::uniform7(0.01_f32..1.0),
        ) {
            let opinions: Vec<Opinion> = opinions
                .into_iter()
                .map(|(song, vector, artist, weight)| Opinion {
                    song,
                    vector: EmotionVector::from_weights(vector).unwrap(),
                    artist: Some(artist.to_string()),
                    weight,
                })
                .collect();
            let vector = EmotionVector::from_weights(vector).unwrap();
            let liking = Taste::new(opinions.clone()).liking(song, &vector, Some("2"));
            prop_assert!((-1.0..=1.0).contains(&liking.score));
            prop_assert_eq!(liking.reason.is_none(), liking.score == 0.0);
            let mut turned = opinions;
            turned.reverse();
            let again = Taste::new(turned).liking(song, &vector, Some("2"));
            prop_assert!((liking.score - again.score).abs() < 1e-5);
        }
    }
}
