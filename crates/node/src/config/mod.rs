//! The node's configuration: file, then environment, then flags; later ones win.
//!
//! Names nothing else of this crate: `fuzz/` compiles this file alone.

use std::io::Read as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use sanad_core::ids::MemberId;
use sanad_core::signature::PublicKey;
use serde::{Deserialize, Serialize};

/// Longest configuration file, in bytes (1 MiB).
pub const CONFIG_BYTES_MAX: u64 = 1 << 20;

/// Everything that an operator can set. Paths are relative to the file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The chain's genesis file. All nodes of a chain have the same one.
    pub genesis: PathBuf,
    /// Directory of the ledger, the consensus log and the signing guard. Made by `sanad-node init`.
    pub data_dir: PathBuf,
    /// The member that runs this node.
    pub member: MemberId,
    /// Where the node's secret keys are.
    pub keys: Keys,
    /// The gRPC service.
    pub api: Api,
    /// Reads over HTTP.
    #[serde(default)]
    pub http: Http,
    /// Metrics and health.
    #[serde(default)]
    pub admin: Admin,
    /// The consensus engine.
    pub consensus: Consensus,
    /// The exchange of batches between nodes.
    pub gossip: Gossip,
    /// Where to begin, and peers that are elsewhere than the register says. The peers are the nodes of the register's members,
    /// at the addresses that it states.
    #[serde(default)]
    pub peers: Vec<Peer>,
    /// Limits of the batch pool.
    #[serde(default)]
    pub pool: Pool,
    /// The ledger on disk.
    #[serde(default)]
    pub storage: Storage,
    /// Snapshots for nodes that join.
    #[serde(default)]
    pub snapshots: Snapshots,
    /// When a node that hangs ends itself.
    #[serde(default)]
    pub watchdog: Watchdog,
    /// Logs.
    #[serde(default)]
    pub log: Log,
    /// What the operator should know of how this came about. Not in the file.
    #[serde(skip)]
    pub notes: Vec<String>,
}

/// Key files, as made by `sanad key new`, and what opens them.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    /// Key that signs votes. Leave it out on a node that only follows. Never use one on two machines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consensus: Option<PathBuf>,
    /// Key of the node in the peer-to-peer networks.
    pub network: PathBuf,
    /// File whose first line is the passphrase of the key files. Else `SANAD_PASSPHRASE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passphrase_file: Option<PathBuf>,
}

