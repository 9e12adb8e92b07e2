//! Receipts in files: JSON, binary, the picture of a QR code, the text of one, or a certificate in PDF.

use std::cell::RefCell;
use std::ffi::OsString;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use sanad_certificate::Code;
use sanad_core::receipt::{RECEIPT_MAGIC, Receipt, ReceiptForm};
use sanad_core::trust::TrustAnchor;
use sanad_issuer::{
    PictureReader, QR_SUFFIX, RECEIPT_FILE_BYTES_MAX, encode_receipt, read_receipt, read_receipt_bytes,
};
pub(crate) use sanad_issuer::{find_beside, is_picture_name as is_qr, is_receipt_name as is_receipt};
use sanad_qr::{PICTURE_BYTES_MAX, PictureKind, ReadError};

const _: () = assert!(PICTURE_BYTES_MAX <= RECEIPT_FILE_BYTES_MAX);

/// Reads a receipt out of a picture, the text of an offline code, or a certificate in PDF.
pub(crate) const PICTURES: PictureReader = |bytes| {
    match PictureKind::of(bytes) {
        Some(PictureKind::Pdf) => {
            let contents = sanad_certificate::extract(bytes).map_err(Into::into);
            return Some(contents.map(|contents| contents.receipt));
        }
        Some(_) => {}
        None if Code::is_claimed(bytes) => {}
        None => return None,
    }
    Some(match code_in(bytes, Wanted::Receipt) {
        Ok(Code::Receipt(receipt)) => Ok(receipt),
        Ok(Code::Link(_)) => Err(LINK_ONLY.into()),
        Err(error) => Err(error.into()),
    })
};

/// Which code counts where a picture shows both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    Receipt,
    Link,
}

/// The code in a picture, or in a text; the other one if the one that is wanted is not there.
pub(crate) fn code_in(bytes: &[u8], wanted: Wanted) -> anyhow::Result<Code> {
    Ok(codes_in(bytes, wanted)?.0)
}

/// The same, and the other one if it was seen beside it; it is not looked for.
pub(crate) fn codes_in(bytes: &[u8], wanted: Wanted) -> anyhow::Result<(Code, Option<Code>)> {
    if PictureKind::of(bytes).is_none() {
        return Ok((Code::read(bytes)?, None));
    }
    let started = Instant::now();
    let late = || started.elapsed() > PICTURE_TIME_MAX;
    let others = RefCell::new(Vec::new());
    let is_wanted = |bytes: &[u8]| match (code_of(bytes), wanted) {
        (Some(Code::Receipt(_)), Wanted::Receipt) | (Some(Code::Link(_)), Wanted::Link) => true,
        (Some(code), _) => {
            let mut others = others.borrow_mut();
            if !others.contains(&code) {
                others.push(code);
            }
            false
        }
        (None, _) => false,
    };
    let read = sanad_qr::read(bytes, &late, &is_wanted);
    let mut others = others.into_inner();
    // Two of one kind are not of one credential, whichever is wanted.
    if others.len() > 1 {
        return Err(ReadError::Several { count: others.len() }.into());
    }
    match read {
        Ok(content) => Ok((code_of(&content).context("neither a receipt nor a link")?, others.pop())),
        Err(error @ ReadError::Several { .. }) => Err(error.into()),
        Err(error) => Ok((others.pop().ok_or(error)?, None)),
    }
}

/// What the content of a QR code is: a receipt as bytes, an offline code or a link.
fn code_of(content: &[u8]) -> Option<Code> {
    match content.starts_with(&RECEIPT_MAGIC) {
        true => Some(Code::Receipt(content.to_vec())),
        false => Code::read(content).ok(),
    }
}

/// The bytes of a receipt in one of its two forms, from a file, standard input (`-`), or a QR code in a picture.
pub(crate) fn read_bytes(path: &Path) -> anyhow::Result<Vec<u8>> {
    Ok(read_receipt_bytes(path, Some(PICTURES))?)
}

/// Reads a receipt in any form.
pub(crate) fn read(path: &Path, anchor: &TrustAnchor) -> anyhow::Result<Receipt> {
    Ok(read_receipt(path, anchor, Some(PICTURES))?)
}

/// The bytes of a receipt in a form. A binary one is of a receipt that holds.
pub(crate) fn encode(receipt: &Receipt, form: ReceiptForm, anchor: &TrustAnchor) -> anyhow::Result<Vec<u8>> {
    Ok(encode_receipt(receipt, form, anchor)?)
}

/// The name of the picture of a receipt: `ijazah.pdf.receipt.json` has `ijazah.pdf.receipt.png`.
pub(crate) fn qr_name(receipt: &Path) -> Option<OsString> {
    let document = sanad_issuer::document_of(receipt)?;
    let mut name = document.file_name()?.to_owned();
    name.push(QR_SUFFIX);
    Some(name)
}

/// How long a code is looked for in a picture.
const PICTURE_TIME_MAX: Duration = Duration::from_secs(2);
const LINK_ONLY: &str = "the code is a link, not a receipt; see `sanad verify --help`";
