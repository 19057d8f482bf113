//! [`PostgresServer`]: PostgreSQL with an empty cluster of its own, for tests of libraries on a server.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::process::{free_port, is_root, succeed};

/// For so long a server may take to start or to stop.
const PATIENCE: Duration = Duration::from_secs(60);

/// The account that a server runs as where the tests run as root, which it refuses to be; Debian's package makes it.
const ACCOUNT: &str = "postgres";

/// What is needed.
const PROGRAMS: [&str; 5] = ["initdb", "postgres", "pg_ctl", "pg_isready", "psql"];

/// A server on 127.0.0.1 that ends with this value. Its only role is `vibelux`, without a password.
#[derive(Debug)]
pub struct PostgresServer {
    programs: PathBuf,
    folder: TempDir,
    port: u16,
    server: Child,
}

impl PostgresServer {
    /// Starts one; `None`, and a word about it, where PostgreSQL is not installed.
    ///
    /// # Panics
    /// If it is installed and does not start.
    #[must_use]
    pub fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            eprintln!(
                "SKIPPED: PostgreSQL is not installed (apt-get install postgresql), so nothing is tested on it"
            );
            return None;
        };
        Some(Self::start_with(programs).expect("PostgreSQL starts"))
    }

    fn start_with(programs: PathBuf) -> std::io::Result<Self> {
        let folder = tempfile::tempdir()?;
        if is_root() {
            let owner = format!("{ACCOUNT}:");
            succeed(Command::new("chown").arg(owner).arg(folder.path()))?;
        }
        let data = folder.path().join("data");
        let mut initdb = as_account(&programs.join("initdb"), folder.path());
        // A test's data need not outlive the machine.
        initdb.args([
            "--auth=trust",
            "--username=vibelux",
            "--encoding=UTF8",
            "--no-sync",
        ]);
        succeed(initdb.arg("-D").arg(&data))?;
        let port = free_port()?;
        let server = serve(&programs, folder.path(), port)?;
        let this = Self {
            programs,
            folder,
            port,
            server,
        };
        this.wait()?;
        Ok(this)
    }

    /// The address of a new, empty database.
    ///
    /// # Panics
    /// If it cannot be made.
    #[must_use]
    pub fn database(&self, name: &str) -> String {
        self.psql("postgres", &format!("CREATE DATABASE {name}"));
        self.url(name)
    }

    /// The address of a database.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgres://vibelux@127.0.0.1:{}/{database}", self.port)
    }

    /// What `psql` prints for a statement, without headings.
    ///
    /// # Panics
    /// If it fails.
    pub fn psql(&self, database: &str, sql: &str) -> String {
        let output = Command::new(self.programs.join("psql"))
            .args([
                "--no-psqlrc",
                "--tuples-only",
                "--no-align",
                "-v",
                "ON_ERROR_STOP=1",
            ])
            .args(["--command", sql, &self.url(database)])
            .output()
            .expect("psql runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{sql}: {said}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Ends the server at once, as a crash would, and starts it again at the same address.
    ///
    /// # Panics
    /// If it does not come back.
    pub fn crash_and_restart(&mut self) {
        self.end("immediate");
        self.server = serve(&self.programs, self.folder.path(), self.port).expect("starts again");
        self.wait().expect("PostgreSQL recovers");
    }

    fn end(&mut self, mode: &str) {
        let mut stop = as_account(&self.programs.join("pg_ctl"), self.folder.path());
        let data = self.folder.path().join("data");
        stop.args(["stop", "--wait", "--silent", "--mode", mode, "-D"])
            .arg(data);
        if succeed(&mut stop).is_err() {
            // What does not stop is killed with its wrapper; a test's cluster holds nothing of worth.
            let _ = self.server.kill();
        }
        let _ = self.server.wait();
    }

    /// Waits until the server answers.
    fn wait(&self) -> std::io::Result<()> {
        let end = Instant::now() + PATIENCE;
        let mut ready = Command::new(self.programs.join("pg_isready"));
        ready.args(["--quiet", "-h", "127.0.0.1", "-p", &self.port.to_string()]);
        while !ready.status()?.success() {
            if Instant::now() > end {
                let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
                return Err(std::io::Error::other(log));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        self.end("immediate");
    }
}

fn serve(programs: &Path, folder: &Path, port: u16) -> std::io::Result<Child> {
    let log = fs::File::create(folder.join("log"))?;
    let mut postgres = as_account(&programs.join("postgres"), folder);
    postgres.arg("-D").arg(folder.join("data"));
    for setting in [
        format!("port={port}"),
        "listen_addresses=127.0.0.1".to_owned(),
        format!("unix_socket_directories={}", folder.display()),
        "max_connections=100".to_owned(),
    ] {
        postgres.arg("-c").arg(setting);
    }
    postgres.stdout(Stdio::null()).stderr(log).spawn()
}

/// Where the server's programs are: on the path, or where Debian puts them.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut debian: Vec<PathBuf> = debian
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .collect();
    debian.sort();
    std::env::split_paths(&path)
        .chain(debian.into_iter().rev())
        // What is on the path may be a link to the folder that has them all.
        .filter_map(|folder| {
            folder
                .join("initdb")
                .canonicalize()
                .ok()?
                .parent()
                .map(Path::to_owned)
        })
        .find(|folder| PROGRAMS.iter().all(|name| folder.join(name).is_file()))
}

/// A command in this folder, as an account that a server may run as.
fn as_account(program: &Path, folder: &Path) -> Command {
    let mut command = if is_root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", ACCOUNT, "--regid", ACCOUNT, "--clear-groups"]);
        command.arg(program);
        command
    } else {
        Command::new(program)
    };
    command.current_dir(folder).stdin(Stdio::null());
    command
}
