//! Conversions that no well-behaved server exercises.

use sanad_core::block::{BlockHeader, Past, ProtocolVersion};
use sanad_core::event::{ENTRY_BYTES_MAX, Entry, Event};
use sanad_core::governance::{
    ClosedProposal, GOVERNANCE_BYTES_MAX, GOVERNANCE_ITEMS_MAX, GovernanceItem, Outcome,
};
use sanad_core::hash::{BlockHash, ChainId, PastHash, ProposalId, Root, ValidatorsHash};
use sanad_core::history::HistoryProof;
use sanad_core::ids::{Height, LogIndex, LogSize};
use sanad_core::member::{IndexRange, IssuerIdTerm, MemberRecord, MemberState, Role, Standing};
use sanad_core::proof::{EntryRun, Finality, GovernanceProof, StatusProof, ValidatorChange};
use sanad_core::registry::RegistryProof;
use sanad_core::signature::{PublicKey, Signature};
use sanad_core::validators::{CommitCertificate, CommitSignature, Validator, ValidatorSet};

use super::{Gathering, WireError, encoded_items, governance_head};
use crate::batches::BatchResult;
use crate::blocks::FinalBlock;
use crate::limits::GOVERNANCE_RUN_BYTES_MAX;
use crate::node_status::Peer;
use crate::proofs::MemberDetails;
use crate::wire;

fn header(height: u64) -> BlockHeader {
    BlockHeader {
        version: ProtocolVersion::CURRENT,
        chain_id: ChainId([1; 32]),
        height: Height(height),
        round: 6,
        time_ms: 5,
        log_size: LogSize(900),
        log_root: Root([4; 32]),
        state_root: Root([5; 32]),
        past: PastHash([6; 32]),
        validators_hash: ValidatorsHash([7; 32]),
        next_validators_hash: ValidatorsHash([8; 32]),
    }
}

fn certificate(height: u64) -> CommitCertificate {
    let signature = |validator| CommitSignature { validator, signature: Signature([9; 64]) };
    CommitCertificate {
        height: Height(height),
        round: 3,
        block: BlockHash([2; 32]),
        signatures: vec![signature(0), signature(127)],
    }
}

fn change() -> ValidatorChange {
    let validator = Validator { member: "ui.ac.id".parse().unwrap(), key: PublicKey([4; 32]) };
    let next = ValidatorSet::new(1, Height(5), vec![validator]).unwrap();
    ValidatorChange { header: header(4), certificate: certificate(4), next }
}

fn proof() -> StatusProof {
    let member = MemberState::genesis(&sanad_testkit::member("ui.ac.id", Role::Issuer));
    let issuer_id =
        IssuerIdTerm { id: "https://ui.ac.id".parse().unwrap(), from: LogIndex(0), until: Some(LogIndex(9)) };
    let record = MemberRecord {
        standing: Standing::Suspended,
        issuer_ids: vec![issuer_id],
        disputed: vec![IndexRange { from: LogIndex(299), until: LogIndex(301) }],
        ..member.record().clone()
    };
    StatusProof {
        entry: Entry { issuer: "ui.ac.id".parse().unwrap(), event: Event::Revoke { target: LogIndex(4) } },
        index: LogIndex(300),
        log_path: vec![[1; 32]; 64],
        status_leaf: [0; 64],
        status_path: vec![[2; 32]; 2],
        issuer: RegistryProof { record, index: 3, count: 8, path: vec![[3; 32]; 3] },
        others_root: Root([9; 32]),
        header: header(8),
        finality: Finality::certificate(certificate(8), vec![change()]),
    }
}

fn history() -> Finality {
    let past =
        Past { previous: BlockHash([1; 32]), history_root: Root([2; 32]), batches_root: Root([3; 32]) };
    Finality::History(Box::new(HistoryProof {
        path: vec![[5; 32]; 3],
        past,
        header: header(9),
        certificate: certificate(9),
        validator_changes: vec![change()],
    }))
}

fn message() -> wire::GetStatusResponse {
    proof().into()
}

