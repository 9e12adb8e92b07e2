//! What the codec, which sees all that comes in, keeps from the engine and reports past it.
//!
//! The engine queues messages of later heights without a look at their signatures. So votes and proposals get to it only
//! if a validator has signed them, and no validator gets more than its share of that queue.
//!
//! Reported is what it keeps to itself until a height is started, to a node that waits for something to do; and
//! certificates of first votes at the height under way, which prove that a block may be locked: it must find room
//! here. Of each validator the latest of each kind is kept until it is looked at, so nobody can push out what others say.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use malachitebft_app_channel::app::types::SignedConsensusMsg;
use malachitebft_app_channel::app::types::sync::Response;
use malachitebft_core_types::{PolkaCertificate, SignedProposal, SignedVote, VoteType};
use sanad_core::block::BlockId;
use sanad_core::hash::ChainId;
use sanad_core::ids::Height;
use sanad_core::signature::{PublicKey, Signature};
use sanad_core::validators::ValidatorSet;
use tokio::sync::Notify;

use crate::application::NextHeight;
use crate::certificate;
use crate::context::SanadContext;
use crate::guard::{Position, Step};
use crate::heard::News;
use crate::shared::Shared;

/// Messages of one validator that the engine may queue for one later height: the votes and proposals of more rounds than
/// it looks ahead.
pub(crate) const QUEUED_PER_VALIDATOR_MAX: usize = 32;
/// Later heights of which the engine queues messages.
pub(crate) const QUEUED_HEIGHTS_MAX: usize = 10;
/// Certificates of first votes that wait to be looked at. There is at most one for a round.
const POLKAS_MAX: usize = 64;

/// Held by the codec of the network, and by the thread of consensus.
#[derive(Clone, Debug)]
pub(crate) struct Arrivals(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    chain_id: ChainId,
    shared: Arc<Shared>,
    state: Mutex<State>,
    /// There is something in `news` or `decided`.
    news: Notify,
    /// There is something in `polkas`.
    polkas: Notify,
}

#[derive(Debug)]
struct State {
    /// Those of the height to decide next. They are taken for those of later heights, too: after a change, messages are
    /// refused that their senders repeat.
    validators: ValidatorSet,
    /// The last height this node started; only later ones are news.
    started: Height,
    /// The last height of which the engine has begun a round: it queues messages of later ones.
    entered: Height,
    /// How many messages of later heights were passed on.
    queued: BTreeMap<(Height, PublicKey), usize>,
    /// The latest that each validator signed at a later height.
    news: BTreeMap<(PublicKey, Step), Position>,
    decided: Option<Height>,
    polkas: Vec<(Height, BlockId)>,
}

/// Why a message is kept from the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("not signed by a validator")]
    Unsigned,
    #[error("of a height too far ahead")]
    TooFarAhead,
    #[error("one message too many of a later height")]
    TooMany,
}

impl Arrivals {
    pub(crate) fn new(chain_id: ChainId, shared: Arc<Shared>, next: &NextHeight) -> Self {
        let decided = Height(next.height.0.saturating_sub(1));
        let state = State {
            validators: next.validators.clone(),
            started: decided,
            entered: decided,
            queued: BTreeMap::new(),
            news: BTreeMap::new(),
            decided: None,
            polkas: Vec::new(),
        };
        let (news, polkas) = (Notify::new(), Notify::new());
        Self(Arc::new(Inner { chain_id, shared, state: Mutex::new(state), news, polkas }))
    }

    /// Another height is the next one to decide.
    pub(crate) fn next(&self, next: &NextHeight) {
        self.lock().validators = next.validators.clone();
        self.entered(Height(next.height.0.saturating_sub(1)));
    }

    /// From now on, only heights after this one are news.
    pub(crate) fn started(&self, height: Height) {
        self.lock().started = height;
    }

    /// The engine has begun a round of a height, or is past it.
    pub(crate) fn entered(&self, height: Height) {
        let mut state = self.lock();
        state.entered = state.entered.max(height);
        let entered = state.entered;
        state.queued.retain(|(queued, _), _| *queued > entered);
    }

    /// Whether the engine may have a message.
    ///
    /// # Errors
    /// [`Refusal`].
    pub(crate) fn message(&self, message: &SignedConsensusMsg<SanadContext>) -> Result<(), Refusal> {
        match message {
            SignedConsensusMsg::Vote(vote) => self.vote(vote),
            SignedConsensusMsg::Proposal(proposal) => self.proposal(proposal),
        }
    }

    /// The same for a vote.
    ///
    /// # Errors
    /// [`Refusal`].
    pub(crate) fn vote(
        &self,
        SignedVote { message: vote, signature }: &SignedVote<SanadContext>,
    ) -> Result<(), Refusal> {
        let round = vote.round.as_u32().ok_or(Refusal::Unsigned)?;
        let step = match vote.kind {
            VoteType::Prevote => Step::Prevote,
            VoteType::Precommit => Step::Precommit,
        };
        let at = Position { height: vote.height.0, round, step };
        self.signed(vote.address.0, at, vote.message(&self.0.chain_id), signature)
    }

