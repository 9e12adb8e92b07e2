//! Finishing an issuance from its pending file.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sanad_api::CredentialKey;
use sanad_core::document::{self, DOCUMENT_BYTES_MAX, DocumentKind};
use sanad_core::event::Event;
use sanad_core::hash::ChainId;
use sanad_core::ids::MemberId;
use sanad_core::member::KeyPurpose;
use sanad_core::proof::StatusProof;
use sanad_core::status::CredentialStatus;
use sanad_core::trust::TrustAnchor;

use crate::chain::{Chain, ChainError};
use crate::files::{self, FileError};
use crate::folder::{FolderFiles, look_through};
use crate::folders::{FolderLocks, LockError};
use crate::former_keys::FormerKeys;
use crate::issue::{
    FormerlySigned, IssueError, IssueOptions, IssueReport, finish_batch, folders_of, issue_batch,
};
use crate::issuer::Issuer;
use crate::notice::{Notice, Observer};
use crate::pending::{Pending, PendingDocument, PendingError, pending_files_elsewhere, pending_files_in};
use crate::receipt_file::read_receipt;
use crate::receipts::{ReceiptsError, Writer};
use crate::submission::{SubmissionError, hand_in};

/// Why an issuance is not finished. Its pending file stays, and nothing in it is lost.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResumeError {
    /// A pending file cannot be read.
    #[error(transparent)]
    Pending(#[from] PendingError),
    /// A file or folder cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A folder cannot be worked in.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// It is for another chain.
    #[error("it is for the chain {actual}, not for {expected}; give the genesis or trust file of its chain")]
    AnotherChain {
        /// The chain that was given.
        expected: ChainId,
        /// The chain of the batch.
        actual: ChainId,
    },
    /// A register keeps its documents, and none was given: their rows would say for ever that they are on their way.
    #[error(
        "its documents are kept in the register {0}, which has to get their receipts, too; give --register {0}, or the register that \
         took its place", register.display()
    )]
    NoRegister {
        /// The register.
        register: PathBuf,
    },
    /// Secrets in it were damaged, and its batch is not in the ledger.
    #[error(
        "its batch is not in the ledger, and secrets in it are damaged (of {}); put the file back from a copy, or move it \
         away and issue the documents anew",
        Listed(documents)
    )]
    Damaged {
        /// The documents.
        documents: Vec<PathBuf>,
    },
    /// Another batch took its place, and it must be signed anew.
    #[error(
        "another batch took its place; give --issuer-dir (or --issuer and --key) to sign the same commitments anew"
    )]
    PlaceTaken(#[source] SubmissionError),
    /// What it replaces was revoked by another batch, and it must be signed anew without that.
    #[error(
        "what its documents replace was revoked meanwhile; give --issuer-dir (or --issuer and --key) to sign the same commitments anew"
    )]
    StatusConflict(#[source] SubmissionError),
    /// The issuer that would sign anew is another.
    #[error("it is a batch of {expected}, not of {actual}; give the folder or key of its issuer")]
    AnotherIssuer {
        /// The issuer of the batch.
        expected: MemberId,
        /// The issuer that was given.
        actual: MemberId,
    },
    /// A former key signed the batch, so that it cannot be entered any more, and its documents as well. Its pending file was removed.
    #[error(
        "its batch was not entered, and cannot be: the issuing key was replaced. {} signed by the former key as well, which verifiers may \
         refuse, so that the file was removed; run the command that signed them once more (`sanad issue roster`, `sanad reissue`, `sanad \
         endorse`), or have them signed with the key in force",
        FormerlySigned(documents)
    )]
    FormerKey {
        /// The documents.
        documents: Vec<PathBuf>,
    },
    /// The batch is not entered.
    #[error(transparent)]
    Submission(#[from] SubmissionError),
    /// The node cannot be asked.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The batch cannot be entered anew.
    #[error(transparent)]
    Again(Box<IssueError>),
    /// Receipts are not written.
    #[error(transparent)]
    Receipts(#[from] ReceiptsError),
}

/// The first of some documents, and how many more there are.
struct Listed<'a>(&'a [PathBuf]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [] => Ok(()),
            [one] => write!(f, "{}", one.display()),
            [first, others @ ..] => write!(f, "{} and {} more", first.display(), others.len()),
        }
    }
}

