//! A consortium in memory that makes blocks, and exports of it.
#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;

use sanad_core::batch::{Batch, SignedBatch};
use sanad_core::block::Block;
use sanad_core::event::{Entry, Event, Origin};
use sanad_core::execution::{BlockBuilder, LedgerView};
use sanad_core::genesis::{Genesis, Parameters};
use sanad_core::hash::{Commitment, Salt};
use sanad_core::ids::{Height, LogIndex, MemberId};
use sanad_core::member::{Member, Role};
use sanad_core::signature::SecretKey;
use sanad_core::state::State;
use sanad_core::validators::{CommitCertificate, CommitSignature, VoteKind, vote_message};
use sanad_export::{CheckpointSigner, ExportError, Exporter, Written};

pub const LOG: &str = "example.org/sanad";

/// Height from which `v4` votes in the place of `v0`.
pub const CHANGE: u64 = 9;

/// Five members, of whom four validate at a time. Every block is signed by three.
pub struct Chain {
    pub genesis: Genesis,
    pub state: State,
    pub blocks: Vec<(Block, CommitCertificate)>,
    pub log: Log,
    commitments: u64,
}

/// The entries so far, and where each commitment was issued.
#[derive(Default)]
pub struct Log {
    pub entries: Vec<Entry>,
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

pub fn key(n: u8) -> SecretKey {
    SecretKey::from_seed(&[n + 1; 32])
}

pub fn id(n: u8) -> MemberId {
    format!("v{n}.ac.id").parse().unwrap()
}

pub fn commitment(n: u64) -> Commitment {
    Commitment::new(&Salt([7; 32]), blake3::hash(&n.to_be_bytes()).as_bytes())
}

impl Chain {
    pub fn new(name: &str) -> Self {
        let member = |n: u8| Member {
            id: id(n),
            name: format!("University {n}"),
            role: Role::Validator,
            issuing_key: Some(key(n).public()),
            consensus_key: Some(key(n + 50).public()),
            network_key: Some(key(n + 100).public()),
            active_from: Height(if n == 4 { CHANGE } else { 0 }),
            active_until: (n == 0).then_some(Height(CHANGE)),
        };
        let genesis = Genesis {
            version: 1,
            name: name.to_owned(),
            time_ms: 1_000,
            parameters: Parameters { block_bytes_max: 4 << 20 },
            members: (0..5).map(member).collect(),
        };
        genesis.check().unwrap();
        let state = State::genesis(&genesis).unwrap();
        Self { genesis, state, blocks: Vec::new(), log: Log::default(), commitments: 0 }
    }

    /// Commitments that were not used before.
    pub fn issuances(&mut self, count: u64) -> Vec<Event> {
        let first = self.commitments;
        self.commitments += count;
        (first..first + count).map(|n| Event::Issue { commitment: commitment(n) }).collect()
    }

    /// The next block, of one batch for each issuer and its events.
    pub fn grow(&mut self, batches: Vec<(u8, Vec<Event>)>) {
        let mut builder = BlockBuilder::new(&self.state, &self.log);
        for (issuer, events) in batches {
            let chain = self.state.registry().record(&id(issuer)).unwrap().chain;
            let batch = Batch {
                chain_id: self.state.chain_id(),
                issuer: id(issuer),
                sequence: chain.next_sequence,
                previous: chain.last_batch,
                events,
            };
            assert!(builder.add(Arc::new(batch.sign(&key(issuer)))).is_ok());
        }
        let (block, execution) = builder.finish(self.state.head().time_ms + 1_000).unwrap();
        let message = vote_message(
            &self.state.chain_id(),
            VoteKind::Precommit,
            block.header.height,
            0,
            Some(&execution.hash),
        );
        let votes = self.state.validators().validators().iter().zip(0u16..).take(3);
        let sign = |(validator, place): (&sanad_core::validators::Validator, u16)| {
            let own = (0..5).find(|n| id(*n) == validator.member).unwrap();
            CommitSignature { validator: place, signature: key(own + 50).sign(&message) }
        };
        let certificate = CommitCertificate {
            height: block.header.height,
            round: 0,
            block: execution.hash,
            signatures: votes.map(sign).collect(),
        };
        self.log.issuances.extend(execution.issuances.iter().copied());
        self.log.entries.extend(block.batches.iter().flat_map(|batch| entries(batch)));
        self.state.advance(&execution);
        self.blocks.push((block, certificate));
    }

    /// Blocks up to a height: of issuances, of nothing, and of changes of status, in turn.
    pub fn grow_to(&mut self, height: u64) {
        while self.state.head().height.0 < height {
            let next = self.state.head().height.0 + 1;
            let many = self.issuances(next * 37 % 200 + 1);
            let few = self.issuances(3);
            let some = self.issuances(40);
            // The second issuer's issuances that were not changed yet.
            let target = |n: u64| {
                let own = |(_, entry): &(u64, &Entry)| {
                    entry.issuer == id(2) && matches!(entry.event, Event::Issue { .. })
                };
                let place = (0..).zip(&self.log.entries).filter(own).nth(n as usize).unwrap().0;
                LogIndex(place)
            };
            match next % 4 {
                0 => self.grow(vec![(2, vec![Event::Revoke { target: target(next / 4 - 1) }]), (1, few)]),
                3 => self.grow(Vec::new()),
                _ => self.grow(vec![(1, many), (2, few), (3, some)]),
            }
        }
    }

    pub fn block_hash(&self, height: u64) -> sanad_core::hash::BlockHash {
        self.blocks[height as usize - 1].0.header.hash()
    }

    /// Exports the blocks up to a height.
    pub fn export(&self, folder: &Path, height: u64) -> Result<Written, ExportError> {
        let mut exporter = Exporter::open(folder, &self.genesis, signer())?;
        for (block, certificate) in
            self.blocks.iter().take(height as usize).skip(exporter.next_height().0 as usize - 1)
        {
            exporter.add(block, certificate)?;
        }
        exporter.finish()
    }
}

pub fn signer() -> CheckpointSigner {
    CheckpointSigner::new(LOG, key(200)).unwrap()
}

fn entries(batch: &SignedBatch) -> Vec<Entry> {
    let issuer = &batch.batch().issuer;
    batch.batch().events.iter().map(|event| Entry { issuer: issuer.clone(), event: *event }).collect()
}

/// All files of a folder, by their path in it.
pub fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => {
                    let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                    found.insert(name, std::fs::read(&path).unwrap());
                }
            }
        }
    }
    found
}
