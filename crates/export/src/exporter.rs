//! Making an export, and adding to one.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use sanad_chain::{Known, Prepared, check_block, prepare};
use sanad_core::block::Block;
use sanad_core::codec::CODEC_BYTES_MAX;
use sanad_core::commitment::IssuanceKey;
use sanad_core::event::{Entry, Event, Origin};
use sanad_core::execution::{Execution, LedgerView};
use sanad_core::genesis::Genesis;
use sanad_core::hash::{BlockHash, HistoryHash};
use sanad_core::history::seals_and_remainder;
use sanad_core::ids::{Height, LogIndex, LogSize};
use sanad_core::merkle::{Hash, Rfc6962, TreeHash as _};
use sanad_core::proof::ValidatorChange;
use sanad_core::state::State;
use sanad_core::trust::{Anchor, TRUST_FILE_BYTES_MAX, TRUST_FILE_MAGIC, TrustFile, TrustedChange};
use sanad_core::validators::CommitCertificate;

use crate::bundle::Edge;
use crate::entries::{self, EntryBundle};
use crate::error::ExportError;
use crate::folder::Folder;
use crate::head::Head;
use crate::index::{self, IndexBuilder};
use crate::layout::{
    self, BUNDLE_RECORDS, CHECKPOINT, CHECKPOINT_BYTES_MAX, GENESIS, HEAD, Series, TEMPORARY, history_size,
};
use crate::manifest::Manifest;
use crate::note::CheckpointSigner;
use crate::reader::{Export, Resumed, history_path, stored_genesis};
use crate::records::BlockRecord;
use crate::snapshot::{Concerns, Snapshot};
use crate::status::{self, page_count, page_of};
use crate::tiles::{TileEdges, Tiles};
use crate::writing::Writing;

/// Bundles of entries that are kept in memory for changes of status, some 12 KiB each.
const CACHED_BUNDLES: usize = 1024;
/// Longest binary trust file, in bytes: magic, version, and what the codec reads (16 MiB).
const TRUST_BINARY_BYTES_MAX: usize = TRUST_FILE_MAGIC.len() + 1 + CODEC_BYTES_MAX;

/// Writes an export, block by block. Each block is executed and its certificate verified, whoever it comes from. Readers
/// see nothing of it before [`Exporter::finish`].
///
/// That no commitment is issued twice is checked at the end, when the index is sorted.
#[derive(Debug)]
pub struct Exporter {
    folder: Folder,
    genesis: Genesis,
    writing: Writing,
    signer: CheckpointSigner,
    state: State,
    /// The head that readers see.
    published: Option<Head>,
    /// Files that it needs.
    keep: BTreeSet<String>,
    log: TileEdges<Rfc6962>,
    history: TileEdges<HistoryHash>,
    entries: Edge,
    blocks: Edge,
    index: IndexBuilder,
    /// Of each member, the entries by others that concern it.
    concerns: Concerns,
    pages: Vec<Hash>,
    /// Pages of status leaves that changed.
    touched: BTreeSet<u64>,
    /// The last block.
    last: Option<Anchor>,
    /// Every change of validators up to there.
    changes: Vec<ValidatorChange>,
    looked_up: BundleCache,
    /// Set by an error after which the files are ahead of the state.
    broken: bool,
}

/// What an export came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// The last block.
    pub height: Height,
    /// Hash of the last block's header.
    pub block: BlockHash,
    /// Entries in the log.
    pub log_size: LogSize,
    /// Blocks that were added.
    pub blocks: u64,
    /// Entries that were added.
    pub entries: u64,
    /// Files that were written.
    pub files: u64,
    /// Bytes of all files that were written.
    pub bytes: u64,
}

