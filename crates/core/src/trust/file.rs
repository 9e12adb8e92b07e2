//! Trust files: the genesis, every change of validators, and one recent header, proved by whoever reads them.

use bincode::de::{Decode, Decoder};
use bincode::enc::{Encode, Encoder};
use bincode::error::{DecodeError, EncodeError};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::{ProvedFile, TrustAnchor, verify_signed};
use crate::block::{BlockHeader, Past};
use crate::codec::{self, CodecError};
use crate::genesis::{Genesis, GenesisError};
use crate::history::{SEALS_MAX, fold_history, verify_history_path};
use crate::ids::Height;
use crate::json_form::{self, JsonFormError};
use crate::merkle::{Hash, PROOF_HASHES_MAX};
use crate::proof::{ProofFault, hashes};
use crate::validators::{CommitCertificate, ValidatorSet, ValidatorSetError};

/// What the JSON form says it is.
pub const TRUST_FILE_FORMAT: &str = "sanad-trust/v1";
/// First bytes of the binary form. No UTF-8 text has the first of them anywhere.
pub const TRUST_FILE_MAGIC: [u8; 4] = [0xf5, b's', b'n', b't'];
/// The only version of the binary form.
const TRUST_FILE_VERSION: u8 = 1;
/// File ending of the JSON form.
pub const TRUST_FILE_SUFFIX: &str = ".trust.json";
/// Longest trust file, in bytes (16 MiB): a genesis of a thousand members and some thousand changes of validators.
pub const TRUST_FILE_BYTES_MAX: usize = 16 << 20;
/// Most changes of validators that a trust file lists.
const CHANGES_MAX: usize = 1 << 14;

/// A trust file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustFile {
    /// [`TRUST_FILE_FORMAT`].
    pub format: String,
    /// Genesis of the chain, from which all else follows.
    pub genesis: Genesis,
    /// Every change of the validator set up to the anchor, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub validator_changes: Vec<TrustedChange>,
    /// One recent header.
    pub anchor: Anchor,
    /// Roots of the complete subtrees of 2^16 headers in the anchor's history, from left to right.
    #[serde(with = "hashes")]
    pub seals: Vec<Hash>,
    /// Peaks of the history to the right of them, the largest first.
    #[serde(with = "hashes")]
    pub remainder: Vec<Hash>,
}

/// The recent header of a trust file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, bincode::Encode, bincode::Decode)]
#[serde(deny_unknown_fields)]
pub struct Anchor {
    /// Header that is trusted, with all of the history before it.
    pub header: BlockHeader,
    /// The signatures that make it final.
    pub certificate: CommitCertificate,
    /// What its `past` is the hash of.
    pub past: Past,
}

/// A change of the validator set, with its place in the anchor's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustedChange {
    /// The last header that the former set decided.
    pub header: BlockHeader,
    /// Precommits of more than 2/3 of the validators of its height.
    pub certificate: CommitCertificate,
    /// The set that decides from the next height on.
    pub next: ValidatorSet,
    /// Inclusion proof in the history of the anchor, from the leaf up; empty if the header is the anchor.
    #[serde(with = "hashes")]
    pub path: Vec<Hash>,
}

