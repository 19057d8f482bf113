//! [`Identity`]: the keys and tokens of this computer, kept so that a phone that was let in once still is.
//!
//! One file, `lan.toml`, that only its owner may read.

use std::fs;
use std::io::ErrorKind;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::certificate::{self, SERVER_DAYS};
use super::error::LanError;
use crate::http::error::ServerError;
use crate::private_file;
use crate::security::Token;

const FILE: &str = "lan.toml";
/// Of the latest networks.
const MOST_ADDRESSES: usize = 16;
/// A server certificate is made anew so long before its end.
const RENEWED_DAYS: u32 = 60;

/// As it stands in the file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    owner_token: String,
    guest_token: String,
    authority_name: String,
    authority_certificate: String,
    authority_key: String,
    server_addresses: Vec<IpAddr>,
    server_made_unix_seconds: u64,
    server_certificate: String,
    server_key: String,
}

/// What this computer shows to the network.
#[derive(Debug)]
pub struct Identity {
    pub(crate) owner: Token,
    pub(crate) guest: Token,
    /// SHA-256 of the server's certificate, as browsers show it.
    pub(crate) fingerprint: String,
    /// The authority's certificate.
    pub(crate) authority_der: Vec<u8>,
    /// What rustls needs, for HTTP/1.1.
    pub(crate) tls: Arc<rustls::ServerConfig>,
}

impl Identity {
    /// Forgets the keys and tokens in `folder`: every phone has to be let in anew.
    ///
    /// # Errors
    /// [`LanError::Io`] if the file cannot be deleted.
    pub fn forget(folder: &Path) -> Result<(), LanError> {
        let path = folder.join(FILE);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(io(&path)(error)),
            _ => Ok(()),
        }
    }

    /// Reads the file in `folder`, makes what is missing, and a new server certificate where the addresses
    /// are others or the old one ends soon.
    pub(super) fn open(folder: &Path, addresses: &[IpAddr]) -> Result<Self, LanError> {
        let path = folder.join(FILE);
        let now = SystemTime::now();
        let kept = match fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text)
                .map(Some)
                .map_err(|error| LanError::Damaged {
                    path: path.clone(),
                    detail: error.message().to_owned(),
                })?,
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(io(&path)(error)),
        };
        let kept = match kept {
            Some(kept) if is_current(&kept, addresses, now) => kept,
            old => {
                let was_there = old.is_some();
                let new = renewed(old, addresses, now).map_err(|error| match error {
                    // Of the keys that were kept.
                    LanError::Certificate { detail } if was_there => LanError::Damaged {
                        path: path.clone(),
                        detail,
                    },
                    other => other,
                })?;
                let text = toml::to_string(&new).map_err(|error| LanError::Certificate {
                    detail: error.to_string(),
                })?;
                private_file::write(&path, &text).map_err(io(&path))?;
                new
            }
        };
        private_file::restrict(&path).map_err(io(&path))?;
        Self::of(&kept, &path)
    }

    fn of(kept: &Kept, path: &Path) -> Result<Self, LanError> {
        let damaged = |detail: &str| LanError::Damaged {
            path: path.to_owned(),
            detail: detail.to_owned(),
        };
        let certificate = |pem: &str| {
            CertificateDer::from_pem_slice(pem.as_bytes())
                .map_err(|_| damaged("a certificate is none"))
        };
        let token = |text: &str| Token::given(text).map_err(|_| damaged("a token is none"));
        let server = certificate(&kept.server_certificate)?;
        let authority = certificate(&kept.authority_certificate)?;
        let key = PrivateKeyDer::from_pem_slice(kept.server_key.as_bytes())
            .map_err(|_| damaged("a key is none"))?;
        let bytes = Sha256::digest(&server);
        let bytes: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
        Ok(Self {
            owner: token(&kept.owner_token)?,
            guest: token(&kept.guest_token)?,
            fingerprint: bytes.join(":"),
            authority_der: authority.to_vec(),
            // Fails for a key of another certificate.
            tls: tls(vec![server, authority], key)
                .map(Arc::new)
                .map_err(|error| damaged(&error.to_string()))?,
        })
    }
}