impl Exporter {
    /// Adds to the export in a folder, or begins one in a new or empty folder. After an export that was cut off, resumes
    /// from the last head.
    ///
    /// # Errors
    /// [`ExportError::Occupied`], [`ExportError::Locked`], [`ExportError::ForeignChain`], [`ExportError::OtherKey`], and
    /// whatever is wrong with the export that is there.
    pub fn open(path: &Path, genesis: &Genesis, signer: CheckpointSigner) -> Result<Self, ExportError> {
        let folder = Folder::new(path);
        let mut writing = Writing::start(&folder)?;
        let chain_id = genesis.chain_id();
        let stored = stored_genesis(&folder)?;
        if let Some(stored) = stored.as_ref().filter(|stored| stored.chain_id() != chain_id) {
            return Err(ExportError::ForeignChain { expected: chain_id, actual: stored.chain_id() });
        }
        if stored.is_none() {
            check_empty(&folder)?;
        }
        let published = Head::read(&folder)?;
        let (resumed, keep) = match &published {
            None => (Resumed::genesis(genesis)?, BTreeSet::new()),
            Some(head) => {
                Head::verify(&folder, genesis, &signer.public()).map_err(|source| ExportError::OtherKey {
                    folder: path.to_owned(),
                    source: Box::new(source),
                })?;
                let resumed = Export::open(path, genesis)?.resume()?;
                let manifest = layout::manifest(head.height);
                writing.manifest = Manifest::read(&folder, &manifest, &head.manifest.0)?;
                (resumed, needed(&folder, head)?)
            }
        };
        if writing.was_cut_off() {
            writing.sweep(&listed(&folder, &writing.manifest, published.as_ref())?)?;
        }
        writing.begin()?;
        if published.is_none() {
            writing.write(GENESIS, genesis.to_json().as_bytes())?;
        }
        let Resumed { state, log, history, entries, blocks, concerns, pages, last, changes } = resumed;
        Ok(Self {
            index: IndexBuilder::open(&folder, state.log_size().0)?,
            folder,
            genesis: genesis.clone(),
            writing,
            signer,
            state,
            published,
            keep,
            log,
            history,
            entries,
            blocks,
            concerns,
            pages,
            touched: BTreeSet::new(),
            last,
            changes,
            looked_up: BundleCache::default(),
            broken: false,
        })
    }

    /// The height that comes next.
    pub fn next_height(&self) -> Height {
        self.state.head().height.next()
    }

    /// Checks that a ledger continues where the export ends. `block` is the hash of its block at the height before
    /// [`Self::next_height`], or of its last one if that is lower.
    ///
    /// # Errors
    /// [`ExportError::Ahead`] or [`ExportError::Forked`].
    pub fn check_source(&self, height: Height, block: BlockHash) -> Result<(), ExportError> {
        let head = self.state.head();
        if height < head.height {
            return Err(ExportError::Ahead { exported: head.height, ledger: height });
        }
        match block == head.hash {
            true => Ok(()),
            false => Err(ExportError::Forked { height: head.height, exported: head.hash, ledger: block }),
        }
    }

    /// Adds the next block. See [`Self::add_all`], which uses all cores.
    ///
    /// # Errors
    /// As [`Self::add_all`].
    pub fn add(&mut self, block: &Block, certificate: &CommitCertificate) -> Result<(), ExportError> {
        self.add_all(vec![(block.clone(), certificate.clone())])
    }

    /// Adds the next blocks, in order; some MiB of them at a time make good use of all cores. If one is refused, those
    /// before it have been added.
    ///
    /// # Errors
    /// [`ExportError::NotNext`], [`ExportError::Block`], I/O. After I/O errors the export can only be begun again, from
    /// its published head.
    pub fn add_all(&mut self, blocks: Vec<(Block, CommitCertificate)>) -> Result<(), ExportError> {
        let prepared = prepare(
            blocks,
            |(block, certificate)| Ok((block.clone(), certificate.clone())),
            &Known::at(&self.state),
        );
        prepared.into_iter().try_for_each(|block| self.add_prepared(block))
    }

    fn add_prepared(
        &mut self,
        Prepared { decoded, .. }: Prepared<(Block, CommitCertificate)>,
    ) -> Result<(), ExportError> {
        if self.broken {
            return Err(ExportError::Broken);
        }
        let height = self.next_height();
        let refused = |source| ExportError::Block { height, source: Box::new(source) };
        let decoded = decoded.map_err(refused)?;
        let (block, certificate) = (decoded.block, decoded.certificate);
        if block.header.height != height {
            return Err(ExportError::NotNext { expected: height, actual: block.header.height });
        }
        let certified_by = decoded.certified_by.as_ref();
        let execution =
            check_block(&self.state, &View(self), &block, &certificate, certified_by)?.map_err(refused)?;
        self.broken = true;
        self.write(block, certificate, execution)?;
        self.broken = false;
        Ok(())
    }

