//! Every rule by which the ledger refuses a batch.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use sanad_core::batch::{Batch, BatchChain, NO_BATCH};
use sanad_core::event::Event;
use sanad_core::execution::{self, AddError, BatchError, BlockBuilder, EventError};
use sanad_core::hash::{BatchId, ChainId};
use sanad_core::ids::{LogIndex, LogSize, Sequence};
use sanad_core::member::{MemberRecord, MemberState, Role, Standing};
use sanad_core::status::Status;
use sanad_testkit::{Ledger, commitment, governance_key, id, issue, issuing_key};

fn event_error(refusal: Result<(), BatchError>) -> (usize, EventError) {
    match refusal {
        Err(BatchError::Event { position, source }) => (position, source),
        other => unreachable!("expected an event to be refused, found {other:?}"),
    }
}

#[test]
fn issuer_must_be_an_active_issuing_member() {
    let ledger = Ledger::new();
    let refused = |name: &str| ledger.refusal(ledger.signed(name, vec![issue(1)]));
    assert_eq!(refused("issuer"), Ok(()));
    assert_eq!(refused("v0"), Ok(()), "validators issue, too");
    assert_eq!(refused("nobody"), Err(BatchError::UnknownIssuer { issuer: id("nobody") }));
    assert_eq!(
        refused("observer"),
        Err(BatchError::WrongRole { issuer: id("observer"), role: Role::Observer })
    );
}

#[test]
fn each_chain_has_keys_and_events_of_its_own() {
    let ledger = Ledger::new();
    let batch = Batch { chain: BatchChain::Governance, ..ledger.batch("issuer", vec![issue(1)]) };
    let refusal = ledger.refusal(batch.clone().sign(&issuing_key("issuer")));
    assert!(matches!(refusal, Err(BatchError::GovernanceSignature { .. })), "{refusal:?}");
    let wrong = EventError::WrongChain { kind: "issue", chain: BatchChain::Governance };
    assert_eq!(event_error(ledger.refusal(batch.sign(&governance_key("issuer")))), (0, wrong));
    let wrong = EventError::WrongChain { kind: "freeze", chain: BatchChain::Issuing };
    assert_eq!(event_error(ledger.refusal(ledger.signed("issuer", vec![Event::Freeze]))), (0, wrong));
}

#[test]
fn members_that_do_not_stand_well_issue_nothing() {
    let ledger = Ledger::new();
    let member = ledger.state.registry().member(&id("issuer")).unwrap();
    assert_eq!(execution::issuing_key(member), Ok(issuing_key("issuer").public()));
    for standing in [Standing::Frozen, Standing::Suspended, Standing::Retired] {
        let record = MemberRecord { standing, ..member.record().clone() };
        let member = MemberState::new(record, member.rest().clone()).unwrap();
        let issuer = id("issuer");
        assert_eq!(execution::issuing_key(&member), Err(BatchError::InactiveIssuer { issuer, standing }));
    }
}

#[test]
fn signature_must_be_the_issuers() {
    let ledger = Ledger::new();
    let forged = ledger.batch("issuer", vec![issue(1)]).sign(&issuing_key("v0"));
    assert!(matches!(ledger.refusal(forged), Err(BatchError::Signature { .. })));
}

#[test]
fn chain_must_be_this_one() {
    let ledger = Ledger::new();
    let foreign = Batch { chain_id: ChainId([9; 32]), ..ledger.batch("issuer", vec![issue(1)]) };
    let refusal = ledger.refusal(foreign.sign(&issuing_key("issuer")));
    assert_eq!(
        refusal,
        Err(BatchError::ForeignChain { expected: ledger.state.chain_id(), actual: ChainId([9; 32]) })
    );
}

#[test]
fn sequence_has_no_replay_gap_or_fork() {
    let mut ledger = Ledger::new();
    let first = ledger.signed("issuer", vec![issue(1)]);
    ledger.commit(vec![first.clone()]);
    let (issuer, expected) = (id("issuer"), Sequence(1));
    assert_eq!(
        ledger.refusal(first.clone()),
        Err(BatchError::SequenceUsed { issuer: issuer.clone(), expected, actual: Sequence(0) })
    );
    let gapped = Batch { sequence: Sequence(2), ..ledger.batch("issuer", vec![issue(2)]) };
    assert_eq!(
        ledger.refusal(gapped.sign(&issuing_key("issuer"))),
        Err(BatchError::SequenceGap { issuer: issuer.clone(), expected, actual: Sequence(2) })
    );
    let forked = Batch { previous: BatchId([3; 32]), ..ledger.batch("issuer", vec![issue(2)]) };
    assert_eq!(
        ledger.refusal(forked.sign(&issuing_key("issuer"))),
        Err(BatchError::Fork { issuer, expected: first.id(), actual: BatchId([3; 32]) })
    );
}

