//! Receipts of ledgers of any size, without the ledger: paths of the exact length, true signatures.
#![allow(dead_code, reason = "each test file uses a part")]

use sanad_core::block::{BlockHeader, HEADER_VERSION};
use sanad_core::commitment::Secret;
use sanad_core::document::DocumentKind;
use sanad_core::event::{Entry, Event};
use sanad_core::hash::{BatchId, BlockHash, ChainId, RegistryHash, Root, StatusHash};
use sanad_core::ids::{Height, LogIndex, LogSize, MemberId, Sequence};
use sanad_core::member::{ChainHead, Member, MemberRecord, Role};
use sanad_core::merkle::Rfc6962;
use sanad_core::merkle::{Hash, TreeHash, inclusion_path_length, root_from_inclusion};
use sanad_core::proof::{StatusProof, TrustAnchor, ValidatorChange};
use sanad_core::receipt::Receipt;
use sanad_core::registry::{Registry, RegistryProof};
use sanad_core::status::{leaf_count, leaf_of};
use sanad_core::validators::{Validator, ValidatorSet};

use super::{certify, consensus_key, id, member};

pub const DOCUMENT: &[u8] = br#"{"name":"Lencana Guru Digital","credits":20}"#;

/// What decides how long a receipt is.
#[derive(Clone, Debug)]
pub struct Shape {
    /// Entries of the log.
    pub entries: u64,
    /// The place in it.
    pub index: u64,
    /// Size of the validator set.
    pub validators: usize,
    /// Members in the registry.
    pub members: u64,
    /// The issuer's place among them.
    pub member: u64,
    /// Changes on the way; each takes one validator out and brings one in.
    pub changes: usize,
    /// Id of the issuer; a validator where the set has it.
    pub issuer: String,
    /// Bytes of the issuer's name.
    pub name_bytes: usize,
    /// Bytes of the status leaf that are not zero.
    pub status_bytes: usize,
    /// Signatures in each certificate.
    pub signatures: usize,
    pub document: DocumentKind,
}

impl Shape {
    /// A receipt as they are in a consortium of 800 members with 3 % of the credentials revoked.
    pub fn usual(entries: u64, validators: usize) -> Self {
        Self {
            entries,
            index: entries / 3,
            validators,
            members: 800,
            member: 300,
            changes: 0,
            issuer: "issuer.ac.id".into(),
            name_bytes: 40,
            status_bytes: 8,
            signatures: validators,
            document: DocumentKind::Json,
        }
    }
}

/// The set of `size` validators after so many changes, each of which brings in a new one for the oldest.
fn validators(shape: &Shape, changes: usize) -> ValidatorSet {
    let validator = |n: usize| {
        let member: MemberId = id(&format!("v{n:03}.ac.id"));
        Validator { key: consensus_key(member.as_str()).public(), member }
    };
    ValidatorSet::new((changes..changes + shape.validators).map(validator).collect()).unwrap()
}

fn hashes(count: usize, use_: &str) -> Vec<Hash> {
    (0..count).map(|n| blake3::derive_key(use_, &n.to_be_bytes())).collect()
}

fn header(chain_id: ChainId, height: u64, log_size: u64, sets: [&ValidatorSet; 2]) -> BlockHeader {
    BlockHeader {
        version: HEADER_VERSION,
        chain_id,
        height: Height(height),
        time_ms: 1_700_000_000_000 + height * 1_000,
        previous: BlockHash([4; 32]),
        batches_root: Root([5; 32]),
        log_size: LogSize(log_size),
        log_root: Root([6; 32]),
        status_root: Root([7; 32]),
        registry_root: Root([8; 32]),
        validators_hash: sets[0].hash(),
        next_validators_hash: sets[1].hash(),
    }
}

fn record(shape: &Shape) -> MemberRecord {
    let role = if shape.issuer.starts_with('v') { Role::Validator } else { Role::Issuer };
    let mut member: Member = member(&shape.issuer, role);
    member.name = "n".repeat(shape.name_bytes);
    let chain = ChainHead {
        next_sequence: Sequence(shape.entries / 2_000),
        last_batch: BatchId([3; 32]),
        entries: shape.entries / 10,
    };
    MemberRecord { member, chain }
}

/// The receipt of [`DOCUMENT`] and the anchor under which it holds.
pub fn receipt(shape: &Shape) -> (TrustAnchor, Receipt) {
    let chain_id = ChainId([1; 32]);
    let signers: Vec<usize> = (0..shape.signatures).collect();
    let change = |n: usize| {
        let (set, next) = (validators(shape, n), validators(shape, n + 1));
        let header = header(chain_id, shape.entries / 500 + 1 + n as u64, shape.entries / 2, [&set, &next]);
        let certificate = certify(&header, &set, &signers);
        ValidatorChange { header, certificate, next }
    };
    let set = validators(shape, shape.changes);
    let mut header = header(chain_id, shape.entries / 250 + 100, shape.entries, [&set, &set]);
    let (secret, index) = (Secret([42; 32]), LogIndex(shape.index));
    let event = Event::Issue {
        commitment: super::commitment_of(&chain_id, &shape.issuer, shape.document, &secret, DOCUMENT),
    };
    let entry = Entry { issuer: id(&shape.issuer), event };
    let log_path = hashes(inclusion_path_length(index.0, shape.entries), "log");
    let mut status_leaf = [0; 64];
    // Another credential of the same leaf is suspended in each of these bytes.
    let others = (0..64).filter(|byte| *byte != (index.0 % 256 / 4) as usize || shape.status_bytes == 64);
    others.take(shape.status_bytes).for_each(|byte| status_leaf[byte] = 1 << (2 * ((index.0 + 1) % 4)));
    let (place, places) = (leaf_of(index), leaf_count(LogSize(shape.entries)));
    let status_path = hashes(inclusion_path_length(place, places), "status");
    let record = record(shape);
    let path = hashes(inclusion_path_length(shape.member, shape.members), "registry");
    let issuer = RegistryProof { record, index: shape.member, count: shape.members, path };
    let root = |result: Result<Hash, _>| -> Root {
        let result: Result<Hash, sanad_core::merkle::ProofError> = result;
        Root(result.unwrap())
    };
    header.log_root =
        root(root_from_inclusion::<Rfc6962>(entry.leaf_hash(), index.0, shape.entries, &log_path));
    header.status_root =
        root(root_from_inclusion::<StatusHash>(StatusHash::leaf(&status_leaf), place, places, &status_path));
    header.registry_root = root(root_from_inclusion::<RegistryHash>(
        Registry::leaf_hash(&issuer.record),
        issuer.index,
        issuer.count,
        &issuer.path,
    ));
    let certificate = certify(&header, &set, &signers);
    let validator_changes = (0..shape.changes).map(change).collect();
    let proof = StatusProof {
        entry,
        index,
        log_path,
        status_leaf,
        status_path,
        issuer,
        header,
        certificate,
        validator_changes,
    };
    let anchor = TrustAnchor { chain_id, validators: validators(shape, 0) };
    (anchor, Receipt::new(shape.document, secret, proof))
}
