//! Where the parts of a bundle come from.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde::Serialize;

/// The last lines of a log file; without one, of the systemd unit.
pub(super) fn log(file: Option<&Path>) -> Result<String, String> {
    let Some(path) = file else {
        let asked = Command::new("journalctl")
            .args(["--unit=sanad-node", "--lines=5000", "--no-pager", "--output=short-iso"])
            .output();
        return match asked {
            Ok(output) if output.status.success() => Ok(tail(output.stdout)),
            Ok(_) => Err("journalctl knows of no unit sanad-node; --log names a file".to_owned()),
            Err(_) => Err("there is no node.log and no journalctl; --log names a file".to_owned()),
        };
    };
    let read = || {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(LOG_BYTES_MAX as u64)))?;
        let mut bytes = Vec::new();
        file.take(LOG_BYTES_MAX as u64).read_to_end(&mut bytes)?;
        std::io::Result::Ok(bytes)
    };
    read().map(tail).map_err(|error| format!("{}: {error}", path.display()))
}

/// Whole lines from the end.
fn tail(bytes: Vec<u8>) -> String {
    let from = bytes.len().saturating_sub(LOG_BYTES_MAX);
    let text = String::from_utf8_lossy(&bytes[from..]).into_owned();
    match text.split_once('\n') {
        Some((_, rest)) if bytes.len() >= LOG_BYTES_MAX => rest.to_owned(),
        _ => text,
    }
}

/// What an admin listener answers to a GET.
pub(super) fn admin(address: Option<SocketAddr>, path: &str) -> Result<String, String> {
    let address = address.ok_or("the configuration has no admin.listen")?;
    let ask = || {
        let mut stream = TcpStream::connect_timeout(&address, ADMIN_TIMEOUT)?;
        stream.set_read_timeout(Some(ADMIN_TIMEOUT))?;
        write!(stream, "GET {path} HTTP/1.0\r\n\r\n")?;
        let mut answer = Vec::new();
        stream.take(METRICS_BYTES_MAX).read_to_end(&mut answer)?;
        std::io::Result::Ok(String::from_utf8_lossy(&answer).into_owned())
    };
    let answer = ask().map_err(|error| format!("{address}: {error}"))?;
    let (_, body) = answer.split_once("\r\n\r\n").ok_or("the answer is not HTTP")?;
    Ok(body.to_owned())
}

/// What `sanad-node check` says, as JSON.
pub(super) fn check(program: &Path, config: &Path) -> Result<String, String> {
    let mut command = Command::new(program);
    command.args(["check", "--json", "--offline", "--config"]).arg(config);
    let output = command.output().map_err(|error| format!("{}: {error}", program.display()))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[derive(Serialize)]
struct Disk {
    free_bytes: u64,
    bytes: u64,
}

/// How full the disk is, and which files are on it.
pub(super) fn disk(data_dir: Option<&Path>) -> Result<String, String> {
    let dir = data_dir.ok_or("the configuration names no data_dir")?;
    let mut text = String::new();
    #[cfg(target_os = "linux")]
    if let Ok(found) = rustix::fs::statvfs(dir) {
        let (free_bytes, bytes) = (found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize);
        text = serde_json::to_string(&Disk { free_bytes, bytes }).unwrap_or_default() + "\n";
    }
    let mut files: Vec<(PathBuf, u64)> = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop().filter(|_| files.len() < FILES_MAX) {
        let entries = std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        for entry in entries.flatten().take(FILES_MAX) {
            match entry.metadata() {
                Ok(found) if found.is_dir() => folders.push(entry.path()),
                Ok(found) => files.push((entry.path(), found.len())),
                Err(_) => {}
            }
        }
    }
    files.sort();
    for (path, bytes) in &files {
        let name = path.strip_prefix(dir).unwrap_or(path);
        // Writing to a string never fails.
        let _ = writeln!(text, "{bytes:>14} {}", name.display());
    }
    Ok(text)
}

/// Of this program, and of the system.
pub(super) fn versions() -> String {
    let first_line = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let os = first_line("/etc/os-release");
    let os = os.lines().find_map(|line| line.strip_prefix("PRETTY_NAME=")).unwrap_or("?").to_owned();
    format!(
        "sanad {}\nsystem {os}\nkernel {}\nprocessor {}, {} cores\n",
        env!("CARGO_PKG_VERSION"),
        first_line("/proc/sys/kernel/osrelease").trim(),
        std::env::consts::ARCH,
        std::thread::available_parallelism().map_or(0, usize::from),
    )
}

/// Most of a log that is taken, in bytes (1 MiB).
const LOG_BYTES_MAX: usize = 1 << 20;
/// Longest answer of the admin listener, in bytes (4 MiB).
const METRICS_BYTES_MAX: u64 = 4 << 20;
const ADMIN_TIMEOUT: Duration = Duration::from_secs(5);
/// Files that are listed.
const FILES_MAX: usize = 20_000;
