//! Baked badges: a credential within a picture, PNG or SVG.
//!
//! Source: Open Badges 3.0, 5.3 (baking); PNG (Third Edition), 5 and 11.3.3.4. The picture is not looked at: no signature
//! covers it.

use std::io::Read as _;

use flate2::read::ZlibDecoder;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;

use crate::limits::CREDENTIAL_BYTES_MAX;
use crate::unread::Unread;

/// Longest SVG that is read, in bytes.
const SVG_BYTES_MAX: usize = 2 * CREDENTIAL_BYTES_MAX;

/// Most chunks of a PNG.
const CHUNKS_MAX: usize = 100_000;

/// A credential out of a picture.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Baked {
    /// What it was in, for people.
    pub(crate) form: &'static str,
    pub(crate) credential: Vec<u8>,
    /// Bytes after the end of the picture.
    pub(crate) bytes_after: usize,
}

/// The credential in a picture; `None` if the document is not a picture, or holds no credential.
pub(crate) fn unbake(document: &[u8]) -> Option<Result<Baked, Unread>> {
    if let Some(chunks) = document.strip_prefix(PNG) {
        return from_png(chunks).transpose();
    }
    let start = document.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document).trim_ascii_start();
    if !start.starts_with(b"<")
        || !start.windows(NAMESPACE.len()).any(|window| window == NAMESPACE.as_bytes())
    {
        return None;
    }
    if document.len() > SVG_BYTES_MAX {
        return Some(Err(Unread::TooLarge { what: "bytes of an SVG", max: SVG_BYTES_MAX }));
    }
    std::str::from_utf8(start).map_or(Some(Err(Unread::Svg)), |text| from_svg(text).transpose())
}

fn from_png(mut rest: &[u8]) -> Result<Option<Baked>, Unread> {
    let mut found = None;
    for _ in 0..CHUNKS_MAX {
        let Some((length, after)) = rest.split_first_chunk::<4>() else { return Ok(found) };
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        // Type and content, over which the checksum is.
        let Some((checked, after)) = length.checked_add(4).and_then(|length| after.split_at_checked(length))
        else {
            return if found.is_some() { Err(Unread::Png) } else { Ok(None) };
        };
        let (kind, content) = checked.split_at(4);
        let of_badge = content.strip_prefix(KEYWORD).and_then(|content| content.strip_prefix(b"\0"));
        let is_text = matches!(kind, b"iTXt" | b"tEXt" | b"zTXt");
        if is_text && of_badge.is_none() && is_another_badge(content) {
            return Err(Unread::Png);
        }
        let Some((checksum, after)) = after.split_first_chunk::<4>() else {
            return if of_badge.is_some() || found.is_some() { Err(Unread::Png) } else { Ok(None) };
        };
        rest = after;
        match (kind, of_badge) {
            (b"iTXt", Some(content)) => {
                if u32::from_be_bytes(*checksum) != crc32fast::hash(checked) {
                    return Err(Unread::Png);
                }
                if found.is_some() {
                    return Err(Unread::TwoCredentials);
                }
                let form = "in a PNG badge";
                found = Some(Baked { form, credential: text_of_chunk(content)?, bytes_after: 0 });
            }
            (b"tEXt" | b"zTXt", Some(_)) => return Err(Unread::Png),
            (b"IEND", _) => return after_end(found, rest),
            (_, _) => {}
        }
    }
    Err(Unread::TooLarge { what: "chunks of a PNG", max: CHUNKS_MAX })
}

/// Whether a text belongs to a badge that is baked in another way: Open Badges 2, or a keyword in other letters.
fn is_another_badge(content: &[u8]) -> bool {
    let keyword = content.split(|byte| *byte == 0).next().unwrap_or_default();
    keyword.eq_ignore_ascii_case(KEYWORD) || keyword.eq_ignore_ascii_case(KEYWORD_2)
}

/// What follows the last chunk belongs to no picture, though some programs read on.
fn after_end(found: Option<Baked>, rest: &[u8]) -> Result<Option<Baked>, Unread> {
    match rest.windows(KEYWORD.len()).any(|window| window == KEYWORD) {
        true if found.is_some() => Err(Unread::TwoCredentials),
        true => Err(Unread::Png),
        false => Ok(found.map(|baked| Baked { bytes_after: rest.len(), ..baked })),
    }
}

