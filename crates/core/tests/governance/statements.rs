//! Evidence and rejoin statements.

use sanad_core::block::BlockId;
use sanad_core::event::Event;
use sanad_core::evidence::{Accusation, Equivocation, EquivocationError, Occasion, Statement, StatementKind};
use sanad_core::governance::{EVIDENCE_PER_MEMBER_MAX, GovernanceError, RejoinStatement};
use sanad_core::hash::{BlockHash, ChainId, RejoinNonce};
use sanad_core::ids::Height;
use sanad_core::member::KeyPurpose;
use sanad_core::signature::SecretKey;
use sanad_core::validators::{VoteKind, vote_message};
use sanad_testkit::{Ledger, consensus_key, id, issuing_key};

use crate::{act, key, of, refusal, refused, rotation};

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
