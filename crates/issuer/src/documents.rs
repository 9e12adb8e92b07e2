//! Which documents to issue: files, folders, rosters; and what each of them is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sanad_core::document::{self, DOCUMENT_BYTES_MAX, DocumentError, DocumentKind, NamedIssuer};
use sanad_core::summary::Summary;
use serde_json::Value;

use crate::content::{Artifact, BYTE_ORDER_MARK, PictureReader, recognise};
use crate::files::{self, FileError};
use crate::folder::{FolderFiles, look_through};
use crate::notice::{LeftOut, Notice, Observer, Remark};

/// How a document is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ReadAs {
    /// By its first character.
    #[default]
    Auto,
    /// As this kind.
    Kind(DocumentKind),
}

/// Why files are not taken as documents.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// A file or folder cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A name leads nowhere.
    #[error("{} is not there; check the name", .0.display())]
    Missing(PathBuf),
    /// A file that was named is no document.
    #[error("{} cannot be issued: {reason}", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: LeftOut,
    },
    /// A name cannot be written into a pending file.
    #[error("the name of {} is not UTF-8; rename it", .0.display())]
    NotUtf8(PathBuf),
    /// A document has no digest.
    #[error("{} cannot be issued; mend it, or give --as bytes if it is not meant as JSON", path.display())]
    NoDigest {
        /// The document.
        path: PathBuf,
        /// Why.
        source: DocumentError,
    },
}

/// A file to issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    /// Absolute, and without links in it.
    pub(crate) path: PathBuf,
    /// Whether it was named itself, rather than found in a folder.
    pub(crate) named: bool,
}

/// A document and what its commitment hides.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub(crate) path: PathBuf,
    pub(crate) kind: DocumentKind,
    pub(crate) digest: [u8; 32],
    /// The summary that follows from it, if its kind has a rule for one.
    pub(crate) summary: Option<Summary>,
    pub(crate) remark: Option<Remark>,
    /// The issuer that it names.
    pub(crate) issuer: NamedIssuer,
}

/// What a file turned out to be.
pub(crate) enum Read {
    Document(Document),
    Artifact(Artifact),
}

/// The files that `paths` name: each once, sorted. What is no file is refused if it was named, and left out with a
/// notice if it was found in a folder.
pub(crate) fn collect(
    paths: &[PathBuf],
    observer: &dyn Observer,
    left_out: &mut Vec<(PathBuf, LeftOut)>,
) -> Result<Vec<Source>, SourceError> {
    // By path; whether it was named.
    let mut found = BTreeMap::new();
    for path in paths {
        let missing = |_| SourceError::Missing(path.clone());
        let refused = |reason| SourceError::Refused { path: path.clone(), reason };
        let kind = path.symlink_metadata().map_err(missing)?.file_type();
        if path.metadata().is_ok_and(|meta| meta.is_dir()) {
            // Canonical, so that no document is issued twice under two names.
            let folder = path.canonicalize().map_err(missing)?;
            let FolderFiles { documents, links, special, others } = look_through(&folder)?;
            documents.into_iter().for_each(|path| {
                found.entry(path).or_insert(false);
            });
            left_out.extend(links.into_iter().map(|path| (path, LeftOut::Link)));
            left_out.extend(special.into_iter().map(|path| (path, LeftOut::Special)));
            if !others.is_empty() {
                observer.notice(&Notice::OtherFiles { folder, count: others.len() });
            }
        } else if kind.is_symlink() {
            return Err(refused(LeftOut::Link));
        } else if !kind.is_file() {
            return Err(refused(LeftOut::Special));
        } else {
            found.insert(path.canonicalize().map_err(missing)?, true);
        }
    }
    if let Some(path) = found.keys().find(|path| path.to_str().is_none()) {
        return Err(SourceError::NotUtf8(path.clone()));
    }
    let mut sources = Vec::new();
    let mut files = BTreeMap::new();
    for (path, named) in found {
        match identity(&path)?.and_then(|file| files.insert(file, path.clone())) {
            Some(first) => left_out.push((path, LeftOut::SameFile(first))),
            None => sources.push(Source { path, named }),
        }
    }
    left_out.iter().for_each(|(path, reason)| {
        observer.notice(&Notice::LeftOut { path: path.clone(), reason: reason.clone() });
    });
    Ok(sources)
}

