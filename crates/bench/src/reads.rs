//! Statuses with proofs.

use std::io::Write;
use std::time::{Duration, Instant};

use sanad_api::{Client, ClientOptions, ProofForm};
use tokio::task::JoinSet;

use crate::latency::Latencies;
use crate::localnet::Localnet;
use crate::network;
use crate::table::{Table, thousands};

/// Asks one node over and over, from each connection one status at a time.
pub(crate) async fn run(
    net: &Localnet,
    connections: usize,
    time: Duration,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let keys = network::issue(net, CREDENTIALS).await?;
    let node = &net.nodes[0];
    let mut table =
        Table::new(&["proof", "connections", "statuses/s", "p50 ms", "p99 ms", "node's CPU us/status"]);
    for (name, form) in [("compact", ProofForm::Compact), ("self-contained", ProofForm::SelfContained)] {
        let cpu = node.cpu_seconds()?;
        let started = Instant::now();
        let mut readers = JoinSet::new();
        for reader in 0..connections {
            let client = Client::connect(&node.url, &ClientOptions::default()).await?;
            let keys = keys.clone();
            readers.spawn(async move {
                let mut latencies = Latencies::default();
                for key in keys.iter().cycle().skip(reader * STRIDE) {
                    if started.elapsed() >= time {
                        break;
                    }
                    let sent = Instant::now();
                    client.status(key, form).await?;
                    latencies.add(sent.elapsed());
                }
                anyhow::Ok(latencies)
            });
        }
        let mut latencies = Latencies::default();
        while let Some(reader) = readers.join_next().await {
            latencies.merge(reader??);
        }
        let answers = latencies.len() as f64;
        table.row(vec![
            name.to_owned(),
            connections.to_string(),
            thousands(answers / started.elapsed().as_secs_f64()),
            format!("{:.1}", latencies.percentile(50)),
            format!("{:.1}", latencies.percentile(99)),
            format!("{:.0}", (node.cpu_seconds()? - cpu) * 1e6 / answers.max(1.0)),
        ]);
    }
    table.print(out)
}

/// Credentials that are asked for.
const CREDENTIALS: usize = 1_000;
/// How far apart the readers begin.
const STRIDE: usize = 13;
