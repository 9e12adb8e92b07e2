//! Chains of headers with changes of validators, without blocks: what trust files, history and receipts are tested
//! with. Each history is true, so that a chain of some 100,000 headers is made in a moment.

use sanad_core::block::{BlockHeader, Past, ProtocolVersion};
use sanad_core::genesis::Genesis;
use sanad_core::hash::{BlockHash, HistoryHash, Root};
use sanad_core::history::{HistoryProof, SEAL_HEADERS, seals_and_remainder};
use sanad_core::ids::{Height, LogSize};
use sanad_core::member::Role;
use sanad_core::merkle::{Frontier, Hash, MemoryTree, TreeHash};
use sanad_core::proof::{Finality, ValidatorChange};
use sanad_core::trust::{Anchor, TrustAnchor, TrustFile, TrustedChange};
use sanad_core::validators::{CommitCertificate, ValidatorSet};

use crate::ledger::FIRST_BLOCK_MS;
use crate::synthetic::{Body, validator_name};
use crate::{Consortium, certify, synthetic_validators};

/// A chain of headers. Keys follow from names.
#[derive(Clone, Debug)]
pub struct Chain {
    /// The genesis: the validators of the first set, and the issuer `issuer.ac.id`.
    pub genesis: Genesis,
    /// Time before the first header, in milliseconds since 1970-01-01 UTC. May be changed while there is no header.
    pub start_ms: u64,
    /// Every set, the genesis set first. Each change takes out the oldest validator and brings in a new one.
    pub sets: Vec<ValidatorSet>,
    /// The headers, from height 1 on.
    pub headers: Vec<BlockHeader>,
    /// What the `past` of each header is the hash of.
    pub pasts: Vec<Past>,
    leaves: Vec<Hash>,
    history: Frontier<HistoryHash>,
}

impl Chain {
    /// A chain without headers, of so many validators.
    pub fn new(validators: usize) -> Self {
        let members = (0..validators)
            .fold(Consortium::new(), |all, n| all.with(validator_name(n).as_str(), Role::Validator));
        let genesis = members.with("issuer.ac.id", Role::Issuer).genesis();
        let sets = vec![genesis.validators().unwrap()];
        let (headers, pasts, leaves) = Default::default();
        Self { genesis, start_ms: FIRST_BLOCK_MS, sets, headers, pasts, leaves, history: Frontier::new() }
    }

    /// Adds headers up to a height.
    pub fn extend_to(&mut self, height: u64) {
        while self.height() < height {
            self.push(None, false);
        }
    }

    /// Adds a header that announces the next set.
    pub fn announce(&mut self) {
        self.push(None, true);
    }

    /// Adds a header with the roots of a receipt's body; returns its height.
    pub fn enter(&mut self, body: &Body) -> u64 {
        self.push(Some(body), false);
        self.height()
    }

    /// The same, with a header that announces the next set.
    pub fn enter_and_announce(&mut self, body: &Body) -> u64 {
        self.push(Some(body), true);
        self.height()
    }

    fn push(&mut self, body: Option<&Body>, announces: bool) {
        let height = self.height() + 1;
        let set = self.sets.last().unwrap().clone();
        let chain_id = self.genesis.chain_id();
        let previous = self.headers.last().map_or(BlockHash(chain_id.0), BlockHeader::hash);
        let past = Past {
            previous,
            history_root: Root(self.history.root()),
            batches_root: sanad_core::block::batches_root(&[]),
        };
        if announces {
            self.sets.push(synthetic_validators(set.validators().len(), self.sets.len(), height + 1));
        }
        let mut header = BlockHeader {
            version: ProtocolVersion::CURRENT,
            chain_id,
            height: Height(height),
            round: 0,
            time_ms: self.start_ms + 1_000 * height,
            log_size: LogSize(height),
            log_root: Root([6; 32]),
            state_root: Root([7; 32]),
            past: past.hash(),
            validators_hash: set.hash(),
            next_validators_hash: self.sets.last().unwrap().hash(),
        };
        if let Some(body) = body {
            body.fill(&mut header);
        }
        let leaf = HistoryHash::leaf(&header.hash().0);
        self.history.append(leaf);
        self.leaves.push(leaf);
        self.headers.push(header);
        self.pasts.push(past);
    }

