//! The ledger of the tests: a chain in memory, and switches for what may go wrong.
#![allow(dead_code, reason = "each test program uses a part")]

use std::ops::Range;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use sanad_api::{
    BatchProofs, BatchState, BlockSummary, CredentialKey, FinalBlock, FinalHeader, InclusionProof,
    IssuerBatches, Ledger, LedgerError, LogEntry, MemberProof, Missing, NodeStatus, Peer, PeerKind,
    ProofHead,
};
use sanad_core::batch::SignedBatch;
use sanad_core::event::Event;
use sanad_core::execution::{AddError, BlockBuilder, LedgerView};
use sanad_core::genesis::Genesis;
use sanad_core::hash::{BatchId, Root};
use sanad_core::ids::{Height, LogIndex, LogSize, MemberId, Sequence};
use sanad_core::member::MemberRecord;
use sanad_core::merkle::{Rfc6962, consistency_path, inclusion_path, range_path, root_at};
use sanad_core::proof::{CONSISTENCY_FORMAT, ConsistencyProof, IssuerBatch, LogHead, StatusProof};
use sanad_core::signature::PublicKey;
use tokio::sync::watch;

use crate::chain::{self, Chain, ISSUER, final_header};

pub(crate) struct MemoryLedger {
    genesis: Genesis,
    chain: Mutex<Chain>,
    head: watch::Sender<Height>,
    failure: Mutex<Option<fn() -> LedgerError>>,
    /// How far beside the question the answers are.
    lie: AtomicU64,
    /// Reads wait while it is closed.
    gate: (Mutex<bool>, Condvar),
    /// How many wait.
    waiting: AtomicUsize,
    pub(crate) peers: Mutex<Vec<Peer>>,
}

impl MemoryLedger {
    pub(crate) fn new() -> Self {
        Self::of(chain::genesis())
    }

    /// A ledger of another genesis; its consensus keys are `chain::key(101)` and up.
    pub(crate) fn of(genesis: Genesis) -> Self {
        Self {
            chain: Mutex::new(Chain::new(&genesis)),
            genesis,
            head: watch::Sender::new(Height(0)),
            failure: Mutex::new(None),
            lie: AtomicU64::new(0),
            gate: (Mutex::new(false), Condvar::new()),
            waiting: AtomicUsize::new(0),
            peers: Mutex::new(Vec::new()),
        }
    }

    /// A batch of issuances that comes next in the issuer's chain.
    pub(crate) fn next_batch(&self, issuances: usize) -> SignedBatch {
        self.chain.lock().unwrap().next_batch(issuances)
    }

    pub(crate) fn next_batch_of(&self, events: Vec<Event>) -> SignedBatch {
        self.chain.lock().unwrap().next_batch_of(events)
    }

    /// Enters the batch in a block of its own.
    pub(crate) fn commit_batch(&self, batch: SignedBatch) {
        self.chain.lock().unwrap().pool.push(Arc::new(batch));
        self.commit();
    }

    /// Makes a block of the pool.
    pub(crate) fn commit(&self) {
        let height = self.chain.lock().unwrap().commit();
        self.head.send_replace(height);
    }

    /// The batches in the pool lose their place.
    pub(crate) fn drop_pool(&self) {
        self.chain.lock().unwrap().pool.clear();
    }

    /// The node forgets the batches that wait.
    pub(crate) fn forget_pool(&self) {
        let mut chain = self.chain.lock().unwrap();
        for batch in std::mem::take(&mut chain.pool) {
            chain.batches.remove(&batch.id());
        }
    }

    /// From now on every method fails so.
    pub(crate) fn fail_with(&self, failure: fn() -> LedgerError) {
        *self.failure.lock().unwrap() = Some(failure);
    }

    /// From now on reads wait, or no more.
    pub(crate) fn hold_reads(&self, hold: bool) {
        *self.gate.0.lock().unwrap() = hold;
        self.gate.1.notify_all();
    }

    /// How many reads wait because of [`Self::hold_reads`].
    pub(crate) fn held_reads(&self) -> usize {
        self.waiting.load(Ordering::SeqCst)
    }

    /// From now on answers are about the next thing, not about the one that was asked for.
    pub(crate) fn answer_beside_the_question(&self) {
        self.lie.store(1, Ordering::Relaxed);
    }

    fn lie(&self) -> u64 {
        self.lie.load(Ordering::Relaxed)
    }

