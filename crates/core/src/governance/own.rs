//! What a member changes about itself.

use bincode::{Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::codec;
use crate::hash::{self, ChainId, RejoinNonce};
use crate::ids::{LogIndex, MemberId};
use crate::member::KeyPurpose;
use crate::merkle::Hash;
use crate::signature::{PublicKey, Signature, SignatureError};

const POSSESSION_TAG: &[u8] = b"sanad/v1 key possession signature";

/// A key to come into force, and the proof that the member holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    /// The key. It has never been a key of any member.
    pub key: PublicKey,
    /// Its signature over [`key_possession_message`].
    pub possession: Signature,
}

/// A member replaces one of its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(deny_unknown_fields)]
pub struct KeyRotation {
    /// Which key: issuing, consensus or network.
    pub purpose: KeyPurpose,
    /// The key that takes its place.
    pub new: NewKey,
}

/// Somebody else may have held an issuing key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(deny_unknown_fields)]
pub struct Compromise {
    /// The key, in force or not.
    pub key: PublicKey,
    /// The first log index from which entries made with it are disputed.
    pub from: LogIndex,
    /// The key that takes its place, if it is in force; without one the member issues nothing until it has a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replacement: Option<NewKey>,
}

/// A validator that has lost its memory votes again.
///
/// The nonce was drawn by the process that is to vote, after the one that signed before was gone. So whatever the key has
/// signed is of heights up to that of the block that holds this, which could not be made before the nonce was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(deny_unknown_fields)]
pub struct RejoinStatement {
    /// The member's consensus key in force.
    pub key: PublicKey,
    /// What the new process drew.
    pub nonce: RejoinNonce,
}

impl NewKey {
    /// Checks that the key is usable and signed for this member and purpose.
    ///
    /// # Errors
    /// [`SignatureError`].
    pub fn check(
        &self,
        chain_id: &ChainId,
        member: &MemberId,
        purpose: KeyPurpose,
    ) -> Result<(), SignatureError> {
        self.key.check()?;
        self.key.verify(&key_possession_message(chain_id, member, purpose, &self.key), &self.possession)
    }
}

/// What a new key signs to show that the member holds it: `"sanad/v1 key possession signature" ||
/// BLAKE3-derive_key("sanad/v1 key possession", chain id || text8 member id || purpose u8 || key)`.
pub fn key_possession_message(
    chain_id: &ChainId,
    member: &MemberId,
    purpose: KeyPurpose,
    key: &PublicKey,
) -> Vec<u8> {
    let digest = hash::KEY_POSSESSION.hash(&[&codec::encode(&(chain_id, member, purpose, key))]);
    [POSSESSION_TAG, &digest].concat()
}

/// What a freeze names in place of the batch before it: `BLAKE3-derive_key("sanad/v1 governance keys", keys)`, a list of
/// the keys in force in ascending order. So a freeze is good once for a set of keys.
pub fn governance_keys_hash(keys: impl IntoIterator<Item = PublicKey>) -> Hash {
    let mut keys: Vec<PublicKey> = keys.into_iter().collect();
    keys.sort_unstable();
    let mut bytes = codec::encode(&(keys.len() as u32));
    keys.iter().for_each(|key| codec::encode_into(key, &mut bytes));
    hash::GOVERNANCE_KEYS.hash(&[&bytes])
}
