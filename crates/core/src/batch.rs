//! Batches: what an issuer signs.

use std::borrow::Cow;
use std::sync::OnceLock;

use bincode::de::{Decode, Decoder};
use bincode::enc::{Encode, Encoder};
use bincode::error::{DecodeError, EncodeError};
use serde::{Deserialize, Serialize};

use crate::codec::{self, CodecError};
use crate::event::{self, Event};
use crate::hash::{self, BatchId, ChainId};
use crate::ids::{MemberId, Sequence};
use crate::member::GOVERNANCE_KEYS_MAX;
use crate::merkle::Hash;
use crate::signature::{PUBLIC_KEY_BYTES, PublicKey, SIGNATURE_BYTES, SecretKey, Signature, SignatureError};

/// Most events of one batch.
pub const BATCH_EVENTS_MAX: usize = 4096;
/// Longest encoded signed batch, in bytes: the fixed fields and [`BATCH_EVENTS_MAX`] issuances.
pub const BATCH_BYTES_MAX: usize = 1 + 32 + 33 + 1 + 8 + 32 + 4 + SIGNATURE_BYTES + 33 * BATCH_EVENTS_MAX;
/// The only version of the batch format.
pub const BATCH_VERSION: u8 = 1;

const SIGNATURE_TAG: &[u8] = b"sanad/v1 batch signature";

/// Events that one issuer states together, before they are signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The chain it is meant for: a batch counts on one chain alone.
    pub chain_id: ChainId,
    /// The member that states it.
    pub issuer: MemberId,
    /// Which of the member's chains of batches it continues.
    pub chain: BatchChain,
    /// Its place in that chain.
    pub sequence: Sequence,
    /// The id of the batch before it in that chain; zeros for the first.
    pub previous: BatchId,
    /// 1 to [`BATCH_EVENTS_MAX`] events.
    pub events: Vec<Event>,
}

/// The chains of batches that a member has, each with keys, a sequence and links of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BatchChain {
    /// What it says of credentials, signed by its issuing key.
    Issuing,
    /// What it says of itself and of the consortium, signed by as many of its governance keys as their threshold asks for.
    Governance,
    /// Freezes, each signed by one of its governance keys. Outside the other two, so that a thief cannot outrun one by
    /// sequence: in place of the batch before it names the hash of the governance keys in force
    /// ([`governance_keys_hash`](crate::governance::governance_keys_hash)).
    Freeze,
}

impl BatchChain {
    /// The chains of a member, by their tags.
    pub const ALL: [Self; 3] = [Self::Issuing, Self::Governance, Self::Freeze];

    /// The chain in a word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Issuing => "issuing",
            Self::Governance => "governance",
            Self::Freeze => "freeze",
        }
    }
}

impl Encode for BatchChain {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        let tag: u8 = match self {
            Self::Issuing => 0,
            Self::Governance => 1,
            Self::Freeze => 2,
        };
        tag.encode(encoder)
    }
}

impl<C> Decode<C> for BatchChain {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        match u8::decode(decoder)? {
            0 => Ok(Self::Issuing),
            1 => Ok(Self::Governance),
            2 => Ok(Self::Freeze),
            _ => Err(DecodeError::Other("batch chain")),
        }
    }
}

/// The id that the first batch of an issuer names as its previous one.
pub const NO_BATCH: BatchId = BatchId([0; 32]);

impl Batch {
    /// `BLAKE3-derive_key("sanad/v1 batch", encoding)`.
    pub fn id(&self) -> BatchId {
        BatchId(hash::BATCH.hash(&[&codec::encode(self)]))
    }

    /// Signs the batch with one key: Ed25519 over `"sanad/v1 batch signature" || id`.
    pub fn sign(self, key: &SecretKey) -> SignedBatch {
        let signature = key.sign(&batch_message(&self.id()));
        let signatures = match self.chain {
            BatchChain::Issuing => BatchSignatures::Issuing(signature),
            BatchChain::Governance | BatchChain::Freeze => {
                BatchSignatures::Governance(vec![KeySignature { key: key.public(), signature }])
            }
        };
        self.with_signatures(signatures)
    }

