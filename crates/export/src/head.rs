//! The file `head`: what the export is as of. It proves nothing; it says what to read.

use sanad_core::hash::{BlockHash, ChainId};
use sanad_core::ids::{Height, LogSize};
use serde::{Deserialize, Serialize};

use crate::error::ExportError;
use crate::folder::Folder;
use crate::layout::HEAD;

/// Names the format.
const FORMAT: &str = "sanad-export/v1";
/// Longest file, in bytes.
const HEAD_BYTES_MAX: u64 = 1024;

/// The last block of an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Head {
    format: String,
    pub(crate) chain_id: ChainId,
    pub(crate) height: Height,
    pub(crate) block: BlockHash,
    pub(crate) log_size: LogSize,
}

impl Head {
    pub(crate) fn new(chain_id: ChainId, height: Height, block: BlockHash, log_size: LogSize) -> Self {
        Self { format: FORMAT.to_owned(), chain_id, height, block, log_size }
    }

    /// The head of a folder; none where there is none.
    pub(crate) fn read(folder: &Folder) -> Result<Option<Self>, ExportError> {
        let Some(bytes) = folder.read_if_there(HEAD, HEAD_BYTES_MAX)? else { return Ok(None) };
        let head: Self = serde_json::from_slice(&bytes)
            .map_err(|_| folder.malformed(HEAD, "not the fields of the head of an export"))?;
        if head.format != FORMAT {
            return Err(folder.malformed(HEAD, "not an export of a format that this program knows"));
        }
        if head.height == Height::GENESIS {
            return Err(folder.malformed(HEAD, "an export has a block at least"));
        }
        Ok(Some(head))
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut text = serde_json::to_vec(self).expect("invariant: a head has only plain fields");
        text.push(b'\n');
        text
    }
}
