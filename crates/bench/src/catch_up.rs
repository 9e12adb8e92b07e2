//! A node that comes back.

use std::io::Write;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use sanad_api::{Client, ClientOptions};

use crate::localnet::Localnet;
use crate::network;
use crate::table::{Table, thousands};

/// Watches a node from where it is until it has the head of another.
pub(crate) async fn run(net: &Localnet, number: usize, out: &mut impl Write) -> anyhow::Result<()> {
    let node = net.nodes.iter().find(|node| node.number == number).context("that node does not run")?;
    let other = net.nodes.iter().find(|node| node.number != number).context("no other node runs")?;
    let target = network::height(other).await?;
    let client = Client::connect(&node.url, &ClientOptions::default()).await?;
    let first = client.node_status().await?;
    ensure!(first.head.height.0 < target, "node {number} is not behind: {} of {target}", first.head.height);
    let started = Instant::now();
    let mut resident = node.resident_bytes()?;
    let last = loop {
        let status = client.node_status().await?;
        resident = resident.max(node.resident_bytes()?);
        if status.head.height.0 >= target {
            break status;
        }
        ensure!(started.elapsed() < PATIENCE, "node {number} is still at {} of {target}", status.head.height);
        tokio::time::sleep(POLL_INTERVAL).await;
    };
    let seconds = started.elapsed().as_secs_f64();
    let blocks = (last.head.height.0 - first.head.height.0) as f64;
    let events = last.log_size.0.saturating_sub(first.log_size.0) as f64;
    let mut table = Table::new(&["blocks", "events", "seconds", "blocks/s", "events/s", "peak RSS MB"]);
    table.row(vec![
        thousands(blocks),
        thousands(events),
        format!("{seconds:.1}"),
        thousands(blocks / seconds),
        thousands(events / seconds),
        thousands(resident as f64 / 1e6),
    ]);
    table.print(out)
}

const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// Longer than any catching up that is measured here.
const PATIENCE: Duration = Duration::from_secs(600);
