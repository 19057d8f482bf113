//! Songs that are set aside while their files hold other sound, until it is clear whether their own is somewhere else: what was
//! said of a song follows its sound when files are renamed in a row, and stays when a file is replaced.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, params};

use super::SongStore;
use crate::library::content::ContentHash;
use crate::library::error::LibraryError;
use crate::library::mounts::Presence;
use crate::library::path_bytes::{from_bytes, to_bytes};

/// Of a sound that is in more files than this, no more are looked at.
const MOST_TWINS: i64 = 20;

/// What a path begins with under which a song is kept whose file holds other sound now. No file has such a name.
const ASIDE: &[u8] = b"\0aside";

pub(super) fn is_aside(path: &Path) -> bool {
    to_bytes(path).starts_with(ASIDE)
}

/// If the file at this path held other sound, keeps what is known and was said of that apart: it may be somewhere else, as where
/// the files of an album were renamed in a row. What was set aside from here before goes back to the path first.
pub(super) fn set_aside(
    connection: &Connection,
    path: &Path,
    content: ContentHash,
) -> rusqlite::Result<()> {
    let here = to_bytes(path);
    let before: Option<Option<Vec<u8>>> = connection
        .prepare_cached("SELECT content FROM songs WHERE path = ?1")?
        .query_row([&here], |row| row.get(0))
        .optional()?;
    let Some(Some(before)) = before else {
        return Ok(());
    };
    if before == content.bytes() {
        return Ok(());
    }
    let aside = [ASIDE, &here].concat();
    settle(connection, &aside)?;
    rename(connection, &here, &aside)?;
    connection
        .prepare_cached("UPDATE songs SET missing = 1 WHERE path = ?1")?
        .execute([aside])
        .map(drop)
}

/// Gives a song that is new at its path what was said of a file with its sound that is gone, or was set aside, and the day on which
/// that came; by whatever model and however closely it was listened to.
pub(super) fn inherit(
    connection: &Connection,
    path: &Path,
    content: ContentHash,
    presence: &Presence,
) -> rusqlite::Result<()> {
    let here = to_bytes(path);
    let known: bool = connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM songs WHERE path = ?1)")?
        .query_row([&here], |row| row.get(0))?;
    if known {
        return Ok(());
    }
    for from in files_with(connection, content, None)? {
        if is_aside(&from) || presence.is_gone_to(&from, path) {
            return rename(connection, &to_bytes(&from), &here);
        }
    }
    Ok(())
}

/// The files with this sound, what was set aside first; with a model, those that it has analysed in full.
pub(super) fn files_with(
    connection: &Connection,
    content: ContentHash,
    model: Option<&str>,
) -> rusqlite::Result<Vec<PathBuf>> {
    let mut statement = connection.prepare_cached(
        "SELECT path FROM songs WHERE content = ?1
             AND (?2 IS NULL OR model = ?2 AND vector IS NOT NULL AND NOT first_look)
         ORDER BY path LIMIT ?3",
    )?;
    let rows = statement.query_map(params![content.bytes(), model, MOST_TWINS], |row| {
        row.get::<_, Vec<u8>>(0)
    })?;
    rows.map(|path| path.map(|path| from_bytes(&path)))
        .collect()
}

/// Ends what was set aside: what was said of it goes to a file with its sound, or if there is none, to what took its place.
fn settle(connection: &Connection, aside: &[u8]) -> rusqlite::Result<()> {
    let elsewhere: Option<Vec<u8>> = connection
        .prepare_cached(
            "SELECT other.path FROM songs AS own JOIN songs AS other ON other.content = own.content
             WHERE own.path = ?1 AND other.path <> ?1 ORDER BY other.path LIMIT 1",
        )?
        .query_row([aside], |row| row.get(0))
        .optional()?;
    let path = elsewhere.as_deref().unwrap_or(&aside[ASIDE.len()..]);
    connection
        .prepare_cached("UPDATE OR IGNORE verdicts SET path = ?2 WHERE path = ?1")?
        .execute(params![aside, path])?;
    for table in ["verdicts", "songs", "fingerprints"] {
        connection
            .prepare_cached(&format!("DELETE FROM {table} WHERE path = ?1"))?
            .execute([aside])?;
    }
    connection
        .prepare_cached("DELETE FROM twins WHERE path = ?1 OR twin = ?1")?
        .execute([aside])
        .map(drop)
}

/// Gives all that is kept under one path another; what was known of a song there is forgotten.
pub(super) fn rename(connection: &Connection, from: &[u8], to: &[u8]) -> rusqlite::Result<()> {
    connection.pragma_update(None, "defer_foreign_keys", true)?;
    for statement in [
        "DELETE FROM songs WHERE path = ?2 AND ?1 <> ?2",
        "DELETE FROM fingerprints WHERE path = ?2 AND ?1 <> ?2",
        "DELETE FROM twins WHERE (path = ?2 OR twin = ?2) AND ?1 <> ?2",
        "DELETE FROM staged WHERE path IN (?1, ?2)",
        "UPDATE songs SET path = ?2 WHERE path = ?1",
        "UPDATE windows SET path = ?2 WHERE path = ?1",
        "UPDATE fingerprints SET path = ?2 WHERE path = ?1",
        "UPDATE OR REPLACE twins SET path = ?2 WHERE path = ?1",
        "UPDATE OR REPLACE twins SET twin = ?2 WHERE twin = ?1",
        "UPDATE OR REPLACE verdicts SET path = ?2 WHERE path = ?1",
        "UPDATE songs SET copy_of = ?2 WHERE copy_of = ?1",
    ] {
        connection
            .prepare_cached(statement)?
            .execute(params![from, to])?;
    }
    Ok(())
}

impl SongStore {
    /// What was set aside, as its files hold other sound now, and was found nowhere else has been replaced where it was; what was
    /// said of it stays there.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub fn settle_aside(&mut self) -> Result<(), LibraryError> {
        let read = || -> rusqlite::Result<Vec<Vec<u8>>> {
            let mut statement = self.connection.prepare(
                "SELECT path FROM songs WHERE path >= ?1 AND path < ?2
                     UNION SELECT path FROM verdicts WHERE path >= ?1 AND path < ?2",
            )?;
            let end = [ASIDE, &[0xFF; 8]].concat();
            let rows = statement.query_map(params![ASIDE, end], |row| row.get(0))?;
            rows.collect()
        };
        let aside = read().map_err(|source| LibraryError::database(&self.path, source))?;
        if aside.is_empty() {
            return Ok(());
        }
        self.write(|connection| aside.iter().try_for_each(|aside| settle(connection, aside)))
    }
}
