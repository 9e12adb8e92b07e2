//! The ledger as consensus sees it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use sanad_consensus_lite::{
    Application, ApplicationError, Barrier, DecidedBlock, Durable, InvalidPayload, NextHeight, ProposedBlock,
    Receipt, Slot, Undecided, ValidBlock,
};
use sanad_core::block::{Block, BlockHeader, BlockId, HEADER_BYTES};
use sanad_core::codec;
use sanad_core::evidence::Equivocation;
use sanad_core::execution::{AddError, BatchError, BlockBuilder, BlockError, Execution, apply};
use sanad_core::genesis::BLOCK_BYTES_LIMIT;
use sanad_core::hash::{BlockHash, RejoinNonce};
use sanad_core::ids::{Height, MemberId};
use sanad_core::proof::{FinalStatement, Finality};
use sanad_core::signature::PublicKey;
use sanad_core::state::State;
use sanad_core::validators::CommitCertificate;
use sanad_storage::UndecidedRecord;
use tokio::sync::watch;

use super::Ledger;
use super::evidence::EvidenceFile;
use super::view::LogView;

/// Executes, proposes, validates and commits for consensus.
pub struct LedgerApplication {
    ledger: Arc<Ledger>,
    /// The last executions on top of the head, so that few blocks are executed twice.
    executions: VecDeque<(Block, Execution)>,
    evidence: EvidenceFile,
    rejoining: Option<Rejoining>,
}

/// What tells a rejoin statement of this process from one of another.
struct Rejoining {
    member: MemberId,
    /// What this process drew.
    nonce: watch::Receiver<Option<RejoinNonce>>,
}

/// A payload whose batches are not those of its header.
#[derive(Debug, thiserror::Error)]
#[error("the batches are not those that the header names")]
struct OtherBatches;

/// The height that consensus asks for is not the next one.
#[derive(Debug, thiserror::Error)]
#[error("height {asked} is not the next one, {next}")]
struct WrongHeight {
    asked: Height,
    next: Height,
}

impl LedgerApplication {
    /// The application of a ledger. There is one at a time.
    pub fn new(ledger: Arc<Ledger>) -> Self {
        let evidence = EvidenceFile::new(ledger.evidence_path.clone());
        Self { ledger, executions: VecDeque::new(), evidence, rejoining: None }
    }

    /// Stops the votes when a rejoin statement of the member is entered with another number than this process's.
    #[must_use]
    pub fn with_rejoining(self, member: MemberId, nonce: watch::Receiver<Option<RejoinNonce>>) -> Self {
        Self { rejoining: Some(Rejoining { member, nonce }), ..self }
    }

    /// Whether the head has a rejoin statement of the member that is of another process.
    fn is_disowned(&self, state: &State) -> bool {
        self.rejoining.as_ref().is_some_and(|Rejoining { member, nonce }| {
            let entered = state.governance().rejoin(member);
            entered.is_some_and(|entered| {
                entered.height == state.head().height && *nonce.borrow() != Some(entered.nonce)
            })
        })
    }

    fn execute(&mut self, payload: &[u8]) -> Result<ValidBlock, InvalidPayload> {
        let ledger = Arc::clone(&self.ledger);
        let current = ledger.current();
        let limit = current.state.parameters().block_bytes_max as usize;
        let mut block =
            Block::decode(payload, limit).map_err(|error| InvalidPayload::Invalid(error.into()))?;
        let valid = ValidBlock { block: block.header.id(), time_ms: block.header.time_ms };
        if let Some((known, _)) = self.executed(&valid.block.hash) {
            // The header names its batches by hash: under it, no others can be valid.
            let same = block.batches == known.batches;
            return if same { Ok(valid) } else { Err(InvalidPayload::Invalid(OtherBatches.into())) };
        }
        self.reuse_waiting(&mut block);
        let view = LogView::new(&ledger.store, &current.state);
        let execution = apply(&current.state, &view, &block).map_err(|error| match error {
            BlockError::View(error) => InvalidPayload::Fatal(ApplicationError::new(error)),
            refused => InvalidPayload::Invalid(refused.to_string().into()),
        })?;
        self.remember(block, execution);
        Ok(valid)
    }

    fn executed(&self, hash: &BlockHash) -> Option<&(Block, Execution)> {
        self.executions.iter().find(|(_, execution)| execution.header.id().hash == *hash)
    }

    /// The oldest makes room: it is executed again if it should be decided.
    fn remember(&mut self, block: Block, execution: Execution) {
        if self.executions.len() >= EXECUTIONS_MAX {
            self.executions.pop_front();
        }
        self.executions.push_back((block, execution));
    }

    /// Takes the pool's copy of each batch that waits there: its signature is checked already.
    fn reuse_waiting(&self, block: &mut Block) {
        let pool = self.ledger.pool();
        for batch in &mut block.batches {
            if let Some(known) = pool.batch(&batch.id())
                && *known == **batch
            {
                *batch = known;
            }
        }
    }
}