    /// Writes what a sound block adds, and moves on.
    fn write(
        &mut self,
        block: Block,
        certificate: CommitCertificate,
        execution: Execution,
    ) -> Result<(), ExportError> {
        let Self { writing, folder, index, log, history, entries, .. } = self;
        for (issuance, at) in &execution.issuances {
            index.push(folder, issuance, *at)?;
        }
        let mut leaf_hashes = execution.leaf_hashes.iter();
        for batch in block.batches.iter().map(|signed| signed.batch()) {
            let mut entry = Entry { issuer: batch.issuer.clone(), event: batch.events[0].clone() };
            for (event, leaf_hash) in batch.events.iter().zip(&mut leaf_hashes) {
                entry.event.clone_from(event);
                log.push(leaf_hash, writing)?;
                entries.push(&entries::record(&entry), writing)?;
            }
        }
        if execution.header.height > Height::GENESIS.next() {
            history.push(&HistoryHash::leaf(&execution.past.previous.0), writing)?;
        }
        self.blocks.push(&BlockRecord::new(&block, &execution.past, &certificate).encode(), writing)?;
        self.touched.extend(execution.status.leaves().map(|(leaf, _)| page_of(leaf)));
        if execution.next_validators != *self.state.validators() {
            self.changes.push(ValidatorChange {
                header: block.header.clone(),
                certificate: certificate.clone(),
                next: execution.next_validators.clone(),
            });
        }
        for (member, index) in &execution.concerns {
            self.concerns.entry(member.clone()).or_default().push(*index);
        }
        self.state.advance(&execution);
        self.last = Some(Anchor { header: block.header, certificate, past: execution.past });
        Ok(())
    }

    /// Sorts the index, writes what changes, and publishes it: signs and replaces the head, then the checkpoint.
    ///
    /// # Errors
    /// [`ExportError::Empty`], [`ExportError::IssuedTwice`], [`ExportError::Broken`], I/O. Readers still see the head
    /// before.
    pub fn finish(mut self) -> Result<Written, ExportError> {
        if self.broken {
            return Err(ExportError::Broken);
        }
        let Some(last) = self.last.take() else { return Err(ExportError::Empty) };
        let (height, size) = (last.header.height, last.header.log_size);
        let (former_height, former_size) =
            self.published.as_ref().map_or((0, 0), |head| (head.height.0, head.log_size.0));
        let block = self.state.head().hash;
        if height.0 > former_height {
            self.write_edges(size)?;
            self.write_index(size)?;
            self.write_state(size)?;
            self.write_trust_files(last)?;
            self.publish(height, block, size)?;
        }
        let checkpoint = self.signer.checkpoint(size, &self.state.log_root());
        let signed = self.folder.read_if_there(CHECKPOINT, CHECKPOINT_BYTES_MAX)?;
        // Witnesses may have added their signatures.
        if !signed.is_some_and(|signed| signed.starts_with(checkpoint.as_bytes())) {
            self.writing.replace(CHECKPOINT, checkpoint.as_bytes())?;
        }
        self.writing.remove(TEMPORARY)?;
        Ok(Written {
            height,
            block,
            log_size: size,
            blocks: height.0 - former_height,
            entries: size.0 - former_size,
            files: self.writing.files,
            bytes: self.writing.bytes,
        })
    }

    fn write_edges(&mut self, size: LogSize) -> Result<(), ExportError> {
        let Self { log, history, entries, blocks, writing, .. } = self;
        log.write(writing)?;
        history.write(writing)?;
        entries.write(writing)?;
        blocks.write(writing)?;
        // The last page may have more leaves than before, and others come after it.
        let first = (self.pages.len() as u64).saturating_sub(1);
        self.touched.extend(first..page_count(size));
        self.pages.resize(page_count(size) as usize, [0; 32]);
        for page in &self.touched {
            self.pages[*page as usize] = status::write(self.state.status(), *page, size, writing)?;
        }
        Ok(())
    }

