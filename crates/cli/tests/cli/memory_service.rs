//! The ledger in memory, as a node's API asks it.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use sanad_api::{
    BatchProofs, BatchState, BlockSummary, CredentialKey, FinalBlock, FinalHeader, InclusionProof,
    IssuerBatches, Ledger, LedgerError, LogEntry, MemberProof, Missing, NodeStatus, Peer, ProofHead,
};
use sanad_core::batch::SignedBatch;
use sanad_core::execution::{AddError, BlockBuilder, LedgerView as _};
use sanad_core::genesis::Genesis;
use sanad_core::hash::{BatchId, Root};
use sanad_core::ids::{Height, LogIndex, LogSize, MemberId, Sequence};
use sanad_core::member::MemberRecord;
use sanad_core::merkle::{Rfc6962, consistency_path, inclusion_path, range_path, root_at};
use sanad_core::proof::{CONSISTENCY_FORMAT, ConsistencyProof, IssuerBatch, LogHead, StatusProof};

use crate::memory_ledger::{ISSUER, MemoryLedger, final_header};

impl Ledger for MemoryLedger {
    fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    fn head(&self) -> Result<FinalHeader, LedgerError> {
        self.inner().head()
    }

    fn header(&self, height: Height) -> Result<FinalHeader, LedgerError> {
        self.inner().block(height).map(final_header)
    }

    fn block(&self, height: Height) -> Result<FinalBlock, LedgerError> {
        self.inner().block(height).cloned()
    }

    fn block_summaries(&self, first: Height, count: usize) -> Result<Vec<BlockSummary>, LedgerError> {
        let summary = |block: &FinalBlock| BlockSummary {
            header: block.block.header.clone(),
            batches: block.block.batches.len() as u32,
            entries: block.block.batches.iter().map(|batch| batch.batch().events.len() as u64).sum(),
            bytes: block.block.encode().len() as u64,
        };
        let inner = self.inner();
        Ok(inner.blocks.iter().skip(first.0 as usize - 1).take(count).map(summary).collect())
    }

    fn entry(&self, index: LogIndex) -> Result<LogEntry, LedgerError> {
        let inner = self.inner();
        let size = inner.size();
        let entry = inner.log.0.get(index.0 as usize).ok_or(LedgerError::IndexBeyondLog { index, size })?;
        Ok(LogEntry { index, entry: entry.clone() })
    }

    fn entries(&self, first: LogIndex, count: usize) -> Result<Vec<LogEntry>, LedgerError> {
        let inner = self.inner();
        let place = usize::try_from(first.0).unwrap_or(usize::MAX);
        let entries = inner.log.0.iter().enumerate().skip(place).take(count);
        Ok(entries.map(|(n, entry)| LogEntry { index: LogIndex(n as u64), entry: entry.clone() }).collect())
    }

    fn status_proof(&self, credential: &CredentialKey) -> Result<StatusProof, LedgerError> {
        let inner = self.inner();
        let index = match credential {
            CredentialKey::Index(index) => *index,
            CredentialKey::Commitment(commitment) => inner
                .log
                .issuance(commitment)
                .unwrap_or_else(|never| match never {})
                .ok_or(LedgerError::NotFound(Missing::Commitment(*commitment)))?,
        };
        inner.proof(index)
    }

    fn batch_proofs(&self, batch: &BatchId, range: Range<usize>) -> Result<BatchProofs, LedgerError> {
        let inner = self.inner();
        let Some(BatchState::Final(place)) = inner.batches.get(batch) else {
            return Err(LedgerError::NotFound(Missing::Batch(*batch)));
        };
        let (head, _) = ProofHead::split(inner.proof(place.first_index)?);
        let end = range.end.min(place.entries as usize);
        let proof = |n: usize| {
            let proof = inner.proof(LogIndex(place.first_index.0 + n as u64));
            proof.map(|proof| ProofHead::split(proof).1)
        };
        let proofs = (range.start.min(end)..end).map(proof).collect::<Result<_, _>>()?;
        Ok(BatchProofs { head, first_index: place.first_index, entries: place.entries, proofs })
    }

    fn inclusion_proof(&self, index: LogIndex, size: Option<LogSize>) -> Result<InclusionProof, LedgerError> {
        let inner = self.inner();
        let size = inner.size_or_latest(size)?;
        if index.0 >= size.0 {
            return Err(LedgerError::IndexBeyondLog { index, size });
        }
        let tree = inner.tree();
        Ok(InclusionProof {
            index,
            size,
            leaf_hash: inner.log.0[index.0 as usize].leaf_hash(),
            root: Root(root_at::<Rfc6962, _>(&tree, size.0).unwrap()),
            path: inclusion_path::<Rfc6962, _>(&tree, index.0, size.0).unwrap(),
            head: inner.head()?,
        })
    }

