//! The one codec of everything that is stored, hashed or signed.
//!
//! bincode 2.0.1 with fixed-width big-endian integers. Lists carry a `u32` count, short texts a `u8`
//! length, enums a `u8` tag, options one byte 0 or 1; there is exactly one encoding of each value, and the
//! decoder refuses any other. Layouts are written down in `docs/formats/`, and pinned by golden values.

use bincode::config::{BigEndian, Configuration, Fixint, Limit};
use bincode::de::read::Reader;
use bincode::de::{Decode, Decoder};
use bincode::enc::write::Writer;
use bincode::enc::{Encode, Encoder};
use bincode::error::{DecodeError, EncodeError};

/// No encoded object is longer than this, in bytes (16 MiB). No object has a higher limit of its own.
pub const CODEC_BYTES_MAX: usize = 16 << 20;

const CONFIG: Configuration<BigEndian, Fixint, Limit<CODEC_BYTES_MAX>> =
    bincode::config::standard().with_big_endian().with_fixed_int_encoding().with_limit::<CODEC_BYTES_MAX>();

/// Why bytes are not an encoded object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodecError {
    /// More bytes than this object may have; nothing was decoded.
    #[error("{actual} bytes, more than the limit of {limit}")]
    TooLong {
        /// Length of the input.
        actual: usize,
        /// Most bytes allowed.
        limit: usize,
    },
    /// The input ends inside the object.
    #[error("the bytes end {missing} byte(s) too early")]
    Truncated {
        /// Bytes missing at least.
        missing: usize,
    },
    /// The object ends before the input does.
    #[error("{excess} byte(s) after the end of the object")]
    Trailing {
        /// Bytes left over.
        excess: usize,
    },
    /// A field has a value that no encoder writes.
    #[error("the field \"{field}\" has no valid encoding")]
    Invalid {
        /// Name of the field, as the pages under `docs/formats/` have it.
        field: &'static str,
    },
}

/// Encodes a value.
pub fn encode<T: Encode>(value: &T) -> Vec<u8> {
    bincode::encode_to_vec(value, CONFIG)
        .expect("invariant: encoding to memory fails for no type of this crate")
}

/// Appends the encoding of a value to `bytes`.
pub fn encode_into<T: Encode>(value: &T, bytes: &mut Vec<u8>) {
    struct Sink<'a>(&'a mut Vec<u8>);
    impl Writer for Sink<'_> {
        fn write(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
            self.0.extend_from_slice(bytes);
            Ok(())
        }
    }
    bincode::encode_into_writer(value, Sink(bytes), CONFIG)
        .expect("invariant: encoding to memory fails for no type of this crate");
}

/// Decodes exactly one value of at most `limit` bytes from the whole of `bytes`.
///
/// # Errors
/// [`CodecError`]: too long (before anything is read or allocated), truncated, trailing or invalid.
pub fn decode<T: Decode<()>>(bytes: &[u8], limit: usize) -> Result<T, CodecError> {
    let (value, read) = decode_prefix(bytes, limit)?;
    match bytes.len() - read {
        0 => Ok(value),
        excess => Err(CodecError::Trailing { excess }),
    }
}

/// Decodes one value from the front of `bytes`; returns it and the bytes it took.
///
/// # Errors
/// As [`decode`], but for trailing bytes.
pub fn decode_prefix<T: Decode<()>>(bytes: &[u8], limit: usize) -> Result<(T, usize), CodecError> {
    if bytes.len() > limit {
        return Err(CodecError::TooLong { actual: bytes.len(), limit });
    }
    bincode::decode_from_slice(bytes, CONFIG).map_err(|error| match error {
        DecodeError::UnexpectedEnd { additional } => CodecError::Truncated { missing: additional },
        DecodeError::Other(field) => CodecError::Invalid { field },
        DecodeError::LimitExceeded => CodecError::TooLong { actual: bytes.len(), limit },
        _ => CodecError::Invalid { field: "value" },
    })
}

/// The fields of an encoding, read one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a> {
    rest: &'a [u8],
    limit: usize,
}

impl<'a> Fields<'a> {
    /// The fields in `bytes`, of which there may be at most `limit`.
    pub fn new(bytes: &'a [u8], limit: usize) -> Self {
        Self { rest: bytes, limit }
    }

