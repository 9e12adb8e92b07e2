//! Receipts of ledgers of any size, without the ledger: paths of the exact length, true signatures.

use sanad_core::block::{BlockHeader, ProtocolVersion};
use sanad_core::commitment::{Opening, Secret};
use sanad_core::document::{self, DocumentKind};
use sanad_core::event::{Entry, Event};
use sanad_core::hash::{ChainId, PastHash, RegistryHash, RestHash, Root, StatusHash};
use sanad_core::ids::{Height, LogIndex, LogSize, MemberId};
use sanad_core::member::{IndexRange, IssuerIdTerm, MemberRecord, Standing};
use sanad_core::merkle::{Hash, Rfc6962, TreeHash, inclusion_path_length, root_from_inclusion};
use sanad_core::proof::{Finality, StatusProof, ValidatorChange};
use sanad_core::receipt::Receipt;
use sanad_core::registry::{Registry, RegistryProof};
use sanad_core::state_root;
use sanad_core::status::{StatusLeaf, leaf_count, leaf_of};
use sanad_core::summary::{Summary, SummaryLabel};
use sanad_core::trust::TrustAnchor;
use sanad_core::validators::{Validator, ValidatorSet};

use crate::{certify, consensus_key, id};

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
    /// Issuer ids of the issuer.
    pub issuer_ids: usize,
    /// Bytes of each.
    pub issuer_id_bytes: usize,
    /// Disputed ranges, none of which holds the place.
    pub disputed: usize,
    /// Bytes of the status leaf that are not zero.
    pub status_bytes: usize,
    /// Bytes of the encoded summary, 4 to 240; 0 for none.
    pub summary_bytes: usize,
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
            issuer_ids: 1,
            issuer_id_bytes: 40,
            disputed: 1,
            status_bytes: 8,
            summary_bytes: 0,
            signatures: validators,
            document: DocumentKind::Json,
        }
    }
}

/// The set of `size` validators after so many changes, each of which brings in a new one for the oldest. `first_height`
/// of each but the genesis set is one above that of its announcement.
pub fn synthetic_validators(size: usize, changes: usize, first_height: u64) -> ValidatorSet {
    let validator = |n: usize| {
        let member = validator_name(n);
        Validator { key: consensus_key(member.as_str()).public(), member }
    };
    ValidatorSet::new(
        changes as u32,
        Height(first_height),
        (changes..changes + size).map(validator).collect(),
    )
    .unwrap()
}

/// Id of the `n`th synthetic validator.
pub(crate) fn validator_name(n: usize) -> MemberId {
    id(&format!("v{n:03}.ac.id"))
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
    let issuer_id = |n: usize| {
        let text = format!("https://{:i>1$}", n, shape.issuer_id_bytes - 8);
        IssuerIdTerm { id: text.parse().unwrap(), from: LogIndex(shape.entries / 100), until: None }
    };
    let range = |n: usize| {
        let from = shape.index + 1000 * (n as u64 + 1);
        IndexRange { from: LogIndex(from), until: LogIndex(from + 500) }
    };
    MemberRecord {
        id: id(&shape.issuer),
        name: "n".repeat(shape.name_bytes),
        standing: Standing::Active,
        since: Height(1),
        issuer_ids: (0..shape.issuer_ids).map(issuer_id).collect(),
        disputed: (0..shape.disputed).map(range).collect(),
        rest: RestHash([3; 32]),
    }
}

/// A receipt of [`DOCUMENT`] without header and finality: all that leads to the two roots of a header.
#[derive(Clone, Debug)]
pub struct Body {
    /// Entries of the log.
    pub log_size: LogSize,
    /// Root of the log tree.
    pub log_root: Root,
    /// Root of the state tree.
    pub state_root: Root,
    document: DocumentKind,
    opening: Opening,
    entry: Entry,
    index: LogIndex,
    log_path: Vec<Hash>,
    status_leaf: StatusLeaf,
    status_path: Vec<Hash>,
    issuer: RegistryProof,
    others_root: Root,
}

