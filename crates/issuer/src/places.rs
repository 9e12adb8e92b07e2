//! Where receipts lie: beside their documents, or in a folder of their own.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use sanad_core::receipt::{RECEIPT_BINARY_SUFFIX, RECEIPT_JSON_SUFFIX, ReceiptForm};

use crate::files;

/// What the pictures of receipts end with: `ijazah.pdf` has `ijazah.pdf.receipt.png`.
pub const QR_SUFFIX: &str = ".receipt.png";

/// What receipts end with, in the order in which they are looked for.
const SUFFIXES: [&str; 3] = [RECEIPT_JSON_SUFFIX, RECEIPT_BINARY_SUFFIX, QR_SUFFIX];

/// Where new receipts are written, and in which form.
#[derive(Clone, Debug)]
pub struct Places {
    /// The folder of all receipts; `None` for each beside its document.
    pub folder: Option<PathBuf>,
    /// The form of new receipts; `None` for that which a batch began with, which is JSON where nothing was said.
    pub form: Option<ReceiptForm>,
}

impl Places {
    /// Where a document's receipt is written.
    pub fn new_receipt(&self, document: &Path) -> PathBuf {
        path_beside(&self.base(document), self.form())
    }

    /// The form of new receipts.
    pub(crate) fn form(&self) -> ReceiptForm {
        self.form.unwrap_or(ReceiptForm::Json)
    }

    /// The receipts that a document has, in whatever form.
    pub fn existing(&self, document: &Path) -> impl Iterator<Item = PathBuf> + use<> {
        all_beside(&self.base(document))
    }

    /// Where an older receipt is kept, under its log index, when a document is issued again.
    pub(crate) fn set_aside(&self, document: &Path, receipt: &Path, index: u64) -> PathBuf {
        let mut name = OsString::from(self.base(document));
        name.push(format!(".{index}"));
        path_like(receipt, Path::new(&name))
    }

    /// The folder that a document's receipt goes into.
    pub(crate) fn folder_of<'a>(&'a self, document: &'a Path) -> &'a Path {
        self.folder.as_deref().unwrap_or_else(|| files::parent(document))
    }

    fn base(&self, document: &Path) -> PathBuf {
        match &self.folder {
            Some(folder) => folder.join(document.file_name().unwrap_or_else(|| OsStr::new("document"))),
            None => document.to_owned(),
        }
    }
}

/// Where a document's receipt of a form lies: `ijazah.json` has `ijazah.json.receipt.json`.
pub fn path_beside(document: &Path, form: ReceiptForm) -> PathBuf {
    with_suffix(document, form.suffix())
}

/// Where a document's receipt of the same form as another receipt lies.
pub fn path_like(receipt: &Path, document: &Path) -> PathBuf {
    with_suffix(document, suffix_of(receipt).unwrap_or(RECEIPT_JSON_SUFFIX))
}

/// Where receipts beside a document may lie, in the order in which they are looked for.
pub fn names_beside(document: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    SUFFIXES.map(|suffix| with_suffix(document, suffix)).into_iter()
}

/// The receipts beside a document, in whatever form they are there.
pub fn all_beside(document: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    names_beside(document).filter(|place| place.is_file())
}

/// The first of [`all_beside`]; if there is none, the place of the JSON form.
pub fn find_beside(document: &Path) -> PathBuf {
    all_beside(document).next().unwrap_or_else(|| path_beside(document, ReceiptForm::Json))
}

/// The path of the document that a receipt is named after: `ijazah.pdf.receipt.json` belongs to `ijazah.pdf`.
pub fn document_of(receipt: &Path) -> Option<PathBuf> {
    let suffix = suffix_of(receipt)?;
    Some(receipt.to_str()?.strip_suffix(suffix)?.into())
}

/// Whether a file is a receipt, by its name.
pub fn is_receipt_name(path: &Path) -> bool {
    suffix_of(path).is_some()
}

/// Whether a file is the picture of a receipt, by its name.
pub fn is_picture_name(path: &Path) -> bool {
    suffix_of(path) == Some(QR_SUFFIX)
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
            assert!(is_receipt_name(&path));
        }
        assert!(!is_receipt_name(&document));
    }

    #[test]
    fn receipts_go_where_they_are_wanted() {
        let beside = Places { folder: None, form: Some(ReceiptForm::Binary) };
        let document = Path::new("/a/b.json");
        assert_eq!(beside.new_receipt(document), Path::new("/a/b.json.receipt"));
        assert_eq!(beside.folder_of(document), Path::new("/a"));
        let apart = Places { folder: Some("/r".into()), form: None };
        let receipt = apart.new_receipt(document);
        assert_eq!(receipt, Path::new("/r/b.json.receipt.json"));
        assert_eq!(apart.set_aside(document, &receipt, 7), Path::new("/r/b.json.7.receipt.json"));
    }
}