/// The gRPC service.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Api {
    /// Address to listen on; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// Certificate chain (PEM) for TLS; needs `tls_key`. Without both, the service is plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_certificate: Option<PathBuf>,
    /// Private key (PEM) of the certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_key: Option<PathBuf>,
    /// Certificates (PEM) of authorities: only callers with a certificate of theirs are let in. Needs the other two. None: TLS
    /// asks nobody who they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_client_ca: Option<PathBuf>,
    /// Connections at once; fewer if the limit of open files is too low. One more takes the place of an idle one.
    #[serde(default = "connections_max")]
    pub connections_max: usize,
    /// Addresses or networks (`10.0.0.0/8`) of reverse proxies. Their connections are not limited by address, and each
    /// call counts for the address that the proxy names in `X-Forwarded-For`. Danger: an address that is no proxy's may
    /// claim to be anyone.
    #[serde(default)]
    pub trusted_proxies: Vec<IpNet>,
    /// Whether the trusted proxies begin each connection with a header of the PROXY protocol (version 1 or 2), which names the
    /// caller. Then one without it is closed.
    #[serde(default)]
    pub proxy_protocol: bool,
    /// Connections at once from one address.
    #[serde(default = "connections_per_address_max")]
    pub connections_per_address_max: usize,
    /// Connections that one address may open a second, on average; those beyond it are closed at once. Not a trusted
    /// proxy's.
    #[serde(default = "address_connections_per_second_max")]
    pub address_connections_per_second_max: u32,
    /// Connections that one address may open at once after a rest.
    #[serde(default = "address_connections_burst_max")]
    pub address_connections_burst_max: u32,
    /// Time in which a connection must say which protocol it speaks and end its TLS handshake, in milliseconds.
    #[serde(default = "handshake_timeout_ms")]
    pub handshake_timeout_ms: u64,
    /// Time after which a connection without a call is closed, in milliseconds.
    #[serde(default = "idle_timeout_ms")]
    pub idle_timeout_ms: u64,
    /// Web pages of other origins that may call from a browser, such as `https://verify.example`; `*` for every page.
    /// No call carries credentials, so that this opens nothing that others cannot read.
    #[serde(default)]
    pub web_origins: Vec<String>,
    /// Calls at once on one connection.
    #[serde(default = "streams_per_connection_max")]
    pub streams_per_connection_max: u32,
    /// Calls a second on one connection, on average. Not of a proxy's.
    #[serde(default = "calls_per_second_max")]
    pub calls_per_second_max: u32,
    /// Calls that one connection may make at once after a rest.
    #[serde(default = "calls_burst_max")]
    pub calls_burst_max: u32,
    /// Calls a second from one address, on all its connections, on average.
    #[serde(default = "address_calls_per_second_max")]
    pub address_calls_per_second_max: u32,
    /// Calls that one address may make at once after a rest.
    #[serde(default = "address_calls_burst_max")]
    pub address_calls_burst_max: u32,
    /// Time for a call whose caller names no deadline, in milliseconds.
    #[serde(default = "call_timeout_ms")]
    pub call_timeout_ms: u64,
    /// Most time for a call, whatever deadline its caller names, in milliseconds. Subscriptions have none.
    #[serde(default = "call_timeout_max_ms")]
    pub call_timeout_max_ms: u64,
    /// Time for calls to end when the node stops, in milliseconds.
    #[serde(default = "shutdown_grace_ms")]
    pub shutdown_grace_ms: u64,
    /// Reads of the ledger at once; others wait for their turn.
    #[serde(default = "reads_max")]
    pub reads_max: usize,
    /// Calls at once, from the first byte of the request to the last byte of the answer. A submission that waits for its
    /// block is a call.
    #[serde(default = "calls_max")]
    pub calls_max: usize,
    /// Batch proofs, lists of statuses, trust files, answers about governance and about members of the past, and pieces of
    /// snapshots at once. Each may take some 8 MB of memory; the manifest of a snapshot of some hundred GB, 16 MB.
    #[serde(default = "batch_proofs_max")]
    pub batch_proofs_max: usize,
    /// Subscriptions, completeness lists, health watches and reflection streams at once. Each may take three blocks of
    /// memory.
    #[serde(default = "subscriptions_max")]
    pub subscriptions_max: usize,
    /// Subscriptions at once on one connection.
    #[serde(default = "subscriptions_per_connection_max")]
    pub subscriptions_per_connection_max: usize,
    /// Bytes at once of answers that callers have not read yet. Memory of about twice that size is used when they read
    /// nothing.
    #[serde(default = "answer_bytes_max")]
    pub answer_bytes_max: usize,
    /// Time after which a caller that takes nothing of its answer is cut off, in milliseconds.
    #[serde(default = "stall_timeout_ms")]
    pub stall_timeout_ms: u64,
    /// How much of `calls_max`, `batch_proofs_max`, `subscriptions_max` and `answer_bytes_max` one address may have at
    /// once, in percent. An IPv6 address is a /64.
    #[serde(default = "address_percent_max")]
    pub address_percent_max: u8,
    /// As `address_percent_max`, for a network: an IPv4 /24 or an IPv6 /48. Of the connections, too.
    #[serde(default = "network_percent_max")]
    pub network_percent_max: u8,
}

/// Reads over HTTP, and the verifier's page. The limits of `api` hold for both together, its trusted proxies for both.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// Address to listen on; port 0 lets the system choose. None without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listen: Option<SocketAddr>,
    /// Whether it speaks TLS with certificate and key of `api`; nobody is asked for a certificate of theirs. Plain text is for
    /// loopback and for a proxy that ends TLS.
    #[serde(default)]
    pub tls: bool,
}

/// Metrics and health, for the operator alone.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Admin {
    /// Address to listen on for `/metrics`, `/livez` and `/readyz`; port 0 lets the system choose. None without it.
    /// Danger: whoever reaches it reads the metrics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listen: Option<SocketAddr>,
}

/// The consensus engine.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consensus {
    /// Address to listen on for votes and proposals.
    pub listen: SocketAddr,
    /// Time a proposer has to propose, in milliseconds. Too short on a slow network, and rounds are lost.
    #[serde(default = "timeout_propose_ms")]
    pub timeout_propose_ms: u64,
    /// Time to wait for votes to agree after a quorum voted, in milliseconds.
    #[serde(default = "timeout_vote_ms")]
    pub timeout_vote_ms: u64,
    /// Connections at once that others have begun, and as many handshakes; the engine rounds it up to a multiple of four.
    /// There are 8 for each peer at least.
    #[serde(default = "inbound_connections_max")]
    pub inbound_connections_max: u32,
    /// Connections at once with one peer; the engine rounds it up to a multiple of four.
    #[serde(default = "consensus_connections_per_peer_max")]
    pub connections_per_peer_max: u32,
}

