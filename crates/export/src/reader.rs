//! Reading an export, as someone who holds a genesis and trusts nothing else.

mod proofs;
mod resume;

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use sanad_core::batch::{BatchChain, SignedBatch};
use sanad_core::block::{Block, BlockHeader, Past, batches_root};
use sanad_core::commitment::IssuanceKey;
use sanad_core::event::{Entry, Event};
use sanad_core::genesis::{GENESIS_BYTES_MAX, Genesis, Parameters};
use sanad_core::hash::{BatchId, BlockHash, ChainId, Commitment, HistoryHash};
use sanad_core::ids::{Height, LogIndex, LogSize, MemberId, Sequence};
use sanad_core::merkle::{Hash, Rfc6962, TreeHash as _};
use sanad_core::proof::ValidatorChange;
use sanad_core::registry::Registry;
use sanad_core::signature::PublicKey;
use sanad_core::trust::{Anchor, TRUST_FILE_BYTES_MAX, TrustAnchor, TrustFile, TrustedChange};
use sanad_core::validators::{CommitCertificate, ValidatorSet};

use crate::batches::{BatchPlace, Batches};
use crate::error::ExportError;
use crate::folder::{ContentHash, Folder};
use crate::head::Head;
use crate::layout::{self, BUNDLE_RECORDS, CHECKPOINT, CHECKPOINT_BYTES_MAX, GENESIS, history_size};
use crate::note::CheckpointNote;
use crate::records::{self, BlockRecord};
use crate::snapshot::Snapshot;
use crate::source::Source;
use crate::tiles::Tiles;
use crate::{entries, index, status};

pub use proofs::EntryRuns;
pub(crate) use proofs::history_path;
pub(crate) use resume::Resumed;

/// A header, what its `past` is the hash of, and its certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinalHeader {
    /// Header of a block that the genesis leads to.
    pub header: BlockHeader,
    /// What its `past` is the hash of.
    pub past: Past,
    /// The signatures that make it final.
    pub certificate: CommitCertificate,
}

impl FinalHeader {
    /// The block's hash.
    pub fn hash(&self) -> BlockHash {
        self.header.hash()
    }
}

/// An export whose trust file, state and right edges of both trees were checked. Everything it answers with is checked in
/// the same way when it is read.
#[derive(Debug)]
pub struct Export {
    folder: Folder,
    genesis: Genesis,
    trust_file: TrustFile,
    /// What the trust file proves.
    anchor: TrustAnchor,
    head: FinalHeader,
    manifest: Hash,
    changes: Vec<ValidatorChange>,
    snapshot: Snapshot,
    log: Tiles<Rfc6962>,
    /// Opened when it is needed, if the export is not on this machine: a status needs nothing of it.
    history: OnceLock<Tiles<HistoryHash>>,
    batches: OnceLock<Batches>,
    /// The entry bundle that was read last, with its place: a question often needs it twice.
    last_bundle: Mutex<Option<(u64, Arc<Vec<Entry>>)>>,
}

impl Export {
    /// Opens an export and checks it against the verifier's genesis.
    ///
    /// # Errors
    /// [`ExportError::NoExport`], [`ExportError::ForeignChain`], and whatever is missing, damaged or changed.
    pub fn open(source: impl Into<Source>, genesis: &Genesis) -> Result<Self, ExportError> {
        let Source(folder) = source.into();
        unchanged(|| {
            let head = read_head(&folder)?;
            let chain_id = genesis.chain_id();
            if head.chain_id != chain_id {
                return Err(ExportError::ForeignChain { expected: chain_id, actual: head.chain_id });
            }
            Self::open_at(&folder, &head, genesis.clone())
        })
    }

    /// Opens an export and checks it against the genesis that lies in it. Callers compare that with their own:
    /// [`Self::genesis`].
    ///
    /// # Errors
    /// As [`Self::open`], and [`ExportError::StoredGenesis`].
    pub fn open_unanchored(source: impl Into<Source>) -> Result<Self, ExportError> {
        let Source(folder) = source.into();
        unchanged(|| {
            let head = read_head(&folder)?;
            let genesis = genesis_of(&folder, &head.chain_id)?;
            Self::open_at(&folder, &head, genesis)
        })
    }

