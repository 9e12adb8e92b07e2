//! Block bundles: of each block the header, what its `past` is the hash of, the certificate, and the batches without
//! their events, which are the entries.

use std::io::{self, BufReader, Read};
use std::sync::Arc;

use sanad_core::batch::{BATCH_VERSION, Batch, BatchChain, BatchSignatures, SignedBatch};
use sanad_core::block::{BLOCK_BATCHES_MAX, Block, BlockHeader, HEADER_BYTES, Past};
use sanad_core::codec::{self, CodecError, Fields};
use sanad_core::genesis::BLOCK_BYTES_LIMIT;
use sanad_core::hash::BatchId;
use sanad_core::ids::{Height, MemberId, Sequence};
use sanad_core::validators::{CERTIFICATE_BYTES_MAX, CommitCertificate};

use crate::bundle::width_at;
use crate::error::ExportError;
use crate::folder::{self, Folder};
use crate::layout::{BUNDLE_RECORDS, Series};

/// Bytes of an encoded [`Past`].
const PAST_BYTES: usize = 3 * 32;
/// Longest record, in bytes: what a block has beside its events is not longer than its payload.
pub(crate) const RECORD_BYTES_MAX: u32 = BLOCK_BYTES_LIMIT + CERTIFICATE_BYTES_MAX as u32 + PAST_BYTES as u32;

/// Longest bundle, in bytes.
pub(crate) const BUNDLE_BYTES_MAX: u64 = BUNDLE_RECORDS * (4 + RECORD_BYTES_MAX as u64);

/// A block without the events of its batches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BlockRecord {
    pub(crate) header: BlockHeader,
    pub(crate) past: Past,
    pub(crate) certificate: CommitCertificate,
    pub(crate) batches: Vec<Envelope>,
}

/// A signed batch without the version, the chain id and the events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Envelope {
    pub(crate) issuer: MemberId,
    pub(crate) chain: BatchChain,
    pub(crate) sequence: Sequence,
    pub(crate) previous: BatchId,
    pub(crate) events: u32,
    pub(crate) signatures: BatchSignatures,
}

impl Envelope {
    fn encode_into(&self, bytes: &mut Vec<u8>) {
        let Self { issuer, chain, sequence, previous, events, signatures } = self;
        codec::encode_into(&(issuer, *chain, *sequence, *previous, *events), bytes);
        codec::encode_into(signatures, bytes);
    }

    /// Reads an envelope from the front of `bytes`; returns it and the bytes it took.
    fn decode_prefix(bytes: &[u8]) -> Result<(Self, usize), CodecError> {
        let ((issuer, chain, sequence, previous, events), width) =
            codec::decode_prefix(bytes, RECORD_BYTES_MAX as usize)?;
        let (signatures, more) = BatchSignatures::decode_prefix(chain, &bytes[width..])?;
        Ok((Self { issuer, chain, sequence, previous, events, signatures }, width + more))
    }
}

impl BlockRecord {
    pub(crate) fn new(block: &Block, past: &Past, certificate: &CommitCertificate) -> Self {
        let envelope = |signed: &Arc<SignedBatch>| {
            let Batch { issuer, chain, sequence, previous, events, .. } = signed.batch();
            Envelope {
                issuer: issuer.clone(),
                chain: *chain,
                sequence: *sequence,
                previous: *previous,
                events: events.len() as u32,
                signatures: signed.signatures().clone(),
            }
        };
        Self {
            header: block.header.clone(),
            past: *past,
            certificate: certificate.clone(),
            batches: block.batches.iter().map(envelope).collect(),
        }
    }

    /// The record with its length before it.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![0; 4];
        codec::encode_into(&self.header, &mut bytes);
        codec::encode_into(&self.past, &mut bytes);
        codec::encode_into(&self.certificate, &mut bytes);
        codec::encode_into(&(self.batches.len() as u32), &mut bytes);
        self.batches.iter().for_each(|envelope| envelope.encode_into(&mut bytes));
        let length = (bytes.len() - 4) as u32;
        bytes[..4].copy_from_slice(&length.to_be_bytes());
        bytes
    }

    /// Reads a record, of which the header's form and its opening of the past are checked.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        let limit = RECORD_BYTES_MAX as usize;
        let header = BlockHeader::decode(&bytes[..bytes.len().min(HEADER_BYTES)])?;
        let mut fields = Fields::new(&bytes[HEADER_BYTES..], limit);
        let (past, certificate) = (fields.take::<Past>()?, fields.take::<CommitCertificate>()?);
        let count = fields.count(BLOCK_BATCHES_MAX, "batch count")?;
        let batches = (0..count).map(|_| fields.take_by(Envelope::decode_prefix));
        let batches = batches.collect::<Result<_, _>>()?;
        fields.end()?;
        match past.hash() == header.past {
            true => Ok(Self { header, past, certificate, batches }),
            false => Err(CodecError::Invalid { field: "past" }),
        }
    }

    /// Entries of the block.
    pub(crate) fn entries(&self) -> u64 {
        self.batches.iter().map(|envelope| u64::from(envelope.events)).sum()
    }

    /// The whole block, made of the bytes of its entries. Whether they are the right ones shows in the batches root.
    pub(crate) fn block<'a>(&self, entries: impl IntoIterator<Item = &'a [u8]>) -> Result<Block, CodecError> {
        let mut entries = entries.into_iter();
        let mut batches = Vec::with_capacity(self.batches.len());
        let mut bytes = Vec::new();
        for Envelope { issuer, chain, sequence, previous, events, signatures } in &self.batches {
            let issuer = codec::encode(issuer);
            bytes.clear();
            bytes.push(BATCH_VERSION);
            codec::encode_into(&self.header.chain_id, &mut bytes);
            bytes.extend_from_slice(&issuer);
            codec::encode_into(&(*chain, *sequence, *previous, *events), &mut bytes);
            for _ in 0..*events {
                // An entry is an event with its issuer behind the tag.
                let entry = entries.next().ok_or(CodecError::Truncated { missing: 1 })?;
                let (tag, rest) = entry.split_first().ok_or(CodecError::Truncated { missing: 1 })?;
                let body = rest.strip_prefix(&issuer[..]).ok_or(CodecError::Invalid { field: "issuer" })?;
                bytes.push(*tag);
                bytes.extend_from_slice(body);
            }
            codec::encode_into(signatures, &mut bytes);
            batches.push(Arc::new(SignedBatch::decode(&bytes)?));
        }
        match entries.count() {
            0 => Ok(Block { header: self.header.clone(), batches }),
            excess => Err(CodecError::Trailing { excess }),
        }
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
    let mut records = Records::open(folder, place / BUNDLE_RECORDS, head)?;
    for _ in 0..place % BUNDLE_RECORDS {
        records.skip()?;
    }
    let record = records.record(height)?;
    while records.left > 0 {
        records.skip()?;
    }
    records.check_end()?;
    Ok((record, records.path))
}