/// The text of an iTXt chunk after its keyword: a flag and a method, a language, the keyword in it, then the text.
fn text_of_chunk(content: &[u8]) -> Result<Vec<u8>, Unread> {
    let [flag, method, rest @ ..] = content else { return Err(Unread::Png) };
    let mut parts = rest.splitn(3, |byte| *byte == 0);
    let (Some(_language), Some(_keyword), Some(text)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(Unread::Png);
    };
    let too_large = Unread::TooLarge { what: "bytes", max: CREDENTIAL_BYTES_MAX };
    match (flag, method) {
        (0, _) if text.len() > CREDENTIAL_BYTES_MAX => Err(too_large),
        // PNG, 11.3.3.4: a text holds no NUL, so that whatever follows one is outside it.
        (0, _) if text.contains(&0) => Err(Unread::AfterText),
        (0, _) => Ok(text.to_vec()),
        (1, 0) => {
            let mut inflated = Vec::new();
            let limit = CREDENTIAL_BYTES_MAX as u64 + 1;
            let mut decoder = ZlibDecoder::new(text).take(limit);
            decoder.read_to_end(&mut inflated).map_err(|_| Unread::Png)?;
            let read = decoder.into_inner().total_in();
            match inflated.len() > CREDENTIAL_BYTES_MAX {
                true => Err(too_large),
                false if usize::try_from(read) != Ok(text.len()) || inflated.contains(&0) => {
                    Err(Unread::AfterText)
                }
                false => Ok(inflated),
            }
        }
        (_, _) => Err(Unread::Png),
    }
}

/// Entities of a document's own are not expanded, and nothing is fetched.
fn from_svg(text: &str) -> Result<Option<Baked>, Unread> {
    let mut reader = NsReader::from_str(text);
    // A credential, and how deep within its element the reader is.
    let mut found: Option<String> = None;
    let mut inside = None;
    loop {
        let (namespace, event) = reader.read_resolved_event().map_err(|_| Unread::Svg)?;
        let is_badge = |element: &BytesStart<'_>| {
            matches!(&namespace, ResolveResult::Bound(bound) if bound.as_ref() == NAMESPACE)
                && element.local_name().as_ref() == "credential"
        };
        match event {
            Event::Start(element) if is_badge(&element) => {
                if found.is_some() {
                    return Err(Unread::TwoCredentials);
                }
                let verify = verify(&element)?;
                inside = Some(verify.is_some());
                found = Some(verify.unwrap_or_default());
            }
            Event::Empty(element) if is_badge(&element) => {
                if found.is_some() {
                    return Err(Unread::TwoCredentials);
                }
                found = Some(verify(&element)?.ok_or(Unread::Svg)?);
            }
            // Elements within a credential are none of its own.
            Event::Start(_) | Event::Empty(_) if inside.is_some() => return Err(Unread::Svg),
            Event::End(_) if inside.is_some() => inside = None,
            Event::CData(data) if inside == Some(false) => {
                found.get_or_insert_default().push_str(&data);
            }
            // A JWT in the attribute and something else within: readers take the one or the other.
            Event::CData(data) if inside == Some(true) && !data.trim().is_empty() => {
                return Err(Unread::TwoCredentials);
            }
            Event::Text(data) if inside == Some(true) && !data.trim().is_empty() => {
                return Err(Unread::TwoCredentials);
            }
            Event::GeneralRef(_) if inside == Some(true) => return Err(Unread::TwoCredentials),
            Event::Text(data) if inside == Some(false) => {
                let text = data.xml_content(XmlVersion::Implicit1_0);
                found.get_or_insert_default().push_str(&text);
            }
            Event::GeneralRef(reference) if inside.is_some() => {
                let character = match reference.resolve_char_ref().map_err(|_| Unread::Svg)? {
                    Some(character) => character,
                    None => match &*reference {
                        "lt" => '<',
                        "gt" => '>',
                        "amp" => '&',
                        "apos" => '\'',
                        "quot" => '"',
                        _ => return Err(Unread::Svg),
                    },
                };
                found.get_or_insert_default().push(character);
            }
            Event::Eof if inside.is_some() => return Err(Unread::Svg),
            Event::Eof => break,
            Event::Start(_)
            | Event::End(_)
            | Event::Empty(_)
            | Event::Text(_)
            | Event::CData(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_)
            | Event::GeneralRef(_) => {}
        }
    }
    let baked = |text: String| Baked {
        form: "in an SVG badge",
        credential: text.trim().to_owned().into_bytes(),
        bytes_after: 0,
    };
    Ok(found.map(baked))
}

