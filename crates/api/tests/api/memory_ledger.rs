//! A ledger in memory: real execution, real proofs, certificates signed by three of four validators.

use std::collections::HashMap;
use std::convert::Infallible;
use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use sanad_api::{
    BatchProofs, BatchState, BlockSummary, ConsistencyProof, CredentialKey, FinalBatch, FinalBlock,
    FinalHeader, InclusionProof, Ledger, LedgerError, LogEntry, MemberProof, Missing, NodeStatus, Peer,
    PeerKind, ProofHead,
};
use sanad_core::batch::{Batch, SignedBatch};
use sanad_core::event::{Entry, Event};
use sanad_core::execution::{AddError, BlockBuilder, LedgerView};
use sanad_core::genesis::{Genesis, Parameters};
use sanad_core::hash::{BatchId, Commitment, Root};
use sanad_core::ids::{Height, LogIndex, LogSize, MemberId};
use sanad_core::member::{Member, MemberRecord, Role};
use sanad_core::merkle::{MemoryTree, Rfc6962, consistency_path, inclusion_path, root_at};
use sanad_core::proof::StatusProof;
use sanad_core::signature::{PublicKey, SecretKey};
use sanad_core::state::State;
use sanad_core::validators::{CommitCertificate, CommitSignature, VoteKind, vote_message};
use tokio::sync::watch;

pub(crate) const ISSUER: &str = "v1.ac.id";
const VALIDATORS: u8 = 4;

pub(crate) struct MemoryLedger {
    genesis: Genesis,
    inner: Mutex<Inner>,
    head: watch::Sender<Height>,
    failure: Mutex<Option<fn() -> LedgerError>>,
    /// Reads wait while it is closed.
    gate: (Mutex<bool>, Condvar),
    pub(crate) peers: Mutex<Vec<Peer>>,
}

struct Inner {
    state: State,
    blocks: Vec<FinalBlock>,
    log: Vec<Entry>,
    batches: HashMap<BatchId, BatchState>,
    pool: Vec<Arc<SignedBatch>>,
}

impl LedgerView for Vec<Entry> {
    type Error = Infallible;

    fn issuance(&self, commitment: &Commitment) -> Result<Option<LogIndex>, Infallible> {
        let issue = Event::Issue { commitment: *commitment };
        Ok(self.iter().position(|entry| entry.event == issue).map(|index| LogIndex(index as u64)))
    }

    fn entry(&self, index: LogIndex) -> Result<Entry, Infallible> {
        Ok(self[index.0 as usize].clone())
    }
}

pub(crate) fn key(number: u8) -> SecretKey {
    SecretKey::from_seed(&[number; 32])
}

fn member(number: u8) -> Member {
    let validates = number <= VALIDATORS;
    Member {
        id: format!("v{number}.ac.id").parse().unwrap(),
        name: format!("University {number}"),
        role: if validates { Role::Validator } else { Role::Observer },
        issuing_key: validates.then(|| key(number).public()),
        consensus_key: validates.then(|| key(100 + number).public()),
        network_key: validates.then(|| key(200 + number).public()),
        active_from: Height(0),
        active_until: None,
    }
}

impl MemoryLedger {
    pub(crate) fn new() -> Self {
        let genesis = Genesis {
            version: 1,
            name: "Test".to_owned(),
            time_ms: 1_000,
            parameters: Parameters::default(),
            members: (1..=7).map(member).collect(),
        };
        genesis.check().unwrap();
        let state = State::genesis(&genesis).unwrap();
        let (blocks, log, pool) = (Vec::new(), Vec::new(), Vec::new());
        Self {
            genesis,
            inner: Mutex::new(Inner { state, blocks, log, batches: HashMap::new(), pool }),
            head: watch::Sender::new(Height(0)),
            failure: Mutex::new(None),
            gate: (Mutex::new(false), Condvar::new()),
            peers: Mutex::new(Vec::new()),
        }
    }

    /// A batch of issuances that comes next in the issuer's chain.
    pub(crate) fn next_batch(&self, issuances: usize) -> SignedBatch {
        let inner = self.inner.lock().unwrap();
        let size = inner.log.len();
        let commitment = |n: usize| {
            let mut bytes = [7; 32];
            bytes[..8].copy_from_slice(&((size + n) as u64).to_be_bytes());
            Commitment(bytes)
        };
        let issue = |n| Event::Issue { commitment: commitment(n) };
        self.batch(&inner, (0..issuances).map(issue).collect())
    }

    pub(crate) fn next_batch_of(&self, events: Vec<Event>) -> SignedBatch {
        self.batch(&self.inner.lock().unwrap(), events)
    }

    fn batch(&self, inner: &Inner, events: Vec<Event>) -> SignedBatch {
        let issuer: MemberId = ISSUER.parse().unwrap();
        let head = inner.state.registry().record(&issuer).unwrap().chain;
        Batch {
            chain_id: self.genesis.chain_id(),
            issuer,
            sequence: head.next_sequence,
            previous: head.last_batch,
            events,
        }
        .sign(&key(1))
    }

