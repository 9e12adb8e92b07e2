//! Credential and receipt inside a PDF, which may be anything that a stranger sends.

use std::collections::{BTreeMap, BTreeSet};

use lopdf::{Dictionary, Document, LoadOptions, Object};
use sanad_core::receipt::Receipt;

use crate::endorsements::{self, EndorsementsError};
use crate::sealed::{Contents, PART_BYTES_MAX, is_file_name};

/// Longest PDF that is looked into, in bytes (4 MiB): a certificate has some 100 KB.
pub const PDF_BYTES_MAX: usize = 4 << 20;

/// Why a PDF gave no credential. None of these says anything against a credential.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AttachmentError {
    /// Too long.
    #[error("the PDF has {actual} bytes; at most {PDF_BYTES_MAX} are looked into")]
    TooLong {
        /// Length.
        actual: usize,
    },
    /// It cannot be read.
    #[error("the PDF is damaged")]
    Damaged(#[source] Box<lopdf::Error>),
    /// It is encrypted, if only with an empty password.
    #[error("the PDF is encrypted; save it without a password")]
    Encrypted,
    /// More streams than a certificate has.
    #[error("the PDF has more than {STREAMS_MAX} streams; it is not a certificate of this ledger")]
    Streams,
    /// Nothing is attached.
    #[error(
        "the PDF has no attachments: it is not a certificate of this ledger, or was printed anew; ask for the original file, or \
         photograph its codes"
    )]
    None,
    /// Not two, nor those and the ZIP of endorsements.
    #[error(
        "the PDF has {count} attachments; a certificate has two, one credential and its receipt, and perhaps a ZIP of endorsements"
    )]
    Count {
        /// How many.
        count: usize,
    },
    /// The ZIP of endorsements is not one.
    #[error("the endorsements that are attached cannot be read")]
    Endorsements(#[from] EndorsementsError),
    /// An attachment inflates to more than a certificate holds, or is damaged.
    #[error("an attachment is damaged, or has more than {PART_BYTES_MAX} bytes")]
    Attachment,
    /// Neither is a receipt.
    #[error("neither of the two attachments is a receipt")]
    NoReceipt,
    /// Both are.
    #[error("both attachments are receipts, and there is no credential")]
    TwoReceipts,
    /// Somebody added to the file, and changed what is attached, or hid where the file of before ends.
    #[error("the attachments differ between the revisions of the PDF: it was changed after it was made")]
    Revisions,
    /// Too often added to.
    #[error("the PDF was changed more than {REVISIONS_MAX} times")]
    ManyRevisions,
}

/// Credential and receipt of a certificate. Nothing of them is verified yet, and nothing of the page is looked at.
///
/// # Errors
/// [`AttachmentError`].
pub fn extract(pdf: &[u8]) -> Result<Contents, AttachmentError> {
    if pdf.len() > PDF_BYTES_MAX {
        return Err(AttachmentError::TooLong { actual: pdf.len() });
    }
    let ends: Vec<usize> = ends_of_revisions(pdf).collect();
    if ends.len() > REVISIONS_MAX {
        return Err(AttachmentError::ManyRevisions);
    }
    // Repairs could find another attachment than a stricter reader.
    let options = LoadOptions {
        max_decompressed_size: Some(inflated_max(pdf)?),
        strict: true,
        ..LoadOptions::default()
    };
    let load = |bytes: &[u8]| Document::load_mem_with_options(bytes, options.clone());
    let whole = load(pdf).map_err(|error| AttachmentError::Damaged(error.into()))?;
    let files = attached(&whole)?;
    let mut sorted = files.clone();
    sorted.sort_unstable();
    let mut tables = BTreeSet::from([whole.xref_start]);
    // The last end is that of the whole file.
    for end in ends.iter().rev().skip(1) {
        // What cannot be read by itself is no revision: the mark stands inside something else, or the file is linearised.
        let Ok(revision) = load(&pdf[..*end]) else { continue };
        match attached(&revision) {
            Ok(mut earlier) => {
                // Whoever rewrites a file may number its objects anew.
                earlier.sort_unstable();
                if earlier != sorted {
                    return Err(AttachmentError::Revisions);
                }
            }
            // The first part of a linearised file has its objects further on.
            Err(AttachmentError::None) if revision.objects.is_empty() => {}
            _ => return Err(AttachmentError::Revisions),
        }
        tables.insert(revision.xref_start);
    }
    // A revision whose end is not marked was not looked at. A linearised one has its table in two sections.
    let sections = tables.len() + usize::from(is_linearized(pdf, &ends, &tables));
    if whole.xref_section_count > sections {
        return Err(AttachmentError::Revisions);
    }
    pick(files)
}

/// Whether the first revision is linearised (ISO 32000-1, Annex F): as long as its first object says, and with a first section of its
/// table in front, which leads to the second one further on. In a revision that updates another, the way is back.
fn is_linearized(pdf: &[u8], ends: &[usize], tables: &BTreeSet<usize>) -> bool {
    let number = |text: &[u8], name: &[u8]| {
        let mut places = text.windows(name.len()).enumerate().filter(|(_, window)| *window == name);
        let (place, _) = places.next().filter(|_| places.next().is_none())?;
        let digits = text[place + name.len()..].trim_ascii_start();
        let length = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
        std::str::from_utf8(&digits[..length]).ok()?.parse::<usize>().ok()
    };
    let first = &pdf[..pdf.len().min(LINEARIZATION_BYTES_MAX)];
    let first = &first[..first.windows(6).position(|window| window == b"endobj").unwrap_or(0)];
    let Some(length) = number(first, b"/L ").filter(|_| number(first, b"/Linearized") == Some(1)) else {
        return false;
    };
    // The mark may be followed by the end of its line.
    let is_end = ends.iter().skip(1).any(|end| (*end..=end + 2).contains(&length));
    let leads_on = |start: &usize| {
        let section = ends.first().and_then(|end| pdf.get(*start..*end));
        section.and_then(|section| number(section, b"/Prev")).is_some_and(|next| next > *start)
    };
    is_end && tables.iter().any(leads_on)
}

