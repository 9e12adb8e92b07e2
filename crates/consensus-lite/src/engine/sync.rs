//! Catching up, and helping others to.

use std::ops::RangeInclusive;

use bytes::Bytes;
use malachitebft_app_channel::app::engine::host::SyncedValueOutcome;
use malachitebft_app_channel::app::types::ProposedValue;
use malachitebft_app_channel::app::types::sync::RawDecidedValue;
use malachitebft_core_types::{Round, Validity};
use sanad_core::ids::Height;

use super::driver::Driver;
use crate::application::{Application, Durable, InvalidPayload};
use crate::certificate;
use crate::context::{Address, EngineHeight, SanadContext, Value};
use crate::limits::fits_response;
use crate::proposals::{Known, Match, Sent, Verdict};
use crate::status::count;
use crate::stopped::Stopped;
use crate::timeliness::{HandIn, Receipt};
use crate::wire::RESPONSE_BLOCKS_MAX;

impl<A: Application> Driver<A> {
    /// Executes a block that a peer sent, with a certificate that the engine has verified.
    pub(super) fn on_synced(
        &mut self,
        engine_height: EngineHeight,
        engine_round: Round,
        proposer: Address,
        payload: Bytes,
    ) -> Result<SyncedValueOutcome<SanadContext>, Stopped> {
        let (height, Some(round)) = (engine_height.0, engine_round.as_u32()) else {
            return Ok(SyncedValueOutcome::PeerFault);
        };
        if height != self.next().height {
            return Ok(SyncedValueOutcome::LocalTransientError);
        }
        self.load().map_err(Stopped::Application)?;
        let (block, time_ms) = match self.application.validate(height, &payload) {
            Ok(valid) => (valid.block, valid.time_ms),
            Err(InvalidPayload::Invalid(reason)) => {
                tracing::error!(%height, %reason, "a peer sent a payload that is not the decided block");
                count(&self.shared().counters.dropped, 1);
                return Ok(SyncedValueOutcome::PeerFault);
            }
            Err(InvalidPayload::Fatal(error)) => return Err(Stopped::Application(error)),
        };
        if self.proposals.compare(&block, &payload) == Match::New {
            // Decided, so timely for others: the clock of this node has no say.
            let (verdict, receipt) = (Verdict::Valid { time_ms }, Receipt::Timely);
            let known = Known { block, payload, verdict, receipt, kept: false, sent: Vec::new() };
            if self.proposals.insert_synced(known) {
                self.keep(&block, Durable::Soon)?;
            }
        } else {
            self.keep(&block, Durable::Soon)?;
        }
        self.proposals.note(&block, Sent::unsigned(round, HandIn::Valid));
        self.synced = Some(height);
        count(&self.shared().counters.synced, 1);
        Ok(SyncedValueOutcome::Verdict(ProposedValue {
            height: engine_height,
            round: engine_round,
            valid_round: Round::Nil,
            proposer,
            value: Value(block),
            validity: Validity::Valid,
        }))
    }

    /// Whether the disk is waited for with the block of this height, which is decided. Not while blocks come from peers one after
    /// the other, since the chain was past them: the validators that decided them have them on their disks, so nothing that
    /// anybody was told is lost with this node's copy. It would follow a chain only as fast as its disk syncs, otherwise.
    pub(super) fn commits(&mut self) -> Durable {
        let height = self.next().height;
        let far = self.decided_elsewhere().0 >= height.0.saturating_add(BEHIND_MIN);
        self.catching_up = self.synced == Some(height) && (self.catching_up || far);
        if self.catching_up { Durable::Soon } else { Durable::Now }
    }

    /// Whether the disk is waited for with a payload of this height. Not if the height is decided: then this node's vote
    /// counts for nothing any more.
    pub(super) fn keeps(&self) -> Durable {
        if self.is_decided_elsewhere() { Durable::Soon } else { Durable::Now }
    }

    /// Whether the next height is decided already, by the word of more validators than may be faulty.
    pub(super) fn is_decided_elsewhere(&self) -> bool {
        self.decided_elsewhere() >= self.next().height
    }

    /// The height that is decided at least, by the word of more validators than may be faulty.
    fn decided_elsewhere(&self) -> Height {
        self.shared().attendance.decided(&self.next().validators)
    }

    /// Reads decided blocks for a peer: a prefix of the range that fits an answer. It ends before a block that
    /// cannot be read, which the peer then asks another node for: this node needs no old block to go on.
    pub(super) fn on_get_decided(
        &mut self,
        range: &RangeInclusive<EngineHeight>,
    ) -> Vec<RawDecidedValue<SanadContext>> {
        let (first, last) = (range.start().0.0, range.end().0.0);
        let mut values = Vec::new();
        let mut bytes = 0;
        for height in (first..=last).take(RESPONSE_BLOCKS_MAX).map(Height) {
            let decided = match self.application.decided(height) {
                Ok(Some(decided)) => decided,
                Ok(None) => break,
                Err(error) => {
                    count(&self.shared().counters.unreadable, 1);
                    let cause = std::error::Error::source(&error).map(tracing::field::display);
                    let unreadable = self.shared().counters.read().unreadable;
                    tracing::error!(%height, %error, cause, unreadable, "a block that a peer asks for cannot be read");
                    break;
                }
            };
            let certificate = match certificate::to_engine(
                &decided.certificate,
                decided.block,
                &decided.validators,
            ) {
                Ok(certificate) => certificate,
                Err(error) => {
                    tracing::error!(%height, %error, "the ledger's certificate does not fit its validators");
                    break;
                }
            };
            if !fits_response(bytes, decided.payload.len()) {
                break;
            }
            bytes += decided.payload.len();
            values.push(RawDecidedValue::new(decided.payload, certificate));
        }
        values
    }
}

/// Blocks that a node is behind before it stops waiting for its disk with each: to begin so costs some syncs.
const BEHIND_MIN: u64 = 4;
