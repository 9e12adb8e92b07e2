//! The signing guard: what a validator key signed last, written before the signature leaves.
//!
//! Two contradicting signatures for one place in the protocol are the one fault that a validator can commit
//! alone and that no one can undo. The guard makes them impossible as long as there is one guard for each
//! key: it remembers the highest position signed, and refuses any other message there and all messages below.

mod error;
pub(crate) mod home;
mod memory;
mod record;

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use sanad_core::hash::ChainId;
use sanad_core::ids::Height;
use sanad_core::signature::PublicKey;

pub use error::GuardError;
use home::{Home, changed_since, is_timely, now_ms};
pub use memory::Memory;
use record::{FILE_BYTES, Record, SLOT_BYTES, Signed};

/// A place in the protocol where a validator signs at most one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The height.
    pub height: Height,
    /// The round at that height.
    pub round: u32,
    /// The step of that round.
    pub step: Step,
}

/// The steps of a round, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Proposing a block.
    Proposal,
    /// The first vote.
    Prevote,
    /// The second vote.
    Precommit,
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let step = match self.step {
            Step::Proposal => "proposal",
            Step::Prevote => "prevote",
            Step::Precommit => "precommit",
        };
        match self.round {
            // Passed, not signed: see `SigningGuard::pass`.
            u32::MAX => write!(f, "height {}, left out to its last round", self.height),
            round => write!(f, "height {}, round {round}, {step}", self.height),
        }
    }
}

/// The guard of one validator key on one chain. Locked against other processes while it is open.
///
/// The file has two slots, written in turn and in place: a torn write leaves the other slot. A write is not waited for:
/// it outlives the process, and what a power cut takes away is in the engine's log, which is durable before a
/// signature leaves and [raises](Self::raise) the guard at the next start.
///
/// A guard that is [lost](Self::is_lost) permits nothing: what is here may be a backup, and the key may have signed more
/// since. Once peers have shown how far the key can have come, [`Self::pass`] ends that.
#[derive(Debug)]
pub struct SigningGuard {
    path: PathBuf,
    file: File,
    record: Record,
    lost: bool,
    /// Whether another program changed the file after the last write that is in it; or a power cut took later ones away.
    overwritten: bool,
}

impl SigningGuard {
    /// Creates the guard of a key that has never signed on this chain, and opens it.
    ///
    /// # Errors
    /// [`GuardError::AlreadyExists`] where there is one, whatever it holds: a guard is never overwritten.
    pub fn create(path: &Path, chain_id: ChainId, public_key: PublicKey) -> Result<Self, GuardError> {
        Self::create_as(path, chain_id, public_key, false)
    }

    /// Creates the guard of a key whose guard is gone, and opens it. It is [lost](Self::is_lost).
    ///
    /// # Errors
    /// As [`Self::create`].
    pub fn create_lost(path: &Path, chain_id: ChainId, public_key: PublicKey) -> Result<Self, GuardError> {
        Self::create_as(path, chain_id, public_key, true)
    }

