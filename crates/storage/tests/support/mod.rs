//! A small consortium that makes valid blocks, and a naive ledger to compare a store with.
#![allow(dead_code, missing_docs, unreachable_pub, clippy::unwrap_used)]

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::sync::Arc;

use sanad_core::batch::{Batch, SignedBatch};
use sanad_core::block::Block;
use sanad_core::event::{Entry, Event, Origin};
use sanad_core::execution::{BlockBuilder, Execution, LedgerView};
use sanad_core::genesis::{Genesis, Parameters};
use sanad_core::hash::Commitment;
use sanad_core::ids::{Height, LogIndex, MemberId};
use sanad_core::member::{Member, Role};
use sanad_core::merkle::{MemoryTree, Rfc6962};
use sanad_core::signature::SecretKey;
use sanad_core::state::State;
use sanad_core::status::Status;
use sanad_core::validators::{CommitCertificate, CommitSignature, VoteKind, vote_message};
use sanad_storage::{Options, Store};

pub const ISSUERS: usize = 4;

/// Four validators, which are the issuers too.
pub struct Consortium {
    pub genesis: Genesis,
    pub state: State,
    /// Blocks so far, with what was appended.
    pub blocks: Vec<(Block, CommitCertificate)>,
    secrets: Vec<SecretKey>,
    seed: u64,
    next_commitment: u64,
}

impl Consortium {
    pub fn new(seed: u64) -> Self {
        Self::with_fifth(seed, None)
    }

    /// As [`Self::new`], and a fifth validator from a height on.
    pub fn with_fifth(seed: u64, from: Option<Height>) -> Self {
        let secret = |n: u8| SecretKey::from_seed(&[n; 32]);
        let members = ISSUERS as u8 + u8::from(from.is_some());
        let secrets: Vec<SecretKey> = (1..=members).map(secret).collect();
        let member = |(n, key): (usize, &SecretKey)| Member {
            id: format!("u{n}.ac.id").parse().unwrap(),
            name: format!("University {n}"),
            role: Role::Validator,
            issuing_key: Some(key.public()),
            consensus_key: Some(key.public()),
            network_key: Some(key.public()),
            active_from: from.filter(|_| n == ISSUERS).unwrap_or_default(),
            active_until: None,
        };
        let genesis = Genesis {
            version: 1,
            name: format!("test {seed}"),
            time_ms: 1_000,
            parameters: Parameters { block_bytes_max: 4 << 20 },
            members: secrets.iter().enumerate().map(member).collect(),
        };
        genesis.check().unwrap();
        let state = State::genesis(&genesis).unwrap();
        Self { genesis, state, blocks: Vec::new(), secrets, seed, next_commitment: 0 }
    }

    pub fn issuer(&self, n: usize) -> MemberId {
        format!("u{n}.ac.id").parse().unwrap()
    }

    /// A commitment that was not used before.
    pub fn commitment(&mut self) -> Commitment {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.seed.to_be_bytes()).update(&self.next_commitment.to_be_bytes());
        self.next_commitment += 1;
        Commitment(*hasher.finalize().as_bytes())
    }

    pub fn issuances(&mut self, count: usize) -> Vec<Event> {
        (0..count).map(|_| Event::Issue { commitment: self.commitment() }).collect()
    }

    /// The next batch of an issuer.
    pub fn batch(&self, issuer: usize, events: Vec<Event>) -> Arc<SignedBatch> {
        let id = self.issuer(issuer);
        let chain = self.state.registry().record(&id).unwrap().chain;
        let batch = Batch {
            chain_id: self.state.chain_id(),
            issuer: id,
            sequence: chain.next_sequence,
            previous: chain.last_batch,
            events,
        };
        Arc::new(batch.sign(&self.secrets[issuer]))
    }

    /// The next block, with a certificate by a quorum.
    pub fn block<V: LedgerView>(
        &self,
        view: &V,
        batches: Vec<Arc<SignedBatch>>,
    ) -> (Block, CommitCertificate, Execution)
    where
        V::Error: std::fmt::Debug,
    {
        let mut builder = BlockBuilder::new(&self.state, view);
        batches.into_iter().for_each(|batch| builder.add(batch).unwrap());
        let (block, execution) = builder.finish(self.state.head().time_ms + 1_000).unwrap();
        let certificate = self.certify(&execution);
        (block, certificate, execution)
    }

    fn certify(&self, execution: &Execution) -> CommitCertificate {
        let (height, block) = (execution.header.height, execution.hash);
        let chain_id = self.state.chain_id();
        let message = vote_message(&chain_id, VoteKind::Precommit, height, 0, Some(&block));
        let sign =
            |n: usize| CommitSignature { validator: n as u16, signature: self.secrets[n].sign(&message) };
        CommitCertificate {
            height,
            round: 0,
            block,
            signatures: (0..self.state.validators().quorum()).map(sign).collect(),
        }
    }

    /// Appends the next block, of one batch for each list of events.
    pub fn grow(&mut self, store: &Store, batches: Vec<Vec<Event>>) {
        let batches = batches.into_iter().enumerate().map(|(n, events)| self.batch(n % ISSUERS, events));
        let (block, certificate, execution) = self.block(store, batches.collect());
        store.append(&block, &certificate, &execution).unwrap();
        self.state.advance(&execution);
        self.blocks.push((block, certificate));
    }

    /// Appends a block of issuances in two batches, now and then a mixed one with a revocation.
    pub fn grow_some(&mut self, store: &Store, events: usize) {
        let first = self.issuances(events);
        let mut second = self.issuances(events / 2 + 1);
        let height = self.state.head().height.0;
        // The first issuer's first entry of each block is an issuance of its own.
        let first = match height % 3 {
            1 => {
                let target = store.batch_at(LogIndex(0)).unwrap().first_index;
                let change = match self.state.status().status(target) {
                    Status::Active => Event::Suspend { target },
                    _ => Event::Reinstate { target },
                };
                [vec![change], first].concat()
            }
            2 => {
                let block = height - 1;
                let target = store.header(Height(block)).unwrap().map_or(0, |header| header.log_size.0);
                second.truncate(1);
                match store.entry(LogIndex(target)).unwrap().event {
                    Event::Issue { .. } => vec![Event::Revoke { target: LogIndex(target) }],
                    _ => first,
                }
            }
            _ => first,
        };
        self.grow(store, vec![first, second]);
    }

    /// A chain that an oracle has, from the blocks appended so far.
    pub fn oracle(&self) -> Oracle {
        let mut oracle = Oracle::default();
        self.blocks.iter().for_each(|(block, _)| oracle.extend(block));
        oracle
    }
}

