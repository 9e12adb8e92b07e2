//! Why the chain goes on or stands: decided from facts alone, so that every case can be tested.

use std::time::Duration;

use sanad_api::{Attendance, ChainState, Diagnosis, Peer, PeerKind, ValidatorDiagnosis};
use sanad_consensus_lite::{ConsensusStatus, Phase, Position, Role, Step, ValidatorStatus};
use sanad_core::block::ProtocolVersion;
use sanad_core::genesis::Parameters;
use sanad_core::ids::Height;
use sanad_core::signature::PublicKey;
use sanad_core::state::Head;
use sanad_core::timeliness::TIME_PRECISION_MS;

use super::system::System;
use super::warnings;
use crate::own_keys::MissingKey;

/// What there is to judge by.
pub(super) struct Facts<'a> {
    pub(super) consensus: &'a ConsensusStatus,
    /// The key that this node votes with.
    pub(super) own: Option<PublicKey>,
    pub(super) peers: &'a [Peer],
    pub(super) head: Head,
    /// Time since this process committed a block.
    pub(super) since_commit: Option<Duration>,
    pub(super) now_ms: u64,
    pub(super) uptime: Duration,
    pub(super) heartbeat: Duration,
    pub(super) failed_reads: u64,
    pub(super) pool_bytes: usize,
    pub(super) pool_bytes_max: usize,
    /// Bytes free on the disk below which no batches are taken.
    pub(super) free_bytes_min: u64,
    pub(super) system: &'a System,
    /// The protocol version in force, and the one that is announced.
    pub(super) parameters: &'a Parameters,
    /// The protocol versions that this node takes part in.
    pub(super) known_versions: &'a [ProtocolVersion],
    /// Keys that this node should have, and does not.
    pub(super) missing_keys: &'a [MissingKey],
}

pub(super) fn diagnose(facts: &Facts<'_>) -> Diagnosis {
    let consensus = facts.consensus;
    let validators: Vec<ValidatorDiagnosis> =
        consensus.validators.iter().map(|validator| attendance(facts, validator)).collect();
    let clock_skew_ms = clock_skew_ms(consensus, facts.own);
    let head_age = head_age(facts, clock_skew_ms);
    let mut diagnosis = Diagnosis {
        state: state(facts, &validators, head_age),
        fit: false,
        height: consensus.height,
        round: consensus.round,
        round_age: consensus.round_age,
        rounds_failed: consensus.counters.rounds_failed,
        head_age,
        heartbeat: facts.heartbeat,
        chain_height: consensus.chain_height,
        validators,
        power_needed: u32::try_from(consensus.quorum).unwrap_or(u32::MAX),
        clock_skew_ms,
        warnings: Vec::new(),
        disk_free_bytes: facts.system.disk_free_bytes,
        disk_bytes: facts.system.disk_bytes,
    };
    diagnosis.warnings = warnings::warnings(facts, &diagnosis);
    diagnosis.fit = diagnosis.state == ChainState::Advancing && !diagnosis.warnings.iter().any(|w| w.severe);
    diagnosis
}

/// How old the head may be before the chain is called late.
pub(super) fn head_age_max(heartbeat: Duration) -> Duration {
    (heartbeat * OLD_HEARTBEATS).max(HEAD_AGE_MIN)
}

fn state(facts: &Facts<'_>, validators: &[ValidatorDiagnosis], head_age: Option<Duration>) -> ChainState {
    let fresh = head_age.is_some_and(|age| age <= head_age_max(facts.heartbeat));
    let missing_blocks = facts.consensus.chain_height.0.saturating_sub(facts.head.height.0);
    let mut others = validators.iter().filter(|validator| !validator.own).peekable();
    if missing_blocks > BLOCKS_ON_THE_WAY || missing_blocks > 0 && !fresh {
        ChainState::CatchingUp
    } else if fresh {
        ChainState::Advancing
    } else if facts.uptime < STARTING {
        ChainState::Starting
    } else if others.peek().is_some() && others.all(|validator| !validator.connected) {
        ChainState::Isolated
    } else {
        ChainState::Stalled
    }
}

/// Age of the head by this node's clock, with its skew taken out: a wrong clock neither hides a stall nor makes one.
fn head_age(facts: &Facts<'_>, clock_skew_ms: Option<i64>) -> Option<Duration> {
    if facts.head.height == Height::GENESIS {
        return None;
    }
    let age_ms = i128::from(facts.now_ms)
        - i128::from(facts.head.time_ms)
        - i128::from(clock_skew_ms.filter(|skew| skew.unsigned_abs() > SKEW_NOTED_MS).unwrap_or(0));
    let by_clock = Duration::from_millis(u64::try_from(age_ms.max(0)).unwrap_or(u64::MAX));
    Some(facts.since_commit.map_or(by_clock, |since| by_clock.max(since)))
}

