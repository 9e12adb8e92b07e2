//! Execution: the rules by which batches change the ledger.
//!
//! A proposer builds a block with [`BlockBuilder`]; every validator runs the same builder over the block it
//! was sent ([`apply`]) and compares the header. There is no other way into the ledger.

mod chains;
mod changes;
mod checks;
mod draft;
mod error;
mod evidence;
mod own;
mod votes;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use crate::batch::{BatchChain, SignedBatch};
use crate::block::{Block, BlockHeader, HEADER_BYTES, Past, TIME_MS_MAX, batches_root};
use crate::commitment::IssuanceKey;
use crate::event::Origin;
use crate::genesis::Parameters;
use crate::governance::Governance;
use crate::hash::{BatchId, BlockHash, HistoryHash, Root};
use crate::ids::{Height, LogIndex, LogSize, MemberId, Sequence};
use crate::member::{ChainHead, MemberRest, MemberState};
use crate::merkle::{Frontier, Hash, Rfc6962, TreeHash};
use crate::state::{Head, State};
use crate::state_root;
use crate::status::{Status, StatusChanges};
use crate::validators::ValidatorSet;

pub use chains::{chain_head, check_signatures, issuing_key};
use checks::Checked;
pub use checks::REVOCATIONS_A_DAY_MAX;
use draft::{Draft, Kept};
pub use error::{AddError, BatchError, BlockError, EventError};

/// What execution must look up in the log so far.
pub trait LedgerView {
    /// Why a lookup failed; never that there is nothing.
    type Error;

    /// Where a commitment was issued by its issuer, if it ever was.
    ///
    /// # Errors
    /// The store's.
    fn issuance(&self, key: &IssuanceKey) -> Result<Option<LogIndex>, Self::Error>;

    /// The first of several issuances that was made already, by its place among them, and where it was made.
    ///
    /// # Errors
    /// The store's.
    fn first_issued(&self, keys: &[IssuanceKey]) -> Result<Option<(usize, LogIndex)>, Self::Error> {
        for (place, key) in keys.iter().enumerate() {
            if let Some(index) = self.issuance(key)? {
                return Ok(Some((place, index)));
            }
        }
        Ok(None)
    }

    /// Who made the entry at an index below the log size, and of what kind it is.
    ///
    /// # Errors
    /// The store's.
    fn origin(&self, index: LogIndex) -> Result<Origin, Self::Error>;
}

/// Where a batch came to stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchPlace {
    /// Hash of the batch.
    pub id: BatchId,
    /// Member that signed it.
    pub issuer: MemberId,
    /// Its place in the issuer's chain.
    pub sequence: Sequence,
    /// Log index of its first entry.
    pub first_index: LogIndex,
    /// Number of its entries.
    pub entries: u64,
}

/// What a block does to the ledger: all that a store needs to make it durable, and a state to move on.
#[derive(Clone, Debug)]
pub struct Execution {
    /// Header of the block, with the roots after it.
    pub header: BlockHeader,
    /// Hash of the header, which names the block.
    pub hash: BlockHash,
    /// Log index of the first new entry.
    pub first_index: LogIndex,
    /// Leaf hashes of the new entries, in order.
    pub leaf_hashes: Vec<Hash>,
    /// Roots of the log tree's complete subtrees of 2^[`TILE_LEVEL`] leaves that the new entries end, in order.
    pub tile_roots: Vec<Hash>,
    /// New issuances and where they were made, in order.
    pub issuances: Vec<(IssuanceKey, LogIndex)>,
    /// The batches, in order.
    pub batches: Vec<BatchPlace>,
    /// What changes in the status tree.
    pub status: StatusChanges,
    /// Members that changed, sorted by id.
    pub members: Vec<MemberState>,
    /// Those who decide the next block.
    pub next_validators: ValidatorSet,
    /// The parameters after the block.
    pub parameters: Parameters,
    /// The governance part after the block.
    pub governance: Governance,
    /// Entries that concern another member than the one that signed them, in order of the log.
    pub concerns: Vec<(MemberId, LogIndex)>,
    /// What the header's `past` is the hash of.
    pub past: Past,
    /// Root of the status tree after the block.
    pub status_root: Root,
    /// Root over the parts of the state other than statuses and members, after the block.
    pub others_root: Root,
    log: Frontier<Rfc6962>,
}

impl Execution {
    /// The right edge of the log tree after the block.
    pub fn log(&self) -> &Frontier<Rfc6962> {
        &self.log
    }
}