    /// Writes the state. Requires that the index was written.
    fn write_state(&mut self, size: LogSize) -> Result<(), ExportError> {
        let snapshot = Snapshot {
            registry: self.state.registry().clone(),
            parameters: *self.state.parameters(),
            governance: self.state.governance().clone(),
            concerns: self.concerns.clone(),
            pages: self.pages.clone(),
            run_pages: index::run_pages(&self.folder, size.0)?,
        };
        self.writing.write(&layout::state(self.state.head().height), &snapshot.encode())
    }

    fn write_index(&mut self, size: LogSize) -> Result<(), ExportError> {
        for (first, second) in self.index.finish(&self.folder, size.0, &mut self.writing)? {
            let (former, entry) = (self.stored_entry(first)?, self.stored_entry(second)?);
            if let (true, Event::Issue { commitment }) = (former == entry, &entry.event) {
                let commitment = *commitment;
                return Err(ExportError::IssuedTwice { issuer: entry.issuer, commitment, first, second });
            }
        }
        Ok(())
    }

    fn write_trust_files(&mut self, anchor: Anchor) -> Result<(), ExportError> {
        let height = anchor.header.height;
        let history =
            Tiles::<HistoryHash>::open(&self.folder, history_size(height), &anchor.past.history_root.0)?;
        let (seals, remainder) = seals_and_remainder(&history, history_size(height))?;
        let change = |ValidatorChange { header, certificate, next }: ValidatorChange| {
            let path = match header.height == height {
                true => Vec::new(),
                false => history_path(&history, header.height, height)?,
            };
            Ok(TrustedChange { header, certificate, next, path })
        };
        let changes = std::mem::take(&mut self.changes).into_iter().map(change);
        let changes = changes.collect::<Result<_, ExportError>>()?;
        let file = TrustFile::new(self.genesis.clone(), changes, anchor, seals, remainder);
        for (path, bytes, limit) in [
            (layout::trust(height), file.to_binary(), TRUST_BINARY_BYTES_MAX),
            (layout::trust_json(height), file.to_json().into_bytes(), TRUST_FILE_BYTES_MAX),
        ] {
            let (actual, limit) = (bytes.len() as u64, limit as u64);
            if actual > limit {
                return Err(ExportError::TooLong { path: self.folder.path(&path), actual, limit });
            }
            self.writing.write(&path, &bytes)?;
        }
        Ok(())
    }

    /// Writes the manifest and signs the head; then removes what neither this head nor the one before it needs.
    fn publish(&mut self, height: Height, block: BlockHash, size: LogSize) -> Result<(), ExportError> {
        if let Some(former) = &self.published {
            self.keep.extend(layout::edges(former.log_size, former.height));
            let manifest = layout::manifest(former.height);
            self.writing.manifest.others.insert(manifest, former.manifest.0);
        }
        self.keep.extend(layout::edges(size, height));
        self.keep.append(&mut self.needed_now(height, size));
        let growing: BTreeSet<String> = layout::next_wholes(size, height).into_iter().collect();
        let keep = &self.keep;
        let is_kept = |path: &String| {
            // C2SP tlog-tiles: an incomplete tile of a signed size stays until the whole one is there.
            keep.contains(path) || layout::whole_of(path).is_some_and(|whole| growing.contains(whole))
        };
        let others = std::mem::take(&mut self.writing.manifest.others);
        let (kept, removed): (BTreeMap<_, _>, BTreeMap<_, _>) =
            others.into_iter().partition(|(path, _)| is_kept(path));
        self.writing.manifest.others = kept;
        let manifest = self.writing.manifest.encode();
        let hash = self.writing.put(&layout::manifest(height), &manifest)?;
        // What the head names is durable before the head is.
        self.writing.sync()?;
        let head = Head::new(self.state.chain_id(), height, block, size, hash);
        self.writing.replace(HEAD, head.sign(&self.signer).as_bytes())?;
        removed.keys().try_for_each(|path| self.writing.remove(path))
    }

