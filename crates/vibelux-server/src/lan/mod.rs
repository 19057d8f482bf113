//! `--lan`: the page for phones and other computers of the same network, over HTTPS.
//!
//! ```text
//! folder -> identity (keys, tokens) -> certificate -> rustls --> a second endpoint of the server
//!                         \-> invitations (address + token) -> qr
//! ```
//!
//! Browsers give a camera to secure pages only, so the server makes its own certificate: an authority of this
//! computer alone, which a phone may install, signs one for the addresses that the computer has.

mod addresses;
mod certificate;
pub mod error;
mod identity;
mod qr;

use std::fmt;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::Path;

use error::LanError;
pub use identity::Identity;
pub use qr::{qr_svg, qr_text};

use crate::security::{Role, Token};

/// All that the endpoint for the network needs.
#[derive(Debug)]
pub struct LanAccess {
    /// Where to listen.
    pub(crate) listen: IpAddr,
    /// The port; `None` for the usual one, or any that is free where that is taken.
    pub(crate) port: Option<u16>,
    /// The addresses that a phone may name, the likeliest first.
    pub(crate) addresses: Vec<IpAddr>,
    pub(crate) identity: Identity,
}

impl LanAccess {
    /// Reads the keys in `folder`, or makes some, and a certificate for the addresses of this computer: for
    /// `listen` alone if it names one.
    ///
    /// # Errors
    /// [`LanError`], of which [`LanError::NoNetwork`] and [`LanError::Public`] are about the addresses.
    pub fn open(folder: &Path, listen: IpAddr, port: Option<u16>) -> Result<Self, LanError> {
        let addresses = addresses::of_this_computer(listen)?;
        // Before keys are made for an address that this computer does not have.
        let place = SocketAddr::new(listen, port.unwrap_or(0));
        TcpListener::bind(place).map_err(|source| LanError::Bind { place, source })?;
        let identity = Identity::open(folder, &addresses)?;
        Ok(Self {
            listen,
            port,
            addresses,
            identity,
        })
    }

    /// What may be told of it once it listens at `port`.
    pub(crate) fn invitations(&self, port: u16) -> Invitations {
        let places = self.addresses.iter();
        Invitations {
            places: places.map(|&ip| SocketAddr::new(ip, port)).collect(),
            owner: self.identity.owner.clone(),
            guest: self.identity.guest.clone(),
            fingerprint: self.identity.fingerprint.clone(),
            authority_der: self.identity.authority_der.clone(),
        }
    }
}

/// How others in the network get in.
#[derive(Clone)]
pub struct Invitations {
    /// Where the page is, the likeliest first.
    places: Vec<SocketAddr>,
    owner: Token,
    guest: Token,
    fingerprint: String,
    authority_der: Vec<u8>,
}

impl Invitations {
    /// The address to open, with the token that gives this role, for each address of the computer.
    pub fn urls(&self, role: Role) -> impl Iterator<Item = String> {
        let token = match role {
            Role::Owner => &self.owner,
            Role::Guest => &self.guest,
        };
        let url = |place| format!("https://{place}/?token={}", token.text());
        self.places.iter().map(url)
    }

    /// SHA-256 of the server's certificate, as browsers show it: 32 bytes in hexadecimal with colons.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The authority's certificate, to be installed by a phone, in DER.
    pub(crate) fn authority_der(&self) -> &[u8] {
        &self.authority_der
    }
}

impl fmt::Debug for Invitations {
    /// Without the tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invitations")
            .field("places", &self.places)
            .finish_non_exhaustive()
    }
}
