//! RFC 8785 (JSON Canonicalization Scheme), strict: one byte string for each JSON document.
//!
//! Digests of credentials stand on this, so whatever two readers could take differently is refused
//! rather than settled: duplicate keys, integers that a double cannot hold, lone surrogates.
//!
//! Two passes, neither of which recurses deeper than [`JSON_DEPTH_MAX`]:
//! 1. `scan` walks over the bytes, checks nesting, numbers and surrogates, and takes the numbers out;
//! 2. `form` has `serde_json` check the grammar, refuses duplicate keys, and prints what it reads.

mod error;
mod form;
mod scan;
mod write;

pub use error::{JsonError, LEXEME_CHARS_MAX};

/// Longest JSON text that is canonicalized, in bytes.
pub const JSON_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Deepest nesting of arrays and objects; the outermost one is at depth 1.
///
/// Below the recursion limit of `serde_json` (128), so that this limit is the one that is met.
pub const JSON_DEPTH_MAX: usize = 64;

/// Largest magnitude of an integer written without fraction or exponent: 2^53 - 1.
///
/// Source: RFC 8785 3.2.2.3 and RFC 7493 2.2; above it two integers can become the same double.
pub const JSON_INTEGER_MAX: u64 = (1 << 53) - 1;

/// Returns the RFC 8785 canonical form of the JSON text `text`, in UTF-8.
///
/// Any JSON value is accepted at the top, with white space around it; a byte order mark is not.
///
/// The canonical form of an accepted text is itself accepted and unchanged, but for two cases. A
/// double between 2^53 and 10^21, admitted because it was written with a fraction or an exponent
/// (`1e20`), is printed by RFC 8785 as a plain integer, and that form is refused when it is read
/// again ([`JsonError::UnsafeInteger`]). And numbers can be printed longer than they were written,
/// so that the form of a text near the size limit can be beyond it. So: keep a document as issued.
///
/// # Errors
/// Every [`JsonError`]; the limits [`JSON_BYTES_MAX`] and [`JSON_DEPTH_MAX`] are checked before
/// anything is allocated for the document. A text with several faults is refused for one of them.
pub fn canonicalize(text: &[u8]) -> Result<Vec<u8>, JsonError> {
    if text.len() > JSON_BYTES_MAX {
        return Err(JsonError::TooLarge { bytes: text.len(), bytes_max: JSON_BYTES_MAX });
    }
    let text =
        std::str::from_utf8(text).map_err(|error| JsonError::InvalidUtf8 { offset: error.valid_up_to() })?;
    // RFC 8259 8.1: a byte order mark must not be added. Skipping it would give two texts one digest.
    if text.starts_with('\u{feff}') {
        return Err(JsonError::ByteOrderMark);
    }
    let scanned = scan::scan(text)?;
    form::canonical_form(&scanned.grammar_text, scanned.numbers)
}
