//! Which documents to issue: files, folders, lists; and what each of them is.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use sanad_core::document::{self, DOCUMENT_BYTES_MAX, DocumentError, DocumentKind, NamedIssuer};
use sanad_core::summary::Summary;
use sanad_credential::{Check, Circumstances, Part, Verdict, badge_of_sd_jwt};
use serde_json::Value;

use crate::content::{Artifact, BYTE_ORDER_MARK, PictureReader, is_roster, recognise};
use crate::files::{self, FileError};
use crate::folder::look_through;
use crate::keys::Passphrase;
use crate::notice::{LeftOut, Notice, Observer, Remark};
use crate::places::{document_of, is_picture_name};

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
    /// Names lead nowhere.
    #[error("{}", Missing(.0))]
    Missing(Vec<PathBuf>),
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
    /// Documents have no digest, so that none of those with them is entered.
    #[error("{}", NoDigests(.0))]
    NoDigests(Vec<(PathBuf, DocumentError)>),
    /// A document has no digest.
    #[error("{} cannot be issued, so that nothing was entered; mend it, or give --as bytes if it is not meant as JSON", path.display())]
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
    /// The summary that follows from it, if there is a rule for one.
    pub(crate) summary: Option<Summary>,
    pub(crate) remarks: Vec<Remark>,
    /// The issuer that it names.
    pub(crate) issuer: NamedIssuer,
}

/// What a file turned out to be.
pub(crate) enum Read {
    Document(Document),
    LeftOut(LeftOut),
}

/// What files are looked at with.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub(crate) read_as: ReadAs,
    pub(crate) pictures: Option<PictureReader>,
    /// A file that holds it is not issued.
    pub(crate) passphrase: Option<&'a Passphrase>,
    /// The time, in milliseconds since 1970.
    pub(crate) now_ms: u64,
}

/// Files in the order of their paths, and what is not taken, with the reason.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    pub(crate) sources: Vec<Source>,
    pub(crate) left_out: Vec<(PathBuf, LeftOut)>,
}

/// The files that `paths` name: each once, sorted. What is no file is refused if it was named, and left out with a
/// notice if it was found in a folder.
pub(crate) fn collect(paths: &[PathBuf], observer: &dyn Observer) -> Result<Collected, SourceError> {
    let nowhere = |path: &&PathBuf| path.symlink_metadata().is_err();
    let missing: Vec<PathBuf> = paths.iter().filter(nowhere).cloned().collect();
    if !missing.is_empty() {
        return Err(SourceError::Missing(missing));
    }
    let mut left_out = Vec::new();
    // By path; whether it was named.
    let mut found = BTreeMap::new();
    for path in paths {
        let missing = |_| SourceError::Missing(vec![path.clone()]);
        let refused = |reason| SourceError::Refused { path: path.clone(), reason };
        let kind = path.symlink_metadata().map_err(missing)?.file_type();
        if path.metadata().is_ok_and(|meta| meta.is_dir()) {
            // Canonical, so that no document is issued twice under two names.
            let folder = path.canonicalize().map_err(missing)?;
            let files = look_through(&folder)?;
            let (others, folders, hidden) = (files.others.len(), files.folders.len(), files.hidden.len());
            files.documents.into_iter().for_each(|path| {
                found.entry(path).or_insert(false);
            });
            for (files, reason) in [
                (files.links, LeftOut::Link),
                (files.special, LeftOut::Special),
                (files.others, LeftOut::OtherKind),
                (files.folders, LeftOut::Folder),
                (files.hidden, LeftOut::Hidden),
            ] {
                left_out.extend(files.into_iter().map(|path| (path, reason.clone())));
            }
            left_out
                .extend(files.receipts.into_iter().filter_map(|path| Some((path.clone(), alone(&path)?))));
            if others + folders + hidden > 0 {
                observer.notice(&Notice::OtherFiles { folder, files: others, folders, hidden });
            }
        } else if kind.is_symlink() {
            return Err(refused(LeftOut::Link));
        } else if !kind.is_file() {
            return Err(refused(LeftOut::Special));
        } else {
            found.insert(path.canonicalize().map_err(missing)?, true);
        }
    }
    // What is named itself is taken, though a folder is named as well.
    left_out.retain(|(path, _)| !found.contains_key(path));
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
    left_out.iter().filter(|(_, reason)| !reason.is_usual()).for_each(|(path, reason)| {
        observer.notice(&Notice::LeftOut { path: path.clone(), reason: reason.clone() });
    });
    Ok(Collected { sources, left_out })
}

