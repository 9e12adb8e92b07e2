//! Execution: the rules by which batches change the ledger.
//!
//! A proposer builds a block with [`BlockBuilder`]; every validator runs the same builder over the block it
//! was sent ([`apply`]) and compares the header. There is no other way into the ledger.

mod error;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use crate::batch::SignedBatch;
use crate::block::{Block, BlockHeader, HEADER_BYTES, HEADER_VERSION, batches_root};
use crate::event::{Event, EventKind, Origin};
use crate::hash::{BatchId, BlockHash, Commitment, Root};
use crate::ids::{Height, LogIndex, LogSize, MemberId, Sequence};
use crate::member::{MemberRecord, Role};
use crate::merkle::{Frontier, Hash, Rfc6962};
use crate::signature::PublicKey;
use crate::state::{Head, State};
use crate::status::{Status, StatusChanges};
use crate::validators::ValidatorSet;

pub use error::{AddError, BatchError, BlockError, EventError};

/// What execution must look up in the log so far.
pub trait LedgerView {
    /// Why a lookup failed; never that there is nothing.
    type Error;

    /// Where a commitment was issued, if it ever was.
    ///
    /// # Errors
    /// The store's.
    fn issuance(&self, commitment: &Commitment) -> Result<Option<LogIndex>, Self::Error>;

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
    /// New commitments and where they were issued, in order.
    pub issuances: Vec<(Commitment, LogIndex)>,
    /// The batches, in order.
    pub batches: Vec<BatchPlace>,
    /// What changes in the status tree.
    pub status: StatusChanges,
    /// Records that changed, sorted by member id.
    pub records: Vec<MemberRecord>,
    log: Frontier<Rfc6962>,
    next_validators: ValidatorSet,
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
    records: BTreeMap<MemberId, MemberRecord>,
    statuses: BTreeMap<LogIndex, Status>,
    // Asked for membership alone; its order is never seen.
    commitments: HashSet<Commitment>,
    issuances: Vec<(Commitment, LogIndex)>,
    log: Frontier<Rfc6962>,
    leaf_hashes: Vec<Hash>,
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
            records: BTreeMap::new(),
            statuses: BTreeMap::new(),
            commitments: HashSet::new(),
            issuances: Vec::new(),
            log: state.log.clone(),
            leaf_hashes: Vec::new(),
        }
    }

    /// Bytes that the block may still grow by.
    pub fn room(&self) -> usize {
        (self.state.parameters.block_bytes_max as usize).saturating_sub(self.bytes)
    }

    /// Adds a batch, or leaves the block as it was.
    ///
    /// # Errors
    /// [`AddError`]: the first rule that it breaks, or a failed lookup.
    pub fn add(&mut self, signed: Arc<SignedBatch>) -> Result<(), AddError<V::Error>> {
        let bytes = signed.bytes().len();
        if bytes > self.room() || self.batches.len() == crate::block::BLOCK_BATCHES_MAX {
            return Err(AddError::Refused(BatchError::BlockFull { bytes, room: self.room() }));
        }
        let record = self.check_issuer(&signed).map_err(AddError::Refused)?;
        let changes = self.check_events(&signed)?;
        self.enter(signed, record, changes);
        Ok(())
    }

    /// The block's header and effects. `round` is the one in which it is first proposed.
    ///
    /// # Errors
    /// [`BlockError::Time`] unless `time_ms` is after the block before; [`BlockError::Validators`].
    pub fn finish(self, round: u32, time_ms: u64) -> Result<(Block, Execution), BlockError<V::Error>> {
        let state = self.state;
        if time_ms <= state.head.time_ms {
            return Err(BlockError::Time { previous: state.head.time_ms, actual: time_ms });
        }
        let mut registry = state.registry.clone();
        self.records.values().for_each(|record| registry.set(record.clone()));
        let next_validators = registry.validators(self.height.next())?;
        let status = state.status.change(&self.statuses);
        let log_size = LogSize(self.log.size());
        let header = BlockHeader {
            version: HEADER_VERSION,
            chain_id: state.chain_id,
            height: self.height,
            round,
            time_ms,
            previous: state.head.hash,
            batches_root: batches_root(&self.batches),
            log_size,
            log_root: Root(self.log.root()),
            status_root: state.status.root_after(&status, log_size),
            registry_root: registry.root(),
            validators_hash: state.validators.hash(),
            next_validators_hash: next_validators.hash(),
        };
        let execution = Execution {
            hash: header.hash(),
            header: header.clone(),
            first_index: LogIndex(state.log.size()),
            leaf_hashes: self.leaf_hashes,
            issuances: self.issuances,
            batches: self.places,
            status,
            records: self.records.into_values().collect(),
            log: self.log,
            next_validators,
        };
        Ok((Block { header, batches: self.batches }, execution))
    }

    fn record(&self, id: &MemberId) -> Option<&MemberRecord> {
        self.records.get(id).or_else(|| self.state.registry.record(id))
    }

    fn check_issuer(&self, signed: &SignedBatch) -> Result<MemberRecord, BatchError> {
        let batch = signed.batch();
        let issuer = batch.issuer.clone();
        if batch.chain_id != self.state.chain_id {
            let (expected, actual) = (self.state.chain_id, batch.chain_id);
            return Err(BatchError::ForeignChain { expected, actual });
        }
        let Some(record) = self.record(&issuer) else {
            return Err(BatchError::UnknownIssuer { issuer });
        };
        let key = issuing_key(record, self.height)?;
        if let Err(source) = signed.verify(&key) {
            return Err(BatchError::Signature { issuer, source });
        }
        let (expected, actual) = (record.chain.next_sequence, batch.sequence);
        if actual < expected {
            return Err(BatchError::SequenceUsed { issuer, expected, actual });
        }
        if actual > expected {
            return Err(BatchError::SequenceGap { issuer, expected, actual });
        }
        if batch.previous != record.chain.last_batch {
            let (expected, actual) = (record.chain.last_batch, batch.previous);
            return Err(BatchError::Fork { issuer, expected, actual });
        }
        Ok(record.clone())
    }

    /// Checks the events and takes in the new commitments. After an error they are as before.
    fn check_events(&mut self, signed: &SignedBatch) -> Result<StatusesBy, AddError<V::Error>> {
        let mut changes = StatusesBy::new();
        let events = &signed.batch().events;
        self.commitments.reserve(events.len());
        for (position, event) in events.iter().enumerate() {
            let checked = match event {
                Event::Issue { commitment } => self.check_issue(*commitment),
                Event::Revoke { target } | Event::Suspend { target } | Event::Reinstate { target } => {
                    self.check_change(event, *target, &signed.batch().issuer, &mut changes)
                }
            };
            checked.map_err(|error| {
                self.forget(&events[..position]);
                match error {
                    EventFailure::Refused(source) => {
                        AddError::Refused(BatchError::Event { position, source })
                    }
                    EventFailure::View(error) => AddError::View(error),
                }
            })?;
        }
        Ok(changes)
    }

    fn check_issue(&mut self, commitment: Commitment) -> Result<(), EventFailure<V::Error>> {
        if !self.commitments.insert(commitment) {
            return Err(EventFailure::Refused(EventError::DuplicateCommitment { commitment }));
        }
        let failure = match self.view.issuance(&commitment) {
            Ok(None) => return Ok(()),
            Ok(Some(at)) => EventFailure::Refused(EventError::AlreadyIssued { commitment, at }),
            Err(error) => EventFailure::View(error),
        };
        self.commitments.remove(&commitment);
        Err(failure)
    }

    /// Takes back the commitments of events that were checked.
    fn forget(&mut self, events: &[Event]) {
        for event in events {
            if let Event::Issue { commitment } = event {
                self.commitments.remove(commitment);
            }
        }
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

    fn enter(&mut self, signed: Arc<SignedBatch>, mut record: MemberRecord, changes: StatusesBy) {
        let batch = signed.batch();
        let first_index = LogIndex(self.log.size());
        let hashes = signed.leaf_hashes();
        self.log.extend(hashes.iter().copied());
        self.leaf_hashes.extend_from_slice(&hashes);
        for (index, event) in (first_index.0..).zip(&batch.events) {
            if let Event::Issue { commitment } = event {
                self.issuances.push((*commitment, LogIndex(index)));
            }
        }
        self.statuses.extend(changes);
        let entries = batch.events.len() as u64;
        record.chain.next_sequence = batch.sequence.next();
        record.chain.last_batch = signed.id();
        record.chain.entries += entries;
        self.places.push(BatchPlace {
            id: signed.id(),
            issuer: batch.issuer.clone(),
            sequence: batch.sequence,
            first_index,
            entries,
        });
        self.records.insert(batch.issuer.clone(), record);
        self.bytes += signed.bytes().len();
        self.batches.push(signed);
    }
}

/// What one batch makes of statuses.
type StatusesBy = BTreeMap<LogIndex, Status>;

enum EventFailure<E> {
    Refused(EventError),
    View(E),
}

/// The key with which a member may sign batches at a height.
///
/// # Errors
/// [`BatchError::InactiveIssuer`] or [`BatchError::WrongRole`].
pub fn issuing_key(record: &MemberRecord, height: Height) -> Result<PublicKey, BatchError> {
    let member = &record.member;
    if !member.is_active(height) {
        return Err(BatchError::InactiveIssuer { issuer: member.id.clone(), height });
    }
    match member.issuing_key {
        Some(key) if member.role >= Role::Issuer => Ok(key),
        _ => Err(BatchError::WrongRole { issuer: member.id.clone(), role: member.role }),
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
        assert_eq!(execution.header.previous, self.head.hash, "invariant: executed on top of this state");
        let Execution { header, hash, .. } = execution;
        self.head = Head { height: header.height, hash: *hash, time_ms: header.time_ms };
        self.log = execution.log.clone();
        self.status.advance(execution.status.clone());
        execution.records.iter().for_each(|record| self.registry.set(record.clone()));
        self.validators = execution.next_validators.clone();
    }
}
