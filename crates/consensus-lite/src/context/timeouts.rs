//! How long the engine waits in each round.

use std::time::Duration;

use malachitebft_core_types::{LinearTimeouts, Timeout, TimeoutKind};

use super::SanadContext;
use crate::config::Timeouts;

/// The configured times, half of them more in each later round; short ones in rounds whose proposer is thought absent, and
/// for the second votes of early rounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct EngineTimeouts {
    pub(crate) configured: Timeouts,
    pub(crate) early: Early,
    /// Rounds of validators that missed turns; no round is in two of them.
    pub(crate) hurried: [Hurried; 3],
}

/// Rounds whose second votes are waited for as long as messages take here: nothing in them can be decided by then but by
/// votes that are on their way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Early {
    /// How many rounds.
    pub(crate) rounds: u32,
    /// In the first round; half of it more in each later one.
    pub(crate) precommit: Duration,
}

/// Rounds with short times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hurried {
    /// Bit r stands for round r.
    pub(crate) rounds: u128,
    pub(crate) timeouts: Timeouts,
}

impl malachitebft_core_types::Timeouts<SanadContext> for EngineTimeouts {
    fn duration_for(&self, timeout: Timeout) -> Duration {
        let round = timeout.round.as_u32().unwrap_or(0);
        let is_in = |hurried: &&Hurried| hurried.rounds.checked_shr(round).unwrap_or(0) & 1 == 1;
        let short = self.hurried.iter().find(is_in).map(|hurried| hurried.timeouts);
        match (timeout.kind, short) {
            (TimeoutKind::Propose, Some(short)) => short.propose,
            (TimeoutKind::Prevote, Some(short)) => short.prevote,
            (TimeoutKind::Precommit, Some(short)) => short.precommit,
            (TimeoutKind::Precommit, None) if round < self.early.rounds => {
                let Early { precommit, .. } = self.early;
                LinearTimeouts::from(Timeouts { precommit, ..self.configured }).duration_for(timeout)
            }
            _ => LinearTimeouts::from(self.configured).duration_for(timeout),
        }
    }
}

impl From<Timeouts> for LinearTimeouts {
    fn from(timeouts: Timeouts) -> Self {
        Self {
            propose: timeouts.propose,
            propose_delta: timeouts.propose / 2,
            prevote: timeouts.prevote,
            prevote_delta: timeouts.prevote / 2,
            precommit: timeouts.precommit,
            precommit_delta: timeouts.precommit / 2,
            rebroadcast: timeouts.propose + timeouts.prevote,
            ..Self::default()
        }
    }
}