/// How far this node's clock is ahead of those of a quorum, in milliseconds: their proposals are dated so much before they
/// arrive, in the middle. `None` while no quorum of clocks agrees, this node's among them: nobody can say then whose is wrong.
fn clock_skew_ms(consensus: &ConsensusStatus, own: Option<PublicKey>) -> Option<i64> {
    let clock = |validator: &ValidatorStatus| match Some(validator.key) == own {
        true => Some((0, true)),
        false => validator.clock_offset_ms.map(|offset| (offset, false)),
    };
    let mut clocks: Vec<(i64, bool)> = consensus.validators.iter().filter_map(clock).collect();
    clocks.sort_unstable();
    let groups = clocks.iter().enumerate().map(|(start, (first, _))| {
        let agrees = |(offset, _): &&(i64, bool)| offset.saturating_sub(*first) <= CLOCKS_AGREE_MS;
        let count = clocks[start..].iter().take_while(agrees).count();
        &clocks[start..start + count]
    });
    let agreeing = groups.max_by_key(|group| group.len()).filter(|group| group.len() >= consensus.quorum)?;
    let offsets: Vec<i64> = agreeing.iter().filter(|(_, own)| !own).map(|(offset, _)| *offset).collect();
    // The higher one of two in the middle: a long way makes an offset lower.
    offsets.get(offsets.len() / 2).map(|offset| offset.saturating_neg())
}

fn attendance(facts: &Facts<'_>, validator: &ValidatorStatus) -> ValidatorDiagnosis {
    let own = Some(validator.key) == facts.own;
    let peer = facts
        .peers
        .iter()
        .find(|peer| peer.kind == PeerKind::Consensus && peer.member.as_ref() == Some(&validator.member));
    let connected = own || peer.is_some_and(|peer| peer.connected);
    let last = if own { validator.last.max(facts.consensus.last_signed) } else { validator.last };
    let votes = match facts.consensus.role {
        Role::Abstaining { .. } if own => false,
        _ if !connected && has_left(facts, validator) => false,
        _ => last >= Some(expected(facts.consensus)),
    };
    let attendance = match (votes, connected) {
        (true, _) => Attendance::Voting,
        (false, true) => Attendance::Late,
        (false, false) => Attendance::Missing,
    };
    ValidatorDiagnosis {
        member: validator.member.clone(),
        attendance,
        own,
        connected,
        last_height: last.map(|last| last.height).unwrap_or_default(),
        last_round: last.map_or(0, |last| last.round),
        silence: validator.silence,
        clock_offset_ms: validator.clock_offset_ms,
        address: peer.and_then(|peer| peer.addresses.first().cloned()).unwrap_or_default(),
    }
}

/// Whether a validator without a connection has said nothing in a round that takes long and in which others are heard. Without a
/// connection alone, its votes may come by way of others.
fn has_left(facts: &Facts<'_>, validator: &ValidatorStatus) -> bool {
    let consensus = facts.consensus;
    let Some(round) = consensus.round.filter(|_| consensus.phase == Phase::Deciding) else { return false };
    let begun = Position { height: consensus.height, round, step: Step::Proposal };
    let is_heard = |validator: &ValidatorStatus| validator.last >= Some(begun);
    consensus.round_age > VOTES_ON_THE_WAY
        && !is_heard(validator)
        && consensus.validators.iter().any(|other| Some(other.key) != facts.own && is_heard(other))
}

/// What whoever votes has signed by now. At a height that is decided at once, a vote may come too late to be counted
/// now and then; at one that is not, nobody has a reason to be silent.
fn expected(consensus: &ConsensusStatus) -> Position {
    let round = consensus.round.unwrap_or(0);
    let stuck = consensus.phase == Phase::Deciding && (round > 0 || consensus.round_age > ROUND_AGE_MAX);
    let (height, round) = match stuck {
        true => (consensus.height, round.saturating_sub(1)),
        false => (Height(consensus.height.0.saturating_sub(HEIGHTS_OF_GRACE)), 0),
    };
    Position { height, round, step: Step::Proposal }
}

/// Heartbeats after which a head is old.
const OLD_HEARTBEATS: u32 = 3;
/// An age of the head that is never called old.
const HEAD_AGE_MIN: Duration = Duration::from_secs(5);
/// Blocks that others may have decided while this node is about to.
const BLOCKS_ON_THE_WAY: u64 = 3;
/// Time after the start in which a node says nothing bad of the chain.
const STARTING: Duration = Duration::from_secs(15);
/// Last heights at one of which a validator was heard that votes.
const HEIGHTS_OF_GRACE: u64 = 3;
/// Time in a round after which it is looked at by itself.
const ROUND_AGE_MAX: Duration = Duration::from_secs(5);
/// Time in a round after which the votes of those who are there have come, by others, too.
const VOTES_ON_THE_WAY: Duration = Duration::from_secs(2);
/// How far apart clocks may be that agree, in milliseconds.
pub(super) const CLOCKS_AGREE_MS: i64 = 2 * TIME_PRECISION_MS.cast_signed();
/// A skew that is no more than the way of a proposal, in milliseconds.
pub(super) const SKEW_NOTED_MS: u64 = 500;