/// Why a file that is named as a receipt is left out; `None` if it lies beside its document.
fn alone(path: &Path) -> Option<LeftOut> {
    if document_of(path).is_some_and(|document| document.is_file()) {
        return None;
    }
    // A picture takes long to look through, and is left out either way.
    let artifact = match is_picture_name(path) {
        true => Some(Artifact::ReceiptPicture),
        false => files::read(path, DOCUMENT_BYTES_MAX).ok().and_then(|bytes| recognise(&bytes, None)),
    };
    Some(artifact.map_or(LeftOut::NamedAsReceipt, LeftOut::Artifact))
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

/// Reads a file and digests it, unless it is never issued.
pub(crate) fn read(path: &Path, reader: Reader<'_>) -> Result<Read, SourceError> {
    let bytes = files::read(path, DOCUMENT_BYTES_MAX)?;
    if bytes.is_empty() {
        return Ok(Read::LeftOut(LeftOut::Empty));
    }
    if reader.passphrase.is_some_and(|passphrase| passphrase.is_in(&bytes)) {
        return Ok(Read::LeftOut(LeftOut::Passphrase));
    }
    if let Some(artifact) = recognise(&bytes, reader.pictures) {
        return Ok(Read::LeftOut(LeftOut::Artifact(artifact)));
    }
    if is_roster(path) {
        return Ok(Read::LeftOut(LeftOut::Artifact(Artifact::Roster)));
    }
    let kind = match reader.read_as {
        ReadAs::Auto => DocumentKind::detect(&bytes),
        ReadAs::Kind(kind) => kind,
    };
    let digest = document::digest(kind, &bytes)
        .map_err(|source| SourceError::NoDigest { path: path.to_owned(), source })?;
    let json: Option<Value> = match kind {
        DocumentKind::Json => serde_json::from_slice(&bytes).ok(),
        _ => None,
    };
    let summary = match kind {
        // For this kind the issuer states it: by the rule for the badge that it stands for.
        DocumentKind::SdJwt => badge_of_sd_jwt(&bytes).as_ref().and_then(Summary::of_json),
        _ => json.as_ref().and_then(Summary::of_json),
    };
    let remarks = remark(path, kind, &bytes, json.as_ref(), reader.now_ms)
        .into_iter()
        .chain(dated(&bytes, reader.now_ms))
        .chain(sanad_credential::end_may_be_withheld(&bytes).then_some(Remark::EndMayBeWithheld));
    let (path, remarks) = (path.to_owned(), remarks.collect());
    let issuer = match (document::named_issuer(kind, &bytes), kind) {
        // A JWT or a badge in a picture names its issuer all the same, and verifiers look at it.
        (NamedIssuer::None, DocumentKind::Bytes) => {
            let circumstances = Circumstances { now_ms: reader.now_ms, member: None, rest: None };
            let found = sanad_credential::check(&bytes, &circumstances).and_then(|found| found.issuer);
            found.map_or(NamedIssuer::None, NamedIssuer::Name)
        }
        (issuer, _) => issuer,
    };
    Ok(Read::Document(Document { path, kind, digest, summary, remarks, issuer }))
}

/// What a credential's own dates say of it now.
fn dated(bytes: &[u8], now_ms: u64) -> Option<Remark> {
    let validity = sanad_credential::validity(bytes, now_ms)?;
    match validity.expired {
        true => Some(Remark::Expired),
        false => validity.not_yet.then_some(Remark::NotYetValid),
    }
}

/// Names that lead nowhere, in the words of people: all of them, since each is somebody's to mend.
struct Missing<'a>(&'a [PathBuf]);

impl fmt::Display for Missing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(paths) = self;
        if let [path] = paths {
            return write!(f, "{} is not there; check the name", path.display());
        }
        write!(f, "{} files are not there; check the names:", paths.len())?;
        paths.iter().try_for_each(|path| write!(f, "\n{}", path.display()))
    }
}

/// Documents without a digest, and why each has none.
struct NoDigests<'a>(&'a [(PathBuf, DocumentError)]);

impl fmt::Display for NoDigests<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(documents) = self;
        write!(
            f,
            "{} files cannot be issued, so that nothing was entered; mend them, or give --as bytes if they are not meant as JSON:",
            documents.len()
        )?;
        documents.iter().try_for_each(|(path, source)| {
            write!(f, "\n{}: {source}", path.display())?;
            std::error::Error::source(source).map_or(Ok(()), |source| write!(f, ": {source}"))
        })
    }
}

/// The paths of a list: one a line, relative to the list; empty lines and those that begin with `#` are skipped.
///
/// # Errors
/// [`FileError`].
pub fn read_list(path: &Path) -> Result<Vec<PathBuf>, FileError> {
    let text = files::read_text(path, LIST_BYTES_MAX)?;
    Ok(list_lines(&text).map(|(_, line)| files::parent(path).join(line)).collect())
}

