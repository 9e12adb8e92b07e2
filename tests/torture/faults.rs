//! Makes faults, and ends them as an operator would.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use sanad_api::Client;
use sanad_core::ids::Height;
use sanad_e2e::disk::{copy, damage, set_back};
use sanad_e2e::relay::Link;
use sanad_e2e::{Net, Stop};
use tokio::task::JoinSet;

use crate::links::Links;
use crate::load::Record;
use crate::plan::{Fault, Step};
use crate::surroundings::{Surroundings, free_bytes_min_of, set_free_bytes_min};

/// What went wrong, for people.
pub(crate) type Problem = String;

/// The one who makes them.
pub(crate) struct Faults<'a> {
    net: &'a Net,
    links: &'a Links,
    clients: &'a [Client],
    surroundings: &'a Surroundings,
    /// Copies of data directories, by node; the newest are kept.
    backups: HashMap<usize, Vec<PathBuf>>,
    backups_made: usize,
    /// Height of the block damaged last, by node.
    damaged: HashMap<usize, u64>,
    floods: JoinSet<()>,
}

impl<'a> Faults<'a> {
    pub(crate) fn new(
        net: &'a Net,
        links: &'a Links,
        clients: &'a [Client],
        surroundings: &'a Surroundings,
    ) -> Self {
        let (backups, damaged, floods) = (HashMap::new(), HashMap::new(), JoinSet::new());
        Self { net, links, clients, surroundings, backups, backups_made: 0, damaged, floods }
    }

    /// Lets the faults of a step hold for their time, and ends them.
    pub(crate) fn go_through(&mut self, step: &Step) -> Result<(), Problem> {
        for fault in &step.faults {
            self.begin(fault)?;
        }
        std::thread::sleep(step.hold);
        for fault in &step.faults {
            self.end(fault)?;
        }
        Ok(())
    }

    fn begin(&mut self, fault: &Fault) -> Result<(), Problem> {
        let net = self.net;
        match fault {
            Fault::Kill { node } => {
                net.stop_node(*node, Stop::Kill);
                self.back_up(*node);
            }
            Fault::KillAll => {
                net.sanad(&["localnet", "stop", &net.dir(), "--kill"]).json(0);
            }
            Fault::Restart { node } => {
                net.stop_node(*node, Stop::Terminate);
                self.back_up(*node);
            }
            Fault::SetBack { node, fate, backup } => {
                if !self.backups.contains_key(node) {
                    net.stop_node(*node, Stop::Kill);
                    self.back_up(*node);
                    self.start(*node)?;
                    self.wait_for_votes()?;
                }
                net.stop_node(*node, Stop::Kill);
                let backups = &self.backups[node];
                set_back(net, *node, *fate, &backups[backup % backups.len()]);
            }
            Fault::Partition { nodes, link } => self.links.part(nodes, *link),
            Fault::SlowNetwork { time } => self.links.set_all(Link::Slow(*time)),
            Fault::SlowDisk { node, time } => {
                let inject = format!("delay_enter={}", time.as_micros());
                self.start_by(*node, &self.surroundings.with_syncs(&inject))?;
            }
            Fault::FailingDisk { node, sync } => {
                // It may end before it answers.
                let inject = format!("error=EIO:when={sync}+");
                let _ = self.start_by(*node, &self.surroundings.with_syncs(&inject));
            }
            Fault::FullDisk => self.surroundings.fill_disk(),
            Fault::LowDisk { node } => {
                set_free_bytes_min(net, *node, u64::MAX >> 1);
                self.reload(*node)?;
            }
            Fault::Clock { node, seconds } => {
                self.start_by(*node, &self.surroundings.with_clock(*seconds))?;
            }
            Fault::Flood { node, flood } => {
                let listen = net.listen_addresses(*node);
                self.floods = flood.begin(listen, net.http_address(*node), FLOOD_ADDRESSES);
            }
            Fault::DamagedBlock { node, percent, part } => {
                let height = 1 + self.height(*node) * percent / 200;
                damage(net, *node, height, *part);
                self.damaged.insert(*node, height);
            }
        }
        Ok(())
    }