/// The exchange of batches between nodes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gossip {
    /// Address to listen on for batches of other nodes.
    pub listen: SocketAddr,
    /// Connections at once with one peer: each may have dialled the other, and one that broke may not be known yet.
    #[serde(default = "connections_per_peer_max")]
    pub connections_per_peer_max: u32,
    /// Requests of one peer that are answered at once. Each may take a megabyte of memory.
    #[serde(default = "requests_per_peer_max")]
    pub requests_per_peer_max: usize,
    /// Handshakes under way at once from all addresses that are not a peer's.
    #[serde(default = "handshakes_max")]
    pub handshakes_max: usize,
    /// Time in which a connection must be encrypted and its peer known, in milliseconds.
    #[serde(default = "gossip_handshake_timeout_ms")]
    pub handshake_timeout_ms: u64,
    /// Bytes a second that are taken from one peer, on average; more have to wait.
    #[serde(default = "peer_bytes_per_second_max")]
    pub peer_bytes_per_second_max: u64,
}

/// Another node. Its keys are those that the register states of the member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Peer {
    /// The member that runs it.
    pub member: MemberId,
    /// Its `consensus.listen`, as seen from here.
    pub consensus: HostPort,
    /// Its `gossip.listen`, as seen from here.
    pub gossip: HostPort,
    /// Its network key, where this node's ledger may be older than the key: without it, a new node cannot tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_key: Option<PublicKey>,
}

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

/// Limits of the batch pool.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pool {
    /// Bytes of all batches that wait. Memory of about that size is used when it is full. An issuer may use what others
    /// leave free; in a full pool it gives way to those that use less. Of a block it gets one batch, and more only within
    /// an eighth.
    pub bytes_max: usize,
    /// How much of `bytes_max` the batches of one issuer may take, in percent, even if others leave it free.
    pub issuer_percent_max: u8,
    /// Batches of one issuer that wait.
    pub batches_per_issuer_max: usize,
    /// Time after which a batch that found no block is dropped, in milliseconds.
    pub age_max_ms: u64,
}

/// The ledger on disk.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Storage {
    /// Size at which a new segment file is begun, in bytes.
    pub segment_bytes: u64,
    /// Files that the ledger may open beyond those that it has open at the start: connections leave it as many.
    pub files_reserve: usize,
    /// Bytes a second of old blocks that are read to find damage before anyone asks for them; 0 for none.
    pub scrub_bytes_per_second: u64,
    /// Bytes free on the disk below which no batches are taken, so that the chain's own blocks still find room; 0 for no
    /// such limit. A warning comes at four times as much.
    pub free_bytes_min: u64,
}

/// Snapshots for nodes that join: served over gRPC to everyone.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Snapshots {
    /// Folder of the snapshot that is served. `sanad-node snapshot create` writes to it, or the node itself. None: no snapshot
    /// is served.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
    /// The node makes a snapshot of each block whose height is a multiple of this; 0 for none. Reads the whole ledger each
    /// time. Equal on all nodes, it gives them the same chunks, so that a node that joins can use them all at once.
    pub every_blocks: u64,
}

/// Ends a process that hangs, so that a supervisor starts another.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Watchdog {
    /// Time in which what the node has begun must get somewhere, whatever other nodes do, in milliseconds. Danger: below the
    /// longest pause of the disk, a node that only is slow ends itself.
    pub hang_timeout_ms: u64,
}

/// Logs, on standard error.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// `text` for people, `json` for collectors.
    pub format: LogFormat,
    /// What to log, as of `tracing_subscriber::EnvFilter`: `info`, `warn,sanad_node=debug`.
    pub filter: String,
}

