//! This node proposes, or sends a block again.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use malachitebft_app_channel::app::streaming::{StreamContent, StreamId, StreamMessage};
use malachitebft_app_channel::app::types::LocallyProposedValue;
use malachitebft_app_channel::{NetworkMsg, Reply};
use malachitebft_core_types::Round;
use sanad_core::block::BlockId;
use sanad_core::signature::{PublicKey, Signature};
use sanad_core::timeliness::TIME_PRECISION_MS;

use super::driver::Driver;
use crate::application::{Application, Durable, ProposedBlock, Slot};
use crate::context::{EngineHeight, ProposalHeader, SanadContext, Value};
use crate::limits::payload_bytes_max;
use crate::proposals::{Known, Sent, Verdict};
use crate::rotation::proposer;
use crate::stopped::Stopped;
use crate::streams::{STREAM_ID_BYTES, parts, sign_header};
use crate::timeliness::{HandIn, Receipt};

/// A proposal that waits for the clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deferred {
    round: u32,
    /// When to look at the clock again.
    due: Instant,
}

impl<A: Application> Driver<A> {
    /// Proposes: after a restart the same block again, else always a new one. A block that is known from an
    /// earlier round would not be timely; if a quorum found it valid, the engine proposes it again by itself.
    /// It is on disk before the engine or anybody else learns of it.
    pub(super) async fn on_get_value(
        &mut self,
        height: EngineHeight,
        round: Round,
        reply: Reply<LocallyProposedValue<SanadContext>>,
    ) -> Result<(), Stopped> {
        let Some(round) = round.as_u32().filter(|_| height.0 == self.next().height) else { return Ok(()) };
        #[cfg(feature = "testing")]
        if self.silent {
            return Ok(());
        }
        // Without a block the question is left open: the engine asks nothing else while it waits for a reply. What is decided
        // comes from peers, and needs no proposal.
        if self.is_decided_elsewhere() {
            return Ok(());
        }
        if let Some(value) = self.block_to_propose(round)? {
            let block = value.value.0;
            let _ = reply.send(value);
            self.send(block, round, None).await;
        }
        Ok(())
    }

    /// Resolves when a deferred proposal is due; never while there is none.
    pub(super) fn deferred_due(&self) -> impl Future<Output = ()> + use<A> {
        let due = self.deferred.map(|deferred| deferred.due);
        async move {
            match due {
                Some(due) => tokio::time::sleep_until(due.into()).await,
                None => std::future::pending().await,
            }
        }
    }

    /// Looks at the clock again for a deferred proposal. The engine drops one that comes too late.
    pub(super) async fn on_deferred(&mut self) -> Result<(), Stopped> {
        let Some(Deferred { round, .. }) = self.deferred.take() else { return Ok(()) };
        if round == self.round
            && let Some(value) = self.block_to_propose(round)?
        {
            let block = value.value.0;
            if let Some(link) = self.link() {
                link.propose(value);
            }
            self.send(block, round, None).await;
        }
        Ok(())
    }

    /// `None` while the clock is behind: then it is deferred.
    fn block_to_propose(
        &mut self,
        round: u32,
    ) -> Result<Option<LocallyProposedValue<SanadContext>>, Stopped> {
        self.load().map_err(Stopped::Application)?;
        let height = self.next().height;
        let known = self.proposals.own(round).map(|known| known.block);
        let block = match known {
            Some(block) => block,
            None => {
                let now_ms = self.now_ms(round);
                let time_ms = now_ms.max(self.next().time_ms_min);
                let ahead_ms = time_ms.saturating_sub(now_ms.saturating_add(TIME_PRECISION_MS));
                if ahead_ms > 0 {
                    tracing::warn!(%height, round, ahead_ms, "this node's clock is behind the chain: not proposing yet");
                    // The clock may jump, so it is looked at now and then.
                    let wait = Duration::from_millis(ahead_ms).min(CLOCK_POLL_INTERVAL);
                    self.deferred = Some(Deferred { round, due: Instant::now() + wait });
                    return Ok(None);
                }
                let payload_bytes_max = payload_bytes_max(self.next().block_bytes_max, round);
                let slot = Slot { height, round, time_ms, payload_bytes_max };
                let proposed = self.application.propose(&slot).map_err(Stopped::Application)?;
                let ProposedBlock { block, payload } = proposed;
                let sent = vec![Sent::unsigned(round, HandIn::Valid)];
                let (verdict, receipt) = (Verdict::Valid { time_ms }, Receipt::Own);
                self.proposals.insert(Known { block, payload, verdict, receipt, kept: false, sent });
                self.keep(&block, Durable::Now)?;
                block
            }
        };
        Ok(Some(LocallyProposedValue::new(EngineHeight(height), Round::new(round), Value(block))))
    }