    fn end(&mut self, fault: &Fault) -> Result<(), Problem> {
        let net = self.net;
        match fault {
            Fault::Kill { node } | Fault::Restart { node } | Fault::SetBack { node, .. } => self.start(*node),
            Fault::KillAll => {
                let said = net.sanad(&["localnet", "start", &net.dir(), "--timeout", "90s"]);
                if said.code == 0 { Ok(()) } else { Err(format!("the nodes do not start: {}", said.err)) }
            }
            Fault::Partition { .. } | Fault::SlowNetwork { .. } => {
                self.links.set_all(Link::Open);
                Ok(())
            }
            Fault::FailingDisk { node, .. } => {
                let pid = net.node_path(*node, "node.pid");
                self.wait(&format!("node {node} to stop, as its disk fails"), || {
                    !pid.exists() || net.status()[node - 1]["state"] != "running"
                })?;
                self.start(*node)
            }
            Fault::SlowDisk { node, .. } | Fault::Clock { node, .. } => {
                net.stop_node(*node, Stop::Terminate);
                self.start(*node)
            }
            Fault::FullDisk => {
                self.surroundings.free_disk();
                // It may have stopped, as it says that it does.
                self.start(crate::plan::OWN_DISK)
            }
            Fault::LowDisk { node } => {
                set_free_bytes_min(net, *node, free_bytes_min_of(self.surroundings, *node));
                self.reload(*node)
            }
            Fault::Flood { .. } => {
                self.floods = JoinSet::new();
                Ok(())
            }
            Fault::DamagedBlock { node, .. } => self.wait_for_repair(*node),
        }
    }

    /// Waits until every node runs and votes, and a batch was acknowledged; returns how long that took.
    pub(crate) fn wait_until_well(&self, record: &Record) -> Result<Duration, Problem> {
        let began = Instant::now();
        for node in self.net.status() {
            if node["state"] != "running" {
                let number = node["node"].as_u64().unwrap() as usize;
                let log = self.net.log(number);
                let lines: Vec<&str> = log.lines().collect();
                let last = lines[lines.len().saturating_sub(LOG_LINES)..].join("\n");
                return Err(format!("node {number} ended by itself:\n{last}"));
            }
        }
        let acknowledged = record.counts().batches;
        self.wait_for_votes()?;
        self.wait("a batch", || record.counts().batches > acknowledged)?;
        Ok(began.elapsed())
    }

    fn wait_for_votes(&self) -> Result<(), Problem> {
        for node in self.net.nodes() {
            let log = std::fs::metadata(self.net.node_path(node, "node.log")).unwrap().len();
            self.wait(&format!("node {node} to vote"), || self.net.has_signed_since(node, log))?;
        }
        Ok(())
    }

    /// Waits until a damaged block can be read again. The first try finds the damage, if nothing else has.
    fn wait_for_repair(&self, node: usize) -> Result<(), Problem> {
        let client = &self.clients[node - 1];
        let height = Height(self.damaged[&node]);
        let runtime = tokio::runtime::Handle::current();
        self.wait(&format!("node {node} to put block {height} right"), || {
            runtime.block_on(client.block(height)).is_ok()
        })
    }

    fn wait(&self, what: &str, mut done: impl FnMut() -> bool) -> Result<(), Problem> {
        let began = Instant::now();
        while !done() {
            if began.elapsed() > sanad_e2e::DEADLINE {
                let said = self.net.sanad(&["node", "why", "--node", &self.net.url(1)]);
                return Err(format!("waited in vain for {what}: {} {}", said.out, said.err));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    fn height(&self, node: usize) -> u64 {
        self.net.status()[node - 1]["height"].as_u64().unwrap_or(0)
    }

    fn start(&self, node: usize) -> Result<(), Problem> {
        let number = node.to_string();
        let arguments = ["localnet", "start", &self.net.dir(), "--node", &number, "--timeout", "90s"];
        let said = self.net.sanad(&arguments);
        if said.code == 0 { Ok(()) } else { Err(format!("node {node} does not start: {}", said.err)) }
    }

    /// Starts a node anew by a command.
    fn start_by(&self, node: usize, command: &str) -> Result<(), Problem> {
        self.net.stop_node(node, Stop::Terminate);
        let said = self.net.start_node_by(node, command);
        if said.code == 0 {
            Ok(())
        } else {
            Err(format!("node {node} does not start by {command}: {}", said.err))
        }
    }

    fn reload(&self, node: usize) -> Result<(), Problem> {
        let pid = std::fs::read_to_string(self.net.node_path(node, "node.pid")).unwrap();
        let pid = pid.trim().parse().ok().and_then(Pid::from_raw).unwrap();
        kill_process(pid, Signal::HUP).map_err(|error| format!("node {node} takes no SIGHUP: {error}"))
    }

    /// Copies the data directory of a stopped node.
    fn back_up(&mut self, node: usize) {
        let backup = PathBuf::from(self.net.path(&format!("backup-{}", self.backups_made)));
        self.backups_made += 1;
        copy(&self.net.node_path(node, "data"), &backup);
        let kept = self.backups.entry(node).or_default();
        kept.push(backup);
        if kept.len() > BACKUPS_MAX {
            std::fs::remove_dir_all(kept.remove(0)).unwrap();
        }
    }
}

/// Backups of a node that are kept.
const BACKUPS_MAX: usize = 3;
const FLOOD_ADDRESSES: u8 = 10;
const LOG_LINES: usize = 8;
