//! Every state of the chain, from facts.

use std::time::Duration;

use sanad_api::{Attendance, ChainState, Diagnosis, Peer, PeerKind};
use sanad_consensus_lite::{ConsensusStatus, Phase, Position, Role, Step, ValidatorStatus};
use sanad_core::block::ProtocolVersion;
use sanad_core::genesis::{Activation, Parameters};
use sanad_core::hash::BlockHash;
use sanad_core::ids::Height;
use sanad_core::member::KeyPurpose;
use sanad_core::signature::PublicKey;
use sanad_core::state::Head;

use super::diagnosis::{Facts, diagnose};
use super::system::System;
use crate::own_keys::MissingKey;

const HEARTBEAT: Duration = Duration::from_secs(10);
const NOW_MS: u64 = 1_700_000_000_000;

fn key(number: u8) -> PublicKey {
    PublicKey([number; 32])
}

/// Four validators; this node is the first. All voted for block 100, which is two seconds old.
struct Case {
    consensus: ConsensusStatus,
    peers: Vec<Peer>,
    head: Head,
    since_commit: Option<Duration>,
    uptime: Duration,
    system: System,
    parameters: Parameters,
    missing_keys: Vec<MissingKey>,
}

impl Case {
    fn healthy() -> Self {
        let last = Position { height: Height(100), round: 0, step: Step::Precommit };
        let validator = |number: u8| ValidatorStatus {
            member: format!("m{number}").parse().unwrap(),
            key: key(number),
            last: Some(last),
            silence: Some(Duration::from_secs(2)),
            clock_offset_ms: (number > 0).then_some(-30),
        };
        let consensus = ConsensusStatus {
            height: Height(101),
            round: None,
            round_age: Duration::from_secs(2),
            phase: Phase::Waiting,
            role: Role::Validator { place: 0 },
            chain_height: Height(99),
            validators: (0..4).map(validator).collect(),
            quorum: 3,
            last_signed: Some(last),
            guard_latencies: Default::default(),
            log_latencies: Default::default(),
            counters: Default::default(),
            peers: Vec::new(),
        };
        let peer = |number: u8| Peer {
            member: Some(format!("m{number}").parse().unwrap()),
            network_key: key(number + 100),
            addresses: vec![format!("192.0.2.{number}:26000")],
            connected: true,
            kind: PeerKind::Consensus,
        };
        Self {
            consensus,
            peers: (1..4).map(peer).collect(),
            head: Head { height: Height(100), hash: BlockHash([1; 32]), time_ms: NOW_MS - 2_000 },
            since_commit: Some(Duration::from_secs(2)),
            uptime: Duration::from_secs(600),
            system: System { disk_free_bytes: 50 << 30, disk_bytes: 100 << 30, ..System::default() },
            parameters: Parameters::default(),
            missing_keys: Vec::new(),
        }
    }

    /// No block for so long.
    fn standing(mut self, age: Duration) -> Self {
        self.head.time_ms = NOW_MS - age.as_millis() as u64;
        self.since_commit = Some(age);
        self.consensus.phase = Phase::Deciding;
        self.consensus.round = Some(0);
        self.consensus.round_age = age;
        self
    }

    /// These sign at the round under way; the others were last heard at block 100.
    fn heard(mut self, members: &[usize]) -> Self {
        for &member in members {
            self.consensus.validators[member].last =
                Some(Position { height: Height(101), round: 0, step: Step::Prevote });
        }
        self
    }

    fn without(mut self, members: &[usize]) -> Self {
        for &member in members {
            self.peers[member - 1].connected = false;
        }
        self
    }

    fn diagnose(&self) -> Diagnosis {
        diagnose(&Facts {
            consensus: &self.consensus,
            own: Some(key(0)),
            peers: &self.peers,
            head: self.head,
            since_commit: self.since_commit,
            now_ms: NOW_MS,
            uptime: self.uptime,
            heartbeat: HEARTBEAT,
            failed_reads: 0,
            pool_bytes: 0,
            pool_bytes_max: 1 << 20,
            free_bytes_min: 512 << 20,
            system: &self.system,
            parameters: &self.parameters,
            known_versions: ProtocolVersion::KNOWN,
            missing_keys: &self.missing_keys,
        })
    }
}

fn codes(diagnosis: &Diagnosis) -> Vec<&str> {
    diagnosis.warnings.iter().map(|warning| warning.code.as_str()).collect()
}

