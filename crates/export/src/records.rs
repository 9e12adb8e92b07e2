//! Block bundles: of each block header, certificate, and batches without their events, which are the entries.

use std::fs::File;
use std::io::{BufReader, Read as _};
use std::sync::Arc;

use sanad_core::batch::{Batch, SignedBatch};
use sanad_core::block::{BLOCK_BATCHES_MAX, Block, BlockHeader, HEADER_BYTES};
use sanad_core::codec::{self, CodecError};
use sanad_core::event::Entry;
use sanad_core::genesis::BLOCK_BYTES_LIMIT;
use sanad_core::hash::BatchId;
use sanad_core::ids::{Height, MemberId, Sequence};
use sanad_core::signature::Signature;
use sanad_core::validators::{CERTIFICATE_BYTES_MAX, CommitCertificate};

use crate::bundle::width_at;
use crate::error::ExportError;
use crate::folder::Folder;
use crate::layout::{BUNDLE_RECORDS, Series};

/// Longest record, in bytes: what a block has beside its events is no longer than its payload.
const RECORD_BYTES_MAX: u32 = BLOCK_BYTES_LIMIT + CERTIFICATE_BYTES_MAX as u32;

/// A block without the events of its batches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BlockRecord {
    pub(crate) header: BlockHeader,
    pub(crate) certificate: CommitCertificate,
    pub(crate) batches: Vec<Envelope>,
}

/// A signed batch without chain and events: issuer, sequence number, batch before, number of events, signature.
pub(crate) type Envelope = (MemberId, Sequence, BatchId, u32, Signature);

impl BlockRecord {
    pub(crate) fn new(block: &Block, certificate: &CommitCertificate) -> Self {
        let envelope = |signed: &Arc<SignedBatch>| {
            let Batch { issuer, sequence, previous, events, .. } = signed.batch();
            (issuer.clone(), *sequence, *previous, events.len() as u32, signed.signature())
        };
        Self {
            header: block.header.clone(),
            certificate: certificate.clone(),
            batches: block.batches.iter().map(envelope).collect(),
        }
    }

    /// The record with its length before it.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![0; 4];
        codec::encode_into(&self.header, &mut bytes);
        codec::encode_into(&self.certificate, &mut bytes);
        codec::encode_into(&(self.batches.len() as u32), &mut bytes);
        self.batches.iter().for_each(|envelope| codec::encode_into(envelope, &mut bytes));
        let length = (bytes.len() - 4) as u32;
        bytes[..4].copy_from_slice(&length.to_be_bytes());
        bytes
    }

    fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        let limit = RECORD_BYTES_MAX as usize;
        let header = BlockHeader::decode(&bytes[..bytes.len().min(HEADER_BYTES)])?;
        let mut read = HEADER_BYTES;
        let (certificate, width) = codec::decode_prefix::<CommitCertificate>(&bytes[read..], limit)?;
        read += width;
        let (count, width) = codec::decode_prefix::<u32>(&bytes[read..], limit)?;
        read += width;
        if count as usize > BLOCK_BATCHES_MAX {
            return Err(CodecError::Invalid { field: "batch count" });
        }
        let mut batches = Vec::new();
        for _ in 0..count {
            let (envelope, width) = codec::decode_prefix::<Envelope>(&bytes[read..], limit)?;
            read += width;
            batches.push(envelope);
        }
        match bytes.len() - read {
            0 => Ok(Self { header, certificate, batches }),
            excess => Err(CodecError::Trailing { excess }),
        }
    }

    /// Entries of the block.
    pub(crate) fn entries(&self) -> u64 {
        self.batches.iter().map(|(.., events, _)| u64::from(*events)).sum()
    }

    /// The whole block, with its entries in order; none where those are not the ones of its batches.
    pub(crate) fn block(&self, entries: &[Entry]) -> Option<Block> {
        let mut rest = entries;
        let mut batches = Vec::new();
        for (issuer, sequence, previous, events, signature) in &self.batches {
            let (own, after) = rest.split_at_checked(*events as usize)?;
            rest = after;
            let batch = Batch {
                chain_id: self.header.chain_id,
                issuer: issuer.clone(),
                sequence: *sequence,
                previous: *previous,
                events: own.iter().map(|entry| entry.event).collect(),
            };
            let mut bytes = codec::encode(&batch);
            bytes.extend_from_slice(&signature.0);
            batches.push(Arc::new(SignedBatch::decode(&bytes).ok()?));
        }
        rest.is_empty().then(|| Block { header: self.header.clone(), batches })
    }
}

/// Reads the record of a block of an export that ends at `head`. Checks form alone.
pub(crate) fn read(
    folder: &Folder,
    height: Height,
    head: Height,
) -> Result<(BlockRecord, String), ExportError> {
    if height == Height::GENESIS || height > head {
        return Err(ExportError::HeightBeyondHead { height, head });
    }
    let place = height.0 - 1;
    let mut bundle = Bundle::open(folder, place / BUNDLE_RECORDS, head)?;
    for _ in 0..place % BUNDLE_RECORDS {
        let length = bundle.length()?;
        bundle.file.seek_relative(length.into()).map_err(folder.io(&bundle.path))?;
    }
    let record = bundle.record(height)?;
    Ok((record, bundle.path))
}

/// Reads the records of all blocks of an export that ends at `head`. Checks form alone.
pub(crate) fn each(
    folder: &Folder,
    head: Height,
    mut take: impl FnMut(BlockRecord),
) -> Result<(), ExportError> {
    for place in 0..head.0.div_ceil(BUNDLE_RECORDS) {
        let mut bundle = Bundle::open(folder, place, head)?;
        let first = place * BUNDLE_RECORDS;
        for number in first..first + width_at(place, head.0) {
            take(bundle.record(Height(number + 1))?);
        }
    }
    Ok(())
}

/// A bundle that is read from its beginning.
struct Bundle<'a> {
    folder: &'a Folder,
    file: BufReader<File>,
    path: String,
}

impl<'a> Bundle<'a> {
    fn open(folder: &'a Folder, place: u64, head: Height) -> Result<Self, ExportError> {
        let (file, path) = folder.bundle(Series::Blocks, place, width_at(place, head.0))?;
        Ok(Self { folder, file: BufReader::new(file), path })
    }

    /// Length of the next record.
    fn length(&mut self) -> Result<u32, ExportError> {
        let Self { folder, file, path } = self;
        let mut length = [0; 4];
        file.read_exact(&mut length).map_err(|_| folder.malformed(path, "the bundle ends too early"))?;
        match u32::from_be_bytes(length) {
            actual if actual > RECORD_BYTES_MAX => {
                let (actual, limit) = (actual.into(), RECORD_BYTES_MAX.into());
                Err(ExportError::TooLong { path: folder.path(path), actual, limit })
            }
            length => Ok(length),
        }
    }

    /// The next record, which has to be that of a height.
    fn record(&mut self, height: Height) -> Result<BlockRecord, ExportError> {
        let length = self.length()?;
        let Self { folder, file, path } = self;
        let mut bytes = Vec::new();
        file.take(length.into()).read_to_end(&mut bytes).map_err(folder.io(path))?;
        let codec = |source| ExportError::Codec { path: folder.path(path), source };
        let record = BlockRecord::decode(&bytes).map_err(codec)?;
        match record.header.height == height {
            true => Ok(record),
            false => Err(folder.malformed(path, "a block stands in the place of another")),
        }
    }
}
