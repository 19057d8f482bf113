//! Statements on an SQLite file.

use rusqlite::{Connection, Transaction, TransactionBehavior, params_from_iter};

use super::error::Result;
use super::row::Row;
use super::value::Value;

pub(super) fn execute(connection: &Connection, sql: &str, values: &[Value<'_>]) -> Result<usize> {
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.execute(params_from_iter(values))?)
}

pub(super) fn query<T>(
    connection: &Connection,
    sql: &str,
    values: &[Value<'_>],
    read: &mut impl FnMut(&Row<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params_from_iter(values))?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(read(&Row::Sqlite(row))?);
    }
    Ok(all)
}

pub(super) fn stream(
    connection: &Connection,
    short: &str,
    mut take_short: impl FnMut(&Row<'_>) -> Result<()>,
    long: &str,
    mut take_long: impl FnMut(&Row<'_>) -> Result<()>,
) -> Result<()> {
    let snapshot = connection.unchecked_transaction()?;
    query(&snapshot, short, &[], &mut take_short)?;
    let mut statement = snapshot.prepare(long)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        take_long(&Row::Sqlite(row))?;
    }
    Ok(())
}

/// Immediate: it waits for the lock at the start, where waiting helps, instead of failing at its first write.
pub(super) fn write<T>(connection: &Connection, mut work: impl FnMut() -> Result<T>) -> Result<T> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    let value = work()?;
    transaction.commit()?;
    Ok(value)
}
