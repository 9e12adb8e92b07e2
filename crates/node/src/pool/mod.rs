//! The batch pool: signed batches that wait for a block.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use sanad_core::batch::{BatchChain, SignedBatch};
use sanad_core::execution::{BatchError, chain_head, check_signatures};
use sanad_core::hash::BatchId;
use sanad_core::ids::{MemberId, Sequence};
use sanad_core::member::ChainHead;
use sanad_core::state::State;

mod room;

/// Issuers whose shares fill a block.
const ISSUERS_PER_BLOCK: usize = 8;
/// Refusals that are remembered, so that submitters can learn why a batch was dropped.
const REFUSALS_MAX: usize = 4096;

/// What the pool may hold.
#[derive(Clone, Copy, Debug)]
pub struct PoolLimits {
    /// Bytes of all batches together.
    pub bytes_max: usize,
    /// How much of `bytes_max` one issuer's batches may take, in percent, even if others leave room.
    pub issuer_percent_max: u8,
    /// Batches of one issuer.
    pub batches_per_issuer_max: usize,
    /// Time after which a batch that found no block is dropped.
    pub age_max: Duration,
}

impl From<&crate::config::Pool> for PoolLimits {
    fn from(pool: &crate::config::Pool) -> Self {
        Self {
            bytes_max: pool.bytes_max,
            issuer_percent_max: pool.issuer_percent_max,
            batches_per_issuer_max: pool.batches_per_issuer_max,
            age_max: Duration::from_millis(pool.age_max_ms),
        }
    }
}

impl PoolLimits {
    /// Most bytes of one issuer's batches, if that is less than the whole pool.
    fn issuer_bytes_max(&self) -> usize {
        match self.issuer_percent_max {
            percent @ ..100 => (self.bytes_max as u128 * u128::from(percent) / 100) as usize,
            _ => usize::MAX,
        }
    }
}

/// Why a batch does not enter the pool.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PoolError {
    /// The ledger refuses it.
    #[error(transparent)]
    Refused(#[from] BatchError),
    /// The pool has no room, and nobody's batches give way to those of this issuer.
    #[error("the pool is full: {bytes} of {bytes_max} bytes are taken")]
    Full {
        /// Bytes taken.
        bytes: usize,
        /// The limit.
        bytes_max: usize,
    },
    /// The issuer has too many batches waiting.
    #[error("{issuer} has {count} batches waiting already, as many or as long as are allowed")]
    IssuerFull {
        /// The issuer.
        issuer: MemberId,
        /// Its batches.
        count: usize,
    },
    /// Another batch of the issuer waits with the same sequence number.
    #[error("{issuer} has another batch waiting with sequence number {sequence}: {waiting}")]
    Conflict {
        /// The issuer.
        issuer: MemberId,
        /// The number.
        sequence: Sequence,
        /// The batch that waits.
        waiting: BatchId,
    },
}

/// What became of a batch that the pool took in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admitted {
    /// Whether it is new.
    pub admission: Admission,
    /// Batches that gave way to it. Their issuers may submit them again.
    pub displaced: Vec<BatchId>,
}

/// Whether a batch is new to the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It entered now.
    New,
    /// It waits already; submitting again changes nothing.
    Waiting,
}

/// How strictly a batch must follow the ones that wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// From the issuer: it must be the next one.
    Submitted,
    /// From a peer: those before it may still be on their way.
    Gossiped,
    /// As [`Source::Gossiped`], from a peer that may not reach all others: it is passed on to them.
    Relayed,
}

/// A batch that a peer has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offered {
    /// Its id.
    pub id: BatchId,
    /// Its issuer, which the peer may get wrong.
    pub issuer: MemberId,
    /// Its length, in bytes.
    pub bytes: usize,
}

/// A batch that waits, for the exchange with peers.
#[derive(Clone, Debug)]
pub struct WaitingBatch {
    /// Counts the batches that entered the pool since the node started.
    pub arrival: u64,
    /// The batch.
    pub batch: Arc<SignedBatch>,
    /// Where it came from.
    pub source: Source,
}

