//! [`PathMap`]: where the files of the library are for another machine, or another program.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::address::{is_address, join, strip_prefix};

/// `FROM=TO`: what is below `FROM` in the library is below `TO` there; either may be an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathRule {
    from: PathBuf,
    to: PathBuf,
}

/// A text that is no [`PathRule`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("write FROM=TO, such as /music=/mnt/nas/music")]
pub struct BadPathRule;

impl FromStr for PathRule {
    type Err = BadPathRule;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((from, to)) if !from.is_empty() && !to.is_empty() => {
                let from = Path::new(from);
                let whole = if is_address(from) {
                    from.to_owned()
                } else {
                    // Songs have whole paths.
                    std::path::absolute(from).unwrap_or_else(|_| from.to_owned())
                };
                Ok(Self {
                    from: whole,
                    to: to.into(),
                })
            }
            _ => Err(BadPathRule),
        }
    }
}

/// Rules, of which the one with the longest `FROM` counts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PathMap {
    rules: Vec<PathRule>,
}

impl PathMap {
    /// These rules.
    #[must_use]
    pub fn new(mut rules: Vec<PathRule>) -> Self {
        rules.sort_by_key(|rule| std::cmp::Reverse(rule.from.components().count()));
        Self { rules }
    }

    /// Where a song of the library is there, or its address.
    #[must_use]
    pub fn file(&self, song: &Path) -> PathBuf {
        let mapped = |rule: &PathRule| {
            let below = strip_prefix(song, &rule.from)?;
            Some(join(&rule.to, &below))
        };
        let mapped = self.rules.iter().find_map(mapped);
        mapped.unwrap_or_else(|| song.to_owned())
    }

    /// The folders of this machine to which paths are mapped.
    pub fn folders(&self) -> impl Iterator<Item = &Path> {
        let places = self.rules.iter().map(|rule| rule.to.as_path());
        places.filter(|place| !is_address(place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(rules: &[&str]) -> PathMap {
        PathMap::new(rules.iter().map(|rule| rule.parse().unwrap()).collect())
    }

    #[test]
    fn the_longest_rule_counts_and_only_whole_names() {
        let map = map(&["/music=/mnt/a", "/music/new=/mnt/b"]);
        let file = |song: &str| map.file(Path::new(song));
        assert_eq!(file("/music/1.mp3"), Path::new("/mnt/a/1.mp3"));
        assert_eq!(file("/music/new/x/1.mp3"), Path::new("/mnt/b/x/1.mp3"));
        assert_eq!(file("/musical/1.mp3"), Path::new("/musical/1.mp3"));
    }

    #[test]
    fn addresses_are_mapped_too() {
        let map = map(&["/music=https://nas/m", "s3://archive=/mnt/a"]);
        let file = |song: &str| map.file(Path::new(song));
        assert_eq!(
            file("/music/A B/#1.mp3"),
            Path::new("https://nas/m/A%20B/%231.mp3")
        );
        assert_eq!(file("s3://archive/x/1.mp3"), Path::new("/mnt/a/x/1.mp3"));
        assert_eq!(map.folders().collect::<Vec<_>>(), [Path::new("/mnt/a")]);
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        for text in ["", "/music", "=/mnt", "/music="] {
            assert_eq!(text.parse::<PathRule>(), Err(BadPathRule), "{text}");
        }
    }
}
