//! [`WrittenPlaylist`]: what came of a playlist on a music server.

use std::collections::HashSet;
use std::fmt;

/// A playlist that was written and read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenPlaylist {
    /// What the server calls it.
    pub id: String,
    /// How many songs it has. Fewer than were given if some were given twice.
    pub songs: usize,
    /// What had to be done.
    pub change: PlaylistChange,
}

/// What had to be done for a playlist to have its songs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaylistChange {
    /// There was none of the name.
    Created,
    /// It had others.
    Replaced,
    /// It had them.
    Unchanged,
}

/// What is left of a playlist that could not be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlaylistRemains {
    /// It was to be a new one, and there is none.
    None,
    /// It has the songs that it had before.
    Former,
    /// It has neither these nor those.
    Damaged,
    /// It has neither these nor those, and all the new songs are in another one.
    Draft {
        /// What that is called.
        name: String,
    },
}

impl fmt::Display for PlaylistRemains {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("so no playlist was made"),
            Self::Former => f.write_str("so it has its former songs"),
            Self::Damaged => {
                f.write_str("and its former songs are not in it any more; write it again")
            }
            Self::Draft { name } => write!(
                f,
                "and its former songs are not in it any more; the new ones are in the playlist {name:?} until it is written again"
            ),
        }
    }
}

/// The ids without those that came before: most servers leave out the second of two in a playlist.
pub(crate) fn without_repeats(ids: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut seen = HashSet::new();
    ids.into_iter()
        .filter(|id| seen.insert(id.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_two_stays() {
        let ids = ["b", "a", "b", "c", "a"].map(str::to_owned);
        assert_eq!(without_repeats(ids), ["b", "a", "c"]);
    }
}
