//! `sanad localnet status`.

use std::path::PathBuf;
use std::time::Duration;

use sanad_core::hash::BlockHash;
use sanad_core::ids::{Height, LogSize, MemberId};
use serde::Serialize;

use crate::localnet::process::Process;
use crate::localnet::{Folder, NodeFolder};
use crate::output::{Outcome, Output, Report};
use crate::remote::{self, NodeArgs, Remote};
use crate::view::View;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad localnet status net
  sanad localnet status net --json | jq '.nodes[].height'

Exit code 0 where every node runs and answers, else 1.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The localnet's folder
    dir: PathBuf,
}

#[derive(Serialize)]
struct Statuses {
    nodes: Vec<NodeState>,
}

#[derive(Serialize)]
struct NodeState {
    node: usize,
    member: MemberId,
    state: State,
    pid: Option<u32>,
    url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<String>,
    height: Option<Height>,
    head_hash: Option<BlockHash>,
    log_size: Option<LogSize>,
    connected_peers: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    /// It runs and answers.
    Running,
    /// It runs and does not answer.
    Silent,
    /// It ended without being stopped.
    Dead,
    /// It does not run.
    Stopped,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let folder = Folder::open(&args.dir)?;
    let mut nodes = Vec::new();
    for node in folder.nodes()? {
        nodes.push(remote::block_on(state(&node))??);
    }
    let all_run = nodes.iter().all(|node| node.state == State::Running);
    output.print(&Statuses { nodes })?;
    Ok(if all_run { Outcome::Yes } else { Outcome::No })
}

async fn state(node: &NodeFolder) -> anyhow::Result<NodeState> {
    let facts = node.facts()?;
    let (state, pid) = match Process::of(node)? {
        Process::Running(pid) => (State::Silent, Some(pid)),
        Process::Dead(pid) => (State::Dead, Some(pid)),
        Process::Stopped => (State::Stopped, None),
    };
    let mut found = NodeState {
        node: node.number,
        url: facts.url(),
        page: facts.page(),
        member: facts.member,
        state,
        pid,
        height: None,
        head_hash: None,
        log_size: None,
        connected_peers: None,
    };
    if state == State::Silent
        && let Ok(remote) = Remote::connect(&NodeArgs::at(&found.url, ANSWER_TIMEOUT)).await
        && let Ok(status) = remote.node_status().await
    {
        found.state = State::Running;
        found.height = Some(status.head.height);
        found.head_hash = Some(status.head.hash);
        found.log_size = Some(status.log_size);
        found.connected_peers = Some(status.connected_peers);
    }
    Ok(found)
}

impl Report for Statuses {
    fn view(&self) -> View {
        fn or_dash(value: Option<impl ToString>) -> String {
            value.map_or("-".to_owned(), |value| value.to_string())
        }
        let row = |node: &NodeState| {
            let state = match node.state {
                State::Running => "running",
                State::Silent => "silent",
                State::Dead => "dead",
                State::Stopped => "stopped",
            };
            let hash = node.head_hash.map(|hash| hash.to_string()[..16].to_owned());
            vec![
                node.node.to_string(),
                node.member.to_string(),
                state.to_owned(),
                or_dash(node.pid),
                or_dash(node.height),
                or_dash(hash),
                or_dash(node.log_size),
                or_dash(node.connected_peers),
                node.url.clone(),
            ]
        };
        View::new().table(
            &["node", "member", "state", "pid", "height", "head", "entries", "peers", "url"],
            self.nodes.iter().map(row).collect(),
        )
    }
}

/// How long a node may take to say how it is.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);
