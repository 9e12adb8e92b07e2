//! That the log only grew between two headers.

use crate::block::BlockHeader;
use crate::hash::{BlockHash, ChainId};
use crate::ids::{Height, LogSize};
use crate::merkle::{self, Hash, ProofError, Rfc6962, TreeHash};

/// Why the log of one header is not proved to begin with the log of another.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GrowthFault {
    /// The headers are of two chains.
    #[error("the older header is of chain {older}, the newer one of chain {newer}")]
    Chains {
        /// Chain of the older header.
        older: ChainId,
        /// Chain of the newer header.
        newer: ChainId,
    },
    /// The older header is above the newer one.
    #[error("the header called older is at height {older}, above the newer one at {newer}")]
    Order {
        /// Height of the header that was called older.
        older: Height,
        /// Height of the header that was called newer.
        newer: Height,
    },
    /// Two blocks at one height. Where both are final the validators forked the chain: keep them as evidence.
    #[error("two different blocks at height {height}: {older} and {newer}")]
    Fork {
        /// The height.
        height: Height,
        /// Hash of the one.
        older: BlockHash,
        /// Hash of the other.
        newer: BlockHash,
    },
    /// The log of the older header is not the beginning of that of the newer one.
    #[error("the log at height {newer} is not proved to begin with the log at height {older}: {source}")]
    Consistency {
        /// Height of the older header.
        older: Height,
        /// Height of the newer header.
        newer: Height,
        /// Why.
        source: ProofError,
    },
}

/// Checks that the log of `newer` begins with the very log of `older`: nothing was taken away or changed.
///
/// `path` is the consistency path of the log tree between the two sizes (RFC 6962 2.1.2); it is empty between
/// equal sizes and from an empty log. Says nothing of whether the headers are final: see
/// [`verify_header`](super::verify_header).
///
/// # Errors
/// [`GrowthFault`], the first thing that is not so.
pub fn verify_growth(older: &BlockHeader, newer: &BlockHeader, path: &[Hash]) -> Result<(), GrowthFault> {
    if older.chain_id != newer.chain_id {
        return Err(GrowthFault::Chains { older: older.chain_id, newer: newer.chain_id });
    }
    let heights = (older.height, newer.height);
    if heights.0 > heights.1 {
        return Err(GrowthFault::Order { older: heights.0, newer: heights.1 });
    }
    if heights.0 == heights.1 && older != newer {
        let (older, newer) = (older.hash(), newer.hash());
        return Err(GrowthFault::Fork { height: heights.0, older, newer });
    }
    let (LogSize(old_size), LogSize(new_size)) = (older.log_size, newer.log_size);
    let verify = |new_size, new_root: &Hash| {
        merkle::verify_consistency::<Rfc6962>(old_size, &older.log_root.0, new_size, new_root, path)
    };
    // Every log begins with the empty one. The newer root is vouched for by the certificate of its header,
    // so that the older one alone is left to check.
    match old_size {
        0 => verify(0, &Rfc6962::empty()),
        _ => verify(new_size, &newer.log_root.0),
    }
    .map_err(|source| GrowthFault::Consistency { older: heights.0, newer: heights.1, source })
}