    /// The next field.
    ///
    /// # Errors
    /// As [`decode_prefix`].
    pub fn take<T: Decode<()>>(&mut self) -> Result<T, CodecError> {
        let limit = self.limit;
        self.take_by(|bytes| decode_prefix(bytes, limit))
    }

    /// The next field by its own decoder, which returns it and the bytes it took.
    ///
    /// # Errors
    /// Those of `decode`.
    pub fn take_by<T>(
        &mut self,
        decode: impl FnOnce(&'a [u8]) -> Result<(T, usize), CodecError>,
    ) -> Result<T, CodecError> {
        let (value, width) = decode(self.rest)?;
        self.rest = &self.rest[width..];
        Ok(value)
    }

    /// The next field, a `u32` count of at most `max`; `field` names it in errors.
    ///
    /// # Errors
    /// As [`decode_prefix`]; [`CodecError::Invalid`] for a greater count.
    pub fn count(&mut self, max: usize, field: &'static str) -> Result<usize, CodecError> {
        let count = self.take::<u32>()? as usize;
        if count > max { Err(CodecError::Invalid { field }) } else { Ok(count) }
    }

    /// The bytes after the fields that were read.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Requires that all was read.
    ///
    /// # Errors
    /// [`CodecError::Trailing`].
    pub fn end(&self) -> Result<(), CodecError> {
        match self.rest.len() {
            0 => Ok(()),
            excess => Err(CodecError::Trailing { excess }),
        }
    }
}

/// Writes a list: `u32` count, then the items.
pub(crate) fn encode_list<T: Encode, E: Encoder>(items: &[T], encoder: &mut E) -> Result<(), EncodeError> {
    u32::try_from(items.len()).map_err(|_| EncodeError::Other("list too long"))?.encode(encoder)?;
    items.iter().try_for_each(|item| item.encode(encoder))
}

/// Reads a list of at most `count_max` items; `field` names it in errors.
pub(crate) fn decode_list<C, T: Decode<C>, D: Decoder<Context = C>>(
    decoder: &mut D,
    count_max: usize,
    field: &'static str,
) -> Result<Vec<T>, DecodeError> {
    let count = u32::decode(decoder)? as usize;
    if count > count_max {
        return Err(DecodeError::Other(field));
    }
    // A count is only a claim: memory grows with the bytes that are really there.
    let mut items = Vec::new();
    for _ in 0..count {
        items.push(T::decode(decoder)?);
    }
    Ok(items)
}

/// Writes a text of at most 255 bytes: `u8` length, then UTF-8.
pub(crate) fn encode_short_text<E: Encoder>(text: &str, encoder: &mut E) -> Result<(), EncodeError> {
    u8::try_from(text.len()).map_err(|_| EncodeError::Other("text too long"))?.encode(encoder)?;
    encoder.writer().write(text.as_bytes())
}

/// Reads a text of at most `bytes_max` (up to 255) bytes.
pub(crate) fn decode_short_text<D: Decoder>(
    decoder: &mut D,
    bytes_max: usize,
) -> Result<String, DecodeError> {
    let length = u8::decode(decoder)? as usize;
    if length > bytes_max {
        return Err(DecodeError::Other("text length"));
    }
    let mut buffer = [0u8; u8::MAX as usize];
    decoder.claim_bytes_read(length)?;
    decoder.reader().read(&mut buffer[..length])?;
    let text = std::str::from_utf8(&buffer[..length]).map_err(|_| DecodeError::Other("text is not UTF-8"))?;
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_encoding_and_no_other() {
        assert_eq!(encode(&(1u16, [2u8; 3], Some(4u64))), [0, 1, 2, 2, 2, 1, 0, 0, 0, 0, 0, 0, 0, 4]);
        assert_eq!(decode::<u32>(&[0, 0, 0], 8), Err(CodecError::Truncated { missing: 1 }));
        assert_eq!(decode::<u32>(&[0; 6], 8), Err(CodecError::Trailing { excess: 2 }));
        assert_eq!(decode::<u32>(&[0; 9], 8), Err(CodecError::TooLong { actual: 9, limit: 8 }));
        assert!(decode::<Option<u8>>(&[2, 0], 8).is_err());
    }
}