/// Form of the logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One line for people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Settings from environment and flags that win over the file.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Overrides {
    /// Directory of the ledger
    #[arg(long, global = true, env = "SANAD_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
    /// Address of the gRPC service
    #[arg(long, global = true, env = "SANAD_API_LISTEN")]
    pub api_listen: Option<SocketAddr>,
    /// Address of the reads over HTTP and the verifier's page
    #[arg(long, global = true, env = "SANAD_HTTP_LISTEN")]
    pub http_listen: Option<SocketAddr>,
    /// Address for metrics and health
    #[arg(long, global = true, env = "SANAD_ADMIN_LISTEN")]
    pub admin_listen: Option<SocketAddr>,
    /// Address for votes and proposals
    #[arg(long, global = true, env = "SANAD_CONSENSUS_LISTEN")]
    pub consensus_listen: Option<SocketAddr>,
    /// Address for batches of other nodes
    #[arg(long, global = true, env = "SANAD_GOSSIP_LISTEN")]
    pub gossip_listen: Option<SocketAddr>,
    /// File whose first line is the passphrase of the key files
    #[arg(long, global = true, env = "SANAD_PASSPHRASE_FILE")]
    pub passphrase_file: Option<PathBuf>,
    /// Form of the logs
    #[arg(long, global = true, env = "SANAD_LOG_FORMAT")]
    pub log_format: Option<LogFormat>,
    /// What to log
    #[arg(long, global = true, env = "SANAD_LOG_FILTER")]
    pub log_filter: Option<String>,
}

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

