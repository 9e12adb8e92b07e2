//! Which documents to issue: files, folders, rosters.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::ValueEnum;
use sanad_core::document::{self, DOCUMENT_BYTES_MAX, DocumentKind};
use sanad_core::summary::Summary;
use sanad_core::trust::TrustAnchor;

use crate::files;
use crate::folder::documents_in;
use crate::receipt_file::{self, is_receipt};

/// How a document is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum As {
    /// By its first character.
    Auto,
    /// As JSON: the same digest however it is laid out.
    Json,
    /// As bytes: each counts.
    Bytes,
    /// As an SD-JWT: any selection of its disclosures fits the receipt.
    SdJwt,
}

/// A document and what its commitment hides.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub(crate) path: PathBuf,
    pub(crate) kind: DocumentKind,
    pub(crate) digest: [u8; 32],
    /// The summary that follows from it, if its kind has a rule for one.
    pub(crate) summary: Option<Summary>,
}

/// The files that paths and a roster name: each once, absolute, sorted.
pub(crate) fn collect(paths: &[PathBuf], roster: Option<&Path>) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = BTreeSet::new();
    let listed = roster.map(read_roster).transpose()?.unwrap_or_default();
    for path in paths.iter().chain(&listed) {
        // Links are followed, so that no document is issued twice under two names.
        let path = path.canonicalize().with_context(|| format!("{} is not there", path.display()))?;
        if path.is_dir() {
            for document in documents_in(&path)? {
                files.insert(document.canonicalize()?);
            }
        } else {
            if is_receipt(&path) {
                bail!("{} is a receipt; documents are issued, receipts are what comes back", path.display());
            }
            files.insert(path);
        }
    }
    if let Some(path) = files.iter().find(|path| path.to_str().is_none()) {
        bail!("the name of {} is not UTF-8; rename it", path.display());
    }
    Ok(files.into_iter().collect())
}

/// Reads a document and digests it.
pub(crate) fn read(path: &Path, how: As) -> anyhow::Result<Document> {
    let bytes = files::read(path, DOCUMENT_BYTES_MAX)?;
    let kind = match how {
        As::Auto => DocumentKind::detect(&bytes),
        As::Json => DocumentKind::Json,
        As::Bytes => DocumentKind::Bytes,
        As::SdJwt => DocumentKind::SdJwt,
    };
    let digest = document::digest(kind, &bytes).with_context(|| {
        format!("{} cannot be issued; mend it, or give --as bytes if it is not meant as JSON", path.display())
    })?;
    let summary = match kind {
        DocumentKind::Json => serde_json::from_slice(&bytes).ok().and_then(|json| Summary::of_json(&json)),
        _ => None,
    };
    Ok(Document { path: path.to_owned(), kind, digest, summary })
}

/// Whether a document has a receipt of this chain already.
///
/// # Errors
/// Where the receipt beside it is another document's or chain's: someone must look at that.
pub(crate) fn is_issued(path: &Path, anchor: &TrustAnchor) -> anyhow::Result<bool> {
    let beside = receipt_file::find_beside(path);
    if !beside.exists() {
        return Ok(false);
    }
    let receipt = receipt_file::read(&beside, anchor)?;
    if receipt.proof.header.chain_id != anchor.chain_id {
        bail!("{} is a receipt of another chain; move it away first", beside.display());
    }
    receipt.verify_document(Some(&files::read(path, DOCUMENT_BYTES_MAX)?)).with_context(|| {
        format!("{} does not belong to its document as it is now; move it away first", beside.display())
    })?;
    Ok(true)
}

/// A roster: one path a line, relative to the roster; empty lines and those that begin with `#` are skipped.
fn read_roster(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let text = files::read_text(path, ROSTER_BYTES_MAX)?;
    Ok(roster_lines(&text).map(|line| files::parent(path).join(line)).collect())
}

fn roster_lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// Longest roster, in bytes.
const ROSTER_BYTES_MAX: usize = 64 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rosters_have_comments_and_blank_lines() {
        let text = "# Wisuda 2025\n\n a.json \r\nsub/b c.pdf\n  # none\n#c.json\n";
        assert_eq!(roster_lines(text).collect::<Vec<_>>(), ["a.json", "sub/b c.pdf"]);
    }

    #[test]
    fn each_document_is_found_once_and_receipts_never() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().canonicalize().unwrap().join(name);
        for name in ["a.json", "b.PDF", "c.json.receipt.json", "notes.txt", ".hidden.json", "roster"] {
            std::fs::write(at(name), "{}").unwrap();
        }
        std::fs::create_dir(at("sub")).unwrap();
        std::fs::write(at("sub/d.json"), "{}").unwrap();
        std::fs::write(at("roster"), "# two\nsub/d.json\na.json\nnotes.txt\n").unwrap();
        let folder_alone = collect(&[folder.path().to_owned()], None).unwrap();
        assert_eq!(folder_alone, [at("a.json"), at("b.PDF")]);
        let all = collect(&[folder.path().join("a.json")], Some(&at("roster"))).unwrap();
        assert_eq!(all, [at("a.json"), at("notes.txt"), at("sub/d.json")]);
        assert!(collect(&[at("c.json.receipt.json")], None).is_err());
        assert!(collect(&[at("missing.json")], None).is_err());
    }

    #[test]
    fn the_kind_is_detected_or_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, "{\"a\":1}").unwrap();
        assert_eq!(read(&path, As::Auto).unwrap().kind, DocumentKind::Json);
        assert_eq!(read(&path, As::Bytes).unwrap().kind, DocumentKind::Bytes);
        std::fs::write(&path, "{\"a\":1,\"a\":2}").unwrap();
        assert!(read(&path, As::Auto).is_err());
        assert!(read(&path, As::Bytes).is_ok());
    }
}
