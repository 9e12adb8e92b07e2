//! Is a block valid? The ledger executes it to find out, once; the rule of time says when the engine learns it.

use std::time::{Duration, Instant};

use bytes::Bytes;
use malachitebft_app_channel::app::types::ProposedValue;
use malachitebft_core_types::{Round, Validity};
use sanad_core::block::BlockId;
use sanad_core::validators::Validator;

use super::driver::Driver;
use crate::application::{Application, Durable, InvalidPayload, Undecided};
use crate::context::{Address, EngineHeight, ProposalHeader, SanadContext, Value};
use crate::proposals::{Known, Match, Room, Sent, Verdict};
use crate::rotation::proposer;
use crate::status::count;
use crate::stopped::Stopped;
use crate::streams::Received;
use crate::timeliness::{HandIn, Receipt, Sending, Vote, hand_in};

impl<A: Application> Driver<A> {
    /// Judges a payload of the next height, and hands it in if it is time.
    ///
    /// Only a first proposal can make a block invalid: its proposer alone answers for it. A payload that is proposed
    /// again and is not valid says nothing of the block it is said to be, which may be on its way.
    pub(super) fn judge_received(
        &mut self,
        received: Received,
    ) -> Result<Option<ProposedValue<SanadContext>>, Stopped> {
        let Received { header, signature, payload, arrived_ms } = received;
        let sending = Sending::of(&header);
        let ProposalHeader { height, round, valid_round, block, .. } = header;
        self.load().map_err(Stopped::Application)?;
        match self.proposals.room(&header) {
            Room::Free => {
                self.proposals.judge(&header);
                self.pace.came(round);
            }
            Room::Judged => return Ok(None),
            Room::Full => {
                tracing::warn!(%height, round, %block, "dropping a block too many");
                count(&self.shared().counters.dropped, 1);
                return Ok(None);
            }
        }
        match self.proposals.compare(&block, &payload) {
            Match::Same => self.judge_kept(&block)?,
            Match::Other => {
                tracing::warn!(%height, round, %block, "dropping a second payload of a block");
                count(&self.shared().counters.dropped, 1);
                return Ok(None);
            }
            Match::New => {
                let verdict = self.execute(round, block, &payload)?;
                let invalid = matches!(verdict, Verdict::Invalid { .. });
                if invalid && sending != Sending::First {
                    return Ok(None);
                }
                let payload = if invalid { Bytes::new() } else { payload };
                let sent = self.proposals.get(&block).map(|known| known.sent.clone()).unwrap_or_default();
                let (receipt, kept) = (Receipt::Reproposed, false);
                self.proposals.insert(Known { block, payload, verdict, receipt, kept, sent });
            }
        }
        self.receive(&block, sending, arrived_ms);
        let signature = Some(signature);
        self.proposals.note(&block, Sent { round, valid_round, signature, told: HandIn::Nothing });
        self.hand_in(&block, round)
    }

    /// Executes a block.
    fn execute(&mut self, round: u32, block: BlockId, payload: &Bytes) -> Result<Verdict, Stopped> {
        let height = self.next().height;
        let reason = match self.application.validate(height, payload) {
            Ok(valid) if valid.block == block => return Ok(Verdict::Valid { time_ms: valid.time_ms }),
            Ok(valid) if valid.block.hash == block.hash => "its header names another round".into(),
            Ok(valid) => format!("the payload is that of {}", valid.block).into(),
            Err(InvalidPayload::Invalid(reason)) => reason,
            Err(InvalidPayload::Fatal(error)) => return Err(Stopped::Application(error)),
        };
        let Validator { member, .. } = proposer(&self.next().validators, height, round);
        tracing::warn!(%height, round, %block, proposer = %member, %reason, "an invalid block is proposed");
        count(&self.shared().counters.invalid, 1);
        Ok(Verdict::Invalid { payload: *blake3::hash(payload).as_bytes() })
    }

    /// Judges a block that an earlier process kept.
    fn judge_kept(&mut self, block: &BlockId) -> Result<(), Stopped> {
        let Some(known) = self.proposals.get(block).filter(|known| known.verdict == Verdict::Unjudged) else {
            return Ok(());
        };
        let payload = known.payload.clone();
        let verdict = self.execute(block.round, *block, &payload)?;
        if let Some(known) = self.proposals.get_mut(block) {
            known.verdict = verdict;
        }
        Ok(())
    }

