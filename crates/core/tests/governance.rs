//! Every rule of governance: what members change about themselves, and what they change about each other by vote.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use sanad_core::batch::{
    Batch, BatchChain, BatchSignatures, GovernanceSignatureError, KeySignature, batch_message,
};
use sanad_core::block::{BlockId, ProtocolVersion};
use sanad_core::event::Event;
use sanad_core::evidence::{Accusation, Equivocation, EquivocationError, Occasion, Statement, StatementKind};
use sanad_core::execution::{BatchError, EventError};
use sanad_core::genesis::{
    BLOCK_BYTES_FLOOR, BLOCK_BYTES_LIMIT, HEARTBEAT_MS_FLOOR, HEARTBEAT_MS_LIMIT, Parameters,
    TEST_NETWORK_PREFIX,
};
use sanad_core::governance::{
    Admission, Change, Compromise, EVIDENCE_PER_MEMBER_MAX, GovernanceError, KeyRotation, NewGovernanceKeys,
    NewKey, Outcome, PROPOSAL_HEIGHTS_MAX, PROPOSALS_PER_MEMBER_MAX, Proposal, RejoinStatement,
    key_possession_message,
};
use sanad_core::hash::{BlockHash, ChainId, ProposalId, RejoinNonce};
use sanad_core::ids::{Height, LogIndex};
use sanad_core::member::{
    Fact, ISSUER_IDS_MAX, IndexRange, KEY_TERMS_MAX, KeyPurpose, Member, MemberState, Role, Standing,
    possession_message,
};
use sanad_core::registry::MEMBERS_MAX;
use sanad_core::signature::SecretKey;
use sanad_core::status::{CredentialStatus, Status};
use sanad_core::validators::{VoteKind, vote_message};
use sanad_testkit::{
    Consortium, Ledger, consensus_key, governance_key, id, issue, issuing_key, member, member_keys,
    next_batch_of, sign_genesis,
};

fn refused(refusal: Result<(), BatchError>) -> GovernanceError {
    match refusal {
        Err(BatchError::Event { source: EventError::Governance(error), .. }) => *error,
        other => unreachable!("expected a rule of governance, found {other:?}"),
    }
}

fn refusal(ledger: &Ledger, by: &str, event: Event) -> GovernanceError {
    refused(ledger.refusal(ledger.governed(by, vec![event])))
}

fn act(ledger: &mut Ledger, by: &str, event: Event) {
    let batch = ledger.governed(by, vec![event]);
    ledger.commit(vec![batch]);
}

fn propose(ledger: &Ledger, change: Change) -> Event {
    propose_at(ledger, change, 0)
}

fn propose_at(ledger: &Ledger, change: Change, effective: u64) -> Event {
    let expires = Height(ledger.state.head().height.0 + 100);
    Event::Propose(Box::new(Proposal { change, expires, effective: Height(effective) }))
}

/// Commits a proposal of `v0`; returns its id.
fn open(ledger: &mut Ledger, change: Change, effective: u64) -> ProposalId {
    let batch = ledger.governed("v0", vec![propose_at(ledger, change, effective)]);
    let Event::Propose(proposal) = &batch.batch().events[0] else { unreachable!() };
    let proposal = proposal.id(&ledger.state.chain_id(), &id("v0"), batch.batch().sequence, 0);
    ledger.commit(vec![batch]);
    proposal
}

fn approve(ledger: &mut Ledger, by: &[&str], proposal: ProposalId) {
    for by in by {
        act(ledger, by, Event::Approve { proposal });
    }
}

/// Proposes a change by `v0`, which `v1` and `v2` approve.
fn decide(ledger: &mut Ledger, change: Change) -> ProposalId {
    let proposal = open(ledger, change, 0);
    approve(ledger, &["v1", "v2"], proposal);
    proposal
}

fn outcome(ledger: &Ledger, proposal: ProposalId) -> Option<Outcome> {
    let mut closed = ledger.state.governance().closed();
    closed.find(|closed| closed.id == proposal).map(|closed| closed.outcome)
}

