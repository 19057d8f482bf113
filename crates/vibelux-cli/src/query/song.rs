//! `--similar-to`: a song of the library as the query.

use std::fs;
use std::path::Path;

use vibelux::EmotionVector;
use vibelux::media;
use vibelux::recommend::Query;

use super::source::Asked;
use crate::chosen::Chosen;
use crate::output;

/// So many songs are listed where a title fits several.
const LISTED: usize = 10;

/// Finds the song that `name` means, by its path or else by (a part of) its title, and asks for songs
/// like it. Returns its position in `songs` too, as it should not be recommended itself.
///
/// # Errors
/// If the library has no such song, or several.
pub fn similar_to(
    name: &Path,
    songs: &Chosen,
    library_mean: EmotionVector,
) -> anyhow::Result<(usize, Asked)> {
    let index = find_song(name, songs)?;
    let asked = Asked {
        subject: format!("\u{201c}{}\u{201d} sounds", songs.table.title(index)),
        query: Query {
            vector: songs.table.vectors()[index],
            reference: library_mean,
        },
    };
    Ok((index, asked))
}

/// The position of the song that `name` means, by its path or else by (a part of) its title.
///
/// # Errors
/// If the library has no such song, or several.
pub fn find_song(name: &Path, songs: &Chosen) -> anyhow::Result<usize> {
    // As scanned paths are canonical, imported ones as they were written.
    let paths = if media::is_address(name) {
        vec![name.to_owned()]
    } else {
        let paths = [fs::canonicalize(name), std::path::absolute(name)];
        paths.into_iter().flatten().collect()
    };
    for path in &paths {
        let found = songs.table.position(path).filter(|&at| songs.allows(at));
        if let Some(index) = found {
            return Ok(index);
        }
    }
    let shown = output::readable(name);
    if name.is_file() {
        anyhow::bail!("{shown} is not in the library; add it with `vibelux embed {shown}`");
    }
    let wanted = name.to_string_lossy().to_lowercase();
    if wanted.trim().is_empty() {
        anyhow::bail!("name a song by its path or (a part of) its title");
    }
    let where_title = |fits: &dyn Fn(&str) -> bool| -> Vec<usize> {
        let title = |&at: &usize| fits(&songs.table.title(at).to_lowercase());
        songs.positions().filter(title).collect()
    };
    let mut matching = where_title(&|title| title == wanted);
    if matching.is_empty() {
        matching = where_title(&|title| title.contains(&wanted));
    }
    match matching.as_slice() {
        [index] => Ok(*index),
        [] => anyhow::bail!("no song of the library has the path {shown} or a title with it"),
        several => {
            let mut paths: Vec<_> = several
                .iter()
                .take(LISTED)
                .map(|&i| output::readable(&songs.table.path(i)))
                .collect();
            if several.len() > LISTED {
                paths.push(format!("and {} more", several.len() - LISTED));
            }
            anyhow::bail!(
                "{shown} fits the titles of {}; give the path of one:\n  {}",
                output::songs(several.len()),
                paths.join("\n  ")
            )
        }
    }
}
