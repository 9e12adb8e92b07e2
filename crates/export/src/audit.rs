//! Checking all of an export: every block from the genesis on, and every file against the manifest and against what the
//! blocks give. Nothing in the folder changes.

mod blocks;
mod files;
mod tiles;

use std::path::PathBuf;

use sanad_chain::{ChainError, ChainReport, Fault, check_chain};
use sanad_core::audit_report::AuditVerdict;
use sanad_core::genesis::Genesis;
use sanad_core::hash::{ChainId, HistoryHash, Root};
use sanad_core::ids::{Height, LogIndex, LogSize};
use sanad_core::merkle::{Rfc6962, TreeHash as _};
use sanad_core::signature::PublicKey;
use sanad_core::state::State;
use sanad_core::trust::{TRUST_FILE_BYTES_MAX, TrustFile};

use crate::error::ExportError;
use crate::index::Issuances;
use crate::layout;
use crate::note::{CheckpointNote, NoteError};
use crate::reader::{Export, checkpoint_text, stored_genesis};
use crate::records;
use crate::source::Source;
use blocks::Blocks;
use files::Files;
use tiles::TileCheck;

/// Most files that an audit names one by one.
const FILE_FINDINGS_MAX: usize = 100;

/// What an audit of an export came to.
#[derive(Debug)]
pub struct ExportAudit {
    /// The ledger after the last sound block.
    pub state: State,
    /// Batches up to there.
    pub batches: u64,
    /// Files in the manifest.
    pub files: u64,
    /// Bytes of the files in the manifest.
    pub bytes: u64,
    /// Size of the log in the checkpoint, if the checkpoint is one of this log.
    pub checkpoint: Option<LogSize>,
    /// What does not fit.
    pub findings: Vec<ExportFinding>,
}

/// Something that an audit found.
#[derive(Debug)]
pub struct ExportFinding {
    /// What it makes of the export by itself.
    pub verdict: AuditVerdict,
    /// The block that it is about.
    pub height: Option<Height>,
    /// The part of the export that is at fault.
    pub part: Part,
    /// What is wrong.
    pub fault: AuditFault,
}

/// A part of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The head, with trust file, state and the right edges of the trees.
    Head,
    /// Blocks and entries.
    Blocks,
    /// Hash tiles.
    Tiles,
    /// The index of issuances.
    Index,
    /// Pages of status leaves.
    Status,
    /// The JSON form of the trust file.
    Trust,
    /// The signed note on the size and root of the log.
    Checkpoint,
    /// The stored genesis.
    Genesis,
    /// Signatures of the exporter.
    Signatures,
    /// Files that are not as in the manifest.
    Files,
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Head => "head",
            Self::Blocks => "block",
            Self::Tiles => "tile",
            Self::Index => "index",
            Self::Status => "status",
            Self::Trust => "trust",
            Self::Checkpoint => "checkpoint",
            Self::Genesis => "genesis",
            Self::Signatures => "signature",
            Self::Files => "file",
        })
    }
}

/// What is wrong with an export.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditFault {
    /// A block does not follow, or is not final.
    #[error("the block of height {height} is not sound")]
    Block {
        /// The block.
        height: Height,
        /// The first rule that it breaks.
        source: Fault,
    },
    /// The blocks end with another one than the head.
    #[error("the last block is not the one that the head names")]
    LastBlock,
    /// A file is missing, damaged or changed.
    #[error(transparent)]
    File(ExportError),
    /// The index lacks an issuance, or has one that the log does not have.
    #[error("the index is wrong about the entry of log index {index}")]
    Index {
        /// The entry.
        index: LogIndex,
    },
    /// A tile has other hashes than the blocks give.
    #[error("{path}: not the hashes that the blocks give")]
    Tile {
        /// The file.
        path: PathBuf,
    },
    /// The checkpoint is not one of this log.
    #[error("the checkpoint has {size} entries with the root {root}, which is not of this log")]
    Checkpoint {
        /// Entries of the log that it is for.
        size: LogSize,
        /// Root of the log tree that it states.
        root: Root,
    },
    /// The stored genesis is that of another chain.
    #[error("genesis.json is that of the chain {actual}")]
    ForeignGenesis {
        /// Id of the chain whose genesis it is.
        actual: ChainId,
    },
    /// The two forms of the trust file differ.
    #[error("{path}: says something else than the binary form")]
    TrustForms {
        /// The JSON form.
        path: PathBuf,
    },
    /// The exporter's key is another than the one that was given.
    #[error("head and checkpoint are not signed with the key {key}")]
    OtherSigner {
        /// The key that was given.
        key: PublicKey,
    },
    /// More files than are named one by one.
    #[error("{count} more files are not as in the manifest")]
    MoreFiles {
        /// How many.
        count: usize,
    },
}

