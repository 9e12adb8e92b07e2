//! Room in a full pool: what gives way to a batch that finds none.
//!
//! An issuer may use what the others leave free. When there is no room, the issuer with most bytes gives way to one that
//! then still has fewer: so an issuer always gets its equal share of the pool, to within one batch, whatever the others
//! send. Batches behind a gap in their issuer's chain go first, since no block can take them; of the others, an
//! issuer's last go first, since those before them do not need them.

use std::collections::{BTreeMap, HashMap};

use sanad_core::batch::SignedBatch;
use sanad_core::ids::{MemberId, Sequence};
use sanad_core::state::State;

use super::{Chain, Pool, PoolError, Waiting, chain_of, contiguous, next_sequence};

/// Batches that give way, in order: the last ones of these issuers.
pub(super) type GivesWay = Vec<(Chain, Sequence)>;

impl Pool {
    /// What gives way to a new batch; nothing while there is room.
    pub(super) fn room_for(&self, state: &State, batch: &SignedBatch) -> Result<GivesWay, PoolError> {
        let (issuer, bytes) = (&batch.batch().issuer, batch.bytes().len());
        let follows = self.follows(state, batch);
        let own_after = self.held(issuer) + bytes;
        // How many batches of each chain, and how many bytes of each issuer, have given way so far.
        let mut given: HashMap<&Chain, usize> = HashMap::new();
        let mut given_bytes: HashMap<&MemberId, usize> = HashMap::new();
        let mut gives_way = GivesWay::new();
        let mut short = (self.bytes + bytes).saturating_sub(self.limits.bytes_max);
        let chain = chain_of(batch);
        let count = self.chains.get(&chain).map_or(0, BTreeMap::len);
        let issuer_bytes_max = self.limits.issuer_bytes_max();
        loop {
            let own_batches = given.get(&chain).copied().unwrap_or(0);
            let own_bytes = given_bytes.get(issuer).copied().unwrap_or(0);
            let over_own = count - own_batches >= self.limits.batches_per_issuer_max
                || own_after - own_bytes > issuer_bytes_max;
            if !over_own && short == 0 {
                return Ok(gives_way);
            }
            let gives = |(other, waiting)| {
                let given = given.get(other).copied().unwrap_or(0);
                let (sequence, last, behind_gap) = last_of(state, other, waiting, given)?;
                let left = self.held(&other.0) - given_bytes.get(&other.0).copied().unwrap_or(0);
                let gives = if *other == chain {
                    // A gap is not filled unless there is room for what fills it.
                    follows && behind_gap && sequence > batch.batch().sequence
                } else {
                    !over_own && left > own_after && (behind_gap || follows)
                };
                gives.then_some(((behind_gap, left), other, sequence, last.batch.bytes().len()))
            };
            let victims = self.chains.iter().filter_map(gives);
            let Some((_, other, sequence, freed)) = victims.max_by_key(|(order, ..)| *order) else {
                return Err(match over_own {
                    true => PoolError::IssuerFull { issuer: issuer.clone(), count },
                    false => PoolError::Full { bytes: self.bytes, bytes_max: self.limits.bytes_max },
                });
            };
            *given.entry(other).or_default() += 1;
            *given_bytes.entry(&other.0).or_default() += freed;
            gives_way.push((other.clone(), sequence));
            short = short.saturating_sub(freed);
        }
    }

    /// Whether others would give way to so many more bytes of an issuer.
    pub(super) fn would_give_way(&self, issuer: &MemberId, bytes: usize) -> bool {
        let own_after = self.held(issuer) + bytes;
        self.issuer_bytes.iter().any(|(other, held)| other != issuer && *held > own_after)
    }

    /// Bytes of an issuer's batches.
    pub(super) fn held(&self, issuer: &MemberId) -> usize {
        self.issuer_bytes.get(issuer).copied().unwrap_or(0)
    }

    /// Whether all batches between the issuer's last entered one and this one wait here.
    fn follows(&self, state: &State, batch: &SignedBatch) -> bool {
        let chain = chain_of(batch);
        let Some(next) = next_sequence(state, &chain) else { return false };
        let before = batch.batch().sequence.0.saturating_sub(next.0);
        let waiting = self.chains.get(&chain);
        let run = waiting.map_or(0, |waiting| contiguous(waiting, next).take(before as usize).count());
        run as u64 == before
    }
}

/// A chain's last batch when `given` of them have given way, and whether a gap is before it.
fn last_of<'a>(
    state: &State,
    chain: &Chain,
    waiting: &'a BTreeMap<Sequence, Waiting>,
    given: usize,
) -> Option<(Sequence, &'a Waiting, bool)> {
    let (sequence, last) = waiting.iter().rev().nth(given)?;
    let next = next_sequence(state, chain)?;
    // As many as there are would reach up to here, without a gap.
    let behind_gap = sequence.0 >= next.0.saturating_add((waiting.len() - given) as u64);
    Some((*sequence, last, behind_gap))
}
