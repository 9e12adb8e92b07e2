//! A ledger in memory, driven as a node drives the real one.
#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

pub mod layout;
pub mod log;
pub mod page;
pub mod synthetic;

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;

use sanad_core::batch::{Batch, NO_BATCH, SignedBatch};
use sanad_core::block::{Block, BlockHeader};
use sanad_core::commitment::{ContentHash, Secret, SummaryHash};
use sanad_core::document::{self, DocumentKind};
use sanad_core::event::{Entry, Event, Origin};
use sanad_core::execution::{AddError, BatchError, BlockBuilder, Execution, LedgerView, apply};
use sanad_core::genesis::{GENESIS_VERSION, Genesis, Parameters};
use sanad_core::hash::{ChainId, Commitment};
use sanad_core::ids::{Height, LogIndex, MemberId};
use sanad_core::member::{Member, Role};
use sanad_core::merkle::{MemoryTree, Rfc6962, inclusion_path};
use sanad_core::proof::{StatusProof, ValidatorChange};
use sanad_core::signature::SecretKey;
use sanad_core::state::State;
use sanad_core::validators::{CommitCertificate, CommitSignature, ValidatorSet, VoteKind, vote_message};

/// Validators `v0` to `v3`, the issuer `issuer`, the observer `observer`, and `retired`, active before 1.
pub struct Ledger {
    pub genesis: Genesis,
    pub state: State,
    pub entries: Vec<Entry>,
    pub issuances: HashMap<Commitment, LogIndex>,
    pub headers: Vec<BlockHeader>,
    /// Every batch, and where its entries begin.
    pub batches: Vec<(Arc<SignedBatch>, LogIndex)>,
}

pub fn id(name: &str) -> MemberId {
    name.parse().unwrap()
}

pub fn issuing_key(name: &str) -> SecretKey {
    SecretKey::from_seed(&blake3::derive_key("test issuing", name.as_bytes()))
}

pub fn consensus_key(name: &str) -> SecretKey {
    SecretKey::from_seed(&blake3::derive_key("test consensus", name.as_bytes()))
}

pub fn member(name: &str, role: Role) -> Member {
    let network = SecretKey::from_seed(&blake3::derive_key("test network", name.as_bytes()));
    Member {
        id: id(name),
        name: format!("University {name}"),
        role,
        issuing_key: (role >= Role::Issuer).then(|| issuing_key(name).public()),
        consensus_key: (role == Role::Validator).then(|| consensus_key(name).public()),
        network_key: Some(network.public()),
        active_from: Height(0),
        active_until: None,
    }
}

pub fn genesis() -> Genesis {
    let mut members: Vec<Member> = (0..4).map(|n| member(&format!("v{n}"), Role::Validator)).collect();
    members.push(member("issuer", Role::Issuer));
    members.push(member("observer", Role::Observer));
    members.push(Member { active_until: Some(Height(1)), ..member("retired", Role::Issuer) });
    members.sort_by(|a, b| a.id.cmp(&b.id));
    Genesis {
        version: GENESIS_VERSION,
        name: "Test consortium".into(),
        time_ms: 1_000,
        parameters: Parameters::default(),
        members,
    }
}

pub fn commitment(n: u64) -> Commitment {
    Commitment(blake3::derive_key("test document", &n.to_be_bytes()))
}

/// The commitment of a document that is issued without a summary.
pub fn commitment_of(
    chain: &ChainId,
    issuer: &str,
    kind: DocumentKind,
    secret: &Secret,
    document: &[u8],
) -> Commitment {
    let content = ContentHash::new(&secret.content_key(), &document::digest(kind, document).unwrap());
    Commitment::new(chain, &id(issuer), kind, &SummaryHash::NONE, &content)
}

pub fn issue(n: u64) -> Event {
    Event::Issue { commitment: commitment(n) }
}

impl Ledger {
    pub fn new() -> Self {
        Self::of(genesis())
    }

    pub fn of(genesis: Genesis) -> Self {
        genesis.check().unwrap();
        let state = State::genesis(&genesis).unwrap();
        Self {
            genesis,
            state,
            entries: Vec::new(),
            issuances: HashMap::new(),
            headers: Vec::new(),
            batches: Vec::new(),
        }
    }

    /// The next batch of an issuer, unsigned.
    pub fn batch(&self, issuer: &str, events: Vec<Event>) -> Batch {
        let issuer = id(issuer);
        let chain = self.state.registry().record(&issuer).map(|record| record.chain);
        Batch {
            chain_id: self.state.chain_id(),
            issuer,
            sequence: chain.map_or_else(Default::default, |chain| chain.next_sequence),
            previous: chain.map_or(NO_BATCH, |chain| chain.last_batch),
            events,
        }
    }

    pub fn signed(&self, issuer: &str, events: Vec<Event>) -> SignedBatch {
        self.batch(issuer, events).sign(&issuing_key(issuer))
    }

