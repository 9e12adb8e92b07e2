//! Documents in a folder, to verify.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use sanad_issuer::{ENDORSEMENT_EXTENSION, EXTENSIONS, FolderFiles, credential_in, look_through};

use crate::output::note;
use crate::receipt_file;

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

/// The endorsements that lie beside a document, sorted: `credential.endorsement.json` or `credential.endorsement.bromo.json`, with a
/// receipt each.
pub(crate) fn endorsements_beside(document: &Path) -> std::io::Result<Vec<PathBuf>> {
    let folder = match document.parent() {
        Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
        Some(folder) => folder,
        None => return Ok(Vec::new()),
    };
    let Some(stem) = document.file_stem().and_then(OsStr::to_str) else { return Ok(Vec::new()) };
    let start = format!("{stem}.{ENDORSEMENT_EXTENSION}.");
    let mut found = Vec::new();
    for entry in folder.read_dir()? {
        let name = entry?.file_name();
        let name = Path::new(&name);
        let is_named = name.to_str().is_some_and(|name| name.starts_with(&start) && name.ends_with(".json"));
        let path = document.with_file_name(name);
        if is_named && !receipt_file::is_receipt(name) && receipt_file::find_beside(&path).is_file() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
