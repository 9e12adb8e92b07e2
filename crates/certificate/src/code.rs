//! The texts of codes, as a camera gives them or somebody pastes them.

use crate::digits::{DigitsError, from_digits};
use crate::link::{KEY_CHARACTERS, LinkKey, LinkKeyError};

/// Longest text of a code, in bytes: more than the largest QR code holds.
pub const CODE_TEXT_BYTES_MAX: usize = 8192;

/// What a code says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Code {
    /// A link: the key of a box.
    Link(LinkKey),
    /// The bytes of a paper receipt.
    Receipt(Vec<u8>),
}

/// Why a text is not that of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodeError {
    /// Something else.
    #[error("neither a link nor the digits of a receipt")]
    NotACode,
    /// After the `#` stands no key.
    #[error("the link is not complete")]
    Key(#[from] LinkKeyError),
    /// The digits are not those of bytes.
    #[error(transparent)]
    Digits(#[from] DigitsError),
}

impl Code {
    /// Whether bytes look like the text of a code: an address with a part after `#`, or digits alone.
    #[must_use]
    pub fn is_claimed(bytes: &[u8]) -> bool {
        text_of(bytes).is_some_and(|text| text.contains('#') || is_digits(text))
    }

    /// Reads the text of a code. The address in it counts for nothing: whoever prints a certificate chooses it.
    ///
    /// # Errors
    /// [`CodeError`].
    pub fn read(bytes: &[u8]) -> Result<Self, CodeError> {
        let text = text_of(bytes).ok_or(CodeError::NotACode)?;
        let payload = text.split_once('#').map_or(text, |(_, payload)| payload);
        let has_address = payload.len() < text.len();
        if has_address && payload.len() == KEY_CHARACTERS {
            return Ok(Self::Link(payload.parse()?));
        }
        match is_digits(payload) {
            true => Ok(Self::Receipt(from_digits(payload)?)),
            // Most likely a link of which a part was not copied.
            false if has_address => Err(LinkKeyError.into()),
            false => Err(CodeError::NotACode),
        }
    }
}

/// An address or digits, without white space around it.
fn text_of(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok().filter(|_| bytes.len() <= CODE_TEXT_BYTES_MAX)?.trim_ascii();
    let is_address = text.starts_with("https://") || text.starts_with("http://");
    (text.is_ascii() && (is_address || is_digits(text))).then_some(text)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use sanad_core::commitment::Secret;

    use super::*;
    use crate::digits::to_digits;

    #[test]
    fn both_codes_are_read() {
        let key = LinkKey::of_credential(&Secret([7; 32]), &[9; 32]);
        let link = key.link(&"https://u.example".parse().unwrap());
        assert_eq!(Code::read(link.as_bytes()), Ok(Code::Link(key)));
        let digits = to_digits(b"receipt");
        for text in [format!("https://u.example/v#{digits}"), format!(" {digits}\n")] {
            assert!(Code::is_claimed(text.as_bytes()));
            assert_eq!(Code::read(text.as_bytes()), Ok(Code::Receipt(b"receipt".to_vec())));
        }
        for (cut, error) in [
            (&link[..link.len() - 1], LinkKeyError.into()),
            ("https://u.example/v#", LinkKeyError.into()),
            ("https://u.example/v#1", DigitsError::Length { count: 1 }.into()),
            ("https://u.example/v", CodeError::NotACode),
            ("{\"format\": \"#\"}", CodeError::NotACode),
            ("", CodeError::NotACode),
        ] {
            assert_eq!(Code::read(cut.as_bytes()), Err(error), "{cut}");
        }
        assert!(!Code::is_claimed(b"{\"a\": \"#\"}") && !Code::is_claimed(b""));
        assert!(!Code::is_claimed("1".repeat(CODE_TEXT_BYTES_MAX + 1).as_bytes()));
    }
}