    /// What the ledger says of one batch at its head.
    pub fn refusal(&self, batch: SignedBatch) -> Result<(), BatchError> {
        match BlockBuilder::new(&self.state, self).add(Arc::new(batch)) {
            Ok(()) => Ok(()),
            Err(AddError::Refused(error)) => Err(error),
            Err(AddError::View(never)) => match never {},
        }
    }

    pub fn build(&self, batches: Vec<SignedBatch>) -> (Block, Execution) {
        let mut builder = BlockBuilder::new(&self.state, self);
        for batch in batches {
            assert!(builder.add(Arc::new(batch)).is_ok());
        }
        builder.finish(self.state.head().time_ms + 1_000).unwrap()
    }

    /// Commits a block, as a validator that executes it anew.
    pub fn commit(&mut self, batches: Vec<SignedBatch>) -> BlockHeader {
        let (block, _) = self.build(batches);
        let limit = self.genesis.parameters.block_bytes_max as usize;
        let block = Block::decode(&block.encode(), limit).unwrap();
        let execution = apply(&self.state, self, &block).unwrap();
        self.issuances.extend(execution.issuances.iter().copied());
        for batch in &block.batches {
            let issuer = &batch.batch().issuer;
            self.batches.push((Arc::clone(batch), LogIndex(self.entries.len() as u64)));
            let entry = |event: &Event| Entry { issuer: issuer.clone(), event: *event };
            self.entries.extend(batch.batch().events.iter().map(entry));
        }
        self.state.advance(&execution);
        self.headers.push(block.header.clone());
        block.header
    }

    pub fn issue(&mut self, issuer: &str, numbers: std::ops::Range<u64>) -> BlockHeader {
        let batch = self.signed(issuer, numbers.map(issue).collect());
        self.commit(vec![batch])
    }

    /// A certificate for a header, by the given of those who decide its height.
    pub fn certify(&self, header: &BlockHeader, signers: &[usize]) -> CommitCertificate {
        let set = self.state.registry().validators(header.height).unwrap();
        certify(header, &set, signers)
    }

    /// The changes of the validator set below a height.
    pub fn changes(&self, head: Height) -> Vec<ValidatorChange> {
        let registry = self.state.registry();
        let last = |height: &Height| *height < head;
        let change = |height: Height| {
            let header = self.headers[height.0 as usize - 1].clone();
            let certificate = self.certify(&header, &[0, 1, 2, 3]);
            ValidatorChange { header, certificate, next: registry.validators(height.next()).unwrap() }
        };
        registry.validator_change_heights(head).into_iter().filter(last).map(change).collect()
    }

    /// The proof of an entry as of the head.
    pub fn prove(&self, index: u64) -> StatusProof {
        let header = self.headers.last().unwrap().clone();
        let leaves = self.entries.iter().map(Entry::leaf_hash).collect();
        let tree = MemoryTree::<Rfc6962>::from_leaf_hashes(leaves);
        let entry = self.entries[index as usize].clone();
        let (status_leaf, status_path) =
            self.state.status().prove(LogIndex(index), self.state.log_size()).unwrap();
        StatusProof {
            index: LogIndex(index),
            log_path: inclusion_path::<Rfc6962, _>(&tree, index, tree.size()).unwrap(),
            status_leaf,
            status_path,
            issuer: self.state.registry().prove(&entry.issuer).unwrap(),
            certificate: self.certify(&header, &[0, 1, 3]),
            validator_changes: self.changes(header.height),
            entry,
            header,
        }
    }
}

/// A certificate of round 0 for a header, by the given validators, whose keys come from their names.
pub fn certify(header: &BlockHeader, set: &ValidatorSet, signers: &[usize]) -> CommitCertificate {
    let block = header.hash();
    let message = vote_message(&header.chain_id, VoteKind::Precommit, header.height, 0, Some(&block));
    let sign = |place: &usize| {
        let name = &set.validators()[*place].member;
        CommitSignature { validator: *place as u16, signature: consensus_key(name.as_str()).sign(&message) }
    };
    CommitCertificate {
        height: header.height,
        round: 0,
        block,
        signatures: signers.iter().map(sign).collect(),
    }
}

/// Adds the group order to `S` of a signature: another text of the same number modulo the order.
pub fn add_order(scalar: &mut [u8]) {
    let mut carry = 0;
    for (byte, order) in scalar.iter_mut().zip(ORDER) {
        carry += u16::from(*byte) + u16::from(order);
        *byte = carry as u8;
        carry >>= 8;
    }
}

/// The group order of Ed25519, little-endian: `S` of a signature is below it (RFC 8032 5.1.7).
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

impl LedgerView for Ledger {
    type Error = Infallible;

    fn issuance(&self, commitment: &Commitment) -> Result<Option<LogIndex>, Infallible> {
        Ok(self.issuances.get(commitment).copied())
    }

    fn origin(&self, index: LogIndex) -> Result<Origin, Infallible> {
        Ok(self.entries[index.0 as usize].clone().into())
    }
}
