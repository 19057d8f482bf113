//! Statements on a PostgreSQL server: a connection that is made again when it is lost, since a server is restarted now and
//! then while programs run for weeks.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::time::{Duration, Instant};

use postgres::types::{IsNull, ToSql, Type, private::BytesMut, to_sql_checked};
use postgres::{Client, Statement};

use super::error::Result;
use super::row::Row;
use super::value::Value;
use crate::library::postgres_address::PostgresAddress;

/// For so long a server may be away.
const PATIENCE: Duration = Duration::from_secs(60);

/// The first pause before another try, and the longest.
const PAUSES: [Duration; 2] = [Duration::from_millis(50), Duration::from_secs(2)];

/// So many rows of a long query are fetched at a time.
const BATCH: usize = 4096;

/// What every connection begins with: our tables are in a schema of their own, and nobody waits for a lock for ever.
const SESSION: &str =
    "SET search_path TO vibelux; SET lock_timeout TO '30s'; SET client_min_messages TO warning";

/// A connection to the server.
pub(in crate::library::store) struct Postgres {
    address: PostgresAddress,
    session: RefCell<Session>,
    in_transaction: Cell<bool>,
}

struct Session {
    client: Client,
    /// Ready to be run, by their text as it is written in the store.
    statements: HashMap<String, Statement>,
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Postgres").field(&self.address).finish()
    }
}

impl Session {
    fn open(address: &PostgresAddress) -> Result<Self> {
        let mut client = address.connect()?;
        client.batch_execute(SESSION)?;
        Ok(Self {
            client,
            statements: HashMap::new(),
        })
    }

    fn statement(&mut self, sql: &str) -> Result<Statement> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(&translated(sql))?;
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}

impl Postgres {
    /// Connects; waits for no server that is away, as it may be the address that is wrong.
    pub fn open(address: &PostgresAddress) -> Result<Self> {
        Ok(Self {
            address: address.clone(),
            session: RefCell::new(Session::open(address)?),
            in_transaction: Cell::new(false),
        })
    }

    pub fn execute(&self, sql: &str, values: &[Value<'_>]) -> Result<usize> {
        self.steadily(|session| {
            let statement = session.statement(sql)?;
            let changed = session.client.execute(&statement, &parameters(values))?;
            Ok(usize::try_from(changed).unwrap_or(usize::MAX))
        })
    }

    pub fn execute_batch(&self, sql: &str) -> Result<()> {
        self.steadily(|session| Ok(session.client.batch_execute(sql)?))
    }

    pub fn query(&self, sql: &str, values: &[Value<'_>]) -> Result<Vec<postgres::Row>> {
        self.steadily(|session| {
            let statement = session.statement(sql)?;
            Ok(session.client.query(&statement, &parameters(values))?)
        })
    }

    pub fn stream(
        &self,
        short: &str,
        mut take_short: impl FnMut(&Row<'_>) -> Result<()>,
        long: &str,
        mut take_long: impl FnMut(&Row<'_>) -> Result<()>,
    ) -> Result<()> {
        self.transaction("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", || {
            for row in self.query(short, &[])? {
                take_short(&Row::Postgres(&row))?;
            }
            let long = translated(long);
            self.execute_batch(&format!("DECLARE long NO SCROLL CURSOR FOR {long}"))?;
            let fetch = format!("FETCH {BATCH} FROM long");
            loop {
                // Not prepared: what it gives depends on the cursor.
                let rows = self.steadily(|session| Ok(session.client.query(&fetch, &[])?))?;
                for row in &rows {
                    take_long(&Row::Postgres(row))?;
                }
                if rows.len() < BATCH {
                    return Ok(());
                }
            }
        })
    }

    pub fn write<T>(&self, mut work: impl FnMut() -> Result<T>) -> Result<T> {
        self.patiently(|| {
            self.transaction("BEGIN", || {
                // The row that every writer changes, taken first: whoever reads before they write reads what stays.
                self.query("SELECT token FROM revision FOR UPDATE", &[])?;
                work()
            })
        })
    }

    /// Runs `work` between these words and a commit.
    pub fn transaction<T>(&self, begin: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        self.execute_batch(begin)?;
        self.in_transaction.set(true);
        let done = work().and_then(|value| {
            self.execute_batch("COMMIT")?;
            Ok(value)
        });
        self.in_transaction.set(false);
        if done.is_err() {
            // A connection that is gone has nothing to take back.
            let _ = self.session.borrow_mut().client.batch_execute("ROLLBACK");
        }
        done
    }

    /// One step: on another connection if this one is lost, unless it is a step of a transaction, which begins anew as a whole.
    fn steadily<T>(&self, mut step: impl FnMut(&mut Session) -> Result<T>) -> Result<T> {
        if self.in_transaction.get() {
            return step(&mut self.session.borrow_mut());
        }
        self.patiently(|| {
            let mut session = self.session.borrow_mut();
            if session.client.is_closed() {
                *session = Session::open(&self.address)?;
            }
            step(&mut session)
        })
    }

    /// Tries again, less and less often, as long as what fails may pass.
    fn patiently<T>(&self, mut work: impl FnMut() -> Result<T>) -> Result<T> {
        let end = Instant::now() + PATIENCE;
        let mut pause = PAUSES[0];
        loop {
            match work() {
                Err(error) if error.may_pass() && Instant::now() + pause < end => {
                    std::thread::sleep(pause);
                    pause = (2 * pause).min(PAUSES[1]);
                }
                done => return done,
            }
        }
    }
}

/// A statement of the store in the words of this server.
fn translated(sql: &str) -> String {
    sql.replace(" NOT INDEXED", "").replace('?', "$")
}

fn parameters<'a>(values: &'a [Value<'a>]) -> Vec<&'a (dyn ToSql + Sync)> {
    values.iter().map(|value| value as _).collect()
}

impl ToSql for Value<'_> {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn Error + Sync + Send>> {
        match *self {
            Self::Null => Ok(IsNull::Yes),
            Self::Integer(number) if *kind == Type::INT4 => {
                i32::try_from(number)?.to_sql(kind, out)
            }
            Self::Integer(number) => number.to_sql(kind, out),
            Self::Real(number) => number.to_sql(kind, out),
            Self::Boolean(holds) => holds.to_sql(kind, out),
            // The one character that texts of this server cannot have.
            Self::Text(text) if text.contains('\0') => text.replace('\0', "").to_sql(kind, out),
            Self::Text(text) => text.to_sql(kind, out),
            Self::Bytes(bytes) => bytes.to_sql(kind, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}
