//! Payloads in parts: cutting them, and putting received ones together within limits.

use bytes::{Bytes, BytesMut};
use sanad_core::block::BlockId;
use sanad_core::hash::ChainId;
use sanad_core::ids::Height;
use sanad_core::signature::{PublicKey, SecretKey, Signature, SignatureError};
use sanad_core::validators::ValidatorSet;

use crate::context::{PART_BYTES, ProposalHeader, ProposalPart};
use crate::limits::payload_bytes_max;
use crate::messages::parts_message;
use crate::rotation::proposer;
use crate::timeliness::Sending;

/// Length of a stream's id, in bytes. Each sending of a payload has a new id.
pub(crate) const STREAM_ID_BYTES: usize = 16;
/// Payloads of one validator that may be incomplete at a time; a further one displaces its oldest.
pub(crate) const STREAMS_PER_SENDER_MAX: usize = 2;
/// Heights beyond the next one of which parts are accepted.
pub(crate) const HEIGHTS_AHEAD_MAX: u64 = 2;
/// Rounds beyond the current one of which parts are accepted: as many as the engine accepts proposals of.
pub(crate) const ROUNDS_AHEAD_MAX: u32 = 10;
/// The round from which the engine has every validator send on the block it locked, not the proposer alone
/// (`HIDDEN_LOCK_ROUND`).
const RESENDING_ROUND_MIN: u32 = 10;

/// Cuts a payload into signed parts.
pub(crate) fn parts(
    chain_id: &ChainId,
    key: &SecretKey,
    header: ProposalHeader,
    payload: &Bytes,
) -> impl Iterator<Item = ProposalPart> {
    let sender = key.public();
    let signature = key.sign(&parts_message(chain_id, &header, &sender));
    let payload = payload.clone();
    (0..header.parts()).map(move |index| {
        let start = index * PART_BYTES;
        let data = payload.slice(start..start + header.part_bytes(index));
        // A payload has at most BLOCK_BYTES_LIMIT bytes, so the index fits.
        ProposalPart { header: header.clone(), sender, signature, index: index as u32, data }
    })
}

/// Which parts are accepted now.
pub(crate) struct Admission<'a> {
    pub(crate) chain_id: &'a ChainId,
    /// The height to decide next. Its validators are taken for those of later heights, too: where the set
    /// just changed, parts are refused that sync makes up for.
    pub(crate) height: Height,
    pub(crate) validators: &'a ValidatorSet,
    /// The current round of that height.
    pub(crate) round: u32,
    /// Longest payload in round 0.
    pub(crate) payload_bytes_max: usize,
    /// This node's clock when the part came.
    pub(crate) now_ms: u64,
    /// This node's own key: what it proposes does not come from others.
    pub(crate) own: Option<PublicKey>,
}

/// A whole payload, as its sender describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) header: ProposalHeader,
    pub(crate) payload: Bytes,
    /// When its last part came, by this node's clock, in milliseconds since 1970-01-01 UTC.
    pub(crate) arrived_ms: u64,
}

/// Why a part is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StreamError {
    #[error("a part of height {actual} while deciding height {next}")]
    Height { next: Height, actual: Height },
    #[error("a part of round {actual} in round {current}")]
    Round { current: u32, actual: u32 },
    #[error("a payload of {actual} bytes, more than {limit}")]
    TooLong { actual: usize, limit: usize },
    #[error("{sender} is not the proposer of height {height}, round {round}")]
    NotProposer { sender: PublicKey, height: Height, round: u32 },
    #[error("{block} in round {round} is neither a first nor a second proposal")]
    Contradictory { round: u32, block: BlockId },
    #[error("a part in this node's own name")]
    OwnName,
    #[error(transparent)]
    Signature(#[from] SignatureError),
    #[error("the parts of a stream describe different payloads")]
    Mixed,
}

/// The payloads of which some parts have arrived.
#[derive(Debug, Default)]
pub(crate) struct Streams(Vec<Stream>);

