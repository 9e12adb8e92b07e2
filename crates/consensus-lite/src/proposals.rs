//! The blocks that are voted on at the height to decide.

use bytes::Bytes;
use sanad_core::block::BlockId;
use sanad_core::ids::Height;
use sanad_core::signature::Signature;

use crate::application::Undecided;
use crate::context::ProposalHeader;
use crate::streams::Received;
use crate::timeliness::{HandIn, Receipt, Sending};

/// Different payloads sent in one round that are judged. A proposer that makes more contradicts itself.
pub(crate) const BLOCKS_PER_ROUND_MAX: usize = 2;
/// Bytes of the payloads of one height (48 MiB), but for those that a quorum found valid or peers sent as decided.
/// First proposals alone do not reach it: see [`crate::limits::payload_bytes_max`].
pub(crate) const KEPT_BYTES_MAX: usize = 48 << 20;
/// The part of it that blocks may fill which were only proposed again, whose sender chose their round freely.
pub(crate) const REPROPOSED_BYTES_MAX: usize = KEPT_BYTES_MAX / 2;
/// Bytes of the payloads of one height that came from peers as decided and are kept on disk (4 MiB, the longest block
/// that a genesis allows): a correct peer sends the decided one, but which it is shows only afterwards.
pub(crate) const SYNCED_BYTES_MAX: usize = 4 << 20;
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
    /// The signature of the round's proposer, with which any node can send the block on.
    pub(crate) signature: Option<Signature>,
    /// What the engine was told because of it, in this session.
    pub(crate) told: HandIn,
}

/// A payload that the proposer of a round signed, and that was judged. An invalid one is remembered
/// nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Judged {
    round: u32,
    block: BlockId,
    payload: [u8; 32],
}

/// Whether a payload is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    Free,
    /// It was judged before: another copy says nothing new.
    Judged,
    /// Its proposer has sent too many, or there is no memory for it.
    Full,
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
    judged: Vec<Judged>,
    /// The blocks that a quorum found valid in some round: at most one for each round.
    proven: Vec<BlockId>,
    /// The block that a peer sent last as the decided one, and the bytes of all such.
    synced: Option<BlockId>,
    synced_bytes: usize,
    held: Vec<Received>,
}

impl Sent {
    /// Without a signature to send it on with: this node's own block, or one from its disk or from sync.
    pub(crate) fn unsigned(round: u32, told: HandIn) -> Self {
        Self { round, valid_round: None, signature: None, told }
    }
}

impl Judged {
    fn of(header: &ProposalHeader) -> Self {
        Self { round: header.round, block: header.block, payload: header.payload_digest }
    }
}

impl Proposals {
    /// Begins a height with what is kept of it.
    pub(crate) fn begin(&mut self, height: Height, kept: Vec<Undecided>) {
        self.blocks.clear();
        self.judged.clear();
        self.proven.clear();
        self.synced = None;
        self.synced_bytes = 0;
        for Undecided { block, receipt, payload, .. } in kept {
            let sent = vec![Sent::unsigned(block.round, HandIn::Nothing)];
            self.insert(Known { block, payload, verdict: Verdict::Unjudged, receipt, kept: true, sent });
        }
        self.held.retain(|held| held.header.height >= height);
    }

    /// The engine may know nothing: in a new session, or at the beginning of a height.
    pub(crate) fn forget_told(&mut self) {
        let sent = self.blocks.iter_mut().flat_map(|known| &mut known.sent);
        sent.for_each(|sent| sent.told = HandIn::Nothing);
    }

    /// Adds a block, in the place of one of the same name.
    pub(crate) fn insert(&mut self, known: Known) {
        self.blocks.retain(|other| other.block != known.block);
        self.blocks.push(known);
    }