    /// The batch with signatures over [`batch_message`]. Requires those of its chain: one of the issuing key, or 1 to 5 of
    /// governance keys in ascending order of the keys.
    pub fn with_signatures(self, signatures: BatchSignatures) -> SignedBatch {
        let bytes = codec::encode(&self);
        let id = BatchId(hash::BATCH.hash(&[&bytes]));
        SignedBatch::assemble(self, bytes, id, signatures)
    }
}

impl Encode for Batch {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        BATCH_VERSION.encode(encoder)?;
        self.chain_id.encode(encoder)?;
        self.issuer.encode(encoder)?;
        self.chain.encode(encoder)?;
        self.sequence.encode(encoder)?;
        self.previous.encode(encoder)?;
        codec::encode_list(&self.events, encoder)
    }
}

impl<C> Decode<C> for Batch {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        if u8::decode(decoder)? != BATCH_VERSION {
            return Err(DecodeError::Other("batch version"));
        }
        let batch = Self {
            chain_id: ChainId::decode(decoder)?,
            issuer: MemberId::decode(decoder)?,
            chain: BatchChain::decode(decoder)?,
            sequence: Sequence::decode(decoder)?,
            previous: BatchId::decode(decoder)?,
            events: codec::decode_list(decoder, BATCH_EVENTS_MAX, "event count")?,
        };
        if batch.events.is_empty() {
            return Err(DecodeError::Other("event count"));
        }
        Ok(batch)
    }
}

/// What a member signed a batch with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum BatchSignatures {
    /// Its issuing key.
    Issuing(Signature),
    /// Governance keys, in ascending order.
    Governance(Vec<KeySignature>),
}

/// A signature and the key that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, bincode::Encode, bincode::Decode)]
#[serde(deny_unknown_fields)]
pub struct KeySignature {
    /// Ed25519 public key, one of the member's governance keys.
    pub key: PublicKey,
    /// Ed25519 signature of the batch's signing message by that key.
    pub signature: Signature,
}

/// Why the signatures of governance keys do not make a batch their member's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GovernanceSignatureError {
    /// A key that is not, or no longer, one of the member's governance keys.
    #[error("{key} is not one of the governance keys in force")]
    Key {
        /// Key that signed, as the batch names it.
        key: PublicKey,
    },
    /// Fewer signatures than the threshold.
    #[error("{signed} governance key(s) signed; {threshold} have to")]
    Threshold {
        /// How many signed.
        signed: usize,
        /// How many have to.
        threshold: u8,
    },
    /// A signature does not verify.
    #[error(transparent)]
    Signature(#[from] SignatureError),
}

impl BatchSignatures {
    /// Reads the signatures of a batch of a chain from the front of `bytes`; returns them and the bytes they took.
    ///
    /// # Errors
    /// [`CodecError`].
    pub fn decode_prefix(chain: BatchChain, bytes: &[u8]) -> Result<(Self, usize), CodecError> {
        let window = &bytes[..bytes.len().min(BATCH_SIGNATURES_BYTES_MAX)];
        match chain {
            BatchChain::Issuing => {
                let (signature, width) = codec::decode_prefix(window, BATCH_SIGNATURES_BYTES_MAX)?;
                Ok((Self::Issuing(signature), width))
            }
            BatchChain::Governance | BatchChain::Freeze => {
                let (GovernanceList(list), width) = codec::decode_prefix(window, BATCH_SIGNATURES_BYTES_MAX)?;
                Ok((Self::Governance(list), width))
            }
        }
    }

    /// Bytes of the encoding.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Issuing(_) => SIGNATURE_BYTES,
            Self::Governance(list) => 4 + list.len() * KEY_SIGNATURE_BYTES,
        }
    }
}

impl Encode for BatchSignatures {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        match self {
            Self::Issuing(signature) => signature.encode(encoder),
            Self::Governance(list) => codec::encode_list(list, encoder),
        }
    }
}

impl std::fmt::Display for BatchSignatures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Issuing(signature) => signature.fmt(f),
            Self::Governance(list) => {
                list.iter().try_for_each(|KeySignature { key, signature }| write!(f, "[{key}: {signature}]"))
            }
        }
    }
}

