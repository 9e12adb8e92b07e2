//! Proofs as a node gives them. None is verified: that takes a genesis or a trust file.

use sanad_core::block::BlockHeader;
use sanad_core::event::Entry;
use sanad_core::hash::Root;
use sanad_core::ids::{LogIndex, LogSize};
use sanad_core::member::MemberRest;
use sanad_core::merkle::Hash;
use sanad_core::proof::{CompletenessHead, Finality, MemberProof, ProofFault, ProvenHeader, StatusProof};
use sanad_core::registry::RegistryProof;
use sanad_core::status::StatusLeaf;
use sanad_core::trust::TrustAnchor;

use crate::blocks::FinalHeader;

/// How a proof shows that its header is final.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ProofForm {
    /// With a certificate and every change of validators since the genesis: for verifiers that hold the genesis alone.
    #[default]
    SelfContained,
    /// With a certificate and without changes of validators: for verifiers with a trust file.
    Compact,
    /// With a path to the root of a complete history subtree if the header is in one, else compact: for verifiers with
    /// a trust file.
    Sealed,
}

/// A header and what makes it final.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderProof {
    /// Header that `finality` is about.
    pub header: BlockHeader,
    /// What makes it final.
    pub finality: Finality,
}

impl HeaderProof {
    /// Checks that the header is final.
    ///
    /// # Errors
    /// [`ProofFault`].
    pub fn verify(&self, anchor: &TrustAnchor) -> Result<ProvenHeader, ProofFault> {
        anchor.verify_header(&self.header, &self.finality)
    }
}

/// The part of a [`StatusProof`] that belongs to the block and the issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofHead {
    /// The header whose roots everything leads to.
    pub header: BlockHeader,
    /// What makes the header final.
    pub finality: Finality,
    /// The issuer's record as of the header.
    pub issuer: RegistryProof,
    /// Root over the parts of the state other than statuses and members.
    pub others_root: Root,
}

/// The part of a [`StatusProof`] that belongs to one entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryProof {
    /// Entry whose hash is the leaf.
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
    /// The last header; it vouches for the root if its log size is [`Self::size`].
    pub head: FinalHeader,
}

/// A member as of one block: its record with proof, and the rest that the record names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberDetails {
    /// The record and its proof.
    pub proof: MemberProof,
    /// The rest. It is proved by its hash, which is in the record: the client compares them, other readers must.
    pub rest: MemberRest,
}

impl MemberDetails {
    /// The head of a completeness proof of the member.
    pub fn completeness(self) -> CompletenessHead {
        CompletenessHead::new(self.proof, self.rest)
    }
}

impl ProofHead {
    /// The complete proof of one entry.
    pub fn complete(&self, entry: EntryProof) -> StatusProof {
        let Self { header, finality, issuer, others_root } = self.clone();
        let EntryProof { entry, index, log_path, status_leaf, status_path } = entry;
        StatusProof {
            entry,
            index,
            log_path,
            status_leaf,
            status_path,
            issuer,
            others_root,
            header,
            finality,
        }
    }

    /// Parts a proof into what belongs to the block and the issuer, and what to the entry.
    pub fn split(proof: StatusProof) -> (Self, EntryProof) {
        let StatusProof {
            entry,
            index,
            log_path,
            status_leaf,
            status_path,
            issuer,
            others_root,
            header,
            finality,
        } = proof;
        let head = Self { header, finality, issuer, others_root };
        (head, EntryProof { entry, index, log_path, status_leaf, status_path })
    }
}
