//! Hashes: 32-byte names, each of its own type, and the BLAKE3 domains they come from.

use std::sync::LazyLock;

use blake3::hazmat::{ContextKey, HasherExt, hash_derive_key_context};

use crate::merkle::{Hash, TreeHash};

/// One use of BLAKE3, in `derive_key` mode with the context string of that use.
pub(crate) struct Domain(LazyLock<ContextKey>);

impl Domain {
    /// Hashes the parts one after the other.
    pub(crate) fn hash(&self, parts: &[&[u8]]) -> Hash {
        let mut hasher = blake3::Hasher::new_from_context_key(&self.0);
        for part in parts {
            hasher.update(part);
        }
        *hasher.finalize().as_bytes()
    }
}

/// `domain(count u64 || root)`: a root that binds how many leaves it is over.
pub(crate) fn counted_root(domain: &Domain, count: u64, root: &Hash) -> Root {
    Root(domain.hash(&[&count.to_be_bytes(), root]))
}

macro_rules! domains {
    ($($name:ident = $context:literal;)*) => {
        $(pub(crate) static $name: Domain = Domain(LazyLock::new(|| hash_derive_key_context($context)));)*
        /// Every BLAKE3 context string of the format, for documentation and tests.
        pub const CONTEXTS: &[&str] = &[$($context),*];
    };
}

domains! {
    CREDENTIAL = "sanad/v1 credential";
    SUMMARY_KEY = "sanad/v1 summary key";
    CONTENT_KEY = "sanad/v1 content key";
    SUMMARY = "sanad/v1 summary";
    CONTENT = "sanad/v1 content";
    ISSUANCE_KEY = "sanad/v1 issuance key";
    GENESIS = "sanad/v1 genesis";
    BATCH = "sanad/v1 batch";
    BLOCK = "sanad/v1 block header";
    PAST = "sanad/v1 past";
    VALIDATOR_SET = "sanad/v1 validator set";
    KEY = "sanad/v1 key";
    BATCHES = "sanad/v1 batches";
    BATCHES_LEAF = "sanad/v1 batches leaf";
    BATCHES_NODE = "sanad/v1 batches node";
    STATUS_LEAF = "sanad/v1 status leaf";
    STATUS_NODE = "sanad/v1 status node";
    MEMBERS = "sanad/v1 members";
    MEMBER_LEAF = "sanad/v1 member leaf";
    MEMBER_NODE = "sanad/v1 member node";
    MEMBER_REST = "sanad/v1 member rest";
    MEMBER_EVENTS = "sanad/v1 member events";
    MEMBER_FILE = "sanad/v1 member file";
    HISTORY_LEAF = "sanad/v1 history leaf";
    HISTORY_NODE = "sanad/v1 history node";
    STATE_NODE = "sanad/v1 state node";
    PART = "sanad/v1 part";
    PARTS_NODE = "sanad/v1 parts node";
    PARAMETERS = "sanad/v1 parameters";
    GOVERNANCE_LEAF = "sanad/v1 governance leaf";
    GOVERNANCE_NODE = "sanad/v1 governance node";
    PROPOSAL = "sanad/v1 proposal";
    KEY_POSSESSION = "sanad/v1 key possession";
    GOVERNANCE_KEYS = "sanad/v1 governance keys";
    AUDIT_REPORT = "sanad/v1 audit report";
    DESTRUCTION = "sanad/v1 destruction";
    SNAPSHOT_CHUNK = "sanad/v1 snapshot chunk";
}

