//! `sanad localnet stop`.

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use crate::localnet::process::{self, Ending, Process};
use crate::localnet::{Folder, NodeFolder};
use crate::output::{Outcome, Output, Report, warn};
use crate::time;
use crate::view::View;

pub(crate) const EXAMPLES: &str = "\
Examples:
  sanad localnet stop net
  sanad localnet stop net --node 2
  sanad localnet stop net --node 2 --kill     as a power cut: the node must lose nothing

A node is asked to stop (SIGTERM) and killed if it has not by --timeout.";

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// The localnet's folder
    dir: PathBuf,
    /// This node only, by its number from 1
    #[arg(long, value_name = "K")]
    node: Option<usize>,
    /// Kill at once (SIGKILL)
    #[arg(long)]
    kill: bool,
    /// How long to wait before a node that does not stop is killed
    #[arg(long, default_value = "15s", value_name = "DURATION", value_parser = time::parse_duration)]
    timeout: Duration,
}

#[derive(Serialize)]
struct Stopped {
    nodes: Vec<StoppedNode>,
}

#[derive(Serialize)]
struct StoppedNode {
    node: usize,
    pid: Option<u32>,
    how: How,
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
enum How {
    /// It ended when asked to.
    Stopped,
    /// It was killed, as asked for or after the time was up.
    Killed,
    /// It had ended by itself.
    WasDead,
    /// It did not run.
    WasStopped,
}

pub(crate) fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let folder = Folder::open(&args.dir)?;
    let _lock = folder.lock()?;
    let nodes = folder.chosen(args.node)?;
    let ending = if args.kill { Ending::Kill } else { Ending::Terminate };
    // One thread a node: a whole localnet stops in the time of its slowest node.
    let stopped: Vec<anyhow::Result<StoppedNode>> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            nodes.iter().map(|node| scope.spawn(move || stop(node, ending, args.timeout))).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| Err(anyhow::anyhow!("a thread died"))))
            .collect()
    });
    output.print(&Stopped { nodes: stopped.into_iter().collect::<anyhow::Result<_>>()? })?;
    Ok(Outcome::Yes)
}

fn stop(node: &NodeFolder, ending: Ending, wait: Duration) -> anyhow::Result<StoppedNode> {
    let (pid, how) = match Process::of(node)? {
        Process::Stopped => (None, How::WasStopped),
        Process::Dead(pid) => (Some(pid), How::WasDead),
        Process::Running(pid) => (Some(pid), end(node, pid, ending, wait)?),
    };
    process::forget(node)?;
    Ok(StoppedNode { node: node.number, pid, how })
}

fn end(node: &NodeFolder, pid: u32, ending: Ending, wait: Duration) -> anyhow::Result<How> {
    if ending == Ending::Terminate {
        if process::end(node, pid, Ending::Terminate, wait)? {
            return Ok(How::Stopped);
        }
        let waited = time::format_seconds(wait.as_secs());
        warn(format_args!("node {} did not stop within {waited}; killing it", node.number));
    }
    if !process::end(node, pid, Ending::Kill, KILL_WAIT)? {
        anyhow::bail!("node {} (process {pid}) survives SIGKILL; is its disk stuck?", node.number);
    }
    Ok(How::Killed)
}

impl Report for Stopped {
    fn view(&self) -> View {
        let row = |node: &StoppedNode| {
            let how = match node.how {
                How::Stopped => "stopped",
                How::Killed => "killed",
                How::WasDead => "had ended by itself",
                How::WasStopped => "did not run",
            };
            let pid = node.pid.map(|pid| pid.to_string()).unwrap_or_default();
            vec![node.node.to_string(), how.to_owned(), pid]
        };
        View::new().table(&["node", "state", "pid"], self.nodes.iter().map(row).collect())
    }
}

/// How long a killed process may take to go.
const KILL_WAIT: Duration = Duration::from_secs(10);
