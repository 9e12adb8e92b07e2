//! What the server gives away at once: in all, and of that to one network, one address and one connection.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::call_error::CallError;
use super::config::Limits;
use crate::limits::ANSWER_BYTES_MAX;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Budget {
    Calls,
    AnswerBytes,
    BatchProofs,
    Subscriptions,
}

/// Whose calls are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    Server,
    Network,
    Address,
    Connection,
}

/// A part of each budget; given back when dropped.
pub(super) type Share = Vec<OwnedSemaphorePermit>;

/// The budgets of one scope.
#[derive(Debug)]
pub(super) struct Shares {
    scope: Scope,
    calls: Left,
    answer_bytes: Left,
    batch_proofs: Left,
    subscriptions: Left,
}

/// What is left of one budget.
#[derive(Debug)]
struct Left {
    max: usize,
    permits: Arc<Semaphore>,
}

impl Left {
    fn new(max: usize) -> Self {
        let max = max.min(Semaphore::MAX_PERMITS);
        Self { max, permits: Arc::new(Semaphore::new(max)) }
    }
}

impl Shares {
    pub(super) fn new(scope: Scope, limits: &Limits) -> Self {
        let percent = match scope {
            Scope::Server | Scope::Connection => 100,
            Scope::Network => limits.network_percent,
            Scope::Address => limits.address_percent,
        };
        let part = |of: usize| part(of, percent);
        let subscriptions = match scope {
            Scope::Connection => limits.subscriptions_per_connection,
            _ => part(limits.subscriptions),
        };
        Self {
            scope,
            calls: Left::new(part(limits.calls)),
            // The longest answer fits in any case.
            answer_bytes: Left::new(part(limits.answer_bytes).max(ANSWER_BYTES_MAX)),
            batch_proofs: Left::new(part(limits.batch_proofs)),
            subscriptions: Left::new(subscriptions),
        }
    }

    /// Whether nothing of it is taken.
    pub(super) fn is_whole(&self) -> bool {
        let all = [&self.calls, &self.answer_bytes, &self.batch_proofs, &self.subscriptions];
        all.iter().all(|left| left.permits.available_permits() == left.max)
    }

    /// Takes `amount` of a budget.
    fn take(&self, budget: Budget, amount: usize) -> Result<OwnedSemaphorePermit, CallError> {
        let Left { max, permits } = match budget {
            Budget::Calls => &self.calls,
            Budget::AnswerBytes => &self.answer_bytes,
            Budget::BatchProofs => &self.batch_proofs,
            Budget::Subscriptions => &self.subscriptions,
        };
        let busy = CallError::Busy { budget, scope: self.scope, max: *max };
        let Ok(amount) = u32::try_from(amount) else { return Err(busy) };
        Arc::clone(permits).try_acquire_many_owned(amount).map_err(|_| busy)
    }
}

/// Takes `amount` of a budget in every scope, or in none.
pub(super) fn take<'a>(
    scopes: impl IntoIterator<Item = &'a Arc<Shares>>,
    budget: Budget,
    amount: usize,
) -> Result<Share, CallError> {
    scopes.into_iter().map(|shares| shares.take(budget, amount)).collect()
}

/// A percentage of a number, at least 1 of it.
pub(super) fn part(of: usize, percent: usize) -> usize {
    (of.saturating_mul(percent.min(100)) / 100).max(of.min(1))
}

impl std::fmt::Display for Budget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Calls => "calls",
            Self::AnswerBytes => "bytes of answers that wait to be read",
            Self::BatchProofs => "long answers (proofs of a batch, trust files)",
            Self::Subscriptions => "subscriptions",
        })
    }
}

/// What follows "at most 8 calls".
impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Server => "",
            Self::Network => " for one network",
            Self::Address => " for one address",
            Self::Connection => " on one connection",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_and_one_network_leave_some_to_others() {
        let limits = Limits { batch_proofs: 8, ..Limits::default() };
        let new = |scope| Arc::new(Shares::new(scope, &limits));
        let (server, network) = (new(Scope::Server), new(Scope::Network));
        let mut held = Vec::new();
        for address in [new(Scope::Address), new(Scope::Address), new(Scope::Address)] {
            while let Ok(share) = take([&address, &network, &server], Budget::BatchProofs, 1) {
                held.push(share);
            }
        }
        assert_eq!(held.len(), 4, "half of all for one network");
        let elsewhere = [new(Scope::Address), new(Scope::Network), server];
        assert!(take(&elsewhere, Budget::BatchProofs, 1).is_ok());
        let refused = take([&network], Budget::BatchProofs, 1).unwrap_err();
        assert!(matches!(refused, CallError::Busy { scope: Scope::Network, max: 4, .. }));
    }

    #[test]
    fn what_is_refused_in_one_scope_is_taken_in_none() {
        let limits = Limits { calls: 1, ..Limits::default() };
        let (address, server) =
            (Arc::new(Shares::new(Scope::Address, &limits)), Arc::new(Shares::new(Scope::Server, &limits)));
        let held = take([&server], Budget::Calls, 1).unwrap();
        assert!(take([&address, &server], Budget::Calls, 1).is_err());
        drop(held);
        assert!(take([&address, &server], Budget::Calls, 1).is_ok());
    }
}
