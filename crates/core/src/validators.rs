//! The validator set, the bytes its members sign, and the certificate that makes a block final.

use std::sync::Arc;

use bincode::de::{Decode, Decoder};
use bincode::enc::{Encode, Encoder};
use bincode::error::{DecodeError, EncodeError};
use serde::{Deserialize, Serialize};

use crate::block::BlockId;
use crate::codec;
use crate::hash::{self, BlockHash, ChainId, ValidatorsHash};
use crate::ids::{Height, MemberId};
use crate::signature::{PublicKey, SIGNATURE_BYTES, Signature, SignatureError};

/// Most validators of a set.
pub const VALIDATORS_MAX: usize = 128;

const VOTE_TAG: &[u8] = b"sanad/v1 vote";

/// One validator: a member and its consensus key. Each has one vote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, bincode::Encode, bincode::Decode)]
#[serde(deny_unknown_fields)]
pub struct Validator {
    /// Id of the member; validators are sorted by it.
    pub member: MemberId,
    /// The key it votes with.
    pub key: PublicKey,
}

/// The validators of a term, sorted by member id. Cheap to clone.
///
/// Sets are numbered from 0, the genesis set. The set with number `n + 1` and first height `h` is announced by the
/// header at `h - 1`, which set `n` signs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "ValidatorSetForm", into = "ValidatorSetForm")]
pub struct ValidatorSet {
    number: u32,
    first_height: Height,
    validators: Arc<[Validator]>,
}

/// The fields of a set, before they are checked.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ValidatorSetForm {
    number: u32,
    first_height: Height,
    validators: Vec<Validator>,
}

/// Why validators do not make a set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValidatorSetError {
    /// None, or too many.
    #[error("{count} validators; a set has 1 to {VALIDATORS_MAX}")]
    Count {
        /// How many there are.
        count: usize,
    },
    /// A member stands twice or out of order.
    #[error("{member} stands twice or out of order")]
    Order {
        /// Id that comes at or before the one ahead of it.
        member: MemberId,
    },
    /// Number 0 and first height 1 go together, and no set decides the genesis.
    #[error("a set with number {number} cannot begin at height {first_height}")]
    Start {
        /// Number of the set: how many changes came before it.
        number: u32,
        /// First height that the set would decide.
        first_height: Height,
    },
    /// Its number does not come after that of the set before.
    #[error("the set has number {actual}; it comes after set {former}")]
    Number {
        /// Number of the set before.
        former: u32,
        /// Its own.
        actual: u32,
    },
    /// It begins no later than the set before.
    #[error("the set begins at height {actual}, the set before at height {former}")]
    FirstHeight {
        /// First height of the set before.
        former: Height,
        /// Its own.
        actual: Height,
    },
    /// Two members have the same key, so that one holder would vote twice.
    #[error("{member} has the consensus key of another validator")]
    SharedKey {
        /// The second holder.
        member: MemberId,
    },
}

impl ValidatorSet {
    /// The set that decides the first block, of validators in any order.
    ///
    /// # Errors
    /// [`ValidatorSetError`].
    pub fn genesis(validators: Vec<Validator>) -> Result<Self, ValidatorSetError> {
        Self::new(0, Height::GENESIS.next(), validators)
    }

    /// The set that follows this one from `first_height` on, of validators in any order.
    ///
    /// # Errors
    /// [`ValidatorSetError`]; `first_height` must be above this set's.
    pub fn successor(
        &self,
        first_height: Height,
        validators: Vec<Validator>,
    ) -> Result<Self, ValidatorSetError> {
        let next = Self::new(self.number.saturating_add(1), first_height, validators)?;
        next.check_follows(self)?;
        Ok(next)
    }

    /// Checks that this set's number and first height can come after `former`'s.
    ///
    /// # Errors
    /// [`ValidatorSetError::Number`] or [`ValidatorSetError::FirstHeight`].
    pub fn check_follows(&self, former: &Self) -> Result<(), ValidatorSetError> {
        if former.number.checked_add(1) != Some(self.number) {
            return Err(ValidatorSetError::Number { former: former.number, actual: self.number });
        }
        if self.first_height <= former.first_height {
            let (former, actual) = (former.first_height, self.first_height);
            return Err(ValidatorSetError::FirstHeight { former, actual });
        }
        Ok(())
    }

