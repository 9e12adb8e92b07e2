//! Making a store from a snapshot.
//!
//! While the blocks of one chunk are written, those of the next are read, decoded and checked on the other cores.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;

use rayon::prelude::*;
use sanad_core::block::Block;
use sanad_core::codec;
use sanad_core::genesis::{BLOCK_BYTES_LIMIT, Genesis};
use sanad_core::hash::{BlockHash, HistoryHash};
use sanad_core::ids::{Height, LogSize};
use sanad_core::merkle::{Rfc6962, TreeHash as _};
use sanad_core::snapshot::{
    BlockFollower, Chunk, FollowFault, SignedBlock, SnapshotManifest, StateSnapshot, records,
};
use sanad_core::state::State;
use sanad_core::trust::TrustAnchor;
use sanad_core::validators::{CERTIFICATE_BYTES_MAX, CommitCertificate, ValidatorSet};

use super::error::SnapshotError;
use super::folder::SnapshotFolder;
use crate::append::batch_records;
use crate::checkpoint::{Checkpoint, Checkpoints, Delta};
use crate::columns::{BatchColumnRecord, BlockRecord, Columns};
use crate::directory::StoreDirectory;
use crate::error::{OpenError, Part};
use crate::files;
use crate::options::Options;
use crate::segments::Segments;
use crate::store::Store;
use crate::tiles::{TileEdge, Tiles};

/// What a snapshot is checked against.
#[derive(Clone, Copy, Debug)]
pub struct SnapshotTrust<'a> {
    /// The genesis of the node.
    pub genesis: &'a Genesis,
    /// What the operator trusts beyond it.
    pub anchor: Option<&'a TrustAnchor>,
    /// The node's time, in milliseconds since 1970-01-01 UTC.
    pub now_ms: u64,
}

impl SnapshotTrust<'_> {
    /// Proves the last header of a snapshot. Returns its anchor, which has all validator sets, and the block that the
    /// snapshot has to hold beside.
    ///
    /// # Errors
    /// [`SnapshotError::OtherChain`], [`SnapshotError::TrustOfOtherChain`], [`SnapshotError::Trust`], [`SnapshotError::Older`].
    pub fn prove(
        &self,
        manifest: &SnapshotManifest,
    ) -> Result<(TrustAnchor, Option<(Height, BlockHash)>), SnapshotError> {
        let (expected, actual) = (self.genesis.chain_id(), manifest.trust.genesis.chain_id());
        if actual != expected {
            return Err(SnapshotError::OtherChain { expected, actual });
        }
        if let Some(actual) = self.anchor.map(|anchor| anchor.chain_id).filter(|id| *id != expected) {
            return Err(SnapshotError::TrustOfOtherChain { expected, actual });
        }
        let proved = manifest.trust.verify(self.now_ms).map_err(SnapshotError::Trust)?;
        let trusted = self.anchor.and_then(TrustAnchor::header);
        let (snapshot, trusted_height) =
            (manifest.header().height, trusted.map_or(Height::GENESIS, |header| header.height));
        match snapshot < trusted_height {
            true => Err(SnapshotError::Older { snapshot, trusted: trusted_height }),
            false => Ok((proved, trusted.map(|header| (header.height, header.hash())))),
        }
    }
}

