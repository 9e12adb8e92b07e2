//! A round begins.

use std::time::Instant;

use malachitebft_app_channel::app::types::ProposedValue;
use malachitebft_core_types::Round;

use super::driver::Driver;
use crate::application::{Application, ApplicationError};
use crate::attendance::silent_since;
use crate::context::{EngineHeight, SanadContext};
use crate::guard::{Position, Step};
use crate::rotation::proposer;
use crate::status::{Phase, count};
use crate::stopped::Stopped;

impl<A: Application> Driver<A> {
    /// Returns the blocks that the engine should know now: kept before a restart, received before their height,
    /// or untimely in a round that is over.
    pub(super) fn on_started_round(
        &mut self,
        height: EngineHeight,
        round: Round,
    ) -> Result<Vec<ProposedValue<SanadContext>>, Stopped> {
        let (height, round) = (height.0, round.as_u32().unwrap_or(0));
        if height != self.next().height {
            return Ok(Vec::new());
        }
        self.round = round;
        if let Some(link) = self.link() {
            link.arrivals.entered(height);
        }
        self.note_failed_rounds(round);
        self.shared().update(|progress| {
            progress.round = Some(round);
            progress.since = Instant::now();
            progress.phase = Phase::Deciding;
        });
        self.load().map_err(Stopped::Application)?;
        if round == 0 {
            self.pace.began(Instant::now());
            // Values of a height that it has not begun wait in a queue of the engine that anybody can fill.
            self.proposals.forget_told();
        }
        let mut values = self.hand_in_due()?;
        for received in self.proposals.take_held(height) {
            values.extend(self.judge_received(received)?);
        }
        Ok(values)
    }

    /// Counts rounds that ended without a block, and says who was not heard in the last one. Later rounds say it less
    /// often: each takes longer than the one before, and a chain may stand for days. Rounds that are read from the engine's log
    /// failed before it was started, and nobody can be heard in them.
    fn note_failed_rounds(&self, round: u32) {
        let before = self.shared().progress();
        let logged = self.logged_round.filter(|(height, _)| *height == self.next().height);
        let from = before.round.unwrap_or(0).max(logged.map_or(0, |(_, round)| round));
        let failed = round.saturating_sub(from);
        count(&self.shared().counters.rounds_failed, failed as usize);
        if round < FAILURES_TO_SAY || failed == 0 || !round.is_power_of_two() {
            return;
        }
        let (height, set) = (self.next().height, &self.next().validators);
        let failed = Position { height, round: round - 1, step: Step::Prevote };
        let validators = self.shared().attendance.of(set);
        let own = self.voting_key();
        let silent: Vec<String> = silent_since(&validators, failed)
            .filter(|(validator, _)| Some(validator.key) != own)
            .map(|(validator, silence)| match silence {
                Some(silence) => format!("{} (for {} s)", validator.member, silence.as_secs()),
                None => format!("{} (since this node started)", validator.member),
            })
            .collect();
        let (power, of, needed) = (validators.len() - silent.len(), validators.len(), set.quorum());
        let proposer = &proposer(set, height, round - 1).member;
        let silent = if silent.is_empty() { "nobody".to_owned() } else { silent.join(", ") };
        tracing::warn!(
            %height, rounds_failed = round, power, of, needed, %proposer, %silent,
            "no block is agreed on; `sanad node why` says more"
        );
    }

    /// This node has given its first vote in a round: the clock has had its say.
    pub(super) fn on_prevoted(&mut self) -> Result<(), Stopped> {
        #[cfg(feature = "testing")]
        if let Some((height, round)) = self.prevoted() {
            self.crash_at(crate::testing::Point::Prevoted(height, round))?;
        }
        for value in self.hand_in_due()? {
            if let Some(link) = self.link() {
                link.hand_in(value);
            }
        }
        Ok(())
    }

    /// Reads what an earlier process kept of the height, once.
    pub(super) fn load(&mut self) -> Result<(), ApplicationError> {
        let height = self.next().height;
        if self.loaded != Some(height) {
            let kept = self.application.undecided(height)?;
            self.proposals.begin(height, kept);
            self.loaded = Some(height);
        }
        Ok(())
    }
}

/// Rounds of one height that fail before the log says so: one is lost now and then on any network.
const FAILURES_TO_SAY: u32 = 2;
