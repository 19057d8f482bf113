//! [`DbusDaemon`]: a message bus of a test's own, for tests of desktop players.

use std::fs;
use std::io::{self, BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A session bus on a socket in a folder of its own, which ends with this value. What is on the bus of the user's desktop is never reached.
#[derive(Debug)]
pub struct DbusDaemon {
    address: String,
    folder: TempDir,
    daemon: Child,
}

impl DbusDaemon {
    /// Starts it; `None`, and a word about it, where it is not installed.
    ///
    /// # Panics
    /// If it is installed and does not start.
    #[must_use]
    pub fn start() -> Option<Self> {
        let is_there = Command::new("dbus-daemon").arg("--version").output();
        if !is_there.is_ok_and(|output| output.status.success()) {
            eprintln!(
                "SKIPPED: dbus-daemon is not installed (apt-get install dbus-daemon), so no desktop player is told what to play"
            );
            return None;
        }
        Some(Self::run().expect("dbus-daemon starts"))
    }

    fn run() -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        // Players that a test starts as another user come by it too.
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;
        }
        let configuration = folder.path().join("bus.conf");
        let socket = folder.path().join("bus");
        fs::write(&configuration, lines(&socket.display().to_string()))?;
        let log = fs::File::create(folder.path().join("output"))?;
        let mut daemon = Command::new("dbus-daemon")
            .arg(format!("--config-file={}", configuration.display()))
            .args(["--nofork", "--print-address"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()?;
        // It says where it listens as soon as it does; one that ends says nothing.
        let mut address = String::new();
        if let Some(output) = daemon.stdout.take() {
            BufReader::new(output).read_line(&mut address)?;
        }
        let address = address.trim().to_owned();
        if address.is_empty() {
            let _ = daemon.kill();
            let _ = daemon.wait();
            let said = fs::read_to_string(folder.path().join("output"))?;
            return Err(io::Error::other(said));
        }
        Ok(Self {
            address,
            folder,
            daemon,
        })
    }

    /// Where it listens, as `DBUS_SESSION_BUS_ADDRESS` has it.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Its folder, which anybody may read.
    #[must_use]
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Ends it, as when somebody logs out.
    pub fn stop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

impl Drop for DbusDaemon {
    fn drop(&mut self) {
        self.stop();
    }
}

fn lines(socket: &str) -> String {
    format!(
        "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\" \
        \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n\
        <busconfig>\n<type>session</type>\n<listen>unix:path={socket}</listen>\n<auth>EXTERNAL</auth>\n\
        <policy context=\"default\">\n<allow send_destination=\"*\" eavesdrop=\"true\"/>\n<allow eavesdrop=\"true\"/>\n\
        <allow own=\"*\"/>\n<allow user=\"*\"/>\n</policy>\n</busconfig>\n"
    )
}
