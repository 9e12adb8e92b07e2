//! Appending: the frame first, durably, then everything that is derived from it.

use std::sync::Arc;

use sanad_core::batch::SignedBatch;
use sanad_core::block::{Block, HEADER_BYTES};
use sanad_core::codec;
use sanad_core::execution::Execution;
use sanad_core::genesis::BLOCK_BYTES_LIMIT;
use sanad_core::hash::{BlockHash, HistoryHash};
use sanad_core::ids::{LogIndex, LogSize};
use sanad_core::merkle::TreeHash as _;
use sanad_core::validators::{CERTIFICATE_BYTES_MAX, CommitCertificate};

use crate::checkpoint::{Checkpoint, Delta};
use crate::columns::{BatchColumnRecord, BlockRecord};
use crate::error::StoreError;
use crate::frame::{COUNT_BYTES, FramePlace};
use crate::options::UNSYNCED_BYTES_MAX;
use crate::shared::{Due, Published, Shared, StoredHead, Writer, batch_hashes};
use crate::unsynced;

/// When an appended block is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durable {
    /// On return.
    Now,
    /// Soon: the disk is not waited for.
    Soon,
}

impl Shared {
    /// Appends a block that follows the head.
    pub(crate) fn append(
        &self,
        block: &Block,
        certificate: &CommitCertificate,
        execution: &Execution,
        durable: Durable,
    ) -> Result<Due, StoreError> {
        let mut writer = self.writer();
        self.check_health()?;
        self.check_next(block, certificate, execution)?;
        let write = |writer: &mut Writer| {
            let frame = match durable {
                Durable::Now => {
                    // Syncs all that was written to the segment; those before it are whole.
                    let frame = self.segments.append(block, certificate)?;
                    self.end_unsynced(writer)?;
                    frame
                }
                Durable::Soon => self.append_unsynced(writer, block, certificate)?,
            };
            let due = self.install(writer, block, certificate, execution, frame)?;
            Ok(Due { sync: durable == Durable::Soon, ..due })
        };
        write(&mut writer).inspect_err(|error| self.poison(error))
    }

    fn append_unsynced(
        &self,
        writer: &mut Writer,
        block: &Block,
        certificate: &CommitCertificate,
    ) -> Result<FramePlace, StoreError> {
        if writer.unsynced_bytes.is_none() {
            unsynced::write(&self.directory.unsynced(), &self.chain_id, self.segments.end())?;
        }
        let mut bytes = writer.unsynced_bytes.unwrap_or(0);
        if bytes > UNSYNCED_BYTES_MAX {
            self.segments.sync_last()?;
            bytes = 0;
        }
        let frame = self.segments.append_unsynced(block, certificate)?;
        writer.unsynced_bytes = Some(bytes + frame.bytes() as u64);
        Ok(frame)
    }

    /// All that was written is durable.
    pub(crate) fn end_unsynced(&self, writer: &mut Writer) -> Result<(), StoreError> {
        match writer.unsynced_bytes.take() {
            Some(_) => unsynced::remove(&self.directory.unsynced()),
            None => Ok(()),
        }
    }

    /// Enters a block that is in the segments into columns and indexes, and shows it to readers.
    pub(crate) fn install(
        &self,
        writer: &mut Writer,
        block: &Block,
        certificate: &CommitCertificate,
        execution: &Execution,
        frame: FramePlace,
    ) -> Result<Due, StoreError> {
        let published = self.published();
        let before = published.place;
        let height = execution.header.height;
        let record = BlockRecord { frame, first_index: before.log_size.0, first_batch: before.batches };
        let batches = batch_records(block, before.log_size, &frame);
        let place = Checkpoint {
            height,
            hash: execution.hash,
            log_size: execution.header.log_size,
            batches: before.batches + batches.len() as u64,
            end: frame.end(),
        };
        self.columns.blocks.write(height.0 - 1, &[record.encode()])?;
        let encoded: Vec<_> = batches.iter().map(BatchColumnRecord::encode).collect();
        self.columns.batches.write(before.batches, &encoded)?;
        self.log_tiles.append(&mut writer.log_edge, &execution.leaf_hashes, Some(&execution.tile_roots))?;
        let hash = HistoryHash::leaf(&execution.hash.0);
        self.history_tiles.append(&mut writer.history_edge, &[hash], None)?;
        let added =
            writer.register_edge.add(&execution.members, execution.status_root, execution.others_root);
        self.register.write(height, &added)?;
        let index = self.insert_keys(block, execution, &before, &place)?;
        writer.delta.extend(execution);
        writer.blocks += 1;
        writer.bytes += frame.bytes() as u64;
        let head = StoredHead { header: execution.header.clone(), certificate: certificate.clone() };
        let mut sets = Arc::clone(&published.sets);
        if announces(execution) {
            Arc::make_mut(&mut sets).push(execution.next_validators.clone());
        }
        let mut concerns = Arc::clone(&published.concerns);
        if !execution.concerns.is_empty() {
            let all = Arc::make_mut(&mut concerns);
            for (member, index) in &execution.concerns {
                all.entry(member.clone()).or_default().push(*index);
            }
        }
        *self.published.write().expect("invariant: no holder of this lock panics") =
            Arc::new(Published { head: Some(Arc::new(head)), place, sets, concerns });
        let checkpoint =
            writer.blocks >= self.options.checkpoint_blocks || writer.bytes >= self.options.checkpoint_bytes;
        Ok(Due { index, checkpoint, sync: false })
    }

