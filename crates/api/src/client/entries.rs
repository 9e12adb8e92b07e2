//! Calls about the log.

use sanad_core::ids::{LogIndex, LogSize};
use sanad_core::proof::ConsistencyProof;

use super::{Client, ClientError, asked, in_order};
use crate::convert::{required, within};
use crate::entries::LogEntry;
use crate::limits::ENTRIES_PAGE;
use crate::proofs::{InclusionProof, ProofForm};
use crate::wire;

impl Client {
    /// The entry at a log index. Not proved.
    ///
    /// # Errors
    /// [`ClientError`]; `OUT_OF_RANGE` if the log is not that long.
    pub async fn entry(&self, index: LogIndex) -> Result<LogEntry, ClientError> {
        let request = self.request(wire::GetEntryRequest { index: index.0 });
        let answer = self.timed(self.ledger().get_entry(request)).await?;
        let entry = LogEntry::try_from(required("entry", answer.entry)?)?;
        asked("entry.index", &index, &entry.index)?;
        Ok(entry)
    }

    /// Up to `count` entries from `first` on, in order; fewer only at the end of the log. A `count` of 0 leaves
    /// the number to the node; it refuses more than [`ENTRIES_PAGE`] allows. Not proved.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn entries(&self, first: LogIndex, count: u32) -> Result<Vec<LogEntry>, ClientError> {
        let message =
            wire::ListEntriesRequest { from_index: first.0, page_size: count, page_token: String::new() };
        let answer = self.timed(self.ledger().list_entries(self.request(message))).await?;
        within("entries", answer.entries.len(), ENTRIES_PAGE.max as usize)?;
        let mut entries = Vec::new();
        for (offset, entry) in answer.entries.into_iter().enumerate() {
            let entry = LogEntry::try_from(entry)?;
            in_order("entries.index", first.0, offset, entry.index.0)?;
            entries.push(entry);
        }
        Ok(entries)
    }

    /// Proof that the entry at `index` is in the log of `size` entries, or of the last block. Not verified.
    ///
    /// # Errors
    /// [`ClientError`]; `OUT_OF_RANGE` if the log is not that long.
    pub async fn inclusion(
        &self,
        index: LogIndex,
        size: Option<LogSize>,
    ) -> Result<InclusionProof, ClientError> {
        let message = wire::GetInclusionProofRequest { index: index.0, size: size_or_latest(size) };
        let answer = self.timed(self.ledger().get_inclusion_proof(self.request(message))).await?;
        let proof = InclusionProof::try_from(answer)?;
        asked("index", &index, &proof.index)?;
        asked("size", &size.unwrap_or(proof.size), &proof.size)?;
        Ok(proof)
    }

    /// Proof that the log of `old` entries begins that of `new`, or of the last block. Not verified.
    ///
    /// # Errors
    /// [`ClientError`]; `OUT_OF_RANGE` if the log is not that long.
    pub async fn consistency(
        &self,
        old: LogSize,
        new: Option<LogSize>,
        form: ProofForm,
    ) -> Result<ConsistencyProof, ClientError> {
        let message = wire::GetConsistencyProofRequest {
            old_size: old.0,
            new_size: size_or_latest(new),
            form: wire::ProofForm::from(form).into(),
        };
        let answer = self.timed(self.ledger().get_consistency_proof(self.request(message))).await?;
        let proof = ConsistencyProof::try_from(answer)?;
        asked("old_size", &old, &proof.older.size)?;
        asked("new_size", &new.unwrap_or(proof.newer.size), &proof.newer.size)?;
        Ok(proof)
    }
}

/// A size in a request: 0 stands for that of the last block.
fn size_or_latest(size: Option<LogSize>) -> u64 {
    size.map_or(0, |size| size.0)
}
