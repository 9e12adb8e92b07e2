//! Writing a snapshot.

use std::path::Path;

use sanad_core::codec;
use sanad_core::genesis::Genesis;
use sanad_core::hash::HistoryHash;
use sanad_core::history::seals_and_remainder;
use sanad_core::ids::Height;
use sanad_core::merkle::{PathError, inclusion_path};
use sanad_core::proof::ValidatorChange;
use sanad_core::snapshot::{Chunk, ChunkCutter, SnapshotManifest, StateRecord};
use sanad_core::state::State;
use sanad_core::trust::{Anchor, TrustFile, TrustedChange};

use super::error::SnapshotError;
use super::folder::SnapshotFolder;
use crate::error::{Part, StoreError};
use crate::store::Store;

/// Writes to a folder what it does not have yet of the snapshot after the last block of `state`, and then its manifest.
/// Requires a state of this store; the store may have gone on since. Chunks of blocks are the same in every snapshot, so
/// that a later one adds to an earlier one in the same folder. `progress` is told the height reached.
///
/// # Errors
/// [`SnapshotError`]; an earlier snapshot in the folder is still there.
pub fn create_snapshot(
    store: &Store,
    state: &State,
    genesis: &Genesis,
    folder: &Path,
    mut progress: impl FnMut(Height),
) -> Result<SnapshotManifest, SnapshotError> {
    let last = state.head().height;
    if last == Height::GENESIS {
        return Err(SnapshotError::NoBlocks);
    }
    let path = folder;
    let folder = SnapshotFolder::begin(path)?;
    // What is damaged is written anew; what is another's, or newer, stays.
    if let Ok(there) = folder.manifest() {
        let (path, height) = (path.to_owned(), there.header().height);
        let chain_id = there.header().chain_id;
        if chain_id != genesis.chain_id() {
            return Err(SnapshotError::HoldsOtherChain { path, chain_id });
        }
        if height > last {
            return Err(SnapshotError::HoldsNewer { path, height, last });
        }
    }
    let mut state_chunks = Chunks::new(&folder);
    write_state(store, state, |record| state_chunks.push(&codec::encode(&record)))?;
    let (mut blocks, mut certificates) = (Chunks::new(&folder), Chunks::new(&folder));
    let mut height = Height::GENESIS;
    while height < last {
        height = height.next();
        let (certificate, payload) = store.block(height)?.ok_or_else(|| missing(height))?;
        blocks.push(&payload)?;
        certificates.push(&codec::encode(&certificate))?;
        progress(height);
    }
    let manifest = SnapshotManifest {
        state: state_chunks.finish()?,
        blocks: blocks.finish()?,
        certificates: certificates.finish()?,
        trust: store.trust_file(genesis, last)?,
    };
    folder.complete(&manifest)?;
    Ok(manifest)
}

/// Every record, in order.
fn write_state(
    store: &Store,
    state: &State,
    mut write: impl FnMut(StateRecord) -> Result<(), SnapshotError>,
) -> Result<(), SnapshotError> {
    write(StateRecord::Parameters(*state.parameters()))?;
    for member in state.registry().members() {
        write(StateRecord::Member(Box::new(member.clone())))?;
    }
    for item in state.governance().items() {
        write(StateRecord::Governance(Box::new(item.clone())))?;
    }
    for (place, leaf) in state.status().leaves() {
        write(StateRecord::Statuses(place, *leaf))?;
    }
    for (member, indices) in store.shared.published().concerns.iter() {
        for index in indices.iter().take_while(|index| index.0 < state.log_size().0) {
            write(StateRecord::Concern(member.clone(), *index))?;
        }
    }
    Ok(())
}

impl Store {
    /// The trust file whose anchor is the block at a height from 1 on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn trust_file(&self, genesis: &Genesis, height: Height) -> Result<TrustFile, StoreError> {
        let (tree, size) = (self.history_tree(), height.0 - 1);
        let past = self.past(height)?.ok_or_else(|| missing(height))?;
        let header = self.header(height)?.ok_or_else(|| missing(height))?;
        let certificate = self.certificate(height)?.ok_or_else(|| missing(height))?;
        let (seals, remainder) = seals_and_remainder(&tree, size)?;
        let trusted = |ValidatorChange { header, certificate, next }: ValidatorChange| {
            let path = match header.height < height {
                true => inclusion_path::<HistoryHash, _>(&tree, header.height.0 - 1, size),
                false => Ok(Vec::new()),
            };
            match path {
                Ok(path) => Ok(TrustedChange { header, certificate, next, path }),
                Err(PathError::Source(error)) => Err(error),
                Err(_) => Err(StoreError::Damaged { part: Part::History }),
            }
        };
        let changes = self.validator_changes(Height(1)..height.next())?;
        let changes = changes.into_iter().map(trusted).collect::<Result<_, _>>()?;
        Ok(TrustFile::new(genesis.clone(), changes, Anchor { header, certificate, past }, seals, remainder))
    }
}

fn missing(height: Height) -> StoreError {
    StoreError::Corrupt { height, fault: sanad_chain::Fault::Truncated }
}

/// Chunks of one list, kept as they are completed.
struct Chunks<'a> {
    folder: &'a SnapshotFolder,
    cutter: ChunkCutter,
    chunks: Vec<Chunk>,
}

impl<'a> Chunks<'a> {
    fn new(folder: &'a SnapshotFolder) -> Self {
        Self { folder, cutter: ChunkCutter::default(), chunks: Vec::new() }
    }

    fn push(&mut self, record: &[u8]) -> Result<(), SnapshotError> {
        if let Some(bytes) = self.cutter.push(record) {
            self.chunks.push(self.folder.keep(&bytes)?);
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<Chunk>, SnapshotError> {
        if let Some(bytes) = self.cutter.finish() {
            self.chunks.push(self.folder.keep(&bytes)?);
        }
        Ok(self.chunks)
    }
}
