//! Validators whose disks are set back, copied over or lost, under load: the chain goes on, they vote again, and no key
//! ever signs two messages for one height, round and step.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rand::Rng as _;
use sanad_api::{Client, Wait};
use sanad_e2e::disk::{Fate, back_up, copy, set_back};
use sanad_e2e::{Issuer, Net, Stop, issue, poll};

/// `SANAD_RESTORES` replaces it: 200 is the full run.
const RESTORES: usize = 6;

fn restores() -> usize {
    let count = std::env::var("SANAD_RESTORES").ok();
    count.map_or(RESTORES, |text| text.parse().expect("SANAD_RESTORES is a number"))
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

fn height(net: &Net, node: usize) -> u64 {
    net.status()[node - 1]["height"].as_u64().unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_key_signs_twice_whatever_happens_to_its_disk() {
    let net = Net::create(&["--heartbeat-ms", "300"]);
    net.log_signatures();
    net.sanad(&["localnet", "start", &net.dir(), "--timeout", "90s"]).json(0);
    let stop = Arc::new(AtomicBool::new(false));
    let loading = tokio::spawn(load(net.client(1).await, net.issuer("node-1"), Arc::clone(&stop)));
    let mut backups: HashMap<usize, Vec<PathBuf>> = HashMap::new();
    for number in 0..restores() {
        let node = rand::rng().random_range(2..=4);
        let fate = Fate::ALL[number % Fate::ALL.len()];
        let pause = |most| Duration::from_millis(rand::rng().random_range(0..most));
        back_up(&net, node);
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
        let before = net.log(node).len();
        set_back(&net, node, fate, &backup);
        tokio::time::sleep(pause(500)).await;
        net.start_node(node);
        let voted = poll(&format!("node {node} to vote again, {fate:?}"), || {
            let log = net.log(node);
            let lives = log[before..].lines().filter(|line| line.contains("signed position="));
            lives.map(str::to_owned).next()
        });
        println!("{number}: node {node}, {fate:?}: {}", voted.split("position=").nth(1).unwrap());
        (1..=4).for_each(|node| drop(net.signatures(node).unwrap()));
        assert!(!loading.is_finished(), "the load goes on");
    }
    stop.store(true, Ordering::Relaxed);
    let entries = loading.await.unwrap();
    net.wait_for_equal_heads(entries);
    let signed: usize = (1..=4).map(|node| net.signatures(node).unwrap().len()).sum();
    println!("{entries} entries, {signed} positions signed");
    for node in 1..=4 {
        let evidence = net.node_path(node, "data/evidence.jsonl");
        assert!(!evidence.exists(), "{}", std::fs::read_to_string(evidence).unwrap_or_default());
    }
}
