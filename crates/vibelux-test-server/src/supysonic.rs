//! [`SubsonicServer`]: supysonic, a server of the Subsonic API in Python, for tests of its clients.

use std::fs;
use std::io;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::process::{free_port, succeed};

/// For so long it may take to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server on 127.0.0.1 that ends with this value.
#[derive(Debug)]
pub struct SubsonicServer {
    python: String,
    port: u16,
    folder: TempDir,
    server: Option<Child>,
}

impl SubsonicServer {
    /// Serves the songs of a folder to its one user, [`Self::USER`]; `None`, and a word about it, where it is not installed. It runs in the Python
    /// that the environment variable `VIBELUX_SUPYSONIC` names, `python3` without it.
    ///
    /// # Panics
    /// If it is installed and does not start.
    #[must_use]
    pub fn start(songs: &Path) -> Option<Self> {
        let python = std::env::var("VIBELUX_SUPYSONIC").unwrap_or_else(|_| "python3".to_owned());
        let found = Command::new(&python)
            .args(["-c", "import supysonic, waitress"])
            .output();
        if !found.is_ok_and(|output| output.status.success()) {
            eprintln!(
                "SKIPPED: {python} has no supysonic (pip install supysonic waitress; VIBELUX_SUPYSONIC names another Python), so no real \
                Subsonic server is asked"
            );
            return None;
        }
        Some(Self::start_with(python, songs).expect("supysonic starts"))
    }

    /// Its user.
    pub const USER: &str = "joe";

    /// That user's password.
    pub const PASSWORD: &str = "sesame & more";

    fn start_with(python: String, songs: &Path) -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut this = Self {
            python,
            port: free_port()?,
            folder,
            server: None,
        };
        let own = |name: &str| this.folder.path().join(name).display().to_string();
        fs::write(
            this.folder.path().join("supysonic.conf"),
            format!(
                "[base]\ndatabase_uri = sqlite:///{}\n[webapp]\ncache_dir = {}\n[daemon]\nsocket = {}\n",
                own("database"),
                own("cache"),
                own("daemon"),
            ),
        )?;
        this.add_user(Self::USER, Self::PASSWORD)?;
        let songs = songs.display().to_string();
        this.manage(&["folder", "add", "songs", &songs])?;
        this.scan()?;
        this.run()?;
        Ok(this)
    }

    /// Lets somebody else in.
    ///
    /// # Errors
    /// If there is such a user already.
    pub fn add_user(&self, name: &str, password: &str) -> io::Result<()> {
        self.manage(&["user", "add", name, "-p", password])
    }

    /// Looks for songs that are new, or gone.
    ///
    /// # Errors
    /// If the scan fails.
    pub fn scan(&self) -> io::Result<()> {
        self.manage(&["folder", "scan", "--foreground"])
    }

    /// Where it is.
    #[must_use]
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn run(&mut self) -> io::Result<()> {
        let log = fs::File::create(self.folder.path().join("output"))?;
        let port = self.port.to_string();
        let server = self
            .python(&["-m", "supysonic.server", "-S", "waitress"])
            .args(["-h", "127.0.0.1", "-p", &port])
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        self.server = Some(server);
        let end = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            if Instant::now() > end {
                let said = fs::read_to_string(self.folder.path().join("output"))?;
                return Err(io::Error::other(said));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    fn manage(&self, arguments: &[&str]) -> io::Result<()> {
        succeed(self.python(&["-m", "supysonic.cli"]).args(arguments))
    }

    /// It looks for its settings where it runs and at home.
    fn python(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.python);
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("HOME", self.folder.path());
        command
    }
}

impl Drop for SubsonicServer {
    fn drop(&mut self) {
        if let Some(mut server) = self.server.take() {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}
