//! Receipts of ledgers of any size, without the ledger: paths of the exact length, true signatures.

use sanad_core::block::{BlockHeader, ProtocolVersion};
use sanad_core::commitment::{Opening, Secret};
use sanad_core::document::DocumentKind;
use sanad_core::event::{Entry, Event};
use sanad_core::hash::{ChainId, PastHash, RegistryHash, RestHash, Root, StatusHash};
use sanad_core::ids::{Height, LogIndex, LogSize, MemberId};
use sanad_core::member::{IndexRange, IssuerIdTerm, MemberRecord, Standing};
use sanad_core::merkle::{Hash, Rfc6962, TreeHash, inclusion_path_length, root_from_inclusion};
use sanad_core::proof::{Finality, StatusProof, ValidatorChange};
use sanad_core::receipt::Receipt;
use sanad_core::registry::{Registry, RegistryProof};
use sanad_core::state_root;
use sanad_core::status::{leaf_count, leaf_of};
use sanad_core::trust::TrustAnchor;
use sanad_core::validators::{Validator, ValidatorSet};

use crate::{certify, commitment_of, consensus_key, id};

/// The document of every synthetic receipt.
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
    /// Id of the issuer.
    pub issuer: String,
    /// Bytes of the issuer's name.
    pub name_bytes: usize,
    /// Bytes of the issuer id; 0 for none.
    pub issuer_id_bytes: usize,
    /// Disputed ranges, none of which holds the place.
    pub disputed: usize,
    /// Bytes of the status leaf that are not zero.
    pub status_bytes: usize,
    /// Signatures in each certificate.
    pub signatures: usize,
    /// The document's kind.
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
            issuer_id_bytes: 40,
            disputed: 1,
            status_bytes: 8,
            signatures: validators,
            document: DocumentKind::Json,
        }
    }
}

/// The set of `size` validators after so many changes, each of which brings in a new one for the oldest. `first_height`
/// of each but the genesis set is one above that of its announcement.
pub fn synthetic_validators(size: usize, changes: usize, first_height: u64) -> ValidatorSet {
    let validator = |n: usize| {
        let member: MemberId = id(&format!("v{n:03}.ac.id"));
        Validator { key: consensus_key(member.as_str()).public(), member }
    };
    ValidatorSet::new(
        changes as u32,
        Height(first_height),
        (changes..changes + size).map(validator).collect(),
    )
    .unwrap()
}

fn set(shape: &Shape, changes: usize) -> ValidatorSet {
    let first = if changes == 0 { 1 } else { change_height(shape, changes - 1) + 1 };
    synthetic_validators(shape.validators, changes, first)
}

/// Height of the `n`th announcement.
fn change_height(shape: &Shape, n: usize) -> u64 {
    shape.entries / 500 + 1 + n as u64
}

fn hashes(count: usize, use_: &str) -> Vec<Hash> {
    (0..count).map(|n| blake3::derive_key(use_, &n.to_be_bytes())).collect()
}

fn header(chain_id: ChainId, height: u64, log_size: u64, sets: [&ValidatorSet; 2]) -> BlockHeader {
    BlockHeader {
        version: ProtocolVersion::CURRENT,
        chain_id,
        height: Height(height),
        round: 0,
        time_ms: 1_700_000_000_000 + height * 1_000,
        log_size: LogSize(log_size),
        log_root: Root([6; 32]),
        state_root: Root([7; 32]),
        past: PastHash([4; 32]),
        validators_hash: sets[0].hash(),
        next_validators_hash: sets[1].hash(),
    }
}

fn record(shape: &Shape) -> MemberRecord {
    let issuer_id = (shape.issuer_id_bytes > 0).then(|| {
        let text = format!("https://{}", "i".repeat(shape.issuer_id_bytes - 8));
        IssuerIdTerm { id: text.parse().unwrap(), from: LogIndex(shape.entries / 100), until: None }
    });
    let range = |n: usize| {
        let from = shape.index + 1000 * (n as u64 + 1);
        IndexRange { from: LogIndex(from), until: LogIndex(from + 500) }
    };
    MemberRecord {
        id: id(&shape.issuer),
        name: "n".repeat(shape.name_bytes),
        standing: Standing::Active,
        since: Height(1),
        issuer_ids: issuer_id.into_iter().collect(),
        disputed: (0..shape.disputed).map(range).collect(),
        rest: RestHash([3; 32]),
    }
}

/// The receipt of [`DOCUMENT`] and the genesis anchor under which it holds.
pub fn receipt(shape: &Shape) -> (TrustAnchor, Receipt) {
    let chain_id = ChainId([1; 32]);
    let signers: Vec<usize> = (0..shape.signatures).collect();
    let change = |n: usize| {
        let (former, next) = (set(shape, n), set(shape, n + 1));
        let header = header(chain_id, change_height(shape, n), shape.entries / 2, [&former, &next]);
        let certificate = certify(&header, &former, &signers);
        ValidatorChange { header, certificate, next }
    };
    let deciding = set(shape, shape.changes);
    let mut header = header(chain_id, shape.entries / 250 + 100_000, shape.entries, [&deciding, &deciding]);
    let (secret, index) = (Secret([42; 32]), LogIndex(shape.index));
    let event = Event::Issue {
        commitment: commitment_of(&chain_id, &shape.issuer, shape.document, &secret, DOCUMENT),
    };
    let entry = Entry { issuer: id(&shape.issuer), event };
    let log_path = hashes(inclusion_path_length(index.0, shape.entries), "log");
    let mut status_leaf = [0; 64];
    // Another credential of the same leaf is suspended in each of these bytes.
    let others = (0..64).filter(|byte| *byte != (index.0 % 256 / 4) as usize || shape.status_bytes == 64);
    others.take(shape.status_bytes).for_each(|byte| status_leaf[byte] = 1 << (2 * ((index.0 + 1) % 4)));
    let (place, places) = (leaf_of(index), leaf_count(LogSize(shape.entries)));
    let status_path = hashes(inclusion_path_length(place, places), "status");
    let path = hashes(inclusion_path_length(shape.member, shape.members), "registry");
    let issuer = RegistryProof { record: record(shape), index: shape.member, count: shape.members, path };
    let others_root = Root([8; 32]);
    header.log_root =
        Root(root_from_inclusion::<Rfc6962>(entry.leaf_hash(), index.0, shape.entries, &log_path).unwrap());
    let leaf = StatusHash::leaf(&status_leaf);
    let status = Root(root_from_inclusion::<StatusHash>(leaf, place, places, &status_path).unwrap());
    let record = Registry::leaf_hash(&issuer.record);
    let members =
        root_from_inclusion::<RegistryHash>(record, issuer.index, issuer.count, &issuer.path).unwrap();
    let members = state_root::members_root(issuer.count, &members);
    header.state_root = state_root::state_root(&status, &members, &others_root);
    let certificate = certify(&header, &deciding, &signers);
    let finality = Finality::certificate(certificate, (0..shape.changes).map(change).collect());
    let proof = StatusProof {
        entry,
        index,
        log_path,
        status_leaf,
        status_path,
        issuer,
        others_root,
        header,
        finality,
    };
    let anchor = TrustAnchor::from_validators(chain_id, set(shape, 0));
    (anchor, Receipt::new(shape.document, Opening::Full { secret, summary: None }, proof))
}