/// The lines of a list that say something, with their numbers, counted from 1.
pub fn list_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.strip_prefix('\u{feff}').unwrap_or(text).lines();
    let numbered = (1..).zip(lines.map(str::trim));
    numbered.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

/// A line of a list. Written as `list.txt:17`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListLine {
    /// The list.
    pub list: PathBuf,
    /// The line, counted from 1.
    pub line: usize,
}

impl fmt::Display for ListLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.list.display(), self.line)
    }
}

/// Longest list of documents, in bytes.
pub const LIST_BYTES_MAX: usize = 64 << 20;

fn remark(
    path: &Path,
    kind: DocumentKind,
    bytes: &[u8],
    json: Option<&Value>,
    now_ms: u64,
) -> Option<Remark> {
    // What verifiers read as a credential, in whatever form, they look at.
    let circumstances = Circumstances { now_ms, member: None, rest: None };
    let is_read = |check: &Check| check.part == Part::Form && check.verdict == Verdict::Good;
    let is_looked_at = || {
        sanad_credential::check(bytes, &circumstances).is_some_and(|found| found.checks.iter().any(is_read))
    };
    match (kind, json) {
        (DocumentKind::Json, Some(json)) => {
            (!is_credential(json) && !is_looked_at()).then_some(Remark::NotACredential)
        }
        (DocumentKind::Bytes, _) if is_looked_at() => None,
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
    use base64::Engine as _;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;

    use super::*;

    /// 2026-01-01.
    const NOW_MS: u64 = 1_767_225_600_000;

    #[allow(clippy::type_complexity, reason = "one use")]
    fn found(paths: &[PathBuf]) -> Result<(Vec<PathBuf>, Vec<(PathBuf, LeftOut)>), SourceError> {
        let Collected { sources, mut left_out } = collect(paths, &())?;
        left_out.retain(|(_, reason)| !reason.is_usual());
        Ok((sources.into_iter().map(|source| source.path).collect(), left_out))
    }

    #[test]
    fn lists_have_comments_and_blank_lines() {
        let text = "\u{feff}# Wisuda 2025\n\n a.json \r\nsub/b c.pdf\n  # none\n#c.json\n";
        assert_eq!(list_lines(text).collect::<Vec<_>>(), [(3, "a.json"), (4, "sub/b c.pdf")]);
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
        named.extend(read_list(&at("roster")).unwrap());
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
            match read(&path, Reader { read_as: how, pictures: None, passphrase: None, now_ms: NOW_MS }) {
                Ok(Read::Document(document)) => Some((document.kind, document.remarks.first().copied())),
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
        let until = |field: &str, time: &str| {
            let text = format!("{{\"type\":[\"VerifiableCredential\"],\"{field}\":\"{time}\"}}");
            read_one("a.json", &text, ReadAs::Auto).unwrap().1
        };
        assert_eq!(until("validUntil", "2025-01-01T00:00:00Z"), Some(Remark::Expired));
        assert_eq!(until("expirationDate", "2025-01-01T00:00:00Z"), Some(Remark::Expired));
        assert_eq!(until("validUntil", "9999-01-01T00:00:00Z"), None);
        assert_eq!(until("validFrom", "9999-01-01T00:00:00Z"), Some(Remark::NotYetValid));
        assert_eq!(read_one("a.json", "", ReadAs::Auto), None, "empty");
        // The end of a W3C credential in an SD-JWT is shown always, or as its holder likes.
        let sd_jwt = |end: &str| {
            let payload = format!(
                "{{\"type\":[\"VerifiableCredential\"],\"_sd_alg\":\"sha-256\",\"_sd\":[\"{}\"]{end}}}",
                "A".repeat(43)
            );
            let parts = ["{\"alg\":\"EdDSA\",\"typ\":\"vc+sd-jwt\"}", &payload, "signature"];
            format!("{}~", parts.map(|part| BASE64_URL_SAFE_NO_PAD.encode(part)).join("."))
        };
        let kept = ",\"validUntil\":\"9999-01-01T00:00:00Z\"";
        assert_eq!(read_one("a.jwt", &sd_jwt(kept), ReadAs::Auto), Some((DocumentKind::SdJwt, None)));
        let withheld = Some((DocumentKind::SdJwt, Some(Remark::EndMayBeWithheld)));
        assert_eq!(read_one("a.jwt", &sd_jwt(""), ReadAs::Auto), withheld);
        // Whatever it is called and however it is read.
        let receipt = "{\"format\":\"sanad-receipt/v1\"}";
        assert_eq!(read_one("a.pdf", receipt, ReadAs::Kind(Bytes)), None);
    }
}