/// Makes a store in a new or empty directory from the snapshot in a folder. Every chunk is checked against its hash and
/// every block against its certificate; the state against the root in the last header; and that header against the
/// genesis and what else is trusted. `progress` is told the height reached. Returns the state after the last block.
///
/// The directory is no store before this returns: remove it after an error or a crash.
///
/// # Errors
/// [`SnapshotError`].
pub fn restore_snapshot(
    folder: &Path,
    trust: SnapshotTrust<'_>,
    to: &Path,
    options: Options,
    progress: impl FnMut(Height) + Send,
) -> Result<State, SnapshotError> {
    let folder = SnapshotFolder::open(folder);
    let manifest = folder.manifest()?;
    let (anchor, trusted) = trust.prove(&manifest)?;
    let state = folder.state(&manifest)?;
    let directory = StoreDirectory::create(to)?;
    let mut source = Source {
        folder: &folder,
        anchor: &anchor,
        blocks: manifest.blocks.iter().enumerate(),
        certificate_chunks: manifest.certificates.iter().enumerate(),
        certificates: VecDeque::new(),
        height: Height::GENESIS,
    };
    let follower = BlockFollower::new(&anchor, &state, trusted);
    let mut writer = LogWriter::create(&directory, follower, trust.genesis, &options, progress)?;
    let mut ready = source.window()?;
    while !ready.is_empty() {
        let (next, entered) = rayon::join(|| source.window(), || writer.enter(ready));
        entered?;
        ready = next?;
    }
    let height = writer.follower.height();
    if !source.is_empty() {
        return Err(SnapshotError::CertificateCount { what: "more", height: height.next() });
    }
    let place = writer.finish(&state)?;
    let sets = (0..).map_while(|number| anchor.set_numbered(number).cloned()).collect();
    write_checkpoint(&directory, &options, &place, state, sets)?;
    directory.write_identity(anchor.chain_id)?;
    drop(directory);
    // Reads it as any other, and fills the indexes.
    let (store, state) = Store::open(to, trust.genesis, options)?;
    store.close()?;
    Ok(state)
}

fn write_checkpoint(
    directory: &StoreDirectory,
    options: &Options,
    place: &Checkpoint,
    state: StateSnapshot,
    sets: Vec<ValidatorSet>,
) -> Result<(), SnapshotError> {
    let StateSnapshot { parameters, members, governance, leaves, concerns } = state;
    let delta = Delta {
        members: members.into_iter().map(|member| (member.record().id.clone(), member)).collect(),
        leaves: BTreeMap::from_iter(leaves),
        sets,
        parameters: Some(parameters),
        governance: Some(governance),
        concerns,
    };
    files::make_directory(&directory.checkpoint())?;
    let checkpoints = Checkpoints::open(&directory.checkpoint(), options.sled_cache_bytes)?;
    Ok(checkpoints.write(place, &delta)?)
}

/// The blocks of a snapshot, a chunk at a time.
struct Source<'a, C> {
    folder: &'a SnapshotFolder,
    anchor: &'a TrustAnchor,
    blocks: C,
    certificate_chunks: C,
    /// Those that were read and whose blocks were not, encoded.
    certificates: VecDeque<Vec<u8>>,
    height: Height,
}

impl<'a, C: Iterator<Item = (usize, &'a Chunk)>> Source<'a, C> {
    /// The blocks of the next chunk, each signed by the validators of its height; none at the end.
    fn window(&mut self) -> Result<Vec<SignedBlock>, SnapshotError> {
        let Some((number, chunk)) = self.blocks.next() else { return Ok(Vec::new()) };
        let bytes = self.folder.chunk(chunk)?;
        let blocks =
            records(&bytes).map_err(|source| SnapshotError::Chunk { list: "blocks", number, source })?;
        let mut pairs = Vec::with_capacity(blocks.len());
        for block in blocks {
            self.height = self.height.next();
            pairs.push((self.height, block, self.certificate()?));
        }
        let anchor = self.anchor;
        let checked: Vec<_> = pairs
            .into_par_iter()
            .map(|(height, block, certificate)| check(height, block, &certificate, anchor))
            .collect();
        // Of several that are wrong the first is named, whichever thread was first.
        checked.into_iter().collect()
    }

    fn certificate(&mut self) -> Result<Vec<u8>, SnapshotError> {
        if self.certificates.is_empty()
            && let Some((number, chunk)) = self.certificate_chunks.next()
        {
            let bytes = self.folder.chunk(chunk)?;
            let records = records(&bytes).map_err(|source| SnapshotError::Chunk {
                list: "certificates",
                number,
                source,
            })?;
            self.certificates.extend(records.into_iter().map(<[u8]>::to_vec));
        }
        let fewer = SnapshotError::CertificateCount { what: "fewer", height: self.height };
        self.certificates.pop_front().ok_or(fewer)
    }

    /// Whether all certificates were used.
    fn is_empty(&mut self) -> bool {
        self.certificates.is_empty() && self.certificate_chunks.next().is_none()
    }
}

