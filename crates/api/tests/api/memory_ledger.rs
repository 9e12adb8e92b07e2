//! The ledger of the tests: testkit's ledger as the API sees a node, with switches for failures.
//!
//! The tests of the command line use it, too.
#![allow(dead_code, reason = "each test program uses a part")]

use std::collections::HashMap;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sanad_api::limits::{ENTRY_RUN_ENTRIES_MAX, ENTRY_RUNS_ENTRIES_MAX};
use sanad_api::{
    BatchProofs, BatchState, BlockSummary, CredentialKey, EntryProof, FinalBatch, FinalBlock, FinalHeader,
    HeaderProof, InclusionProof, Ledger, LedgerError, LogEntry, MemberDetails, Missing, NodeStatus, Peer,
    PeerKind, ProofForm, ProofHead,
};
use sanad_core::batch::SignedBatch;
use sanad_core::block::Block;
use sanad_core::commitment::IssuanceKey;
use sanad_core::event::Event;
use sanad_core::genesis::Genesis;
use sanad_core::hash::{BatchId, ChunkHash, Root};
use sanad_core::ids::{Height, LogIndex, LogSize, MemberId};
use sanad_core::member::{MemberRecord, MemberState};
use sanad_core::merkle::{Rfc6962, inclusion_path, root_at};
use sanad_core::proof::{ConsistencyProof, EntryRun, Finality, GovernanceProof, MembersProof, StatusProof};
use sanad_core::signature::PublicKey;
use sanad_core::trust::TrustFile;
use sanad_testkit::issue;
use tokio::sync::watch;

/// The member that signs the batches of [`MemoryLedger::next_batch`].
pub(crate) const ISSUER: &str = "issuer";
/// Validators that sign certificates: three of four.
const SIGNERS: [usize; 3] = [0, 1, 2];

pub(crate) struct MemoryLedger {
    genesis: Genesis,
    chain: Mutex<Chain>,
    head: watch::Sender<Height>,
    failure: Mutex<Option<fn() -> LedgerError>>,
    /// How far answers are from what was asked for.
    shift: AtomicU64,
    /// Reads wait while it is closed.
    gate: (Mutex<bool>, Condvar),
    /// How many wait.
    waiting: AtomicUsize,
    pub(crate) peers: Mutex<Vec<Peer>>,
    /// Given for every history proof that is asked for, if set.
    pub(crate) history: Mutex<Option<HeaderProof>>,
    /// Given for every question for governance, if set.
    pub(crate) governance: Mutex<Option<GovernanceProof>>,
    /// Done to each record of the past that is given away, if set.
    pub(crate) tampering: Mutex<Option<fn(&mut MemberRecord)>>,
    /// The manifest of a snapshot.
    pub(crate) snapshot: Mutex<Option<Vec<u8>>>,
    /// Chunks by the hash that they are handed out for.
    pub(crate) chunks: Mutex<HashMap<ChunkHash, Vec<u8>>>,
}

/// A ledger, and what a node has beside it.
pub(crate) struct Chain {
    pub(crate) ledger: sanad_testkit::Ledger,
    pub(crate) batches: HashMap<BatchId, BatchState>,
    pub(crate) pool: Vec<SignedBatch>,
}

impl Chain {
    /// Makes a block of the pool; batches that the ledger refuses are left out.
    fn commit(&mut self) -> Height {
        let mut accepted: Vec<SignedBatch> = Vec::new();
        for batch in self.pool.drain(..) {
            match self.ledger.refusal(batch.clone()) {
                Ok(()) => accepted.push(batch),
                Err(error) => {
                    self.batches.insert(batch.id(), BatchState::Refused(error));
                }
            }
        }
        let first = self.ledger.batches.len();
        let header = self.ledger.commit(accepted);
        for (batch, first_index) in &self.ledger.batches[first..] {
            let place = FinalBatch {
                height: header.height,
                block_time_ms: header.time_ms,
                first_index: *first_index,
                entries: batch.batch().events.len() as u32,
            };
            self.batches.insert(batch.id(), BatchState::Final(place));
        }
        header.height
    }