    fn open_at(folder: &Folder, head: &Head, genesis: Genesis) -> Result<Self, ExportError> {
        let folder = folder.clone();
        let manifest = head.manifest.0;
        let (trust_file, anchor) = read_trust_file(&folder, head)?;
        let Anchor { header, certificate, past } = trust_file.anchor.clone();
        let snapshot = Snapshot::read(&folder, &header)?;
        let log = Tiles::open(&folder, header.log_size.0, &header.log_root.0)?;
        let changes = trust_file.validator_changes.iter().map(|change| {
            let TrustedChange { header, certificate, next, .. } = change.clone();
            ValidatorChange { header, certificate, next }
        });
        let export = Self {
            changes: changes.collect(),
            head: FinalHeader { header, past, certificate },
            genesis,
            batches: OnceLock::new(),
            history: OnceLock::new(),
            last_bundle: Mutex::default(),
            folder,
            trust_file,
            anchor,
            manifest,
            snapshot,
            log,
        };
        if export.folder.disk().is_some() {
            export.history()?;
        }
        Ok(export)
    }

    /// The genesis that the export was opened with.
    pub fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    /// The last header.
    pub fn head(&self) -> &FinalHeader {
        &self.head
    }

    /// The trust file whose anchor is the last header. It was proved from the genesis.
    pub fn trust_file(&self) -> &TrustFile {
        &self.trust_file
    }

    /// Each change of the validator set before the last header, oldest first.
    pub fn validator_changes(&self) -> &[ValidatorChange] {
        &self.changes
    }

    /// Those who decide the block after the last one.
    pub fn next_validators(&self) -> &ValidatorSet {
        let next = self.anchor.set_at(self.head.header.height.next());
        next.expect("invariant: a trust file knows the set after its anchor")
    }

    /// The members after the last block.
    pub fn registry(&self) -> &Registry {
        &self.snapshot.registry
    }

    /// The parameters after the last block.
    pub fn parameters(&self) -> &Parameters {
        &self.snapshot.parameters
    }

    /// The header of a height, from 1.
    ///
    /// # Errors
    /// [`ExportError::HeightBeyondHead`], and whatever is missing, damaged or changed.
    pub fn header(&self, height: Height) -> Result<FinalHeader, ExportError> {
        let (BlockRecord { header, past, certificate, .. }, _) = self.certified_record(height)?;
        Ok(FinalHeader { header, past, certificate })
    }

