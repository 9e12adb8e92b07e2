//! The ledger of the tests: a list of blocks in memory, which outlives the consensus that runs over it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use bytes::Bytes;
use sanad_consensus_lite::{
    Application, ApplicationError, Barrier, DecidedBlock, Durable, InvalidPayload, NextHeight, ProposedBlock,
    Receipt, Slot, Undecided, ValidBlock,
};
use sanad_core::block::{BlockId, ProtocolVersion};
use sanad_core::evidence::Equivocation;
use sanad_core::hash::{BlockHash, ChainId};
use sanad_core::ids::Height;
use sanad_core::signature::PublicKey;
use sanad_core::validators::{CommitCertificate, Validator, ValidatorSet};

static PROPOSED: AtomicU64 = AtomicU64::new(0);

#[derive(Clone)]
pub struct Ledger(Arc<Mutex<State>>);

pub struct State {
    chain_id: ChainId,
    /// Every set, the first one first.
    sets: Vec<ValidatorSet>,
    pub blocks: Vec<Block>,
    undecided: BTreeMap<(u64, BlockId), Undecided>,
    pool: BTreeSet<u64>,
    /// Bytes of filling in each block with work.
    pub filling: usize,
    /// Proposes blocks that break a rule.
    pub lies: bool,
    /// Finds blocks of others invalid in rounds below this one.
    pub refuses_below: u32,
    /// Fails at the next commit.
    pub fails: bool,
    pub evidence: Vec<Equivocation>,
    /// The first height under a protocol version that it does not know.
    pub unknown_from: Option<u64>,
    /// Its member has declared that the process is gone.
    pub disowned: bool,
    /// Longest block of the next height, in bytes.
    pub block_bytes_max: usize,
    /// Longest wait for the next block.
    pub heartbeat: Duration,
    /// How long its disk takes to sync.
    pub sync: Duration,
    /// Blocks that a loss of power would leave.
    pub durable: usize,
}

#[derive(Clone)]
pub struct Block {
    pub decided: DecidedBlock,
    pub work: Vec<u64>,
    pub round: u32,
    pub time_ms: u64,
    pub at: Instant,
    pub durable: Durable,
}

impl Ledger {
    pub fn new(chain_id: ChainId, validators: ValidatorSet) -> Self {
        Self(Arc::new(Mutex::new(State {
            chain_id,
            sets: vec![validators],
            blocks: Vec::new(),
            undecided: BTreeMap::new(),
            pool: BTreeSet::new(),
            filling: 0,
            lies: false,
            refuses_below: 0,
            fails: false,
            evidence: Vec::new(),
            unknown_from: None,
            disowned: false,
            block_bytes_max: 1 << 20,
            heartbeat: Duration::from_secs(600),
            sync: Duration::ZERO,
            durable: 0,
        })))
    }

    fn wait_for_disk(&self, durable: Durable) {
        let sync = self.state().sync;
        if durable == Durable::Now {
            std::thread::sleep(sync);
        }
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

    /// The undecided blocks that were kept, with how they came.
    pub fn undecided_blocks(&self) -> Vec<(BlockId, Receipt)> {
        self.state().undecided.values().map(|undecided| (undecided.block, undecided.receipt)).collect()
    }

    pub fn hashes(&self) -> Vec<BlockHash> {
        self.state().blocks.iter().map(|block| block.decided.certificate.block).collect()
    }
}

impl State {
    fn next(&self) -> NextHeight {
        let height = Height(self.blocks.len() as u64 + 1);
        let time_ms_min = self.blocks.last().map_or(0, |block| block.time_ms + 1);
        let validators = self.sets.iter().rev().find(|set| set.first_height() <= height).unwrap().clone();
        NextHeight {
            height,
            validators,
            time_ms_min,
            unknown_version: self.unknown_version(height),
            disowned: self.disowned,
            block_bytes_max: self.block_bytes_max,
            heartbeat: self.heartbeat,
        }
    }

    fn unknown_version(&self, height: Height) -> Option<ProtocolVersion> {
        let from = self.unknown_from.filter(|from| height.0 >= *from);
        from.map(|_| ProtocolVersion { layout: 1, rules: 99 })
    }

    /// From a height on, which is not begun yet, others decide.
    pub fn change_set(&mut self, first_height: u64, validators: Vec<Validator>) {
        let set = self.sets.last().unwrap().successor(Height(first_height), validators).unwrap();
        self.sets.push(set);
    }

