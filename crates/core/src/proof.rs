//! What the ledger proves of one entry, to someone who holds the genesis and nothing else.

mod completeness;
mod consistency;

use serde::{Deserialize, Serialize};

use crate::block::{BlockHeader, HEADER_VERSION};
use crate::event::Entry;
use crate::genesis::Genesis;
use crate::hash::{ChainId, RegistryHash, Root, StatusHash, ValidatorsHash};
use crate::ids::{Height, LogIndex, LogSize, MemberId};
use crate::member::{MemberError, MemberRecord};
use crate::merkle::{self, Hash, ProofError, Rfc6962, TreeHash};
use crate::registry::{MEMBERS_MAX, Registry, RegistryProof};
use crate::status::{Status, StatusLeaf, leaf_count, leaf_of, status_in_leaf};
use crate::validators::{CertificateError, CommitCertificate, ValidatorSet, ValidatorSetError};

pub use completeness::{
    COMPLETENESS_FORMAT, COMPLETENESS_LINE_BYTES_MAX, COMPLETENESS_MEDIA_TYPE, COMPLETENESS_SUFFIX, Complete,
    CompletenessFault, CompletenessFormatError, CompletenessHead, CompletenessVerifier, IssuerBatch,
};
pub use consistency::{
    CONSISTENCY_FORMAT, CONSISTENCY_JSON_BYTES_MAX, CONSISTENCY_MEDIA_TYPE, CONSISTENCY_SUFFIX,
    ConsistencyFault, ConsistencyFormatError, ConsistencyProof, LogHead, ProvenConsistency,
};

/// Most validator-set changes on the way from the genesis to a header.
pub const VALIDATOR_CHANGES_MAX: usize = 64;

/// All that proves an entry and its status as of one block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusProof {
    /// The entry.
    pub entry: Entry,
    /// Its place in the log.
    pub index: LogIndex,
    /// Inclusion proof in the log tree, from the leaf up.
    #[serde(with = "hashes")]
    pub log_path: Vec<Hash>,
    /// The status leaf that covers the index.
    #[serde(with = "hex::serde")]
    pub status_leaf: StatusLeaf,
    /// Inclusion proof of the status leaf, from the leaf up.
    #[serde(with = "hashes")]
    pub status_path: Vec<Hash>,
    /// The issuer's record as of the block.
    pub issuer: RegistryProof,
    /// The header whose roots all this leads to.
    pub header: BlockHeader,
    /// The signatures that make the header final.
    pub certificate: CommitCertificate,
    /// Each change of the validator set between the genesis and the header, oldest first.
    pub validator_changes: Vec<ValidatorChange>,
}

/// A block after which another validator set decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValidatorChange {
    /// The last header that the former set decided.
    pub header: BlockHeader,
    /// Its certificate.
    pub certificate: CommitCertificate,
    /// The set that decides from the next height on.
    pub next: ValidatorSet,
}

/// What a verifier trusts: a chain, and who decides its first block. Both come from the genesis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustAnchor {
    /// The chain.
    pub chain_id: ChainId,
    /// Those who decide the first block.
    pub validators: ValidatorSet,
}

impl TrustAnchor {
    /// The anchor that a genesis gives.
    ///
    /// # Errors
    /// [`ValidatorSetError`] where the genesis was not checked.
    pub fn new(genesis: &Genesis) -> Result<Self, ValidatorSetError> {
        let validators = genesis.registry().validators(Height::GENESIS.next())?;
        Ok(Self { chain_id: genesis.chain_id(), validators })
    }
}

/// What was proved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProvenStatus {
    /// Status of the entry's credential as of the block.
    pub status: Status,
    /// The block.
    pub height: Height,
    /// Its time, in milliseconds since 1970-01-01 UTC.
    pub time_ms: u64,
    /// Who signed the block.
    pub signers: Vec<MemberId>,
    /// How many validators there were.
    pub validators: usize,
}

