//! The issuer in whose name batches are signed.

use std::path::{Path, PathBuf};

use anyhow::bail;
use sanad_core::ids::MemberId;
use sanad_issuer::{Issuer, files, member_path, read_member, refuse_withdrawn};

use crate::keys::{self, Passphrase, PassphraseArgs, Purpose};

/// Who issues, and where the key is.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct IssuerArgs {
    /// The issuer's folder, as `sanad member new` makes it
    #[arg(long, value_name = "DIR", env = "SANAD_ISSUER_DIR")]
    issuer_dir: Option<PathBuf>,
    /// The issuer's member id
    #[arg(long, value_name = "ID", requires = "key")]
    issuer: Option<MemberId>,
    /// The issuer's issuing key
    #[arg(long, value_name = "FILE", requires = "issuer")]
    key: Option<PathBuf>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

/// Who issued, for those who only look: no key is needed.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct IssuerNameArgs {
    /// The issuer's folder, as `sanad member new` makes it
    #[arg(long, value_name = "DIR", env = "SANAD_ISSUER_DIR")]
    issuer_dir: Option<PathBuf>,
    /// The issuer's member id
    #[arg(long, value_name = "ID")]
    issuer: Option<MemberId>,
}

impl IssuerNameArgs {
    /// The same without a key: [`IssuerArgs::open`] must not be called.
    pub(crate) fn without_key(self) -> anyhow::Result<IssuerArgs> {
        let Self { issuer_dir, issuer } = self;
        if issuer_dir.is_none() && issuer.is_none() {
            bail!("no issuer is named; give --issuer ID, or --issuer-dir DIR (or SANAD_ISSUER_DIR)");
        }
        Ok(IssuerArgs { issuer_dir, issuer, key: None, passphrase: PassphraseArgs::default() })
    }
}

impl IssuerArgs {
    /// Whether an issuer was named at all.
    pub(crate) fn is_given(&self) -> bool {
        self.issuer_dir.is_some() || self.issuer.is_some()
    }

    /// The issuer's folder, if it is what names the issuer.
    pub(crate) fn folder(&self) -> Option<&Path> {
        // A folder in the environment may be another issuer's than the one that a flag names.
        self.issuer_dir.as_deref().filter(|_| self.issuer.is_none())
    }

    /// The issuer's id, without its key.
    pub(crate) fn id(&self) -> anyhow::Result<MemberId> {
        // A flag means more than a folder that is in the environment.
        match (&self.issuer, &self.issuer_dir) {
            (Some(id), _) => Ok(id.clone()),
            (None, Some(folder)) => Ok(read_member(&member_path(folder))?.member.id),
            (None, None) => bail!(
                "no issuer is named; give --issuer-dir DIR (or SANAD_ISSUER_DIR), or --issuer ID --key FILE"
            ),
        }
    }

    /// The passphrase, if it need not be asked for. If it cannot be read, [`IssuerArgs::open`] says why.
    pub(crate) fn known_passphrase(&self) -> Option<Passphrase> {
        self.passphrase.known()
    }

    /// Opens the issuer's key.
    pub(crate) fn open(&self) -> anyhow::Result<Issuer> {
        let id = self.id()?;
        match (&self.key, &self.issuer_dir) {
            (Some(path), _) => {
                let key = keys::open(path, Purpose::Issuing, &self.passphrase)?;
                // A member's folder has its keys in a folder of their own, and the list of those withdrawn above it.
                let keys = files::parent(path);
                for folder in [keys, files::parent(keys)] {
                    refuse_withdrawn(folder, &key.public())?;
                }
                Ok(Issuer { id, key })
            }
            (None, Some(folder)) => Issuer::open_asking(folder, |path| {
                let passphrase = self.passphrase.existing(&path.display().to_string())?;
                Ok::<_, anyhow::Error>(passphrase)
            }),
            (None, None) => {
                bail!("no issuing key is named; give --issuer-dir DIR, or --issuer ID --key FILE")
            }
        }
    }
}
