//! Documents that hold a credential in a form that is not read: as a JWT among other text, encoded, compressed.
//!
//! Nothing of them is believed: this is so that they are not passed over in silence.

use std::io::Read as _;

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use flate2::read::{GzDecoder, ZlibDecoder};
use percent_encoding::percent_decode_str;

use crate::credential::{looks_like_credential, read_object};
use crate::limits::CREDENTIAL_BYTES_MAX;
use crate::unread::Unread;

/// Why a text holds a JWT with a credential, and yet is not one; `None` if nothing in it looks like one.
///
/// Line breaks, padding, the other alphabet of base64, words around it: lenient readers take such texts.
pub(crate) fn disguised(text: &str) -> Option<Unread> {
    let text = text.get(..CREDENTIAL_BYTES_MAX).unwrap_or(text);
    // Readers that drop what cannot be seen take the rest together; some take other full stops for those of ASCII.
    let visible = |character: char| match character {
        '\u{ff0e}' | '\u{3002}' | '\u{2024}' => Some('.'),
        character => Some(character).filter(char::is_ascii_graphic),
    };
    let in_one_line: String = text.chars().filter_map(visible).collect();
    let whole = text.trim().trim_start_matches('\u{feff}');
    tokens(whole).find_map(|token| why_not_read(token, token == whole)).or_else(|| {
        let broken = "broken by spaces or line breaks, or has other text around it";
        tokens(&in_one_line).find_map(|token| why_not_read(token, false)).map(|_| Unread::Jwt(broken))
    })
}

/// Stretches that could be JWTs.
fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let is_of_jwt = |character: char| character.is_ascii_alphanumeric() || "-_=+/.".contains(character);
    text.split(move |character| !is_of_jwt(character)).filter(|token| token.matches('.').count() >= 2)
}

/// Why a token that has a credential in its second part is not read as a JWT.
fn why_not_read(token: &str, is_whole: bool) -> Option<Unread> {
    let mut parts = token.split('.');
    let (header, payload) = (parts.next()?, parts.next()?);
    let payload_bytes = decode_leniently(payload)?;
    let is_vct = payload_bytes.windows(VCT.len()).any(|window| window == VCT);
    if !looks_like_credential(&payload_bytes) && !is_vct {
        return None;
    }
    let strict = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part).is_ok();
    if !strict(header) || !strict(payload) || parts.any(|part| !part.is_empty() && !strict(part)) {
        return Some(Unread::Jwt("not in base64url without padding"));
    }
    match read_object(&decode_leniently(header)?) {
        Err(Unread::Json(error)) => Some(Unread::JwtHeader(error)),
        Ok(header) if is_whole && header.contains_key("alg") => Some(Unread::Jwt("not of three parts")),
        Ok(header) if header.contains_key("alg") => Some(Unread::Jwt("among other text")),
        Ok(_) | Err(_) => Some(Unread::Jwt("without a header that names an algorithm")),
    }
}

/// Base64 of either alphabet, with or without padding, also in lines.
pub(crate) fn decode_leniently(text: &str) -> Option<Vec<u8>> {
    let text: String = text.split_ascii_whitespace().collect();
    let text = text.replace('+', "-").replace('/', "_");
    LENIENT.decode(text.trim_end_matches('=')).ok()
}

/// What stands in hexadecimal digits, or percent-encoded (RFC 3986, 2.1).
pub(crate) fn decoded_otherwise(text: &str) -> Option<Vec<u8>> {
    let digits: String = text.split_ascii_whitespace().collect();
    if let Ok(bytes) = hex::decode(digits) {
        return Some(bytes);
    }
    text.contains('%').then(|| percent_decode_str(text).collect())
}

/// What a document compressed with gzip or zlib (RFC 1952, 1950) begins with, up to the size of a credential.
pub(crate) fn inflated(document: &[u8]) -> Option<Vec<u8>> {
    let mut inflated = Vec::new();
    let max = CREDENTIAL_BYTES_MAX as u64;
    // What was read before an error counts: it need not be whole.
    let _ = match document {
        [0x1f, 0x8b, ..] => GzDecoder::new(document).take(max).read_to_end(&mut inflated),
        // CM 8, a window of at most 32 KiB, and a check that makes the two bytes a multiple of 31.
        [cmf, flg, ..] if cmf & 0x8f == 0x08 && u16::from_be_bytes([*cmf, *flg]) % 31 == 0 => {
            ZlibDecoder::new(document).take(max).read_to_end(&mut inflated)
        }
        _ => return None,
    };
    Some(inflated)
}

/// The type of an SD-JWT VC, by which one is known.
const VCT: &[u8] = b"\"vct\"";

/// Takes what strict readers refuse: padding, or bits left over.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);