impl ExportAudit {
    /// What the audit comes to.
    pub fn verdict(&self) -> AuditVerdict {
        let has = |verdict| self.findings.iter().any(|finding| finding.verdict == verdict);
        [AuditVerdict::Damaged, AuditVerdict::Derived]
            .into_iter()
            .find(|v| has(*v))
            .unwrap_or(AuditVerdict::Sound)
    }

    /// Whether the exporter's signatures hold, if they were looked at: false also if they are of another key.
    pub fn is_signed(&self) -> bool {
        !self.findings.iter().any(|finding| finding.part == Part::Signatures)
    }

    fn add(&mut self, verdict: AuditVerdict, height: Option<Height>, part: Part, fault: AuditFault) {
        self.findings.push(ExportFinding { verdict, height, part, fault });
    }

    /// Adds what a check found; fails if the machine is at fault, not the export.
    fn check(
        &mut self,
        part: Part,
        height: Option<Height>,
        checked: Result<(), ExportError>,
    ) -> Result<(), ExportError> {
        match checked {
            Err(error) if error.is_damage() => {
                self.add(AuditVerdict::Derived, height, part, AuditFault::File(error));
                Ok(())
            }
            checked => checked,
        }
    }
}

/// Checks every block of an export from the genesis on, and compares each file with the result and with the manifest.
/// With the exporter's key, also checks its signatures. Calls `progress` with heights as they are done.
///
/// Holds some 25 bytes of memory for each entry. Of an export at a distance each file is fetched once, and kept in a temporary
/// folder until the end.
///
/// # Errors
/// [`ExportError::NoExport`], [`ExportError::ForeignChain`], [`ExportError::Genesis`], [`ExportError::Changed`],
/// [`ExportError::Web`], I/O. What is wrong with the export
/// is in the findings.
pub fn audit(
    source: impl Into<Source>,
    genesis: &Genesis,
    key: Option<&PublicKey>,
    progress: impl FnMut(Height) + Send,
) -> Result<ExportAudit, ExportError> {
    let Source(mut folder) = source.into();
    // Files are read for what they say and for their hashes, by two threads.
    let spooled = folder.spooled(records::BUNDLE_BYTES_MAX)?;
    if let Some((once, _)) = &spooled {
        folder = once.clone();
    }
    let source = Source(folder);
    let mut report = ExportAudit {
        state: State::genesis(genesis)?,
        batches: 0,
        files: 0,
        bytes: 0,
        checkpoint: None,
        findings: Vec::new(),
    };
    let opened = Export::open(source.clone(), genesis).and_then(|export| {
        export.history()?;
        Ok(export)
    });
    let export = match opened {
        Ok(export) => export,
        Err(error) if error.is_damage() => {
            report.add(AuditVerdict::Damaged, None, Part::Head, AuditFault::File(error));
            return Ok(report);
        }
        Err(error) => return Err(error),
    };
    if let Some((_, spool)) = &spooled {
        spool.allow(files::file_bytes_max(&export));
    }
    let height = export.head().header.height;
    let (files, issuances) =
        rayon::join(|| Files::check(&export), || check_blocks(&export, genesis, progress, &mut report));
    // Against a chain that is not sound to its end, the index cannot be compared.
    if let Some(issuances) = issuances? {
        check_index(&export, &issuances, &mut report)?;
    }
    let pages = export.check_status_pages();
    report.check(Part::Status, Some(height), pages)?;
    check_checkpoint(&export, &mut report)?;
    check_trust_forms(&export, &mut report)?;
    check_genesis(&source, genesis, &mut report)?;
    if let Some(key) = key {
        match export.verify_signatures(key) {
            // Head and checkpoint of another signer: that says nothing of what was signed.
            Err(error) if is_unsigned_head(&error) && is_unsigned_checkpoint(&export, key) => {
                let fault = AuditFault::OtherSigner { key: *key };
                report.add(AuditVerdict::Sound, None, Part::Signatures, fault);
            }
            signed => report.check(Part::Signatures, None, signed)?,
        }
    }
    let Files { files, bytes, mut faults } = files?;
    (report.files, report.bytes) = (files, bytes);
    let more = faults.len().saturating_sub(FILE_FINDINGS_MAX);
    faults.truncate(FILE_FINDINGS_MAX);
    for fault in faults {
        report.check(Part::Files, None, Err(fault))?;
    }
    if more > 0 {
        report.add(AuditVerdict::Derived, None, Part::Files, AuditFault::MoreFiles { count: more });
    }
    // What an export loses when a newer one takes its place is not the fault of either.
    if !report.findings.is_empty() && export.folder().has_changed() {
        return Err(ExportError::Changed { place: export.folder().root() });
    }
    Ok(report)
}

