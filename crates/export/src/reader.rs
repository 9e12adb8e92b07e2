//! Reading an export, as someone who holds a genesis and trusts nothing else.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use sanad_core::batch::SignedBatch;
use sanad_core::block::{Block, BlockHeader, batches_root};
use sanad_core::event::{Entry, Event};
use sanad_core::genesis::{GENESIS_BYTES_MAX, Genesis};
use sanad_core::hash::{BatchId, BlockHash, Commitment, Root};
use sanad_core::ids::{Height, LogIndex, LogSize, MemberId, Sequence};
use sanad_core::merkle::{self, Hash, PathError, Rfc6962};
use sanad_core::proof::{
    ProofFault, StatusProof, TrustAnchor, VALIDATOR_CHANGES_MAX, ValidatorChange, verify_header,
};
use sanad_core::registry::{Registry, RegistryProof};
use sanad_core::state::{Head as StateHead, State, StateParts};
use sanad_core::status::{StatusTree, leaf_of};
use sanad_core::validators::CommitCertificate;

use crate::batches::{BatchPlace, Batches};
use crate::bundle::Edge;
use crate::error::ExportError;
use crate::folder::Folder;
use crate::head::Head;
use crate::index::Issuances;
use crate::layout::{BUNDLE_RECORDS, CHECKPOINT, CHECKPOINT_BYTES_MAX, GENESIS, Series};
use crate::note::CheckpointNote;
use crate::records::{self, BlockRecord};
use crate::snapshot::Snapshot;
use crate::status::page_of;
use crate::tiles::{TileEdges, Tiles};
use crate::{entries, index, status};

/// A header that more than 2/3 of its validators signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedHeader {
    /// The header.
    pub header: BlockHeader,
    /// The signatures.
    pub certificate: CommitCertificate,
}

impl SealedHeader {
    /// The block's hash.
    pub fn hash(&self) -> BlockHash {
        self.header.hash()
    }
}

/// An export whose head, state and right edge of the log were checked. All that it answers with was checked in the
/// same way when it was read.
#[derive(Debug)]
pub struct Export {
    folder: Folder,
    anchor: TrustAnchor,
    head: SealedHeader,
    registry: Registry,
    changes: Vec<ValidatorChange>,
    pages: Vec<Hash>,
    tiles: Tiles,
    batches: OnceLock<Batches>,
}

impl Export {
    /// Opens an export and checks it against the verifier's genesis.
    ///
    /// # Errors
    /// [`ExportError::NoExport`], [`ExportError::ForeignChain`], and whatever is missing, damaged or changed.
    pub fn open(folder: &Path, genesis: &Genesis) -> Result<Self, ExportError> {
        let anchor = TrustAnchor::new(genesis)?;
        let folder = Folder::new(folder);
        let Some(head) = Head::read(&folder)? else {
            return Err(ExportError::NoExport { folder: folder.root().to_owned() });
        };
        if head.chain_id != anchor.chain_id {
            return Err(ExportError::ForeignChain { expected: anchor.chain_id, actual: head.chain_id });
        }
        let (BlockRecord { header, certificate, .. }, path) =
            records::read(&folder, head.height, head.height)?;
        if header.hash() != head.block || header.log_size != head.log_size {
            return Err(folder.malformed(&path, "the last block is not the one that the file \"head\" names"));
        }
        let Snapshot { registry, pages } = Snapshot::read(&folder, &header)?;
        let changes = validator_changes(&folder, &registry, &header)?;
        verify_header(&anchor, &changes, &header, &certificate)
            .map_err(|source| ExportError::Header { path: folder.path(&path), source })?;
        let tiles = Tiles::open(&folder, header.log_size, &header.log_root.0)?;
        let head = SealedHeader { header, certificate };
        Ok(Self { folder, anchor, head, registry, changes, pages, tiles, batches: OnceLock::new() })
    }

    /// The genesis that lies in an export. Whoever has one of their own compares the chain ids.
    ///
    /// # Errors
    /// [`ExportError::NoExport`], [`ExportError::StoredGenesis`].
    pub fn genesis(folder: &Path) -> Result<Genesis, ExportError> {
        let folder = Folder::new(folder);
        stored_genesis(&folder)?.ok_or_else(|| ExportError::NoExport { folder: folder.root().to_owned() })
    }

    /// The last header.
    pub fn head(&self) -> &SealedHeader {
        &self.head
    }

    /// Each change of the validator set before the last header, oldest first.
    pub fn validator_changes(&self) -> &[ValidatorChange] {
        &self.changes
    }