#[test]
fn commitments_are_issued_once() {
    let mut ledger = Ledger::new();
    let twice = ledger.signed("issuer", vec![issue(1), issue(2), issue(1)]);
    let duplicate = EventError::DuplicateCommitment { commitment: commitment(1) };
    assert_eq!(event_error(ledger.refusal(twice)), (2, duplicate));
    ledger.issue("issuer", 0..5);
    let again = ledger.signed("issuer", vec![issue(9), issue(3)]);
    let known = EventError::AlreadyIssued { commitment: commitment(3), at: LogIndex(3) };
    assert_eq!(event_error(ledger.refusal(again)), (1, known));
}

#[test]
fn commitments_are_issued_once_within_a_block() {
    let ledger = Ledger::new();
    let mut builder = BlockBuilder::new(&ledger.state, &ledger);
    let first = ledger.signed("issuer", vec![issue(1)]);
    let following = |events| {
        let batch = Batch { sequence: Sequence(1), previous: first.id(), ..ledger.batch("issuer", events) };
        batch.sign(&issuing_key("issuer"))
    };
    assert!(builder.add(first.clone().into()).is_ok());
    assert!(builder.add(following(vec![issue(2), issue(1)]).into()).is_err());
    assert!(builder.add(following(vec![issue(2)]).into()).is_ok(), "the refused batch left nothing");
}

#[test]
fn a_commitment_that_another_member_copies_blocks_nobody() {
    let mut ledger = Ledger::new();
    // In one block, the thief first; and again in later blocks.
    ledger.commit(vec![ledger.signed("v0", vec![issue(1)]), ledger.signed("issuer", vec![issue(1)])]);
    ledger.issue("v1", 1..2);
    let issuers: Vec<_> = ledger.entries.iter().map(|entry| entry.issuer.as_str()).collect();
    assert_eq!(issuers, ["v0", "issuer", "v1"]);
    let known = EventError::AlreadyIssued { commitment: commitment(1), at: LogIndex(1) };
    assert_eq!(event_error(ledger.refusal(ledger.signed("issuer", vec![issue(1)]))), (0, known));
}

#[test]
fn only_the_issuer_changes_a_status_and_revocation_is_final() {
    let mut ledger = Ledger::new();
    ledger.issue("issuer", 0..3);
    let target = LogIndex(1);
    let change =
        |ledger: &Ledger, name: &str, events: Vec<Event>| ledger.refusal(ledger.signed(name, events));
    assert_eq!(
        event_error(change(&ledger, "v0", vec![Event::Revoke { target }])).1,
        EventError::AnotherIssuer { target, issuer: id("issuer") }
    );
    let to_come = LogIndex(3);
    assert_eq!(
        event_error(change(&ledger, "issuer", vec![issue(9), Event::Revoke { target: to_come }])),
        (1, EventError::UnknownTarget { target: to_come, size: LogSize(3) }),
        "nor one in the same batch"
    );
    assert_eq!(
        event_error(change(&ledger, "issuer", vec![Event::Revoke { target: LogIndex(u64::MAX) }])).1,
        EventError::UnknownTarget { target: LogIndex(u64::MAX), size: LogSize(3) }
    );
    assert_eq!(
        event_error(change(&ledger, "issuer", vec![Event::Reinstate { target }])).1,
        EventError::Status { target, status: Status::Active, change: "reinstate" }
    );

    let suspend = ledger.signed("issuer", vec![Event::Suspend { target }]);
    ledger.commit(vec![suspend]);
    assert_eq!(ledger.state.status().status(target), Status::Suspended);
    assert_eq!(
        event_error(change(&ledger, "issuer", vec![Event::Suspend { target }])).1,
        EventError::Status { target, status: Status::Suspended, change: "suspend" }
    );
    assert_eq!(
        event_error(change(&ledger, "issuer", vec![Event::Revoke { target: LogIndex(3) }])).1,
        EventError::NotAnIssuance { target: LogIndex(3), kind: "suspend" }
    );
    let back = ledger.signed("issuer", vec![Event::Reinstate { target }, Event::Revoke { target }]);
    ledger.commit(vec![back]);
    assert_eq!(ledger.state.status().status(target), Status::Revoked);
    for event in [Event::Revoke { target }, Event::Suspend { target }, Event::Reinstate { target }] {
        assert_eq!(
            event_error(change(&ledger, "issuer", vec![event.clone()])).1,
            EventError::Status { target, status: Status::Revoked, change: event.kind() }
        );
    }
}

