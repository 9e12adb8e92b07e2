//! The state between two questions of the engine.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use malachitebft_app_channel::app::engine::host::HeightParams;
use malachitebft_app_channel::{AppMsg, NetworkMsg};
use sanad_core::block::BlockId;
use sanad_core::ids::Height;
use sanad_core::signature::{PublicKey, SecretKey};
use sanad_core::validators::CommitCertificate;

use super::link::Link;
use super::propose::Deferred;
use super::thread::Setup;
use super::waiting::Waiting;
use crate::application::{Application, NextHeight};
use crate::context::{EngineValidators, SanadContext};
use crate::guard::{Position, Step};
use crate::heard::Heard;
use crate::pace::Pace;
use crate::proposals::Proposals;
use crate::shared::Shared;
use crate::signer::SharedGuard;
use crate::status::Role;
use crate::stopped::{SignedElsewhere, StartError, Stopped};
use crate::streams::Streams;

/// Answers the engine. Lives as long as the thread of consensus, over all sessions of the engine.
pub(super) struct Driver<A> {
    setup: Setup,
    /// The key that this node votes with, and its guard.
    voter: Option<(SecretKey, SharedGuard)>,
    pub(super) application: A,
    /// The height to decide, as the ledger said last.
    next: NextHeight,
    /// The round of that height.
    pub(super) round: u32,
    pub(super) proposals: Proposals,
    /// The height whose kept blocks `proposals` holds.
    pub(super) loaded: Option<Height>,
    pub(super) streams: Streams,
    /// Number of payloads sent, which makes the ids of their streams.
    pub(super) sent: u64,
    /// When the last block was committed, or this process began.
    pub(super) last_block: Instant,
    /// The last height that came from peers when it was decided already.
    pub(super) synced: Option<Height>,
    /// Whether the last block came so when the chain was past it, and those before.
    pub(super) catching_up: bool,
    /// What is proven of the heights of others.
    pub(super) heard: Heard,
    /// How long to wait for each proposer.
    pub(super) pace: Pace,
    /// A height that is not begun yet, for want of work.
    pub(super) waiting: Option<Waiting>,
    /// A proposal that is not made yet, since the clock is behind.
    pub(super) deferred: Option<Deferred>,
    /// Whether the last proposal was dated by the clocks of others.
    pub(super) corrected: bool,
    /// When the log last said that a block is untimely.
    pub(super) untimely_said: Option<Instant>,
    /// The last height without this node's vote.
    pub(super) abstaining: Option<Height>,
    /// The height at which the guard last refused.
    pub(super) refused_at: Option<Height>,
    /// The height at which round 0 goes without this node's vote, since the guard refused there.
    pub(super) leaves_out: Option<Height>,
    /// The blocks that the engine was told are valid before it was last started, by its log.
    pub(super) told_valid: Vec<BlockId>,
    /// A height, and the round of it that the engine comes to by its log alone, when it is started.
    pub(super) logged_round: Option<(Height, u32)>,
    /// Whether a test keeps this node from proposing in the current round.
    #[cfg(feature = "testing")]
    pub(super) silent: bool,
    link: Option<Link>,
}

impl<A: Application> Driver<A> {
    pub(super) fn new(setup: Setup, application: A) -> Self {
        let next = application.next();
        Self {
            setup,
            voter: None,
            application,
            next,
            round: 0,
            proposals: Proposals::default(),
            loaded: None,
            streams: Streams::default(),
            sent: 0,
            last_block: Instant::now(),
            synced: None,
            catching_up: false,
            heard: Heard::default(),
            pace: Pace::default(),
            waiting: None,
            deferred: None,
            corrected: false,
            untimely_said: None,
            abstaining: None,
            refused_at: None,
            leaves_out: None,
            told_valid: Vec::new(),
            logged_round: None,
            #[cfg(feature = "testing")]
            silent: false,
            link: None,
        }
    }

    pub(super) fn setup(&self) -> &Setup {
        &self.setup
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.setup.shared
    }

    pub(super) fn guard(&self) -> Option<&SharedGuard> {
        self.voter.as_ref().map(|(_, guard)| guard)
    }

    /// The key that this node votes with while it is in the set, and its guard.
    pub(super) fn voter(&self) -> Option<&(SecretKey, SharedGuard)> {
        self.voter.as_ref()
    }

    /// The key of [`Self::voter`].
    pub(super) fn key(&self) -> Option<&SecretKey> {
        self.voter.as_ref().map(|(key, _)| key)
    }

    /// The public half of [`Self::key`].
    pub(super) fn own_key(&self) -> Option<PublicKey> {
        self.key().map(SecretKey::public)
    }

