//! [`ServerSong`]: a song as a music server lists it, for the caller to find the same song in its own library.

use std::collections::HashSet;

/// A song of a music server.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ServerSong {
    /// What the server calls it; playlists are made of these.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Who plays it; empty if the server does not know.
    pub artist: String,
    /// The album that it is on; empty if the server does not know.
    pub album: String,
    /// Its file, as the server sees it; whole, or below a folder of the server's.
    pub path: Option<String>,
    /// How long it is, in seconds.
    pub duration_seconds: Option<f64>,
    /// The recording's number at MusicBrainz.
    pub musicbrainz_id: Option<String>,
    /// How its file's name ends, such as `mp3`, if the server says that apart.
    pub suffix: Option<String>,
    /// How many bytes its file has.
    pub size_bytes: Option<u64>,
}

/// Which songs a listing had so far: libraries change while they are listed, and there are servers that give one page for ever.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    ids: HashSet<String>,
}

impl Listed {
    /// The songs of a page that no earlier page had; `None` if the page has songs and all of them were there before.
    pub fn fresh(&mut self, mut page: Vec<ServerSong>) -> Option<Vec<ServerSong>> {
        if page.is_empty() {
            return Some(page);
        }
        page.retain(|song| self.ids.insert(song.id.clone()));
        if page.is_empty() { None } else { Some(page) }
    }

    /// How many there were.
    pub fn count(&self) -> usize {
        self.ids.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(ids: &[&str]) -> Vec<ServerSong> {
        let song = |id: &&str| ServerSong {
            id: (*id).to_owned(),
            ..ServerSong::default()
        };
        ids.iter().map(song).collect()
    }

    #[test]
    fn what_was_there_is_left_out_and_a_page_of_nothing_else_is_told() {
        let mut listed = Listed::default();
        assert_eq!(listed.fresh(page(&["a", "b"])), Some(page(&["a", "b"])));
        assert_eq!(listed.fresh(page(&["b", "c"])), Some(page(&["c"])));
        assert_eq!(listed.fresh(page(&["c", "a"])), None);
        assert_eq!(listed.fresh(Vec::new()), Some(Vec::new()));
        assert_eq!(listed.count(), 3);
    }
}
