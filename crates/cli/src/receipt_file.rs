//! Receipts in files: JSON, binary, or the picture of a QR code, which this program reads.

use std::ffi::OsString;
use std::path::Path;
use std::time::{Duration, Instant};

use sanad_core::receipt::{RECEIPT_MAGIC, Receipt, ReceiptForm};
use sanad_core::trust::TrustAnchor;
use sanad_issuer::{
    PictureReader, QR_SUFFIX, RECEIPT_FILE_BYTES_MAX, encode_receipt, read_receipt, read_receipt_bytes,
};
pub(crate) use sanad_issuer::{find_beside, is_picture_name as is_qr, is_receipt_name as is_receipt};
use sanad_qr::{PICTURE_BYTES_MAX, PictureKind};

const _: () = assert!(PICTURE_BYTES_MAX <= RECEIPT_FILE_BYTES_MAX);

/// Reads a receipt out of a picture.
pub(crate) const PICTURES: PictureReader = |bytes| {
    PictureKind::of(bytes)?;
    let started = Instant::now();
    let late = || started.elapsed() > PICTURE_TIME_MAX;
    let read = sanad_qr::read(bytes, &late, &|code| code.starts_with(&RECEIPT_MAGIC));
    Some(read.map_err(Into::into))
};

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
