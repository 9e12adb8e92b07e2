//! What consensus is doing, for operators.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sanad_core::ids::{Height, MemberId};
use sanad_core::signature::PublicKey;

use crate::guard::Position;

/// A snapshot of consensus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsensusStatus {
    /// The height to decide next.
    pub height: Height,
    /// Its current round, once it has begun.
    pub round: Option<u32>,
    /// Time since that round began, or since the last height ended.
    pub round_age: Duration,
    /// What is going on.
    pub phase: Phase,
    /// The part this node plays at this height.
    pub role: Role,
    /// The height that the chain has decided at least, as far as signatures of others prove it.
    pub chain_height: Height,
    /// The validators of [`Self::height`], in the order of their set.
    pub validators: Vec<ValidatorStatus>,
    /// How many of them must vote for a block.
    pub quorum: usize,
    /// What this node's key signed last.
    pub last_signed: Option<Position>,
    /// How long the signing guard took to put each signature on record.
    pub guard_latencies: Latencies,
    /// How long each sync of the engine's log took, which a message of this node's own waited for.
    pub log_latencies: Latencies,
    /// What happened since the start.
    pub counters: Counters,
    /// The nodes of [`crate::Config::peers`], in its order.
    pub peers: Vec<PeerStatus>,
}

/// What the thread of consensus is busy with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// Tells it from whatever came before.
    pub number: u64,
    /// What it is, as in "to commit a block".
    pub what: &'static str,
}

/// What is going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Phase {
    /// The engine starts and looks for its peers.
    Starting,
    /// There is nothing to commit, and the heartbeat is not due.
    Waiting,
    /// A block is being agreed on.
    Deciding,
    /// The next height is under a protocol version that this program does not know: nothing is done any more.
    Outdated,
    /// Consensus has stopped.
    Stopped,
}

/// The part a node plays at a height.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Role {
    /// It votes.
    Validator {
        /// Its place in the set.
        place: u16,
    },
    /// It verifies, and does not vote.
    Follower,
    /// It is a validator that does not vote, since its key may have signed up to a height before.
    Abstaining {
        /// The last height without its vote.
        through: Height,
    },
}

/// A validator, as far as this node has heard of it since it started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidatorStatus {
    /// The member.
    pub member: MemberId,
    /// The key it votes with.
    pub key: PublicKey,
    /// What it was last heard to sign.
    pub last: Option<Position>,
    /// Time since then.
    pub silence: Option<Duration>,
    /// How far its last first proposal was dated after this node's clock at the arrival, in milliseconds. Negative by
    /// the way that the proposal took, if both clocks are right.
    pub clock_offset_ms: Option<i64>,
}

/// What happened since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Blocks decided.
    pub decided: u64,
    /// Rounds that ended without a block.
    pub rounds_failed: u64,
    /// Those of them that came from peers when they were decided already.
    pub synced: u64,
    /// Proposed blocks found invalid.
    pub invalid: u64,
    /// First proposals whose time did not agree with this node's clock: its clock or the proposer's is wrong.
    pub untimely: u64,
    /// Parts or payloads dropped: malformed, of strangers, or not what they claim to be.
    pub dropped: u64,
    /// Contradictions of validators handed to the ledger.
    pub evidence: u64,
    /// Times that a block a peer asked for could not be read.
    pub unreadable: u64,
}

/// One peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerStatus {
    /// Its network key.
    pub network_key: PublicKey,
    /// Where it is dialled.
    pub address: Option<String>,
    /// Whether it is connected.
    pub connected: bool,
    /// The name it gives itself.
    pub moniker: Option<String>,
    /// The validator key it has proven to hold.
    pub validator: Option<PublicKey>,
}

/// [`Counters`] that count.
#[derive(Debug, Default)]
pub(crate) struct LiveCounters {
    pub(crate) decided: AtomicU64,
    pub(crate) rounds_failed: AtomicU64,
    pub(crate) synced: AtomicU64,
    pub(crate) invalid: AtomicU64,
    pub(crate) untimely: AtomicU64,
    pub(crate) dropped: AtomicU64,
    pub(crate) evidence: AtomicU64,
    pub(crate) unreadable: AtomicU64,
}

impl LiveCounters {
    pub(crate) fn read(&self) -> Counters {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counters {
            decided: read(&self.decided),
            rounds_failed: read(&self.rounds_failed),
            synced: read(&self.synced),
            invalid: read(&self.invalid),
            untimely: read(&self.untimely),
            dropped: read(&self.dropped),
            evidence: read(&self.evidence),
            unreadable: read(&self.unreadable),
        }
    }
}

pub(crate) fn count(counter: &AtomicU64, more: usize) {
    counter.fetch_add(more as u64, Ordering::Relaxed);
}

/// How often something took how long.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Latencies {
    /// How many took up to [`LATENCY_BOUNDS`], each bound alone; the last counts those above all bounds.
    pub counts: [u64; LATENCY_BOUNDS.len() + 1],
    /// All together.
    pub sum: Duration,
}

impl Latencies {
    pub(crate) fn observe(&mut self, took: Duration) {
        let place = LATENCY_BOUNDS.iter().position(|bound| took <= *bound);
        self.counts[place.unwrap_or(LATENCY_BOUNDS.len())] += 1;
        self.sum += took;
    }
}

/// Upper bounds of [`Latencies::counts`].
pub const LATENCY_BOUNDS: [Duration; 9] = [
    Duration::from_millis(1),
    Duration::from_micros(2_500),
    Duration::from_millis(5),
    Duration::from_millis(10),
    Duration::from_millis(25),
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(500),
    Duration::from_millis(2_500),
];