#[test]
fn a_proof_with_changes_comes_back_as_it_was() {
    assert_eq!(StatusProof::try_from(message()).unwrap(), proof());
    for finality in [history(), Finality::Sealed { path: vec![[6; 32]; 16] }] {
        let proof = StatusProof { finality, ..proof() };
        assert_eq!(StatusProof::try_from(wire::GetStatusResponse::from(proof.clone())).unwrap(), proof);
    }
}

#[test]
fn convenience_fields_are_not_read() {
    let mut message = message();
    let head = message.head.as_mut().unwrap();
    let header = head.header.as_mut().unwrap();
    (header.height, header.hash, header.log_root) = (77, vec![], vec![1]);
    head.issuer.as_mut().unwrap().record.as_mut().unwrap().id = "evil.example".to_owned();
    certified(head).validator_changes[0].next.as_mut().unwrap().validators.clear();
    let entry = message.entry.as_mut().unwrap();
    entry.status = wire::CredentialStatus::Active.into();
    entry.entry.as_mut().unwrap().issuer = "evil.example".to_owned();
    assert_eq!(StatusProof::try_from(message).unwrap(), proof());
}

#[test]
fn readers_see_disputes_and_the_bits() {
    let status = |leaf: u8, disputed: bool| {
        let mut proof = proof();
        proof.status_leaf = [leaf; 64];
        if !disputed {
            proof.issuer.record.disputed.clear();
        }
        let entry = wire::GetStatusResponse::from(proof).entry.unwrap();
        (entry.status(), entry.status_bits())
    };
    use wire::{CredentialStatus, StatusBits};
    for (leaf, disputed, reader, bits) in [
        (0b00_00_00_00, false, CredentialStatus::Active, StatusBits::Active),
        (0b00_00_00_00, true, CredentialStatus::Disputed, StatusBits::Active),
        (0b01_01_01_01, true, CredentialStatus::Suspended, StatusBits::Suspended),
        (0b10_10_10_10, true, CredentialStatus::Confirmed, StatusBits::Confirmed),
        (0b11_11_11_11, true, CredentialStatus::Revoked, StatusBits::Revoked),
    ] {
        assert_eq!(status(leaf, disputed), (reader, bits));
    }
}

fn certified(head: &mut wire::ProofHead) -> &mut wire::CertifiedFinality {
    match head.finality.as_mut().unwrap().by.as_mut().unwrap() {
        wire::finality::By::Certificate(certified) => certified,
        other => panic!("{other:?}"),
    }
}

/// The error of converting a message that was spoiled.
fn spoiled(spoil: impl FnOnce(&mut wire::ProofHead, &mut wire::EntryProof)) -> WireError {
    let mut message = message();
    spoil(message.head.as_mut().unwrap(), message.entry.as_mut().unwrap());
    StatusProof::try_from(message).unwrap_err()
}

#[test]
fn malformed_proofs_are_refused() {
    assert!(matches!(spoiled(|head, _| head.header = None), WireError::Missing { .. }));
    assert!(matches!(spoiled(|head, _| head.finality = None), WireError::Missing { .. }));
    assert!(matches!(
        spoiled(|head, _| head.finality = Some(wire::Finality { by: None })),
        WireError::Missing { .. }
    ));
    assert!(matches!(spoiled(|head, _| head.issuer = None), WireError::Missing { .. }));
    assert!(matches!(spoiled(|head, _| head.others_root.push(0)), WireError::Length { .. }));
    assert!(matches!(spoiled(|_, entry| entry.entry = None), WireError::Missing { .. }));
    assert!(matches!(spoiled(|_, entry| entry.status_leaf.push(0)), WireError::Length { .. }));
    assert!(matches!(spoiled(|_, entry| entry.log_path[3] = vec![0; 31]), WireError::Length { .. }));
    assert!(matches!(spoiled(|_, entry| entry.log_path.push(vec![0; 32])), WireError::TooMany { .. }));
    let error = spoiled(|_, entry| entry.entry.as_mut().unwrap().encoded.push(0));
    assert!(matches!(error, WireError::Codec { field: "entry.encoded", .. }));
    let error = spoiled(|head, _| {
        let changes = &mut certified(head).validator_changes;
        let change = changes[0].clone();
        changes.resize(65, change);
    });
    assert!(matches!(error, WireError::TooMany { field: "validator_changes", actual: 65, max: 64 }));
    let spoiled_certificate = |spoil: fn(&mut wire::Certificate)| {
        spoiled(|head, _| spoil(certified(head).certificate.as_mut().unwrap()))
    };
    let error = spoiled_certificate(|certificate| certificate.signatures[0].validator = 65_536);
    assert!(matches!(error, WireError::Value { actual: 65_536, .. }));
    let error = spoiled_certificate(|certificate| {
        let signature = certificate.signatures[0].clone();
        certificate.signatures.resize(129, signature);
    });
    assert!(matches!(error, WireError::TooMany { max: 128, .. }));
    // Of an algorithm that this program does not know.
    let error = spoiled_certificate(|certificate| certificate.signatures[0].signature[0] = 1);
    assert!(matches!(error, WireError::Codec { .. }));
    let error = spoiled_certificate(|certificate| certificate.signatures[0].signature.truncate(64));
    assert!(matches!(error, WireError::Codec { .. }));
    let error = spoiled(|head, _| {
        let record = head.issuer.as_mut().unwrap().record.as_mut().unwrap();
        // The first letter of the name becomes a control character.
        let name = record.encoded.windows(10).position(|bytes| bytes == b"University").unwrap();
        record.encoded[name] = 7;
    });
    assert!(matches!(error, WireError::Member(_)), "{error:?}");
}

