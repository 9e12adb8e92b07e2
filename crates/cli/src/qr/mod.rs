//! QR codes of binary receipts: drawn for a terminal, as PNG or SVG, and read back from a PNG.
//!
//! The code holds the bytes of the receipt as they are, in byte mode at level L: see `docs/adr/010-qr.md`.

mod code;
mod draw;
mod read;

pub(crate) use code::QrCode;
pub(crate) use draw::{to_png, to_svg, to_terminal};
pub(crate) use read::{PNG_BYTES_MAX, is_png, read_png};

/// Most bytes of one code (ISO/IEC 18004, version 40, level L, byte mode).
pub(crate) const QR_BYTES_MAX: usize = 2953;
/// Modules that are left light around a code (ISO/IEC 18004, 6.3.8).
const QUIET_MODULES: usize = 4;

/// Why encoding or reading a QR code failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum QrError {
    /// Too much for one code.
    #[error("{actual} bytes; one QR code holds {QR_BYTES_MAX}")]
    TooLong {
        /// Length.
        actual: usize,
    },
    /// The picture cannot be written.
    #[error("the PNG cannot be written: {0}")]
    Encoding(#[from] png::EncodingError),
    /// Not a sound PNG.
    #[error("not a readable PNG: {0}")]
    Png(#[from] png::DecodingError),
    /// The picture is too large to be looked at.
    #[error(
        "the picture has {width} x {height} pixels; at most {limit} x {limit} are looked at, so scale it down"
    )]
    TooLarge {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
        /// Most pixels of either.
        limit: u32,
    },
    /// No code in the picture.
    #[error(
        "no QR code was found in the picture; it needs a light border, and 2 or more pixels for each module"
    )]
    NoCode,
    /// More than one code in the picture.
    #[error("{count} QR codes are in the picture; cut it so that one is left")]
    SeveralCodes {
        /// How many.
        count: usize,
    },
    /// A code whose modules cannot be made out.
    #[error("the QR code cannot be read: {0}; take a sharper picture")]
    Unreadable(#[from] quircs::DecodeError),
}
