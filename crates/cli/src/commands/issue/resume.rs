//! Finishing an issuance from its pending file.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, bail};

use super::report::IssueReport;
use super::{Args, connect, folders, fresh, receipts};
use crate::output::{note, warn};
use crate::pending::{self, Pending};
use crate::remote::Remote;
use crate::submission::{SubmissionError, hand_in};
use crate::{files, progress};
use sanad_verify::Trust;

pub(super) async fn run(args: &Args, path: &Path) -> anyhow::Result<IssueReport> {
    let found = if path.is_dir() { pending::in_folder(path)? } else { vec![path.to_owned()] };
    let pending = found.iter().map(|path| Pending::read(path)).collect::<anyhow::Result<Vec<_>>>()?;
    let documents = pending.iter().flat_map(|pending| &pending.documents);
    let named = documents.map(|document| document.path.as_path()).chain(found.iter().map(PathBuf::as_path));
    // One name for each folder, or this program would wait for itself. A document can be gone with its whole
    // folder; that is told when its receipt has no place to go.
    let folders: BTreeSet<PathBuf> =
        named.filter_map(|path| files::parent(path).canonicalize().ok()).collect();
    let folders: BTreeSet<&Path> = folders.iter().map(PathBuf::as_path).collect();
    let _locks = folders::lock(&folders)?;
    let (remote, trust) = connect(args).await?;
    let mut report = IssueReport::new(trust.anchor().chain_id);
    if found.is_empty() {
        note(format_args!("{} holds no pending file; nothing to finish", path.display()));
    }
    let bar = progress::bar(found.len(), "finishing");
    for (file, pending) in found.iter().zip(&pending) {
        finish(args, &remote, &trust, pending, file, &mut report)
            .await
            .with_context(|| format!("{} stays; nothing in it is lost", file.display()))?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    report.issued.sort_by(|a, b| a.document.cmp(&b.document));
    Ok(report)
}

async fn finish(
    args: &Args,
    remote: &Remote,
    trust: &Trust,
    pending: &Pending,
    file: &Path,
    report: &mut IssueReport,
) -> anyhow::Result<()> {
    let batch = &pending.batch;
    if batch.batch().chain_id != trust.anchor().chain_id {
        bail!("it is for the chain {}, not for {}", batch.batch().chain_id, trust.anchor().chain_id);
    }
    let place = match hand_in(remote, batch, Instant::now() + args.wait).await {
        Ok(place) => Some(place),
        Err(SubmissionError::Refused { code, .. }) if receipts::all_issued(remote, pending).await? => {
            note(format_args!(
                "batch {} is refused ({code}), but its commitments were issued by another",
                batch.id()
            ));
            None
        }
        Err(error) if error.is_sequence_clash() && args.issuer.is_given() => {
            warn(format_args!("{error}; signing the same commitments anew"));
            return again(args, remote, trust, pending, file, report).await;
        }
        Err(error) if error.is_sequence_clash() => {
            return Err(error).context(
                "another batch took its place; give --issuer-dir (or --issuer and --key) to sign the same \
                 commitments anew",
            );
        }
        Err(error) => return Err(error.into()),
    };
    receipts::write(args, remote, trust, pending, place, report).await?;
    files::remove(file)
}

/// Signs the same commitments as another batch. With the same secrets nothing can be issued twice: the ledger takes
/// each commitment once.
async fn again(
    args: &Args,
    remote: &Remote,
    trust: &Trust,
    pending: &Pending,
    file: &Path,
    report: &mut IssueReport,
) -> anyhow::Result<()> {
    let issuer = args.issuer.open()?;
    if issuer.id != pending.batch.batch().issuer {
        bail!("it is a batch of {}, not of {}", pending.batch.batch().issuer, issuer.id);
    }
    fresh::issue(args, remote, trust, &issuer, &pending.documents, files::parent(file), report).await?;
    files::remove(file)
}
