//! Answers of many messages.

use sanad_core::ids::{Height, LogIndex};
use sanad_core::proof::StatusProof;
use tonic::Streaming;

use super::timed::TimedStream;
use super::{ClientError, in_order};
use crate::blocks::FinalBlock;
use crate::convert::{WireError, required, within};
use crate::limits::BATCH_PROOFS_MAX;
use crate::proofs::{EntryProof, ProofHead};
use crate::wire::get_batch_proofs_response::Part;
use crate::wire::{GetBatchProofsResponse, SubscribeBlocksResponse};

/// Proofs of a batch's entries, one by one.
#[derive(Debug)]
pub struct BatchProofStream {
    stream: TimedStream<GetBatchProofsResponse>,
    head: ProofHead,
    first_index: LogIndex,
    entries: u32,
    /// Place inside the batch of the next entry, and of the one after the last.
    next: u32,
    end: u32,
}

impl BatchProofStream {
    pub(super) async fn open(
        mut stream: TimedStream<GetBatchProofsResponse>,
        first: u32,
    ) -> Result<Self, ClientError> {
        let part = stream.message().await?.and_then(|message| message.part);
        let Part::Head(head) = required("part", part)? else {
            return Err(WireError::Missing { field: "head" }.into());
        };
        within("head.entries", head.entries as usize, BATCH_PROOFS_MAX)?;
        within("head.sent", head.sent as usize, head.entries.saturating_sub(first) as usize)?;
        Ok(Self {
            stream,
            head: required("head.head", head.head)?.try_into()?,
            first_index: LogIndex(head.first_index),
            entries: head.entries,
            next: first,
            end: first + head.sent,
        })
    }

    /// What all proofs share.
    pub fn head(&self) -> &ProofHead {
        &self.head
    }

    /// Log index of the batch's first entry.
    pub fn first_index(&self) -> LogIndex {
        self.first_index
    }

    /// Number of the batch's entries.
    pub fn entries(&self) -> u32 {
        self.entries
    }

    /// The next proof; `None` after the last.
    ///
    /// # Errors
    /// [`ClientError`]; the stream is over then.
    pub async fn next(&mut self) -> Result<Option<StatusProof>, ClientError> {
        let part = match self.stream.message().await? {
            Some(message) => required("part", message.part)?,
            None if self.next == self.end => return Ok(None),
            None => {
                let (expected, actual) = (u64::from(self.end), u64::from(self.next));
                return Err(WireError::EndsEarly { field: "entry", expected, actual }.into());
            }
        };
        let Part::Entry(entry) = part else {
            return Err(WireError::NotAsked { field: "head" }.into());
        };
        within("entry", self.next as usize + 1, self.end as usize)?;
        let proof = EntryProof::try_from(entry)?;
        in_order("entry.index", self.first_index.0, self.next as usize, proof.index.0)?;
        self.next += 1;
        Ok(Some(self.head.complete(proof)))
    }

    /// All remaining proofs.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn collect(mut self) -> Result<Vec<StatusProof>, ClientError> {
        let mut proofs = Vec::new();
        while let Some(proof) = self.next().await? {
            proofs.push(proof);
        }
        Ok(proofs)
    }
}

/// Blocks from a height on, without gaps.
#[derive(Debug)]
pub struct BlockStream {
    stream: Streaming<SubscribeBlocksResponse>,
    next: Height,
}

impl BlockStream {
    pub(super) fn new(stream: Streaming<SubscribeBlocksResponse>, next: Height) -> Self {
        Self { stream, next }
    }

    /// Height of the next block: where to subscribe again after an error.
    pub fn next_height(&self) -> Height {
        self.next
    }

    /// Waits for the next block. Not verified.
    ///
    /// # Errors
    /// [`ClientError`]; the stream is over then. After a retryable error, resume from [`Self::next_height`].
    pub async fn next(&mut self) -> Result<FinalBlock, ClientError> {
        let Some(message) = self.stream.message().await? else {
            let actual = self.next.0;
            return Err(WireError::EndsEarly { field: "block", expected: u64::MAX, actual }.into());
        };
        let block = FinalBlock::try_from(required("block", message.block)?)?;
        in_order("block.height", self.next.0, 0, block.block.header.height.0)?;
        self.next = self.next.next();
        Ok(block)
    }
}
