//! One validator's data directory and key on two machines at once: the others keep proof of it, which goes on the ledger.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use sanad_api::{Client, ClientOptions, Wait};
use sanad_core::batch::Batch;
use sanad_core::governance::Change;
use sanad_core::ids::Height;
use sanad_e2e::disk::copy;
use sanad_e2e::members::decide;
use sanad_e2e::relay::{Link, Relay};
use sanad_e2e::{DEADLINE, Issuer, Net, Stop, edit, issue, program, reserve_ports, until};
use serde_json::Value;

/// The validator whose directory and key are copied.
const COPIED: usize = 4;
/// The honest nodes, and those that the first of the twins is connected with; the second one is with the others.
const HONEST: [usize; 3] = [1, 2, 3];
const OF_THE_FIRST: [usize; 2] = [1, 3];
/// The honest node that is down while both vote.
const SPARE: usize = 3;
/// Longest time for which it is down: some turns of the two.
const TIME_ALONE: Duration = Duration::from_secs(30);
/// One way between a twin and the other nodes: neither hears what the other signs before it has signed itself.
const LATENCY: Duration = Duration::from_millis(250);
/// Heights that the twins leave out, and begin to vote after at the same time.
const AHEAD: u64 = 4;

/// A process that runs from a copy of the directory. Killed when it is dropped.
struct Twin {
    folder: PathBuf,
    process: Option<Child>,
}

impl Twin {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program("sanad-node");
        command.args(arguments).arg("--config").arg(self.folder.join("node.toml"));
        command
    }

    /// Starts it. As its operator says, wrongly, the key has signed at no height above `through`, and in no other place.
    fn start(&mut self, through: Height) {
        self.stop();
        let recovered =
            self.command(&["recover", "--signed-through", &through.to_string(), "--yes"]).output().unwrap();
        assert!(recovered.status.success(), "{recovered:?}");
        let log = fs::File::options().create(true).append(true).open(self.folder.join("node.log")).unwrap();
        let errors = log.try_clone().unwrap();
        let process = self.command(&["run"]).stdin(Stdio::null()).stdout(log).stderr(errors).spawn();
        self.process = Some(process.unwrap());
    }

    fn is_running(&mut self) -> bool {
        self.process.as_mut().is_some_and(|process| process.try_wait().unwrap().is_none())
    }

    fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// A client of it, if it answers.
    async fn client(&self) -> Option<Client> {
        let text = fs::read_to_string(self.folder.join("node.toml")).unwrap();
        let (_, api) = text.split_once("[api]\nlisten = \"").unwrap();
        let url = format!("http://{}", api.split('"').next().unwrap());
        let client = Client::connect(&url, &ClientOptions::default()).await.ok()?;
        client.head().await.ok()?;
        Some(client)
    }
}

impl Drop for Twin {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = fs::read_to_string(self.folder.join("node.log")).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            eprintln!("-- {}\n{}", self.folder.display(), lines[lines.len().saturating_sub(25)..].join("\n"));
        }
        self.stop();
    }
}

/// Four validators, of which the last one is two processes, each connected with some of the others by slow relays.
struct Network {
    net: Net,
    twins: [Twin; 2],
    /// Whose batches each of the two is given.
    issuers: Vec<Issuer>,
    _relays: Vec<Relay>,
}

