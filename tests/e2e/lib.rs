//! A network of real `sanad-node` processes, driven by the real `sanad`, for the tests beside this file.

#![allow(clippy::unwrap_used, clippy::panic, reason = "this is test code, though in a library")]

pub mod disk;
pub mod liar;
pub mod members;
mod ports;
pub mod relay;
mod signatures;
pub mod strangers;

pub mod rosters;

use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use sanad_api::{Client, ClientOptions, ProofForm};
use sanad_core::batch::{Batch, BatchChain, SignedBatch};
use sanad_core::event::Event;
use sanad_core::genesis::Genesis;
use sanad_core::hash::Commitment;
use sanad_core::keyfile;
use sanad_core::signature::SecretKey;
use serde_json::Value;

pub use ports::reserve_ports;
pub use signatures::DoubleSignature;

/// Longest time for the network to come to a state.
pub const DEADLINE: Duration = Duration::from_secs(90);

/// Where the programs are. `cargo test --workspace` has built them along with the tests; alone,
/// `cargo test -p sanad-e2e` takes those that are there, and builds them only where there are none.
pub fn programs() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let mut folder = std::env::current_exe().unwrap();
        folder.pop();
        if folder.ends_with("deps") {
            folder.pop();
        }
        if ["sanad", "sanad-node"].iter().any(|program| !folder.join(program).is_file()) {
            let mut build = Command::new(env!("CARGO"));
            build.args(["build", "--quiet", "--package", "sanad-node", "--package", "sanad-cli"]);
            if folder.ends_with("release") {
                build.arg("--release");
            }
            assert!(build.status().unwrap().success(), "the programs do not build");
        }
        folder
    })
}

/// One of the programs, `sanad` or `sanad-node`.
pub fn program(name: &str) -> Command {
    Command::new(programs().join(name))
}

/// The independent verifier, `tests/independent/verify.py`; none, and a word on stdout, where Python lacks what it
/// needs. Where `SANAD_INDEPENDENT` is set, that is a failure.
pub fn independent_verifier() -> Option<PathBuf> {
    let needs = Command::new("python3").args(["-c", "import blake3, cryptography"]).output();
    if needs.is_ok_and(|output| output.status.success()) {
        return Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("independent/verify.py"));
    }
    let lacking = "python3 with the packages blake3 and cryptography is not here";
    assert!(std::env::var_os("SANAD_INDEPENDENT").is_none(), "{lacking}, but SANAD_INDEPENDENT is set");
    eprintln!("{lacking}: skipped");
    None
}

