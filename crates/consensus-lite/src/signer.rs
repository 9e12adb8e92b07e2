//! Signing and verifying for the engine.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use async_trait::async_trait;
use malachitebft_core_types::{
    Round, SignedExtension, SignedProposal, SignedVote, ValidatorProof, VoteExtensionScope, VoteType,
};
use malachitebft_signing::{Error, Signer, VerificationResult, Verifier};
use sanad_core::hash::ChainId;
use sanad_core::ids::Height;
use sanad_core::signature::{PublicKey, SecretKey, Signature};
use sanad_core::validators::{VoteKind, vote_message};

use crate::application::Barrier;
use crate::context::{EngineHeight, Proposal, SanadContext, Vote};
use crate::guard::{GuardError, Position, SigningGuard, Step};
use crate::prevotes::Prevotes;
use crate::shared::Shared;

/// The guard of this node's validator key. Shared by the signer and the check of certificates.
#[derive(Clone, Debug)]
pub(crate) struct SharedGuard(Arc<Mutex<Guarded>>);

#[derive(Debug)]
struct Guarded {
    guard: SigningGuard,
    /// Why the guard last refused. The engine stops then, and does not say why itself.
    refusal: Option<GuardError>,
}

impl SharedGuard {
    pub(crate) fn new(guard: SigningGuard) -> Self {
        Self(Arc::new(Mutex::new(Guarded { guard, refusal: None })))
    }

    pub(crate) fn position(&self) -> Option<Position> {
        self.lock().guard.position()
    }

    /// Whether the key has signed at a height what cannot have locked it, as its guard shows: nothing but the first vote of
    /// round 0 at most, or a second one for no block. Locks begin with a second vote for one.
    pub(crate) fn is_unlocked(&self, chain_id: &ChainId, height: Height) -> bool {
        let guarded = self.lock();
        let nil = Position { height, round: 0, step: Step::Precommit };
        let message = vote_message(chain_id, VoteKind::Precommit, height, 0, None);
        guarded.guard.position().is_none_or(|last| last < nil) || guarded.guard.signed_last(nil, &message)
    }

    /// See [`SigningGuard::is_lost`].
    pub(crate) fn is_lost(&self) -> bool {
        self.lock().guard.is_lost()
    }

    /// See [`SigningGuard::pass`].
    pub(crate) fn pass(&self, through: Height) -> Result<(), GuardError> {
        self.lock().guard.pass(through)
    }

    /// See [`SigningGuard::mark_lost`].
    pub(crate) fn mark_lost(&self) -> Result<(), GuardError> {
        self.lock().guard.mark_lost()
    }

    /// Why the guard refused since this was asked last.
    pub(crate) fn take_refusal(&self) -> Option<GuardError> {
        self.lock().refusal.take()
    }

    /// Takes note of a message that the engine's log has.
    pub(crate) fn raise(&self, position: Position, message: &[u8], own: bool) -> Result<(), GuardError> {
        self.lock().guard.raise(position, message, own)
    }

    /// Waits until all that was signed is durable in the guard's file, too.
    pub(crate) fn sync(&self) -> Result<(), GuardError> {
        self.lock().guard.sync()
    }

    fn authorize(&self, position: Position, message: &[u8]) -> Result<(), Error> {
        let mut guarded = self.lock();
        guarded.guard.authorize(position, message).map_err(|refusal| {
            tracing::error!(%position, %refusal, "the signing guard refuses");
            let error = Error::from_source(refusal.to_string());
            guarded.refusal = Some(refusal);
            error
        })
    }

    // A panic between two writes leaves the guard as it was: what it holds in memory changes last.
    fn lock(&self) -> std::sync::MutexGuard<'_, Guarded> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Signs what the guard permits.
pub(crate) struct GuardedSigner {
    pub(crate) chain_id: ChainId,
    pub(crate) key: SecretKey,
    pub(crate) guard: SharedGuard,
    pub(crate) prevotes: Prevotes,
    /// Makes the ledger durable, before anything is signed above it: a key signs at most one height above what a power cut
    /// leaves of its ledger.
    pub(crate) barrier: Barrier,
    pub(crate) shared: Arc<Shared>,
    #[cfg(feature = "testing")]
    pub(crate) testing: crate::testing::Testing,
}

impl GuardedSigner {
    fn sign(&self, position: Position, message: &[u8]) -> Result<Signature, Error> {
        if self.shared.unsynced.swap(false, Ordering::AcqRel) {
            // Other tasks of this thread move to another.
            tokio::task::block_in_place(|| (self.barrier)()).map_err(|error| {
                tracing::error!(%position, %error, "nothing is signed: the ledger is not durable");
                Error::from_source(error.to_string())
            })?;
        }
        let began = Instant::now();
        self.guard.authorize(position, message)?;
        self.shared.observe_guard(began.elapsed());
        self.shared.attendance.signed(self.key.public(), position);
        self.shared.update(|progress| progress.last_signed = Some(position));
        #[cfg(feature = "testing")]
        if self.testing.crashes(crate::testing::Point::Signed(position)) {
            return Err(Error::from_source("a crash that a test asked for".to_owned()));
        }
        let digest = blake3::hash(message);
        tracing::debug!(%position, %digest, "signed");
        let signature = self.key.sign(message);
        self.shared.verified.made(&self.key.public(), message, &signature);
        Ok(signature)
    }
}

#[async_trait]
impl Signer<SanadContext> for GuardedSigner {
    async fn sign_vote(&self, vote: Vote) -> Result<SignedVote<SanadContext>, Error> {
        let (Some(message), Some(round)) = (vote.message(&self.chain_id), vote.round.as_u32()) else {
            return Err(Error::new());
        };
        let position = Position { height: vote.height.0, round, step: step_of(vote.kind) };
        let signature = self.sign(position, &message)?;
        self.prevotes.note(&vote, &self.key.public());
        Ok(SignedVote::new(vote, signature))
    }