    /// From now on votes with another key. Not while a session runs.
    pub(super) fn take(&mut self, key: SecretKey, guard: SharedGuard) {
        self.voter = Some((key, guard));
        // That was the other key's.
        (self.refused_at, self.leaves_out) = (None, None);
    }

    /// The key of this node that is in the set of the next height.
    pub(super) fn key_in_set(&self) -> Option<SecretKey> {
        self.shared().validator_key(|key| self.next.validators.position(key).is_some())
    }

    /// Whether the session must give way to one with another key.
    pub(super) fn needs_other_key(&self) -> bool {
        self.key_in_set().is_some_and(|key| Some(key.public()) != self.own_key())
    }

    pub(super) fn link(&self) -> Option<&Link> {
        self.link.as_ref()
    }

    /// The last height and round in which this node gave its first vote, as far as this session knows.
    pub(super) fn prevoted(&self) -> Option<(Height, u32)> {
        *self.link.as_ref()?.prevoted.borrow()
    }

    pub(super) fn next(&self) -> &NextHeight {
        &self.next
    }

    pub(super) fn begin_session(&mut self, link: Link) {
        self.link = Some(link);
        self.proposals.forget_told();
        self.round = 0;
        self.show_next();
    }

    pub(super) fn end_session(&mut self) {
        self.link = None;
        self.waiting = None;
        self.deferred = None;
    }

    /// The key has signed at no height above `through`, as its peers have shown.
    pub(super) fn on_settled(&mut self, through: Height) -> Result<(), Stopped> {
        let Some(guard) = self.guard().filter(|guard| guard.is_lost()) else { return Ok(()) };
        guard.pass(through).map_err(Stopped::Guard)?;
        tracing::warn!(%through, "peers have shown how far this node's key can have signed; voting after that height");
        self.abstaining = Some(through);
        self.shared().lost.store(false, Ordering::Relaxed);
        self.show_next();
        Ok(())
    }

    /// Whether a session without votes can give way to one with them.
    pub(super) fn may_vote_again(&self) -> bool {
        self.abstaining.is_some_and(|through| self.next.height > through)
    }

    /// The key this node votes with at the next height, if it does.
    pub(super) fn voting_key(&self) -> Option<PublicKey> {
        let key = self.own_key()?;
        let votes = self.abstaining.is_none() && self.next.validators.position(&key).is_some();
        votes.then_some(key)
    }

    pub(super) fn role(&self) -> Role {
        match self.own_key().and_then(|key| self.next.validators.position(&key)) {
            None => Role::Follower,
            Some(place) => match self.abstaining {
                Some(through) => Role::Abstaining { through },
                // A set has at most 128 validators.
                None => Role::Validator { place: place as u16 },
            },
        }
    }

    pub(super) fn params(&self) -> HeightParams<SanadContext> {
        let NextHeight { height, validators, .. } = &self.next;
        let heard = |key: &PublicKey| self.shared().attendance.last(key);
        let timeouts =
            self.pace.timeouts(self.setup.config.timeouts, validators, *height, Instant::now(), heard);
        HeightParams::new(EngineValidators::from(validators), timeouts, None)
    }

    /// The height begins: what arrives for it is no longer news.
    pub(super) fn begun(&mut self) {
        if let Some(link) = &self.link {
            link.arrivals.started(self.next.height);
        }
    }

    pub(super) async fn publish(&self, message: NetworkMsg<SanadContext>) {
        if let Some(link) = &self.link {
            // An error means that the engine ends, which the loop learns anyway.
            let _ = link.network.send(message).await;
        }
    }

    /// Goes on to the height that the ledger names after a commit.
    pub(super) fn advance(&mut self, next: NextHeight) -> Result<(), Stopped> {
        let decided = self.next.height;
        if next.height != decided.next() {
            return Err(Stopped::LedgerHeight { decided, next: next.height });
        }
        // A guard that has signed above this height, or left out heights above it, belongs to a later process than the statement does.
        let is_earlier = |guard: &&SharedGuard| guard.position().is_none_or(|last| last.height <= decided);
        if let Some(guard) = self.known_guard().filter(|guard| next.disowned && is_earlier(guard)) {
            // Before anything else is signed. The next process may be started without anybody having read why.
            guard.mark_lost().map_err(Stopped::Guard)?;
            return Err(Stopped::Disowned { height: decided });
        }
        self.proposals.begin(next.height, Vec::new());
        self.loaded = Some(next.height);
        self.streams.prune(next.height);
        self.heard.advance(&next);
        self.shared().attendance.retain(&next.validators);
        self.next = next;
        if let Some(link) = &self.link {
            link.arrivals.next(&self.next);
        }
        self.round = 0;
        self.deferred = None;
        self.last_block = Instant::now();
        self.show_next();
        Ok(())
    }