    /// Enters the batch in a block of its own.
    pub(crate) fn commit_batch(&self, batch: SignedBatch) {
        self.inner.lock().unwrap().pool.push(Arc::new(batch));
        self.commit();
    }

    /// Makes a block of the pool.
    pub(crate) fn commit(&self) {
        let mut guard = self.inner.lock().unwrap();
        let inner = &mut *guard;
        let mut builder = BlockBuilder::new(&inner.state, &inner.log);
        for batch in inner.pool.drain(..) {
            if let Err(AddError::Refused(error)) = builder.add(Arc::clone(&batch)) {
                inner.batches.insert(batch.id(), BatchState::Refused(error));
            }
        }
        let time_ms = inner.state.head().time_ms + 500;
        let (block, execution) = builder.finish(time_ms).unwrap();
        for batch in &block.batches {
            let Batch { issuer, events, .. } = batch.batch();
            inner.log.extend(events.iter().map(|event| Entry { issuer: issuer.clone(), event: *event }));
        }
        for place in &execution.batches {
            let place_in_log = FinalBatch {
                height: block.header.height,
                block_time_ms: time_ms,
                first_index: place.first_index,
                entries: place.entries as u32,
            };
            inner.batches.insert(place.id, BatchState::Final(place_in_log));
        }
        inner.state.advance(&execution);
        let certificate = self.certificate(&block.header);
        let height = block.header.height;
        inner.blocks.push(FinalBlock { block, certificate });
        drop(guard);
        self.head.send_replace(height);
    }

    fn certificate(&self, header: &sanad_core::block::BlockHeader) -> CommitCertificate {
        let (height, round, block) = (header.height, 0, header.hash());
        let message = vote_message(&header.chain_id, VoteKind::Precommit, height, round, Some(&block));
        let sign = |place: u16| CommitSignature {
            validator: place,
            signature: key(101 + place as u8).sign(&message),
        };
        CommitCertificate { height, round, block, signatures: (0..3).map(sign).collect() }
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

    /// The batch loses its place in the pool.
    pub(crate) fn drop_pool(&self) {
        self.inner.lock().unwrap().pool.clear();
    }

    fn inner(&self) -> Result<MutexGuard<'_, Inner>, LedgerError> {
        if let Some(failure) = *self.failure.lock().unwrap() {
            return Err(failure());
        }
        let held = self.gate.0.lock().unwrap();
        let (held, _) = self.gate.1.wait_timeout_while(held, Duration::from_secs(5), |held| *held).unwrap();
        drop(held);
        Ok(self.inner.lock().unwrap())
    }

    fn check(&self) -> Result<(), LedgerError> {
        match *self.failure.lock().unwrap() {
            Some(failure) => Err(failure()),
            None => Ok(()),
        }
    }
}

impl Inner {
    fn head(&self) -> Result<FinalHeader, LedgerError> {
        self.blocks.last().map(final_header).ok_or(LedgerError::NoBlock)
    }

    fn block(&self, height: Height) -> Result<&FinalBlock, LedgerError> {
        let head = self.state.head().height;
        let place = height.0.checked_sub(1).expect("the server refuses height 0");
        self.blocks.get(place as usize).ok_or(LedgerError::HeightBeyondHead { height, head })
    }

    fn size(&self) -> LogSize {
        LogSize(self.log.len() as u64)
    }

    fn tree(&self) -> MemoryTree<Rfc6962> {
        MemoryTree::from_leaf_hashes(self.log.iter().map(Entry::leaf_hash).collect())
    }

    fn size_or_latest(&self, asked: Option<LogSize>) -> Result<LogSize, LedgerError> {
        match asked {
            Some(asked) if asked > self.size() => Err(LedgerError::SizeBeyondLog { asked, size: self.size() }),
            Some(asked) => Ok(asked),
            None => Ok(self.size()),
        }
    }

    fn proof(&self, index: LogIndex) -> Result<StatusProof, LedgerError> {
        let size = self.size();
        let entry = self.log.get(index.0 as usize).ok_or(LedgerError::IndexBeyondLog { index, size })?;
        let FinalHeader { header, certificate } = self.head()?;
        let (status_leaf, status_path) = self.state.status().prove(index, size).unwrap();
        Ok(StatusProof {
            entry: entry.clone(),
            index,
            log_path: self.tree().inclusion_path(index.0).unwrap(),
            status_leaf,
            status_path,
            issuer: self.state.registry().prove(&entry.issuer).unwrap(),
            header,
            certificate,
            validator_changes: Vec::new(),
        })
    }
}

fn final_header(block: &FinalBlock) -> FinalHeader {
    FinalHeader { header: block.block.header.clone(), certificate: block.certificate.clone() }
}

impl Ledger for MemoryLedger {
    fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    fn head(&self) -> Result<FinalHeader, LedgerError> {
        self.inner()?.head()
    }

    fn header(&self, height: Height) -> Result<FinalHeader, LedgerError> {
        self.inner()?.block(height).map(final_header)
    }

