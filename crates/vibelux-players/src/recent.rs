//! [`Recent`]: the songs that came last, which do not come again soon.

use std::collections::VecDeque;

/// Songs do not come again before so many others.
pub(crate) const NOT_AGAIN: usize = 100;

/// So many songs before a new one count for how far apart artists and albums are.
pub(crate) const BEFORE: usize = 10;

/// The latest songs that were put in, the last one last.
#[derive(Debug, Default)]
pub(crate) struct Recent(VecDeque<usize>);

impl Recent {
    /// A song was put in.
    pub fn push(&mut self, song: usize) {
        self.0.push_back(song);
        if self.0.len() > NOT_AGAIN {
            self.0.pop_front();
        }
    }

    /// A song was taken out that nobody has heard.
    pub fn forget(&mut self, song: usize) {
        self.0.retain(|recent| *recent != song);
    }

    /// Whether nothing came.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them.
    pub fn songs(&self) -> impl Iterator<Item = usize> {
        self.0.iter().copied()
    }

    /// Those that what comes next has to follow on.
    #[cfg(feature = "mpris")]
    pub fn latest(&self) -> Vec<usize> {
        let first = self.0.len().saturating_sub(BEFORE);
        self.0.range(first..).copied().collect()
    }
}