/// Why a trust file proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrustFault {
    /// The genesis gives no validators.
    #[error("the genesis has no validator set")]
    Genesis(#[from] ValidatorSetError),
    /// A header does not hold.
    #[error(transparent)]
    Header(#[from] ProofFault),
    /// The changes are out of order, or above the anchor.
    #[error("the validator-set change at height {height} is out of order or above the anchor")]
    ChangeOrder {
        /// The change.
        height: Height,
    },
    /// A change at the anchor's height is not the anchor.
    #[error("the validator-set change at height {height} is not the anchor")]
    NotTheAnchor {
        /// Height of both.
        height: Height,
    },
    /// The changes do not lead to the set after the anchor.
    #[error("the changes listed do not lead to the validators after the anchor")]
    ChangeMissing,
    /// The roots listed do not give the history root of the anchor.
    #[error("the history roots listed are not those of the anchor")]
    Seals,
}

/// Why bytes are not a trust file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrustFormatError {
    /// Too long.
    #[error("{actual} bytes; a trust file has at most {TRUST_FILE_BYTES_MAX}")]
    TooLong {
        /// Its length.
        actual: usize,
    },
    /// Not the JSON form.
    #[error("not the JSON form of a trust file")]
    Form(#[from] JsonFormError),
    /// Not the binary form.
    #[error("not the binary form of a trust file")]
    Binary(#[from] CodecError),
    /// Another format.
    #[error("not a \"{TRUST_FILE_FORMAT}\"")]
    Format,
    /// Another version of the binary form.
    #[error("version {actual}; this program knows {TRUST_FILE_VERSION}")]
    Version {
        /// The version found.
        actual: u8,
    },
    /// Its genesis is not valid.
    #[error("the genesis in the trust file is not valid")]
    Genesis(#[from] GenesisError),
}

impl TrustFile {
    /// A trust file of its parts.
    pub fn new(
        genesis: Genesis,
        validator_changes: Vec<TrustedChange>,
        anchor: Anchor,
        seals: Vec<Hash>,
        remainder: Vec<Hash>,
    ) -> Self {
        let format = TRUST_FILE_FORMAT.to_owned();
        Self { format, genesis, validator_changes, anchor, seals, remainder }
    }

    /// Proves everything from the genesis; returns what may be trusted at the time `now_ms`, in milliseconds since
    /// 1970-01-01 UTC.
    ///
    /// # Errors
    /// [`TrustFault`], the first thing that does not hold.
    pub fn verify(&self, now_ms: u64) -> Result<TrustAnchor, TrustFault> {
        let mut anchor = TrustAnchor::new(&self.genesis)?;
        let Anchor { header, certificate, past } = &self.anchor;
        anchor.check_form(header)?;
        if past.hash() != header.past {
            return Err(ProofFault::Past { height: header.height }.into());
        }
        let hash = header.hash();
        let mut sets = vec![anchor.validators.clone()];
        let mut last = Height::GENESIS;
        for change in &self.validator_changes {
            let height = change.header.height;
            if height <= last || height > header.height {
                return Err(TrustFault::ChangeOrder { height });
            }
            last = height;
            let former = sets.last().expect("invariant: the genesis set is there");
            let next = anchor.follow_one(former, &change.header, &change.certificate, &change.next)?;
            sets.push(next);
            let block = change.header.hash();
            if height < header.height {
                verify_history_path(height, &block, header.height, &past.history_root, &change.path)?;
            } else if block != hash || !change.path.is_empty() {
                return Err(TrustFault::NotTheAnchor { height });
            }
        }
        let decides = sets.iter().rev().find(|set| set.first_height() <= header.height);
        verify_signed(header, certificate, decides.unwrap_or(&anchor.validators))?;
        let after = sets.last().expect("invariant: the genesis set is there");
        if after.hash() != header.next_validators_hash {
            return Err(TrustFault::ChangeMissing);
        }
        if fold_history(header.height.0 - 1, &self.seals, &self.remainder) != Some(past.history_root) {
            return Err(TrustFault::Seals);
        }
        let file = ProvedFile { sets, header: header.clone(), hash, seals: self.seals.clone(), now_ms };
        anchor.file = Some(Arc::new(file));
        Ok(anchor)
    }

    /// Reads either form, and checks the genesis in it.
    ///
    /// # Errors
    /// [`TrustFormatError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TrustFormatError> {
        if bytes.len() > TRUST_FILE_BYTES_MAX {
            return Err(TrustFormatError::TooLong { actual: bytes.len() });
        }
        let file = match bytes.strip_prefix(&TRUST_FILE_MAGIC) {
            Some(rest) => Self::decode(rest)?,
            None => json_form::read(bytes)?,
        };
        if file.format != TRUST_FILE_FORMAT {
            return Err(TrustFormatError::Format);
        }
        file.genesis.check()?;
        Ok(file)
    }

    fn decode(bytes: &[u8]) -> Result<Self, TrustFormatError> {
        match bytes.split_first() {
            Some((&TRUST_FILE_VERSION, rest)) => Ok(codec::decode(rest, codec::CODEC_BYTES_MAX)?),
            Some((&actual, _)) => Err(TrustFormatError::Version { actual }),
            None => Err(CodecError::Truncated { missing: 1 }.into()),
        }
    }

    /// The binary form: [`TRUST_FILE_MAGIC`], version, encoding. Leaves out what the genesis' members signed.
    pub fn to_binary(&self) -> Vec<u8> {
        let mut bytes = TRUST_FILE_MAGIC.to_vec();
        bytes.push(TRUST_FILE_VERSION);
        codec::encode_into(self, &mut bytes);
        bytes
    }

    /// The JSON form, for people to read.
    pub fn to_json(&self) -> String {
        let mut text =
            serde_json::to_string_pretty(self).expect("invariant: a trust file has only plain fields");
        text.push('\n');
        text
    }
}

impl Encode for TrustedChange {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        Encode::encode(&self.header, encoder)?;
        self.certificate.encode(encoder)?;
        self.next.encode(encoder)?;
        codec::encode_list(&self.path, encoder)
    }
}

impl<C> Decode<C> for TrustedChange {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Ok(Self {
            header: Decode::decode(decoder)?,
            certificate: CommitCertificate::decode(decoder)?,
            next: ValidatorSet::decode(decoder)?,
            path: codec::decode_list(decoder, PROOF_HASHES_MAX, "history path")?,
        })
    }
}

impl Encode for TrustFile {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        self.genesis.encode(encoder)?;
        codec::encode_list(&self.validator_changes, encoder)?;
        self.anchor.encode(encoder)?;
        codec::encode_list(&self.seals, encoder)?;
        codec::encode_list(&self.remainder, encoder)
    }
}

impl<C> Decode<C> for TrustFile {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Ok(Self::new(
            Genesis::decode(decoder)?,
            codec::decode_list(decoder, CHANGES_MAX, "validator change count")?,
            Anchor::decode(decoder)?,
            codec::decode_list(decoder, SEALS_MAX, "seal count")?,
            codec::decode_list(decoder, PROOF_HASHES_MAX, "remainder count")?,
        ))
    }
}
