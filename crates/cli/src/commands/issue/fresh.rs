//! Issuing documents that were not issued before.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use sanad_core::commitment::{Opening, Secret};
use sanad_core::event::Event;
use sanad_core::hash::ChainId;
use sanad_core::ids::MemberId;

use super::documents::{self, Document};
use super::folders;
use super::receipts;
use super::report::IssueReport;
use super::{Args, connect};
use crate::issuer::Issuer;
use crate::output::note;
use crate::pending::{self, Pending, PendingDocument};
use crate::remote::Remote;
use crate::submission::enter;
use crate::{files, progress, random};
use sanad_verify::Trust;

pub(super) async fn run(args: &Args) -> anyhow::Result<IssueReport> {
    let paths = documents::collect(&args.paths, args.roster.as_deref())?;
    let Some(first) = paths.first() else {
        bail!("no documents were found; name files, or folders that hold some");
    };
    let folder = files::parent(first).to_owned();
    let folders: BTreeSet<&Path> = paths.iter().map(|path| files::parent(path)).collect();
    let _locks = folders::lock(&folders)?;
    refuse_unfinished(&folders)?;
    let (remote, trust) = connect(args).await?;
    let mut report = IssueReport::new(trust.anchor().chain_id);
    let mut documents = Vec::new();
    let bar = progress::bar(paths.len(), "reading documents");
    for path in &paths {
        let issued = documents::is_issued(path, trust.anchor())?;
        if issued && !args.force {
            note(format_args!("{} has its receipt already; skipped", path.display()));
            report.skipped.push(path.clone());
        } else {
            documents.push((documents::read(path, args.how)?, issued));
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    if documents.is_empty() {
        return Ok(report);
    }
    let issuer = args.issuer.open()?;
    // Over all batches, so that neither place nor batch tells what comes before what.
    let chain = &trust.anchor().chain_id;
    let mut pending = documents
        .into_iter()
        .map(|document| commit(document, chain, &issuer.id, args.no_summary))
        .collect::<anyhow::Result<Vec<_>>>()?;
    random::shuffle(&mut pending)?;
    let bar = progress::bar(pending.len(), "issuing");
    for documents in pending.chunks(args.batch_size) {
        if let Err(error) = issue(args, &remote, &trust, &issuer, documents, &folder, &mut report).await {
            let issued = report.issued.len();
            if issued > 0 {
                note(format_args!(
                    "{issued} documents were issued before this failed; they have their receipts"
                ));
            }
            return Err(error);
        }
        bar.inc(documents.len() as u64);
    }
    bar.finish_and_clear();
    report.issued.sort_by(|a, b| a.document.cmp(&b.document));
    Ok(report)
}

/// Issues one batch of documents.
pub(super) async fn issue(
    args: &Args,
    remote: &Remote,
    trust: &Trust,
    issuer: &Issuer,
    documents: &[PendingDocument],
    folder: &Path,
    report: &mut IssueReport,
) -> anyhow::Result<()> {
    let events: Vec<Event> =
        documents.iter().map(|document| Event::Issue { commitment: document.commitment }).collect();
    let mut file: Option<PathBuf> = None;
    let entered = enter(remote, trust, issuer, &events, args.wait, |batch| {
        let pending = Pending { batch: batch.clone(), documents: documents.to_vec() };
        let written = pending.write(folder)?;
        // The new file holds the same secrets, so the one before is no longer needed.
        match file.replace(written) {
            Some(before) => files::remove(&before),
            None => Ok(()),
        }
    });
    let entered = entered.await;
    let Some(file) = file else {
        return entered.map(drop);
    };
    let (signed, place) = entered.with_context(|| {
        format!("the secrets are in {0}; finish with `sanad issue --resume {0}`", file.display())
    })?;
    let pending = Pending { batch: signed, documents: documents.to_vec() };
    receipts::write(args, remote, trust, &pending, Some(place), report).await.with_context(|| {
        format!(
            "the documents are issued; write their receipts with `sanad issue --resume {}`",
            file.display()
        )
    })?;
    files::remove(&file)
}

/// Draws a secret for a document and computes its commitment.
fn commit(
    (document, again): (Document, bool),
    chain: &ChainId,
    issuer: &MemberId,
    no_summary: bool,
) -> anyhow::Result<PendingDocument> {
    let Document { path, kind, digest, summary } = document;
    let secret = Secret(random::bytes()?);
    let summary = summary.filter(|_| !no_summary);
    let opening = Opening::Full { secret: secret.clone(), summary: summary.clone() };
    let commitment = opening.commitment(chain, issuer, kind, Some(&digest))?;
    Ok(PendingDocument { path, kind, secret, summary, commitment, again })
}

/// Refuses where an issuance was left unfinished: its documents would be issued twice.
fn refuse_unfinished(folders: &BTreeSet<&Path>) -> anyhow::Result<()> {
    for folder in folders {
        if let Some(left) = pending::in_folder(folder)?.first() {
            bail!(
                "{} was left by an issuance that did not finish; run `sanad issue --resume {}` first",
                left.display(),
                folder.display()
            );
        }
    }
    Ok(())
}
