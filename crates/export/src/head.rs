//! The file `head`: what the export is as of, and the hash of the manifest of all its files, signed by the exporter.
//!
//! A signed note whose text is one line of JSON. A checkpoint's text has three lines, so neither can pass for the other.

use sanad_core::genesis::Genesis;
use sanad_core::hash::{BlockHash, ChainId, Root};
use sanad_core::ids::{Height, LogSize};
use sanad_core::signature::PublicKey;
use serde::{Deserialize, Serialize};

use crate::error::ExportError;
use crate::folder::Folder;
use crate::layout::{HEAD, HEAD_BYTES_MAX};
use crate::note::{CheckpointSigner, Note};

/// Names the format.
const FORMAT: &str = "sanad-export/v2";

/// The last block of an export, and the manifest of its files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Head {
    format: String,
    pub(crate) chain_id: ChainId,
    pub(crate) height: Height,
    pub(crate) block: BlockHash,
    pub(crate) log_size: LogSize,
    /// SHA-256 of the manifest.
    pub(crate) manifest: Root,
}

impl Head {
    pub(crate) fn new(
        chain_id: ChainId,
        height: Height,
        block: BlockHash,
        log_size: LogSize,
        manifest: [u8; 32],
    ) -> Self {
        let manifest = Root(manifest);
        Self { format: FORMAT.to_owned(), chain_id, height, block, log_size, manifest }
    }

    /// The head of a folder; `None` if there is none. Its signature is not verified.
    pub(crate) fn read(folder: &Folder) -> Result<Option<Self>, ExportError> {
        match text(folder)? {
            None => Ok(None),
            Some(note) => Self::parse(folder, &note).map(|(head, _)| Some(head)),
        }
    }

    /// Checks that the head of a folder was signed by a key, and nobody else, in the name of the log.
    pub(crate) fn verify(folder: &Folder, genesis: &Genesis, key: &PublicKey) -> Result<(), ExportError> {
        // The head that all else was checked by, if one was read.
        let note = match folder.noted_head() {
            Some(bytes) => Some(utf8(folder, bytes)?),
            None => text(folder)?,
        };
        let note = note.ok_or_else(|| folder.missing(HEAD))?;
        let (_, note) = Self::parse(folder, &note)?;
        if !note.is_signed_only_by(&genesis.log_origin) {
            return Err(folder.malformed(HEAD, "not signed in the name of the log alone"));
        }
        let unsigned = |source| ExportError::Note { path: folder.path(HEAD), source: Box::new(source) };
        note.verify(&genesis.log_origin, key).map_err(unsigned)
    }

    fn parse<'a>(folder: &Folder, note: &'a str) -> Result<(Self, Note<'a>), ExportError> {
        let refused = |source| ExportError::Note { path: folder.path(HEAD), source: Box::new(source) };
        let note = Note::parse(note).map_err(refused)?;
        let head: Self = serde_json::from_str(&note.text)
            .map_err(|_| folder.malformed(HEAD, "not the fields of the head of an export"))?;
        if head.format != FORMAT {
            return Err(folder.malformed(HEAD, "an export of a format that this program does not know"));
        }
        if head.height == Height::GENESIS {
            return Err(folder.malformed(HEAD, "an export has at least one block"));
        }
        if head.text() != note.text {
            return Err(folder.malformed(HEAD, "not the one form of its fields"));
        }
        Ok((head, note))
    }

    /// The signed file.
    pub(crate) fn sign(&self, signer: &CheckpointSigner) -> String {
        signer.sign(&self.text())
    }

    fn text(&self) -> String {
        let mut text = serde_json::to_string(self).expect("invariant: a head has only plain fields");
        text.push('\n');
        text
    }
}

fn text(folder: &Folder) -> Result<Option<String>, ExportError> {
    let Some(bytes) = folder.read_if_there(HEAD, HEAD_BYTES_MAX)? else { return Ok(None) };
    folder.note_head(&bytes);
    utf8(folder, bytes).map(Some)
}

fn utf8(folder: &Folder, bytes: Vec<u8>) -> Result<String, ExportError> {
    String::from_utf8(bytes).map_err(|_| folder.malformed(HEAD, "not UTF-8"))
}
