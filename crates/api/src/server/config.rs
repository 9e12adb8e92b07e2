//! How the server is set up.

use std::time::Duration;

use ipnet::IpNet;

use super::http::SiteFile;
use super::stats::ServerStats;

/// How [`super::serve()`] serves.
#[derive(Clone, Debug, Default)]
pub struct ServerConfig {
    /// Certificate and key of the gRPC service; plain text without. Plain text is for loopback and for a proxy on the same machine.
    pub tls: Option<TlsIdentity>,
    /// Certificate and key of the reads over HTTP; plain text without.
    pub http_tls: Option<TlsIdentity>,
    /// Web pages that may call with gRPC-web.
    pub web_origins: WebOrigins,
    /// Reverse proxies. Their connections are not limited by address, and their calls count for the address that the
    /// header `X-Forwarded-For` names. They must set that header, or add to it.
    pub trusted_proxies: Vec<IpNet>,
    /// Whether each connection of a trusted proxy begins with a header of the PROXY protocol, version 1 or 2, that names the
    /// caller. One without it is closed.
    pub proxy_protocol: bool,
    /// Limits. They hold for gRPC and HTTP together.
    pub limits: Limits,
    /// Files that are served over HTTP beside the reads.
    pub site: Vec<SiteFile>,
    /// Where calls are counted.
    pub stats: ServerStats,
}

/// Who the server says it is.
#[derive(Clone, PartialEq, Eq)]
pub struct TlsIdentity {
    /// PEM certificates, the server's own first.
    pub certificates_pem: Vec<u8>,
    /// Its PEM private key (PKCS #8, PKCS #1 or SEC 1).
    pub key_pem: Vec<u8>,
    /// PEM certificates of the authorities that vouch for callers: who has no certificate of theirs is not let in. `None` lets
    /// everyone in.
    pub client_authorities_pem: Option<Vec<u8>>,
}

// By hand, so that the key does not come into a log.
impl std::fmt::Debug for TlsIdentity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TlsIdentity").finish_non_exhaustive()
    }
}

/// Web pages that browsers let call the server (CORS). No call carries credentials, so that any page may read
/// what anyone may read; a batch counts by its signature alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum WebOrigins {
    /// Pages of the server's own origin alone.
    #[default]
    SameOrigin,
    /// Every page.
    Any,
    /// Pages of these origins (`https://verify.example`), and of the server's own.
    These(Vec<String>),
}

/// Server resource limits. A limit that is reached is an error that says so, never a silent wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once. One more takes the place of one that has no call under way, if there is one.
    pub connections: usize,
    /// Connections at once from one address.
    pub connections_per_address: usize,
    /// Connections that one address may open a second, on average; a proxy's are not counted.
    pub address_connections_per_second: u32,
    /// Connections that one address may open at once after a rest.
    pub address_connections_burst: u32,
    /// Time in which a connection must say which protocol it speaks, and end its TLS handshake.
    pub handshake_timeout: Duration,
    /// Time that a connection may be without a call before it is closed.
    pub idle_timeout: Duration,
    /// Streams (calls) at once on one connection (HTTP/2).
    pub streams_per_connection: u32,
    /// Calls a second on one connection, on average.
    pub calls_per_second: u32,
    /// Calls that one connection may make at once after a rest.
    pub calls_burst: u32,
    /// Calls a second from one address, on all its connections, on average.
    pub address_calls_per_second: u32,
    /// Calls that one address may make at once after a rest.
    pub address_calls_burst: u32,
    /// Calls at once on all connections, from the first byte of the request to the last byte of the answer.
    pub calls: usize,
    /// Bytes at once of answers of one message that wait to be read, on all connections; shorter ones than 4 KiB do not
    /// count. An answer that would be beyond it is refused.
    pub answer_bytes: usize,
    /// Reads of the ledger at once; others wait for their turn until their deadline.
    pub reads: usize,
    /// Answers to `GetStatuses`, `GetBatchProofs`, `GetGovernance`, `GetTrustFile`, and to `GetMember` and `ListMembers` as of
    /// a height, at once; each may hold some 7 MB, a trust file of a large consortium or a thousand long proposals more.
    pub batch_proofs: usize,
    /// Subscriptions and answers to `GetCompleteness` at once; each may hold three blocks. Health watches and reflection
    /// count, too.
    pub subscriptions: usize,
    /// Subscriptions at once on one connection.
    pub subscriptions_per_connection: usize,
    /// How much of `calls`, `answer_bytes`, `batch_proofs` and `subscriptions` one address may have, in percent, and at
    /// least one; an IPv6 address is a /64.
    pub address_percent: usize,
    /// As `address_percent`, for a network: an IPv4 /24 or an IPv6 /48. Of `connections`, too.
    pub network_percent: usize,
    /// Time for a call whose caller names no deadline.
    pub call_timeout: Duration,
    /// Most time for a call, whatever deadline its caller names; subscriptions have none.
    pub call_timeout_max: Duration,
    /// How long a reader of a stream may take for one message before the stream ends, and how long a caller may take
    /// nothing of an answer before its connection is cut.
    pub stall_timeout: Duration,
    /// Time for calls to end after the shutdown began.
    pub shutdown_grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1024,
            connections_per_address: 64,
            address_connections_per_second: 40,
            address_connections_burst: 400,
            handshake_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(120),
            streams_per_connection: 64,
            calls_per_second: 200,
            calls_burst: 400,
            address_calls_per_second: 4_000,
            address_calls_burst: 8_000,
            calls: 1024,
            answer_bytes: 256 << 20,
            reads: 32,
            batch_proofs: 8,
            subscriptions: 64,
            subscriptions_per_connection: 8,
            address_percent: 25,
            network_percent: 50,
            call_timeout: Duration::from_secs(30),
            call_timeout_max: Duration::from_secs(300),
            stall_timeout: Duration::from_secs(30),
            shutdown_grace: Duration::from_secs(10),
        }
    }
}
