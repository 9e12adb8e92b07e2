//! From bytes to modules.

use qrcode::bits::Bits;
use qrcode::{Color, EcLevel, Version};

use crate::error::DrawError;

/// Most bytes of one code (ISO/IEC 18004, version 40, level L, byte mode).
pub const QR_BYTES_MAX: usize = 2953;

/// Most digits of one code (ISO/IEC 18004, version 40, level L, numeric mode).
const QR_DIGITS_MAX: usize = 7089;

/// A QR code: a square of dark and light modules.
pub struct QrCode {
    /// The version, 1 to 40.
    pub version: i16,
    side: usize,
    dark: Vec<bool>,
}

/// A part of a code's content, and the mode in which it is encoded.
#[derive(Clone, Copy, Debug)]
pub enum Segment<'a> {
    /// Bytes as they are, 8 bits each.
    Bytes(&'a [u8]),
    /// ASCII digits, 10 bits for three of them.
    Digits(&'a str),
}

/// How much of a code may be lost or dirty and still be read (ISO/IEC 18004, 6.5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Correction {
    /// Level L, some 7 %: for the most data.
    Low,
    /// Level M, some 15 %: for small codes that are printed.
    Medium,
}

impl QrCode {
    /// The smallest code of the bytes, as one segment in byte mode at level L: readers give back the bytes as they are.
    ///
    /// # Errors
    /// [`DrawError::TooLong`].
    pub fn new(bytes: &[u8]) -> Result<Self, DrawError> {
        Self::of_segments(&[Segment::Bytes(bytes)], Correction::Low)
    }

    /// The smallest code of these segments: readers give back their contents, one after the other.
    ///
    /// # Errors
    /// [`DrawError::TooLong`], [`DrawError::NotADigit`].
    pub fn of_segments(segments: &[Segment<'_>], correction: Correction) -> Result<Self, DrawError> {
        let actual = segments.iter().map(Segment::len).sum();
        // No mode is denser than that of digits.
        if actual > QR_DIGITS_MAX {
            return Err(DrawError::TooLong { actual });
        }
        if !segments.iter().all(Segment::is_valid) {
            return Err(DrawError::NotADigit);
        }
        let code = (1..=40).find_map(|version| Self::of_version(version, segments, correction));
        code.ok_or(DrawError::TooLong { actual })
    }

    /// `None` if the segments do not fit this version.
    fn of_version(version: i16, segments: &[Segment<'_>], correction: Correction) -> Option<Self> {
        let level = match correction {
            Correction::Low => EcLevel::L,
            Correction::Medium => EcLevel::M,
        };
        let mut bits = Bits::new(Version::Normal(version));
        for segment in segments {
            match segment {
                Segment::Bytes(bytes) => bits.push_byte_data(bytes),
                Segment::Digits(digits) => bits.push_numeric_data(digits.as_bytes()),
            }
            .ok()?;
        }
        bits.push_terminator(level).ok()?;
        let code = qrcode::QrCode::with_bits(bits, level).ok()?;
        let dark = code.to_colors().into_iter().map(|color| color == Color::Dark).collect();
        Some(Self { version, side: code.width(), dark })
    }

    /// Modules of each side, without the light border.
    pub fn side(&self) -> usize {
        self.side
    }

    /// Whether a module is dark; what lies outside the code is light.
    pub fn is_dark(&self, x: usize, y: usize) -> bool {
        x < self.side && y < self.side && self.dark[y * self.side + x]
    }
}

impl Segment<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Digits(digits) => digits.len(),
        }
    }

    fn is_valid(&self) -> bool {
        match self {
            Self::Bytes(_) => true,
            Self::Digits(digits) => digits.bytes().all(|digit| digit.is_ascii_digit()),
        }
    }
}
