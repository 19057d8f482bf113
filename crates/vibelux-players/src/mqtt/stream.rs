//! [`Stream`]: the bytes between us and a broker, over TCP or TLS.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::address::MqttAddress;
use super::error::MqttError;

/// For so long each address of a host is called: a second one may answer where the first does not.
const CALL: Duration = Duration::from_secs(4);

/// For so long a broker may leave us with what we want to say.
const WRITE: Duration = Duration::from_secs(5);

/// An open connection.
pub(super) struct Stream {
    inner: Box<dyn Bytes>,
    buffer: Box<[u8]>,
}

trait Bytes: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Bytes for T {}

impl Stream {
    pub(super) async fn open(
        address: &MqttAddress,
        tls: Option<&Arc<ClientConfig>>,
    ) -> Result<Self, MqttError> {
        let connect = |source| MqttError::Connect {
            address: address.clone(),
            source,
        };
        let stream = call(address.host(), address.port())
            .await
            .map_err(connect)?;
        // Messages are short, and none waits for the next.
        stream.set_nodelay(true).map_err(connect)?;
        match tls {
            None => Ok(Self::over(stream)),
            Some(config) => {
                let tls = |source| MqttError::Tls {
                    address: address.clone(),
                    source,
                };
                let name = ServerName::try_from(address.host().to_owned());
                let name = name.map_err(|error| tls(io::Error::other(error)))?;
                let connector = TlsConnector::from(Arc::clone(config));
                let stream = connector.connect(name, stream).await;
                stream.map(Self::over).map_err(tls)
            }
        }
    }

    /// One whose bytes go where they are told to.
    pub(super) fn over(inner: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Self {
        Self {
            inner: Box::new(inner),
            buffer: vec![0; 4096].into_boxed_slice(),
        }
    }

    /// What has come; nothing is lost if this is not waited for to its end.
    pub(super) async fn read(&mut self) -> io::Result<&[u8]> {
        let count = self.inner.read(&mut self.buffer).await?;
        if count == 0 {
            let error = io::ErrorKind::UnexpectedEof;
            return Err(io::Error::new(error, "the broker closed it"));
        }
        Ok(&self.buffer[..count])
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let write = async {
            self.inner.write_all(bytes).await?;
            self.inner.flush().await
        };
        timeout(WRITE, write).await.unwrap_or_else(|_| {
            let error = io::ErrorKind::TimedOut;
            Err(io::Error::new(error, "the broker takes nothing"))
        })
    }

    pub(super) async fn close(mut self) {
        // Whether it still hears that does not matter.
        let _ = self.inner.shutdown().await;
    }
}

async fn call(host: &str, port: u16) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    for address in tokio::net::lookup_host((host, port)).await? {
        match timeout(CALL, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => last = error,
            Err(_) => last = io::Error::new(io::ErrorKind::TimedOut, "nobody answers in time"),
        }
    }
    Err(last)
}

/// Trusts the authorities of a PEM file, or the public ones.
pub(super) fn trust(pem: Option<&[u8]>) -> Result<Arc<ClientConfig>, MqttError> {
    let mut roots = RootCertStore::empty();
    match pem {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(pem) => {
            for certificate in CertificateDer::pem_slice_iter(pem) {
                let certificate = certificate.map_err(|_| MqttError::Authority)?;
                roots.add(certificate).map_err(|_| MqttError::Authority)?;
            }
            if roots.is_empty() {
                return Err(MqttError::Authority);
            }
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| MqttError::Authority)?;
    let config = builder.with_root_certificates(roots);
    Ok(Arc::new(config.with_no_client_auth()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_is_no_authority() {
        for pem in [
            &b""[..],
            b"nonsense",
            b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            b"-----BEGIN CERTIFICATE-----\n",
        ] {
            assert!(matches!(trust(Some(pem)), Err(MqttError::Authority)));
        }
        assert!(trust(None).is_ok());
    }
}