impl Config {
    /// Reads the file and lays the overrides over it. Paths become absolute or relative to the file.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn load(path: &Path, overrides: &Overrides) -> Result<Self, ConfigError> {
        let read = |source| ConfigError::Read { path: path.to_owned(), source };
        // Before it is opened: a pipe that nobody writes to would be waited for, a device may have no end.
        if !std::fs::metadata(path).map_err(read)?.is_file() {
            return Err(ConfigError::NotAFile { path: path.to_owned() });
        }
        let mut text = String::new();
        let file = std::fs::File::open(path).map_err(read)?;
        file.take(CONFIG_BYTES_MAX + 1).read_to_string(&mut text).map_err(read)?;
        if text.len() as u64 > CONFIG_BYTES_MAX {
            return Err(ConfigError::TooLong { path: path.to_owned() });
        }
        let mut config = Self::parse(&text)
            .map_err(|source| ConfigError::Parse { path: path.to_owned(), source: Box::new(source) })?;
        config.resolve(path.parent().unwrap_or(Path::new("")));
        config.lay_over(overrides);
        config.check()?;
        Ok(config)
    }

    /// Reads the text of a configuration, with its paths as they stand.
    ///
    /// # Errors
    /// TOML that is broken, or has a field that is unknown, missing or of another type.
    pub fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    fn resolve(&mut self, base: &Path) {
        let optional = [
            &mut self.keys.consensus,
            &mut self.keys.passphrase_file,
            &mut self.api.tls_certificate,
            &mut self.api.tls_key,
            &mut self.api.tls_client_ca,
            &mut self.snapshots.folder,
        ];
        let always = [&mut self.genesis, &mut self.data_dir, &mut self.keys.network];
        for path in optional.into_iter().flatten().chain(always) {
            *path = base.join(&*path);
        }
    }

    fn lay_over(&mut self, overrides: &Overrides) {
        fn set<T: Clone>(target: &mut T, value: &Option<T>) {
            if let Some(value) = value {
                target.clone_from(value);
            }
        }
        set(&mut self.data_dir, &overrides.data_dir);
        set(&mut self.api.listen, &overrides.api_listen);
        if overrides.http_listen.is_some() {
            self.http.listen = overrides.http_listen;
        }
        if overrides.admin_listen.is_some() {
            self.admin.listen = overrides.admin_listen;
        }
        set(&mut self.consensus.listen, &overrides.consensus_listen);
        set(&mut self.gossip.listen, &overrides.gossip_listen);
        set(&mut self.log.format, &overrides.log_format);
        set(&mut self.log.filter, &overrides.log_filter);
        if let (Some(own), Some(other)) = (&self.keys.passphrase_file, &overrides.passphrase_file)
            && !is_same_file(own, other)
        {
            self.notes.push(format!(
                "keys.passphrase_file ({}) is not used: SANAD_PASSPHRASE_FILE or --passphrase-file names {}",
                own.display(),
                other.display()
            ));
        }
        if overrides.passphrase_file.is_some() {
            self.keys.passphrase_file.clone_from(&overrides.passphrase_file);
        }
    }

    /// Checks that the settings fit together.
    ///
    /// # Errors
    /// [`ConfigError`], of what can be seen without reading files.
    pub fn check(&self) -> Result<(), ConfigError> {
        if self.api.tls_certificate.is_some() != self.api.tls_key.is_some() {
            return Err(ConfigError::HalfTls);
        }
        if self.api.tls_client_ca.is_some() && self.api.tls_certificate.is_none() {
            return Err(ConfigError::ClientsWithoutTls);
        }
        if self.http.tls && self.api.tls_certificate.is_none() {
            return Err(ConfigError::HttpTlsWithoutCertificate);
        }
        if self.api.proxy_protocol && self.api.trusted_proxies.is_empty() {
            return Err(ConfigError::NoProxies);
        }
        if self.snapshots.every_blocks > 0 && self.snapshots.folder.is_none() {
            return Err(ConfigError::NoSnapshotFolder);
        }
        let Self { api, consensus, gossip, pool, storage, watchdog, .. } = self;
        let ranges = [
            ("api.connections_max", api.connections_max as u64, COUNT),
            ("api.connections_per_address_max", api.connections_per_address_max as u64, COUNT),
            ("api.address_connections_per_second_max", api.address_connections_per_second_max.into(), COUNT),
            ("api.address_connections_burst_max", api.address_connections_burst_max.into(), COUNT),
            ("api.handshake_timeout_ms", api.handshake_timeout_ms, TIME_MS),
            ("api.streams_per_connection_max", api.streams_per_connection_max.into(), COUNT),
            ("api.calls_per_second_max", api.calls_per_second_max.into(), COUNT),
            ("api.calls_burst_max", api.calls_burst_max.into(), COUNT),
            ("api.address_calls_per_second_max", api.address_calls_per_second_max.into(), COUNT),
            ("api.address_calls_burst_max", api.address_calls_burst_max.into(), COUNT),
            ("api.call_timeout_ms", api.call_timeout_ms, (1, api.call_timeout_max_ms)),
            ("api.call_timeout_max_ms", api.call_timeout_max_ms, TIME_MS),
            ("api.shutdown_grace_ms", api.shutdown_grace_ms, GRACE_MS),
            ("api.reads_max", api.reads_max as u64, THREADS),
            ("api.idle_timeout_ms", api.idle_timeout_ms, TIME_MS),
            ("api.subscriptions_per_connection_max", api.subscriptions_per_connection_max as u64, COUNT),
            ("api.calls_max", api.calls_max as u64, COUNT),
            ("api.batch_proofs_max", api.batch_proofs_max as u64, COUNT),
            ("api.subscriptions_max", api.subscriptions_max as u64, COUNT),
            ("api.answer_bytes_max", api.answer_bytes_max as u64, BYTES),
            ("api.stall_timeout_ms", api.stall_timeout_ms, TIME_MS),
            ("api.address_percent_max", api.address_percent_max.into(), PERCENT),
            ("api.network_percent_max", api.network_percent_max.into(), PERCENT),
            ("consensus.timeout_propose_ms", consensus.timeout_propose_ms, ROUND_MS),
            ("consensus.timeout_vote_ms", consensus.timeout_vote_ms, ROUND_MS),
            ("consensus.connections_per_peer_max", consensus.connections_per_peer_max.into(), (2, 64)),
            ("consensus.inbound_connections_max", consensus.inbound_connections_max.into(), (8, 4096)),
            ("gossip.connections_per_peer_max", gossip.connections_per_peer_max.into(), (2, 64)),
            ("gossip.requests_per_peer_max", gossip.requests_per_peer_max as u64, (2, 256)),
            ("gossip.handshakes_max", gossip.handshakes_max as u64, (1, 4096)),
            ("gossip.handshake_timeout_ms", gossip.handshake_timeout_ms, GRACE_MS),
            ("gossip.peer_bytes_per_second_max", gossip.peer_bytes_per_second_max, (1 << 16, 1 << 40)),
            ("pool.issuer_percent_max", pool.issuer_percent_max.into(), PERCENT),
            ("storage.files_reserve", storage.files_reserve as u64, (64, 1 << 20)),
            ("storage.scrub_bytes_per_second", storage.scrub_bytes_per_second, (0, 1 << 30)),
            ("pool.bytes_max", pool.bytes_max as u64, BYTES),
            ("pool.batches_per_issuer_max", pool.batches_per_issuer_max as u64, COUNT),
            ("pool.age_max_ms", pool.age_max_ms, TIME_MS),
            ("storage.segment_bytes", storage.segment_bytes, BYTES),
            ("watchdog.hang_timeout_ms", watchdog.hang_timeout_ms, HANG_MS),
        ];
        let out = ranges.into_iter().find(|(_, actual, (min, max))| !(min..=max).contains(&actual));
        if let Some((field, actual, (min, max))) = out {
            return Err(ConfigError::Range { field, actual, min, max });
        }
        let mut seen = std::collections::BTreeSet::from([&self.member]);
        match self.peers.iter().find(|peer| !seen.insert(&peer.member)) {
            Some(peer) => Err(ConfigError::Peer { member: peer.member.clone() }),
            None => Ok(()),
        }
    }
}

