//! Readers and writers at once: whoever polls a node holds up nothing, and does not keep it from stopping.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sanad_api::{BatchOutcome, Client, ClientOptions, CredentialKey, ProofForm, Wait};
use sanad_core::ids::LogIndex;
use sanad_e2e::{Issuer, Net, issue, poll};

const NODES: usize = 4;
/// Callers of `GetNodeStatus` at each node, each with a connection of its own.
const STATUS_POLLERS: usize = 32;
/// Callers of proofs at each node.
const PROOF_POLLERS: usize = 2;
/// Time under load. `SANAD_POLLING_SECONDS` replaces it: 120 is the full run.
const LOAD: Duration = Duration::from_secs(15);
/// Longest time in which a node under load may commit nothing. Less than [`LOAD`].
const STALL_MAX: Duration = Duration::from_secs(10);
/// Pause of a poller after each call: a connection has 200 calls a second.
const PAUSE: Duration = Duration::from_millis(10);

fn load() -> Duration {
    let seconds = std::env::var("SANAD_POLLING_SECONDS").ok();
    let seconds = seconds.map(|text| text.parse().expect("SANAD_POLLING_SECONDS is a number of seconds"));
    seconds.map_or(LOAD, Duration::from_secs)
}

/// Submits batches one after another until it is told to stop; returns the number of final entries.
async fn submit(client: Client, issuer: Issuer, stop: Arc<AtomicBool>) -> u64 {
    const EVENTS: u64 = 10;
    let mut entries = 0;
    let mut next = issuer.next(&client, Vec::new()).await;
    while !stop.load(Ordering::Relaxed) {
        next.events = (0..EVENTS).map(|n| issue(&format!("{}/{}/{n}", issuer.id, next.sequence))).collect();
        let batch = next.clone().sign(&issuer.key);
        let result = client.submit(&batch, Wait::Final).await.unwrap();
        assert!(matches!(result.outcome, BatchOutcome::Final(_)), "{:?}", result.outcome);
        (next.sequence, next.previous) = (next.sequence.next(), batch.id());
        entries += EVENTS;
    }
    entries
}

/// What a node answered.
#[derive(Default)]
struct Answers {
    statuses: AtomicU64,
    proofs: AtomicU64,
    height: AtomicU64,
}

async fn poll_status(client: Client, answers: Arc<Answers>, stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::Relaxed) {
        let status = client.node_status().await.unwrap();
        answers.height.fetch_max(status.head.height.0, Ordering::Relaxed);
        answers.statuses.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(PAUSE).await;
    }
}

async fn poll_proofs(client: Client, answers: Arc<Answers>, stop: Arc<AtomicBool>) {
    let mut index = 0;
    while !stop.load(Ordering::Relaxed) {
        let proof =
            client.status(&CredentialKey::Index(LogIndex(index)), ProofForm::SelfContained).await.unwrap();
        index = (index + 7) % proof.header.log_size.0;
        answers.proofs.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(PAUSE).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn polled_nodes_keep_up_and_stop_when_asked_to() {
    let net = Net::start(&["--heartbeat-ms", "1000"]);
    let stop = Arc::new(AtomicBool::new(false));
    let urls: Vec<String> = (1..=NODES).map(|node| net.url(node)).collect();
    let connect = async |node: usize| {
        let options = ClientOptions { timeout: Duration::from_secs(60), ..ClientOptions::default() };
        Client::connect(&urls[node - 1], &options).await.unwrap()
    };
    let mut submitters = Vec::new();
    for node in 1..=NODES {
        let issuer = net.issuer(&format!("node-{node}"));
        submitters.push(tokio::spawn(submit(connect(node).await, issuer, Arc::clone(&stop))));
    }
    poll("entries to prove", || {
        net.status().iter().all(|node| node["log_size"].as_u64() >= Some(10)).then_some(())
    });

    let answers: Vec<Arc<Answers>> = (0..NODES).map(|_| Arc::default()).collect();
    let mut pollers = Vec::new();
    for (node, answers) in (1..).zip(&answers) {
        for _ in 0..STATUS_POLLERS {
            let polling = poll_status(connect(node).await, Arc::clone(answers), Arc::clone(&stop));
            pollers.push(tokio::spawn(polling));
        }
        for _ in 0..PROOF_POLLERS {
            let polling = poll_proofs(connect(node).await, Arc::clone(answers), Arc::clone(&stop));
            pollers.push(tokio::spawn(polling));
        }
    }

    let end = Instant::now() + load();
    let mut progress = vec![(0, Instant::now()); NODES];
    while Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(250)).await;
        for (node, (answers, progress)) in (1..).zip(answers.iter().zip(&mut progress)) {
            let height = answers.height.load(Ordering::Relaxed);
            if height > progress.0 {
                *progress = (height, Instant::now());
            }
            let stalled = progress.1.elapsed();
            assert!(stalled < STALL_MAX, "node {node} stands at height {height} for {stalled:?}");
        }
    }
    let highest = answers.iter().map(|answers| answers.height.load(Ordering::Relaxed)).max();
    poll(&format!("every node, still under load, at height {highest:?}"), || {
        net.status().iter().all(|node| node["height"].as_u64() >= highest).then_some(())
    });
    stop.store(true, Ordering::Relaxed);
    let mut entries = 0;
    for submitter in submitters {
        entries += submitter.await.unwrap();
    }
    for poller in pollers {
        poller.await.unwrap();
    }
    for (node, answers) in (1..).zip(&answers) {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (statuses, proofs, height) =
            (read(&answers.statuses), read(&answers.proofs), read(&answers.height));
        println!("node {node}: height {height}, {statuses} statuses, {proofs} proofs");
        assert!(statuses >= STATUS_POLLERS as u64 && proofs > 0, "node {node}: {statuses}, {proofs}");
    }
    println!("{entries} entries");
    net.wait_for_equal_heads(entries);
    let stopped = net.sanad(&["localnet", "stop", &net.dir(), "--timeout", "60s"]).json(0);
    for node in stopped["nodes"].as_array().unwrap() {
        assert_eq!(node["how"], "stopped", "{stopped}");
    }
}
