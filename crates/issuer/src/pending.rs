//! Pending files: what an issuance must not lose between submitting a batch and writing its receipts.
//!
//! Without its secret a document can never be proved, so the secrets are on the disk before the batch leaves. A
//! pending file is removed once every receipt of its batch is written; [`resume`](crate::Unfinished) finishes it.

use std::path::{Component, Path, PathBuf};

use sanad_core::batch::{BATCH_EVENTS_MAX, SignedBatch};
use sanad_core::commitment::{Opening, Secret};
use sanad_core::document::DocumentKind;
use sanad_core::event::Event;
use sanad_core::hash::{BatchId, ChainId, Commitment};
use sanad_core::ids::MemberId;
use sanad_core::receipt::ReceiptForm;
use sanad_core::summary::Summary;
use serde::{Deserialize, Serialize};

use crate::files::{self, FileError, Mode};

/// The format that is written. Files of version 1, which has the same fields, are read, too: its programs that know no
/// `register` refuse a file that has it. `docs/formats/pending.md`.
pub const PENDING_FORMAT: &str = "sanad-pending/v2";
/// Longest pending file, in bytes: a full batch with the longest paths and summaries there are.
pub const PENDING_BYTES_MAX: usize = 64 << 20;

/// A document on its way into the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PendingDocument {
    /// Where it is; in the file relative to its folder, where it lies below it.
    pub path: PathBuf,
    /// How it is digested.
    pub kind: DocumentKind,
    /// Its digest.
    #[serde(with = "hex::serde")]
    pub digest: [u8; 32],
    /// The secret of its commitment.
    pub secret: Secret,
    /// The summary that the commitment binds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Summary>,
    /// Its commitment.
    pub commitment: Commitment,
    /// Whether a receipt that it has makes way.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub again: bool,
}

impl PendingDocument {
    /// What opens its commitment.
    pub fn opening(&self) -> Opening {
        Opening::Full { secret: self.secret.clone(), summary: self.summary.clone() }
    }

    /// Whether digest, secret and summary give its commitment. In a file that was damaged they may not.
    pub fn opens(&self, chain: &ChainId, issuer: &MemberId) -> bool {
        let commitment = self.opening().commitment(chain, issuer, self.kind, Some(&self.digest));
        commitment.is_ok_and(|commitment| commitment == self.commitment)
    }
}

/// A batch on its way into the ledger: document `n` is its event `n`, and revocations follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// The batch as it was submitted.
    pub batch: SignedBatch,
    /// Whether receipts are written into the folder of the file, rather than beside their documents.
    pub receipts_here: bool,
    /// The form of its receipts.
    pub receipts_form: ReceiptForm,
    /// The register that keeps its documents, if one does: it must get their receipts, too.
    pub register: Option<PathBuf>,
    /// Its documents.
    pub documents: Vec<PendingDocument>,
}

/// Why a file is not read as a pending file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PendingError {
    /// It cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// It is no pending file.
    #[error("{} is not a pending file of `sanad issue`", path.display())]
    NotPending {
        /// The file.
        path: PathBuf,
        /// Why.
        source: PendingFault,
    },
    /// A newer program wrote it.
    #[error(
        "{} is a pending file of version {version}, and this program reads those up to {VERSION_MAX}; it holds the only copy of its \
         secrets, so leave it where it is, and finish it with the `sanad` that wrote it, or a newer one", path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The version of its format.
        version: u64,
    },
}