/// What a program said.
#[derive(Debug)]
pub struct Said {
    /// Exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Said {
    fn new(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The standard output as JSON, of a program that must have ended with `code`.
    pub fn json(&self, code: i32) -> Value {
        assert_eq!(self.code, code, "{self:?}");
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// As [`Said::json`], of a program that says one object a line.
    pub fn json_lines(&self, code: i32) -> Vec<Value> {
        assert_eq!(self.code, code, "{self:?}");
        let lines = serde_json::Deserializer::from_str(&self.out).into_iter();
        lines.collect::<Result<_, _>>().unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// A localnet in a folder of its own. Whatever runs is killed when it is dropped.
pub struct Net {
    folder: tempfile::TempDir,
}

impl Net {
    /// Makes a localnet; nothing runs yet.
    pub fn create(options: &[&str]) -> Self {
        let net = Self { folder: tempfile::tempdir().unwrap() };
        let number = |option: &str| {
            let place = options.iter().position(|given| *given == option)?;
            options.get(place + 1)?.parse::<usize>().ok()
        };
        let nodes = number("--nodes").unwrap_or(4) + number("--followers").unwrap_or(0);
        let ports = reserve_ports(PORTS_PER_NODE * nodes);
        let (dir, ports) = (net.dir(), format!("{}-{}", ports[0], ports[ports.len() - 1]));
        let arguments = [&["localnet", "create", &dir, "--ports", &ports], options].concat();
        net.sanad(&arguments).json(0);
        net
    }

    /// Makes a localnet and starts it; its chain advances.
    pub fn start(options: &[&str]) -> Self {
        let net = Self::create(options);
        let started = net.sanad(&["localnet", "start", &net.dir(), "--timeout", "90s"]).json(0);
        for node in started["nodes"].as_array().unwrap() {
            assert!(node["height"].as_u64() >= Some(1), "it returns when the chain advances: {started}");
        }
        net
    }

    /// As [`Net::start`], with nodes that may have `files_max` files open: soft and hard limit.
    pub fn start_with_open_files(files_max: usize, options: &[&str]) -> Self {
        let net = Self::create(options);
        let mut start = Command::new("sh");
        start
            .args(["-c", &format!("ulimit -n {files_max}; exec \"$0\" \"$@\"")])
            .arg(programs().join("sanad"));
        start.args(["--json", "localnet", "start", &net.dir(), "--timeout", "90s"]);
        start.env("SANAD_PASSPHRASE_FILE", net.path("net/passphrase"));
        start.env("SANAD_NODE_BIN", programs().join("sanad-node")).env_remove("SANAD_NODE");
        Said::new(start.output().unwrap()).json(0);
        net
    }

    /// Numbers of the nodes, from 1.
    pub fn nodes(&self) -> impl Iterator<Item = usize> + use<'_> {
        (1..).take_while(|node| self.node_path(*node, "node.toml").is_file())
    }

    /// Where a node listens: `api`, `consensus` and `gossip`.
    pub fn listen_addresses(&self, node: usize) -> [SocketAddr; 3] {
        let text = std::fs::read_to_string(self.node_path(node, "node.toml")).unwrap();
        let listen = text.lines().filter_map(|line| line.trim().strip_prefix("listen = "));
        let found: Vec<_> = listen.map(|address| address.trim_matches('"').parse().unwrap()).collect();
        found[..3].try_into().unwrap()
    }

    /// Where a node serves its reads over HTTP.
    pub fn http_address(&self, node: usize) -> SocketAddr {
        let text = std::fs::read_to_string(self.node_path(node, "node.toml")).unwrap();
        let (_, http) = text.split_once("[http]").unwrap();
        let address = http.lines().find_map(|line| line.strip_prefix("listen = ")).unwrap();
        address.trim_matches('"').parse().unwrap()
    }

    /// Where a node serves metrics and health.
    pub fn admin_address(&self, node: usize) -> SocketAddr {
        let text = std::fs::read_to_string(self.node_path(node, "node.toml")).unwrap();
        let (_, admin) = text.split_once("[admin]").unwrap();
        let address = admin.lines().find_map(|line| line.strip_prefix("listen = ")).unwrap();
        address.trim_matches('"').parse().unwrap()
    }

    /// What a node's admin listener answers to `GET path`: the status and the body.
    pub fn admin(&self, node: usize, path: &str) -> Option<(u16, String)> {
        let mut stream = std::net::TcpStream::connect(self.admin_address(node)).ok()?;
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.write_all(format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
    }

    /// The value of a metric of a node; `name` with its labels as they are written.
    pub fn metric(&self, node: usize, name: &str) -> Option<f64> {
        let (_, text) = self.admin(node, "/metrics")?;
        let line =
            text.lines().find(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(' ')))?;
        line[name.len()..].trim().parse().ok()
    }

    /// The folder of the localnet.
    pub fn dir(&self) -> String {
        self.path("net")
    }

    /// A path in the test's folder.
    pub fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// A path in a node's folder.
    pub fn node_path(&self, node: usize, name: &str) -> PathBuf {
        self.folder.path().join(format!("net/node-{node}")).join(name)
    }

    /// Puts text in the first place of other text in a node's configuration, which has it.
    pub fn edit(&self, node: usize, from: &str, to: &str) {
        edit(&self.node_path(node, "node.toml"), from, to);
    }

    /// Runs `sanad --json` with the localnet's genesis and passphrase.
    pub fn sanad(&self, arguments: &[&str]) -> Said {
        self.sanad_with(&programs().join("sanad-node"), arguments)
    }

    /// As [`Net::sanad`], with another program for nodes.
    fn sanad_with(&self, node_program: &Path, arguments: &[&str]) -> Said {
        let output = program("sanad")
            .arg("--json")
            .args(arguments)
            .env("SANAD_GENESIS", self.path("net/genesis.json"))
            .env("SANAD_PASSPHRASE_FILE", self.path("net/passphrase"))
            .env("SANAD_NODE_BIN", node_program)
            .env_remove("SANAD_NODE")
            .output()
            .unwrap();
        Said::new(output)
    }

    /// Runs `sanad-node` with a node's configuration until it ends by itself.
    pub fn sanad_node(&self, node: usize, arguments: &[&str]) -> Said {
        let mut command = program("sanad-node");
        command.args(arguments).arg("--config").arg(self.node_path(node, "node.toml"));
        Said::new(command.output().unwrap())
    }

    /// Starts one node.
    pub fn start_node(&self, node: usize) {
        let started =
            self.sanad(&["localnet", "start", &self.dir(), "--node", &node.to_string(), "--timeout", "90s"]);
        started.json(0);
    }

    /// Starts one node by a command that runs the program given to it as its last arguments, such as `env`.
    pub fn start_node_by(&self, node: usize, command: &str) -> Said {
        use std::os::unix::fs::PermissionsExt as _;
        let script = PathBuf::from(self.path(&format!("start-{node}.sh")));
        let program = programs().join("sanad-node");
        let text = format!("#!/bin/sh\nexec {command} {} \"$@\"\n", program.display());
        std::fs::write(&script, text).unwrap();
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
        let arguments = ["localnet", "start", &self.dir(), "--node", &node.to_string(), "--timeout", "90s"];
        self.sanad_with(&script, &arguments)
    }

    /// Stops one node, with SIGKILL or SIGTERM.
    pub fn stop_node(&self, node: usize, how: Stop) {
        let (dir, node) = (self.dir(), node.to_string());
        let mut arguments = vec!["localnet", "stop", &dir, "--node", &node];
        if how == Stop::Kill {
            arguments.push("--kill");
        }
        self.sanad(&arguments).json(0);
    }

    /// State of every node, as `sanad localnet status` tells it.
    pub fn status(&self) -> Vec<Value> {
        let said = self.sanad(&["localnet", "status", &self.dir()]);
        let status: Value =
            serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {said:?}"));
        status["nodes"].as_array().unwrap().clone()
    }

    /// URL of a node, from 1.
    pub fn url(&self, node: usize) -> String {
        self.status()[node - 1]["url"].as_str().unwrap().to_owned()
    }

    /// Waits until all nodes run and have the same block as head, with at least `entries` entries; returns the status.
    pub fn wait_for_equal_heads(&self, entries: u64) -> Vec<Value> {
        poll(&format!("equal heads with {entries} entries"), || {
            let status = self.status();
            let same = status.iter().all(|node| {
                node["state"] == "running"
                    && node["height"].as_u64() >= Some(1)
                    && node["head_hash"] == status[0]["head_hash"]
                    && node["log_size"].as_u64() >= Some(entries)
            });
            same.then_some(status)
        })
    }

    /// Writes `count` documents into a new folder and returns its path.
    pub fn documents(&self, name: &str, count: usize) -> String {
        let folder = self.folder.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        for number in 0..count {
            let text = format!(r#"{{"name":"Lencana {name} {number}","credits":{number}}}"#);
            std::fs::write(folder.join(format!("{number:03}.json")), text).unwrap();
        }
        folder.to_str().unwrap().to_owned()
    }

    /// The genesis.
    pub fn genesis(&self) -> Genesis {
        Genesis::from_json(&std::fs::read(self.path("net/genesis.json")).unwrap()).unwrap()
    }

    /// An issuer of the localnet: `folder` is `node-1` or `issuers/NAME`.
    pub fn issuer(&self, folder: &str) -> Issuer {
        let folder = self.folder.path().join("net").join(folder);
        let file: Value =
            serde_json::from_slice(&std::fs::read(folder.join("member.json")).unwrap()).unwrap();
        let passphrase = std::fs::read_to_string(self.path("net/passphrase")).unwrap();
        let text = std::fs::read_to_string(folder.join("keys/issuing.json")).unwrap();
        let opened = keyfile::open(&text, passphrase.trim().as_bytes()).unwrap();
        let id = file["member"]["id"].as_str().unwrap().to_owned();
        Issuer { id, key: SecretKey::from_seed(&opened.secret) }
    }

    /// A client of a node, from 1.
    pub async fn client(&self, node: usize) -> Client {
        Client::connect(&self.url(node), &ClientOptions::default()).await.unwrap()
    }
}

impl Net {
    /// Leaves the folder where it is when this is dropped, for people to look at.
    pub fn keep(&mut self) {
        self.folder.disable_cleanup(true);
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for node in self.nodes() {
                if let Ok(log) = std::fs::read_to_string(self.node_path(node, "node.log")) {
                    let lines: Vec<&str> = log.lines().collect();
                    eprintln!("-- node {node}\n{}", lines[lines.len().saturating_sub(25)..].join("\n"));
                }
            }
        }
        let _ = self.sanad(&["localnet", "stop", &self.dir(), "--kill"]);
    }
}

/// How a node is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// SIGTERM: it may finish what it does.
    Terminate,
    /// SIGKILL: as a power cut.
    Kill,
}

/// Who signs batches.
pub struct Issuer {
    /// Member id.
    pub id: String,
    /// Issuing key.
    pub key: SecretKey,
}

impl Issuer {
    /// The issuer's next batch, as a node sees its chain.
    pub async fn next(&self, client: &Client, events: Vec<Event>) -> Batch {
        let id = self.id.parse().unwrap();
        let details = client.member(&id, ProofForm::Compact).await.unwrap();
        let chain = details.rest.issuing;
        Batch {
            chain_id: client.node_status().await.unwrap().chain_id,
            issuer: id,
            chain: BatchChain::Issuing,
            sequence: chain.next_sequence,
            previous: chain.last_batch,
            events,
        }
    }
}

/// Puts text in the first place of other text in a file, which has it.
pub fn edit(path: &Path, from: &str, to: &str) {
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{from} is in {text}");
    std::fs::write(path, text.replacen(from, to, 1)).unwrap();
}

/// An issuance of 32 bytes that follow from a text: no node can tell them from a commitment to a document.
pub fn issue(text: &str) -> Event {
    Event::Issue { commitment: Commitment(*blake3::hash(text.as_bytes()).as_bytes()) }
}

/// `count` batches of an issuer, one after the other, each with `events` issuances of its own.
pub async fn chain_of_batches(
    issuer: &Issuer,
    client: &Client,
    count: usize,
    events: usize,
    name: &str,
) -> Vec<SignedBatch> {
    let mut batch = issuer.next(client, Vec::new()).await;
    let mut batches = Vec::new();
    for number in 0..count {
        batch.events = (0..events).map(|event| issue(&format!("{name} {number} {event}"))).collect();
        let signed = batch.clone().sign(&issuer.key);
        batch.sequence = batch.sequence.next();
        batch.previous = signed.id();
        batches.push(signed);
    }
    batches
}

/// Asks until there is an answer.
pub fn poll<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(started.elapsed() < DEADLINE, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// As [`poll`], for answers of nodes.
pub async fn until(what: &str, mut ask: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    while !ask().await {
        assert!(started.elapsed() < DEADLINE, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// libfaketime, which shifts the clock of a process that loads it; `None`, and a word, where it is not installed.
pub fn clock_library() -> Option<&'static str> {
    let library = CLOCK_LIBRARIES.into_iter().find(|library| Path::new(library).is_file());
    if library.is_none() {
        eprintln!("libfaketime (Debian's faketime) is not here: skipped");
    }
    library
}

const CLOCK_LIBRARIES: [&str; 3] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/faketime/libfaketimeMT.so.1",
];
/// What `sanad localnet create` takes for each node.
const PORTS_PER_NODE: usize = 5;
