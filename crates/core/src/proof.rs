//! What the ledger proves of one entry, to someone who holds the genesis and nothing else.

mod completeness;
mod consistency;
mod evidence;
mod governance;
mod members;

use serde::{Deserialize, Serialize};

use crate::block::{BlockHeader, HeaderError};
use crate::event::Entry;
use crate::hash::{ChainId, RegistryHash, Root, StatusHash, ValidatorsHash};
use crate::history::HistoryProof;
use crate::ids::{Height, LogIndex, LogSize, MemberId};
use crate::member::MemberError;
use crate::merkle::{self, Hash, ProofError, Rfc6962, TreeHash};
use crate::registry::{MEMBERS_MAX, Registry, RegistryProof};
use crate::state_root;
use crate::status::{CredentialStatus, StatusLeaf, leaf_count, leaf_of, status_in_leaf};
use crate::trust::TrustAnchor;
use crate::utc::Utc;
use crate::validators::{CertificateError, CommitCertificate, ValidatorSet, ValidatorSetError};

pub use completeness::{
    COMPLETENESS_FORMAT, COMPLETENESS_LINE_BYTES_MAX, COMPLETENESS_MEDIA_TYPE, COMPLETENESS_SUFFIX, Complete,
    CompletenessFault, CompletenessFormatError, CompletenessHead, CompletenessVerifier, EntryRun,
};
pub use consistency::{
    CONSISTENCY_FORMAT, CONSISTENCY_JSON_BYTES_MAX, CONSISTENCY_MEDIA_TYPE, CONSISTENCY_SUFFIX,
    ConsistencyFault, ConsistencyFormatError, ConsistencyProof, LogHead, ProvenConsistency,
};
pub use evidence::{
    Attribution, Contradiction, EVIDENCE_FORMAT, EVIDENCE_JSON_BYTES_MAX, EVIDENCE_MEDIA_TYPE,
    EVIDENCE_SUFFIX, Evidence, EvidenceFault, EvidenceFormatError, FinalStatement, ProvenEvidence,
};
pub use governance::GovernanceProof;
pub use members::MembersProof;

/// Most validator-set changes that a proof carries; beyond, a trust file is needed.
pub const VALIDATOR_CHANGES_MAX: usize = 64;

/// All that proves an entry and its status as of one block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusProof {
    /// The issuance, whose hash is the leaf at `index` of the log tree.
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
    /// Root over the other parts of the state: see [`state_root::others_root`].
    pub others_root: Root,
    /// The header whose roots all this leads to.
    pub header: BlockHeader,
    /// What makes the header final.
    pub finality: Finality,
}

/// What shows that a header is final.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Finality {
    /// Signatures of the validators of its height.
    Certificate {
        /// The signatures.
        certificate: CommitCertificate,
        /// Each change of the validator set on the way to the header, oldest first: from the genesis, where the proof
        /// is to be self-contained; none, where a trust file knows them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        validator_changes: Vec<ValidatorChange>,
    },
    /// A path to the root of a complete subtree of the history, which a trust file vouches for: a *sealed* proof.
    Sealed {
        /// Inclusion proof in the subtree of 2^16 headers, from the leaf up: 16 hashes.
        #[serde(with = "hashes")]
        path: Vec<Hash>,
    },
    /// A place in the history of a newer header, which is final by its signatures.
    History(Box<HistoryProof>),
}

impl Finality {
    /// A certificate, with each change of the validator set on the way to it.
    pub fn certificate(certificate: CommitCertificate, validator_changes: Vec<ValidatorChange>) -> Self {
        Self::Certificate { certificate, validator_changes }
    }

    /// The changes of the validator set that are carried.
    pub fn validator_changes(&self) -> &[ValidatorChange] {
        match self {
            Self::Certificate { validator_changes, .. } => validator_changes,
            Self::Sealed { .. } => &[],
            Self::History(proof) => &proof.validator_changes,
        }
    }

