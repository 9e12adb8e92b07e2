//! Reading and writing the plain values of the binary form.

use super::error::ReceiptBinaryError;
use crate::merkle::Hash;

/// The bytes that are not read yet.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next `count` bytes.
    pub(super) fn bytes(
        &mut self,
        count: usize,
        field: &'static str,
    ) -> Result<&'a [u8], ReceiptBinaryError> {
        let missing = count.saturating_sub(self.0.len());
        let (taken, rest) =
            self.0.split_at_checked(count).ok_or(ReceiptBinaryError::Truncated { field, missing })?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(
        &mut self,
        field: &'static str,
    ) -> Result<[u8; N], ReceiptBinaryError> {
        let bytes = self.bytes(N, field)?;
        Ok(bytes.try_into().expect("invariant: as many bytes as were asked for"))
    }

    /// What is not read yet.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.0
    }

    pub(super) fn byte(&mut self, field: &'static str) -> Result<u8, ReceiptBinaryError> {
        self.array::<1>(field).map(|[byte]| byte)
    }

    /// An unsigned LEB128 number in its shortest form.
    pub(super) fn number(&mut self, field: &'static str) -> Result<u64, ReceiptBinaryError> {
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.byte(field)?;
            let bits = u64::from(byte & 0x7f);
            let overflows = bits << shift >> shift != bits;
            let longer_than_needed = byte == 0 && shift != 0;
            if overflows || longer_than_needed {
                return Err(ReceiptBinaryError::Invalid { field });
            }
            number |= bits << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(ReceiptBinaryError::Invalid { field })
    }

    /// A text: `u8` length of 1 to `bytes_max`, then UTF-8.
    pub(super) fn text(
        &mut self,
        bytes_max: usize,
        field: &'static str,
    ) -> Result<&'a str, ReceiptBinaryError> {
        let length = usize::from(self.byte(field)?);
        if length == 0 || length > bytes_max {
            return Err(ReceiptBinaryError::Invalid { field });
        }
        std::str::from_utf8(self.bytes(length, field)?).map_err(|_| ReceiptBinaryError::Invalid { field })
    }

    /// `count` hashes.
    pub(super) fn hashes(
        &mut self,
        count: usize,
        field: &'static str,
    ) -> Result<Vec<Hash>, ReceiptBinaryError> {
        let bytes = self.bytes(count * size_of::<Hash>(), field)?;
        let (hashes, _) = bytes.as_chunks();
        Ok(hashes.to_vec())
    }

    /// Nothing may be left.
    pub(super) fn finish(self) -> Result<(), ReceiptBinaryError> {
        match self.0.len() {
            0 => Ok(()),
            excess => Err(ReceiptBinaryError::Trailing { excess }),
        }
    }
}

/// Writes an unsigned LEB128 number.
pub(super) fn write_number(mut number: u64, bytes: &mut Vec<u8>) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Writes a text of 1 to 255 bytes.
pub(super) fn write_text(text: &str, bytes: &mut Vec<u8>) {
    bytes.push(u8::try_from(text.len()).expect("invariant: names and ids have at most 128 bytes"));
    bytes.extend_from_slice(text.as_bytes());
}

pub(super) fn write_hashes(hashes: &[Hash], bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(hashes.as_flattened());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_one_form() {
        for number in [0, 1, 127, 128, 300, 16_383, 16_384, u64::from(u32::MAX), u64::MAX - 1, u64::MAX] {
            let mut bytes = Vec::new();
            write_number(number, &mut bytes);
            let mut reader = Reader::new(&bytes);
            assert_eq!(reader.number("n"), Ok(number));
            assert_eq!(reader.finish(), Ok(()));
        }
        let invalid = Err(ReceiptBinaryError::Invalid { field: "n" });
        let (mut beyond, mut endless) = ([0xff; 10], [0xff; 11]);
        (beyond[9], endless[10]) = (2, 0);
        for bad in [&[0x80, 0][..], &[0xff, 0x80, 0], &beyond, &endless] {
            assert_eq!(Reader::new(bad).number("n"), invalid, "{bad:?}");
        }
        assert!(matches!(Reader::new(&[0x80]).number("n"), Err(ReceiptBinaryError::Truncated { .. })));
    }

    #[test]
    fn texts_have_limits() {
        assert_eq!(Reader::new(b"\x02ab").text(2, "t"), Ok("ab"));
        for bad in [&b"\x03abc"[..], b"\x00", b"\x01\xff"] {
            let invalid = ReceiptBinaryError::Invalid { field: "t" };
            assert_eq!(Reader::new(bad).text(2, "t"), Err(invalid));
        }
    }
}
