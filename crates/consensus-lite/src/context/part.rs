use bytes::Bytes;
use sanad_core::block::BlockId;
use sanad_core::ids::Height;
use sanad_core::signature::{PublicKey, Signature};

use super::SanadContext;

/// Length of each part of a payload but the last, in bytes (128 KiB).
pub(crate) const PART_BYTES: usize = 128 << 10;

/// What a payload is, repeated in each of its parts: a part is understood alone, and needs no order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProposalHeader {
    pub(crate) height: Height,
    /// The round in which it is sent. That of first proposal is in `block`.
    pub(crate) round: u32,
    /// The earlier round in which a quorum found the block valid, if it is proposed again.
    pub(crate) valid_round: Option<u32>,
    pub(crate) block: BlockId,
    pub(crate) payload_bytes: u32,
    /// BLAKE3 of the payload. Signed, so nobody else can send other bytes in the sender's name.
    pub(crate) payload_digest: [u8; 32],
}

impl ProposalHeader {
    /// The number of parts: at least one, for an empty payload too.
    pub(crate) fn parts(&self) -> usize {
        (self.payload_bytes as usize).div_ceil(PART_BYTES).max(1)
    }

    /// The length that the part at `index < self.parts()` must have.
    pub(crate) fn part_bytes(&self, index: usize) -> usize {
        (self.payload_bytes as usize).saturating_sub(index * PART_BYTES).min(PART_BYTES)
    }
}

/// A part of a payload. The sender is the proposer of the header's round, whoever publishes the part: its signature
/// over the header makes it answer for the payload, to the byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProposalPart {
    pub(crate) header: ProposalHeader,
    pub(crate) sender: PublicKey,
    pub(crate) signature: Signature,
    pub(crate) index: u32,
    pub(crate) data: Bytes,
}

impl malachitebft_core_types::ProposalPart<SanadContext> for ProposalPart {
    fn is_first(&self) -> bool {
        self.index == 0
    }

    fn is_last(&self) -> bool {
        self.index as usize + 1 == self.header.parts()
    }
}