    fn proposal(
        &self,
        SignedProposal { message: proposal, signature }: &SignedProposal<SanadContext>,
    ) -> Result<(), Refusal> {
        let round = proposal.round.as_u32().ok_or(Refusal::Unsigned)?;
        let at = Position { height: proposal.height.0, round, step: Step::Proposal };
        self.signed(proposal.address.0, at, proposal.message(&self.0.chain_id), signature)
    }

    fn signed(
        &self,
        by: PublicKey,
        at: Position,
        message: Option<Vec<u8>>,
        signature: &Signature,
    ) -> Result<(), Refusal> {
        {
            let state = self.lock();
            if at.height < state.entered {
                // Of a height that is decided: the engine drops it unseen.
                return Ok(());
            }
            state.validators.position(&by).ok_or(Refusal::Unsigned)?;
        }
        // Not under the lock. The engine, which checks again, finds it in memory.
        let message = message.ok_or(Refusal::Unsigned)?;
        self.0.shared.verified.check(&by, &message, signature).map_err(|_| Refusal::Unsigned)?;
        let mut state = self.lock();
        if at.height == state.started {
            // The engine asks for the same of what it reads from the log, which may be old.
            self.0.shared.attendance.heard(by, at);
        }
        if at.height > state.started {
            let latest = state.news.entry((by, at.step)).or_insert(at);
            *latest = at.max(*latest);
            self.0.news.notify_one();
        }
        if at.height > state.entered {
            state.queue(by, at.height)?;
        }
        Ok(())
    }

    /// Of a response, the certificate of the next height is enough.
    pub(crate) fn response(&self, response: &Response<SanadContext>) {
        let Response::ValueResponse(response) = response;
        let (next, validators) = {
            let state = self.lock();
            (state.started.next(), state.validators.clone())
        };
        let certificates = response.values.iter().map(|decided| &decided.certificate);
        let Some(engine) = certificates.into_iter().find(|certificate| certificate.height.0 == next) else {
            return;
        };
        let Ok(certificate) = certificate::from_engine(&engine.trim_vote_extensions(), &validators) else {
            return;
        };
        let check =
            |key: &_, message: &_, signature: &_| self.0.shared.verified.check(key, message, signature);
        let block = &engine.value_id;
        if certificate.verify_with(&self.0.chain_id, next, block, &validators, check).is_ok() {
            let mut state = self.lock();
            state.decided = state.decided.max(Some(next));
            self.0.news.notify_one();
        }
    }

    pub(crate) fn polka(&self, certificate: &PolkaCertificate<SanadContext>) {
        let (height, block) = (certificate.height.0, certificate.value_id);
        let validators = {
            let state = self.lock();
            if height != state.started
                || state.polkas.len() >= POLKAS_MAX
                || state.polkas.contains(&(height, block))
            {
                return;
            }
            state.validators.clone()
        };
        if certificate::verify_polka(certificate, &self.0.chain_id, &validators, &self.0.shared.verified) {
            self.lock().polkas.push((height, block));
            self.0.polkas.notify_one();
        }
    }

    /// Waits for news.
    pub(crate) async fn news(&self) -> Vec<News> {
        self.0.news.notified().await;
        let mut state = self.lock();
        let decided = state.decided.take().map(News::Decided);
        let signed = std::mem::take(&mut state.news).into_iter();
        signed.map(|((by, _), at)| News::Signed { by, at }).chain(decided).collect()
    }

    /// Waits for blocks that a quorum found valid at a height.
    pub(crate) async fn polkas(&self) -> Vec<(Height, BlockId)> {
        self.0.polkas.notified().await;
        std::mem::take(&mut self.lock().polkas)
    }

