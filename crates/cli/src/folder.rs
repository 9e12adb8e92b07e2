//! Documents in a folder, to verify.

use std::path::{Path, PathBuf};

use sanad_issuer::{EXTENSIONS, FolderFiles, credential_in, look_through};

use crate::output::note;

/// The documents of a folder, sorted: files of the usual kinds, whatever has a receipt beside it, and the credentials of
/// folders that a roster made, one for each learner. What is left out is noted in `left_out`.
pub(crate) fn documents_in(folder: &Path, left_out: &mut Vec<PathBuf>) -> anyhow::Result<Vec<PathBuf>> {
    let FolderFiles { mut documents, links, special, others, folders, .. } = look_through(folder)?;
    let (files, dangling): (Vec<_>, Vec<_>) = links.into_iter().partition(|link| link.is_file());
    documents.extend(files);
    let (learners, folders): (Vec<_>, Vec<_>) =
        folders.into_iter().partition(|folder| credential_in(folder).is_some());
    documents.extend(learners.iter().filter_map(|folder| credential_in(folder)));
    documents.sort();
    let before = left_out.len();
    left_out.extend([special, dangling, others, folders].into_iter().flatten());
    left_out[before..].sort();
    let count = left_out.len() - before;
    if count > 0 {
        let known = EXTENSIONS.join(", ");
        note(format_args!(
            "{}: {count} folders or files of other kinds than {known} left out",
            folder.display()
        ));
    }
    Ok(documents)
}
