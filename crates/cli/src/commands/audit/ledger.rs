//! Where a ledger is, and how far the look at it has come.

use std::path::{Path, PathBuf};

use anyhow::bail;
use indicatif::ProgressBar;
use sanad_storage::{Progress, Step};

/// The ledger of a data directory, or the directory itself where it is one.
pub(in crate::commands) fn find(dir: &Path) -> anyhow::Result<PathBuf> {
    let candidates = [dir.to_owned(), dir.join("ledger"), dir.join("data/ledger")];
    let found = candidates.into_iter().find(|path| path.join("segments").is_dir());
    match found {
        Some(path) => Ok(path),
        None if !dir.exists() => bail!("{}: no such folder", dir.display()),
        None => bail!(
            "{} holds neither the ledger of a node (no \"segments\") nor an export (no \"head\", no \"tile\"); name \
             a node's data directory, or the folder or URL of an export",
            dir.display()
        ),
    }
}

/// Whether a ledger is that of a backup, which holds its segments alone: all else is made anew when it is restored. Where a node has
/// made anything of them, that is audited, whatever lies beside it.
pub(super) fn is_backup(ledger: &Path) -> bool {
    let has_manifest = ledger.parent().is_some_and(|folder| folder.join("backup.json").is_file());
    has_manifest && !ledger.join("store.json").exists()
}

/// Shows progress on a bar.
pub(super) fn show(bar: &ProgressBar, progress: Progress) {
    bar.set_message(match progress.step {
        Step::Read => "reading",
        _ => "executing",
    });
    bar.set_length(progress.bytes_total);
    bar.set_position(progress.bytes);
}
