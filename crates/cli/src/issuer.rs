//! The issuer in whose name batches are signed.

use std::path::PathBuf;

use anyhow::bail;
use sanad_core::ids::MemberId;
use sanad_core::signature::SecretKey;

use crate::commands::genesis::new::read_member;
use crate::keys::{self, PassphraseArgs, Purpose};

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

/// An issuer, ready to sign.
pub(crate) struct Issuer {
    pub(crate) id: MemberId,
    pub(crate) key: SecretKey,
}

impl IssuerArgs {
    /// Whether an issuer was named at all.
    pub(crate) fn is_given(&self) -> bool {
        self.issuer_dir.is_some() || self.issuer.is_some()
    }

    /// Opens the issuer's key.
    pub(crate) fn open(&self) -> anyhow::Result<Issuer> {
        // A flag means more than a folder that is in the environment.
        if let (Some(id), Some(path)) = (&self.issuer, &self.key) {
            return Ok(Issuer { id: id.clone(), key: keys::open(path, Purpose::Issuing, &self.passphrase)? });
        }
        let Some(folder) = &self.issuer_dir else {
            bail!(
                "no issuer is named; give --issuer-dir DIR (or SANAD_ISSUER_DIR), or --issuer ID --key FILE"
            );
        };
        let member = read_member(&folder.join("member.json"))?.member;
        let path = Purpose::Issuing.path_in(folder);
        let key = keys::open(&path, Purpose::Issuing, &self.passphrase)?;
        if member.issuing_key != Some(key.public()) {
            bail!("{} is not the issuing key that {}/member.json names", path.display(), folder.display());
        }
        Ok(Issuer { id: member.id, key })
    }
}
