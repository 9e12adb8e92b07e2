//! When does the next height begin?
//!
//! The engine would make blocks without end. It does not, because the reply that lets it go on is held back
//! until there is something to commit, someone else has begun, or the heartbeat is due. It goes on serving
//! peers meanwhile.

use std::time::Instant;

use malachitebft_app_channel::Reply;
use malachitebft_app_channel::app::engine::host::Next;
use sanad_core::ids::Height;

use super::driver::Driver;
use crate::application::Application;
use crate::arrivals::Arrival;
use crate::context::{EngineHeight, SanadContext};
use crate::rotation::proposer;
use crate::status::Phase;

/// A height that is not begun yet.
pub(super) struct Waiting {
    reply: Reply<Next<SanadContext>>,
    /// When the heartbeat is due.
    due: Instant,
}

impl<A: Application> Driver<A> {
    /// Begins the next height, or waits with it.
    pub(super) fn begin_or_wait(&mut self, reply: Reply<Next<SanadContext>>) {
        let height = self.next().height;
        let reason = match self.voting_key() {
            // Who does not vote makes no blocks, and follows best by being there already.
            None => Some("a follower does not wait"),
            Some(_) if self.heard >= height => Some("others have begun"),
            Some(_) if self.synced == Some(Height(height.0.saturating_sub(1))) => Some("catching up"),
            Some(_) if self.application.has_work() => Some("there is work"),
            Some(_) => None,
        };
        self.waiting = Some(Waiting { reply, due: self.due() });
        match reason {
            Some(reason) => self.begin(reason),
            None => self.shared().update(|progress| progress.phase = Phase::Waiting),
        }
    }

    pub(super) fn is_waiting(&self) -> bool {
        self.waiting.is_some()
    }

    /// Resolves when the heartbeat is due; never while nothing waits for it.
    pub(super) fn heartbeat_due(&self) -> impl Future<Output = ()> + use<A> {
        let due = self.waiting.as_ref().map(|waiting| waiting.due);
        async move {
            match due {
                Some(due) => tokio::time::sleep_until(due.into()).await,
                None => std::future::pending().await,
            }
        }
    }

    pub(super) fn on_heartbeat(&mut self) {
        self.begin("the heartbeat is due");
    }

    pub(super) fn on_wake(&mut self) {
        if self.waiting.is_some() && self.application.has_work() {
            self.begin("there is work");
        }
    }

    pub(super) fn on_arrival(&mut self, arrival: &Arrival) {
        if let Some(height) = arrival.proven_height(&self.setup().chain_id, &self.next().validators) {
            self.hear(height);
        }
    }

    /// A validator is proven to be at a height.
    pub(super) fn hear(&mut self, height: Height) {
        self.heard = self.heard.max(height);
        if self.heard >= self.next().height {
            self.begin("others have begun");
        }
    }

    fn begin(&mut self, reason: &'static str) {
        let Some(waiting) = self.waiting.take() else { return };
        tracing::debug!(height = %self.next().height, reason, "beginning");
        self.begun();
        self.shared().update(|progress| progress.phase = Phase::Deciding);
        let _ = waiting.reply.send(Next::Start(EngineHeight(self.next().height), self.params()));
    }

    /// The proposer's heartbeat is due first: the others begin when they hear of its proposal, and by
    /// themselves only if they do not.
    fn due(&self) -> Instant {
        let config = &self.setup().config;
        let next = self.next();
        let proposes = Some(proposer(&next.validators, next.height, 0).key) == self.voting_key();
        let heartbeat = self.last_block + config.heartbeat;
        if proposes { heartbeat } else { heartbeat + config.timeouts.propose }
    }
}
