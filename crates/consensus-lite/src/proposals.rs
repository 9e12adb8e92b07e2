//! The blocks that are voted on at the height to decide.

use bytes::Bytes;
use sanad_core::hash::BlockHash;
use sanad_core::ids::Height;

use crate::application::Undecided;
use crate::streams::Received;

/// Different blocks of one round that are judged. A proposer that makes more contradicts itself.
pub(crate) const BLOCKS_PER_ROUND_MAX: usize = 2;
/// Bytes of the payloads of one height (48 MiB). Only faulty proposers come near: honest ones propose again what
/// they know, rather than something new.
pub(crate) const KEPT_BYTES_MAX: usize = 48 << 20;
/// Payloads of later heights that are held until their turn.
pub(crate) const HELD_MAX: usize = 4;

/// What is known of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Valid,
    Invalid,
    /// Kept by an earlier process, and not judged by this one.
    Unjudged,
}

/// A block at a round.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) undecided: Undecided,
    pub(crate) verdict: Verdict,
}

/// The blocks of the height to decide, and of some after it.
#[derive(Debug, Default)]
pub(crate) struct Proposals {
    entries: Vec<Entry>,
    held: Vec<Received>,
}

impl Proposals {
    /// Begins a height with what is kept of it.
    pub(crate) fn begin(&mut self, height: Height, kept: Vec<Undecided>) {
        let entry = |undecided| Entry { undecided, verdict: Verdict::Unjudged };
        self.entries = kept.into_iter().map(entry).collect();
        self.held.retain(|held| held.header.height >= height);
    }

    pub(crate) fn add(&mut self, undecided: Undecided, verdict: Verdict) {
        let known = |entry: &&mut Entry| {
            entry.undecided.round == undecided.round && entry.undecided.block == undecided.block
        };
        match self.entries.iter_mut().find(known) {
            Some(entry) => *entry = Entry { undecided, verdict },
            None => self.entries.push(Entry { undecided, verdict }),
        }
    }

    /// Whether a further block of a round is judged: one that is known, or one for which there is room.
    pub(crate) fn has_room(&self, round: u32, block: &BlockHash, payload_bytes: usize) -> bool {
        let known = || self.entries.iter().map(|entry| &entry.undecided);
        if known().any(|known| known.block == *block) {
            return true;
        }
        let bytes: usize = known().map(|known| known.payload.len()).sum();
        let of_round = known().filter(|known| known.round == round).count();
        of_round < BLOCKS_PER_ROUND_MAX && bytes + payload_bytes <= KEPT_BYTES_MAX
    }

    /// Whether a block is kept on disk, under whatever round.
    pub(crate) fn is_kept(&self, block: &BlockHash) -> bool {
        self.entries.iter().any(|entry| entry.undecided.block == *block && entry.verdict != Verdict::Invalid)
    }

    /// What was found about exactly this block and payload. A valid one stays valid; an invalid one is judged
    /// anew in another round, since time may have mended it: its date may have been in the future.
    pub(crate) fn verdict(&self, round: u32, block: &BlockHash, payload: &Bytes) -> Option<Verdict> {
        let same = |entry: &&Entry| entry.undecided.block == *block && entry.undecided.payload == *payload;
        let counts = |entry: &&Entry| match entry.verdict {
            Verdict::Valid => true,
            Verdict::Invalid => entry.undecided.round == round,
            Verdict::Unjudged => false,
        };
        self.entries.iter().filter(same).find(counts).map(|entry| entry.verdict)
    }

    /// Whether the block is valid with another payload. Its hash should leave room for one only: the first
    /// that was found valid counts.
    pub(crate) fn has_other_payload(&self, block: &BlockHash, payload: &Bytes) -> bool {
        let valid = |entry: &&Entry| entry.undecided.block == *block && entry.verdict == Verdict::Valid;
        self.entries.iter().find(valid).is_some_and(|entry| entry.undecided.payload != *payload)
    }