    fn block(&self, height: Height) -> Result<FinalBlock, LedgerError> {
        self.inner()?.block(height).cloned()
    }

    fn block_summaries(&self, first: Height, count: usize) -> Result<Vec<BlockSummary>, LedgerError> {
        let summary = |block: &FinalBlock| BlockSummary {
            header: block.block.header.clone(),
            batches: block.block.batches.len() as u32,
            entries: block.block.batches.iter().map(|batch| batch.batch().events.len() as u64).sum(),
            bytes: block.block.encode().len() as u64,
        };
        let inner = self.inner()?;
        Ok(inner.blocks.iter().skip(first.0 as usize - 1).take(count).map(summary).collect())
    }

    fn entry(&self, index: LogIndex) -> Result<LogEntry, LedgerError> {
        let inner = self.inner()?;
        let size = inner.size();
        let entry = inner.log.get(index.0 as usize).ok_or(LedgerError::IndexBeyondLog { index, size })?;
        Ok(LogEntry { index, entry: entry.clone() })
    }

    fn entries(&self, first: LogIndex, count: usize) -> Result<Vec<LogEntry>, LedgerError> {
        let inner = self.inner()?;
        let place = usize::try_from(first.0).unwrap_or(usize::MAX);
        let entries = inner.log.iter().enumerate().skip(place).take(count);
        Ok(entries.map(|(n, entry)| LogEntry { index: LogIndex(n as u64), entry: entry.clone() }).collect())
    }

    fn status_proof(&self, credential: &CredentialKey) -> Result<StatusProof, LedgerError> {
        let inner = self.inner()?;
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
        let inner = self.inner()?;
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

    fn inclusion_proof(
        &self,
        index: LogIndex,
        size: Option<LogSize>,
    ) -> Result<InclusionProof, LedgerError> {
        let inner = self.inner()?;
        let size = inner.size_or_latest(size)?;
        if index.0 >= size.0 {
            return Err(LedgerError::IndexBeyondLog { index, size });
        }
        let tree = inner.tree();
        Ok(InclusionProof {
            index,
            size,
            leaf_hash: inner.log[index.0 as usize].leaf_hash(),
            root: Root(root_at::<Rfc6962, _>(&tree, size.0).unwrap()),
            path: inclusion_path::<Rfc6962, _>(&tree, index.0, size.0).unwrap(),
            head: inner.head()?,
        })
    }

    fn consistency_proof(&self, old: LogSize, new: Option<LogSize>) -> Result<ConsistencyProof, LedgerError> {
        let inner = self.inner()?;
        let new_size = inner.size_or_latest(new)?;
        let old_size = inner.size_or_latest(Some(old))?;
        let tree = inner.tree();
        Ok(ConsistencyProof {
            old_size,
            new_size,
            new_root: Root(root_at::<Rfc6962, _>(&tree, new_size.0).unwrap()),
            path: consistency_path::<Rfc6962, _>(&tree, old_size.0, new_size.0).unwrap(),
            head: inner.head()?,
        })
    }

    fn members(&self, after: Option<&MemberId>, count: usize) -> Result<Vec<MemberRecord>, LedgerError> {
        let inner = self.inner()?;
        let records = inner.state.registry().records();
        let later = records.filter(|record| after.is_none_or(|after| record.member.id > *after));
        Ok(later.take(count).cloned().collect())
    }

    fn member(&self, id: &MemberId) -> Result<MemberProof, LedgerError> {
        let inner = self.inner()?;
        let missing = || LedgerError::NotFound(Missing::Member(id.clone()));
        let member = inner.state.registry().prove(id).ok_or_else(missing)?;
        Ok(MemberProof { member, head: inner.head()?, validator_changes: Vec::new() })
    }

    fn batch_state(&self, id: &BatchId) -> Result<BatchState, LedgerError> {
        let inner = self.inner()?;
        inner.batches.get(id).cloned().ok_or(LedgerError::NotFound(Missing::Batch(*id)))
    }

    async fn submit(&self, batch: Arc<SignedBatch>) -> Result<BatchState, LedgerError> {
        self.check()?;
        let mut guard = self.inner.lock().unwrap();
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
        self.check()?;
        let mut head = self.head.subscribe();
        let reached = head.wait_for(|head| *head > height).await;
        reached.map(|head| *head).map_err(|_| LedgerError::Stopping)
    }

    async fn node_status(&self) -> Result<NodeStatus, LedgerError> {
        self.check()?;
        let inner = self.inner.lock().unwrap();
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
        self.check()?;
        Ok(self.peers.lock().unwrap().clone())
    }
}

pub(crate) fn peer(number: u16, kind: PeerKind) -> Peer {
    let mut network_key = PublicKey([0; 32]);
    network_key.0[..2].copy_from_slice(&number.to_be_bytes());
    Peer {
        member: (number % 2 == 0).then(|| ISSUER.parse().unwrap()),
        network_key,
        addresses: vec![format!("/ip4/10.0.0.1/tcp/{number}")],
        connected: number % 3 == 0,
        kind,
    }
}