/// What is wrong with a pending file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PendingFault {
    /// Not JSON of the right fields.
    #[error("it has not the fields of one")]
    Fields(#[from] serde_json::Error),
    /// Another JSON value than an object.
    #[error("it is not a JSON object")]
    NotAnObject,
    /// A later version of the format, whose other fields are not looked at.
    #[error("it is of version {0} of its format; this program reads those up to {VERSION_MAX}")]
    Newer(u64),
    /// Another format.
    #[error("its format is {0:?}; this program knows {PENDING_FORMAT:?}")]
    Format(String),
    /// The batch is not a signed batch.
    #[error("it does not hold a signed batch")]
    Batch,
    /// The batch is another than the one it names.
    #[error("it names the batch {named}, but holds {actual}")]
    AnotherBatch {
        /// The batch that it names.
        named: BatchId,
        /// The batch that it holds.
        actual: BatchId,
    },
    /// Events and documents are not as many, and the others are no revocations.
    #[error("its batch has {events} events for {documents} documents")]
    Count {
        /// Events of the batch.
        events: usize,
        /// Documents of the file.
        documents: usize,
    },
    /// A path leads up, out of the file's folder.
    #[error("the path {} is not one that `sanad issue` writes", .0.display())]
    Path(PathBuf),
    /// A document is not that of its event.
    #[error("{} is not the document of its event in the batch", .0.display())]
    AnotherDocument(PathBuf),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    format: String,
    batch_id: BatchId,
    batch: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    receipts_here: bool,
    #[serde(default)]
    receipts_form: Form,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    register: Option<PathBuf>,
    documents: Vec<PendingDocument>,
}

/// The format alone, of a file whose other fields may be those of another version.
#[derive(Deserialize)]
struct FormatOnly {
    format: String,
}

/// The form of receipts, as the file names it.
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Form {
    #[default]
    Json,
    Binary,
}

impl Pending {
    /// The events that are not of its documents: revocations of what they replace.
    pub fn changes(&self) -> &[Event] {
        &self.batch.batch().events[self.documents.len()..]
    }

    /// Writes the file into `folder`, readable by its owner alone, and brings it to the disk; returns its path.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn write(&self, folder: &Path) -> Result<PathBuf, FileError> {
        let path = self.path_in(folder);
        files::place_new(&path, &self.text(folder)?, Mode::Private)?;
        Ok(path)
    }

    /// As [`Self::write`], in the place of a file that is there.
    pub(crate) fn rewrite(&self, folder: &Path) -> Result<PathBuf, FileError> {
        let path = self.path_in(folder);
        files::replace(&path, &self.text(folder)?, Mode::Private)?;
        Ok(path)
    }

    fn text(&self, folder: &Path) -> Result<Vec<u8>, FileError> {
        let base = absolute(folder)?;
        let shorten = |document: &PendingDocument| {
            let path = document.path.strip_prefix(&base).unwrap_or(&document.path).to_owned();
            PendingDocument { path, ..document.clone() }
        };
        let fields = Fields {
            format: PENDING_FORMAT.to_owned(),
            batch_id: self.batch.id(),
            batch: hex::encode(self.batch.bytes()),
            receipts_here: self.receipts_here,
            receipts_form: match self.receipts_form {
                ReceiptForm::Json => Form::Json,
                ReceiptForm::Binary => Form::Binary,
            },
            register: self.register.clone(),
            documents: self.documents.iter().map(shorten).collect(),
        };
        let text = serde_json::to_string_pretty(&fields).expect("invariant: paths of documents are UTF-8");
        Ok((text + "\n").into_bytes())
    }

    /// Where a folder has the file.
    pub(crate) fn path_in(&self, folder: &Path) -> PathBuf {
        folder.join(format!("{PENDING_PREFIX}{}{PENDING_SUFFIX}", self.batch.id()))
    }

    /// Reads a file, and checks that documents and batch belong together.
    ///
    /// # Errors
    /// [`PendingError`]; [`FileError::Exposed`] in it if others can read or write the file.
    pub fn read(path: &Path) -> Result<Self, PendingError> {
        let text = files::read_secret(path, PENDING_BYTES_MAX)?;
        let mut pending = Self::from_json(&text).map_err(|fault| match fault {
            PendingFault::Newer(version) => PendingError::Newer { path: path.to_owned(), version },
            source => PendingError::NotPending { path: path.to_owned(), source },
        })?;
        let base = absolute(files::parent(path))?;
        for document in &mut pending.documents {
            document.path = base.join(&document.path);
        }
        Ok(pending)
    }

    /// Reads the text of a file. Paths are as the file has them.
    ///
    /// # Errors
    /// [`PendingFault`].
    pub fn from_json(text: &[u8]) -> Result<Self, PendingFault> {
        // serde takes an array for the fields of an object.
        if !text.trim_ascii_start().starts_with(b"{") {
            return Err(PendingFault::NotAnObject);
        }
        // Before the other fields: a later version may have others.
        check_format(serde_json::from_slice::<FormatOnly>(text)?.format)?;
        let Fields { batch_id: named, batch, receipts_here, receipts_form, register, documents, .. } =
            serde_json::from_slice(text)?;
        let bytes = hex::decode(batch).map_err(|_| PendingFault::Batch)?;
        let batch = SignedBatch::decode(&bytes).map_err(|_| PendingFault::Batch)?;
        if batch.id() != named {
            return Err(PendingFault::AnotherBatch { named, actual: batch.id() });
        }
        let events = &batch.batch().events;
        let (issuances, changes) = events.split_at(documents.len().min(events.len()));
        let are_revocations = changes.iter().all(|event| matches!(event, Event::Revoke { .. }));
        if issuances.len() != documents.len() || !are_revocations {
            return Err(PendingFault::Count { events: events.len(), documents: documents.len() });
        }
        for (document, event) in documents.iter().zip(issuances) {
            let goes_up = |part: Component<'_>| matches!(part, Component::ParentDir | Component::CurDir);
            if document.path.file_name().is_none() || document.path.components().any(goes_up) {
                return Err(PendingFault::Path(document.path.clone()));
            }
            if *event != (Event::Issue { commitment: document.commitment }) {
                return Err(PendingFault::AnotherDocument(document.path.clone()));
            }
        }
        let receipts_form = match receipts_form {
            Form::Json => ReceiptForm::Json,
            Form::Binary => ReceiptForm::Binary,
        };
        Ok(Self { batch, receipts_here, receipts_form, register, documents })
    }
}

