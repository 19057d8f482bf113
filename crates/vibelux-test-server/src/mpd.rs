//! [`MpdServer`]: Debian's MPD with an output that nobody hears, for tests of players.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::process::free_port;

/// For so long it may take to start, and to find the songs.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server on 127.0.0.1 that ends with this value. It keeps its queue when it is started anew.
#[derive(Debug)]
pub struct MpdServer {
    port: u16,
    password: Option<String>,
    folder: TempDir,
    server: Option<Child>,
}

impl MpdServer {
    /// Plays the songs of a folder; `None`, and a word about it, where MPD is not installed.
    ///
    /// # Panics
    /// If it is installed and does not start.
    #[must_use]
    pub fn start(songs: &Path, password: Option<&str>) -> Option<Self> {
        let is_there = Command::new("mpd").arg("--version").output().is_ok();
        if !is_there {
            eprintln!(
                "SKIPPED: MPD is not installed (apt-get install mpd), so no queue of it is kept filled"
            );
            return None;
        }
        Some(Self::start_with(songs, password).expect("MPD starts"))
    }

    fn start_with(songs: &Path, password: Option<&str>) -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let port = free_port()?;
        fs::create_dir(folder.path().join("playlists"))?;
        fs::write(
            folder.path().join("mpd.conf"),
            lines(folder.path(), songs, port, password),
        )?;
        let mut this = Self {
            port,
            password: password.map(str::to_owned),
            folder,
            server: None,
        };
        this.run()?;
        Ok(this)
    }

    /// Starts it after [`Self::stop`].
    ///
    /// # Errors
    /// If it does not answer, or does not find its songs in time.
    pub fn run(&mut self) -> io::Result<()> {
        let log = fs::File::create(self.folder.path().join("output"))?;
        let server = Command::new("mpd")
            .arg("--no-daemon")
            .arg(self.folder.path().join("mpd.conf"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()?;
        self.server = Some(server);
        let end = Instant::now() + PATIENCE;
        loop {
            let is_ready = self.ask("stats").is_ok_and(|stats| {
                let songs = stats.iter().find_map(|line| line.strip_prefix("songs: "));
                songs.is_some_and(|songs| songs != "0")
            });
            let is_quiet = self
                .ask("status")
                .is_ok_and(|status| !status.iter().any(|line| line.starts_with("updating_db")));
            if is_ready && is_quiet {
                return Ok(());
            }
            if Instant::now() > end {
                let said = fs::read_to_string(self.folder.path().join("output"))?;
                return Err(io::Error::other(said));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Ends it, in good order.
    pub fn stop(&mut self) {
        let Some(mut server) = self.server.take() else {
            return;
        };
        #[cfg(unix)]
        if let Ok(number) = i32::try_from(server.id())
            && let Some(process) = rustix::process::Pid::from_raw(number)
        {
            let _ = rustix::process::kill_process(process, rustix::process::Signal::TERM);
        }
        #[cfg(not(unix))]
        let _ = server.kill();
        let _ = server.wait();
    }

    /// Its port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where it looks for playlists.
    #[must_use]
    pub fn playlists(&self) -> PathBuf {
        self.folder.path().join("playlists")
    }

    /// The lines that it answers to a command of its protocol, over a connection of its own.
    ///
    /// # Errors
    /// If it refuses, or nobody answers.
    pub fn ask(&self, command: &str) -> io::Result<Vec<String>> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        let mut lines = BufReader::new(stream.try_clone()?).lines();
        let _greeting = lines.next();
        if let Some(password) = &self.password {
            stream.write_all(format!("password \"{password}\"\n").as_bytes())?;
            lines.next().transpose()?;
        }
        stream.write_all(format!("{command}\n").as_bytes())?;
        let mut answer = Vec::new();
        for line in lines {
            let line = line?;
            if line == "OK" {
                return Ok(answer);
            }
            if line.starts_with("ACK ") {
                return Err(io::Error::other(line));
            }
            answer.push(line);
        }
        Err(io::ErrorKind::UnexpectedEof.into())
    }

    /// What it calls the songs of its queue, in their order.
    ///
    /// # Panics
    /// If it does not answer.
    #[must_use]
    pub fn queue(&self) -> Vec<String> {
        let lines = self.ask("playlistinfo").expect("MPD answers");
        let names = lines.iter().filter_map(|line| line.strip_prefix("file: "));
        names.map(str::to_owned).collect()
    }

    /// One line of its status.
    ///
    /// # Panics
    /// If it does not answer.
    #[must_use]
    pub fn status(&self, key: &str) -> Option<String> {
        let lines = self.ask("status").expect("MPD answers");
        let key = format!("{key}: ");
        let value = lines.iter().find_map(|line| line.strip_prefix(&key));
        value.map(str::to_owned)
    }
}

impl Drop for MpdServer {
    fn drop(&mut self) {
        self.stop();
    }
}

fn lines(own: &Path, songs: &Path, port: u16, password: Option<&str>) -> String {
    let own = |name: &str| own.join(name).display().to_string();
    let password = password.map_or(String::new(), |word| {
        format!("password \"{word}@read,add,control,admin\"\ndefault_permissions \"\"\n")
    });
    format!(
        "music_directory \"{}\"\nplaylist_directory \"{}\"\ndb_file \"{}\"\nstate_file \"{}\"\n\
        audio_buffer_size \"128\"\nbind_to_address \"127.0.0.1\"\nport \"{port}\"\nzeroconf_enabled \"no\"\n{password}\
        audio_output {{\n type \"null\"\n name \"nobody\"\n mixer_type \"null\"\n}}\n",
        songs.display(),
        own("playlists"),
        own("database"),
        own("state"),
    )
}
