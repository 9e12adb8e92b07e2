//! A node's process: its pid file, whether it lives, and the signals that end it.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};

use super::NodeFolder;
use crate::files::{self, Mode};

/// What the pid file and the system say of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Process {
    /// It runs.
    Running(u32),
    /// It ended without `sanad localnet stop`.
    Dead(u32),
    /// It was never started, or was stopped.
    Stopped,
}

impl Process {
    /// Looks at the pid file, and whether the process it names is this node.
    pub(crate) fn of(node: &NodeFolder) -> anyhow::Result<Self> {
        let path = node.pid();
        if !path.exists() {
            return Ok(Self::Stopped);
        }
        let text = files::read_text(&path, PID_FILE_BYTES_MAX)?;
        let pid: u32 = text
            .trim()
            .parse()
            .with_context(|| format!("{} holds no process id; remove it", path.display()))?;
        // A pid file can outlive its process, and the number can have gone to another program.
        Ok(if is_node(pid, node) { Self::Running(pid) } else { Self::Dead(pid) })
    }
}

/// Which end to ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// SIGTERM: the node finishes what it is at.
    Terminate,
    /// SIGKILL: as a power cut.
    Kill,
}

/// Writes the pid file of a node that was started.
pub(crate) fn record(node: &NodeFolder, pid: u32) -> anyhow::Result<()> {
    files::replace(&node.pid(), format!("{pid}\n").as_bytes(), Mode::Public)
}

/// Removes the pid file.
pub(crate) fn forget(node: &NodeFolder) -> anyhow::Result<()> {
    files::remove(&node.pid())
}

/// Whether a process runs with this node's configuration. False for one that ended and was not reaped yet.
fn is_node(pid: u32, node: &NodeFolder) -> bool {
    let Ok(line) = std::fs::read(format!("/proc/{pid}/cmdline")) else { return false };
    let config = node.config();
    line.split(|byte| *byte == 0).any(|argument| argument == config.as_os_str().as_encoded_bytes())
}

/// Ends a node's process and waits for that; returns whether it had gone before the time was up.
#[cfg(target_os = "linux")]
pub(crate) fn end(node: &NodeFolder, pid: u32, ending: Ending, wait: Duration) -> anyhow::Result<bool> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::io::Errno;
    use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

    let raw = i32::try_from(pid).ok().and_then(Pid::from_raw);
    let Some(raw) = raw else { bail!("{pid} is not a process id") };
    let process = match pidfd_open(raw, PidfdFlags::empty()) {
        Err(Errno::SRCH) => return Ok(true),
        opened => opened.with_context(|| format!("the process {pid} cannot be reached"))?,
    };
    // Asked only now: the descriptor stays with the process it was opened on, the number might not.
    if !is_node(pid, node) {
        return Ok(true);
    }
    let signal = if ending == Ending::Kill { Signal::KILL } else { Signal::TERM };
    match pidfd_send_signal(&process, signal) {
        Err(Errno::SRCH) => return Ok(true),
        sent => sent.with_context(|| format!("the process {pid} cannot be signalled"))?,
    }
    let timeout = Timespec::try_from(wait).context("the time to wait is too long")?;
    let mut events = [PollFd::new(&process, PollFlags::IN)];
    let ended = poll(&mut events, Some(&timeout));
    Ok(ended.with_context(|| format!("the process {pid} cannot be waited for"))? > 0)
}

/// Ends a node's process and waits for that; returns whether it had gone before the time was up.
#[cfg(not(target_os = "linux"))]
pub(crate) fn end(_: &NodeFolder, _: u32, _: Ending, _: Duration) -> anyhow::Result<bool> {
    bail!("a localnet runs on Linux alone")
}

/// The last lines of a log, for an error to show.
pub(crate) fn last_lines(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text[text.len().saturating_sub(LOG_TAIL_BYTES)..]).into_owned();
    // A backtrace is for whoever opens the file.
    let text = text.rsplit_once("\nStack backtrace:").map_or(text.as_str(), |(before, _)| before);
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(LOG_TAIL_LINES)..].join("\n")
}

const PID_FILE_BYTES_MAX: usize = 32;
const LOG_TAIL_BYTES: usize = 16 << 10;
const LOG_TAIL_LINES: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_reused_process_id_is_not_the_node() {
        let folder = tempfile::tempdir().unwrap();
        let node = super::super::Folder::at(folder.path()).unwrap().node(1);
        std::fs::create_dir(node.path()).unwrap();
        assert_eq!(Process::of(&node).unwrap(), Process::Stopped);
        // This test's own process: alive, and not the node.
        let own = std::process::id();
        record(&node, own).unwrap();
        assert_eq!(Process::of(&node).unwrap(), Process::Dead(own));
        assert!(end(&node, own, Ending::Kill, Duration::ZERO).unwrap(), "nothing is signalled");
        forget(&node).unwrap();
        assert_eq!(Process::of(&node).unwrap(), Process::Stopped);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_node_is_ended() {
        let folder = tempfile::tempdir().unwrap();
        let node = super::super::Folder::at(folder.path()).unwrap().node(1);
        // Any program with the configuration among its arguments.
        let mut child = std::process::Command::new("sh")
            .args(["-c", "while :; do sleep 0.05; done", "sanad-node", "--config"])
            .arg(node.config())
            .spawn()
            .unwrap();
        let pid = child.id();
        // The system shows the arguments a moment after the program was started.
        let deadline = std::time::Instant::now() + Duration::from_secs(10);
        let mut seen = false;
        while !seen && std::time::Instant::now() < deadline {
            seen = is_node(pid, &node);
        }
        let ended = end(&node, pid, Ending::Terminate, Duration::from_secs(10));
        child.kill().unwrap();
        assert!(seen && ended.unwrap());
        child.wait().unwrap();
    }
}
