//! Pending files: what an issuance must not lose between handing in a batch and writing its receipts.
//!
//! Without its secret a document can never be proved, so the secrets are on the disk before the batch leaves. A
//! pending file is removed once every receipt of its batch is written; `sanad issue --resume` finishes it.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use sanad_core::batch::SignedBatch;
use sanad_core::commitment::{Opening, Secret};
use sanad_core::document::DocumentKind;
use sanad_core::event::Event;
use sanad_core::hash::{BatchId, Commitment};
use sanad_core::summary::Summary;
use serde::{Deserialize, Serialize};

use crate::files::{self, Mode};

/// A document on its way into the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PendingDocument {
    /// Where it is; in the file relative to its folder, where it lies below it.
    pub(crate) path: PathBuf,
    /// How it is digested.
    pub(crate) kind: DocumentKind,
    /// The secret of its commitment.
    pub(crate) secret: Secret,
    /// The summary that the commitment binds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) summary: Option<Summary>,
    /// Its commitment.
    pub(crate) commitment: Commitment,
    /// Whether a receipt that it has makes way.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) again: bool,
}

impl PendingDocument {
    /// What opens its commitment.
    pub(crate) fn opening(&self) -> Opening {
        Opening::Full { secret: self.secret.clone(), summary: self.summary.clone() }
    }
}

/// A batch on its way into the ledger: document `n` is its event `n`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pending {
    pub(crate) batch: SignedBatch,
    pub(crate) documents: Vec<PendingDocument>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    format: String,
    batch_id: BatchId,
    batch: String,
    documents: Vec<PendingDocument>,
}

impl Pending {
    /// Writes the file into `folder` and brings it to the disk; returns where it is.
    pub(crate) fn write(&self, folder: &Path) -> anyhow::Result<PathBuf> {
        let base = absolute(folder)?;
        let shorten = |document: &PendingDocument| {
            let path = document.path.strip_prefix(&base).unwrap_or(&document.path).to_owned();
            PendingDocument { path, ..document.clone() }
        };
        let fields = Fields {
            format: PENDING_FORMAT.to_owned(),
            batch_id: self.batch.id(),
            batch: hex::encode(self.batch.bytes()),
            documents: self.documents.iter().map(shorten).collect(),
        };
        let path = folder.join(format!("{PENDING_PREFIX}{}{PENDING_SUFFIX}", self.batch.id()));
        let text = serde_json::to_string_pretty(&fields)? + "\n";
        files::place_new(&path, text.as_bytes(), Mode::Private)?;
        Ok(path)
    }

    /// Reads a file, and checks that documents and batch belong together.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        Self::parse(path)
            .with_context(|| format!("{} is not a pending file of `sanad issue`", path.display()))
    }

    fn parse(path: &Path) -> anyhow::Result<Self> {
        let text = files::read(path, PENDING_BYTES_MAX)?;
        let Fields { format, batch_id, batch, mut documents } = serde_json::from_slice(&text)?;
        if format != PENDING_FORMAT {
            bail!("its format is {format:?}; this program knows {PENDING_FORMAT:?}");
        }
        let batch = SignedBatch::decode(&hex::decode(batch)?)?;
        if batch.id() != batch_id {
            bail!("it names the batch {batch_id}, but holds {}", batch.id());
        }
        let events = &batch.batch().events;
        if events.len() != documents.len() {
            bail!("its batch has {} events for {} documents", events.len(), documents.len());
        }
        let base = absolute(files::parent(path))?;
        for (document, event) in documents.iter_mut().zip(events) {
            if *event != (Event::Issue { commitment: document.commitment }) {
                bail!("{} is not the document of its event in the batch", document.path.display());
            }
            document.path = base.join(&document.path);
        }
        Ok(Self { batch, documents })
    }
}

/// The pending files of a folder, sorted.
pub(crate) fn in_folder(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in folder.read_dir().with_context(|| format!("{} cannot be read", folder.display()))? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(PENDING_PREFIX) && name.ends_with(PENDING_SUFFIX) {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

fn absolute(path: &Path) -> anyhow::Result<PathBuf> {
    std::path::absolute(path).with_context(|| format!("{} has no absolute form", path.display()))
}

const PENDING_FORMAT: &str = "sanad-pending/v1";
const PENDING_PREFIX: &str = ".sanad-pending-";
const PENDING_SUFFIX: &str = ".json";
/// Longest pending file, in bytes: a full batch with the longest paths there are.
const PENDING_BYTES_MAX: usize = 64 << 20;

#[cfg(test)]
mod tests {
    use sanad_core::batch::{Batch, BatchChain, NO_BATCH};
    use sanad_core::hash::ChainId;
    use sanad_core::ids::Sequence;
    use sanad_core::signature::SecretKey;

    use super::*;

    fn pending(folder: &Path) -> Pending {
        let document = |n: u8| PendingDocument {
            path: std::path::absolute(folder).unwrap().join(format!("{n}.json")),
            kind: DocumentKind::Json,
            secret: Secret([n; 32]),
            summary: None,
            commitment: Commitment([n; 32]),
            again: n == 2,
        };
        let mut documents: Vec<_> = (0..3).map(document).collect();
        documents[1].path = "/elsewhere/1.pdf".into();
        let event = |document: &PendingDocument| Event::Issue { commitment: document.commitment };
        let batch = Batch {
            chain_id: ChainId([1; 32]),
            issuer: "univ-merapi.example".parse().unwrap(),
            chain: BatchChain::Issuing,
            sequence: Sequence(0),
            previous: NO_BATCH,
            events: documents.iter().map(event).collect(),
        };
        Pending { batch: batch.sign(&SecretKey::from_seed(&[1; 32])), documents }
    }

    #[test]
    fn what_is_written_is_read_even_after_the_folder_moved() {
        let folder = tempfile::tempdir().unwrap();
        let (before, after) = (folder.path().join("a"), folder.path().join("b"));
        std::fs::create_dir(&before).unwrap();
        let path = pending(&before).write(&before).unwrap();
        assert_eq!(in_folder(&before).unwrap(), std::slice::from_ref(&path));
        assert_eq!(Pending::read(&path).unwrap(), pending(&before));
        std::fs::rename(&before, &after).unwrap();
        let moved = in_folder(&after).unwrap();
        assert_eq!(Pending::read(&moved[0]).unwrap(), pending(&after));
    }

    #[test]
    fn a_file_that_was_changed_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = pending(folder.path()).write(folder.path()).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let commitment = pending(folder.path()).documents[1].commitment.to_string();
        let other = "0".repeat(64);
        for (from, to) in
            [(commitment.as_str(), other.as_str()), ("sanad-pending/v1", "x"), ("\"secret\"", "\"secrez\"")]
        {
            let place = text.rfind(from).unwrap();
            let changed = format!("{}{to}{}", &text[..place], &text[place + from.len()..]);
            std::fs::write(&path, changed).unwrap();
            assert!(Pending::read(&path).is_err(), "{from}");
        }
        std::fs::write(&path, text).unwrap();
        assert!(Pending::read(&path).is_ok());
    }
}
