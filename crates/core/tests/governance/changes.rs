//! What a vote changes, and what no vote can.

use sanad_core::block::ProtocolVersion;
use sanad_core::event::Event;
use sanad_core::execution::BatchError;
use sanad_core::genesis::{
    BLOCK_BYTES_FLOOR, BLOCK_BYTES_LIMIT, HEARTBEAT_MS_FLOOR, HEARTBEAT_MS_LIMIT, Parameters,
    TEST_NETWORK_PREFIX,
};
use sanad_core::governance::{Change, GovernanceError, NewGovernanceKeys, PROPOSAL_HEIGHTS_MAX};
use sanad_core::ids::{Height, LogIndex};
use sanad_core::member::{Fact, ISSUER_IDS_MAX, KeyPurpose, Role, Standing};
use sanad_core::registry::MEMBERS_MAX;
use sanad_core::status::Status;
use sanad_testkit::{Consortium, Ledger, id, issue, member, sign_genesis};

use crate::{act, admission, approve, decide, key, of, open, propose, refusal, rotation};

#[test]
fn suspension_stops_issuing_at_once_and_leavers_may_still_revoke() {
    let mut ledger = Ledger::new();
    ledger.issue("issuer", 0..4);
    let proposal = open(&mut ledger, Change::Suspend { member: id("issuer") }, 0);
    approve(&mut ledger, &["v1"], proposal);
    let last = ledger.governed("v2", vec![Event::Approve { proposal }]);
    let issued = ledger.signed("issuer", vec![issue(9)]);
    let mut builder = sanad_core::execution::BlockBuilder::new(&ledger.state, &ledger);
    assert!(builder.add(last.clone().into()).is_ok());
    assert!(builder.add(issued.into()).is_err(), "the next batch of the same block is refused");
    ledger.commit(vec![last]);
    let twice = propose(&ledger, Change::Suspend { member: id("issuer") });
    let standing_now = GovernanceError::NotChanged { member: id("issuer"), standing: Standing::Suspended };
    assert_eq!(refusal(&ledger, "v0", twice), standing_now);
    decide(&mut ledger, Change::Lift { member: id("issuer") });
    ledger.issue("issuer", 10..11);

    let still = propose(&ledger, Change::Retire { member: id("v1") });
    assert_eq!(refusal(&ledger, "v0", still), GovernanceError::StillAValidator { member: id("v1") });
    decide(&mut ledger, Change::NameSuccessor { member: id("issuer"), successor: id("v3") });
    let revoke = Event::RevokeAsSuccessor { target: LogIndex(1) };
    let not_yet = GovernanceError::NotSuccessor { member: id("v3"), issuer: id("issuer") };
    assert_eq!(refusal(&ledger, "v3", revoke.clone()), not_yet, "the member has not left");
    decide(&mut ledger, Change::Retire { member: id("issuer") });
    assert!(matches!(
        ledger.refusal(ledger.signed("issuer", vec![issue(12)])),
        Err(BatchError::InactiveIssuer { .. })
    ));
    act(&mut ledger, "v3", revoke);
    act(&mut ledger, "issuer", Event::RevokeByGovernance { target: LogIndex(2) });
    assert_eq!(
        [1, 2, 3].map(|n| ledger.state.status().status(LogIndex(n))),
        [Status::Revoked, Status::Revoked, Status::Active]
    );
    let rotate = rotation(&ledger, "issuer", KeyPurpose::Issuing, &key("issuer"));
    let retired = GovernanceError::Standing { member: id("issuer"), standing: Standing::Retired };
    assert_eq!(refusal(&ledger, "issuer", rotate), retired);
    // Its id is not given again.
    let again = propose(&ledger, admission(&ledger, member("issuer", Role::Issuer)));
    assert_eq!(refusal(&ledger, "v0", again), GovernanceError::AlreadyAMember { member: id("issuer") });
}

