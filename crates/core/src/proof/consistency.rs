//! That the log at one size begins the log at a larger one, to someone who holds the genesis and nothing else.

use serde::{Deserialize, Serialize};

use super::{Finality, ProofFault, ProvenHeader, TrustAnchor, hashes};
use crate::block::BlockHeader;
use crate::hash::Root;
use crate::ids::{Height, LogSize};
use crate::json_form::{self, JsonFormError};
use crate::merkle::{self, Hash, ProofError, Rfc6962};

/// What a consistency proof says it is.
pub const CONSISTENCY_FORMAT: &str = "sanad-consistency-proof/v1";
/// Its media type.
pub const CONSISTENCY_MEDIA_TYPE: &str = "application/vnd.sanad.consistency-proof+json";
/// What the names of its files end with.
pub const CONSISTENCY_SUFFIX: &str = ".consistency.json";
/// Longest consistency proof, in bytes (1 MiB).
pub const CONSISTENCY_JSON_BYTES_MAX: usize = 1 << 20;

/// The log at one size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogHead {
    /// Its entries.
    pub size: LogSize,
    /// Root of the tree over them (RFC 6962 2.1).
    pub root: Root,
}

/// Proof that the log at an older size is the beginning of the log at a newer one, and that of the log of a final
/// block.
///
/// Neither size has to be that of a block: the header vouches for both roots, since the log it names begins with
/// either tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsistencyProof {
    /// [`CONSISTENCY_FORMAT`].
    pub format: String,
    /// The older log; of one entry or more.
    pub older: LogHead,
    /// The newer log; at most as long as the header's.
    pub newer: LogHead,
    /// Consistency path from the older to the newer size (RFC 6962 2.1.2).
    #[serde(with = "hashes")]
    pub path: Vec<Hash>,
    /// Consistency path from the newer size to that of the header.
    #[serde(with = "hashes")]
    pub head_path: Vec<Hash>,
    /// A header at or after the newer size.
    pub header: BlockHeader,
    /// What makes the header final.
    pub finality: Finality,
}

/// What a consistency proof proved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProvenConsistency {
    /// The log that is the beginning,
    pub older: LogHead,
    /// of this log,
    pub newer: LogHead,
    /// as of this block.
    pub height: Height,
    /// Its time, in milliseconds since 1970-01-01 UTC.
    pub time_ms: u64,
    /// What makes it final.
    #[serde(flatten)]
    pub basis: ProvenHeader,
}

/// Why a consistency proof proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConsistencyFault {
    /// The header is not final.
    #[error(transparent)]
    Header(#[from] ProofFault),
    /// The newer log is not the beginning of the header's.
    #[error("the log of {newer} entries is not proved to begin that of the header, of {head}: {source}")]
    Head {
        /// Entries of the newer log.
        newer: LogSize,
        /// The header's.
        head: LogSize,
        /// What the check of the path found (RFC 6962 2.1.2).
        source: ProofError,
    },
    /// The older log is not the beginning of the newer one.
    #[error("the log of {older} entries is not proved to begin that of {newer}: {source}")]
    Path {
        /// Entries of the older log.
        older: LogSize,
        /// Entries of the newer log.
        newer: LogSize,
        /// What the check of the path found (RFC 6962 2.1.2).
        source: ProofError,
    },
}

/// Why bytes are no consistency proof.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConsistencyFormatError {
    /// Too long.
    #[error("{actual} bytes; a consistency proof has at most {CONSISTENCY_JSON_BYTES_MAX}")]
    TooLong {
        /// Length.
        actual: usize,
    },
    /// Not its JSON form.
    #[error("not the JSON form of a consistency proof: {0}")]
    Form(#[from] JsonFormError),
    /// Another format.
    #[error("not a \"{CONSISTENCY_FORMAT}\"")]
    Format,
}

impl ConsistencyProof {
    /// Checks everything, from the genesis to the two roots.
    ///
    /// # Errors
    /// [`ConsistencyFault`], the first thing that is not so.
    pub fn verify(&self, anchor: &TrustAnchor) -> Result<ProvenConsistency, ConsistencyFault> {
        let Self { older, newer, header, .. } = self;
        let basis = anchor.verify_header(header, &self.finality)?;
        let head = LogHead { size: header.log_size, root: header.log_root };
        let (size, at) = (newer.size, head.size);
        verify_path(newer, &head, &self.head_path).map_err(|source| ConsistencyFault::Head {
            newer: size,
            head: at,
            source,
        })?;
        verify_path(older, newer, &self.path).map_err(|source| ConsistencyFault::Path {
            older: older.size,
            newer: size,
            source,
        })?;
        Ok(ProvenConsistency {
            older: *older,
            newer: *newer,
            height: header.height,
            time_ms: header.time_ms,
            basis,
        })
    }

    /// The proof with no more signatures than suffice, as it is handed out.
    #[must_use]
    pub fn trimmed(mut self, anchor: &TrustAnchor) -> Self {
        self.finality.trim(&self.header, anchor);
        self
    }

    /// Reads the JSON form.
    ///
    /// # Errors
    /// [`ConsistencyFormatError`].
    pub fn from_json(text: &[u8]) -> Result<Self, ConsistencyFormatError> {
        if text.len() > CONSISTENCY_JSON_BYTES_MAX {
            return Err(ConsistencyFormatError::TooLong { actual: text.len() });
        }
        let proof: Self = json_form::read(text)?;
        if proof.format == CONSISTENCY_FORMAT { Ok(proof) } else { Err(ConsistencyFormatError::Format) }
    }

    /// The JSON form, for people to read.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("invariant: a proof has only plain fields");
        text.push('\n');
        text
    }
}

fn verify_path(older: &LogHead, newer: &LogHead, path: &[Hash]) -> Result<(), ProofError> {
    merkle::verify_consistency::<Rfc6962>(older.size.0, &older.root.0, newer.size.0, &newer.root.0, path)
}
