//! How to reach a node.

use std::time::Duration;

use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity};

use zeroize::Zeroizing;

use super::error::ClientError;
use super::url::{NodeUrl, NodeUrlError};

/// How a [`super::Client`] connects and how long it waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientOptions {
    /// PEM certificates of the authorities to trust, for `https` URLs; `None` for the system's.
    pub ca_certificates_pem: Option<Vec<u8>>,
    /// Who the client says it is, to a node that lets in those alone that an authority vouches for.
    pub identity: Option<ClientIdentity>,
    /// Name that the node's certificate must have, if it is not the host of the URL.
    pub server_name: Option<String>,
    /// Time limit for each call; streams of new blocks have none.
    pub timeout: Duration,
    /// Time limit for connecting.
    pub connect_timeout: Duration,
}

/// A client's certificate and key.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientIdentity {
    /// PEM certificates, the client's own first.
    pub certificates_pem: Vec<u8>,
    /// Its PEM private key.
    pub key_pem: Zeroizing<Vec<u8>>,
}

// By hand, so that the key does not come into a log.
impl std::fmt::Debug for ClientIdentity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientIdentity").finish_non_exhaustive()
    }
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            ca_certificates_pem: None,
            identity: None,
            server_name: None,
            timeout: TIMEOUT_DEFAULT,
            connect_timeout: CONNECT_TIMEOUT_DEFAULT,
        }
    }
}

impl ClientOptions {
    pub(super) fn endpoint(&self, url: &str) -> Result<Endpoint, ClientError> {
        let wrong = |source: tonic::transport::Error| ClientError::Endpoint {
            url: url.to_owned(),
            source: Box::new(source),
        };
        let node: NodeUrl = url.parse().map_err(|source: NodeUrlError| ClientError::Endpoint {
            url: url.to_owned(),
            source: source.into(),
        })?;
        let endpoint = Endpoint::from_shared(node.as_str().to_owned())
            .and_then(|endpoint| endpoint.user_agent(USER_AGENT))
            .map_err(wrong)?
            .connect_timeout(self.connect_timeout)
            .tcp_nodelay(true)
            .http2_keep_alive_interval(KEEP_ALIVE_INTERVAL)
            .keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
            .keep_alive_while_idle(false);
        if !node.is_https() {
            return Ok(endpoint);
        }
        endpoint.tls_config(self.tls()).map_err(wrong)
    }

    fn tls(&self) -> ClientTlsConfig {
        let tls = match &self.ca_certificates_pem {
            Some(pem) => ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem)),
            None => ClientTlsConfig::new().with_native_roots(),
        };
        let tls = match &self.identity {
            Some(own) => tls.identity(Identity::from_pem(&own.certificates_pem, &own.key_pem)),
            None => tls,
        };
        match &self.server_name {
            Some(name) => tls.domain_name(name),
            None => tls,
        }
    }
}

/// Time limit for each call if the caller sets none.
pub(super) const TIMEOUT_DEFAULT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT_DEFAULT: Duration = Duration::from_secs(10);
/// How soon a subscription notices that the node is gone.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(30);
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(10);
const USER_AGENT: &str = concat!("sanad/", env!("CARGO_PKG_VERSION"));