/// The first thing in a proof that is not so. Each names the part that does not fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofFault {
    /// The proof belongs to another chain.
    #[error("the proof is of chain {actual}, not of the chain of this genesis, {expected}")]
    ForeignChain {
        /// The chain of the genesis.
        expected: ChainId,
        /// The proof's.
        actual: ChainId,
    },
    /// The header has a version that this program does not know.
    #[error("header version {actual}; this program knows {HEADER_VERSION}")]
    HeaderVersion {
        /// The version found.
        actual: u8,
    },
    /// A header of height 0, which no block has.
    #[error("a header of height 0; the first block has height 1")]
    HeaderHeight,
    /// Too many validator-set changes.
    #[error("{count} validator-set changes; at most {VALIDATOR_CHANGES_MAX} are followed")]
    TooManyChanges {
        /// How many there are.
        count: usize,
    },
    /// The heights of the changes do not rise up to the header's.
    #[error("the validator-set change at height {height} is out of order")]
    ChangeOrder {
        /// The change.
        height: Height,
    },
    /// A header names other validators than those the genesis leads to.
    #[error("at height {height} the header names the validators {actual}; the genesis leads to {expected}")]
    Validators {
        /// The header.
        height: Height,
        /// Hash of the set that was reached.
        expected: ValidatorsHash,
        /// The header's.
        actual: ValidatorsHash,
    },
    /// The set after a change is not the one that its header names.
    #[error("after height {height} the validators {actual} come, but the header names {expected}")]
    NextValidators {
        /// The change.
        height: Height,
        /// The header's.
        expected: ValidatorsHash,
        /// Hash of the set given.
        actual: ValidatorsHash,
    },
    /// A header is not final.
    #[error("the header at height {height} is not final: {source}")]
    Certificate {
        /// The header.
        height: Height,
        /// Why.
        source: CertificateError,
    },
    /// The entry is not proved to stand in the log.
    #[error("the entry is not proved to be at log index {index}: {source}")]
    Inclusion {
        /// The place claimed.
        index: LogIndex,
        /// Why.
        source: ProofError,
    },
    /// The status leaf is not proved.
    #[error("the status of log index {index} is not proved: {source}")]
    Status {
        /// The place claimed.
        index: LogIndex,
        /// Why.
        source: ProofError,
    },
    /// The status bits are a pattern that no ledger writes.
    #[error("the status of log index {index} has an unknown value")]
    StatusBits {
        /// The place.
        index: LogIndex,
    },
    /// The issuer's record is not proved.
    #[error("the record of {issuer} is not proved: {source}")]
    Registry {
        /// The member.
        issuer: MemberId,
        /// Why.
        source: ProofError,
    },
    /// The record has facts that no registry holds.
    #[error("the record: {0}")]
    Record(#[from] MemberError),
    /// More members than a registry holds.
    #[error("the record is said to be one of {count}; a registry holds at most {MEMBERS_MAX}")]
    MemberCount {
        /// How many there are said to be.
        count: u64,
    },
    /// The record is another member's than the entry's issuer.
    #[error("the entry is by {expected}, the record is that of {actual}")]
    RecordOwner {
        /// Issuer of the entry.
        expected: MemberId,
        /// Member of the record.
        actual: MemberId,
    },
}

impl StatusProof {
    /// Checks everything, from the genesis to the two status bits.
    ///
    /// # Errors
    /// [`ProofFault`], the first thing that is not so.
    pub fn verify(&self, anchor: &TrustAnchor) -> Result<ProvenStatus, ProofFault> {
        let validators = self.verify_header(anchor)?;
        self.verify_inclusion()?;
        let status = self.verify_status()?;
        self.verify_issuer()?;
        Ok(ProvenStatus {
            status,
            height: self.header.height,
            time_ms: self.header.time_ms,
            signers: self.certificate.signers(&validators).cloned().collect(),
            validators: validators.validators().len(),
        })
    }

    /// Checks that the validators to whom the genesis leads made the header final; returns them.
    ///
    /// # Errors
    /// [`ProofFault`] of the chain, the validator sets or a certificate.
    pub fn verify_header(&self, anchor: &TrustAnchor) -> Result<ValidatorSet, ProofFault> {
        verify_header(anchor, &self.validator_changes, &self.header, &self.certificate)
    }

    /// Checks that the entry stands in the log of the header.
    ///
    /// # Errors
    /// [`ProofFault::Inclusion`].
    pub fn verify_inclusion(&self) -> Result<(), ProofFault> {
        let LogSize(size) = self.header.log_size;
        merkle::verify_inclusion::<Rfc6962>(
            self.entry.leaf_hash(),
            self.index.0,
            size,
            &self.log_path,
            &self.header.log_root.0,
        )
        .map_err(|source| ProofFault::Inclusion { index: self.index, source })
    }

    /// Checks the status leaf against the header, and reads the status.
    ///
    /// # Errors
    /// [`ProofFault::Status`] or [`ProofFault::StatusBits`].
    pub fn verify_status(&self) -> Result<Status, ProofFault> {
        let index = self.index;
        merkle::verify_inclusion::<StatusHash>(
            StatusHash::leaf(&self.status_leaf),
            leaf_of(index),
            leaf_count(self.header.log_size),
            &self.status_path,
            &self.header.status_root.0,
        )
        .map_err(|source| ProofFault::Status { index, source })?;
        status_in_leaf(&self.status_leaf, index).ok_or(ProofFault::StatusBits { index })
    }

    /// Checks the issuer's record against the header, and that it is the issuer's.
    ///
    /// # Errors
    /// [`ProofFault::RecordOwner`], or that of [`RegistryProof::verify`].
    pub fn verify_issuer(&self) -> Result<(), ProofFault> {
        let (expected, actual) = (&self.entry.issuer, &self.issuer.record.member.id);
        if expected != actual {
            return Err(ProofFault::RecordOwner { expected: expected.clone(), actual: actual.clone() });
        }
        self.issuer.verify(&self.header).map(|_| ())
    }