    /// Adds a block that a peer sent as the decided one. If it was not, the next such takes its place. Returns whether
    /// it may be kept on disk.
    pub(crate) fn insert_synced(&mut self, known: Known) -> bool {
        let before = self.synced.replace(known.block);
        let proposed = |known: &Known| known.sent.iter().any(|sent| sent.signature.is_some());
        self.blocks.retain(|other| Some(other.block) != before || proposed(other));
        self.synced_bytes += known.payload.len();
        self.insert(known);
        self.synced_bytes <= SYNCED_BYTES_MAX
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

    /// Whether a payload that its round's proposer signed is judged.
    pub(crate) fn room(&self, header: &ProposalHeader) -> Room {
        if self.judged.contains(&Judged::of(header)) {
            return Room::Judged;
        }
        let proven = self.is_proven(&header.block);
        let of_round = self.judged.iter().filter(|judged| judged.round == header.round);
        if of_round.count() >= BLOCKS_PER_ROUND_MAX + usize::from(proven) {
            return Room::Full;
        }
        if proven || self.get(&header.block).is_some_and(|known| !known.is_invalid()) {
            return Room::Free;
        }
        let bytes = |reproposed: bool| {
            let blocks = self.blocks.iter();
            let blocks = blocks.filter(|known| !reproposed || known.receipt == Receipt::Reproposed);
            blocks.map(|known| known.payload.len()).sum::<usize>() + header.payload_bytes as usize
        };
        let first = Sending::of(header) == Sending::First;
        if bytes(false) <= KEPT_BYTES_MAX && (first || bytes(true) <= REPROPOSED_BYTES_MAX) {
            Room::Free
        } else {
            Room::Full
        }
    }

    pub(crate) fn is_proven(&self, block: &BlockId) -> bool {
        self.proven.contains(block)
    }

    /// Takes note that a quorum found a block valid. Some may have locked it, so there is room for it whatever else
    /// faulty proposers have sent: without it this node could not follow them.
    pub(crate) fn prove(&mut self, block: BlockId) {
        self.proven.push(block);
    }

    /// Takes note that a payload is judged now.
    pub(crate) fn judge(&mut self, header: &ProposalHeader) {
        self.judged.push(Judged::of(header));
    }

    /// Takes note of a round in which a known block was sent, and of what the engine is told because of it.
    pub(crate) fn note(&mut self, block: &BlockId, sent: Sent) {
        let Some(known) = self.get_mut(block) else { return };
        match known.sent.iter_mut().find(|before| before.round == sent.round) {
            Some(before) => before.told = before.told.max(sent.told),
            None => known.sent.push(sent),
        }
    }

    /// A sending of a block that its proposer signed: that of the round, if it was signed, or any other.
    pub(crate) fn signed(&self, block: &BlockId, round: u32) -> Option<Sent> {
        let mut signed = self.get(block)?.sent.iter().filter(|sent| sent.signature.is_some());
        let any = signed.clone().next().copied();
        signed.find(|sent| sent.round == round).copied().or(any)
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

    /// Holds a payload until its height has come, if it has room: the latest height and round give way to earlier
    /// ones, so no proposer can push out what is needed before its own turn.
    pub(crate) fn hold(&mut self, received: Received) {
        let turn = |held: &Received| (held.header.height, held.header.round);
        let of_turn = self.held.iter().filter(|held| turn(held) == turn(&received)).count();
        if of_turn >= BLOCKS_PER_ROUND_MAX || self.held.iter().any(|held| held.header == received.header) {
            return;
        }
        self.held.push(received);
        self.held.sort_by_key(turn);
        self.held.truncate(HELD_MAX);
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
    use sanad_core::hash::BlockHash;

    fn id(round: u32, byte: u8) -> BlockId {
        BlockId { hash: BlockHash([byte; 32]), round }
    }

    fn known(block: BlockId, payload: &'static [u8], receipt: Receipt) -> Known {
        let sent = vec![Sent::unsigned(block.round, HandIn::Nothing)];
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

    fn header(block: BlockId, round: u32, payload_bytes: usize) -> ProposalHeader {
        let valid_round = (round > block.round).then_some(block.round);
        let (height, payload_bytes, payload_digest) = (Height(1), payload_bytes as u32, block.hash.0);
        ProposalHeader { height, round, valid_round, block, payload_bytes, payload_digest }
    }

    #[test]
    fn two_payloads_of_each_round_are_judged_and_each_once() {
        let mut proposals = Proposals::default();
        let headers = [1, 2, 3].map(|byte| header(id(0, byte), 12, 1));
        for header in &headers[..2] {
            assert_eq!(proposals.room(header), Room::Free);
            proposals.judge(header);
            assert_eq!(proposals.room(header), Room::Judged);
        }
        // For blocks that are known, too; and another payload of a block is another one.
        proposals.insert(known(headers[2].block, b"a", Receipt::Timely));
        assert_eq!(proposals.room(&headers[2]), Room::Full);
        let other = ProposalHeader { payload_digest: [9; 32], ..headers[0].clone() };
        assert_eq!(proposals.room(&other), Room::Full);
        assert_eq!(proposals.room(&ProposalHeader { round: 13, ..other }), Room::Free);
        proposals.begin(Height(2), Vec::new());
        assert_eq!(proposals.room(&headers[2]), Room::Free);
    }

    #[test]
    fn memory_is_limited() {
        let mut proposals = Proposals::default();
        proposals.insert(known(id(0, 1), b"a", Receipt::Timely));
        proposals.insert(known(id(0, 2), b"b", Receipt::Reproposed));
        assert_eq!(proposals.room(&header(id(1, 3), 1, KEPT_BYTES_MAX - 2)), Room::Free);
        assert_eq!(proposals.room(&header(id(1, 3), 1, KEPT_BYTES_MAX - 1)), Room::Full);
        assert_eq!(proposals.room(&header(id(0, 3), 1, REPROPOSED_BYTES_MAX - 1)), Room::Free);
        assert_eq!(proposals.room(&header(id(0, 3), 1, REPROPOSED_BYTES_MAX)), Room::Full);
        // What is here already takes no more; what was found invalid is not here.
        assert_eq!(proposals.room(&header(id(0, 2), 1, REPROPOSED_BYTES_MAX)), Room::Free);
        let verdict = Verdict::Invalid { payload: [0; 32] };
        proposals.insert(Known { verdict, ..known(id(0, 4), b"", Receipt::Timely) });
        assert_eq!(proposals.room(&header(id(0, 4), 1, REPROPOSED_BYTES_MAX)), Room::Full);
    }

    #[test]
    fn there_is_room_for_what_a_quorum_found_valid() {
        let mut proposals = Proposals::default();
        proposals.insert(Known {
            payload: vec![0; REPROPOSED_BYTES_MAX].into(),
            ..known(id(0, 1), b"", Receipt::Reproposed)
        });
        for byte in [2, 3] {
            proposals.judge(&header(id(0, byte), 12, 0));
        }
        let locked = id(0, 4);
        for round in [12, 13] {
            assert_eq!(proposals.room(&header(locked, round, 1)), Room::Full, "no place or no memory");
        }
        proposals.prove(locked);
        for round in [12, 13] {
            assert_eq!(proposals.room(&header(locked, round, 1)), Room::Free);
        }
        // One place more, even for payloads in its name.
        proposals.judge(&ProposalHeader { payload_digest: [9; 32], ..header(locked, 12, 1) });
        assert_eq!(proposals.room(&header(locked, 12, 1)), Room::Full);
        proposals.begin(Height(2), Vec::new());
        assert!(!proposals.is_proven(&locked));
    }

    #[test]
    fn few_blocks_come_from_peers_as_decided() {
        let mut proposals = Proposals::default();
        let payload = Bytes::from(vec![0; SYNCED_BYTES_MAX / 2]);
        let synced = |byte| {
            let sent = vec![Sent::unsigned(7, HandIn::Valid)];
            Known { payload: payload.clone(), sent, ..known(id(0, byte), b"", Receipt::Timely) }
        };
        for byte in 1..=100 {
            assert_eq!(proposals.insert_synced(synced(byte)), byte <= 2);
            assert!(proposals.get(&id(0, byte)).is_some());
            assert_eq!(proposals.blocks.len(), 1);
        }
        // What is voted on stays.
        let signature = Some(Signature([1; 64]));
        let sent = Sent { round: 8, valid_round: Some(7), signature, told: HandIn::Valid };
        proposals.note(&id(0, 100), sent);
        proposals.insert_synced(synced(101));
        assert!(proposals.get(&id(0, 100)).is_some());
    }

    #[test]
    fn what_the_engine_was_told() {
        let mut proposals = Proposals::default();
        proposals.insert(known(id(0, 1), b"a", Receipt::Timely));
        let signature = Some(Signature([1; 64]));
        let again = Sent { round: 2, valid_round: Some(0), signature, told: HandIn::Nothing };
        assert_eq!(proposals.signed(&id(0, 1), 2), None);
        proposals.note(&id(0, 1), Sent::unsigned(0, HandIn::Valid));
        proposals.note(&id(0, 1), Sent::unsigned(0, HandIn::Invalid));
        proposals.note(&id(0, 1), again);
        let told = |proposals: &Proposals| {
            proposals.candidates().iter().map(|(_, sent)| (sent.round, sent.told)).collect::<Vec<_>>()
        };
        assert_eq!(told(&proposals), [(0, HandIn::Valid), (2, HandIn::Nothing)]);
        proposals.forget_told();
        assert_eq!(told(&proposals), [(0, HandIn::Nothing), (2, HandIn::Nothing)]);

        // It can be sent on as it was signed for the round, or else for another.
        assert_eq!(proposals.signed(&id(0, 1), 0), Some(again));
        let later = Sent { round: 5, ..again };
        proposals.note(&id(0, 1), later);
        assert_eq!(proposals.signed(&id(0, 1), 5), Some(later));
    }

    #[test]
    fn held_until_their_height() {
        let mut proposals = Proposals::default();
        let received = |height, round| {
            let header = ProposalHeader { height: Height(height), ..header(id(round, 1), round, 0) };
            Received { header, signature: Signature([1; 64]), payload: Bytes::new(), arrived_ms: 7 }
        };
        for height in [2, 3, 3, 4, 5] {
            proposals.hold(received(height, 0));
        }
        assert_eq!(proposals.take_held(Height(3)), [received(2, 0), received(3, 0)], "no copies");
        proposals.begin(Height(5), Vec::new());
        assert_eq!(proposals.take_held(Height(9)), [received(5, 0)]);

        // The proposers of later turns cannot push out the next one's payload, before it or after it.
        (1..=10).for_each(|round| proposals.hold(received(7, round)));
        proposals.hold(received(6, 0));
        (1..=10).for_each(|round| proposals.hold(received(6, round)));
        let held = proposals.take_held(Height(9));
        assert_eq!(held, [0, 1, 2, 3].map(|round| received(6, round)));
    }
}
