//! A chain in memory: real execution, real proofs, certificates signed by no more validators than needed.
//!
//! The tests of the command line use it, too.
#![allow(dead_code, reason = "each test program uses a part")]

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;

use sanad_api::{BatchState, FinalBatch, FinalBlock, FinalHeader, LedgerError};
use sanad_core::batch::{Batch, SignedBatch};
use sanad_core::block::{Block, BlockHeader};
use sanad_core::event::{Entry, Event, Origin};
use sanad_core::execution::{AddError, BlockBuilder, Execution, LedgerView};
use sanad_core::genesis::{Genesis, Parameters};
use sanad_core::hash::{BatchId, Commitment};
use sanad_core::ids::{Height, LogIndex, LogSize, MemberId};
use sanad_core::member::{Member, Role};
use sanad_core::merkle::{MemoryTree, Rfc6962};
use sanad_core::proof::{StatusProof, ValidatorChange};
use sanad_core::signature::SecretKey;
use sanad_core::state::State;
use sanad_core::validators::{CommitCertificate, CommitSignature, ValidatorSet, VoteKind, vote_message};

/// The member that signs all batches.
pub(crate) const ISSUER: &str = "v1.ac.id";

pub(crate) struct Chain {
    pub(crate) state: State,
    pub(crate) blocks: Vec<FinalBlock>,
    pub(crate) log: Log,
    pub(crate) batches: HashMap<BatchId, BatchState>,
    pub(crate) pool: Vec<Arc<SignedBatch>>,
    pub(crate) validator_changes: Vec<ValidatorChange>,
}

#[derive(Default)]
pub(crate) struct Log {
    pub(crate) entries: Vec<Entry>,
    issuances: HashMap<Commitment, LogIndex>,
}

impl LedgerView for Log {
    type Error = Infallible;

    fn issuance(&self, commitment: &Commitment) -> Result<Option<LogIndex>, Infallible> {
        Ok(self.issuances.get(commitment).copied())
    }

    fn origin(&self, index: LogIndex) -> Result<Origin, Infallible> {
        Ok(self.entries[index.0 as usize].clone().into())
    }
}

/// Four validators and three observers.
pub(crate) fn genesis() -> Genesis {
    genesis_of((1..=7).map(|number| member(number, number <= 4)).collect())
}

pub(crate) fn genesis_of(mut members: Vec<Member>) -> Genesis {
    members.sort_by(|a, b| a.id.cmp(&b.id));
    let (name, parameters) = ("Test".to_owned(), Parameters::default());
    let genesis = Genesis { version: 1, name, time_ms: 1_000, parameters, members };
    genesis.check().unwrap();
    genesis
}

/// A validator, or else an observer, with a number up to 55.
pub(crate) fn member(number: u8, validates: bool) -> Member {
    Member {
        id: format!("v{number}.ac.id").parse().unwrap(),
        name: format!("University {number}"),
        role: if validates { Role::Validator } else { Role::Observer },
        issuing_key: validates.then(|| key(number).public()),
        consensus_key: validates.then(|| key(100 + number).public()),
        network_key: validates.then(|| key(200 + number).public()),
        active_from: Height(0),
        active_until: None,
    }
}

pub(crate) fn key(number: u8) -> SecretKey {
    SecretKey::from_seed(&[number; 32])
}

impl Chain {
    pub(crate) fn new(genesis: &Genesis) -> Self {
        Self {
            state: State::genesis(genesis).unwrap(),
            blocks: Vec::new(),
            log: Log::default(),
            batches: HashMap::new(),
            pool: Vec::new(),
            validator_changes: Vec::new(),
        }
    }

    /// A batch of issuances that comes next in the issuer's chain.
    pub(crate) fn next_batch(&self, issuances: usize) -> SignedBatch {
        let commitment = |n: usize| {
            let mut bytes = [7; 32];
            bytes[..8].copy_from_slice(&(self.size().0 + n as u64).to_be_bytes());
            Commitment(bytes)
        };
        self.next_batch_of((0..issuances).map(|n| Event::Issue { commitment: commitment(n) }).collect())
    }

    pub(crate) fn next_batch_of(&self, events: Vec<Event>) -> SignedBatch {
        let issuer: MemberId = ISSUER.parse().unwrap();
        let head = self.state.registry().record(&issuer).unwrap().chain;
        let (sequence, previous) = (head.next_sequence, head.last_batch);
        Batch { chain_id: self.state.chain_id(), issuer, sequence, previous, events }.sign(&key(1))
    }

