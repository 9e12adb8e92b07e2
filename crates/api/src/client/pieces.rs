//! Files that come in answers of many messages.

use super::asked;
use crate::convert::{WireError, within};
use crate::limits::PIECE_BYTES_MAX;

/// A file whose first bytes have come.
pub(super) struct Pieces {
    /// The field of the messages that has the bytes.
    field: &'static str,
    bytes_max: usize,
    length: Option<usize>,
    bytes: Vec<u8>,
}

impl Pieces {
    pub(super) fn new(field: &'static str, bytes_max: usize) -> Self {
        Self { field, bytes_max, length: None, bytes: Vec::new() }
    }

    /// Takes the next piece; `length` is that of the file, as its message states it.
    pub(super) fn push(&mut self, length: u64, piece: &[u8]) -> Result<(), WireError> {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        within("length", length, self.bytes_max)?;
        within(self.field, piece.len(), PIECE_BYTES_MAX)?;
        asked("length", self.length.get_or_insert(length), &length)?;
        within(self.field, self.bytes.len() + piece.len(), length)?;
        if piece.is_empty() {
            return Err(WireError::Missing { field: self.field });
        }
        self.bytes.extend_from_slice(piece);
        Ok(())
    }

    /// The whole file. An error if fewer bytes came than were announced.
    pub(super) fn finish(self) -> Result<Vec<u8>, WireError> {
        let (expected, actual) = (self.length.unwrap_or_default() as u64, self.bytes.len() as u64);
        match actual < expected {
            true => Err(WireError::EndsEarly { field: self.field, expected, actual }),
            false => Ok(self.bytes),
        }
    }
}