    fn size(&self) -> LogSize {
        self.ledger.state.log_size()
    }

    fn size_or_latest(&self, asked: Option<LogSize>) -> Result<LogSize, LedgerError> {
        match asked {
            Some(asked) if asked > self.size() => {
                Err(LedgerError::SizeBeyondLog { asked, size: self.size() })
            }
            Some(asked) => Ok(asked),
            None => Ok(self.size()),
        }
    }

    fn check_index(&self, index: LogIndex) -> Result<(), LedgerError> {
        let size = self.size();
        if index.0 < size.0 { Ok(()) } else { Err(LedgerError::IndexBeyondLog { index, size }) }
    }

    fn check_block(&self) -> Result<(), LedgerError> {
        if self.ledger.blocks.is_empty() { Err(LedgerError::NoBlock) } else { Ok(()) }
    }

    fn check_member(&self, id: &MemberId) -> Result<(), LedgerError> {
        match self.ledger.state.registry().member(id) {
            Some(_) => Ok(()),
            None => Err(LedgerError::NotFound(Missing::Member(id.clone()))),
        }
    }

    fn block(&self, height: Height) -> Result<&Block, LedgerError> {
        let head = self.ledger.state.head().height;
        let place = height.0.checked_sub(1).expect("the server refuses height 0");
        self.ledger.blocks.get(place as usize).ok_or(LedgerError::HeightBeyondHead { height, head })
    }

    fn final_header(&self, block: &Block) -> FinalHeader {
        let header = block.header.clone();
        FinalHeader { certificate: self.ledger.certify(&header, &SIGNERS), header }
    }

    fn final_block(&self, block: &Block) -> FinalBlock {
        FinalBlock { block: block.clone(), certificate: self.ledger.certify(&block.header, &SIGNERS) }
    }
}

/// A proof's finality in the form that is asked for; the validators never change here.
fn in_form(finality: Finality, form: ProofForm) -> Finality {
    match form {
        ProofForm::SelfContained => finality,
        ProofForm::Compact | ProofForm::Sealed => finality.compact(),
    }
}

impl MemoryLedger {
    /// A ledger of testkit's genesis.
    pub(crate) fn new() -> Self {
        Self::of(sanad_testkit::genesis())
    }

    /// A ledger of another genesis, whose keys follow from the members' names.
    pub(crate) fn of(genesis: Genesis) -> Self {
        let ledger = sanad_testkit::Ledger::of(genesis.clone());
        Self {
            genesis,
            chain: Mutex::new(Chain { ledger, batches: HashMap::new(), pool: Vec::new() }),
            head: watch::Sender::new(Height(0)),
            failure: Mutex::new(None),
            shift: AtomicU64::new(0),
            gate: (Mutex::new(false), Condvar::new()),
            waiting: AtomicUsize::new(0),
            peers: Mutex::new(Vec::new()),
            history: Mutex::new(None),
            governance: Mutex::default(),
            tampering: Mutex::default(),
            snapshot: Mutex::default(),
            chunks: Mutex::default(),
        }
    }

