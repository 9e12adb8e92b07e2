//! What was measured, and on what.

use std::io::Write;
use std::process::Command;

/// Writes cores, processor and commit.
pub(crate) fn describe(out: &mut impl Write) -> anyhow::Result<()> {
    let cores = std::thread::available_parallelism()?;
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("unknown processor", |(_, model)| model);
    let build = if cfg!(debug_assertions) { "debug build: figures mean nothing" } else { "release build" };
    writeln!(out, "{cores} cores ({model}), commit {}, {build}\n", commit())?;
    Ok(())
}

fn commit() -> String {
    let output = Command::new("git").args(["describe", "--always", "--dirty"]).output();
    let described = output.ok().filter(|output| output.status.success());
    described.map_or_else(
        || "unknown".to_owned(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}
