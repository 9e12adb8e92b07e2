//! Boxes: credential and receipt, and endorsements if there are some, encrypted for the issuer's web site.

use aes_gcm::aead::{Aead as _, Payload};
use aes_gcm::{Aes256Gcm, KeyInit as _};
use sanad_core::text::check_text;

use crate::endorsements::{self, ENDORSEMENTS_MAX, EndorsementFile};
use crate::link::{BoxId, LinkKey};

/// What a box begins with.
pub const BOX_MAGIC: [u8; 4] = [0xf5, b's', b'n', b'b'];
/// The newest version of boxes, of those with endorsements; those without are of version 1.
pub const BOX_VERSION_MAX: u8 = 2;
/// Longest credential or receipt in a box or in a PDF, in bytes (1 MiB).
pub const PART_BYTES_MAX: usize = 1 << 20;
/// Longest box, in bytes.
pub const BOX_BYTES_MAX: usize =
    (1 + NAME_BYTES_MAX + 2 * (4 + PART_BYTES_MAX)).next_multiple_of(PADDING_BYTES) + START_BYTES + TAG_BYTES;

/// What a box or a certificate holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// File name of the document.
    pub name: String,
    /// The credential, as it was issued.
    pub document: Vec<u8>,
    /// Its receipt, in either form.
    pub receipt: Vec<u8>,
    /// Endorsements of it.
    pub endorsements: Vec<EndorsementFile>,
}

/// Why a box was not made or not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BoxError {
    /// Something else.
    #[error("not a box")]
    NotABox,
    /// Too long or too short.
    #[error("the box has {actual} bytes; boxes have from {least} to {BOX_BYTES_MAX}")]
    Length {
        /// Length.
        actual: usize,
        /// Fewest bytes.
        least: usize,
    },
    /// A version that this program does not know.
    #[error("the box is of version {0}: it needs a newer verifier")]
    Version(u8),
    /// The key is another one, or the box was changed.
    #[error("the box does not open with this key: it belongs to another link, or was changed")]
    Refused,
    /// What is inside has another form.
    #[error("the box has another form inside than its version has")]
    Form,
    /// The name of the document is none for a file.
    #[error("the document's name is not a file name of 1 to {NAME_BYTES_MAX} bytes")]
    Name,
    /// More endorsements than a box holds, or what is none.
    #[error(
        "the endorsements do not fit: 1 to {ENDORSEMENTS_MAX}, up to {PART_BYTES_MAX} bytes as a ZIP, with one receipt each"
    )]
    Endorsements,
    /// Nothing, or too much, to put in.
    #[error("a document or receipt of {actual} bytes; a box holds 1 to {PART_BYTES_MAX} of each")]
    Part {
        /// Length.
        actual: usize,
    },
}

/// Whether bytes say that they are a box.
#[must_use]
pub fn is_box(bytes: &[u8]) -> bool {
    bytes.starts_with(&BOX_MAGIC)
}

/// The box of a link. Equal contents give equal boxes, and no two contents share a nonce.
///
/// # Errors
/// [`BoxError::Name`] or [`BoxError::Part`].
pub fn seal(key: &LinkKey, contents: &Contents) -> Result<Vec<u8>, BoxError> {
    let text = encode(contents)?;
    let actual = START_BYTES + text.len() + TAG_BYTES;
    if actual > BOX_BYTES_MAX {
        return Err(BoxError::Length { actual, least: 0 });
    }
    let nonce = key.nonce_of(&text);
    let start = additional_data(key.box_id(), version_of(contents));
    let payload = Payload { msg: &text, aad: &start };
    let sealed = cipher(key).encrypt(&nonce.into(), payload).map_err(|_| BoxError::Refused)?;
    Ok([&start[..START_BYTES - nonce.len()], &nonce[..], &sealed[..]].concat())
}

/// What is in a box. Nothing of it is verified yet.
///
/// # Errors
/// [`BoxError`].
pub fn open(key: &LinkKey, bytes: &[u8]) -> Result<Contents, BoxError> {
    if !is_box(bytes) {
        return Err(BoxError::NotABox);
    }
    let least = START_BYTES + PADDING_BYTES + TAG_BYTES;
    if !(least..=BOX_BYTES_MAX).contains(&bytes.len()) {
        return Err(BoxError::Length { actual: bytes.len(), least });
    }
    let version = bytes[BOX_MAGIC.len()];
    if !(1..=BOX_VERSION_MAX).contains(&version) {
        return Err(BoxError::Version(version));
    }
    let (start, sealed) = bytes.split_at(START_BYTES);
    let (_, nonce) = start.split_last_chunk::<12>().ok_or(BoxError::Form)?;
    let payload = Payload { msg: sealed, aad: &additional_data(key.box_id(), version) };
    let text = cipher(key).decrypt(nonce.into(), payload).map_err(|_| BoxError::Refused)?;
    decode(&text, version).ok_or(BoxError::Form)
}

