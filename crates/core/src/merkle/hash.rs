//! What a tree hashes with.

use sha2::{Digest, Sha256};

/// A leaf hash, an inner node or a root: 32 bytes.
pub type Hash = [u8; 32];

/// The three hash functions of a tree.
///
/// An implementor keeps them apart from each other: no input of `leaf` may hash as an input of
/// `node`, else an inner node could be passed off as a leaf.
pub trait TreeHash {
    /// The root of the tree without leaves.
    fn empty() -> Hash;

    /// The hash of one leaf's bytes, of any length.
    fn leaf(data: &[u8]) -> Hash;

    /// The hash of an inner node over its two children.
    fn node(left: &Hash, right: &Hash) -> Hash;
}

/// SHA-256 with the prefix bytes of RFC 6962 2.1: the log tree, readable by C2SP `tlog-tiles` tools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rfc6962;

impl TreeHash for Rfc6962 {
    // RFC 6962 2.1: MTH({}) = SHA-256().
    fn empty() -> Hash {
        Sha256::digest([]).into()
    }

    fn leaf(data: &[u8]) -> Hash {
        Sha256::new().chain_update([LEAF_PREFIX]).chain_update(data).finalize().into()
    }

    fn node(left: &Hash, right: &Hash) -> Hash {
        Sha256::new().chain_update([NODE_PREFIX]).chain_update(left).chain_update(right).finalize().into()
    }
}

/// RFC 6962 2.1: first byte hashed for a leaf.
const LEAF_PREFIX: u8 = 0x00;

/// RFC 6962 2.1: first byte hashed for an inner node.
const NODE_PREFIX: u8 = 0x01;