#[derive(Debug)]
struct Stream {
    id: [u8; STREAM_ID_BYTES],
    sender: PublicKey,
    signature: Signature,
    header: ProposalHeader,
    parts: Vec<Option<Bytes>>,
    missing: usize,
}

impl Streams {
    /// Takes a part in. Returns the payload that it completes.
    ///
    /// # Errors
    /// [`StreamError`]; the part is dropped, and the stream it disagrees with, too.
    pub(crate) fn accept(
        &mut self,
        id: [u8; STREAM_ID_BYTES],
        part: ProposalPart,
        admission: &Admission<'_>,
    ) -> Result<Option<Received>, StreamError> {
        let same = |stream: &Stream| stream.id == id && stream.sender == part.sender;
        let place = match self.0.iter().position(same) {
            Some(place) => place,
            None => {
                admission.check(&part)?;
                self.make_room(&part.sender);
                self.0.push(Stream::new(id, &part));
                self.0.len() - 1
            }
        };
        let stream = &mut self.0[place];
        if stream.header != part.header || stream.signature != part.signature {
            self.0.remove(place);
            return Err(StreamError::Mixed);
        }
        // The codec has checked that the index is below the count, and the length of the data.
        let slot = &mut stream.parts[part.index as usize];
        if slot.replace(part.data).is_none() {
            stream.missing -= 1;
        }
        if stream.missing > 0 {
            return Ok(None);
        }
        Ok(Some(self.0.remove(place).finish(admission.now_ms)))
    }

    /// Forgets the parts of heights that are decided.
    pub(crate) fn prune(&mut self, next: Height) {
        self.0.retain(|stream| stream.header.height >= next);
    }

    fn make_room(&mut self, sender: &PublicKey) {
        let mut of_sender = self.0.iter().enumerate().filter(|(_, stream)| stream.sender == *sender);
        let oldest = of_sender.next().map(|(place, _)| place);
        if let Some(oldest) = oldest
            && 1 + of_sender.count() >= STREAMS_PER_SENDER_MAX
        {
            self.0.remove(oldest);
        }
    }
}

impl Stream {
    fn new(id: [u8; STREAM_ID_BYTES], part: &ProposalPart) -> Self {
        let count = part.header.parts();
        Self {
            id,
            sender: part.sender,
            signature: part.signature,
            header: part.header.clone(),
            parts: vec![None; count],
            missing: count,
        }
    }

    fn finish(mut self, arrived_ms: u64) -> Received {
        let payload = match self.parts.as_mut_slice() {
            [only] => only.take().unwrap_or_default(),
            parts => {
                let mut payload = BytesMut::with_capacity(self.header.payload_bytes as usize);
                parts.iter().flatten().for_each(|part| payload.extend_from_slice(part));
                payload.freeze()
            }
        };
        Received { header: self.header, payload, arrived_ms }
    }
}

impl Admission<'_> {
    fn check(&self, part: &ProposalPart) -> Result<(), StreamError> {
        let ProposalHeader { height, round, block, payload_bytes, .. } = part.header;
        if height < self.height || height.0 - self.height.0 > HEIGHTS_AHEAD_MAX {
            return Err(StreamError::Height { next: self.height, actual: height });
        }
        let current = if height == self.height { self.round } else { 0 };
        if round > current.saturating_add(ROUNDS_AHEAD_MAX) {
            return Err(StreamError::Round { current, actual: round });
        }
        if Sending::of(&part.header) == Sending::Contradictory {
            return Err(StreamError::Contradictory { round, block });
        }
        let (actual, limit) =
            (payload_bytes as usize, payload_bytes_max(self.payload_bytes_max, block.round));
        if actual > limit {
            return Err(StreamError::TooLong { actual, limit });
        }
        let sender = part.sender;
        if self.own == Some(sender) {
            return Err(StreamError::OwnName);
        }
        let resent = round >= RESENDING_ROUND_MIN && self.validators.position(&sender).is_some();
        if proposer(self.validators, height, round).key != sender && !resent {
            return Err(StreamError::NotProposer { sender, height, round });
        }
        sender.verify(&parts_message(self.chain_id, &part.header, &sender), &part.signature)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
