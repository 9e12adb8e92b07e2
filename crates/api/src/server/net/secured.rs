//! TLS below HTTP. tonic's own speaks HTTP/2 alone, and many a script speaks HTTP/1.1.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig, crypto};
use tokio_rustls::server::TlsStream;
use tokio_rustls::{Accept, TlsAcceptor};
use tonic::transport::server::Connected;

use super::connection::{Connection, ConnectionInfo};
use crate::server::config::TlsIdentity;

/// What secures connections.
#[derive(Clone)]
pub(in crate::server) struct Tls {
    acceptor: TlsAcceptor,
    handshake_timeout: Duration,
}

/// A connection, in plain text or not. Its handshake is made by whoever reads first, so that it delays no other.
pub(in crate::server) struct Secured {
    state: State,
    info: ConnectionInfo,
}

enum State {
    Plain(Connection),
    Handshake(Box<Accept<Connection>>, Pin<Box<Sleep>>),
    Secure(Box<TlsStream<Connection>>),
    Failed,
}

/// Why certificate or key cannot be used.
#[derive(Debug, thiserror::Error)]
pub(in crate::server) enum TlsError {
    #[error("there is no certificate")]
    NoCertificate,
    #[error("this is not PEM of a certificate or key")]
    Pem(#[from] tokio_rustls::rustls::pki_types::pem::Error),
    #[error("certificate and key do not fit")]
    Identity(#[from] tokio_rustls::rustls::Error),
    #[error("the authorities of clients cannot be used")]
    Authorities(#[from] tokio_rustls::rustls::server::VerifierBuilderError),
}

impl Tls {
    pub(in crate::server) fn new(
        identity: &TlsIdentity,
        handshake_timeout: Duration,
    ) -> Result<Self, TlsError> {
        let provider = Arc::new(crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?;
        let builder = match &identity.client_authorities_pem {
            None => builder.with_no_client_auth(),
            Some(pem) => {
                let mut roots = RootCertStore::empty();
                roots.add_parsable_certificates(certificates(pem)?);
                builder.with_client_cert_verifier(
                    WebPkiClientVerifier::builder_with_provider(roots.into(), provider).build()?,
                )
            }
        };
        let chain = certificates(&identity.certificates_pem)?;
        let mut config =
            builder.with_single_cert(chain, PrivateKeyDer::from_pem_slice(&identity.key_pem)?)?;
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), handshake_timeout })
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>()?;
    if found.is_empty() { Err(TlsError::NoCertificate) } else { Ok(found) }
}

impl Secured {
    /// In plain text without `tls`.
    pub(in crate::server) fn new(connection: Connection, tls: Option<&Tls>) -> Self {
        let info = connection.connect_info();
        let state = match tls {
            None => State::Plain(connection),
            Some(tls) => State::Handshake(
                Box::new(tls.acceptor.accept(connection)),
                Box::pin(tokio::time::sleep(tls.handshake_timeout)),
            ),
        };
        Self { state, info }
    }

    /// The stream, once its handshake is made.
    fn poll_stream(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Pin<&mut dyn Stream>>> {
        if let State::Handshake(accept, timeout) = &mut self.state {
            if timeout.as_mut().poll(context).is_ready() {
                self.state = State::Failed;
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            let made = ready!(Pin::new(accept.as_mut()).poll(context));
            self.state = State::Failed;
            self.state = State::Secure(Box::new(made?));
        }
        Poll::Ready(match &mut self.state {
            State::Plain(stream) => Ok(Pin::new(stream)),
            State::Secure(stream) => Ok(Pin::new(stream.as_mut())),
            State::Handshake(..) | State::Failed => Err(io::ErrorKind::NotConnected.into()),
        })
    }
}

trait Stream: AsyncRead + AsyncWrite + Unpin {}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream for S {}

impl Connected for Secured {
    type ConnectInfo = ConnectionInfo;

    fn connect_info(&self) -> ConnectionInfo {
        self.info.clone()
    }
}

impl AsyncRead for Secured {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_stream(context))?.poll_read(context, buffer)
    }
}

impl AsyncWrite for Secured {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_stream(context))?.poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_stream(context))?.poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_stream(context))?.poll_shutdown(context)
    }
}

/// Names of HTTP/2 and HTTP/1.1 in a handshake (RFC 7301 6).
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];
