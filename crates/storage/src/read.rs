//! Reading blocks and batches.

use sanad_core::batch::{BatchChain, SignedBatch};
use sanad_core::block::BlockHeader;
use sanad_core::codec;
use sanad_core::hash::{BatchId, ChainId};
use sanad_core::ids::{Height, LogIndex, LogSize, MEMBER_ID_BYTES_MAX, MemberId, Sequence};
use sanad_core::validators::CommitCertificate;

use crate::blocks::Blocks;
use crate::columns::BatchColumnRecord;
use crate::error::{Part, StoreError};
use crate::shared::{Shared, StoredHead, sequence_hash};
use crate::store::Store;
use crate::tiles::{LogTree, TileTree};

/// A batch's position in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchRecord {
    /// Hash of the batch.
    pub id: BatchId,
    /// Its place among all batches of the chain, from 0.
    pub ordinal: u64,
    /// Height of its block.
    pub height: Height,
    /// Log index of its first entry.
    pub first_index: LogIndex,
    /// Number of its entries.
    pub entries: u64,
    /// Member that signed it.
    pub issuer: MemberId,
    /// Which of the issuer's two chains it continues.
    pub chain: BatchChain,
    /// Its place in that chain.
    pub sequence: Sequence,
}

/// How much a block holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockSize {
    /// Number of its batches.
    pub batches: u64,
    /// Number of entries in all its batches.
    pub entries: u64,
    /// Length of its payload, in bytes.
    pub payload_bytes: u32,
}

impl Store {
    /// The chain.
    pub fn chain_id(&self) -> ChainId {
        self.shared.chain_id
    }

    /// The directory that the store is in.
    pub fn directory(&self) -> &std::path::Path {
        self.shared.directory.path()
    }

    /// The segment file that holds a block, for messages to operators; `None` at heights without a block, or where
    /// the column that says so cannot be read.
    pub fn segment_path(&self, height: Height) -> Option<std::path::PathBuf> {
        let record = self.shared.blocks().record(height).ok()??;
        Some(self.shared.segments.path_of(record.frame.offset))
    }

    /// The last block; `None` before the first.
    pub fn head(&self) -> Option<std::sync::Arc<StoredHead>> {
        self.shared.published().head.clone()
    }

    /// Height of the last block; 0 before the first.
    pub fn height(&self) -> Height {
        self.shared.published().height()
    }

    /// Entries in the log.
    pub fn log_size(&self) -> LogSize {
        self.shared.published().log_size()
    }

    /// Batches in the log.
    pub fn batch_count(&self) -> u64 {
        self.shared.published().place.batches
    }

