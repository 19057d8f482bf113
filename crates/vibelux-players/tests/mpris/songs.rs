//! Songs to follow on: 0..20 are sad, 20..40 happy.

use std::collections::HashSet;
use std::ops::Range;
use std::path::Path;

use vibelux_players::NextSongs;
use vibelux_players::mpris::file_uri;

/// So many songs of each kind.
pub const SONGS: usize = 20;

/// The songs of one kind, in this folder.
pub struct Songs<'a> {
    pub folder: &'a Path,
    pub kind: Range<usize>,
}

impl<'a> Songs<'a> {
    pub fn sad(folder: &'a Path) -> Self {
        let kind = 0..SONGS;
        Self { folder, kind }
    }

    pub fn happy(folder: &'a Path) -> Self {
        let kind = SONGS..2 * SONGS;
        Self { folder, kind }
    }
}

/// What players are told of a song; what comes after the happy ones is broken.
pub fn uri(folder: &Path, song: usize) -> String {
    let kind = match song / SONGS {
        0 => "sad",
        1 => "happy",
        _ => "broken",
    };
    file_uri(&folder.join(format!("{kind} {song:02} & (100%) é.wav"))).unwrap()
}

impl NextSongs for Songs<'_> {
    fn next(&mut self, count: usize, before: &[usize], without: &HashSet<usize>) -> Vec<usize> {
        let songs = self.kind.clone();
        let songs = songs.filter(|song| !before.contains(song) && !without.contains(song));
        songs.take(count).collect()
    }

    fn name(&self, song: usize) -> Option<String> {
        Some(uri(self.folder, song))
    }

    fn find(&mut self, wanted: &str) -> Option<usize> {
        (0..2 * SONGS).find(|&song| uri(self.folder, song) == wanted)
    }
}
