//! [`Stream`]: the bytes between us and an MPD, which may be slow, silent or talk for ever.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use super::address::MpdPlace;

/// For so long somebody is called.
const CALL: Duration = Duration::from_secs(5);

/// For so long an answer is waited for.
const ANSWER: Duration = Duration::from_secs(10);

/// The longest answer: a queue of a hundred thousand songs is a third of it.
const MOST_BYTES: u64 = 1 << 27;

/// An open connection.
pub(super) struct Stream {
    inner: Inner,
    /// So many bytes may still come.
    left: u64,
}

enum Inner {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(std::os::unix::net::UnixStream),
}

impl Stream {
    pub(super) fn open(place: &MpdPlace) -> io::Result<Self> {
        let inner = match place {
            MpdPlace::Host(host, port) => Inner::Tcp(call(host, *port)?),
            #[cfg(unix)]
            MpdPlace::Socket(path) => {
                let stream = std::os::unix::net::UnixStream::connect(path)?;
                stream.set_read_timeout(Some(ANSWER))?;
                stream.set_write_timeout(Some(ANSWER))?;
                Inner::Unix(stream)
            }
            #[cfg(not(unix))]
            MpdPlace::Socket(_) => {
                return Err(io::Error::new(
                    io::ErrorKind::Unsupported,
                    "this system has no such sockets",
                ));
            }
        };
        Ok(Self {
            inner,
            left: MOST_BYTES,
        })
    }
}

fn call(host: &str, port: u16) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    for address in (host, port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, CALL) {
            Ok(stream) => {
                stream.set_read_timeout(Some(ANSWER))?;
                stream.set_write_timeout(Some(ANSWER))?;
                // Commands are short, and each is waited for.
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match &mut self.inner {
            Inner::Tcp(stream) => stream.read(buffer),
            #[cfg(unix)]
            Inner::Unix(stream) => stream.read(buffer),
        };
        // What a clock says that ran out is another thing on each system.
        let read = read.map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                io::Error::new(io::ErrorKind::TimedOut, "no answer came in time")
            }
            _ => error,
        })?;
        self.left = self.left.saturating_sub(read as u64);
        if self.left == 0 {
            return Err(io::Error::other("the answer has no end"));
        }
        Ok(read)
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Whoever asks anew may be told as much anew.
        self.left = MOST_BYTES;
        match &mut self.inner {
            Inner::Tcp(stream) => stream.write(bytes),
            #[cfg(unix)]
            Inner::Unix(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.inner {
            Inner::Tcp(stream) => stream.flush(),
            #[cfg(unix)]
            Inner::Unix(stream) => stream.flush(),
        }
    }
}
