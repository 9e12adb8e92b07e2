//! Proposals: who votes, how votes count, and how long.

use sanad_core::event::Event;
use sanad_core::execution::BatchError;
use sanad_core::governance::{
    Change, GovernanceError, Outcome, PROPOSAL_HEIGHTS_MAX, PROPOSALS_PER_MEMBER_MAX, Proposal,
};
use sanad_core::hash::ProposalId;
use sanad_core::ids::{Height, LogIndex};
use sanad_core::member::{KeyPurpose, Role, Standing};
use sanad_testkit::{Ledger, id, issue, issuing_key, member};

use crate::{
    act, admission, approve, decide, key, names, of, open, outcome, propose, refusal, refused, rotation,
    standing, validators,
};

#[test]
fn a_member_admitted_by_vote_issues_and_validates() {
    let mut ledger = Ledger::new();
    let change = admission(&ledger, member("v4", Role::Validator));
    let keys = member("v4", Role::Validator);
    let (issuing, consensus, network) = (keys.issuing_key, keys.consensus_key, keys.network_key);
    assert_eq!(
        change.to_string(),
        format!(
            "admit v4 as validator: name \"University v4\"; no issuer id; one governance key signs: {}; issuing key {}; \
             consensus key {}; network key {}; no facts",
            keys.governance_keys[0],
            issuing.unwrap(),
            consensus.unwrap(),
            network.unwrap()
        )
    );
    let proposal = open(&mut ledger, change, 0);
    approve(&mut ledger, &["v1"], proposal);
    assert!(ledger.state.registry().member(&id("v4")).is_none(), "two of four are no quorum");
    // The member issues right after the vote that completes it, in the same block.
    let vote = ledger.governed("v3", vec![Event::Approve { proposal }]);
    let mut batch = ledger.batch("v4", vec![issue(1)]);
    batch.issuer = id("v4");
    let before = ledger.state.log_size();
    ledger.commit(vec![vote, batch.sign(&issuing_key("v4"))]);
    assert_eq!(outcome(&ledger, proposal), Some(Outcome::Executed));
    let admitted = of(&ledger, "v4");
    assert_eq!(admitted.record().since, ledger.state.head().height);
    assert_eq!(admitted.rest().keys[0].from, LogIndex(before.0 + 1));
    assert_eq!(names(&ledger), ["v0", "v1", "v2", "v3"], "a role does not change the validators");

    let proposal = decide(&mut ledger, validators(&["v0", "v1", "v2", "v3", "v4"]));
    assert_eq!(
        ledger.state.governance().proposal(&proposal).unwrap().due(),
        Some(Height(ledger.state.head().height.0 + 2))
    );
    let announced = ledger.commit(vec![]);
    assert_ne!(announced.next_validators_hash, announced.validators_hash);
    assert_eq!(names(&ledger), ["v0", "v1", "v2", "v3", "v4"]);
    assert_eq!(
        (ledger.state.validators().number(), ledger.state.validators().first_height()),
        (1, announced.height.next())
    );
    let decided = ledger.commit(vec![]);
    assert_eq!(decided.validators_hash, announced.next_validators_hash);
    // And back. Four of five are a quorum now.
    let proposal = decide(&mut ledger, validators(&["v0", "v1", "v2", "v3"]));
    assert_eq!(outcome(&ledger, proposal), None);
    approve(&mut ledger, &["v4"], proposal);
    ledger.commit(vec![]);
    assert_eq!((outcome(&ledger, proposal), names(&ledger).len()), (Some(Outcome::Executed), 4));
}

