//! [`WebServer`]: Apache, with a folder that it gives away by ranges and lists by WebDAV, for tests of songs at addresses.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::process::{free_port, is_root};

/// For so long the server may take to start.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where Debian puts its parts.
const PROGRAM: &str = "/usr/sbin/apache2";
const MODULES: &str = "/usr/lib/apache2/modules";

/// The account that serves where the tests run as root.
const ACCOUNT: &str = "www-data";

/// A server on 127.0.0.1 that ends with this value.
#[derive(Debug)]
pub struct WebServer {
    port: u16,
    folder: TempDir,
    server: Child,
}

/// What a client asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebRequest {
    /// Such as `GET` and `PROPFIND`.
    pub method: String,
    /// What of, from the first slash on.
    pub path: String,
    /// The answer's number.
    pub status: u16,
    /// The answer's length without its head.
    pub bytes: u64,
}

impl WebServer {
    /// Serves the files of a folder; `None`, and a word about it, where Apache is not installed.
    ///
    /// # Panics
    /// If it is installed and does not start.
    #[must_use]
    pub fn start(files: &Path) -> Option<Self> {
        if !Path::new(PROGRAM).is_file() {
            eprintln!(
                "SKIPPED: Apache is not installed (apt-get install apache2-bin), so no song is read from a web server"
            );
            return None;
        }
        Some(Self::start_with(files).expect("Apache starts"))
    }

    fn start_with(files: &Path) -> std::io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let port = free_port()?;
        let configuration = folder.path().join("apache.conf");
        fs::write(&configuration, lines(folder.path(), files, port))?;
        // What is made for the tests is only its maker's to read, and the server may be another.
        for place in [folder.path(), files] {
            allow_all(place)?;
        }
        let log = fs::File::create(folder.path().join("output"))?;
        let server = Command::new(PROGRAM)
            .arg("-f")
            .arg(&configuration)
            .args(["-D", "FOREGROUND"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()?;
        let this = Self {
            port,
            folder,
            server,
        };
        let end = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if Instant::now() > end {
                let said = ["output", "error.log"].map(|name| this.read(name));
                return Err(std::io::Error::other(said.concat()));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(this)
    }

    /// The address of what is at this path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.port)
    }

    /// What was asked for so far, in the order in which it was answered.
    ///
    /// # Panics
    /// If the server's log is not what its settings say.
    #[must_use]
    pub fn requests(&self) -> Vec<WebRequest> {
        let request = |line: &str| {
            // Only the path has spaces.
            let (method, rest) = line.split_once(' ').expect("a method");
            let mut rest = rest.rsplitn(3, ' ');
            let mut last = || rest.next().expect("a path and two numbers");
            let [bytes, status, path] = [last(), last(), last()];
            WebRequest {
                method: method.to_owned(),
                path: path.to_owned(),
                status: status.parse().expect("a number"),
                bytes: bytes.parse().expect("a number"),
            }
        };
        self.read("access.log").lines().map(request).collect()
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).unwrap_or_default()
    }
}

impl Drop for WebServer {
    fn drop(&mut self) {
        // Its processes end with it only if it is asked to end.
        #[cfg(unix)]
        if let Ok(number) = i32::try_from(self.server.id())
            && let Some(process) = rustix::process::Pid::from_raw(number)
        {
            let _ = rustix::process::kill_process(process, rustix::process::Signal::TERM);
        }
        #[cfg(not(unix))]
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn lines(own: &Path, files: &Path, port: u16) -> String {
    let quoted = |path: PathBuf| format!("\"{}\"", path.display());
    let modules = ["mpm_event", "authz_core", "dav", "dav_fs"]
        .map(|name| format!("LoadModule {name}_module {MODULES}/mod_{name}.so\n"));
    let account = if is_root() {
        format!("User {ACCOUNT}\nGroup {ACCOUNT}\n")
    } else {
        String::new()
    };
    let own = |name: &str| quoted(own.join(name));
    let files = quoted(files.to_owned());
    format!(
        "{modules}{account}ServerName 127.0.0.1\nListen 127.0.0.1:{port}\nDefaultRuntimeDir {run}\nPidFile {pid}\n\
        ErrorLog {errors}\nLogFormat \"%m %U %>s %B\" short\nCustomLog {requests} short\n\
        DocumentRoot {files}\nDavLockDB {locks}\n\
        <Directory {files}>\nRequire all granted\nDav On\n</Directory>\n",
        modules = modules.concat(),
        run = own(""),
        pid = own("pid"),
        errors = own("error.log"),
        requests = own("access.log"),
        locks = own("locks"),
    )
}

#[cfg(unix)]
fn allow_all(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o777))
}

#[cfg(not(unix))]
fn allow_all(_: &Path) -> std::io::Result<()> {
    Ok(())
}
