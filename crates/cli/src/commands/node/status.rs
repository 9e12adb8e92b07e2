//! `sanad node status`.

use std::time::Duration;

use sanad_api::{Diagnosis, NodeStatus};
use sanad_core::governance::RejoinStatement;
use sanad_core::hash::{BlockHash, ChainId};
use sanad_core::ids::{Height, LogSize, MemberId};
use serde::Serialize;

use super::explanation::{absent, state_in_words};
use super::why::Found;
use crate::output::{Outcome, Output, Report, note};
use crate::remote::{self, ConnectionArgs, Remote};
use crate::time;
use crate::view::View;

pub(super) const EXAMPLES: &str = "\
Examples:
  sanad node status
  sanad node status --node http://127.0.0.1:50051 --node http://127.0.0.1:50052

Exit code 2 where a node gives no answer, 1 where one is not fit (`sanad node why` says why), or the nodes are of different
chains or at odds over a block.";

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
    /// Whether every node does what it is for.
    fit: bool,
    /// Whether all nodes that answered are of one chain, and those at one height have one block.
    agree: bool,
}

#[derive(Serialize)]
pub(in crate::commands) struct Status {
    url: String,
    #[serde(flatten)]
    facts: Option<Facts>,
    /// `None` where no consensus runs, or the node has just started.
    diagnosis: Option<Found>,
    #[serde(skip)]
    said: Option<Said>,
    error: Option<String>,
}

/// The diagnosis for people.
struct Said {
    state: &'static str,
    votes: String,
    warnings: Vec<String>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    rejoin: Option<RejoinStatement>,
}

pub(super) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let mut nodes = Vec::new();
    for url in &args.nodes {
        let answer = ask(url, &args.connection);
        if let Err(error) = &answer {
            note(format_args!("error: {error:#}"));
        }
        nodes.push(match answer {
            Ok(status) => status,
            Err(error) => {
                let error = Some(format!("{error:#}"));
                Status { url: url.clone(), facts: None, diagnosis: None, said: None, error }
            }
        });
    }
    let answered = nodes.iter().all(|node| node.facts.is_some());
    let fit = answered && nodes.iter().all(|node| node.diagnosis.as_ref().is_none_or(|found| found.fit));
    let agree = agree(&nodes);
    output.print(&Statuses { nodes, fit, agree })?;
    Ok(match (answered, agree && fit) {
        (false, _) => Outcome::Error,
        (true, false) => Outcome::No,
        (true, true) => Outcome::Yes,
    })
}

/// What a node says of itself.
pub(in crate::commands) fn ask(url: &str, connection: &ConnectionArgs) -> anyhow::Result<Status> {
    let (status, diagnosis) = remote::block_on(async {
        let remote = Remote::connect_to(url, connection).await?;
        let diagnosis = remote.told(super::diagnosis(remote.client()).await)?;
        anyhow::Ok((remote.node_status().await?, diagnosis))
    })??;
    Ok(Status {
        url: url.to_owned(),
        facts: Some(Facts::from(status)),
        said: diagnosis.as_ref().map(Said::new),
        diagnosis: diagnosis.map(Found::from),
        error: None,
    })
}

impl Said {
    fn new(diagnosis: &Diagnosis) -> Self {
        let (present, of) = (diagnosis.power_present(), diagnosis.validators.len());
        let absent: Vec<String> = absent(diagnosis)
            .map(|validator| format!("{} ({})", validator.member, validator.attendance.as_str()))
            .collect();
        let absent = if absent.is_empty() { String::new() } else { format!("; not {}", absent.join(", ")) };
        Self {
            state: state_in_words(diagnosis.state),
            votes: format!("{present} of {of} vote, {} needed{absent}", diagnosis.power_needed),
            warnings: diagnosis.warnings.iter().map(|warning| warning.text.clone()).collect(),
        }
    }
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
            rejoin: status.rejoin,
        }
    }
}

impl Facts {
    fn view(&self, url: &str, said: Option<&Said>) -> View {
        let member = self.member.as_ref().map_or("no member", MemberId::as_str);
        let age = time::format_age(time::age_seconds(self.head_time_ms, time::now_ms()));
        let state = match said {
            Some(said) => format!("; {}", said.state),
            None if self.catching_up => "; catching up".to_owned(),
            None => String::new(),
        };
        let head = match self.height {
            Height::GENESIS => format!("no block yet{state}"),
            height => format!("block {height}, {age}{state}"),
        };
        let votes = said.map_or_else(|| self.validators.len().to_string(), |said| said.votes.clone());
        let role = if self.is_validator { "validates" } else { "follows" };
        let uptime = Duration::from_millis(self.uptime_ms).as_secs();
        let view = View::new()
            .line(url)
            .fact(
                "node",
                format!("{member}, {role}, version {}, up {}", self.version, time::format_seconds(uptime)),
            )
            .fact("chain", format!("{} ({})", self.chain_name, self.chain_id))
            .fact("head", head)
            .fact("head hash", self.head_hash)
            .fact("log", format!("{} entries", self.log_size))
            .fact("validators", votes)
            .fact("pool", format!("{} batches, {} bytes", self.pool_batches, self.pool_bytes))
            .fact("peers", format!("{} connected", self.connected_peers));
        let view = match (self.damaged_blocks, self.repaired_blocks) {
            (0, 0) => view,
            (damaged, repaired) => view
                .fact("disk", format!("{damaged} blocks damaged, {repaired} put right from peers; check it")),
        };
        let view = match &self.rejoin {
            None => view,
            Some(RejoinStatement { key, nonce }) => view.fact("rejoin", format!("key {key}, nonce {nonce}")),
        };
        let warnings = said.map(|said| said.warnings.as_slice()).unwrap_or_default();
        warnings.iter().fold(view, |view, warning| view.fact("warning", warning))
    }
}

impl Report for Statuses {
    fn view(&self) -> View {
        let node = |view: View, node: &Status| match &node.facts {
            Some(facts) => view.then(facts.view(&node.url, node.said.as_ref())),
            None => view.line(format!("{}: no answer", node.url)),
        };
        let view = self.nodes.iter().fold(View::new(), node);
        if self.agree {
            return view;
        }
        view.line("THE NODES ARE AT ODDS: different chains, or different blocks at one height")
    }
}
