//! Secret keys and where their passphrases come from.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use sanad_core::signature::SecretKey;
use sanad_issuer::keys::{KeyError, SealedKey, read_passphrase};
pub(crate) use sanad_issuer::keys::{NewKey, Passphrase, Purpose};
use zeroize::Zeroizing;

/// Where the passphrase of key files comes from.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct PassphraseArgs {
    /// File that holds the passphrase of the key; else SANAD_PASSPHRASE, else it is asked for
    #[arg(long, value_name = "FILE", env = "SANAD_PASSPHRASE_FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
}

impl PassphraseArgs {
    /// The passphrase of a key that is there already.
    pub(crate) fn existing(&self, of: &str) -> anyhow::Result<Passphrase> {
        let bytes = match self.given()? {
            Some(bytes) => bytes,
            None => ask(&format!("Passphrase of {of}: "), OF_KEY)?,
        };
        Ok(Passphrase::existing(bytes)?)
    }

    /// The passphrase for a new key; asked for twice, so that a slip of the hand locks nobody out.
    pub(crate) fn fresh(&self) -> anyhow::Result<Passphrase> {
        if let Some(bytes) = self.given()? {
            return chosen(bytes);
        }
        let first = ask("New passphrase: ", OF_KEY)?;
        let passphrase = chosen(first.clone())?;
        if first != ask("The same again: ", OF_KEY)? {
            bail!("the two passphrases differ; nothing was written, try again");
        }
        Ok(passphrase)
    }

    /// The passphrase, if one is given that can be used.
    pub(crate) fn known(&self) -> Option<Passphrase> {
        Passphrase::existing(self.given().ok()??).ok()
    }

    fn given(&self) -> anyhow::Result<Option<Zeroizing<Vec<u8>>>> {
        if let Some(path) = &self.passphrase_file {
            return Ok(Some(read_passphrase(path).context("the passphrase file cannot be used")?));
        }
        Ok(std::env::var("SANAD_PASSPHRASE").ok().map(|text| Zeroizing::new(text.into_bytes())))
    }
}

/// Opens a key file and checks that it is for the purpose.
pub(crate) fn open(path: &Path, purpose: Purpose, passphrase: &PassphraseArgs) -> anyhow::Result<SecretKey> {
    // Before the passphrase is asked for: no passphrase makes the wrong file right.
    let sealed = SealedKey::read(path, purpose)?;
    Ok(sealed.open(&passphrase.existing(&path.display().to_string())?)?)
}

pub(crate) fn chosen(bytes: Zeroizing<Vec<u8>>) -> anyhow::Result<Passphrase> {
    if bytes.is_empty() {
        return Err(KeyError::NoPassphrase.into());
    }
    Ok(Passphrase::chosen(bytes)?)
}

/// Asks for a passphrase. `instead` says how else it can be given.
pub(crate) fn ask(prompt: &str, instead: &str) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    use std::io::IsTerminal as _;
    if !std::io::stdin().is_terminal() {
        bail!("a passphrase is needed and there is no terminal to ask for it; {instead}");
    }
    let typed = rpassword::prompt_password(prompt).context("the passphrase cannot be read")?;
    Ok(Zeroizing::new(typed.into_bytes()))
}

/// How else the passphrase of a key can be given.
const OF_KEY: &str = "set SANAD_PASSPHRASE or give --passphrase-file";