/// What tells a file from all others, whatever its names.
fn identity(path: &Path) -> Result<Option<(u64, u64)>, FileError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let meta = path.metadata().map_err(FileError::system(path, "read"))?;
        Ok(Some((meta.dev(), meta.ino())))
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        Ok(None)
    }
}

/// Reads a file and digests it, unless it is one of the ledger's own.
pub(crate) fn read(path: &Path, how: ReadAs, pictures: Option<PictureReader>) -> Result<Read, SourceError> {
    let bytes = files::read(path, DOCUMENT_BYTES_MAX)?;
    if let Some(artifact) = recognise(&bytes, pictures) {
        return Ok(Read::Artifact(artifact));
    }
    let kind = match how {
        ReadAs::Auto => DocumentKind::detect(&bytes),
        ReadAs::Kind(kind) => kind,
    };
    let digest = document::digest(kind, &bytes)
        .map_err(|source| SourceError::NoDigest { path: path.to_owned(), source })?;
    let json: Option<Value> = match kind {
        DocumentKind::Json => serde_json::from_slice(&bytes).ok(),
        _ => None,
    };
    let summary = json.as_ref().and_then(Summary::of_json);
    let remark = remark(path, kind, &bytes, json.as_ref());
    let issuer = document::named_issuer(kind, &bytes);
    Ok(Read::Document(Document { path: path.to_owned(), kind, digest, summary, remark, issuer }))
}

/// The paths of a roster: one a line, relative to the roster; empty lines and those that begin with `#` are skipped.
///
/// # Errors
/// [`FileError`].
pub fn read_roster(path: &Path) -> Result<Vec<PathBuf>, FileError> {
    let text = files::read_text(path, LIST_BYTES_MAX)?;
    Ok(list_lines(&text).map(|line| files::parent(path).join(line)).collect())
}