    /// Leaves out the carried changes, as fits a verifier with a trust file that covers the header.
    #[must_use]
    pub fn compact(mut self) -> Self {
        match &mut self {
            Self::Certificate { validator_changes, .. } => validator_changes.clear(),
            Self::Sealed { .. } => {}
            Self::History(proof) => proof.validator_changes.clear(),
        }
        self
    }

    /// Leaves out of each certificate the signatures beyond the fewest that suffice; of validators, those who still hold
    /// their key at the anchor are kept first. Takes nothing from what a good proof proves; a bad one stays bad, or
    /// loses a bad signature that was not needed.
    pub fn trim(&mut self, header: &BlockHeader, anchor: &TrustAnchor) {
        let (header, certificate, changes) = match self {
            Self::Certificate { certificate, validator_changes } => (header, certificate, validator_changes),
            Self::Sealed { .. } => return,
            Self::History(proof) => (&proof.header, &mut proof.certificate, &mut proof.validator_changes),
        };
        let mut validators = anchor.set_before(header.height, changes);
        for ValidatorChange { certificate, next, .. } in changes {
            certificate.trim(&validators, |_| false);
            validators = next.clone();
        }
        // Carried changes that the trust file knows better may lead anywhere.
        let validators = anchor.set_at(header.height).cloned().unwrap_or(validators);
        certificate.trim(&validators, |validator| anchor.still_holds_key(validator));
    }
}

/// A block after which another validator set decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValidatorChange {
    /// The last header that the former set decided.
    pub header: BlockHeader,
    /// Precommits of more than 2/3 of the validators of its height.
    pub certificate: CommitCertificate,
    /// The set that decides from the next height on.
    pub next: ValidatorSet,
}

/// What was proved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProvenStatus {
    /// Status of the entry's credential as of the block.
    pub status: CredentialStatus,
    /// The block.
    pub height: Height,
    /// Its time, in milliseconds since 1970-01-01 UTC.
    pub time_ms: u64,
    /// What makes it final.
    #[serde(flatten)]
    pub basis: ProvenHeader,
}

/// How a header was shown to be final.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProvenHeader {
    /// Who signed: the header itself, or the newer header whose history it is in. Empty for a sealed proof.
    pub signers: Vec<MemberId>,
    /// How many validators there were.
    pub validators: usize,
    /// What it rests on.
    pub rests_on: RestsOn,
}

