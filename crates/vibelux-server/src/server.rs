//! [`Server`]: from an address to answered connections, and to a quiet end.
//!
//! Connections are accepted here rather than by axum, to bound their number and the time that a client
//! may take to say what it wants.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::spawn_blocking;

use crate::analysis::PictureReader;
use crate::blocking::core_count;
use crate::config::{Limits, ServerConfig, TokenPolicy};
use crate::http::error::ServerError;
use crate::interrupt::CtrlC;
use crate::library::scan::Scanner;
use crate::library::song_library::SongLibrary;
use crate::media::Transcoder;
use crate::routes::router;
use crate::security::{Guard, Token};
use crate::state::{App, Shared};

/// The port that is tried first: browsers remember by address who may use the camera.
const USUAL_PORT: u16 = 8437;

/// After the system refused a connection, for want of file handles for example.
const ACCEPT_REST: Duration = Duration::from_millis(100);

/// What the user must know to open the page.
#[derive(Debug, Clone)]
pub struct Ready {
    /// Where the server listens.
    pub address: SocketAddr,
    /// What a client must show, if anything.
    pub token: Option<Token>,
}

impl Ready {
    /// The address to open, with the token if there is one.
    #[must_use]
    pub fn url(&self) -> String {
        let mut address = self.address;
        if self.is_unspecified() {
            // "Everywhere" is no place to go to.
            let loopback = match address {
                SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
                SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
            };
            address.set_ip(loopback);
        }
        match &self.token {
            Some(token) => format!("http://{address}/?token={}", token.text()),
            None => format!("http://{address}/"),
        }
    }

    /// Whether only this computer can reach the server.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.address.ip().is_loopback()
    }

    /// Whether it listens on all addresses, of which [`Self::url`] gives the loopback one.
    #[must_use]
    pub fn is_unspecified(&self) -> bool {
        self.address.ip().is_unspecified()
    }
}

/// A server that listens but does not answer yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    app: Shared,
    ready: Ready,
    stopping: watch::Sender<bool>,
}

impl Server {
    /// Opens the library and the port.
    ///
    /// # Errors
    /// [`ServerError`] if either cannot be had.
    pub async fn bind(config: ServerConfig) -> Result<Self, ServerError> {
        let listener = listen(&config).await?;
        let address = listener
            .local_addr()
            .map_err(|source| ServerError::Start { source })?;
        let loopback = address.ip().is_loopback();
        let token = match config.token {
            TokenPolicy::WhereReachable if loopback => None,
            TokenPolicy::WhereReachable | TokenPolicy::New => Some(Token::random()?),
            TokenPolicy::Given(token) => Some(token),
        };
        let file = config.library;
        // A large library takes a while, and this may be given up meanwhile.
        let opening = spawn_blocking(move || SongLibrary::open(&file)).await;
        let library = match opening {
            Ok(library) => Arc::new(library?),
            // A mistake in vibelux is told as one.
            Err(broken) if broken.is_panic() => std::panic::resume_unwind(broken.into_panic()),
            Err(broken) => {
                let source = broken.into();
                return Err(ServerError::Start { source });
            }
        };
        let face_model = Arc::new(config.face_model);
        let music_model = Arc::new(config.music_model);
        let (stopping, stops) = watch::channel(false);
        let app = Arc::new(App {
            pictures: Arc::new(PictureReader::new(Arc::clone(&face_model))?),
            scanner: Arc::new(Scanner::new(Arc::clone(&library), Arc::clone(&music_model))),
            transcoder: Transcoder::find(config.limits.transcodes).await,
            guard: Arc::new(Guard::new(loopback, token.clone(), address.port())),
            sockets: Arc::new(Semaphore::new(config.limits.sockets)),
            cores: Arc::new(Semaphore::new(core_count().get())),
            limits: config.limits,
            stopping: stops,
            library,
            face_model,
            music_model,
        });
        let ready = Ready { address, token };
        Ok(Self {
            listener,
            app,
            ready,
            stopping,
        })
    }

    /// Where it is and what a client must show.
    #[must_use]
    pub fn ready(&self) -> &Ready {
        &self.ready
    }