/// The lines of a list that say something.
pub fn list_lines(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.strip_prefix('\u{feff}').unwrap_or(text).lines();
    lines.map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// Longest list of documents, in bytes.
pub const LIST_BYTES_MAX: usize = 64 << 20;

fn remark(path: &Path, kind: DocumentKind, bytes: &[u8], json: Option<&Value>) -> Option<Remark> {
    match (kind, json) {
        (DocumentKind::Json, Some(json)) => (!is_credential(json)).then_some(Remark::NotACredential),

        (DocumentKind::Bytes, _) if bytes.starts_with(BYTE_ORDER_MARK) => Some(Remark::ByteOrderMark),
        (DocumentKind::Bytes, _) if is_jwt(bytes) => None,
        (DocumentKind::Bytes, _) if bytes.trim_ascii_start().starts_with(b"[") => Some(Remark::Array),
        (DocumentKind::Bytes, _) => {
            let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
            let json = ["json", "jsonld"].iter().any(|json| extension.eq_ignore_ascii_case(json));
            Some(if json { Remark::NotJson } else { Remark::Bytes })
        }
        // An SD-JWT is looked at.
        (_, _) => None,
    }
}

/// Whether a JSON document says that it is a W3C credential; an Open Badge 3.0 is one.
fn is_credential(json: &Value) -> bool {
    match &json["type"] {
        Value::String(one) => one == CREDENTIAL_TYPE,
        Value::Array(many) => many.iter().any(|one| one == CREDENTIAL_TYPE),
        _ => false,
    }
}

/// Whether bytes are a JWT in its compact form: three parts in the base64url alphabet.
fn is_jwt(bytes: &[u8]) -> bool {
    let parts: Vec<&[u8]> = bytes.trim_ascii().split(|byte| *byte == b'.').collect();
    let is_part = |part: &&[u8]| {
        let alphabet = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        !part.is_empty() && part.iter().all(alphabet)
    };
    parts.len() == 3 && parts.iter().all(is_part)
}

const CREDENTIAL_TYPE: &str = "VerifiableCredential";

#[cfg(test)]
mod tests {
    use super::*;

    #[allow(clippy::type_complexity, reason = "one use")]
    fn found(paths: &[PathBuf]) -> Result<(Vec<PathBuf>, Vec<(PathBuf, LeftOut)>), SourceError> {
        let mut left_out = Vec::new();
        let sources = collect(paths, &(), &mut left_out)?;
        Ok((sources.into_iter().map(|source| source.path).collect(), left_out))
    }

    #[test]
    fn lists_have_comments_and_blank_lines() {
        let text = "\u{feff}# Wisuda 2025\n\n a.json \r\nsub/b c.pdf\n  # none\n#c.json\n";
        assert_eq!(list_lines(text).collect::<Vec<_>>(), ["a.json", "sub/b c.pdf"]);
    }

    #[test]
    fn each_document_is_found_once() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().canonicalize().unwrap().join(name);
        for name in ["a.json", "b.PDF", "c.json.receipt.json", "notes.txt", ".hidden.json", "roster"] {
            std::fs::write(at(name), "{}").unwrap();
        }
        std::fs::create_dir(at("sub")).unwrap();
        std::fs::write(at("sub/d.json"), "{}").unwrap();
        std::fs::write(at("roster"), "# two\nsub/d.json\na.json\nnotes.txt\n").unwrap();
        assert_eq!(found(&[folder.path().to_owned()]).unwrap().0, [at("a.json"), at("b.PDF")]);
        let mut named = vec![folder.path().join("sub/../a.json")];
        named.extend(read_roster(&at("roster")).unwrap());
        assert_eq!(found(&named).unwrap().0, [at("a.json"), at("notes.txt"), at("sub/d.json")]);
        assert!(matches!(found(&[at("missing.json")]), Err(SourceError::Missing(_))));
    }

    #[cfg(unix)]
    #[test]
    fn links_and_special_files_are_no_documents() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().canonicalize().unwrap().join(name);
        std::fs::write(at("a.json"), "{}").unwrap();
        std::fs::hard_link(at("a.json"), at("b.json")).unwrap();
        symlink("a.json", at("link.json")).unwrap();
        symlink("nowhere", at("dangling.json")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(at("socket.json")).unwrap();
        let (documents, left_out) = found(&[folder.path().to_owned()]).unwrap();
        assert_eq!(documents, [at("a.json")]);
        let expected = [
            (at("dangling.json"), LeftOut::Link),
            (at("link.json"), LeftOut::Link),
            (at("socket.json"), LeftOut::Special),
            (at("b.json"), LeftOut::SameFile(at("a.json"))),
        ];
        assert_eq!(left_out, expected);
        for (name, reason) in [("link.json", LeftOut::Link), ("socket.json", LeftOut::Special)] {
            let Err(SourceError::Refused { reason: actual, .. }) = found(&[at(name)]) else {
                panic!("{name}")
            };
            assert_eq!(actual, reason);
        }
        let Err(SourceError::Refused { reason, .. }) = found(&["/dev/null".into()]) else { panic!() };
        assert_eq!(reason, LeftOut::Special);
        // A link to a folder is a name of the folder.
        symlink(folder.path(), at("sub")).unwrap();
        assert_eq!(found(&[at("sub")]).unwrap().0, [at("a.json")]);
    }

    #[test]
    fn the_kind_is_detected_or_said_and_remarked_upon() {
        let folder = tempfile::tempdir().unwrap();
        let read_one = |name: &str, text: &str, how| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            match read(&path, how, None) {
                Ok(Read::Document(document)) => Some((document.kind, document.remark)),
                _ => None,
            }
        };
        use DocumentKind::{Bytes, Json};
        for (name, text, expected) in [
            ("a.json", "{\"a\":1}", (Json, Some(Remark::NotACredential))),
            ("a.json", "{\"type\":[\"VerifiableCredential\"]}", (Json, None)),
            ("a.json", "\u{feff}{\"type\":[\"VerifiableCredential\"]}", (Bytes, Some(Remark::ByteOrderMark))),
            ("a.json", " [{}]", (Bytes, Some(Remark::Array))),
            ("a.JSON", "<p>", (Bytes, Some(Remark::NotJson))),
            ("a.pdf", "%PDF", (Bytes, Some(Remark::Bytes))),
            ("a.jwt", "ey-_.ey.AA\n", (Bytes, None)),
        ] {
            assert_eq!(read_one(name, text, ReadAs::Auto), Some(expected), "{text}");
        }
        assert_eq!(read_one("a", "{\"a\":1}", ReadAs::Kind(Bytes)), Some((Bytes, Some(Remark::Bytes))));
        assert_eq!(read_one("a", "{\"a\":1,\"a\":2}", ReadAs::Auto), None);
        assert!(read_one("a", "{\"a\":1,\"a\":2}", ReadAs::Kind(Bytes)).is_some());
        // Whatever it is called and however it is read.
        let receipt = "{\"format\":\"sanad-receipt/v1\"}";
        assert_eq!(read_one("a.pdf", receipt, ReadAs::Kind(Bytes)), None);
    }
}