/// Reads the records of all blocks of an export that ends at `head`. Checks form alone.
pub(crate) fn each(
    folder: &Folder,
    head: Height,
    mut take: impl FnMut(BlockRecord),
) -> Result<(), ExportError> {
    let mut series = RecordSeries::new(folder, head);
    while let Some((record, _)) = series.next()? {
        take(record);
    }
    Ok(())
}

/// The records of all blocks of an export, in order.
pub(crate) struct RecordSeries<'a> {
    folder: &'a Folder,
    head: Height,
    next: Height,
    bundle: Option<Records<'a>>,
}

impl<'a> RecordSeries<'a> {
    pub(crate) fn new(folder: &'a Folder, head: Height) -> Self {
        Self { folder, head, next: Height::GENESIS.next(), bundle: None }
    }

    /// The next record and its length; `None` after the last.
    pub(crate) fn next(&mut self) -> Result<Option<(BlockRecord, u64)>, ExportError> {
        if self.next > self.head {
            return Ok(None);
        }
        let place = (self.next.0 - 1) / BUNDLE_RECORDS;
        let mut records = match self.bundle.take() {
            Some(records) => records,
            None => Records::open(self.folder, place, self.head)?,
        };
        let start = records.at;
        let record = records.record(self.next)?;
        let length = records.at - start;
        let last_needed = self.next == self.head || self.next.0.is_multiple_of(BUNDLE_RECORDS);
        if last_needed {
            while records.left > 0 {
                records.skip()?;
            }
            records.check_end()?;
        } else {
            self.bundle = Some(records);
        }
        self.next = self.next.next();
        Ok(Some((record, length)))
    }
}

/// A bundle that is read from its beginning.
struct Records<'a> {
    folder: &'a Folder,
    file: BufReader<Box<dyn Read + Send>>,
    path: String,
    /// Records that are still to come.
    left: u64,
    /// Bytes read or skipped.
    at: u64,
}

impl<'a> Records<'a> {
    fn open(folder: &'a Folder, place: u64, head: Height) -> Result<Self, ExportError> {
        let folder::Bundle { file, path, width } =
            folder.bundle(Series::Blocks, place, width_at(place, head.0))?;
        Ok(Self { folder, file: BufReader::new(file.reader), path, left: width, at: 0 })
    }

    /// Length of the next record.
    fn length(&mut self) -> Result<u32, ExportError> {
        let Self { folder, file, path, .. } = self;
        let mut length = [0; 4];
        file.read_exact(&mut length).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => folder.malformed(path, "the bundle ends too early"),
            _ => folder.io(path)(error),
        })?;
        match u32::from_be_bytes(length) {
            actual if actual > RECORD_BYTES_MAX => {
                let (actual, limit) = (actual.into(), RECORD_BYTES_MAX.into());
                Err(ExportError::TooLong { path: folder.path(path), actual, limit })
            }
            length => {
                self.at += 4 + u64::from(length);
                self.left = self.left.saturating_sub(1);
                Ok(length)
            }
        }
    }

    fn skip(&mut self) -> Result<(), ExportError> {
        let length = u64::from(self.length()?);
        let Self { folder, file, path, .. } = self;
        match io::copy(&mut file.take(length), &mut io::sink()).map_err(folder.io(path))? {
            skipped if skipped < length => Err(folder.malformed(path, "the bundle ends too early")),
            _ => Ok(()),
        }
    }

    /// The next record, which must be that of a height.
    fn record(&mut self, height: Height) -> Result<BlockRecord, ExportError> {
        let length = self.length()?;
        let Self { folder, file, path, .. } = self;
        let mut bytes = Vec::new();
        file.take(length.into()).read_to_end(&mut bytes).map_err(folder.io(path))?;
        let codec = |source| ExportError::Codec { path: folder.path(path), source };
        let record = BlockRecord::decode(&bytes).map_err(codec)?;
        match record.header.height == height {
            true => Ok(record),
            false => Err(folder.malformed(path, "a block stands in the place of another")),
        }
    }

    /// Checks that the file ends after its last record.
    fn check_end(&mut self) -> Result<(), ExportError> {
        let Self { folder, file, path, .. } = self;
        match file.read(&mut [0]).map_err(folder.io(path))? {
            0 => Ok(()),
            _ => Err(folder.malformed(path, "not the length of its records")),
        }
    }
}
