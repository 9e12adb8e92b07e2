//! Certificates to print: a PDF with credential and receipt inside, the two codes on it, and what reads them.
//!
//! - [`Order::make`] draws a [`Template`] into a PDF/A-3a, and seals the box of the link code; [`Template::check`] tells before
//!   anything is signed whether all of it can be printed, each text in its room and nothing on a code. [`Fonts`] may be added.
//! - [`extract`] finds credential and receipt in a PDF, [`open`] in a box, [`unpack`] in a ZIP, [`Code::read`] what a code says.
//!   All of them take what strangers send.
//!
//! **Invariant:** no I/O, no clock and no randomness; equal input gives equal files. **Invariant:** what was read is not verified:
//! `sanad-verify` does that. **Invariant:** limits are checked before memory is taken.
//!
//! The formats are described in `docs/formats/codes.md`.

mod archive;
mod attachments;
mod blocks;
mod clusters;
mod code;
mod digits;
mod element;
mod endorsements;
mod fields;
mod fitting;
mod fonts;
mod legible;
mod lines;
mod link;
mod make;
mod pdf;
mod room;
mod sealed;
mod template;
mod template_error;
mod tiles;

pub use archive::{ArchiveError, File, ZIP_BYTES_MAX, ZIP_FILES_MAX, is_zip, pack, unpack};
pub use attachments::{AttachmentError, PDF_BYTES_MAX, extract};
pub use blocks::{Covered, Warning};
pub use code::{CODE_TEXT_BYTES_MAX, Code, CodeError};
pub use digits::{DigitsError, from_digits, to_digits};
pub use element::Element;
pub use endorsements::{ENDORSEMENTS_MAX, EndorsementFile, EndorsementsError};
pub use fields::Fields;
pub use fonts::{FONT_BYTES_MAX, FONTS_MAX, FontError, Fonts};
pub use link::{BOXES_FOLDER, BoxId, LinkKey, LinkKeyError, SITE_BYTES_MAX, Site, SiteError};
pub use make::{Made, MakeError, OFFLINE_VERSION_MAX, Order, Published};
pub use pdf::PdfError;
pub use sealed::{
    BOX_BYTES_MAX, BOX_MAGIC, BOX_VERSION_MAX, BoxError, Contents, PART_BYTES_MAX, is_box, open, seal,
};
pub use template::{CodeKind, DEFAULT_TEMPLATE, FIELD_CHARACTERS_MAX, TEMPLATE_BYTES_MAX, Template};
pub use template_error::TemplateError;
pub use tiles::PATTERN_TILES_MAX;
