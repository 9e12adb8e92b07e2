//! What proofs are checked against: a genesis or a trust file, or else the node's genesis with a warning.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use sanad_core::genesis::{GENESIS_BYTES_MAX, Genesis};
use sanad_core::trust::{TRUST_FILE_BYTES_MAX, TrustFile};
use sanad_verify::Trust;

use crate::output::warn;
use crate::remote::Remote;
use crate::{files, time};

/// Where trust comes from.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct TrustArgs {
    /// The genesis that proofs are checked against
    #[arg(long, value_name = "FILE", env = "SANAD_GENESIS")]
    pub(crate) genesis: Option<PathBuf>,
    /// A trust file, as `sanad trust fetch` writes it: a genesis and one recent block. With --genesis, it has to be of
    /// that chain
    #[arg(long, value_name = "FILE", env = "SANAD_TRUST")]
    pub(crate) trust: Option<PathBuf>,
}

impl TrustArgs {
    /// What the files of the arguments give.
    pub(crate) fn read(&self) -> anyhow::Result<Trust> {
        match self.given()? {
            Some(trust) => Ok(trust),
            None => bail!(
                "nothing to check proofs against; give --genesis FILE or --trust FILE (or SANAD_GENESIS, SANAD_TRUST)"
            ),
        }
    }

    /// What the files of the arguments give, checked to be of the node's chain; the node's own genesis without any.
    pub(crate) async fn for_node(&self, remote: &Remote) -> anyhow::Result<Trust> {
        let served = remote.genesis().await?;
        let Some(trust) = self.given()? else {
            warn(format_args!(
                "no --genesis or --trust: trusting {} that its chain is {}; give the file, or set SANAD_GENESIS",
                remote.url(),
                served.chain_id()
            ));
            return Ok(Trust::from_genesis(served)?);
        };
        let chain_id = trust.anchor().chain_id;
        if chain_id != served.chain_id() {
            bail!(
                "{} serves the chain {}, but {chain_id} was expected; ask another {}, or check your genesis or trust file",
                remote.url(),
                served.chain_id(),
                remote.kind(),
            );
        }
        Ok(trust)
    }

    /// What the files of the arguments give; `None` without any.
    pub(crate) fn given(&self) -> anyhow::Result<Option<Trust>> {
        let genesis = match &self.genesis {
            Some(path) => Some((path, read_genesis(path)?)),
            None => None,
        };
        let Some(path) = &self.trust else {
            return Ok(genesis.map(|(_, genesis)| Trust::from_genesis(genesis)).transpose()?);
        };
        let file = read_trust_file(path)?;
        if let Some((genesis_path, genesis)) = genesis
            && genesis.chain_id() != file.genesis.chain_id()
        {
            bail!("{} is of another chain than {}", path.display(), genesis_path.display());
        }
        let trust = Trust::from_trust_file(file, time::now_ms());
        Ok(Some(trust.with_context(|| path.display().to_string())?))
    }
}

/// Reads and checks a genesis file.
pub(crate) fn read_genesis(path: &Path) -> anyhow::Result<Genesis> {
    let text = files::read(path, GENESIS_BYTES_MAX)?;
    Genesis::from_json(&text).with_context(|| format!("{} is not a valid genesis file", path.display()))
}

/// Reads a trust file in either form. Nothing of it is proved yet.
pub(crate) fn read_trust_file(path: &Path) -> anyhow::Result<TrustFile> {
    let bytes = files::read(path, TRUST_FILE_BYTES_MAX)?;
    TrustFile::from_bytes(&bytes).with_context(|| format!("{} is not a trust file", path.display()))
}