/// Pending files, read, and their folders locked.
#[derive(Debug)]
pub struct Unfinished {
    files: Vec<(PathBuf, Result<Pending, PendingError>)>,
    /// The folder of the files, and those that the user named.
    folders: Vec<PathBuf>,
    _locks: FolderLocks,
}

impl Unfinished {
    /// Reads a pending file, or those of a folder. Blocks while another issuance works in the same folders.
    ///
    /// Receipts are written into the folder of the file, or folders in it, and into `others`: documents lie there, or were
    /// moved there.
    ///
    /// # Errors
    /// [`ResumeError`].
    pub fn open(
        path: &Path,
        others: &[PathBuf],
        wait: Duration,
        observer: &dyn Observer,
    ) -> Result<Self, ResumeError> {
        let canonical = |folder: &Path| folder.canonicalize().map_err(FileError::system(folder, "opened"));
        let own = canonical(if path.is_dir() { path } else { files::parent(path) })?;
        let mut folders = vec![own];
        for other in others {
            folders.push(canonical(if other.is_dir() { other } else { files::parent(other) })?);
        }
        let mut wanted: BTreeSet<PathBuf> = folders.iter().cloned().collect();
        loop {
            // All at once, in their order, so that two programs never wait for each other; and the files only then: what
            // another program is finishing is gone when it ends.
            let locks = FolderLocks::take(&wanted, wait, observer)?;
            let found = if path.is_dir() { pending_files_in(path)? } else { vec![path.to_owned()] };
            let files: Vec<_> = found.into_iter().map(|path| (path.clone(), Pending::read(&path))).collect();
            // A document can be gone with its whole folder: that shows when its receipt has no place to go.
            let readable = files.iter().filter_map(|(_, pending)| pending.as_ref().ok());
            let documents = readable.flat_map(|pending| &pending.documents);
            let known = wanted.len();
            wanted.extend(documents.filter_map(|document| files::parent(&document.path).canonicalize().ok()));
            if wanted.len() == known {
                return Ok(Self { files, folders, _locks: locks });
            }
        }
    }

    /// The pending files, in order.
    pub fn files(&self) -> impl ExactSizeIterator<Item = &Path> {
        self.files.iter().map(|(path, _)| path.as_path())
    }