    /// Lets the first block, of which there is none yet, be a few seconds old by the clock.
    pub(crate) fn start_now(&self) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        self.chain.lock().unwrap().ledger.first_block_ms = now.as_millis() as u64 - 60_000;
    }

    /// Lets the next block be the first one of the next day, and makes it.
    pub(crate) fn begin_next_day(&self) {
        let mut chain = self.chain.lock().unwrap();
        chain.ledger.first_block_ms = (chain.ledger.state.head().time_ms / 86_400_000 + 1) * 86_400_000;
        let height = chain.commit();
        self.head.send_replace(height);
    }

    /// A batch of new issuances that comes next in the issuer's chain.
    pub(crate) fn next_batch(&self, issuances: usize) -> SignedBatch {
        let first = self.chain.lock().unwrap().size().0;
        self.next_batch_of((first..).take(issuances).map(issue).collect())
    }

    pub(crate) fn next_batch_of(&self, events: Vec<Event>) -> SignedBatch {
        self.chain.lock().unwrap().ledger.signed(ISSUER, events)
    }

    /// A batch of new issuances by another member.
    pub(crate) fn next_batch_of_member(&self, member: &str, issuances: usize) -> SignedBatch {
        let chain = self.chain.lock().unwrap();
        chain.ledger.signed(member, (chain.size().0..).take(issuances).map(issue).collect())
    }

    /// Enters the batch in a block of its own.
    pub(crate) fn commit_batch(&self, batch: SignedBatch) {
        self.chain.lock().unwrap().pool.push(batch);
        self.commit();
    }

    /// Makes a block of the pool.
    pub(crate) fn commit(&self) {
        let height = self.chain.lock().unwrap().commit();
        self.head.send_replace(height);
    }

    /// Makes blocks without batches.
    pub(crate) fn commit_empty_blocks(&self, count: usize) {
        let mut chain = self.chain.lock().unwrap();
        for _ in 0..count {
            chain.ledger.commit(Vec::new());
        }
        self.head.send_replace(chain.ledger.state.head().height);
    }

    /// How many batches wait.
    pub(crate) fn pool_size(&self) -> usize {
        self.chain.lock().unwrap().pool.len()
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

    /// Makes reads wait, or lets them go on.
    pub(crate) fn hold_reads(&self, hold: bool) {
        *self.gate.0.lock().unwrap() = hold;
        self.gate.1.notify_all();
    }

    /// How many reads wait because of [`Self::hold_reads`].
    pub(crate) fn held_reads(&self) -> usize {
        self.waiting.load(Ordering::SeqCst)
    }

    /// From now on answers are about the item after the one that was asked for.
    pub(crate) fn answer_about_another(&self) {
        self.shift.store(1, Ordering::Relaxed);
    }

    /// What the tests compare answers with.
    pub(crate) fn with_ledger<T>(&self, read: impl FnOnce(&sanad_testkit::Ledger) -> T) -> T {
        read(&self.chain.lock().unwrap().ledger)
    }

    /// The ledger after a block of the past.
    fn past(&self, height: Height) -> Result<sanad_testkit::Ledger, LedgerError> {
        let chain = self.chain()?;
        let head = chain.ledger.state.head().height;
        let height = Height(height.0 + self.shift());
        if height > head {
            return Err(LedgerError::HeightBeyondHead { height, head });
        }
        let mut past = sanad_testkit::Ledger::of(self.genesis.clone());
        for block in &chain.ledger.blocks[..height.0 as usize] {
            past.enter(block.clone());
        }
        Ok(past)
    }

    fn shift(&self) -> u64 {
        self.shift.load(Ordering::Relaxed)
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
        let chain = self.chain()?;
        let last = chain.ledger.blocks.last().ok_or(LedgerError::NoBlock)?;
        Ok(chain.final_header(last))
    }

    fn header(&self, height: Height) -> Result<FinalHeader, LedgerError> {
        let chain = self.chain()?;
        Ok(chain.final_header(chain.block(Height(height.0 + self.shift()))?))
    }

    fn history_proof(&self, height: Height, form: ProofForm) -> Result<HeaderProof, LedgerError> {
        if let Some(proof) = self.history.lock().unwrap().clone() {
            return Ok(proof);
        }
        let chain = self.chain()?;
        let header = chain.block(Height(height.0 + self.shift()))?.header.clone();
        let (height, head) = (header.height, chain.ledger.state.head().height);
        let sealed = (form == ProofForm::Sealed).then(|| chain.ledger.seal(height.0)).flatten();
        let finality = match sealed {
            Some(sealed) => sealed,
            None if height == head => in_form(chain.ledger.finality(&header), form),
            None => in_form(Finality::History(Box::new(chain.ledger.prove_history(height.0))), form),
        };
        Ok(HeaderProof { header, finality })
    }

    fn trust_file(&self) -> Result<TrustFile, LedgerError> {
        let chain = self.chain()?;
        chain.check_block()?;
        Ok(chain.ledger.trust_file())
    }

    fn block(&self, height: Height) -> Result<FinalBlock, LedgerError> {
        let chain = self.chain()?;
        Ok(chain.final_block(chain.block(Height(height.0 + self.shift()))?))
    }

    fn block_summaries(&self, first: Height, count: usize) -> Result<Vec<BlockSummary>, LedgerError> {
        let summary = |block: &Block| BlockSummary {
            header: block.header.clone(),
            batches: block.batches.len() as u32,
            entries: block.batches.iter().map(|batch| batch.batch().events.len() as u64).sum(),
            bytes: block.encode().len() as u64,
        };
        let chain = self.chain()?;
        let place = (first.0 + self.shift()) as usize - 1;
        Ok(chain.ledger.blocks.iter().skip(place).take(count).map(summary).collect())
    }

    fn entry(&self, index: LogIndex) -> Result<LogEntry, LedgerError> {
        let chain = self.chain()?;
        let index = LogIndex(index.0 + self.shift());
        chain.check_index(index)?;
        Ok(LogEntry { index, entry: chain.ledger.entries[index.0 as usize].clone() })
    }

    fn entries(&self, first: LogIndex, count: usize) -> Result<Vec<LogEntry>, LedgerError> {
        let chain = self.chain()?;
        let place = usize::try_from(first.0.saturating_add(self.shift())).unwrap_or(usize::MAX);
        let entries = chain.ledger.entries.iter().enumerate().skip(place).take(count);
        Ok(entries.map(|(n, entry)| LogEntry { index: LogIndex(n as u64), entry: entry.clone() }).collect())
    }

    fn status_proof(&self, credential: &CredentialKey, form: ProofForm) -> Result<StatusProof, LedgerError> {
        let chain = self.chain()?;
        let index = match credential {
            CredentialKey::Index(index) => *index,
            CredentialKey::Issuance { issuer, commitment } => {
                let found = chain.ledger.issuances.get(&IssuanceKey::new(issuer, commitment));
                let (issuer, commitment) = (issuer.clone(), *commitment);
                *found.ok_or(LedgerError::NotFound(Missing::Issuance { issuer, commitment }))?
            }
        };
        let index = LogIndex(index.0 + self.shift());
        chain.check_index(index)?;
        let mut proof = chain.ledger.prove(index.0);
        proof.finality = in_form(proof.finality, form);
        Ok(proof)
    }

    fn batch_proofs(
        &self,
        batch: &BatchId,
        range: Range<usize>,
        form: ProofForm,
    ) -> Result<BatchProofs, LedgerError> {
        let chain = self.chain()?;
        let Some(BatchState::Final(place)) = chain.batches.get(batch) else {
            return Err(LedgerError::NotFound(Missing::Batch(*batch)));
        };
        let (ledger, size) = (&chain.ledger, chain.size());
        let (mut head, _) = ProofHead::split(ledger.prove(place.first_index.0));
        head.finality = in_form(head.finality, form);
        let tree = ledger.log_tree();
        let proof = |n: usize| {
            let index = LogIndex(place.first_index.0 + n as u64 + self.shift());
            let (status_leaf, status_path) = ledger.state.status().prove(index, size).unwrap();
            EntryProof {
                entry: ledger.entries[index.0 as usize].clone(),
                index,
                log_path: tree.inclusion_path(index.0).unwrap(),
                status_leaf,
                status_path,
            }
        };
        let end = range.end.min(place.entries as usize);
        let proofs = (range.start.min(end)..end).map(proof).collect();
        Ok(BatchProofs { head, first_index: place.first_index, entries: place.entries, proofs })
    }

    fn inclusion_proof(&self, index: LogIndex, size: Option<LogSize>) -> Result<InclusionProof, LedgerError> {
        let index = LogIndex(index.0 + self.shift());
        let chain = self.chain()?;
        let size = chain.size_or_latest(size)?;
        if index.0 >= size.0 {
            return Err(LedgerError::IndexBeyondLog { index, size });
        }
        let tree = chain.ledger.log_tree();
        Ok(InclusionProof {
            index,
            size,
            leaf_hash: chain.ledger.entries[index.0 as usize].leaf_hash(),
            root: Root(root_at::<Rfc6962, _>(&tree, size.0).unwrap()),
            path: inclusion_path::<Rfc6962, _>(&tree, index.0, size.0).unwrap(),
            head: chain.final_header(chain.ledger.blocks.last().ok_or(LedgerError::NoBlock)?),
        })
    }

    fn consistency_proof(
        &self,
        old: LogSize,
        new: Option<LogSize>,
        form: ProofForm,
    ) -> Result<ConsistencyProof, LedgerError> {
        let chain = self.chain()?;
        let old = chain.size_or_latest(Some(LogSize(old.0 + self.shift())))?;
        let new = chain.size_or_latest(new)?;
        let mut proof = chain.ledger.consistency(old.0, new.0);
        proof.finality = in_form(proof.finality, form);
        Ok(proof)
    }

    fn snapshot(&self) -> Result<Vec<u8>, LedgerError> {
        self.snapshot.lock().unwrap().clone().ok_or(LedgerError::NotFound(Missing::Snapshot))
    }

    fn snapshot_chunk(&self, hash: &ChunkHash) -> Result<Vec<u8>, LedgerError> {
        let chunk = self.chunks.lock().unwrap().get(hash).cloned();
        chunk.ok_or(LedgerError::NotFound(Missing::SnapshotChunk(*hash)))
    }

    fn members(&self, after: Option<&MemberId>, count: usize) -> Result<Vec<MemberState>, LedgerError> {
        let chain = self.chain()?;
        let members = chain.ledger.state.registry().members();
        let later = members.filter(|member| after.is_none_or(|after| member.record().id > *after));
        Ok(later.take(count).cloned().collect())
    }

    fn member(&self, id: &MemberId, form: ProofForm) -> Result<MemberDetails, LedgerError> {
        let chain = self.chain()?;
        chain.check_block()?;
        let other = "observer".parse().unwrap();
        let id = if self.shift() == 0 { id } else { &other };
        chain.check_member(id)?;
        let rest = chain.ledger.state.registry().member(id).unwrap().rest().clone();
        let mut proof = chain.ledger.prove_member(id.as_str());
        proof.finality = in_form(proof.finality, form);
        Ok(MemberDetails { proof, rest })
    }

    fn member_as_of(
        &self,
        id: &MemberId,
        height: Height,
        form: ProofForm,
    ) -> Result<MemberDetails, LedgerError> {
        let past = self.past(height)?;
        let missing = || LedgerError::NotFound(Missing::MemberAsOf { member: id.clone(), height });
        let rest = past.state.registry().member(id).ok_or_else(missing)?.rest().clone();
        let mut proof = past.prove_member(id.as_str());
        proof.finality = in_form(proof.finality, form);
        if let Some(tamper) = *self.tampering.lock().unwrap() {
            tamper(&mut proof.member.record);
        }
        Ok(MemberDetails { proof, rest })
    }

    fn members_as_of(
        &self,
        height: Height,
        after: Option<&MemberId>,
        count: usize,
        form: ProofForm,
    ) -> Result<MembersProof, LedgerError> {
        let past = self.past(height)?;
        let (state, header) = (&past.state, past.head().clone());
        let later = |member: &&MemberState| after.is_none_or(|after| member.record().id > *after);
        let mut members: Vec<MemberState> =
            state.registry().members().filter(later).take(count).cloned().collect();
        if let Some(tamper) = *self.tampering.lock().unwrap() {
            for member in &mut members {
                let (mut record, rest) = (member.record().clone(), member.rest().clone());
                tamper(&mut record);
                *member = MemberState::new(record, rest).unwrap();
            }
        }
        Ok(MembersProof {
            members,
            status_root: state.status().root(state.log_size()),
            others_root: state.others_root(),
            finality: in_form(past.finality(&header), form),
            header,
        })
    }

    fn governance(&self, form: ProofForm) -> Result<GovernanceProof, LedgerError> {
        let chain = self.chain()?;
        chain.check_block()?;
        let given = self.governance.lock().unwrap().clone();
        let mut proof = given.unwrap_or_else(|| chain.ledger.prove_governance());
        proof.finality = in_form(proof.finality, form);
        Ok(proof)
    }

    fn entry_runs(&self, member: &MemberId, range: Range<LogIndex>) -> Result<Vec<EntryRun>, LedgerError> {
        let chain = self.chain()?;
        chain.check_member(member)?;
        chain.size_or_latest(Some(LogSize(range.end.0)))?;
        let (start, end) = (range.start.0 + self.shift(), range.end.0);
        let mut runs: Vec<EntryRun> = Vec::new();
        let own = (start..end).filter(|n| chain.ledger.entries[*n as usize].issuer == *member);
        for n in own.take(ENTRY_RUNS_ENTRIES_MAX) {
            let entry = chain.ledger.entries[n as usize].encode();
            match runs.last_mut() {
                Some(run)
                    if run.first_index.0 + run.entries.len() as u64 == n
                        && run.entries.len() < ENTRY_RUN_ENTRIES_MAX =>
                {
                    run.entries.push(entry);
                }
                _ => runs.push(EntryRun { first_index: LogIndex(n), entries: vec![entry] }),
            }
        }
        Ok(runs)
    }

    fn batch_state(&self, id: &BatchId) -> Result<BatchState, LedgerError> {
        let chain = self.chain()?;
        chain.batches.get(id).cloned().ok_or(LedgerError::NotFound(Missing::Batch(*id)))
    }

    async fn submit(&self, batch: Arc<SignedBatch>) -> Result<BatchState, LedgerError> {
        self.check()?;
        let mut chain = self.chain.lock().unwrap();
        if let Some(state) = chain.batches.get(&batch.id()) {
            return Ok(state.clone());
        }
        chain.ledger.refusal((*batch).clone())?;
        let place = |batch: &SignedBatch| (batch.batch().issuer.clone(), batch.batch().sequence);
        if let Some(pending) = chain.pool.iter().find(|pending| place(pending) == place(&batch)) {
            let (issuer, sequence) = place(&batch);
            return Err(LedgerError::SequencePending { issuer, sequence, pending: pending.id() });
        }
        chain.batches.insert(batch.id(), BatchState::Pending);
        chain.pool.push((*batch).clone());
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
        let state = &chain.ledger.state;
        let validators = state.validators().validators();
        Ok(NodeStatus {
            chain_id: self.genesis.chain_id(),
            chain_name: self.genesis.name.clone(),
            member: Some("v0".parse().unwrap()),
            version: "0.1.0".to_owned(),
            head: state.head(),
            log_size: state.log_size(),
            catching_up: false,
            validators: validators.iter().map(|validator| validator.member.clone()).collect(),
            is_validator: true,
            pool_batches: chain.pool.len() as u64,
            pool_bytes: chain.pool.iter().map(|batch| batch.bytes().len() as u64).sum(),
            uptime: Duration::from_millis(1234),
            connected_peers: 3,
            damaged_blocks: 0,
            repaired_blocks: 0,
            rejoin: None,
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