    /// The time to date a proposal by, in milliseconds since 1970-01-01 UTC. A clock that the others show to be wrong is
    /// put right, in the first round alone: should they be wrong, the next rounds do not depend on them. Votes always go
    /// by this node's own clock.
    fn now_ms(&mut self, round: u32) -> u64 {
        let now_ms = self.setup().config.clock.now_ms();
        if round > 0 {
            return now_ms;
        }
        let own = self.own_key();
        let correction_ms = self.shared().attendance.clock_correction_ms(&self.next().validators, own);
        let corrected = correction_ms != 0;
        if corrected && !self.corrected {
            tracing::warn!(
                correction_ms,
                "this node's clock is wrong: its proposals are dated by those of the others"
            );
        }
        self.corrected = corrected;
        now_ms.saturating_add_signed(correction_ms)
    }

    /// Sends a block again: as the proposer of a later round, or, from round 10 on, since this node has locked it and
    /// others may not have it. Those count only what a proposer signed, so another's block goes out as its proposer
    /// signed it in some round. The engine pairs block and proposal by name alone, whatever round that is.
    pub(super) async fn on_restream(
        &mut self,
        height: EngineHeight,
        round: Round,
        valid_round: Round,
        block: BlockId,
    ) {
        let Some(round) = round.as_u32().filter(|_| height.0 == self.next().height) else { return };
        let own = self.voting_key();
        let is_own = |round| Some(proposer(&self.next().validators, height.0, round).key) == own;
        if is_own(round) {
            self.send(block, round, valid_round.as_u32()).await;
        } else if let Some(sent) = self.proposals.signed(&block, round) {
            self.send_on(block, sent).await;
        } else if is_own(block.round) {
            self.send(block, block.round, None).await;
        } else {
            tracing::warn!(height = %height.0, round, %block, "cannot send on a block without its proposer's signature");
        }
    }

    async fn send(&mut self, block: BlockId, round: u32, valid_round: Option<u32>) {
        let height = self.next().height;
        let Some(payload) = self.proposals.payload(&block) else {
            tracing::warn!(%height, round, %block, "cannot send a block that is not here");
            return;
        };
        self.send_payload(block, round, valid_round, &payload).await;
    }

    /// Sends a payload in this node's own name.
    pub(super) async fn send_payload(
        &mut self,
        block: BlockId,
        round: u32,
        valid_round: Option<u32>,
        payload: &Bytes,
    ) {
        let Some(key) = self.key().cloned() else { return };
        let Some(header) = self.header(block, round, valid_round, payload) else { return };
        let signature = sign_header(&self.setup().chain_id, &key, &header);
        self.send_parts(header, key.public(), signature, payload).await;
    }

    /// Sends a payload as the proposer of a round sent it.
    async fn send_on(&mut self, block: BlockId, sent: Sent) {
        let Sent { round, valid_round, signature: Some(signature), .. } = sent else { return };
        let Some(payload) = self.proposals.payload(&block) else { return };
        let Some(header) = self.header(block, round, valid_round, &payload) else { return };
        let sender = proposer(&self.next().validators, header.height, round).key;
        self.send_parts(header, sender, signature, &payload).await;
    }

    fn header(
        &self,
        block: BlockId,
        round: u32,
        valid_round: Option<u32>,
        payload: &Bytes,
    ) -> Option<ProposalHeader> {
        let payload_bytes = u32::try_from(payload.len()).ok()?;
        let (height, payload_digest) = (self.next().height, *blake3::hash(payload).as_bytes());
        Some(ProposalHeader { height, round, valid_round, block, payload_bytes, payload_digest })
    }

    async fn send_parts(
        &mut self,
        header: ProposalHeader,
        sender: PublicKey,
        signature: Signature,
        payload: &Bytes,
    ) {
        let id = self.stream_id();
        for part in parts(header, sender, signature, payload) {
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

/// Longest time between two looks at the clock while a proposal waits for it.
const CLOCK_POLL_INTERVAL: Duration = Duration::from_millis(100);
