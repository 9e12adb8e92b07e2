//! Making an export, and going on with one.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use sanad_core::batch::SignedBatch;
use sanad_core::block::Block;
use sanad_core::event::{Entry, Event, Origin};
use sanad_core::execution::{Execution, LedgerView, apply};
use sanad_core::genesis::Genesis;
use sanad_core::hash::{BlockHash, Commitment};
use sanad_core::ids::{Height, LogIndex, LogSize};
use sanad_core::merkle::Hash;
use sanad_core::state::State;
use sanad_core::validators::CommitCertificate;

use crate::bundle::Edge;
use crate::entries;
use crate::error::ExportError;
use crate::folder::{Folder, Writing};
use crate::head::Head;
use crate::index::{self, Index};
use crate::layout::{
    self, BUNDLE_RECORDS, CHECKPOINT, CHECKPOINT_BYTES_MAX, GENESIS, HEAD, INDEX_FOLDER, STATE_FOLDER,
    STATUS_FOLDER, Series, TEMPORARY,
};
use crate::note::{CheckpointSigner, NOTE_NAME_BYTES_MAX};
use crate::reader::{Export, Resumed, stored_genesis};
use crate::records::BlockRecord;
use crate::snapshot::Snapshot;
use crate::status::{self, page_count, page_of};
use crate::tiles::TileEdges;

/// Writes an export, block by block. Each block is executed and its certificate verified, whoever it comes from.
/// Nothing shows to readers before [`Exporter::finish`].
#[derive(Debug)]
pub struct Exporter {
    folder: Folder,
    writing: Writing,
    signer: CheckpointSigner,
    state: State,
    published: Option<Head>,
    /// Files that the published head needs.
    keep: BTreeSet<String>,
    tiles: TileEdges,
    entries: Edge,
    blocks: Edge,
    index: Index,
    pages: Vec<Hash>,
    /// Pages of status leaves that changed.
    touched: BTreeSet<u64>,
    /// The bundle that was last looked up.
    looked_up: RefCell<Option<(u64, Vec<Entry>)>>,
}

