//! Where the node's program is, and how it is called.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use super::NodeFolder;

/// Where to look for the node's program.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct BinaryArgs {
    /// The node's program [default: beside this one, else in PATH]
    #[arg(long, value_name = "FILE", env = "SANAD_NODE_BIN")]
    node_binary: Option<PathBuf>,
}

impl BinaryArgs {
    /// The node's program.
    pub(crate) fn find(&self) -> anyhow::Result<PathBuf> {
        if let Some(path) = &self.node_binary {
            if !path.is_file() {
                bail!("{} is not there; --node-binary or SANAD_NODE_BIN names it", path.display());
            }
            return path.canonicalize().with_context(|| format!("{} cannot be found", path.display()));
        }
        let name = format!("sanad-node{}", std::env::consts::EXE_SUFFIX);
        let own = std::env::current_exe().ok();
        let beside = own.iter().filter_map(|path| path.parent()).map(Path::to_owned);
        let path = std::env::var_os("PATH").unwrap_or_default();
        let found = beside.chain(std::env::split_paths(&path)).map(|folder| folder.join(&name));
        match found.into_iter().find(|path| path.is_file()) {
            Some(path) => Ok(path),
            None => bail!(
                "sanad-node is neither beside this program nor in PATH; build it (`cargo build -p sanad-node`), \
                 or name it with --node-binary or SANAD_NODE_BIN"
            ),
        }
    }
}

/// The node's program, to make a node's data from its configuration.
pub(crate) fn init(program: &Path, node: &NodeFolder) -> Command {
    command(program, "init", node)
}

/// The node's program, to run a node.
pub(crate) fn run(program: &Path, node: &NodeFolder) -> Command {
    command(program, "run", node)
}

fn command(program: &Path, action: &str, node: &NodeFolder) -> Command {
    let mut command = Command::new(program);
    command.arg(action).arg("--config").arg(node.config());
    // The configuration is the localnet's; settings meant for another node must not reach all of these.
    for (name, _) in std::env::vars_os().filter(|(name, _)| is_setting(name)) {
        command.env_remove(name);
    }
    command
}

fn is_setting(name: &OsString) -> bool {
    let name = name.to_string_lossy();
    name.starts_with("SANAD_") && !name.starts_with("SANAD_LOG_")
}
