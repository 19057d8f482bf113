//! Flags that choose rows of a table.

use vibelux_train::dataset::Condition;

/// Reads `COLUMN=VALUE`.
pub fn condition(text: &str) -> Result<Condition, String> {
    text.split_once('=')
        .map(|(column, value)| (column.to_owned(), value.to_owned()))
        .ok_or_else(|| format!("write {text:?} as COLUMN=VALUE"))
}
