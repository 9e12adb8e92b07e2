//! Payloads that consensus has seen and not decided: one journal file, written on the critical path.
//!
//! One write and one `fdatasync` a record, in place: when its records are forgotten the file is not cut but overwritten
//! from its beginning, so that no metadata has to go to disk. Old records may follow the last one; their heights are
//! decided.

use std::path::PathBuf;
use std::sync::Mutex;

use sanad_core::hash::ChainId;
use sanad_core::ids::Height;

use crate::append::Durable;
use crate::error::StoreError;
use crate::files::{self, PositionedFile};
use crate::options::{UNDECIDED_BYTES_MAX, UNDECIDED_RECORD_BYTES_MAX};

/// A payload that was proposed at a height and round. Its contents are the caller's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UndecidedRecord {
    /// Height of the proposal.
    pub height: Height,
    /// Round of that height, from 0.
    pub round: u32,
    /// Whatever consensus needs to take up the proposal again, up to [`UNDECIDED_RECORD_BYTES_MAX`].
    pub bytes: Vec<u8>,
}

/// The journal.
#[derive(Debug)]
pub(crate) struct Undecided {
    path: PathBuf,
    chain_id: ChainId,
    journal: Mutex<Journal>,
}

#[derive(Debug)]
struct Journal {
    file: PositionedFile,
    slots: Vec<Slot>,
    /// Where the next record goes.
    end: u64,
}

/// Position of a record in the journal.
#[derive(Clone, Copy, Debug)]
struct Slot {
    height: Height,
    round: u32,
    position: u64,
    /// Length of the record with what frames it.
    bytes: usize,
    checksum: [u8; CHECKSUM_BYTES],
}

impl Undecided {
    /// Opens the journal, or makes an empty one. Leaves out records up to a decided height, and a last one that was
    /// not written completely.
    pub(crate) fn open(path: PathBuf, chain_id: ChainId, decided: Height) -> Result<Self, StoreError> {
        let contents = files::read_small(&path, JOURNAL_BYTES_MAX)?;
        if contents.is_none() {
            files::write_whole(&path, &[])?;
        }
        let contents = contents.unwrap_or_default();
        let (mut slots, mut end) = (Vec::new(), 0);
        while let Some(slot) = read_slot(&chain_id, &contents[end..], end as u64) {
            end += slot.bytes;
            slots.push(slot);
        }
        let mut journal = Journal { file: PositionedFile::open(path.clone())?, slots, end: end as u64 };
        // Records of a process that was stopped before it synced are given out again, so they have to last.
        journal.file.sync()?;
        journal.forget(decided);
        Ok(Self { path, chain_id, journal: Mutex::new(journal) })
    }

    /// Keeps a record. The same record twice is kept once.
    pub(crate) fn keep(&self, record: &UndecidedRecord, durable: Durable) -> Result<(), StoreError> {
        let (actual, limit) = (record.bytes.len() as u64, UNDECIDED_RECORD_BYTES_MAX as u64);
        if actual > limit {
            return Err(StoreError::TooLong { what: "undecided record", actual, limit });
        }
        let bytes = encode(&self.chain_id, record);
        let mut journal = self.journal.lock().expect("invariant: no holder of this lock panics");
        let slot = Slot {
            height: record.height,
            round: record.round,
            position: journal.end,
            bytes: bytes.len(),
            checksum: *bytes.last_chunk().expect("invariant: a record ends with its checksum"),
        };
        if journal.slots.iter().any(|kept| kept.checksum == slot.checksum) {
            // It may not have been synced.
            return if durable == Durable::Now { journal.file.sync() } else { Ok(()) };
        }
        if slot.position + slot.bytes as u64 > UNDECIDED_BYTES_MAX {
            return self.rewrite(&mut journal, slot, bytes);
        }
        journal.file.write_at(&bytes, slot.position)?;
        if durable == Durable::Now {
            journal.file.sync()?;
        }
        journal.end += slot.bytes as u64;
        journal.slots.push(slot);
        Ok(())
    }