fn attendance(diagnosis: &Diagnosis) -> Vec<Attendance> {
    diagnosis.validators.iter().map(|validator| validator.attendance).collect()
}

#[test]
fn a_healthy_chain_has_nothing_to_say() {
    let diagnosis = Case::healthy().diagnose();
    assert_eq!((diagnosis.state, diagnosis.fit), (ChainState::Advancing, true));
    assert_eq!(diagnosis.power_present(), 4);
    assert_eq!(codes(&diagnosis), Vec::<&str>::new());
    assert_eq!(diagnosis.clock_skew_ms, Some(30));
}

#[test]
fn one_that_is_missing_takes_the_margin_away() {
    let mut case = Case::healthy().without(&[2]);
    case.consensus.validators[2].last = Some(Position { height: Height(90), round: 0, step: Step::Prevote });
    let diagnosis = case.diagnose();
    use Attendance::{Missing, Voting};
    assert_eq!(attendance(&diagnosis), [Voting, Voting, Missing, Voting]);
    assert_eq!((diagnosis.state, diagnosis.fit), (ChainState::Advancing, true));
    assert_eq!(codes(&diagnosis), ["not-connected", "no-margin"]);
    assert!(diagnosis.warnings[0].text.contains("192.0.2.2:26000"), "{:?}", diagnosis.warnings);
}

#[test]
fn a_chain_without_a_quorum_is_stalled_and_not_catching_up() {
    let case = Case::healthy().standing(Duration::from_secs(60)).heard(&[0, 1]).without(&[2]);
    let diagnosis = case.diagnose();
    assert_eq!((diagnosis.state, diagnosis.fit), (ChainState::Stalled, false));
    use Attendance::{Late, Missing, Voting};
    // The third is not connected; the fourth is, and silent.
    assert_eq!(attendance(&diagnosis), [Voting, Voting, Missing, Late]);
    assert_eq!((diagnosis.power_present(), diagnosis.power_needed), (2, 3));
}

#[test]
fn a_node_that_is_behind_says_so() {
    let mut case = Case::healthy().standing(Duration::from_secs(60));
    case.consensus.chain_height = Height(130);
    assert_eq!(case.diagnose().state, ChainState::CatchingUp);
    // Others vote on the next block: that is no gap.
    let mut case = Case::healthy();
    case.consensus.chain_height = Height(101);
    assert_eq!(case.diagnose().state, ChainState::Advancing);
}

#[test]
fn a_node_alone_does_not_judge_the_chain() {
    let case = Case::healthy().standing(Duration::from_secs(60)).heard(&[0]).without(&[1, 2, 3]);
    assert_eq!(case.diagnose().state, ChainState::Isolated);
    let mut starting = case;
    starting.uptime = Duration::from_secs(5);
    assert_eq!(starting.diagnose().state, ChainState::Starting);
}

#[test]
fn a_wrong_clock_neither_hides_a_stall_nor_makes_one() {
    for (skew_ms, severe) in [(3_600_000, true), (-3_600_000, true), (700, false)] {
        let mut case = Case::healthy();
        let shifted = |case: &mut Case| {
            // The block was dated by clocks that are right.
            case.head.time_ms = case.head.time_ms.saturating_add_signed(-skew_ms);
            for validator in &mut case.consensus.validators[1..] {
                validator.clock_offset_ms = Some(-skew_ms - 30);
            }
        };
        shifted(&mut case);
        let diagnosis = case.diagnose();
        assert_eq!(diagnosis.state, ChainState::Advancing, "{skew_ms}");
        assert_eq!(codes(&diagnosis), ["clock-skew"]);
        assert_eq!((diagnosis.warnings[0].severe, diagnosis.fit), (severe, !severe));
        let words = match skew_ms {
            700 => "this node's clock is 730 ms ahead of",
            3_600_000 => "this node's clock is 60 minutes ahead of",
            _ => "this node's clock is 60 minutes behind",
        };
        assert!(diagnosis.warnings[0].text.starts_with(words), "{:?}", diagnosis.warnings);
        let mut case = Case::healthy().standing(Duration::from_secs(60)).heard(&[0, 1]);
        shifted(&mut case);
        assert_eq!(case.diagnose().state, ChainState::Stalled, "{skew_ms}");
    }
    let mut other = Case::healthy();
    other.consensus.validators[3].clock_offset_ms = Some(8_000);
    let diagnosis = other.diagnose();
    assert_eq!(codes(&diagnosis), ["clock-skew-other"]);
    let text = &diagnosis.warnings[0].text;
    assert!(text.contains("m3") && text.ends_with("is dated 8.0 s too late"), "{text}");
}

