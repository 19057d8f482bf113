//! The order in which people read songs: by title, then artist and album. Found when somebody reads, as ranking needs none.

use super::columns::SongTable;
use super::texts::Texts;

/// So many bytes of a text mostly tell it from others.
const PREFIX_BYTES: usize = size_of::<u64>();

impl SongTable {
    /// All positions in the order of titles, artists and albums in lower case; equals in the order of their paths.
    #[must_use]
    pub fn by_title(&self) -> Vec<u32> {
        let mut order: Vec<(u64, u32)> = (0..self.len() as u32)
            .map(|at| (prefix(&self.read_as(at)), at))
            .collect();
        order.sort_unstable();
        for namesakes in order.chunk_by_mut(|a, b| a.0 == b.0) {
            if namesakes.len() > 1 {
                namesakes.sort_by_cached_key(|&(_, at)| (self.read_as(at), at));
            }
        }
        order.into_iter().map(|(_, at)| at).collect()
    }

    /// What a song is ordered by.
    fn read_as(&self, position: u32) -> String {
        let at = position as usize;
        let mut text = String::from_utf8_lossy(self.titles.get(at)).to_lowercase();
        for more in [self.artists.get(at), self.albums.get(at)]
            .into_iter()
            .flatten()
        {
            text.push('\n');
            text += &String::from_utf8_lossy(more).to_lowercase();
        }
        text
    }

    /// The values of a dictionary with how many of the songs that count have each.
    pub(super) fn counted(
        &self,
        numbers: &[u32],
        texts: &Texts,
        counts: impl Fn(usize) -> bool,
    ) -> Vec<(String, usize)> {
        let mut found = vec![0; texts.len()];
        for (at, &number) in numbers.iter().enumerate() {
            if let Some(count) = found.get_mut(number as usize).filter(|_| counts(at)) {
                *count += 1;
            }
        }
        let found = found
            .into_iter()
            .enumerate()
            .filter(|&(_, count)| count > 0);
        found
            .map(|(number, count)| {
                (
                    String::from_utf8_lossy(texts.get(number)).into_owned(),
                    count,
                )
            })
            .collect()
    }
}

/// The first bytes of a text as a number of the same order; one with less has zeros behind it.
fn prefix(text: &str) -> u64 {
    let mut bytes = [0; PREFIX_BYTES];
    let length = text.len().min(PREFIX_BYTES);
    bytes[..length].copy_from_slice(&text.as_bytes()[..length]);
    u64::from_be_bytes(bytes)
}
