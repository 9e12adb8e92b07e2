//! What a handshake says of a server: why its certificate is not accepted, and whether it speaks TLS at all.

use std::io::{Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::sync::Arc;
use std::time::Duration;

use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{self, CertificateError, ClientConfig, ClientConnection, RootCertStore, crypto};

use super::url::NodeUrl;

/// Why the certificate of a node is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateFault {
    /// No authority that is trusted vouches for it.
    #[error(
        "no authority that is trusted here vouches for it; if you know the one that does, or the certificate itself, give its file by \
         --ca FILE (or SANAD_NODE_CA)"
    )]
    UnknownIssuer,
    /// It is for other names.
    #[error("it is not for that name{}; give the node by a name in its certificate", for_names(.names))]
    OtherName {
        /// The names that it is for, if it says so.
        names: Vec<String>,
    },
    /// It has ended.
    #[error(
        "it has expired; the node's operator has to renew it (or this machine's clock is wrong). --ca FILE does not help"
    )]
    Expired,
    /// It has not begun.
    #[error("it is not valid yet; this machine's clock may be wrong, or the node's was when it was made")]
    NotYetValid,
    /// It is an authority's, and serves as a node's.
    #[error(
        "it is the certificate of an authority, which no server may show; the node's operator has to make one for the server, and \
         --ca FILE then names the authority's"
    )]
    Authority,
    /// Something else, in the words of the TLS library.
    #[error("{0}; --ca FILE names the authority that vouches for it, if it is sound")]
    Other(String),
}

fn for_names(names: &[String]) -> String {
    match names {
        [] => String::new(),
        names => format!(", but for {}", names.join(", ")),
    }
}

impl From<&CertificateError> for CertificateFault {
    fn from(error: &CertificateError) -> Self {
        match error {
            // The signature does not fit an authority of the same name.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => Self::UnknownIssuer,
            CertificateError::NotValidForName => Self::OtherName { names: Vec::new() },
            CertificateError::NotValidForNameContext { presented, .. } => {
                let names = presented.iter().take(NAMES_MAX).map(|name| clipped(name)).collect();
                Self::OtherName { names }
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Self::NotYetValid,
            other => match other.to_string() {
                text if text.contains(AS_END_ENTITY) => Self::Authority,
                text => Self::Other(clipped(&text)),
            },
        }
    }
}

/// The certificate fault among the causes of an error.
pub(super) fn certificate_fault(error: &(dyn std::error::Error + 'static)) -> Option<CertificateFault> {
    match rustls_error(error)? {
        rustls::Error::InvalidCertificate(error) => Some(error.into()),
        _ => None,
    }
}

/// The error of the TLS library among the causes of an error.
fn rustls_error<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.into_iter().find_map(|error| {
        // An I/O error's source is that of what it holds.
        let held = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        error.downcast_ref().or_else(|| held?.downcast_ref())
    })
}

/// The URL of the same place with the other scheme, if that is what the server there speaks: `https` for an `http` URL, and the
/// reverse. Asks it, and waits for `timeout` at most for each of connection and answer; for the sake of an error's words.
pub fn other_scheme(url: &str, timeout: Duration) -> Option<String> {
    let url: NodeUrl = url.parse().ok()?;
    let (host, port) = url.host_and_port();
    let address = (host.trim_matches(['[', ']']), port).to_socket_addrs().ok()?.next()?;
    let stream = TcpStream::connect_timeout(&address, timeout).ok()?;
    stream.set_read_timeout(Some(timeout)).ok()?;
    stream.set_write_timeout(Some(timeout)).ok()?;
    let is_other = match url.is_https() {
        true => speaks_http(stream),
        false => speaks_tls(stream, host),
    };
    let scheme = if url.is_https() { "http" } else { "https" };
    let (_, place) = url.as_str().split_once("://")?;
    is_other.then(|| format!("{scheme}://{place}"))
}

fn speaks_http(mut stream: TcpStream) -> bool {
    // What every version of HTTP before 2 answers; and one that expects HTTP/2 says so.
    let mut answer = [0; 9];
    let asked = stream.write_all(b"GET / HTTP/1.1\r\nHost: sanad\r\nConnection: close\r\n\r\n");
    if asked.is_err() || stream.read_exact(&mut answer).is_err() {
        return false;
    }
    // The type of the first frame (RFC 9113 6.5).
    answer.starts_with(b"HTTP/1.") || answer[3] == 4
}

fn speaks_tls(mut stream: TcpStream, host: &str) -> bool {
    let name = host.trim_matches(['[', ']']).to_owned();
    let Ok(name) = ServerName::try_from(name) else { return false };
    let builder = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()));
    let Ok(builder) = builder.with_safe_default_protocol_versions() else { return false };
    // Nobody is trusted, and nothing is said over the connection.
    let config = builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth();
    let Ok(mut connection) = ClientConnection::new(Arc::new(config), name) else { return false };
    match connection.complete_io(&mut stream) {
        Ok(_) => true,
        Err(error) => matches!(
            rustls_error(&error),
            Some(rustls::Error::InvalidCertificate(_) | rustls::Error::AlertReceived(_))
        ),
    }
}

/// A text that a stranger chose, fit to be shown.
fn clipped(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(NAME_CHARACTERS_MAX).collect()
}

/// What webpki says of an authority's certificate in the place of a server's.
const AS_END_ENTITY: &str = "CaUsedAsEndEntity";
/// Names of a certificate that an error lists.
const NAMES_MAX: usize = 8;
const NAME_CHARACTERS_MAX: usize = 256;
