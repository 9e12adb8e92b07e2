//! Whether a connection is used.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::answer::Progress;

/// What is known of the use of a connection.
pub(super) struct Activity {
    cut: CancellationToken,
    state: Mutex<State>,
    /// Those that have ended stay until the next one comes.
    answers: Mutex<Vec<Weak<Progress>>>,
}

struct State {
    stage: Stage,
    calls: usize,
    /// When it was accepted, or its last call ended.
    since: Instant,
}

/// How far a connection is. The first is given up first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// It has not said which protocol it speaks.
    Silent,
    /// It speaks a protocol, and has made no call.
    Greeted,
    /// It has made a call.
    Used,
}

/// A call under way, until its answer has been sent.
pub(super) struct Call(Arc<Activity>);

impl Activity {
    /// `cut` closes the connection.
    pub(super) fn new(cut: CancellationToken) -> Self {
        let state = State { stage: Stage::Silent, calls: 0, since: Instant::now() };
        Self { cut, state: Mutex::new(state), answers: Mutex::default() }
    }

    /// The connection speaks a protocol.
    pub(super) fn greeted(&self) {
        let mut state = self.state();
        state.stage = state.stage.max(Stage::Greeted);
    }

    /// How far it is and since when, unless a call is under way.
    pub(super) fn idle(&self) -> Option<(Stage, Instant)> {
        let state = self.state();
        (state.calls == 0).then_some((state.stage, state.since))
    }

    /// Closes the connection.
    pub(super) fn cut(&self) {
        self.cut.cancel();
    }

    #[cfg(test)]
    pub(super) fn hold(self: &Arc<Self>) {
        std::mem::forget(Call::begin(Arc::clone(self)));
    }

    #[cfg(test)]
    pub(super) fn is_cut(&self) -> bool {
        self.cut.is_cancelled()
    }

    /// An answer is on its way.
    pub(super) fn follow(&self, answer: &Arc<Progress>) {
        let mut answers = self.answers();
        answers.retain(|answer| answer.strong_count() > 0);
        answers.push(Arc::downgrade(answer));
    }

    /// The longest time for which the caller takes nothing of an answer that waits for it.
    pub(super) fn stalled(&self, now: Instant) -> Option<Duration> {
        self.answers().iter().filter_map(|answer| answer.upgrade()?.stalled(now)).max()
    }

    fn answers(&self) -> MutexGuard<'_, Vec<Weak<Progress>>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    // Nothing panics while it holds the lock, so a poisoned one is as good.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Call {
    pub(super) fn begin(activity: Arc<Activity>) -> Self {
        let mut state = activity.state();
        state.stage = Stage::Used;
        state.calls += 1;
        drop(state);
        Self(activity)
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.calls -= 1;
        state.since = Instant::now();
    }
}
