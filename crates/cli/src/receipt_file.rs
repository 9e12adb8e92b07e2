//! Receipts in files: JSON, binary, or the picture of a QR code; and where they lie beside their documents.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context;
use sanad_core::receipt::{
    RECEIPT_BINARY_SUFFIX, RECEIPT_JSON_BYTES_MAX, RECEIPT_JSON_SUFFIX, RECEIPT_MAGIC, Receipt, ReceiptForm,
};
use sanad_core::trust::TrustAnchor;
use sanad_qr::{PICTURE_BYTES_MAX, PictureKind};

use crate::files;

/// What the pictures of receipts end with: `ijazah.pdf` has `ijazah.pdf.receipt.png`.
pub(crate) const QR_SUFFIX: &str = ".receipt.png";

/// What receipts end with, in the order in which they are looked for.
const SUFFIXES: [&str; 3] = [RECEIPT_JSON_SUFFIX, RECEIPT_BINARY_SUFFIX, QR_SUFFIX];

/// Where a document's receipt of a form lies: `ijazah.json` has `ijazah.json.receipt.json`.
pub(crate) fn path_beside(document: &Path, form: ReceiptForm) -> PathBuf {
    with_suffix(document, form.suffix())
}

/// Where a document's receipt of the same form as another receipt lies.
pub(crate) fn path_like(receipt: &Path, document: &Path) -> PathBuf {
    with_suffix(document, suffix_of(receipt).unwrap_or(RECEIPT_JSON_SUFFIX))
}

/// The receipts beside a document, in whatever form they are there.
pub(crate) fn all_beside(document: &Path) -> impl Iterator<Item = PathBuf> {
    SUFFIXES.map(|suffix| with_suffix(document, suffix)).into_iter().filter(|place| place.exists())
}

/// The first of [`all_beside`]; where there are none, the place of the JSON form.
pub(crate) fn find_beside(document: &Path) -> PathBuf {
    all_beside(document).next().unwrap_or_else(|| path_beside(document, ReceiptForm::Json))
}

/// Whether a file is a receipt, by its name.
pub(crate) fn is_receipt(path: &Path) -> bool {
    suffix_of(path).is_some()
}

/// Whether a file is the picture of a receipt, by its name.
pub(crate) fn is_qr(path: &Path) -> bool {
    suffix_of(path) == Some(QR_SUFFIX)
}

/// The bytes of a receipt in one of its two forms, from a file, standard input (`-`), or a QR code in a picture.
pub(crate) fn read_bytes(path: &Path) -> anyhow::Result<Vec<u8>> {
    let bytes = files::read_input(path, RECEIPT_FILE_BYTES_MAX)?;
    if PictureKind::of(&bytes).is_none() {
        return Ok(bytes);
    }
    let started = Instant::now();
    let late = || started.elapsed() > PICTURE_TIME_MAX;
    sanad_qr::read(&bytes, &late, &|code| code.starts_with(&RECEIPT_MAGIC))
        .with_context(|| format!("{} gives no receipt", path.display()))
}

/// Reads a receipt in any form.
pub(crate) fn read(path: &Path, anchor: &TrustAnchor) -> anyhow::Result<Receipt> {
    let bytes = read_bytes(path)?;
    Receipt::from_bytes(&bytes, anchor).with_context(|| format!("{} is not a receipt", path.display()))
}

/// The bytes of a receipt in a form. A binary one is of a receipt that holds.
pub(crate) fn encode(receipt: &Receipt, form: ReceiptForm, anchor: &TrustAnchor) -> anyhow::Result<Vec<u8>> {
    match form {
        ReceiptForm::Json => Ok(receipt.to_json().into_bytes()),
        ReceiptForm::Binary => {
            receipt.to_binary(anchor).context("only a receipt that holds has a binary form")
        }
    }
}

/// The name of the picture of a receipt: `ijazah.pdf.receipt.json` has `ijazah.pdf.receipt.png`.
pub(crate) fn qr_name(receipt: &Path) -> Option<OsString> {
    let name = receipt.file_name()?;
    let suffix = suffix_of(receipt)?;
    let document = name.to_str()?.strip_suffix(suffix)?;
    Some(format!("{document}{QR_SUFFIX}").into())
}

fn suffix_of(path: &Path) -> Option<&'static str> {
    let name = path.as_os_str().as_encoded_bytes();
    SUFFIXES.into_iter().find(|suffix| name.ends_with(suffix.as_bytes()))
}

fn with_suffix(document: &Path, suffix: &str) -> PathBuf {
    let mut path = OsString::from(document);
    path.push(suffix);
    path.into()
}

/// Longest file that is looked into for a receipt, in bytes: a picture, or a receipt in either form.
const RECEIPT_FILE_BYTES_MAX: usize =
    if PICTURE_BYTES_MAX > RECEIPT_JSON_BYTES_MAX { PICTURE_BYTES_MAX } else { RECEIPT_JSON_BYTES_MAX };
/// How long a code is looked for in a picture.
const PICTURE_TIME_MAX: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn receipts_stand_beside_their_documents() {
        let folder = tempfile::tempdir().unwrap();
        let document = folder.path().join("ijazah.pdf");
        let json = path_beside(&document, ReceiptForm::Json);
        assert_eq!(json, folder.path().join("ijazah.pdf.receipt.json"));
        assert_eq!(find_beside(&document), json);
        for name in ["ijazah.pdf.receipt.png", "ijazah.pdf.receipt", "ijazah.pdf.receipt.json"] {
            let path = folder.path().join(name);
            std::fs::write(&path, "").unwrap();
            assert_eq!(find_beside(&document), path);
            assert!(is_receipt(&path));
        }
        assert!(!is_receipt(&document));
    }
}
