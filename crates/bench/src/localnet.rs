//! A localnet as its folder shows it.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use sanad_core::genesis::Genesis;
use sanad_core::hash::ChainId;
use sanad_core::ids::MemberId;
use sanad_core::keyfile;
use sanad_core::member::MemberFile;
use sanad_core::signature::SecretKey;
use serde::Deserialize;

/// A localnet.
pub(crate) struct Localnet {
    /// The chain.
    pub(crate) chain_id: ChainId,
    /// Its nodes that run.
    pub(crate) nodes: Vec<Node>,
    /// Its issuers that have no node.
    pub(crate) issuers: Vec<Issuer>,
}

/// A node that runs.
pub(crate) struct Node {
    /// Its number in the localnet, from 1.
    pub(crate) number: usize,
    /// Where it answers.
    pub(crate) url: String,
    data: PathBuf,
    pid: u32,
}

/// An issuer and its key.
pub(crate) struct Issuer {
    /// The member.
    pub(crate) id: MemberId,
    /// Signs its batches.
    pub(crate) key: SecretKey,
}

#[derive(Deserialize)]
struct Config {
    api: Api,
}

#[derive(Deserialize)]
struct Api {
    listen: std::net::SocketAddr,
}

impl Localnet {
    /// Reads the folder.
    pub(crate) fn open(folder: &Path) -> anyhow::Result<Self> {
        let genesis = Genesis::from_json(&std::fs::read(folder.join("genesis.json"))?)?;
        let passphrase = std::fs::read_to_string(folder.join("passphrase"))?;
        let passphrase = passphrase.lines().next().unwrap_or_default();
        let folders = (1..).map(|number| (number, folder.join(format!("node-{number}"))));
        let mut nodes = Vec::new();
        for (number, folder) in folders.take_while(|(_, folder)| folder.is_dir()) {
            nodes.extend(Node::running(number, &folder)?);
        }
        ensure!(!nodes.is_empty(), "{} holds no localnet that runs", folder.display());
        let mut issuers = Vec::new();
        for entry in folder.join("issuers").read_dir().context("the localnet has no issuers")? {
            issuers.push(Issuer::open(&entry?.path(), passphrase)?);
        }
        issuers.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(Self { chain_id: genesis.chain_id(), nodes, issuers })
    }
}

impl Issuer {
    fn open(folder: &Path, passphrase: &str) -> anyhow::Result<Self> {
        let file = MemberFile::from_json(&std::fs::read(folder.join("member.json"))?)?;
        let text = std::fs::read_to_string(folder.join("keys/issuing.json"))?;
        let key = keyfile::open(&text, passphrase.as_bytes())?;
        Ok(Self { id: file.member.id, key: SecretKey::from_seed(&key.secret) })
    }
}

impl Node {
    /// The node of a folder, if it runs.
    fn running(number: usize, folder: &Path) -> anyhow::Result<Option<Self>> {
        let config: Config = toml::from_str(&std::fs::read_to_string(folder.join("node.toml"))?)?;
        let Ok(pid) = std::fs::read_to_string(folder.join("node.pid")) else { return Ok(None) };
        let pid = pid.split_whitespace().next().unwrap_or_default().parse()?;
        let node =
            Self { number, url: format!("http://{}", config.api.listen), data: folder.join("data"), pid };
        // A process that has ended has no memory, also before it was waited for.
        Ok(node.resident_bytes().is_ok().then_some(node))
    }

    /// Bytes of disk that the node's data takes.
    pub(crate) fn disk_bytes(&self) -> anyhow::Result<u64> {
        fn walk(path: &Path) -> std::io::Result<u64> {
            use std::os::unix::fs::MetadataExt as _;
            let mut bytes = 0;
            for entry in path.read_dir()? {
                let entry = entry?;
                // Files may go while they are counted: runs are merged in the background.
                let Ok(metadata) = entry.metadata() else { continue };
                bytes += if metadata.is_dir() { walk(&entry.path())? } else { metadata.blocks() * 512 };
            }
            Ok(bytes)
        }
        Ok(walk(&self.data)?)
    }

    /// Resident memory now, in bytes.
    pub(crate) fn resident_bytes(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        let kib: u64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kib * 1024)
    }

    /// Seconds of CPU that the node has used.
    pub(crate) fn cpu_seconds(&self) -> anyhow::Result<f64> {
        /// `USER_HZ` of Linux on all its architectures that matter.
        const TICKS_PER_SECOND: f64 = 100.0;
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid))?;
        let (_, fields) = stat.rsplit_once(") ").context("/proc/PID/stat")?;
        let ticks: Vec<f64> = fields.split(' ').skip(11).take(2).map(str::parse).collect::<Result<_, _>>()?;
        Ok(ticks.iter().sum::<f64>() / TICKS_PER_SECOND)
    }
}