    /// Compares the block's time with the clock at its arrival, if this is the first copy that counts.
    fn receive(&mut self, block: &BlockId, sending: Sending, arrived_ms: u64) {
        let Some(known) = self.proposals.get_mut(block) else { return };
        let Verdict::Valid { time_ms } = known.verdict else { return };
        let before = known.receipt;
        known.receipt = before.after(sending, time_ms, block.round, arrived_ms);
        let receipt = known.receipt;
        if before == Receipt::Reproposed && sending == Sending::First {
            let by = proposer(&self.next().validators, self.next().height, block.round).key;
            self.shared().attendance.proposed(by, time_ms.wrapping_sub(arrived_ms).cast_signed());
        }
        if receipt == Receipt::Timely && before != Receipt::Timely {
            self.pace.proposed(block.round, Instant::now());
            return;
        }
        if receipt == Receipt::Untimely && before != Receipt::Untimely && self.voting_key().is_some() {
            count(&self.shared().counters.untimely, 1);
            self.say_untimely(block, time_ms, arrived_ms);
        }
    }

    /// Warns of a block whose time does not agree with the clock, now and then: with a wrong clock here that is every block.
    fn say_untimely(&mut self, block: &BlockId, time_ms: u64, arrived_ms: u64) {
        let now = Instant::now();
        if self.untimely_said.is_some_and(|said| now.saturating_duration_since(said) < UNTIMELY_INTERVAL) {
            return;
        }
        self.untimely_said = Some(now);
        let (height, round) = (self.next().height, block.round);
        let Validator { member, .. } = proposer(&self.next().validators, height, round);
        let untimely = self.shared().counters.read().untimely;
        tracing::warn!(
            %height, round, %block, proposer = %member, time_ms, arrived_ms, untimely,
            "the time of a proposed block does not agree with this node's clock; `sanad node why` says whose is wrong"
        );
    }

    /// Hands a judged block in for a round in which it was sent, if the rule of time lets it and the engine does not
    /// know it: the engine logs each value it is given.
    fn hand_in(
        &mut self,
        block: &BlockId,
        round: u32,
    ) -> Result<Option<ProposedValue<SanadContext>>, Stopped> {
        self.judge_kept(block)?;
        let Some(known) = self.proposals.get(block) else { return Ok(None) };
        let Some(sent) = known.sent.iter().find(|sent| sent.round == round).copied() else { return Ok(None) };
        let told = match known.verdict {
            Verdict::Valid { .. } => hand_in(known.receipt, self.vote(block)),
            Verdict::Invalid { .. } | Verdict::Unjudged => HandIn::Invalid,
        };
        if told <= sent.told {
            return Ok(None);
        }
        if !known.is_invalid() {
            self.keep(block, self.keeps())?;
        }
        self.proposals.note(block, Sent { told, ..sent });
        Ok(Some(ProposedValue {
            height: EngineHeight(self.next().height),
            round: Round::new(round),
            valid_round: sent.valid_round.map_or(Round::Nil, Round::new),
            proposer: Address(proposer(&self.next().validators, self.next().height, round).key),
            value: Value(*block),
            validity: Validity::from_bool(told == HandIn::Valid),
        }))
    }

    /// Hands in all blocks of which the engine should hear something better than it has heard.
    pub(super) fn hand_in_due(&mut self) -> Result<Vec<ProposedValue<SanadContext>>, Stopped> {
        let mut values = Vec::new();
        for (block, sent) in self.proposals.candidates() {
            let due = match self.proposals.get(&block) {
                Some(known) => hand_in(known.receipt, self.vote(&block)) > sent.told,
                None => false,
            };
            if due {
                values.extend(self.hand_in(&block, sent.round)?);
            }
        }
        Ok(values)
    }

    /// This node's first vote in the round in which a block of the next height was first proposed. A restart goes through all rounds
    /// again, from the first: what the engine was told is valid before it stays so, whatever of it is known again by then.
    fn vote(&self, block: &BlockId) -> Vote {
        let (height, round) = (self.next().height, block.round);
        let prevoted = self.prevoted().filter(|(at, _)| *at == height).is_some_and(|(_, last)| last >= round);
        match self.voting_key() {
            None => Vote::None,
            Some(_) if prevoted || self.round > round || self.told_valid.contains(block) => Vote::Settled,
            Some(_) => Vote::Pending,
        }
    }

    /// Keeps a block on disk before the engine may vote on it, once. Nodes without a vote can ask peers again.
    pub(super) fn keep(&mut self, block: &BlockId, durable: Durable) -> Result<(), Stopped> {
        let height = self.next().height;
        let votes = self.voting_key().is_some();
        let Some(known) = self.proposals.get_mut(block).filter(|known| votes && !known.kept) else {
            return Ok(());
        };
        known.kept = true;
        let Known { receipt, payload, .. } = known;
        let undecided = Undecided { height, block: *block, receipt: *receipt, payload: payload.clone() };
        self.application.keep_undecided(&undecided, durable).map_err(Stopped::Application)?;
        #[cfg(feature = "testing")]
        self.crash_at(crate::testing::Point::Kept(*block, undecided.receipt))?;
        Ok(())
    }
}

/// Least time between two warnings of blocks whose time does not agree with the clock.
const UNTIMELY_INTERVAL: Duration = Duration::from_secs(60);