    fn check_next(
        &self,
        block: &Block,
        certificate: &CommitCertificate,
        execution: &Execution,
    ) -> Result<(), StoreError> {
        let head = self.published().place;
        let (expected, actual) = (head.height.next(), execution.header.height);
        if expected != actual {
            return Err(StoreError::NotNext { expected, actual });
        }
        if execution.past.previous != head.hash {
            let (expected, actual) = (head.hash, execution.past.previous);
            return Err(StoreError::NotOnHead { expected, actual });
        }
        let expected = execution.hash;
        let of_block = |part, actual: BlockHash| match actual == expected {
            true => Ok(()),
            false => Err(StoreError::Mismatch { part, expected, actual }),
        };
        of_block("block", if block.header == execution.header { expected } else { block.header.hash() })?;
        of_block("certificate", certificate.block)?;
        check_lengths(block, certificate)?;
        let batches = block.batches.iter().map(|batch| batch.id());
        match batches.eq(execution.batches.iter().map(|place| place.id)) {
            true => Ok(()),
            false => Err(StoreError::OtherBatches { height: execution.header.height }),
        }
    }

    fn insert_keys(
        &self,
        block: &Block,
        execution: &Execution,
        before: &Checkpoint,
        after: &Checkpoint,
    ) -> Result<bool, StoreError> {
        let issuances = execution.issuances.iter().map(|(key, index)| (&key.0, index.0));
        let issuances = self.issuances.insert(issuances, after.log_size.0)?;
        let hashes: Vec<[[u8; 32]; 2]> = block.batches.iter().map(|batch| batch_hashes(batch)).collect();
        let keys = hashes.iter().zip(before.batches..);
        let keys = keys.flat_map(|(hashes, ordinal)| hashes.iter().map(move |hash| (hash, ordinal)));
        Ok(self.batch_keys.insert(keys, after.batches)? || issuances)
    }
}

impl Delta {
    fn extend(&mut self, execution: &Execution) {
        let members = execution.members.iter().cloned();
        self.members.extend(members.map(|member| (member.record().id.clone(), member)));
        self.leaves.extend(execution.status.leaves().map(|(place, leaf)| (place, *leaf)));
        if announces(execution) {
            self.sets.push(execution.next_validators.clone());
        }
        self.parameters = Some(execution.parameters);
        self.governance = Some(execution.governance.clone());
        self.concerns.extend(execution.concerns.iter().cloned());
    }
}

/// Whether another validator set decides after a block.
fn announces(execution: &Execution) -> bool {
    execution.header.next_validators_hash != execution.header.validators_hash
}

/// A block that is longer than a frame can hold could never be read again.
fn check_lengths(block: &Block, certificate: &CommitCertificate) -> Result<(), StoreError> {
    let batches: usize = block.batches.iter().map(|batch| batch.bytes().len()).sum();
    for (what, actual, limit) in [
        ("block", HEADER_BYTES + COUNT_BYTES + batches, BLOCK_BYTES_LIMIT as usize),
        ("certificate", codec::encode(certificate).len(), CERTIFICATE_BYTES_MAX),
    ] {
        if actual > limit {
            return Err(StoreError::TooLong { what, actual: actual as u64, limit: limit as u64 });
        }
    }
    Ok(())
}

/// The records of the batches of a block whose frame is at a place, after a log of `before` entries.
pub(crate) fn batch_records(block: &Block, before: LogSize, frame: &FramePlace) -> Vec<BatchColumnRecord> {
    let mut offset = frame.payload() + (HEADER_BYTES + COUNT_BYTES) as u64;
    let mut first_index = LogIndex(before.0);
    let record = |signed: &Arc<SignedBatch>| {
        let record = BatchColumnRecord {
            first_index,
            height: block.header.height,
            offset,
            bytes: signed.bytes().len() as u32,
            entries: signed.batch().events.len() as u32,
            id: signed.id(),
        };
        offset += u64::from(record.bytes);
        first_index.0 += u64::from(record.entries);
        record
    };
    block.batches.iter().map(record).collect()
}
