//! Making and opening a store.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicU8;
use std::sync::{Arc, Mutex, RwLock};

use sanad_core::genesis::Genesis;
use sanad_core::governance::Governance;
use sanad_core::hash::ChainId;
use sanad_core::state::State;

use crate::background::Background;
use crate::checkpoint::{Checkpoints, Concerns, Delta, Loaded};
use crate::closed::Closed;
use crate::columns::Columns;
use crate::directory::{Identity, StoreDirectory};
use crate::error::{OpenError, Part, StoreError, at};
use crate::files;
use crate::frame::Frame;
use crate::index::{IndexOptions, KeyIndex};
use crate::options::Options;
use crate::rebuild::origin;
use crate::register::Register;
use crate::replay::{self, LogEnd};
use crate::restore::Restoring;
use crate::segments::Segments;
use crate::shared::{Published, Shared, Writer};
use crate::store::Store;
use crate::tiles::Tiles;
use crate::undecided::Undecided;
use crate::unsynced;

pub(crate) fn create(path: &Path, genesis: &Genesis, options: Options) -> Result<(Store, State), OpenError> {
    let chain_id = genesis.chain_id();
    let state = State::genesis(genesis)?;
    let directory = StoreDirectory::create(path)?;
    let segments = Segments::create(&directory.segments(), chain_id, options.segment_bytes)?;
    let loaded = begin(&directory, genesis, &options)?;
    // Last: a directory with an identity holds a whole store.
    let identity = directory.write_identity(chain_id)?;
    let (store, _) = Opening { directory, identity, chain_id, options, segments }.finish(genesis, loaded)?;
    Ok((store, state))
}

pub(crate) fn open(path: &Path, genesis: &Genesis, options: Options) -> Result<(Store, State), OpenError> {
    let (opening, loaded) = load(path, genesis, options)?;
    opening.finish(genesis, loaded)
}

pub(crate) fn open_to_repair(
    path: &Path,
    genesis: &Genesis,
    options: Options,
) -> Result<(Store, State), OpenError> {
    let (opening, loaded) = load(path, genesis, options)?;
    let (store, state, _) = opening.resume(genesis, loaded)?;
    Ok((store, state))
}

fn load(
    path: &Path,
    genesis: &Genesis,
    options: Options,
) -> Result<(Opening, (Checkpoints, Loaded)), OpenError> {
    let chain_id = genesis.chain_id();
    let directory = StoreDirectory::open(path)?;
    let identity = directory.identity(chain_id)?;
    let segments = Segments::open(&directory.segments(), chain_id, options.segment_bytes)?
        .with_unsynced(unsynced::read(&directory.unsynced(), &chain_id)?);
    let checkpoints = Checkpoints::open(&directory.checkpoint(), options.sled_cache_bytes)?;
    let loaded = checkpoints.load()?.ok_or(StoreError::Damaged { part: Part::Checkpoint })?;
    Ok((Opening { directory, identity, chain_id, options, segments }, (checkpoints, loaded)))
}

/// Makes the checkpoint of the genesis in an empty database.
pub(crate) fn begin(
    directory: &StoreDirectory,
    genesis: &Genesis,
    options: &Options,
) -> Result<(Checkpoints, Loaded), OpenError> {
    files::make_directory(&directory.checkpoint())?;
    let checkpoints = Checkpoints::open(&directory.checkpoint(), options.sled_cache_bytes)?;
    let checkpoint = origin(genesis);
    let members: Vec<_> = genesis.registry().members().cloned().collect();
    let (parameters, sets) = (genesis.parameters, vec![genesis.validators()?]);
    let delta = Delta {
        members: members.iter().map(|member| (member.record().id.clone(), member.clone())).collect(),
        leaves: BTreeMap::new(),
        sets: sets.clone(),
        parameters: Some(parameters),
        governance: None,
        concerns: Vec::new(),
    };
    checkpoints.write(&checkpoint, &delta)?;
    let (governance, concerns) = (Governance::default(), Concerns::new());
    let loaded = Loaded { checkpoint, parameters, members, leaves: Vec::new(), sets, governance, concerns };
    Ok((checkpoints, loaded))
}

/// A store whose segments are open.
pub(crate) struct Opening {
    pub(crate) directory: StoreDirectory,
    pub(crate) identity: Identity,
    pub(crate) chain_id: ChainId,
    pub(crate) options: Options,
    pub(crate) segments: Segments,
}

