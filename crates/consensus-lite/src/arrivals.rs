//! News of heights that this node has not started, for a node that waits for something to do.
//!
//! The engine keeps messages of later heights to itself until they are started, and between heights it is
//! this crate that waits. So the codec, which sees all that comes in, reports what proves that others are
//! ahead. Nothing of it is believed before its signature is verified.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use malachitebft_app_channel::app::types::SignedConsensusMsg;
use malachitebft_app_channel::app::types::sync::Response;
use malachitebft_core_types::{CommitCertificate, SignedProposal, SignedVote};
use sanad_core::hash::ChainId;
use sanad_core::ids::Height;
use sanad_core::validators::ValidatorSet;
use tokio::sync::mpsc;

use crate::certificate;
use crate::context::SanadContext;

/// Arrivals that wait to be looked at; more are dropped, since one is enough.
const ARRIVALS_MAX: usize = 64;

/// Reports arrivals. Held by the codec of the network.
#[derive(Clone, Debug)]
pub(crate) struct Arrivals {
    /// The last height this node started; only later ones are news.
    started: Arc<AtomicU64>,
    sender: mpsc::Sender<Arrival>,
}

/// A message of a height that was not started when it came in.
#[derive(Debug)]
pub(crate) enum Arrival {
    Vote(SignedVote<SanadContext>),
    Proposal(SignedProposal<SanadContext>),
    Certificate(CommitCertificate<SanadContext>),
}

impl Arrivals {
    pub(crate) fn new() -> (Self, mpsc::Receiver<Arrival>) {
        let (sender, receiver) = mpsc::channel(ARRIVALS_MAX);
        (Self { started: Arc::default(), sender }, receiver)
    }

    /// From now on, only heights after this one are news.
    pub(crate) fn started(&self, height: Height) {
        self.started.store(height.0, Ordering::Relaxed);
    }

    pub(crate) fn message(&self, message: &SignedConsensusMsg<SanadContext>) {
        match message {
            SignedConsensusMsg::Vote(vote) => self.vote(vote),
            SignedConsensusMsg::Proposal(proposal) => {
                self.report(proposal.message.height.0, || Arrival::Proposal(proposal.clone()));
            }
        }
    }

    pub(crate) fn vote(&self, vote: &SignedVote<SanadContext>) {
        self.report(vote.message.height.0, || Arrival::Vote(vote.clone()));
    }

    /// Of a response, the certificate of the next height is enough.
    pub(crate) fn response(&self, response: &Response<SanadContext>) {
        let Response::ValueResponse(response) = response;
        let next = Height(self.started.load(Ordering::Relaxed)).next();
        if let Some(decided) = response.values.iter().find(|decided| decided.certificate.height.0 == next) {
            self.report(next, || Arrival::Certificate(decided.certificate.trim_vote_extensions()));
        }
    }

    fn report(&self, height: Height, arrival: impl FnOnce() -> Arrival) {
        if height.0 > self.started.load(Ordering::Relaxed) {
            let _ = self.sender.try_send(arrival());
        }
    }
}

impl Arrival {
    /// The height that a validator, or a quorum, is really at; `None` if it proves nothing.
    ///
    /// `validators` are those of the next height. A set that changes right after makes this blind to later
    /// heights, not gullible; the heartbeat ends the waiting then.
    pub(crate) fn proven_height(&self, chain_id: &ChainId, validators: &ValidatorSet) -> Option<Height> {
        match self {
            Self::Vote(vote) => {
                let key = vote.message.address.0;
                validators.position(&key)?;
                key.verify(&vote.message.message(chain_id)?, &vote.signature).ok()?;
                Some(vote.message.height.0)
            }
            Self::Proposal(proposal) => {
                let key = proposal.message.address.0;
                validators.position(&key)?;
                key.verify(&proposal.message.message(chain_id)?, &proposal.signature).ok()?;
                Some(proposal.message.height.0)
            }
            Self::Certificate(engine) => {
                let certificate = certificate::from_engine(engine, validators).ok()?;
                let (height, block) = (certificate.height, certificate.block);
                certificate.verify(chain_id, height, &block, validators).ok()?;
                Some(height)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::{Address, EngineHeight, Vote};
    use malachitebft_core_types::{NilOrVal, Round, VoteType};
    use sanad_core::signature::SecretKey;
    use sanad_core::validators::Validator;

    #[test]
    fn only_signed_news() {
        let chain_id = ChainId([1; 32]);
        let key = SecretKey::from_seed(&[2; 32]);
        let member = "a".parse().unwrap();
        let validators = ValidatorSet::new(vec![Validator { member, key: key.public() }]).unwrap();
        let vote = |key: &SecretKey, height| {
            let vote = Vote {
                kind: VoteType::Prevote,
                height: EngineHeight(Height(height)),
                round: Round::new(0),
                value: NilOrVal::Nil,
                address: Address(key.public()),
            };
            let signature = key.sign(&vote.message(&chain_id).unwrap());
            SignedVote::new(vote, signature)
        };
        let (arrivals, mut receiver) = Arrivals::new();
        arrivals.started(Height(5));
        arrivals.vote(&vote(&key, 5));
        assert!(receiver.try_recv().is_err());
        arrivals.vote(&vote(&key, 6));
        let arrival = receiver.try_recv().unwrap();
        assert_eq!(arrival.proven_height(&chain_id, &validators), Some(Height(6)));
        assert_eq!(arrival.proven_height(&ChainId([9; 32]), &validators), None);
        let stranger = SecretKey::from_seed(&[3; 32]);
        arrivals.vote(&vote(&stranger, 6));
        assert_eq!(receiver.try_recv().unwrap().proven_height(&chain_id, &validators), None);
        for _ in 0..2 * ARRIVALS_MAX {
            arrivals.vote(&vote(&key, 7));
        }
    }
}
