//! The state as of a checkpoint, checked against the header of its block.

use sanad_chain::Fault;
use sanad_core::block::{BlockHeader, batches_root};
use sanad_core::genesis::Genesis;
use sanad_core::hash::{BlockHash, ChainId, HistoryHash, Root};
use sanad_core::ids::{Height, LogSize};
use sanad_core::merkle::{Frontier, Rfc6962, TreeHash};
use sanad_core::state::{Head, State, StateParts};
use sanad_core::status::StatusTree;
use sanad_core::validators::ValidatorSet;

use crate::blocks::Blocks;
use crate::checkpoint::Loaded;
use crate::columns::Columns;
use crate::error::{OpenError, Part, StoreError};
use crate::history::past;
use crate::segments::Segments;
use crate::shared::StoredHead;
use crate::tiles::Tiles;

/// What a state is put together from, beside the tiles.
pub(crate) struct Restoring<'a> {
    pub(crate) genesis: &'a Genesis,
    pub(crate) chain_id: ChainId,
    pub(crate) loaded: &'a Loaded,
    pub(crate) segments: &'a Segments,
    pub(crate) columns: &'a Columns,
}

impl Restoring<'_> {
    /// The block of the checkpoint, which the genesis does not have, and the state after it.
    pub(crate) fn restore(
        &self,
        log: &Tiles<Rfc6962>,
        history: &Tiles<HistoryHash>,
    ) -> Result<(Option<StoredHead>, State), OpenError> {
        let sets = self.check_sets()?;
        if self.loaded.checkpoint.height == Height::GENESIS {
            return Ok((None, State::genesis(self.genesis)?));
        }
        let (head, batches_root) = self.head()?;
        self.check_history(history, &head, batches_root)?;
        Ok((Some(head.clone()), self.state(log, history, &head, sets)?))
    }

    /// Checks that each validator set is the one that a header announces; returns the last.
    fn check_sets(&self) -> Result<&ValidatorSet, OpenError> {
        let sets = &self.loaded.sets;
        let (Some(first), Some(last)) = (sets.first(), sets.last()) else {
            return Err(damaged(Part::Checkpoint));
        };
        let mut sound = *first == self.genesis.validators()?;
        for pair in sets.windows(2) {
            let [former, next] = pair else { break };
            let announced = Height(next.first_height().0 - 1);
            sound &= next.check_follows(former).is_ok() && announced <= self.loaded.checkpoint.height;
            if !sound {
                break;
            }
            let header = self.header(announced)?;
            sound = header.validators_hash == former.hash() && header.next_validators_hash == next.hash();
        }
        if sound { Ok(last) } else { Err(damaged(Part::Checkpoint)) }
    }

    fn blocks(&self) -> Blocks<'_> {
        Blocks { segments: self.segments, columns: self.columns, end: self.loaded.checkpoint }
    }

    fn header(&self, height: Height) -> Result<BlockHeader, StoreError> {
        let front = self.blocks().front(height)?;
        front.map(|(_, header)| header).ok_or(StoreError::Damaged { part: Part::Checkpoint })
    }

    /// The block of the checkpoint, read whole from the segments, and the root over its batches.
    fn head(&self) -> Result<(StoredHead, Root), StoreError> {
        let place = &self.loaded.checkpoint;
        let height = place.height;
        let corrupt = |fault: Fault| StoreError::Corrupt { height, fault };
        let record = self.columns.block(height)?;
        if record.frame.end() != place.end {
            return Err(StoreError::Damaged { part: Part::Blocks });
        }
        let frame = self.blocks().frame(height)?.ok_or(StoreError::Damaged { part: Part::Blocks })?;
        let block = frame.block().map_err(corrupt)?;
        let header = block.header;
        if header.hash() != place.hash || header.log_size != place.log_size {
            return Err(StoreError::Damaged { part: Part::Checkpoint });
        }
        let certificate = frame.certificate().map_err(corrupt)?;
        Ok((StoredHead { header, certificate }, batches_root(&block.batches)))
    }

    /// Checks that the history tree ends with the head, and is the one that the head names up to there.
    fn check_history(
        &self,
        history: &Tiles<HistoryHash>,
        head: &StoredHead,
        batches_root: Root,
    ) -> Result<(), OpenError> {
        let place = &self.loaded.checkpoint;
        let before = Height(place.height.0 - 1);
        let previous = match before {
            Height::GENESIS => BlockHash(self.chain_id.0),
            before => self.header(before)?.hash(),
        };
        let past = past(history, place.height, previous, batches_root)?;
        let sound =
            past.hash() == head.header.past && history.leaf(before.0)? == HistoryHash::leaf(&place.hash.0);
        if sound { Ok(()) } else { Err(damaged(Part::History)) }
    }

    /// The state, with every root as the header states it.
    fn state(
        &self,
        log: &Tiles<Rfc6962>,
        history: &Tiles<HistoryHash>,
        head: &StoredHead,
        validators: &ValidatorSet,
    ) -> Result<State, OpenError> {
        let StoredHead { header, .. } = head;
        let (Height(height), LogSize(size)) = (header.height, header.log_size);
        let edge = |part: Part| move |_| StoreError::Damaged { part };
        let parts = StateParts {
            head: Head { height: header.height, hash: self.loaded.checkpoint.hash, time_ms: header.time_ms },
            log: Frontier::from_peaks(size, log.peaks(size)?).map_err(edge(Part::Tiles))?,
            history: Frontier::from_peaks(height, history.peaks(height)?).map_err(edge(Part::History))?,
            status: StatusTree::from_leaves(self.loaded.leaves.iter().copied()),
            members: self.loaded.members.clone(),
            parameters: self.loaded.parameters,
            governance: self.loaded.governance.clone(),
            validators: validators.clone(),
        };
        let state = State::from_parts(self.genesis, parts);
        if state.log_root() != header.log_root {
            return Err(damaged(Part::Tiles));
        }
        let sound =
            state.state_root() == header.state_root && validators.hash() == header.next_validators_hash;
        if sound { Ok(state) } else { Err(damaged(Part::Checkpoint)) }
    }
}

fn damaged(part: Part) -> OpenError {
    StoreError::Damaged { part }.into()
}
