//! The signing guard: what a validator key signed last, written before the signature leaves.
//!
//! Two contradicting signatures for one place in the protocol are the one fault that a validator can commit
//! alone and that no one can undo. The guard makes them impossible as long as there is one guard for each
//! key: it remembers the highest position signed, and refuses any other message there and all messages below.

mod error;
mod record;

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use sanad_core::hash::ChainId;
use sanad_core::ids::Height;
use sanad_core::signature::PublicKey;

pub use error::GuardError;
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
        write!(f, "height {}, round {}, {step}", self.height, self.round)
    }
}

/// The guard of one validator key on one chain. Locked against other processes while it is open.
///
/// The file has two slots, written in turn and in place: a torn write leaves the other slot. A write is not waited for:
/// it outlives the process, and what a power cut takes away is in the engine's log, which is durable before a
/// signature leaves and [raises](Self::raise) the guard at the next start.
#[derive(Debug)]
pub struct SigningGuard {
    path: PathBuf,
    file: File,
    record: Record,
}

impl SigningGuard {
    /// Creates the guard of a key that has never signed on this chain, and opens it.
    ///
    /// # Errors
    /// [`GuardError::AlreadyExists`] where there is one, whatever it holds: a guard is never overwritten.
    pub fn create(path: &Path, chain_id: ChainId, public_key: PublicKey) -> Result<Self, GuardError> {
        let io = |source| GuardError::Io { path: path.to_owned(), source };
        let mut file = match OpenOptions::new().read(true).write(true).create_new(true).open(path) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                return Err(GuardError::AlreadyExists { path: path.to_owned() });
            }
            opened => opened.map_err(io)?,
        };
        lock(&file, path)?;
        let record = Record { sequence: 0, chain_id, public_key, signed: None };
        let mut bytes = record.encode();
        bytes.resize(FILE_BYTES, 0);
        file.write_all(&bytes).map_err(io)?;
        file.sync_all().map_err(io)?;
        sync_directory_of(path).map_err(io)?;
        Ok(Self { path: path.to_owned(), file, record })
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
        let record = Record::latest(&bytes).ok_or_else(|| GuardError::Corrupt { path: path.to_owned() })?;
        if record.chain_id != chain_id {
            let path = path.to_owned();
            return Err(GuardError::OtherChain { path, expected: chain_id, actual: record.chain_id });
        }
        if record.public_key != public_key {
            let path = path.to_owned();
            return Err(GuardError::OtherKey { path, expected: public_key, actual: record.public_key });
        }
        Ok(Self { path: path.to_owned(), file, record })
    }

    /// The key it guards.
    pub fn public_key(&self) -> PublicKey {
        self.record.public_key
    }

    /// The highest position signed, `None` for a key that has not signed yet.
    pub fn position(&self) -> Option<Position> {
        self.record.signed.as_ref().map(|signed| signed.position)
    }

    /// Permission to sign `message` at `position`. On return it is written, and outlives this process, that the key has
    /// signed it.
    ///
    /// # Errors
    /// [`GuardError::Conflict`] for another message at the last position, [`GuardError::Regression`] for a
    /// lower position, [`GuardError::Io`] where nothing could be written. Nothing may be signed then.
    pub fn authorize(&mut self, position: Position, message: &[u8]) -> Result<(), GuardError> {
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
        self.remember(signed)
    }

    /// Takes note of a message that the engine's log has, and of all before it, durably.
    ///
    /// # Errors
    /// [`GuardError::Conflict`] if another message was signed there, [`GuardError::Io`] where nothing could be written.
    pub fn raise(&mut self, position: Position, message: &[u8]) -> Result<(), GuardError> {
        let signed = Signed::new(position, message);
        match &self.record.signed {
            Some(last) if last.position == position && *last != signed => {
                Err(GuardError::Conflict { position })
            }
            Some(last) if last.position >= position => Ok(()),
            _ => {
                self.remember(signed)?;
                self.file.sync_data().map_err(|source| GuardError::Io { path: self.path.clone(), source })
            }
        }
    }

    /// Signs nothing more through a height, and remembers that durably: what the key signed there may be forgotten.
    ///
    /// # Errors
    /// [`GuardError::Io`].
    pub fn close(&mut self, height: Height) -> Result<(), GuardError> {
        let end = Position { height, round: u32::MAX, step: Step::Precommit };
        match self.position() {
            Some(last) if last >= end => Ok(()),
            _ => self.raise(end, &[]),
        }
    }

    fn remember(&mut self, signed: Signed) -> Result<(), GuardError> {
        let sequence = self.record.sequence + 1;
        let record = Record { sequence, signed: Some(signed), ..self.record.clone() };
        self.write(&record).map_err(|source| GuardError::Io { path: self.path.clone(), source })?;
        self.record = record;
        Ok(())
    }

    fn write(&mut self, record: &Record) -> std::io::Result<()> {
        self.file.seek(SeekFrom::Start(record.sequence % 2 * SLOT_BYTES as u64))?;
        self.file.write_all(&record.encode())
    }
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
