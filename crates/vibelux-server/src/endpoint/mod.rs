//! [`Endpoint`]: a port, and how many may come in through it at once.
//!
//! Connections are accepted here rather than by axum, to bound their number and the time that a client
//! may take to say what it wants. The computer's own endpoint and that of music players speak HTTP, the one for phones HTTPS.

mod connections;

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use crate::config::Limits;
pub use connections::Connections;
use connections::{Peers, Permit};

/// After the system refused a connection, for want of file handles for example.
const ACCEPT_REST: Duration = Duration::from_millis(100);
/// The first byte of a TLS connection: a handshake record (RFC 8446, section 5.1).
const HANDSHAKE: u8 = 22;
/// What a client gets that speaks plain HTTP where HTTPS is spoken.
const SPEAK_HTTPS: &[u8] =
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n\
    Connection: close\r\n\r\nThis address speaks HTTPS. Write https:// before it.\n";

/// One port of the server.
#[derive(Debug)]
pub struct Endpoint {
    listener: TcpListener,
    tls: Option<Arc<rustls::ServerConfig>>,
    /// Who is in.
    pub connections: Arc<Connections>,
    limits: Limits,
}

impl Endpoint {
    /// The computer's own, which others may reach too if it listens elsewhere than on loopback addresses: they
    /// take no connection from the computer's own clients.
    pub fn plain(listener: TcpListener, limits: &Limits) -> Self {
        Self::new(listener, None, Peers::OwnAndOthers, limits)
    }

    /// One for the network.
    pub fn secure(listener: TcpListener, tls: Arc<rustls::ServerConfig>, limits: &Limits) -> Self {
        Self::new(listener, Some(tls), Peers::Others, limits)
    }

    fn new(
        listener: TcpListener,
        tls: Option<Arc<rustls::ServerConfig>>,
        peers: Peers,
        limits: &Limits,
    ) -> Self {
        let connections =
            Connections::new(limits.connections, limits.connections_of_address, peers);
        Self {
            listener,
            tls,
            connections: Arc::new(connections),
            limits: limits.clone(),
        }
    }

    /// Lets clients in until `stopping`; those that are in then finish what they have in hand.
    pub async fn serve(self, router: Router, stopping: watch::Receiver<bool>) {
        let mut stops = stopping.clone();
        let mut stop = pin!(stops.wait_for(|stopping| *stopping));
        let tls = self.tls.map(TlsAcceptor::from);
        loop {
            let accepted = tokio::select! {
                _ = &mut stop => return,
                accepted = accept(&self.listener, &self.connections) => accepted,
            };
            match accepted {
                Ok(Some((stream, permit))) => {
                    let client = Client {
                        router: router.clone(),
                        head: self.limits.head,
                        stopping: stopping.clone(),
                        _permit: permit,
                    };
                    tokio::spawn(client.accept_tls_and_serve(stream, tls.clone()));
                }
                // Too many of its kind.
                Ok(None) => {}
                Err(_) => tokio::time::sleep(ACCEPT_REST).await,
            }
        }
    }
}

/// The next connection, if there are not too many of its kind.
async fn accept(
    listener: &TcpListener,
    connections: &Arc<Connections>,
) -> std::io::Result<Option<(TcpStream, Permit)>> {
    let (stream, peer): (TcpStream, SocketAddr) = listener.accept().await?;
    let permit = Connections::take(connections, peer.ip()).await;
    Ok(permit.map(|permit| (stream, permit)))
}

/// One client that is in.
struct Client {
    router: Router,
    /// Until a request's head must be there.
    head: Duration,
    stopping: watch::Receiver<bool>,
    _permit: Permit,
}

impl Client {
    async fn accept_tls_and_serve(self, mut stream: TcpStream, tls: Option<TlsAcceptor>) {
        // Answers on the live socket are small and wanted now.
        let _ = stream.set_nodelay(true);
        let Some(tls) = tls else {
            return self.answer(stream).await;
        };
        let opened = async {
            let mut first = [0];
            stream.peek(&mut first).await?;
            if first[0] != HANDSHAKE {
                // What was sent and never read would make the answer's end a reset.
                let _ = stream.read(&mut [0; 4096]).await?;
                stream.write_all(SPEAK_HTTPS).await?;
                return stream.shutdown().await.map(|()| None);
            }
            tls.accept(stream).await.map(Some)
        };
        // What goes wrong with a connection is its client's to know.
        if let Ok(Ok(Some(stream))) = tokio::time::timeout(self.head, opened).await {
            self.answer(stream).await;
        }
    }

    /// Answers one connection's requests until either side has had enough.
    async fn answer(mut self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.head)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(self.router))
            .with_upgrades();
        let mut connection = pin!(connection);
        tokio::select! {
            _ = connection.as_mut() => return,
            _ = self.stopping.wait_for(|stopping| *stopping) => {}
        }
        connection.as_mut().graceful_shutdown();
        let _ = connection.await;
    }
}