/// Builds a block on top of a state, batch by batch.
pub struct BlockBuilder<'a, V> {
    state: &'a State,
    view: &'a V,
    height: Height,
    batches: Vec<Arc<SignedBatch>>,
    bytes: usize,
    places: Vec<BatchPlace>,
    members: BTreeMap<MemberId, MemberState>,
    kept: Kept,
    concerns: Vec<(MemberId, LogIndex)>,
    statuses: BTreeMap<LogIndex, Status>,
    // Asked for membership alone; its order is never seen.
    issued: HashSet<IssuanceKey>,
    issuances: Vec<(IssuanceKey, LogIndex)>,
    log: Frontier<Rfc6962>,
    leaf_hashes: Vec<Hash>,
    tile_roots: Vec<Hash>,
}

impl<'a, V: LedgerView> BlockBuilder<'a, V> {
    /// An empty block on top of `state`; `view` answers for the log up to that state.
    pub fn new(state: &'a State, view: &'a V) -> Self {
        Self {
            state,
            view,
            height: state.head.height.next(),
            batches: Vec::new(),
            bytes: HEADER_BYTES + 4,
            places: Vec::new(),
            members: BTreeMap::new(),
            kept: Kept::new(state),
            concerns: Vec::new(),
            statuses: BTreeMap::new(),
            issued: HashSet::new(),
            issuances: Vec::new(),
            log: state.log.clone(),
            leaf_hashes: Vec::new(),
            tile_roots: Vec::new(),
        }
    }

    /// Bytes that the block may still grow by.
    pub fn room(&self) -> usize {
        (self.state.parameters.block_bytes_max as usize).saturating_sub(self.bytes)
    }

    /// Whether [`Self::add`] would take a batch. Costs less: nothing is hashed but what is looked up.
    ///
    /// # Errors
    /// Those of [`Self::add`].
    pub fn check(mut self, signed: &SignedBatch) -> Result<(), AddError<V::Error>> {
        self.check_room(signed)?;
        self.check_issuer(signed).map_err(AddError::Refused)?;
        self.check_events(signed).map(|_| ())
    }

    /// Adds a batch, or leaves the block as it was.
    ///
    /// # Errors
    /// [`AddError`]: the first rule that it breaks, or a failed lookup.
    pub fn add(&mut self, signed: Arc<SignedBatch>) -> Result<(), AddError<V::Error>> {
        self.check_room(&signed)?;
        self.check_issuer(&signed).map_err(AddError::Refused)?;
        let checked = self.check_events(&signed)?;
        self.enter(signed, checked);
        Ok(())
    }

    fn check_room(&self, signed: &SignedBatch) -> Result<(), AddError<V::Error>> {
        let bytes = signed.bytes().len();
        if bytes > self.room() || self.batches.len() == crate::block::BLOCK_BATCHES_MAX {
            return Err(AddError::Refused(BatchError::BlockFull { bytes, room: self.room() }));
        }
        Ok(())
    }

    /// The block's header and effects. `round` is the round in which it is first proposed.
    ///
    /// # Errors
    /// [`BlockError::Time`] unless `time_ms` is after the block before, and before the year 10000;
    /// [`BlockError::Protocol`] if this program does not know the rules in force.
    pub fn finish(mut self, round: u32, time_ms: u64) -> Result<(Block, Execution), BlockError<V::Error>> {
        let state = self.state;
        if time_ms <= state.head.time_ms || time_ms > TIME_MS_MAX {
            return Err(BlockError::Time { previous: state.head.time_ms, actual: time_ms });
        }
        let version = state.parameters.protocol;
        if !state.known_versions.contains(&version) {
            return Err(BlockError::Protocol { actual: version });
        }
        let next_validators = self.settle();
        let mut registry = state.registry.clone();
        self.members.values().for_each(|member| registry.set(member.clone()));
        let status = state.status.change(&self.statuses);
        let log_size = LogSize(self.log.size());
        let past = Past {
            previous: state.head.hash,
            history_root: Root(state.history.root()),
            batches_root: batches_root(&self.batches),
        };
        let others_root =
            state_root::others_root(&state_root::parts(&self.kept.governance, &self.kept.parameters));
        let status_root = state.status.root_after(&status, log_size);
        let header = BlockHeader {
            version,
            chain_id: state.chain_id,
            height: self.height,
            round,
            time_ms,
            log_size,
            log_root: Root(self.log.root()),
            state_root: state_root::state_root(&status_root, &registry.root(), &others_root),
            past: past.hash(),
            validators_hash: state.validators.hash(),
            next_validators_hash: next_validators.hash(),
        };
        let execution = Execution {
            hash: header.hash(),
            header: header.clone(),
            first_index: LogIndex(state.log.size()),
            leaf_hashes: self.leaf_hashes,
            tile_roots: self.tile_roots,
            issuances: self.issuances,
            batches: self.places,
            status,
            members: self.members.into_values().collect(),
            next_validators,
            parameters: self.kept.parameters,
            governance: self.kept.governance,
            concerns: self.concerns,
            past,
            status_root,
            others_root,
            log: self.log,
        };
        Ok((Block { header, batches: self.batches }, execution))
    }

