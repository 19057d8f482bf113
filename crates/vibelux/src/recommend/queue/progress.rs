//! [`Progress`]: how far along a journey a song is.

use crate::emotion::{EMOTION_COUNT, EmotionVector};

/// The straight line from one mood to another.
pub(super) struct Progress {
    from: EmotionVector,
    /// From the one to the other, over the square of its length; zeros if they are the same.
    along: [f32; EMOTION_COUNT],
    songs: usize,
}

/// The songs that are furthest along, as many as a journey has places: so that enough are left for the places that are still to come.
pub(super) struct Furthest {
    /// The furthest first.
    songs: Vec<(f32, usize)>,
}

impl Furthest {
    /// Of these songs, the ones for so many places.
    pub(super) fn of(
        progress: &Progress,
        songs: impl Iterator<Item = (usize, EmotionVector)>,
        places: usize,
    ) -> Self {
        let mut songs: Vec<(f32, usize)> = songs
            .map(|(song, vector)| (progress.of(&vector), song))
            .collect();
        let order = |a: &(f32, usize), b: &(f32, usize)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
        if places < songs.len() {
            songs.select_nth_unstable_by(places, order);
            songs.truncate(places);
        }
        songs.sort_unstable_by(order);
        Self { songs }
    }

    /// How far along a song may be that leaves so many others that are as far.
    pub(super) fn limit(&self, others: usize) -> f32 {
        self.songs
            .get(others)
            .map_or(f32::INFINITY, |(along, _)| *along)
    }

    /// The song has a place.
    pub(super) fn take(&mut self, song: usize) {
        self.songs.retain(|(_, other)| *other != song);
    }
}

impl Progress {
    /// A journey of so many songs.
    pub(super) fn new(from: &EmotionVector, to: &EmotionVector, songs: usize) -> Self {
        let (a, b) = (from.values(), to.values());
        let line: [f32; EMOTION_COUNT] = std::array::from_fn(|i| b[i] - a[i]);
        let square: f32 = line.iter().map(|x| x * x).sum();
        Self {
            from: *from,
            along: if square > 0.0 {
                line.map(|x| x / square)
            } else {
                [0.0; EMOTION_COUNT]
            },
            songs,
        }
    }

    /// Where the song's vector is nearest to the line: 0 at its beginning or before that, 1 at its end or beyond.
    pub(super) fn of(&self, song: &EmotionVector) -> f32 {
        let parts = song.values().iter().zip(self.from.values());
        let parts = parts.zip(&self.along).map(|((x, from), a)| (x - from) * a);
        parts.sum::<f32>().clamp(0.0, 1.0)
    }

    /// How far the song at a place may be: not beyond what is sought two places later, so that songs are left for the places between.
    pub(super) fn furthest(&self, place: usize) -> f32 {
        let steps = self.songs.saturating_sub(1);
        if place + 2 >= steps {
            1.0
        } else {
            (place + 2) as f32 / steps as f32
        }
    }
}