fn of<'a>(ledger: &'a Ledger, name: &str) -> &'a MemberState {
    ledger.state.registry().member(&id(name)).unwrap()
}

fn standing(ledger: &Ledger, name: &str) -> Standing {
    of(ledger, name).record().standing
}

fn new_key(ledger: &Ledger, member: &str, purpose: KeyPurpose, key: &SecretKey) -> NewKey {
    let message = key_possession_message(&ledger.state.chain_id(), &id(member), purpose, &key.public());
    NewKey { key: key.public(), possession: key.sign(&message) }
}

fn rotation(ledger: &Ledger, member: &str, purpose: KeyPurpose, key: &SecretKey) -> Event {
    Event::RotateKey(Box::new(KeyRotation { purpose, new: new_key(ledger, member, purpose, key) }))
}

fn admission(ledger: &Ledger, member: Member) -> Change {
    let message = possession_message(&ledger.genesis.invitation(), &member);
    let possession = member_keys(&member).iter().map(|key| key.sign(&message)).collect();
    Change::Admit(Box::new(Admission { member, possession }))
}

fn validators(names: &[&str]) -> Change {
    Change::SetValidators {
        validators: names.iter().map(|name| id(name)).collect(),
        fewer_than_four: names.len() < 4,
    }
}

fn names(ledger: &Ledger) -> Vec<&str> {
    ledger.state.validators().validators().iter().map(|validator| validator.member.as_str()).collect()
}

fn key(name: &str) -> SecretKey {
    governance_key(&format!("another key: {name}"))
}

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
fn governance_keys_sign_as_many_as_the_threshold() {
    let mut two = member("two", Role::Validator);
    two.governance_keys = vec![governance_key("two").public(), key("two").public()];
    two.governance_keys.sort();
    let consortium = (0..4).fold(Consortium::new(), |all, n| all.with(&format!("v{n}"), Role::Validator));
    let mut ledger = Ledger::of(consortium.genesis());
    let change = {
        two.governance_threshold = 2;
        let message = possession_message(&ledger.genesis.invitation(), &two);
        let mut keys = [governance_key("two"), key("two")];
        keys.sort_by_key(SecretKey::public);
        let others = member_keys(&member("two", Role::Validator)).split_off(1);
        let possession = keys.iter().chain(&others).map(|key| key.sign(&message)).collect();
        Change::Admit(Box::new(Admission { member: two.clone(), possession }))
    };
    decide(&mut ledger, change);
    let event = Event::SetAddresses { addresses: vec!["node.two.example:4040".into()] };
    let batch = next_batch_of(&ledger.state, "two", BatchChain::Governance, vec![event]);
    let sign = |batch: &Batch, keys: &[&SecretKey]| {
        let message = batch_message(&batch.id());
        let mut list: Vec<_> = keys
            .iter()
            .map(|key| KeySignature { key: key.public(), signature: key.sign(&message) })
            .collect();
        list.sort_by_key(|signature| signature.key);
        batch.clone().with_signatures(BatchSignatures::Governance(list))
    };
    let error = |refusal| match refusal {
        Err(BatchError::GovernanceSignature { source, .. }) => source,
        other => unreachable!("{other:?}"),
    };
    let (first, second, other) = (governance_key("two"), key("two"), governance_key("v0"));
    assert_eq!(
        error(ledger.refusal(sign(&batch, &[&first]))),
        GovernanceSignatureError::Threshold { signed: 1, threshold: 2 }
    );
    assert_eq!(
        error(ledger.refusal(sign(&batch, &[&first, &other]))),
        GovernanceSignatureError::Key { key: other.public() }
    );
    assert_eq!(ledger.refusal(sign(&batch, &[&first, &second])), Ok(()));
    // One of them is enough to freeze.
    let freeze = next_batch_of(&ledger.state, "two", BatchChain::Freeze, vec![Event::Freeze]);
    ledger.commit(vec![freeze.sign(&second)]);
    assert_eq!(standing(&ledger, "two"), Standing::Frozen);
}