    /// Leaves out of each certificate the signatures beyond the fewest that suffice. Takes nothing from what
    /// a good proof proves; a bad one stays bad, or loses a bad signature that was not needed.
    pub fn trim(&mut self, anchor: &TrustAnchor) {
        trim(anchor, &mut self.validator_changes, &mut self.certificate);
    }
}

fn trim(anchor: &TrustAnchor, changes: &mut [ValidatorChange], certificate: &mut CommitCertificate) {
    let mut validators = &anchor.validators;
    for ValidatorChange { certificate, next, .. } in changes {
        certificate.trim(validators);
        validators = next;
    }
    certificate.trim(validators);
}

impl RegistryProof {
    /// Checks the record against the registry root of a header. What makes the header final is another
    /// question: see [`verify_header`] and [`verify_member`].
    ///
    /// `index` and `count` say how to walk the path and are proved no further: a path of the same turns fits
    /// several counts. How many members there are is not proved by this.
    ///
    /// # Errors
    /// [`ProofFault::Record`], [`ProofFault::MemberCount`] or [`ProofFault::Registry`].
    pub fn verify(&self, header: &BlockHeader) -> Result<&MemberRecord, ProofFault> {
        let Self { record, index, count, path } = self;
        // Only what has an encoding can be hashed.
        record.member.check_name()?;
        if *count > MEMBERS_MAX as u64 {
            return Err(ProofFault::MemberCount { count: *count });
        }
        let leaf = Registry::leaf_hash(record);
        merkle::verify_inclusion::<RegistryHash>(leaf, *index, *count, path, &header.registry_root.0)
            .map_err(|source| ProofFault::Registry { issuer: record.member.id.clone(), source })?;
        Ok(record)
    }
}

/// Checks that the validators to whom the genesis leads, over each change of their set, made a header final;
/// returns them.
///
/// # Errors
/// [`ProofFault`] of the chain, the validator sets or a certificate.
pub fn verify_header(
    anchor: &TrustAnchor,
    changes: &[ValidatorChange],
    header: &BlockHeader,
    certificate: &CommitCertificate,
) -> Result<ValidatorSet, ProofFault> {
    let count = changes.len();
    if count > VALIDATOR_CHANGES_MAX {
        return Err(ProofFault::TooManyChanges { count });
    }
    let last = header.height;
    let mut validators = &anchor.validators;
    let mut height = Height::GENESIS;
    for ValidatorChange { header, certificate, next } in changes {
        if header.height <= height || header.height >= last {
            return Err(ProofFault::ChangeOrder { height: header.height });
        }
        height = header.height;
        verify_final(header, certificate, &anchor.chain_id, validators)?;
        let (expected, actual) = (header.next_validators_hash, next.hash());
        if expected != actual {
            return Err(ProofFault::NextValidators { height, expected, actual });
        }
        validators = next;
    }
    verify_final(header, certificate, &anchor.chain_id, validators)?;
    Ok(validators.clone())
}

/// Checks a member's record as of a header, and that the header is final; returns the record.
///
/// # Errors
/// [`ProofFault`] of the header or of the record.
pub fn verify_member<'a>(
    anchor: &TrustAnchor,
    changes: &[ValidatorChange],
    header: &BlockHeader,
    certificate: &CommitCertificate,
    member: &'a RegistryProof,
) -> Result<&'a MemberRecord, ProofFault> {
    verify_header(anchor, changes, header, certificate)?;
    member.verify(header)
}

fn verify_final(
    header: &BlockHeader,
    certificate: &CommitCertificate,
    chain_id: &ChainId,
    validators: &ValidatorSet,
) -> Result<(), ProofFault> {
    let height = header.height;
    if header.version != HEADER_VERSION {
        return Err(ProofFault::HeaderVersion { actual: header.version });
    }
    if header.chain_id != *chain_id {
        return Err(ProofFault::ForeignChain { expected: *chain_id, actual: header.chain_id });
    }
    if height == Height::GENESIS {
        return Err(ProofFault::HeaderHeight);
    }
    let (expected, actual) = (validators.hash(), header.validators_hash);
    if expected != actual {
        return Err(ProofFault::Validators { height, expected, actual });
    }
    certificate
        .verify(chain_id, height, &header.id(), validators)
        .map_err(|source| ProofFault::Certificate { height, source })
}

/// Hashes as hexadecimal texts.
pub(crate) mod hashes {
    use serde::{Deserialize, Deserializer, Serializer};

    use super::{Hash, Root};

    pub(crate) fn serialize<S: Serializer>(hashes: &[Hash], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(hashes.iter().map(|hash| Root(*hash)))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Hash>, D::Error> {
        let hashes = Vec::<Root>::deserialize(deserializer)?;
        Ok(hashes.into_iter().map(|Root(hash)| hash).collect())
    }
}
