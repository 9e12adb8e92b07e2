//! What the codec, which sees all that comes in, reports past the engine. Nothing of it is believed before its
//! signatures are verified.
//!
//! News of heights that this node has not started, for a node that waits for something to do: the engine keeps messages
//! of later heights to itself until they are started, and between heights it is this crate that waits. And certificates
//! of first votes at the height under way, which prove that a block may be locked: it must find room here.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use malachitebft_app_channel::app::types::SignedConsensusMsg;
use malachitebft_app_channel::app::types::sync::Response;
use malachitebft_core_types::{CommitCertificate, PolkaCertificate, SignedProposal, SignedVote, VoteType};
use sanad_core::hash::ChainId;
use sanad_core::ids::Height;
use sanad_core::signature::Signature;
use sanad_core::validators::ValidatorSet;
use tokio::sync::mpsc;

use crate::certificate;
use crate::context::{Address, SanadContext};
use crate::guard::{Position, Step};
use crate::heard::News;

/// Arrivals that wait to be looked at; more are dropped, since one is enough.
const ARRIVALS_MAX: usize = 64;
/// Certificates of first votes that wait to be looked at; more are dropped. A proposer sends its one again.
const POLKAS_MAX: usize = 64;

/// Reports arrivals. Held by the codec of the network.
#[derive(Clone, Debug)]
pub(crate) struct Arrivals {
    /// The last height this node started; only later ones are news.
    started: Arc<AtomicU64>,
    sender: mpsc::Sender<Arrival>,
    polkas: mpsc::Sender<PolkaCertificate<SanadContext>>,
}

/// Where arrivals are looked at.
#[derive(Debug)]
pub(crate) struct Arriving {
    pub(crate) news: mpsc::Receiver<Arrival>,
    pub(crate) polkas: mpsc::Receiver<PolkaCertificate<SanadContext>>,
}

/// A message of a height that was not started when it came in.
#[derive(Debug)]
pub(crate) enum Arrival {
    Vote(SignedVote<SanadContext>),
    Proposal(SignedProposal<SanadContext>),
    Certificate(CommitCertificate<SanadContext>),
}

impl Arrivals {
    pub(crate) fn new() -> (Self, Arriving) {
        let (sender, news) = mpsc::channel(ARRIVALS_MAX);
        let (polka_sender, polkas) = mpsc::channel(POLKAS_MAX);
        (Self { started: Arc::default(), sender, polkas: polka_sender }, Arriving { news, polkas })
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

    pub(crate) fn polka(&self, certificate: &PolkaCertificate<SanadContext>) {
        if certificate.height.0.0 == self.started.load(Ordering::Relaxed) {
            let _ = self.polkas.try_send(certificate.clone());
        }
    }

    fn report(&self, height: Height, arrival: impl FnOnce() -> Arrival) {
        if height.0 > self.started.load(Ordering::Relaxed) {
            let _ = self.sender.try_send(arrival());
        }
    }
}

impl Arrival {
    /// What it proves; `None` if nothing. `validators` are those of the next height: a set that changes right
    /// after makes this blind to later heights, not gullible. The heartbeat ends the waiting then.
    pub(crate) fn proven(&self, chain_id: &ChainId, validators: &ValidatorSet) -> Option<News> {
        match self {
            Self::Vote(SignedVote { message: vote, signature }) => {
                let step = match vote.kind {
                    VoteType::Prevote => Step::Prevote,
                    VoteType::Precommit => Step::Precommit,
                };
                let at = Position { height: vote.height.0, round: vote.round.as_u32()?, step };
                signed(vote.address, at, &vote.message(chain_id)?, signature, validators)
            }
            Self::Proposal(SignedProposal { message: proposal, signature }) => {
                let (height, round) = (proposal.height.0, proposal.round.as_u32()?);
                let at = Position { height, round, step: Step::Proposal };
                signed(proposal.address, at, &proposal.message(chain_id)?, signature, validators)
            }
            Self::Certificate(engine) => {
                let certificate = certificate::from_engine(engine, validators).ok()?;
                let height = certificate.height;
                certificate.verify(chain_id, height, &engine.value_id, validators).ok()?;
                Some(News::Decided(height))
            }
        }
    }
}

fn signed(
    by: Address,
    at: Position,
    message: &[u8],
    signature: &Signature,
    validators: &ValidatorSet,
) -> Option<News> {
    let by = by.0;
    validators.position(&by)?;
    by.verify(message, signature).ok()?;
    Some(News::Signed { by, at })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::{EngineHeight, Vote};
    use malachitebft_core_types::{NilOrVal, Round};
    use sanad_core::signature::SecretKey;
    use sanad_core::validators::Validator;

    #[test]
    fn only_signed_news() {
        let chain_id = ChainId([1; 32]);
        let key = SecretKey::from_seed(&[2; 32]);
        let member = "a".parse().unwrap();
        let validators = ValidatorSet::genesis(vec![Validator { member, key: key.public() }]).unwrap();
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
        let (arrivals, Arriving { news: mut receiver, .. }) = Arrivals::new();
        arrivals.started(Height(5));
        arrivals.vote(&vote(&key, 5));
        assert!(receiver.try_recv().is_err());
        arrivals.vote(&vote(&key, 6));
        let arrival = receiver.try_recv().unwrap();
        let at = Position { height: Height(6), round: 0, step: Step::Prevote };
        assert_eq!(arrival.proven(&chain_id, &validators), Some(News::Signed { by: key.public(), at }));
        assert_eq!(arrival.proven(&ChainId([9; 32]), &validators), None);
        let stranger = SecretKey::from_seed(&[3; 32]);
        arrivals.vote(&vote(&stranger, 6));
        assert_eq!(receiver.try_recv().unwrap().proven(&chain_id, &validators), None);
        for _ in 0..2 * ARRIVALS_MAX {
            arrivals.vote(&vote(&key, 7));
        }
    }
}