#[test]
fn a_replaced_governance_key_votes_no_more() {
    let mut ledger = Ledger::new();
    let replace = |ledger: &Ledger, keys: &[&SecretKey]| {
        let purpose = KeyPurpose::Governance;
        let new: Vec<_> = keys.iter().map(|key| new_key(ledger, "v3", purpose, key)).collect();
        Change::ReplaceGovernanceKeys(Box::new(NewGovernanceKeys {
            member: id("v3"),
            keys: new.iter().map(|new| new.key).collect(),
            threshold: 1,
            possession: new.iter().map(|new| new.possession).collect(),
        }))
    };
    let reused = propose(&ledger, replace(&ledger, &[&issuing_key("v3")]));
    assert_eq!(
        refusal(&ledger, "v0", reused),
        GovernanceError::KeyReuse { key: issuing_key("v3").public(), holder: id("v3") }
    );
    let change = replace(&ledger, &[&key("v3")]);
    decide(&mut ledger, change);
    let vote = propose(&ledger, Change::Suspend { member: id("issuer") });
    let former = ledger.refusal(ledger.governed("v3", vec![vote.clone()]));
    let source = GovernanceSignatureError::Key { key: governance_key("v3").public() };
    assert_eq!(former, Err(BatchError::GovernanceSignature { issuer: id("v3"), source }));
    let batch = next_batch_of(&ledger.state, "v3", BatchChain::Governance, vec![vote]);
    assert_eq!(ledger.refusal(batch.sign(&key("v3"))), Ok(()));
    // The key never returns.
    let back = propose(&ledger, replace(&ledger, &[&governance_key("v3")]));
    assert!(matches!(refusal(&ledger, "v0", back), GovernanceError::KeyReuse { .. }));
}

#[test]
fn keys_change_at_the_next_height_and_never_return() {
    let mut ledger = Ledger::new();
    let fresh = key("issuer");
    let rotate = rotation(&ledger, "issuer", KeyPurpose::Issuing, &fresh);
    let own = |ledger: &Ledger, key: &SecretKey| ledger.batch("issuer", vec![issue(7)]).sign(key);
    // In the block of the rotation the former key still signs.
    ledger
        .commit(vec![ledger.governed("issuer", vec![rotate.clone()]), own(&ledger, &issuing_key("issuer"))]);
    assert!(matches!(
        ledger.refusal(own(&ledger, &issuing_key("issuer"))),
        Err(BatchError::Signature { .. })
    ));
    let batch = ledger.batch("issuer", vec![issue(8)]).sign(&fresh);
    ledger.commit(vec![batch]);
    let terms: Vec<_> =
        of(&ledger, "issuer").rest().keys.iter().filter(|term| term.purpose == KeyPurpose::Issuing).collect();
    assert_eq!((terms[0].until, terms[1].from, terms[1].until), (Some(LogIndex(2)), LogIndex(2), None));
    for used in [issuing_key("issuer"), fresh, consensus_key("v0")] {
        let event = rotation(&ledger, "issuer", KeyPurpose::Issuing, &used);
        assert!(matches!(refusal(&ledger, "issuer", event), GovernanceError::KeyReuse { .. }));
    }
    let governance = rotation(&ledger, "issuer", KeyPurpose::Governance, &key("other"));
    assert_eq!(refusal(&ledger, "issuer", governance), GovernanceError::VoteNeeded);
    // Two in one block; a key that signed for somebody else.
    let first = rotation(&ledger, "issuer", KeyPurpose::Issuing, &key("first"));
    let second = rotation(&ledger, "issuer", KeyPurpose::Issuing, &key("second"));
    let both = ledger.governed("issuer", vec![first, second]);
    let pending = GovernanceError::PendingKey { member: id("issuer"), purpose: KeyPurpose::Issuing };
    assert_eq!(refused(ledger.refusal(both)), pending);
    let foreign = rotation(&ledger, "v1", KeyPurpose::Issuing, &key("v1"));
    assert!(matches!(refusal(&ledger, "issuer", foreign), GovernanceError::Possession { .. }));
}