impl Network {
    /// Starts the honest nodes, after the validator to be copied has run and stopped.
    fn start() -> Self {
        let net = Net::create(&["--heartbeat-ms", "1000", "--issuers", "2"]);
        net.log_signatures();
        net.sanad(&["localnet", "start", &net.dir(), "--timeout", "90s"]).json(0);
        (1..=4).for_each(|node| net.stop_node(node, Stop::Terminate));
        let copies = [net.node_path(COPIED, ""), PathBuf::from(net.path("net/twin"))];
        copy(&copies[0], &copies[1]);
        let config = |folder: &Path| folder.join("node.toml");
        let ports = reserve_ports(5);
        let own: Vec<String> = ports.iter().map(|port| format!("listen = \"127.0.0.1:{port}\"")).collect();
        let text = fs::read_to_string(config(&copies[1])).unwrap();
        let former = text.lines().filter(|line| line.starts_with("listen = "));
        former.zip(&own).for_each(|(from, to)| edit(&config(&copies[1]), from, to));

        let mut relays = Vec::new();
        let mut relay = |target: SocketAddr, link: Link| {
            let relay = Relay::start(target);
            relay.set(link);
            let address = relay.address();
            relays.push(relay);
            address
        };
        for (network, place) in NETWORKS {
            let copied = net.listen_addresses(COPIED)[place];
            let second = SocketAddr::from(([127, 0, 0, 1], ports[place]));
            let named = |address: SocketAddr| format!("{network} = \"{address}\"");
            for node in HONEST {
                let of_first = OF_THE_FIRST.contains(&node);
                let honest = net.listen_addresses(node)[place];
                let to_twin = relay(if of_first { copied } else { second }, Link::Slow(LATENCY));
                net.edit(node, &named(copied), &named(to_twin));
                for (folder, connected) in copies.iter().zip([of_first, !of_first]) {
                    let link = if connected { Link::Slow(LATENCY) } else { Link::Cut };
                    edit(&config(folder), &named(honest), &named(relay(honest, link)));
                }
            }
        }
        HONEST.into_iter().for_each(|node| net.start_node(node));
        let twins = copies.map(|folder| Twin { folder, process: None });
        let folders = fs::read_dir(net.path("net/issuers")).unwrap();
        let names = folders.map(|folder| folder.unwrap().file_name().into_string().unwrap());
        let issuers = names.map(|name| net.issuer(&format!("issuers/{name}"))).collect();
        Self { net, twins, issuers, _relays: relays }
    }

    /// An honest node that keeps evidence, and its file.
    fn evidence(&self) -> Option<(usize, PathBuf)> {
        let files = HONEST.map(|node| (node, self.net.node_path(node, "data/evidence.jsonl")));
        files.into_iter().find(|(_, path)| fs::read_to_string(path).is_ok_and(|text| text.ends_with('\n')))
    }

    /// Runs both until a node has evidence. One honest node is down for that time, so that the chain waits for the votes of
    /// the two; it decides the height in question in their place, if they stop each other.
    async fn run_both(&mut self) -> (usize, PathBuf) {
        let started = Instant::now();
        let honest = self.net.client(HONEST[0]).await;
        for runs in 1.. {
            let through = Height(honest.head().await.unwrap().header.height.0 + AHEAD);
            self.twins.iter_mut().for_each(|twin| twin.start(through));
            until("the height after which both vote", async || {
                self.submit_to_both(&honest).await;
                honest.head().await.unwrap().header.height > through
            })
            .await;
            self.net.stop_node(SPARE, Stop::Terminate);
            let alone = Instant::now();
            while alone.elapsed() < TIME_ALONE && self.evidence().is_none() {
                self.submit_to_both(&honest).await;
                if !self.twins.iter_mut().all(Twin::is_running) {
                    break;
                }
            }
            self.net.start_node(SPARE);
            let height = honest.head().await.unwrap().header.height;
            until("a block more", async || honest.head().await.unwrap().header.height > height).await;
            if let Some(kept) = self.evidence() {
                eprintln!("evidence after {runs} runs of both, {:?}", started.elapsed());
                return kept;
            }
            assert!(
                started.elapsed() < 2 * DEADLINE,
                "no node has evidence of two signatures, after {runs} runs"
            );
        }
        unreachable!("there is no end of numbers")
    }

