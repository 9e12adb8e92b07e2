//! Checking all of a stopped node's store, or of a copy: executes every block from the genesis on and compares everything
//! derived with the result. Nothing in the directory changes.

mod checkpoint;
mod columns;
mod derived;
mod finding;
mod keys;
mod log;
mod register;

use std::path::Path;

use sanad_chain::{BlockSource as _, Chain, Fault};
use sanad_core::genesis::Genesis;
use sanad_core::ids::Height;
use sanad_core::state::State;

use crate::directory::StoreDirectory;
use crate::error::OpenError;
use crate::rebuild::{Progress, Step};
use crate::segments::Segments;
use crate::unsynced;
use derived::Derived;
pub use finding::{Finding, RunFault, Verdict};
pub(crate) use log::{Log, LogStop};

/// What an audit has found.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditReport {
    /// The ledger after the last sound block.
    pub state: State,
    /// Batches up to there.
    pub batches: u64,
    /// Bytes of the log, sound or not.
    pub bytes: u64,
    /// The block of the checkpoint; `None` if the checkpoint cannot be read.
    pub checkpoint: Option<Height>,
    /// The first fault of each part of the store, in the order of heights; those without a height last.
    pub findings: Vec<Finding>,
}

impl AuditReport {
    /// The graver of the findings decides.
    pub fn verdict(&self) -> Verdict {
        self.findings.iter().map(Finding::verdict).max().unwrap_or(Verdict::Sound)
    }
}

/// Checks the store in a directory: executes every block from the genesis on, verifies every signature and
/// certificate, and compares columns, tiles, index runs and checkpoint with the result. Changes nothing, and does not
/// need write permission.
///
/// # Errors
/// [`OpenError::Locked`] while a node runs on it, [`OpenError::ForeignChain`], I/O. What is wrong with the store is
/// in the report.
pub fn audit(
    directory: &Path,
    genesis: &Genesis,
    mut progress: impl FnMut(Progress) + Send,
) -> Result<AuditReport, OpenError> {
    let directory = StoreDirectory::open_to_read(directory)?;
    let mut inspected = Segments::inspect(&directory.segments(), genesis.chain_id())?;
    let unsynced = unsynced::read(&directory.unsynced(), &genesis.chain_id())?;
    inspected.segments = inspected.segments.map(|segments| segments.with_unsynced(unsynced));
    let strays: Vec<_> = inspected.strays.iter().map(|path| Finding::Stray { path: path.clone() }).collect();
    let mut derived = Derived::open(&directory, genesis)?;
    let mut log = Log::new(inspected, derived.vouched(), derived.checkpoint_end().unwrap_or(0));
    let bytes_total = log.end();
    let mut chain = Chain::new(genesis, derived.secret())?;
    derived.begin(&chain.state)?;
    let ran = chain.run(&mut log, |state, blocks| {
        let Some(last) = blocks.last() else { return Ok(()) };
        derived.compare(state, blocks)?;
        let (height, bytes) = (last.raw.frame.height, last.raw.frame.place.end());
        progress(Progress { step: Step::Execute, height, bytes, bytes_total });
        Ok(())
    });
    let found = match ran {
        Ok(fault) => fault.map(|(height, fault)| classify(&chain, &mut log, height, fault)).transpose(),
        Err(stop) => Err(stop),
    };
    let found = match found {
        Ok(found) => found,
        Err(LogStop::Found(finding)) => Some(finding),
        Err(LogStop::Failed(error)) => return Err(error.into()),
    };
    let whole = found.as_ref().is_none_or(|finding| finding.verdict() != Verdict::Damaged);
    let checkpoint = derived.checkpoint();
    let derived = derived.finish(&chain, whole)?;
    let mut findings: Vec<Finding> = found.into_iter().chain(derived).chain(strays).collect();
    findings.sort_by_key(|finding| finding.height().map_or(u64::MAX, |height| height.0));
    Ok(AuditReport {
        batches: chain.seen.batches(),
        state: chain.state,
        bytes: bytes_total,
        checkpoint,
        findings,
    })
}

/// Whether a block that is not sound is damage, or the end of a write that was cut off.
fn classify(chain: &Chain, log: &mut Log, height: Height, fault: Fault) -> Result<Finding, LogStop> {
    if !matches!(fault, Fault::Checksum { .. }) {
        return Ok(Finding::Block { height, fault });
    }
    if let Some(finding) = log.torn_at(height)? {
        return Ok(finding);
    }
    // The block inside may show which part of it was changed.
    let frame = log.again(height)?.frame;
    let decoded = frame.block().and_then(|block| Ok((block, frame.certificate()?)));
    let checked = decoded.and_then(|(block, certificate)| chain.check(&block, &certificate, None));
    let fault = Fault::Checksum { shows: checked.err().map(Box::new) };
    Ok(Finding::Block { height, fault })
}