    /// Finishes what a pending file began. Documents that were renamed or moved since are found by their content; with
    /// [`Places::folder`](crate::Places::folder) receipts are written elsewhere.
    ///
    /// Without `issuer` a batch whose place was taken is [`ResumeError::PlaceTaken`].
    ///
    /// # Errors
    /// [`ResumeError`]; receipts that could not be written are in the report.
    pub async fn finish(
        &self,
        file: &Path,
        chain: &Chain,
        issuer: Option<&Issuer>,
        options: &IssueOptions,
        observer: &dyn Observer,
        report: &mut IssueReport,
    ) -> Result<(), ResumeError> {
        let pending = match self.files.iter().find(|(path, _)| path == file) {
            Some((_, Ok(pending))) => pending.clone(),
            // Read once more for the error, which belongs to the caller.
            _ => Pending::read(file)?,
        };
        let (batch, expected) = (pending.batch.batch(), chain.anchor().chain_id);
        if batch.chain_id != expected {
            return Err(ResumeError::AnotherChain { expected, actual: batch.chain_id });
        }
        if let (Some(register), None) = (&pending.register, &options.keeper) {
            return Err(ResumeError::NoRegister { register: register.clone() });
        }
        let mut options = options.clone();
        if pending.receipts_here && options.places.folder.is_none() {
            options.places.folder = self.folders.first().cloned();
        }
        options.places.form = options.places.form.or(Some(pending.receipts_form));
        let options = &options;
        let writer = Writer { chain, options, observer, within: Some(&self.folders) };
        let opens = |document: &&PendingDocument| document.opens(&batch.chain_id, &batch.issuer);
        let damaged = pending.documents.iter().filter(|document| !opens(document));
        let damaged: Vec<PathBuf> = damaged.map(|document| document.path.clone()).collect();
        // A secret that is lost cannot be entered usefully; if it is entered already, the others still get their receipts.
        if !damaged.is_empty() && !writer.all_issued(&pending).await? {
            return Err(ResumeError::Damaged { documents: damaged });
        }
        let documents = self.locate(&pending, chain.anchor(), options, observer)?;
        let pending = Pending { documents, ..pending };
        let batch = &pending.batch;
        let place = match hand_in(chain, batch, Instant::now() + options.wait).await {
            Ok(place) => Some(place),
            Err(SubmissionError::Refused { code, .. }) if writer.all_issued(&pending).await? => {
                observer.notice(&Notice::IssuedByAnother { batch: batch.id(), code });
                None
            }
            Err(error) if error.is_sequence_clash() || (error.is_of_former_key() && issuer.is_some()) => {
                let Some(issuer) = issuer else { return Err(ResumeError::PlaceTaken(error)) };
                let changes = still_to_change(chain, &pending, observer).await?;
                if let SubmissionError::Refused { code, .. } = error {
                    observer.notice(&Notice::SignedAnew { batch: batch.id(), code });
                }
                return again(&writer, issuer, &pending, &changes, file, report).await;
            }
            Err(error) if error.is_status_conflict() && !pending.changes().is_empty() => {
                let Some(issuer) = issuer else { return Err(ResumeError::StatusConflict(error)) };
                let changes = still_to_change(chain, &pending, observer).await?;
                if changes.len() == pending.changes().len() {
                    return Err(error.into());
                }
                return again(&writer, issuer, &pending, &changes, file, report).await;
            }
            Err(error) => return Err(error.into()),
        };
        finish_batch(&writer, &pending, place, file, report).await?;
        report.issued.sort_by(|a, b| a.document.cmp(&b.document));
        Ok(())
    }

    /// The documents of a pending file, those that are gone or changed under the names that their content has now.
    fn locate(
        &self,
        pending: &Pending,
        anchor: &TrustAnchor,
        options: &IssueOptions,
        observer: &dyn Observer,
    ) -> Result<Vec<PendingDocument>, FileError> {
        let mut documents = pending.documents.clone();
        let lost =
            |document: &PendingDocument| digest_of(&document.path, document.kind) != Some(document.digest);
        let lost: Vec<usize> = (0..documents.len()).filter(|place| lost(&documents[*place])).collect();
        if lost.is_empty() {
            return Ok(documents);
        }
        let parents = lost.iter().map(|place| files::parent(&documents[*place].path).to_owned());
        let folders: BTreeSet<PathBuf> =
            parents.chain(self.folders.clone()).filter_map(|folder| folder.canonicalize().ok()).collect();
        let known: BTreeSet<PathBuf> = documents.iter().map(|document| document.path.clone()).collect();
        let kinds: HashSet<DocumentKind> = lost.iter().map(|place| documents[*place].kind).collect();
        let mut found: HashMap<(DocumentKind, [u8; 32]), Vec<PathBuf>> = HashMap::new();
        for folder in folders {
            let FolderFiles { documents, others, .. } = look_through(&folder)?;
            let is_new = |path: &PathBuf| path.to_str().is_some() && !known.contains(path);
            for path in documents.into_iter().chain(others).filter(is_new) {
                for kind in &kinds {
                    if let Some(digest) = digest_of(&path, *kind) {
                        found.entry((*kind, digest)).or_default().push(path.clone());
                    }
                }
            }
        }
        for place in lost {
            let document = &mut documents[place];
            let Some(paths) = found.get_mut(&(document.kind, document.digest)) else { continue };
            // Not one that has the receipt of another issuance.
            let is_free = |path: &PathBuf| {
                let read = |receipt: PathBuf| read_receipt(&receipt, anchor, options.pictures);
                let own = |receipt| read(receipt).is_ok_and(|receipt| receipt.opening == document.opening());
                options.places.existing(path).all(own)
            };
            if let Some(place) = paths.iter().position(is_free) {
                let now = paths.remove(place);
                let was = std::mem::replace(&mut document.path, now.clone());
                observer.notice(&Notice::FoundAs { was, now });
            }
        }
        Ok(documents)
    }
}