/// What the pool would do with a batch that it is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interest {
    /// Check it and take it in.
    Wanted,
    /// Nothing: it waits here already.
    Known,
    /// There is no room now.
    NoRoom,
}

struct Waiting {
    batch: Arc<SignedBatch>,
    since: Instant,
    source: Source,
    /// Submitted here behind others of its issuer, so that its events could not be checked yet.
    unchecked: bool,
}

/// A member and one of its chains of batches.
type Chain = (MemberId, BatchChain);

struct Place {
    chain: Chain,
    sequence: Sequence,
    arrival: u64,
}

/// Batches by issuer, chain and sequence number.
pub struct Pool {
    limits: PoolLimits,
    chains: BTreeMap<Chain, BTreeMap<Sequence, Waiting>>,
    ids: HashMap<BatchId, Place>,
    /// The batches in the order in which they came.
    arrivals: BTreeMap<u64, BatchId>,
    next_arrival: u64,
    bytes: usize,
    /// Bytes of each issuer's batches.
    issuer_bytes: BTreeMap<MemberId, usize>,
    refusals: HashMap<BatchId, PoolRefusal>,
    refusal_order: VecDeque<BatchId>,
    /// Whose turn it is to be first in a block.
    turn: usize,
}

/// Why a batch left the pool without having been entered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PoolRefusal {
    /// The ledger refuses it.
    #[error(transparent)]
    Ledger(#[from] BatchError),
    /// No block took it in time.
    #[error("no block took the batch within {0:?}")]
    Expired(Duration),
    /// The pool was full, and the issuer had more bytes in it than the one whose batch took the room.
    #[error("the pool was full, and the batch gave way to one of an issuer with fewer bytes waiting")]
    Displaced,
}

/// The chain that a batch continues.
fn chain_of(batch: &SignedBatch) -> Chain {
    (batch.batch().issuer.clone(), batch.batch().chain)
}

/// What the next batch of a chain follows.
fn head_of(state: &State, (issuer, chain): &Chain) -> Option<ChainHead> {
    state.registry().member(issuer).map(|member| chain_head(member, state.governance(), *chain))
}

/// The sequence number of a chain's next batch.
fn next_sequence(state: &State, chain: &Chain) -> Option<Sequence> {
    head_of(state, chain).map(|head| head.next_sequence)
}

impl Pool {
    /// An empty pool.
    pub fn new(limits: PoolLimits) -> Self {
        Self {
            limits,
            chains: BTreeMap::new(),
            ids: HashMap::new(),
            arrivals: BTreeMap::new(),
            next_arrival: 0,
            bytes: 0,
            issuer_bytes: BTreeMap::new(),
            refusals: HashMap::new(),
            refusal_order: VecDeque::new(),
            turn: 0,
        }
    }

    /// Takes a batch in. Its issuer, signature and place in the issuer's chain are checked; its events are
    /// checked when a block is built. In a full pool others may give way to it: see `room.rs`.
    ///
    /// # Errors
    /// [`PoolError`].
    pub fn admit(
        &mut self,
        state: &State,
        batch: Arc<SignedBatch>,
        source: Source,
        now: Instant,
    ) -> Result<Admitted, PoolError> {
        if self.ids.contains_key(&batch.id()) {
            return Ok(Admitted { admission: Admission::Waiting, displaced: Vec::new() });
        }
        self.check_ledger(state, &batch, source)?;
        let displaced = self.room_for(state, &batch)?.into_iter().filter_map(|place| self.displace(&place));
        let displaced = displaced.collect();
        let (chain, sequence) = (chain_of(&batch), batch.batch().sequence);
        self.bytes += batch.bytes().len();
        *self.issuer_bytes.entry(chain.0.clone()).or_default() += batch.bytes().len();
        let arrival = self.next_arrival;
        self.next_arrival += 1;
        self.arrivals.insert(arrival, batch.id());
        self.ids.insert(batch.id(), Place { chain: chain.clone(), sequence, arrival });
        let behind_others = self.chains.get(&chain).is_some_and(|waiting| !waiting.is_empty());
        let unchecked = source == Source::Submitted && behind_others;
        let waiting = Waiting { batch, since: now, source, unchecked };
        self.chains.entry(chain).or_default().insert(sequence, waiting);
        Ok(Admitted { admission: Admission::New, displaced })
    }

