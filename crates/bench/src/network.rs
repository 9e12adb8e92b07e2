//! Load on a running localnet.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use sanad_api::{BatchOutcome, Client, ClientOptions, CredentialKey, ProofForm, Wait};
use sanad_core::batch::{Batch, BatchChain, SignedBatch};
use sanad_core::event::Event;
use sanad_core::hash::{BatchId, ChainId, Commitment};
use sanad_core::ids::Sequence;
use tokio::task::JoinSet;

use crate::latency::Latencies;
use crate::localnet::{Issuer, Localnet, Node};
use crate::table::{Table, thousands};

/// What is asked of the network.
pub(crate) struct Load {
    /// Events of a batch.
    pub(crate) batch: usize,
    /// Submitters at once.
    pub(crate) submitters: usize,
    /// Batches of each submitter that wait for their block at once.
    pub(crate) in_flight: usize,
    /// For how long.
    pub(crate) time: Duration,
    /// Events after which it is over, whatever the time.
    pub(crate) events: Option<u64>,
}

/// The table that [`measure`] gives rows for.
pub(crate) fn table() -> Table {
    Table::new(&[
        "batch",
        "submitters",
        "in flight",
        "events",
        "events/s",
        "ack p50 ms",
        "ack p99 ms",
        "disk B/event",
        "RSS MB/node",
        "blocks/s",
        "CPU ms/block/node",
    ])
}

/// Puts a load on the network, and returns a row of the table.
pub(crate) async fn measure(net: &Localnet, load: &Load) -> anyhow::Result<Vec<String>> {
    ensure!(
        load.submitters <= net.issuers.len(),
        "{} submitters need as many issuers; the localnet has {}",
        load.submitters,
        net.issuers.len()
    );
    let (disk, cpu, height) = (total(net, Node::disk_bytes)?, cpu(net)?, height(&net.nodes[0]).await?);
    let started = Instant::now();
    let committed = Arc::new(AtomicU64::new(0));
    let mut submitters = JoinSet::new();
    for (place, issuer) in net.issuers.iter().take(load.submitters).enumerate() {
        let node = &net.nodes[place % net.nodes.len()];
        let submitter = Submitter::new(issuer, node, net.chain_id, load, &committed).await?;
        submitters.spawn(submitter.run(started));
    }
    let mut latencies = Latencies::default();
    while let Some(submitter) = submitters.join_next().await {
        latencies.merge(submitter??);
    }
    let seconds = started.elapsed().as_secs_f64();
    let events = committed.load(Ordering::Relaxed);
    let nodes = net.nodes.len() as f64;
    let blocks = (self::height(&net.nodes[0]).await? - height).max(1) as f64;
    let cpu = self::cpu(net)? - cpu;
    let disk = total(net, Node::disk_bytes)?.saturating_sub(disk) as f64 / nodes / events.max(1) as f64;
    Ok(vec![
        thousands(load.batch as f64),
        load.submitters.to_string(),
        load.in_flight.to_string(),
        thousands(events as f64),
        thousands(events as f64 / seconds),
        format!("{:.0}", latencies.percentile(50)),
        format!("{:.0}", latencies.percentile(99)),
        thousands(disk),
        thousands(total(net, Node::resident_bytes)? as f64 / nodes / 1e6),
        format!("{:.1}", blocks / seconds),
        format!("{:.1}", cpu * 1e3 / nodes / blocks),
    ])
}

/// Enters a batch of the first issuer; returns what was issued.
pub(crate) async fn issue(net: &Localnet, batch: usize) -> anyhow::Result<Vec<CredentialKey>> {
    let issuer = net.issuers.first().context("the localnet has no issuer")?;
    let load = Load { batch, submitters: 1, in_flight: 1, time: Duration::ZERO, events: None };
    let mut submitter = Submitter::new(issuer, &net.nodes[0], net.chain_id, &load, &Arc::default()).await?;
    let batch = submitter.sign_next();
    match submitter.client.submit(&batch, Wait::Final).await?.outcome {
        BatchOutcome::Final(_) => {}
        other => bail!("a batch was not entered: {other:?}"),
    }
    let key = |event: &Event| match event {
        Event::Issue { commitment } => {
            Some(CredentialKey::Issuance { issuer: issuer.id.clone(), commitment: *commitment })
        }
        _ => None,
    };
    Ok(batch.batch().events.iter().filter_map(key).collect())
}