    /// Answers until `stop` is done; then lets requests in hand finish, closes sockets and stops a
    /// scan, all within the grace of the limits.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let limits = self.app.limits.clone();
        let router = router(Arc::clone(&self.app));
        let places = Arc::new(Semaphore::new(limits.connections));
        let mut stop = pin!(stop);
        loop {
            let accepted = tokio::select! {
                () = &mut stop => break,
                accepted = accept(&self.listener, &places) => accepted,
            };
            match accepted {
                Some((stream, place)) => {
                    let stops = self.app.stopping.clone();
                    tokio::spawn(serve_connection(
                        stream,
                        router.clone(),
                        limits.clone(),
                        stops,
                        place,
                    ));
                }
                None => tokio::time::sleep(ACCEPT_REST).await,
            }
        }
        drop(self.listener);
        self.app.scanner.stop();
        // Nobody listens if there is no connection.
        let _ = self.stopping.send(true);
        let all = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let ended = async {
            let _connections = places.acquire_many(all(limits.connections)).await;
            let _sockets = self.app.sockets.acquire_many(all(limits.sockets)).await;
            while self.app.scanner.state().is_some_and(|scan| scan.running) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        // Songs of a scan are stored one by one; one that takes longer is simply not.
        let _ = tokio::time::timeout(limits.grace, ended).await;
    }
}

/// Listens at the port that was asked for, else at the usual one, else at any.
async fn listen(config: &ServerConfig) -> Result<TcpListener, ServerError> {
    let ports = match config.port {
        Some(port) => vec![port],
        None => vec![USUAL_PORT, 0],
    };
    let mut refused = None;
    for port in ports {
        let address = SocketAddr::new(config.listen, port);
        match TcpListener::bind(address).await {
            Ok(listener) => return Ok(listener),
            Err(source) => refused = Some(ServerError::Bind { address, source }),
        }
    }
    Err(refused.unwrap_or(ServerError::Start {
        source: std::io::ErrorKind::AddrNotAvailable.into(),
    }))
}

/// The next connection, once there is a place for it; `None` if the system has none to give.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    let (stream, _) = listener.accept().await.ok()?;
    Some((stream, place))
}

/// Answers one connection's requests until either side has had enough.
async fn serve_connection(
    stream: TcpStream,
    router: Router,
    limits: Limits,
    mut stopping: watch::Receiver<bool>,
    _place: OwnedSemaphorePermit,
) {
    // Answers on the live socket are small and wanted now.
    let _ = stream.set_nodelay(true);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
        .with_upgrades();
    let mut connection = pin!(connection);
    tokio::select! {
        // What goes wrong with a connection is its client's to know.
        _ = connection.as_mut() => return,
        _ = stopping.wait_for(|stopping| *stopping) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

/// Runs a server until Ctrl-C. `ready` is told where it is as soon as it can be reached.
///
/// A second Ctrl-C ends the waiting for what is in hand.
///
/// # Errors
/// [`ServerError`] if it cannot be started.
pub fn serve(config: ServerConfig, ready: impl FnOnce(&Ready)) -> Result<(), ServerError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("server")
        .build()
        .map_err(|source| ServerError::Start { source })?;
    let ended: Result<(), ServerError> = runtime.block_on(async {
        // Before anybody knows of the server, who might stop it at once.
        let mut ctrl_c = CtrlC::listen().map_err(|source| ServerError::Start { source })?;
        let server = tokio::select! {
            server = Server::bind(config) => server?,
            () = ctrl_c.pressed() => return Ok(()),
        };
        ready(server.ready());
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let mut running = pin!(server.run(async {
            let _ = stopped.await;
        }));
        tokio::select! {
            () = running.as_mut() => return Ok(()),
            () = ctrl_c.pressed() => {}
        }
        let _ = stop.send(());
        tokio::select! {
            () = running => {}
            () = ctrl_c.pressed() => {}
        }
        Ok(())
    });
    // Threads that still decode are not waited for.
    runtime.shutdown_background();
    ended
}
