//! Conversions that no well-meaning server brings up.

use sanad_core::block::{BlockHeader, HEADER_VERSION};
use sanad_core::event::{Entry, Event};
use sanad_core::hash::{BlockHash, ChainId, Root, ValidatorsHash};
use sanad_core::ids::{Height, LogIndex, LogSize};
use sanad_core::member::{ChainHead, Member, MemberRecord, Role};
use sanad_core::proof::{StatusProof, ValidatorChange};
use sanad_core::registry::RegistryProof;
use sanad_core::signature::{PublicKey, Signature};
use sanad_core::validators::{CommitCertificate, CommitSignature, Validator, ValidatorSet};

use super::WireError;
use crate::batches::BatchResult;
use crate::blocks::FinalBlock;
use crate::node_status::Peer;
use crate::wire;

fn header(height: u64) -> BlockHeader {
    BlockHeader {
        version: HEADER_VERSION,
        chain_id: ChainId([1; 32]),
        height: Height(height),
        time_ms: 5,
        previous: BlockHash([2; 32]),
        batches_root: Root([3; 32]),
        log_size: LogSize(900),
        log_root: Root([4; 32]),
        status_root: Root([5; 32]),
        registry_root: Root([6; 32]),
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

fn proof() -> StatusProof {
    let member = Member {
        id: "ui.ac.id".parse().unwrap(),
        name: "Universitas Indonesia".to_owned(),
        role: Role::Observer,
        issuing_key: None,
        consensus_key: None,
        network_key: Some(PublicKey([3; 32])),
        active_from: Height(0),
        active_until: Some(Height(9)),
    };
    let record = MemberRecord { member, chain: ChainHead::START };
    let validator = Validator { member: "ui.ac.id".parse().unwrap(), key: PublicKey([4; 32]) };
    let next = ValidatorSet::new(vec![validator]).unwrap();
    StatusProof {
        entry: Entry { issuer: "ui.ac.id".parse().unwrap(), event: Event::Revoke { target: LogIndex(4) } },
        index: LogIndex(300),
        log_path: vec![[1; 32]; 64],
        status_leaf: [0b10; 64],
        status_path: vec![[2; 32]; 2],
        issuer: RegistryProof { record, index: 3, count: 8, path: vec![[3; 32]; 3] },
        header: header(8),
        certificate: certificate(8),
        validator_changes: vec![ValidatorChange { header: header(4), certificate: certificate(4), next }],
    }
}

fn message() -> wire::GetStatusResponse {
    proof().into()
}

#[test]
fn a_proof_with_changes_comes_back_as_it_was() {
    assert_eq!(StatusProof::try_from(message()).unwrap(), proof());
}

#[test]
fn convenience_fields_are_not_read() {
    let mut message = message();
    let head = message.head.as_mut().unwrap();
    let header = head.head.as_mut().unwrap().header.as_mut().unwrap();
    (header.height, header.hash, header.log_root) = (77, vec![], vec![1]);
    head.issuer.as_mut().unwrap().record.as_mut().unwrap().id = "evil.example".to_owned();
    head.validator_changes[0].next.as_mut().unwrap().validators.clear();
    let entry = message.entry.as_mut().unwrap();
    entry.status = wire::CredentialStatus::Active.into();
    entry.entry.as_mut().unwrap().issuer = "evil.example".to_owned();
    assert_eq!(StatusProof::try_from(message).unwrap(), proof());
}

#[test]
fn unknown_status_bits_are_not_called_active() {
    let mut unknown = proof();
    unknown.status_leaf = [0b10; 64];
    let message = wire::GetStatusResponse::from(unknown);
    assert_eq!(message.entry.unwrap().status(), wire::CredentialStatus::Unspecified);
}

/// Spoils a good message and says what the conversion says of it.
fn spoiled(spoil: impl FnOnce(&mut wire::ProofHead, &mut wire::EntryProof)) -> WireError {
    let mut message = message();
    spoil(message.head.as_mut().unwrap(), message.entry.as_mut().unwrap());
    StatusProof::try_from(message).unwrap_err()
}

#[test]
fn malformed_proofs_are_refused() {
    assert!(matches!(spoiled(|head, _| head.head = None), WireError::Missing { .. }));
    assert!(matches!(spoiled(|head, _| head.issuer = None), WireError::Missing { .. }));
    assert!(matches!(spoiled(|_, entry| entry.entry = None), WireError::Missing { .. }));
    assert!(matches!(spoiled(|_, entry| entry.status_leaf.push(0)), WireError::Length { .. }));
    assert!(matches!(spoiled(|_, entry| entry.log_path[3] = vec![0; 31]), WireError::Length { .. }));
    assert!(matches!(spoiled(|_, entry| entry.log_path.push(vec![0; 32])), WireError::TooMany { .. }));
    let error = spoiled(|_, entry| entry.entry.as_mut().unwrap().encoded.push(0));
    assert!(matches!(error, WireError::Codec { field: "entry.encoded", .. }));
    let error = spoiled(|head, _| {
        let change = head.validator_changes[0].clone();
        head.validator_changes.resize(65, change);
    });
    assert!(matches!(error, WireError::TooMany { field: "validator_changes", actual: 65, max: 64 }));
    let certificate = |head: &mut wire::ProofHead| head.head.take().unwrap().certificate.unwrap();
    let error = spoiled(|head, _| {
        let mut certificate = certificate(&mut head.clone());
        certificate.signatures[0].validator = 65_536;
        head.head.as_mut().unwrap().certificate = Some(certificate);
    });
    assert!(matches!(error, WireError::Value { actual: 65_536, .. }));
    let error = spoiled(|head, _| {
        let mut certificate = certificate(&mut head.clone());
        let signature = certificate.signatures[0].clone();
        certificate.signatures.resize(129, signature);
        head.head.as_mut().unwrap().certificate = Some(certificate);
    });
    assert!(matches!(error, WireError::TooMany { max: 128, .. }));
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
    let peer = wire::Peer { network_key: vec![0; 32], ..wire::Peer::default() };
    assert!(matches!(Peer::try_from(peer.clone()), Err(WireError::Value { field: "peers.kind", .. })));
    let addresses = vec![String::new(); 17];
    let many = wire::Peer { addresses, kind: 1, ..peer.clone() };
    assert!(matches!(Peer::try_from(many), Err(WireError::TooMany { .. })));
    let long = wire::Peer { addresses: vec!["x".repeat(257)], kind: 1, ..peer };
    assert!(matches!(Peer::try_from(long), Err(WireError::TooMany { .. })));
}
