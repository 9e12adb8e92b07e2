//! The ledger of the test kit with what a store keeps beside it, and a check that a store holds all of it.
#![allow(dead_code, missing_docs, unreachable_pub, clippy::unwrap_used)]

use std::path::Path;
use std::time::{Duration, Instant};

use sanad_core::batch::{BatchChain, SignedBatch};
use sanad_core::block::Block;
use sanad_core::event::Event;
use sanad_core::execution::Execution;
use sanad_core::genesis::{Genesis, Nonce};
use sanad_core::hash::Commitment;
use sanad_core::ids::{Height, LogIndex, MemberId};
use sanad_core::member::{EventsHead, Role};
use sanad_core::merkle::{Rfc6962, TreeHash as _, root_at};
use sanad_core::state::State;
use sanad_core::status::Status;
use sanad_core::validators::CommitCertificate;
use sanad_storage::{Options, Store};
use sanad_testkit::{Ledger, certify, commitment, id, sign_genesis};

pub const ISSUERS: usize = 4;

/// Four validators, which are the issuers too, and their ledger.
pub struct Consortium {
    pub genesis: Genesis,
    pub ledger: Ledger,
    /// The blocks so far, with the certificates that were appended.
    pub blocks: Vec<(Block, CommitCertificate)>,
    seed: u64,
    next_commitment: u64,
}

/// Another chain for each seed.
pub fn genesis(seed: u64) -> Genesis {
    let members = (0..ISSUERS).map(|n| issuer(n).to_string());
    let consortium =
        members.fold(sanad_testkit::Consortium::new(), |all, name| all.with(&name, Role::Validator));
    let mut genesis = consortium.genesis();
    genesis.nonce = Nonce([0; 32]);
    genesis.nonce.0[..8].copy_from_slice(&seed.to_be_bytes());
    genesis.parameters.block_bytes_max = 4 << 20;
    sign_genesis(&mut genesis);
    genesis
}

/// The member with a number below [`ISSUERS`].
pub fn issuer(n: usize) -> MemberId {
    id(&format!("u{n}.ac.id"))
}

impl Consortium {
    pub fn new(seed: u64) -> Self {
        let genesis = genesis(seed);
        let ledger = Ledger::of(genesis.clone());
        Self { genesis, ledger, blocks: Vec::new(), seed, next_commitment: 0 }
    }

    pub fn state(&self) -> &State {
        &self.ledger.state
    }

    /// A commitment that was not used before.
    pub fn commitment(&mut self) -> Commitment {
        self.next_commitment += 1;
        commitment(self.seed << 32 | self.next_commitment)
    }

    pub fn issuances(&mut self, count: usize) -> Vec<Event> {
        (0..count).map(|_| Event::Issue { commitment: self.commitment() }).collect()
    }

    /// The next batch of an issuer.
    pub fn batch(&self, n: usize, events: Vec<Event>) -> SignedBatch {
        self.ledger.signed(issuer(n).as_str(), events)
    }

    /// The next block, with a certificate by the fewest that suffice. It is executed on the store as well.
    pub fn block(&self, store: &Store, batches: Vec<SignedBatch>) -> (Block, CommitCertificate, Execution) {
        let (block, _) = self.ledger.build(batches);
        let execution = sanad_core::execution::apply(self.state(), store, &block).unwrap();
        let certificate = self.certify(&block);
        (block, certificate, execution)
    }

    pub fn certify(&self, block: &Block) -> CommitCertificate {
        certify(&block.header, self.state().validators(), &[0, 1, 2])
    }

    /// Enters a block that a store was given.
    pub fn enter(&mut self, block: Block, certificate: CommitCertificate) {
        self.ledger.enter(block.clone());
        self.blocks.push((block, certificate));
    }

    /// Appends the next block, of one batch for each list of events.
    pub fn grow(&mut self, store: &Store, batches: Vec<Vec<Event>>) {
        let batches = batches.into_iter().enumerate().map(|(n, events)| self.batch(n % ISSUERS, events));
        let (block, certificate, execution) = self.block(store, batches.collect());
        store.append(&block, &certificate, &execution).unwrap();
        self.enter(block, certificate);
    }

    /// Appends a block without waiting for the disk.
    pub fn grow_unsynced(&mut self, store: &Store, events: Vec<Event>) {
        let (block, certificate, execution) = self.block(store, vec![self.batch(0, events)]);
        store.append_unsynced(&block, &certificate, &execution).unwrap();
        self.enter(block, certificate);
    }

