//! [`PostgresAddress`]: `postgres://user@host/database`, and how one connects there.

use std::fmt;
use std::net::IpAddr;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use postgres::Client;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::store::DatabaseError;

/// The environment variable with a password that should not be in an address, as all programs for PostgreSQL know it.
const PASSWORD: &str = "PGPASSWORD";

/// The same for a file of certificates to trust beside those of the public authorities.
const ROOTS: &str = "PGSSLROOTCERT";

/// Where a library on a PostgreSQL server is: a URL as `libpq` defines it, with `host`, `port`, `sslmode`, `options` and so on.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresAddress {
    url: String,
}

impl PostgresAddress {
    /// The address with its password, for other programs on this machine.
    #[must_use]
    pub fn with_password(&self) -> &str {
        &self.url
    }

    /// What is needed to connect. A server on this machine is spoken to without TLS unless the address asks for it.
    ///
    /// # Errors
    /// None that an address which was parsed can have.
    pub fn config(&self) -> Result<Config, postgres::Error> {
        let mut config: Config = self.url.parse()?;
        if config.get_password().is_none()
            && let Ok(password) = std::env::var(PASSWORD)
        {
            config.password(password);
        }
        if config.get_application_name().is_none() {
            config.application_name("vibelux");
        }
        // `prefer` is what a URL without `sslmode` means.
        if config.get_ssl_mode() == SslMode::Prefer && config.get_hosts().iter().all(is_here) {
            config.ssl_mode(SslMode::Disable);
        }
        Ok(config)
    }

    /// A connection.
    pub(super) fn connect(&self) -> Result<Client, DatabaseError> {
        let config = postgres::Config::from(self.config()?);
        Ok(config.connect(tls()?)?)
    }
}

fn is_here(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

/// TLS that trusts the public authorities, and the certificates of the file that the environment names.
fn tls() -> Result<MakeRustlsConnect, DatabaseError> {
    let mut roots = RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    if let Some(file) = std::env::var_os(ROOTS).filter(|file| !file.is_empty()) {
        let said = |error: &dyn fmt::Display| {
            let file = Path::new(&file).display();
            DatabaseError::server(format!("{ROOTS}: {file} holds no certificates: {error}"))
        };
        let certificates = CertificateDer::pem_file_iter(&file).map_err(|error| said(&error))?;
        for certificate in certificates {
            let certificate = certificate.map_err(|error| said(&error))?;
            roots.add(certificate).map_err(|error| said(&error))?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| DatabaseError::server(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

/// What is wrong with an address.
#[derive(Debug, thiserror::Error)]
#[error(
    "{shown} is no address of a PostgreSQL server ({source}); write postgres://USER@HOST/DATABASE"
)]
pub struct BadPostgresAddress {
    shown: String,
    source: postgres::Error,
}

impl FromStr for PostgresAddress {
    type Err = BadPostgresAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parsed = text.parse::<Config>();
        parsed.map_err(|source| BadPostgresAddress {
            shown: without_password(text),
            source,
        })?;
        let url = text.to_owned();
        Ok(Self { url })
    }
}

/// Without the password.
impl fmt::Display for PostgresAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&without_password(&self.url))
    }
}

/// Without the password.
impl fmt::Debug for PostgresAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgresAddress({self})")
    }
}

/// A URL as it may be shown: what stands between the user's name and the host is left out, and so are parameters.
fn without_password(url: &str) -> String {
    let url = url.split_once('?').map_or(url, |(before, _)| before);
    let Some((scheme, rest)) = url.split_once("://") else {
        return "the address".to_owned();
    };
    // A password may hold an @ of its own, so the last one counts.
    match rest.rsplit_once('@') {
        Some((who, place)) => {
            let user = who.split_once(':').map_or(who, |(user, _)| user);
            format!("{scheme}://{user}@{place}")
        }
        None => format!("{scheme}://{rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_shown_nowhere() {
        for (url, shown) in [
            ("postgres://me:secret@db/music", "postgres://me@db/music"),
            (
                "postgres://me:sec@ret@db:5433/music?sslmode=require",
                "postgres://me@db:5433/music",
            ),
            (
                "postgresql://db/music?user=me&password=secret",
                "postgresql://db/music",
            ),
        ] {
            let address: PostgresAddress = url.parse().unwrap();
            assert_eq!(address.to_string(), shown);
            assert!(!format!("{address:?}").contains("secret"));
        }
        let error = "postgres://me:secret@db:port/music"
            .parse::<PostgresAddress>()
            .unwrap_err();
        let said = error.to_string();
        assert!(
            said.contains("postgres://me@db") && !said.contains("secret"),
            "{said}"
        );
    }

    #[test]
    fn a_server_on_this_machine_needs_no_certificate() {
        for (url, mode) in [
            ("postgres://localhost/music", SslMode::Disable),
            ("postgres://127.0.0.2/music", SslMode::Disable),
            ("postgres:///music?host=/run/postgresql", SslMode::Disable),
            (
                "postgres://localhost/music?sslmode=require",
                SslMode::Require,
            ),
            ("postgres://db/music", SslMode::Prefer),
        ] {
            let address: PostgresAddress = url.parse().unwrap();
            assert_eq!(address.config().unwrap().get_ssl_mode(), mode, "{url}");
        }
    }
}
