//! `sanad localnet start`.

use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use sanad_api::ChainState;
use sanad_core::ids::{Height, MemberId};
use serde::Serialize;

use crate::commands;
use crate::localnet::binary::{self, BinaryArgs};
use crate::localnet::process::{self, Process};
use crate::localnet::{Folder, NodeFolder};
use crate::output::{Outcome, Output, Report, note};
use crate::remote::{self, NodeArgs, Remote};
use crate::view::View;
use crate::{progress, time};

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad localnet start net
  sanad localnet start net --node 2
  export SANAD_NODE=$(sanad localnet start net --json | jq -r .nodes[0].url)

Nodes that run already are left alone. Each node logs into its node.log. When this returns,
every node answers and, without --node, sees the chain advance: `sanad node status` says so.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The localnet's folder
    dir: PathBuf,
    /// This node only, by its number from 1
    #[arg(long, value_name = "K")]
    node: Option<usize>,
    /// How long to wait until the nodes answer and see the chain advance
    #[arg(long, default_value = "30s", value_name = "DURATION", value_parser = time::parse_duration)]
    timeout: Duration,
    #[command(flatten)]
    binary: BinaryArgs,
}

#[derive(Serialize)]
struct Started {
    nodes: Vec<StartedNode>,
}

#[derive(Serialize)]
struct StartedNode {
    node: usize,
    member: MemberId,
    pid: u32,
    url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<String>,
    height: Height,
    /// Whether it ran before.
    was_running: bool,
}

/// A node on its way.
struct Launch {
    node: NodeFolder,
    member: MemberId,
    url: String,
    page: Option<String>,
    pid: u32,
    /// The process, where this command started it.
    child: Option<Child>,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let folder = Folder::open(&args.dir)?;
    let _lock = folder.lock()?;
    let program = args.binary.find()?;
    let deadline = Instant::now() + args.timeout;
    let nodes = folder.chosen(args.node)?;
    let mut launches: Vec<Launch> =
        nodes.into_iter().map(|node| launch(node, &program)).collect::<anyhow::Result<_>>()?;
    let bar = progress::bar(launches.len(), "waiting for nodes");
    let mut started = Vec::new();
    for launch in &mut launches {
        remote::block_on(answer(launch, Ready::Answers, deadline))??;
        bar.inc(1);
    }
    // One node alone may have nobody to make a block with.
    let ready = if args.node.is_some() { Ready::Answers } else { Ready::Advances };
    for mut launch in launches {
        let height = remote::block_on(answer(&mut launch, ready, deadline))??;
        started.push(StartedNode {
            node: launch.node.number,
            member: launch.member,
            pid: launch.pid,
            url: launch.url,
            page: launch.page,
            height,
            was_running: launch.child.is_none(),
        });
    }
    bar.finish_and_clear();
    output.print(&Started { nodes: started })?;
    Ok(Outcome::Yes)
}

fn launch(node: NodeFolder, program: &Path) -> anyhow::Result<Launch> {
    let facts = node.facts()?;
    let (member, url, page) = (facts.member.clone(), facts.url(), facts.page());
    match Process::of(&node)? {
        Process::Running(pid) => return Ok(Launch { node, member, url, page, pid, child: None }),
        Process::Dead(pid) => {
            note(format_args!("node {}: process {pid} had ended; starting it again", node.number));
        }
        Process::Stopped => {}
    }
    let child = spawn(&node, program)?;
    process::record(&node, child.id())?;
    Ok(Launch { node, member, url, page, pid: child.id(), child: Some(child) })
}

/// Starts the node so that it outlives this command and the terminal's Ctrl-C.
fn spawn(node: &NodeFolder, program: &Path) -> anyhow::Result<Child> {
    let path = node.log();
    let log = std::fs::OpenOptions::new().create(true).append(true).open(&path);
    let log = log.with_context(|| format!("{} cannot be written", path.display()))?;
    let mut command = binary::run(program, node);
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt as _;
        command.process_group(0);
    }
    command.spawn().with_context(|| format!("{} cannot be run", program.display()))
}

/// What is waited for.
#[derive(Clone, Copy)]
enum Ready {
    Answers,
    /// It has a block, and says itself that the chain advances.
    Advances,
}

impl Ready {
    /// The node's height; an error where it is not ready yet.
    async fn height(self, remote: &Remote) -> anyhow::Result<Height> {
        let height = remote.node_status().await?.head.height;
        match self {
            Self::Answers => Ok(height),
            Self::Advances => match remote.told(commands::node::diagnosis(remote.client()).await)? {
                Some(found) if found.state != ChainState::Advancing => {
                    bail!("it answers, but sees no new block; its height is {height}")
                }
                _ if height == Height::GENESIS => bail!("it answers, but has no block yet"),
                _ => Ok(height),
            },
        }
    }
}

/// Waits until the node is ready; returns its height.
async fn answer(launch: &mut Launch, ready: Ready, deadline: Instant) -> anyhow::Result<Height> {
    let (number, log) = (launch.node.number, launch.node.log());
    let node = NodeArgs::at(&launch.url, Duration::from_secs(2));
    loop {
        let asked = async { ready.height(&Remote::connect(&node).await?).await };
        let failure = match asked.await {
            Ok(height) => return Ok(height),
            Err(error) => error,
        };
        if let Some(child) = &mut launch.child
            && let Some(status) = child.try_wait()?
        {
            process::forget(&launch.node)?;
            bail!(
                "node {number} ended at once ({status}); {} ends with:\n{}",
                log.display(),
                process::last_lines(&log)
            );
        }
        if Instant::now() >= deadline {
            let last = process::last_lines(&log);
            let failure = failure.context(format!(
                "node {number} runs but is not ready in time; see {}, which ends with:\n{last}\nlast failure",
                log.display()
            ));
            return Err(failure);
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

impl Report for Started {
    fn view(&self) -> View {
        let row = |node: &StartedNode| {
            let state = if node.was_running { "was running" } else { "started" };
            let StartedNode { node, member, pid, url, page, height, .. } = node;
            vec![
                node.to_string(),
                member.to_string(),
                state.to_owned(),
                pid.to_string(),
                height.to_string(),
                url.clone(),
                page.clone().unwrap_or_default(),
            ]
        };
        let view = View::new().table(
            &["node", "member", "state", "pid", "height", "url", "page"],
            self.nodes.iter().map(row).collect(),
        );
        match self.nodes.first() {
            Some(node) => view.line(format!("Next: export SANAD_NODE={}", node.url)),
            None => view,
        }
    }
}

const POLL_INTERVAL: Duration = Duration::from_millis(100);