    /// Files that the new head needs and a later one may not.
    fn needed_now(&self, height: Height, size: LogSize) -> BTreeSet<String> {
        let pages = self.pages.iter().map(layout::status_page);
        needed_at(height, size).into_iter().chain(pages).collect()
    }

    fn stored_entry(&self, index: LogIndex) -> Result<Entry, ExportError> {
        let (place, position) = (index.0 / BUNDLE_RECORDS, (index.0 % BUNDLE_RECORDS) as usize);
        let decode = |bundle: &EntryBundle| {
            let misfit = || self.folder.malformed(&bundle.path, "not the entries that were exported");
            Entry::decode(bundle.record(position).ok_or_else(misfit)?).map_err(|_| misfit())
        };
        if place == self.entries.place() {
            let (bytes, width) = (self.entries.bytes().to_vec(), self.entries.width());
            let path = Series::Entries.path(place, width);
            let misfit = self.folder.malformed(&path, "not the entries that were exported");
            return decode(&EntryBundle::parse(bytes, width, path).ok_or(misfit)?);
        }
        self.looked_up.with(place, || EntryBundle::read(&self.folder, place, BUNDLE_RECORDS), decode)
    }
}

/// Whole bundles of entries that were read last.
#[derive(Debug, Default)]
struct BundleCache(RefCell<BTreeMap<u64, EntryBundle>>);

impl BundleCache {
    fn with<T>(
        &self,
        place: u64,
        read: impl FnOnce() -> Result<EntryBundle, ExportError>,
        take: impl FnOnce(&EntryBundle) -> Result<T, ExportError>,
    ) -> Result<T, ExportError> {
        let mut bundles = self.0.borrow_mut();
        if let Some(bundle) = bundles.get(&place) {
            return take(bundle);
        }
        if bundles.len() >= CACHED_BUNDLES {
            bundles.clear();
        }
        take(bundles.entry(place).or_insert(read()?))
    }
}

/// The log as it was exported so far.
struct View<'a>(&'a Exporter);

impl LedgerView for View<'_> {
    type Error = ExportError;

    /// Always `None`: the sort at the end finds what was issued twice.
    fn issuance(&self, _: &IssuanceKey) -> Result<Option<LogIndex>, ExportError> {
        Ok(None)
    }

    fn origin(&self, index: LogIndex) -> Result<Origin, ExportError> {
        self.0.stored_entry(index).map(Origin::from)
    }
}

/// Files that a head needs, and that later ones may not, except for incomplete bundles.
fn needed(folder: &Folder, head: &Head) -> Result<BTreeSet<String>, ExportError> {
    let pages = Snapshot::page_paths(folder, head.height)?;
    Ok(needed_at(head.height, head.log_size).into_iter().chain(pages).collect())
}

fn needed_at(height: Height, size: LogSize) -> Vec<String> {
    let files = [
        GENESIS.to_owned(),
        layout::state(height),
        layout::trust(height),
        layout::trust_json(height),
        layout::manifest(height),
    ];
    files.into_iter().chain(index::ranges(size.0).iter().map(layout::run)).collect()
}

/// Every file that belongs to a published export.
fn listed(
    folder: &Folder,
    manifest: &Manifest,
    head: Option<&Head>,
) -> Result<BTreeSet<String>, ExportError> {
    let mut listed: BTreeSet<String> = manifest.others.keys().cloned().collect();
    listed.extend(head.map(|head| layout::manifest(head.height)));
    listed.extend(manifest.segments.iter().chain(&manifest.whole).map(|line| line.path.clone()));
    for segment in &manifest.segments {
        listed.extend(Manifest::read_segment(folder, segment)?.into_iter().map(|line| line.path));
    }
    Ok(listed)
}

/// Refuses a folder that has anything in it except what an export leaves that was cut off at its very beginning.
fn check_empty(folder: &Folder) -> Result<(), ExportError> {
    let entries = std::fs::read_dir(folder.root()).map_err(folder.io(""))?;
    for entry in entries {
        let entry = entry.map_err(folder.io(""))?;
        if entry.file_name() != TEMPORARY {
            return Err(ExportError::Occupied { folder: folder.root() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
