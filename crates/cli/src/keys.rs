//! Secret keys: where they lie in a member's folder, how they are made and opened.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use sanad_core::keyfile::{self, KEY_FILE_BYTES_MAX, KdfParameters, KeyFileError, PASSPHRASE_BYTES_MAX};
use sanad_core::signature::{PublicKey, SecretKey};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::files::{self, Mode};
use crate::random;

/// What a key signs. The file says so, and a key is used for nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Purpose {
    /// The member's decisions about itself and the consortium, and its agreement to the genesis.
    Governance,
    /// Batches of issuances and revocations.
    Issuing,
    /// Votes on blocks.
    Consensus,
    /// The node's connections to its peers.
    Network,
    /// Checkpoints of static exports, for witnesses and monitors.
    Checkpoint,
}

impl Purpose {
    /// As it stands in a key file.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Governance => "governance",
            Self::Issuing => "issuing",
            Self::Consensus => "consensus",
            Self::Network => "network",
            Self::Checkpoint => "checkpoint",
        }
    }

    /// Where a member's folder holds its key.
    pub(crate) fn path_in(self, folder: &Path) -> PathBuf {
        folder.join("keys").join(format!("{}.json", self.as_str()))
    }
}

/// Where the passphrase of key files comes from.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct PassphraseArgs {
    /// File that holds the passphrase of the key; else SANAD_PASSPHRASE, else it is asked for
    #[arg(long, value_name = "FILE", env = "SANAD_PASSPHRASE_FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
}

/// A passphrase, wiped from memory when dropped.
pub(crate) type Passphrase = Zeroizing<Vec<u8>>;

impl PassphraseArgs {
    /// The passphrase of a key that is there already.
    pub(crate) fn existing(&self, of: &str) -> anyhow::Result<Passphrase> {
        match self.given()? {
            Some(passphrase) => Ok(passphrase),
            None => ask(&format!("Passphrase of {of}: ")),
        }
    }

    /// The passphrase for a new key; asked for twice, so that a slip of the hand locks nobody out.
    pub(crate) fn fresh(&self) -> anyhow::Result<Passphrase> {
        if let Some(passphrase) = self.given()? {
            return Ok(passphrase);
        }
        let first = ask("New passphrase: ")?;
        if first != ask("The same again: ")? {
            bail!("the two passphrases differ; nothing was written, try again");
        }
        Ok(first)
    }

    fn given(&self) -> anyhow::Result<Option<Passphrase>> {
        let passphrase = match &self.passphrase_file {
            Some(path) => first_line(Zeroizing::new(files::read(path, 2 * PASSPHRASE_BYTES_MAX)?)),
            None => match std::env::var("SANAD_PASSPHRASE") {
                Ok(text) => Zeroizing::new(text.into_bytes()),
                Err(_) => return Ok(None),
            },
        };
        if passphrase.is_empty() {
            bail!("the passphrase is empty; a key file needs one");
        }
        Ok(Some(passphrase))
    }
}

/// The first line, as a node reads its passphrase file: editors end files with a line break that nobody meant.
fn first_line(mut text: Passphrase) -> Passphrase {
    if let Some(end) = text.iter().position(|byte| *byte == b'\n') {
        text.truncate(end);
        if text.last() == Some(&b'\r') {
            text.pop();
        }
    }
    text
}

/// A key that is made but not written yet.
pub(crate) struct NewKey {
    /// Its public half.
    pub(crate) public: PublicKey,
    secret: SecretKey,
    text: String,
}

impl NewKey {
    /// Makes a key and encrypts it.
    pub(crate) fn generate(purpose: Purpose, passphrase: &Passphrase) -> anyhow::Result<Self> {
        let seed = Zeroizing::new(random::bytes::<32>()?);
        let text = keyfile::seal(
            &seed,
            passphrase,
            purpose.as_str(),
            KdfParameters::default(),
            random::bytes()?,
            random::bytes()?,
        )
        .context("the key cannot be encrypted")?;
        let secret = SecretKey::from_seed(&seed);
        Ok(Self { public: secret.public(), secret, text })
    }

    /// The secret, for what has to be signed before the key file is written.
    pub(crate) fn secret(&self) -> &SecretKey {
        &self.secret
    }

    /// Writes the key file, readable by its owner alone. Never overwrites.
    pub(crate) fn write(&self, path: &Path) -> anyhow::Result<()> {
        files::create_new(path, self.text.as_bytes(), Mode::Private)
    }
}

/// Opens a key file and checks that it is for the purpose.
pub(crate) fn open(path: &Path, purpose: Purpose, passphrase: &PassphraseArgs) -> anyhow::Result<SecretKey> {
    let text = Zeroizing::new(files::read_text(path, KEY_FILE_BYTES_MAX)?);
    let name = path.display();
    // Before the passphrase is asked for: no passphrase makes the wrong file right.
    let actual = keyfile::peek(&text).with_context(|| format!("{name} is not a key file"))?.purpose;
    if actual != purpose.as_str() {
        bail!("{name} holds a key for \"{actual}\"; one for \"{}\" is needed here", purpose.as_str());
    }
    let passphrase = passphrase.existing(&name.to_string())?;
    match keyfile::open(&text, &passphrase) {
        Ok(key) => Ok(SecretKey::from_seed(&key.secret)),
        Err(error @ KeyFileError::WrongPassphraseOrDamaged) => {
            Err(error).with_context(|| format!("{name} does not open; check the passphrase"))
        }
        Err(error) => Err(error).with_context(|| format!("{name} does not open")),
    }
}

fn ask(prompt: &str) -> anyhow::Result<Passphrase> {
    use std::io::IsTerminal as _;
    if !std::io::stdin().is_terminal() {
        bail!(
            "a passphrase is needed and there is no terminal to ask for it; \
             set SANAD_PASSPHRASE or give --passphrase-file"
        );
    }
    let typed = rpassword::prompt_password(prompt).context("the passphrase cannot be read")?;
    if typed.is_empty() {
        bail!("the passphrase is empty; a key file needs one");
    }
    Ok(Zeroizing::new(typed.into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passphrase_file_is_read_to_its_first_line_break() {
        for (text, expected) in
            [("a b", "a b"), ("a b\n", "a b"), ("a b\r\n", "a b"), ("a\nb\n", "a"), ("a\r", "a\r"), ("", "")]
        {
            assert_eq!(*first_line(Zeroizing::new(text.into())), expected.as_bytes(), "{text:?}");
        }
    }
}
