//! This node proposes, or sends a block again.

use std::time::{SystemTime, UNIX_EPOCH};

use malachitebft_app_channel::app::streaming::{StreamContent, StreamId, StreamMessage};
use malachitebft_app_channel::app::types::LocallyProposedValue;
use malachitebft_app_channel::{NetworkMsg, Reply};
use malachitebft_core_types::Round;
use sanad_core::hash::BlockHash;

use super::driver::Driver;
use crate::application::{Application, Undecided};
use crate::context::{EngineHeight, ProposalHeader, SanadContext, Value};
use crate::proposals::Verdict;
use crate::stopped::Stopped;
use crate::streams::{STREAM_ID_BYTES, parts};

impl<A: Application> Driver<A> {
    /// Proposes: the same block again after a restart; in later rounds the first block that is known to be
    /// valid, which others have executed, too; else a new one. It is on disk before the engine or anybody else
    /// learns of it.
    pub(super) async fn on_get_value(
        &mut self,
        engine_height: EngineHeight,
        engine_round: Round,
        reply: Reply<LocallyProposedValue<SanadContext>>,
    ) -> Result<(), Stopped> {
        let (height, Some(round)) = (engine_height.0, engine_round.as_u32()) else { return Ok(()) };
        if height != self.next().height {
            return Ok(());
        }
        self.load()?;
        let kept =
            self.proposals.of_round(round).into_iter().find(|entry| entry.undecided.valid_round.is_none());
        let known = match kept {
            Some(entry) => Some(entry.undecided),
            None => self.known_block(round)?,
        };
        let undecided = match known {
            Some(undecided) => undecided,
            None => {
                let proposed = self.application.propose(height, round).map_err(Stopped::Application)?;
                let (block, payload) = (proposed.block, proposed.payload);
                let undecided = Undecided { height, round, valid_round: None, block, payload };
                self.keep(&undecided)?;
                self.proposals.add(undecided.clone(), Verdict::Valid);
                undecided
            }
        };
        let _ = reply.send(LocallyProposedValue::new(engine_height, engine_round, Value(undecided.block)));
        self.send(&undecided).await;
        Ok(())
    }

    /// The first block of the height that is valid, for another round.
    fn known_block(&mut self, round: u32) -> Result<Option<Undecided>, Stopped> {
        for candidate in self.proposals.candidates() {
            let again = Undecided { round, valid_round: None, ..candidate };
            if self.judge(again.clone())?.is_some_and(|value| value.validity.is_valid()) {
                return Ok(Some(again));
            }
        }
        Ok(None)
    }

    /// Sends a block again, under a round of its own.
    pub(super) async fn on_restream(
        &mut self,
        height: EngineHeight,
        round: Round,
        valid_round: Round,
        block: BlockHash,
    ) {
        let (height, Some(round)) = (height.0, round.as_u32()) else { return };
        match self.proposals.payload(&block).filter(|_| height == self.next().height) {
            Some(payload) => {
                let valid_round = valid_round.as_u32();
                self.send(&Undecided { height, round, valid_round, block, payload }).await;
            }
            None => tracing::warn!(%height, round, %block, "cannot send a block again that is not here"),
        }
    }

    async fn send(&mut self, undecided: &Undecided) {
        let Undecided { height, round, valid_round, block, .. } = *undecided;
        let Ok(payload_bytes) = u32::try_from(undecided.payload.len()) else { return };
        let Some(key) = self.setup().keys.validator.clone() else { return };
        let header = ProposalHeader { height, round, valid_round, block, payload_bytes };
        let id = self.stream_id();
        for part in parts(&self.setup().chain_id, &key, header, &undecided.payload) {
            let sequence = u64::from(part.index);
            let message = StreamMessage::new(id.clone(), sequence, StreamContent::Data(part));
            self.publish(NetworkMsg::PublishProposalPart(message)).await;
        }
    }

    /// New for each payload sent, over restarts too: receivers drop what they saw under a known id.
    fn stream_id(&mut self) -> StreamId {
        self.sent += 1;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut id = Vec::with_capacity(STREAM_ID_BYTES);
        // Nanoseconds since 1970 fit 64 bits until 2554.
        id.extend_from_slice(&(now.as_nanos() as u64).to_be_bytes());
        id.extend_from_slice(&self.sent.to_be_bytes());
        StreamId::new(id.into())
    }
}