impl Application for LedgerApplication {
    fn next(&self) -> NextHeight {
        let current = self.ledger.current();
        let state = &current.state;
        let head = state.head();
        NextHeight {
            height: head.height.next(),
            validators: state.validators().clone(),
            time_ms_min: head.time_ms.saturating_add(1),
            unknown_version: Some(state.parameters().protocol)
                .filter(|version| !self.ledger.known_versions.contains(version)),
            disowned: self.is_disowned(state),
            block_bytes_max: state.parameters().block_bytes_max as usize,
            heartbeat: Duration::from_millis(state.parameters().heartbeat_ms.into()),
        }
    }

    fn propose(&mut self, slot: &Slot) -> Result<ProposedBlock, ApplicationError> {
        let Slot { height, round, time_ms, payload_bytes_max } = *slot;
        let ledger = Arc::clone(&self.ledger);
        let current = ledger.current();
        let state = &current.state;
        let next = state.head().height.next();
        if next != height {
            return Err(ApplicationError::new(WrongHeight { asked: height, next }));
        }
        let limit = payload_bytes_max.min(state.parameters().block_bytes_max as usize);
        let room = limit.saturating_sub(HEADER_BYTES + 4);
        let candidates = ledger.pool().candidates(state, room);
        let view = LogView::new(&ledger.store, state);
        let mut builder = BlockBuilder::new(state, &view);
        let mut refused = Vec::new();
        for batch in candidates {
            match builder.add(Arc::clone(&batch)) {
                Ok(()) | Err(AddError::Refused(BatchError::BlockFull { .. })) => {}
                Err(AddError::Refused(error)) => {
                    tracing::info!(?batch, %error, "the ledger refuses a batch");
                    refused.push((batch, error));
                }
                Err(AddError::View(error)) => return Err(ApplicationError::new(error)),
            }
        }
        let (block, execution) =
            builder.finish(round, time_ms).map_err(|error| ApplicationError::new(error.to_string()))?;
        ledger.refuse(&refused);
        let (id, payload) = (execution.header.id(), block.encode().into());
        self.remember(block, execution);
        Ok(ProposedBlock { block: id, payload })
    }

    fn validate(&mut self, _height: Height, payload: &Bytes) -> Result<ValidBlock, InvalidPayload> {
        self.execute(payload)
    }

    fn commit(
        &mut self,
        certificate: &CommitCertificate,
        payload: Bytes,
        durable: Durable,
    ) -> Result<NextHeight, ApplicationError> {
        if self.executed(&certificate.block).is_none() {
            // Validated by an earlier process, or long ago.
            self.execute(&payload).map_err(ApplicationError::new)?;
        }
        let Some((block, execution)) = self.executed(&certificate.block) else {
            return Err(ApplicationError::new("the payload is not that of the certificate"));
        };
        self.ledger.commit(block, certificate, execution, durable).map_err(ApplicationError::new)?;
        let (height, entries) = (certificate.height, execution.leaf_hashes.len());
        let batches = execution.batches.len();
        self.executions.clear();
        tracing::info!(%height, round = certificate.round, batches, entries, "block committed");
        Ok(self.next())
    }

    fn barrier(&self) -> Barrier {
        let ledger = Arc::clone(&self.ledger);
        Arc::new(move || ledger.store.sync().map_err(ApplicationError::new))
    }

    fn keep_undecided(&mut self, undecided: &Undecided, durable: Durable) -> Result<(), ApplicationError> {
        let Undecided { height, block, receipt, payload } = undecided;
        let mut bytes = codec::encode(&(receipt_number(*receipt), block.hash));
        bytes.extend_from_slice(payload);
        let record = UndecidedRecord { height: *height, round: block.round, bytes };
        let began = Instant::now();
        let store = &self.ledger.store;
        let kept = match durable {
            Durable::Now => store.keep_undecided(&record),
            Durable::Soon => store.keep_undecided_unsynced(&record),
        };
        kept.map_err(ApplicationError::new)?;
        self.ledger.timings.keep_undecided.observe(began.elapsed());
        Ok(())
    }

    fn undecided(&self, height: Height) -> Result<Vec<Undecided>, ApplicationError> {
        let records = self.ledger.store.undecided(height).map_err(ApplicationError::new)?;
        records.into_iter().map(undecided).collect()
    }

    fn decided(&self, height: Height) -> Result<Option<DecidedBlock>, ApplicationError> {
        let block = self.ledger.store.block(height);
        let Some((certificate, payload)) =
            block.map_err(|error| ApplicationError::new(self.ledger.unreadable(error)))?
        else {
            return Ok(None);
        };
        // From the stored history: today's members may be others than those who decided an old block.
        let Some(validators) = self.ledger.store.validators_at(height) else { return Ok(None) };
        let (header, _) =
            codec::decode_prefix::<BlockHeader>(&payload, payload.len()).map_err(ApplicationError::new)?;
        let block = BlockId { hash: certificate.block, round: header.round };
        Ok(Some(DecidedBlock { block, certificate, validators, payload: payload.into() }))
    }

