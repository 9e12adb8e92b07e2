//! The guard's file: two slots of 512 bytes, each `"sanad guard/v2\0\0" || sequence u64 || chain id (32) ||
//! public key (32) || lost u8 || written u64 || inode u64 || born u64 || signed u8 || height u64 || round u32 || step u8 ||
//! digest (32)`, zero bytes up to 480, and the BLAKE3 of these 480 bytes. Integers are big-endian. The slot of the higher sequence counts.

use sanad_core::hash::ChainId;
use sanad_core::ids::Height;
use sanad_core::signature::PublicKey;

use super::home::Home;
use super::{Position, Step};

/// Length of a slot: a disk sector, which is written whole or not at all on most disks. Not relied on.
pub(super) const SLOT_BYTES: usize = 512;
/// Length of the file.
pub(super) const FILE_BYTES: usize = 2 * SLOT_BYTES;

const MAGIC: &[u8; 16] = b"sanad guard/v2\0\0";
/// What every version begins with.
const MAGIC_OF_ALL: &[u8] = b"sanad guard/v";
const BODY_BYTES: usize = SLOT_BYTES - 32;

/// What one slot says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// Number of the write; even ones go to the first slot.
    pub(super) sequence: u64,
    pub(super) chain_id: ChainId,
    pub(super) public_key: PublicKey,
    /// Whether the key may have signed more than this.
    pub(super) lost: bool,
    /// When it was written, in milliseconds since 1970-01-01 UTC by the clock of this machine.
    pub(super) written_ms: u64,
    /// The file that it was written to.
    pub(super) home: Home,
    pub(super) signed: Option<Signed>,
}

/// The last message signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Signed {
    pub(super) position: Position,
    /// BLAKE3 of the message.
    pub(super) digest: [u8; 32],
}

impl Signed {
    pub(super) fn new(position: Position, message: &[u8]) -> Self {
        Self { position, digest: *blake3::hash(message).as_bytes() }
    }
}

impl Record {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(FILE_BYTES);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&self.sequence.to_be_bytes());
        bytes.extend_from_slice(&self.chain_id.0);
        bytes.extend_from_slice(&self.public_key.0);
        bytes.push(u8::from(self.lost));
        for number in [self.written_ms, self.home.inode, self.home.born_ns] {
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        if let Some(Signed { position, digest }) = &self.signed {
            bytes.push(1);
            bytes.extend_from_slice(&position.height.0.to_be_bytes());
            bytes.extend_from_slice(&position.round.to_be_bytes());
            bytes.push(position.step as u8);
            bytes.extend_from_slice(digest);
        }
        bytes.resize(BODY_BYTES, 0);
        let checksum = blake3::hash(&bytes);
        bytes.extend_from_slice(checksum.as_bytes());
        bytes
    }

    /// The record that counts in a whole file, `None` where neither slot is intact.
    pub(super) fn latest(file: &[u8]) -> Option<Self> {
        if file.len() != FILE_BYTES {
            return None;
        }
        let (first, second) = file.split_at(SLOT_BYTES);
        let slots = [Self::decode(first), Self::decode(second)];
        slots.into_iter().flatten().max_by_key(|record| record.sequence)
    }

    /// Whether a file without an intact record begins as those of other versions do: it is not to be taken for a damaged one.
    pub(super) fn is_of_other_version(file: &[u8]) -> bool {
        file.starts_with(MAGIC_OF_ALL) && !file.starts_with(MAGIC)
    }

    fn decode(slot: &[u8]) -> Option<Self> {
        let (body, checksum) = slot.split_at(BODY_BYTES);
        if blake3::hash(body).as_bytes() != checksum {
            return None;
        }
        let mut reader = Reader(body);
        if reader.take::<16>()? != *MAGIC {
            return None;
        }
        let sequence = u64::from_be_bytes(reader.take()?);
        let chain_id = ChainId(reader.take()?);
        let public_key = PublicKey(reader.take()?);
        let lost = match reader.take::<1>()? {
            [0] => false,
            [1] => true,
            _ => return None,
        };
        let written_ms = u64::from_be_bytes(reader.take()?);
        let home =
            Home { inode: u64::from_be_bytes(reader.take()?), born_ns: u64::from_be_bytes(reader.take()?) };
        let signed = match reader.take::<1>()? {
            [0] => None,
            [1] => Some(reader.signed()?),
            _ => return None,
        };
        Some(Self { sequence, chain_id, public_key, lost, written_ms, home, signed })
    }
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, tail) = self.0.split_first_chunk::<N>()?;
        self.0 = tail;
        Some(*head)
    }

    fn signed(&mut self) -> Option<Signed> {
        let height = Height(u64::from_be_bytes(self.take()?));
        let round = u32::from_be_bytes(self.take()?);
        let step = match self.take::<1>()? {
            [0] => Step::Proposal,
            [1] => Step::Prevote,
            [2] => Step::Precommit,
            _ => return None,
        };
        Some(Signed { position: Position { height, round, step }, digest: self.take()? })
    }
}