/// What the verifier trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "anchor")]
pub enum RestsOn {
    /// The genesis alone: what only honest deletion of old keys protects is not excluded.
    Genesis,
    /// The anchor of a trust file.
    TrustFile {
        /// The anchor's height.
        height: Height,
        /// The anchor's time, in milliseconds since 1970-01-01 UTC.
        time_ms: u64,
    },
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
    /// A field of a header that no block can have.
    #[error("the header is not one of a block: {0}")]
    Header(#[from] HeaderError),
    /// Too many validator-set changes.
    #[error(
        "{count} validator-set changes; a proof carries at most {VALIDATOR_CHANGES_MAX}: use a trust file"
    )]
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
    /// A header names other validators than those the anchor leads to.
    #[error("at height {height} the header names the validators {actual}; the anchor leads to {expected}")]
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
    /// The number or the first height of the set after a change does not follow.
    #[error("the validator set after height {height} does not follow: {source}")]
    NextSet {
        /// The change.
        height: Height,
        /// The rule of validator sets that it breaks.
        source: ValidatorSetError,
    },
    /// A header names validators that the anchor does not know, and the proof carries no change that leads to them.
    #[error(
        "the genesis or trust file at hand does not know the validators of height {height}, and the proof carries no change of \
         them: use a newer trust file (sanad trust fetch)"
    )]
    UnknownValidators {
        /// The header.
        height: Height,
        /// Whether the anchor is a trust file.
        has_trust_file: bool,
    },
    /// A sealed proof needs a trust file.
    #[error("a sealed proof is checked with a trust file; none is given")]
    NeedsTrustFile,
    /// The trust file does not reach the header of a sealed proof.
    #[error(
        "the trust file covers sealed proofs below height {covered}; this one is of height {height}: renew it"
    )]
    NotCovered {
        /// The header.
        height: Height,
        /// First height that is not covered.
        covered: Height,
    },
    /// A header is not proved to be in the history of another.
    #[error("the header at height {height} is not proved to be in the history of height {newer}: {source}")]
    History {
        /// The header.
        height: Height,
        /// The newer header.
        newer: Height,
        /// What the check of the path found (RFC 6962 2.1.1).
        source: ProofError,
    },
    /// A header and what is said to be before it do not belong together.
    #[error("what is said to stand before height {height} is not what its header names")]
    Past {
        /// The header.
        height: Height,
    },
    /// A header that the trust file's history covers is signed by too few who still hold their key.
    #[error(
        "height {height} is covered by the trust file, and {current} of its signers still hold their key, of {needed} needed: a history path is needed"
    )]
    RetiredSigners {
        /// The header.
        height: Height,
        /// Signers that hold the same key in the anchor's set.
        current: usize,
        /// How many are needed.
        needed: usize,
    },
    /// Another header than the anchor, at the anchor's height.
    #[error("the header at height {height} is not the one that the trust file holds")]
    NotTheAnchor {
        /// Height of both headers.
        height: Height,
    },
    /// The trust file is too old to vouch for newer signatures, or from the future.
    #[error(
        "the trust file's header is of {} and by this machine's clock, {}, no longer vouches for signatures: renew the trust file",
        Utc(*anchor_time_ms),
        Utc(*now_ms)
    )]
    Renew {
        /// The anchor's time.
        anchor_time_ms: u64,
        /// The time of the check.
        now_ms: u64,
    },
    /// The verifier's clock is behind the anchor, so that nothing can be said of the anchor's age.
    #[error(
        "this machine's clock is wrong: it says {}, before the trust file's header of {}; set the clock",
        Utc(*now_ms),
        Utc(*anchor_time_ms)
    )]
    ClockBehind {
        /// The anchor's time.
        anchor_time_ms: u64,
        /// The time of the check.
        now_ms: u64,
    },
    /// A header is not final.
    #[error("the header at height {height} is not final: {source}")]
    Certificate {
        /// The header.
        height: Height,
        /// What is wrong with the precommits.
        source: CertificateError,
    },
    /// The entry is not proved to stand in the log.
    #[error("the entry is not proved to be at log index {index}: {source}")]
    Inclusion {
        /// The place claimed.
        index: LogIndex,
        /// What the check of the path found (RFC 6962 2.1.1).
        source: ProofError,
    },
    /// The path of the status leaf does not fit its place.
    #[error("the status of log index {index} is not proved: {source}")]
    Status {
        /// The place claimed.
        index: LogIndex,
        /// What the check of the path found.
        source: ProofError,
    },
    /// The path of the issuer's record does not fit its place.
    #[error("the record of {issuer} is not proved: {source}")]
    Registry {
        /// Member whose record it is said to be.
        issuer: MemberId,
        /// What the check of the path found.
        source: ProofError,
    },
    /// Status, record and the other parts do not lead to the header's state root.
    #[error("status and record lead to the state root {actual}; the header names {expected}")]
    StateRoot {
        /// The header's.
        expected: Root,
        /// The one that status, record and other parts give.
        actual: Root,
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
    /// Checks everything, from the anchor to the two status bits.
    ///
    /// # Errors
    /// [`ProofFault`], the first thing that is not so.
    pub fn verify(&self, anchor: &TrustAnchor) -> Result<ProvenStatus, ProofFault> {
        let basis = self.verify_header(anchor)?;
        self.verify_inclusion()?;
        let status = self.verify_state()?;
        Ok(ProvenStatus { status, height: self.header.height, time_ms: self.header.time_ms, basis })
    }

    /// Checks that the header is final.
    ///
    /// # Errors
    /// [`ProofFault`] of the chain, the validator sets, a certificate or the history.
    pub fn verify_header(&self, anchor: &TrustAnchor) -> Result<ProvenHeader, ProofFault> {
        anchor.verify_header(&self.header, &self.finality)
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

    /// Checks the status leaf and the issuer's record against the state root of the header, and reads the status.
    ///
    /// # Errors
    /// [`ProofFault::RecordOwner`], [`ProofFault::Status`], [`ProofFault::StateRoot`], or that of
    /// [`RegistryProof::members_root`].
    pub fn verify_state(&self) -> Result<CredentialStatus, ProofFault> {
        let record = &self.issuer.record;
        if self.entry.issuer != record.id {
            let (expected, actual) = (self.entry.issuer.clone(), record.id.clone());
            return Err(ProofFault::RecordOwner { expected, actual });
        }
        let members = self.issuer.members_root()?;
        let (index, header) = (self.index, &self.header);
        let leaf = StatusHash::leaf(&self.status_leaf);
        let (place, places) = (leaf_of(index), leaf_count(header.log_size));
        let status = merkle::root_from_inclusion::<StatusHash>(leaf, place, places, &self.status_path)
            .map_err(|source| ProofFault::Status { index, source })?;
        check_state_root(header, &Root(status), &members, &self.others_root)?;
        Ok(CredentialStatus::new(status_in_leaf(&self.status_leaf, index), index, record))
    }

    /// Leaves out of each certificate the signatures beyond the fewest that suffice.
    pub fn trim(&mut self, anchor: &TrustAnchor) {
        self.finality.trim(&self.header, anchor);
    }
}

fn check_state_root(
    header: &BlockHeader,
    status: &Root,
    members: &Root,
    others: &Root,
) -> Result<(), ProofFault> {
    let (expected, actual) = (header.state_root, state_root::state_root(status, members, others));
    if expected == actual { Ok(()) } else { Err(ProofFault::StateRoot { expected, actual }) }
}

impl RegistryProof {
    /// The members' root that record and path lead to. Nothing is proved until it is compared with the state root of
    /// a final header.
    ///
    /// # Errors
    /// [`ProofFault::Record`], [`ProofFault::MemberCount`] or [`ProofFault::Registry`].
    pub fn members_root(&self) -> Result<Root, ProofFault> {
        let Self { record, index, count, path } = self;
        // Only what has an encoding can be hashed.
        record.check()?;
        if *count > MEMBERS_MAX as u64 {
            return Err(ProofFault::MemberCount { count: *count });
        }
        let root =
            merkle::root_from_inclusion::<RegistryHash>(Registry::leaf_hash(record), *index, *count, path)
                .map_err(|source| ProofFault::Registry { issuer: record.id.clone(), source })?;
        Ok(state_root::members_root(*count, &root))
    }
}

/// A member's record as of one block, with what proves it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberProof {
    /// The record.
    pub member: RegistryProof,
    /// Root of the status tree.
    pub status_root: Root,
    /// Root over the other parts of the state.
    pub others_root: Root,
    /// Header whose state root covers the record.
    pub header: BlockHeader,
    /// What makes the header final.
    pub finality: Finality,
}

impl MemberProof {
    /// Checks everything, from the anchor to the record; returns what makes the header final.
    ///
    /// # Errors
    /// [`ProofFault`], the first thing that is not so.
    pub fn verify(&self, anchor: &TrustAnchor) -> Result<ProvenHeader, ProofFault> {
        let proven = anchor.verify_header(&self.header, &self.finality)?;
        let members = self.member.members_root()?;
        check_state_root(&self.header, &self.status_root, &members, &self.others_root)?;
        Ok(proven)
    }
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
