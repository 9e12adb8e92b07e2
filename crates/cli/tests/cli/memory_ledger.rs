//! A ledger in memory: real execution, real proofs, certificates signed by three of four validators.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard};

use sanad_api::{BatchState, FinalBatch, FinalBlock, FinalHeader, LedgerError};
use sanad_core::batch::{Batch, SignedBatch};
use sanad_core::event::{Entry, Event, Origin};
use sanad_core::execution::{AddError, BlockBuilder, LedgerView};
use sanad_core::genesis::{Genesis, Parameters};
use sanad_core::hash::{BatchId, Commitment};
use sanad_core::ids::{Height, LogIndex, LogSize, MemberId};
use sanad_core::member::{Member, Role};
use sanad_core::merkle::{MemoryTree, Rfc6962};
use sanad_core::proof::StatusProof;
use sanad_core::signature::SecretKey;
use sanad_core::state::State;
use sanad_core::validators::{CommitCertificate, CommitSignature, VoteKind, vote_message};
use tokio::sync::watch;

pub(crate) const ISSUER: &str = "v1.ac.id";
const VALIDATORS: u8 = 4;

pub(crate) struct MemoryLedger {
    pub(crate) genesis: Genesis,
    inner: Mutex<Inner>,
    pub(crate) head: watch::Sender<Height>,
}

pub(crate) struct Inner {
    pub(crate) state: State,
    pub(crate) blocks: Vec<FinalBlock>,
    pub(crate) log: Log,
    pub(crate) batches: HashMap<BatchId, BatchState>,
    pub(crate) pool: Vec<Arc<SignedBatch>>,
}

/// The entries so far.
pub(crate) struct Log(pub(crate) Vec<Entry>);

impl LedgerView for Log {
    type Error = Infallible;

    fn issuance(&self, commitment: &Commitment) -> Result<Option<LogIndex>, Infallible> {
        let issue = Event::Issue { commitment: *commitment };
        Ok(self.0.iter().position(|entry| entry.event == issue).map(|index| LogIndex(index as u64)))
    }

    fn origin(&self, index: LogIndex) -> Result<Origin, Infallible> {
        Ok(self.0[index.0 as usize].clone().into())
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
        let (blocks, log, pool) = (Vec::new(), Log(Vec::new()), Vec::new());
        Self {
            genesis,
            inner: Mutex::new(Inner { state, blocks, log, batches: HashMap::new(), pool }),
            head: watch::Sender::new(Height(0)),
        }
    }

    /// A batch of issuances that comes next in the issuer's chain.
    pub(crate) fn next_batch(&self, issuances: usize) -> SignedBatch {
        let inner = self.inner();
        let size = inner.log.0.len();
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
            inner.log.0.extend(events.iter().map(|event| Entry { issuer: issuer.clone(), event: *event }));
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

    /// The node forgets the batches that wait.
    pub(crate) fn drop_pool(&self) {
        let mut inner = self.inner();
        for batch in std::mem::take(&mut inner.pool) {
            inner.batches.remove(&batch.id());
        }
    }

    pub(crate) fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }
}

impl Inner {
    pub(crate) fn head(&self) -> Result<FinalHeader, LedgerError> {
        self.blocks.last().map(final_header).ok_or(LedgerError::NoBlock)
    }

    pub(crate) fn block(&self, height: Height) -> Result<&FinalBlock, LedgerError> {
        let head = self.state.head().height;
        let place = height.0.checked_sub(1).expect("the server refuses height 0");
        self.blocks.get(place as usize).ok_or(LedgerError::HeightBeyondHead { height, head })
    }

    pub(crate) fn size(&self) -> LogSize {
        LogSize(self.log.0.len() as u64)
    }

    pub(crate) fn tree(&self) -> MemoryTree<Rfc6962> {
        MemoryTree::from_leaf_hashes(self.log.0.iter().map(Entry::leaf_hash).collect())
    }

    pub(crate) fn size_or_latest(&self, asked: Option<LogSize>) -> Result<LogSize, LedgerError> {
        match asked {
            Some(asked) if asked > self.size() => {
                Err(LedgerError::SizeBeyondLog { asked, size: self.size() })
            }
            Some(asked) => Ok(asked),
            None => Ok(self.size()),
        }
    }

    pub(crate) fn proof(&self, index: LogIndex) -> Result<StatusProof, LedgerError> {
        let size = self.size();
        let entry = self.log.0.get(index.0 as usize).ok_or(LedgerError::IndexBeyondLog { index, size })?;
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

pub(crate) fn final_header(block: &FinalBlock) -> FinalHeader {
    FinalHeader { header: block.block.header.clone(), certificate: block.certificate.clone() }
}
