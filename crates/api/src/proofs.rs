//! Proofs as a node gives them. None is checked yet: that is for whoever holds the genesis.

use sanad_core::event::Entry;
use sanad_core::hash::Root;
use sanad_core::ids::{LogIndex, LogSize};
use sanad_core::merkle::Hash;
use sanad_core::proof::{CompletenessHead, IssuerBatch, StatusProof, ValidatorChange};
use sanad_core::registry::RegistryProof;
use sanad_core::status::StatusLeaf;

use crate::blocks::FinalHeader;

/// The part of a [`StatusProof`] that belongs to the block and the issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofHead {
    /// The header whose roots everything leads to.
    pub head: FinalHeader,
    /// The issuer's record as of the header.
    pub issuer: RegistryProof,
    /// Each change of the validator set between the genesis and the header, oldest first.
    pub validator_changes: Vec<ValidatorChange>,
}

/// The part of a [`StatusProof`] that belongs to one entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryProof {
    /// The entry.
    pub entry: Entry,
    /// Its place in the log.
    pub index: LogIndex,
    /// Inclusion proof in the log tree, from the leaf up.
    pub log_path: Vec<Hash>,
    /// The status leaf that covers the index.
    pub status_leaf: StatusLeaf,
    /// Inclusion proof of the status leaf, from the leaf up.
    pub status_path: Vec<Hash>,
}

/// Proofs of entries of one batch, all as of one block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchProofs {
    /// What they share.
    pub head: ProofHead,
    /// Log index of the batch's first entry.
    pub first_index: LogIndex,
    /// Number of the batch's entries, whether asked for or not.
    pub entries: u32,
    /// The proofs, in the order of the log.
    pub proofs: Vec<EntryProof>,
}

/// Proof that an entry is in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InclusionProof {
    /// The entry's place.
    pub index: LogIndex,
    /// Size of the tree.
    pub size: LogSize,
    /// Hash of the entry's leaf.
    pub leaf_hash: Hash,
    /// Root of the tree of that size.
    pub root: Root,
    /// The proof, from the leaf up.
    pub path: Vec<Hash>,
    /// The last header; it vouches for the root where its log size is [`Self::size`].
    pub head: FinalHeader,
}

/// Batches of one issuer, in the order of their sequence numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerBatches {
    /// Size of the tree that their paths lead to.
    pub log_size: LogSize,
    /// The batches.
    pub batches: Vec<IssuerBatch>,
    /// Whether more of the issuer's batches follow within the size.
    pub more: bool,
}

/// A member's record with all that proves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberProof {
    /// The record, and its proof under the registry root of the header.
    pub member: RegistryProof,
    /// The last header.
    pub head: FinalHeader,
    /// Each change of the validator set between the genesis and the header, oldest first.
    pub validator_changes: Vec<ValidatorChange>,
}

impl MemberProof {
    /// The head of a completeness proof.
    pub fn completeness(self) -> CompletenessHead {
        let Self { member, head: FinalHeader { header, certificate }, validator_changes } = self;
        CompletenessHead::new(member, header, certificate, validator_changes)
    }
}

impl ProofHead {
    /// The complete proof of one entry.
    pub fn complete(&self, entry: EntryProof) -> StatusProof {
        let Self { head, issuer, validator_changes } = self.clone();
        let EntryProof { entry, index, log_path, status_leaf, status_path } = entry;
        StatusProof {
            entry,
            index,
            log_path,
            status_leaf,
            status_path,
            issuer,
            header: head.header,
            certificate: head.certificate,
            validator_changes,
        }
    }
    /// Parts a proof into what belongs to the block and what to the entry.
    pub fn split(proof: StatusProof) -> (Self, EntryProof) {
        let StatusProof {
            entry,
            index,
            log_path,
            status_leaf,
            status_path,
            issuer,
            header,
            certificate,
            validator_changes,
        } = proof;
        let head = FinalHeader { header, certificate };
        (
            Self { head, issuer, validator_changes },
            EntryProof { entry, index, log_path, status_leaf, status_path },
        )
    }
}
