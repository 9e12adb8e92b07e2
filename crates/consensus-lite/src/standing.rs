//! Whether a validator may vote after a restart.
//!
//! The guard keeps it from contradicting a signature. It does not keep it from forgetting what it is locked
//! on: the engine's log does. Where the log is lost, or log or ledger are behind the guard, the node follows without
//! voting until it is past what its key has signed.

use sanad_core::ids::Height;

use crate::guard::Position;
use crate::log::Contents;

/// What a validator may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Vote.
    Vote,
    /// Follow only, through this height.
    AbstainThrough(Height),
}

/// What a guard says of its key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signed {
    /// The last position.
    pub(crate) last: Option<Position>,
    /// Whether it shows that the key is locked on nothing at the next height.
    pub(crate) is_unlocked: bool,
}

/// `next` is the height to decide next, `log` what the engine's log holds.
pub(crate) fn standing(Signed { last, is_unlocked }: Signed, next: Height, log: &Contents) -> Standing {
    let Some(signed) = last else { return Standing::Vote };
    // A guard that was passed on after something was forgotten ends with the last round there is.
    if signed.height > next || (signed.height == next && signed.round == u32::MAX) {
        return Standing::AbstainThrough(signed.height);
    }
    // The log is flushed before a vote is sent, so what was sent is in it.
    match signed.height == next && !is_unlocked && !log.remembers(next) {
        true => Standing::AbstainThrough(next),
        false => Standing::Vote,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::Step;
    use crate::log::logged;

    #[test]
    fn forgetful_nodes_abstain() {
        let signed = |height, round, step| Some(Position { height: Height(height), round, step });
        let next = Height(7);
        let standing = |last: Option<Position>, log: &Contents| {
            let is_unlocked =
                last.is_none_or(|last| last < Position { height: next, round: 0, step: Step::Precommit });
            super::standing(Signed { last, is_unlocked }, next, log)
        };
        let lost = Contents::default();
        assert_eq!(standing(None, &lost), Standing::Vote);
        assert_eq!(standing(signed(6, 3, Step::Precommit), &logged(6)), Standing::Vote);
        assert_eq!(standing(signed(7, 0, Step::Prevote), &logged(6)), Standing::Vote);
        assert_eq!(standing(signed(7, 0, Step::Precommit), &logged(7)), Standing::Vote);
        for forgotten in [&lost, &logged(6)] {
            for (round, step) in [(0, Step::Precommit), (1, Step::Proposal)] {
                assert_eq!(standing(signed(7, round, step), forgotten), Standing::AbstainThrough(next));
            }
        }
        assert_eq!(standing(signed(9, 0, Step::Prevote), &logged(7)), Standing::AbstainThrough(Height(9)));
        // A second vote for no block locks on nothing.
        let last = signed(7, 0, Step::Precommit);
        assert_eq!(super::standing(Signed { last, is_unlocked: true }, next, &lost), Standing::Vote);
        // What was forgotten once stays so, whatever the log has since.
        let passed = signed(7, u32::MAX, Step::Precommit);
        assert_eq!(standing(passed, &logged(7)), Standing::AbstainThrough(next));
    }
}
