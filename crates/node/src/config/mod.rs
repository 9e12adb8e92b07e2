//! The node's configuration: file, then environment, then flags; later ones win.
//!
//! Names nothing else of this crate: `fuzz/` compiles this module alone.

mod check;
mod defaults;
mod error;
mod host_port;

use std::io::Read as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use sanad_core::ids::MemberId;
use sanad_core::signature::PublicKey;
use serde::{Deserialize, Serialize};

pub use error::ConfigError;
pub use host_port::{HostPort, HostPortError};

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
    #[serde(default = "defaults::connections_max")]
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
    #[serde(default = "defaults::connections_per_address_max")]
    pub connections_per_address_max: usize,
    /// Connections that one address may open a second, on average; those beyond it are closed at once. Not a trusted
    /// proxy's.
    #[serde(default = "defaults::address_connections_per_second_max")]
    pub address_connections_per_second_max: u32,
    /// Connections that one address may open at once after a rest.
    #[serde(default = "defaults::address_connections_burst_max")]
    pub address_connections_burst_max: u32,
    /// Time in which a connection must say which protocol it speaks and end its TLS handshake, in milliseconds.
    #[serde(default = "defaults::handshake_timeout_ms")]
    pub handshake_timeout_ms: u64,
    /// Time after which a connection without a call is closed, in milliseconds.
    #[serde(default = "defaults::idle_timeout_ms")]
    pub idle_timeout_ms: u64,
    /// Web pages of other origins that may call from a browser, such as `https://verify.example`; `*` for every page.
    /// No call carries credentials, so that this opens nothing that others cannot read.
    #[serde(default)]
    pub web_origins: Vec<String>,
    /// Calls at once on one connection.
    #[serde(default = "defaults::streams_per_connection_max")]
    pub streams_per_connection_max: u32,
    /// Calls a second on one connection, on average. Not of a proxy's.
    #[serde(default = "defaults::calls_per_second_max")]
    pub calls_per_second_max: u32,
    /// Calls that one connection may make at once after a rest.
    #[serde(default = "defaults::calls_burst_max")]
    pub calls_burst_max: u32,
    /// Calls a second from one address, on all its connections, on average.
    #[serde(default = "defaults::address_calls_per_second_max")]
    pub address_calls_per_second_max: u32,
    /// Calls that one address may make at once after a rest.
    #[serde(default = "defaults::address_calls_burst_max")]
    pub address_calls_burst_max: u32,
    /// Time for a call whose caller names no deadline, in milliseconds.
    #[serde(default = "defaults::call_timeout_ms")]
    pub call_timeout_ms: u64,
    /// Most time for a call, whatever deadline its caller names, in milliseconds. Subscriptions have none.
    #[serde(default = "defaults::call_timeout_max_ms")]
    pub call_timeout_max_ms: u64,
    /// Time for calls to end when the node stops, in milliseconds.
    #[serde(default = "defaults::shutdown_grace_ms")]
    pub shutdown_grace_ms: u64,
    /// Reads of the ledger at once; others wait for their turn.
    #[serde(default = "defaults::reads_max")]
    pub reads_max: usize,
    /// Calls at once, from the first byte of the request to the last byte of the answer. A submission that waits for its
    /// block is a call.
    #[serde(default = "defaults::calls_max")]
    pub calls_max: usize,
    /// Batch proofs, lists of statuses, trust files, answers about governance and about members of the past, and pieces of
    /// snapshots at once. Each may take some 8 MB of memory; the manifest of a snapshot of some hundred GB, 16 MB.
    #[serde(default = "defaults::batch_proofs_max")]
    pub batch_proofs_max: usize,
    /// Subscriptions, completeness lists, health watches and reflection streams at once. Each may take three blocks of
    /// memory.
    #[serde(default = "defaults::subscriptions_max")]
    pub subscriptions_max: usize,
    /// Subscriptions at once on one connection.
    #[serde(default = "defaults::subscriptions_per_connection_max")]
    pub subscriptions_per_connection_max: usize,
    /// Bytes at once of answers that callers have not read yet. Memory of about twice that size is used when they read
    /// nothing.
    #[serde(default = "defaults::answer_bytes_max")]
    pub answer_bytes_max: usize,
    /// Time after which a caller that takes nothing of its answer is cut off, in milliseconds.
    #[serde(default = "defaults::stall_timeout_ms")]
    pub stall_timeout_ms: u64,
    /// How much of `calls_max`, `batch_proofs_max`, `subscriptions_max` and `answer_bytes_max` one address may have at
    /// once, in percent. An IPv6 address is a /64.
    #[serde(default = "defaults::address_percent_max")]
    pub address_percent_max: u8,
    /// As `address_percent_max`, for a network: an IPv4 /24 or an IPv6 /48. Of the connections, too.
    #[serde(default = "defaults::network_percent_max")]
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
    #[serde(default = "defaults::timeout_propose_ms")]
    pub timeout_propose_ms: u64,
    /// Time to wait for votes to agree after a quorum voted, in milliseconds.
    #[serde(default = "defaults::timeout_vote_ms")]
    pub timeout_vote_ms: u64,
    /// Connections at once that others have begun, and as many handshakes; the engine rounds it up to a multiple of four.
    /// There are 8 for each peer at least.
    #[serde(default = "defaults::inbound_connections_max")]
    pub inbound_connections_max: u32,
    /// Connections at once with one peer; the engine rounds it up to a multiple of four.
    #[serde(default = "defaults::consensus_connections_per_peer_max")]
    pub connections_per_peer_max: u32,
}

/// The exchange of batches between nodes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gossip {
    /// Address to listen on for batches of other nodes.
    pub listen: SocketAddr,
    /// Connections at once with one peer: each may have dialled the other, and one that broke may not be known yet.
    #[serde(default = "defaults::connections_per_peer_max")]
    pub connections_per_peer_max: u32,
    /// Requests of one peer that are answered at once. Each may take a megabyte of memory.
    #[serde(default = "defaults::requests_per_peer_max")]
    pub requests_per_peer_max: usize,
    /// Handshakes under way at once from all addresses that are not a peer's.
    #[serde(default = "defaults::handshakes_max")]
    pub handshakes_max: usize,
    /// Time in which a connection must be encrypted and its peer known, in milliseconds.
    #[serde(default = "defaults::gossip_handshake_timeout_ms")]
    pub handshake_timeout_ms: u64,
    /// Bytes a second that are taken from one peer, on average; more have to wait.
    #[serde(default = "defaults::peer_bytes_per_second_max")]
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
}

fn is_same_file(one: &Path, other: &Path) -> bool {
    one == other || one.canonicalize().is_ok_and(|one| other.canonicalize().is_ok_and(|other| one == other))
}