    /// Whether there is room for a batch, before anything of it is checked: an issuer that sends more than it may costs
    /// no check of a signature. Batches that blocks have overtaken need none.
    ///
    /// # Errors
    /// [`PoolError::Full`] or [`PoolError::IssuerFull`].
    pub fn check_room(&self, state: &State, batch: &SignedBatch) -> Result<(), PoolError> {
        match next_sequence(state, &chain_of(batch)) {
            Some(next) if batch.batch().sequence >= next => self.room_for(state, batch).map(drop),
            _ => Ok(()),
        }
    }

    fn displace(&mut self, (chain, sequence): &(Chain, Sequence)) -> Option<BatchId> {
        let batch = self.chains.get_mut(chain)?.remove(sequence)?.batch;
        self.forget(&batch);
        self.remember(batch.id(), PoolRefusal::Displaced);
        Some(batch.id())
    }

    fn check_ledger(&self, state: &State, batch: &SignedBatch, source: Source) -> Result<(), PoolError> {
        let issuer = batch.batch().issuer.clone();
        let (expected, actual) = (state.chain_id(), batch.batch().chain_id);
        if expected != actual {
            return Err(BatchError::ForeignChain { expected, actual }.into());
        }
        let Some(member) = state.registry().member(&issuer) else {
            return Err(BatchError::UnknownIssuer { issuer }.into());
        };
        check_signatures(member, batch)?;
        let chain = chain_of(batch);
        let actual = batch.batch().sequence;
        let head = chain_head(member, state.governance(), chain.1);
        let committed = head.next_sequence;
        if actual < committed {
            return Err(BatchError::SequenceUsed { issuer, expected: committed, actual }.into());
        }
        let waiting = self.chains.get(&chain);
        if let Some(other) = waiting.and_then(|waiting| waiting.get(&actual)) {
            let waiting = other.batch.id();
            return Err(PoolError::Conflict { issuer, sequence: actual, waiting });
        }
        if source != Source::Submitted {
            return Ok(());
        }
        let last = waiting.and_then(|waiting| contiguous(waiting, committed).last());
        let (expected, previous) = match last {
            Some(last) => (last.batch.batch().sequence.next(), last.batch.id()),
            None => (committed, head.last_batch),
        };
        if actual > expected {
            return Err(BatchError::SequenceGap { issuer, expected, actual }.into());
        }
        if actual == expected && batch.batch().previous != previous {
            let actual = batch.batch().previous;
            return Err(BatchError::Fork { issuer, expected: previous, actual }.into());
        }
        Ok(())
    }

    /// The batch of an id, while it waits.
    pub fn batch(&self, id: &BatchId) -> Option<Arc<SignedBatch>> {
        Some(Arc::clone(&self.waiting(id)?.batch))
    }

    /// Batches that wait, from an arrival number on, in the order in which they came: at most `count_max`, and no more
    /// than `bytes_max` bytes unless the first alone has more.
    pub fn arrived_from(&self, arrival: u64, count_max: usize, bytes_max: usize) -> Vec<WaitingBatch> {
        let mut bytes = 0;
        let mut batches = Vec::new();
        for (arrival, id) in self.arrivals.range(arrival..).take(count_max) {
            let Some(Waiting { batch, source, .. }) = self.waiting(id) else { continue };
            bytes += batch.bytes().len();
            if bytes > bytes_max && !batches.is_empty() {
                break;
            }
            batches.push(WaitingBatch { arrival: *arrival, batch: Arc::clone(batch), source: *source });
        }
        batches
    }

    /// The arrival number of the next batch.
    pub fn next_arrival(&self) -> u64 {
        self.next_arrival
    }

