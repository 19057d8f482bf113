//! Which music model a command uses.

use std::path::Path;

use vibelux::model::{ModelError, MusicModel};

/// The user's own music model, or the one inside the program.
pub fn music_model(own: Option<&Path>) -> Result<MusicModel, ModelError> {
    own.map_or_else(MusicModel::shipped, MusicModel::load)
}
