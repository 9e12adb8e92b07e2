//! Why a code was not drawn or not read.

use crate::code::QR_BYTES_MAX;
use crate::kind::PictureKind;

/// Why drawing a code failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DrawError {
    /// Too many bytes for one code.
    #[error("{actual} bytes; one QR code holds {QR_BYTES_MAX}, or a few more if they are digits")]
    TooLong {
        /// Length.
        actual: usize,
    },
    /// A segment of digits has another character.
    #[error("a segment of digits has another character")]
    NotADigit,
    /// The PNG encoder failed.
    #[error("the PNG cannot be written")]
    Png(#[from] png::EncodingError),
}

/// Why a picture gave no code.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// Not a picture of a known kind.
    #[error("not a picture; give a PNG, JPEG or WebP")]
    NotAPicture,
    /// A picture or document of a kind that is not read.
    #[error("is {kind}; save the page or picture as PNG, JPEG or WebP")]
    Unsupported {
        /// What it is.
        kind: PictureKind,
    },
    /// Too many bytes.
    #[error("the picture has {actual} bytes; at most {limit} are read, so scale it down")]
    TooLong {
        /// Length.
        actual: usize,
        /// Most bytes.
        limit: usize,
    },
    /// Too many pixels.
    #[error("the picture has {width} x {height} pixels; at most {limit} in all are read, so scale it down")]
    TooLarge {
        /// Pixels across.
        width: usize,
        /// Pixels down.
        height: usize,
        /// Most pixels.
        limit: usize,
    },
    /// A damaged PNG.
    #[error("the PNG is damaged")]
    Png(#[from] png::DecodingError),
    /// A damaged JPEG, or of a form that the decoder does not know.
    #[error("the JPEG cannot be read")]
    Jpeg(#[source] Box<zune_jpeg::errors::DecodeErrors>),
    /// A damaged WebP.
    #[error("the WebP is damaged")]
    Webp(#[from] image_webp::DecodingError),
    /// No code in the picture.
    #[error(
        "no QR code can be read in the picture; take it closer, sharp and in even light, with the whole code in it"
    )]
    NoCode,
    /// The time was up before a code was found.
    #[error(
        "no QR code was found in the time allowed; cut the picture so that little more than the code is left"
    )]
    OutOfTime,
    /// Codes, but none that was asked for.
    #[error("{count} QR codes are in the picture, but none of the kind that is needed")]
    OthersOnly {
        /// How many.
        count: usize,
    },
    /// Several different codes of the kind that was asked for.
    #[error("{count} different QR codes of that kind are in the picture; cut it so that one is left")]
    Several {
        /// How many.
        count: usize,
    },
}
