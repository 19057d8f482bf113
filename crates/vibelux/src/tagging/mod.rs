//! Moods as tags of song files, which other players read: `MOOD`, and a field of the user for each emotion. The only part of VibeluX that
//! writes to songs.
//!
//! ```text
//! MoodTags -> fields.rs (which fields) -> formats.rs (lofty, on a copy) -> proof.rs (nothing else has changed) -> the song's place
//! ```
//!
//! A song is never written in place: a copy beside it gets the tags, is held against the song packet by packet and field by field, is forced to
//! the disk, and takes its place by one renaming. A crash leaves the old file or the new one, and perhaps a hidden copy, which
//! [`clear_leftovers`] removes. Tags that are not understood to the last frame are not written to.

mod error;
mod fields;
mod formats;
mod proof;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use error::{SongPart, TagError};
pub use fields::MoodTags;

use crate::atomic;
use crate::audio::packet_digest;
use fields::Fields;
use formats::TaggedSong;

/// What is done to a song's tags.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TagEdit<'a> {
    /// These are written.
    Write(&'a MoodTags),
    /// What was written is taken out again, and the mood that was there before is put back.
    Undo,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tagged {
    /// The file is another now, or would be.
    Changed,
    /// The file says so already; it was not touched.
    Same,
}

/// What would be done to a song; nothing is written. Its sound is not read, so a damaged file may still be refused by [`edit`].
///
/// # Errors
/// [`TagError`] if it cannot be.
pub fn would_edit(song: &Path, edit: TagEdit<'_>) -> Result<Tagged, TagError> {
    Ok(match Plan::of(song, edit)? {
        Some(_) => Tagged::Changed,
        None => Tagged::Same,
    })
}

/// Does it.
///
/// # Errors
/// [`TagError`]; the song is as it was then.
pub fn edit(song: &Path, edit: TagEdit<'_>) -> Result<Tagged, TagError> {
    let Some(plan) = Plan::of(song, edit)? else {
        return Ok(Tagged::Same);
    };
    let song = plan.song.as_path();
    let io = |source| TagError::io(song, source);
    let digest = packet_digest(song)?;
    let mut part = atomic::part_beside(song).map_err(io)?;
    io::copy(&mut File::open(song).map_err(io)?, part.as_file_mut()).map_err(io)?;
    formats::write(song, part.as_file_mut(), &plan.fields)?;
    proof::holds(song, part.as_file(), &plan.before, &plan.fields, &digest)?;
    keep_owner(part.path(), &plan.facts).map_err(io)?;
    part.as_file().sync_all().map_err(io)?;
    // Somebody else may have written to it meanwhile.
    let now = fs::metadata(song).map_err(io)?;
    if now.len() != plan.facts.len() || now.modified().ok() != plan.facts.modified().ok() {
        return Err(TagError::ChangedMeanwhile {
            path: song.to_owned(),
        });
    }
    part.persist(song).map_err(|error| io(error.error))?;
    if let Some(folder) = song.parent() {
        // Where a folder cannot be forced to the disk, the system does so when it likes.
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
    Ok(Tagged::Changed)
}

/// So old a copy is nobody's any more.
const LEFT_OVER: Duration = Duration::from_secs(600);

/// Removes the copies from a folder that an [`edit`] left there which was killed; how many that were.
///
/// # Errors
/// If the folder cannot be listed.
pub fn clear_leftovers(folder: &Path) -> io::Result<usize> {
    let mut cleared = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        // `.song.mp3.a1B2c3.part`, beside `song.mp3`.
        let inner = name
            .strip_prefix('.')
            .and_then(|name| name.strip_suffix(".part"));
        let song = inner.and_then(|inner| inner.rsplit_once('.'));
        let Some((song, _)) = song.filter(|(_, chance)| chance.len() == 6) else {
            continue;
        };
        let facts = entry.metadata()?;
        let age = facts.modified().ok().and_then(|time| time.elapsed().ok());
        let is_old = age.is_some_and(|age| age > LEFT_OVER);
        if is_old && facts.is_file() && folder.join(song).is_file() {
            fs::remove_file(entry.path())?;
            cleared += 1;
        }
    }
    Ok(cleared)
}

/// What is to be done to a song that can be written to.
struct Plan {
    /// What a link leads to.
    song: PathBuf,
    /// The file as it was before anything of it was read.
    facts: fs::Metadata,
    before: TaggedSong,
    fields: Fields,
}

impl Plan {
    /// `None` if there is nothing to be done.
    fn of(song: &Path, edit: TagEdit<'_>) -> Result<Option<Self>, TagError> {
        let song = fs::canonicalize(song).map_err(|source| TagError::io(song, source))?;
        let facts = fs::metadata(&song).map_err(|source| TagError::io(&song, source))?;
        let before = TaggedSong::read(&song)?;
        let Some(fields) = changed(&before.fields(), edit) else {
            return Ok(None);
        };
        refuse_several_names(&song, &facts)?;
        if facts.permissions().readonly() {
            return Err(TagError::ReadOnly { path: song });
        }
        Ok(Some(Self {
            song,
            facts,
            before,
            fields,
        }))
    }
}

/// The fields as they will be; `None` if they are so already.
fn changed(fields: &Fields, edit: TagEdit<'_>) -> Option<Fields> {
    let after = match edit {
        TagEdit::Write(tags) => fields.with(tags),
        TagEdit::Undo => fields.undone(),
    };
    (after != *fields).then_some(after)
}

/// A file with several names would become two: one with tags and one without.
#[cfg(unix)]
fn refuse_several_names(song: &Path, facts: &fs::Metadata) -> Result<(), TagError> {
    use std::os::unix::fs::MetadataExt;
    if facts.nlink() > 1 {
        return Err(TagError::SeveralNames {
            path: song.to_owned(),
            names: facts.nlink(),
        });
    }
    Ok(())
}

#[cfg(not(unix))]
fn refuse_several_names(_: &Path, _: &fs::Metadata) -> Result<(), TagError> {
    Ok(())
}

/// The copy belongs to whom the song belongs, and may be read by the same people.
#[cfg(unix)]
fn keep_owner(part: &Path, facts: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, chown};
    let new = fs::metadata(part)?;
    if (new.uid(), new.gid()) != (facts.uid(), facts.gid()) {
        chown(part, Some(facts.uid()), Some(facts.gid()))?;
    }
    fs::set_permissions(part, facts.permissions())
}

#[cfg(not(unix))]
fn keep_owner(part: &Path, facts: &fs::Metadata) -> io::Result<()> {
    fs::set_permissions(part, facts.permissions())
}

#[cfg(test)]
mod tests;