    /// The block of a height, from 1, as it was signed.
    ///
    /// # Errors
    /// As [`Self::header`].
    pub fn block(&self, height: Height) -> Result<(Block, CommitCertificate), ExportError> {
        let (record, path) = self.certified_record(height)?;
        let start = self.first_index(height)?;
        let count = record.header.log_size.0.saturating_sub(start.0);
        if record.entries() != count {
            return Err(self.folder.malformed(&path, "the batches do not have the entries of the block"));
        }
        let entries: Vec<Vec<u8>> =
            self.entries(start, count as usize)?.iter().map(|entry| entry.encode()).collect();
        let block = record
            .block(entries.iter().map(Vec::as_slice))
            .map_err(|source| ExportError::Codec { path: self.folder.path(&path), source })?;
        let (expected, actual) = (record.past.batches_root, batches_root(&block.batches));
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
            let bundle = self.bundle(next / BUNDLE_RECORDS)?;
            let bundle = bundle.iter().skip((next % BUNDLE_RECORDS) as usize);
            found.extend(bundle.take((end - next) as usize).cloned());
        }
        Ok(found)
    }

    /// Where a member issued a commitment; `None` if this export does not show it. That proves nothing: a folder can hide
    /// an issuance from its index.
    ///
    /// # Errors
    /// Whatever is missing, damaged or changed.
    pub fn issuance(
        &self,
        issuer: &MemberId,
        commitment: &Commitment,
    ) -> Result<Option<LogIndex>, ExportError> {
        let sought = Entry { issuer: issuer.clone(), event: Event::Issue { commitment: *commitment } };
        let key = IssuanceKey::new(issuer, commitment);
        for run in index::candidates(&self.folder, self.log_size().0, self.run_pages(), &key) {
            for index in run?.into_iter().map(LogIndex) {
                if self.entry(index)? == sought {
                    return Ok(Some(index));
                }
            }
        }
        Ok(None)
    }

    /// The position of the batch of an issuer with a sequence number in one of its chains; `None` if there is no such
    /// batch. It is not checked before [`Self::signed_batch`] is called. The first call about batches reads all block
    /// bundles.
    ///
    /// # Errors
    /// Whatever is missing or damaged.
    pub fn batch_of(
        &self,
        issuer: &MemberId,
        chain: BatchChain,
        sequence: Sequence,
    ) -> Result<Option<&BatchPlace>, ExportError> {
        Ok(self.batches()?.of(issuer, chain, sequence))
    }

    /// The position of a batch; `None` if there is no such batch. Checked as little as that of [`Self::batch_of`].
    ///
    /// # Errors
    /// As [`Self::batch_of`].
    pub fn batch(&self, id: &BatchId) -> Result<Option<&BatchPlace>, ExportError> {
        Ok(self.batches()?.find(id))
    }

    /// The batch at a position, as it was signed.
    ///
    /// # Errors
    /// As [`Self::block`].
    pub fn signed_batch(&self, place: &BatchPlace) -> Result<Arc<SignedBatch>, ExportError> {
        let (block, _) = self.block(place.height)?;
        let found = block.batches.get(place.position).filter(|batch| batch.id() == place.id);
        let misfit = || self.folder.malformed("block", "an issuer's batches do not follow each other");
        found.cloned().ok_or_else(misfit)
    }

    /// What the checkpoint says. Whether its signature holds is for those who know the key: see
    /// [`Self::verify_signatures`].
    ///
    /// # Errors
    /// [`ExportError::Missing`], [`ExportError::Malformed`] or [`ExportError::Note`].
    pub fn checkpoint(&self) -> Result<CheckpointNote, ExportError> {
        CheckpointNote::read_unverified(&self.checkpoint_text()?)
            .map_err(|source| self.checkpoint_fault(source))
    }

    /// Checks that the holder of a key signed the head, and with it the manifest of all files, and the checkpoint.
    ///
    /// # Errors
    /// [`ExportError::Note`], [`ExportError::Missing`] or [`ExportError::Malformed`].
    pub fn verify_signatures(&self, key: &PublicKey) -> Result<(), ExportError> {
        Head::verify(&self.folder, &self.genesis, key)?;
        let checkpoint = CheckpointNote::verify(&self.checkpoint_text()?, &self.genesis.log_origin, key);
        checkpoint.map(drop).map_err(|source| self.checkpoint_fault(source))
    }

    fn checkpoint_text(&self) -> Result<String, ExportError> {
        checkpoint_text(&self.folder)
    }

    fn checkpoint_fault(&self, source: crate::note::NoteError) -> ExportError {
        ExportError::Note { path: self.folder.path(CHECKPOINT), source: Box::new(source) }
    }

    /// Reads every page of status leaves, as an audit does.
    pub(crate) fn check_status_pages(&self) -> Result<(), ExportError> {
        let size = self.log_size();
        (0..)
            .zip(&self.snapshot.pages)
            .try_for_each(|(page, root)| status::read(&self.folder, root, page, size).map(drop))
    }

    /// The entries of a bundle.
    fn bundle(&self, place: u64) -> Result<Arc<Vec<Entry>>, ExportError> {
        // A panic while it is held leaves a whole bundle behind; it is not held over a read.
        let last = || self.last_bundle.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, bundle)) = last().as_ref().filter(|(at, _)| *at == place) {
            return Ok(Arc::clone(bundle));
        }
        let read = Arc::new(entries::checked(&self.folder, &self.log, place, self.log_size())?);
        *last() = Some((place, Arc::clone(&read)));
        Ok(read)
    }

    /// The history tree; its right edge was checked.
    pub(crate) fn history(&self) -> Result<&Tiles<HistoryHash>, ExportError> {
        if let Some(history) = self.history.get() {
            return Ok(history);
        }
        let FinalHeader { header, past, .. } = &self.head;
        let opened = Tiles::open(&self.folder, history_size(header.height), &past.history_root.0)?;
        Ok(self.history.get_or_init(|| opened))
    }

    /// Pages of each run of the index.
    pub(crate) fn run_pages(&self) -> &[u32] {
        &self.snapshot.run_pages
    }

    /// SHA-256 of the manifest, as the head says.
    pub(crate) fn manifest_hash(&self) -> &Hash {
        &self.manifest
    }

    pub(crate) fn folder(&self) -> &Folder {
        &self.folder
    }

    fn batches(&self) -> Result<&Batches, ExportError> {
        if let Some(batches) = self.batches.get() {
            return Ok(batches);
        }
        let read = Batches::read(&self.folder, self.head.header.height, &self.snapshot.registry)?;
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

    /// The record of a block, which is in the history of the last one.
    fn record(&self, height: Height) -> Result<(BlockRecord, String), ExportError> {
        let head = &self.head.header;
        let (record, path) = records::read(&self.folder, height, head.height)?;
        let is_final = match height == head.height {
            true => record.header == *head,
            false => {
                let leaf = height.0 - 1;
                let tile = self.history()?.tile(0, leaf / BUNDLE_RECORDS)?;
                let expected = HistoryHash::leaf(&record.header.hash().0);
                tile.get((leaf % BUNDLE_RECORDS) as usize) == Some(&expected)
            }
        };
        match is_final {
            true => Ok((record, path)),
            false => Err(ExportError::History { path: self.folder.path(&path), height }),
        }
    }

    /// The record of a block with a certificate that was checked, too.
    fn certified_record(&self, height: Height) -> Result<(BlockRecord, String), ExportError> {
        let (record, path) = self.record(height)?;
        let set = self.anchor.set_at(height);
        let set = set.expect("invariant: a trust file knows the sets up to its anchor");
        record.certificate.verify(&record.header.chain_id, height, &record.header.id(), set).map_err(
            |source| ExportError::Certificate {
                path: self.folder.path(&path),
                height,
                source: Box::new(source),
            },
        )?;
        Ok((record, path))
    }
}