/// Of the signatures the head's is checked first.
fn is_unsigned_head(error: &ExportError) -> bool {
    matches!(error, ExportError::Note { path, source }
        if path.ends_with(layout::HEAD) && matches!(**source, NoteError::Unsigned { .. }))
}

fn is_unsigned_checkpoint(export: &Export, key: &PublicKey) -> bool {
    let origin = &export.genesis().log_origin;
    let text = checkpoint_text(export.folder());
    text.is_ok_and(|text| {
        matches!(CheckpointNote::verify(&text, origin, key), Err(NoteError::Unsigned { .. }))
    })
}

/// Executes every block and compares the tiles. Returns what the log issues, if the chain is sound to its end.
fn check_blocks(
    export: &Export,
    genesis: &Genesis,
    mut progress: impl FnMut(Height) + Send,
    report: &mut ExportAudit,
) -> Result<Option<Issuances>, ExportError> {
    let folder = export.folder();
    let mut issuances = Issuances::default();
    let mut log = TileCheck::<Rfc6962>::new(folder);
    let mut history = TileCheck::<HistoryHash>::new(folder);
    let (mut last, mut batches) = (report.state.clone(), 0);
    let checked = check_chain(genesis, &mut Blocks::new(export), |state, blocks| {
        for execution in blocks.iter().map(|checked| &checked.execution) {
            execution.issuances.iter().for_each(|(issuance, index)| issuances.push(issuance, *index));
            log.extend(&execution.leaf_hashes);
            if execution.header.height > Height::GENESIS.next() {
                history.extend(&[HistoryHash::leaf(&execution.past.previous.0)]);
            }
            batches += execution.batches.len() as u64;
        }
        log.compare()?;
        history.compare()?;
        last = state.clone();
        progress(last.head().height);
        Ok(())
    });
    let damaged = AuditVerdict::Damaged;
    let sound = match checked {
        Ok(ChainReport { state, batches, fault, .. }) => {
            let ended = state.head().hash == export.head().hash();
            (report.state, report.batches) = (state, batches);
            if let Some((height, source)) = fault {
                let fault = AuditFault::Block { height, source };
                report.add(damaged, Some(height), Part::Blocks, fault);
                false
            } else {
                if !ended {
                    report.add(damaged, None, Part::Blocks, AuditFault::LastBlock);
                }
                ended
            }
        }
        Err(ChainError::Source(error)) if error.is_damage() => {
            let height = last.head().height.next();
            (report.state, report.batches) = (last, batches);
            report.add(damaged, Some(height), Part::Blocks, AuditFault::File(error));
            false
        }
        Err(ChainError::Source(error)) => return Err(error),
        Err(ChainError::Genesis(error)) => return Err(error.into()),
        Err(ChainError::Randomness(source)) => {
            return Err(ExportError::Io { path: folder.root(), source });
        }
        Err(_) => return Err(ExportError::Broken),
    };
    for fault in log.into_fault().into_iter().chain(history.into_fault()) {
        report.add(AuditVerdict::Derived, None, Part::Tiles, fault);
    }
    Ok(sound.then_some(issuances))
}