    /// Makes a block of the pool; answers with its height.
    pub(crate) fn commit(&mut self) -> Height {
        let mut builder = BlockBuilder::new(&self.state, &self.log);
        for batch in self.pool.drain(..) {
            if let Err(AddError::Refused(error)) = builder.add(Arc::clone(&batch)) {
                self.batches.insert(batch.id(), BatchState::Refused(error));
            }
        }
        let (block, execution) = builder.finish(self.state.head().time_ms + 500).unwrap();
        self.enter(block, &execution);
        execution.header.height
    }

    fn enter(&mut self, block: Block, execution: &Execution) {
        for batch in &block.batches {
            let Batch { issuer, events, .. } = batch.batch();
            let entry = |event: &Event| Entry { issuer: issuer.clone(), event: *event };
            self.log.entries.extend(events.iter().map(entry));
        }
        self.log.issuances.extend(execution.issuances.iter().copied());
        for place in &execution.batches {
            let place_in_log = FinalBatch {
                height: block.header.height,
                block_time_ms: block.header.time_ms,
                first_index: place.first_index,
                entries: place.entries as u32,
            };
            self.batches.insert(place.id, BatchState::Final(place_in_log));
        }
        let certificate = certificate(&block.header, self.state.validators());
        self.state.advance(execution);
        let header = &block.header;
        if header.validators_hash != header.next_validators_hash {
            let (header, certificate) = (header.clone(), certificate.clone());
            let next = self.state.validators().clone();
            self.validator_changes.push(ValidatorChange { header, certificate, next });
        }
        self.blocks.push(FinalBlock { block, certificate });
    }

    pub(crate) fn head(&self) -> Result<FinalHeader, LedgerError> {
        self.blocks.last().map(final_header).ok_or(LedgerError::NoBlock)
    }

    pub(crate) fn block(&self, height: Height) -> Result<&FinalBlock, LedgerError> {
        let head = self.state.head().height;
        let place = height.0.checked_sub(1).expect("the server refuses height 0");
        self.blocks.get(place as usize).ok_or(LedgerError::HeightBeyondHead { height, head })
    }

    pub(crate) fn entry(&self, index: LogIndex) -> Result<&Entry, LedgerError> {
        let beyond = LedgerError::IndexBeyondLog { index, size: self.size() };
        self.log.entries.get(index.0 as usize).ok_or(beyond)
    }

    pub(crate) fn size(&self) -> LogSize {
        LogSize(self.log.entries.len() as u64)
    }

    pub(crate) fn size_or_latest(&self, asked: Option<LogSize>) -> Result<LogSize, LedgerError> {
        match asked {
            Some(asked) if asked > self.size() => {
                Err(LedgerError::SizeBeyondLog { asked, size: self.size() })
            }
            Some(asked) => Ok(asked),
            None => Ok(self.size()),
        }
    }

    pub(crate) fn tree(&self) -> MemoryTree<Rfc6962> {
        MemoryTree::from_leaf_hashes(self.log.entries.iter().map(Entry::leaf_hash).collect())
    }

    /// The changes on the way to the head.
    pub(crate) fn validator_changes_below(&self) -> Vec<ValidatorChange> {
        let head = self.state.head().height;
        self.validator_changes.iter().filter(|change| change.header.height < head).cloned().collect()
    }

    /// The proof of one entry; the tree is this chain's.
    pub(crate) fn proof(
        &self,
        tree: &MemoryTree<Rfc6962>,
        index: LogIndex,
    ) -> Result<StatusProof, LedgerError> {
        let entry = self.entry(index)?.clone();
        let FinalHeader { header, certificate } = self.head()?;
        let (status_leaf, status_path) = self.state.status().prove(index, self.size()).unwrap();
        Ok(StatusProof {
            index,
            log_path: tree.inclusion_path(index.0).unwrap(),
            status_leaf,
            status_path,
            issuer: self.state.registry().prove(&entry.issuer).unwrap(),
            entry,
            header,
            certificate,
            validator_changes: self.validator_changes_below(),
        })
    }
}

pub(crate) fn final_header(block: &FinalBlock) -> FinalHeader {
    FinalHeader { header: block.block.header.clone(), certificate: block.certificate.clone() }
}

fn certificate(header: &BlockHeader, validators: &ValidatorSet) -> CommitCertificate {
    let (height, round, block) = (header.height, 0, header.hash());
    let message = vote_message(&header.chain_id, VoteKind::Precommit, height, round, Some(&block));
    let sign = |place: usize| {
        let holder = validators.validators()[place].key;
        let secret = (101..=200).map(key).find(|secret| secret.public() == holder).unwrap();
        CommitSignature { validator: place as u16, signature: secret.sign(&message) }
    };
    CommitCertificate { height, round, block, signatures: (0..validators.quorum()).map(sign).collect() }
}