/// What an export came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// The last block.
    pub height: Height,
    /// Its hash.
    pub block: BlockHash,
    /// Entries in the log.
    pub log_size: LogSize,
    /// Blocks that were added.
    pub blocks: u64,
    /// Entries that were added.
    pub entries: u64,
    /// Files that were written.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Exporter {
    /// Goes on with the export in a folder, or begins one in a new or empty folder. An export that was cut off is
    /// gone on with from its last head.
    ///
    /// # Errors
    /// [`ExportError::Occupied`], [`ExportError::Locked`], [`ExportError::ForeignChain`],
    /// [`ExportError::OtherLog`], and whatever is wrong with the export that is there.
    pub fn open(path: &Path, genesis: &Genesis, signer: CheckpointSigner) -> Result<Self, ExportError> {
        let folder = Folder::new(path);
        let mut writing = Writing::start(&folder)?;
        let chain_id = genesis.chain_id();
        match stored_genesis(&folder)? {
            Some(stored) if stored.chain_id() != chain_id => {
                return Err(ExportError::ForeignChain { expected: chain_id, actual: stored.chain_id() });
            }
            Some(_) => writing.clear_temporaries()?,
            None => {
                check_empty(&folder)?;
                writing.clear_temporaries()?;
                writing.write(GENESIS, genesis.to_json().as_bytes())?;
            }
        }
        check_origin(&folder, signer.name())?;
        let published = Head::read(&folder)?;
        let (resumed, keep) = match &published {
            None => (Resumed::genesis(genesis)?, BTreeSet::new()),
            Some(head) => (Export::open(path, genesis)?.resume(genesis)?, needed(&folder, head)?),
        };
        let Resumed { state, tiles, entries, blocks, pages } = resumed;
        Ok(Self {
            index: Index::open(&folder, state.log_size().0)?,
            folder,
            writing,
            signer,
            state,
            published,
            keep,
            tiles,
            entries,
            blocks,
            pages,
            touched: BTreeSet::new(),
            looked_up: RefCell::new(None),
        })
    }

    /// The height that comes next.
    pub fn next_height(&self) -> Height {
        self.state.head().height.next()
    }

    /// Checks that a ledger goes on where the export ends. `block` is the hash of its block at the height
    /// before [`Self::next_height`], or of its last one where that is lower.
    ///
    /// # Errors
    /// [`ExportError::Ahead`], [`ExportError::Forked`].
    pub fn check_source(&self, height: Height, block: BlockHash) -> Result<(), ExportError> {
        let head = self.state.head();
        if height < head.height {
            return Err(ExportError::Ahead { exported: head.height, ledger: height });
        }
        self.check_parent(block)
    }

    /// Adds the next block. After an error the export can only be begun again where its head is.
    ///
    /// # Errors
    /// [`ExportError::NotNext`], [`ExportError::Forked`], [`ExportError::Certificate`], [`ExportError::Block`],
    /// I/O.
    pub fn add(&mut self, block: &Block, certificate: &CommitCertificate) -> Result<(), ExportError> {
        let (expected, actual) = (self.next_height(), block.header.height);
        if expected != actual {
            return Err(ExportError::NotNext { expected, actual });
        }
        self.check_parent(block.header.previous)?;
        let height = actual;
        certificate
            .verify(&self.state.chain_id(), height, &block.header.id(), self.state.validators())
            .map_err(|source| ExportError::Certificate { height, source })?;
        let execution = apply(&self.state, &View(self), block)
            .map_err(|source| ExportError::Block { height, source: Box::new(source) })?;
        self.write_entries(&block.batches, &execution)?;
        self.blocks.push(&BlockRecord::new(block, certificate).encode(), &mut self.writing)?;
        self.touched.extend(execution.status.leaves().map(|(leaf, _)| page_of(leaf)));
        self.state.advance(&execution);
        Ok(())
    }

    /// Writes what changes, signs the checkpoint and, last of all, replaces the head.
    ///
    /// # Errors
    /// [`ExportError::Empty`], I/O.
    pub fn finish(mut self) -> Result<Written, ExportError> {
        let (head, size) = (self.state.head(), self.state.log_size());
        if head.height == Height::GENESIS {
            return Err(ExportError::Empty);
        }
        let new = Head::new(self.state.chain_id(), head.height, head.hash, size);
        let (height, entries) =
            self.published.as_ref().map_or((0, 0), |published| (published.height.0, published.log_size.0));
        let grown = self.published.as_ref() != Some(&new);
        if grown {
            self.write_edges(size)?;
            // What the head speaks of is on disk before the head is.
            self.writing.sync()?;
        }
        let note = self.signer.sign(size, &self.state.log_root());
        let signed = self.folder.read_if_there(CHECKPOINT, CHECKPOINT_BYTES_MAX)?;
        if signed.as_deref() != Some(note.as_bytes()) {
            self.writing.replace(CHECKPOINT, note.as_bytes())?;
        }
        if grown {
            self.writing.replace(HEAD, &new.to_bytes())?;
        }
        self.clear(&new, grown)?;
        Ok(Written {
            height: head.height,
            block: head.hash,
            log_size: size,
            blocks: head.height.0 - height,
            entries: size.0 - entries,
            files: self.writing.files,
            bytes: self.writing.bytes,
        })
    }

    fn check_parent(&self, ledger: BlockHash) -> Result<(), ExportError> {
        let head = self.state.head();
        match ledger == head.hash {
            true => Ok(()),
            false => Err(ExportError::Forked { height: head.height, exported: head.hash, ledger }),
        }
    }

    fn write_entries(
        &mut self,
        batches: &[Arc<SignedBatch>],
        execution: &Execution,
    ) -> Result<(), ExportError> {
        let of_batch = |signed: &Arc<SignedBatch>| {
            let issuer = signed.batch().issuer.clone();
            let entry = move |event: &Event| Entry { issuer: issuer.clone(), event: *event };
            signed.batch().events.iter().map(entry).collect::<Vec<_>>()
        };
        for (entry, leaf_hash) in batches.iter().flat_map(of_batch).zip(&execution.leaf_hashes) {
            let commitment = match &entry.event {
                Event::Issue { commitment } => Some(commitment),
                _ => None,
            };
            self.index.push(commitment, &mut self.writing, &self.folder, &self.keep)?;
            self.tiles.push(leaf_hash, &mut self.writing)?;
            self.entries.push(&entries::record(&entry), &mut self.writing)?;
        }
        Ok(())
    }

    fn write_edges(&mut self, size: LogSize) -> Result<(), ExportError> {
        let Self { tiles, entries, blocks, index, writing, .. } = self;
        tiles.write(writing)?;
        entries.write(writing)?;
        blocks.write(writing)?;
        index.write(writing)?;
        // The last page may have more leaves than before, and others come after it.
        let first = (self.pages.len() as u64).saturating_sub(1);
        self.touched.extend(first..page_count(size));
        self.pages.resize(page_count(size) as usize, [0; 32]);
        for page in &self.touched {
            self.pages[*page as usize] = status::write(self.state.status(), *page, size, &mut self.writing)?;
        }
        let snapshot = Snapshot { registry: self.state.registry().clone(), pages: self.pages.clone() };
        self.writing.write(&layout::state(self.state.head().height), &snapshot.encode())
    }

    /// Removes what neither this head nor the one before it needs: a reader may still be at that.
    fn clear(&mut self, head: &Head, grown: bool) -> Result<(), ExportError> {
        self.writing.remove(TEMPORARY)?;
        if grown {
            self.keep.append(&mut needed(&self.folder, head)?);
            for folder in [STATE_FOLDER, STATUS_FOLDER, INDEX_FOLDER] {
                self.writing.keep_only(folder, &self.keep)?;
            }
        }
        Ok(())
    }

    fn stored_entry(&self, index: LogIndex) -> Result<Entry, ExportError> {
        let (place, position) = (index.0 / BUNDLE_RECORDS, (index.0 % BUNDLE_RECORDS) as usize);
        if let Some((_, bundle)) =
            self.looked_up.borrow().as_ref().filter(|(looked_up, _)| *looked_up == place)
        {
            return Ok(bundle[position].clone());
        }
        let whole = place < self.entries.place();
        let (bytes, path, width) = match whole {
            true => {
                let (bytes, path) = entries::read(&self.folder, place, BUNDLE_RECORDS)?;
                (bytes, path, BUNDLE_RECORDS)
            }
            false => (self.entries.bytes().to_vec(), Series::Entries.path(place, 0), self.entries.width()),
        };
        let misfit = || self.folder.malformed(&path, "not the entries that were exported");
        let records = entries::records(&bytes, width).ok_or_else(misfit)?;
        let bundle: Vec<Entry> =
            records.into_iter().map(Entry::decode).collect::<Result<_, _>>().map_err(|_| misfit())?;
        let entry = bundle.get(position).cloned().ok_or_else(misfit)?;
        if whole {
            *self.looked_up.borrow_mut() = Some((place, bundle));
        }
        Ok(entry)
    }
}

