//! Joining late: nodes begin with a snapshot of another's ledger, from a folder or from other nodes, catch up by blocks, and
//! follow; nothing that is wrong with a snapshot gets into a data directory.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::io::BufRead as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rand::Rng as _;
use sanad_api::Wait;
use sanad_core::ids::LogSize;
use sanad_core::snapshot::{CHUNK_BYTES, Chunk, SnapshotManifest};
use sanad_e2e::liar::liar;
use sanad_e2e::{Net, Stop, chain_of_batches, poll, program};

fn issue(net: &Net, name: &str, count: usize) {
    let documents = net.documents(name, count);
    let (url, issuer) = (net.url(2), net.path("net/node-2"));
    net.sanad(&["issue", &documents, "--issuer-dir", &issuer, "--node", &url]).json(0);
}

/// Has a node stop, make a snapshot, and start again.
fn snapshot_of(net: &Net, node: usize) -> String {
    let dir = net.path("snapshot");
    let said = net.sanad_node(node, &["snapshot", "create", &dir]);
    assert!(said.code == 1 && said.err.contains("in use by another process"), "{said:?}");
    net.stop_node(node, Stop::Terminate);
    let said = net.sanad_node(node, &["snapshot", "create", &dir]);
    assert!(said.code == 0 && said.out.starts_with("snapshot of height "), "{said:?}");
    net.start_node(node);
    dir
}

fn chunks(dir: &str) -> Vec<PathBuf> {
    let files = std::fs::read_dir(Path::new(dir).join("chunks")).unwrap();
    files.map(|file| file.unwrap().path()).collect()
}

