//! [`PathEndings`]: which paths of two machines end alike. The folders above the music have other names there, so paths are compared from
//! their ends.

use std::collections::HashMap;

use crate::plain_text::composed;

/// So many parts of a path are looked at, at most.
const MOST_PARTS: usize = 8;

/// A path in small, composed letters, with `/` between its parts and none at its ends.
pub(super) struct PathKey(String);

impl PathKey {
    pub(super) fn new(path: &str) -> Self {
        let path = composed(path).to_lowercase();
        let parts: Vec<&str> = path
            .split(['/', '\\'])
            .filter(|part| !matches!(*part, "" | "."))
            .collect();
        Self(parts[parts.len().saturating_sub(MOST_PARTS)..].join("/"))
    }

    /// Its endings, the longest first; each begins with the name of a folder or of the file.
    fn endings(&self) -> impl Iterator<Item = &str> {
        let starts = self.0.match_indices('/').map(|(at, _)| &self.0[at + 1..]);
        (!self.0.is_empty())
            .then_some(self.0.as_str())
            .into_iter()
            .chain(starts)
    }

    /// How many parts it has that are looked at.
    pub(super) fn parts(&self) -> usize {
        parts(&self.0)
    }
}

/// Paths by all their endings.
pub(super) struct PathEndings<'a> {
    by_ending: HashMap<&'a str, Vec<u32>>,
}

/// The longest ending that a path has in common with others.
pub(super) struct CommonEnding<'a> {
    /// Which.
    pub(super) ending: &'a str,
    /// Of how many parts it is made.
    pub(super) parts: usize,
    /// The places of those others.
    pub(super) others: &'a [u32],
}

impl<'a> PathEndings<'a> {
    pub(super) fn new(keys: impl IntoIterator<Item = (u32, &'a PathKey)>) -> Self {
        let mut by_ending: HashMap<&str, Vec<u32>> = HashMap::new();
        for (place, key) in keys {
            for ending in key.endings() {
                by_ending.entry(ending).or_default().push(place);
            }
        }
        Self { by_ending }
    }

    /// `None` if there is none that even has a file of this name.
    pub(super) fn longest<'k: 's, 's>(&'s self, key: &'k PathKey) -> Option<CommonEnding<'s>> {
        key.endings().find_map(|ending| {
            let others = self.by_ending.get(ending)?;
            Some(CommonEnding {
                ending,
                parts: parts(ending),
                others,
            })
        })
    }

    /// How many paths end like that.
    pub(super) fn count(&self, ending: &str) -> usize {
        self.by_ending.get(ending).map_or(0, Vec::len)
    }
}

fn parts(path: &str) -> usize {
    if path.is_empty() {
        return 0;
    }
    path.matches('/').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_common_ending_is_found_whatever_stands_above() {
        let keys = ["A/B/c.mp3", "X/B/c.mp3", "d.mp3", ""].map(PathKey::new);
        let places = (0..).zip(&keys);
        let endings = PathEndings::new(places);
        let longest = |path: &str| {
            let key = PathKey::new(path);
            let found = endings.longest(&key)?;
            Some((found.ending.to_owned(), found.parts, found.others.to_vec()))
        };
        assert_eq!(
            longest("/music/a/b/C.mp3"),
            Some(("a/b/c.mp3".into(), 3, vec![0]))
        );
        assert_eq!(
            longest("M:\\Y\\B\\c.mp3"),
            Some(("b/c.mp3".into(), 2, vec![0, 1]))
        );
        assert_eq!(longest("b/d.mp3"), Some(("d.mp3".into(), 1, vec![2])));
        // The end of a name is no name.
        assert_eq!(longest("xd.mp3"), None);
        assert_eq!(longest(""), None);
        assert_eq!(endings.count("b/c.mp3"), 2);
    }
}
