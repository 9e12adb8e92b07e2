//! Exports of the test kit's ledger.
#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

pub mod server;

use std::collections::BTreeMap;
use std::path::Path;

use sanad_core::block::Block;
use sanad_core::event::{Entry, Event};
use sanad_core::genesis::Genesis;
use sanad_core::ids::LogIndex;
use sanad_core::signature::SecretKey;
use sanad_core::validators::CommitCertificate;
use sanad_export::{CheckpointSigner, ExportError, Exporter, Written};
use sanad_testkit::{Ledger, genesis, id, issue, sign_genesis};

/// Validators that sign every block: three of four.
const SIGNERS: [usize; 3] = [0, 1, 3];

/// A ledger that grows, and counts the commitments that it used.
pub struct Chain {
    pub ledger: Ledger,
    next: u64,
}

impl Chain {
    /// A ledger of a consortium with this name.
    pub fn new(name: &str) -> Self {
        let mut genesis = genesis();
        genesis.name = name.to_owned();
        genesis.parameters.block_bytes_max = 4 << 20;
        sign_genesis(&mut genesis);
        Self { ledger: Ledger::of(genesis), next: 0 }
    }

    /// Commitments that were not used before.
    pub fn issuances(&mut self, count: u64) -> Vec<Event> {
        let first = self.next;
        self.next += count;
        (first..self.next).map(issue).collect()
    }

    /// The next block, with one batch for each issuer and its events.
    pub fn grow(&mut self, batches: Vec<(&str, Vec<Event>)>) {
        let batches = batches.into_iter().map(|(issuer, events)| self.ledger.signed(issuer, events));
        let batches = batches.collect();
        self.ledger.commit(batches);
    }

    pub fn height(&self) -> u64 {
        self.ledger.blocks.len() as u64
    }

    /// Blocks up to a height: of issuances, of nothing (heartbeats), and of changes of status, in turn.
    pub fn grow_to(&mut self, height: u64) {
        while self.height() < height {
            let next = self.height() + 1;
            let many = self.issuances(next * 37 % 200 + 1);
            let few = self.issuances(3);
            let some = self.issuances(40);
            match next % 4 {
                0 => {
                    let target = self.issued_by("v2", next / 4 - 1);
                    self.grow(vec![("v2", vec![Event::Revoke { target }]), ("v1", few)]);
                }
                3 => self.grow(Vec::new()),
                _ => self.grow(vec![("v1", many), ("v2", few), ("issuer", some)]),
            }
        }
    }

    /// Where a member made its `n`th issuance.
    fn issued_by(&self, issuer: &str, n: u64) -> LogIndex {
        let own = |(_, entry): &(u64, &Entry)| {
            entry.issuer == id(issuer) && matches!(entry.event, Event::Issue { .. })
        };
        LogIndex((0..).zip(&self.ledger.entries).filter(own).nth(n as usize).unwrap().0)
    }

    pub fn block_hash(&self, height: u64) -> sanad_core::hash::BlockHash {
        self.ledger.header(height).hash()
    }

    /// A block and its certificate.
    pub fn block(&self, height: u64) -> (Block, CommitCertificate) {
        let block = self.ledger.blocks[height as usize - 1].clone();
        let certificate = self.ledger.certify(&block.header, &SIGNERS);
        (block, certificate)
    }

    /// Exports the blocks up to a height.
    pub fn export(&self, folder: &Path, height: u64) -> Result<Written, ExportError> {
        let mut exporter = Exporter::open(folder, &self.ledger.genesis, signer(&self.ledger.genesis))?;
        let first = exporter.next_height().0;
        let blocks: Vec<_> = (first..=height.min(self.height())).map(|height| self.block(height)).collect();
        for window in blocks.chunks(7) {
            exporter.add_all(window.to_vec())?;
        }
        exporter.finish()
    }
}

/// The key of the exporter.
pub fn key() -> SecretKey {
    SecretKey::from_seed(&[200; 32])
}

pub fn signer(genesis: &Genesis) -> CheckpointSigner {
    CheckpointSigner::new(genesis, key()).unwrap()
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
