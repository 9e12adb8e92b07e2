//! The blocks that are voted on at the height to decide.

use bytes::Bytes;
use sanad_core::block::BlockId;
use sanad_core::ids::Height;

use crate::application::Undecided;
use crate::streams::Received;
use crate::timeliness::{HandIn, Receipt, Sending};

/// Different blocks sent in one round that are judged. A proposer that makes more contradicts itself.
pub(crate) const BLOCKS_PER_ROUND_MAX: usize = 2;
/// Bytes of the payloads of one height (48 MiB). First proposals alone do not reach it: see
/// [`crate::limits::payload_bytes_max`].
pub(crate) const KEPT_BYTES_MAX: usize = 48 << 20;
/// The part of it that blocks may fill which were only proposed again, whose sender chose their round freely.
pub(crate) const REPROPOSED_BYTES_MAX: usize = KEPT_BYTES_MAX / 2;
/// Payloads of later heights that are held until their turn.
pub(crate) const HELD_MAX: usize = 4;

/// What is known of a block, the clock aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// With its time, in milliseconds since 1970-01-01 UTC.
    Valid { time_ms: u64 },
    /// For ever, with exactly this payload (BLAKE3), which is not stored.
    Invalid { payload: [u8; 32] },
    /// Kept by an earlier process, and not judged by this one.
    Unjudged,
}

/// A block.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) block: BlockId,
    pub(crate) payload: Bytes,
    pub(crate) verdict: Verdict,
    pub(crate) receipt: Receipt,
    /// Whether it is on disk.
    pub(crate) kept: bool,
    /// The rounds in which it was sent.
    pub(crate) sent: Vec<Sent>,
}

/// A round in which a block was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) round: u32,
    pub(crate) valid_round: Option<u32>,
    /// What the engine was told because of it, in this session.
    pub(crate) told: HandIn,
}

/// How a payload relates to what is known of its block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Match {
    /// Nothing is known, or only that another payload is invalid.
    New,
    Same,
    /// A hash leaves room for one payload: the first that was found valid counts.
    Other,
}

impl Known {
    pub(crate) fn is_invalid(&self) -> bool {
        matches!(self.verdict, Verdict::Invalid { .. })
    }
}

/// The blocks of the height to decide, and of some after it.
#[derive(Debug, Default)]
pub(crate) struct Proposals {
    blocks: Vec<Known>,
    held: Vec<Received>,
}

impl Proposals {
    /// Begins a height with what is kept of it.
    pub(crate) fn begin(&mut self, height: Height, kept: Vec<Undecided>) {
        self.blocks.clear();
        for Undecided { block, receipt, payload, .. } in kept {
            let sent = vec![Sent { round: block.round, valid_round: None, told: HandIn::Nothing }];
            self.insert(Known { block, payload, verdict: Verdict::Unjudged, receipt, kept: true, sent });
        }
        self.held.retain(|held| held.header.height >= height);
    }

    /// A new session of the engine knows nothing.
    pub(crate) fn forget_told(&mut self) {
        let sent = self.blocks.iter_mut().flat_map(|known| &mut known.sent);
        sent.for_each(|sent| sent.told = HandIn::Nothing);
    }

    /// Adds a block, in the place of one of the same name.
    pub(crate) fn insert(&mut self, known: Known) {
        self.blocks.retain(|other| other.block != known.block);
        self.blocks.push(known);
    }

    pub(crate) fn get(&self, block: &BlockId) -> Option<&Known> {
        self.blocks.iter().find(|known| known.block == *block)
    }

    pub(crate) fn get_mut(&mut self, block: &BlockId) -> Option<&mut Known> {
        self.blocks.iter_mut().find(|known| known.block == *block)
    }

    pub(crate) fn compare(&self, block: &BlockId, payload: &Bytes) -> Match {
        match self.get(block) {
            None => Match::New,
            Some(Known { verdict: Verdict::Invalid { payload: digest }, .. }) => {
                if blake3::hash(payload) == *digest { Match::Same } else { Match::New }
            }
            Some(known) if known.payload == *payload => Match::Same,
            Some(_) => Match::Other,
        }
    }

    /// Whether a block sent in a round is judged: one that is known, or one for which there is room.
    pub(crate) fn has_room(
        &self,
        block: &BlockId,
        round: u32,
        sending: Sending,
        payload_bytes: usize,
    ) -> bool {
        if self.get(block).is_some() {
            return true;
        }
        let of_round = self.blocks.iter().flat_map(|known| &known.sent).filter(|sent| sent.round == round);
        let bytes = |reproposed: bool| {
            let blocks = self.blocks.iter();
            let blocks = blocks.filter(|known| !reproposed || known.receipt == Receipt::Reproposed);
            blocks.map(|known| known.payload.len()).sum::<usize>() + payload_bytes
        };
        of_round.count() < BLOCKS_PER_ROUND_MAX
            && bytes(false) <= KEPT_BYTES_MAX
            && (sending == Sending::First || bytes(true) <= REPROPOSED_BYTES_MAX)
    }

    /// Takes note of a round in which a known block was sent, and of what the engine is told because of it.
    pub(crate) fn note(&mut self, block: &BlockId, round: u32, valid_round: Option<u32>, told: HandIn) {
        let Some(known) = self.get_mut(block) else { return };
        match known.sent.iter_mut().find(|sent| sent.round == round) {
            Some(sent) => sent.told = sent.told.max(told),
            None => known.sent.push(Sent { round, valid_round, told }),
        }
    }