#[test]
fn consensus_keys_take_effect_two_heights_later() {
    let mut ledger = Ledger::new();
    let fresh = key("v2");
    let event = rotation(&ledger, "v2", KeyPurpose::Consensus, &fresh);
    act(&mut ledger, "v2", event);
    assert_eq!(ledger.state.validators().number(), 0);
    let again = rotation(&ledger, "v2", KeyPurpose::Consensus, &key("again"));
    assert!(matches!(refusal(&ledger, "v2", again), GovernanceError::PendingKey { .. }));
    let taken = rotation(&ledger, "v1", KeyPurpose::Network, &fresh);
    assert!(matches!(refusal(&ledger, "v1", taken), GovernanceError::KeyReuse { .. }));
    let header = ledger.commit(vec![]);
    assert_ne!(header.next_validators_hash, header.validators_hash);
    let set = ledger.state.validators();
    assert_eq!((set.number(), set.first_height(), set.validators()[2].key), (1, Height(3), fresh.public()));
    assert_eq!(of(&ledger, "v2").rest().current_key(KeyPurpose::Consensus), Some(fresh.public()));
    assert_eq!(ledger.state.governance().items().count(), 0);
}

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
fn a_compromise_disputes_a_range_that_the_issuer_confirms_by_governance() {
    let mut ledger = Ledger::new();
    ledger.issue("issuer", 0..10);
    let declare = |key: &SecretKey, from: u64, replacement: Option<NewKey>| {
        Event::DeclareCompromise(Box::new(Compromise {
            key: key.public(),
            from: LogIndex(from),
            replacement,
        }))
    };
    let stolen = issuing_key("issuer");
    assert_eq!(
        refusal(&ledger, "issuer", declare(&stolen, 11, None)),
        GovernanceError::CompromiseRange { from: LogIndex(0), until: LogIndex(10), actual: LogIndex(11) }
    );
    assert!(matches!(
        refusal(&ledger, "issuer", declare(&key("x"), 4, None)),
        GovernanceError::NotItsKey { .. }
    ));
    assert_eq!(
        refusal(&ledger, "issuer", Event::Confirm { target: LogIndex(4) }),
        GovernanceError::NotDisputed { target: LogIndex(4) }
    );
    let fresh = new_key(&ledger, "issuer", KeyPurpose::Issuing, &key("issuer"));
    // The thief issues on in the same block; the range ends with the block.
    let thief = ledger.signed("issuer", vec![issue(20)]);
    let owner = ledger.governed("issuer", vec![declare(&stolen, 4, Some(fresh))]);
    ledger.commit(vec![owner, thief]);
    let record = of(&ledger, "issuer").record();
    assert_eq!(record.disputed, [IndexRange { from: LogIndex(4), until: LogIndex(12) }]);
    assert!(matches!(
        ledger.refusal(ledger.signed("issuer", vec![issue(21)])),
        Err(BatchError::Signature { .. })
    ));
    let status = |ledger: &Ledger, n| {
        let index = LogIndex(n);
        CredentialStatus::new(ledger.state.status().status(index), index, of(ledger, "issuer").record())
    };
    act(&mut ledger, "issuer", Event::Confirm { target: LogIndex(5) });
    assert_eq!(
        [3, 4, 5, 11].map(|n| status(&ledger, n)),
        [
            CredentialStatus::Active,
            CredentialStatus::Disputed,
            CredentialStatus::Confirmed,
            CredentialStatus::Disputed
        ]
    );
    // A former key again, from earlier on: ranges merge.
    let replaced = refusal(
        &ledger,
        "issuer",
        declare(&stolen, 1, Some(new_key(&ledger, "issuer", KeyPurpose::Issuing, &key("y")))),
    );
    assert_eq!(replaced, GovernanceError::NeedlessReplacement { key: stolen.public() });
    act(&mut ledger, "issuer", declare(&stolen, 1, None));
    assert_eq!(
        of(&ledger, "issuer").record().disputed,
        [IndexRange { from: LogIndex(1), until: LogIndex(12) }]
    );
}

