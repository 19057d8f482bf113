//! [`LanError`]: what can keep phones out before they come.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

/// Why phones cannot be let in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LanError {
    /// No address that a phone could name.
    #[error(
        "this computer has no IPv4 address of a private network that a phone could share; connect it \
         to one, or name an IPv6 address that it has with --lan ADDRESS"
    )]
    NoNetwork,
    /// The system does not say which addresses it has.
    #[error("the addresses of this computer cannot be had ({source}); name one with --lan ADDRESS")]
    Addresses {
        /// Why.
        source: std::io::Error,
    },
    /// The address or port cannot be had.
    #[error(
        "cannot listen at {place} for phones ({source}); choose another with --lan ADDRESS or --lan-port"
    )]
    Bind {
        /// Where.
        place: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// An address that the whole internet may reach.
    #[error(
        "{address} is no address of a private network; --lan is for the phones of a household. Use \
         --listen and a proxy with a certificate of its own for others"
    )]
    Public {
        /// Which.
        address: IpAddr,
    },
    /// The keys cannot be read or written.
    #[error(
        "the keys in {path} cannot be used ({source}); mend that, or name another folder with --lan-keys"
    )]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is there and holds something else.
    #[error(
        "the keys in {path} are damaged ({detail}); make new ones with --lan-reset, and scan the QR code again on every phone"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// A key or certificate cannot be made.
    #[error("a certificate cannot be made: {detail}")]
    Certificate {
        /// Why.
        detail: String,
    },
}