impl Resumed {
    fn genesis(genesis: &Genesis) -> Result<Self, ExportError> {
        Ok(Self {
            state: State::genesis(genesis)?,
            tiles: TileEdges::default(),
            entries: Edge::new(Series::Entries, 0, Vec::new()),
            blocks: Edge::new(Series::Blocks, 0, Vec::new()),
            pages: Vec::new(),
        })
    }
}

/// The log as it was exported so far.
struct View<'a>(&'a Exporter);

impl LedgerView for View<'_> {
    type Error = ExportError;

    fn issuance(&self, commitment: &Commitment) -> Result<Option<LogIndex>, ExportError> {
        for candidate in self.0.index.candidates(&self.0.folder, commitment)? {
            let index = LogIndex(candidate);
            if self.0.stored_entry(index)?.event == (Event::Issue { commitment: *commitment }) {
                return Ok(Some(index));
            }
        }
        Ok(None)
    }

    fn origin(&self, index: LogIndex) -> Result<Origin, ExportError> {
        self.0.stored_entry(index).map(Origin::from)
    }
}

/// Files that a head needs, and that others may not.
fn needed(folder: &Folder, head: &Head) -> Result<BTreeSet<String>, ExportError> {
    let mut files = Snapshot::files(folder, head.height)?;
    files.extend(index::ranges(head.log_size.0).iter().map(layout::run));
    Ok(files.into_iter().collect())
}

/// Refuses a folder that has anything in it but what an export leaves that was cut off at its very beginning.
fn check_empty(folder: &Folder) -> Result<(), ExportError> {
    let entries = std::fs::read_dir(folder.root()).map_err(folder.io(""))?;
    for entry in entries {
        let entry = entry.map_err(folder.io(""))?;
        if entry.file_name() != TEMPORARY {
            return Err(ExportError::Occupied { folder: folder.root().to_owned() });
        }
    }
    Ok(())
}

/// A log keeps its name: witnesses know it by that.
fn check_origin(folder: &Folder, name: &str) -> Result<(), ExportError> {
    let Some(note) = folder.read_if_there(CHECKPOINT, CHECKPOINT_BYTES_MAX)? else { return Ok(()) };
    let line = note.split(|byte| *byte == b'\n').next().unwrap_or_default();
    match line == name.as_bytes() {
        true => Ok(()),
        false => Err(ExportError::OtherLog {
            expected: name.to_owned(),
            actual: String::from_utf8_lossy(&line[..line.len().min(NOTE_NAME_BYTES_MAX)]).into_owned(),
        }),
    }
}
