//! One file per subcommand, each with its flags and a `run` that returns the exit code.

pub mod completions;
pub mod demo;
pub mod embed;
pub mod evaluate;
pub mod export;
pub mod import;
pub mod import_keras;
pub mod preprocess;
pub mod recommend;
pub mod serve;
pub mod song;
pub mod train;

use std::path::Path;

use vibelux::model::{ModelError, MusicModel};

/// The user's own music model, or the one inside the program.
fn music_model(own: Option<&Path>) -> Result<MusicModel, ModelError> {
    own.map_or_else(MusicModel::shipped, MusicModel::load)
}
