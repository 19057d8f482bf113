//! [`Database`]: what holds the library's tables, an SQLite file or a PostgreSQL server. Below the store, which says
//! everything once, in SQL that both understand.
//!
//! Statements are written with `?1`, `?2` for their parameters, and with `ON CONFLICT`, `TRUE` and `CASE`, which are of both.
//! `sqlite.rs` and `postgres.rs` run them; `value.rs` and `row.rs` carry what goes in and comes out.

mod error;
#[cfg(feature = "postgres")]
mod postgres;
mod row;
mod sqlite;
mod value;

pub use error::DatabaseError;
pub(in crate::library) use error::DatabaseErrorKind;
pub(super) use error::Result;
#[cfg(feature = "postgres")]
pub(super) use postgres::Postgres;
pub(super) use row::Row;
pub(super) use value::{Value, values};

/// The tables of a library. One connection.
#[derive(Debug)]
pub(super) enum Database {
    /// In a file.
    Sqlite(rusqlite::Connection),
    /// On a server.
    #[cfg(feature = "postgres")]
    Postgres(Box<Postgres>),
}

impl Database {
    /// Runs a statement; returns how many rows it changed.
    pub fn execute(&self, sql: &str, values: &[Value<'_>]) -> Result<usize> {
        match self {
            Self::Sqlite(connection) => sqlite::execute(connection, sql, values),
            #[cfg(feature = "postgres")]
            Self::Postgres(server) => server.execute(sql, values),
        }
    }

    /// Runs several statements without parameters.
    pub fn execute_batch(&self, sql: &str) -> Result<()> {
        match self {
            Self::Sqlite(connection) => Ok(connection.execute_batch(sql)?),
            #[cfg(feature = "postgres")]
            Self::Postgres(server) => server.execute_batch(sql),
        }
    }

    /// All rows of a query, each as `read` makes it.
    pub fn query<T>(
        &self,
        sql: &str,
        values: &[Value<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        match self {
            Self::Sqlite(connection) => sqlite::query(connection, sql, values, &mut read),
            #[cfg(feature = "postgres")]
            Self::Postgres(server) => {
                let rows = server.query(sql, values)?;
                rows.iter().map(|row| read(&Row::Postgres(row))).collect()
            }
        }
    }

    /// The first row of a query, if there is one.
    pub fn first<T>(
        &self,
        sql: &str,
        values: &[Value<'_>],
        read: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        Ok(self.query(sql, values, read)?.into_iter().next())
    }

    /// Gives each row of two queries to whoever takes it, of one state of the tables and none kept: the first is short, the
    /// second may be longer than memory.
    pub fn stream(
        &self,
        short: &str,
        take_short: impl FnMut(&Row<'_>) -> Result<()>,
        long: &str,
        take_long: impl FnMut(&Row<'_>) -> Result<()>,
    ) -> Result<()> {
        match self {
            Self::Sqlite(connection) => {
                sqlite::stream(connection, short, take_short, long, take_long)
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(server) => server.stream(short, take_short, long, take_long),
        }
    }

    /// Runs `work` in one transaction, alone among those that write. On a server it runs again if the connection was lost.
    pub fn write<T>(&self, work: impl FnMut() -> Result<T>) -> Result<T> {
        match self {
            Self::Sqlite(connection) => sqlite::write(connection, work),
            #[cfg(feature = "postgres")]
            Self::Postgres(server) => server.write(work),
        }
    }

    /// Lets rows point at others that are still to come, until the transaction ends.
    pub fn defer_foreign_keys(&self) -> Result<()> {
        match self {
            Self::Sqlite(connection) => {
                Ok(connection.pragma_update(None, "defer_foreign_keys", true)?)
            }
            // They always are, there.
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => Ok(()),
        }
    }

    /// A number that is another one after another connection has written.
    pub fn change_counter(&self) -> Result<i64> {
        match self {
            Self::Sqlite(connection) => {
                Ok(connection.pragma_query_value(None, "data_version", |row| row.get(0))?)
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => {
                let token = self.first("SELECT token FROM revision", &[], |row| row.get(0))?;
                token.ok_or_else(DatabaseError::stateless)
            }
        }
    }
}
