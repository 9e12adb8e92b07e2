//! From a final batch to receipts beside its documents.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use sanad_api::{CredentialKey, FinalBatch, ProofForm};
use sanad_core::document::DOCUMENT_BYTES_MAX;
use sanad_core::proof::StatusProof;
use sanad_core::receipt::{Receipt, ReceiptForm};

use super::Args;
use super::report::{IssueReport, IssuedBatch, IssuedDocument};
use crate::files::{self, Mode};
use crate::output::warn;
use crate::pending::{Pending, PendingDocument};
use crate::receipt_file;
use crate::remote::{Remote, is_missing};
use crate::submission::check_issuance;
use sanad_verify::Trust;

/// Whether all commitments of a batch are in the log, by whatever batch.
pub(super) async fn all_issued(remote: &Remote, pending: &Pending) -> anyhow::Result<bool> {
    for document in &pending.documents {
        let key = issuance_key(pending, document);
        match remote.ask(|| remote.client().status(&key, ProofForm::SelfContained)).await {
            Ok(_) => {}
            Err(error) if is_missing(&error) => return Ok(false),
            Err(error) => return remote.told(Err(error)),
        }
    }
    Ok(true)
}

/// Fetches and checks the proof of each document and writes its receipt.
pub(super) async fn write(
    args: &Args,
    remote: &Remote,
    trust: &Trust,
    pending: &Pending,
    place: Option<FinalBatch>,
    report: &mut IssueReport,
) -> anyhow::Result<()> {
    let proofs = fetch(remote, pending, place).await?;
    if proofs.len() != pending.documents.len() {
        bail!("the node proves {} of {} entries; ask another node", proofs.len(), pending.documents.len());
    }
    let issuer = &pending.batch.batch().issuer;
    // All are checked before one is written, so that a lying node leaves nothing behind.
    for (document, proof) in pending.documents.iter().zip(&proofs) {
        check_issuance(proof, issuer, &document.commitment, trust)?;
    }
    let writer = Writer { trust, form: args.receipts_form.into() };
    report.issued.extend(writer.place_all(&pending.documents, proofs)?);
    if let Some(FinalBatch { height, first_index, entries, .. }) = place {
        report.batches.push(IssuedBatch { batch_id: pending.batch.id(), height, first_index, entries });
    }
    Ok(())
}

async fn fetch(
    remote: &Remote,
    pending: &Pending,
    place: Option<FinalBatch>,
) -> anyhow::Result<Vec<StatusProof>> {
    if place.is_some() {
        let id = pending.batch.id();
        let stream =
            remote.told(remote.ask(|| remote.client().batch_proofs(&id, ProofForm::SelfContained)).await)?;
        return remote.told(stream.collect().await);
    }
    let mut proofs = Vec::new();
    for document in &pending.documents {
        let key = issuance_key(pending, document);
        let proof = remote.ask(|| remote.client().status(&key, ProofForm::SelfContained)).await;
        proofs.push(remote.told(proof)?);
    }
    Ok(proofs)
}

fn issuance_key(pending: &Pending, document: &PendingDocument) -> CredentialKey {
    let issuer = pending.batch.batch().issuer.clone();
    CredentialKey::Issuance { issuer, commitment: document.commitment }
}

/// Writes receipts in one form.
struct Writer<'a> {
    trust: &'a Trust,
    form: ReceiptForm,
}

impl Writer<'_> {
    /// Writes the receipts, many at once: each waits for the disk, and disks take many writes in one go.
    fn place_all(
        &self,
        documents: &[PendingDocument],
        proofs: Vec<StatusProof>,
    ) -> anyhow::Result<Vec<IssuedDocument>> {
        let work: Vec<_> = documents.iter().zip(proofs).collect();
        let part = work.len().div_ceil(WRITERS).max(1);
        let written: Vec<anyhow::Result<Vec<IssuedDocument>>> = std::thread::scope(|scope| {
            let place_part = |part: &[(&PendingDocument, StatusProof)]| {
                part.iter().map(|(document, proof)| self.place(document, proof)).collect()
            };
            let writers: Vec<_> =
                work.chunks(part).map(|part| scope.spawn(move || place_part(part))).collect();
            writers
                .into_iter()
                .map(|writer| writer.join().expect("invariant: writers do not panic"))
                .collect()
        });
        let mut issued = Vec::new();
        for part in written {
            issued.extend(part?);
        }
        // Once for each folder; the pending file is removed only after that.
        let folders: BTreeMap<_, _> =
            issued.iter().map(|one| (files::parent(&one.receipt), &one.receipt)).collect();
        folders.values().try_for_each(|receipt| files::sync_parent(receipt))?;
        Ok(issued)
    }

    fn place(&self, document: &PendingDocument, proof: &StatusProof) -> anyhow::Result<IssuedDocument> {
        let receipt =
            Receipt::new(document.kind, document.opening(), proof.clone()).trimmed(&self.trust.anchor());
        Ok(IssuedDocument {
            document: document.path.clone(),
            receipt: self.place_receipt(document, &receipt)?,
            log_index: proof.index,
            commitment: document.commitment,
        })
    }

    /// Writes a receipt where none is; one with the same secret is there from an earlier try, and stays.
    fn place_receipt(&self, document: &PendingDocument, receipt: &Receipt) -> anyhow::Result<PathBuf> {
        match std::fs::metadata(&document.path).is_ok() {
            true => {
                let bytes = files::read(&document.path, DOCUMENT_BYTES_MAX)?;
                if receipt.verify_document(Some(&bytes)).is_err() {
                    let name = document.path.display();
                    warn(format_args!(
                        "{name} was changed since it was issued; the receipt is for what it was"
                    ));
                }
            }
            false => warn(format_args!("{} is gone; its receipt is written", document.path.display())),
        }
        for there in receipt_file::all_beside(&document.path) {
            let old = receipt_file::read(&there, &self.trust.anchor())?;
            if old.opening == receipt.opening {
                return Ok(there);
            }
            if !document.again {
                bail!("{} exists already, of another issuance; move it away first", there.display());
            }
            set_aside(&there, &document.path, old.proof.index.0)?;
        }
        let path = receipt_file::path_beside(&document.path, self.form);
        let bytes = receipt_file::encode(receipt, self.form, &self.trust.anchor())?;
        files::place_unsynced(&path, &bytes, Mode::Private)?;
        Ok(path)
    }
}

/// Keeps the old receipt under its log index: it is what can still be revoked.
fn set_aside(receipt: &Path, document: &Path, index: u64) -> anyhow::Result<()> {
    let mut name = document.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{index}"));
    let aside = receipt_file::path_like(receipt, &files::parent(document).join(name));
    if aside.exists() {
        bail!("{} exists already; move it away first", aside.display());
    }
    std::fs::rename(receipt, &aside)
        .with_context(|| format!("{} cannot be renamed to {}", receipt.display(), aside.display()))
}

/// How many receipts are on their way to the disk at once.
const WRITERS: usize = 16;
