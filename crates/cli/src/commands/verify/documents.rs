//! The documents that the arguments name.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::Args;
use crate::files::STANDARD_INPUT;
use crate::folder::{documents_in, endorsements_beside};

/// Each file of a folder for itself; one `None` for a receipt alone. What is left out of folders is noted.
pub(super) fn documents(args: &Args, left_out: &mut Vec<PathBuf>) -> anyhow::Result<Vec<Option<PathBuf>>> {
    if args.documents.is_empty() {
        return Ok(vec![None]);
    }
    let mut documents = Vec::new();
    for path in &args.documents {
        match path.is_dir() {
            true => {
                for document in documents_in(path, left_out)? {
                    // Those in the folder itself are among its documents.
                    let beside = match document.parent() == Some(path) {
                        true => Vec::new(),
                        false => endorsements_beside(&document)
                            .with_context(|| format!("{} cannot be read", document.display()))?,
                    };
                    documents.push(document);
                    documents.extend(beside);
                }
            }
            false => documents.push(path.clone()),
        }
    }
    let is_stdin = |path: &Path| path == Path::new(STANDARD_INPUT);
    let from_stdin = documents.iter().filter(|path| is_stdin(path)).count();
    match &args.receipt {
        Some(_) if documents.len() != 1 => {
            bail!("--receipt belongs to one document, but {} are given", documents.len())
        }
        None if from_stdin > 0 => bail!("a document from standard input needs --receipt"),
        Some(receipt) if is_stdin(receipt) && from_stdin > 0 => {
            bail!("only one of document and receipt can come from standard input")
        }
        _ if documents.is_empty() => bail!(
            "there are no documents in {}; name files, or a folder with files such as *.json, *.pdf or *.png",
            args.documents.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
        ),
        _ => Ok(documents.into_iter().map(Some).collect()),
    }
}