    /// The blocks that may be valid, with the rounds in which they were sent.
    pub(crate) fn candidates(&self) -> Vec<(BlockId, Sent)> {
        let candidates = self.blocks.iter().filter(|known| !known.is_invalid());
        candidates.flat_map(|known| known.sent.iter().map(|sent| (known.block, *sent))).collect()
    }

    /// The block that this node made for a round.
    pub(crate) fn own(&self, round: u32) -> Option<&Known> {
        let mut own = self.blocks.iter().filter(|known| known.receipt == Receipt::Own);
        own.find(|known| known.block.round == round)
    }

    /// The payload of a block that may be decided.
    pub(crate) fn payload(&self, block: &BlockId) -> Option<Bytes> {
        self.get(block).filter(|known| !known.is_invalid()).map(|known| known.payload.clone())
    }

    /// Holds a payload until its height has come. The oldest makes room.
    pub(crate) fn hold(&mut self, received: Received) {
        if self.held.len() >= HELD_MAX {
            self.held.remove(0);
        }
        self.held.push(received);
    }

    /// The payloads whose height has come.
    pub(crate) fn take_held(&mut self, height: Height) -> Vec<Received> {
        let (due, later) =
            std::mem::take(&mut self.held).into_iter().partition(|held| held.header.height <= height);
        self.held = later;
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::ProposalHeader;
    use sanad_core::hash::BlockHash;

    fn id(round: u32, byte: u8) -> BlockId {
        BlockId { hash: BlockHash([byte; 32]), round }
    }

    fn known(block: BlockId, payload: &'static [u8], receipt: Receipt) -> Known {
        let sent = vec![Sent { round: block.round, valid_round: None, told: HandIn::Nothing }];
        let (payload, verdict) = (Bytes::from_static(payload), Verdict::Valid { time_ms: 1 });
        Known { block, payload, verdict, receipt, kept: false, sent }
    }

    #[test]
    fn verdicts_belong_to_bytes() {
        let mut proposals = Proposals::default();
        let (a, b) = (Bytes::from_static(b"a"), Bytes::from_static(b"b"));
        let kept =
            Undecided { height: Height(1), block: id(0, 1), receipt: Receipt::Own, payload: a.clone() };
        proposals.begin(Height(1), vec![kept]);
        assert_eq!(proposals.get(&id(0, 1)).unwrap().verdict, Verdict::Unjudged);
        assert_eq!(proposals.payload(&id(0, 1)), Some(a.clone()));
        assert_eq!(proposals.compare(&id(0, 1), &a), Match::Same);
        assert_eq!(proposals.compare(&id(0, 1), &b), Match::Other);
        assert_eq!(proposals.compare(&id(1, 1), &a), Match::New, "another round is another block");
        assert!(proposals.own(0).is_some() && proposals.own(1).is_none());

        let verdict = Verdict::Invalid { payload: *blake3::hash(&b).as_bytes() };
        proposals.insert(Known { verdict, ..known(id(1, 2), b"", Receipt::Timely) });
        assert_eq!(proposals.payload(&id(1, 2)), None);
        assert_eq!(proposals.compare(&id(1, 2), &b), Match::Same);
        assert_eq!(proposals.compare(&id(1, 2), &a), Match::New);
    }

    #[test]
    fn rooms_are_limited() {
        let mut proposals = Proposals::default();
        let first = Sending::First;
        proposals.insert(known(id(0, 1), b"a", Receipt::Timely));
        assert!(proposals.has_room(&id(0, 2), 0, first, 1));
        proposals.insert(known(id(0, 2), b"b", Receipt::Reproposed));
        assert!(!proposals.has_room(&id(0, 3), 0, first, 1));
        assert!(proposals.has_room(&id(0, 2), 0, first, 1));
        assert!(proposals.has_room(&id(1, 3), 1, first, KEPT_BYTES_MAX - 2));
        assert!(!proposals.has_room(&id(1, 3), 1, first, KEPT_BYTES_MAX - 1));
        assert!(proposals.has_room(&id(0, 3), 1, Sending::Again, REPROPOSED_BYTES_MAX - 1));
        assert!(!proposals.has_room(&id(0, 3), 1, Sending::Again, REPROPOSED_BYTES_MAX));
    }

    #[test]
    fn what_the_engine_was_told() {
        let mut proposals = Proposals::default();
        proposals.insert(known(id(0, 1), b"a", Receipt::Timely));
        proposals.note(&id(0, 1), 0, None, HandIn::Valid);
        proposals.note(&id(0, 1), 0, None, HandIn::Invalid);
        proposals.note(&id(0, 1), 2, Some(0), HandIn::Nothing);
        let told = |proposals: &Proposals| {
            proposals.candidates().iter().map(|(_, sent)| (sent.round, sent.told)).collect::<Vec<_>>()
        };
        assert_eq!(told(&proposals), [(0, HandIn::Valid), (2, HandIn::Nothing)]);
        proposals.forget_told();
        assert_eq!(told(&proposals), [(0, HandIn::Nothing), (2, HandIn::Nothing)]);
    }

    #[test]
    fn held_until_their_height() {
        let mut proposals = Proposals::default();
        let received = |height| {
            let (height, block) = (Height(height), id(0, 1));
            let header = ProposalHeader { height, round: 0, valid_round: None, block, payload_bytes: 0 };
            Received { header, payload: Bytes::new(), arrived_ms: 7 }
        };
        for height in [2, 3, 3, 4, 5] {
            proposals.hold(received(height));
        }
        assert_eq!(proposals.take_held(Height(3)).len(), 2);
        proposals.begin(Height(5), Vec::new());
        assert_eq!(proposals.take_held(Height(9)), [received(5)]);
    }
}
