use bincode::de::read::Reader;
use bincode::de::{BorrowDecode, BorrowDecoder, Decode, Decoder};
use bincode::enc::write::Writer;
use bincode::enc::{Encode, Encoder};
use bincode::error::{DecodeError, EncodeError};
use bytes::Bytes;
use malachitebft_core_types::Round;

use super::WireError;

/// At most `MAX` items: `u32` count, then the items.
pub(super) struct List<T, const MAX: usize>(Vec<T>);

impl<T, const MAX: usize> List<T, MAX> {
    pub(super) fn new(items: Vec<T>) -> Result<Self, WireError> {
        if items.len() > MAX {
            return Err(WireError::Count { count: items.len(), limit: MAX });
        }
        Ok(Self(items))
    }

    pub(super) fn into_items(self) -> Vec<T> {
        self.0
    }
}

impl<T: Encode, const MAX: usize> Encode for List<T, MAX> {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        u32::try_from(self.0.len()).map_err(|_| EncodeError::Other("list too long"))?.encode(encoder)?;
        self.0.iter().try_for_each(|item| item.encode(encoder))
    }
}

impl<C, T: Decode<C>, const MAX: usize> Decode<C> for List<T, MAX> {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        let count = u32::decode(decoder)? as usize;
        if count > MAX {
            return Err(DecodeError::Other("list length"));
        }
        // A count is only a claim: memory grows with the items that are really there.
        let mut items = Vec::new();
        for _ in 0..count {
            items.push(T::decode(decoder)?);
        }
        Ok(Self(items))
    }
}

impl<'de, C, T: Decode<C>, const MAX: usize> BorrowDecode<'de, C> for List<T, MAX> {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Self::decode(decoder)
    }
}

/// At most `MAX` bytes: `u32` length, then the bytes.
pub(super) struct Blob<const MAX: usize>(Bytes);

impl<const MAX: usize> Blob<MAX> {
    pub(super) fn new(bytes: Bytes) -> Result<Self, WireError> {
        if bytes.len() > MAX {
            return Err(WireError::Length { actual: bytes.len(), limit: MAX });
        }
        Ok(Self(bytes))
    }

    pub(super) fn into_bytes(self) -> Bytes {
        self.0
    }
}

impl<const MAX: usize> Encode for Blob<MAX> {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        u32::try_from(self.0.len()).map_err(|_| EncodeError::Other("too many bytes"))?.encode(encoder)?;
        encoder.writer().write(&self.0)
    }
}

impl<C, const MAX: usize> Decode<C> for Blob<MAX> {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        let length = u32::decode(decoder)? as usize;
        if length > MAX {
            return Err(DecodeError::Other("length"));
        }
        decoder.claim_bytes_read(length)?;
        // Looked at before it is copied, so that a false length takes no memory.
        let reader = decoder.reader();
        let bytes = match reader.peek_read(length) {
            Some(bytes) => Bytes::copy_from_slice(bytes),
            None => return Err(DecodeError::UnexpectedEnd { additional: 1 }),
        };
        reader.consume(length);
        Ok(Self(bytes))
    }
}

impl<'de, C, const MAX: usize> BorrowDecode<'de, C> for Blob<MAX> {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Self::decode(decoder)
    }
}

/// The number of a round that must be one.
pub(super) fn defined(round: Round) -> Result<u32, WireError> {
    round.as_u32().ok_or(WireError::NoRound)
}

/// A round that may be none.
pub(super) fn optional(round: Option<u32>) -> Round {
    round.map_or(Round::Nil, Round::new)
}
