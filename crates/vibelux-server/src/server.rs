//! [`Server`]: from its ports to answered connections, and to a quiet end.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::spawn_blocking;

use crate::analysis::PictureReader;
use crate::blocking::core_count;
use crate::config::{Limits, ServerConfig, TokenPolicy};
use crate::endpoint::Endpoint;
use crate::http::error::ServerError;
use crate::interrupt::CtrlC;
use crate::lan::{Invitations, LanAccess};
use crate::library::measured::MeasuredFeatures;
use crate::library::scan::Scanner;
use crate::library::song_library::SongLibrary;
use crate::media::Transcoder;
use crate::routes::router;
use crate::security::{Guard, Token};
use crate::state::{App, Shared};
use crate::subsonic::{self, SubsonicAccount, SubsonicReady};

/// The port that is tried first: browsers remember by address who may use the camera.
const USUAL_PORT: u16 = 8437;
/// For the network.
const USUAL_LAN_PORT: u16 = 8438;
/// And for music players.
const USUAL_SUBSONIC_PORT: u16 = 8439;

/// What the user must know to open the page.
#[derive(Debug, Clone)]
pub struct Ready {
    /// Where the server listens.
    pub address: SocketAddr,
    /// What a client must show, if anything.
    pub token: Option<Token>,
    /// How phones get in, if they may.
    pub lan: Option<Invitations>,
    /// How music players get in, if they may.
    pub subsonic: Option<SubsonicReady>,
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
    /// Of the page, each with who may ask there.
    pages: Vec<(Endpoint, Arc<Guard>)>,
    players: Option<(Endpoint, SubsonicAccount)>,
    app: Shared,
    ready: Ready,
    stopping: watch::Sender<bool>,
}

impl Server {
    /// Opens the library and the ports.
    ///
    /// # Errors
    /// [`ServerError`] if any of them cannot be had.
    pub async fn bind(config: ServerConfig) -> Result<Self, ServerError> {
        let limits = config.limits;
        let (listener, address) =
            listen(config.listen, config.port, USUAL_PORT, "--port or --listen").await?;
        let loopback = address.ip().is_loopback();
        let token = match config.token {
            TokenPolicy::WhereReachable if loopback => None,
            TokenPolicy::WhereReachable | TokenPolicy::New => Some(Token::random()?),
            TokenPolicy::Given(token) => Some(token),
        };
        let guard = Guard::new(loopback, token.clone(), address.port());
        let mut pages = vec![(Endpoint::plain(listener, &limits), Arc::new(guard))];
        let invitations = match config.lan {
            Some(lan) => {
                let (page, invitations) = open_to_network(lan, &limits).await?;
                pages.push(page);
                Some(invitations)
            }
            None => None,
        };
        let (players, subsonic) = match config.subsonic {
            Some(access) => {
                let (listener, address) = listen(
                    access.listen,
                    access.port,
                    USUAL_SUBSONIC_PORT,
                    "--subsonic-port or --subsonic ADDRESS",
                )
                .await?;
                let account = access.account.clone();
                let players = (Endpoint::plain(listener, &limits), access.account);
                (Some(players), Some(SubsonicReady { address, account }))
            }
            None => (None, None),
        };
        let place = config.library;
        // A large library takes a while, and this may be given up meanwhile.
        let opening = spawn_blocking(move || SongLibrary::open(place)).await;
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
        let embedder = config.embedder;
        let (stopping, stops) = watch::channel(false);
        let app = Arc::new(App {
            pictures: Arc::new(PictureReader::new(Arc::clone(&face_model))?),
            scanner: Arc::new(Scanner::new(Arc::clone(&library), Arc::clone(&embedder))),
            transcoder: Transcoder::find(limits.transcodes).await,
            folders: config.folders,
            home: config.home.map(Arc::new),
            features: MeasuredFeatures::default(),
            invitations: invitations.clone(),
            owner_sockets: Arc::new(Semaphore::new(limits.sockets)),
            guest_sockets: Arc::new(Semaphore::new(limits.sockets)),
            owner_measuring: Arc::new(Semaphore::new(1)),
            guest_measuring: Arc::new(Semaphore::new(1)),
            cores: Arc::new(Semaphore::new(core_count().get())),
            limits,
            stopping: stops,
            library,
            face_model,
            embedder,
        });
        let ready = Ready {
            address,
            token,
            lan: invitations,
            subsonic,
        };
        Ok(Self {
            pages,
            players,
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
        let Self {
            pages,
            players,
            app,
            stopping,
            ..
        } = self;
        let pages = pages
            .into_iter()
            .map(|(endpoint, guard)| (endpoint, router(Arc::clone(&app), guard)));
        let players = players
            .map(|(endpoint, account)| (endpoint, subsonic::router(Arc::clone(&app), account)));
        let mut inside = Vec::new();
        let mut open = Vec::new();
        for (endpoint, router) in pages.chain(players) {
            inside.push(Arc::clone(&endpoint.connections));
            open.push(tokio::spawn(endpoint.serve(router, app.stopping.clone())));
        }
        stop.await;
        app.scanner.stop();
        let _ = stopping.send(true);
        let sockets = u32::try_from(app.limits.sockets).unwrap_or(u32::MAX);
        let ended = async {
            for endpoint in open {
                // Its port is free again.
                let _ = endpoint.await;
            }
            for connections in inside {
                connections.emptied().await;
            }
            let _owner = app.owner_sockets.acquire_many(sockets).await;
            let _guests = app.guest_sockets.acquire_many(sockets).await;
            while app.scanner.state().is_some_and(|scan| scan.running) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        // Songs of a scan are stored one by one; one that takes longer is simply not.
        let _ = tokio::time::timeout(app.limits.grace, ended).await;
    }
}

/// The endpoint for phones, and how they get in.
async fn open_to_network(
    lan: LanAccess,
    limits: &Limits,
) -> Result<((Endpoint, Arc<Guard>), Invitations), ServerError> {
    let (listener, address) = listen(
        lan.listen,
        lan.port,
        USUAL_LAN_PORT,
        "--lan-port or --lan ADDRESS",
    )
    .await?;
    let invitations = lan.invitations(address.port());
    let guard = Guard::of_network(
        lan.identity.owner.clone(),
        lan.identity.guest.clone(),
        address.port(),
    );
    let endpoint = Endpoint::secure(listener, lan.identity.tls, limits);
    Ok(((endpoint, Arc::new(guard)), invitations))
}

/// Listens at the port that was asked for, else at the usual one, else at any.
async fn listen(
    ip: IpAddr,
    port: Option<u16>,
    usual: u16,
    flags: &'static str,
) -> Result<(TcpListener, SocketAddr), ServerError> {
    let ports = port.map_or(vec![usual, 0], |port| vec![port]);
    let start = |source| ServerError::Start { source };
    let mut refused = start(std::io::ErrorKind::AddrNotAvailable.into());
    for port in ports {
        let address = SocketAddr::new(ip, port);
        match TcpListener::bind(address).await {
            Ok(listener) => {
                let address = listener.local_addr().map_err(start)?;
                return Ok((listener, address));
            }
            Err(source) => {
                refused = ServerError::Bind {
                    address,
                    source,
                    flags,
                };
            }
        }
    }
    Err(refused)
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
