//! The ledger of the tests: a list of blocks in memory, which outlives the consensus that runs over it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use bytes::Bytes;
use sanad_consensus_lite::{
    Application, ApplicationError, DecidedBlock, Evidence, InvalidPayload, NextHeight, PayloadSource,
    ProposedBlock, Undecided,
};
use sanad_core::hash::{BlockHash, ChainId};
use sanad_core::ids::Height;
use sanad_core::validators::{CommitCertificate, ValidatorSet};

static PROPOSED: AtomicU64 = AtomicU64::new(0);

#[derive(Clone)]
pub struct Ledger(Arc<Mutex<State>>);

pub struct State {
    chain_id: ChainId,
    validators: ValidatorSet,
    pub blocks: Vec<Block>,
    undecided: BTreeMap<(u64, u32, BlockHash), Undecided>,
    pool: BTreeSet<u64>,
    /// Bytes of filling in each block with work.
    pub filling: usize,
    /// Proposes blocks that break a rule.
    pub lies: bool,
    /// Finds all blocks of others invalid.
    pub refuses: bool,
    /// Fails at the next commit.
    pub fails: bool,
    pub evidence: Vec<Evidence>,
}

#[derive(Clone)]
pub struct Block {
    pub decided: DecidedBlock,
    pub work: Vec<u64>,
    pub at: Instant,
}

impl Ledger {
    pub fn new(chain_id: ChainId, validators: ValidatorSet) -> Self {
        Self(Arc::new(Mutex::new(State {
            chain_id,
            validators,
            blocks: Vec::new(),
            undecided: BTreeMap::new(),
            pool: BTreeSet::new(),
            filling: 0,
            lies: false,
            refuses: false,
            fails: false,
            evidence: Vec::new(),
        })))
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub fn height(&self) -> usize {
        self.state().blocks.len()
    }

    pub fn submit(&self, work: u64) {
        self.state().pool.insert(work);
    }

    pub fn has_committed(&self, work: u64) -> bool {
        self.state().blocks.iter().any(|block| block.work.contains(&work))
    }

    /// Undecided blocks kept.
    pub fn kept(&self) -> usize {
        self.state().undecided.len()
    }

    pub fn hashes(&self) -> Vec<BlockHash> {
        self.state().blocks.iter().map(|block| block.decided.certificate.block).collect()
    }
}

impl State {
    fn next(&self) -> NextHeight {
        NextHeight { height: Height(self.blocks.len() as u64 + 1), validators: self.validators.clone() }
    }

    fn previous(&self) -> [u8; 32] {
        self.blocks.last().map_or(self.chain_id.0, |block| block.decided.certificate.block.0)
    }
}

/// `previous block (32) || lie u8 || count u32 || work u64 ... || number u64 || filling`. The number makes all blocks
/// differ, as their time does in reality.
fn encode(previous: [u8; 32], lie: bool, work: &[u64], filling: usize) -> Bytes {
    let mut payload = previous.to_vec();
    payload.push(u8::from(lie));
    payload.extend_from_slice(&(work.len() as u32).to_be_bytes());
    work.iter().for_each(|item| payload.extend_from_slice(&item.to_be_bytes()));
    payload.extend_from_slice(&PROPOSED.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    payload.resize(payload.len() + filling, 7);
    payload.into()
}

fn work_of(payload: &Bytes) -> Option<(&[u8], bool, Vec<u64>)> {
    let (previous, rest) = payload.split_at_checked(32)?;
    let (lie, rest) = rest.split_first()?;
    let (count, rest) = rest.split_first_chunk::<4>()?;
    let items = rest.get(..8 * u32::from_be_bytes(*count) as usize)?;
    let work = items.chunks(8).map(|item| u64::from_be_bytes(item.try_into().unwrap())).collect();
    Some((previous, *lie == 1, work))
}

fn hash(payload: &Bytes) -> BlockHash {
    BlockHash(*blake3::hash(payload).as_bytes())
}

impl Application for Ledger {
    fn next(&self) -> NextHeight {
        self.state().next()
    }

    fn propose(&mut self, height: Height, _: u32) -> Result<ProposedBlock, ApplicationError> {
        let state = self.state();
        assert_eq!(height, state.next().height);
        let work: Vec<_> = state.pool.iter().copied().collect();
        let filling = if work.is_empty() { 0 } else { state.filling };
        let payload = encode(state.previous(), state.lies, &work, filling);
        Ok(ProposedBlock { block: hash(&payload), payload })
    }

    fn validate(
        &mut self,
        height: Height,
        payload: &Bytes,
        _: PayloadSource,
    ) -> Result<BlockHash, InvalidPayload> {
        let state = self.state();
        assert_eq!(height, state.next().height);
        if state.refuses {
            return Err(InvalidPayload::Invalid("not mine".into()));
        }
        match work_of(payload) {
            Some((previous, false, _)) if previous == state.previous() => Ok(hash(payload)),
            Some((_, true, _)) => Err(InvalidPayload::Invalid("a lie".into())),
            _ => Err(InvalidPayload::Invalid("not on top of the head".into())),
        }
    }

    fn commit(
        &mut self,
        certificate: &CommitCertificate,
        payload: Bytes,
    ) -> Result<NextHeight, ApplicationError> {
        let mut state = self.state();
        if state.fails {
            return Err(ApplicationError::new("the disk is full"));
        }
        let NextHeight { height, validators } = state.next();
        let block = hash(&payload);
        certificate.verify(&state.chain_id, height, &block, &validators).unwrap();
        let (_, _, work) = work_of(&payload).unwrap();
        work.iter().for_each(|item| assert!(state.pool.remove(item) || !state.pool.contains(item)));
        let decided = DecidedBlock { certificate: certificate.clone(), validators, payload };
        state.blocks.push(Block { decided, work, at: Instant::now() });
        state.undecided.retain(|(kept, _, _), _| *kept > height.0);
        Ok(state.next())
    }

    fn keep_undecided(&mut self, undecided: &Undecided) -> Result<(), ApplicationError> {
        let key = (undecided.height.0, undecided.round, undecided.block);
        self.state().undecided.insert(key, undecided.clone());
        Ok(())
    }

    fn undecided(&self, height: Height) -> Result<Vec<Undecided>, ApplicationError> {
        let state = self.state();
        Ok(state.undecided.values().filter(|undecided| undecided.height == height).cloned().collect())
    }

    fn decided(&self, height: Height) -> Result<Option<DecidedBlock>, ApplicationError> {
        let state = self.state();
        let index = height.0.checked_sub(1).map(|index| index as usize);
        Ok(index.and_then(|index| state.blocks.get(index)).map(|block| block.decided.clone()))
    }

    fn has_work(&self) -> bool {
        !self.state().pool.is_empty()
    }

    fn evidence(&mut self, evidence: &[Evidence]) {
        self.state().evidence.extend_from_slice(evidence);
    }
}