fn cipher(key: &LinkKey) -> Aes256Gcm {
    Aes256Gcm::new(&key.box_key().into())
}

/// Magic, version and id.
fn additional_data(id: BoxId, version: u8) -> [u8; 21] {
    let mut data = [0; 21];
    data[..4].copy_from_slice(&BOX_MAGIC);
    data[4] = version;
    data[5..].copy_from_slice(&id.0);
    data
}

/// Readers who know version 1 alone read every box that has nothing new in it.
fn version_of(contents: &Contents) -> u8 {
    if contents.endorsements.is_empty() { 1 } else { 2 }
}

fn encode(contents: &Contents) -> Result<Vec<u8>, BoxError> {
    let Contents { name, document, receipt, endorsements } = contents;
    let endorsements = match endorsements.is_empty() {
        true => None,
        false => Some(endorsements::to_zip(endorsements).map_err(|_| BoxError::Endorsements)?),
    };
    let name_bytes = u8::try_from(name.len()).map_err(|_| BoxError::Name)?;
    if !is_file_name(name) {
        return Err(BoxError::Name);
    }
    let mut text =
        Vec::with_capacity((name.len() + document.len() + receipt.len()).next_multiple_of(PADDING_BYTES));
    text.push(name_bytes);
    text.extend_from_slice(name.as_bytes());
    for part in [document, receipt].into_iter().chain(&endorsements) {
        let length = u32::try_from(part.len()).ok().filter(|_| (1..=PART_BYTES_MAX).contains(&part.len()));
        text.extend(length.ok_or(BoxError::Part { actual: part.len() })?.to_be_bytes());
        text.extend_from_slice(part);
    }
    text.resize(text.len().next_multiple_of(PADDING_BYTES), 0);
    Ok(text)
}

fn decode(text: &[u8], version: u8) -> Option<Contents> {
    let (name_bytes, rest) = text.split_first()?;
    let (name, rest) = rest.split_at_checked(usize::from(*name_bytes))?;
    let name = std::str::from_utf8(name).ok().filter(|name| is_file_name(name))?;
    let (document, rest) = part(rest)?;
    let (receipt, rest) = part(rest)?;
    let (endorsements, padding) = match version {
        1 => (Vec::new(), rest),
        _ => {
            let (zip, padding) = part(rest)?;
            (endorsements::of_zip(zip).ok()?, padding)
        }
    };
    let is_padding = padding.len() < PADDING_BYTES && padding.iter().all(|byte| *byte == 0);
    let fits = text.len().is_multiple_of(PADDING_BYTES) && is_padding;
    let (document, receipt) = (document.to_vec(), receipt.to_vec());
    fits.then(|| Contents { name: name.to_owned(), document, receipt, endorsements })
}

fn part(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    (1..=PART_BYTES_MAX).contains(&length).then(|| rest.split_at_checked(length))?
}

/// Whether a file can be saved under the name without leaving its folder or hiding.
pub(crate) fn is_file_name(name: &str) -> bool {
    (1..=NAME_BYTES_MAX).contains(&name.len())
        && check_text(name).is_ok()
        && !name.starts_with('.')
        && !name.contains(['/', '\\'])
}

/// Longest name of a document, in bytes.
const NAME_BYTES_MAX: usize = 255;
/// The text inside is padded to a multiple of this, in bytes: lengths of names do not show.
const PADDING_BYTES: usize = 1024;
/// Magic, version and nonce.
const START_BYTES: usize = 4 + 1 + 12;
/// The tag of AES-GCM, in bytes.
const TAG_BYTES: usize = 16;

#[cfg(test)]
mod tests {
    use sanad_core::commitment::Secret;

    use super::*;

    fn key(seed: u8) -> LinkKey {
        LinkKey::of_credential(&Secret([seed; 32]), &[seed; 32])
    }

    fn contents() -> Contents {
        let (document, receipt) = (b"{}".to_vec(), b"\xf5snd".to_vec());
        Contents { name: "ijazah.json".into(), document, receipt, endorsements: Vec::new() }
    }