    /// Height of the last header; 0 if there is none.
    pub fn height(&self) -> u64 {
        self.headers.len() as u64
    }

    /// The header at a height.
    pub fn header(&self, height: u64) -> &BlockHeader {
        &self.headers[height as usize - 1]
    }

    /// The set that decides a height.
    pub fn set_at(&self, height: u64) -> &ValidatorSet {
        self.sets.iter().rev().find(|set| set.first_height().0 <= height).unwrap()
    }

    /// The certificate of a header, by the first of its set that make a quorum.
    pub fn certificate(&self, height: u64) -> CommitCertificate {
        let set = self.set_at(height);
        certify(self.header(height), set, &(0..set.quorum()).collect::<Vec<_>>())
    }

    /// The changes announced above `after` and below `before`.
    pub fn changes(&self, after: u64, before: u64) -> Vec<ValidatorChange> {
        let announced = self.sets[1..].iter().map(|set| (set.first_height().0 - 1, set));
        let change = |(height, next): (u64, &ValidatorSet)| ValidatorChange {
            header: self.header(height).clone(),
            certificate: self.certificate(height),
            next: next.clone(),
        };
        announced.filter(|(height, _)| (after + 1..before).contains(height)).map(change).collect()
    }

    /// Finality by certificate, with the changes announced above `after`.
    pub fn certified(&self, height: u64, after: u64) -> Finality {
        Finality::certificate(self.certificate(height), self.changes(after, height))
    }

    /// The history tree of the header at a height.
    pub fn history_tree(&self, height: u64) -> MemoryTree<HistoryHash> {
        MemoryTree::from_leaf_hashes(self.leaves[..height as usize - 1].to_vec())
    }

    /// The place of one header in the history of a newer one, with the changes announced above `after`.
    pub fn history_proof(&self, height: u64, newer: u64, after: u64) -> HistoryProof {
        HistoryProof {
            path: self.history_tree(newer).inclusion_path(height - 1).unwrap(),
            past: self.pasts[newer as usize - 1],
            header: self.header(newer).clone(),
            certificate: self.certificate(newer),
            validator_changes: self.changes(after, newer),
        }
    }

    /// What seals the header at a height. Its subtree of 2^16 headers must be complete.
    pub fn seal(&self, height: u64) -> Finality {
        let first = (height - 1) / SEAL_HEADERS * SEAL_HEADERS;
        let leaves = &self.leaves[first as usize..(first + SEAL_HEADERS) as usize];
        let tree = MemoryTree::<HistoryHash>::from_leaf_hashes(leaves.to_vec());
        Finality::Sealed { path: tree.inclusion_path((height - 1) % SEAL_HEADERS).unwrap() }
    }

    /// The trust file whose anchor is the header at a height.
    pub fn trust_file(&self, height: u64) -> TrustFile {
        let tree = self.history_tree(height);
        let (seals, remainder) = seals_and_remainder(&tree, tree.size()).unwrap();
        let trusted = |ValidatorChange { header, certificate, next }: ValidatorChange| TrustedChange {
            path: match header.height.0 {
                at if at < height => tree.inclusion_path(at - 1).unwrap(),
                _ => Vec::new(),
            },
            header,
            certificate,
            next,
        };
        let anchor = Anchor {
            header: self.header(height).clone(),
            certificate: self.certificate(height),
            past: self.pasts[height as usize - 1],
        };
        let changes = self.changes(0, height + 1).into_iter().map(trusted).collect();
        TrustFile::new(self.genesis.clone(), changes, anchor, seals, remainder)
    }

    /// What the trust file at a height gives to trust, at the time of its header.
    pub fn anchor(&self, height: u64) -> TrustAnchor {
        self.trust_file(height).verify(self.header(height).time_ms).unwrap()
    }

    /// What the genesis gives to trust.
    pub fn genesis_anchor(&self) -> TrustAnchor {
        TrustAnchor::new(&self.genesis).unwrap()
    }
}