    fn member(&self, id: &MemberId) -> Option<&MemberState> {
        self.members.get(id).or_else(|| self.state.registry.member(id))
    }

    /// Brings into force what the block decided for the next height; returns those who decide that.
    fn settle(&mut self) -> ValidatorSet {
        let next = self.height.next();
        let mut draft = self.draft(next, LogIndex(self.log.size()));
        draft.settle();
        draft.settle_consensus_keys();
        draft.settle_proposals();
        // What the proposals put off.
        draft.settle();
        draft.settle_protocol();
        let validators = draft.validator_set();
        let Draft { members, kept, .. } = draft;
        self.members.extend(members);
        self.kept = kept;
        validators
    }

    /// Members and governance as they are now, for changes that hold from a height and a log index on.
    fn draft(&self, since: Height, from: LogIndex) -> Draft<'_> {
        Draft {
            state: self.state,
            block: &self.members,
            members: BTreeMap::new(),
            kept: self.kept.clone(),
            height: self.height,
            since,
            from,
        }
    }

    fn enter(&mut self, signed: Arc<SignedBatch>, checked: Checked) {
        let batch = signed.batch();
        let first_index = LogIndex(self.log.size());
        let hashes = signed.leaf_hashes();
        self.tile_roots.extend(self.log.extend_noting(&hashes, TILE_LEVEL));
        self.leaf_hashes.extend_from_slice(&hashes);
        let Checked { changes, issuances, revoked, governance, concerns } = checked;
        self.issuances.extend(issuances);
        self.statuses.extend(changes);
        if let Some((members, kept)) = governance {
            self.members.extend(members);
            self.kept = kept;
        }
        self.change_member(&batch.issuer, |rest| {
            let head = ChainHead { next_sequence: batch.sequence.next(), last_batch: signed.id() };
            match batch.chain {
                BatchChain::Issuing => rest.issuing = head,
                BatchChain::Governance => rest.governance = head,
                BatchChain::Freeze => {}
            }
            if let Some(revoked) = revoked {
                rest.revoked = revoked;
            }
            for (index, hash) in (first_index.0..).zip(hashes.iter()) {
                rest.events.push(LogIndex(index), hash);
            }
        });
        for (member, index) in concerns {
            let hash = &hashes[(index.0 - first_index.0) as usize];
            if self.change_member(&member, |rest| rest.events.push(index, hash)) {
                self.concerns.push((member, index));
            }
        }
        self.places.push(BatchPlace {
            id: signed.id(),
            issuer: batch.issuer.clone(),
            sequence: batch.sequence,
            first_index,
            entries: batch.events.len() as u64,
        });
        self.bytes += signed.bytes().len();
        self.batches.push(signed);
    }

    /// Changes a member's rest, if it is a member.
    fn change_member(&mut self, id: &MemberId, change: impl FnOnce(&mut MemberRest)) -> bool {
        let Some(mut member) = self.member(id).cloned() else { return false };
        member.change_rest(change);
        self.members.insert(id.clone(), member);
        true
    }
}

/// Level of the subtrees whose roots an execution gives: those of 256 leaves, as C2SP `tlog-tiles` cuts the log tree.
pub const TILE_LEVEL: u32 = 8;

/// Executes a block on top of a state and compares its header with the result.
///
/// # Errors
/// [`BlockError`]: the first thing that does not follow, or a failed lookup.
pub fn apply<V: LedgerView>(
    state: &State,
    view: &V,
    block: &Block,
) -> Result<Execution, BlockError<V::Error>> {
    let mut builder = BlockBuilder::new(state, view);
    for (position, batch) in block.batches.iter().enumerate() {
        builder.add(Arc::clone(batch)).map_err(|error| match error {
            AddError::Refused(source) => BlockError::Batch { position, source },
            AddError::View(error) => BlockError::View(error),
        })?;
    }
    let (_, execution) = builder.finish(block.header.round, block.header.time_ms)?;
    match execution.header.first_difference(&block.header) {
        None => Ok(execution),
        Some(field) => {
            let (expected, actual) = (Box::new(execution.header), Box::new(block.header.clone()));
            Err(BlockError::Header { field, expected, actual })
        }
    }
}

impl State {
    /// Moves on to the state after a block that was executed on top of this one.
    pub fn advance(&mut self, execution: &Execution) {
        assert_eq!(execution.past.previous, self.head.hash, "invariant: executed on top of this state");
        let Execution { header, hash, .. } = execution;
        self.head = Head { height: header.height, hash: *hash, time_ms: header.time_ms };
        self.log = execution.log.clone();
        self.history.append(HistoryHash::leaf(&hash.0));
        self.status.advance(execution.status.clone());
        execution.members.iter().for_each(|member| self.registry.set(member.clone()));
        self.validators = execution.next_validators.clone();
        self.parameters = execution.parameters;
        self.governance = execution.governance.clone();
    }
}
