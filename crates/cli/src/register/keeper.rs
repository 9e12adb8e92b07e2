//! Issuing with a register: it has every secret before a batch leaves, and every receipt before the pending file goes.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use sanad_core::batch::SignedBatch;
use sanad_core::destruction::DestructionRecord;
use sanad_core::document::{self, DOCUMENT_BYTES_MAX, DocumentKind};
use sanad_core::event::Event;
use sanad_core::ids::MemberId;
use sanad_core::receipt::Receipt;
use sanad_core::trust::TrustAnchor;
use sanad_credential::badge_of_sd_jwt;
use sanad_issuer::{
    Chain, FormerKeys, IssuedStatuses, KeepError, Keeper, PendingDocument, StatusListPlace, files,
};
use sanad_register::{
    Credential, NewCredential, Position, Progress, Query, Register, RegisterError, Replaced, Row, RowNumber,
    Status, Subject, There,
};
use serde_json::Value;

use crate::output::{note, warn};
use crate::receipt_file;
use crate::time;

/// A register that keeps what is issued.
pub(crate) struct RegisterKeeper {
    register: Mutex<Register>,
    /// What the issuance is called.
    batch: String,
    /// What the document replaces.
    replaces: Option<Replaced>,
    /// Whether persons who were erased are issued to again.
    takes_back_erased: bool,
    /// What the ledger says, once it was asked.
    asked: OnceLock<IssuedStatuses>,
    /// Keeps other programs from signing for this register: from [`RegisterKeeper::claim`] on, until the rows are in it.
    claim: Mutex<Option<File>>,
}

/// Documents with a receipt beside them that have no row in the register.
#[derive(Debug, Default)]
pub(crate) struct NotKept {
    /// Of which the register has a record of destruction.
    pub(crate) erased: Vec<PathBuf>,
    /// Whose receipt cannot be read: they may have been erased.
    pub(crate) unread: Vec<PathBuf>,
    /// Of which the register knows nothing: how many.
    pub(crate) unknown: usize,
}

/// What to do with a register that lacks credentials of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Incomplete {
    /// Nothing is done.
    Refused,
    /// Nothing is done, unless the register is new: what was issued before there was one is not in it.
    RefusedUnlessNew,
    /// A warning says so.
    Told,
    /// It is known.
    Allowed,
}

impl Incomplete {
    /// This, unless --incomplete-register is given.
    pub(crate) fn unless(self, allowed: bool) -> Self {
        if allowed { Self::Allowed } else { self }
    }
}

impl RegisterKeeper {
    pub(crate) fn new(register: Register, batch: String, replaces: Option<Replaced>) -> Self {
        let (register, claim) = (Mutex::new(register), Mutex::new(None));
        Self { register, batch, replaces, takes_back_erased: false, asked: OnceLock::new(), claim }
    }

    /// Issues again to persons who were erased from the register.
    #[must_use]
    pub(crate) fn taking_back_erased(self, takes_back: bool) -> Self {
        Self { takes_back_erased: takes_back, ..self }
    }

    /// Checks before they are signed that none of these credentials is in the register: each by what it is called and its subject.
    ///
    /// Those do not count that a former key signed and that were not entered: they are signed anew.
    pub(crate) fn check_new(&self, credentials: &[(String, Subject)]) -> Result<(), RegisterError> {
        let register = self.lock();
        let mut clashes = match register.check_new(&self.batch, credentials, self.takes_back_erased) {
            Err(RegisterError::Clashes(clashes)) => clashes,
            checked => return checked,
        };
        let mut failed = None;
        clashes.retain(|clash| {
            let There::Row(row, _) = clash.with else { return true };
            let there = register.credential(row).and_then(|there| Ok((there, register.document(row)?)));
            let (there, document) = match there {
                Ok(there) => there,
                Err(error) => {
                    failed.get_or_insert(error);
                    return true;
                }
            };
            !self.is_void(&there, &document)
        });
        match (failed, clashes.is_empty()) {
            (Some(error), _) => Err(error),
            (None, true) => Ok(()),
            (None, false) => Err(RegisterError::Clashes(clashes)),
        }
    }

    /// Whether a row can never be entered: a former key signed its document, and so its batch, and the ledger does not have it.
    fn is_void(&self, there: &Credential, document: &[u8]) -> bool {
        let Some(issued) = self.asked.get() else { return false };
        there.state.progress != Progress::Issued
            && !issued.statuses.contains_key(&there.facts.commitment)
            && issued.former_keys.signer_of(there.facts.kind, document).is_some()
    }