    /// A set with its number and first height, of validators in any order.
    ///
    /// # Errors
    /// [`ValidatorSetError`].
    pub fn new(
        number: u32,
        first_height: Height,
        mut validators: Vec<Validator>,
    ) -> Result<Self, ValidatorSetError> {
        validators.sort_by(|a, b| a.member.cmp(&b.member));
        Self::from_sorted(number, first_height, validators)
    }

    fn from_sorted(
        number: u32,
        first_height: Height,
        validators: Vec<Validator>,
    ) -> Result<Self, ValidatorSetError> {
        if (number == 0) != (first_height == Height::GENESIS.next()) || first_height == Height::GENESIS {
            return Err(ValidatorSetError::Start { number, first_height });
        }
        if validators.is_empty() || validators.len() > VALIDATORS_MAX {
            return Err(ValidatorSetError::Count { count: validators.len() });
        }
        if let Some(pair) = validators.windows(2).find(|pair| pair[0].member >= pair[1].member) {
            return Err(ValidatorSetError::Order { member: pair[1].member.clone() });
        }
        let mut keys = std::collections::BTreeSet::new();
        if let Some(twin) = validators.iter().find(|validator| !keys.insert(validator.key)) {
            return Err(ValidatorSetError::SharedKey { member: twin.member.clone() });
        }
        Ok(Self { number, first_height, validators: validators.into() })
    }

    /// How many sets came before; the genesis set is number 0.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// The first height that the set decides.
    pub fn first_height(&self) -> Height {
        self.first_height
    }

    /// The validators, sorted by member id.
    pub fn validators(&self) -> &[Validator] {
        &self.validators
    }

    /// The least number of votes that is more than 2/3 of all.
    pub fn quorum(&self) -> usize {
        self.validators.len() * 2 / 3 + 1
    }

    /// `BLAKE3-derive_key("sanad/v1 validator set", encoding)`.
    pub fn hash(&self) -> ValidatorsHash {
        ValidatorsHash(hash::VALIDATOR_SET.hash(&[&codec::encode(self)]))
    }

    /// The most validators that may be faulty without harm: `floor((n - 1) / 3)`.
    pub fn faulty_max(&self) -> usize {
        (self.validators.len() - 1) / 3
    }

    /// The place of a key's holder in the set.
    pub fn position(&self, key: &PublicKey) -> Option<usize> {
        self.validators.iter().position(|validator| validator.key == *key)
    }
}

impl TryFrom<ValidatorSetForm> for ValidatorSet {
    type Error = ValidatorSetError;
    fn try_from(form: ValidatorSetForm) -> Result<Self, Self::Error> {
        Self::from_sorted(form.number, form.first_height, form.validators)
    }
}

impl From<ValidatorSet> for ValidatorSetForm {
    fn from(set: ValidatorSet) -> Self {
        let ValidatorSet { number, first_height, validators } = set;
        Self { number, first_height, validators: validators.to_vec() }
    }
}

impl Encode for ValidatorSet {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        self.number.encode(encoder)?;
        self.first_height.encode(encoder)?;
        codec::encode_list(&self.validators, encoder)
    }
}

impl<C> Decode<C> for ValidatorSet {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        let (number, first_height) = (u32::decode(decoder)?, Height::decode(decoder)?);
        let validators = codec::decode_list(decoder, VALIDATORS_MAX, "validator count")?;
        Self::from_sorted(number, first_height, validators).map_err(|_| DecodeError::Other("validator set"))
    }
}

/// Which of Tendermint's two votes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VoteKind {
    /// First vote of a round: the value is acceptable.
    Prevote,
    /// Second vote of a round: the value is decided, once a quorum says so.
    Precommit,
}

