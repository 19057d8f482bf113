//! [`MosquittoServer`]: Debian's MQTT broker, and its own client to listen beside, for tests of home automation.

use std::fs;
use std::io::{self, Read};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::process::{free_port, succeed};

/// Where Debian has it, outside of the path of ordinary users.
const PROGRAM: &str = "/usr/sbin/mosquitto";

/// For so long it may take to start, and a message to come.
const PATIENCE: Duration = Duration::from_secs(20);

/// How a broker is set up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MosquittoSetup {
    /// The one user who may come, and the password; anybody if there is none.
    pub user: Option<(String, String)>,
    /// Whether it is reached over TLS, by an authority of its own.
    pub is_tls: bool,
    /// Lines for its list of who may read and write which topics; all may everything if there are none.
    pub access: Vec<String>,
}

/// A broker on 127.0.0.1 that ends with this value. It forgets what it was to keep when it is started anew.
#[derive(Debug)]
pub struct MosquittoServer {
    port: u16,
    setup: MosquittoSetup,
    folder: TempDir,
    server: Option<Child>,
}

/// Somebody who listens to topics of a broker, by a connection of his own.
#[derive(Debug)]
pub struct MosquittoListener {
    client: Child,
    messages: PathBuf,
    read: usize,
}

/// A message as a listener heard it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeardMessage {
    /// Its topic.
    pub topic: String,
    /// What it says.
    pub text: String,
    /// Whether the broker kept it for who came later.
    pub is_kept: bool,
    /// How often it is sent: 0 at most once, 1 at least once.
    pub qos: u8,
}

impl MosquittoServer {
    /// Starts a broker; `None`, and a word about it, where it is not installed.
    ///
    /// # Panics
    /// If it is installed and does not start.
    #[must_use]
    pub fn start(setup: MosquittoSetup) -> Option<Self> {
        let is_there = [
            PROGRAM,
            "mosquitto_sub",
            "mosquitto_pub",
            "mosquitto_passwd",
        ]
        .iter()
        .all(|program| Command::new(program).arg("--help").output().is_ok());
        if !is_there {
            eprintln!(
                "SKIPPED: mosquitto is not installed (apt-get install mosquitto mosquitto-clients), so nothing is said to a real MQTT broker"
            );
            return None;
        }
        Some(Self::start_with(setup).expect("mosquitto starts"))
    }

    fn start_with(setup: MosquittoSetup) -> io::Result<Self> {
        let mut this = Self {
            port: free_port()?,
            setup,
            folder: tempfile::tempdir()?,
            server: None,
        };
        // Started by root it becomes another user, who is to read its files.
        #[cfg(unix)]
        fs::set_permissions(
            this.folder.path(),
            std::os::unix::fs::PermissionsExt::from_mode(0o755),
        )?;
        this.configure()?;
        this.run()?;
        Ok(this)
    }

    fn configure(&self) -> io::Result<()> {
        let own = |name: &str| self.folder.path().join(name);
        let mut lines = format!(
            "listener {} 127.0.0.1\npersistence false\nlog_dest stderr\nlog_type all\n",
            self.port
        );
        match &self.setup.user {
            None => lines.push_str("allow_anonymous true\n"),
            Some((user, password)) => {
                let file = own("passwords");
                let mut make = Command::new("mosquitto_passwd");
                succeed(make.args(["-c", "-b"]).arg(&file).args([user, password]))?;
                readable(&file)?;
                lines.push_str(&format!("password_file {}\n", file.display()));
            }
        }
        if !self.setup.access.is_empty() {
            let file = own("access");
            fs::write(&file, self.setup.access.join("\n") + "\n")?;
            readable(&file)?;
            lines.push_str(&format!("acl_file {}\n", file.display()));
        }
        if self.setup.is_tls {
            self.certify()?;
            let names = [("cafile", "ca"), ("certfile", "own"), ("keyfile", "key")];
            for (key, name) in names {
                let file = own(&format!("{name}.pem"));
                readable(&file)?;
                lines.push_str(&format!("{key} {}\n", file.display()));
            }
        }
        fs::write(own("mosquitto.conf"), lines)
    }

    /// Makes an authority, and what it signs for 127.0.0.1.
    fn certify(&self) -> io::Result<()> {
        use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
        let own = |name: &str| self.folder.path().join(name);
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let mut authority = CertificateParams::new(Vec::new()).map_err(io::Error::other)?;
        // Other names than the default: one who signs himself is told by the same.
        authority
            .distinguished_name
            .push(DnType::CommonName, "authority of a test");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = authority.self_signed(&key).map_err(io::Error::other)?;
        fs::write(own("ca.pem"), certificate.pem())?;
        let issuer = Issuer::new(authority, key);
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let server = CertificateParams::new(vec!["127.0.0.1".to_owned()]);
        let server = server.and_then(|server| server.signed_by(&key, &issuer));
        fs::write(own("own.pem"), server.map_err(io::Error::other)?.pem())?;
        fs::write(own("key.pem"), key.serialize_pem())
    }