/// Decodes a block and checks its certificate.
fn check(
    height: Height,
    block: &[u8],
    certificate: &[u8],
    anchor: &TrustAnchor,
) -> Result<SignedBlock, SnapshotError> {
    let unreadable = |part| move |source| SnapshotError::Encoding { part, height, source };
    let block = Block::decode(block, BLOCK_BYTES_LIMIT as usize).map_err(unreadable("block"))?;
    let certificate: CommitCertificate =
        codec::decode(certificate, CERTIFICATE_BYTES_MAX).map_err(unreadable("certificate"))?;
    SignedBlock::check(block, certificate, anchor).map_err(|source| SnapshotError::Block { height, source })
}

/// Writes blocks into the files of a store that is still to be completed.
struct LogWriter<'a, P> {
    follower: BlockFollower<'a>,
    segments: Segments,
    columns: Columns,
    log_tiles: Tiles<Rfc6962>,
    history_tiles: Tiles<HistoryHash>,
    log_edge: TileEdge,
    history_edge: TileEdge,
    /// After the last block.
    place: Checkpoint,
    progress: P,
}

impl<'a, P: FnMut(Height)> LogWriter<'a, P> {
    fn create(
        directory: &StoreDirectory,
        follower: BlockFollower<'a>,
        genesis: &Genesis,
        options: &Options,
        progress: P,
    ) -> Result<Self, OpenError> {
        let segments = Segments::create(&directory.segments(), genesis.chain_id(), options.segment_bytes)?;
        for path in [directory.columns(), directory.tiles(), directory.history()] {
            files::make_directory(&path)?;
        }
        Ok(Self {
            follower,
            segments,
            columns: Columns::open(&directory.columns())?,
            log_tiles: Tiles::open(&directory.tiles(), Part::Tiles, options.cached_tiles)?,
            history_tiles: Tiles::open(&directory.history(), Part::History, options.cached_tiles)?,
            log_edge: TileEdge::default(),
            history_edge: TileEdge::default(),
            place: crate::rebuild::origin(genesis),
            progress,
        })
    }

    fn enter(&mut self, blocks: Vec<SignedBlock>) -> Result<(), SnapshotError> {
        for signed in blocks {
            let before = self.place;
            let height = before.height.next();
            let followed = self.follower.follow(&signed);
            let followed = followed.map_err(|source| SnapshotError::Block { height, source })?;
            let SignedBlock { block, certificate, .. } = &signed;
            let frame = self.segments.append_unsynced(block, certificate)?;
            let record = BlockRecord { frame, first_index: before.log_size.0, first_batch: before.batches };
            let batches = batch_records(block, before.log_size, &frame);
            self.columns.blocks.write(before.height.0, &[record.encode()])?;
            let encoded: Vec<_> = batches.iter().map(BatchColumnRecord::encode).collect();
            self.columns.batches.write(before.batches, &encoded)?;
            self.log_tiles.append(&mut self.log_edge, &followed.leaf_hashes, Some(&followed.tile_roots))?;
            let leaf = HistoryHash::leaf(&followed.hash.0);
            self.history_tiles.append(&mut self.history_edge, &[leaf], None)?;
            self.place = Checkpoint {
                height,
                hash: followed.hash,
                log_size: LogSize(before.log_size.0 + followed.leaf_hashes.len() as u64),
                batches: before.batches + batches.len() as u64,
                end: frame.end(),
            };
        }
        (self.progress)(self.place.height);
        Ok(())
    }

    /// Checks what only the end shows, and makes all of it durable.
    fn finish(self, state: &StateSnapshot) -> Result<Checkpoint, SnapshotError> {
        let height = self.follower.height();
        self.follower.finish(state).map_err(|source| {
            let height = if source == FollowFault::Missing { height.next() } else { height };
            SnapshotError::Block { height, source }
        })?;
        self.segments.sync_last()?;
        self.columns.blocks.sync()?;
        self.columns.batches.sync()?;
        self.log_tiles.sync()?;
        self.history_tiles.sync()?;
        Ok(self.place)
    }
}