/// By the right clock, by a wrong one, and at the start: whose is wrong is said by the word of a quorum alone.
#[test]
fn without_a_quorum_of_clocks_nobody_is_accused() {
    const HOUR_MS: i64 = 3_600_000;
    for offsets in [
        // Two against two.
        [Some(-20), Some(HOUR_MS), Some(HOUR_MS - 40)],
        [Some(-HOUR_MS), Some(-HOUR_MS - 30), Some(15)],
        // One is down, one wrong: this node, or another.
        [None, Some(-HOUR_MS), Some(-HOUR_MS - 30)],
        [None, Some(-5), Some(HOUR_MS)],
        // The first proposal since the start.
        [None, None, Some(HOUR_MS)],
    ] {
        let mut case = Case::healthy().standing(Duration::from_secs(60)).heard(&[0, 1]);
        for (validator, offset) in case.consensus.validators[1..].iter_mut().zip(offsets) {
            validator.clock_offset_ms = offset;
        }
        let diagnosis = case.diagnose();
        assert_eq!(diagnosis.clock_skew_ms, None, "{offsets:?}");
        assert_eq!(diagnosis.head_age, Some(Duration::from_secs(60)), "by the clock as it is");
        assert_eq!(codes(&diagnosis), ["clocks-differ"], "{offsets:?}");
        let text = &diagnosis.warnings[0].text;
        assert!(text.contains("too few agree") && text.contains("60 minutes"), "{text}");
    }
    // Three of four agree: that is a quorum, with this node or against it.
    let mut case = Case::healthy();
    case.consensus.validators[3].clock_offset_ms = None;
    assert_eq!(case.diagnose().clock_skew_ms, Some(30));
    case.consensus.validators[2].clock_offset_ms = None;
    let diagnosis = case.diagnose();
    assert_eq!((diagnosis.clock_skew_ms, codes(&diagnosis)), (None, vec![]));
}

/// A round takes long, and one validator's connection ended in it, or before.
#[test]
fn who_leaves_in_a_long_round_is_missing_at_once() {
    let at = |round| Some(Position { height: Height(101), round, step: Step::Prevote });
    let case = |rounds: [u32; 4], seconds| {
        let mut case = Case::healthy().standing(Duration::from_secs(90));
        (case.consensus.round, case.consensus.round_age) = (Some(4), Duration::from_secs(seconds));
        for (validator, round) in case.consensus.validators.iter_mut().zip(rounds) {
            validator.last = at(round);
        }
        case
    };
    let third = |case: Case| case.diagnose().validators[3].attendance;
    let left = [4, 4, 3, 3];
    assert_eq!(third(case(left, 30).without(&[3])), Attendance::Missing);
    assert_eq!(third(case(left, 30)), Attendance::Voting, "it is connected, and may be about to vote");
    assert_eq!(third(case([4, 4, 3, 4], 30).without(&[3])), Attendance::Voting, "others pass on its votes");
    assert_eq!(third(case([4, 3, 3, 3], 30).without(&[3])), Attendance::Voting, "nobody else votes");
    assert_eq!(third(case(left, 1).without(&[3])), Attendance::Voting, "its vote may be on its way");
}

#[test]
fn a_height_far_away_is_said_with_the_way_out() {
    let mut case = Case::healthy();
    case.consensus.role = Role::Abstaining { through: Height(1_000_100) };
    let warning = &case.diagnose().warnings[0];
    assert!(warning.text.ends_with("1000000 blocks from here, at most 115 days"), "{}", warning.text);
    assert!(warning.advice.contains("rotate-key"), "{}", warning.advice);
    case.consensus.role = Role::Abstaining { through: Height(1 << 48) };
    assert!(case.diagnose().warnings[0].text.ends_with("years"));
    case.consensus.role = Role::Abstaining { through: Height(102) };
    let warning = &case.diagnose().warnings[0];
    assert!(warning.advice.contains("nothing needs to be done"), "{warning:?}");
}