#[test]
fn an_observer_and_a_validator_begin_with_a_snapshot() {
    let net = Net::create(&["--heartbeat-ms", "300", "--followers", "1"]);
    let data = net.node_path(5, "data");
    std::fs::remove_dir_all(&data).unwrap();
    for node in 1..=4 {
        std::thread::scope(|scope| drop(scope.spawn(|| net.start_node(node))));
    }
    poll("the chain begins", || (net.status()[0]["height"].as_u64() >= Some(1)).then_some(()));
    issue(&net, "first", 30);
    let dir = snapshot_of(&net, 1);
    let genesis = net.path("net/genesis.json");
    let info = net.sanad(&["snapshot", "info", &dir, "--genesis", &genesis]).json(0);
    let height = info["height"].as_u64().unwrap();
    assert!(info["sound"] == true && info["log_size"].as_u64() >= Some(30), "{info}");
    issue(&net, "second", 30);

    // Whatever is wrong is found before there is a ledger.
    for chunk in chunks(&dir) {
        let sound = std::fs::read(&chunk).unwrap();
        let mut changed = sound.clone();
        changed[sound.len() / 2] ^= 1;
        std::fs::write(&chunk, changed).unwrap();
        let said = net.sanad_node(5, &["snapshot", "restore", &dir]);
        assert!(said.code == 1 && said.err.contains("is damaged"), "{said:?}");
        assert!(!data.join("ledger").exists());
        assert_eq!(net.sanad(&["snapshot", "info", &dir, "--genesis", &genesis]).json(1)["sound"], false);
        std::fs::write(&chunk, sound).unwrap();
    }
    let other = Net::create(&[]);
    std::fs::remove_dir_all(other.node_path(1, "data")).unwrap();
    let said = other.sanad_node(1, &["snapshot", "restore", &dir]);
    assert!(said.code == 1 && said.err.contains("is of the chain"), "{said:?}");

    // Killed at any moment, it is begun anew.
    for _ in 0..10 {
        let mut command = program("sanad-node");
        command.args(["snapshot", "restore", &dir, "--config"]).arg(net.node_path(5, "node.toml"));
        let mut child = command.spawn().unwrap();
        std::thread::sleep(Duration::from_micros(rand::rng().random_range(0..80_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        if data.join("ledger/store.json").exists() {
            std::fs::remove_dir_all(&data).unwrap();
        }
    }
    let trust = net.path("chain.trust.json");
    let url = net.url(1);
    net.sanad(&["trust", "fetch", &trust, "--genesis", &genesis, "--node", &url]).json(0);
    let said = net.sanad_node(5, &["snapshot", "restore", &dir, "--trust", &trust]);
    assert!(said.code == 1 && said.err.contains("use a newer snapshot"), "{said:?}");
    let said = net.sanad_node(5, &["snapshot", "restore", &dir]);
    assert!(said.code == 0 && said.out.contains(&format!("restored up to height {height}")), "{said:?}");
    assert!(!data.join("ledger.restoring").exists());
    let said = net.sanad_node(5, &["snapshot", "restore", &dir]);
    assert!(said.code == 1 && said.err.contains("holds a ledger"), "{said:?}");
    net.start_node(5);
    net.wait_for_equal_heads(60);
    // What came before the snapshot is served as by any other node.
    let url = net.url(5);
    let block = net.sanad(&["block", "show", "1", "--node", &url, "--genesis", &genesis]).json(0);
    assert_eq!(block["header"]["height"], 1, "{block}");
    // Not so the members as of then, which take execution: the node says from where on it has them.
    let show = |as_of: u64| {
        let id = net.issuer("node-2").id;
        let (as_of, url) = (as_of.to_string(), net.url(5));
        net.sanad(&["member", "show", &id, "--as-of", &as_of, "--node", &url, "--genesis", &genesis])
    };
    let said = show(height - 1);
    let from = format!("this node keeps the members of past blocks from height {height} on");
    assert!(said.code == 2 && said.err.contains(&from), "{said:?}");
    assert_eq!(show(height).json(0)["proven"], true);
    let as_of = ["member", "as-of", "--height", "1", "--node", &url, "--genesis", &genesis];
    assert_eq!(net.sanad(&as_of).json(0)["proved_by"], "execution");

    // A validator that has lost its disk: it follows, and votes when it is safe.
    net.stop_node(3, Stop::Kill);
    std::fs::remove_dir_all(net.node_path(3, "data")).unwrap();
    let said = net.sanad_node(3, &["snapshot", "restore", &dir]);
    assert!(said.code == 0 && said.out.contains("the node follows, and votes once enough"), "{said:?}");
    net.start_node(3);
    poll("the restored validator votes again", || {
        (net.metric(3, "sanad_own_last_signed_height")? > height as f64).then_some(())
    });
    net.wait_for_equal_heads(60);
    net.stop_node(3, Stop::Terminate);
    let ledger = net.node_path(3, "data");
    let audited = net.sanad(&["audit", ledger.to_str().unwrap(), "--genesis", &genesis]).json(0);
    assert_eq!(audited["sound"], true, "{audited}");
}

/// Puts settings at the end of a node's configuration.
fn configure(net: &Net, node: usize, settings: &str) {
    let path = net.node_path(node, "node.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text + settings).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_observer_and_a_validator_join_over_the_network() {
    let net = Net::create(&["--heartbeat-ms", "500", "--followers", "1"]);
    for node in 1..=3 {
        configure(&net, node, "\n[snapshots]\nfolder = \"snapshot\"\nevery_blocks = 10\n");
    }
    // It makes none of its own, and hands out what is put there.
    configure(&net, 4, "\n[snapshots]\nfolder = \"snapshot\"\n");
    let data = net.node_path(5, "data");
    std::fs::remove_dir_all(&data).unwrap();
    // The observer has no genesis yet, only a trust file.
    let path = net.node_path(5, "node.toml");
    let settings = std::fs::read_to_string(&path).unwrap();
    assert!(settings.contains("genesis = \"../genesis.json\""), "{settings}");
    std::fs::write(&path, settings.replace("../genesis.json", "genesis.json")).unwrap();
    for node in 1..=4 {
        std::thread::scope(|scope| drop(scope.spawn(|| net.start_node(node))));
    }
    poll("the chain begins", || (net.status()[0]["height"].as_u64() >= Some(1)).then_some(()));
    let (trust, genesis) = (net.path("chain.trust.json"), net.path("net/genesis.json"));
    net.sanad(&["trust", "fetch", &trust, "--genesis", &genesis, "--node", &net.url(1)]).json(0);

    // More than a chunk of blocks.
    let client = net.client(1).await;
    let batches = chain_of_batches(&net.issuer("node-1"), &client, BATCHES, EVENTS, "joining").await;
    for batch in &batches {
        client.submit(batch, Wait::Accepted).await.unwrap();
    }
    let entries = (BATCHES * EVENTS) as u64;
    let mut offering = Vec::new();
    for node in 1..=3 {
        offering.push((net.url(node), net.client(node).await));
    }
    let deadline = std::time::Instant::now() + sanad_e2e::DEADLINE;
    for (url, client) in &offering {
        while client.snapshot().await.map_or(LogSize(0), |manifest| manifest.header().log_size).0 < entries {
            assert!(std::time::Instant::now() < deadline, "{url} offers no snapshot of all entries");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    assert!(client.snapshot().await.unwrap().blocks.len() >= 2);

    // Neither genesis nor trust file; then a node that hands out its genesis, and offers no snapshot.
    let of = |node: usize| offering[node - 1].0.as_str();
    let said = net.sanad_node(5, &["join", of(1)]);
    assert!(said.code == 1 && said.err.contains("genesis.json"), "{said:?}");
    let said = net.sanad_node(5, &["join", &net.url(4), "--trust", &trust]);
    assert!(said.code == 1 && said.err.contains("offers no snapshot"), "{said:?}");
    assert!(net.node_path(5, "genesis.json").is_file() && !data.join("ledger").exists());

    // Killed at any moment, it goes on with what it has.
    for _ in 0..8 {
        let mut command = program("sanad-node");
        command.args(["join", of(1), of(2), of(3), "--trust", &trust, "--config"]).arg(&path);
        let mut child = command.stderr(std::process::Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(rand::rng().random_range(0..1_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        if data.join("ledger/store.json").exists() {
            std::fs::remove_dir_all(&data).unwrap();
        }
    }
    // One node lies about chunks: it is found out and named, and the others have them.
    let lying = format!("http://{}", liar(net.listen_addresses(2)[0]));
    let _ = std::fs::remove_dir_all(&data);
    let said = net.sanad_node(5, &["join", &lying, of(1), of(3), "--trust", &trust]);
    assert!(said.code == 0 && said.out.contains("restored up to height"), "{said:?}");
    let found_out = said
        .err
        .lines()
        .any(|line| line.contains("sent another chunk than it was asked for") && line.contains(&lying));
    assert!(found_out, "{said:?}");
    assert!(!data.join("joining").exists() && !data.join("ledger.restoring").exists());
    let said = net.sanad_node(5, &["join", of(1), "--trust", &trust]);
    assert!(said.code == 1 && said.err.contains("holds a ledger"), "{said:?}");

    // Two that agree on nonsense, one chunk of it named again and again: the others are asked next.
    std::fs::remove_dir_all(&data).unwrap();
    let bytes = vec![7; CHUNK_BYTES];
    let nonsense = Chunk::of(&bytes);
    let mut manifest = client.snapshot().await.unwrap();
    manifest.blocks.splice(0..0, [nonsense; 300]);
    let folder = net.node_path(4, "snapshot");
    put_snapshot(&net.node_path(1, "snapshot"), &folder, &manifest);
    std::fs::write(folder.join("chunks").join(nonsense.hash.to_string()), bytes).unwrap();
    let (twice, again) = (net.url(4), net.url(4).replace("127.0.0.1", "localhost"));
    let said = net.sanad_node(5, &["join", &twice, &again, of(1), of(3), "--trust", &trust]);
    assert!(said.code == 0 && said.out.contains("restored up to height"), "{said:?}");
    assert!(said.err.contains("the snapshot of a node is of no use"), "{said:?}");

    // A snapshot that is replaced by a newer one while it is fetched: the newer one is fetched.
    std::fs::remove_dir_all(&data).unwrap();
    manifest.blocks.drain(..300);
    *manifest.certificates.last_mut().unwrap() = Chunk::of(b"dropped already");
    put_snapshot(&net.node_path(1, "snapshot"), &folder, &manifest);
    let mut command = program("sanad-node");
    command.args(["join", &net.url(4), "--trust", &trust, "--config"]).arg(&path);
    let mut child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
    let mut lines = std::io::BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.contains("the snapshot of a node is of no use")));
    put_snapshot(&net.node_path(1, "snapshot"), &folder, &client.snapshot().await.unwrap());
    let rest: Vec<String> = lines.collect();
    assert!(child.wait().unwrap().success(), "{rest:?}");
    net.start_node(5);
    net.wait_for_equal_heads(entries);

    // Alone, it leads to no ledger.
    net.stop_node(3, Stop::Kill);
    std::fs::remove_dir_all(net.node_path(3, "data")).unwrap();
    let said = net.sanad_node(3, &["join", &lying]);
    assert!(said.code == 1 && said.err.contains("are to be had from none"), "{said:?}");
    assert!(!net.node_path(3, "data/ledger").exists());
    // A validator that has lost its disk: it follows, and votes when it is safe.
    let said = net.sanad_node(3, &["join", of(1), of(2)]);
    assert!(said.code == 0 && said.out.contains("the node follows, and votes once enough"), "{said:?}");
    assert!(said.err.contains("rests on the genesis alone"), "{said:?}");
    let height = net.status()[0]["height"].as_u64().unwrap();
    net.start_node(3);
    poll("the restored validator votes again", || {
        (net.metric(3, "sanad_own_last_signed_height")? > height as f64).then_some(())
    });
    net.wait_for_equal_heads(entries);
    net.stop_node(5, Stop::Terminate);
    let audited = net.sanad(&["audit", data.to_str().unwrap(), "--genesis", &genesis]).json(0);
    assert_eq!(audited["sound"], true, "{audited}");
}

/// Puts a manifest, and all chunks that there are, where a node looks for the snapshot that it offers.
fn put_snapshot(from: &Path, to: &Path, manifest: &SnapshotManifest) {
    std::fs::create_dir_all(to.join("chunks")).unwrap();
    for chunk in std::fs::read_dir(from.join("chunks")).unwrap() {
        let chunk = chunk.unwrap();
        // A node drops those that are too old at any time.
        let _ = std::fs::copy(chunk.path(), to.join("chunks").join(chunk.file_name()));
    }
    std::fs::write(to.join("manifest.put"), manifest.to_bytes()).unwrap();
    std::fs::rename(to.join("manifest.put"), to.join("manifest")).unwrap();
}

/// As many entries as make more than one chunk of blocks.
const BATCHES: usize = 36;
const EVENTS: usize = 3_930;