    #[test]
    fn a_box_opens_with_its_key_alone() {
        let sealed = seal(&key(1), &contents()).unwrap();
        assert_eq!(sealed.len(), 17 + 1024 + 16);
        assert_eq!(open(&key(1), &sealed), Ok(contents()));
        assert_eq!(open(&key(2), &sealed), Err(BoxError::Refused));
        assert_eq!(seal(&key(1), &contents()), Ok(sealed.clone()), "equal contents give equal boxes");
        let renewed = Contents { receipt: b"\xf5sne".to_vec(), ..contents() };
        assert_ne!(seal(&key(1), &renewed).unwrap()[..17], sealed[..17], "another text has another nonce");
    }

    #[test]
    fn endorsements_make_a_box_of_version_two() {
        let endorsement = |name: &str| EndorsementFile {
            name: name.into(),
            document: br#"{"type":"EndorsementCredential"}"#.to_vec(),
            receipt: b"\xf5snd\x01".to_vec(),
        };
        let with =
            Contents { endorsements: vec![endorsement("a.json"), endorsement("b.json")], ..contents() };
        let sealed = seal(&key(1), &with).unwrap();
        assert_eq!((sealed[4], open(&key(1), &sealed)), (2, Ok(with)));
        assert_eq!(seal(&key(1), &contents()).unwrap()[4], 1, "others stay what they were");
        // The version is under the seal.
        let mut older = sealed;
        older[4] = 1;
        assert_eq!(open(&key(1), &older), Err(BoxError::Refused));
        older[4] = 3;
        assert_eq!(open(&key(1), &older), Err(BoxError::Version(3)));
        let most = (0..=ENDORSEMENTS_MAX).map(|number| endorsement(&number.to_string())).collect();
        let fault = seal(&key(1), &Contents { endorsements: most, ..contents() }).unwrap_err();
        assert_eq!(fault, BoxError::Endorsements);
        // Together they keep to the length of boxes, which readers look at before they take memory.
        let part = vec![1; PART_BYTES_MAX];
        let full = Contents {
            document: part.clone(),
            receipt: part,
            endorsements: (0..ENDORSEMENTS_MAX).map(|number| endorsement(&number.to_string())).collect(),
            ..contents()
        };
        assert!(matches!(seal(&key(1), &full), Err(BoxError::Length { .. })));
    }

    #[test]
    fn every_byte_is_covered() {
        let sealed = seal(&key(1), &contents()).unwrap();
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert!(open(&key(1), &changed).is_err(), "byte {place}");
        }
        for length in [0, 3, 4, 5, 17, 33, sealed.len() - 1] {
            assert!(open(&key(1), &sealed[..length]).is_err(), "{length} bytes");
        }
        let longer = [&sealed[..], &[0]].concat();
        assert_eq!(open(&key(1), &longer), Err(BoxError::Refused));
        let too_long = [&BOX_MAGIC[..], &vec![1; BOX_BYTES_MAX]].concat();
        assert!(matches!(open(&key(1), &too_long), Err(BoxError::Length { .. })));
    }

    #[test]
    fn the_longest_box_is_as_the_page_says() {
        assert_eq!(BOX_BYTES_MAX, 2_098_209);
        let part = vec![1; PART_BYTES_MAX];
        let name = "n".repeat(NAME_BYTES_MAX);
        let most = Contents { name, document: part.clone(), receipt: part, endorsements: Vec::new() };
        let sealed = seal(&key(1), &most).unwrap();
        assert_eq!(sealed.len(), BOX_BYTES_MAX);
        assert_eq!(open(&key(1), &sealed), Ok(most));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for name in ["", "../x", ".x", "a\\b", "a\u{202e}b", "a\nb"] {
            assert_eq!(seal(&key(1), &Contents { name: name.into(), ..contents() }), Err(BoxError::Name));
        }
        let empty = Contents { document: Vec::new(), ..contents() };
        assert_eq!(seal(&key(1), &empty), Err(BoxError::Part { actual: 0 }));
        let long = Contents { receipt: vec![0; PART_BYTES_MAX + 1], ..contents() };
        assert_eq!(seal(&key(1), &long), Err(BoxError::Part { actual: PART_BYTES_MAX + 1 }));
    }

    #[test]
    fn other_forms_inside_are_refused() {
        let text = encode(&contents()).unwrap();
        assert_eq!(decode(&text, 1), Some(contents()));
        assert_eq!(decode(&text, 2), None, "the endorsements are missing");
        let mut padded = text.clone();
        padded[1000] = 1;
        let page_more = [&text[..], &[0; 1024]].concat();
        for other in [&text[..1023], &padded, &page_more, &[0; 1024], &[255; 1024]] {
            assert_eq!(decode(other, 1), None);
        }
    }
}