    /// Starts it after [`Self::stop`], on the same port.
    ///
    /// # Errors
    /// If it does not answer in time.
    pub fn run(&mut self) -> io::Result<()> {
        let log = fs::File::create(self.folder.path().join("output"))?;
        let server = Command::new(PROGRAM)
            .arg("-c")
            .arg(self.folder.path().join("mosquitto.conf"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()?;
        let server = self.server.insert(server);
        let end = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            if Instant::now() > end || server.try_wait()?.is_some() {
                return Err(io::Error::other(self.log()));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Ends it at once, as a machine does that loses its power.
    pub fn stop(&mut self) {
        if let Some(mut server) = self.server.take() {
            let _ = server.kill();
            let _ = server.wait();
        }
    }

    /// Stops it without an end, so that it answers nobody any more, until it is [stopped](Self::stop).
    ///
    /// # Errors
    /// If the system does not do that.
    #[cfg(unix)]
    pub fn freeze(&self) -> io::Result<()> {
        let id = self
            .server
            .as_ref()
            .and_then(|server| i32::try_from(server.id()).ok());
        let process = id.and_then(rustix::process::Pid::from_raw);
        let process = process.ok_or(io::ErrorKind::NotFound)?;
        Ok(rustix::process::kill_process(
            process,
            rustix::process::Signal::STOP,
        )?)
    }

    /// Its port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The certificate of its authority, in PEM, if it is reached over TLS.
    ///
    /// # Errors
    /// If it has none.
    pub fn authority(&self) -> io::Result<Vec<u8>> {
        fs::read(self.folder.path().join("ca.pem"))
    }

    /// What it has told of itself.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("output")).unwrap_or_default()
    }

    /// Sends a message at least once, by another client.
    ///
    /// # Panics
    /// If the broker does not take it.
    pub fn publish(&self, topic: &str, message: &[u8], keep: bool) {
        let file = tempfile::NamedTempFile::new().expect("a file");
        fs::write(file.path(), message).expect("a file is written");
        let mut client = self.client("mosquitto_pub");
        client.args(["-q", "1", "-t", topic, "-f"]).arg(file.path());
        if keep {
            client.arg("-r");
        }
        succeed(&mut client).expect("the broker takes the message");
    }

    /// Listens to topics (`vibelux/#`) from now on.
    ///
    /// # Panics
    /// If the broker does not allow that.
    #[must_use]
    pub fn listen(&self, topics: &str) -> MosquittoListener {
        let id = tempfile::Builder::new().tempfile_in(self.folder.path());
        let (file, messages) = id.and_then(|file| Ok(file.keep()?)).expect("a file");
        let name = messages
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        let name = name.unwrap_or_default();
        let mut client = self.client("mosquitto_sub");
        client.args(["-q", "1", "-t", topics, "-F", "%j", "-i", &name]);
        client.stdin(Stdio::null()).stdout(file);
        let client = client.spawn().expect("mosquitto_sub starts");
        let end = Instant::now() + PATIENCE;
        let is_heard = format!("Sending SUBACK to {name}");
        while !self.log().contains(&is_heard) {
            assert!(Instant::now() < end, "it may listen: {}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
        MosquittoListener {
            client,
            messages,
            read: 0,
        }
    }

    fn client(&self, program: &str) -> Command {
        let mut client = Command::new(program);
        client.args(["-h", "127.0.0.1", "-p", &self.port.to_string()]);
        if let Some((user, password)) = &self.setup.user {
            client.args(["-u", user, "-P", password]);
        }
        if self.setup.is_tls {
            client
                .arg("--cafile")
                .arg(self.folder.path().join("ca.pem"));
        }
        client
    }
}

impl Drop for MosquittoServer {
    fn drop(&mut self) {
        self.stop();
    }
}

impl MosquittoListener {
    /// The next message for which something holds; those before it are passed over.
    ///
    /// # Panics
    /// If none comes.
    pub fn wait_for(&mut self, mut holds: impl FnMut(&HeardMessage) -> bool) -> HeardMessage {
        let end = Instant::now() + PATIENCE;
        let mut passed = Vec::new();
        loop {
            for message in self.new_messages() {
                self.read += 1;
                if holds(&message) {
                    return message;
                }
                passed.push(message);
            }
            assert!(Instant::now() < end, "no such message, but {passed:?}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn new_messages(&self) -> Vec<HeardMessage> {
        let mut text = String::new();
        let file = fs::File::open(&self.messages);
        let read = file.and_then(|mut file| file.read_to_string(&mut text));
        read.expect("what was heard is read");
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let lines = whole.lines().skip(self.read);
        lines.map(heard).collect()
    }
}

impl Drop for MosquittoListener {
    fn drop(&mut self) {
        let _ = self.client.kill();
        let _ = self.client.wait();
    }
}

/// A line of `mosquitto_sub -F %j`.
fn heard(line: &str) -> HeardMessage {
    let value: serde_json::Value = serde_json::from_str(line).expect("a line of JSON");
    let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
    HeardMessage {
        topic: text("topic"),
        text: text("payload"),
        is_kept: value["retain"] == 1,
        qos: value["qos"]
            .as_u64()
            .and_then(|qos| qos.try_into().ok())
            .unwrap_or(0),
    }
}

/// Lets everybody read a file.
fn readable(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}
