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
use crate::merkle::Hash;
use crate::signature::{PublicKey, SIGNATURE_BYTES, SecretKey, Signature, SignatureError};

/// Most events of one batch.
pub const BATCH_EVENTS_MAX: usize = 4096;
/// Longest encoded signed batch, in bytes: the fixed fields and [`BATCH_EVENTS_MAX`] issuances.
pub const BATCH_BYTES_MAX: usize = 1 + 32 + 33 + 1 + 8 + 32 + 4 + SIGNATURE_BYTES + 33 * BATCH_EVENTS_MAX;
/// The only version of the batch format.
pub const BATCH_VERSION: u8 = 1;

/// Bytes of a batch's leaf in the batches tree of its block.
pub const BATCH_LEAF_BYTES: usize = 32 + SIGNATURE_BYTES;

const SIGNATURE_TAG: &[u8] = b"sanad/v1 batch signature";

/// Events that one issuer states together, before they are signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The chain it is meant for: a batch counts on one chain alone.
    pub chain_id: ChainId,
    /// The member that states it.
    pub issuer: MemberId,
    /// Which of the member's two chains of batches it continues.
    pub chain: BatchChain,
    /// Its place in that chain.
    pub sequence: Sequence,
    /// The id of the batch before it in that chain; zeros for the first.
    pub previous: BatchId,
    /// 1 to [`BATCH_EVENTS_MAX`] events.
    pub events: Vec<Event>,
}

/// The two chains of batches that a member has, each with a key, a sequence and links of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BatchChain {
    /// What it says of credentials, signed by its issuing key.
    Issuing,
    /// What it says of itself and of the consortium, signed by its governance keys.
    Governance,
}

impl Encode for BatchChain {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        let tag: u8 = match self {
            Self::Issuing => 0,
            Self::Governance => 1,
        };
        tag.encode(encoder)
    }
}

impl<C> Decode<C> for BatchChain {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        match u8::decode(decoder)? {
            0 => Ok(Self::Issuing),
            1 => Ok(Self::Governance),
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

    /// Signs the batch: Ed25519 over `"sanad/v1 batch signature" || id`.
    pub fn sign(self, key: &SecretKey) -> SignedBatch {
        let bytes = codec::encode(&self);
        let id = BatchId(hash::BATCH.hash(&[&bytes]));
        let signature = key.sign(&signed_message(&id));
        SignedBatch::assemble(self, bytes, id, signature)
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

/// A batch with its issuer's signature, its id and its encoding, which are computed once.
#[derive(Clone)]
pub struct SignedBatch {
    batch: Batch,
    id: BatchId,
    signature: Signature,
    bytes: Vec<u8>,
    /// The key that the signature was found good with, so that it is checked once.
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
        let rest = &bytes[unsigned..];
        let Some(signature) = rest.first_chunk::<SIGNATURE_BYTES>() else {
            return Err(CodecError::Truncated { missing: SIGNATURE_BYTES - rest.len() });
        };
        let signature = codec::decode(signature, SIGNATURE_BYTES)?;
        let id = BatchId(hash::BATCH.hash(&[&bytes[..unsigned]]));
        let signed = Self::assemble(batch, bytes[..unsigned].to_vec(), id, signature);
        Ok((signed, unsigned + SIGNATURE_BYTES))
    }

    fn assemble(batch: Batch, mut bytes: Vec<u8>, id: BatchId, signature: Signature) -> Self {
        codec::encode_into(&signature, &mut bytes);
        Self { batch, id, signature, bytes, verified: OnceLock::new(), leaves: OnceLock::new() }
    }

    /// The batch.
    pub fn batch(&self) -> &Batch {
        &self.batch
    }

    /// The id of the batch.
    pub fn id(&self) -> BatchId {
        self.id
    }

    /// The signature.
    pub fn signature(&self) -> Signature {
        self.signature
    }

    /// The encoding of batch and signature.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Checks the signature against the issuer's key. Costs nothing the second time.
    ///
    /// # Errors
    /// [`SignatureError`].
    pub fn verify(&self, key: &PublicKey) -> Result<(), SignatureError> {
        if self.verified.get() != Some(key) {
            key.verify(&signed_message(&self.id), &self.signature)?;
            // Another key cannot be found good later: it would need another registry record.
            let _ = self.verified.set(*key);
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

    /// What the batches tree of a block holds of the batch: `id || algorithm u8 || signature`, 97 bytes.
    pub fn tree_leaf(&self) -> [u8; BATCH_LEAF_BYTES] {
        let mut leaf = [0; BATCH_LEAF_BYTES];
        leaf[..32].copy_from_slice(&self.id.0);
        leaf[32..].copy_from_slice(&self.bytes[self.bytes.len() - SIGNATURE_BYTES..]);
        leaf
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

fn signed_message(id: &BatchId) -> Vec<u8> {
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