    /// Appends a block of issuances in two batches, now and then a mixed one with a revocation.
    pub fn grow_some(&mut self, store: &Store, events: usize) {
        let first = self.issuances(events);
        let mut second = self.issuances(events / 2 + 1);
        let height = self.state().head().height.0;
        // The first issuer's first entry of each block is an issuance of its own.
        let first = match height % 3 {
            1 => {
                let target = LogIndex(0);
                let change = match self.state().status().status(target) {
                    Status::Active => Event::Suspend { target },
                    _ => Event::Reinstate { target },
                };
                [vec![change], first].concat()
            }
            2 => {
                let target = LogIndex(self.ledger.header(height - 1).log_size.0);
                second.truncate(1);
                match self.ledger.entries[target.0 as usize].event {
                    Event::Issue { .. } => vec![Event::Revoke { target }],
                    _ => first,
                }
            }
            _ => first,
        };
        self.grow(store, vec![first, second]);
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
    assert_eq!(state.history(), other.history());
    assert_eq!(state.state_root(), other.state_root());
    assert_eq!(state.registry(), other.registry());
    assert_eq!(state.validators(), other.validators());
    assert_eq!(state.parameters(), other.parameters());
}

/// Everything that a store says is what the consortium did.
pub fn check_equal(store: &Store, consortium: &Consortium) {
    let ledger = &consortium.ledger;
    let size = ledger.entries.len() as u64;
    assert_eq!(store.log_size().0, size);
    assert_eq!(store.height(), ledger.state.head().height);
    for ((block, certificate), past) in consortium.blocks.iter().zip(&ledger.pasts) {
        let height = block.header.height;
        assert_eq!(store.header(height).unwrap().as_ref(), Some(&block.header));
        assert_eq!(store.certificate(height).unwrap().as_ref(), Some(certificate));
        assert_eq!(store.block(height).unwrap(), Some((certificate.clone(), block.encode())));
        assert_eq!(store.block_hash(height).unwrap(), Some(block.header.hash()));
        assert_eq!(store.past(height).unwrap(), Some(*past));
        assert_eq!(store.validators_at(height).as_ref(), Some(ledger.state.validators()));
    }
    // The store has compared each with the state root in the header.
    for height in (store.register_begins().0.max(1)..=store.height().0).map(Height) {
        let register = store.register_as_of(height).unwrap().unwrap();
        let members = register.members(None, usize::MAX).unwrap();
        assert_eq!(members.len(), ISSUERS);
        if height == store.height() {
            assert_eq!(
                members.iter().collect::<Vec<_>>(),
                ledger.state.registry().members().collect::<Vec<_>>()
            );
        }
    }
    let (log, history) = (store.log_tree(), store.history_tree());
    assert_eq!((log.size(), history.size()), (size, store.height().0));
    assert_eq!(root_at::<Rfc6962, _>(&log, size).unwrap(), ledger.state.log_root().0);
    let root = root_at::<sanad_core::hash::HistoryHash, _>(&history, history.size()).unwrap();
    assert_eq!(root, ledger.state.history().root());
    let mut entries = Vec::new();
    while (entries.len() as u64) < size {
        entries.extend(store.entries(LogIndex(entries.len() as u64)..LogIndex(size), 333).unwrap());
    }
    assert_eq!(entries, ledger.entries);
    for (index, entry) in (0..).map(LogIndex).zip(&entries) {
        let Event::Issue { commitment } = entry.event else { continue };
        assert_eq!(store.issuance(&entry.issuer, &commitment).unwrap(), Some((index, entry.clone())));
        if index.0 % 7 == 0 {
            assert_eq!(store.entry(index).unwrap(), *entry);
        }
    }
    for (batch, first_index) in &ledger.batches {
        let record = store.batch(&batch.id()).unwrap().unwrap();
        let stated = batch.batch();
        assert_eq!((record.first_index, record.entries), (*first_index, stated.events.len() as u64));
        assert_eq!((&record.issuer, record.sequence), (&stated.issuer, stated.sequence));
        let found = store.batch_of(&record.issuer, BatchChain::Issuing, record.sequence).unwrap();
        assert_eq!(found.as_ref(), Some(&record));
        assert_eq!(store.batch_of(&record.issuer, BatchChain::Governance, record.sequence).unwrap(), None);
        let last = LogIndex(first_index.0 + record.entries - 1);
        assert_eq!(store.batch_at(last).unwrap(), record);
        assert_eq!(store.signed_batch(&record).unwrap(), **batch);
    }
    for member in ledger.state.registry().members() {
        assert_eq!(events_head(store, &member.record().id, LogIndex(size)), member.rest().events);
    }
}

/// The entries of a member up to a place, folded.
pub fn events_head(store: &Store, member: &MemberId, end: LogIndex) -> EventsHead {
    let mut head = EventsHead::START;
    for run in store.member_entries(member, LogIndex(0)..end) {
        let run = run.unwrap();
        for (index, entry) in (run.first_index.0..).zip(&run.entries) {
            head.push(LogIndex(index), &Rfc6962::leaf(entry));
        }
    }
    head
}

/// Sets or removes a key of a store's sled database; returns what it had before.
pub fn change_database(path: &Path, key: &[u8], value: Option<Vec<u8>>) -> Option<Vec<u8>> {
    // sled unlocks a database a little after it is closed.
    let deadline = Instant::now() + Duration::from_secs(10);
    let database = loop {
        match sled::open(path) {
            Err(error) => assert!(Instant::now() < deadline, "{error}"),
            Ok(database) => break database,
        }
    };
    let before = match value {
        Some(value) => database.insert(key, value).unwrap(),
        None => database.remove(key).unwrap(),
    };
    database.flush().unwrap();
    before.map(|value| value.to_vec())
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