fn check_format(format: String) -> Result<(), PendingFault> {
    let version = format.strip_prefix(FORMAT_PREFIX).filter(|version| !version.starts_with(['0', '+']));
    match version.and_then(|version| version.parse().ok()) {
        Some(1..=VERSION_MAX) => Ok(()),
        Some(version) => Err(PendingFault::Newer(version)),
        None => Err(PendingFault::Format(format.chars().take(FORMAT_SHOWN_MAX).collect())),
    }
}

/// Leaves word in the other folders of a batch that its pending file is elsewhere, so that no document is issued from there
/// meanwhile. A folder that takes no file is left as it is.
pub(crate) fn leave_word<'a>(folders: impl Iterator<Item = &'a Path>, file: &Path) {
    let (Some(name), Ok(file)) = (file.file_stem(), absolute(file)) else { return };
    let Some(text) = file.to_str().map(|file| format!("{file}\n")) else { return };
    for folder in folders {
        let mut word = name.to_owned();
        word.push(ELSEWHERE_SUFFIX);
        // Best effort; one that is left behind is void once the file is gone.
        let _ = files::place_unsynced(&folder.join(word), text.as_bytes(), Mode::Private);
    }
}

/// The pending files elsewhere that [`leave_word`] speaks of in a folder. What is void is removed.
pub(crate) fn pending_files_elsewhere(folder: &Path) -> Result<Vec<PathBuf>, FileError> {
    let mut found = Vec::new();
    for word in files_in(folder, ELSEWHERE_SUFFIX)? {
        let file = files::read_text(&word, ELSEWHERE_BYTES_MAX).map(|text| PathBuf::from(text.trim_end()));
        match file {
            Ok(file) if file.is_file() => found.push(file),
            _ => drop(files::remove(&word)),
        }
    }
    Ok(found)
}

