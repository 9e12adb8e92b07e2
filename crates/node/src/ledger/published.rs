//! The state after the head, as every reader takes it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sanad_api::FinalHeader;
use sanad_core::block::Past;
use sanad_core::execution::Execution;
use sanad_core::proof::ValidatorChange;
use sanad_core::state::State;
use sanad_core::validators::CommitCertificate;

/// The state after the head, and what proves the head. Immutable: a commit publishes another one.
#[derive(Clone)]
pub(super) struct Current {
    pub(super) state: State,
    pub(super) head: Option<FinalHeader>,
    /// What the head's `past` is the hash of.
    pub(super) past: Option<Past>,
    pub(super) validator_changes: Arc<Vec<ValidatorChange>>,
}

impl Current {
    /// The state after a block that was executed on top of this one. Costs as much as the block changes; the rest is
    /// shared.
    pub(super) fn after(&self, execution: &Execution, certificate: &CommitCertificate) -> Self {
        let mut next = self.clone();
        next.state.advance(execution);
        let (header, certificate) = (execution.header.clone(), certificate.clone());
        if header.validators_hash != header.next_validators_hash {
            let change = ValidatorChange {
                header: header.clone(),
                certificate: certificate.clone(),
                next: next.state.validators().clone(),
            };
            Arc::make_mut(&mut next.validator_changes).push(change);
        }
        next.past = Some(execution.past);
        next.head = Some(FinalHeader { header, certificate });
        next
    }
}

/// A [`Current`] that readers take and a commit swaps.
///
/// **Invariant:** the lock is held for as long as it takes to copy or swap one pointer, and its guard never leaves
/// this file. So a reader may keep what it took for as long as it likes, may read as often as it likes, and no commit
/// ever waits for it.
pub(super) struct Published(Mutex<Arc<Current>>);

impl Published {
    pub(super) fn new(current: Current) -> Self {
        Self(Mutex::new(Arc::new(current)))
    }

    /// The state after the head, as it is now.
    pub(super) fn load(&self) -> Arc<Current> {
        Arc::clone(&self.lock())
    }

    /// Puts the next state in place. Called by the thread of consensus alone.
    pub(super) fn swap(&self, next: Current) {
        let next = Arc::new(next);
        let before = std::mem::replace(&mut *self.lock(), next);
        // Freed here, after the lock, if no reader has it.
        drop(before);
    }

    // A panic while the lock is held leaves a whole pointer behind.
    fn lock(&self) -> MutexGuard<'_, Arc<Current>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
