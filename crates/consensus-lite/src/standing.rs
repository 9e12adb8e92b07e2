//! Whether a validator may vote after a restart.
//!
//! The guard keeps it from contradicting a signature. It does not keep it from forgetting what it is locked
//! on: the engine's log does. Where the log is lost, or log or ledger are behind the guard, the node follows without
//! voting until it is past what its key has signed.

use sanad_core::ids::Height;

use crate::guard::{Position, Step};
use crate::log::Contents;

/// What a validator may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Vote.
    Vote,
    /// Follow only, through this height.
    AbstainThrough(Height),
}

/// `signed` is the guard's position, `next` the height to decide next, `log` what the engine's log holds.
pub(crate) fn standing(signed: Option<Position>, next: Height, log: &Contents) -> Standing {
    let Some(signed) = signed else { return Standing::Vote };
    // A guard that was passed on after something was forgotten ends with the last round there is.
    if signed.height > next || (signed.height == next && signed.round == u32::MAX) {
        return Standing::AbstainThrough(signed.height);
    }
    // Locks begin with a precommit. The log is flushed before a vote is sent, so what was sent is in it.
    let maybe_locked = signed.round > 0 || signed.step == Step::Precommit;
    match signed.height == next && maybe_locked && !log.remembers(next) {
        true => Standing::AbstainThrough(next),
        false => Standing::Vote,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::logged;

    #[test]
    fn forgetful_nodes_abstain() {
        let signed = |height, round, step| Some(Position { height: Height(height), round, step });
        let next = Height(7);
        let standing = |signed, log: &Contents| super::standing(signed, next, log);
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
        // What was forgotten once stays so, whatever the log has since.
        let passed = signed(7, u32::MAX, Step::Precommit);
        assert_eq!(standing(passed, &logged(7)), Standing::AbstainThrough(next));
    }
}