#[test]
fn members_come_back_whole_and_a_foreign_rest_is_refused() {
    let states = [Role::Observer, Role::Issuer, Role::Validator]
        .map(|role| MemberState::genesis(&sanad_testkit::member("ui.ac.id", role)));
    for state in &states {
        let message = wire::Member::from(state);
        assert_eq!(message.rest.as_ref().unwrap().keys.len(), state.rest().keys.len());
        assert_eq!(&MemberState::try_from(message).unwrap(), state);
    }
    let mut mixed = wire::Member::from(&states[0]);
    mixed.rest = wire::Member::from(&states[1]).rest;
    assert!(matches!(MemberState::try_from(mixed), Err(WireError::Rest(_))));
    let ledger = {
        let mut ledger = sanad_testkit::Ledger::new();
        ledger.issue("issuer", 0..3);
        ledger
    };
    let rest = |member| ledger.state.registry().member(&sanad_testkit::id(member)).unwrap().rest().clone();
    let details = MemberDetails { proof: ledger.prove_member("issuer"), rest: rest("issuer") };
    let answer = wire::GetMemberResponse::from(&details);
    assert_eq!(MemberDetails::try_from(answer).unwrap(), details);
    let mixed = wire::GetMemberResponse::from(&MemberDetails { rest: rest("v0"), ..details });
    assert!(matches!(MemberDetails::try_from(mixed), Err(WireError::Rest(_))));
}

#[test]
fn malformed_runs_are_refused() {
    let run = |entries| wire::EntryRun { first_index: 3, entries };
    let good = EntryRun { first_index: LogIndex(3), entries: vec![vec![1; 66]; 4096] };
    assert_eq!(EntryRun::try_from(wire::EntryRun::from(good.clone())).unwrap(), good);
    assert!(matches!(EntryRun::try_from(run(vec![])), Err(WireError::Missing { .. })));
    assert!(matches!(EntryRun::try_from(run(vec![vec![1]; 4097])), Err(WireError::TooMany { .. })));
    assert!(matches!(
        EntryRun::try_from(run(vec![vec![1; ENTRY_BYTES_MAX + 1]])),
        Err(WireError::TooMany { .. })
    ));
    assert!(matches!(EntryRun::try_from(run(vec![vec![1; 1 << 20]])), Err(WireError::TooMany { .. })));
}