#[test]
fn the_issuing_chain_revokes_256_a_day() {
    let mut ledger = Ledger::new();
    ledger.issue("issuer", 0..600);
    ledger.issue("v0", 0..1);
    let revoke = |range: std::ops::Range<u64>| {
        range.map(|n| Event::Revoke { target: LogIndex(n) }).collect::<Vec<_>>()
    };
    let limit = EventError::RevocationLimit { limit: 256 };
    assert_eq!(event_error(ledger.refusal(ledger.signed("issuer", revoke(0..257)))), (256, limit.clone()));
    // Over several batches, of one block and of later ones.
    let first = ledger.signed("issuer", revoke(0..200));
    let batch = Batch { previous: first.id(), ..ledger.batch("issuer", revoke(200..256)) };
    let second = Batch { sequence: Sequence(batch.sequence.0 + 1), ..batch };
    ledger.commit(vec![first, second.sign(&issuing_key("issuer"))]);
    let refused = ledger.signed("issuer", revoke(256..257));
    assert_eq!(event_error(ledger.refusal(refused.clone())), (0, limit.clone()));
    let suspend = (256..600).map(|n| Event::Suspend { target: LogIndex(n) }).collect();
    ledger.commit(vec![ledger.signed("issuer", suspend)]);
    ledger.commit(vec![ledger.signed("v0", revoke(600..601))]);
    let by_governance = Event::RevokeByGovernance { target: LogIndex(257) };
    ledger.commit(vec![ledger.governed("issuer", vec![by_governance])]);

    // The next day begins with the block after the first one of that day.
    let tomorrow = (ledger.head().time_ms / 86_400_000 + 1) * 86_400_000;
    ledger.first_block_ms = tomorrow - 1;
    ledger.commit(vec![]);
    assert_eq!(event_error(ledger.refusal(ledger.signed("issuer", revoke(256..257)))), (0, limit));
    ledger.first_block_ms = tomorrow;
    ledger.commit(vec![]);
    ledger.commit(vec![ledger.signed("issuer", revoke(258..514))]);
    let rest = ledger.state.registry().member(&id("issuer")).unwrap().rest();
    assert_eq!((u64::from(rest.revoked.day), rest.revoked.count), (tomorrow / 86_400_000, 256));
}

#[test]
fn a_batch_of_the_same_block_can_be_revoked() {
    let mut ledger = Ledger::new();
    let first = ledger.signed("issuer", vec![issue(1), issue(2)]);
    let second = Batch {
        sequence: Sequence(1),
        previous: first.id(),
        ..ledger.batch("issuer", vec![Event::Revoke { target: LogIndex(1) }])
    };
    ledger.commit(vec![first, second.sign(&issuing_key("issuer"))]);
    assert_eq!(ledger.state.status().status(LogIndex(1)), Status::Revoked);
    assert_eq!(ledger.state.status().status(LogIndex(0)), Status::Active);
}

#[test]
fn blocks_have_an_end() {
    let ledger = Ledger::new();
    let mut builder = BlockBuilder::new(&ledger.state, &ledger);
    let mut previous = NO_BATCH;
    let mut refused = None;
    for sequence in 0..9 {
        let numbers = sequence * 4_096..(sequence + 1) * 4_096;
        let batch = Batch {
            sequence: Sequence(sequence),
            previous,
            ..ledger.batch("issuer", numbers.map(issue).collect())
        };
        let signed = batch.sign(&issuing_key("issuer"));
        previous = signed.id();
        match builder.add(signed.into()) {
            Ok(()) => assert_eq!(refused, None),
            Err(AddError::Refused(BatchError::BlockFull { .. })) => refused = refused.or(Some(sequence)),
            Err(other) => unreachable!("{other:?}"),
        }
    }
    assert_eq!(refused, Some(7), "seven whole batches fit 1 MiB");
    let (block, _) = builder.finish(0, 5_000).unwrap();
    assert!(block.encode().len() <= ledger.genesis.parameters.block_bytes_max as usize);
}