    /// The members after the last block.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The header of a height, from 1.
    ///
    /// # Errors
    /// [`ExportError::HeightBeyondHead`], and whatever is missing, damaged or changed.
    pub fn header(&self, height: Height) -> Result<SealedHeader, ExportError> {
        let (BlockRecord { header, certificate, .. }, _) = self.record(height)?;
        Ok(SealedHeader { header, certificate })
    }

    /// The block of a height, from 1, as it was signed.
    ///
    /// # Errors
    /// As [`Self::header`].
    pub fn block(&self, height: Height) -> Result<(Block, CommitCertificate), ExportError> {
        let (record, path) = self.record(height)?;
        let start = self.first_index(height)?;
        let count = record.header.log_size.0.saturating_sub(start.0);
        let misfit = || self.folder.malformed(&path, "the batches do not have the entries of the block");
        if record.entries() != count {
            return Err(misfit());
        }
        let entries = self.entries(start, count as usize)?;
        let block = record.block(&entries).ok_or_else(misfit)?;
        let (expected, actual) = (block.header.batches_root, batches_root(&block.batches));
        match expected == actual {
            true => Ok((block, record.certificate)),
            false => Err(ExportError::root(self.folder.path(&path), "batches", expected.0, actual.0)),
        }
    }

    /// The entry at an index.
    ///
    /// # Errors
    /// [`ExportError::IndexBeyondLog`], and whatever is missing, damaged or changed.
    pub fn entry(&self, index: LogIndex) -> Result<Entry, ExportError> {
        let size = self.log_size();
        self.entries(index, 1)?.pop().ok_or(ExportError::IndexBeyondLog { index, size })
    }

    /// Up to `count` entries from `first` on, in order; fewer, or none, only at the end of the log.
    ///
    /// # Errors
    /// Whatever is missing, damaged or changed.
    pub fn entries(&self, first: LogIndex, count: usize) -> Result<Vec<Entry>, ExportError> {
        let size = self.log_size();
        let end = first.0.saturating_add(count as u64).min(size.0);
        let mut found = Vec::new();
        while first.0 + (found.len() as u64) < end {
            let next = first.0 + found.len() as u64;
            let bundle = entries::checked(&self.folder, &self.tiles, next / BUNDLE_RECORDS, size)?;
            let bundle = bundle.into_iter().skip((next % BUNDLE_RECORDS) as usize);
            found.extend(bundle.take((end - next) as usize));
        }
        Ok(found)
    }

    /// Where a commitment was issued; none if this export does not show it. A folder that hides an index says
    /// so too: that there is none is not proved.
    ///
    /// # Errors
    /// Whatever is missing, damaged or changed.
    pub fn issuance(&self, commitment: &Commitment) -> Result<Option<LogIndex>, ExportError> {
        for candidate in index::candidates(&self.folder, self.log_size().0, commitment)? {
            let index = LogIndex(candidate);
            if self.entry(index)?.event == (Event::Issue { commitment: *commitment }) {
                return Ok(Some(index));
            }
        }
        Ok(None)
    }

    /// The status of an entry with its proof, as of the last block. It was verified.
    ///
    /// # Errors
    /// [`ExportError::IndexBeyondLog`], and whatever is missing, damaged or changed.
    pub fn status_proof(&self, index: LogIndex) -> Result<StatusProof, ExportError> {
        let size = self.log_size();
        let entry = self.entry(index)?;
        let leaf = leaf_of(index);
        let page = page_of(leaf);
        let beyond = || ExportError::IndexBeyondLog { index, size };
        let root = self.pages.get(page as usize).ok_or_else(beyond)?;
        let leaves = status::read(&self.folder, root, page, size)?;
        let proof = StatusProof {
            issuer: self.member(&entry.issuer)?,
            entry,
            index,
            log_path: self.inclusion_path(index, size)?,
            status_leaf: *leaves.get((leaf % BUNDLE_RECORDS) as usize).ok_or_else(beyond)?,
            status_path: status::path(&leaves, &self.pages, leaf).ok_or_else(beyond)?,
            header: self.head.header.clone(),
            certificate: self.head.certificate.clone(),
            validator_changes: self.changes.clone(),
        };
        proof.verify(&self.anchor).map_err(|source| self.head_fault(source))?;
        Ok(proof)
    }

    /// The first entry that the index has otherwise than the log, or has not; none where it is as it should be.
    ///
    /// # Errors
    /// Whatever is missing or damaged.
    pub fn index_difference(&self, issued: &Issuances) -> Result<Option<LogIndex>, ExportError> {
        issued.first_difference(&self.folder, self.log_size().0)
    }

    /// Reads every page of status leaves, as an audit does.
    ///
    /// # Errors
    /// Whatever is missing, damaged or changed.
    pub fn check_status_pages(&self) -> Result<(), ExportError> {
        let size = self.log_size();
        (0..)
            .zip(&self.pages)
            .try_for_each(|(page, root)| status::read(&self.folder, root, page, size).map(drop))
    }