    /// The blocks that may be valid, the first one first.
    pub(crate) fn candidates(&self) -> Vec<Undecided> {
        let candidate = |entry: &&Entry| entry.verdict != Verdict::Invalid;
        self.entries.iter().filter(candidate).map(|entry| entry.undecided.clone()).collect()
    }

    /// The blocks proposed in a round.
    pub(crate) fn of_round(&self, round: u32) -> Vec<Entry> {
        self.entries.iter().filter(|entry| entry.undecided.round == round).cloned().collect()
    }

    /// The payload of a block that may be decided.
    pub(crate) fn payload(&self, block: &BlockHash) -> Option<Bytes> {
        let decidable = |entry: &&Entry| entry.undecided.block == *block && entry.verdict != Verdict::Invalid;
        self.entries.iter().find(decidable).map(|entry| entry.undecided.payload.clone())
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

    fn undecided(round: u32, block: u8, payload: &'static [u8]) -> Undecided {
        let (block, payload) = (BlockHash([block; 32]), Bytes::from_static(payload));
        Undecided { height: Height(1), round, valid_round: None, block, payload }
    }

    #[test]
    fn verdicts_belong_to_bytes() {
        let mut proposals = Proposals::default();
        proposals.begin(Height(1), vec![undecided(0, 1, b"a")]);
        let payload = Bytes::from_static(b"a");
        assert_eq!(proposals.verdict(0, &BlockHash([1; 32]), &payload), None);
        assert_eq!(proposals.payload(&BlockHash([1; 32])), Some(payload.clone()));
        proposals.add(undecided(0, 1, b"a"), Verdict::Valid);
        assert_eq!(proposals.of_round(0).len(), 1);
        assert_eq!(proposals.verdict(0, &BlockHash([1; 32]), &payload), Some(Verdict::Valid));
        assert_eq!(proposals.verdict(0, &BlockHash([1; 32]), &Bytes::from_static(b"b")), None);
        assert!(proposals.has_other_payload(&BlockHash([1; 32]), &Bytes::from_static(b"b")));
        assert!(!proposals.has_other_payload(&BlockHash([1; 32]), &payload));
        proposals.add(undecided(1, 2, b"b"), Verdict::Invalid);
        assert_eq!(proposals.payload(&BlockHash([2; 32])), None);
        let payload = Bytes::from_static(b"b");
        assert_eq!(proposals.verdict(1, &BlockHash([2; 32]), &payload), Some(Verdict::Invalid));
        assert_eq!(proposals.verdict(2, &BlockHash([2; 32]), &payload), None);
    }

    #[test]
    fn rooms_are_limited() {
        let mut proposals = Proposals::default();
        proposals.add(undecided(0, 1, b"a"), Verdict::Valid);
        assert!(proposals.has_room(0, &BlockHash([2; 32]), 1));
        proposals.add(undecided(0, 2, b"b"), Verdict::Invalid);
        assert!(!proposals.has_room(0, &BlockHash([3; 32]), 1));
        assert!(proposals.has_room(0, &BlockHash([2; 32]), 1));
        assert!(proposals.has_room(1, &BlockHash([3; 32]), KEPT_BYTES_MAX - 2));
        assert!(!proposals.has_room(1, &BlockHash([3; 32]), KEPT_BYTES_MAX - 1));
        assert!(proposals.is_kept(&BlockHash([1; 32])) && !proposals.is_kept(&BlockHash([2; 32])));
        assert_eq!(proposals.candidates(), [undecided(0, 1, b"a")]);
    }

    #[test]
    fn held_until_their_height() {
        let mut proposals = Proposals::default();
        let received = |height| {
            let block = BlockHash([1; 32]);
            let header = ProposalHeader {
                height: Height(height),
                round: 0,
                valid_round: None,
                block,
                payload_bytes: 0,
            };
            Received { header, payload: Bytes::new() }
        };
        for height in [2, 3, 3, 4, 5] {
            proposals.hold(received(height));
        }
        assert_eq!(proposals.take_held(Height(3)).len(), 2);
        proposals.begin(Height(5), Vec::new());
        assert_eq!(proposals.take_held(Height(9)), [received(5)]);
    }
}