    // Plain values, whole at any time.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Takes a place in the engine's queue.
    fn queue(&mut self, by: PublicKey, height: Height) -> Result<(), Refusal> {
        if height.0 - self.entered.0 > QUEUED_HEIGHTS_MAX as u64 {
            return Err(Refusal::TooFarAhead);
        }
        let queued = self.queued.entry((height, by)).or_default();
        if *queued >= QUEUED_PER_VALIDATOR_MAX {
            return Err(Refusal::TooMany);
        }
        *queued += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::{Address, EngineHeight, Vote};
    use malachitebft_core_types::{NilOrVal, Round};
    use sanad_core::hash::BlockHash;
    use sanad_core::signature::SecretKey;
    use sanad_core::validators::Validator;

    const CHAIN: ChainId = ChainId([1; 32]);

    fn key(seed: u8) -> SecretKey {
        SecretKey::from_seed(&[seed; 32])
    }

    /// Four validators, keys 0 to 3, at height 5.
    fn arrivals() -> Arrivals {
        let validator = |i: u8| Validator { member: format!("m{i}").parse().unwrap(), key: key(i).public() };
        let validators = ValidatorSet::genesis((0..4).map(validator).collect()).unwrap();
        let next = NextHeight {
            height: Height(5),
            validators,
            time_ms_min: 0,
            unknown_version: None,
            disowned: false,
            block_bytes_max: crate::config::BLOCK_BYTES_LIMIT,
            heartbeat: std::time::Duration::from_secs(1),
        };
        let keys = crate::Keys { network: SecretKey::from_seed(&[9; 32]), validators: Vec::new() };
        let arrivals = Arrivals::new(CHAIN, Arc::new(Shared::new(Vec::new(), keys)), &next);
        arrivals.started(Height(5));
        arrivals.entered(Height(5));
        arrivals
    }

    fn vote(
        by: &SecretKey,
        chain_id: &ChainId,
        height: u64,
        round: u32,
        block: u8,
    ) -> SignedVote<SanadContext> {
        let vote = Vote {
            kind: VoteType::Prevote,
            height: EngineHeight(Height(height)),
            round: Round::new(round),
            value: NilOrVal::Val(BlockId { hash: BlockHash([block; 32]), round }),
            address: Address(by.public()),
        };
        let signature = by.sign(&vote.message(chain_id).unwrap());
        SignedVote::new(vote, signature)
    }

    async fn news(arrivals: &Arrivals) -> Vec<News> {
        tokio::time::timeout(std::time::Duration::from_secs(5), arrivals.news()).await.unwrap_or_default()
    }

    #[tokio::test]
    async fn only_signed_news() {
        let arrivals = arrivals();
        let at = Position { height: Height(5), round: 0, step: Step::Prevote };
        let attendance = &arrivals.0.shared.attendance;
        attendance.logged(key(0).public(), at);
        attendance.signed(key(0).public(), at);
        assert_eq!(attendance.last(&key(0).public()), None, "it is in the log, and did not come in");
        assert_eq!(arrivals.vote(&vote(&key(0), &CHAIN, 5, 0, 1)), Ok(()));
        assert_eq!(attendance.last(&key(0).public()), Some(at));
        assert_eq!(arrivals.vote(&vote(&key(9), &CHAIN, 6, 0, 1)), Err(Refusal::Unsigned));
        assert_eq!(arrivals.vote(&vote(&key(0), &ChainId([9; 32]), 6, 0, 1)), Err(Refusal::Unsigned));
        let mut forged = vote(&key(0), &CHAIN, 6, 0, 1);
        forged.message.address = Address(key(1).public());
        assert_eq!(arrivals.vote(&forged), Err(Refusal::Unsigned));
        assert_eq!(arrivals.vote(&vote(&key(2), &CHAIN, 6, 0, 1)), Ok(()));
        let at = Position { height: Height(6), round: 0, step: Step::Prevote };
        assert_eq!(news(&arrivals).await, [News::Signed { by: key(2).public(), at }]);
        // Of the height under way, too, nothing that is not signed gets through; older ones the engine drops.
        assert_eq!(arrivals.vote(&vote(&key(9), &CHAIN, 5, 0, 1)), Err(Refusal::Unsigned));
        assert_eq!(arrivals.vote(&vote(&key(9), &CHAIN, 4, 0, 1)), Ok(()));
    }

    /// The engine's queue has room for all that can get to it, and nobody's word gets lost.
    #[tokio::test]
    async fn nobody_fills_a_queue() {
        let arrivals = arrivals();
        let (liar, honest) = (key(0), key(1));
        let mut passed = 0;
        for height in 6..20 {
            for number in 0..100u8 {
                let round = u32::from(number) % 5;
                passed += usize::from(arrivals.vote(&vote(&liar, &CHAIN, height, round, number)).is_ok());
                assert!(arrivals.vote(&vote(&key(7), &CHAIN, height, round, number)).is_err());
            }
        }
        assert_eq!(passed, QUEUED_HEIGHTS_MAX * QUEUED_PER_VALIDATOR_MAX);
        assert_eq!(arrivals.vote(&vote(&honest, &CHAIN, 6, 0, 1)), Ok(()));
        let at = |height, round| Position { height: Height(height), round, step: Step::Prevote };
        let expected =
            [(liar.public(), at(19, 4)), (honest.public(), at(6, 0))].map(|(by, at)| News::Signed { by, at });
        let heard = news(&arrivals).await;
        assert!(heard.len() == 2 && expected.iter().all(|news| heard.contains(news)), "{heard:?}");
        // The next height is a new one.
        arrivals.entered(Height(6));
        assert_eq!(arrivals.vote(&vote(&liar, &CHAIN, 16, 0, 1)), Ok(()));
        assert_eq!(arrivals.vote(&vote(&liar, &CHAIN, 7, 0, 1)), Err(Refusal::TooMany));
        // Of the height under way there is no limit: it may take any number of rounds.
        for round in 0..200 {
            assert_eq!(arrivals.vote(&vote(&liar, &CHAIN, 6, round, 1)), Ok(()));
        }
    }
}