    pub(super) fn show_next(&self) {
        let (height, role, key) = (self.next.height, self.role(), self.own_key());
        let last_signed = self.guard().and_then(SharedGuard::position);
        let vouches = match self.guard() {
            Some(guard) => !guard.is_lost() && last_signed.is_none_or(|last| last.height <= height),
            // What keys without a guard have signed is not known here.
            None => !self.shared().has_validator_key(),
        };
        self.shared().vouches.store(vouches, Ordering::Relaxed);
        self.shared().update(|progress| {
            progress.height = height;
            progress.round = None;
            progress.since = Instant::now();
            progress.validators = Some(self.next.validators.clone());
            progress.key = key;
            progress.last_signed = last_signed;
            progress.role = role;
        });
    }

    /// Whether the ledger's head carries a signature of this node's key that its guard does not know.
    pub(super) fn check_head(&self) -> Result<(), StartError> {
        let head = Height(self.next.height.0.saturating_sub(1));
        if self.known_guard().is_none() || head == Height::GENESIS {
            return Ok(());
        }
        let Some(decided) = self.application.decided(head).map_err(StartError::Application)? else {
            return Ok(());
        };
        let place = self.own_key().and_then(|key| decided.validators.position(&key));
        Ok(self.check_own_signature(&decided.certificate, place)?)
    }

    /// Whether a certificate carries a signature of this node's key that its guard does not know. `place` is
    /// the key's in the set of the certificate.
    pub(super) fn check_own_signature(
        &self,
        certificate: &CommitCertificate,
        place: Option<usize>,
    ) -> Result<(), SignedElsewhere> {
        let (Some(guard), Some(place)) = (self.known_guard(), place) else { return Ok(()) };
        let signed = certificate.signatures.iter().any(|signed| usize::from(signed.validator) == place);
        let CommitCertificate { height, round, .. } = *certificate;
        let last = guard.position();
        if signed && last < Some(Position { height, round, step: Step::Precommit }) {
            return Err(SignedElsewhere { height, round, last });
        }
        Ok(())
    }

    /// The guard, if it knows all that the key has signed.
    fn known_guard(&self) -> Option<&SharedGuard> {
        self.guard().filter(|guard| !guard.is_lost())
    }

    /// Whether a message by this node's key came from elsewhere: one that its guard does not know.
    pub(super) fn check_own_voice(&self, by: PublicKey, at: Position) -> Result<(), SignedElsewhere> {
        let own = self.own_key();
        let Some(guard) = self.known_guard().filter(|_| own == Some(by)) else { return Ok(()) };
        let last = guard.position();
        if last < Some(at) {
            return Err(SignedElsewhere { height: at.height, round: at.round, last });
        }
        Ok(())
    }

    /// Answers one question of the engine.
    pub(super) async fn answer(&mut self, message: AppMsg<SanadContext>) -> Result<(), Stopped> {
        match message {
            AppMsg::StartedRound { height, round, reply_value, .. } => {
                let values = self.on_started_round(height, round)?;
                let _ = reply_value.send(values);
                #[cfg(feature = "testing")]
                self.lie().await;
            }
            AppMsg::GetValue { height, round, reply, .. } => self.on_get_value(height, round, reply).await?,
            AppMsg::ReceivedProposalPart { published_by, part, reply, .. } => {
                let value = self.on_part(published_by, part)?;
                let _ = reply.send(value);
            }
            AppMsg::RestreamProposal { height, round, valid_round, value_id, .. } => {
                self.on_restream(height, round, valid_round, value_id).await;
            }
            AppMsg::Decided { certificate, reply, .. } => {
                self.on_decided(&certificate)?;
                let _ = reply.send(());
            }
            AppMsg::Finalized { certificate, evidence, reply, .. } => {
                self.on_finalized(&certificate, evidence, reply)?;
            }
            AppMsg::ProcessSyncedValue { height, round, proposer, value_bytes, reply } => {
                let outcome = self.on_synced(height, round, proposer, value_bytes)?;
                let _ = reply.send(outcome);
            }
            AppMsg::GetDecidedValues { range, reply } => {
                let values = self.on_get_decided(&range);
                let _ = reply.send(values);
            }
            AppMsg::GetHistoryMinHeight { reply } => {
                let _ = reply.send(crate::context::EngineHeight(self.application.history_start()));
            }
            // Asked once, and answered, when the session began.
            AppMsg::ConsensusReady { .. } => {}
            // Vote extensions are disabled, so these are not asked.
            AppMsg::ExtendVote { reply, .. } => {
                let _ = reply.send(None);
            }
            AppMsg::VerifyVoteExtensions { extensions, reply, .. } => {
                let _ = reply.send(extensions.into_iter().map(|(address, ())| (address, Ok(()))).collect());
            }
        }
        Ok(())
    }
}