    fn chain(&self) -> Result<MutexGuard<'_, Chain>, LedgerError> {
        self.check()?;
        let held = self.gate.0.lock().unwrap();
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let (held, _) = self.gate.1.wait_timeout_while(held, Duration::from_secs(5), |held| *held).unwrap();
        drop(held);
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        Ok(self.chain.lock().unwrap())
    }

    fn check(&self) -> Result<(), LedgerError> {
        let failure = *self.failure.lock().unwrap();
        failure.map_or(Ok(()), |failure| Err(failure()))
    }
}

impl Ledger for MemoryLedger {
    fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    fn head(&self) -> Result<FinalHeader, LedgerError> {
        self.chain()?.head()
    }

    fn header(&self, height: Height) -> Result<FinalHeader, LedgerError> {
        self.chain()?.block(Height(height.0 + self.lie())).map(final_header)
    }

    fn block(&self, height: Height) -> Result<FinalBlock, LedgerError> {
        self.chain()?.block(Height(height.0 + self.lie())).cloned()
    }

    fn block_summaries(&self, first: Height, count: usize) -> Result<Vec<BlockSummary>, LedgerError> {
        let summary = |block: &FinalBlock| BlockSummary {
            header: block.block.header.clone(),
            batches: block.block.batches.len() as u32,
            entries: block.block.batches.iter().map(|batch| batch.batch().events.len() as u64).sum(),
            bytes: block.block.encode().len() as u64,
        };
        let chain = self.chain()?;
        Ok(chain.blocks.iter().skip((first.0 + self.lie()) as usize - 1).take(count).map(summary).collect())
    }

    fn entry(&self, index: LogIndex) -> Result<LogEntry, LedgerError> {
        let index = LogIndex(index.0 + self.lie());
        let entry = self.chain()?.entry(index)?.clone();
        Ok(LogEntry { index, entry })
    }

    fn entries(&self, first: LogIndex, count: usize) -> Result<Vec<LogEntry>, LedgerError> {
        let chain = self.chain()?;
        let place = usize::try_from(first.0.saturating_add(self.lie())).unwrap_or(usize::MAX);
        let entries = chain.log.entries.iter().enumerate().skip(place).take(count);
        Ok(entries.map(|(n, entry)| LogEntry { index: LogIndex(n as u64), entry: entry.clone() }).collect())
    }

    fn status_proof(&self, credential: &CredentialKey) -> Result<StatusProof, LedgerError> {
        let chain = self.chain()?;
        let index = match credential {
            CredentialKey::Index(index) => *index,
            CredentialKey::Commitment(commitment) => chain
                .log
                .issuance(commitment)
                .unwrap_or_else(|never| match never {})
                .ok_or(LedgerError::NotFound(Missing::Commitment(*commitment)))?,
        };
        chain.proof(&chain.tree(), LogIndex(index.0 + self.lie()))
    }

    fn batch_proofs(&self, batch: &BatchId, range: Range<usize>) -> Result<BatchProofs, LedgerError> {
        let chain = self.chain()?;
        let Some(BatchState::Final(place)) = chain.batches.get(batch) else {
            return Err(LedgerError::NotFound(Missing::Batch(*batch)));
        };
        let tree = chain.tree();
        let (head, _) = ProofHead::split(chain.proof(&tree, place.first_index)?);
        let end = range.end.min(place.entries as usize);
        let proof = |n: usize| {
            let proof = chain.proof(&tree, LogIndex(place.first_index.0 + n as u64 + self.lie()));
            proof.map(|proof| ProofHead::split(proof).1)
        };
        let proofs = (range.start.min(end)..end).map(proof).collect::<Result<_, _>>()?;
        Ok(BatchProofs { head, first_index: place.first_index, entries: place.entries, proofs })
    }

    fn inclusion_proof(&self, index: LogIndex, size: Option<LogSize>) -> Result<InclusionProof, LedgerError> {
        let index = LogIndex(index.0 + self.lie());
        let chain = self.chain()?;
        let size = chain.size_or_latest(size)?;
        if index.0 >= size.0 {
            return Err(LedgerError::IndexBeyondLog { index, size });
        }
        let tree = chain.tree();
        Ok(InclusionProof {
            index,
            size,
            leaf_hash: chain.log.entries[index.0 as usize].leaf_hash(),
            root: Root(root_at::<Rfc6962, _>(&tree, size.0).unwrap()),
            path: inclusion_path::<Rfc6962, _>(&tree, index.0, size.0).unwrap(),
            head: chain.head()?,
        })
    }

