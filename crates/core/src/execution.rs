//! Execution: the rules by which batches change the ledger.
//!
//! A proposer builds a block with [`BlockBuilder`]; every validator runs the same builder over the block it
//! was sent ([`apply`]) and compares the header. There is no other way into the ledger.

mod error;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use crate::batch::{Batch, BatchChain, SignedBatch};
use crate::block::{
    Block, BlockHeader, HEADER_BYTES, LOG_SIZE_MAX, Past, ProtocolVersion, TIME_MS_MAX, batches_root,
};
use crate::commitment::IssuanceKey;
use crate::event::{Event, EventKind, Origin};
use crate::hash::{BatchId, BlockHash, HistoryHash, Root};
use crate::ids::{Height, LogIndex, LogSize, MemberId, Sequence};
use crate::member::{ChainHead, KeyPurpose, MemberState, Role, Standing};
use crate::merkle::{Frontier, Hash, Rfc6962, TreeHash};
use crate::signature::PublicKey;
use crate::state::{Head, State};
use crate::state_root;
use crate::status::{Status, StatusChanges};
use crate::validators::ValidatorSet;

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
    /// The batch.
    pub id: BatchId,
    /// Its issuer.
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
    /// The header.
    pub header: BlockHeader,
    /// Its hash.
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
    /// What the header's `past` is the hash of.
    pub past: Past,
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
        let member = self.check_issuer(&signed).map_err(AddError::Refused)?;
        let (changes, issuances) = self.check_events(&signed)?;
        self.enter(signed, member, changes, issuances);
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
    pub fn finish(self, round: u32, time_ms: u64) -> Result<(Block, Execution), BlockError<V::Error>> {
        let state = self.state;
        if time_ms <= state.head.time_ms || time_ms > TIME_MS_MAX {
            return Err(BlockError::Time { previous: state.head.time_ms, actual: time_ms });
        }
        let version = state.parameters.protocol;
        if version != ProtocolVersion::CURRENT {
            return Err(BlockError::Protocol { actual: version });
        }
        let mut registry = state.registry.clone();
        self.members.values().for_each(|member| registry.set(member.clone()));
        let status = state.status.change(&self.statuses);
        let log_size = LogSize(self.log.size());
        let past = Past {
            previous: state.head.hash,
            history_root: Root(state.history.root()),
            batches_root: batches_root(&self.batches),
        };
        // Under rules version 1 nothing changes the validators.
        let next_validators = state.validators.clone();
        let validators_hash = state.validators.hash();
        let header = BlockHeader {
            version,
            chain_id: state.chain_id,
            height: self.height,
            round,
            time_ms,
            log_size,
            log_root: Root(self.log.root()),
            state_root: state_root::state_root(
                &state.status.root_after(&status, log_size),
                &registry.root(),
                &state.others_root(),
            ),
            past: past.hash(),
            validators_hash,
            next_validators_hash: validators_hash,
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
            past,
            log: self.log,
        };
        Ok((Block { header, batches: self.batches }, execution))
    }

    fn member(&self, id: &MemberId) -> Option<&MemberState> {
        self.members.get(id).or_else(|| self.state.registry.member(id))
    }

    fn check_issuer(&self, signed: &SignedBatch) -> Result<MemberState, BatchError> {
        let batch = signed.batch();
        let issuer = batch.issuer.clone();
        if batch.chain_id != self.state.chain_id {
            let (expected, actual) = (self.state.chain_id, batch.chain_id);
            return Err(BatchError::ForeignChain { expected, actual });
        }
        let Some(member) = self.member(&issuer) else {
            return Err(BatchError::UnknownIssuer { issuer });
        };
        if batch.chain != BatchChain::Issuing {
            return Err(BatchError::UnknownChain { issuer });
        }
        let key = issuing_key(member)?;
        if let Err(source) = signed.verify(&key) {
            return Err(BatchError::Signature { issuer, source });
        }
        let head = member.rest().issuing;
        let (expected, actual) = (head.next_sequence, batch.sequence);
        if actual < expected {
            return Err(BatchError::SequenceUsed { issuer, expected, actual });
        }
        if actual > expected {
            return Err(BatchError::SequenceGap { issuer, expected, actual });
        }
        if batch.previous != head.last_batch {
            let (expected, actual) = (head.last_batch, batch.previous);
            return Err(BatchError::Fork { issuer, expected, actual });
        }
        let size = self.log.size() + batch.events.len() as u64;
        if size > LOG_SIZE_MAX {
            return Err(BatchError::LogFull { size: LogSize(size) });
        }
        Ok(member.clone())
    }

    /// Checks the events and takes in the new issuances. After an error they are as before.
    fn check_events(&mut self, signed: &SignedBatch) -> Result<Changes, AddError<V::Error>> {
        let mut changes = StatusesBy::new();
        let Batch { issuer, events, .. } = signed.batch();
        let (mut keys, mut positions) = (Vec::with_capacity(events.len()), Vec::with_capacity(events.len()));
        self.issued.reserve(events.len());
        let mut failed = None;
        for (position, event) in events.iter().enumerate() {
            let checked = match event {
                Event::Issue { commitment } => {
                    let key = IssuanceKey::new(issuer, commitment);
                    match self.issued.insert(key) {
                        true => {
                            keys.push(key);
                            positions.push(position);
                            Ok(())
                        }
                        false => {
                            let commitment = *commitment;
                            Err(EventFailure::Refused(EventError::DuplicateCommitment { commitment }))
                        }
                    }
                }
                Event::Revoke { target } | Event::Suspend { target } | Event::Reinstate { target } => {
                    self.check_change(event, *target, issuer, &mut changes)
                }
            };
            if let Err(failure) = checked {
                failed = Some((position, failure));
                break;
            }
        }
        // All at once, which costs the store less. An issuance that is found stands before whatever failed above.
        match self.view.first_issued(&keys) {
            Ok(None) => {}
            Ok(Some((place, at))) => {
                let position = positions[place];
                if let Event::Issue { commitment } = events[position] {
                    failed =
                        Some((position, EventFailure::Refused(EventError::AlreadyIssued { commitment, at })));
                }
            }
            Err(error) => failed = Some((0, EventFailure::View(error))),
        }
        let Some((position, failure)) = failed else {
            let first = self.log.size();
            let index = |position: &usize| LogIndex(first + *position as u64);
            return Ok((changes, keys.into_iter().zip(positions.iter().map(index)).collect()));
        };
        for key in &keys {
            self.issued.remove(key);
        }
        Err(match failure {
            EventFailure::Refused(source) => AddError::Refused(BatchError::Event { position, source }),
            EventFailure::View(error) => AddError::View(error),
        })
    }

    fn check_change(
        &self,
        event: &Event,
        target: LogIndex,
        issuer: &MemberId,
        changes: &mut StatusesBy,
    ) -> Result<(), EventFailure<V::Error>> {
        let size = LogSize(self.log.size());
        if target.0 >= size.0 {
            return Err(EventFailure::Refused(EventError::UnknownTarget { target, size }));
        }
        let origin = self.origin(target).map_err(EventFailure::View)?;
        if origin.kind != EventKind::Issue {
            let kind = origin.kind.as_str();
            return Err(EventFailure::Refused(EventError::NotAnIssuance { target, kind }));
        }
        if origin.issuer != *issuer {
            let issuer = origin.issuer;
            return Err(EventFailure::Refused(EventError::AnotherIssuer { target, issuer }));
        }
        let pending = changes.get(&target).or_else(|| self.statuses.get(&target)).copied();
        let status = pending.unwrap_or_else(|| self.state.status.status(target));
        let Some(next) = status.after(event) else {
            let change = event.kind();
            return Err(EventFailure::Refused(EventError::Status { target, status, change }));
        };
        changes.insert(target, next);
        Ok(())
    }

    /// The origin of the entry at an index, which may stand in this very block.
    fn origin(&self, index: LogIndex) -> Result<Origin, V::Error> {
        if index.0 < self.state.log.size() {
            return self.view.origin(index);
        }
        let place = self.places.partition_point(|place| place.first_index <= index) - 1;
        let BatchPlace { issuer, first_index, .. } = &self.places[place];
        let event = &self.batches[place].batch().events[(index.0 - first_index.0) as usize];
        Ok(Origin { issuer: issuer.clone(), kind: EventKind::from(event) })
    }

    fn enter(
        &mut self,
        signed: Arc<SignedBatch>,
        mut member: MemberState,
        changes: StatusesBy,
        issuances: Vec<(IssuanceKey, LogIndex)>,
    ) {
        let batch = signed.batch();
        let first_index = LogIndex(self.log.size());
        let hashes = signed.leaf_hashes();
        self.tile_roots.extend(self.log.extend_noting(&hashes, TILE_LEVEL));
        self.leaf_hashes.extend_from_slice(&hashes);
        self.issuances.extend(issuances);
        self.statuses.extend(changes);
        member.change_rest(|rest| {
            rest.issuing = ChainHead { next_sequence: batch.sequence.next(), last_batch: signed.id() };
            for (index, hash) in (first_index.0..).zip(hashes.iter()) {
                rest.events.push(LogIndex(index), hash);
            }
        });
        self.places.push(BatchPlace {
            id: signed.id(),
            issuer: batch.issuer.clone(),
            sequence: batch.sequence,
            first_index,
            entries: batch.events.len() as u64,
        });
        self.members.insert(batch.issuer.clone(), member);
        self.bytes += signed.bytes().len();
        self.batches.push(signed);
    }
}

/// Level of the subtrees whose roots an execution gives: those of 256 leaves, as C2SP `tlog-tiles` cuts the log tree.
pub const TILE_LEVEL: u32 = 8;

/// What one batch makes of statuses.
type StatusesBy = BTreeMap<LogIndex, Status>;

enum EventFailure<E> {
    Refused(EventError),
    View(E),
}

/// The statuses that a batch changes, and what it issues.
type Changes = (StatusesBy, Vec<(IssuanceKey, LogIndex)>);

/// The key with which a member may sign batches.
///
/// # Errors
/// [`BatchError::InactiveIssuer`] or [`BatchError::WrongRole`].
pub fn issuing_key(member: &MemberState) -> Result<PublicKey, BatchError> {
    let (record, rest) = (member.record(), member.rest());
    if record.standing != Standing::Active {
        return Err(BatchError::InactiveIssuer { issuer: record.id.clone(), standing: record.standing });
    }
    match rest.current_key(KeyPurpose::Issuing) {
        Some(key) if rest.role >= Role::Issuer => Ok(key),
        _ => Err(BatchError::WrongRole { issuer: record.id.clone(), role: rest.role }),
    }
}

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
    }
}