#[test]
fn a_validator_that_does_not_vote_is_not_fit() {
    let mut case = Case::healthy();
    case.consensus.role = Role::Abstaining { through: Height(120) };
    let diagnosis = case.diagnose();
    assert_eq!((diagnosis.fit, codes(&diagnosis)), (false, vec!["abstaining", "no-margin"]));
    case.consensus.role = Role::Abstaining { through: Height(u64::MAX) };
    let said = &case.diagnose().warnings[0].text;
    assert!(said.contains("until enough validators have shown"), "no height of twenty digits: {said}");
    let mut case = Case::healthy();
    let old = Some(Position { height: Height(50), round: 0, step: Step::Precommit });
    case.consensus.validators[0].last = old;
    case.consensus.last_signed = old;
    let diagnosis = case.diagnose();
    assert_eq!((diagnosis.fit, codes(&diagnosis)), (false, vec!["own-vote-late", "no-margin"]));
}

#[test]
fn disk_descriptors_and_certificate_are_watched() {
    let mut case = Case::healthy();
    case.system = System {
        disk_free_bytes: 1 << 30,
        disk_bytes: 100 << 30,
        open_files: 900,
        open_files_max: 1_000,
        certificate_ends: Some(NOW_MS as i64 / 1_000 + 5 * 86_400 + 1),
        ..System::default()
    };
    let diagnosis = case.diagnose();
    assert_eq!(codes(&diagnosis), ["disk-low", "certificate-ends", "descriptors"]);
    assert!(diagnosis.warnings[1].text.contains("5 days") && diagnosis.fit, "{:?}", diagnosis.warnings);
    case.system.disk_free_bytes = 100 << 20;
    let diagnosis = case.diagnose();
    assert_eq!((codes(&diagnosis)[0], diagnosis.fit), ("disk-full", false));
    case.system.disk_free_bytes = 50 << 30;
    case.system.certificate_ends = Some(NOW_MS as i64 / 1_000 - 1);
    let diagnosis = case.diagnose();
    assert_eq!((codes(&diagnosis)[0], diagnosis.fit), ("certificate-ended", false));
    case.system.certificate_ends = Some(NOW_MS as i64 / 1_000 + 100 * 86_400);
    for (ends, code) in
        [(31 * 86_400, None), (29 * 86_400, Some("client-ca-ends")), (-1, Some("client-ca-ended"))]
    {
        case.system.client_ca_ends = Some(NOW_MS as i64 / 1_000 + ends);
        let diagnosis = case.diagnose();
        let found = codes(&diagnosis).into_iter().find(|code| code.starts_with("client-ca"));
        assert_eq!((found, diagnosis.fit), (code, true), "{ends}");
    }
}

#[test]
fn a_key_that_the_node_does_not_have_is_named() {
    let mut case = Case::healthy();
    let key = PublicKey([9; 32]);
    case.missing_keys = vec![MissingKey { purpose: KeyPurpose::Consensus, key, from: Some(Height(103)) }];
    let diagnosis = case.diagnose();
    assert_eq!(codes(&diagnosis), ["key-coming"]);
    assert!(diagnosis.fit && diagnosis.warnings[0].text.contains("from height 103"), "{diagnosis:?}");
    case.missing_keys = vec![MissingKey { purpose: KeyPurpose::Network, key, from: None }];
    let diagnosis = case.diagnose();
    assert!(!diagnosis.fit && codes(&diagnosis) == ["key-missing"], "{diagnosis:?}");
}

#[test]
fn a_protocol_version_that_this_program_does_not_know_is_said_beforehand() {
    let mut case = Case::healthy();
    let known = ProtocolVersion::CURRENT;
    let protocol = ProtocolVersion { rules: known.rules + 1, ..known };
    case.parameters.next_protocol = Some(Activation { protocol, height: Height(5_000) });
    let diagnosis = case.diagnose();
    assert_eq!(codes(&diagnosis), ["protocol-coming"]);
    assert!(diagnosis.fit && diagnosis.warnings[0].text.contains("from height 5000"), "{diagnosis:?}");
    (case.parameters.protocol, case.parameters.next_protocol) = (protocol, None);
    let diagnosis = case.diagnose();
    assert!(!diagnosis.fit && codes(&diagnosis) == ["outdated"], "{diagnosis:?}");
    case.parameters.protocol = known;
    case.parameters.next_protocol = Some(Activation { protocol: known, height: Height(5_000) });
    assert_eq!(codes(&case.diagnose()), [""; 0]);
}