    fn consistency_proof(&self, old: LogSize, new: Option<LogSize>) -> Result<ConsistencyProof, LedgerError> {
        let chain = self.chain()?;
        let (old, new) =
            (chain.size_or_latest(Some(LogSize(old.0 + self.lie())))?, chain.size_or_latest(new)?);
        let tree = chain.tree();
        let at = |size: LogSize| LogHead { size, root: Root(root_at::<Rfc6962, _>(&tree, size.0).unwrap()) };
        let path =
            |older: LogSize, newer: LogSize| consistency_path::<Rfc6962, _>(&tree, older.0, newer.0).unwrap();
        let FinalHeader { header, certificate } = chain.head()?;
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
        let chain = self.chain()?;
        let LogSize(size) = chain.size_or_latest(size)?;
        let log_size = LogSize(size - self.lie());
        let tree = chain.tree();
        let mut end = 0;
        let mut batches = Vec::new();
        for signed in chain.blocks.iter().flat_map(|last| &last.block.batches) {
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
        let chain = self.chain()?;
        let records = chain.state.registry().records();
        let later = records.filter(|record| after.is_none_or(|after| record.member.id > *after));
        Ok(later.take(count).cloned().collect())
    }

    fn member(&self, id: &MemberId) -> Result<MemberProof, LedgerError> {
        let chain = self.chain()?;
        let missing = || LedgerError::NotFound(Missing::Member(id.clone()));
        let other = "v2.ac.id".parse().unwrap();
        let told = if self.lie() == 0 { id } else { &other };
        let member = chain.state.registry().prove(told).ok_or_else(missing)?;
        Ok(MemberProof { member, head: chain.head()?, validator_changes: chain.validator_changes_below() })
    }

    fn batch_state(&self, id: &BatchId) -> Result<BatchState, LedgerError> {
        let chain = self.chain()?;
        chain.batches.get(id).cloned().ok_or(LedgerError::NotFound(Missing::Batch(*id)))
    }

    async fn submit(&self, batch: Arc<SignedBatch>) -> Result<BatchState, LedgerError> {
        self.check()?;
        let mut guard = self.chain.lock().unwrap();
        let chain = &mut *guard;
        if let Some(state) = chain.batches.get(&batch.id()) {
            return Ok(state.clone());
        }
        match BlockBuilder::new(&chain.state, &chain.log).add(Arc::clone(&batch)) {
            Err(AddError::Refused(error)) => return Err(LedgerError::Refused(error)),
            Err(AddError::View(never)) => match never {},
            Ok(()) => {}
        }
        chain.batches.insert(batch.id(), BatchState::Pending);
        chain.pool.push(batch);
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
        self.check()?;
        let mut head = self.head.subscribe();
        let reached = head.wait_for(|head| *head > height).await;
        reached.map(|head| *head).map_err(|_| LedgerError::Stopping)
    }

    async fn node_status(&self) -> Result<NodeStatus, LedgerError> {
        self.check()?;
        let chain = self.chain.lock().unwrap();
        let validators = chain.state.validators().validators();
        Ok(NodeStatus {
            chain_id: self.genesis.chain_id(),
            chain_name: self.genesis.name.clone(),
            member: Some(ISSUER.parse().unwrap()),
            version: "0.1.0".to_owned(),
            head: chain.state.head(),
            log_size: chain.size(),
            catching_up: false,
            validators: validators.iter().map(|validator| validator.member.clone()).collect(),
            is_validator: true,
            pool_batches: chain.pool.len() as u64,
            pool_bytes: chain.pool.iter().map(|batch| batch.bytes().len() as u64).sum(),
            uptime: Duration::from_millis(1234),
            connected_peers: 3,
        })
    }

    async fn peers(&self) -> Result<Vec<Peer>, LedgerError> {
        self.check()?;
        Ok(self.peers.lock().unwrap().clone())
    }
}

pub(crate) fn peer(number: u16, kind: PeerKind) -> Peer {
    let mut network_key = PublicKey([0; 32]);
    network_key.0[..2].copy_from_slice(&number.to_be_bytes());
    Peer {
        member: number.is_multiple_of(2).then(|| ISSUER.parse().unwrap()),
        network_key,
        addresses: vec![format!("/ip4/10.0.0.1/tcp/{number}")],
        connected: number.is_multiple_of(3),
        kind,
    }
}
