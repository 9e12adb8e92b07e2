//! Documents in a folder.

use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::output::note;
use crate::receipt_file::{all_beside, is_receipt};

/// The documents of a folder, sorted: files of the usual kinds, and whatever has a receipt beside it. Receipts,
/// hidden files and folders are none.
pub(crate) fn documents_in(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let (mut documents, mut others) = (Vec::new(), 0);
    for entry in folder.read_dir().with_context(|| format!("{} cannot be read", folder.display()))? {
        let path = entry?.path();
        let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if hidden || is_receipt(&path) {
            continue;
        }
        match path.is_file() && (is_usual(&path) || all_beside(&path).next().is_some()) {
            true => documents.push(path),
            false => others += 1,
        }
    }
    if others > 0 {
        let known = EXTENSIONS.join(", ");
        note(format_args!(
            "{}: {others} folders or files of other kinds than {known} left out",
            folder.display()
        ));
    }
    documents.sort();
    Ok(documents)
}

fn is_usual(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    EXTENSIONS.contains(&extension.to_ascii_lowercase().as_str())
}

/// What counts as a document in a folder; a file that is named is taken whatever it is called.
const EXTENSIONS: &[&str] = &["json", "jsonld", "jwt", "pdf", "xml", "png", "svg", "p7m", "cbor"];