    /// What the checkpoint says. Whether its signature holds is for those who know the key:
    /// [`CheckpointNote::verify`].
    ///
    /// # Errors
    /// [`ExportError::Missing`], [`ExportError::Malformed`].
    pub fn checkpoint(&self) -> Result<CheckpointNote, ExportError> {
        let note = self.folder.read(CHECKPOINT, CHECKPOINT_BYTES_MAX)?;
        let checkpoint =
            str::from_utf8(&note).ok().and_then(|note| CheckpointNote::read_unverified(note).ok());
        checkpoint.ok_or_else(|| self.folder.malformed(CHECKPOINT, "no checkpoint in a signed note"))
    }

    /// A member's record with its proof under the last header.
    ///
    /// # Errors
    /// [`ExportError::NoMember`].
    pub fn member(&self, id: &MemberId) -> Result<RegistryProof, ExportError> {
        self.registry.prove(id).ok_or_else(|| ExportError::NoMember(id.clone()))
    }

    /// The inclusion proof of an entry in the log of `size` entries, from the leaf up.
    ///
    /// # Errors
    /// [`ExportError::IndexBeyondLog`], [`ExportError::SizeBeyondLog`], and whatever is missing or changed.
    pub fn inclusion_path(&self, index: LogIndex, size: LogSize) -> Result<Vec<Hash>, ExportError> {
        self.check_size(size)?;
        merkle::inclusion_path::<Rfc6962, _>(&self.tiles, index.0, size.0).map_err(|error| match error {
            PathError::Source(error) => error,
            _ => ExportError::IndexBeyondLog { index, size },
        })
    }

    /// The proof that the log of `old` entries begins that of `new`.
    ///
    /// # Errors
    /// [`ExportError::SizeBeyondLog`], and whatever is missing or changed.
    pub fn consistency_path(&self, old: LogSize, new: LogSize) -> Result<Vec<Hash>, ExportError> {
        self.check_size(new)?;
        merkle::consistency_path::<Rfc6962, _>(&self.tiles, old.0, new.0).map_err(|error| match error {
            PathError::Source(error) => error,
            _ => ExportError::SizeBeyondLog { asked: old, size: new },
        })
    }

    /// The root of the log of `size` entries.
    ///
    /// # Errors
    /// As [`Self::consistency_path`].
    pub fn log_root(&self, size: LogSize) -> Result<Root, ExportError> {
        self.check_size(size)?;
        merkle::root_at::<Rfc6962, _>(&self.tiles, size.0).map(Root)
    }

    /// The path of a range of entries in the log of `size` entries, of [`merkle::range_path`].
    ///
    /// # Errors
    /// As [`Self::inclusion_path`].
    pub fn range_path(&self, leaves: Range<u64>, size: LogSize) -> Result<Vec<Hash>, ExportError> {
        self.check_size(size)?;
        let index = LogIndex(leaves.end);
        merkle::range_path::<Rfc6962, _>(&self.tiles, leaves, size.0).map_err(|error| match error {
            PathError::Source(error) => error,
            _ => ExportError::IndexBeyondLog { index, size },
        })
    }

    /// The place of the batch of an issuer with a sequence number; none if there is no such batch. A place
    /// is not checked until [`Self::signed_batch`] is. The first call about batches reads all block bundles.
    ///
    /// # Errors
    /// Whatever is missing or damaged.
    pub fn batch_of(
        &self,
        issuer: &MemberId,
        sequence: Sequence,
    ) -> Result<Option<&BatchPlace>, ExportError> {
        Ok(self.batches()?.of(issuer, sequence))
    }

    /// The place of a batch; none if there is no such batch. Checked as little as that of [`Self::batch_of`].
    ///
    /// # Errors
    /// As [`Self::batch_of`].
    pub fn batch(&self, id: &BatchId) -> Result<Option<&BatchPlace>, ExportError> {
        Ok(self.batches()?.find(id))
    }

    /// The batch at a place, as it was signed.
    ///
    /// # Errors
    /// As [`Self::block`].
    pub fn signed_batch(&self, place: &BatchPlace) -> Result<Arc<SignedBatch>, ExportError> {
        let (block, _) = self.block(place.height)?;
        let found = block.batches.get(place.position).filter(|batch| batch.id() == place.id);
        let misfit = || self.folder.malformed("block", "an issuer's batches do not follow each other");
        found.cloned().ok_or_else(misfit)
    }