pub(crate) async fn height(node: &Node) -> anyhow::Result<u64> {
    let client = Client::connect(&node.url, &ClientOptions::default()).await?;
    Ok(client.node_status().await?.head.height.0)
}

fn total(net: &Localnet, of: fn(&Node) -> anyhow::Result<u64>) -> anyhow::Result<u64> {
    net.nodes.iter().map(of).sum()
}

fn cpu(net: &Localnet) -> anyhow::Result<f64> {
    net.nodes.iter().map(Node::cpu_seconds).sum()
}

struct Submitter {
    client: Client,
    key: sanad_core::signature::SecretKey,
    next: Batch,
    batch: usize,
    in_flight: usize,
    time: Duration,
    events: Option<u64>,
    committed: Arc<AtomicU64>,
    /// Makes commitments that no other run makes.
    seed: [u8; 32],
    counter: u64,
}

impl Submitter {
    async fn new(
        issuer: &Issuer,
        node: &Node,
        chain_id: ChainId,
        load: &Load,
        committed: &Arc<AtomicU64>,
    ) -> anyhow::Result<Self> {
        let options = ClientOptions { timeout: Duration::from_secs(60), ..ClientOptions::default() };
        let client = Client::connect(&node.url, &options).await?;
        let chain = client.member(&issuer.id, ProofForm::Compact).await?.rest.issuing;
        let seed = blake3::hash(format!("{} {}", issuer.id, chain.next_sequence).as_bytes());
        Ok(Self {
            client,
            key: issuer.key.clone(),
            next: Batch {
                chain_id,
                issuer: issuer.id.clone(),
                chain: BatchChain::Issuing,
                sequence: chain.next_sequence,
                previous: chain.last_batch,
                events: Vec::new(),
            },
            batch: load.batch,
            in_flight: load.in_flight,
            time: load.time,
            events: load.events,
            committed: Arc::clone(committed),
            seed: *seed.as_bytes(),
            counter: 0,
        })
    }

    async fn run(mut self, started: Instant) -> anyhow::Result<Latencies> {
        let mut latencies = Latencies::default();
        let mut waiting = JoinSet::new();
        while !self.is_over(started) {
            if waiting.len() >= self.in_flight
                && let Some(time) = waiting.join_next().await
            {
                latencies.add(time??);
            }
            let batch = self.sign_next();
            let sent = Instant::now();
            if self.in_flight > 1 {
                // The next one follows this one: the node has to have it.
                self.client.submit(&batch, Wait::Accepted).await?;
            }
            let (client, committed, events) =
                (self.client.clone(), Arc::clone(&self.committed), self.batch as u64);
            waiting.spawn(async move {
                match client.submit(&batch, Wait::Final).await?.outcome {
                    BatchOutcome::Final(_) => committed.fetch_add(events, Ordering::Relaxed),
                    other => bail!("a batch was not entered: {other:?}"),
                };
                Ok(sent.elapsed())
            });
        }
        while let Some(time) = waiting.join_next().await {
            latencies.add(time??);
        }
        Ok(latencies)
    }

    fn is_over(&self, started: Instant) -> bool {
        match self.events {
            Some(events) => self.committed.load(Ordering::Relaxed) >= events,
            None => started.elapsed() >= self.time,
        }
    }

    fn sign_next(&mut self) -> SignedBatch {
        let mut batch = self.next.clone();
        batch.events = (0..self.batch).map(|_| self.issue()).collect();
        let signed = batch.sign(&self.key);
        self.next.sequence = Sequence(self.next.sequence.0 + 1);
        self.next.previous = BatchId(signed.id().0);
        signed
    }

    fn issue(&mut self) -> Event {
        self.counter += 1;
        let commitment = blake3::keyed_hash(&self.seed, &self.counter.to_be_bytes());
        Event::Issue { commitment: Commitment(*commitment.as_bytes()) }
    }
}
