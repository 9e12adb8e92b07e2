//! `sanad audit` of a static export: the same chain, from files that anyone may have changed.

use std::path::Path;

use anyhow::Context;
use sanad_core::audit_report::{AuditFinding, AuditVerdict};
use sanad_core::block::Block;
use sanad_core::genesis::Genesis;
use sanad_core::ids::{Height, LogSize};
use sanad_core::state::State;
use sanad_core::validators::CommitCertificate;
use sanad_export::{Export, ExportError, Issuances};
use sanad_storage::{BlockSource, ChainReport, CheckedBlock, Fault, check_chain};

use super::found::{Found, short};
use crate::finding::explain;
use crate::progress;

/// Blocks that are read before they are checked together.
const WINDOW_BLOCKS: usize = 64;

/// Checks every block of an export from the genesis on, and compares its indexes, status pages and checkpoint with
/// the result.
pub(super) fn audit(folder: &Path, genesis: &Genesis) -> anyhow::Result<Found> {
    let mut found = Found {
        verdict: AuditVerdict::Sound,
        state: State::genesis(genesis)?,
        batches: 0,
        bytes: 0,
        checkpoint: None,
        findings: Vec::new(),
    };
    let export = match Export::open(folder, genesis) {
        Ok(export) => export,
        Err(error) if is_damage(&error) => {
            found.add(AuditVerdict::Damaged, None, "head", explain(&error));
            return Ok(found);
        }
        Err(error) => return Err(error).with_context(|| format!("{} cannot be audited", folder.display())),
    };
    let head = export.head().header.height;
    let bar = progress::bar(head.0 as usize, "auditing");
    let mut blocks = Blocks { export: &export, given: Height::GENESIS, failed: None };
    let mut last = State::genesis(genesis)?;
    let (mut batches, mut issued, mut sizes) = (0, Issuances::default(), Vec::new());
    let checked = check_chain(genesis, &mut blocks, |state, checked| {
        for CheckedBlock { block, execution, .. } in checked {
            execution.issuances.iter().for_each(|(commitment, index)| issued.push(commitment, *index));
            sizes.push(execution.header.log_size);
            batches += block.batches.len() as u64;
            bar.inc(1);
        }
        last = state.clone();
        Ok(())
    });
    bar.finish_and_clear();
    match checked {
        Ok(ChainReport { state, batches, fault, .. }) => {
            (found.state, found.batches) = (state, batches);
            if let Some((height, fault)) = fault {
                let message = format!("the block of height {height} is damaged: {fault}");
                found.add(AuditVerdict::Damaged, Some(height), "block", message);
            }
        }
        Err(sanad_storage::ChainError::Source(error)) if is_damage(&error) => {
            let height = last.head().height.next();
            (found.state, found.batches) = (last, batches);
            found.add(AuditVerdict::Damaged, Some(height), "block", explain(&error));
        }
        Err(error) => return Err(error).with_context(|| format!("{} cannot be audited", folder.display())),
    }
    // Of a chain that is not sound to its end, the index cannot be compared.
    if found.verdict != AuditVerdict::Damaged {
        check_index(&export, &issued, &sizes, &mut found);
    }
    if let Err(error) = export.check_status_pages() {
        found.add(AuditVerdict::Derived, Some(head), "status", explain(&error));
    }
    check_checkpoint(&export, &mut found);
    if let Err(error) = check_genesis(folder, genesis) {
        found.add(AuditVerdict::Derived, None, "genesis", error);
    }
    found.bytes = bytes_in(folder)?;
    Ok(found)
}

/// Whether the folder is an export.
pub(super) fn is_export(folder: &Path) -> bool {
    folder.join("head").is_file() && folder.join("tile").is_dir()
}

/// `sizes` are those of the log after each block.
fn check_index(export: &Export, issued: &Issuances, sizes: &[LogSize], found: &mut Found) {
    match export.index_difference(issued) {
        Ok(None) => {}
        Ok(Some(index)) => {
            let height = sizes.partition_point(|size| size.0 <= index.0) as u64 + 1;
            let message = format!("the index does not have the commitment of entry {index}, or has another");
            found.add(AuditVerdict::Derived, Some(Height(height)), "index", message);
        }
        Err(error) => found.add(AuditVerdict::Derived, None, "index", explain(&error)),
    }
}

fn check_checkpoint(export: &Export, found: &mut Found) {
    let header = &export.head().header;
    match export.checkpoint() {
        Ok(checkpoint) if (checkpoint.size, checkpoint.root) == (header.log_size, header.log_root) => {
            found.checkpoint = Some(header.height);
        }
        Ok(checkpoint) => {
            let (size, root) = (checkpoint.size, checkpoint.root);
            let message =
                format!("the checkpoint is of {size} entries with the root {root}, not of the last block");
            found.add(AuditVerdict::Derived, Some(header.height), "checkpoint", message);
        }
        Err(error) => found.add(AuditVerdict::Derived, Some(header.height), "checkpoint", explain(&error)),
    }
}

fn check_genesis(folder: &Path, genesis: &Genesis) -> Result<(), String> {
    let stored = Export::genesis(folder).map_err(|error| explain(&error))?;
    if stored.chain_id() == genesis.chain_id() {
        return Ok(());
    }
    Err(format!("genesis.json is that of the chain {}", stored.chain_id()))
}

/// Whether an error is about what lies in the folder, not about the question or the machine.
fn is_damage(error: &ExportError) -> bool {
    use ExportError as E;
    !matches!(
        error,
        E::NoExport { .. } | E::ForeignChain { .. } | E::Genesis(_) | E::Locked { .. } | E::Io { .. }
    )
}

fn bytes_in(folder: &Path) -> anyhow::Result<u64> {
    let mut bytes = 0;
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().with_context(|| format!("{} cannot be read", folder.display()))? {
            let entry = entry?;
            match entry.file_type()?.is_dir() {
                true => folders.push(entry.path()),
                false => bytes += entry.metadata()?.len(),
            }
        }
    }
    Ok(bytes)
}

impl Found {
    fn add(&mut self, verdict: AuditVerdict, height: Option<Height>, part: &str, message: String) {
        if self.verdict != AuditVerdict::Damaged {
            self.verdict = verdict;
        }
        let message = short(message);
        self.findings.push(AuditFinding {
            height,
            part: part.to_owned(),
            message,
            expected: None,
            actual: None,
        });
    }
}

/// The blocks of an export, in order.
struct Blocks<'a> {
    export: &'a Export,
    given: Height,
    /// Why the next block could not be read, told once those before it are checked.
    failed: Option<ExportError>,
}

impl BlockSource for Blocks<'_> {
    type Raw = (Block, CommitCertificate);
    type Error = ExportError;

    fn window(&mut self) -> Result<Vec<Self::Raw>, ExportError> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let mut window = Vec::new();
        while window.len() < WINDOW_BLOCKS && self.given < self.export.head().header.height {
            match self.export.block(self.given.next()) {
                Ok(block) => window.push(block),
                Err(error) if window.is_empty() => return Err(error),
                Err(error) => {
                    self.failed = Some(error);
                    break;
                }
            }
            self.given = self.given.next();
        }
        Ok(window)
    }

    fn again(&mut self, height: Height) -> Result<Self::Raw, ExportError> {
        self.export.block(height)
    }

    fn decode(block: &Self::Raw) -> Result<(Block, CommitCertificate), Fault> {
        Ok(block.clone())
    }
}
