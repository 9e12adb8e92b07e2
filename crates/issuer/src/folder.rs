//! What lies in a folder of documents.

use std::path::{Path, PathBuf};

use crate::files::FileError;
use crate::places::{all_beside, is_receipt_name};

/// The files of a folder, each list sorted.
#[derive(Clone, Debug, Default)]
pub struct FolderFiles {
    /// Files of the usual kinds, and whatever has a receipt beside it.
    pub documents: Vec<PathBuf>,
    /// Files that are named as receipts are.
    pub receipts: Vec<PathBuf>,
    /// Links that are named as documents are.
    pub links: Vec<PathBuf>,
    /// Devices, pipes and sockets.
    pub special: Vec<PathBuf>,
    /// Files of other kinds.
    pub others: Vec<PathBuf>,
    /// Folders.
    pub folders: Vec<PathBuf>,
    /// Whatever has a name that begins with a full stop.
    pub hidden: Vec<PathBuf>,
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
        // Of the link itself, not of what it leads to.
        let kind = entry.file_type().map_err(unread(&path, "read"))?;
        let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        let usual = || is_usual(&path) || all_beside(&path).next().is_some();
        let list = match () {
            () if hidden => &mut files.hidden,
            () if kind.is_dir() => &mut files.folders,
            () if kind.is_file() && is_receipt_name(&path) => &mut files.receipts,
            () if kind.is_file() && usual() => &mut files.documents,
            () if kind.is_symlink() && usual() && !is_receipt_name(&path) => &mut files.links,
            () if kind.is_file() || kind.is_symlink() => &mut files.others,
            () => &mut files.special,
        };
        list.push(path);
    }
    let FolderFiles { documents, receipts, links, special, others, folders, hidden } = &mut files;
    for list in [documents, receipts, links, special, others, folders, hidden] {
        list.sort();
    }
    Ok(files)
}

fn is_usual(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    EXTENSIONS.contains(&extension.to_ascii_lowercase().as_str())
}

/// What counts as a document in a folder; a file that is named is taken whatever it is called.
pub const EXTENSIONS: &[&str] =
    &["json", "jsonld", "jwt", "pdf", "xml", "png", "svg", "p7m", "cbor", "sd-jwt"];