    /// The register.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Register> {
        self.register.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the ledger what the issuer has issued, before anything is signed or entered, and checks that the register has all of it.
    /// With an older copy the same awards would be issued once more, and places in status lists allotted twice: whoever reads the
    /// lists alone would take a new credential for a revoked one.
    pub(crate) async fn ask(
        &self,
        chain: &Chain,
        issuer: &MemberId,
        incomplete: Incomplete,
    ) -> anyhow::Result<()> {
        if self.asked.get().is_some() {
            return Ok(());
        }
        let former = FormerKeys::of(&chain.member(issuer).await?);
        // Nothing has to be known of it where neither matters.
        if incomplete == Incomplete::Allowed && former.is_empty() {
            return Ok(());
        }
        let issued = chain.issued(issuer).await?;
        let lacking = match incomplete {
            Incomplete::Allowed => 0,
            _ => self.lock().lacking(issued.statuses.keys())?,
        };
        if lacking > 0 {
            let lacks = format!(
                "the register lacks {lacking} of the {} credentials that the ledger has of this issuer",
                issued.statuses.len()
            );
            let is_new = incomplete == Incomplete::RefusedUnlessNew && self.lock().is_empty()?;
            if incomplete == Incomplete::Told || is_new {
                warn(format!(
                    "{lacks}: `sanad register import` enters those that were issued without it; if it is an older copy, put the newest \
                     one back, or the same awards can be issued once more"
                ));
            } else {
                bail!(
                    "{lacks}: it may be an older copy, and the same awards would be issued once more, and places in status lists \
                     allotted twice. Put the newest one back, or `sanad register import` what was issued since; where they were \
                     issued without a register, give --incomplete-register. Nothing was signed or entered"
                );
            }
        }
        let _ = self.asked.set(issued);
        Ok(())
    }

