//! Validators whose disks are set back, copied over or lost, under load: the chain goes on, they vote again, and no key
//! ever signs two messages for one height, round and step.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rand::Rng as _;
use sanad_api::{Client, Wait};
use sanad_e2e::{Issuer, Net, Stop, issue, poll};

/// `SANAD_RESTORES` replaces it: 200 is the full run.
const RESTORES: usize = 6;

fn restores() -> usize {
    let count = std::env::var("SANAD_RESTORES").ok();
    count.map_or(RESTORES, |text| text.parse().expect("SANAD_RESTORES is a number"))
}

/// What happens to a disk.
#[derive(Clone, Copy, Debug)]
enum Fate {
    /// A backup in the place of the directory.
    Replaced,
    /// A backup written over the files that are there.
    WrittenOver,
    /// The ledger is lost.
    LedgerLost,
    /// The guard is lost.
    GuardLost,
    AllLost,
    /// All is lost, and the ledger comes from a backup that was made while the node ran.
    Restored,
}

const FATES: [Fate; 6] =
    [Fate::Replaced, Fate::WrittenOver, Fate::LedgerLost, Fate::GuardLost, Fate::AllLost, Fate::Restored];

fn copy(from: &Path, to: &Path) {
    let from = format!("{}/.", from.display());
    std::fs::create_dir_all(to).unwrap();
    assert!(Command::new("cp").args(["-r", &from]).arg(to).status().unwrap().success());
}

async fn load(client: Client, issuer: Issuer, stop: Arc<AtomicBool>) -> u64 {
    let mut next = issuer.next(&client, Vec::new()).await;
    let mut entries = 0;
    while !stop.load(Ordering::Relaxed) {
        next.events = (0..20).map(|n| issue(&format!("{}/{n}", next.sequence))).collect();
        let batch = next.clone().sign(&issuer.key);
        client.submit(&batch, Wait::Final).await.unwrap();
        (next.sequence, next.previous) = (next.sequence.next(), batch.id());
        entries += 20;
    }
    entries
}

fn log(net: &Net, node: usize) -> String {
    std::fs::read_to_string(net.node_path(node, "node.log")).unwrap()
}

/// What a node's key has signed, in every life of the node: the digest of each message, by height, round and step.
fn signatures(net: &Net, node: usize) -> HashMap<String, String> {
    let mut signed: HashMap<String, String> = HashMap::new();
    for line in log(net, node).lines() {
        let Some((_, rest)) = line.split_once("signed position=") else { continue };
        let (position, digest) = rest.split_once(" digest=").unwrap();
        let before = signed.insert(position.to_owned(), digest.to_owned());
        assert!(
            before.is_none_or(|before| before == digest),
            "node {node} has signed two messages at {position}"
        );
    }
    signed
}

fn height(net: &Net, node: usize) -> u64 {
    net.status()[node - 1]["height"].as_u64().unwrap_or(0)
}

fn set_back(net: &Net, node: usize, fate: Fate, backup: &Path, hot: &str) {
    let data = net.node_path(node, "data");
    let (ledger, consensus) = (data.join("ledger"), data.join("consensus"));
    let recover = match fate {
        Fate::Replaced => {
            std::fs::remove_dir_all(&data).unwrap();
            copy(backup, &data);
            false
        }
        Fate::WrittenOver => {
            std::fs::remove_dir_all(&ledger).unwrap();
            copy(backup, &data);
            false
        }
        Fate::LedgerLost => {
            std::fs::remove_dir_all(&ledger).unwrap();
            true
        }
        Fate::GuardLost => {
            std::fs::remove_file(consensus.join("signing.guard")).unwrap();
            true
        }
        Fate::AllLost => {
            std::fs::remove_dir_all(&data).unwrap();
            true
        }
        Fate::Restored => {
            std::fs::remove_dir_all(&data).unwrap();
            let said = net.sanad_node(node, &["backup", "restore", hot]);
            assert_eq!(said.code, 0, "{said:?}");
            false
        }
    };
    if recover {
        let refused = net.sanad_node(node, &["run"]);
        assert!(refused.code != 0 && refused.err.contains("sanad-node recover"), "{fate:?}: {refused:?}");
        let said = net.sanad_node(node, &["recover"]);
        assert_eq!(said.code, 0, "{fate:?}: {said:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_key_signs_twice_whatever_happens_to_its_disk() {
    let net = Net::create(&["--heartbeat-ms", "300"]);
    for node in 1..=4 {
        let path = net.node_path(node, "node.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        let filter = "info,sanad_consensus_lite::signer=debug,arc_malachitebft=error,\
                      arc_malachitebft_network=off,libp2p_swarm=warn";
        std::fs::write(&path, format!("{text}\n[log]\nfilter = \"{filter}\"\n")).unwrap();
    }
    net.sanad(&["localnet", "start", &net.dir(), "--timeout", "90s"]).json(0);
    let stop = Arc::new(AtomicBool::new(false));
    let loading = tokio::spawn(load(net.client(1).await, net.issuer("node-1"), Arc::clone(&stop)));
    let mut backups: HashMap<usize, Vec<PathBuf>> = HashMap::new();
    for number in 0..restores() {
        let node = rand::rng().random_range(2..=4);
        let fate = FATES[number % FATES.len()];
        let pause = |most| Duration::from_millis(rand::rng().random_range(0..most));
        // Of the running node. A folder of its own: a ledger that was made anew does not continue an older backup.
        let hot = net.path(&format!("hot-{number}"));
        let said = net.sanad_node(node, &["backup", "create", &hot]);
        assert_eq!(said.code, 0, "{said:?}");
        // A backup of now, and a life that it does not know of.
        net.stop_node(node, if number % 2 == 0 { Stop::Kill } else { Stop::Terminate });
        let backup = PathBuf::from(net.path(&format!("backup-{number}")));
        copy(&net.node_path(node, "data"), &backup);
        let kept = backups.entry(node).or_default();
        kept.push(backup);
        let backup = kept[rand::rng().random_range(0..kept.len())].clone();
        net.start_node(node);
        let seen = height(&net, 1);
        poll("some blocks", || (height(&net, node) > seen + 3).then_some(()));
        tokio::time::sleep(pause(1_500)).await;
        net.stop_node(node, Stop::Kill);
        let before = log(&net, node).len();
        set_back(&net, node, fate, &backup, &hot);
        tokio::time::sleep(pause(500)).await;
        net.start_node(node);
        let voted = poll(&format!("node {node} to vote again, {fate:?}"), || {
            let log = log(&net, node);
            let lives = log[before..].lines().filter(|line| line.contains("signed position="));
            lives.map(str::to_owned).next()
        });
        println!("{number}: node {node}, {fate:?}: {}", voted.split("position=").nth(1).unwrap());
        (1..=4).for_each(|node| drop(signatures(&net, node)));
        assert!(!loading.is_finished(), "the load goes on");
    }
    stop.store(true, Ordering::Relaxed);
    let entries = loading.await.unwrap();
    net.wait_for_equal_heads(entries);
    let signed: usize = (1..=4).map(|node| signatures(&net, node).len()).sum();
    println!("{entries} entries, {signed} positions signed");
    for node in 1..=4 {
        let evidence = net.node_path(node, "data/evidence.jsonl");
        assert!(!evidence.exists(), "{}", std::fs::read_to_string(evidence).unwrap_or_default());
    }
}