    /// What the pool would do with these batches, if they came one after the other.
    pub fn interest(&self, offered: &[Offered]) -> Vec<Interest> {
        let mut room = self.limits.bytes_max.saturating_sub(self.bytes);
        let mut wanted: HashMap<&MemberId, usize> = HashMap::new();
        let mut all = Vec::with_capacity(offered.len());
        for Offered { id, issuer, bytes } in offered {
            let of_issuer = wanted.entry(issuer).or_default();
            let after = of_issuer.saturating_add(*bytes);
            all.push(if self.ids.contains_key(id) {
                Interest::Known
            } else if (*bytes > room && !self.would_give_way(issuer, after))
                || self.held(issuer).saturating_add(after) > self.limits.issuer_bytes_max()
            {
                Interest::NoRoom
            } else {
                room = room.saturating_sub(*bytes);
                *of_issuer = after;
                Interest::Wanted
            });
        }
        all
    }

    fn waiting(&self, id: &BatchId) -> Option<&Waiting> {
        let place = self.ids.get(id)?;
        self.chains.get(&place.chain)?.get(&place.sequence)
    }

    /// Why a batch left the pool, if it is remembered.
    pub fn refusal(&self, id: &BatchId) -> Option<&PoolRefusal> {
        self.refusals.get(id)
    }

    /// Whether a batch could go into the next block.
    pub fn has_candidates(&self, state: &State) -> bool {
        self.chains.iter().any(|(chain, waiting)| {
            let next = next_sequence(state, chain);
            next.is_some_and(|next| waiting.contains_key(&next))
        })
    }

    /// Batches for the next block, each issuer's in order and issuers in turn, of at most `bytes_max` bytes. An issuer gets
    /// one batch, and more only within its share of the block, even if others leave room: whoever comes next waits for
    /// this block, and a full one takes long on every node.
    pub fn candidates(&mut self, state: &State, bytes_max: usize) -> Vec<Arc<SignedBatch>> {
        self.turn = self.turn.wrapping_add(1);
        let start = self.turn % self.chains.len().max(1);
        let share = bytes_max / ISSUERS_PER_BLOCK;
        // With the bytes taken of each.
        let ready =
            |(chain, waiting)| Some((contiguous(waiting, next_sequence(state, chain)?).peekable(), 0));
        let order = self.chains.iter().skip(start).chain(self.chains.iter().take(start));
        let mut queues: Vec<_> = order.filter_map(ready).collect();
        let mut chosen = Vec::new();
        let mut room = bytes_max;
        // One batch of each issuer a round, so that a busy issuer does not hold up the others.
        loop {
            let before = chosen.len();
            for (queue, taken) in &mut queues {
                let fits = |waiting: &&Waiting| {
                    let bytes = waiting.batch.bytes().len();
                    bytes <= room && (*taken == 0 || *taken + bytes <= share)
                };
                if let Some(waiting) = queue.next_if(fits) {
                    room -= waiting.batch.bytes().len();
                    *taken += waiting.batch.bytes().len();
                    chosen.push(Arc::clone(&waiting.batch));
                }
            }
            if chosen.len() == before {
                return chosen;
            }
        }
    }

    /// Drops a batch that the ledger refuses, and those of its issuer that follow it; returns their ids. Does nothing
    /// if the batch no longer waits.
    pub fn refuse(&mut self, batch: &SignedBatch, error: &BatchError) -> Vec<BatchId> {
        if !self.ids.contains_key(&batch.id()) {
            return Vec::new();
        }
        let sequence = batch.batch().sequence;
        let Some(waiting) = self.chains.get_mut(&chain_of(batch)) else { return Vec::new() };
        let dropped = waiting.split_off(&sequence);
        let ids: Vec<BatchId> = dropped.values().map(|waiting| waiting.batch.id()).collect();
        for waiting in dropped.into_values() {
            self.forget(&waiting.batch);
            self.remember(waiting.batch.id(), PoolRefusal::Ledger(error.clone()));
        }
        ids
    }

