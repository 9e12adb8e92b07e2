//! A static export, as the API asks a ledger.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use sanad_api::limits::ISSUER_BATCHES_BYTES;
use sanad_api::{
    BatchProofs, BatchState, BlockSummary, CredentialKey, FinalBatch, FinalBlock, FinalHeader,
    InclusionProof, IssuerBatches, Ledger, LedgerError, LogEntry, MemberProof, Missing, NodeStatus, Peer,
    ProofHead,
};
use sanad_core::batch::SignedBatch;
use sanad_core::codec;
use sanad_core::genesis::Genesis;
use sanad_core::hash::BatchId;
use sanad_core::ids::{Height, LogIndex, LogSize, MemberId, Sequence};
use sanad_core::member::MemberRecord;
use sanad_core::proof::{CONSISTENCY_FORMAT, ConsistencyProof, IssuerBatch, LogHead, StatusProof};
use sanad_core::state::Head;
use sanad_export::{BatchPlace, Export, ExportError, SealedHeader};

/// An export, and the genesis that lies in it. Whoever asks compares that with their own.
#[derive(Debug)]
pub(crate) struct Exported {
    genesis: Genesis,
    export: Export,
}

impl Exported {
    /// Opens an export and checks its head, its state and the right edge of its log.
    pub(crate) fn open(folder: &Path) -> anyhow::Result<Self> {
        let refused = || format!("the export {} cannot be relied on; get another copy", folder.display());
        let genesis = Export::genesis(folder)?;
        let export = Export::open(folder, &genesis).with_context(refused)?;
        Ok(Self { genesis, export })
    }

    fn size(&self) -> LogSize {
        self.export.head().header.log_size
    }

    fn batch_place(&self, id: &BatchId) -> Result<&BatchPlace, LedgerError> {
        let place = self.export.batch(id).map_err(told)?;
        place.ok_or(LedgerError::NotFound(Missing::Batch(*id)))
    }
}

impl Ledger for Exported {
    fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    fn head(&self) -> Result<FinalHeader, LedgerError> {
        Ok(sealed(self.export.head().clone()))
    }

    fn header(&self, height: Height) -> Result<FinalHeader, LedgerError> {
        self.export.header(height).map(sealed).map_err(told)
    }

    fn block(&self, height: Height) -> Result<FinalBlock, LedgerError> {
        let (block, certificate) = self.export.block(height).map_err(told)?;
        Ok(FinalBlock { block, certificate })
    }

    fn block_summaries(&self, first: Height, count: usize) -> Result<Vec<BlockSummary>, LedgerError> {
        let Height(head) = self.export.head().header.height;
        let summary = |height| {
            let (block, _) = self.export.block(Height(height)).map_err(told)?;
            let entries = block.batches.iter().map(|batch| batch.batch().events.len() as u64).sum();
            let (batches, bytes) = (block.batches.len() as u32, block.encode().len() as u64);
            Ok(BlockSummary { header: block.header, batches, entries, bytes })
        };
        (first.0.max(1)..=head).take(count).map(summary).collect()
    }

    fn entry(&self, index: LogIndex) -> Result<LogEntry, LedgerError> {
        Ok(LogEntry { index, entry: self.export.entry(index).map_err(told)? })
    }

    fn entries(&self, first: LogIndex, count: usize) -> Result<Vec<LogEntry>, LedgerError> {
        let entries = self.export.entries(first, count).map_err(told)?;
        let place = |(index, entry)| LogEntry { index: LogIndex(index), entry };
        Ok((first.0..).zip(entries).map(place).collect())
    }

    fn status_proof(&self, credential: &CredentialKey) -> Result<StatusProof, LedgerError> {
        let index = match credential {
            CredentialKey::Index(index) => *index,
            CredentialKey::Commitment(commitment) => {
                let missing = || LedgerError::NotFound(Missing::Commitment(*commitment));
                self.export.issuance(commitment).map_err(told)?.ok_or_else(missing)?
            }
        };
        self.export.status_proof(index).map_err(told)
    }

    fn batch_proofs(&self, batch: &BatchId, range: Range<usize>) -> Result<BatchProofs, LedgerError> {
        let BatchPlace { first_index, entries, .. } = *self.batch_place(batch)?;
        let end = range.end.min(entries as usize);
        let prove = |position: usize| {
            let proof = self.export.status_proof(LogIndex(first_index.0 + position as u64));
            proof.map(ProofHead::split).map_err(told)
        };
        let (head, _) = prove(0)?;
        let proofs = (range.start.min(end)..end).map(|position| Ok(prove(position)?.1));
        let proofs = proofs.collect::<Result<_, LedgerError>>()?;
        Ok(BatchProofs { head, first_index, entries, proofs })
    }

    fn inclusion_proof(&self, index: LogIndex, size: Option<LogSize>) -> Result<InclusionProof, LedgerError> {
        let size = size.unwrap_or(self.size());
        Ok(InclusionProof {
            index,
            size,
            path: self.export.inclusion_path(index, size).map_err(told)?,
            leaf_hash: self.export.entry(index).map_err(told)?.leaf_hash(),
            root: self.export.log_root(size).map_err(told)?,
            head: self.head()?,
        })
    }

