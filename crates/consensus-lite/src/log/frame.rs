//! A frame of the log, with one entry: `checksum (32) || previous (32) || height u64 || generation u64 || index u32 ||
//! durable u32 || written ms u64 || length u32`, then the entry. Integers are big-endian; the checksum is the BLAKE3 of all after it,
//! `previous` the checksum of the frame before, zeros in the first.

use sanad_core::ids::Height;

const CHECKSUM_BYTES: usize = 32;
pub(super) const HEAD_BYTES: usize = 2 * CHECKSUM_BYTES + 36;

/// An intact frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    pub(super) previous: [u8; CHECKSUM_BYTES],
    pub(super) height: Height,
    /// Number of the height among those written.
    pub(super) generation: u64,
    /// Number of the frame in its generation.
    pub(super) index: u32,
    /// How many frames of the generation were durable when this one was written.
    pub(super) durable: u32,
    /// When it was written, in milliseconds since 1970-01-01 UTC.
    pub(super) written_ms: u64,
    pub(super) entry: &'a [u8],
}

impl<'a> Frame<'a> {
    /// The frame at the start of some bytes, if there is an intact one, and its checksum.
    pub(super) fn read(bytes: &'a [u8]) -> Option<(Self, [u8; CHECKSUM_BYTES])> {
        let (checksum, rest) = bytes.split_first_chunk::<CHECKSUM_BYTES>()?;
        let (previous, after) = rest.split_first_chunk::<CHECKSUM_BYTES>()?;
        let (height, after) = after.split_first_chunk::<8>()?;
        let (generation, after) = after.split_first_chunk::<8>()?;
        let (index, after) = after.split_first_chunk::<4>()?;
        let (durable, after) = after.split_first_chunk::<4>()?;
        let (written, after) = after.split_first_chunk::<8>()?;
        let (length, after) = after.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let entry = after.get(..length)?;
        // Where there are zeros there is no frame, and nothing to hash.
        if length == 0 || blake3::hash(&rest[..HEAD_BYTES - CHECKSUM_BYTES + length]).as_bytes() != checksum {
            return None;
        }
        let frame = Self {
            previous: *previous,
            height: Height(u64::from_be_bytes(*height)),
            generation: u64::from_be_bytes(*generation),
            index: u32::from_be_bytes(*index),
            durable: u32::from_be_bytes(*durable),
            written_ms: u64::from_be_bytes(*written),
            entry,
        };
        Some((frame, *checksum))
    }

    /// The frame in bytes, and its checksum. Entries are messages within the limits of the wire, so their length fits.
    pub(super) fn encode(&self) -> (Vec<u8>, [u8; CHECKSUM_BYTES]) {
        let mut bytes = Vec::with_capacity(HEAD_BYTES + self.entry.len());
        bytes.resize(CHECKSUM_BYTES, 0);
        bytes.extend_from_slice(&self.previous);
        bytes.extend_from_slice(&self.height.0.to_be_bytes());
        bytes.extend_from_slice(&self.generation.to_be_bytes());
        bytes.extend_from_slice(&self.index.to_be_bytes());
        bytes.extend_from_slice(&self.durable.to_be_bytes());
        bytes.extend_from_slice(&self.written_ms.to_be_bytes());
        bytes.extend_from_slice(&(self.entry.len() as u32).to_be_bytes());
        bytes.extend_from_slice(self.entry);
        let checksum = *blake3::hash(&bytes[CHECKSUM_BYTES..]).as_bytes();
        bytes[..CHECKSUM_BYTES].copy_from_slice(&checksum);
        (bytes, checksum)
    }
}
