//! Member files: what an institution says of itself, signed by each key that it names.

use bincode::enc::Encode;
use serde::{Deserialize, Serialize};

use super::{KeyPurpose, Member, MemberError};
use crate::codec;
use crate::genesis::{CHAIN_NAME_BYTES_MAX, Nonce};
use crate::hash;
use crate::json_form::{self, JsonFormError};
use crate::merkle::Hash;
use crate::signature::{Signature, SignatureError};
use crate::text::{self, TextError};

/// What a member file says it is.
pub const MEMBER_FILE_FORMAT: &str = "sanad-member/v1";
/// Longest member file, in bytes (64 KiB).
pub const MEMBER_FILE_BYTES_MAX: usize = 64 << 10;

const POSSESSION_TAG: &[u8] = b"sanad/v1 member file signature";

/// The consortium that members are invited to: what a member file is bound to, so that the files of a rehearsal are
/// of no use for the real chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invitation {
    /// Name of the consortium, 1 to 128 bytes.
    pub name: String,
    /// Drawn at random for this chain.
    pub nonce: Nonce,
}

/// A member file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberFile {
    /// [`MEMBER_FILE_FORMAT`].
    pub format: String,
    /// The consortium that it is meant for.
    pub consortium: Invitation,
    /// What the institution says of itself.
    pub member: Member,
    /// One signature by each key of the member, in the order of [`Member::keys`].
    pub signatures: Vec<Signature>,
}

/// Why a member file is not one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MemberFileError {
    /// Too long.
    #[error("{actual} bytes; a member file has at most {MEMBER_FILE_BYTES_MAX}")]
    TooLong {
        /// Its length.
        actual: usize,
    },
    /// Not its JSON form.
    #[error("not the JSON form of a member file")]
    Form(#[from] JsonFormError),
    /// Another format.
    #[error("not a \"{MEMBER_FILE_FORMAT}\"")]
    Format,
    /// What the member says does not fit together.
    #[error(transparent)]
    Member(#[from] MemberError),
    /// The name of the consortium is empty or too long.
    #[error("the name of the consortium has {bytes} bytes; 1 to {CHAIN_NAME_BYTES_MAX} are allowed")]
    ConsortiumName {
        /// Its length.
        bytes: usize,
    },
    /// The name of the consortium has a character that could mislead a reader.
    #[error("the name of the consortium is not allowed")]
    ConsortiumText(#[from] TextError),
    /// Not one signature by each key.
    #[error("{actual} signatures; the member has {expected} keys, each of which signs the file")]
    Signatures {
        /// How many there must be.
        expected: usize,
        /// How many there are.
        actual: usize,
    },
    /// A key did not sign this file: whoever wrote it may not hold the key.
    #[error("the key in {field} did not sign this file")]
    Signature {
        /// The field that holds the key.
        field: &'static str,
        /// What the check of the signature by that key found.
        source: SignatureError,
    },
}

impl Invitation {
    /// Checks the name.
    ///
    /// # Errors
    /// [`MemberFileError::ConsortiumName`] or [`MemberFileError::ConsortiumText`].
    pub fn check(&self) -> Result<(), MemberFileError> {
        if self.name.is_empty() || self.name.len() > CHAIN_NAME_BYTES_MAX {
            return Err(MemberFileError::ConsortiumName { bytes: self.name.len() });
        }
        Ok(text::check_text(&self.name)?)
    }
}

/// What each key of a member signs: `"sanad/v1 member file signature" || BLAKE3-derive_key("sanad/v1 member file",
/// text8 consortium name || nonce || member)`.
pub fn possession_message(consortium: &Invitation, member: &Member) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1024);
    codec::encode_into(&ShortText(&consortium.name), &mut bytes);
    bytes.extend_from_slice(&consortium.nonce.0);
    codec::encode_into(member, &mut bytes);
    let digest: Hash = hash::MEMBER_FILE.hash(&[&bytes]);
    [POSSESSION_TAG, &digest].concat()
}

struct ShortText<'a>(&'a str);

impl Encode for ShortText<'_> {
    fn encode<E: bincode::enc::Encoder>(&self, encoder: &mut E) -> Result<(), bincode::error::EncodeError> {
        codec::encode_short_text(self.0, encoder)
    }
}

impl MemberFile {
    /// A file of signatures that [`possession_message`] was signed with, in the order of [`Member::keys`].
    pub fn new(consortium: Invitation, member: Member, signatures: Vec<Signature>) -> Self {
        Self { format: MEMBER_FILE_FORMAT.to_owned(), consortium, member, signatures }
    }

    /// Reads and checks a member file.
    ///
    /// # Errors
    /// [`MemberFileError`], the first thing that does not fit.
    pub fn from_json(text: &[u8]) -> Result<Self, MemberFileError> {
        if text.len() > MEMBER_FILE_BYTES_MAX {
            return Err(MemberFileError::TooLong { actual: text.len() });
        }
        let file: Self = json_form::read(text)?;
        if file.format != MEMBER_FILE_FORMAT {
            return Err(MemberFileError::Format);
        }
        file.check()?;
        Ok(file)
    }

    /// Checks member and signatures.
    ///
    /// # Errors
    /// [`MemberFileError`].
    pub fn check(&self) -> Result<(), MemberFileError> {
        self.consortium.check()?;
        self.member.check()?;
        check_possession(&self.consortium, &self.member, &self.signatures)
    }

    /// The JSON form, for people to read.
    pub fn to_json(&self) -> String {
        let mut text =
            serde_json::to_string_pretty(self).expect("invariant: a member file has only plain fields");
        text.push('\n');
        text
    }
}

/// Checks that each key of a member signed its file.
pub(crate) fn check_possession(
    consortium: &Invitation,
    member: &Member,
    signatures: &[Signature],
) -> Result<(), MemberFileError> {
    let keys: Vec<_> = member.keys().collect();
    if keys.len() != signatures.len() {
        return Err(MemberFileError::Signatures { expected: keys.len(), actual: signatures.len() });
    }
    let message = possession_message(consortium, member);
    for ((purpose, key), signature) in keys.into_iter().zip(signatures) {
        let field = KeyPurpose::field(purpose);
        key.verify(&message, signature).map_err(|source| MemberFileError::Signature { field, source })?;
    }
    Ok(())
}
