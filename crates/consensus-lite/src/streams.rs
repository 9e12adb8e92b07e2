//! Payloads in parts: cutting them, and putting received ones together within limits.
//!
//! Two keys stand for each part. The round's proposer has signed the header, with the digest of the payload: nobody
//! else can make a payload that counts as sent in that round, but every node can send on what the proposer signed. The
//! network key of the publisher, which gossip authenticates, says whose stream a part belongs to: nobody can touch the
//! stream of another.

use bytes::{Bytes, BytesMut};
use malachitebft_app_channel::app::types::PeerId;
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
/// Payloads of one publisher that may be incomplete at a time; a further one displaces its oldest.
pub(crate) const STREAMS_PER_PUBLISHER_MAX: usize = 2;
/// Heights beyond the next one of which parts are accepted.
pub(crate) const HEIGHTS_AHEAD_MAX: u64 = 2;
/// Rounds beyond the current one of which parts are accepted: as many as the engine accepts proposals of.
pub(crate) const ROUNDS_AHEAD_MAX: u32 = 10;

/// A proposer's signature over a payload that it sends.
pub(crate) fn sign_header(chain_id: &ChainId, key: &SecretKey, header: &ProposalHeader) -> Signature {
    key.sign(&parts_message(chain_id, header, &key.public()))
}

/// Whether a proposer has signed the header of a payload.
pub(crate) fn is_signed(
    chain_id: &ChainId,
    header: &ProposalHeader,
    by: &PublicKey,
    signature: &Signature,
) -> bool {
    by.verify(&parts_message(chain_id, header, by), signature).is_ok()
}

/// Cuts a payload into parts, all with the proposer's signature over the header.
pub(crate) fn parts(
    header: ProposalHeader,
    sender: PublicKey,
    signature: Signature,
    payload: &Bytes,
) -> impl Iterator<Item = ProposalPart> {
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

/// Who published a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Publisher {
    pub(crate) peer: PeerId,
    /// Whether it is one of this node's peers. Identities are free to make, so all others share one quota.
    pub(crate) listed: bool,
}

/// A whole payload, as its round's proposer describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) header: ProposalHeader,
    /// The proposer's, over the header.
    pub(crate) signature: Signature,
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
    #[error("{publisher} published other bytes than the proposer signed")]
    OtherBytes { publisher: PeerId },
}

/// The payloads of which some parts have arrived.
#[derive(Debug, Default)]
pub(crate) struct Streams(Vec<Stream>);

#[derive(Debug)]
struct Stream {
    id: [u8; STREAM_ID_BYTES],
    publisher: Publisher,
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
        publisher: Publisher,
        part: ProposalPart,
        admission: &Admission<'_>,
    ) -> Result<Option<Received>, StreamError> {
        let same = |stream: &Stream| stream.id == id && stream.publisher == publisher;
        let place = match self.0.iter().position(same) {
            Some(place) => place,
            None => {
                admission.check(&part)?;
                self.make_room(publisher);
                self.0.push(Stream::new(id, publisher, &part));
                self.0.len() - 1
            }
        };
        let stream = &mut self.0[place];
        // The signature was checked with the first part, so the others must have the same.
        let ProposalPart { header, sender, signature, .. } = &part;
        if (&stream.header, &stream.sender, &stream.signature) != (header, sender, signature) {
            self.0.remove(place);
            return Err(StreamError::Mixed);
        }
        // The codec has checked that the index is below the count, and the length of the data.
        let slot = &mut stream.parts[part.index as usize];
        if slot.is_none() {
            *slot = Some(part.data);
            stream.missing -= 1;
        }
        if stream.missing > 0 {
            return Ok(None);
        }
        self.0.remove(place).finish(admission.now_ms).map(Some)
    }

    /// Forgets the parts of heights that are decided.
    pub(crate) fn prune(&mut self, next: Height) {
        self.0.retain(|stream| stream.header.height >= next);
    }

    fn make_room(&mut self, publisher: Publisher) {
        let quota = |publisher: Publisher| publisher.listed.then_some(publisher.peer);
        let same = |stream: &Stream| quota(stream.publisher) == quota(publisher);
        if self.0.iter().filter(|stream| same(stream)).count() >= STREAMS_PER_PUBLISHER_MAX
            && let Some(oldest) = self.0.iter().position(same)
        {
            self.0.remove(oldest);
        }
    }
}

impl Stream {
    fn new(id: [u8; STREAM_ID_BYTES], publisher: Publisher, part: &ProposalPart) -> Self {
        let count = part.header.parts();
        Self {
            id,
            publisher,
            sender: part.sender,
            signature: part.signature,
            header: part.header.clone(),
            parts: vec![None; count],
            missing: count,
        }
    }

    fn finish(mut self, arrived_ms: u64) -> Result<Received, StreamError> {
        let payload = match self.parts.as_mut_slice() {
            [only] => only.take().unwrap_or_default(),
            parts => {
                let mut payload = BytesMut::with_capacity(self.header.payload_bytes as usize);
                parts.iter().flatten().for_each(|part| payload.extend_from_slice(part));
                payload.freeze()
            }
        };
        if *blake3::hash(&payload).as_bytes() != self.header.payload_digest {
            return Err(StreamError::OtherBytes { publisher: self.publisher.peer });
        }
        Ok(Received { header: self.header, signature: self.signature, payload, arrived_ms })
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
        if proposer(self.validators, height, round).key != sender {
            return Err(StreamError::NotProposer { sender, height, round });
        }
        sender.verify(&parts_message(self.chain_id, &part.header, &sender), &part.signature)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
