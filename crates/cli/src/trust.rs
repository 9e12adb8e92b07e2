//! What proofs are checked against: a genesis or a trust file, or else the node's genesis with a warning.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use sanad_core::genesis::{GENESIS_BYTES_MAX, Genesis};
use sanad_core::trust::{TRUST_FILE_BYTES_MAX, TrustAnchor, TrustFile};

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

/// A genesis, and what may be trusted from it on.
#[derive(Clone, Debug)]
pub(crate) struct Trust {
    pub(crate) genesis: Genesis,
    pub(crate) anchor: TrustAnchor,
}

impl Trust {
    /// What the files of the arguments give.
    pub(crate) fn from_files(args: &TrustArgs) -> anyhow::Result<Self> {
        match Self::given(args)? {
            Some(trust) => Ok(trust),
            None => bail!(
                "nothing to check proofs against; give --genesis FILE or --trust FILE (or SANAD_GENESIS, SANAD_TRUST)"
            ),
        }
    }

    /// What the files of the arguments give, checked to be of the node's chain; the node's own genesis without any.
    pub(crate) async fn for_node(args: &TrustArgs, remote: &Remote) -> anyhow::Result<Self> {
        let served = remote.genesis().await?;
        let Some(trust) = Self::given(args)? else {
            warn(format_args!(
                "no --genesis or --trust: trusting {} that its chain is {}; give the file, or set SANAD_GENESIS",
                remote.url(),
                served.chain_id()
            ));
            return Self::new(served);
        };
        if trust.anchor.chain_id != served.chain_id() {
            bail!(
                "{} serves the chain {}, but {} was expected; ask another node, or check your genesis or trust file",
                remote.url(),
                served.chain_id(),
                trust.anchor.chain_id
            );
        }
        Ok(trust)
    }

    fn given(args: &TrustArgs) -> anyhow::Result<Option<Self>> {
        let genesis = args.genesis.as_deref().map(|path| Ok((path, read_genesis(path)?)));
        let genesis: Option<(&Path, Genesis)> = genesis.transpose().map_err(|error: anyhow::Error| error)?;
        let Some(path) = &args.trust else {
            return genesis.map(|(_, genesis)| Self::new(genesis)).transpose();
        };
        let file = read_trust_file(path)?;
        if let Some((genesis_path, genesis)) = genesis
            && genesis.chain_id() != file.genesis.chain_id()
        {
            bail!("{} is of another chain than {}", path.display(), genesis_path.display());
        }
        let anchor = file.verify(time::now_ms());
        let anchor = anchor.with_context(|| format!("{} does not hold; fetch it again", path.display()))?;
        Ok(Some(Self { genesis: file.genesis, anchor }))
    }

    fn new(genesis: Genesis) -> anyhow::Result<Self> {
        genesis.check().context("the genesis is not valid")?;
        let anchor = TrustAnchor::new(&genesis).context("the genesis has no validators")?;
        Ok(Self { genesis, anchor })
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
