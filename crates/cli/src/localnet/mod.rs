//! A localnet: real nodes on this machine's loopback interface, in one folder.

pub(crate) mod binary;
pub(crate) mod config;
pub(crate) mod names;
pub(crate) mod ports;
pub(crate) mod process;

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::files;

/// The folder of a localnet.
#[derive(Clone, Debug)]
pub(crate) struct Folder(PathBuf);

/// The folder of one of its nodes.
#[derive(Clone, Debug)]
pub(crate) struct NodeFolder {
    /// Number of the node, from 1.
    pub(crate) number: usize,
    path: PathBuf,
}

impl Folder {
    /// The folder for a localnet to be; it must be empty or not there.
    pub(crate) fn new(path: &Path) -> anyhow::Result<Self> {
        if path.exists() && path.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
            bail!("{} is not empty; a localnet is made in a folder of its own", path.display());
        }
        files::create_folder(path)?;
        Self::at(path)
    }

    /// The folder of a localnet that is there.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        let folder = Self::at(path)?;
        if folder.nodes()?.is_empty() {
            bail!("{} holds no localnet; make one with `sanad localnet create`", path.display());
        }
        Ok(folder)
    }

    /// The nodes, in order of their numbers.
    pub(crate) fn nodes(&self) -> anyhow::Result<Vec<NodeFolder>> {
        let mut nodes = Vec::new();
        for entry in self.0.read_dir().with_context(|| format!("{} cannot be read", self.0.display()))? {
            let name = entry?.file_name();
            let number = name.to_str().and_then(|name| name.strip_prefix("node-")?.parse().ok());
            if let Some(number) = number {
                nodes.push(self.node(number));
            }
        }
        nodes.retain(|node| node.config().is_file());
        nodes.sort_by_key(|node| node.number);
        Ok(nodes)
    }

    /// All nodes, or the one with a number.
    pub(crate) fn chosen(&self, number: Option<usize>) -> anyhow::Result<Vec<NodeFolder>> {
        let nodes = self.nodes()?;
        let Some(number) = number else { return Ok(nodes) };
        let count = nodes.len();
        match nodes.into_iter().find(|node| node.number == number) {
            Some(node) => Ok(vec![node]),
            None => bail!("there is no node {number}; {} has {count} nodes", self.0.display()),
        }
    }

    /// One node.
    pub(crate) fn node(&self, number: usize) -> NodeFolder {
        NodeFolder { number, path: self.0.join(format!("node-{number}")) }
    }

    /// The folder of an issuer that runs no node.
    pub(crate) fn issuer(&self, name: &str) -> PathBuf {
        self.0.join("issuers").join(name)
    }

    /// The genesis.
    pub(crate) fn genesis(&self) -> PathBuf {
        self.0.join("genesis.json")
    }

    /// The passphrase of all keys.
    pub(crate) fn passphrase(&self) -> PathBuf {
        self.0.join("passphrase")
    }

    /// Keeps other commands from starting and stopping nodes until the file is dropped.
    pub(crate) fn lock(&self) -> anyhow::Result<File> {
        let path = self.0.join(".lock");
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let file = file.with_context(|| format!("{} cannot be opened", path.display()))?;
        file.lock().with_context(|| format!("{} cannot be locked", path.display()))?;
        Ok(file)
    }

    /// The folder's absolute path, which tells its nodes' processes from those of another localnet.
    fn at(path: &Path) -> anyhow::Result<Self> {
        let path = path.canonicalize().with_context(|| {
            format!("{} is not there; make it with `sanad localnet create`", path.display())
        })?;
        Ok(Self(path))
    }
}

impl NodeFolder {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.path.join("node.toml")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.path.join("node.log")
    }

    pub(crate) fn pid(&self) -> PathBuf {
        self.path.join("node.pid")
    }

    /// What `node.toml` says of the node.
    pub(crate) fn facts(&self) -> anyhow::Result<config::Facts> {
        let path = self.config();
        let text = files::read_text(&path, CONFIG_BYTES_MAX)?;
        config::read(&text).with_context(|| format!("{} is not a node's configuration", path.display()))
    }
}

/// Longest configuration that is read, in bytes: the node's own limit.
const CONFIG_BYTES_MAX: usize = 1 << 20;
