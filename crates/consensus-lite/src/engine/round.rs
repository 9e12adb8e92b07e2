//! A round begins.

use std::time::Instant;

use malachitebft_app_channel::app::types::ProposedValue;
use malachitebft_core_types::Round;

use super::driver::Driver;
use crate::application::Application;
use crate::context::{EngineHeight, SanadContext};
use crate::status::Phase;
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
        self.shared().update(|progress| {
            progress.round = Some(round);
            progress.phase = Phase::Deciding;
        });
        self.load()?;
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
    pub(super) fn load(&mut self) -> Result<(), Stopped> {
        let height = self.next().height;
        if self.loaded != Some(height) {
            let kept = self.application.undecided(height).map_err(Stopped::Application)?;
            self.proposals.begin(height, kept);
            self.loaded = Some(height);
        }
        Ok(())
    }
}
