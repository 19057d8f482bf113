//! [`naming`]: what songs are called for a player, as `--base` and `--map` say it.

use std::path::Path;

use anyhow::Context;
use vibelux::media::{self, PathMap, PathRule};
use vibelux::playlist::{Beside, Naming};

use crate::output;

/// Songs relative to the folder or address `base`, or else as `otherwise` says, where the rules of `map` have them.
///
/// # Errors
/// If the current folder, which a relative `base` is in, is unknown.
pub fn naming(base: Option<&Path>, otherwise: Beside, map: &[PathRule]) -> anyhow::Result<Naming> {
    let beside = match base {
        Some(base) if media::is_address(base) => Beside::Folder(base.to_owned()),
        Some(base) => {
            let whole = std::path::absolute(base);
            Beside::Folder(whole.with_context(|| output::readable(base))?)
        }
        None => otherwise,
    };
    Ok(Naming {
        map: PathMap::new(map.to_vec()),
        beside,
    })
}