impl Body {
    /// The body of a receipt with this shape. Its opening is full.
    pub fn new(shape: &Shape, chain_id: &ChainId) -> Self {
        let index = LogIndex(shape.index);
        let opening = Opening::Full { secret: Secret([42; 32]), summary: summary(shape.summary_bytes) };
        let digest = document::digest(shape.document, DOCUMENT).unwrap();
        let commitment =
            opening.commitment(chain_id, &id(&shape.issuer), shape.document, Some(&digest)).unwrap();
        let entry = Entry { issuer: id(&shape.issuer), event: Event::Issue { commitment } };
        let log_path = hashes(inclusion_path_length(index.0, shape.entries), "log");
        let mut status_leaf = [0; 64];
        // Another credential of the same leaf is suspended in each of these bytes.
        let others = (0..64).filter(|byte| *byte != (index.0 % 256 / 4) as usize || shape.status_bytes == 64);
        others.take(shape.status_bytes).for_each(|byte| status_leaf[byte] = 1 << (2 * ((index.0 + 1) % 4)));
        let (place, places) = (leaf_of(index), leaf_count(LogSize(shape.entries)));
        let status_path = hashes(inclusion_path_length(place, places), "status");
        let path = hashes(inclusion_path_length(shape.member, shape.members), "registry");
        let issuer = RegistryProof { record: record(shape), index: shape.member, count: shape.members, path };
        let mut body = Self {
            log_size: LogSize(shape.entries),
            log_root: Root([0; 32]),
            state_root: Root([0; 32]),
            document: shape.document,
            opening,
            entry,
            index,
            log_path,
            status_leaf,
            status_path,
            issuer,
            others_root: Root([8; 32]),
        };
        body.compute_roots();
        body
    }

    /// The same with another status leaf and record.
    #[must_use]
    pub fn with_state(mut self, change: impl FnOnce(&mut StatusLeaf, &mut MemberRecord)) -> Self {
        change(&mut self.status_leaf, &mut self.issuer.record);
        self.compute_roots();
        self
    }

    fn compute_roots(&mut self) {
        let Self { index, issuer, .. } = &*self;
        let LogSize(size) = self.log_size;
        let leaf = self.entry.leaf_hash();
        let log = root_from_inclusion::<Rfc6962>(leaf, index.0, size, &self.log_path).unwrap();
        let (leaf, place) = (StatusHash::leaf(&self.status_leaf), leaf_of(*index));
        let places = leaf_count(self.log_size);
        let status = root_from_inclusion::<StatusHash>(leaf, place, places, &self.status_path).unwrap();
        let leaf = Registry::leaf_hash(&issuer.record);
        let members =
            root_from_inclusion::<RegistryHash>(leaf, issuer.index, issuer.count, &issuer.path).unwrap();
        let members = state_root::members_root(issuer.count, &members);
        self.log_root = Root(log);
        self.state_root = state_root::state_root(&Root(status), &members, &self.others_root);
    }

    /// Puts size and roots into a header.
    pub fn fill(&self, header: &mut BlockHeader) {
        (header.log_size, header.log_root, header.state_root) =
            (self.log_size, self.log_root, self.state_root);
    }

    /// The receipt under a header that [`Self::fill`] filled.
    pub fn receipt(&self, header: &BlockHeader, finality: Finality) -> Receipt {
        let proof = StatusProof {
            entry: self.entry.clone(),
            index: self.index,
            log_path: self.log_path.clone(),
            status_leaf: self.status_leaf,
            status_path: self.status_path.clone(),
            issuer: self.issuer.clone(),
            others_root: self.others_root,
            header: header.clone(),
            finality,
        };
        Receipt::new(self.document, self.opening.clone(), proof)
    }
}

/// A summary of so many bytes, encoded; `None` for 0.
fn summary(bytes: usize) -> Option<Summary> {
    let text = "t".repeat(bytes.checked_sub(3)?);
    Some(Summary::new(vec![(SummaryLabel::Title, text)]).unwrap())
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
    let body = Body::new(shape, &chain_id);
    body.fill(&mut header);
    let certificate = certify(&header, &deciding, &signers);
    let finality = Finality::certificate(certificate, (0..shape.changes).map(change).collect());
    let anchor = TrustAnchor::from_validators(chain_id, set(shape, 0));
    (anchor, body.receipt(&header, finality))
}
