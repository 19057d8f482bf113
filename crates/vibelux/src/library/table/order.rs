//! The order in which people read songs: by title, then artist and album. Found when somebody reads, as ranking needs none.

use super::columns::SongTable;

/// So many bytes of texts are compared at a time.
const WORD_BYTES: usize = size_of::<u64>();
/// Texts that are the same in so many words are taken for equal.
const MOST_WORDS: usize = 64;

impl SongTable {
    /// All positions in the order of titles, artists and albums in lower case; equals in the order of their paths.
    #[must_use]
    pub fn by_title(&self) -> Vec<u32> {
        let mut order: Vec<(u64, u32)> = (0..self.len() as u32).map(|at| (0, at)).collect();
        self.sort_from(&mut order, 0);
        order.into_iter().map(|(_, at)| at).collect()
    }

    /// Sorts songs whose texts are equal up to a word, by that word and then by what follows. No text is kept meanwhile.
    fn sort_from(&self, songs: &mut [(u64, u32)], word: usize) {
        let mut is_over = true;
        let is_last = word + 1 >= MOST_WORDS;
        for (key, at) in songs.iter_mut() {
            let text = self.read_as(*at);
            *key = word_of(&text, word);
            is_over &= is_last || text.len() <= (word + 1) * WORD_BYTES;
        }
        songs.sort_unstable();
        if is_over {
            return;
        }
        for namesakes in songs.chunk_by_mut(|a, b| a.0 == b.0) {
            if namesakes.len() > 1 {
                self.sort_from(namesakes, word + 1);
            }
        }
    }

    /// What a song is ordered by.
    fn read_as(&self, position: u32) -> String {
        let at = position as usize;
        let mut text = self.title(at).to_lowercase();
        for more in [self.artists.get(at), self.albums.get(at)]
            .into_iter()
            .flatten()
        {
            text.push('\n');
            text += &String::from_utf8_lossy(more).to_lowercase();
        }
        text
    }
}

/// Some bytes of a text as a number of the same order; behind its end are zeros.
fn word_of(text: &str, word: usize) -> u64 {
    let bytes = text.as_bytes().iter().copied().chain(std::iter::repeat(0));
    let bytes = bytes.skip(word * WORD_BYTES).take(WORD_BYTES);
    bytes.fold(0, |number, byte| number << 8 | u64::from(byte))
}