/// The pending files of a folder, sorted.
///
/// # Errors
/// [`FileError`].
pub fn pending_files_in(folder: &Path) -> Result<Vec<PathBuf>, FileError> {
    files_in(folder, PENDING_SUFFIX)
}

fn files_in(folder: &Path, suffix: &str) -> Result<Vec<PathBuf>, FileError> {
    let unread = || FileError::system(folder, "read");
    let mut found = Vec::new();
    for entry in folder.read_dir().map_err(unread())? {
        let entry = entry.map_err(unread())?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(PENDING_PREFIX) && name.ends_with(suffix) {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

fn absolute(path: &Path) -> Result<PathBuf, FileError> {
    std::path::absolute(path).map_err(FileError::system(path, "made absolute"))
}

pub(crate) const FORMAT_PREFIX: &str = "sanad-pending/v";
/// The latest version that is read.
const VERSION_MAX: u64 = 2;
const PENDING_PREFIX: &str = ".sanad-pending-";
const PENDING_SUFFIX: &str = ".json";
const ELSEWHERE_SUFFIX: &str = ".elsewhere";
/// Longest word of a pending file elsewhere, in bytes: the longest path there is.
const ELSEWHERE_BYTES_MAX: usize = 4 << 10;
/// Most characters of an unknown format that an error shows.
const FORMAT_SHOWN_MAX: usize = 64;
const _: () = assert!(BATCH_EVENTS_MAX * 8192 < PENDING_BYTES_MAX);

#[cfg(test)]
mod tests {
    use sanad_core::batch::{Batch, BatchChain, NO_BATCH};
    use sanad_core::ids::Sequence;
    use sanad_core::signature::SecretKey;

    use super::*;

    fn pending(folder: &Path) -> Pending {
        let document = |n: u8| PendingDocument {
            path: std::path::absolute(folder).unwrap().join(format!("{n}.json")),
            kind: DocumentKind::Json,
            digest: [n; 32],
            secret: Secret([n; 32]),
            summary: None,
            commitment: Commitment([n; 32]),
            again: n == 2,
        };
        let mut documents: Vec<_> = (0..3).map(document).collect();
        documents[1].path = "/elsewhere/1.pdf".into();
        let event = |document: &PendingDocument| Event::Issue { commitment: document.commitment };
        let batch = Batch {
            chain_id: ChainId([1; 32]),
            issuer: "univ-merapi.example".parse().unwrap(),
            chain: BatchChain::Issuing,
            sequence: Sequence(0),
            previous: NO_BATCH,
            events: documents.iter().map(event).collect(),
        };
        let batch = batch.sign(&SecretKey::from_seed(&[1; 32]));
        let (receipts_form, register) = (ReceiptForm::Binary, Some(PathBuf::from("/desk/register.db")));
        Pending { batch, receipts_here: true, receipts_form, register, documents }
    }

    #[test]
    fn what_is_written_is_read_even_after_the_folder_moved() {
        let folder = tempfile::tempdir().unwrap();
        let (before, after) = (folder.path().join("a"), folder.path().join("b"));
        std::fs::create_dir(&before).unwrap();
        let path = pending(&before).write(&before).unwrap();
        assert_eq!(pending_files_in(&before).unwrap(), std::slice::from_ref(&path));
        assert_eq!(Pending::read(&path).unwrap(), pending(&before));
        std::fs::rename(&before, &after).unwrap();
        let moved = pending_files_in(&after).unwrap();
        assert_eq!(Pending::read(&moved[0]).unwrap(), pending(&after));
    }

    #[cfg(unix)]
    #[test]
    fn it_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = pending(folder.path()).write(folder.path()).unwrap();
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_file_that_was_changed_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = pending(folder.path()).write(folder.path()).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let commitment = pending(folder.path()).documents[1].commitment.to_string();
        let other = "0".repeat(64);
        for (from, to) in [
            (commitment.as_str(), other.as_str()),
            ("sanad-pending/v2", "x"),
            ("sanad-pending/v2", "sanad-pending/v02"),
            ("\"receipts_form\"", "\"another\": 1, \"receipts_form\""),
            ("\"secret\"", "\"secrez\""),
            ("\"2.json", "\"../2.json"),
            ("\"2.json", "\"/a/../2.json"),
        ] {
            let place = text.rfind(from).unwrap();
            let changed = format!("{}{to}{}", &text[..place], &text[place + from.len()..]);
            std::fs::write(&path, changed).unwrap();
            assert!(matches!(Pending::read(&path), Err(PendingError::NotPending { .. })), "{from}");
        }
        std::fs::write(&path, text).unwrap();
        assert!(Pending::read(&path).is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn one_that_others_can_read_or_write_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = pending(folder.path()).write(folder.path()).unwrap();
        for mode in [0o644, 0o620, 0o602] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let refused = Pending::read(&path);
            assert!(matches!(refused, Err(PendingError::File(FileError::Exposed { .. }))), "{refused:?}");
        }
    }

    /// The text of the sample on the page.
    fn sample() -> String {
        let page = include_str!("../../../docs/formats/pending.md");
        let (_, sample) = page.split_once("```json\n").unwrap();
        sample.split_once("```").unwrap().0.to_owned()
    }

    #[test]
    fn the_sample_of_the_page_is_what_is_written() {
        let mut sampled = pending(Path::new("/awards"));
        let chain = ChainId([1; 32]);
        sampled.documents.truncate(2);
        for (document, place) in sampled.documents.iter_mut().zip(0..) {
            document.again = place == 1;
            let (opening, issuer) = (document.opening(), "univ-merapi.example".parse().unwrap());
            document.commitment =
                opening.commitment(&chain, &issuer, document.kind, Some(&document.digest)).unwrap();
        }
        let mut events: Vec<_> = sampled
            .documents
            .iter()
            .map(|document| Event::Issue { commitment: document.commitment })
            .collect();
        events.push(Event::Revoke { target: sanad_core::ids::LogIndex(5) });
        let batch = Batch { events, ..sampled.batch.batch().clone() };
        sampled.batch = batch.sign(&SecretKey::from_seed(&[1; 32]));
        let written = String::from_utf8(sampled.text(Path::new("/awards")).unwrap()).unwrap();
        assert_eq!(sample(), written, "the page is to have:\n{written}");
        let read = Pending::from_json(sample().as_bytes()).unwrap();
        assert_eq!(read.changes(), [Event::Revoke { target: sanad_core::ids::LogIndex(5) }]);
        let issuer = &read.batch.batch().issuer;
        assert!(read.documents.iter().all(|document| document.opens(&chain, issuer)));
    }

    #[test]
    fn an_older_version_is_read_and_a_newer_one_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let path = pending(folder.path()).write(folder.path()).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        // As programs wrote it before a register was named, and after.
        let of_version =
            |version: &str| text.replace("sanad-pending/v2", &format!("sanad-pending/v{version}"));
        let lines: Vec<&str> = text.lines().filter(|line| !line.contains("\"register\"")).collect();
        let without = lines.join("\n").replace("sanad-pending/v2", "sanad-pending/v1");
        assert_eq!(Pending::from_json(without.as_bytes()).unwrap().register, None);
        assert!(Pending::from_json(of_version("1").as_bytes()).unwrap().register.is_some());
        // Whatever other fields it has.
        let newer = of_version("3").replace("\"receipts_here\"", "\"receipts_there\"");
        std::fs::write(&path, newer).unwrap();
        let refused = Pending::read(&path).unwrap_err();
        assert!(matches!(refused, PendingError::Newer { version: 3, .. }), "{refused:?}");
        let said = refused.to_string();
        assert!(said.contains("finish it with the `sanad` that wrote it, or a newer one"), "{said}");
    }
}