macro_rules! tree {
    ($(#[$doc:meta])* $name:ident, $leaf:ident, $node:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name;

        impl TreeHash for $name {
            fn empty() -> Hash {
                $node.hash(&[])
            }
            fn leaf(data: &[u8]) -> Hash {
                $leaf.hash(&[data])
            }
            fn node(left: &Hash, right: &Hash) -> Hash {
                $node.hash(&[left, right])
            }
        }
    };
}

tree! {
    /// Hash of the tree over a block's batches.
    BatchesTree, BATCHES_LEAF, BATCHES_NODE
}
tree! {
    /// Hash of the tree over status leaves.
    StatusHash, STATUS_LEAF, STATUS_NODE
}
tree! {
    /// Hash of the tree over member records.
    RegistryHash, MEMBER_LEAF, MEMBER_NODE
}
tree! {
    /// Hash of the tree over the hashes of all earlier headers.
    HistoryHash, HISTORY_LEAF, HISTORY_NODE
}
tree! {
    /// Hash of the tree over the parts of the state other than statuses and members.
    PartsHash, PART, PARTS_NODE
}

tree! {
    /// Hash of the tree over what governance holds.
    GovernanceHash, GOVERNANCE_LEAF, GOVERNANCE_NODE
}

/// What every type of a fixed number of bytes has: from a slice of the right length, and in JSON the text of `Display`.
macro_rules! fixed_bytes {
    ($name:ident, $length:literal) => {
        impl TryFrom<&[u8]> for $name {
            type Error = $crate::hash::LengthError;
            /// From the bytes alone: a key or signature without its algorithm tag.
            fn try_from(bytes: &[u8]) -> Result<Self, Self::Error> {
                let wrong = $crate::hash::LengthError { expected: $length, actual: bytes.len() };
                bytes.try_into().map(Self).map_err(|_| wrong)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use fixed_bytes;

macro_rules! bytes_newtype {
    ($(#[$doc:meta])* $name:ident, $length:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, bincode::Encode, bincode::Decode)]
        pub struct $name(pub [u8; $length]);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&hex::encode(self.0))
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::hash::HexError;
            /// Reads lower- or upper-case hexadecimal of exactly the right length.
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let mut bytes = [0; $length];
                match hex::decode_to_slice(text, &mut bytes) {
                    Ok(()) => Ok(Self(bytes)),
                    Err(_) => Err($crate::hash::HexError { expected: 2 * $length, actual: text.len() }),
                }
            }
        }

        impl AsRef<[u8]> for $name {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }

        $crate::hash::fixed_bytes!($name, $length);
    };
}
pub(crate) use bytes_newtype;

/// A text is not hexadecimal of the length that was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected} hexadecimal digits, found {actual} characters or another alphabet")]
pub struct HexError {
    /// Digits expected.
    pub expected: usize,
    /// Characters found.
    pub actual: usize,
}

/// A byte string has another length than its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected} bytes, found {actual}")]
pub struct LengthError {
    /// Bytes expected.
    pub expected: usize,
    /// Bytes found.
    pub actual: usize,
}

bytes_newtype! {
    /// Name of a chain: the hash of its genesis.
    ChainId, 32
}
bytes_newtype! {
    /// Hash of a block header: the name of a block, and what validators vote for.
    BlockHash, 32
}
bytes_newtype! {
    /// Hash of a batch without its signature.
    BatchId, 32
}
bytes_newtype! {
    /// What the ledger holds of a credential; see [`crate::commitment`].
    Commitment, 32
}
bytes_newtype! {
    /// Root of a Merkle tree.
    Root, 32
}
bytes_newtype! {
    /// Hash over what came before a block, and its batches: see [`crate::block::Past`].
    PastHash, 32
}
bytes_newtype! {
    /// The name of a key: see [`crate::signature::PublicKey::name`].
    KeyName, 32
}
bytes_newtype! {
    /// Hash of the part of a member's record that receipts leave out: see [`crate::member::MemberRest`].
    RestHash, 32
}
bytes_newtype! {
    /// Names a proposal: see [`crate::governance::Proposal::id`].
    ProposalId, 32
}
bytes_newtype! {
    /// A random number that a validator without a memory draws: see [`crate::governance::RejoinStatement`].
    RejoinNonce, 32
}
bytes_newtype! {
    /// Names a chunk of a snapshot: see [`crate::snapshot`].
    ChunkHash, 32
}
bytes_newtype! {
    /// Hash of a validator set.
    ValidatorsHash, 32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_blake3_derive_key() {
        assert_eq!(CREDENTIAL.hash(&[b"ab", b"c"]), blake3::derive_key("sanad/v1 credential", b"abc"));
        let distinct: std::collections::BTreeSet<_> = CONTEXTS.iter().collect();
        assert_eq!(distinct.len(), CONTEXTS.len());
    }

    #[test]
    fn hex_is_exact() {
        let root = Root([7; 32]);
        assert_eq!(root.to_string().parse::<Root>(), Ok(root));
        assert!("07".parse::<Root>().is_err());
        assert!(Root::try_from(&[0u8; 31][..]).is_err());
    }
}
