//! The checkpoint: what cannot be read off the log at once, in sled, always as of one block.
//!
//! Off the critical path, few keys, one atomic batch a checkpoint. sled's `flush` leaves the data in the page cache
//! (measured on Linux), so its files are synced here.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sanad_core::codec;
use sanad_core::genesis::Parameters;
use sanad_core::governance::{GOVERNANCE_ITEM_BYTES_MAX, Governance, GovernanceItem};
use sanad_core::hash::BlockHash;
use sanad_core::ids::{Height, LogIndex, LogSize, MEMBER_ID_BYTES_MAX, MemberId};
use sanad_core::member::{MEMBER_RECORD_BYTES_MAX, MemberState};
use sanad_core::signature::PUBLIC_KEY_BYTES;
use sanad_core::status::StatusLeaf;
use sanad_core::validators::{VALIDATORS_MAX, ValidatorSet};

use crate::error::{Part, StoreError, at};
use crate::files;

/// A place in the log up to which everything that is derived from it is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    pub(crate) height: Height,
    /// Hash of the block; at height 0 the chain id.
    pub(crate) hash: BlockHash,
    pub(crate) log_size: LogSize,
    /// Batches so far.
    pub(crate) batches: u64,
    /// Logical offset after the block's frame.
    pub(crate) end: u64,
}

/// What changed since the checkpoint before.
#[derive(Debug, Default)]
pub(crate) struct Delta {
    pub(crate) members: BTreeMap<MemberId, MemberState>,
    pub(crate) leaves: BTreeMap<u64, StatusLeaf>,
    /// Validator sets that were announced.
    pub(crate) sets: Vec<ValidatorSet>,
    pub(crate) parameters: Option<Parameters>,
    pub(crate) governance: Option<Governance>,
    /// Entries that concern another member than the one that signed them.
    pub(crate) concerns: Vec<(MemberId, LogIndex)>,
}

impl Delta {
    /// Takes in what changed after it.
    pub(crate) fn merge(&mut self, newer: Self) {
        let Self { members, leaves, sets, parameters, governance, concerns } = newer;
        self.members.extend(members);
        self.leaves.extend(leaves);
        self.sets.extend(sets);
        self.parameters = parameters.or(self.parameters);
        self.governance = governance.or_else(|| self.governance.take());
        self.concerns.extend(concerns);
    }
}

/// A checkpoint with all that it holds.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) checkpoint: Checkpoint,
    pub(crate) parameters: Parameters,
    /// Sorted by id.
    pub(crate) members: Vec<MemberState>,
    pub(crate) leaves: Vec<(u64, StatusLeaf)>,
    /// Every validator set announced so far, by number.
    pub(crate) sets: Vec<ValidatorSet>,
    pub(crate) governance: Governance,
    pub(crate) concerns: Concerns,
}

/// Of each member, the entries by others that concern it, in ascending order.
pub(crate) type Concerns = BTreeMap<MemberId, Vec<LogIndex>>;

/// The sled database.
#[derive(Debug)]
pub(crate) struct Checkpoints {
    database: sled::Db,
    directory: PathBuf,
    /// See [`StoreError::CheckpointsSuspended`].
    pub(crate) suspended: bool,
}

impl Checkpoints {
    /// Opens the database, or makes an empty one.
    pub(crate) fn open(directory: &Path, cache_bytes: u64) -> Result<Self, StoreError> {
        remove_unfinished(directory)?;
        let config = || {
            let config = sled::Config::default().path(directory).cache_capacity(cache_bytes);
            config.flush_every_ms(None).open()
        };
        // A database that this process has closed keeps its lock until sled's own threads let go of it.
        let deadline = Instant::now() + UNLOCK_TIMEOUT;
        let database = loop {
            match config() {
                Err(sled::Error::Io(error)) if is_lock(&error) && Instant::now() < deadline => {
                    std::thread::sleep(UNLOCK_POLL);
                }
                opened => break opened.map_err(|error| error_of(directory, error))?,
            }
        };
        Ok(Self { database, directory: directory.to_owned(), suspended: false })
    }

    /// The last checkpoint of a database, which is left as it is: sled writes to what it opens, so it opens a
    /// copy.
    pub(crate) fn inspect(directory: &Path) -> Result<Option<Loaded>, StoreError> {
        let copy = tempfile::tempdir().map_err(at(Path::new("the directory for temporary files")))?;
        for file in std::fs::read_dir(directory).map_err(at(directory))? {
            let path = file.map_err(at(directory))?.path();
            // sled puts values of more than 128 KiB into a directory; none of these is that long.
            if let Some(name) = path.file_name().filter(|_| path.is_file() && !is_unfinished(&path)) {
                let contents = std::fs::read(&path).map_err(at(&path))?;
                std::fs::write(copy.path().join(name), contents).map_err(at(copy.path()))?;
            }
        }
        Self::open(copy.path(), INSPECT_CACHE_BYTES)?.load()
    }

