//! Songs that are set aside while their files hold other sound, until it is clear whether their own is somewhere else: what was
//! said of a song follows its sound when files are renamed in a row, and stays when a file is replaced.

use std::path::Path;

use super::SongStore;
use super::database::{self, Database, values};
use crate::library::content::ContentHash;
use crate::library::error::LibraryError;
use crate::library::mounts::{KnownFile, Presence};
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
    database: &Database,
    path: &Path,
    content: ContentHash,
) -> database::Result<()> {
    let here = to_bytes(path);
    let before: Option<Option<Vec<u8>>> = database.first(
        "SELECT content FROM songs WHERE path = ?1",
        values![&here],
        |row| row.get(0),
    )?;
    let Some(Some(before)) = before else {
        return Ok(());
    };
    if before == content.bytes() {
        return Ok(());
    }
    let aside = [ASIDE, &here].concat();
    settle(database, &aside)?;
    rename(database, &here, &aside)?;
    database
        .execute(
            "UPDATE songs SET missing = TRUE WHERE path = ?1",
            values![&aside],
        )
        .map(drop)
}

/// Gives a song that is new at its path what was said of a file with its sound that is gone, or was set aside, and the day on which
/// that came; by whatever model and however closely it was listened to.
pub(super) fn inherit(
    database: &Database,
    path: &Path,
    content: ContentHash,
    presence: &Presence,
) -> database::Result<()> {
    let here = to_bytes(path);
    let known = database.first(
        "SELECT 1 FROM songs WHERE path = ?1",
        values![&here],
        |_| Ok(()),
    )?;
    if known.is_some() {
        return Ok(());
    }
    for from in files_with(database, content, None)? {
        if is_aside(&from.path) || presence.is_gone_to(&from, path) {
            return rename(database, &to_bytes(&from.path), &here);
        }
    }
    Ok(())
}

/// The files with this sound, what was set aside first; with a model, those that it has analysed in full.
pub(super) fn files_with(
    database: &Database,
    content: ContentHash,
    model: Option<&str>,
) -> database::Result<Vec<KnownFile>> {
    let analysed = match model {
        Some(_) => "AND model = ?2 AND vector IS NOT NULL AND NOT first_look",
        None => "",
    };
    let sql = format!(
        "SELECT path, missing FROM songs WHERE content = ?1 {analysed} ORDER BY path LIMIT {MOST_TWINS}"
    );
    let both = values![content.bytes(), model];
    let values = if model.is_some() { both } else { &both[..1] };
    database.query(&sql, values, |row| {
        Ok(KnownFile {
            path: from_bytes(&row.get::<Vec<u8>>(0)?),
            missing: row.get(1)?,
        })
    })
}

/// Ends what was set aside: what was said of it goes to a file with its sound, or if there is none, to what took its place.
fn settle(database: &Database, aside: &[u8]) -> database::Result<()> {
    let elsewhere: Option<Vec<u8>> = database.first(
        "SELECT other.path FROM songs AS own JOIN songs AS other ON other.content = own.content
             WHERE own.path = ?1 AND other.path <> ?1 ORDER BY other.path LIMIT 1",
        values![aside],
        |row| row.get(0),
    )?;
    let path = elsewhere.as_deref().unwrap_or(&aside[ASIDE.len()..]);
    database.execute(
        "UPDATE verdicts SET path = ?2 WHERE path = ?1
             AND verdict NOT IN (SELECT verdict FROM verdicts WHERE path = ?2)",
        values![aside, path],
    )?;
    for table in ["verdicts", "songs", "fingerprints"] {
        let sql = format!("DELETE FROM {table} WHERE path = ?1");
        database.execute(&sql, values![aside])?;
    }
    database
        .execute(
            "DELETE FROM twins WHERE path = ?1 OR twin = ?1",
            values![aside],
        )
        .map(drop)
}

/// Gives all that is kept under one path another; what was known of a song there is forgotten.
pub(super) fn rename(database: &Database, from: &[u8], to: &[u8]) -> database::Result<()> {
    database.defer_foreign_keys()?;
    for statement in [
        "DELETE FROM songs WHERE path = ?2 AND ?1 <> ?2",
        "DELETE FROM fingerprints WHERE path = ?2 AND ?1 <> ?2",
        "DELETE FROM twins WHERE (path = ?2 OR twin = ?2) AND ?1 <> ?2",
        "DELETE FROM staged WHERE path IN (?1, ?2)",
        "UPDATE songs SET path = ?2 WHERE path = ?1",
        "UPDATE windows SET path = ?2 WHERE path = ?1",
        "UPDATE fingerprints SET path = ?2 WHERE path = ?1",
        // Those of the new path are gone by now; between the two nothing is left to say.
        "DELETE FROM twins WHERE path = ?1 AND twin = ?2 OR path = ?2 AND twin = ?1",
        "UPDATE twins SET path = ?2 WHERE path = ?1",
        "UPDATE twins SET twin = ?2 WHERE twin = ?1",
        "DELETE FROM verdicts WHERE path = ?2 AND ?1 <> ?2
             AND verdict IN (SELECT verdict FROM verdicts WHERE path = ?1)",
        "UPDATE verdicts SET path = ?2 WHERE path = ?1",
        "UPDATE songs SET copy_of = ?2 WHERE copy_of = ?1",
    ] {
        database.execute(statement, values![from, to])?;
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
        let end = [ASIDE, &[0xFF; 8]].concat();
        let aside: Vec<Vec<u8>> = self.query(
            "SELECT path FROM songs WHERE path >= ?1 AND path < ?2
                 UNION SELECT path FROM verdicts WHERE path >= ?1 AND path < ?2 ORDER BY path",
            values![ASIDE, &end],
            |row| row.get(0),
        )?;
        if aside.is_empty() {
            return Ok(());
        }
        self.write(|database| aside.iter().try_for_each(|aside| settle(database, aside)))
    }
}
