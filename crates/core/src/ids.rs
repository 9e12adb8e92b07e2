//! Numbers and names that must not be mixed up.

use std::fmt;
use std::str::FromStr;

use bincode::de::{Decode, Decoder};
use bincode::enc::{Encode, Encoder};
use bincode::error::{DecodeError, EncodeError};
use serde::{Deserialize, Serialize};

/// Longest member id, in bytes.
pub const MEMBER_ID_BYTES_MAX: usize = 32;

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
            bincode::Encode, bincode::Decode,
        )]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = std::num::ParseIntError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map($name)
            }
        }
    };
}

number! {
    /// Height of a block: the genesis state is height 0, the first block height 1.
    Height
}
number! {
    /// Position of an entry in the log, counted from 0 over the whole chain.
    LogIndex
}
number! {
    /// Number of entries in the log: the entries `0..size`.
    LogSize
}
number! {
    /// Position of a batch in its issuer's own chain, counted from 0.
    Sequence
}

impl Height {
    /// The height of the genesis state, which has no block.
    pub const GENESIS: Self = Self(0);

    /// The height after this one. Saturates, so that a hostile number cannot wrap to a past height.
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl Sequence {
    /// The sequence number after this one.
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// Name of a member institution: 1 to 32 bytes of `a-z`, `0-9`, `.` and `-`, starting and ending with a
/// letter or digit. By convention the institution's domain name, such as `ui.ac.id`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MemberId(String);

/// Why a text is not a [`MemberId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a member id has 1 to {MEMBER_ID_BYTES_MAX} characters of a-z, 0-9, '.', '-' and starts and ends with a letter or digit"
)]
pub struct MemberIdError;

impl MemberId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MemberId {
    type Err = MemberIdError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::try_from(text.to_owned())
    }
}

impl TryFrom<String> for MemberId {
    type Error = MemberIdError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let alphanumeric = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let bytes = text.as_bytes();
        let fits = bytes.len() <= MEMBER_ID_BYTES_MAX
            && bytes.first().is_some_and(alphanumeric)
            && bytes.last().is_some_and(alphanumeric)
            && bytes.iter().all(|byte| alphanumeric(byte) || matches!(byte, b'.' | b'-'));
        if fits { Ok(Self(text)) } else { Err(MemberIdError) }
    }
}

impl From<MemberId> for String {
    fn from(id: MemberId) -> Self {
        id.0
    }
}

impl fmt::Display for MemberId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for MemberId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

// One length byte, then the ASCII text: an entry of a usual issuer fits one SHA-256 block.
impl Encode for MemberId {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        crate::codec::encode_short_text(&self.0, encoder)
    }
}

impl<C> Decode<C> for MemberId {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        let text = crate::codec::decode_short_text(decoder, MEMBER_ID_BYTES_MAX)?;
        Self::try_from(text).map_err(|_| DecodeError::Other("member id"))
    }
}

bincode::impl_borrow_decode!(MemberId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn member_ids_are_checked() {
        for good in ["ui.ac.id", "a", "ice-institute.id", &"x".repeat(32)] {
            assert!(good.parse::<MemberId>().is_ok(), "{good}");
        }
        for bad in ["", "UI", ".ui", "ui.", "u i", "ü", &"x".repeat(33), "a\0"] {
            assert_eq!(bad.parse::<MemberId>(), Err(MemberIdError), "{bad}");
        }
    }
}