#[test]
fn who_may_vote_and_how_often() {
    let mut ledger = Ledger::new();
    let suspend = Change::Suspend { member: id("issuer") };
    let event = propose(&ledger, suspend.clone());
    assert_eq!(
        refusal(&ledger, "issuer", event.clone()),
        GovernanceError::NotAValidator { member: id("issuer") }
    );
    let proposal = open(&mut ledger, suspend, 0);
    let vote = Event::Approve { proposal };
    assert_eq!(refusal(&ledger, "v0", vote.clone()), GovernanceError::AlreadyApproved { member: id("v0") });
    assert_eq!(
        refusal(&ledger, "issuer", vote.clone()),
        GovernanceError::NotAValidator { member: id("issuer") }
    );
    assert_eq!(
        refusal(&ledger, "v1", Event::Withdraw { proposal }),
        GovernanceError::NotApproved { member: id("v1") }
    );
    let unknown = ProposalId([9; 32]);
    assert_eq!(
        refusal(&ledger, "v1", Event::Approve { proposal: unknown }),
        GovernanceError::UnknownProposal { proposal: unknown }
    );
    // Twice in one batch, and a replay of a batch.
    let twice = ledger.governed("v1", vec![vote.clone(), vote.clone()]);
    assert_eq!(refused(ledger.refusal(twice)), GovernanceError::AlreadyApproved { member: id("v1") });
    let once = ledger.governed("v1", vec![vote]);
    ledger.commit(vec![once.clone()]);
    assert!(matches!(ledger.refusal(once), Err(BatchError::SequenceUsed { .. })));
    // A withdrawn approval does not count; the last one closes the proposal.
    act(&mut ledger, "v1", Event::Withdraw { proposal });
    approve(&mut ledger, &["v2"], proposal);
    assert_eq!(standing(&ledger, "issuer"), Standing::Active);
    for by in ["v0", "v2"] {
        act(&mut ledger, by, Event::Withdraw { proposal });
    }
    assert_eq!(outcome(&ledger, proposal), Some(Outcome::Withdrawn));
}

#[test]
fn proposals_expire_wait_for_their_height_and_exclude_each_other() {
    let mut ledger = Ledger::new();
    let at = |change, expires, effective| {
        Event::Propose(Box::new(Proposal { change, expires: Height(expires), effective: Height(effective) }))
    };
    let suspend = || Change::Suspend { member: id("issuer") };
    let retire = || Change::Retire { member: id("issuer") };
    // The next block has height 1.
    let past = |field, earliest, actual| GovernanceError::Past {
        field,
        earliest: Height(earliest),
        actual: Height(actual),
    };
    assert_eq!(refusal(&ledger, "v0", at(suspend(), 1, 0)), past("expires", 2, 1));
    assert_eq!(refusal(&ledger, "v0", at(suspend(), 9, 1)), past("effective", 2, 1));
    let smaller = || validators(&["v0", "v1", "v2"]);
    assert_eq!(refusal(&ledger, "v0", at(smaller(), 9, 2)), past("effective", 3, 2));
    let far = PROPOSAL_HEIGHTS_MAX + 2;
    assert_eq!(
        refusal(&ledger, "v0", at(suspend(), far, 0)),
        GovernanceError::Future { field: "expires", actual: Height(far) }
    );

    let waits = open(&mut ledger, suspend(), 8);
    let other = open(&mut ledger, retire(), 0);
    approve(&mut ledger, &["v1", "v2"], waits);
    assert_eq!(standing(&ledger, "issuer"), Standing::Active);
    let pending = GovernanceError::PendingChange { pending: waits, due: Height(8) };
    assert_eq!(refusal(&ledger, "v0", propose(&ledger, retire())), pending);
    approve(&mut ledger, &["v1"], other);
    assert_eq!(
        refusal(&ledger, "v2", Event::Approve { proposal: other }),
        pending,
        "the vote that would complete it"
    );
    while ledger.state.head().height < Height(6) {
        ledger.commit(vec![]);
        assert_eq!(standing(&ledger, "issuer"), Standing::Active);
    }
    ledger.commit(vec![]);
    assert_eq!(
        (standing(&ledger, "issuer"), of(&ledger, "issuer").record().since),
        (Standing::Suspended, Height(8))
    );
    approve(&mut ledger, &["v2"], other);
    assert_eq!(standing(&ledger, "issuer"), Standing::Retired);

    // One that finds no quorum expires.
    let height = ledger.state.head().height.0;
    let short = ledger.governed("v0", vec![at(Change::Suspend { member: id("observer") }, height + 2, 0)]);
    let Event::Propose(proposal) = &short.batch().events[0] else { unreachable!() };
    let short_id = proposal.id(&ledger.state.chain_id(), &id("v0"), short.batch().sequence, 0);
    ledger.commit(vec![short]);
    assert_eq!(outcome(&ledger, short_id), None);
    ledger.commit(vec![]);
    assert_eq!(outcome(&ledger, short_id), Some(Outcome::Expired));
    // A proposer has a limit.
    let many = |ledger: &Ledger, count: usize| {
        let event = |n: usize| {
            propose(
                ledger,
                Change::Amend { member: id("v1"), name: Some(format!("University {n}")), facts: None },
            )
        };
        ledger.governed("v0", (0..count).map(event).collect())
    };
    assert_eq!(ledger.refusal(many(&ledger, PROPOSALS_PER_MEMBER_MAX)), Ok(()));
    assert!(matches!(
        refused(ledger.refusal(many(&ledger, PROPOSALS_PER_MEMBER_MAX + 1))),
        GovernanceError::TooManyProposals { .. }
    ));
}

