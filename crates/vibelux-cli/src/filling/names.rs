//! [`SongNames`]: what a player calls the songs of the library.

use std::path::Path;

use vibelux::library::SongTable;

/// What a player calls songs.
pub trait SongNames {
    /// A song's name; `None` if it can have none there.
    fn name(&self, path: &Path) -> Option<String>;

    /// The song that the player calls so; `None` if it is none of these, or may be several.
    fn find(&self, table: &SongTable, name: &str) -> Option<usize>;
}