    fn create_as(
        path: &Path,
        chain_id: ChainId,
        public_key: PublicKey,
        lost: bool,
    ) -> Result<Self, GuardError> {
        let io = |source| GuardError::Io { path: path.to_owned(), source };
        let mut file = match OpenOptions::new().read(true).write(true).create_new(true).open(path) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                return Err(GuardError::AlreadyExists { path: path.to_owned() });
            }
            opened => opened.map_err(io)?,
        };
        lock(&file, path)?;
        let (home, written_ms) = (Home::of(&file).map_err(io)?, now_ms());
        let record = Record { sequence: 0, chain_id, public_key, lost, written_ms, home, signed: None };
        let mut bytes = record.encode();
        bytes.resize(FILE_BYTES, 0);
        file.write_all(&bytes).map_err(io)?;
        file.sync_all().map_err(io)?;
        sync_directory_of(path).map_err(io)?;
        Ok(Self { path: path.to_owned(), file, record, lost, overwritten: false })
    }

    /// Opens the guard of a key.
    ///
    /// # Errors
    /// [`GuardError`]: missing, locked by another process, damaged, or of another key or chain.
    pub fn open(path: &Path, chain_id: ChainId, public_key: PublicKey) -> Result<Self, GuardError> {
        let io = |source| GuardError::Io { path: path.to_owned(), source };
        let mut file = match OpenOptions::new().read(true).write(true).open(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(GuardError::Missing { path: path.to_owned(), key: public_key });
            }
            opened => opened.map_err(io)?,
        };
        lock(&file, path)?;
        let mut bytes = Vec::with_capacity(FILE_BYTES + 1);
        (&mut file).take(FILE_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(io)?;
        let record = latest(&bytes, path)?;
        if record.chain_id != chain_id {
            let path = path.to_owned();
            return Err(GuardError::OtherChain { path, expected: chain_id, actual: record.chain_id });
        }
        if record.public_key != public_key {
            let path = path.to_owned();
            return Err(GuardError::OtherKey { path, expected: public_key, actual: record.public_key });
        }
        let moved = record.home != Home::of(&file).map_err(io)?;
        // One that never signed may have been handed to another user, or moved, before its first start.
        let overwritten = record.signed.is_some() && changed_since(&file, record.written_ms).map_err(io)?;
        let lost = record.lost || moved;
        Ok(Self { path: path.to_owned(), file, record, lost, overwritten })
    }

    /// What a guard's file says. Takes no lock and changes nothing: the node that has it may run.
    ///
    /// # Errors
    /// [`GuardError::Io`] or [`GuardError::Corrupt`].
    pub fn inspect(path: &Path) -> Result<GuardState, GuardError> {
        let io = |source| GuardError::Io { path: path.to_owned(), source };
        let file = File::open(path).map_err(io)?;
        let mut bytes = Vec::with_capacity(FILE_BYTES + 1);
        (&file).take(FILE_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(io)?;
        let record = latest(&bytes, path)?;
        let moved = record.home != Home::of(&file).map_err(io)?;
        let overwritten = record.signed.is_some() && changed_since(&file, record.written_ms).map_err(io)?;
        let position = record.signed.map(|signed| signed.position);
        let lost = record.lost || moved || overwritten;
        Ok(GuardState { public_key: record.public_key, position, lost })
    }

    /// Whether the key may have signed more than is here: this file is a copy, or was changed by another program, or was
    /// made for a key whose guard is gone. Nothing is signed then.
    pub fn is_lost(&self) -> bool {
        self.lost || self.overwritten
    }

    /// Makes it [lost](Self::is_lost), durably: what is here may be of a disk that was set back.
    ///
    /// # Errors
    /// [`GuardError::Io`].
    pub fn mark_lost(&mut self) -> Result<(), GuardError> {
        self.lost = true;
        self.update(Record { lost: true, ..self.record.clone() })?;
        self.sync()
    }

    /// From now on nothing is signed at heights up to `through`, and this file counts as the whole memory of the key
    /// again. Durable on return. Requires that the key has signed at no height above.
    ///
    /// # Errors
    /// [`GuardError::Io`].
    pub fn pass(&mut self, through: Height) -> Result<(), GuardError> {
        let end = Position { height: through, round: u32::MAX, step: Step::Precommit };
        let passed = Signed { position: end, digest: [0; 32] };
        let signed = self.record.signed.clone().filter(|signed| signed.position > end).unwrap_or(passed);
        let home = Home::of(&self.file).map_err(|source| self.io(source))?;
        self.overwritten = false;
        self.update(Record { lost: false, home, signed: Some(signed), ..self.record.clone() })?;
        self.sync()?;
        self.lost = false;
        Ok(())
    }

    /// The key it guards.
    pub fn public_key(&self) -> PublicKey {
        self.record.public_key
    }

    /// The highest position signed, `None` for a key that has not signed yet.
    pub fn position(&self) -> Option<Position> {
        self.record.signed.as_ref().map(|signed| signed.position)
    }

    /// Whether the last message signed is this one.
    pub fn signed_last(&self, position: Position, message: &[u8]) -> bool {
        self.record.signed == Some(Signed::new(position, message))
    }

    /// Permission to sign `message` at `position`. On return it is written, and outlives this process, that the key has
    /// signed it.
    ///
    /// # Errors
    /// [`GuardError::Lost`]; [`GuardError::Conflict`] for another message at the last position, [`GuardError::Regression`] for a
    /// lower position, [`GuardError::Io`] where nothing could be written. Nothing may be signed then.
    pub fn authorize(&mut self, position: Position, message: &[u8]) -> Result<(), GuardError> {
        if self.is_lost() {
            return Err(GuardError::Lost { path: self.path.clone() });
        }
        let signed = Signed::new(position, message);
        if let Some(last) = &self.record.signed {
            if *last == signed {
                return Ok(());
            }
            if last.position == position {
                return Err(GuardError::Conflict { position });
            }
            if last.position > position {
                return Err(GuardError::Regression { last: last.position, asked: position });
            }
        }
        self.update(Record { signed: Some(signed), ..self.record.clone() })
    }

    /// Takes note of a message that the engine's log has, and of all before it, durably. Where the log is `own`, the one
    /// that was written to last, and knows more than a file that looks overwritten, a power cut explains that: not lost.
    ///
    /// # Errors
    /// [`GuardError::Conflict`] if another message was signed there, [`GuardError::Io`] where nothing could be written.
    pub fn raise(&mut self, position: Position, message: &[u8], own: bool) -> Result<(), GuardError> {
        let signed = Signed::new(position, message);
        match &self.record.signed {
            Some(last) if last.position == position && *last != signed => {
                Err(GuardError::Conflict { position })
            }
            Some(last) if last.position >= position => Ok(()),
            _ => {
                self.overwritten &= !own;
                self.update(Record { signed: Some(signed), ..self.record.clone() })?;
                self.sync()
            }
        }
    }

    /// Waits until all that was signed is durable here, too.
    ///
    /// # Errors
    /// [`GuardError::Io`].
    pub fn sync(&mut self) -> Result<(), GuardError> {
        self.file.sync_data().map_err(|source| self.io(source))
    }

    /// Writes the next record, without waiting for the disk.
    fn update(&mut self, record: Record) -> Result<(), GuardError> {
        let mut next = Record { sequence: self.record.sequence, ..record };
        for _ in 0..WRITES_MAX {
            // Until it is settled, the time stays that of the last write that was not another program's.
            let written_ms = if self.overwritten { self.record.written_ms } else { now_ms() };
            next = Record { sequence: next.sequence + 1, written_ms, ..next };
            self.write(&next).map_err(|source| self.io(source))?;
            self.record = next.clone();
            // On a busy machine, the clock may be read long before the file is written; then it would pass for a copy.
            if self.overwritten || is_timely(&self.file, written_ms).map_err(|source| self.io(source))? {
                break;
            }
        }
        Ok(())
    }

    fn io(&self, source: std::io::Error) -> GuardError {
        GuardError::Io { path: self.path.clone(), source }
    }

    fn write(&mut self, record: &Record) -> std::io::Result<()> {
        self.file.seek(SeekFrom::Start(record.sequence % 2 * SLOT_BYTES as u64))?;
        self.file.write_all(&record.encode())
    }
}

/// What a guard's file says of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuardState {
    /// The key it guards.
    pub public_key: PublicKey,
    /// The highest position signed, `None` for a key that has not signed yet.
    pub position: Option<Position>,
    /// See [`SigningGuard::is_lost`].
    pub lost: bool,
}

/// Writes of one record until its time fits that of the file.
const WRITES_MAX: usize = 8;

/// The record that counts in a file.
fn latest(bytes: &[u8], path: &Path) -> Result<Record, GuardError> {
    Record::latest(bytes).ok_or_else(|| match Record::is_of_other_version(bytes) {
        true => GuardError::OtherVersion { path: path.to_owned() },
        false => GuardError::Corrupt { path: path.to_owned() },
    })
}

fn lock(file: &File, path: &Path) -> Result<(), GuardError> {
    file.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => GuardError::Locked { path: path.to_owned() },
        TryLockError::Error(source) => GuardError::Io { path: path.to_owned(), source },
    })
}

fn sync_directory_of(path: &Path) -> std::io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests;
