//! What a caller hears while work goes on: remarks for people, and progress.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sanad_api::ErrorCode;
use sanad_core::hash::BatchId;
use sanad_core::ids::{LogIndex, MemberId};

use crate::content::Artifact;
use crate::files::FileError;

/// Hears of remarks and progress. `()` ignores both.
pub trait Observer: Sync {
    /// Something that people should know, and that stops nothing.
    fn notice(&self, notice: &Notice) {
        let _ = notice;
    }

    /// `done` of `total` items have gone through a step.
    fn progress(&self, step: Step, done: usize, total: usize) {
        let _ = (step, done, total);
    }
}

impl Observer for () {}

/// A step of longer work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// The rows of a roster are checked.
    Checking,
    /// Credentials are signed and written.
    Signing,
    /// Documents are read and digested.
    Reading,
    /// Batches are entered and receipts written.
    Issuing,
    /// Credentials are asked for their status.
    Asking,
    /// A batch of changes waits until it is final.
    Changing,
}

/// Why a file was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeftOut {
    /// It is a file of the ledger's own.
    Artifact(Artifact),
    /// It is a symbolic link: its target may be there, too.
    Link,
    /// It is neither a file nor a folder: a device, a pipe, a socket.
    Special,
    /// It is the same file as another, under a second name.
    SameFile(PathBuf),
    /// It has no content.
    Empty,
    /// It holds the passphrase that was given.
    Passphrase,
    /// It is named as a receipt is, and is none.
    NamedAsReceipt,
    /// It is of another kind than documents are.
    OtherKind,
    /// It is a folder in the folder.
    Folder,
    /// Its name begins with a full stop.
    Hidden,
}

impl LeftOut {
    /// Whether it is no surprise: such files are counted, not listed.
    pub(crate) fn is_usual(&self) -> bool {
        matches!(self, Self::OtherKind | Self::Folder | Self::Hidden)
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Artifact(artifact) => write!(f, "it is {artifact}, not a document"),
            Self::Link => f.write_str("it is a link; name the file that it leads to"),
            Self::Special => f.write_str("it is a device, pipe or socket, not a file"),
            Self::SameFile(first) => write!(f, "it is the same file as {} (a hard link)", first.display()),
            Self::Empty => f.write_str("it is empty"),
            Self::Passphrase => f.write_str("it holds the passphrase that was given"),
            Self::NamedAsReceipt => {
                f.write_str("it is named as a receipt and is none; rename it if it is a document")
            }
            Self::OtherKind => {
                let known = crate::folder::EXTENSIONS.join(", ");
                write!(f, "in a folder only {known} are taken; name the file itself")
            }
            Self::Folder => f.write_str("it is a folder within the folder; name it, too"),
            Self::Hidden => f.write_str("it is hidden"),
        }
    }
}

/// What people should know of a document before it is issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Remark {
    /// It begins with a byte order mark, so that it is not JSON.
    ByteOrderMark,
    /// It is a JSON array.
    Array,
    /// It is named as JSON and is not.
    NotJson,
    /// It is neither JSON nor a JWT.
    Bytes,
    /// It is JSON, and no credential.
    NotACredential,
    /// Its own dates say that it has expired.
    Expired,
    /// Its own dates say that it is not yet valid.
    NotYetValid,
    /// Whoever presents it decides whether the end of its validity is seen.
    EndMayBeWithheld,
}

