//! What lies in a folder of documents.

use std::path::{Path, PathBuf};

use crate::files::FileError;
use crate::places::{all_beside, is_receipt_name};

/// The files of a folder, each list sorted.
#[derive(Clone, Debug, Default)]
pub struct FolderFiles {
    /// Files of the usual kinds, and whatever has a receipt beside it; neither receipts nor hidden files.
    pub documents: Vec<PathBuf>,
    /// Links that are named as documents are.
    pub links: Vec<PathBuf>,
    /// Devices, pipes and sockets.
    pub special: Vec<PathBuf>,
    /// Folders and files of other kinds.
    pub others: Vec<PathBuf>,
}

/// Looks through a folder, and not into the folders in it.
///
/// # Errors
/// [`FileError`].
pub fn look_through(folder: &Path) -> Result<FolderFiles, FileError> {
    let unread = FileError::system;
    let mut files = FolderFiles::default();
    for entry in folder.read_dir().map_err(unread(folder, "read"))? {
        let entry = entry.map_err(unread(folder, "read"))?;
        let path = entry.path();
        let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if hidden || is_receipt_name(&path) {
            continue;
        }
        // Of the link itself, not of what it leads to.
        let kind = entry.file_type().map_err(unread(&path, "read"))?;
        let usual = is_usual(&path) || all_beside(&path).next().is_some();
        match () {
            () if kind.is_file() && usual => files.documents.push(path),
            () if kind.is_symlink() && usual => files.links.push(path),
            () if kind.is_dir() || kind.is_file() || kind.is_symlink() => files.others.push(path),
            () => files.special.push(path),
        }
    }
    for list in [&mut files.documents, &mut files.links, &mut files.special, &mut files.others] {
        list.sort();
    }
    Ok(files)
}

fn is_usual(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    EXTENSIONS.contains(&extension.to_ascii_lowercase().as_str())
}

/// What counts as a document in a folder; a file that is named is taken whatever it is called.
pub const EXTENSIONS: &[&str] = &["json", "jsonld", "jwt", "pdf", "xml", "png", "svg", "p7m", "cbor"];
