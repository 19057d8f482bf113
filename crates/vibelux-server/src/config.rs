//! What a server is started with.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use vibelux::library::{LibraryAddress, SongEmbedder};
use vibelux::model::FaceModel;

use crate::home::HomeAccess;
use crate::lan::LanAccess;
use crate::library::folders::MusicFolders;
use crate::security::Token;
use crate::subsonic::SubsonicAccess;

/// Who must show a token.
#[derive(Debug, Clone, Default)]
pub enum TokenPolicy {
    /// A new one for everybody, unless only this computer can reach the server.
    #[default]
    WhereReachable,
    /// A new one for everybody, also on this computer.
    New,
    /// This one for everybody.
    Given(Token),
}

/// Everything a server needs.
#[derive(Debug)]
pub struct ServerConfig {
    /// The address of this computer to listen at.
    pub listen: IpAddr,
    /// The port; `None` for the usual one, or any that is free where that is taken.
    pub port: Option<u16>,
    /// Who must show a token.
    pub token: TokenPolicy,
    /// A second endpoint for the phones of the network, over HTTPS.
    pub lan: Option<LanAccess>,
    /// A third one for music players, by the OpenSubsonic API.
    pub subsonic: Option<SubsonicAccess>,
    /// Who is told of mood and song, and may ask for songs.
    pub home: Option<HomeAccess>,
    /// The library; made if there is none.
    pub library: LibraryAddress,
    /// Where the page may look for music.
    pub folders: MusicFolders,
    /// Reads faces.
    pub face_model: FaceModel,
    /// Reads the songs of a scan.
    pub embedder: Arc<dyn SongEmbedder>,
    /// What a client may take.
    pub limits: Limits,
}

/// What clients may take. The defaults suit one person with a few tabs.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections of this computer at once, of which more wait; and again of all others, of whom more are
    /// turned away.
    pub connections: usize,
    /// Connections at once of any other computer's address.
    pub connections_of_address: usize,
    /// Live cameras at once of the owner, and again of guests; more are refused.
    pub sockets: usize,
    /// Songs transcoded at once for the owner, and again for guests; more are refused.
    pub transcodes: usize,
    /// Until a request's head must be there.
    pub head: Duration,
    /// Until a request's body must be there.
    pub body: Duration,
    /// Until a message must be taken by the client.
    pub send: Duration,
    /// Between two pings of a live socket. A client that has not answered one by the next is dropped:
    /// it is gone, or so slow that it does not get to read.
    pub ping: Duration,
    /// How long to wait for connections when the server stops.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 256,
            // Six for a page, one for its camera, two for its songs; and some who share the address.
            connections_of_address: 32,
            sockets: 16,
            transcodes: 4,
            head: Duration::from_secs(5),
            body: Duration::from_secs(30),
            send: Duration::from_secs(5),
            ping: Duration::from_secs(20),
            grace: Duration::from_secs(3),
        }
    }
}