    /// The records of a height, in the order in which they were kept.
    pub(crate) fn of(&self, height: Height) -> Result<Vec<UndecidedRecord>, StoreError> {
        let journal = self.journal.lock().expect("invariant: no holder of this lock panics");
        let slots = journal.slots.iter().filter(|slot| slot.height == height);
        let record = |slot: &Slot| {
            let bytes = journal.read(slot)?;
            let bytes = bytes[HEAD_BYTES..slot.bytes - CHECKSUM_BYTES].to_vec();
            Ok(UndecidedRecord { height, round: slot.round, bytes })
        };
        slots.map(record).collect()
    }

    /// Forgets the records up to a height.
    pub(crate) fn forget(&self, up_to: Height) {
        self.journal.lock().expect("invariant: no holder of this lock panics").forget(up_to);
    }

    /// Writes a new journal of the records still wanted and one more.
    fn rewrite(&self, journal: &mut Journal, mut slot: Slot, bytes: Vec<u8>) -> Result<(), StoreError> {
        let (mut contents, mut slots) = (Vec::new(), Vec::new());
        for kept in &journal.slots {
            slots.push(Slot { position: contents.len() as u64, ..*kept });
            contents.extend(journal.read(kept)?);
        }
        slot.position = contents.len() as u64;
        slots.push(slot);
        contents.extend(bytes);
        let (actual, limit) = (contents.len() as u64, UNDECIDED_BYTES_MAX);
        if actual > limit {
            return Err(StoreError::TooLong { what: "undecided records", actual, limit });
        }
        files::write_whole(&self.path, &contents)?;
        *journal = Journal { file: PositionedFile::open(self.path.clone())?, slots, end: actual };
        Ok(())
    }
}

impl Journal {
    fn forget(&mut self, up_to: Height) {
        self.slots.retain(|slot| slot.height > up_to);
        if self.slots.is_empty() {
            self.end = 0;
        }
    }

    fn read(&self, slot: &Slot) -> Result<Vec<u8>, StoreError> {
        let mut bytes = vec![0; slot.bytes];
        self.file.read_exact_at(&mut bytes, slot.position)?;
        Ok(bytes)
    }
}

fn encode(chain_id: &ChainId, record: &UndecidedRecord) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEAD_BYTES + record.bytes.len() + CHECKSUM_BYTES);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&record.height.0.to_be_bytes());
    bytes.extend_from_slice(&record.round.to_be_bytes());
    bytes.extend_from_slice(&(record.bytes.len() as u32).to_be_bytes());
    bytes.extend_from_slice(&record.bytes);
    let checksum = checksum(chain_id, &bytes);
    bytes.extend_from_slice(&checksum);
    bytes
}

/// The record at the front of `bytes`, which begin at a position of the journal; `None` unless it is complete.
fn read_slot(chain_id: &ChainId, bytes: &[u8], position: u64) -> Option<Slot> {
    let rest = bytes.strip_prefix(MAGIC)?;
    let (height, rest) = rest.split_first_chunk()?;
    let (round, rest) = rest.split_first_chunk()?;
    let (length, _) = rest.split_first_chunk()?;
    let length = HEAD_BYTES + u32::from_be_bytes(*length) as usize + CHECKSUM_BYTES;
    let (checked, found) = bytes.get(..length)?.split_last_chunk()?;
    (checksum(chain_id, checked) == *found).then_some(Slot {
        height: Height(u64::from_be_bytes(*height)),
        round: u32::from_be_bytes(*round),
        position,
        bytes: length,
        checksum: *found,
    })
}

fn checksum(chain_id: &ChainId, bytes: &[u8]) -> [u8; CHECKSUM_BYTES] {
    *blake3::keyed_hash(&chain_id.0, bytes).as_bytes().first_chunk().expect("invariant: 16 is less than 32")
}

const MAGIC: &[u8; 4] = b"SNU1";
const HEAD_BYTES: usize = 4 + 8 + 4 + 4;
const CHECKSUM_BYTES: usize = 16;
/// The journal is no longer than its records may be.
const JOURNAL_BYTES_MAX: u64 = UNDECIDED_BYTES_MAX;
