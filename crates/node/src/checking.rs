//! `sanad-node check`: everything that can be tried before a node starts, one line each.

use std::net::TcpListener;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures::future::join_all;
use sanad_consensus_lite::{Config as ConsensusConfig, GuardState, SigningGuard};
use sanad_core::genesis::Genesis;
use sanad_storage::{Condition, OpenError, Store};
use serde::Serialize;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::config::{Config, ConfigError, HostPort, Overrides};
use crate::data_files::{self, Unfit};
use crate::descriptors;
use crate::desk::{CERTIFICATE_DAYS_MIN, CLIENT_CA_DAYS_MIN, certificate_ends, certificates_end, disk};
use crate::error::NodeError;
use crate::oddities;
use crate::recovery;
use crate::run::server_config;
use crate::setup::{DataDir, Setup, open_error, read_genesis};

/// One thing that was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What: `config`, `genesis`, `keys`, a field, a peer.
    pub subject: String,
    /// How it went.
    pub result: CheckResult,
    /// What was found, and what to do where it is not well.
    pub text: String,
}

/// How a check went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckResult {
    /// As it should be.
    Ok,
    /// The node starts, but someone should look at it.
    Warning,
    /// The node does not start, or must not.
    Failed,
}

/// Whether other machines are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// This machine alone.
    Offline,
    /// Every peer is dialled.
    Peers,
}

/// Checks configuration, keys, files, ports, clock, disk and peers. Starts nothing and changes nothing.
pub async fn check(path: &Path, overrides: &Overrides, reach: Reach) -> Vec<Check> {
    let mut checks = Checks(Vec::new());
    match Config::load(path, overrides) {
        Ok(config) => {
            checks.ok("config", format!("{} is read", path.display()));
            checks.all(&config).await;
            if reach == Reach::Peers {
                checks.peers(&config).await;
            }
        }
        Err(error) => checks.failed("config", said::<ConfigError>(&error)),
    }
    checks.0
}

struct Checks(Vec<Check>);

impl Checks {
    fn add(&mut self, subject: &str, result: CheckResult, text: String) {
        self.0.push(Check { subject: subject.to_owned(), result, text });
    }

    fn ok(&mut self, subject: &str, text: String) {
        self.add(subject, CheckResult::Ok, text);
    }

    fn warning(&mut self, subject: &str, text: String) {
        self.add(subject, CheckResult::Warning, text);
    }

    fn failed(&mut self, subject: &str, text: String) {
        self.add(subject, CheckResult::Failed, text);
    }

    async fn all(&mut self, config: &Config) {
        for note in &config.notes {
            self.warning("config", note.clone());
        }
        if let Err(oddity) = oddities::check(config) {
            self.failed("config", oddity.to_string());
        }
        self.setup(config);
        self.data(config);
        self.tls(config);
        self.files();
        self.clock();
        self.ports(config);
    }

    fn setup(&mut self, config: &Config) {
        match Setup::load(config) {
            Ok(setup) => {
                let Setup { genesis, .. } = &setup;
                self.ok("genesis", format!("{}, chain {}, signed by all", genesis.name, genesis.chain_id()));
                let role = if setup.keys.consensus.is_some() { "votes" } else { "follows" };
                self.ok("keys", format!("those of {}, which {role}; closed to others", config.member));
                self.members(config, genesis);
            }
            // Said above.
            Err(NodeError::Odd(_)) => {}
            Err(error) => {
                let subject = match &error {
                    NodeError::Key(_) | NodeError::ForeignKey { .. } => "keys",
                    _ => "genesis",
                };
                self.failed(subject, said(&error));
            }
        }
    }

    /// Members may have been admitted since; a name that is not right looks the same.
    fn members(&mut self, config: &Config, genesis: &Genesis) {
        let register = genesis.registry();
        let named = config.peers.iter().map(|peer| (&peer.member, "peers"));
        for (member, field) in [(&config.member, "member")].into_iter().chain(named) {
            if register.member(member).is_none() {
                let text =
                    format!("{member} ({field}) is not in the genesis: right only if it was admitted since");
                self.warning("members", text);
            }
        }
    }

