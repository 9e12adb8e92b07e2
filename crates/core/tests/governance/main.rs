//! Every rule of governance: what members change about themselves, and what they change about each other by vote.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod changes;
mod keys;
mod random_acts;
mod statements;
mod voting;

use sanad_core::event::Event;
use sanad_core::execution::{BatchError, EventError};
use sanad_core::governance::{
    Admission, Change, GovernanceError, KeyRotation, NewKey, Outcome, Proposal, key_possession_message,
};
use sanad_core::hash::ProposalId;
use sanad_core::ids::Height;
use sanad_core::member::{KeyPurpose, Member, MemberState, Standing, possession_message};
use sanad_core::signature::SecretKey;
use sanad_testkit::{Ledger, governance_key, id, member_keys};

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
