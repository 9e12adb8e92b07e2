//! What proofs are checked against: the genesis, from a file, or else from the node with a warning.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use sanad_core::genesis::{GENESIS_BYTES_MAX, Genesis};
use sanad_core::proof::TrustAnchor;

use crate::files;
use crate::output::warn;
use crate::remote::Remote;

/// Where the genesis comes from, for commands that talk to a node.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct GenesisArgs {
    /// The genesis that proofs are checked against; without it, the node's own is trusted
    #[arg(long, value_name = "FILE", env = "SANAD_GENESIS")]
    pub(crate) genesis: Option<PathBuf>,
}

/// A genesis and what it gives a verifier.
#[derive(Clone, Debug)]
pub(crate) struct Trust {
    pub(crate) genesis: Genesis,
    pub(crate) anchor: TrustAnchor,
}

impl Trust {
    /// What a genesis file gives.
    pub(crate) fn from_file(path: &Path) -> anyhow::Result<Self> {
        Self::new(read_genesis(path)?)
    }

    /// The genesis of the arguments, checked to be that of the node; the node's own where there is none.
    pub(crate) async fn for_node(args: &GenesisArgs, remote: &Remote) -> anyhow::Result<Self> {
        let served = remote.genesis().await?;
        let Some(path) = &args.genesis else {
            warn(format_args!(
                "no --genesis: trusting {} that its chain is {}; give the genesis file, or set SANAD_GENESIS",
                remote.url(),
                served.chain_id()
            ));
            return Self::new(served);
        };
        let trust = Self::from_file(path)?;
        if trust.anchor.chain_id != served.chain_id() {
            bail!(
                "{} serves the chain {}, but {} is the genesis of {}; ask another node, or check the file",
                remote.url(),
                served.chain_id(),
                path.display(),
                trust.anchor.chain_id
            );
        }
        Ok(trust)
    }

    fn new(genesis: Genesis) -> anyhow::Result<Self> {
        genesis.check().context("the genesis does not fit together")?;
        let anchor = TrustAnchor::new(&genesis).context("the genesis names no validators")?;
        Ok(Self { genesis, anchor })
    }
}

/// Reads and checks a genesis file.
pub(crate) fn read_genesis(path: &Path) -> anyhow::Result<Genesis> {
    let text = files::read(path, GENESIS_BYTES_MAX)?;
    Genesis::from_json(&text).with_context(|| format!("{} is not a valid genesis file", path.display()))
}
