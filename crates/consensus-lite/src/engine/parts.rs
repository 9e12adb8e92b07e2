//! A part of a payload came in.

use std::time::Instant;

use malachitebft_app_channel::app::streaming::{StreamContent, StreamMessage};
use malachitebft_app_channel::app::types::{PeerId, ProposedValue};
use sanad_core::block::BlockId;
use sanad_core::ids::Height;

use super::driver::Driver;
use crate::application::Application;
use crate::context::{ProposalHeader, ProposalPart, SanadContext};
use crate::guard::{Position, Step};
use crate::heard::News;
use crate::proposals::Room;
use crate::status::count;
use crate::stopped::Stopped;
use crate::streams::{Admission, Publisher, is_signed};

impl<A: Application> Driver<A> {
    /// Certificates that a quorum found these blocks valid came in, as one does before a block that is sent again.
    pub(super) fn on_polkas(&mut self, polkas: &[(Height, BlockId)]) -> Result<(), Stopped> {
        for (height, block) in polkas {
            if *height == self.next().height && !self.proposals.is_proven(block) {
                self.load().map_err(Stopped::Application)?;
                self.proposals.prove(*block);
            }
        }
        Ok(())
    }

    /// Returns the block that the part completes, judged. The publisher is the one whose signature gossip has checked,
    /// whichever peer relayed the part.
    pub(super) fn on_part(
        &mut self,
        publisher: Option<PeerId>,
        message: StreamMessage<ProposalPart>,
    ) -> Result<Option<ProposedValue<SanadContext>>, Stopped> {
        let id = message.stream_id.to_bytes();
        let (Ok(id), StreamContent::Data(part), Some(publisher)) =
            (id[..].try_into(), message.content, publisher)
        else {
            return Ok(None);
        };
        let ProposalHeader { height, round, .. } = part.header;
        #[cfg(feature = "testing")]
        if self.misses(&part.header, publisher) {
            return Ok(None);
        }
        if height == self.next().height {
            match self.proposals.room(&part.header) {
                Room::Free => {}
                Room::Judged => return Ok(None),
                Room::Full => {
                    count(&self.shared().counters.dropped, 1);
                    return Ok(None);
                }
            }
        }
        self.note_late(&part);
        let listed = self.shared().is_peer(&publisher);
        let publisher = Publisher { peer: publisher, listed };
        let at = Position { height, round, step: Step::Proposal };
        let signed = News::Signed { by: part.sender, at };
        let next = self.next().clone();
        let admission = Admission {
            chain_id: &self.setup().chain_id.clone(),
            height: next.height,
            validators: &next.validators,
            round: self.round,
            payload_bytes_max: next.block_bytes_max,
            now_ms: self.setup().config.clock.now_ms(),
            own: self.own_key(),
        };
        let received = match self.streams.accept(id, publisher, part, &admission) {
            Ok(received) => {
                self.hear(signed)?;
                received
            }
            Err(error) => {
                tracing::debug!(publisher = %publisher.peer, %error, "dropping a part");
                count(&self.shared().counters.dropped, 1);
                return Ok(None);
            }
        };
        match received {
            Some(received) if height == next.height => self.judge_received(received),
            Some(received) => {
                self.proposals.hold(received);
                Ok(None)
            }
            None => Ok(None),
        }
    }

    /// A proposer that was not waited for in full gets its full time again if its proposal comes within that, even if the
    /// height is decided.
    fn note_late(&mut self, part: &ProposalPart) {
        let ProposalPart { header, sender, signature, .. } = part;
        let now = Instant::now();
        let configured = self.setup().config.timeouts;
        if header.height < self.next().height
            && self.pace.is_in_time(sender, header.height, header.round, configured, now)
            && is_signed(&self.setup().chain_id, header, sender, signature)
        {
            tracing::debug!(height = %header.height, round = header.round, "a proposal came late, but came");
            self.pace.is_back(sender);
        }
    }
}
