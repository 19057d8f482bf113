//! [`SongTable::likings`]: how much each song is to the listener's liking, by what was said and done about songs.

use std::collections::HashMap;

use super::SongTable;
use crate::library::store::{Said, VerdictKind};
use crate::taste::{Liking, Opinion, Taste};

/// What a like, a song heard to its end and one that was left early say of the listener's taste, each time, and at most.
const LIKED: [f32; 2] = [1.0, 1.0];
const FINISHED: [f32; 2] = [0.2, 0.6];
const SKIPPED: [f32; 2] = [-0.5, -1.0];

impl SongTable {
    /// How much each song is to the listener's liking, by position; nothing if nothing was said of songs that are there.
    #[must_use]
    pub fn likings(&self, said: &[Said]) -> Vec<Liking> {
        let mut weights: HashMap<usize, f32> = HashMap::new();
        for said in said {
            let [each, most] = match said.verdict.kind() {
                VerdictKind::Liked => LIKED,
                VerdictKind::Finished => FINISHED,
                VerdictKind::Skipped => SKIPPED,
                VerdictKind::Music | VerdictKind::Sounds | VerdictKind::Reaction => continue,
            };
            // What is said of a copy is said of the song that stands for it.
            let found = self.position(&said.path);
            let found = found.map(|at| self.stand_in(at).unwrap_or(at));
            let Some(position) = found.filter(|&at| !self.is_missing(at) && !self.is_copy(at))
            else {
                continue;
            };
            let times = f64::from(said.times) as f32;
            let weight = (each * times).clamp(most.min(0.0), most.max(0.0));
            *weights.entry(position).or_default() += weight;
        }
        let artists: Vec<String> = self.artists().map(|name| name.to_lowercase()).collect();
        let artist = |position| Some(artists[self.artist_number(position)?].as_str());
        let opinions = weights.into_iter().map(|(song, weight)| Opinion {
            song,
            vector: self.vectors()[song],
            artist: artist(song).map(str::to_owned),
            weight: weight.clamp(-1.0, 1.0),
        });
        let mut opinions: Vec<Opinion> = opinions.collect();
        // In a fixed order, so that the same verdicts give the same sums.
        opinions.sort_by_key(|opinion| opinion.song);
        let taste = Taste::new(opinions);
        if taste.is_empty() {
            return Vec::new();
        }
        let vectors = self.vectors().iter().enumerate();
        vectors
            .map(|(position, vector)| taste.liking(position, vector, artist(position)))
            .collect()
    }
}