fn check_index(export: &Export, issuances: &Issuances, report: &mut ExportAudit) -> Result<(), ExportError> {
    let size = export.head().header.log_size.0;
    match issuances.first_difference(export.folder(), size, export.run_pages()) {
        Ok(None) => Ok(()),
        Ok(Some(index)) => {
            report.add(AuditVerdict::Derived, None, Part::Index, AuditFault::Index { index });
            Ok(())
        }
        Err(error) => report.check(Part::Index, None, Err(error)),
    }
}

fn check_checkpoint(export: &Export, report: &mut ExportAudit) -> Result<(), ExportError> {
    let height = Some(export.head().header.height);
    let checkpoint = match export.checkpoint() {
        Ok(checkpoint) => checkpoint,
        Err(error) => return report.check(Part::Checkpoint, height, Err(error)),
    };
    // The head is replaced first: a checkpoint may be of a smaller log for a moment.
    let (size, root) = (checkpoint.size, checkpoint.root);
    let own = match export.log_root(size) {
        Ok(own) => Some(own),
        Err(ExportError::SizeBeyondLog { .. }) => None,
        Err(error) => return report.check(Part::Checkpoint, height, Err(error)),
    };
    match own == Some(root) {
        true => report.checkpoint = Some(size),
        false => {
            let fault = AuditFault::Checkpoint { size, root };
            report.add(AuditVerdict::Derived, height, Part::Checkpoint, fault);
        }
    }
    Ok(())
}

/// Compares the JSON form of the trust file with the binary form, which was proved.
fn check_trust_forms(export: &Export, report: &mut ExportAudit) -> Result<(), ExportError> {
    let height = export.head().header.height;
    let (folder, path) = (export.folder(), layout::trust_json(height));
    let read = || {
        let text = folder.read(&path, TRUST_FILE_BYTES_MAX as u64)?;
        TrustFile::from_bytes(&text)
            .map_err(|source| ExportError::TrustFormat { path: folder.path(&path), source: Box::new(source) })
    };
    match read() {
        Ok(file) if file.to_binary() == export.trust_file().to_binary() => Ok(()),
        Ok(_) => {
            let fault = AuditFault::TrustForms { path: folder.path(&path) };
            report.add(AuditVerdict::Derived, Some(height), Part::Trust, fault);
            Ok(())
        }
        Err(error) => report.check(Part::Trust, Some(height), Err(error)),
    }
}

fn check_genesis(source: &Source, genesis: &Genesis, report: &mut ExportAudit) -> Result<(), ExportError> {
    match stored_genesis(&source.0) {
        Ok(Some(stored)) if stored.chain_id() == genesis.chain_id() => Ok(()),
        Ok(Some(stored)) => {
            let fault = AuditFault::ForeignGenesis { actual: stored.chain_id() };
            report.add(AuditVerdict::Derived, None, Part::Genesis, fault);
            Ok(())
        }
        Ok(None) => report.check(Part::Genesis, None, Err(source.0.missing(layout::GENESIS))),
        Err(error) => report.check(Part::Genesis, None, Err(error)),
    }
}