/// The bytes that a validator signs, the same for all signers: `"sanad/v1 vote" || chain id (32) ||
/// kind (1: 0 prevote, 1 precommit) || height u64 || round u32 || 1 || block hash (32) || round of first proposal
/// u32`, or `0` and 36 zero bytes for a vote for nil; integers big-endian. 95 bytes.
pub fn vote_message(
    chain_id: &ChainId,
    kind: VoteKind,
    height: Height,
    round: u32,
    block: Option<&BlockId>,
) -> Vec<u8> {
    let mut message = Vec::with_capacity(VOTE_MESSAGE_BYTES);
    message.extend_from_slice(VOTE_TAG);
    message.extend_from_slice(&chain_id.0);
    message.push(match kind {
        VoteKind::Prevote => 0,
        VoteKind::Precommit => 1,
    });
    message.extend_from_slice(&height.0.to_be_bytes());
    message.extend_from_slice(&round.to_be_bytes());
    message.push(u8::from(block.is_some()));
    message.extend_from_slice(block.map_or(&[0; 32], |block| &block.hash.0));
    message.extend_from_slice(&block.map_or(0, |block| block.round).to_be_bytes());
    message
}

/// Length of what a validator signs, in bytes.
const VOTE_MESSAGE_BYTES: usize = VOTE_TAG.len() + 32 + 1 + 8 + 4 + 1 + 32 + 4;

/// One validator's precommit for a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, bincode::Encode, bincode::Decode)]
#[serde(deny_unknown_fields)]
pub struct CommitSignature {
    /// The validator's place in the set of the height.
    pub validator: u16,
    /// Its signature over [`vote_message`].
    pub signature: Signature,
}

/// Precommits of more than 2/3 of the validators for one block: the block is final.
///
/// Not canonical: nodes hold different subsets of the signatures. Never hash one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommitCertificate {
    /// Height of the block.
    pub height: Height,
    /// Round in which it was decided.
    pub round: u32,
    /// Hash of the block's header.
    pub block: BlockHash,
    /// The signatures, in ascending order of validator.
    pub signatures: Vec<CommitSignature>,
}

/// Why a certificate does not make a block final.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// It speaks of another height.
    #[error("the certificate is for height {actual}, not {expected}")]
    Height {
        /// The block's height.
        expected: Height,
        /// The certificate's.
        actual: Height,
    },
    /// It speaks of another block.
    #[error("the certificate is for block {actual}, not {expected}")]
    Block {
        /// Hash of the header at hand.
        expected: BlockHash,
        /// The certificate's.
        actual: BlockHash,
    },
    /// A signer is not in the set.
    #[error("validator {validator} is not one of the {count} validators")]
    UnknownValidator {
        /// Its claimed place.
        validator: u16,
        /// Size of the set.
        count: usize,
    },
    /// A signer stands twice or out of order.
    #[error("validator {validator} stands twice or out of order")]
    Order {
        /// Its place.
        validator: u16,
    },
    /// A signature does not verify.
    #[error("the signature of {member} is not one of a precommit for this block: {source}")]
    Signature {
        /// The validator.
        member: MemberId,
        /// What the check of the signature found.
        source: SignatureError,
    },
    /// Not one signature is over this block: what they are over was changed, or never was this block.
    #[error(
        "none of the {signatures} signatures is over this block: a part that the signatures cover was changed"
    )]
    Unsigned {
        /// Signatures there are.
        signatures: usize,
    },
    /// Not more than 2/3 signed.
    #[error("{signed} of {validators} validators signed; {quorum} are needed")]
    Quorum {
        /// Signatures there are.
        signed: usize,
        /// Signatures needed.
        quorum: usize,
        /// Size of the set.
        validators: usize,
    },
}

impl CommitCertificate {
    /// Checks that more than 2/3 of `validators` signed precommits for `block` at `height`.
    ///
    /// # Errors
    /// [`CertificateError`], the first thing that is not so.
    pub fn verify(
        &self,
        chain_id: &ChainId,
        height: Height,
        block: &BlockId,
        validators: &ValidatorSet,
    ) -> Result<(), CertificateError> {
        self.verify_with(chain_id, height, block, validators, PublicKey::verify)
    }

