//! The history tree: the hashes of all headers before one, so that a recent header vouches for every older one.
//!
//! Leaf `i` is the block hash of height `i + 1`; the header at height `h` names, under `past`, the root over the
//! `h - 1` headers before it. The tree has the RFC 6962 shape over [`HistoryHash`].

use serde::{Deserialize, Serialize};

use crate::block::{BlockHeader, Past};
use crate::hash::{BlockHash, HistoryHash, Root};
use crate::ids::Height;
use crate::merkle::{self, Frontier, Hash, NodeSource, TreeHash};
use crate::proof::{ProofFault, ValidatorChange, hashes};
use crate::validators::CommitCertificate;

/// Headers of one complete subtree to whose root sealed proofs lead: 2^16.
pub const SEAL_HEADERS: u64 = 1 << SEAL_LEVEL;
/// Level of those subtrees, and length of a sealed proof's path.
pub const SEAL_LEVEL: u32 = 16;
/// Most such subtrees that a trust file lists: enough for 2^32 headers.
pub const SEALS_MAX: usize = 1 << 16;

/// Proof that a header stands in the history of a newer one, which its signatures make final.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HistoryProof {
    /// Inclusion proof in the history tree of the newer header, from the leaf up.
    #[serde(with = "hashes")]
    pub path: Vec<Hash>,
    /// What the `past` of the newer header is the hash of.
    pub past: Past,
    /// The newer header.
    pub header: BlockHeader,
    /// Precommits of more than 2/3 of the validators of the newer header's height.
    pub certificate: CommitCertificate,
    /// Each change of the validator set on the way to the newer header, as in a proof by certificate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub validator_changes: Vec<ValidatorChange>,
}

impl HistoryProof {
    /// Checks that the header with hash `older`, at `height`, stands in the history of [`Self::header`]. Says nothing
    /// of whether that one is final.
    ///
    /// # Errors
    /// [`ProofFault::Past`] or [`ProofFault::History`].
    pub fn verify_path(&self, height: Height, older: &BlockHash) -> Result<(), ProofFault> {
        let newer = self.header.height;
        if self.past.hash() != self.header.past {
            return Err(ProofFault::Past { height: newer });
        }
        verify_history_path(height, older, newer, &self.past.history_root, &self.path)
    }
}

/// Checks that the header with hash `older`, at `height`, is a leaf of the history tree of the header at `newer`.
///
/// # Errors
/// [`ProofFault::History`].
pub fn verify_history_path(
    height: Height,
    older: &BlockHash,
    newer: Height,
    history_root: &Root,
    path: &[Hash],
) -> Result<(), ProofFault> {
    let (leaf, index) = (HistoryHash::leaf(&older.0), height.0.saturating_sub(1));
    merkle::verify_inclusion::<HistoryHash>(leaf, index, newer.0.saturating_sub(1), path, &history_root.0)
        .map_err(|source| ProofFault::History { height, newer, source })
}

/// What a trust file lists of the history of `size` headers: the roots of the complete subtrees of [`SEAL_HEADERS`],
/// and the peaks to their right, the largest first.
///
/// # Errors
/// The source's own.
pub fn seals_and_remainder<N: NodeSource>(source: &N, size: u64) -> Result<(Vec<Hash>, Vec<Hash>), N::Error> {
    let seals = (0..size / SEAL_HEADERS).map(|seal| source.node(SEAL_LEVEL as u8, seal));
    let seals = seals.collect::<Result<_, _>>()?;
    let mut remainder = Vec::new();
    for level in (0..SEAL_LEVEL as u8).rev().filter(|level| size >> level & 1 == 1) {
        remainder.push(source.node(level, (size >> level) - 1)?);
    }
    Ok((seals, remainder))
}

/// What seals the header at `height`, from 1, in a history of `size` headers: the path from its leaf to the root of its
/// subtree of [`SEAL_HEADERS`]. `None` until that subtree is complete.
///
/// # Errors
/// The source's own.
pub fn seal_path<N: NodeSource>(
    source: &N,
    height: Height,
    size: u64,
) -> Result<Option<Vec<Hash>>, N::Error> {
    let index = height.0.saturating_sub(1);
    if index >> SEAL_LEVEL >= size >> SEAL_LEVEL {
        return Ok(None);
    }
    let beside = |level: u8| source.node(level, (index >> level) ^ 1);
    (0..SEAL_LEVEL as u8).map(beside).collect::<Result<_, _>>().map(Some)
}

/// The root of the history tree of `size` headers, from the roots of its complete subtrees of [`SEAL_HEADERS`] and the
/// peaks to their right, from left to right. `None` unless there is one of each that `size` asks for.
pub fn fold_history(size: u64, seals: &[Hash], remainder: &[Hash]) -> Option<Root> {
    if seals.len() as u64 != size / SEAL_HEADERS {
        return None;
    }
    let mut sealed = Frontier::<HistoryHash>::new();
    seals.iter().for_each(|seal| sealed.append(*seal));
    let peaks = [sealed.peaks(), remainder].concat();
    Frontier::<HistoryHash>::from_peaks(size, peaks).ok().map(|history| Root(history.root()))
}