    fn consistency_proof(&self, old: LogSize, new: Option<LogSize>) -> Result<ConsistencyProof, LedgerError> {
        let new = new.unwrap_or(self.size());
        let log_head = |size| {
            let root = self.export.log_root(size).map_err(told);
            root.map(|root| LogHead { size, root })
        };
        let SealedHeader { header, certificate } = self.export.head().clone();
        Ok(ConsistencyProof {
            format: CONSISTENCY_FORMAT.to_owned(),
            older: log_head(old)?,
            newer: log_head(new)?,
            path: self.export.consistency_path(old, new).map_err(told)?,
            head_path: self.export.consistency_path(new, header.log_size).map_err(told)?,
            header,
            certificate,
            validator_changes: self.export.validator_changes().to_vec(),
        })
    }

    fn issuer_batches(
        &self,
        issuer: &MemberId,
        first: Sequence,
        size: Option<LogSize>,
        count: usize,
    ) -> Result<IssuerBatches, LedgerError> {
        let log_size = size.unwrap_or(self.size());
        self.export.member(issuer).map_err(told)?;
        self.export.log_root(log_size).map_err(told)?;
        let mut found = IssuerBatches { log_size, batches: Vec::new(), more: false };
        let (mut sequence, mut bytes) = (first, 0);
        while let Some(place) = self.export.batch_of(issuer, sequence).map_err(told)? {
            let leaves = place.first_index.0..place.first_index.0 + u64::from(place.entries);
            if leaves.end > log_size.0 {
                break;
            }
            if found.batches.len() == count || bytes >= ISSUER_BATCHES_BYTES {
                found.more = true;
                break;
            }
            let batch = codec::encode(self.export.signed_batch(place).map_err(told)?.batch());
            bytes += batch.len();
            let path = self.export.range_path(leaves, log_size).map_err(told)?;
            found.batches.push(IssuerBatch { batch, first_index: place.first_index, path });
            sequence = sequence.next();
        }
        Ok(found)
    }

    fn members(&self, after: Option<&MemberId>, count: usize) -> Result<Vec<MemberRecord>, LedgerError> {
        let later = |record: &&MemberRecord| after.is_none_or(|after| record.member.id > *after);
        Ok(self.export.registry().records().filter(later).take(count).cloned().collect())
    }

    fn member(&self, id: &MemberId) -> Result<MemberProof, LedgerError> {
        Ok(MemberProof {
            member: self.export.member(id).map_err(told)?,
            head: self.head()?,
            validator_changes: self.export.validator_changes().to_vec(),
        })
    }

    fn batch_state(&self, id: &BatchId) -> Result<BatchState, LedgerError> {
        let BatchPlace { height, first_index, entries, .. } = *self.batch_place(id)?;
        let block_time_ms = self.export.header(height).map_err(told)?.header.time_ms;
        Ok(BatchState::Final(FinalBatch { height, block_time_ms, first_index, entries }))
    }

    async fn submit(&self, _: Arc<SignedBatch>) -> Result<BatchState, LedgerError> {
        Err(LedgerError::Unsupported { what: "an export takes no batches" })
    }

    async fn batch_decided(&self, id: BatchId) -> Result<BatchState, LedgerError> {
        self.batch_state(&id)
    }

    async fn head_above(&self, height: Height) -> Result<Height, LedgerError> {
        let head = self.export.head().header.height;
        match head > height {
            true => Ok(head),
            false => Err(LedgerError::Unsupported { what: "an export has no blocks to come" }),
        }
    }

    async fn node_status(&self) -> Result<NodeStatus, LedgerError> {
        let SealedHeader { header, .. } = self.export.head();
        let next = self.export.registry().validators(header.height.next());
        let validators = next.map_err(LedgerError::internal)?;
        Ok(NodeStatus {
            chain_id: header.chain_id,
            chain_name: self.genesis.name.clone(),
            member: None,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            head: Head { height: header.height, hash: header.hash(), time_ms: header.time_ms },
            log_size: header.log_size,
            catching_up: false,
            validators: validators.validators().iter().map(|validator| validator.member.clone()).collect(),
            is_validator: false,
            pool_batches: 0,
            pool_bytes: 0,
            uptime: Duration::ZERO,
            connected_peers: 0,
        })
    }

    async fn peers(&self) -> Result<Vec<Peer>, LedgerError> {
        Ok(Vec::new())
    }
}

fn sealed(SealedHeader { header, certificate }: SealedHeader) -> FinalHeader {
    FinalHeader { header, certificate }
}

/// What is beyond the export is the caller's to know; all else is the fault of the folder.
fn told(error: ExportError) -> LedgerError {
    match error {
        ExportError::HeightBeyondHead { height, head } => LedgerError::HeightBeyondHead { height, head },
        ExportError::IndexBeyondLog { index, size } => LedgerError::IndexBeyondLog { index, size },
        ExportError::SizeBeyondLog { asked, size } => LedgerError::SizeBeyondLog { asked, size },
        ExportError::NoMember(id) => LedgerError::NotFound(Missing::Member(id)),
        error => LedgerError::Damaged(Box::new(error)),
    }
}