/// Tries once more what a newer export has taken the files of.
fn unchanged(open: impl Fn() -> Result<Export, ExportError>) -> Result<Export, ExportError> {
    match open() {
        Err(ExportError::Changed { .. }) => open(),
        opened => opened,
    }
}

/// The signed checkpoint as it is.
pub(crate) fn checkpoint_text(folder: &Folder) -> Result<String, ExportError> {
    let bytes = folder.read(CHECKPOINT, CHECKPOINT_BYTES_MAX)?;
    String::from_utf8(bytes).map_err(|_| folder.malformed(CHECKPOINT, "not UTF-8"))
}

fn read_head(folder: &Folder) -> Result<Head, ExportError> {
    Head::read(folder)?.ok_or_else(|| ExportError::NoExport { folder: folder.root() })
}

/// The genesis in an export of a chain.
fn genesis_of(folder: &Folder, chain: &ChainId) -> Result<Genesis, ExportError> {
    let check = |bytes: &[u8]| {
        let stored =
            |source| ExportError::StoredGenesis { path: folder.path(GENESIS), source: Box::new(source) };
        let genesis = Genesis::from_json(bytes).map_err(stored)?;
        // The chain id does not cover them.
        if genesis.check_signatures().is_err() {
            return Err(folder.malformed(GENESIS, "not signed by all of its members"));
        }
        match genesis.chain_id() {
            own if own == *chain => Ok(genesis),
            _ => Err(folder.malformed(GENESIS, "of another chain than the head")),
        }
    };
    let content = ContentHash::new("genesis", &chain.0);
    folder.checked(&content, || folder.read(GENESIS, GENESIS_BYTES_MAX as u64), check)
}

/// The genesis in a folder; `None` if there is none.
pub(crate) fn stored_genesis(folder: &Folder) -> Result<Option<Genesis>, ExportError> {
    let Some(text) = folder.read_if_there(GENESIS, GENESIS_BYTES_MAX as u64)? else { return Ok(None) };
    let genesis = Genesis::from_json(&text);
    genesis
        .map(Some)
        .map_err(|source| ExportError::StoredGenesis { path: folder.path(GENESIS), source: Box::new(source) })
}

/// The trust file of a head, proved from the genesis whose chain id is the head's.
fn read_trust_file(folder: &Folder, head: &Head) -> Result<(TrustFile, TrustAnchor), ExportError> {
    let path = layout::trust(head.height);
    let read = || folder.read(&path, TRUST_FILE_BYTES_MAX as u64);
    let content = ContentHash::new("trust", &head.block.0);
    folder.checked(&content, read, |bytes| check_trust_file(folder, head, &path, bytes))
}

fn check_trust_file(
    folder: &Folder,
    head: &Head,
    path: &str,
    bytes: &[u8],
) -> Result<(TrustFile, TrustAnchor), ExportError> {
    let file = TrustFile::from_bytes(bytes)
        .map_err(|source| ExportError::TrustFormat { path: folder.path(path), source: Box::new(source) })?;
    if file.genesis.chain_id() != head.chain_id {
        return Err(folder.malformed(path, "of another chain"));
    }
    let header = &file.anchor.header;
    if header.height != head.height || header.hash() != head.block || header.log_size != head.log_size {
        return Err(folder.malformed(path, "not of the block that the file \"head\" names"));
    }
    // Nothing here depends on the age of the anchor, so it is looked at as of its own time.
    let anchor = file
        .verify(header.time_ms)
        .map_err(|source| ExportError::Trust { path: folder.path(path), source: Box::new(source) })?;
    Ok((file, anchor))
}