#[test]
fn no_more_of_governance_is_taken_than_was_announced() {
    let ledger = {
        let mut ledger = sanad_testkit::Ledger::new();
        ledger.commit(Vec::new());
        ledger
    };
    let closed = |height| {
        let id = ProposalId([3; 32]);
        GovernanceItem::Closed(ClosedProposal { height: Height(height), id, outcome: Outcome::Expired })
    };
    let proof = GovernanceProof { items: (1..=3).map(closed).collect(), ..ledger.prove_governance() };
    let items = encoded_items(&proof);
    let head = governance_head(&proof, &items);
    let run = |items: &[Vec<u8>]| wire::GovernanceRun { items: items.to_vec() };
    let gather = |head: &wire::GovernanceHead, runs: &[wire::GovernanceRun]| {
        let mut gathering = Gathering::new(head.clone())?;
        runs.iter().try_for_each(|run| gathering.push(run))?;
        gathering.finish()
    };
    assert_eq!(gather(&head, &[run(&items[..1]), run(&items[1..])]).unwrap(), proof);
    // Refused by the head alone, before anything is kept.
    for beyond in [
        wire::GovernanceHead { items: GOVERNANCE_ITEMS_MAX as u32 + 1, ..head.clone() },
        wire::GovernanceHead { bytes: GOVERNANCE_BYTES_MAX as u64 + 1, ..head.clone() },
        wire::GovernanceHead { bytes: u64::MAX, ..head.clone() },
    ] {
        assert!(matches!(Gathering::new(beyond).err(), Some(WireError::TooMany { .. })));
    }
    let fewer = wire::GovernanceHead { items: 2, ..head.clone() };
    assert!(matches!(gather(&fewer, &[run(&items)]), Err(WireError::TooMany { max: 2, .. })));
    let shorter = wire::GovernanceHead { bytes: head.bytes - 1, ..head.clone() };
    assert!(matches!(gather(&shorter, &[run(&items)]), Err(WireError::TooMany { .. })));
    assert!(matches!(gather(&head, &[run(&items[..2])]), Err(WireError::EndsEarly { actual: 2, .. })));
    assert!(matches!(gather(&head, &[run(&[])]), Err(WireError::Missing { field: "run.items" })));
    assert!(matches!(gather(&head, &[run(&[vec![0xff; 9]])]), Err(WireError::Codec { .. })));
    let roomy = wire::GovernanceHead { bytes: 9 << 20, ..head };
    let long = run(&[vec![0; GOVERNANCE_RUN_BYTES_MAX + 1]]);
    assert!(matches!(gather(&roomy, &[long]), Err(WireError::TooMany { .. })));
}

#[test]
fn malformed_blocks_are_refused() {
    let last = FinalBlock {
        block: sanad_core::block::Block { header: header(3), batches: vec![] },
        certificate: certificate(3),
    };
    let good = wire::Block::from(&last);
    assert_eq!(FinalBlock::try_from(good.clone()).unwrap(), last);
    let many = wire::Block { batches: vec![vec![]; 16_385], ..good.clone() };
    assert!(matches!(FinalBlock::try_from(many), Err(WireError::TooMany { .. })));
    let long = wire::Block { batches: vec![vec![0; 1 << 20]; 5], ..good.clone() };
    assert!(matches!(FinalBlock::try_from(long), Err(WireError::TooMany { .. })));
    let bad = wire::Block { batches: vec![vec![0; 200]], ..good };
    assert!(matches!(FinalBlock::try_from(bad), Err(WireError::Codec { .. })));
}

#[test]
fn malformed_batch_results_and_peers_are_refused() {
    let result = wire::BatchResult { batch_id: vec![0; 32], state: None };
    assert!(matches!(BatchResult::try_from(result), Err(WireError::Missing { .. })));
    let peer = wire::Peer { network_key: vec![0; 33], ..wire::Peer::default() };
    assert!(matches!(Peer::try_from(peer.clone()), Err(WireError::Value { field: "peers.kind", .. })));
    let untagged = wire::Peer { network_key: vec![0; 32], kind: 1, ..wire::Peer::default() };
    assert!(matches!(Peer::try_from(untagged), Err(WireError::Codec { field: "peers.network_key", .. })));
    let addresses = vec![String::new(); 17];
    let many = wire::Peer { addresses, kind: 1, ..peer.clone() };
    assert!(matches!(Peer::try_from(many), Err(WireError::TooMany { .. })));
    let long = wire::Peer { addresses: vec!["x".repeat(257)], kind: 1, ..peer };
    assert!(matches!(Peer::try_from(long), Err(WireError::TooMany { .. })));
}
