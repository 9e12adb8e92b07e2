//! Receipts in files: JSON, binary, or the picture of a QR code.

use std::path::{Path, PathBuf};

use sanad_core::receipt::{Receipt, ReceiptFault, ReceiptForm, ReceiptFormatError};
use sanad_core::trust::TrustAnchor;

use crate::content::PictureReader;
use crate::files::{self, FileError};

/// Longest file that is looked into for a receipt, in bytes: a picture, or a receipt in either form.
pub const RECEIPT_FILE_BYTES_MAX: usize = 16 << 20;

/// Why a receipt is not read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiptError {
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A picture holds no receipt.
    #[error("{} does not hold a receipt", path.display())]
    Picture {
        /// The picture.
        path: PathBuf,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The file is no receipt.
    #[error("{} is not a receipt", path.display())]
    NotAReceipt {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<ReceiptFormatError>,
    },
    /// A receipt of another chain is in the way.
    #[error("{} is a receipt of another chain; move it away first", .0.display())]
    AnotherChain(PathBuf),
    /// The receipt is not that of the document beside it.
    #[error("{} does not belong to its document as it is now; move it away first", path.display())]
    AnotherDocument {
        /// The receipt.
        path: PathBuf,
        /// Why.
        source: Box<ReceiptFault>,
    },
    /// The receipt of another issuance of the same document is in the way.
    #[error("{} exists already, of another issuance; move it away first", .0.display())]
    AnotherIssuance(PathBuf),
    /// An older receipt cannot be kept under another name.
    #[error("{} cannot be renamed to {}", from.display(), to.display())]
    NotSetAside {
        /// The receipt.
        from: PathBuf,
        /// Its new name.
        to: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The secret of a document was damaged in its pending file.
    #[error(
        "its secret in the pending file is damaged, and without it the document cannot be proved; put the file back from \
         a copy, or move it away and issue the document anew"
    )]
    Damaged,
    /// A pending file names a document in a folder that is neither its own nor named by the user.
    #[error(
        "{} is not in the folder of the pending file; name it, too: `sanad issue --resume FILE {}`, or give another with \
         --receipts DIR", folder.display(), folder.display()
    )]
    Outside {
        /// The folder.
        folder: PathBuf,
    },
    /// A receipt that does not hold has no binary form.
    #[error("only a receipt that holds has a binary form")]
    NoBinaryForm(#[source] Box<ReceiptFault>),
}

/// The bytes of a receipt in one of its two forms, from a file, standard input (`-`), or a QR code in a picture if
/// there is a reader for them.
///
/// # Errors
/// [`ReceiptError`].
pub fn read_receipt_bytes(path: &Path, pictures: Option<PictureReader>) -> Result<Vec<u8>, ReceiptError> {
    let bytes = files::read_input(path, RECEIPT_FILE_BYTES_MAX)?;
    match pictures.and_then(|read| read(&bytes)) {
        None => Ok(bytes),
        Some(shown) => shown.map_err(|source| ReceiptError::Picture { path: path.to_owned(), source }),
    }
}

/// Reads a receipt in any form.
///
/// # Errors
/// [`ReceiptError`].
pub fn read_receipt(
    path: &Path,
    anchor: &TrustAnchor,
    pictures: Option<PictureReader>,
) -> Result<Receipt, ReceiptError> {
    let bytes = read_receipt_bytes(path, pictures)?;
    Receipt::from_bytes(&bytes, anchor)
        .map_err(|source| ReceiptError::NotAReceipt { path: path.to_owned(), source: source.into() })
}

/// The bytes of a receipt in a form. A binary one is of a receipt that holds.
///
/// # Errors
/// [`ReceiptError::NoBinaryForm`].
pub fn encode_receipt(
    receipt: &Receipt,
    form: ReceiptForm,
    anchor: &TrustAnchor,
) -> Result<Vec<u8>, ReceiptError> {
    match form {
        ReceiptForm::Json => Ok(receipt.to_json().into_bytes()),
        ReceiptForm::Binary => {
            receipt.to_binary(anchor).map_err(|fault| ReceiptError::NoBinaryForm(fault.into()))
        }
    }
}
