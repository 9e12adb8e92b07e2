//! Several receipts beside one document: the newest proof counts.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use sanad_core::ids::{Height, LogIndex};
use sanad_core::receipt::Receipt;

use super::Setting;
use super::shown::{ReadFrom, Shown};
use crate::receipt_file;

/// A receipt beside a document.
struct Beside {
    path: PathBuf,
    bytes: Vec<u8>,
    /// Without the document it proves what is on paper.
    is_paper: bool,
    /// The block that it speaks of, and the entry, if it proves a status.
    proved: Option<(Height, LogIndex)>,
    headline: String,
}

impl Setting<'_> {
    /// The document with the receipt of the newest proof, if several lie beside it.
    ///
    /// All of them have to be of one entry: nobody who gets two may be told what one of them speaks against.
    pub(super) fn with_newest_receipt(&self, mut shown: Shown) -> anyhow::Result<Shown> {
        let own = (shown.receipt_path.clone(), shown.receipt.clone());
        let others = std::mem::take(&mut shown.others);
        let receipts =
            if others.is_empty() { self.files_beside(&shown)? } else { [vec![own], others].concat() };
        if receipts.len() < 2 {
            return Ok(shown);
        }
        let beside = receipts.into_iter().map(|(path, bytes)| self.beside(&shown, path, bytes));
        let mut all = beside.collect::<Result<Vec<_>, _>>()?;
        // The document may be the one that was changed.
        let Some(entry) = all.iter().find_map(|beside| beside.proved.map(|(_, entry)| entry)) else {
            return Ok(shown);
        };
        if let Some(other) = all.iter().find(|beside| beside.proved.is_none_or(|(_, found)| found != entry)) {
            bail!(
                "{} has several receipts beside it, and {} is not of the same entry, or proves nothing: {}; move the wrong one \
                 away, or name the right one with --receipt",
                shown.target,
                other.path.display(),
                other.headline
            );
        }
        // Of equals the first.
        all.reverse();
        let newest = all.into_iter().max_by_key(|beside| beside.proved.map(|(height, _)| height));
        match newest {
            Some(Beside { path, is_paper: true, .. }) => bail!(
                "{} has several receipts beside it, and the newest, {}, is a paper receipt, which proves no document; renew the \
                 other one with `sanad receipt renew`, or name it with --receipt",
                shown.target,
                path.display()
            ),
            Some(Beside { path, bytes, .. }) => Ok(Shown { receipt: bytes, receipt_path: path, ..shown }),
            None => Ok(shown),
        }
    }

    /// The receipts in files beside a document; none if one of them was named.
    fn files_beside(&self, shown: &Shown) -> anyhow::Result<Vec<(PathBuf, Vec<u8>)>> {
        if shown.read_from != ReadFrom::Files || self.args.receipt.is_some() {
            return Ok(Vec::new());
        }
        let Some(document) = sanad_issuer::document_of(&shown.receipt_path) else { return Ok(Vec::new()) };
        let paths: Vec<PathBuf> = sanad_issuer::all_beside(&document).collect();
        if paths.len() < 2 {
            return Ok(Vec::new());
        }
        let read = |path: PathBuf| {
            let bytes = receipt_file::read_bytes(&path).with_context(|| several(shown, &path))?;
            Ok((path, bytes))
        };
        paths.into_iter().map(read).collect()
    }

    fn beside(&self, shown: &Shown, path: PathBuf, bytes: Vec<u8>) -> anyhow::Result<Beside> {
        let several = || several(shown, &path);
        let is_paper = Receipt::from_bytes(&bytes, self.trust.anchor())
            .is_ok_and(|receipt| !receipt.opening.needs_document());
        let document = shown.document.as_deref().filter(|_| !is_paper);
        let finding = self.verifier().receipt(&shown.target, &bytes, document).with_context(several)?;
        let proved = finding.as_of().filter(|_| finding.has_status()).map(|as_of| as_of.height);
        let (proved, headline) = (proved.zip(finding.log_index()), finding.headline());
        Ok(Beside { path, bytes, is_paper, proved, headline })
    }
}

fn several(shown: &Shown, path: &Path) -> String {
    format!("{} has several receipts beside it, of which {} is one", shown.target, path.display())
}
