//! Why a configuration is not taken.

use std::path::PathBuf;

use sanad_core::ids::MemberId;

use super::CONFIG_BYTES_MAX;

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration {path}: {source}; name it with --config")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is a directory, a pipe or a device.
    #[error("the configuration {path} is not a regular file")]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// The file is too long.
    #[error("the configuration {path} has more than {CONFIG_BYTES_MAX} bytes")]
    TooLong {
        /// The file.
        path: PathBuf,
    },
    /// The file is not TOML of the known fields.
    #[error("the configuration {path} is not right; configs/node.toml documents every field\n{source}")]
    Parse {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// One of the two TLS files is missing.
    #[error("api.tls_certificate and api.tls_key go together: set both for TLS, neither for plain text")]
    HalfTls,
    /// Clients are to show certificates, and there is no TLS.
    #[error("api.tls_client_ca needs api.tls_certificate and api.tls_key")]
    ClientsWithoutTls,
    /// HTTP is to speak TLS, and there is no certificate.
    #[error("http.tls needs api.tls_certificate and api.tls_key")]
    HttpTlsWithoutCertificate,
    /// A proxy protocol without a proxy.
    #[error("api.proxy_protocol is set, but api.trusted_proxies names no proxy")]
    NoProxies,
    /// A number is out of its range.
    #[error("{field} is {actual}, but must be from {min} to {max}")]
    Range {
        /// The field.
        field: &'static str,
        /// Its value.
        actual: u64,
        /// Least value.
        min: u64,
        /// Greatest value.
        max: u64,
    },
    /// Snapshots without a folder for them.
    #[error("snapshots.every_blocks is set, but snapshots.folder names no folder")]
    NoSnapshotFolder,
    /// A peer stands twice, or is the node itself.
    #[error("the peer {member} stands twice, or is this node itself")]
    Peer {
        /// The member.
        member: MemberId,
    },
}
