//! Two final statements that one honest chain cannot make: evidence that more than 1/3 of the validators signed both.

use serde::{Deserialize, Serialize};

use super::{ConsistencyFault, ConsistencyProof, Finality, ProofFault, StatusProof};
use crate::block::BlockHeader;
use crate::event::Event;
use crate::hash::ChainId;
use crate::ids::Height;
use crate::json_form::{self, JsonFormError};
use crate::status::CredentialStatus;
use crate::trust::TrustAnchor;

/// What a fork proof says it is.
pub const FORK_FORMAT: &str = "sanad-fork-proof/v1";
/// Its media type.
pub const FORK_MEDIA_TYPE: &str = "application/vnd.sanad.fork-proof+json";
/// What the names of its files end with.
pub const FORK_SUFFIX: &str = ".fork.json";
/// Longest fork proof, in bytes (4 MiB).
pub const FORK_JSON_BYTES_MAX: usize = 4 << 20;

/// Two final statements that contradict each other, for anyone to check; see `docs/formats/fork.md`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForkProof {
    /// [`FORK_FORMAT`].
    pub format: String,
    /// The two statements.
    pub statements: Contradiction,
}

/// A header and what makes it final.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FinalStatement {
    /// The header.
    pub header: BlockHeader,
    /// What makes it final.
    pub finality: Finality,
}

/// Two statements that cannot both be of one chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Contradiction {
    /// Two final headers of one height.
    Heights {
        /// One header,
        one: Box<FinalStatement>,
        /// and the other.
        other: Box<FinalStatement>,
    },
    /// A credential that is revoked as of one block, and not as of a later one.
    Revocation {
        /// Proof that it is revoked.
        revoked: Box<StatusProof>,
        /// Proof, of a greater height, that it is not.
        later: Box<StatusProof>,
    },
    /// A log that does not begin with the log of an older final header.
    Log {
        /// The older header.
        older: Box<FinalStatement>,
        /// A consistency proof from the same size, with another root.
        newer: Box<ConsistencyProof>,
    },
}

/// What a fork proof proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ProvenFork {
    /// The chain.
    pub chain_id: ChainId,
    /// Height of the older of the two headers.
    pub height: Height,
    /// Height of the newer one.
    pub newer: Height,
}

/// Why a fork proof proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ForkFault {
    /// One of the statements is not final.
    #[error("a statement does not hold")]
    Statement(#[from] ProofFault),
    /// The consistency proof does not hold.
    #[error("the consistency proof does not hold")]
    Consistency(#[from] ConsistencyFault),
    /// The two statements can be of one chain.
    #[error("the two statements do not contradict each other: {why}")]
    NoContradiction {
        /// Why not.
        why: &'static str,
    },
}

/// Why bytes are not a fork proof.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ForkFormatError {
    /// Too long.
    #[error("{actual} bytes; a fork proof has at most {FORK_JSON_BYTES_MAX}")]
    TooLong {
        /// Length.
        actual: usize,
    },
    /// Not its JSON form.
    #[error("not the JSON form of a fork proof")]
    Form(#[from] JsonFormError),
    /// Another format.
    #[error("not a \"{FORK_FORMAT}\"")]
    Format,
}

impl ForkProof {
    /// A proof of two statements.
    #[must_use]
    pub fn new(statements: Contradiction) -> Self {
        Self { format: FORK_FORMAT.to_owned(), statements }
    }

    /// The fork that two proofs of one credential's status show, if they show one. Requires that both hold.
    #[must_use]
    pub fn of_statuses(one: &StatusProof, other: &StatusProof) -> Option<Self> {
        let (older, newer) =
            if one.header.height <= other.header.height { (one, other) } else { (other, one) };
        let statements = if older.header.height == newer.header.height {
            let statement = |proof: &StatusProof| {
                Box::new(FinalStatement { header: proof.header.clone(), finality: proof.finality.clone() })
            };
            Contradiction::Heights { one: statement(older), other: statement(newer) }
        } else {
            Contradiction::Revocation { revoked: Box::new(older.clone()), later: Box::new(newer.clone()) }
        };
        let proof = Self::new(statements);
        proof.statements.check().ok().map(|()| proof)
    }

    /// Checks that both statements are final and contradict each other.
    ///
    /// # Errors
    /// [`ForkFault`].
    pub fn verify(&self, anchor: &TrustAnchor) -> Result<ProvenFork, ForkFault> {
        self.statements.check()?;
        let (height, newer) = match &self.statements {
            Contradiction::Heights { one, other } => {
                anchor.verify_header(&one.header, &one.finality)?;
                anchor.verify_header(&other.header, &other.finality)?;
                (one.header.height, other.header.height)
            }
            Contradiction::Revocation { revoked, later } => {
                revoked.verify(anchor)?;
                later.verify(anchor)?;
                (revoked.header.height, later.header.height)
            }
            Contradiction::Log { older, newer } => {
                anchor.verify_header(&older.header, &older.finality)?;
                newer.verify(anchor)?;
                (older.header.height, newer.header.height)
            }
        };
        Ok(ProvenFork { chain_id: anchor.chain_id, height, newer })
    }

    /// Reads the JSON form.
    ///
    /// # Errors
    /// [`ForkFormatError`].
    pub fn from_json(text: &[u8]) -> Result<Self, ForkFormatError> {
        if text.len() > FORK_JSON_BYTES_MAX {
            return Err(ForkFormatError::TooLong { actual: text.len() });
        }
        let proof: Self = json_form::read(text)?;
        if proof.format == FORK_FORMAT { Ok(proof) } else { Err(ForkFormatError::Format) }
    }

    /// The JSON form.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("invariant: a proof has only plain fields");
        text.push('\n');
        text
    }
}

impl Contradiction {
    /// Checks that the statements contradict each other if both are final.
    fn check(&self) -> Result<(), ForkFault> {
        let contradicts =
            |holds: bool, why| if holds { Ok(()) } else { Err(ForkFault::NoContradiction { why }) };
        match self {
            Self::Heights { one, other } => {
                contradicts(one.header.height == other.header.height, "the heights differ")?;
                contradicts(one.header.hash() != other.header.hash(), "both are the same block")
            }
            Self::Revocation { revoked, later } => {
                let issuance = matches!(revoked.entry.event, Event::Issue { .. });
                let same = revoked.index == later.index && revoked.entry == later.entry;
                contradicts(issuance && same, "they are not of one credential")?;
                contradicts(revoked.header.height < later.header.height, "the later block is not higher")?;
                contradicts(is_revoked(revoked)?, "the older proof does not revoke")?;
                contradicts(!is_revoked(later)?, "both revoke")
            }
            Self::Log { older, newer } => {
                let (size, root) = (older.header.log_size, older.header.log_root);
                contradicts(size == newer.older.size, "the sizes of the logs differ")?;
                contradicts(root != newer.older.root, "both logs begin alike")
            }
        }
    }
}

fn is_revoked(proof: &StatusProof) -> Result<bool, ProofFault> {
    Ok(proof.verify_state()? == CredentialStatus::Revoked)
}