    fn batches(&self) -> Result<&Batches, ExportError> {
        if let Some(batches) = self.batches.get() {
            return Ok(batches);
        }
        let read = Batches::read(&self.folder, self.head.header.height, &self.registry)?;
        Ok(self.batches.get_or_init(|| read))
    }

    /// Log index of the first entry of a block.
    fn first_index(&self, height: Height) -> Result<LogIndex, ExportError> {
        match height {
            Height(0 | 1) => Ok(LogIndex(0)),
            Height(height) => Ok(LogIndex(self.record(Height(height - 1))?.0.header.log_size.0)),
        }
    }

    fn log_size(&self) -> LogSize {
        self.head.header.log_size
    }

    fn check_size(&self, asked: LogSize) -> Result<(), ExportError> {
        let size = self.log_size();
        if asked > size { Err(ExportError::SizeBeyondLog { asked, size }) } else { Ok(()) }
    }

    fn record(&self, height: Height) -> Result<(BlockRecord, String), ExportError> {
        let (record, path) = records::read(&self.folder, height, self.head.header.height)?;
        let before = self.changes.partition_point(|change| change.header.height < height);
        verify_header(&self.anchor, &self.changes[..before], &record.header, &record.certificate)
            .map_err(|source| ExportError::Header { path: self.folder.path(&path), source })?;
        Ok((record, path))
    }

    fn head_fault(&self, source: ProofFault) -> ExportError {
        let path: PathBuf = self.folder.root().to_owned();
        ExportError::Header { path, source }
    }

    /// What it takes to go on: the state after the last block, and the right edges of all series.
    pub(crate) fn resume(&self, genesis: &Genesis) -> Result<Resumed, ExportError> {
        let header = &self.head.header;
        let size = header.log_size;
        let mut leaves = Vec::new();
        for (page, root) in (0..).zip(&self.pages) {
            let first = page * BUNDLE_RECORDS;
            leaves.extend((first..).zip(status::read(&self.folder, root, page, size)?));
        }
        let parts = StateParts {
            head: StateHead { height: header.height, hash: header.hash(), time_ms: header.time_ms },
            log: self.tiles.frontier()?,
            status: StatusTree::from_leaves(leaves),
            records: self.registry.records().cloned().collect(),
        };
        let mut edge_of_entries = Vec::new();
        let (bundle, width) = (size.0 / BUNDLE_RECORDS, size.0 % BUNDLE_RECORDS);
        if width > 0 {
            for entry in entries::checked(&self.folder, &self.tiles, bundle, size)? {
                edge_of_entries.extend(entries::record(&entry));
            }
        }
        let mut edge_of_blocks = Vec::new();
        for height in header.height.0 - header.height.0 % BUNDLE_RECORDS..header.height.0 {
            edge_of_blocks.extend(self.record(Height(height + 1))?.0.encode());
        }
        Ok(Resumed {
            state: State::from_parts(genesis, parts)?,
            tiles: TileEdges::of(&self.tiles),
            entries: Edge::new(Series::Entries, size.0, edge_of_entries),
            blocks: Edge::new(Series::Blocks, header.height.0, edge_of_blocks),
            pages: self.pages.clone(),
        })
    }
}

/// Where an export goes on.
pub(crate) struct Resumed {
    pub(crate) state: State,
    pub(crate) tiles: TileEdges,
    pub(crate) entries: Edge,
    pub(crate) blocks: Edge,
    pub(crate) pages: Vec<Hash>,
}

/// The genesis in a folder; none where there is none.
pub(crate) fn stored_genesis(folder: &Folder) -> Result<Option<Genesis>, ExportError> {
    let Some(text) = folder.read_if_there(GENESIS, GENESIS_BYTES_MAX as u64)? else { return Ok(None) };
    let genesis = Genesis::from_json(&text);
    genesis.map(Some).map_err(|source| ExportError::StoredGenesis { path: folder.path(GENESIS), source })
}

/// The changes of the validator set before a header, whose registry was checked against it. They are not
/// verified yet.
fn validator_changes(
    folder: &Folder,
    registry: &Registry,
    header: &BlockHeader,
) -> Result<Vec<ValidatorChange>, ExportError> {
    let heights = registry.validator_change_heights(Height(header.height.0.saturating_sub(1)));
    if heights.len() > VALIDATOR_CHANGES_MAX {
        let source = ProofFault::TooManyChanges { count: heights.len() };
        return Err(ExportError::Header { path: folder.root().to_owned(), source });
    }
    let change = |height: Height| {
        let (BlockRecord { header: changed, certificate, .. }, _) =
            records::read(folder, height, header.height)?;
        Ok(ValidatorChange { header: changed, certificate, next: registry.validators(height.next())? })
    };
    heights.into_iter().map(change).collect()
}