/// The log in memory, naively.
#[derive(Default)]
pub struct Oracle {
    pub entries: Vec<Entry>,
    pub issuances: HashMap<Commitment, LogIndex>,
    pub statuses: BTreeMap<LogIndex, Status>,
}

impl Oracle {
    pub fn extend(&mut self, block: &Block) {
        for batch in &block.batches {
            for event in &batch.batch().events {
                let index = LogIndex(self.entries.len() as u64);
                if let Event::Issue { commitment } = event {
                    self.issuances.insert(*commitment, index);
                }
                self.entries.push(Entry { issuer: batch.batch().issuer.clone(), event: *event });
            }
        }
    }

    pub fn tree(&self) -> MemoryTree<Rfc6962> {
        MemoryTree::from_leaf_hashes(self.entries.iter().map(Entry::leaf_hash).collect())
    }
}

impl LedgerView for Oracle {
    type Error = Infallible;

    fn issuance(&self, commitment: &Commitment) -> Result<Option<LogIndex>, Infallible> {
        Ok(self.issuances.get(commitment).copied())
    }

    fn origin(&self, index: LogIndex) -> Result<Origin, Infallible> {
        Ok(self.entries[index.0 as usize].clone().into())
    }
}

/// Options that make everything happen often.
pub fn small() -> Options {
    Options {
        segment_bytes: 20_000,
        checkpoint_blocks: 7,
        index_memory_keys: 100,
        index_fan_out: 3,
        cached_tiles: 4,
        ..Options::default()
    }
}

/// The states are of one ledger. (Not `==`: a status tree in memory keeps leaves that became zero again.)
pub fn check_same(state: &State, other: &State) {
    assert_eq!(state.head(), other.head());
    assert_eq!(state.log(), other.log());
    assert_eq!(state.status().root(state.log_size()), other.status().root(other.log_size()));
    assert_eq!(state.registry(), other.registry());
    assert_eq!(state.validators(), other.validators());
    assert_eq!(state.parameters(), other.parameters());
}

/// Everything that a store says is what the consortium did.
pub fn check_equal(store: &Store, consortium: &Consortium) {
    let oracle = consortium.oracle();
    let size = oracle.entries.len() as u64;
    assert_eq!(store.log_size().0, size);
    assert_eq!(store.height(), consortium.state.head().height);
    for (block, certificate) in &consortium.blocks {
        let height = block.header.height;
        assert_eq!(store.header(height).unwrap().as_ref(), Some(&block.header));
        assert_eq!(store.certificate(height).unwrap().as_ref(), Some(certificate));
        assert_eq!(store.block(height).unwrap(), Some((certificate.clone(), block.encode())));
    }
    let mut entries = Vec::new();
    while (entries.len() as u64) < size {
        entries.extend(store.entries(LogIndex(entries.len() as u64)..LogIndex(size), 333).unwrap());
    }
    assert_eq!(entries, oracle.entries);
    for index in (0..size).step_by(7) {
        assert_eq!(store.entry(LogIndex(index)).unwrap(), oracle.entries[index as usize]);
    }
    for (commitment, index) in &oracle.issuances {
        assert_eq!(store.issuance(commitment).unwrap(), Some(*index));
    }
    let mut first = 0;
    for batch in consortium.blocks.iter().flat_map(|(block, _)| &block.batches) {
        let record = store.batch(&batch.id()).unwrap().unwrap();
        assert_eq!(record.first_index.0, first);
        assert_eq!((&record.issuer, record.sequence), (&batch.batch().issuer, batch.batch().sequence));
        assert_eq!(store.batch_of(&record.issuer, record.sequence).unwrap().as_ref(), Some(&record));
        assert_eq!(store.batch_at(LogIndex(first + record.entries - 1)).unwrap(), record);
        assert_eq!(store.signed_batch(&record).unwrap(), **batch);
        first += record.entries;
    }
}

/// Random numbers (SplitMix64). Its `Debug` shows the seed.
#[derive(Debug)]
pub struct Random {
    pub seed: u64,
    drawn: u64,
}

impl Random {
    /// With the seed in the environment variable `SANAD_SEED`, else a fixed one.
    pub fn seeded() -> Self {
        let seed = std::env::var("SANAD_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(2_026);
        Self { seed, drawn: 0 }
    }

    pub fn next(&mut self) -> u64 {
        self.drawn += 1;
        let mut z = self.seed.wrapping_add(self.drawn.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// Bits to change in a byte: not none.
    pub fn mask(&mut self) -> u8 {
        (self.below(255) + 1) as u8
    }
}
