//! How to reach a node.

use std::time::Duration;

use tonic::transport::{Certificate, ClientTlsConfig, Endpoint};

use super::error::ClientError;
use super::url::{NodeUrl, NodeUrlError};

/// How a [`super::Client`] connects and how long it waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientOptions {
    /// PEM certificates of the authorities to trust, for `https` URLs; `None` for the system's.
    pub ca_certificates_pem: Option<Vec<u8>>,
    /// Name that the node's certificate must have, if it is not the host of the URL.
    pub server_name: Option<String>,
    /// Time limit for each call; streams of new blocks have none.
    pub timeout: Duration,
    /// Time limit for connecting.
    pub connect_timeout: Duration,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            ca_certificates_pem: None,
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
