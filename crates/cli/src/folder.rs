//! Documents in a folder, to verify.

use std::path::{Path, PathBuf};

use sanad_issuer::{EXTENSIONS, FolderFiles, look_through};

use crate::output::note;

/// The documents of a folder, sorted: files of the usual kinds, and whatever has a receipt beside it.
pub(crate) fn documents_in(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let FolderFiles { mut documents, links, special, others, folders, .. } = look_through(folder)?;
    let (files, dangling): (Vec<_>, Vec<_>) = links.into_iter().partition(|link| link.is_file());
    documents.extend(files);
    documents.sort();
    let left_out = special.len() + dangling.len() + others.len() + folders.len();
    if left_out > 0 {
        let known = EXTENSIONS.join(", ");
        note(format_args!(
            "{}: {left_out} folders or files of other kinds than {known} left out",
            folder.display()
        ));
    }
    Ok(documents)
}