/// A remark for people. Written as a sentence by its `Display`.
#[derive(Debug)]
#[non_exhaustive]
pub enum Notice {
    /// A document has its receipt, and is not issued again.
    AlreadyIssued(PathBuf),
    /// A file of a folder is not issued.
    LeftOut {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: LeftOut,
    },
    /// What is left out of a folder since it does not look like a document.
    OtherFiles {
        /// The folder.
        folder: PathBuf,
        /// Files of other kinds.
        files: usize,
        /// Folders.
        folders: usize,
        /// Hidden files.
        hidden: usize,
    },
    /// A document has the receipt of another issuer, which is no reason not to issue it.
    IssuedByOther {
        /// The document.
        document: PathBuf,
        /// The issuer of that receipt.
        issuer: MemberId,
    },
    /// A receipt has another name, since one of another document has its own.
    NamedByIndex {
        /// The document.
        document: PathBuf,
        /// Its receipt.
        receipt: PathBuf,
    },
    /// What is said of documents before they are issued.
    Remarked {
        /// What it is.
        remark: Remark,
        /// One of them.
        first: PathBuf,
        /// How many more.
        others: usize,
    },
    /// Documents name another issuer than the member that issues them, or in a form that cannot be compared.
    AnotherIssuer {
        /// The member.
        issuer: MemberId,
        /// One of the documents.
        first: PathBuf,
        /// How many more.
        others: usize,
    },
    /// Two documents of a run have the same content.
    SameContent {
        /// The one.
        path: PathBuf,
        /// The other.
        first: PathBuf,
    },
    /// Another program works in a folder, and is waited for.
    FolderAwaited {
        /// The folder.
        folder: PathBuf,
        /// For how long at most.
        wait: Duration,
    },
    /// A folder cannot be locked.
    NotLocked {
        /// The folder.
        folder: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Another batch of the issuer is pending, and is waited for.
    TurnAwaited {
        /// The issuer.
        issuer: MemberId,
        /// For how long at most.
        wait: Duration,
    },
    /// A batch lost its place to another, and its events are signed anew.
    SignedAnew {
        /// The batch.
        batch: BatchId,
        /// Why it was refused.
        code: ErrorCode,
    },
    /// A revocation of a batch that is signed anew is left out: the credential is revoked already.
    RevokedAlready(LogIndex),
    /// A batch was refused, but its commitments are in the log.
    IssuedByAnother {
        /// The batch.
        batch: BatchId,
        /// Why it was refused.
        code: ErrorCode,
    },
    /// Some batches of a run are final, and a later one failed.
    IssuedBefore(usize),
    /// A document is not what it was when it was issued.
    Changed(PathBuf),
    /// A document is gone.
    Gone(PathBuf),
    /// A document was found under another name.
    FoundAs {
        /// Its name when it was issued.
        was: PathBuf,
        /// Its name now.
        now: PathBuf,
    },
    /// A pending file is no longer needed and could not be removed.
    NotRemoved(FileError),
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyIssued(path) => write!(f, "{} has its receipt already; skipped", path.display()),
            Self::AnotherIssuer { issuer, first, others } => {
                let (first, names) = (first.display(), if *others == 0 { "names" } else { "name" });
                let more = match others {
                    0 => String::new(),
                    1 => " and 1 other".to_owned(),
                    others => format!(" and {others} others"),
                };
                write!(
                    f,
                    "{first}{more} {names} an issuer that is not an issuer id of {issuer} in the register: verifiers \
                     will say \"not proven (issuer-id)\"; `sanad endorse` says what you checked of it"
                )
            }
            Self::LeftOut { path, reason } => write!(f, "{} is left out: {reason}", path.display()),
            Self::OtherFiles { folder, files, folders, hidden } => {
                let known = crate::folder::EXTENSIONS.join(", ");
                let counts = [
                    (format!("files of other kinds than {known}"), *files),
                    ("folders".to_owned(), *folders),
                    ("hidden files".to_owned(), *hidden),
                ];
                let counts = counts.iter().filter(|(_, count)| *count > 0);
                let counts: Vec<String> = counts.map(|(what, count)| format!("{what}: {count}")).collect();
                write!(f, "{}: left out {}", folder.display(), counts.join("; "))
            }
            Self::IssuedByOther { document, issuer } => {
                write!(f, "{} has a receipt by {issuer}: it is issued all the same", document.display())
            }
            Self::NamedByIndex { document, receipt } => write!(
                f,
                "the receipt of {} is {}: another has its usual name",
                document.display(),
                receipt.display()
            ),
            Self::Remarked { remark, first, others } => remarked(f, *remark, first, *others),
            Self::SameContent { path, first } => write!(
                f,
                "{} has the same content as {}: each is issued and gets a receipt of its own",
                path.display(),
                first.display()
            ),
            Self::FolderAwaited { folder, wait } => {
                write!(f, "another `sanad issue` works in {}; waiting {wait:?} for it", folder.display())
            }
            Self::NotLocked { folder, error } => {
                write!(f, "{} cannot be locked ({error}); issue from one place at a time", folder.display())
            }
            Self::TurnAwaited { issuer, wait } => {
                write!(f, "another batch of {issuer} is pending; waiting {wait:?} for its turn")
            }
            Self::SignedAnew { batch, code } => {
                write!(f, "batch {batch} was refused ({code}); signing the same commitments anew")
            }
            Self::RevokedAlready(target) => {
                write!(f, "entry {target}, which is replaced, is revoked already; its revocation is left out")
            }
            Self::IssuedByAnother { batch, code } => write!(
                f,
                "batch {batch} is refused ({code}), but its commitments were issued by another batch"
            ),
            Self::IssuedBefore(count) => {
                write!(f, "{count} documents were issued before this failed; they have their receipts")
            }
            Self::Changed(path) => write!(
                f,
                "{} was changed since it was issued; the receipt is for what it was",
                path.display()
            ),
            Self::Gone(path) => write!(f, "{} is gone; the receipt is for what it was", path.display()),
            Self::FoundAs { was, now } => {
                write!(f, "{} is now {}, by its content", was.display(), now.display())
            }
            Self::NotRemoved(error) => write!(f, "{error}; it is no longer needed"),
        }
    }
}