#[test]
fn sets_of_validators_that_cannot_decide_are_refused() {
    let mut ledger = Ledger::new();
    let refuse = |ledger: &Ledger, change: Change| refusal(ledger, "v0", propose(ledger, change));
    let set = |names: &[&str], fewer_than_four| Change::SetValidators {
        validators: names.iter().map(|name| id(name)).collect(),
        fewer_than_four,
    };
    assert_eq!(refuse(&ledger, set(&[], true)), GovernanceError::ValidatorCount { count: 0 });
    assert_eq!(
        refuse(&ledger, set(&["v0", "v1", "v2"], false)),
        GovernanceError::TooFewValidators { count: 3 }
    );
    assert_eq!(
        refuse(&ledger, set(&["v0", "v1", "v2", "v3"], true)),
        GovernanceError::NeedlessForce { count: 4 }
    );
    assert_eq!(refuse(&ledger, set(&["v0", "v1", "v2", "v3"], false)), GovernanceError::NoChange);
    assert_eq!(
        refuse(&ledger, set(&["v1", "v0", "v2"], true)),
        GovernanceError::ValidatorOrder { member: id("v0") }
    );
    assert_eq!(
        refuse(&ledger, set(&["issuer", "v0", "v1", "v2"], false)),
        GovernanceError::NotEligible {
            member: id("issuer"),
            standing: Standing::Active,
            role: Role::Issuer,
            key: false
        }
    );
    assert_eq!(
        refuse(&ledger, set(&["v0", "v1", "v2", "v9"], false)),
        GovernanceError::UnknownMember { member: id("v9") }
    );
    // Two of three are frozen: the third alone decides nothing.
    ledger.commit(vec![ledger.freeze("v1"), ledger.freeze("v2")]);
    assert_eq!(
        refuse(&ledger, set(&["v0", "v1", "v2"], true)),
        GovernanceError::NoQuorum { able: 1, count: 3, quorum: 3 }
    );
    assert!(ledger.refusal(ledger.governed("v0", vec![propose(&ledger, set(&["v0", "v3"], true))])).is_ok());
}

#[test]
fn what_else_a_vote_changes() {
    let mut ledger = Ledger::new();
    let facts = vec![Fact { name: "accreditation".into(), value: "unggul".into() }];
    decide(
        &mut ledger,
        Change::Amend { member: id("issuer"), name: Some("Universitas".into()), facts: Some(facts.clone()) },
    );
    assert_eq!(
        (of(&ledger, "issuer").record().name.as_str(), &of(&ledger, "issuer").rest().facts),
        ("Universitas", &facts)
    );
    let issuer_id = "https://issuer.example".parse::<sanad_core::member::IssuerId>();
    let issuer_id = issuer_id.unwrap_or_else(|_| unreachable!());
    decide(&mut ledger, Change::AddIssuerId { member: id("issuer"), issuer_id: issuer_id.clone() });
    let size = LogIndex(ledger.state.log_size().0);
    assert!(of(&ledger, "issuer").record().has_issuer_id(&issuer_id, size));
    let stolen = propose(&ledger, Change::AddIssuerId { member: id("v1"), issuer_id: issuer_id.clone() });
    assert!(matches!(refusal(&ledger, "v0", stolen), GovernanceError::IssuerIdInUse { .. }));
    act(&mut ledger, "issuer", Event::DropIssuerId { issuer_id: issuer_id.clone() });
    let record = of(&ledger, "issuer").record();
    assert!(
        record.has_issuer_id(&issuer_id, size)
            && !record.has_issuer_id(&issuer_id, LogIndex(ledger.state.log_size().0))
    );
    assert!(matches!(
        refusal(&ledger, "issuer", Event::DropIssuerId { issuer_id }),
        GovernanceError::NotItsIssuerId { .. }
    ));
    // A role needs its keys, which the member brings itself.
    let promote = || Change::SetRole { member: id("issuer"), role: Role::Validator };
    let missing = refusal(&ledger, "v0", propose(&ledger, promote()));
    assert!(matches!(missing, GovernanceError::KeyMissing { purpose: KeyPurpose::Consensus, .. }));
    let event = rotation(&ledger, "issuer", KeyPurpose::Consensus, &key("issuer consensus"));
    act(&mut ledger, "issuer", event);
    ledger.commit(vec![]);
    decide(&mut ledger, promote());
    assert_eq!(of(&ledger, "issuer").rest().role, Role::Validator);

    decide(&mut ledger, Change::SetParameters { block_bytes_max: 2 << 20, heartbeat_ms: 1_000 });
    assert_eq!(ledger.state.parameters().heartbeat_ms, 1_000);
    let next = ProtocolVersion { layout: 1, rules: 2 };
    let height = Height(ledger.state.head().height.0 + 150);
    let soon = propose(
        &ledger,
        Change::ActivateProtocol { protocol: next, height: Height(ledger.state.head().height.0 + 50) },
    );
    assert!(matches!(refusal(&ledger, "v0", soon), GovernanceError::Past { .. }));
    // No height that stays in the state for ever, or that no JSON form can hold.
    for far in [ledger.state.head().height.0 + 1 + PROPOSAL_HEIGHTS_MAX + 1, 1 << 53, u64::MAX] {
        let change = Change::ActivateProtocol { protocol: next, height: Height(far) };
        assert_eq!(
            refusal(&ledger, "v0", propose(&ledger, change)),
            GovernanceError::Future { field: "height", actual: Height(far) }
        );
    }
    decide(&mut ledger, Change::ActivateProtocol { protocol: next, height });
    while ledger.state.head().height.next() < height {
        ledger.commit(vec![]);
    }
    assert_eq!((ledger.state.parameters().protocol, ledger.state.parameters().next_protocol), (next, None));
    let builder = sanad_core::execution::BlockBuilder::new(&ledger.state, &ledger);
    assert!(
        builder.finish(0, ledger.state.head().time_ms + 1).is_err(),
        "this program stops before rules that it does not know"
    );
}

