//! `sanad node`: how nodes are.

use std::time::Duration;

use clap::Subcommand;
use sanad_api::NodeStatus;
use sanad_core::hash::{BlockHash, ChainId};
use sanad_core::ids::{Height, LogSize, MemberId};
use serde::Serialize;

use crate::output::{Outcome, Output, Report, note};
use crate::remote::{self, ConnectionArgs, Remote};
use crate::time;
use crate::view::View;

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Ask nodes how they are
    #[command(after_help = EXAMPLES)]
    Status(Args),
}

const EXAMPLES: &str = "\
Examples:
  sanad node status
  sanad node status --node http://127.0.0.1:50051 --node http://127.0.0.1:50052

Exit code 2 where a node gives no answer, 1 where the nodes are of different chains or at
odds over a block.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// URL of a node; may be repeated
    #[arg(long = "node", value_name = "URL", env = "SANAD_NODE", default_value = "http://127.0.0.1:50051", value_parser = remote::parse_node_url)]
    nodes: Vec<String>,
    #[command(flatten)]
    connection: ConnectionArgs,
}

#[derive(Serialize)]
struct Statuses {
    nodes: Vec<Status>,
    /// Whether all nodes that answered are of one chain, and those at one height have one block.
    agree: bool,
}

#[derive(Serialize)]
struct Status {
    url: String,
    #[serde(flatten)]
    facts: Option<Facts>,
    error: Option<String>,
}

#[derive(Serialize)]
struct Facts {
    chain_id: ChainId,
    chain_name: String,
    member: Option<MemberId>,
    version: String,
    height: Height,
    head_hash: BlockHash,
    head_time_ms: u64,
    log_size: LogSize,
    catching_up: bool,
    validators: Vec<MemberId>,
    is_validator: bool,
    pool_batches: u64,
    pool_bytes: u64,
    uptime_ms: u64,
    connected_peers: u32,
    damaged_blocks: u64,
    repaired_blocks: u64,
}

pub(crate) fn run(command: Command, output: &Output) -> anyhow::Result<Outcome> {
    let Command::Status(args) = command;
    let mut nodes = Vec::new();
    for url in &args.nodes {
        let answer =
            remote::block_on(async { Remote::connect_to(url, &args.connection).await?.node_status().await })?;
        if let Err(error) = &answer {
            note(format_args!("error: {error:#}"));
        }
        let (facts, error) = match answer {
            Ok(status) => (Some(Facts::from(status)), None),
            Err(error) => (None, Some(format!("{error:#}"))),
        };
        nodes.push(Status { url: url.clone(), facts, error });
    }
    let answered = nodes.iter().all(|node| node.facts.is_some());
    let agree = agree(&nodes);
    output.print(&Statuses { nodes, agree })?;
    Ok(match (answered, agree) {
        (false, _) => Outcome::Error,
        (true, false) => Outcome::No,
        (true, true) => Outcome::Yes,
    })
}

fn agree(nodes: &[Status]) -> bool {
    let facts: Vec<&Facts> = nodes.iter().filter_map(|node| node.facts.as_ref()).collect();
    facts.iter().all(|one| {
        facts.iter().all(|other| {
            one.chain_id == other.chain_id && (one.height != other.height || one.head_hash == other.head_hash)
        })
    })
}

impl From<NodeStatus> for Facts {
    fn from(status: NodeStatus) -> Self {
        Self {
            chain_id: status.chain_id,
            chain_name: status.chain_name,
            member: status.member,
            version: status.version,
            height: status.head.height,
            head_hash: status.head.hash,
            head_time_ms: status.head.time_ms,
            log_size: status.log_size,
            catching_up: status.catching_up,
            validators: status.validators,
            is_validator: status.is_validator,
            pool_batches: status.pool_batches,
            pool_bytes: status.pool_bytes,
            uptime_ms: u64::try_from(status.uptime.as_millis()).unwrap_or(u64::MAX),
            connected_peers: status.connected_peers,
            damaged_blocks: status.damaged_blocks,
            repaired_blocks: status.repaired_blocks,
        }
    }
}

impl Facts {
    fn view(&self, url: &str) -> View {
        let member = self.member.as_ref().map_or("no member", MemberId::as_str);
        let age = time::format_age(time::age_seconds(self.head_time_ms, time::now_ms()));
        let state = if self.catching_up { ", catching up" } else { "" };
        let role = if self.is_validator { "validates" } else { "follows" };
        let uptime = Duration::from_millis(self.uptime_ms).as_secs();
        let view = View::new()
            .line(url)
            .fact(
                "node",
                format!("{member}, {role}, version {}, up {}", self.version, time::format_seconds(uptime)),
            )
            .fact("chain", format!("{} ({})", self.chain_name, self.chain_id))
            .fact("head", format!("block {}, {age}{state}", self.height))
            .fact("head hash", self.head_hash)
            .fact("log", format!("{} entries", self.log_size))
            .fact("validators", self.validators.len())
            .fact("pool", format!("{} batches, {} bytes", self.pool_batches, self.pool_bytes))
            .fact("peers", format!("{} connected", self.connected_peers));
        match (self.damaged_blocks, self.repaired_blocks) {
            (0, 0) => view,
            (damaged, repaired) => view
                .fact("disk", format!("{damaged} blocks damaged, {repaired} put right from peers; check it")),
        }
    }
}

impl Report for Statuses {
    fn view(&self) -> View {
        let node = |view: View, node: &Status| match &node.facts {
            Some(facts) => view.then(facts.view(&node.url)),
            None => view.line(format!("{}: no answer", node.url)),
        };
        let view = self.nodes.iter().fold(View::new(), node);
        if self.agree {
            return view;
        }
        view.line("THE NODES ARE AT ODDS: different chains, or different blocks at one height")
    }
}