impl Opening {
    /// Continues from a checkpoint to the end of the log.
    pub(crate) fn finish(
        self,
        genesis: &Genesis,
        loaded: (Checkpoints, Loaded),
    ) -> Result<(Store, State), OpenError> {
        self.finish_with(genesis, loaded, |_| {})
    }

    /// As [`Self::finish`]; calls `each` with every block that is executed.
    pub(crate) fn finish_with(
        self,
        genesis: &Genesis,
        loaded: (Checkpoints, Loaded),
        each: impl FnMut(&Frame) + Send,
    ) -> Result<(Store, State), OpenError> {
        let (store, mut state, end) = self.resume(genesis, loaded)?;
        replay::fill_indexes(&store)?;
        replay::execute(&store, &mut state, &end, each)?;
        Ok((store, state))
    }

    /// A store as of the checkpoint, and where its log ends. Its indexes lack the last batches, which may be in a damaged block.
    fn resume(
        self,
        genesis: &Genesis,
        (checkpoints, loaded): (Checkpoints, Loaded),
    ) -> Result<(Store, State, LogEnd), OpenError> {
        let place = loaded.checkpoint;
        let closed = self.directory.closed();
        let floor = place.end.max(Closed::read(&closed, &self.chain_id)?.end());
        let end = replay::find_end(&self.segments, &place, floor, |_| {})?;
        // From here on the log grows, and may end in a write that is cut off.
        files::remove_all(&closed)?;
        // An earlier process may have been stopped between writing and syncing. Everything that counts as the log from
        // here on has to be on disk.
        self.segments.sync_last()?;
        unsynced::remove(&self.directory.unsynced())?;
        let (shared, state) = self.assemble(genesis, checkpoints, loaded, &end)?;
        let shared = Arc::new(shared);
        let background = Background::start(&shared).map_err(at(Path::new("threads")))?;
        Ok((Store { shared, background }, state, end))
    }

    /// Everything as of the checkpoint.
    fn assemble(
        self,
        genesis: &Genesis,
        checkpoints: Checkpoints,
        loaded: Loaded,
        end: &LogEnd,
    ) -> Result<(Shared, State), OpenError> {
        let Self { directory, identity, chain_id, options, segments } = self;
        let place = loaded.checkpoint;
        files::make_directory(&directory.columns())?;
        files::make_directory(&directory.tiles())?;
        files::make_directory(&directory.history())?;
        let columns = Columns::open(&directory.columns())?;
        columns.blocks.cut(place.height.0)?;
        columns.batches.cut(place.batches)?;
        let log_tiles = Tiles::open(&directory.tiles(), Part::Tiles, options.cached_tiles)?;
        let history_tiles = Tiles::open(&directory.history(), Part::History, options.cached_tiles)?;
        let (log_edge, history_edge) = (log_tiles.cut(place.log_size.0)?, history_tiles.cut(place.height.0)?);
        for directory in [directory.columns(), directory.tiles(), directory.history()] {
            files::sync_directory(&directory)?;
        }
        let restoring =
            Restoring { genesis, chain_id, loaded: &loaded, segments: &segments, columns: &columns };
        let (head, state) = restoring.restore(&log_tiles, &history_tiles)?;
        let (register, register_edge) = Register::open(&directory.register(), &state)?;
        let index =
            IndexOptions { memory_keys: options.index_memory_keys.max(1), fan_out: options.index_fan_out };
        let open_index = |path, limit| KeyIndex::open(path, identity.index_secret(), index, limit);
        let shared = Shared {
            issuances: open_index(&directory.issuances(), end.log_size.0)?,
            batch_keys: open_index(&directory.batch_keys(), end.batches)?,
            undecided: Undecided::open(directory.undecided(), chain_id, end.height)?,
            options,
            chain_id,
            segments,
            columns,
            log_tiles,
            history_tiles,
            register,
            published: RwLock::new(Arc::new(Published {
                head: head.map(Arc::new),
                place,
                sets: Arc::new(loaded.sets),
                concerns: Arc::new(loaded.concerns),
            })),
            writer: Mutex::new(Writer {
                log_edge,
                history_edge,
                register_edge,
                delta: Delta::default(),
                blocks: 0,
                bytes: 0,
                unsynced_bytes: None,
            }),
            checkpoints: Mutex::new(checkpoints),
            health: AtomicU8::new(0),
            directory,
        };
        Ok((shared, state))
    }
}