fn remarked(f: &mut fmt::Formatter<'_>, remark: Remark, first: &Path, others: usize) -> fmt::Result {
    let first = first.display();
    let many = others > 0;
    match others {
        0 => write!(f, "{first}")?,
        1 => write!(f, "{first} and 1 other")?,
        _ => write!(f, "{first} and {others} others")?,
    }
    let said = match (remark, many) {
        (Remark::ByteOrderMark, false) => "begins with a byte order mark: issued as bytes",
        (Remark::ByteOrderMark, true) => "begin with a byte order mark: issued as bytes",
        (Remark::Array, false) => "is a JSON array, not an object: issued as bytes",
        (Remark::Array, true) => "are JSON arrays, not objects: issued as bytes",
        (Remark::NotJson, false) => "is named as JSON and is not: issued as bytes",
        (Remark::NotJson, true) => "are named as JSON and are not: issued as bytes",
        (Remark::Bytes, false) => "is not JSON: issued as bytes",
        (Remark::Bytes, true) => "are not JSON: issued as bytes",
        (Remark::NotACredential, false) => "is JSON, but not a credential (no type VerifiableCredential)",
        (Remark::NotACredential, true) => "are JSON, but not credentials (no type VerifiableCredential)",
        (Remark::Expired, false) => "has expired already, by its own dates: verifiers will say so",
        (Remark::Expired, true) => "have expired already, by their own dates: verifiers will say so",
        (Remark::NotYetValid, false) => {
            "is not valid yet, by its own dates: verifiers will say so until then"
        }
        (Remark::NotYetValid, true) => {
            "are not valid yet, by their own dates: verifiers will say so until then"
        }
        (Remark::EndMayBeWithheld, false) => {
            "leaves it to its holder to show until when it is valid: verifiers will say that they could not check it; \
             keep the end out of the disclosures"
        }
        (Remark::EndMayBeWithheld, true) => {
            "leave it to their holders to show until when they are valid: verifiers will say that they could not check \
             it; keep the end out of the disclosures"
        }
    };
    match remark {
        Remark::Expired | Remark::NotYetValid | Remark::EndMayBeWithheld => write!(f, " {said}"),
        _ => {
            let whose = if many { "their" } else { "its" };
            write!(f, " {said}; {whose} dates and issuer will not be looked at")
        }
    }
}
