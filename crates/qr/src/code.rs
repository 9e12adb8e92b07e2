//! From bytes to modules.

use qrcode::bits::Bits;
use qrcode::{Color, EcLevel, Version};

use crate::error::DrawError;

/// Most bytes of one code (ISO/IEC 18004, version 40, level L, byte mode).
pub const QR_BYTES_MAX: usize = 2953;

/// A QR code: a square of dark and light modules.
pub struct QrCode {
    /// The version, 1 to 40.
    pub version: i16,
    side: usize,
    dark: Vec<bool>,
}

impl QrCode {
    /// The smallest code of the bytes, as one segment in byte mode: readers give back the bytes as they are.
    ///
    /// # Errors
    /// [`DrawError::TooLong`].
    pub fn new(bytes: &[u8]) -> Result<Self, DrawError> {
        let too_long = || DrawError::TooLong { actual: bytes.len() };
        if bytes.len() > QR_BYTES_MAX {
            return Err(too_long());
        }
        (1..=40).find_map(|version| Self::of_version(version, bytes)).ok_or_else(too_long)
    }

    /// `None` if the bytes do not fit this version.
    fn of_version(version: i16, bytes: &[u8]) -> Option<Self> {
        let mut bits = Bits::new(Version::Normal(version));
        bits.push_byte_data(bytes).and_then(|()| bits.push_terminator(EcLevel::L)).ok()?;
        let code = qrcode::QrCode::with_bits(bits, EcLevel::L).ok()?;
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