#[test]
fn votes_count_by_the_validators_at_the_execution() {
    let mut ledger = Ledger::new();
    let change = admission(&ledger, member("v4", Role::Validator));
    decide(&mut ledger, change);
    // Passes with three of four, waits, and then three are too few of five.
    let waits = open(&mut ledger, Change::Suspend { member: id("issuer") }, 14);
    approve(&mut ledger, &["v1", "v2"], waits);
    decide(&mut ledger, validators(&["v0", "v1", "v2", "v3", "v4"]));
    while ledger.state.head().height < Height(15) {
        ledger.commit(vec![]);
    }
    assert_eq!((standing(&ledger, "issuer"), outcome(&ledger, waits)), (Standing::Active, None));
    approve(&mut ledger, &["v4"], waits);
    assert_eq!(standing(&ledger, "issuer"), Standing::Suspended);
}

#[test]
fn what_governance_holds_is_proved() {
    let mut ledger = Ledger::new();
    let event = rotation(&ledger, "v2", KeyPurpose::Consensus, &key("v2"));
    act(&mut ledger, "v2", event);
    open(&mut ledger, Change::Suspend { member: id("issuer") }, 0);
    let proof = ledger.prove_governance();
    let anchor = sanad_core::trust::TrustAnchor::new(&ledger.genesis).unwrap();
    assert!(proof.verify(&anchor).is_ok());
    let mut hidden = proof.clone();
    hidden.items.pop();
    assert!(hidden.verify(&anchor).is_err());
    let mut changed = proof;
    changed.parameters.heartbeat_ms += 1;
    assert!(changed.verify(&anchor).is_err());
}

#[test]
fn what_has_passed_is_not_approved_after_its_expiry() {
    let mut ledger = Ledger::new();
    let suspend = Change::Suspend { member: id("issuer") };
    let proposal = Proposal { change: suspend, expires: Height(4), effective: Height(20) };
    let batch = ledger.governed("v0", vec![Event::Propose(Box::new(proposal.clone()))]);
    let open = proposal.id(&ledger.state.chain_id(), &id("v0"), batch.batch().sequence, 0);
    ledger.commit(vec![batch]);
    approve(&mut ledger, &["v1", "v2"], open);
    while ledger.state.head().height < Height(4) {
        ledger.commit(Vec::new());
    }
    let late = Event::Approve { proposal: open };
    assert_eq!(refusal(&ledger, "v3", late), GovernanceError::Expired { expires: Height(4) });
}