    /// As [`Self::verify`], for callers that remember which signatures are good. Requires that `check` accepts what
    /// [`PublicKey::verify`] accepts, and nothing else.
    ///
    /// # Errors
    /// [`CertificateError`], the first thing that is not so.
    pub fn verify_with(
        &self,
        chain_id: &ChainId,
        height: Height,
        block: &BlockId,
        validators: &ValidatorSet,
        check: impl Fn(&PublicKey, &[u8], &Signature) -> Result<(), SignatureError>,
    ) -> Result<(), CertificateError> {
        if self.height != height {
            return Err(CertificateError::Height { expected: height, actual: self.height });
        }
        if self.block != block.hash {
            return Err(CertificateError::Block { expected: block.hash, actual: self.block });
        }
        let set = validators.validators();
        let quorum = validators.quorum();
        if self.signatures.len() < quorum {
            let signed = self.signatures.len();
            return Err(CertificateError::Quorum { signed, quorum, validators: set.len() });
        }
        if let Some(pair) = self.signatures.windows(2).find(|pair| pair[0].validator >= pair[1].validator) {
            return Err(CertificateError::Order { validator: pair[1].validator });
        }
        let message = vote_message(chain_id, VoteKind::Precommit, height, self.round, Some(block));
        for CommitSignature { validator, signature } in &self.signatures {
            let unknown = CertificateError::UnknownValidator { validator: *validator, count: set.len() };
            let Validator { member, key } = set.get(usize::from(*validator)).ok_or(unknown)?;
            check(key, &message, signature).map_err(|source| match self.signs(&message, set) {
                true => CertificateError::Signature { member: member.clone(), source },
                false => CertificateError::Unsigned { signatures: self.signatures.len() },
            })?;
        }
        Ok(())
    }

    /// Whether any signature is one over `message`: where one is, the message is not what was changed.
    fn signs(&self, message: &[u8], set: &[Validator]) -> bool {
        let signs = |signature: &CommitSignature| {
            let validator = set.get(usize::from(signature.validator));
            validator.is_some_and(|validator| validator.key.verify(message, &signature.signature).is_ok())
        };
        self.signatures.iter().any(signs)
    }

    /// Leaves out the signatures beyond the fewest that suffice; keeps those of validators that are `preferred` before
    /// others. Takes nothing from what is proved, where the certificate is good.
    pub fn trim(&mut self, validators: &ValidatorSet, preferred: impl Fn(&Validator) -> bool) {
        let set = validators.validators();
        let is_other =
            |signature: &CommitSignature| !set.get(usize::from(signature.validator)).is_some_and(&preferred);
        // Stable: among equals the first are kept, and their order is that of before.
        let mut kept: Vec<usize> = (0..self.signatures.len()).collect();
        kept.sort_by_key(|place| is_other(&self.signatures[*place]));
        kept.truncate(validators.quorum());
        kept.sort_unstable();
        self.signatures = kept.into_iter().map(|place| self.signatures[place]).collect();
    }

    /// The members that signed, by their place in `validators`.
    pub fn signers<'a>(&'a self, validators: &'a ValidatorSet) -> impl Iterator<Item = &'a MemberId> {
        let member = |signature: &CommitSignature| {
            validators.validators().get(usize::from(signature.validator)).map(|validator| &validator.member)
        };
        self.signatures.iter().filter_map(member)
    }
}

impl Encode for CommitCertificate {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        self.height.encode(encoder)?;
        self.round.encode(encoder)?;
        self.block.encode(encoder)?;
        codec::encode_list(&self.signatures, encoder)
    }
}

impl<C> Decode<C> for CommitCertificate {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Ok(Self {
            height: Height::decode(decoder)?,
            round: u32::decode(decoder)?,
            block: BlockHash::decode(decoder)?,
            signatures: codec::decode_list(decoder, VALIDATORS_MAX, "signature count")?,
        })
    }
}

bincode::impl_borrow_decode!(CommitCertificate);

/// Longest encoded certificate, in bytes.
pub const CERTIFICATE_BYTES_MAX: usize = 8 + 4 + 32 + 4 + VALIDATORS_MAX * (2 + SIGNATURE_BYTES);