    /// The rows that have one of these documents, by its digest, and were revoked.
    pub(crate) fn revoked<'a>(
        &self,
        documents: &[(&'a Path, &[u8; 32])],
    ) -> anyhow::Result<Vec<(&'a Path, Credential)>> {
        let by_digest: HashMap<&[u8; 32], &'a Path> =
            documents.iter().map(|(path, digest)| (*digest, *path)).collect();
        let mut revoked = Vec::new();
        self.lock().visit(|row| {
            if let Row::Credential(credential) = row
                && credential.status() == Status::Revoked
                && let Some(path) = by_digest.get(&credential.facts.digest)
            {
                revoked.push((*path, *credential));
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(revoked)
    }

    /// Which of these documents the register has as revoked or suspended, with row and status.
    pub(crate) fn void(&self, paths: &[PathBuf]) -> anyhow::Result<Vec<(PathBuf, RowNumber, Status)>> {
        let mut void: HashMap<[u8; 32], (RowNumber, Status)> = HashMap::new();
        self.lock().visit(|row| {
            if let Row::Credential(credential) = row
                && credential.status() != Status::Active
            {
                void.insert(credential.facts.digest, (credential.row, credential.status()));
            }
            Ok(ControlFlow::Continue(()))
        })?;
        let mut found = Vec::new();
        for path in paths.iter().filter(|_| !void.is_empty()) {
            let bytes = files::read(path, DOCUMENT_BYTES_MAX)?;
            let digest = document::digest(DocumentKind::detect(&bytes), &bytes)?;
            found.extend(void.get(&digest).map(|(row, status)| (path.clone(), *row, *status)));
        }
        Ok(found)
    }

    /// Which of these documents have a receipt beside them and no row in the register. Of what was erased the register keeps the
    /// commitment, which the receipt names, too.
    pub(crate) fn missing(&self, paths: &[PathBuf], anchor: &TrustAnchor) -> anyhow::Result<NotKept> {
        let (mut known, mut erased) = (HashSet::new(), HashSet::new());
        self.lock().visit(|row| {
            match row {
                Row::Credential(credential) => _ = known.insert(credential.facts.digest),
                Row::Erased { record, .. } => {
                    let record = DestructionRecord::from_json(record.as_bytes());
                    erased.extend(record.map(|record| record.statement.commitment));
                }
            }
            Ok(ControlFlow::Continue(()))
        })?;
        let mut missing = NotKept::default();
        for path in paths {
            let beside = receipt_file::find_beside(path);
            if !beside.is_file() {
                continue;
            }
            let bytes = files::read(path, DOCUMENT_BYTES_MAX)?;
            let digest = document::digest(DocumentKind::detect(&bytes), &bytes)?;
            if known.contains(&digest) {
                continue;
            }
            if erased.is_empty() {
                missing.unknown += 1;
                continue;
            }
            let receipt = receipt_file::read(&beside, anchor).ok();
            let receipt = receipt.filter(|receipt| receipt.verify(Some(&bytes), anchor).is_ok());
            match receipt.map(|receipt| receipt.proof.entry.event) {
                Some(Event::Issue { commitment }) if erased.contains(&commitment) => {
                    missing.erased.push(path.clone());
                }
                Some(_) => missing.unknown += 1,
                None => missing.unread.push(path.clone()),
            }
        }
        Ok(missing)
    }

    /// Notes rows as issued whose documents have their receipts beside them: an issuance was finished without the register.
    /// How many there were.
    pub(crate) fn heal(&self, paths: &[PathBuf], anchor: &TrustAnchor) -> anyhow::Result<usize> {
        // Most often none was skipped, and every row would be opened for nothing.
        if paths.is_empty() {
            return Ok(0);
        }
        let mut register = self.lock();
        let mut unfinished: HashMap<[u8; 32], Vec<Credential>> = HashMap::new();
        register.visit(|row| {
            if let Row::Credential(credential) = row
                && credential.state.progress != Progress::Issued
            {
                unfinished.entry(credential.facts.digest).or_default().push(*credential);
            }
            Ok(ControlFlow::Continue(()))
        })?;
        let mut receipts = Vec::new();
        for path in paths.iter().filter(|_| !unfinished.is_empty()) {
            let beside = receipt_file::find_beside(path);
            if !beside.is_file() {
                continue;
            }
            let bytes = files::read(path, DOCUMENT_BYTES_MAX)?;
            let digest = document::digest(DocumentKind::detect(&bytes), &bytes)?;
            let Some(rows) = unfinished.get(&digest) else { continue };
            let receipt = receipt_file::read(&beside, anchor)?;
            receipt.verify(Some(&bytes), anchor).with_context(|| beside.display().to_string())?;
            // The same document may have been issued without the register as well, with another secret.
            let row = rows.iter().find(|row| row.opening() == receipt.opening);
            receipts.extend(row.map(|row| (row.row, receipt)));
        }
        register.issued(&receipts)?;
        Ok(receipts.len())
    }

    /// Keeps other programs from signing for this register until the rows of what is signed are in it, or until
    /// [`RegisterKeeper::release`].
    pub(crate) fn claim(&self, wait: Duration) -> anyhow::Result<()> {
        let mut path = self.lock().path().as_os_str().to_owned();
        path.push(".lock");
        let (path, deadline) = (PathBuf::from(path), Instant::now() + wait);
        let open = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let file = open.with_context(|| format!("{} cannot be opened", path.display()))?;
        let mut said = false;
        loop {
            match file.try_lock() {
                Err(TryLockError::WouldBlock) if Instant::now() >= deadline => {
                    bail!(
                        "another program is at work with this register; wait until it ends, or give a longer --wait"
                    )
                }
                Err(TryLockError::WouldBlock) => {
                    if !std::mem::replace(&mut said, true) {
                        note(format_args!("another program is at work with this register; waiting"));
                    }
                    std::thread::sleep(CLAIM_INTERVAL);
                }
                // Some file systems have no locks.
                Ok(()) | Err(TryLockError::Error(_)) => {
                    *self.claim.lock().unwrap_or_else(PoisonError::into_inner) = Some(file);
                    return Ok(());
                }
            }
        }
    }

    /// Lets other programs sign for this register.
    pub(crate) fn release(&self) {
        *self.claim.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn new_credential(&self, document: &PendingDocument) -> Result<NewCredential, KeepError> {
        let bytes = files::read(&document.path, DOCUMENT_BYTES_MAX).map_err(failed)?;
        Ok(NewCredential { replaces: self.replaces.clone(), ..new_credential(document, bytes, &self.batch) })
    }
}

impl fmt::Debug for RegisterKeeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegisterKeeper").field("batch", &self.batch).finish_non_exhaustive()
    }
}

/// A document as the register takes it.
pub(crate) fn new_credential(document: &PendingDocument, bytes: Vec<u8>, batch: &str) -> NewCredential {
    let PendingDocument { path, kind, secret, summary, commitment, .. } = document.clone();
    NewCredential {
        position: position_in(&bytes),
        batch: batch.to_owned(),
        subject: subject_of(kind, &bytes),
        file: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        kind,
        document: bytes,
        secret,
        summary,
        commitment,
        replaces: None,
    }
}

/// Who is awarded what by a document; of an SD-JWT VC, by the badge that it stands for.
pub(crate) fn subject_of(kind: DocumentKind, document: &[u8]) -> Subject {
    match kind {
        DocumentKind::SdJwt => badge_of_sd_jwt(document)
            .map(|badge| Subject::of_document(DocumentKind::Json, badge.to_string().as_bytes()))
            .unwrap_or_default(),
        kind => Subject::of_document(kind, document),
    }
}

/// A credential in JSON: the document itself, or the badge that an SD-JWT VC stands for.
pub(crate) fn credential_of(document: &[u8]) -> Option<Value> {
    serde_json::from_slice(document).ok().or_else(|| badge_of_sd_jwt(document))
}

/// The id of a credential in either form.
pub(crate) fn id_of(document: &[u8]) -> Option<String> {
    credential_of(document)?["id"].as_str().map(str::to_owned)
}

/// The position that a credential names in the status lists of its issuer.
pub(crate) fn position_in(document: &[u8]) -> Option<Position> {
    let credential = credential_of(document)?;
    let issuer = &credential["issuer"];
    let issuer = issuer.as_str().or_else(|| issuer["id"].as_str())?;
    let number = StatusListPlace::of_did(issuer).ok()?.position_of(&credential)?;
    Some(Position { number, credential: credential["id"].as_str()?.to_owned() })
}

impl Keeper for RegisterKeeper {
    fn path(&self) -> PathBuf {
        let register = self.lock();
        std::path::absolute(register.path()).unwrap_or_else(|_| register.path().to_owned())
    }

    fn plan(&self, documents: &mut [PendingDocument]) -> Result<(), KeepError> {
        let mut register = self.lock();
        let adding = register.begin(time::now_ms()).map_err(failed)?;
        let may_renew = |there: &Credential, document: &[u8]| self.is_void(there, document);
        let mut adding = adding.taking_back_erased(self.takes_back_erased).renewing(&may_renew);
        for document in documents.iter_mut() {
            let new = self.new_credential(document)?;
            if let Some(added) = adding.add(&new).map_err(failed)?
                && added.was_there
            {
                document.secret = added.facts.secret;
                document.summary = added.facts.summary;
                document.commitment = added.facts.commitment;
            }
        }
        adding.commit().map_err(failed)?;
        self.release();
        Ok(())
    }

    fn submitted(&self, batch: &SignedBatch, documents: &[PendingDocument]) -> Result<(), KeepError> {
        let mut register = self.lock();
        let mut rows = Vec::with_capacity(documents.len());
        for document in documents {
            rows.extend(row_of(&register, document)?.map(|credential| credential.row));
        }
        register.submitted(&rows, &batch.id()).map_err(failed)
    }

    fn issued(&self, documents: &[(&PendingDocument, Receipt)]) -> Result<(), KeepError> {
        let mut register = self.lock();
        // Begun without a register, and finished with one.
        let mut missing = Vec::new();
        for (document, _) in documents {
            if row_of(&register, document)?.is_none() {
                missing.push(*document);
            }
        }
        if !missing.is_empty() {
            let mut adding = register.begin(time::now_ms()).map_err(failed)?;
            for document in missing {
                adding.add_issued(&self.new_credential(document)?).map_err(failed)?;
            }
            adding.commit().map_err(failed)?;
        }
        let mut receipts = Vec::with_capacity(documents.len());
        for (document, receipt) in documents {
            receipts.extend(row_of(&register, document)?.map(|credential| (credential.row, receipt.clone())));
        }
        register.issued(&receipts).map_err(failed)
    }
}

/// The row of a document, by its commitment.
fn row_of(register: &Register, document: &PendingDocument) -> Result<Option<Credential>, KeepError> {
    let found = register.find(&Query::Commitment(document.commitment)).map_err(failed)?;
    Ok(found.into_iter().find_map(|row| match row {
        Row::Credential(credential) => Some(*credential),
        Row::Erased { .. } => None,
    }))
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> KeepError {
    KeepError(Box::new(error))
}

/// How often a claim is tried again.
const CLAIM_INTERVAL: Duration = Duration::from_millis(50);