    /// The log tree as it is now, to make proofs at this size or a smaller one.
    pub fn log_tree(&self) -> LogTree<'_> {
        TileTree { tiles: &self.shared.log_tiles, size: self.log_size().0 }
    }

    /// The header of a block; `None` at heights without one.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], I/O.
    pub fn header(&self, height: Height) -> Result<Option<BlockHeader>, StoreError> {
        Ok(self.shared.blocks().front(height)?.map(|(_, header)| header))
    }

    /// The certificate of a block; `None` at heights without one.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], I/O.
    pub fn certificate(&self, height: Height) -> Result<Option<CommitCertificate>, StoreError> {
        Ok(self.shared.blocks().front(height)?.map(|(certificate, _)| certificate))
    }

    /// A block's certificate and payload (`Block::decode` reads it); `None` at heights without one.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], I/O.
    pub fn block(&self, height: Height) -> Result<Option<(CommitCertificate, Vec<u8>)>, StoreError> {
        let Some(frame) = self.shared.blocks().frame(height)? else { return Ok(None) };
        let certificate = frame.certificate().map_err(|fault| StoreError::Corrupt { height, fault })?;
        Ok(Some((certificate, frame.payload().to_vec())))
    }

    /// How much a block holds, without reading it; `None` at heights without one.
    ///
    /// # Errors
    /// [`StoreError::Damaged`], I/O.
    pub fn block_size(&self, height: Height) -> Result<Option<BlockSize>, StoreError> {
        let published = self.shared.published();
        if height == Height::GENESIS || height > published.height() {
            return Ok(None);
        }
        let record = self.shared.columns.block(height)?;
        let (first_index, first_batch) = match height == published.height() {
            true => (published.log_size().0, published.place.batches),
            false => {
                let next = self.shared.columns.block(height.next())?;
                (next.first_index, next.first_batch)
            }
        };
        Ok(Some(BlockSize {
            batches: first_batch.saturating_sub(record.first_batch),
            entries: first_index.saturating_sub(record.first_index),
            payload_bytes: record.frame.payload_bytes,
        }))
    }

    /// A batch by its id; `None` if the log does not have it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn batch(&self, id: &BatchId) -> Result<Option<BatchRecord>, StoreError> {
        let batches = self.batch_count();
        let shared = &self.shared;
        let found = shared
            .batch_keys
            .find(&id.0, |ordinal| Ok(ordinal < batches && shared.columns.batch(ordinal)?.id == *id))?;
        found.map(|ordinal| self.batch_by_ordinal(ordinal)).transpose()
    }

    /// The batch with a sequence number in one of an issuer's two chains; `None` if the log does not have it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn batch_of(
        &self,
        issuer: &MemberId,
        chain: BatchChain,
        sequence: Sequence,
    ) -> Result<Option<BatchRecord>, StoreError> {
        let batches = self.batch_count();
        let shared = &self.shared;
        let found = shared.batch_keys.find(&sequence_hash(issuer, chain, sequence), |ordinal| {
            if ordinal >= batches {
                return Ok(false);
            }
            let front = shared.batch_front(&shared.columns.batch(ordinal)?)?;
            Ok((&front.issuer, front.chain, front.sequence) == (issuer, chain, sequence))
        })?;
        found.map(|ordinal| self.batch_by_ordinal(ordinal)).transpose()
    }

    /// The batch that holds an entry.
    ///
    /// # Errors
    /// [`StoreError::BeyondLog`] unless `index` is below [`Self::log_size`], and others.
    pub fn batch_at(&self, index: LogIndex) -> Result<BatchRecord, StoreError> {
        let (ordinal, record) = self.shared.batch_holding(index)?;
        self.shared.batch_record(ordinal, &record)
    }

    /// The batch at a place among all batches. Requires `ordinal` below [`Self::batch_count`].
    ///
    /// # Errors
    /// [`StoreError::Damaged`] beyond, and others.
    pub fn batch_by_ordinal(&self, ordinal: u64) -> Result<BatchRecord, StoreError> {
        if ordinal >= self.batch_count() {
            return Err(StoreError::Damaged { part: Part::Batches });
        }
        let record = self.shared.columns.batch(ordinal)?;
        self.shared.batch_record(ordinal, &record)
    }

    /// A whole batch as it was signed. Requires a record that this store gave.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn signed_batch(&self, record: &BatchRecord) -> Result<SignedBatch, StoreError> {
        self.shared.blocks().signed(&self.shared.columns.batch(record.ordinal)?)
    }

    /// Bytes of memory that filters and fences of the key indexes take.
    pub fn index_memory_bytes(&self) -> usize {
        self.shared.issuances.memory_bytes() + self.shared.batch_keys.memory_bytes()
    }
}

impl Shared {
    /// The blocks that readers may see.
    pub(crate) fn blocks(&self) -> Blocks<'_> {
        Blocks { segments: &self.segments, columns: &self.columns, end: self.published().place }
    }

    /// The batch that holds an entry of the log.
    pub(crate) fn batch_holding(&self, index: LogIndex) -> Result<(u64, BatchColumnRecord), StoreError> {
        let published = self.published();
        let size = published.log_size();
        match index.0 < size.0 {
            true => self.columns.batch_holding(index, published.place.batches),
            false => Err(StoreError::BeyondLog { index, size }),
        }
    }

    /// The fields at the front of a batch.
    pub(crate) fn batch_front(&self, record: &BatchColumnRecord) -> Result<BatchFront, StoreError> {
        let length = FRONT_BYTES_MAX.min(record.bytes as usize);
        let bytes = self.segments.read(record.offset, length)?;
        type Front = (u8, ChainId, MemberId, BatchChain, Sequence);
        match codec::decode_prefix::<Front>(&bytes, FRONT_BYTES_MAX) {
            Ok(((_, chain_id, issuer, chain, sequence), bytes)) if chain_id == self.chain_id => {
                Ok(BatchFront { issuer, chain, sequence, bytes: bytes as u64 })
            }
            _ => Err(self.blocks().blame(record.height, Part::Batches)),
        }
    }

    fn batch_record(&self, ordinal: u64, record: &BatchColumnRecord) -> Result<BatchRecord, StoreError> {
        let BatchFront { issuer, chain, sequence, .. } = self.batch_front(record)?;
        Ok(BatchRecord {
            id: record.id,
            ordinal,
            height: record.height,
            first_index: record.first_index,
            entries: u64::from(record.entries),
            issuer,
            chain,
            sequence,
        })
    }
}

/// What is at the front of a batch.
pub(crate) struct BatchFront {
    pub(crate) issuer: MemberId,
    pub(crate) chain: BatchChain,
    pub(crate) sequence: Sequence,
    /// Length of these fields and those before them, in bytes.
    pub(crate) bytes: u64,
}

/// Bytes at the front of a batch that hold version, chain id, issuer, chain and sequence number.
const FRONT_BYTES_MAX: usize = 1 + 32 + 1 + MEMBER_ID_BYTES_MAX + 1 + 8;