/// Most bytes that one stream may inflate to while the file is read, so that all together stay within bounds.
fn inflated_max(pdf: &[u8]) -> Result<usize, AttachmentError> {
    let word = b"endstream";
    let streams = pdf.windows(word.len()).filter(|window| window == word).count();
    if streams > STREAMS_MAX {
        return Err(AttachmentError::Streams);
    }
    Ok(INFLATED_BYTES_MAX / streams.max(1))
}

fn ends_of_revisions(pdf: &[u8]) -> impl Iterator<Item = usize> {
    let mark = b"%%EOF";
    let places = pdf.windows(mark.len()).enumerate().filter(move |(_, window)| window == mark);
    places.map(move |(place, _)| place + mark.len())
}

/// The attached files by name and content, from every file specification, whatever refers to it.
fn attached(document: &Document) -> Result<Vec<(String, Vec<u8>)>, AttachmentError> {
    if document.trailer.has(b"Encrypt") || document.is_encrypted() || document.was_encrypted() {
        return Err(AttachmentError::Encrypted);
    }
    // By the stream, since two specifications may share one.
    let mut streams = BTreeMap::new();
    for object in document.objects.values() {
        find_specifications(object, document, 0, &mut streams);
    }
    match streams.len() {
        0 => return Err(AttachmentError::None),
        2 | 3 => {}
        count => return Err(AttachmentError::Count { count }),
    }
    let mut files = Vec::with_capacity(streams.len());
    for (id, name) in streams {
        let stream =
            document.get_object(id).and_then(Object::as_stream).map_err(|_| AttachmentError::Attachment)?;
        let is_plain = match stream.filters() {
            Ok(filters) => matches!(filters[..], [] | [b"FlateDecode"]),
            Err(_) => !stream.dict.has(b"Filter"),
        };
        let content = stream.get_plain_content_with_limit(PART_BYTES_MAX);
        files.push((name, content.ok().filter(|_| is_plain).ok_or(AttachmentError::Attachment)?));
    }
    Ok(files)
}

/// Notes the embedded files of a specification, which may stand inside other objects.
fn find_specifications(
    object: &Object,
    document: &Document,
    depth: usize,
    streams: &mut BTreeMap<lopdf::ObjectId, String>,
) {
    if depth > DEPTH_MAX || streams.len() > ATTACHMENTS_COUNTED_MAX {
        return;
    }
    let mut inside = |object: &Object| find_specifications(object, document, depth + 1, streams);
    let dictionary = match object {
        Object::Array(array) => return array.iter().for_each(inside),
        Object::Dictionary(dictionary) => dictionary,
        Object::Stream(stream) => &stream.dict,
        _ => return,
    };
    dictionary.iter().for_each(|(_, value)| inside(value));
    let Ok(Object::Dictionary(files)) = dictionary.get_deref(b"EF", document) else { return };
    for (_, file) in files.iter() {
        if let Ok(id) = file.as_reference() {
            streams.insert(id, name_of(dictionary));
        }
    }
}

fn name_of(specification: &Dictionary) -> String {
    let name = specification.get(b"UF").or_else(|_| specification.get(b"F"));
    let name = name.ok().and_then(|name| lopdf::decode_text_string(name).ok());
    name.filter(|name| is_file_name(name)).unwrap_or_else(|| "credential".to_owned())
}

fn pick(files: Vec<(String, Vec<u8>)>) -> Result<Contents, AttachmentError> {
    let count = files.len();
    let (receipts, mut documents): (Vec<_>, Vec<_>) =
        files.into_iter().partition(|(_, file)| Receipt::is_claimed(file));
    let mut endorsements = Vec::new();
    if count > 2 {
        // Where both could be the ZIP, or neither, two readers could differ.
        let mut zips = (0..documents.len()).filter(|place| endorsements::is_claimed(&documents[*place].1));
        let (Some(place), None) = (zips.next(), zips.next()) else {
            return Err(AttachmentError::Count { count });
        };
        endorsements = endorsements::of_zip(&documents.remove(place).1)?;
    }
    match (<[_; 1]>::try_from(documents), <[_; 1]>::try_from(receipts)) {
        (Ok([(name, document)]), Ok([(_, receipt)])) => {
            Ok(Contents { name, document, receipt, endorsements })
        }
        (Err(documents), _) if documents.is_empty() => Err(AttachmentError::TwoReceipts),
        _ => Err(AttachmentError::NoReceipt),
    }
}

/// Most bytes that all streams together inflate to while the file is read (8 MiB).
const INFLATED_BYTES_MAX: usize = 8 << 20;
/// Most streams of a file.
const STREAMS_MAX: usize = 1024;
/// Most revisions of a file: an electronic signature adds one.
const REVISIONS_MAX: usize = 16;
/// Where the first object of a linearised file ends at the latest (ISO 32000-1, F.3.3), in bytes.
const LINEARIZATION_BYTES_MAX: usize = 1024;
/// How deep dictionaries are looked into.
const DEPTH_MAX: usize = 16;
/// Attachments beyond this number are not counted.
const ATTACHMENTS_COUNTED_MAX: usize = 64;