impl Default for Pool {
    fn default() -> Self {
        Self {
            bytes_max: 32 << 20,
            issuer_percent_max: 100,
            batches_per_issuer_max: 256,
            age_max_ms: 600_000,
        }
    }
}

impl Default for Storage {
    fn default() -> Self {
        Self {
            segment_bytes: 256 << 20,
            files_reserve: 256,
            scrub_bytes_per_second: 1 << 20,
            free_bytes_min: 512 << 20,
        }
    }
}

impl Default for Watchdog {
    fn default() -> Self {
        Self { hang_timeout_ms: 60_000 }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Text, filter: LOG_FILTER.into() }
    }
}

fn is_same_file(one: &Path, other: &Path) -> bool {
    one == other || one.canonicalize().is_ok_and(|one| other.canonicalize().is_ok_and(|other| one == other))
}

/// The consensus engine tells of every vote at `info`, and of every peer that cannot be reached, and every message that it does not take, at `error`.
const LOG_FILTER: &str = "info,arc_malachitebft=error,arc_malachitebft_engine::network=off,arc_malachitebft_network=off,libp2p_swarm=warn";

/// Ranges of numbers: least and greatest value.
const COUNT: (u64, u64) = (1, 1 << 20);
/// Up to a week.
const TIME_MS: (u64, u64) = (1, 7 * 24 * 3_600_000);
const BYTES: (u64, u64) = (1, 1 << 40);
const PERCENT: (u64, u64) = (1, 100);
const GRACE_MS: (u64, u64) = (1, 600_000);
/// Of the runtime's 512 for blocking work.
const THREADS: (u64, u64) = (1, 256);
const ROUND_MS: (u64, u64) = (1, 600_000);
/// Longest name of a host and longest label in it, in bytes (RFC 1035 2.3.4).
const NAME_BYTES_MAX: usize = 253;
const LABEL_BYTES_MAX: usize = 63;
const HANG_MS: (u64, u64) = (5_000, 3_600_000);

fn connections_max() -> usize {
    1024
}

fn connections_per_address_max() -> usize {
    64
}

fn address_connections_per_second_max() -> u32 {
    40
}

fn address_connections_burst_max() -> u32 {
    400
}

fn idle_timeout_ms() -> u64 {
    120_000
}

fn handshake_timeout_ms() -> u64 {
    10_000
}

fn streams_per_connection_max() -> u32 {
    64
}

fn calls_per_second_max() -> u32 {
    200
}

fn calls_burst_max() -> u32 {
    400
}

fn address_calls_per_second_max() -> u32 {
    4_000
}

fn address_calls_burst_max() -> u32 {
    8_000
}

fn call_timeout_ms() -> u64 {
    30_000
}

fn call_timeout_max_ms() -> u64 {
    300_000
}

fn shutdown_grace_ms() -> u64 {
    10_000
}

fn reads_max() -> usize {
    32
}

fn connections_per_peer_max() -> u32 {
    4
}

fn requests_per_peer_max() -> usize {
    8
}

fn handshakes_max() -> usize {
    16
}

fn gossip_handshake_timeout_ms() -> u64 {
    5_000
}

fn peer_bytes_per_second_max() -> u64 {
    16 << 20
}

fn subscriptions_per_connection_max() -> usize {
    8
}

fn calls_max() -> usize {
    1024
}

fn batch_proofs_max() -> usize {
    8
}

fn subscriptions_max() -> usize {
    64
}

fn answer_bytes_max() -> usize {
    256 << 20
}

fn stall_timeout_ms() -> u64 {
    30_000
}

fn address_percent_max() -> u8 {
    25
}

fn network_percent_max() -> u8 {
    50
}

fn timeout_propose_ms() -> u64 {
    1_000
}

fn timeout_vote_ms() -> u64 {
    500
}

fn consensus_connections_per_peer_max() -> u32 {
    20
}

fn inbound_connections_max() -> u32 {
    64
}