    pub fn previous(&self) -> [u8; 32] {
        self.blocks.last().map_or(self.chain_id.0, |block| block.decided.certificate.block.0)
    }
}

/// What the payload of a block says: `previous block (32) || round u32 || time u64 || lie u8 || count u32 || work
/// u64 ... || number u64 || filling`. The number makes all blocks differ.
pub struct Content {
    pub previous: [u8; 32],
    pub round: u32,
    pub time_ms: u64,
    pub lie: bool,
    pub work: Vec<u64>,
}

impl Content {
    pub fn encode(&self, filling: usize) -> Bytes {
        let mut payload = self.previous.to_vec();
        payload.extend_from_slice(&self.round.to_be_bytes());
        payload.extend_from_slice(&self.time_ms.to_be_bytes());
        payload.push(u8::from(self.lie));
        payload.extend_from_slice(&(self.work.len() as u32).to_be_bytes());
        self.work.iter().for_each(|item| payload.extend_from_slice(&item.to_be_bytes()));
        payload.extend_from_slice(&PROPOSED.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        payload.resize(payload.len() + filling, 7);
        payload.into()
    }

    pub fn decode(payload: &Bytes) -> Option<Self> {
        let (previous, rest) = payload.split_first_chunk::<32>()?;
        let (round, rest) = rest.split_first_chunk()?;
        let (time_ms, rest) = rest.split_first_chunk()?;
        let (lie, rest) = rest.split_first()?;
        let (count, rest) = rest.split_first_chunk::<4>()?;
        let items = rest.get(..8 * u32::from_be_bytes(*count) as usize)?;
        let work = items.chunks(8).map(|item| u64::from_be_bytes(item.try_into().unwrap())).collect();
        Some(Self {
            previous: *previous,
            round: u32::from_be_bytes(*round),
            time_ms: u64::from_be_bytes(*time_ms),
            lie: *lie == 1,
            work,
        })
    }
}

pub fn block_id(payload: &Bytes) -> BlockId {
    let round = Content::decode(payload).unwrap().round;
    BlockId { hash: BlockHash(*blake3::hash(payload).as_bytes()), round }
}

impl Application for Ledger {
    fn next(&self) -> NextHeight {
        self.state().next()
    }

    fn propose(&mut self, slot: &Slot) -> Result<ProposedBlock, ApplicationError> {
        let state = self.state();
        let Slot { height, round, time_ms, payload_bytes_max } = *slot;
        assert_eq!(height, state.next().height);
        let work: Vec<_> = state.pool.iter().copied().collect();
        let filling = if work.is_empty() { 0 } else { state.filling };
        let previous = state.previous();
        let content = Content { previous, round, time_ms, lie: state.lies, work };
        let room = payload_bytes_max.saturating_sub(content.encode(0).len());
        let payload = content.encode(filling.min(room));
        Ok(ProposedBlock { block: block_id(&payload), payload })
    }

    fn validate(&mut self, height: Height, payload: &Bytes) -> Result<ValidBlock, InvalidPayload> {
        let state = self.state();
        assert_eq!(height, state.next().height);
        match Content::decode(payload) {
            Some(Content { round, .. }) if round < state.refuses_below => {
                Err(InvalidPayload::Invalid("not mine".into()))
            }
            Some(Content { lie: true, .. }) => Err(InvalidPayload::Invalid("a lie".into())),
            Some(Content { previous, time_ms, .. })
                if previous == state.previous() && time_ms >= state.next().time_ms_min =>
            {
                Ok(ValidBlock { block: block_id(payload), time_ms })
            }
            _ => Err(InvalidPayload::Invalid("not on top of the head".into())),
        }
    }

    fn commit(
        &mut self,
        certificate: &CommitCertificate,
        payload: Bytes,
        durable: Durable,
    ) -> Result<NextHeight, ApplicationError> {
        self.wait_for_disk(durable);
        let mut state = self.state();
        if state.fails {
            return Err(ApplicationError::new("the disk is full"));
        }
        let NextHeight { height, validators, .. } = state.next();
        let block = block_id(&payload);
        certificate.verify(&state.chain_id, height, &block, &validators).unwrap();
        let Content { work, round, time_ms, .. } = Content::decode(&payload).unwrap();
        work.iter().for_each(|item| assert!(state.pool.remove(item) || !state.pool.contains(item)));
        let decided = DecidedBlock { block, certificate: certificate.clone(), validators, payload };
        state.blocks.push(Block { decided, work, round, time_ms, at: Instant::now(), durable });
        state.undecided.retain(|(kept, _), _| *kept > height.0);
        if durable == Durable::Now {
            state.durable = state.blocks.len();
        }
        Ok(state.next())
    }

    fn barrier(&self) -> Barrier {
        let ledger = self.clone();
        Arc::new(move || {
            let written = ledger.height();
            ledger.wait_for_disk(Durable::Now);
            ledger.state().durable = written;
            Ok(())
        })
    }

    fn keep_undecided(&mut self, undecided: &Undecided, durable: Durable) -> Result<(), ApplicationError> {
        self.wait_for_disk(durable);
        let key = (undecided.height.0, undecided.block);
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

    fn in_force_ms(&self, key: &PublicKey) -> Result<Option<u64>, ApplicationError> {
        let state = self.state();
        let Some(set) = state.sets.iter().find(|set| set.position(key).is_some()) else { return Ok(None) };
        let before = set.first_height().0.checked_sub(2).and_then(|place| state.blocks.get(place as usize));
        Ok(Some(before.map_or(0, |block| block.time_ms)))
    }

    fn has_work(&self) -> bool {
        !self.state().pool.is_empty()
    }

    fn evidence(&mut self, evidence: &[Equivocation]) {
        self.state().evidence.extend_from_slice(evidence);
    }
}
