//! Nodes that are killed: nothing acknowledged is lost, and all agree again.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sanad_api::{BatchOutcome, Client, Wait};
use sanad_core::hash::BatchId;
use sanad_e2e::{Issuer, Net, Stop, issue, poll};

/// Submits batches one after another until it is told to stop or the node is gone; returns those that were
/// acknowledged.
async fn submit_until(client: Client, issuer: Issuer, stop: Arc<AtomicBool>) -> Vec<BatchId> {
    let mut acknowledged = Vec::new();
    let mut next = issuer.next(&client, Vec::new()).await;
    while !stop.load(Ordering::Relaxed) {
        let mut batch = next.clone();
        batch.events = (0..50).map(|n| issue(&format!("{}/{}/{n}", issuer.id, next.sequence))).collect();
        let batch = batch.sign(&issuer.key);
        match client.submit(&batch, Wait::Final).await {
            Ok(result) if matches!(result.outcome, BatchOutcome::Final(_)) => acknowledged.push(batch.id()),
            _ => break,
        }
        (next.sequence, next.previous) = (next.sequence.next(), batch.id());
    }
    acknowledged
}

fn log_size(net: &Net, node: usize) -> u64 {
    net.status()[node - 1]["log_size"].as_u64().unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_killed_node_stops_nobody_and_catches_up() {
    let net = Net::start(&["--heartbeat-ms", "1000", "--issuers", "2"]);
    let stop = Arc::new(AtomicBool::new(false));
    let client = net.client(1).await;
    let load = tokio::spawn(submit_until(client, net.issuer("node-1"), Arc::clone(&stop)));
    poll("blocks", || (log_size(&net, 1) >= 100).then_some(()));
    net.stop_node(4, Stop::Kill);
    let size = log_size(&net, 1);
    poll("blocks without node 4", || (log_size(&net, 1) >= size + 100).then_some(()));
    net.start_node(4);
    poll("node 4 to follow", || (log_size(&net, 4) > size).then_some(()));
    stop.store(true, Ordering::Relaxed);
    let acknowledged = load.await.unwrap();
    net.wait_for_equal_heads(50 * acknowledged.len() as u64);
    let client = net.client(4).await;
    for id in &acknowledged {
        let outcome = client.batch(id).await.unwrap().outcome;
        assert!(matches!(outcome, BatchOutcome::Final(_)), "{outcome:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_killed_at_once_lose_nothing_acknowledged() {
    let net = Net::start(&["--heartbeat-ms", "1000"]);
    let mut acknowledged = Vec::new();
    for _ in 0..2 {
        let stop = Arc::new(AtomicBool::new(false));
        let before = log_size(&net, 1);
        let mut loads = Vec::new();
        for node in [1, 2] {
            let client = net.client(node).await;
            let issuer = net.issuer(&format!("node-{node}"));
            loads.push(tokio::spawn(submit_until(client, issuer, Arc::clone(&stop))));
        }
        poll("blocks", || (log_size(&net, 1) >= before + 300).then_some(()));
        net.sanad(&["localnet", "stop", &net.dir(), "--kill"]).json(0);
        for load in loads {
            acknowledged.extend(load.await.unwrap());
        }
        net.sanad(&["localnet", "start", &net.dir(), "--timeout", "90s"]).json(0);
    }
    net.wait_for_equal_heads(50 * acknowledged.len() as u64);
    for node in 1..=4 {
        let client = net.client(node).await;
        for id in &acknowledged {
            let outcome = client.batch(id).await.unwrap().outcome;
            assert!(matches!(outcome, BatchOutcome::Final(_)), "node {node}: {outcome:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn accepted_batches_survive_a_graceful_stop_of_a_halted_chain() {
    let net = Net::start(&["--heartbeat-ms", "1000"]);
    // Two of four are no quorum: nothing can become final.
    net.stop_node(3, Stop::Terminate);
    net.stop_node(4, Stop::Terminate);
    let client = net.client(1).await;
    let issuer = net.issuer("node-1");
    let batch = issuer.next(&client, vec![issue("while halted")]).await.sign(&issuer.key);
    let accepted = client.submit(&batch, Wait::Accepted).await.unwrap();
    assert_eq!(accepted.outcome, BatchOutcome::Pending);
    let waiting = client.with_timeout(std::time::Duration::from_secs(1)).submit(&batch, Wait::Final).await;
    let error = waiting.unwrap_err();
    assert!(error.to_string().contains("pending"), "a deadline says what became of the batch: {error}");
    for node in [1, 2] {
        net.stop_node(node, Stop::Terminate);
    }
    net.sanad(&["localnet", "start", &net.dir(), "--timeout", "90s"]).json(0);
    net.wait_for_equal_heads(1);
    let outcome = net.client(3).await.batch(&batch.id()).await.unwrap().outcome;
    assert!(matches!(outcome, BatchOutcome::Final(_)), "{outcome:?}");
}