    async fn sign_proposal(&self, proposal: Proposal) -> Result<SignedProposal<SanadContext>, Error> {
        let (Some(message), Some(round)) = (proposal.message(&self.chain_id), proposal.round.as_u32()) else {
            return Err(Error::new());
        };
        let position = Position { height: proposal.height.0, round, step: Step::Proposal };
        let signature = self.sign(position, &message)?;
        Ok(SignedProposal::new(proposal, signature))
    }

    async fn sign_vote_extension(
        &self,
        _: VoteExtensionScope<SanadContext>,
        (): (),
    ) -> Result<SignedExtension<SanadContext>, Error> {
        Err(Error::new())
    }

    async fn sign_validator_proof(
        &self,
        public_key: Vec<u8>,
        peer_id: Vec<u8>,
    ) -> Result<ValidatorProof<SanadContext>, Error> {
        // Not guarded: it binds a network key, begins with a tag of its own, and contradicts nothing.
        let message = ValidatorProof::<SanadContext>::signing_bytes(&public_key, &peer_id);
        Ok(ValidatorProof::new(public_key, peer_id, self.key.sign(&message)))
    }
}

/// Verifies by the one rule of `sanad-core`.
pub(crate) struct StrictVerifier {
    pub(crate) chain_id: ChainId,
    /// Where to say whose signature was verified, and which signatures are known to be good.
    pub(crate) shared: Arc<Shared>,
}

impl StrictVerifier {
    fn note(&self, key: &PublicKey, height: EngineHeight, round: Round, step: Step) {
        if let Some(round) = round.as_u32() {
            self.shared.attendance.signed(*key, Position { height: height.0, round, step });
        }
    }

    fn verdict(
        &self,
        message: Option<Vec<u8>>,
        signature: &Signature,
        key: &PublicKey,
    ) -> VerificationResult {
        let good = |message: Vec<u8>| self.shared.verified.check(key, &message, signature).is_ok();
        VerificationResult::from_bool(message.is_some_and(good))
    }
}

/// The step of a vote.
pub(crate) fn step_of(kind: VoteType) -> Step {
    match kind {
        VoteType::Prevote => Step::Prevote,
        VoteType::Precommit => Step::Precommit,
    }
}

#[async_trait]
impl Verifier<SanadContext> for StrictVerifier {
    async fn verify_signed_vote(
        &self,
        vote: &Vote,
        signature: &Signature,
        key: &PublicKey,
    ) -> Result<VerificationResult, Error> {
        let verdict = self.verdict(vote.message(&self.chain_id), signature, key);
        if verdict.is_valid() {
            self.note(key, vote.height, vote.round, step_of(vote.kind));
        }
        Ok(verdict)
    }

    async fn verify_signed_proposal(
        &self,
        proposal: &Proposal,
        signature: &Signature,
        key: &PublicKey,
    ) -> Result<VerificationResult, Error> {
        // The engine would take a block of an earlier round for a new one, and vote on it by an old answer.
        if !proposal.is_consistent() {
            return Ok(VerificationResult::Invalid);
        }
        let verdict = self.verdict(proposal.message(&self.chain_id), signature, key);
        if verdict.is_valid() {
            self.note(key, proposal.height, proposal.round, Step::Proposal);
        }
        Ok(verdict)
    }

    async fn verify_signed_vote_extension(
        &self,
        _: &VoteExtensionScope<SanadContext>,
        (): &(),
        _: &Signature,
        _: &PublicKey,
    ) -> Result<VerificationResult, Error> {
        Ok(VerificationResult::Invalid)
    }

    async fn verify_validator_proof(
        &self,
        proof: &ValidatorProof<SanadContext>,
    ) -> Result<VerificationResult, Error> {
        match proof.decoded_public_key() {
            Ok(key) => Ok(self.verdict(Some(proof.preimage()), &proof.signature, &key)),
            Err(_) => Ok(VerificationResult::Invalid),
        }
    }
}