fn tls(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<rustls::ServerConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// Whether the server's certificate can be used on.
fn is_current(kept: &Kept, addresses: &[IpAddr], now: SystemTime) -> bool {
    let made = UNIX_EPOCH.checked_add(Duration::from_secs(kept.server_made_unix_seconds));
    let most = Duration::from_secs(u64::from(SERVER_DAYS - RENEWED_DAYS) * 24 * 3600);
    let age = made.and_then(|made| now.duration_since(made).ok());
    // An address that has gone does no harm.
    let holds = addresses
        .iter()
        .all(|address| kept.server_addresses.contains(address));
    holds && age.is_some_and(|age| age <= most)
}

/// The same tokens and authority, if there are, with a new certificate.
fn renewed(old: Option<Kept>, addresses: &[IpAddr], now: SystemTime) -> Result<Kept, LanError> {
    let kept = match old {
        Some(kept) => kept,
        None => new()?,
    };
    // Of a laptop that comes back to a network, a phone there still knows the certificate.
    let mut addresses = addresses.to_vec();
    let before = kept
        .server_addresses
        .iter()
        .filter(|old| !addresses.contains(old));
    let before: Vec<IpAddr> = before.copied().collect();
    addresses.extend(before);
    addresses.truncate(MOST_ADDRESSES);
    let server = certificate::server(&kept.authority_name, &kept.authority_key, &addresses, now)?;
    Ok(Kept {
        server_addresses: addresses,
        server_made_unix_seconds: now
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs()),
        server_certificate: server.certificate,
        server_key: server.key,
        ..kept
    })
}

/// New tokens and a new authority, without a server certificate.
fn new() -> Result<Kept, LanError> {
    let token = || {
        Token::random().map_err(|error: ServerError| LanError::Certificate {
            detail: error.to_string(),
        })
    };
    let mark: String = token()?
        .text()
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(6)
        .collect();
    // Told apart in a phone's list by the mark.
    let authority_name = format!("VibeluX at home {mark}");
    let authority = certificate::authority(&authority_name, SystemTime::now())?;
    Ok(Kept {
        owner_token: token()?.text().to_owned(),
        guest_token: token()?.text().to_owned(),
        authority_name,
        authority_certificate: authority.certificate,
        authority_key: authority.key,
        server_addresses: Vec::new(),
        server_made_unix_seconds: 0,
        server_certificate: String::new(),
        server_key: String::new(),
    })
}

fn io(path: &Path) -> impl Fn(std::io::Error) -> LanError {
    let path: PathBuf = path.to_owned();
    move |source| LanError::Io {
        path: path.clone(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn keys_stay_and_the_certificate_follows_the_addresses() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("keys");
        let first = Identity::open(&folder, &[address("127.0.0.2")]).unwrap();
        let same = Identity::open(&folder, &[address("127.0.0.2")]).unwrap();
        assert_eq!(
            (&first.fingerprint, first.owner.text(), first.guest.text()),
            (&same.fingerprint, same.owner.text(), same.guest.text())
        );
        assert_ne!(first.owner, first.guest);
        assert_eq!(first.fingerprint.len(), 32 * 3 - 1);
        let moved = Identity::open(&folder, &[address("192.168.1.7")]).unwrap();
        assert_ne!(first.fingerprint, moved.fingerprint);
        let back = Identity::open(&folder, &[address("127.0.0.2")]).unwrap();
        assert_eq!(back.fingerprint, moved.fingerprint);
        assert_eq!(
            (first.authority_der, first.owner),
            (moved.authority_der, moved.owner)
        );
        Identity::forget(&folder).unwrap();
        Identity::forget(&folder).unwrap();
        let other = Identity::open(&folder, &[address("192.168.1.7")]).unwrap();
        assert_ne!(same.owner, other.owner);
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_the_keys() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        Identity::open(dir.path(), &[address("127.0.0.2")]).unwrap();
        let file = dir.path().join(FILE);
        let mode = || fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(), 0o600);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        Identity::open(dir.path(), &[address("127.0.0.2")]).unwrap();
        assert_eq!(mode(), 0o600);
    }

    #[test]
    fn a_certificate_is_renewed_before_it_ends() {
        let addresses = [address("127.0.0.2")];
        let now = SystemTime::now();
        let kept = renewed(None, &addresses, now).unwrap();
        let days = |days: u64| now + Duration::from_secs(days * 24 * 3600);
        assert!(is_current(&kept, &addresses, days(300)));
        assert!(!is_current(&kept, &addresses, days(340)));
        // A clock that was wrong.
        assert!(!is_current(
            &kept,
            &addresses,
            now - Duration::from_secs(3600)
        ));
    }

    #[test]
    fn a_damaged_file_is_named_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE);
        Identity::open(dir.path(), &[address("127.0.0.2")]).unwrap();
        let whole = fs::read_to_string(&path).unwrap();
        let other = renewed(None, &[address("127.0.0.2")], SystemTime::now()).unwrap();
        let mixed = Kept {
            server_key: other.server_key,
            ..toml::from_str(&whole).unwrap()
        };
        for damaged in [
            "",
            "owner_token = 1",
            &whole[..whole.len() / 2],
            &whole.replace("BEGIN", "BEGAN"),
            &toml::to_string(&mixed).unwrap(),
        ] {
            fs::write(&path, damaged).unwrap();
            let error = Identity::open(dir.path(), &[address("127.0.0.2")])
                .map(drop)
                .unwrap_err();
            assert!(error.to_string().contains("lan.toml"), "{error}");
            assert_eq!(fs::read_to_string(&path).unwrap(), damaged);
        }
    }
}