    /// The last checkpoint; none in an empty database.
    pub(crate) fn load(&self) -> Result<Option<Loaded>, StoreError> {
        let damaged = || StoreError::Damaged { part: Part::Checkpoint };
        let value = self.database.get(CHECKPOINT_KEY).map_err(|error| self.error(error))?;
        let Some(value) = value else { return Ok(None) };
        let checkpoint = Checkpoint::decode(&value).ok_or_else(damaged)?;
        let value = self.database.get(PARAMETERS_KEY).map_err(|error| self.error(error))?;
        let value = value.ok_or_else(damaged)?;
        let parameters = codec::decode(&value, PARAMETERS_BYTES_MAX).map_err(|_| damaged())?;
        let (members, leaves, sets) = (Vec::new(), Vec::new(), Vec::new());
        let (governance, concerns) = (self.governance()?, self.concerns()?);
        let mut loaded = Loaded { checkpoint, parameters, members, leaves, sets, governance, concerns };
        for item in self.database.scan_prefix([MEMBER_PREFIX]) {
            let (_, value) = item.map_err(|error| self.error(error))?;
            let member: MemberState = codec::decode(&value, MEMBER_STATE_BYTES_MAX).map_err(|_| damaged())?;
            // The state root covers the record, the record the rest.
            if member.rest().hash() != member.record().rest {
                return Err(damaged());
            }
            loaded.members.push(member);
        }
        for item in self.database.scan_prefix([SET_PREFIX]) {
            let (_, value) = item.map_err(|error| self.error(error))?;
            loaded.sets.push(codec::decode(&value, VALIDATOR_SET_BYTES_MAX).map_err(|_| damaged())?);
        }
        for item in self.database.scan_prefix([LEAF_PREFIX]) {
            let (key, value) = item.map_err(|error| self.error(error))?;
            let place = key[1..].try_into().map(u64::from_be_bytes).map_err(|_| damaged())?;
            let leaf = (*value).try_into().map_err(|_| damaged())?;
            loaded.leaves.push((place, leaf));
        }
        Ok(Some(loaded))
    }

    fn governance(&self) -> Result<Governance, StoreError> {
        let mut items: Vec<GovernanceItem> = Vec::new();
        for item in self.database.scan_prefix([GOVERNANCE_PREFIX]) {
            let (_, value) = item.map_err(|error| self.error(error))?;
            let item = codec::decode(&value, GOVERNANCE_ITEM_BYTES_MAX);
            items.push(item.map_err(|_| StoreError::Damaged { part: Part::Checkpoint })?);
        }
        Ok(Governance::from_items(items))
    }

    fn concerns(&self) -> Result<Concerns, StoreError> {
        let mut concerns = Concerns::new();
        for item in self.database.scan_prefix([CONCERN_PREFIX]) {
            let (key, _) = item.map_err(|error| self.error(error))?;
            let (member, index) = concern(&key[1..]).ok_or(StoreError::Damaged { part: Part::Checkpoint })?;
            concerns.entry(member).or_default().push(index);
        }
        Ok(concerns)
    }

    /// Moves on to a checkpoint, all or nothing; durable on return.
    pub(crate) fn write(&self, checkpoint: &Checkpoint, delta: &Delta) -> Result<(), StoreError> {
        let mut batch = sled::Batch::default();
        if let Some(parameters) = &delta.parameters {
            batch.insert(PARAMETERS_KEY, codec::encode(parameters));
        }
        if let Some(governance) = &delta.governance {
            self.write_governance(governance, &mut batch)?;
        }
        for (member, index) in &delta.concerns {
            batch.insert(concern_key(member, *index), &[][..]);
        }
        for (id, member) in &delta.members {
            batch.insert([&[MEMBER_PREFIX], id.as_str().as_bytes()].concat(), codec::encode(member));
        }
        for set in &delta.sets {
            batch.insert([&[SET_PREFIX][..], &set.number().to_be_bytes()].concat(), codec::encode(set));
        }
        for (place, leaf) in &delta.leaves {
            batch.insert([&[LEAF_PREFIX][..], &place.to_be_bytes()].concat(), &leaf[..]);
        }
        batch.insert(CHECKPOINT_KEY, &checkpoint.encode()[..]);
        self.database.apply_batch(batch).map_err(|error| self.error(error))?;
        self.database.flush().map_err(|error| self.error(error))?;
        self.sync()
    }

    /// Replaces the items that changed, and removes those that are no longer there.
    fn write_governance(&self, governance: &Governance, batch: &mut sled::Batch) -> Result<(), StoreError> {
        let mut items: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
        for item in governance.items() {
            items.insert([&[GOVERNANCE_PREFIX][..], &item.key()].concat(), codec::encode(item));
        }
        for former in self.database.scan_prefix([GOVERNANCE_PREFIX]) {
            let (key, value) = former.map_err(|error| self.error(error))?;
            match items.get(&*key) {
                Some(item) if *item == *value => drop(items.remove(&*key)),
                Some(_) => {}
                None => batch.remove(key),
            }
        }
        items.into_iter().for_each(|(key, item)| batch.insert(key, item));
        Ok(())
    }

