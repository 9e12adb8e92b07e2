//! QR codes: drawn for a terminal, as PNG or SVG, and read from pictures that strangers send.
//!
//! - [`QrCode`] holds bytes as they are, in byte mode at level L, or an address and digits; [`to_png`], [`to_svg`] and [`to_terminal`] draw it.
//! - [`PictureKind::of`] tells what kind of picture a file is; [`read()`] finds the code in a PNG, JPEG or WebP at whatever
//!   angle, mirrored, inverted, without its light border, or unevenly lit.
//!
//! ```
//! let code = sanad_qr::QrCode::new(b"a receipt")?;
//! let picture = sanad_qr::to_png(&code)?;
//! let started = std::time::Instant::now();
//! let late = || started.elapsed() > std::time::Duration::from_secs(2);
//! assert_eq!(sanad_qr::read(&picture, &late, &|_| true)?, b"a receipt");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! **Invariant:** no I/O and no clock: bytes in, bytes out, and the caller says when the time is up. **Invariant:** the size of
//! a picture is checked before anything is allocated for it, so no picture costs more than some 150 MB.
//!
//! Why these libraries: `docs/adr/010-qr.md`.

mod code;
mod draw;
mod error;
mod finders;
mod kind;
mod picture;
mod read;

pub use code::{Correction, QR_BYTES_MAX, QrCode, Segment};
pub use draw::{MODULE_PIXELS, to_png, to_svg, to_terminal};
pub use error::{DrawError, ReadError};
pub use kind::PictureKind;
pub use picture::{PICTURE_BYTES_MAX, PICTURE_PIXELS_MAX, PICTURE_SIDE_MAX};
pub use read::read;