    fn consistency_proof(&self, old: LogSize, new: Option<LogSize>) -> Result<ConsistencyProof, LedgerError> {
        let inner = self.inner();
        let (old, new) = (inner.size_or_latest(Some(old))?, inner.size_or_latest(new)?);
        let tree = inner.tree();
        let at = |size: LogSize| LogHead { size, root: Root(root_at::<Rfc6962, _>(&tree, size.0).unwrap()) };
        let path =
            |older: LogSize, newer: LogSize| consistency_path::<Rfc6962, _>(&tree, older.0, newer.0).unwrap();
        let FinalHeader { header, certificate } = inner.head()?;
        Ok(ConsistencyProof {
            format: CONSISTENCY_FORMAT.to_owned(),
            older: at(old),
            newer: at(new),
            path: path(old, new),
            head_path: path(new, header.log_size),
            header,
            certificate,
            validator_changes: Vec::new(),
        })
    }

    fn issuer_batches(
        &self,
        issuer: &MemberId,
        first: Sequence,
        size: Option<LogSize>,
        count: usize,
    ) -> Result<IssuerBatches, LedgerError> {
        let inner = self.inner();
        let log_size = inner.size_or_latest(size)?;
        let tree = inner.tree();
        let mut end = 0;
        let mut batches = Vec::new();
        for signed in inner.blocks.iter().flat_map(|last| &last.block.batches) {
            let batch = signed.batch();
            let leaves = end..end + batch.events.len() as u64;
            end = leaves.end;
            if batch.issuer == *issuer && batch.sequence >= first && end <= log_size.0 {
                batches.push(IssuerBatch {
                    batch: sanad_core::codec::encode(batch),
                    first_index: LogIndex(leaves.start),
                    path: range_path::<Rfc6962, _>(&tree, leaves, log_size.0).unwrap(),
                });
            }
        }
        let more = batches.len() > count;
        batches.truncate(count);
        Ok(IssuerBatches { log_size, batches, more })
    }

    fn members(&self, after: Option<&MemberId>, count: usize) -> Result<Vec<MemberRecord>, LedgerError> {
        let inner = self.inner();
        let records = inner.state.registry().records();
        let later = records.filter(|record| after.is_none_or(|after| record.member.id > *after));
        Ok(later.take(count).cloned().collect())
    }

    fn member(&self, id: &MemberId) -> Result<MemberProof, LedgerError> {
        let inner = self.inner();
        let missing = || LedgerError::NotFound(Missing::Member(id.clone()));
        let member = inner.state.registry().prove(id).ok_or_else(missing)?;
        Ok(MemberProof { member, head: inner.head()?, validator_changes: Vec::new() })
    }

    fn batch_state(&self, id: &BatchId) -> Result<BatchState, LedgerError> {
        let inner = self.inner();
        inner.batches.get(id).cloned().ok_or(LedgerError::NotFound(Missing::Batch(*id)))
    }

    async fn submit(&self, batch: Arc<SignedBatch>) -> Result<BatchState, LedgerError> {
        let mut guard = self.inner();
        let inner = &mut *guard;
        if let Some(state) = inner.batches.get(&batch.id()) {
            return Ok(state.clone());
        }
        match BlockBuilder::new(&inner.state, &inner.log).add(Arc::clone(&batch)) {
            Err(AddError::Refused(error)) => return Err(LedgerError::Refused(error)),
            Err(AddError::View(never)) => match never {},
            Ok(()) => {}
        }
        inner.batches.insert(batch.id(), BatchState::Pending);
        inner.pool.push(batch);
        Ok(BatchState::Pending)
    }

    async fn batch_decided(&self, id: BatchId) -> Result<BatchState, LedgerError> {
        let mut head = self.head.subscribe();
        loop {
            head.borrow_and_update();
            match self.batch_state(&id)? {
                BatchState::Pending => head.changed().await.map_err(|_| LedgerError::Stopping)?,
                state => return Ok(state),
            }
        }
    }

    async fn head_above(&self, height: Height) -> Result<Height, LedgerError> {
        let mut head = self.head.subscribe();
        let reached = head.wait_for(|head| *head > height).await;
        reached.map(|head| *head).map_err(|_| LedgerError::Stopping)
    }

    async fn node_status(&self) -> Result<NodeStatus, LedgerError> {
        let inner = self.inner();
        let validators = inner.state.validators().validators();
        Ok(NodeStatus {
            chain_id: self.genesis.chain_id(),
            chain_name: self.genesis.name.clone(),
            member: Some(ISSUER.parse().unwrap()),
            version: "0.1.0".to_owned(),
            head: inner.state.head(),
            log_size: inner.size(),
            catching_up: false,
            validators: validators.iter().map(|validator| validator.member.clone()).collect(),
            is_validator: true,
            pool_batches: inner.pool.len() as u64,
            pool_bytes: inner.pool.iter().map(|batch| batch.bytes().len() as u64).sum(),
            uptime: Duration::from_millis(1234),
            connected_peers: 3,
        })
    }

    async fn peers(&self) -> Result<Vec<Peer>, LedgerError> {
        Ok(Vec::new())
    }
}