    /// Syncs every file of the database, and their names.
    fn sync(&self) -> Result<(), StoreError> {
        for file in std::fs::read_dir(&self.directory).map_err(at(&self.directory))? {
            let path = file.map_err(at(&self.directory))?.path();
            match File::open(&path).and_then(|file| file.sync_data()) {
                // sled removes old snapshots on its own.
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(at(&path)(error)),
                _ => {}
            }
        }
        files::sync_directory(&self.directory)
    }

    fn error(&self, error: sled::Error) -> StoreError {
        error_of(&self.directory, error)
    }
}

impl Checkpoint {
    pub(crate) fn encode(&self) -> [u8; CHECKPOINT_BYTES] {
        let mut bytes = [0; CHECKPOINT_BYTES];
        bytes[..8].copy_from_slice(&self.height.0.to_be_bytes());
        bytes[8..40].copy_from_slice(&self.hash.0);
        bytes[40..48].copy_from_slice(&self.log_size.0.to_be_bytes());
        bytes[48..56].copy_from_slice(&self.batches.to_be_bytes());
        bytes[56..].copy_from_slice(&self.end.to_be_bytes());
        bytes
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; CHECKPOINT_BYTES] = bytes.try_into().ok()?;
        let number = |start: usize| bytes[start..].first_chunk().map(|number| u64::from_be_bytes(*number));
        Some(Self {
            height: Height(number(0)?),
            hash: BlockHash(*bytes[8..].first_chunk()?),
            log_size: LogSize(number(40)?),
            batches: number(48)?,
            end: number(56)?,
        })
    }
}

fn error_of(directory: &Path, error: sled::Error) -> StoreError {
    match error {
        // The rest is sled's word for what it cannot make sense of.
        sled::Error::Io(source) if source.raw_os_error().is_some() || is_lock(&source) => {
            at(directory)(source)
        }
        error => {
            tracing::error!(%error, "sled cannot read the checkpoint");
            StoreError::Damaged { part: Part::Checkpoint }
        }
    }
}

/// Removes snapshots that sled had not finished when the process ended or the disk was full. sled takes the one with the last
/// name for its newest, and does not open a database with one that is cut off.
fn remove_unfinished(directory: &Path) -> Result<(), StoreError> {
    let Ok(files) = std::fs::read_dir(directory) else { return Ok(()) };
    for path in files.filter_map(Result::ok).map(|file| file.path()).filter(|path| is_unfinished(path)) {
        tracing::warn!(path = %path.display(), "removing a file that sled had not finished");
        files::remove_all(&path)?;
    }
    Ok(())
}

fn is_unfinished(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == UNFINISHED_EXTENSION)
}

fn is_lock(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::WouldBlock || error.to_string().contains("could not acquire lock")
}

fn concern_key(member: &MemberId, index: LogIndex) -> Vec<u8> {
    [&[CONCERN_PREFIX], member.as_str().as_bytes(), &[0], &index.0.to_be_bytes()[..]].concat()
}

/// The member and the index in a key without its prefix.
fn concern(key: &[u8]) -> Option<(MemberId, LogIndex)> {
    let (rest, index) = key.split_last_chunk::<8>()?;
    let (0, member) = rest.split_last()? else { return None };
    let member = std::str::from_utf8(member).ok()?.parse().ok()?;
    Some((member, LogIndex(u64::from_be_bytes(*index))))
}

const CHECKPOINT_KEY: &[u8] = b"c";
const PARAMETERS_KEY: &[u8] = b"p";
const MEMBER_PREFIX: u8 = b'm';
const GOVERNANCE_PREFIX: u8 = b'g';
const CONCERN_PREFIX: u8 = b'e';
const LEAF_PREFIX: u8 = b's';
const SET_PREFIX: u8 = b'v';
/// Longest encoded parameters, in bytes.
const PARAMETERS_BYTES_MAX: usize = 64;
/// Longest encoded state of a member, in bytes: a record, and a rest of up to 64 KiB.
const MEMBER_STATE_BYTES_MAX: usize = MEMBER_RECORD_BYTES_MAX + (64 << 10);
/// Longest encoded validator set, in bytes.
const VALIDATOR_SET_BYTES_MAX: usize =
    4 + 8 + 4 + VALIDATORS_MAX * (1 + MEMBER_ID_BYTES_MAX + PUBLIC_KEY_BYTES);
const INSPECT_CACHE_BYTES: u64 = 4 << 20;
/// Bytes of an encoded place.
pub(crate) const CHECKPOINT_BYTES: usize = 8 + 32 + 8 + 8 + 8;
/// Of sled's snapshots (`snap.X.generating`) until they are whole.
const UNFINISHED_EXTENSION: &str = "generating";
const UNLOCK_TIMEOUT: Duration = Duration::from_secs(5);
const UNLOCK_POLL: Duration = Duration::from_millis(5);
