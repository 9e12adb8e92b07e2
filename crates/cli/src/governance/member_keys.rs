//! New keys of a member: where they are made, and how a member shows that it holds them.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use sanad_core::governance::{NewGovernanceKeys, NewKey, key_possession_message};
use sanad_core::hash::ChainId;
use sanad_core::ids::MemberId;
use sanad_core::json_form;
use sanad_core::member::KeyPurpose;
use sanad_core::signature::SecretKey;

use crate::files;
use crate::keys::{self, NewKey as NewKeyFile, PassphraseArgs, Purpose};
use crate::output::note;

/// A new key on its way into force, and the file that holds it.
pub(crate) struct KeyInFolder {
    path: PathBuf,
    /// The member's folder whose key file it replaces once it is in force.
    folder: Option<PathBuf>,
    purpose: Purpose,
    secret: SecretKey,
}

impl KeyInFolder {
    /// Makes a key at `path`, or else in a member's folder, as `keys/PURPOSE.next.json`. One that is there already is
    /// taken up: an earlier run ended early.
    pub(crate) fn make(
        path: Option<&Path>,
        folder: Option<&Path>,
        purpose: Purpose,
        passphrase: &PassphraseArgs,
    ) -> anyhow::Result<Self> {
        let (path, folder) = match (path, folder) {
            (Some(path), _) => (path.to_owned(), None),
            (None, Some(folder)) => {
                let next = purpose.path_in(folder).with_extension("next.json");
                (next, Some(folder.to_owned()))
            }
            (None, None) => bail!("where is the new key to be? give --new-key FILE, or --member-dir DIR"),
        };
        let secret = if path.exists() {
            note(format_args!("taking up the key in {}", path.display()));
            keys::open(&path, purpose, passphrase)?
        } else {
            let key = NewKeyFile::generate(purpose, &passphrase.fresh()?)?;
            key.write(&path)?;
            key.secret().clone()
        };
        Ok(Self { path, folder, purpose, secret })
    }

    /// Where it was made.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The key, and the proof that the member holds it.
    pub(crate) fn proved(&self, chain_id: &ChainId, member: &MemberId, purpose: KeyPurpose) -> NewKey {
        let key = self.secret.public();
        let possession = self.secret.sign(&key_possession_message(chain_id, member, purpose, &key));
        NewKey { key, possession }
    }

    /// Once the change is final: an issuing key takes the place of the former one in the member's folder, which stays
    /// under another name. A node's keys are the node's to switch. Returns where the new key is.
    pub(crate) fn settle(&self) -> anyhow::Result<PathBuf> {
        let Some(folder) = self.folder.as_ref().filter(|_| self.purpose == Purpose::Issuing) else {
            return Ok(self.path.clone());
        };
        let place = self.purpose.path_in(folder);
        if place.exists() {
            let former = (1..FORMER_FILES_MAX)
                .map(|number| place.with_extension(format!("former-{number}.json")))
                .find(|former| !former.exists())
                .context("too many former keys are in the folder; put some of them elsewhere")?;
            // The file in place is one of the two at any moment: others may read it.
            std::fs::hard_link(&place, &former)
                .with_context(|| format!("{} cannot be kept", place.display()))?;
        }
        std::fs::rename(&self.path, &place)
            .with_context(|| format!("{} cannot be moved to {}", self.path.display(), place.display()))?;
        files::sync_parent(&place)?;
        Ok(place)
    }
}

/// Reads new governance keys, as `sanad member offer-keys` writes them.
pub(crate) fn read_offer(path: &Path) -> anyhow::Result<NewGovernanceKeys> {
    let text = files::read(path, OFFER_BYTES_MAX)?;
    json_form::read(&text).with_context(|| {
        format!("{} does not hold governance keys, as `sanad member offer-keys` writes them", path.display())
    })
}

/// Longest file with new governance keys, in bytes.
const OFFER_BYTES_MAX: usize = 16 << 10;
/// Most former issuing keys that a folder keeps.
const FORMER_FILES_MAX: u32 = 1024;