#[test]
fn an_upgrade_can_be_rehearsed_on_test_networks_alone() {
    let mut genesis = sanad_testkit::genesis();
    assert_eq!(genesis.known_versions(), [ProtocolVersion::CURRENT]);
    genesis.log_origin = format!("{TEST_NETWORK_PREFIX}rehearsal");
    sign_genesis(&mut genesis);
    assert_eq!(genesis.known_versions(), [ProtocolVersion::CURRENT, ProtocolVersion::TEST]);
    let mut ledger = Ledger::of(genesis);
    let height = Height(150);
    decide(&mut ledger, Change::ActivateProtocol { protocol: ProtocolVersion::TEST, height });
    while ledger.state.head().height < height {
        ledger.commit(vec![]);
    }
    assert_eq!(ledger.header(149).version, ProtocolVersion::CURRENT);
    assert_eq!(ledger.header(150).version, ProtocolVersion::TEST);
    // The rules are the same, and the version after it is unknown.
    ledger.issue("issuer", 0..3);
    let after = ProtocolVersion { layout: 1, rules: ProtocolVersion::TEST.rules + 1 };
    let height = Height(ledger.state.head().height.0 + 110);
    decide(&mut ledger, Change::ActivateProtocol { protocol: after, height });
    while ledger.state.head().height.next() < height {
        ledger.commit(vec![]);
    }
    let builder = sanad_core::execution::BlockBuilder::new(&ledger.state, &ledger);
    assert!(builder.finish(0, ledger.state.head().time_ms + 1).is_err());
}

#[test]
fn limits_of_changes() {
    let mut ledger = Ledger::new();
    let refuse = |ledger: &Ledger, change: Change| refusal(ledger, "v0", propose(ledger, change));
    let own = Change::NameSuccessor { member: id("issuer"), successor: id("issuer") };
    assert_eq!(refuse(&ledger, own), GovernanceError::OwnSuccessor { member: id("issuer") });
    let Parameters { block_bytes_max, heartbeat_ms, .. } = *ledger.state.parameters();
    for actual in [BLOCK_BYTES_FLOOR - 1, BLOCK_BYTES_LIMIT + 1] {
        let change = Change::SetParameters { block_bytes_max: actual, heartbeat_ms };
        assert_eq!(refuse(&ledger, change), GovernanceError::BlockBytes { actual });
    }
    for actual in [HEARTBEAT_MS_FLOOR - 1, HEARTBEAT_MS_LIMIT + 1] {
        let change = Change::SetParameters { block_bytes_max, heartbeat_ms: actual };
        assert_eq!(refuse(&ledger, change), GovernanceError::Heartbeat { actual });
    }
    // One signature too few, of an admission and of new governance keys.
    let Change::Admit(mut admitted) = admission(&ledger, member("new", Role::Issuer)) else { unreachable!() };
    let expected = admitted.possession.len();
    admitted.possession.pop();
    let count = GovernanceError::PossessionCount { expected, actual: expected - 1 };
    assert_eq!(refuse(&ledger, Change::Admit(admitted)), count);
    let new = NewGovernanceKeys {
        member: id("issuer"),
        keys: vec![key("another").public()],
        threshold: 1,
        possession: Vec::new(),
    };
    let change = Change::ReplaceGovernanceKeys(Box::new(new));
    assert_eq!(refuse(&ledger, change), GovernanceError::PossessionCount { expected: 1, actual: 0 });
    // As many issuer ids as a record holds.
    let add = |n: usize| Change::AddIssuerId {
        member: id("issuer"),
        issuer_id: format!("did:web:issuer-{n}.example").parse().unwrap(),
    };
    let room = ISSUER_IDS_MAX - of(&ledger, "issuer").record().issuer_ids.len();
    for n in 0..room {
        decide(&mut ledger, add(n));
    }
    let full = GovernanceError::TooManyIssuerIds { member: id("issuer") };
    assert_eq!(refuse(&ledger, add(room)), full);
}

#[test]
fn a_full_register_admits_nobody() {
    let validators = (0..4).map(|n| (format!("v{n}"), Role::Validator));
    let others = (4..MEMBERS_MAX).map(|n| (format!("m{n}"), Role::Observer));
    let all = validators.chain(others).fold(Consortium::new(), |all, (name, role)| all.with(&name, role));
    let mut ledger = Ledger::of(all.genesis());
    let one_more = propose(&ledger, admission(&ledger, member("one-more", Role::Observer)));
    assert_eq!(refusal(&ledger, "v0", one_more.clone()), GovernanceError::TooManyMembers);
    // A member that leaves keeps its place: its record stays.
    decide(&mut ledger, Change::Retire { member: id("m4") });
    assert_eq!(refusal(&ledger, "v0", one_more), GovernanceError::TooManyMembers);
}
