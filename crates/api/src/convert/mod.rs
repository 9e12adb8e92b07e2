//! Conversions between messages and the types of `core`.
//!
//! Every value converts to a message (`From`); only well-formed messages convert back (`TryFrom`, with
//! [`WireError`]). If a message has canonical bytes, only those are read.

mod batch;
mod block;
mod diagnosis;
mod entry;
mod finality;
mod governance;
mod member;
mod node;
mod proof;
#[cfg(test)]
mod tests;
mod wire_error;

pub(crate) use batch::batch_result;
pub(crate) use governance::{Gathering, encoded_items, governance_head, next_run};
pub(crate) use proof::{entry_proof, proof_form};
pub use wire_error::WireError;

use sanad_core::codec::{self, CodecError};
use sanad_core::hash::LengthError;
use sanad_core::ids::MemberId;
use sanad_core::merkle::{Hash, PROOF_HASHES_MAX};
use sanad_core::signature::{PUBLIC_KEY_BYTES, PublicKey, SIGNATURE_BYTES, Signature};

/// A message field that protobuf makes optional and Sanad does not.
pub(crate) fn required<T>(field: &'static str, value: Option<T>) -> Result<T, WireError> {
    value.ok_or(WireError::Missing { field })
}

/// A byte string of fixed length: a hash or id.
pub(crate) fn fixed<'a, T>(field: &'static str, bytes: &'a [u8]) -> Result<T, WireError>
where
    T: TryFrom<&'a [u8], Error = LengthError>,
{
    T::try_from(bytes).map_err(|source| WireError::Length { field, source })
}

/// A key with its algorithm.
pub(crate) fn public_key(field: &'static str, bytes: &[u8]) -> Result<PublicKey, WireError> {
    codec::decode(bytes, PUBLIC_KEY_BYTES).map_err(undecodable(field))
}

/// A signature with its algorithm.
pub(crate) fn signature(field: &'static str, bytes: &[u8]) -> Result<Signature, WireError> {
    codec::decode(bytes, SIGNATURE_BYTES).map_err(undecodable(field))
}

/// A hash without a type of its own.
pub(crate) fn hash(field: &'static str, bytes: &[u8]) -> Result<Hash, WireError> {
    fixed::<sanad_core::hash::Root>(field, bytes).map(|root| root.0)
}

/// An inclusion proof.
pub(crate) fn path(field: &'static str, hashes: &[Vec<u8>]) -> Result<Vec<Hash>, WireError> {
    path_of(field, hashes, PROOF_HASHES_MAX)
}

/// A proof of at most `max` hashes.
pub(crate) fn path_of(field: &'static str, hashes: &[Vec<u8>], max: usize) -> Result<Vec<Hash>, WireError> {
    within(field, hashes.len(), max)?;
    hashes.iter().map(|bytes| hash(field, bytes)).collect()
}

/// A list or text of at most `max` items.
pub(crate) fn within(field: &'static str, actual: usize, max: usize) -> Result<(), WireError> {
    if actual > max { Err(WireError::TooMany { field, actual, max }) } else { Ok(()) }
}

/// A member's id.
pub(crate) fn member_id(field: &'static str, text: String) -> Result<MemberId, WireError> {
    MemberId::try_from(text).map_err(|source| WireError::MemberId { field, source })
}

/// A member's id, if there is one.
pub(crate) fn optional_member_id(field: &'static str, text: String) -> Result<Option<MemberId>, WireError> {
    if text.is_empty() { Ok(None) } else { member_id(field, text).map(Some) }
}

/// Hashes as bytes.
pub(crate) fn path_bytes(path: &[Hash]) -> Vec<Vec<u8>> {
    path.iter().map(|hash| hash.to_vec()).collect()
}

/// The error for canonical bytes that did not decode.
pub(crate) fn undecodable(field: &'static str) -> impl Fn(CodecError) -> WireError {
    move |source| WireError::Codec { field, source }
}
