//! The ledger as consensus sees it.

use std::collections::HashMap;
use std::io::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use sanad_consensus_lite::{
    Application, ApplicationError, DecidedBlock, Evidence, InvalidPayload, NextHeight, ProposedBlock,
    Receipt, Slot, Undecided, ValidBlock,
};
use sanad_core::block::{Block, BlockHeader, BlockId, HEADER_BYTES};
use sanad_core::codec;
use sanad_core::execution::{AddError, BatchError, BlockBuilder, BlockError, Execution, apply};
use sanad_core::genesis::BLOCK_BYTES_LIMIT;
use sanad_core::hash::BlockHash;
use sanad_core::ids::Height;
use sanad_core::validators::CommitCertificate;
use sanad_storage::UndecidedRecord;

use super::Ledger;
use super::view::LogView;

/// Executes, proposes, validates and commits for consensus.
pub struct LedgerApplication {
    ledger: Arc<Ledger>,
    /// Executions on top of the head, by block, so that no block is executed twice.
    executions: HashMap<BlockHash, (Block, Execution)>,
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
        Self { ledger, executions: HashMap::new() }
    }

    fn execute(&mut self, payload: &[u8]) -> Result<ValidBlock, InvalidPayload> {
        let ledger = Arc::clone(&self.ledger);
        let current = ledger.current();
        let limit = current.state.parameters().block_bytes_max as usize;
        let mut block =
            Block::decode(payload, limit).map_err(|error| InvalidPayload::Invalid(error.into()))?;
        let valid = ValidBlock { block: block.header.id(), time_ms: block.header.time_ms };
        let hash = valid.block.hash;
        if let Some((known, _)) = self.executions.get(&hash) {
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
        self.executions.insert(hash, (block, execution));
        Ok(valid)
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
        self.executions.insert(id.hash, (block, execution));
        Ok(ProposedBlock { block: id, payload })
    }

    fn validate(&mut self, _height: Height, payload: &Bytes) -> Result<ValidBlock, InvalidPayload> {
        self.execute(payload)
    }

    fn commit(
        &mut self,
        certificate: &CommitCertificate,
        payload: Bytes,
    ) -> Result<NextHeight, ApplicationError> {
        if !self.executions.contains_key(&certificate.block) {
            // Validated by an earlier process, or dropped with an earlier height.
            self.execute(&payload).map_err(ApplicationError::new)?;
        }
        let Some((block, execution)) = self.executions.remove(&certificate.block) else {
            return Err(ApplicationError::new("the payload is not that of the certificate"));
        };
        self.executions.clear();
        self.ledger.commit(&block, certificate, &execution).map_err(ApplicationError::new)?;
        let (height, entries) = (certificate.height, execution.leaf_hashes.len());
        let batches = execution.batches.len();
        tracing::info!(%height, round = certificate.round, batches, entries, "block committed");
        Ok(self.next())
    }

    fn keep_undecided(&mut self, undecided: &Undecided) -> Result<(), ApplicationError> {
        let Undecided { height, block, receipt, payload } = undecided;
        let mut bytes = codec::encode(&(receipt_number(*receipt), block.hash));
        bytes.extend_from_slice(payload);
        let record = UndecidedRecord { height: *height, round: block.round, bytes };
        self.ledger.store.keep_undecided(&record).map_err(ApplicationError::new)
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

    fn has_work(&self) -> bool {
        let current = self.ledger.current();
        self.ledger.pool().has_candidates(&current.state)
    }

    fn evidence(&mut self, evidence: &[Evidence]) {
        for evidence in evidence {
            let Evidence { validator, height, round, kind, .. } = evidence;
            tracing::warn!(%validator, %height, round, ?kind, "a validator contradicted itself; evidence is kept");
        }
        if let Err(error) = self.keep_evidence(evidence) {
            tracing::error!(%error, path = %self.ledger.evidence_path.display(), "evidence could not be kept");
        }
    }
}

impl LedgerApplication {
    /// Appends each piece of evidence as a line of JSON.
    fn keep_evidence(&self, evidence: &[Evidence]) -> std::io::Result<()> {
        let mut file =
            std::fs::OpenOptions::new().create(true).append(true).open(&self.ledger.evidence_path)?;
        for evidence in evidence {
            writeln!(file, "{}", evidence_line(evidence))?;
        }
        file.sync_all()
    }
}

fn evidence_line(evidence: &Evidence) -> serde_json::Value {
    let statement = |statement: &sanad_consensus_lite::Statement| {
        serde_json::json!({
            "block": statement.block,
            "valid_round": statement.valid_round,
            "signature": statement.signature,
        })
    };
    serde_json::json!({
        "validator": evidence.validator,
        "height": evidence.height,
        "round": evidence.round,
        "kind": format!("{:?}", evidence.kind).to_lowercase(),
        "first": statement(&evidence.first),
        "second": statement(&evidence.second),
    })
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

/// By number in an undecided record.
const RECEIPTS: [Receipt; 4] = [Receipt::Own, Receipt::Timely, Receipt::Untimely, Receipt::Reproposed];
/// Bytes before the payload in an undecided record, at most.
const UNDECIDED_OVERHEAD_BYTES: usize = 1 + 32;