/// 1 to 5 signatures in ascending order of keys.
struct GovernanceList(Vec<KeySignature>);

impl<C> Decode<C> for GovernanceList {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        let list: Vec<KeySignature> = codec::decode_list(decoder, GOVERNANCE_KEYS_MAX, "signature count")?;
        if list.is_empty() || !list.is_sorted_by(|a, b| a.key < b.key) {
            return Err(DecodeError::Other("governance signatures"));
        }
        Ok(Self(list))
    }
}

const KEY_SIGNATURE_BYTES: usize = PUBLIC_KEY_BYTES + SIGNATURE_BYTES;
/// Longest encoded signatures of a batch, in bytes.
const BATCH_SIGNATURES_BYTES_MAX: usize = 4 + GOVERNANCE_KEYS_MAX * KEY_SIGNATURE_BYTES;

/// A batch with its issuer's signatures, its id and its encoding, which are computed once.
#[derive(Clone)]
pub struct SignedBatch {
    batch: Batch,
    id: BatchId,
    signatures: BatchSignatures,
    bytes: Vec<u8>,
    /// The issuing key that the signature was found good with, so that it is checked once.
    verified: OnceLock<PublicKey>,
    /// Leaf hashes of the entries, where they were asked for in advance.
    leaves: OnceLock<Vec<Hash>>,
}

impl SignedBatch {
    /// Reads an encoded signed batch: the batch, then its signature. Does not verify the signature.
    ///
    /// # Errors
    /// [`CodecError`], before any allocation beyond the length of `bytes`.
    pub fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        let (signed, read) = Self::decode_prefix(bytes)?;
        match bytes.len() - read {
            0 => Ok(signed),
            excess => Err(CodecError::Trailing { excess }),
        }
    }

    /// Reads a signed batch from the front of `bytes`; returns it and the bytes it took.
    pub(crate) fn decode_prefix(bytes: &[u8]) -> Result<(Self, usize), CodecError> {
        let window = &bytes[..bytes.len().min(BATCH_BYTES_MAX)];
        let (batch, unsigned) = codec::decode_prefix::<Batch>(window, BATCH_BYTES_MAX)?;
        let (signatures, width) = BatchSignatures::decode_prefix(batch.chain, &bytes[unsigned..])?;
        let id = BatchId(hash::BATCH.hash(&[&bytes[..unsigned]]));
        let signed = Self::assemble(batch, bytes[..unsigned].to_vec(), id, signatures);
        Ok((signed, unsigned + width))
    }

    fn assemble(batch: Batch, mut bytes: Vec<u8>, id: BatchId, signatures: BatchSignatures) -> Self {
        codec::encode_into(&signatures, &mut bytes);
        Self { batch, id, signatures, bytes, verified: OnceLock::new(), leaves: OnceLock::new() }
    }

    /// The batch.
    pub fn batch(&self) -> &Batch {
        &self.batch
    }

    /// The id of the batch.
    pub fn id(&self) -> BatchId {
        self.id
    }

    /// The signatures.
    pub fn signatures(&self) -> &BatchSignatures {
        &self.signatures
    }

    /// The encoding of batch and signature.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Checks the signature of a batch of the issuing chain against the issuer's key. Costs nothing the second time.
    ///
    /// # Errors
    /// [`SignatureError`].
    pub fn verify(&self, key: &PublicKey) -> Result<(), SignatureError> {
        if self.verified.get() != Some(key) {
            let BatchSignatures::Issuing(signature) = &self.signatures else {
                return Err(SignatureError::Mismatch { key: *key });
            };
            key.verify(&batch_message(&self.id), signature)?;
            // Another key cannot be found good later: it would need another registry record.
            let _ = self.verified.set(*key);
        }
        Ok(())
    }

    /// Checks that `threshold` of the given governance keys signed, and nobody else.
    ///
    /// # Errors
    /// [`GovernanceSignatureError`].
    pub fn verify_governance(
        &self,
        keys: &[PublicKey],
        threshold: u8,
    ) -> Result<(), GovernanceSignatureError> {
        let signatures: &[KeySignature] = match &self.signatures {
            BatchSignatures::Governance(list) => list,
            BatchSignatures::Issuing(_) => &[],
        };
        if let Some(other) = signatures.iter().find(|signature| !keys.contains(&signature.key)) {
            return Err(GovernanceSignatureError::Key { key: other.key });
        }
        let signed = signatures.len();
        if signed < usize::from(threshold) {
            return Err(GovernanceSignatureError::Threshold { signed, threshold });
        }
        let message = batch_message(&self.id);
        for KeySignature { key, signature } in signatures {
            key.verify(&message, signature)?;
        }
        Ok(())
    }

    /// Computes the leaf hashes now, 32 bytes an event, so that execution finds them: on another thread.
    pub fn hash_leaves(&self) {
        self.leaves.get_or_init(|| event::leaf_hashes(&self.batch.issuer, &self.batch.events));
    }

    /// Leaf hashes of the batch's entries in the log tree, in order.
    pub fn leaf_hashes(&self) -> Cow<'_, [Hash]> {
        match self.leaves.get() {
            Some(leaves) => Cow::Borrowed(leaves),
            None => Cow::Owned(event::leaf_hashes(&self.batch.issuer, &self.batch.events)),
        }
    }

    /// What the batches tree of a block holds of the batch: its id and its encoded signatures.
    pub fn tree_leaf(&self) -> Vec<u8> {
        [&self.id.0, &self.bytes[self.bytes.len() - self.signatures.bytes()..]].concat()
    }
}

