//! Proofs of a [`Ledger`], as a node makes them.

use sanad_core::block::BlockHeader;
use sanad_core::event::Entry;
use sanad_core::hash::{HistoryHash, Root};
use sanad_core::history::{HistoryProof, SEAL_HEADERS, seals_and_remainder};
use sanad_core::ids::{LogIndex, LogSize};
use sanad_core::merkle::{MemoryTree, Rfc6962, TreeHash, consistency_path, inclusion_path, root_at};
use sanad_core::proof::{
    CONSISTENCY_FORMAT, CompletenessHead, ConsistencyProof, EntryRun, Finality, GovernanceProof, LogHead,
    MemberProof, StatusProof,
};
use sanad_core::trust::{Anchor, TrustAnchor, TrustFile};

use crate::{Ledger, id};

impl Ledger {
    /// What the genesis gives to trust.
    pub fn anchor(&self) -> TrustAnchor {
        TrustAnchor::new(&self.genesis).unwrap()
    }

    /// The certificate of a header, as what makes it final.
    pub fn finality(&self, header: &BlockHeader) -> Finality {
        Finality::certificate(self.certify(header, &self.signers()), Vec::new())
    }

    /// The validators that sign the proofs: all but the third, which is three of four.
    fn signers(&self) -> Vec<usize> {
        (0..self.state.validators().validators().len()).filter(|place| *place != 2).collect()
    }

    /// The log tree.
    pub fn log_tree(&self) -> MemoryTree<Rfc6962> {
        MemoryTree::from_leaf_hashes(self.entries.iter().map(Entry::leaf_hash).collect())
    }

    /// The history tree of the header at a height: over the headers before it.
    pub fn history_tree(&self, height: u64) -> MemoryTree<HistoryHash> {
        let headers = self.blocks[..height as usize - 1].iter();
        MemoryTree::from_leaf_hashes(headers.map(|block| HistoryHash::leaf(&block.header.hash().0)).collect())
    }

    /// The proof of an entry as of the head.
    pub fn prove(&self, index: u64) -> StatusProof {
        let header = self.head().clone();
        let tree = self.log_tree();
        let entry = self.entries[index as usize].clone();
        let (status_leaf, status_path) =
            self.state.status().prove(LogIndex(index), self.state.log_size()).unwrap();
        StatusProof {
            index: LogIndex(index),
            log_path: inclusion_path::<Rfc6962, _>(&tree, index, tree.size()).unwrap(),
            status_leaf,
            status_path,
            issuer: self.state.registry().prove(&entry.issuer).unwrap(),
            others_root: self.state.others_root(),
            finality: self.finality(&header),
            entry,
            header,
        }
    }

    /// The proof of a member's record as of the head.
    pub fn prove_member(&self, member: &str) -> MemberProof {
        let header = self.head().clone();
        MemberProof {
            member: self.state.registry().prove(&id(member)).unwrap(),
            status_root: self.state.status().root(self.state.log_size()),
            others_root: self.state.others_root(),
            finality: self.finality(&header),
            header,
        }
    }

    /// What governance holds as of the head, with its proof.
    pub fn prove_governance(&self) -> GovernanceProof {
        let header = self.head().clone();
        GovernanceProof {
            items: self.state.governance().items().cloned().collect(),
            parameters: *self.state.parameters(),
            status_root: self.state.status().root(self.state.log_size()),
            members_root: self.state.registry().root(),
            finality: self.finality(&header),
            header,
        }
    }

    /// The consistency proof between two sizes, as of the head.
    pub fn consistency(&self, older: u64, newer: u64) -> ConsistencyProof {
        let tree = self.log_tree();
        let header = self.head().clone();
        let at =
            |size| LogHead { size: LogSize(size), root: Root(root_at::<Rfc6962, _>(&tree, size).unwrap()) };
        let path = |older, newer| consistency_path::<Rfc6962, _>(&tree, older, newer).unwrap();
        ConsistencyProof {
            format: CONSISTENCY_FORMAT.into(),
            older: at(older),
            newer: at(newer),
            path: path(older, newer),
            head_path: path(newer, tree.size()),
            finality: self.finality(&header),
            header,
        }
    }

    /// The completeness proof of a member, as of the head: one line a batch, or an entry by another member.
    pub fn completeness(&self, member: &str) -> (CompletenessHead, Vec<EntryRun>) {
        let rest = self.state.registry().member(&id(member)).unwrap().rest().clone();
        let own = self.batches.iter().filter(|(batch, _)| batch.batch().issuer.as_str() == member);
        let runs = own.map(|(batch, first_index)| {
            let first = first_index.0 as usize;
            let entries = &self.entries[first..first + batch.batch().events.len()];
            EntryRun { first_index: *first_index, entries: entries.iter().map(Entry::encode).collect() }
        });
        let by_others = self.concerns.iter().filter(|(concerned, _)| concerned.as_str() == member);
        let by_others = by_others.map(|(_, index)| EntryRun {
            first_index: *index,
            entries: vec![self.entries[index.0 as usize].encode()],
        });
        let mut runs: Vec<EntryRun> = runs.chain(by_others).collect();
        runs.sort_by_key(|run| run.first_index);
        (CompletenessHead::new(self.prove_member(member), rest), runs)
    }

    /// The proof that the header at `height` is in the history of the head.
    pub fn prove_history(&self, height: u64) -> HistoryProof {
        let header = self.head().clone();
        let tree = self.history_tree(header.height.0);
        HistoryProof {
            path: inclusion_path::<HistoryHash, _>(&tree, height - 1, tree.size()).unwrap(),
            past: *self.pasts.last().unwrap(),
            certificate: self.certify(&header, &self.signers()),
            validator_changes: Vec::new(),
            header,
        }
    }

    /// The path of a sealed proof of the header at `height`; `None` while its subtree is not complete at the head.
    pub fn seal(&self, height: u64) -> Option<Finality> {
        let tree = self.history_tree(self.head().height.0);
        let first = (height - 1) / SEAL_HEADERS * SEAL_HEADERS;
        let leaves = tree.leaf_hashes().get(first as usize..(first + SEAL_HEADERS) as usize)?;
        let path = MemoryTree::<HistoryHash>::from_leaf_hashes(leaves.to_vec());
        Some(Finality::Sealed { path: path.inclusion_path((height - 1) % SEAL_HEADERS).unwrap() })
    }

    /// The trust file whose anchor is the head.
    pub fn trust_file(&self) -> TrustFile {
        let header = self.head().clone();
        let tree = self.history_tree(header.height.0);
        let (seals, remainder) = seals_and_remainder(&tree, tree.size()).unwrap();
        let anchor = Anchor {
            certificate: self.certify(&header, &self.signers()),
            past: *self.pasts.last().unwrap(),
            header,
        };
        TrustFile::new(self.genesis.clone(), Vec::new(), anchor, seals, remainder)
    }
}
