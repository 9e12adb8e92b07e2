//! A height is decided.

use std::sync::atomic::Ordering;

use malachitebft_app_channel::Reply;
use malachitebft_app_channel::app::consensus::MisbehaviorEvidence;
use malachitebft_app_channel::app::engine::host::Next;
use malachitebft_core_types::{CommitCertificate as EngineCertificate, SignedProposal, SignedVote, VoteType};
use sanad_core::evidence::{Equivocation, Statement, StatementKind};
use sanad_core::signature::PublicKey;

use super::driver::Driver;
use crate::application::{Application, Durable};
use crate::certificate;
use crate::context::SanadContext;
use crate::status::count;
use crate::stopped::Stopped;

impl<A: Application> Driver<A> {
    /// Commits. The engine learns of it when the block is durable.
    pub(super) fn on_decided(
        &mut self,
        certificate: &EngineCertificate<SanadContext>,
    ) -> Result<(), Stopped> {
        let height = certificate.height.0;
        if height < self.next().height {
            return Ok(());
        }
        let validators = self.next().validators.clone();
        let block = certificate.value_id;
        let certificate =
            certificate::from_engine(certificate, &validators).map_err(|_| Stopped::Strangers { height })?;
        // The engine has checked these signatures, and this looks most of them up: but what a block is committed with is
        // what this line has seen, wherever the engine has it from.
        let check =
            |key: &_, message: &_, signature: &_| self.shared().verified.check(key, message, signature);
        certificate
            .verify_with(&self.setup().chain_id, self.next().height, &block, &validators, check)
            .map_err(|source| Stopped::Certificate { height, source })?;
        self.check_own_signature(&certificate, self.own_key().and_then(|key| validators.position(&key)))?;

        self.load().map_err(Stopped::Application)?;
        if self.proposals.get(&block).is_some_and(|known| known.is_invalid()) {
            return Err(Stopped::Disagrees { height, block });
        }
        let payload = self.proposals.payload(&block).ok_or(Stopped::PayloadMissing { height, block })?;
        let durable = self.commits();
        if durable == Durable::Soon {
            self.shared().unsynced.store(true, Ordering::Release);
        }
        let next = self.application.commit(&certificate, payload, durable).map_err(Stopped::Application)?;
        tracing::info!(%height, round = certificate.round, %block, "decided");
        let (own, shared) = (self.own_key(), self.shared().clone());
        let heard = |key: &PublicKey| shared.attendance.last(key);
        self.pace.decided(&validators, height, certificate.round, own, heard);
        count(&self.shared().counters.decided, 1);
        self.advance(next)
    }

    /// Goes on to the next height, now or later.
    pub(super) fn on_finalized(
        &mut self,
        certificate: &EngineCertificate<SanadContext>,
        evidence: MisbehaviorEvidence<SanadContext>,
        reply: Reply<Next<SanadContext>>,
    ) -> Result<(), Stopped> {
        self.on_decided(certificate)?;
        let evidence = contradictions(evidence);
        if !evidence.is_empty() {
            count(&self.shared().counters.evidence, evidence.len());
            self.application.evidence(&evidence);
        }
        self.begin_or_wait(reply);
        Ok(())
    }
}

fn contradictions(evidence: MisbehaviorEvidence<SanadContext>) -> Vec<Equivocation> {
    let proposals = evidence.proposals.iter().flat_map(|(_, pairs)| pairs.iter());
    let proposals = proposals.filter_map(|(first, second)| contradicting_proposals(first, second));
    let votes = evidence.votes.iter().flat_map(|(_, pairs)| pairs.iter());
    proposals.chain(votes.filter_map(|(first, second)| contradicting_votes(first, second))).collect()
}

fn contradicting_proposals(
    first: &SignedProposal<SanadContext>,
    second: &SignedProposal<SanadContext>,
) -> Option<Equivocation> {
    let statement = |signed: &SignedProposal<SanadContext>| Statement {
        block: Some(signed.message.value.0),
        valid_round: signed.message.pol_round.as_u32(),
        signature: signed.signature,
    };
    Some(Equivocation {
        key: first.message.address.0,
        height: first.message.height.0,
        round: first.message.round.as_u32()?,
        statement: StatementKind::Proposal,
        first: statement(first),
        second: statement(second),
    })
}

fn contradicting_votes(
    first: &SignedVote<SanadContext>,
    second: &SignedVote<SanadContext>,
) -> Option<Equivocation> {
    let statement = |signed: &SignedVote<SanadContext>| Statement {
        block: signed.message.block().copied(),
        valid_round: None,
        signature: signed.signature,
    };
    Some(Equivocation {
        key: first.message.address.0,
        height: first.message.height.0,
        round: first.message.round.as_u32()?,
        statement: match first.message.kind {
            VoteType::Prevote => StatementKind::Prevote,
            VoteType::Precommit => StatementKind::Precommit,
        },
        first: statement(first),
        second: statement(second),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::{Address, EngineHeight, Proposal, Value, Vote};
    use malachitebft_core_types::{NilOrVal, Round};
    use sanad_core::block::BlockId;
    use sanad_core::hash::{BlockHash, ChainId};
    use sanad_core::ids::Height;
    use sanad_core::signature::SecretKey;

    #[test]
    fn what_the_engine_catches_is_proof() {
        let chain_id = ChainId([1; 32]);
        let key = SecretKey::from_seed(&[2; 32]);
        let (height, round, address) = (EngineHeight(Height(7)), Round::new(3), Address(key.public()));
        let vote = |kind, value| {
            let vote = Vote { kind, height, round, value, address };
            let signature = key.sign(&vote.message(&chain_id).unwrap());
            SignedVote::new(vote, signature)
        };
        let proposal = |block, pol_round| {
            let proposal = Proposal { height, round, value: Value(block), pol_round, address };
            let signature = key.sign(&proposal.message(&chain_id).unwrap());
            SignedProposal::new(proposal, signature)
        };
        let blocks = [1, 2].map(|byte| BlockId { hash: BlockHash([byte; 32]), round: 3 });
        let mut evidence = MisbehaviorEvidence { proposals: Default::default(), votes: Default::default() };
        evidence.proposals.add(proposal(blocks[0], Round::Nil), proposal(blocks[1], Round::new(1)));
        for kind in [VoteType::Prevote, VoteType::Precommit] {
            evidence.votes.add(vote(kind, NilOrVal::Val(blocks[0])), vote(kind, NilOrVal::Nil));
        }
        let found = contradictions(evidence);
        let kinds: Vec<_> = found.iter().map(|evidence| evidence.statement).collect();
        assert_eq!(kinds, [StatementKind::Proposal, StatementKind::Prevote, StatementKind::Precommit]);
        for evidence in found {
            assert_eq!((evidence.height, evidence.round), (Height(7), 3));
            assert_eq!(evidence.verify(&chain_id), Ok(()));
        }
    }
}