    /// Drops what the state has overtaken: batches entered, and those that a block made impossible. Returns
    /// the ids of the latter.
    pub fn settle(&mut self, state: &State, entered: &[BatchId]) -> Vec<BatchId> {
        for id in entered {
            if let Some(Place { chain, sequence, .. }) = self.ids.get(id)
                && let Some(waiting) = self.chains.get_mut(chain).and_then(|all| all.remove(sequence))
            {
                self.forget(&waiting.batch);
            }
        }
        let mut stale = Vec::new();
        for (chain, waiting) in &mut self.chains {
            let Some(next) = next_sequence(state, chain) else { continue };
            let rest = waiting.split_off(&next);
            stale.extend(std::mem::replace(waiting, rest).into_values().map(|waiting| waiting.batch));
        }
        let mut ids = Vec::with_capacity(stale.len());
        for batch in stale {
            let issuer = batch.batch().issuer.clone();
            let expected = next_sequence(state, &chain_of(&batch));
            let error = BatchError::SequenceUsed {
                issuer,
                expected: expected.unwrap_or_default(),
                actual: batch.batch().sequence,
            };
            self.forget(&batch);
            self.remember(batch.id(), PoolRefusal::Ledger(error));
            ids.push(batch.id());
        }
        self.chains.retain(|_, waiting| !waiting.is_empty());
        ids
    }

    /// Drops batches that have waited too long; returns their ids.
    pub fn expire(&mut self, now: Instant) -> Vec<BatchId> {
        let age_max = self.limits.age_max;
        let old = |waiting: &&Waiting| now.duration_since(waiting.since) > age_max;
        let expired: Vec<_> = self
            .chains
            .values()
            .flat_map(BTreeMap::values)
            .filter(old)
            .map(|waiting| Arc::clone(&waiting.batch))
            .collect();
        for batch in &expired {
            if let Some(waiting) = self.chains.get_mut(&chain_of(batch)) {
                waiting.remove(&batch.batch().sequence);
            }
            self.forget(batch);
            self.remember(batch.id(), PoolRefusal::Expired(age_max));
        }
        self.chains.retain(|_, waiting| !waiting.is_empty());
        expired.iter().map(|batch| batch.id()).collect()
    }

    /// Batches submitted here whose turn has come and whose events were not checked yet. Each is returned
    /// once.
    pub fn take_unchecked(&mut self, state: &State) -> Vec<Arc<SignedBatch>> {
        let next = |(chain, waiting): (&Chain, &'_ mut BTreeMap<Sequence, Waiting>)| {
            let first = waiting.get_mut(&next_sequence(state, chain)?)?;
            std::mem::take(&mut first.unchecked).then(|| Arc::clone(&first.batch))
        };
        self.chains.iter_mut().filter_map(next).collect()
    }

    /// Every batch that waits, each issuer's in order.
    pub fn all(&self) -> Vec<Arc<SignedBatch>> {
        let batches = self.chains.values().flat_map(BTreeMap::values);
        batches.map(|waiting| Arc::clone(&waiting.batch)).collect()
    }

    /// Number of batches that wait.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// From now on keeps these limits; what waits beyond them stays.
    pub fn set_limits(&mut self, limits: PoolLimits) {
        self.limits = limits;
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Bytes of the batches that wait.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    fn forget(&mut self, batch: &SignedBatch) {
        if let Some(place) = self.ids.remove(&batch.id()) {
            self.arrivals.remove(&place.arrival);
            self.bytes -= batch.bytes().len();
            if let Some(bytes) = self.issuer_bytes.get_mut(&place.chain.0) {
                *bytes -= batch.bytes().len();
                if *bytes == 0 {
                    self.issuer_bytes.remove(&place.chain.0);
                }
            }
        }
    }

    fn remember(&mut self, id: BatchId, refusal: PoolRefusal) {
        if self.refusals.insert(id, refusal).is_none() {
            self.refusal_order.push_back(id);
        }
        while self.refusal_order.len() > REFUSALS_MAX {
            if let Some(oldest) = self.refusal_order.pop_front() {
                self.refusals.remove(&oldest);
            }
        }
    }
}

/// The batches from `first` on, up to the first gap.
fn contiguous(
    waiting: &BTreeMap<Sequence, Waiting>,
    first: Sequence,
) -> impl Iterator<Item = &Waiting> + use<'_> {
    let mut expected = first;
    waiting.range(first..).map_while(move |(sequence, waiting)| {
        let follows = *sequence == expected;
        expected = expected.next();
        follows.then_some(waiting)
    })
}
