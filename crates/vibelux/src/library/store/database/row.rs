//! [`Row`]: one row of a query's result.

use super::error::Result;

/// A row, as long as it lasts.
pub(in crate::library::store) enum Row<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    #[cfg(feature = "postgres")]
    Postgres(&'r postgres::Row),
}

/// What a column can be read as: `i64`, `f64`, `bool`, `String`, `Vec<u8>`, and each of these where there may be nothing.
#[cfg(not(feature = "postgres"))]
pub(in crate::library::store) trait Column:
    rusqlite::types::FromSql
{
}
#[cfg(not(feature = "postgres"))]
impl<T: rusqlite::types::FromSql> Column for T {}

/// What a column can be read as: `i64`, `f64`, `bool`, `String`, `Vec<u8>`, and each of these where there may be nothing.
#[cfg(feature = "postgres")]
pub(in crate::library::store) trait Column:
    rusqlite::types::FromSql + for<'a> postgres::types::FromSql<'a>
{
}
#[cfg(feature = "postgres")]
impl<T: rusqlite::types::FromSql + for<'a> postgres::types::FromSql<'a>> Column for T {}

impl Row<'_> {
    /// The value of a column, by its place in the query.
    pub fn get<T: Column>(&self, column: usize) -> Result<T> {
        match self {
            Self::Sqlite(row) => Ok(row.get(column)?),
            #[cfg(feature = "postgres")]
            Self::Postgres(row) => Ok(row.try_get(column)?),
        }
    }
}
