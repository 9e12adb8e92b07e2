//! The rule of time: is a block handed to the engine as valid?
//!
//! A validator gives its first vote only to a block whose time agreed with its own clock when the block arrived.
//! So a decided block was timely for at least one validator with a correct clock, if at most f are wrong. The
//! bounds are constants of the rules version, in [`sanad_core::timeliness`].
//!
//! The clock decides one vote only: this validator's prevote in the round of first proposal. After it, a block
//! that was untimely here may have been timely elsewhere, and a quorum may have locked it; refusing it for
//! longer would stop the chain. So it is handed in as valid then, and the locks of Tendermint decide.

use sanad_core::timeliness::is_timely;

use crate::context::ProposalHeader;

/// How a block came to this node. Never gets worse: what was timely once stays timely for the height, restarts
/// included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// This node made it.
    Own,
    /// A first proposal that agreed with this node's clock; or a block that was decided already.
    Timely,
    /// A first proposal that did not agree with this node's clock.
    Untimely,
    /// So far only proposed again in a later round, or so its sender says.
    Reproposed,
}

/// What a sender says of the payload it sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sending {
    /// The first proposal of the block.
    First,
    /// The block is proposed again, because a quorum found it valid in an earlier round.
    Again,
    /// Neither is possible: no correct validator sends this.
    Contradictory,
}

/// This node's first vote in the round in which a block was first proposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Vote {
    /// Not given, and the round is not over: the clock counts.
    Pending,
    /// Given, or the round is over: nothing that is handed in now can change it.
    Settled,
    /// This node does not vote at this height.
    None,
}

/// What the engine is told of a block that is otherwise valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum HandIn {
    /// Nothing yet.
    Nothing,
    /// It is invalid, for now: the engine votes for nil, and does not wait for a timeout to do so.
    Invalid,
    /// It is valid. The engine never takes that back.
    Valid,
}

impl Sending {
    pub(crate) fn of(header: &ProposalHeader) -> Self {
        let first = header.block.round;
        match header.valid_round {
            None if header.round == first => Self::First,
            Some(valid) if first <= valid && valid < header.round => Self::Again,
            _ => Self::Contradictory,
        }
    }
}

impl Receipt {
    /// The receipt after the block came once more, completely, at `arrived_ms` by the own clock. `time_ms` and
    /// `round` are the header's. The first copy of a first proposal decides; what is sent as a second proposal
    /// proves nothing about the time, whatever it claims.
    pub(crate) fn after(self, sending: Sending, time_ms: u64, round: u32, arrived_ms: u64) -> Self {
        match (self, sending) {
            (Self::Reproposed, Sending::First) if is_timely(time_ms, round, arrived_ms) => Self::Timely,
            (Self::Reproposed, Sending::First) => Self::Untimely,
            (known, _) => known,
        }
    }
}

/// The decision.
pub(crate) fn hand_in(receipt: Receipt, vote: Vote) -> HandIn {
    match (vote, receipt) {
        (Vote::None | Vote::Settled, _) => HandIn::Valid,
        (Vote::Pending, Receipt::Own | Receipt::Timely) => HandIn::Valid,
        (Vote::Pending, Receipt::Untimely) => HandIn::Invalid,
        (Vote::Pending, Receipt::Reproposed) => HandIn::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sanad_core::block::BlockId;
    use sanad_core::hash::BlockHash;
    use sanad_core::ids::Height;
    use sanad_core::timeliness::{TIME_PRECISION_MS, existed_by_ms};

    const RECEIPTS: [Receipt; 4] = [Receipt::Own, Receipt::Timely, Receipt::Untimely, Receipt::Reproposed];

    #[test]
    fn decisions() {
        for receipt in RECEIPTS {
            assert_eq!(hand_in(receipt, Vote::None), HandIn::Valid);
            assert_eq!(hand_in(receipt, Vote::Settled), HandIn::Valid);
        }
        let pending = RECEIPTS.map(|receipt| hand_in(receipt, Vote::Pending));
        assert_eq!(pending, [HandIn::Valid, HandIn::Valid, HandIn::Invalid, HandIn::Nothing]);
    }

    /// Whatever comes in whatever order, an answer never gets worse.
    #[test]
    fn answers_never_get_worse() {
        let time = 1_700_000_000_000;
        for receipt in RECEIPTS {
            for sending in [Sending::First, Sending::Again, Sending::Contradictory] {
                for arrived in [0, time, u64::MAX] {
                    let after = receipt.after(sending, time, 0, arrived);
                    for (before_vote, after_vote) in [
                        (Vote::Pending, Vote::Pending),
                        (Vote::Pending, Vote::Settled),
                        (Vote::None, Vote::None),
                    ] {
                        assert!(hand_in(receipt, before_vote) <= hand_in(after, after_vote));
                    }
                    if sending != Sending::First || receipt != Receipt::Reproposed {
                        assert_eq!(after, receipt);
                    }
                }
            }
        }
    }

    #[test]
    fn the_first_copy_decides_by_its_arrival() {
        let time = 1_700_000_000_000;
        for round in [0, 4, 5, 16, 17] {
            let at = |arrived| Receipt::Reproposed.after(Sending::First, time, round, arrived);
            assert_eq!(at(time - TIME_PRECISION_MS - 1), Receipt::Untimely);
            assert_eq!(at(time - TIME_PRECISION_MS), Receipt::Timely);
            assert_eq!(at(existed_by_ms(time, round)), Receipt::Timely);
            assert_eq!(at(existed_by_ms(time, round) + 1), Receipt::Untimely);
        }
        assert_eq!(Receipt::Untimely.after(Sending::First, time, 0, time), Receipt::Untimely);
    }

    #[test]
    fn sendings() {
        let of = |round, valid_round, first| {
            let block = BlockId { hash: BlockHash([1; 32]), round: first };
            let (height, payload_bytes, payload_digest) = (Height(1), 0, [0; 32]);
            Sending::of(&ProposalHeader { height, round, valid_round, block, payload_bytes, payload_digest })
        };
        assert_eq!(of(3, None, 3), Sending::First);
        assert_eq!(of(3, Some(1), 1), Sending::Again);
        assert_eq!(of(3, Some(2), 1), Sending::Again);
        // A first proposal of another round; valid before it was proposed; valid in this round or later.
        for (round, valid_round, first) in
            [(3, None, 2), (3, None, 4), (3, Some(1), 2), (3, Some(3), 3), (3, Some(4), 1), (3, Some(2), 3)]
        {
            assert_eq!(of(round, valid_round, first), Sending::Contradictory);
        }
    }
}