    /// Gives each of the two a batch that the other hears of late, if at all, so that they propose different blocks.
    async fn submit_to_both(&self, honest: &Client) {
        for (twin, issuer) in self.twins.iter().zip(&self.issuers) {
            let Some(client) = twin.client().await else { continue };
            let batch = issuer.next(honest, Vec::new()).await;
            let event = issue(&format!("{} {}", issuer.id, batch.sequence));
            // It may be ended meanwhile, or have the batch already.
            let _ = client
                .submit(&Batch { events: vec![event], ..batch }.sign(&issuer.key), Wait::Accepted)
                .await;
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_copies_of_a_validator_are_found_out_and_recorded() {
    let mut network = Network::start();
    let (witness, kept) = network.run_both().await;
    // The member is told, and stops both.
    network.twins.iter_mut().for_each(Twin::stop);
    let net = &network.net;
    let accused = net.governor(COPIED).id;
    // The node may keep more meanwhile.
    let file = &net.path("evidence.jsonl");
    fs::copy(kept, file).unwrap();

    // The node says so to its operator.
    let client = net.client(witness).await;
    until("the warning", async || {
        let warnings = client.diagnosis().await.unwrap().warnings;
        let warning = warnings.iter().find(|warning| warning.code == "evidence");
        warning.is_some_and(|warning| warning.advice.contains("two places"))
    })
    .await;
    assert!(net.metric(witness, "sanad_evidence_total") >= Some(1.0), "{:?}", net.admin(witness, "/metrics"));

    // Anyone checks it with the genesis alone: each piece names the member, and two blocks for one round.
    let found = net.sanad(&["evidence", "verify", file]);
    let found: Vec<Value> = found.json_lines(0);
    assert!(!found.is_empty());
    let occasion = |piece: &Value| {
        let signed = &piece["accused"][0]["equivocation"];
        ["height", "round", "statement"].map(|field| signed[field].to_string())
    };
    let occasions: BTreeSet<_> = found.iter().map(occasion).collect();
    for piece in &found {
        assert_eq!(
            (&piece["verdict"], &piece["accused"][0]["member"]),
            (&"proved".into(), &accused.as_str().into())
        );
        assert_eq!(piece["accused"].as_array().unwrap().len(), 1, "{piece}");
    }

    // Another member records it; every node proves it of the member whose key signed, by its name.
    let (dir, url) = (net.path("net/node-1"), net.url(1));
    let submitted =
        net.sanad(&["evidence", "submit", file, "--member-dir", &dir, "--node", &url, "--yes"]).json(0);
    assert!(submitted["batches"][0]["height"].is_u64(), "{submitted}");
    let height = Height(submitted["batches"][0]["height"].as_u64().unwrap());
    for node in HONEST {
        let (client, url) = (net.client(node).await, net.url(node));
        until("the block with the record", async || client.head().await.unwrap().header.height >= height)
            .await;
        let history = net.sanad(&["member", "history", &accused, "--node", &url]).json(0);
        assert_eq!(history["record"]["name"], "Universitas Kelimutu");
        let events = history["events"].as_array().unwrap();
        let recorded = events.iter().filter(|event| event["kind"] == "record-evidence");
        assert_eq!(recorded.count(), occasions.len(), "{history}");
        let listed = net.sanad(&["governance", "list", "--node", &url]).json(0);
        let mut kept = listed["others"].as_array().unwrap().iter();
        let record = kept.find(|item| item["item"] == "evidence" && item["member"] == accused.as_str());
        let kept = record.unwrap_or_else(|| panic!("{listed}"));
        assert_eq!(kept["occasions"].as_array().unwrap().len(), occasions.len(), "{listed}");
    }

    // The record changes nothing by itself. What follows is decided by vote.
    let standing = || {
        let history = net.sanad(&["member", "history", &accused, "--node", &net.url(2)]).json(0);
        history["record"]["standing"].as_str().unwrap().to_owned()
    };
    assert_eq!(standing(), "active");
    let voters = HONEST.map(|node| net.governor(node));
    let change = Change::Suspend { member: accused.parse().unwrap() };
    decide(&net.client(2).await, &voters.each_ref(), change).await;
    assert_eq!(standing(), "suspended");
}

/// The networks of the nodes, as configurations name them, and their places among the addresses of a node.
const NETWORKS: [(&str, usize); 2] = [("consensus", 1), ("gossip", 2)];
const POLL_INTERVAL: Duration = Duration::from_millis(50);
