//! This node's last first vote: the rule of time ends with it (see [`crate::timeliness`]).
//!
//! Known from the signer, and after a restart from the engine's log, whose replay does not sign again. Not from
//! the guard's file: between the guard's write and the log's, a crash leaves a vote that the engine has yet to
//! derive a second time, from the same answers.

use std::sync::Arc;

use malachitebft_core_types::VoteType;
use sanad_core::ids::Height;
use sanad_core::signature::PublicKey;
use tokio::sync::watch;

use crate::context::Vote;

/// The height and round of the last prevote in this session of the engine.
type Last = Option<(Height, u32)>;

/// Takes note of prevotes. Held by the signer and the codec of the log.
#[derive(Clone, Debug)]
pub(crate) struct Prevotes(Arc<watch::Sender<Last>>);

impl Prevotes {
    pub(crate) fn new() -> (Self, watch::Receiver<Last>) {
        let (sender, receiver) = watch::channel(None);
        (Self(Arc::new(sender)), receiver)
    }

    /// Takes note of a vote that `own` signed; passes over all others.
    pub(crate) fn note(&self, vote: &Vote, own: &PublicKey) {
        let Some(round) = vote.round.as_u32() else { return };
        if vote.kind == VoteType::Prevote && vote.address.0 == *own {
            let at = Some((vote.height.0, round));
            self.0.send_if_modified(|last| {
                let later = *last < at;
                if later {
                    *last = at;
                }
                later
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::{Address, EngineHeight};
    use malachitebft_core_types::{NilOrVal, Round};

    #[test]
    fn only_own_prevotes_and_only_later_ones() {
        let own = PublicKey([1; 32]);
        let (prevotes, mut last) = Prevotes::new();
        let mut note = |kind, height, round, key| {
            let (height, round) = (EngineHeight(Height(height)), Round::new(round));
            prevotes.note(&Vote { kind, height, round, value: NilOrVal::Nil, address: Address(key) }, &own);
            let changed = last.has_changed().unwrap();
            (changed, *last.borrow_and_update())
        };
        assert_eq!(note(VoteType::Precommit, 5, 0, own), (false, None));
        assert_eq!(note(VoteType::Prevote, 5, 0, PublicKey([2; 32])), (false, None));
        assert_eq!(note(VoteType::Prevote, 5, 3, own), (true, Some((Height(5), 3))));
        assert_eq!(note(VoteType::Prevote, 5, 2, own), (false, Some((Height(5), 3))));
        assert_eq!(note(VoteType::Prevote, 6, 0, own), (true, Some((Height(6), 0))));
    }
}