    fn in_force_ms(&self, key: &PublicKey) -> Result<Option<u64>, ApplicationError> {
        let store = &self.ledger.store;
        let mut sets = (0..store.validator_set_count()).filter_map(|number| store.validator_set(number));
        let Some(set) = sets.find(|set| set.position(key).is_some()) else { return Ok(None) };
        let announced = Height(set.first_height().0.saturating_sub(1));
        let header = store.header(announced).map_err(ApplicationError::new)?;
        Ok(Some(header.map_or(0, |header| header.time_ms)))
    }

    fn has_work(&self) -> bool {
        let current = self.ledger.current();
        let next = current.state.head().height.next();
        // What governance decided comes into force by blocks, with or without batches.
        current.state.governance().is_due(next.next()) || self.ledger.pool().has_candidates(&current.state)
    }

    fn evidence(&mut self, evidence: &[Equivocation]) {
        for Equivocation { key, height, round, statement, .. } in evidence {
            tracing::warn!(%key, %height, round, ?statement, "a validator contradicted itself");
        }
        let path = self.ledger.evidence_path.display();
        let store = &self.ledger.store;
        // The certificate alone: changes of the validators before it are in every trust file.
        let decided = |height| {
            let (certificate, _) = store.block(height).ok()??;
            let header = store.header(height).ok()??;
            let finality = Finality::Certificate { certificate, validator_changes: Vec::new() };
            Some(FinalStatement { header, finality })
        };
        match self.evidence.keep(evidence, decided) {
            Ok(kept) => tracing::warn!(kept, of = evidence.len(), %path, "evidence"),
            Err(error) => tracing::error!(%error, %path, "evidence could not be kept"),
        }
    }
}

fn undecided(record: UndecidedRecord) -> Result<Undecided, ApplicationError> {
    let UndecidedRecord { height, round, bytes } = record;
    let limit = BLOCK_BYTES_LIMIT as usize + UNDECIDED_OVERHEAD_BYTES;
    let ((receipt, hash), read) =
        codec::decode_prefix::<(u8, BlockHash)>(&bytes, limit).map_err(ApplicationError::new)?;
    let receipt = RECEIPTS.get(usize::from(receipt)).copied();
    let receipt = receipt.ok_or_else(|| ApplicationError::new("an undecided block of unknown receipt"))?;
    let payload = Bytes::from(bytes).slice(read..);
    Ok(Undecided { height, block: BlockId { hash, round }, receipt, payload })
}

fn receipt_number(receipt: Receipt) -> u8 {
    match receipt {
        Receipt::Own => 0,
        Receipt::Timely => 1,
        Receipt::Untimely => 2,
        Receipt::Reproposed => 3,
    }
}

/// Executions that are remembered. Each may be of a block of `block_bytes_max`.
const EXECUTIONS_MAX: usize = 8;
/// By number in an undecided record.
const RECEIPTS: [Receipt; 4] = [Receipt::Own, Receipt::Timely, Receipt::Untimely, Receipt::Reproposed];
/// Bytes before the payload in an undecided record, at most.
const UNDECIDED_OVERHEAD_BYTES: usize = 1 + 32;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::tests::new_ledger;
    use sanad_core::genesis::BLOCK_BYTES_DEFAULT;
    use sanad_testkit::certify;

    /// A faulty proposer can make as many valid blocks as it likes.
    #[test]
    fn few_executions_are_remembered_and_any_block_can_be_decided() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = new_ledger(&folder);
        let mut application = LedgerApplication::new(Arc::clone(&ledger));
        let next = application.next();
        let payload_bytes_max = BLOCK_BYTES_DEFAULT as usize;
        let mut proposed = Vec::new();
        for round in 0..100 {
            let time_ms = next.time_ms_min + u64::from(round);
            let slot = Slot { height: next.height, round, time_ms, payload_bytes_max };
            proposed.push(application.propose(&slot).unwrap());
        }
        for block in &proposed {
            assert_eq!(application.validate(next.height, &block.payload).unwrap().block, block.block);
            assert!(application.executions.len() <= EXECUTIONS_MAX);
        }
        let first = proposed.swap_remove(0);
        let header = Block::decode(&first.payload, payload_bytes_max).unwrap().header;
        let certificate = certify(&header, ledger.current().state.validators(), &[0, 1, 3]);
        assert_eq!(
            application.commit(&certificate, first.payload, Durable::Now).unwrap().height,
            next.height.next()
        );
        assert!(application.executions.is_empty());
    }
}
