//! Where a peer listens: an address, or a name to resolve.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// Where a peer listens. A name is resolved again at each dial.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum HostPort {
    /// An IP address and a port.
    Ip(SocketAddr),
    /// A name of the DNS, or of the hosts file, and a port.
    Name(String, u16),
}

/// A text is not `host:port`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not HOST:PORT, where HOST is a name, an IPv4 address, or an IPv6 address in brackets")]
pub struct HostPortError {
    /// The text.
    pub text: String,
}

impl HostPort {
    /// The port.
    pub fn port(&self) -> u16 {
        match self {
            Self::Ip(address) => address.port(),
            Self::Name(_, port) => *port,
        }
    }

    /// The address, unless it is a name.
    pub fn ip(&self) -> Option<SocketAddr> {
        match self {
            Self::Ip(address) => Some(*address),
            Self::Name(..) => None,
        }
    }
}

impl From<SocketAddr> for HostPort {
    fn from(address: SocketAddr) -> Self {
        Self::Ip(address)
    }
}

impl std::str::FromStr for HostPort {
    type Err = HostPortError;

    fn from_str(text: &str) -> Result<Self, HostPortError> {
        if let Ok(address) = text.parse() {
            return Ok(Self::Ip(address));
        }
        let wrong = || HostPortError { text: text.to_owned() };
        let (name, port) = text.rsplit_once(':').ok_or_else(wrong)?;
        let port = port.parse().map_err(|_| wrong())?;
        // RFC 1123 2.1; a last label of digits alone would be an IPv4 address that is not right.
        let is_label = |label: &str| {
            (1..=LABEL_BYTES_MAX).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        };
        let is_number = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
        let labels = name.strip_suffix('.').unwrap_or(name);
        let is_name = name.len() <= NAME_BYTES_MAX
            && labels.split('.').all(is_label)
            && !labels.rsplit('.').next().is_some_and(is_number);
        if is_name { Ok(Self::Name(name.to_ascii_lowercase(), port)) } else { Err(wrong()) }
    }
}

impl TryFrom<String> for HostPort {
    type Error = HostPortError;

    fn try_from(text: String) -> Result<Self, HostPortError> {
        text.parse()
    }
}

impl From<HostPort> for String {
    fn from(address: HostPort) -> Self {
        address.to_string()
    }
}

impl std::fmt::Display for HostPort {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Ip(address) => address.fmt(f),
            Self::Name(name, port) => write!(f, "{name}:{port}"),
        }
    }
}

/// Longest name of a host and longest label in it, in bytes (RFC 1035 2.3.4).
const NAME_BYTES_MAX: usize = 253;
const LABEL_BYTES_MAX: usize = 63;
