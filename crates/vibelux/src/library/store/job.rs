//! Jobs of a queue in the library's own database: one is completed by the very transaction that writes what came of it, so
//! that no song is lost, and none is done twice, whoever dies at whatever moment.

use super::database::{self, Database, DatabaseError, values};

/// A job in the hands of a worker: a row of a table with `id` and `locked_by`, which goes when the job is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedJob {
    /// The table, as it is written in a statement.
    pub table: String,
    /// The row.
    pub id: i64,
    /// Who holds it.
    pub worker: String,
}

impl QueuedJob {
    /// Removes the job. Undoes the transaction if the worker does not hold it any more.
    pub(super) fn take_from(&self, database: &Database) -> database::Result<()> {
        let table = &self.table;
        let sql = format!("DELETE FROM {table} WHERE id = ?1 AND locked_by = ?2");
        match database.execute(&sql, values![self.id, &self.worker])? {
            0 => Err(DatabaseError::undone()),
            _ => Ok(()),
        }
    }
}