#[test]
fn any_governance_key_freezes_and_a_vote_with_new_keys_thaws() {
    let mut ledger = Ledger::new();
    let pending = rotation(&ledger, "v3", KeyPurpose::Consensus, &key("thief"));
    act(&mut ledger, "v3", pending);
    let freeze = ledger.freeze("v3");
    ledger.commit(vec![freeze.clone()]);
    assert_eq!((standing(&ledger, "v3"), of(&ledger, "v3").record().since), (Standing::Frozen, Height(3)));
    assert_eq!(
        ledger.state.governance().pending_keys().count(),
        0,
        "the thief's key does not come into force"
    );
    assert!(ledger.refusal(freeze.clone()).is_err(), "good once");
    let frozen = GovernanceError::Standing { member: id("v3"), standing: Standing::Frozen };
    let addresses = Event::SetAddresses { addresses: vec!["x.example:1".into()] };
    assert_eq!(refusal(&ledger, "v3", addresses), frozen);
    assert!(matches!(
        ledger.refusal(ledger.signed("v3", vec![issue(1)])),
        Err(BatchError::InactiveIssuer { .. })
    ));
    // Its votes count.
    let proposal = open(&mut ledger, Change::Suspend { member: id("issuer") }, 0);
    approve(&mut ledger, &["v1", "v3"], proposal);
    assert_eq!(standing(&ledger, "issuer"), Standing::Suspended);
    let replace = |ledger: &Ledger, keys: &SecretKey| {
        let new = new_key(ledger, "v3", KeyPurpose::Governance, keys);
        let (keys, possession) = (vec![new.key], vec![new.possession]);
        Change::ReplaceGovernanceKeys(Box::new(NewGovernanceKeys {
            member: id("v3"),
            keys,
            threshold: 1,
            possession,
        }))
    };
    let same = propose(&ledger, replace(&ledger, &governance_key("v3")));
    assert!(matches!(refusal(&ledger, "v0", same), GovernanceError::FrozenKey { .. }));
    let change = replace(&ledger, &key("v3"));
    decide(&mut ledger, change);
    assert_eq!(standing(&ledger, "v3"), Standing::Active);
    assert!(ledger.refusal(freeze).is_err(), "the freeze was for the former keys");
    // A member that was suspended when it froze is suspended when it thaws.
    let freeze = ledger.freeze("issuer");
    ledger.commit(vec![freeze]);
    assert_eq!(standing(&ledger, "issuer"), Standing::Frozen);
    let new = new_key(&ledger, "issuer", KeyPurpose::Governance, &key("thawed"));
    let (keys, possession) = (vec![new.key], vec![new.possession]);
    decide(
        &mut ledger,
        Change::ReplaceGovernanceKeys(Box::new(NewGovernanceKeys {
            member: id("issuer"),
            keys,
            threshold: 1,
            possession,
        })),
    );
    assert_eq!(standing(&ledger, "issuer"), Standing::Suspended);
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

const NAMES: [&str; 8] = ["v0", "v1", "v2", "v3", "v4", "v5", "issuer", "observer"];

/// One random act: who, what, about whom, with which number.
type Act = (usize, u8, usize, u64);

fn event_of(ledger: &Ledger, (by, what, about, number): Act, proposals: &[ProposalId]) -> Event {
    let member = || id(NAMES[about % NAMES.len()]);
    let some = |n: u64| {
        NAMES.iter().enumerate().filter(move |(place, _)| n >> place & 1 == 1).map(|(_, name)| *name)
    };
    let vote = || proposals.iter().rev().nth(number as usize % 4).copied().unwrap_or(ProposalId([0; 32]));
    let propose = |change| {
        propose_at(
            ledger,
            change,
            if number % 3 == 0 { ledger.state.head().height.0 + 2 + number % 5 } else { 0 },
        )
    };
    let fresh = SecretKey::from_seed(&blake3_of(by as u64, number % 40));
    match what % 20 {
        0..=6 => Event::Approve { proposal: vote() },
        7 => Event::Withdraw { proposal: vote() },
        8 => rotation(ledger, NAMES[by], KeyPurpose::Consensus, &fresh),
        9 => rotation(ledger, NAMES[by], KeyPurpose::Issuing, &fresh),
        10 => Event::DeclareCompromise(Box::new(Compromise {
            key: issuing_key(NAMES[by]).public(),
            from: LogIndex(number % 9),
            replacement: None,
        })),
        11 => propose(Change::Suspend { member: member() }),
        12 => propose(Change::Lift { member: member() }),
        13 => propose(Change::Retire { member: member() }),
        14 => propose(Change::SetRole {
            member: member(),
            role: [Role::Observer, Role::Issuer, Role::Validator][number as usize % 3],
        }),
        15..=18 => propose(validators(&some(number | 1).collect::<Vec<_>>())),
        _ => propose(Change::NameSuccessor { member: member(), successor: id(NAMES[number as usize % 8]) }),
    }
}

fn blake3_of(a: u64, b: u64) -> [u8; 32] {
    sanad_testkit::commitment(1_000_000 + a * 1_000 + b).0
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(48))]

    /// Whatever members do in whatever order: every node comes to the same state (the ledger of these tests executes each
    /// block anew from its bytes), and those who decide can decide.
    #[test]
    fn no_sequence_of_events_leads_to_a_set_that_cannot_decide(
        blocks in proptest::collection::vec(
            proptest::collection::vec((0..8usize, proptest::prelude::any::<u8>(), 0..8usize, proptest::prelude::any::<u64>()), 1..6),
            1..30,
        )
    ) {
        let consortium = (0..6).fold(Consortium::new(), |all, n| all.with(&format!("v{n}"), Role::Validator));
        let mut ledger = Ledger::of(consortium.with("issuer", Role::Issuer).with("observer", Role::Observer).genesis());
        let mut proposals = Vec::new();
        for acts in blocks {
            let mut builder = sanad_core::execution::BlockBuilder::new(&ledger.state, &ledger);
            let mut entered = Vec::new();
            let mut used = std::collections::BTreeSet::new();
            for act in acts {
                // One batch a member and block; one in twenty acts is a freeze.
                let name = NAMES[act.0];
                if !used.insert(name) {
                    continue;
                }
                let batch = match act.1 {
                    240.. => ledger.freeze(name),
                    _ => ledger.governed(name, vec![event_of(&ledger, act, &proposals)]),
                };
                if builder.add(batch.clone().into()).is_ok() {
                    if let Event::Propose(proposal) = &batch.batch().events[0] {
                        proposals.push(proposal.id(&ledger.state.chain_id(), &id(name), batch.batch().sequence, 0));
                    }
                    entered.push(batch);
                }
            }
            ledger.commit(entered);
            let set = ledger.state.validators();
            proptest::prop_assert!(!set.validators().is_empty());
            for validator in set.validators() {
                let member = ledger.state.registry().member(&validator.member).unwrap();
                proptest::prop_assert_ne!(member.record().standing, Standing::Retired);
                proptest::prop_assert_eq!(member.rest().role, Role::Validator);
                proptest::prop_assert_eq!(member.rest().current_key(KeyPurpose::Consensus), Some(validator.key));
            }
            // What a node keeps comes back the same.
            let items: Vec<_> = ledger.state.governance().items().cloned().collect();
            for item in &items {
                let bytes = sanad_core::codec::encode(item);
                proptest::prop_assert_eq!(&sanad_core::codec::decode::<sanad_core::governance::GovernanceItem>(&bytes, 1 << 20).unwrap(), item);
            }
            let again = sanad_core::governance::Governance::from_items(items);
            proptest::prop_assert_eq!(again.part(), ledger.state.governance().part());
        }
    }
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
fn a_member_keeps_room_for_keys_that_a_vote_may_bring() {
    let mut ledger = Ledger::new();
    let rotate = |ledger: &Ledger, n: usize| {
        rotation(ledger, "issuer", KeyPurpose::Issuing, &key(&format!("issuing {n}")))
    };
    let own = KEY_TERMS_MAX - 16 - of(&ledger, "issuer").rest().keys.len();
    for n in 0..=own {
        let event = rotate(&ledger, n);
        act(&mut ledger, "issuer", event);
    }
    let full = GovernanceError::TooManyKeys { member: id("issuer") };
    assert_eq!(refusal(&ledger, "issuer", rotate(&ledger, own + 1)), full);
    let new = new_key(&ledger, "issuer", KeyPurpose::Governance, &key("voted"));
    let change = Change::ReplaceGovernanceKeys(Box::new(NewGovernanceKeys {
        member: id("issuer"),
        keys: vec![new.key],
        threshold: 1,
        possession: vec![new.possession],
    }));
    decide(&mut ledger, change);
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

/// Two prevotes of a member for one round: for a block and for nil.
fn double_vote(chain_id: &ChainId, name: &str, height: u64, round: u32) -> Equivocation {
    let key = consensus_key(name);
    let vote = |block: Option<BlockId>| {
        let message = vote_message(chain_id, VoteKind::Prevote, Height(height), round, block.as_ref());
        Statement { block, valid_round: None, signature: key.sign(&message) }
    };
    Equivocation {
        key: key.public(),
        height: Height(height),
        round,
        statement: StatementKind::Prevote,
        first: vote(None),
        second: vote(Some(BlockId { hash: BlockHash([7; 32]), round })),
    }
}

fn accuse(member: &str, equivocation: Equivocation) -> Event {
    Event::RecordEvidence(Box::new(Accusation { member: id(member), equivocation }))
}

#[test]
fn a_contradiction_is_recorded_once_by_anyone_who_holds_it() {
    let mut ledger = Ledger::new();
    ledger.issue("issuer", 0..2);
    let chain_id = ledger.state.chain_id();
    let signed = double_vote(&chain_id, "v1", 1, 0);
    let before = of(&ledger, "v1").rest().events.count;
    // An issuer is no validator, and holds it all the same.
    act(&mut ledger, "issuer", accuse("v1", signed.clone()));
    let occasion = Occasion { height: Height(1), round: 0, statement: StatementKind::Prevote };
    assert_eq!(ledger.state.governance().evidence(&id("v1")), [occasion]);
    assert_eq!(of(&ledger, "v1").rest().events.count, before + 1, "it concerns the accused");
    assert_eq!(ledger.concerns.last().unwrap().0, id("v1"));
    // The other way round, by somebody else: the same occasion.
    let turned =
        Equivocation { first: signed.second.clone(), second: signed.first.clone(), ..signed.clone() };
    let recorded = GovernanceError::EvidenceRecorded { member: id("v1"), occasion };
    assert_eq!(refusal(&ledger, "v2", accuse("v1", turned)), recorded);
    // In one batch, too.
    let other = double_vote(&chain_id, "v1", 1, 1);
    let twice = ledger.governed("v2", vec![accuse("v1", other.clone()), accuse("v1", other)]);
    assert!(matches!(refused(ledger.refusal(twice)), GovernanceError::EvidenceRecorded { .. }));
}

#[test]
fn what_proves_nothing_is_not_recorded() {
    let mut ledger = Ledger::new();
    ledger.issue("issuer", 0..2);
    let chain_id = ledger.state.chain_id();
    let signed = double_vote(&chain_id, "v1", 1, 0);
    let no_evidence = |source| GovernanceError::NoEvidence { member: id("v1"), source };
    let refused_by = |member: &str, equivocation| refusal(&ledger, "v2", accuse(member, equivocation));
    let key = signed.key;
    let not_its = |member: &str| GovernanceError::NotItsConsensusKey { member: id(member), key };
    assert_eq!(refused_by("v3", signed.clone()), not_its("v3"));
    let unknown = GovernanceError::UnknownMember { member: id("nobody") };
    assert_eq!(refused_by("nobody", signed.clone()), unknown);
    let twice = Equivocation { second: signed.first.clone(), ..signed.clone() };
    assert_eq!(refused_by("v1", twice), no_evidence(EquivocationError::Agreement));
    let foreign = double_vote(&ChainId([9; 32]), "v1", 1, 0);
    assert!(matches!(refused_by("v1", foreign), GovernanceError::NoEvidence { .. }));
    let later = Equivocation { round: 1, ..signed.clone() };
    assert!(matches!(refused_by("v1", later), GovernanceError::NoEvidence { .. }));
    // The block to come has height 2; what is above was decided by nobody, nor was the genesis.
    for actual in [0, 3] {
        let height = GovernanceError::EvidenceHeight { latest: Height(2), actual: Height(actual) };
        assert_eq!(refused_by("v1", double_vote(&chain_id, "v1", actual, 0)), height);
    }
    assert_eq!(
        ledger.refusal(ledger.governed("v2", vec![accuse("v1", double_vote(&chain_id, "v1", 2, 0))])),
        Ok(())
    );
    // An issuing key is none that votes.
    let issuing = Equivocation { key: issuing_key("v1").public(), ..signed };
    assert!(matches!(refused_by("v1", issuing), GovernanceError::NotItsConsensusKey { .. }));
}

#[test]
fn evidence_against_a_member_has_an_end_and_outlives_its_key() {
    let mut ledger = Ledger::new();
    ledger.issue("issuer", 0..2);
    let chain_id = ledger.state.chain_id();
    let rotated = rotation(&ledger, "v1", KeyPurpose::Consensus, &key("later"));
    act(&mut ledger, "v1", rotated);
    for number in 0..3 {
        ledger.issue("issuer", 10 + number..11 + number);
    }
    assert_eq!(of(&ledger, "v1").rest().current_key(KeyPurpose::Consensus), Some(key("later").public()));
    let rounds = 0..EVIDENCE_PER_MEMBER_MAX as u32;
    let all = rounds.map(|round| accuse("v1", double_vote(&chain_id, "v1", 1, round))).collect();
    let batch = ledger.governed("v2", all);
    ledger.commit(vec![batch]);
    assert_eq!(ledger.state.governance().evidence(&id("v1")).len(), EVIDENCE_PER_MEMBER_MAX);
    let more = accuse("v1", double_vote(&chain_id, "v1", 2, 0));
    assert_eq!(refusal(&ledger, "v2", more), GovernanceError::EnoughEvidence { member: id("v1") });
    // Nobody else is affected, and the accused goes on.
    act(&mut ledger, "v2", accuse("v3", double_vote(&chain_id, "v3", 1, 0)));
    act(&mut ledger, "v1", Event::SetAddresses { addresses: vec!["v1.example:1".to_owned()] });
}

#[test]
fn a_rejoin_statement_is_of_the_key_in_force_and_counts_once() {
    let mut ledger = Ledger::new();
    let rejoin = |key: &SecretKey, nonce: u8| {
        let statement = RejoinStatement { key: key.public(), nonce: RejoinNonce([nonce; 32]) };
        Event::Rejoin(Box::new(statement))
    };
    act(&mut ledger, "v1", rejoin(&consensus_key("v1"), 1));
    let record = ledger.state.governance().rejoin(&id("v1")).unwrap().clone();
    assert_eq!((record.key, record.height), (consensus_key("v1").public(), Height(1)));
    let used = GovernanceError::NonceUsed { member: id("v1") };
    assert_eq!(refusal(&ledger, "v1", rejoin(&consensus_key("v1"), 1)), used);
    let key = consensus_key("v2").public();
    let not_its = GovernanceError::NotItsVotingKey { member: id("v1"), key };
    assert_eq!(refusal(&ledger, "v1", rejoin(&consensus_key("v2"), 2)), not_its);
    // A thief with one governance key freezes the member, or is frozen out: nothing rejoins meanwhile.
    let freeze = ledger.freeze("v1");
    ledger.commit(vec![freeze]);
    let frozen = refusal(&ledger, "v1", rejoin(&consensus_key("v1"), 2));
    assert!(matches!(frozen, GovernanceError::Standing { .. }));
    assert_eq!(ledger.state.governance().rejoin(&id("v1")), Some(&record));
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
