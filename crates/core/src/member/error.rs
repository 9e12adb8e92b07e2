//! Why what a member says of itself does not fit together.

use crate::ids::MemberId;
use crate::member::{GOVERNANCE_KEYS_MAX, MEMBER_NAME_BYTES_MAX, MEMBER_TEXT_BYTES_MAX, Role};
use crate::signature::{PublicKey, SignatureError};
use crate::text::TextError;

/// Why what a member says of itself does not fit together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MemberError {
    /// The name is empty or too long.
    #[error("{id}: the name has {bytes} bytes; 1 to {MEMBER_NAME_BYTES_MAX} are allowed")]
    Name {
        /// Member whose name it is.
        id: MemberId,
        /// Length of the name.
        bytes: usize,
    },
    /// A text has a character that could mislead a reader, or is too long.
    #[error("{id}: {field} is not allowed")]
    Text {
        /// Member whose text it is.
        id: MemberId,
        /// Field of the member file: `name`, `addresses` or `facts`.
        field: &'static str,
        /// Code point that is refused, and its place.
        source: TextError,
    },
    /// A text is empty or too long.
    #[error("{id}: {field} has {bytes} bytes; 1 to {MEMBER_TEXT_BYTES_MAX} are allowed")]
    TextLength {
        /// Member whose text it is.
        id: MemberId,
        /// Field of the member file: `addresses` or `facts`.
        field: &'static str,
        /// Its length.
        bytes: usize,
    },
    /// A key that the role needs is missing.
    #[error("{id}: a member with the role {role:?} needs {key}")]
    MissingKey {
        /// Member without the key.
        id: MemberId,
        /// Role that needs it.
        role: Role,
        /// The field that is missing.
        key: &'static str,
    },
    /// A key that the role has no use for.
    #[error("{id}: a member with the role {role:?} has no use for {key}")]
    NeedlessKey {
        /// Member with the key.
        id: MemberId,
        /// Role that has no use for it.
        role: Role,
        /// The field that is too much.
        key: &'static str,
    },
    /// A key is not a valid Ed25519 key.
    #[error("{id}: {field} is not valid")]
    Key {
        /// Member whose key it is.
        id: MemberId,
        /// Field of the member file, such as `issuing_key`.
        field: &'static str,
        /// Why it is not a usable Ed25519 key.
        source: SignatureError,
    },
    /// One key is to serve twice.
    #[error("{id}: {key} serves two purposes; every key must be of one purpose and one member")]
    SharedKey {
        /// Member that states the key twice.
        id: MemberId,
        /// Key that is to serve twice.
        key: PublicKey,
    },
    /// No governance keys, or more than allowed.
    #[error("{id}: {count} governance keys; 1 to {GOVERNANCE_KEYS_MAX} are allowed")]
    GovernanceKeys {
        /// Member whose keys they are.
        id: MemberId,
        /// How many there are.
        count: usize,
    },
    /// A threshold that no set of the keys can reach, or that needs none.
    #[error("{id}: a threshold of {threshold} with {keys} governance key(s)")]
    Threshold {
        /// Member whose threshold it is.
        id: MemberId,
        /// How many of the keys would have to sign.
        threshold: u8,
        /// How many keys there are.
        keys: usize,
    },
    /// A list has too many items.
    #[error("{id}: {count} {field}; at most {limit} are allowed")]
    Count {
        /// Member whose list it is.
        id: MemberId,
        /// Field that holds the list, such as `issuer_ids`.
        field: &'static str,
        /// How many there are.
        count: usize,
        /// How many there can be.
        limit: usize,
    },
    /// A list is not in ascending order, or has something twice.
    #[error("{id}: {field} must be in ascending order, each once")]
    Order {
        /// Member whose list it is.
        id: MemberId,
        /// Field that holds the list, such as `issuer_ids`.
        field: &'static str,
    },
}
