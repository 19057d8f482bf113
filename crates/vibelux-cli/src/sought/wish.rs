//! [`Wish`]: what is asked for, as the flags say it, and what the library makes of that.

use std::collections::HashSet;
use std::path::Path;

use vibelux::playlist::{Playlist, PlaylistFormat};
use vibelux::recommend::{Query, QueueRequest, Way, blend};
use vibelux::{Emotion, EmotionVector};

use super::args::{Lean, SEEDED, SoughtArgs};
use super::library::SoughtLibrary;
use crate::chosen::Chosen;
use crate::failure::NoFace;
use crate::output;
use crate::query::{Answer, find_song, of_mood};

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Wish {
    /// What is sought.
    pub request: QueueRequest,
    /// The songs that it is made from, which are left out themselves.
    pub left_out: Vec<usize>,
}

impl SoughtArgs {
    /// What the flags ask for: so many songs, at this strength unless they say another.
    ///
    /// # Errors
    /// If they ask for nothing, a song is not in the library, or no face was found.
    pub fn wish(
        &self,
        library: &SoughtLibrary,
        count: usize,
        strength: f64,
    ) -> anyhow::Result<Wish> {
        let unlike = seeds(&self.unlike, &library.songs)?;
        let mut wish = if let Some(query) = self.asked()? {
            let mut wish = self.wish_for(query, count, strength);
            wish.away_from(&unlike, library);
            wish
        } else {
            self.wish_like(library, unlike, count, strength)?
        };
        if let Some(to) = &self.to {
            wish.lead(to, &library.songs)?;
        }
        Ok(wish)
    }

    /// The same for a mood that is not among the flags.
    ///
    /// # Errors
    /// If a song of `--unlike` is not in the library.
    pub fn wish_of_mood(
        &self,
        library: &SoughtLibrary,
        mood: EmotionVector,
        count: usize,
        strength: f64,
    ) -> anyhow::Result<Wish> {
        let mut wish = self.wish_for(of_mood(mood).query, count, strength);
        wish.away_from(&seeds(&self.unlike, &library.songs)?, library);
        if let Some(to) = &self.to {
            wish.lead(to, &library.songs)?;
        }
        Ok(wish)
    }

    /// The same for each of the seven emotions.
    ///
    /// # Errors
    /// As [`Self::wish_of_mood`].
    pub fn wishes_of_moods(
        &self,
        library: &SoughtLibrary,
        count: usize,
        strength: f64,
    ) -> anyhow::Result<Vec<(Emotion, Wish)>> {
        let of_emotion = |emotion| {
            let mood = EmotionVector::one_hot(emotion);
            Ok((emotion, self.wish_of_mood(library, mood, count, strength)?))
        };
        Emotion::ALL.into_iter().map(of_emotion).collect()
    }

    /// Songs like some of the library, and unlike others.
    fn wish_like(
        &self,
        library: &SoughtLibrary,
        unlike: Vec<usize>,
        count: usize,
        strength: f64,
    ) -> anyhow::Result<Wish> {
        let like = seeds(&self.similar_to, &library.songs)?;
        let mean = library.mean();
        let vector = blend(&library.vectors(&like), &library.vectors(&unlike), &mean);
        let Some(vector) = vector else {
            anyhow::bail!(
                "say what to look for: --mood, --image, --camera, --similar-to or --unlike"
            );
        };
        let query = Query {
            vector,
            reference: mean,
        };
        let mut wish = self.wish_for(query, count, strength);
        // A journey from one song begins with it.
        if let [one] = *like
            && self.to.is_some()
        {
            wish.request.first = Some(one);
        }
        wish.left_out = [like, unlike].concat();
        Ok(wish)
    }

    fn wish_for(&self, query: Query, count: usize, strength: f64) -> Wish {
        Wish {
            request: QueueRequest {
                way: match self.lean {
                    None => Way::Match,
                    Some(Lean::Lift) => Way::Lift,
                    Some(Lean::Calm) => Way::Calm,
                },
                strength: self.strength.unwrap_or(match self.seed {
                    Some(_) => strength.min(SEEDED),
                    None => strength,
                }),
                seed: self.seed.unwrap_or_default(),
                apart: self.apart(),
                ..QueueRequest::best(query, count)
            },
            left_out: Vec::new(),
        }
    }

    /// What a face or a mood asks for; `None` if the flags name none.
    fn asked(&self) -> anyhow::Result<Option<Query>> {
        let asked = match self.source.ask()? {
            Some(Answer::Asked(asked)) => asked,
            Some(Answer::NoFace(message)) => return Err(NoFace(message).into()),
            None => return Ok(None),
        };
        // Of several faces what they have in common.
        let vector = EmotionVector::mean(asked.iter().map(|asked| &asked.query.vector));
        let first = asked.first().map(|asked| asked.query.reference);
        let query = vector.zip(first);
        Ok(query.map(|(vector, reference)| Query { vector, reference }))
    }
}

impl Wish {
    /// Moves away from songs, which are left out.
    fn away_from(&mut self, unlike: &[usize], library: &SoughtLibrary) {
        let query = &mut self.request.query;
        let moved = blend(&[query.vector], &library.vectors(unlike), &query.vector);
        query.vector = moved.unwrap_or(query.vector);
        self.left_out.extend(unlike);
    }

    /// Makes a journey of it, to a mood or to a song, which comes last.
    fn lead(&mut self, to: &str, songs: &Chosen) -> anyhow::Result<()> {
        let vector = match to.parse::<EmotionVector>() {
            Ok(mood) => mood,
            Err(no_mood) => {
                let song = find_song(Path::new(to), songs);
                let song = song.map_err(|no_song| {
                    anyhow::anyhow!("--to {to} is no mood ({no_mood}) and no song: {no_song}")
                })?;
                self.request.last = Some(song);
                songs.table.vectors()[song]
            }
        };
        self.request.way = Way::Journey {
            to: vector,
            songs: self.request.count,
        };
        Ok(())
    }
}

/// The songs that are named, each once: songs of the library, or playlists with such.
fn seeds(names: &[impl AsRef<Path>], songs: &Chosen) -> anyhow::Result<Vec<usize>> {
    let mut found = Vec::new();
    for name in names {
        let name = name.as_ref();
        let shown = output::readable(name);
        match PlaylistFormat::of_path(name) {
            None => {
                found.push(find_song(name, songs)?);
                continue;
            }
            Some(PlaylistFormat::Nsp) => anyhow::bail!(
                "{shown} names songs as Navidrome does, not where they are; give an .m3u8 or .xspf instead"
            ),
            Some(_) if !name.exists() => {
                anyhow::bail!("there is no playlist {shown}; check the path")
            }
            Some(_) => {}
        }
        let list = Playlist::read(name)?;
        let entries = list.entries.iter();
        let known = entries.filter_map(|entry| {
            let at = songs.table.position(&entry.path)?;
            let at = songs.table.stand_in(at).unwrap_or(at);
            songs.allows(at).then_some(at)
        });
        let known: Vec<usize> = known.collect();
        if list.entries.is_empty() {
            anyhow::bail!("the playlist {shown} has no songs");
        }
        if known.is_empty() {
            anyhow::bail!(
                "none of the {} of the playlist {shown} is in the library; see how it names them",
                output::songs(list.entries.len())
            );
        }
        if known.len() < list.entries.len() {
            crate::tell!(
                "{} of the playlist {shown} are in the library, {} are not",
                known.len(),
                list.entries.len() - known.len()
            );
        }
        found.extend(known);
    }
    let mut seen = HashSet::new();
    found.retain(|song| seen.insert(*song));
    Ok(found)
}
