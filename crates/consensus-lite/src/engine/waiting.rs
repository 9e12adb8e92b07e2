//! When does the next height begin?
//!
//! The engine would make blocks without end. It does not, because the reply that lets it go on is held back
//! until there is something to commit, someone else has begun, or the heartbeat is due. It goes on serving
//! peers meanwhile.

use std::time::{Duration, Instant};

use malachitebft_app_channel::Reply;
use malachitebft_app_channel::app::engine::host::Next;
use sanad_core::ids::Height;

use super::driver::Driver;
use crate::application::Application;
use crate::context::{EngineHeight, SanadContext};
use crate::heard::{News, Urgency};
use crate::rotation::proposer;
use crate::status::Phase;
use crate::stopped::Stopped;

/// A height that is not begun yet.
pub(super) struct Waiting {
    reply: Reply<Next<SanadContext>>,
    /// When to begin without a further reason: at the heartbeat, or sooner after a lone voice.
    due: Instant,
}

impl<A: Application> Driver<A> {
    /// Begins the next height, or waits with it.
    pub(super) fn begin_or_wait(&mut self, reply: Reply<Next<SanadContext>>) {
        let height = self.next().height;
        let urgency = self.heard.urgency(self.next());
        let reason = match self.voting_key() {
            // Who does not vote makes no blocks, and follows best by being there already.
            None => Some("a follower does not wait"),
            Some(_) if urgency == Urgency::Now => Some("others have begun"),
            Some(_) if self.synced == Some(Height(height.0.saturating_sub(1))) => Some("catching up"),
            Some(_) if self.application.has_work() => Some("there is work"),
            Some(_) => None,
        };
        self.waiting = Some(Waiting { reply, due: self.due() });
        match reason {
            Some(reason) => self.begin(reason),
            None => {
                self.shared().update(|progress| progress.phase = Phase::Waiting);
                self.follow();
            }
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
        self.begin("it is due");
    }

    pub(super) fn on_wake(&mut self) {
        if self.waiting.is_some() && self.application.has_work() {
            self.begin("there is work");
        }
    }

    pub(super) fn on_news(&mut self, news: &[News]) -> Result<(), Stopped> {
        news.iter().try_for_each(|news| self.hear(*news))
    }

    /// Takes note of what others sign or decide, and begins what they have begun.
    pub(super) fn hear(&mut self, news: News) -> Result<(), Stopped> {
        if let News::Signed { by, at } = news {
            self.check_own_voice(by, at)?;
        }
        self.shared().attendance.note(news);
        let next = self.next().clone();
        self.heard.note(news, &next);
        self.follow();
        Ok(())
    }

    fn follow(&mut self) {
        match self.heard.urgency(self.next()) {
            Urgency::Now => self.begin("others have begun"),
            Urgency::Soon => {
                let soon = self.last_block + LONE_VOICE_DELAY;
                if let Some(waiting) = &mut self.waiting {
                    waiting.due = waiting.due.min(soon);
                }
            }
            Urgency::None => {}
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
        let next = self.next();
        let proposes = Some(proposer(&next.validators, next.height, 0).key) == self.voting_key();
        let heartbeat = self.last_block + next.heartbeat;
        if proposes { heartbeat } else { heartbeat + self.setup().config.timeouts.propose }
    }
}

/// Time after a block before the word of one validator begins the next: what a faulty one can at most make of
/// a chain without work.
const LONE_VOICE_DELAY: Duration = Duration::from_secs(1);