    fn data(&mut self, config: &Config) {
        let path = &config.data_dir;
        let directory = DataDir::new(config);
        match std::fs::metadata(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let text = format!("{} does not exist; `sanad-node init` makes it, once", path.display());
                return self.warning("data_dir", text);
            }
            Err(error) => return self.failed("data_dir", format!("{}: {error}", path.display())),
            Ok(meta) if meta.mode() & OTHERS_BITS != 0 => self.warning(
                "data_dir",
                format!("{0} is open to other users; run: chmod 700 {0}", path.display()),
            ),
            Ok(_) => self.ok("data_dir", format!("{} is there, and closed to others", path.display())),
        }
        let unfit = data_files::unfit(&directory);
        for unfit in unfit.iter().take(UNFIT_SHOWN_MAX) {
            let result = if unfit.stops() { CheckResult::Failed } else { CheckResult::Warning };
            self.add("data_dir", result, format!("{}: {}", unfit.path.display(), unfit.fault));
        }
        if unfit.iter().any(Unfit::stops) {
            // Reading on may wait for ever.
            return;
        }
        let consensus = directory.consensus();
        let guard = ConsensusConfig::guard_path(&consensus);
        let guards = recovery::guards(&consensus).unwrap_or_default();
        match (directory.ledger().is_dir(), guards.is_empty()) {
            (true, true) if config.keys.consensus.is_some() => self.failed(
                "ledger",
                format!(
                    "the ledger is there, its signing guard {} is not: do not vote with this key",
                    guard.display()
                ),
            ),
            (true, true) => self.ok("ledger", "the ledger is there".to_owned()),
            (true, false) => self.ok("ledger", "ledger and signing guard are there".to_owned()),
            (false, true) => self.warning(
                "ledger",
                "there is none; `sanad-node init` makes it, once, for a key that has never voted".to_owned(),
            ),
            (false, false) => self.failed(
                "ledger",
                "the signing guard is there, the ledger is not; `sanad-node recover` makes it, and keeps the guard".to_owned(),
            ),
        }
        if directory.ledger().is_dir() {
            self.ledger(config, &directory.ledger());
        }
        // Each key has its own.
        for path in guards {
            self.guard(&path);
        }
        let Some((free, all)) = disk(path) else { return };
        let text = format!("{} of {} MiB are free", free >> 20, all >> 20);
        match free {
            free if free < config.storage.free_bytes_min => {
                let least = config.storage.free_bytes_min >> 20;
                self.failed(
                    "disk",
                    format!("{text}, less than {least} (storage.free_bytes_min): no batches are taken"),
                );
            }
            free if free < config.storage.free_bytes_min.saturating_mul(4) => self.warning("disk", text),
            _ => self.ok("disk", text),
        }
    }

    /// What a start would find in the ledger.
    fn ledger(&mut self, config: &Config, path: &Path) {
        // A genesis that cannot be read is named above.
        let Ok(genesis) = read_genesis(&config.genesis) else { return };
        match Store::inspect(path, &genesis) {
            Ok(Condition::Sound { height }) => {
                self.ok("ledger", format!("it opens, up to height {height}; `sanad audit` reads all of it"));
            }
            Ok(Condition::Rebuild { reason }) => {
                let text = format!(
                    "{}; the node rebuilds it from the log when it starts, which takes a while",
                    said(&reason)
                );
                self.warning("ledger", text);
            }
            Ok(Condition::Repair { height }) => {
                let text = format!(
                    "the block of height {height} is damaged; the node fetches it from peers when it starts, or `sanad-node repair` does"
                );
                self.warning("ledger", text);
            }
            // This node, if it runs, has opened it.
            Err(OpenError::Locked { .. }) => {
                self.ok("ledger", "another process has it open: this node, if it runs".to_owned());
            }
            Err(source) => self.failed("ledger", said(&open_error(path, source))),
        }
    }

    fn guard(&mut self, path: &Path) {
        let signed = |state: &GuardState| match state.position {
            Some(position) => format!("signed last: {position}, with {}", state.public_key),
            None => format!("{} has signed nothing yet", state.public_key),
        };
        match SigningGuard::inspect(path) {
            Ok(state) if state.lost => self.warning(
                "guard",
                format!("{}; the key may have signed more: the node follows until peers have shown how far they are", signed(&state)),
            ),
            Ok(state) => self.ok("guard", signed(&state)),
            Err(error) => self.failed("guard", said(&error)),
        }
    }

    fn tls(&mut self, config: &Config) {
        let is_open = config.http.listen.is_some_and(|listen| !listen.ip().is_loopback());
        if is_open && !config.http.tls && config.api.trusted_proxies.is_empty() {
            let text = "http.listen is open to the network without TLS, and api.trusted_proxies names no proxy that ends TLS: \
                        readers are not private, and browsers refuse the page signatures and camera; set http.tls, or listen \
                        on 127.0.0.1 behind a proxy";
            self.warning("tls", text.to_owned());
        }
        let Some(certificate) = &config.api.tls_certificate else {
            if !config.api.listen.ip().is_loopback() {
                let text = "api.listen is open to the network without TLS: callers are not private";
                self.warning("tls", text.to_owned());
            }
            return;
        };
        let loaded = server_config(config).and_then(|server| server.check().map_err(NodeError::from));
        if let Err(error) = loaded {
            return self.failed("tls", said(&error));
        }
        let days_until = |ends: i64| ends.saturating_sub(now_seconds()).div_euclid(86_400);
        match config.api.tls_client_ca.as_deref().and_then(certificates_end).map(days_until) {
            Some(days) if days < 0 => {
                self.warning("tls", "an authority of api.tls_client_ca has ended".to_owned());
            }
            Some(days) if days < CLIENT_CA_DAYS_MIN => {
                self.warning("tls", format!("an authority of api.tls_client_ca ends in {days} days"));
            }
            _ => {}
        }
        let days = certificate_ends(certificate).map(days_until);
        let clients = match &config.api.tls_client_ca {
            Some(_) => "; only clients of api.tls_client_ca are let in",
            None => "",
        };
        match days {
            Some(days) if days < 0 => self.failed("tls", "the certificate has ended".to_owned()),
            Some(days) if days < CERTIFICATE_DAYS_MIN => {
                self.warning("tls", format!("the certificate ends in {days} days"))
            }
            Some(days) => self.ok("tls", format!("certificate and key fit; it ends in {days} days{clients}")),
            None => self.warning("tls", "certificate and key fit; when it ends cannot be read".to_owned()),
        }
    }

    fn files(&mut self) {
        let limit = descriptors::raise_limit();
        if limit < OPEN_FILES_MIN {
            let text = format!("{limit} files may be open; set the hard limit to {OPEN_FILES_MIN} or more");
            self.warning("open files", text);
        } else {
            self.ok("open files", format!("{limit} may be open"));
        }
    }

    fn clock(&mut self) {
        if now_seconds() < CLOCK_MIN {
            let text =
                "the clock is years behind; set it: a validator whose clock is wrong is missing in the votes";
            return self.failed("clock", text.to_owned());
        }
        match KEEPERS.into_iter().find(|(path, _)| Path::new(path).exists()) {
            Some((_, keeper)) => self.ok("clock", format!("{keeper} keeps it")),
            None => self.warning(
                "clock",
                "neither chrony, ntpd nor systemd-timesyncd seems to keep it; it must be within 500 ms"
                    .to_owned(),
            ),
        }
    }

    fn ports(&mut self, config: &Config) {
        let listens = [
            ("api.listen", Some(config.api.listen)),
            ("http.listen", config.http.listen),
            ("consensus.listen", Some(config.consensus.listen)),
            ("gossip.listen", Some(config.gossip.listen)),
            ("admin.listen", config.admin.listen),
        ];
        for (field, address) in listens.into_iter().filter_map(|(field, address)| Some((field, address?))) {
            match TcpListener::bind(address) {
                Ok(_) => self.ok(field, format!("{address} is free")),
                Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
                    self.warning(field, format!("{address} is in use: by this node, if it runs"));
                }
                Err(error) => self.failed(field, format!("{address}: {error}")),
            }
        }
    }

    async fn peers(&mut self, config: &Config) {
        let addresses = config.peers.iter().flat_map(|peer| {
            [(&peer.member, "consensus", &peer.consensus), (&peer.member, "batches", &peer.gossip)]
        });
        let dialled = join_all(addresses.map(|(member, network, address)| async move {
            (format!("peer {member}, {network}"), address, dial(address).await)
        }));
        for (subject, address, result) in dialled.await {
            match result {
                Ok(()) => self.ok(&subject, format!("{address} answers")),
                Err(error) => self.warning(&subject, format!("{address} cannot be reached: {error}")),
            }
        }
    }
}

