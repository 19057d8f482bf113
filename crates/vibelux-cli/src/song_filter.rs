//! `--where` and `--include`: which songs of the library a command takes.

use vibelux::library::filter::{Filter, FilterError};
use vibelux::library::{Inclusion, LibraryError, SongStore, SongTable, unix_seconds};

/// The flag.
#[derive(Debug, clap::Args)]
pub struct WhereArgs {
    /// Only songs that this is true of, such as 'not genre:christmas and duration<10m and happy>0.4'
    #[arg(long = "where", value_name = "FILTER", value_parser = parse, default_value = "", hide_default_value = true)]
    filter: Filter,
}

/// Which classes of sounds count as songs.
#[derive(Debug, clap::Args)]
pub struct IncludeArgs {
    /// Also take what is no music: speech, effects, jingle (music of less than 20 s), with commas between them
    #[arg(
        long,
        value_name = "CLASSES",
        default_value = "",
        hide_default_value = true
    )]
    pub include: Inclusion,
}

fn parse(text: &str) -> Result<Filter, FilterError> {
    Filter::parse(text, unix_seconds())
}

impl WhereArgs {
    /// For each song of a table whether it is meant; `None` if all are.
    ///
    /// # Errors
    /// If the library cannot be read.
    pub fn rows(
        &self,
        table: &SongTable,
        store: &SongStore,
    ) -> Result<Option<Vec<bool>>, LibraryError> {
        table.meant(&self.filter, store)
    }
}