/// The attribute that holds a JWT.
fn verify(element: &BytesStart<'_>) -> Result<Option<String>, Unread> {
    let attribute = element.try_get_attribute("verify").map_err(|_| Unread::Svg)?;
    let Some(attribute) = attribute else { return Ok(None) };
    // A JWT has nothing to escape.
    if attribute.value.contains('&') { Err(Unread::Svg) } else { Ok(Some(attribute.value.into_owned())) }
}

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
const KEYWORD: &[u8] = b"openbadgecredential";
/// Of Open Badges 2.
const KEYWORD_2: &[u8] = b"openbadges";
const NAMESPACE: &str = "https://purl.imsglobal.org/ob/v3p0";

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::ZlibEncoder;

    use super::*;

    fn chunk(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let checked = [&kind[..], content].concat();
        let length = u32::try_from(content.len()).unwrap().to_be_bytes();
        [&length[..], &checked, &crc32fast::hash(&checked).to_be_bytes()].concat()
    }

    fn png(chunks: &[Vec<u8>]) -> Vec<u8> {
        [PNG, &chunk(b"IHDR", &[0; 13]), &chunks.concat(), &chunk(b"IEND", &[])].concat()
    }

    fn badge(text: &str, compressed: bool) -> Vec<u8> {
        let mut content = [KEYWORD, &[0, u8::from(compressed), 0], b"en\0\0"].concat();
        if compressed {
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(text.as_bytes()).unwrap();
            content.extend(encoder.finish().unwrap());
        } else {
            content.extend(text.as_bytes());
        }
        chunk(b"iTXt", &content)
    }

    fn svg(inner: &str) -> Vec<u8> {
        format!("<?xml version=\"1.0\"?>\n<!DOCTYPE svg [<!ENTITY a \"b\">]>\n<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:ob=\"{NAMESPACE}\">{inner}<g/></svg>").into_bytes()
    }

    fn found(document: &[u8]) -> Option<Result<String, Unread>> {
        unbake(document).map(|baked| baked.map(|baked| String::from_utf8(baked.credential).unwrap()))
    }

    #[test]
    fn pictures_with_a_credential() {
        let expected = Some(Ok("{\"a\":\"ü\"}".to_owned()));
        for compressed in [false, true] {
            assert_eq!(found(&png(&[badge("{\"a\":\"ü\"}", compressed)])), expected);
        }
        for inner in [
            "<ob:credential> <![CDATA[ {\"a\":\"ü\"} ]]> </ob:credential>",
            "<ob:credential>{&quot;a&quot;:\"&#252;\"}</ob:credential>",
            "<ob:credential verify='{\"a\":\"ü\"}'></ob:credential>",
            "<ob:credential verify='{\"a\":\"ü\"}'/>",
        ] {
            assert_eq!(found(&svg(inner)), expected, "{inner}");
        }
    }

    #[test]
    fn pictures_without_one() {
        for document in [
            png(&[]),
            png(&[chunk(b"iTXt", b"Title\0\0\0\0\0x")]),
            svg(""),
            svg("<credential/>"),
            b"<html>".to_vec(),
            PNG.to_vec(),
        ] {
            assert_eq!(found(&document), None);
        }
    }

    #[test]
    fn nothing_hides_after_an_end() {
        let mut content = [KEYWORD, &[0, 1, 0], b"en\0\0"].concat();
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(b"{}").unwrap();
        content.extend(encoder.finish().unwrap());
        assert_eq!(found(&png(&[chunk(b"iTXt", &content)])), Some(Ok("{}".to_owned())));
        content.extend(b"{\"another\":1}");
        assert_eq!(found(&png(&[chunk(b"iTXt", &content)])), Some(Err(Unread::AfterText)));
        for compressed in [false, true] {
            let hidden = badge("{}\0{\"another\":1}", compressed);
            assert_eq!(found(&png(&[hidden])), Some(Err(Unread::AfterText)));
        }
        let one = png(&[badge("{}", false)]);
        let baked = unbake(&[&one[..], b"more"].concat()).unwrap().unwrap();
        assert_eq!(baked.bytes_after, 4);
        assert_eq!(found(&[&one[..], &one].concat()), Some(Err(Unread::TwoCredentials)));
        assert_eq!(found(&[png(&[]), badge("{}", false)].concat()), Some(Err(Unread::Png)));
    }

    #[test]
    fn broken_ones() {
        let two = badge("{}", false);
        assert_eq!(found(&png(&[two.clone(), two.clone()])), Some(Err(Unread::TwoCredentials)));
        let mut flipped = png(std::slice::from_ref(&two));
        let place = flipped.windows(2).position(|window| window == b"{}").unwrap();
        flipped[place] ^= 1;
        assert_eq!(found(&flipped), Some(Err(Unread::Png)));
        let whole = png(std::slice::from_ref(&two));
        for length in 0..whole.len() {
            assert!(!matches!(found(&whole[..length]), Some(Ok(text)) if text != "{}"));
        }
        let bomb = badge(&" ".repeat(CREDENTIAL_BYTES_MAX + 1), true);
        assert!(bomb.len() < 10_000);
        assert!(matches!(found(&png(&[bomb])), Some(Err(Unread::TooLarge { .. }))));
        let json = "<ob:credential>{}</ob:credential>";
        assert_eq!(found(&svg(&json.repeat(2))), Some(Err(Unread::TwoCredentials)));
        for inner in [
            "<ob:credential>&a;</ob:credential>",
            "<ob:credential><g/></ob:credential>",
            "<ob:credential>",
            "<ob:credential verify='&a;'/>",
            "<ob:credential/>",
        ] {
            assert_eq!(found(&svg(inner)), Some(Err(Unread::Svg)), "{inner}");
        }
    }
}