fn digest_of(path: &Path, kind: DocumentKind) -> Option<[u8; 32]> {
    document::digest(kind, &files::read(path, DOCUMENT_BYTES_MAX).ok()?).ok()
}

/// The revocations of a pending file whose credentials are not revoked already: with one of the others its batch would be refused
/// for ever.
async fn still_to_change(
    chain: &Chain,
    pending: &Pending,
    observer: &dyn Observer,
) -> Result<Vec<Event>, ResumeError> {
    let target = |change: &Event| match change {
        Event::Revoke { target } => Some(CredentialKey::Index(*target)),
        _ => None,
    };
    let changes = pending.changes();
    let keys: Vec<CredentialKey> = changes.iter().filter_map(target).collect();
    if keys.is_empty() {
        return Ok(changes.to_vec());
    }
    let mut revoked = BTreeSet::new();
    let take = |answer: Option<(StatusProof, CredentialStatus)>| {
        let is_revoked = |(_, status): &(StatusProof, CredentialStatus)| *status == CredentialStatus::Revoked;
        revoked.extend(answer.filter(is_revoked).map(|(proof, _)| proof.index));
    };
    chain.statuses(&keys, take).await?;
    for target in &revoked {
        observer.notice(&Notice::RevokedAlready(*target));
    }
    let is_left = |change: &&Event| match change {
        Event::Revoke { target } => !revoked.contains(target),
        _ => true,
    };
    Ok(changes.iter().filter(is_left).cloned().collect())
}

/// Signs the same commitments as another batch. With the same secrets nothing can be issued twice: the ledger takes
/// each commitment once.
async fn again(
    writer: &Writer<'_>,
    issuer: &Issuer,
    pending: &Pending,
    changes: &[Event],
    file: &Path,
    report: &mut IssueReport,
) -> Result<(), ResumeError> {
    let expected = &pending.batch.batch().issuer;
    if issuer.id != *expected {
        return Err(ResumeError::AnotherIssuer { expected: expected.clone(), actual: issuer.id.clone() });
    }
    discard_former(writer.chain, issuer, pending, file).await?;
    let folder = files::parent(file);
    issue_batch(writer, issuer, &pending.documents, changes, folder, report)
        .await
        .map_err(|error| ResumeError::Again(Box::new(error)))?;
    // The new file has the name of the old one if the batch is the same: its turn has come after all.
    if !report.unfinished.iter().any(|kept| kept == file) {
        files::remove(file)?;
    }
    Ok(())
}

/// Removes a pending file whose batch and documents a former key signed: the batch can never be entered, and with the same
/// commitments only these documents can be.
async fn discard_former(
    chain: &Chain,
    issuer: &Issuer,
    pending: &Pending,
    file: &Path,
) -> Result<(), ResumeError> {
    let member = chain.member(&issuer.id).await?;
    let current = member.rest().current_key(KeyPurpose::Issuing);
    if current.is_none_or(|key| pending.batch.verify(&key).is_ok()) {
        return Ok(());
    }
    let is_former = FormerKeys::of(&member);
    let mut documents = Vec::new();
    for PendingDocument { path, kind, .. } in &pending.documents {
        // What is gone cannot be looked at, and is entered as before.
        let Ok(bytes) = files::read(path, DOCUMENT_BYTES_MAX) else { continue };
        documents.extend(is_former.signer_of(*kind, &bytes).map(|_| path.clone()));
    }
    if documents.is_empty() {
        return Ok(());
    }
    // The secrets go with the file: that nothing of it was entered, and nothing can be, has to be proved as of one block. Another node
    // may be behind the one that was asked before.
    let issued = chain.issued(&issuer.id).await?;
    if issued.former_keys != is_former
        || pending.documents.iter().any(|document| issued.statuses.contains_key(&document.commitment))
    {
        return Ok(());
    }
    files::remove(file)?;
    for folder in folders_of(&pending.documents) {
        // Once the file is gone, the word of it goes, too.
        let _ = pending_files_elsewhere(folder);
    }
    Err(ResumeError::FormerKey { documents })
}