async fn dial(address: &HostPort) -> Result<(), String> {
    match timeout(DIAL_TIMEOUT, TcpStream::connect(address.to_string())).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer within {} s", DIAL_TIMEOUT.as_secs())),
    }
}

/// An error and its causes in one line.
pub(crate) fn said<E: std::error::Error>(error: &E) -> String {
    let mut said = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        // Some errors repeat their source in their own text.
        if !said.contains(&text) {
            said = format!("{said}: {text}");
        }
        source = cause.source();
    }
    said.replace('\n', " ")
}

fn now_seconds() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_secs()).unwrap_or(i64::MAX)
}

/// Files of the data directory that are named, of those that the node cannot use.
const UNFIT_SHOWN_MAX: usize = 5;
/// What group and others may do with a directory.
const OTHERS_BITS: u32 = 0o077;
/// Files that a node with the limits of the sample may have open.
const OPEN_FILES_MIN: usize = 2048;
/// No clock is before this release: 1 January 2025.
const CLOCK_MIN: i64 = 1_735_689_600;
const DIAL_TIMEOUT: Duration = Duration::from_secs(3);
/// Files that are there while the clock is kept, and by what.
const KEEPERS: [(&str, &str); 5] = [
    ("/run/systemd/timesync/synchronized", "systemd-timesyncd"),
    ("/run/chrony/chronyd.pid", "chrony"),
    ("/run/chronyd.pid", "chrony"),
    ("/run/ntpd.pid", "ntpd"),
    ("/var/run/ntpd.pid", "ntpd"),
];