impl PartialEq for SignedBatch {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for SignedBatch {}

impl std::fmt::Debug for SignedBatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Batch { issuer, sequence, events, .. } = &self.batch;
        write!(f, "batch {} ({issuer} #{sequence}, {} events)", self.id, events.len())
    }
}

/// What a member signs: `"sanad/v1 batch signature" || id`.
pub fn batch_message(id: &BatchId) -> Vec<u8> {
    [SIGNATURE_TAG, &id.0].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::Commitment;

    fn batch(events: usize) -> Batch {
        let event = |n: usize| Event::Issue { commitment: Commitment([n as u8; 32]) };
        Batch {
            chain_id: ChainId([1; 32]),
            issuer: "ui.ac.id".parse().unwrap(),
            chain: BatchChain::Issuing,
            sequence: Sequence(3),
            previous: BatchId([2; 32]),
            events: (0..events).map(event).collect(),
        }
    }

    #[test]
    fn round_trip_and_signature() {
        let key = SecretKey::from_seed(&[5; 32]);
        let signed = batch(3).sign(&key);
        let read = SignedBatch::decode(signed.bytes()).unwrap();
        assert_eq!(read, signed);
        assert_eq!(read.id(), batch(3).id());
        assert_eq!(read.verify(&key.public()), Ok(()));
        assert!(read.verify(&SecretKey::from_seed(&[6; 32]).public()).is_err());
    }

    #[test]
    fn bad_bytes_are_refused() {
        let key = SecretKey::from_seed(&[5; 32]);
        let signed = batch(2).sign(&key);
        for cut in 0..signed.bytes().len() {
            assert!(
                matches!(SignedBatch::decode(&signed.bytes()[..cut]), Err(CodecError::Truncated { .. })),
                "{cut}"
            );
        }
        let longer = [signed.bytes(), &[0]].concat();
        assert_eq!(SignedBatch::decode(&longer), Err(CodecError::Trailing { excess: 1 }));
        let empty = batch(0).sign(&key);
        assert_eq!(SignedBatch::decode(empty.bytes()), Err(CodecError::Invalid { field: "event count" }));
        let many = batch(BATCH_EVENTS_MAX + 1).sign(&key);
        assert_eq!(SignedBatch::decode(many.bytes()), Err(CodecError::Invalid { field: "event count" }));
        let most = batch(BATCH_EVENTS_MAX).sign(&key);
        assert!(SignedBatch::decode(most.bytes()).is_ok());
        let mut version = signed.bytes().to_vec();
        version[0] = 2;
        assert_eq!(SignedBatch::decode(&version), Err(CodecError::Invalid { field: "batch version" }));
    }
}
