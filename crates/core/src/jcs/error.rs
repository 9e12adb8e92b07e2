//! Why a JSON text has no canonical form here.

/// Longest piece of the text that an error repeats, in characters; the rest is cut and marked `…`.
pub const LEXEME_CHARS_MAX: usize = 64;

/// A JSON text that is refused. Offsets are in bytes from the start of the text.
///
/// All of them are the caller's fault: the same text is refused everywhere and always.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// The text is longer than [`JSON_BYTES_MAX`](super::JSON_BYTES_MAX).
    #[error("the JSON text has {bytes} bytes, more than {bytes_max}")]
    TooLarge {
        /// Length of the text, in bytes.
        bytes: usize,
        /// The limit, in bytes.
        bytes_max: usize,
    },
    /// The text is not UTF-8 (RFC 8259 8.1).
    #[error("the JSON text is not UTF-8 at byte {offset}")]
    InvalidUtf8 {
        /// Where the first invalid sequence starts.
        offset: usize,
    },
    /// The text starts with a byte order mark (RFC 8259 8.1).
    #[error("the JSON text starts with a byte order mark")]
    ByteOrderMark,
    /// Arrays and objects are nested deeper than [`JSON_DEPTH_MAX`](super::JSON_DEPTH_MAX).
    #[error("the JSON text is nested deeper than {depth_max} at byte {offset}")]
    TooDeep {
        /// Where the bracket that goes too deep is.
        offset: usize,
        /// The limit, in levels.
        depth_max: usize,
    },
    /// Half of a UTF-16 surrogate pair is escaped without the other half (RFC 8785 3.2.2.2).
    #[error("lone surrogate {lexeme} at byte {offset}")]
    LoneSurrogate {
        /// Where the escape starts.
        offset: usize,
        /// The escape as it is written.
        lexeme: String,
    },
    /// An integer without fraction or exponent beyond ±[`JSON_INTEGER_MAX`](super::JSON_INTEGER_MAX).
    #[error("integer {lexeme} at byte {offset} is beyond 2^53-1")]
    UnsafeInteger {
        /// Where the number starts.
        offset: usize,
        /// The number as it is written, at most [`LEXEME_CHARS_MAX`] characters of it.
        lexeme: String,
    },
    /// A number beyond the largest finite double (RFC 8785 3.2.2.3).
    #[error("number {lexeme} at byte {offset} overflows a double")]
    NumberOverflow {
        /// Where the number starts.
        offset: usize,
        /// The number as it is written, at most [`LEXEME_CHARS_MAX`] characters of it.
        lexeme: String,
    },
    /// An object has the same key twice, once escapes are resolved (RFC 8785 3.1, RFC 7493 2.3).
    #[error("duplicate key {key:?} before byte {offset}")]
    DuplicateKey {
        /// Just after the second occurrence of the key.
        offset: usize,
        /// The key without its escapes, at most [`LEXEME_CHARS_MAX`] characters of it.
        key: String,
    },
    /// The text ends before the value does.
    #[error("the JSON text ends too early, at byte {offset}")]
    Truncated {
        /// Where the text ends.
        offset: usize,
    },
    /// The text is not JSON (RFC 8259), or something follows the value.
    #[error("JSON syntax error at byte {offset}")]
    Syntax {
        /// Where reading stopped.
        offset: usize,
    },
}

/// Cuts `text` to [`LEXEME_CHARS_MAX`] characters, so that an error stays small whatever it is about.
pub(super) fn bounded(text: &str) -> String {
    match text.char_indices().nth(LEXEME_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
