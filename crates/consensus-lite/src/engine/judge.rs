//! Is a block valid? The ledger executes it to find out, once.

use malachitebft_app_channel::app::types::ProposedValue;
use malachitebft_core_types::{Round, Validity};
use sanad_core::validators::Validator;

use super::driver::Driver;
use crate::application::{Application, InvalidPayload, PayloadSource, Undecided};
use crate::context::{Address, EngineHeight, SanadContext, Value};
use crate::proposals::Verdict;
use crate::rotation::proposer;
use crate::status::count;
use crate::stopped::Stopped;
use crate::streams::Received;

impl<A: Application> Driver<A> {
    pub(super) fn judge_received(
        &mut self,
        received: Received,
    ) -> Result<Option<ProposedValue<SanadContext>>, Stopped> {
        let Received { header, payload } = received;
        let crate::context::ProposalHeader { height, round, valid_round, block, .. } = header;
        self.load()?;
        if !self.proposals.has_room(round, &block, payload.len()) {
            tracing::warn!(%height, round, %block, "dropping a block too many");
            count(&self.shared().counters.dropped, 1);
            return Ok(None);
        }
        self.judge(Undecided { height, round, valid_round, block, payload })
    }

    /// Executes a block of the next height, keeps it if it is valid, and says so to the engine. `None` for a
    /// payload that is not of the block it claims to be.
    pub(super) fn judge(
        &mut self,
        undecided: Undecided,
    ) -> Result<Option<ProposedValue<SanadContext>>, Stopped> {
        let Undecided { height, round, block, .. } = undecided;
        if self.proposals.has_other_payload(&block, &undecided.payload) {
            tracing::warn!(%height, round, %block, "dropping a second payload of a block");
            count(&self.shared().counters.dropped, 1);
            return Ok(None);
        }
        let verdict = match self.proposals.verdict(round, &block, &undecided.payload) {
            Some(known) => known,
            None => match self.application.validate(height, &undecided.payload, PayloadSource::Proposal) {
                Ok(hash) if hash == block => Verdict::Valid,
                Ok(hash) => {
                    tracing::warn!(%height, round, %block, %hash, "dropping the payload of another block");
                    count(&self.shared().counters.dropped, 1);
                    return Ok(None);
                }
                Err(InvalidPayload::Invalid(reason)) => {
                    let Validator { member, .. } = proposer(&self.next().validators, height, round);
                    tracing::warn!(%height, round, %block, proposer = %member, %reason, "an invalid block is proposed");
                    count(&self.shared().counters.invalid, 1);
                    Verdict::Invalid
                }
                Err(InvalidPayload::Fatal(error)) => return Err(Stopped::Application(error)),
            },
        };
        if verdict == Verdict::Valid {
            self.keep(&undecided)?;
        }
        let value = self.proposed_value(&undecided, Validity::from_bool(verdict == Verdict::Valid));
        self.proposals.add(undecided, verdict);
        Ok(Some(value))
    }

    /// Keeps a block on disk before this node may vote for it, once. Who does not vote can ask peers again.
    pub(super) fn keep(&mut self, undecided: &Undecided) -> Result<(), Stopped> {
        if self.voting_key().is_some() && !self.proposals.is_kept(&undecided.block) {
            self.application.keep_undecided(undecided).map_err(Stopped::Application)?;
        }
        Ok(())
    }

    pub(super) fn proposed_value(
        &self,
        undecided: &Undecided,
        validity: Validity,
    ) -> ProposedValue<SanadContext> {
        let Undecided { height, round, valid_round, block, .. } = *undecided;
        ProposedValue {
            height: EngineHeight(height),
            round: Round::new(round),
            valid_round: valid_round.map_or(Round::Nil, Round::new),
            proposer: Address(proposer(&self.next().validators, height, round).key),
            value: Value(block),
            validity,
        }
    }
}
