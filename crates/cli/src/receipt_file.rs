//! Receipts in files: JSON, binary, or the picture of a QR code, which this program reads.

use std::path::Path;

use sanad_core::receipt::{Receipt, ReceiptForm};
use sanad_core::trust::TrustAnchor;
use sanad_issuer::{PictureReader, RECEIPT_FILE_BYTES_MAX, encode_receipt, read_receipt, read_receipt_bytes};
pub(crate) use sanad_issuer::{find_beside, is_picture_name as is_qr, is_receipt_name as is_receipt};

use crate::qr;

const _: () = assert!(qr::PNG_BYTES_MAX <= RECEIPT_FILE_BYTES_MAX);

/// Reads a receipt out of a PNG.
pub(crate) const PICTURES: PictureReader =
    |bytes| qr::is_png(bytes).then(|| qr::read_png(bytes).map_err(Into::into));

/// The bytes of a receipt in one of its two forms, from a file, standard input (`-`), or a QR code in a PNG.
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
