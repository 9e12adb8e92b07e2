//! A batch of governance on its way between the machine that prepares it and those that sign it.
//!
//! The file goes from a machine with a network to one without, from signer to signer, and back. What it asks to sign is
//! in it in full, so that each signer reads the events themselves and not somebody's account of them.

use serde::{Deserialize, Serialize};

use super::OpenProposal;
use crate::batch::{
    BATCH_EVENTS_MAX, Batch, BatchChain, BatchSignatures, KeySignature, SignedBatch, batch_message,
};
use crate::event::Event;
use crate::hash::{BatchId, ChainId, ProposalId};
use crate::ids::{MemberId, Sequence};
use crate::json_form::{self, JsonFormError};
use crate::member::GOVERNANCE_KEYS_MAX;
use crate::proof::GovernanceProof;
use crate::signature::{PublicKey, SecretKey, SignatureError};

/// Format of a signing request.
pub const SIGNING_REQUEST_FORMAT: &str = "sanad-signing-request/v1";
/// Longest signing request, in bytes (4 MiB).
pub const SIGNING_REQUEST_BYTES_MAX: usize = 4 << 20;

/// A batch of governance that is to be signed, with the signatures it has so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SigningRequest {
    /// [`SIGNING_REQUEST_FORMAT`].
    pub format: String,
    /// The chain it is meant for.
    pub chain_id: ChainId,
    /// The member that acts.
    pub member: MemberId,
    /// Governance or freeze.
    pub chain: BatchChain,
    /// Its place in that chain of batches.
    pub sequence: Sequence,
    /// The batch before it, or what a freeze names in its place.
    pub previous: BatchId,
    /// What the member says.
    pub events: Vec<Event>,
    /// The governance keys that may sign, in ascending order.
    pub keys: Vec<PublicKey>,
    /// How many of them have to.
    pub threshold: u8,
    /// What governance holds, proved: with votes, so that the signer sees what it votes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub governance: Option<GovernanceProof>,
    /// The signatures so far, in ascending order of the keys.
    pub signatures: Vec<KeySignature>,
}

/// Why a signing request is not one, or is not signed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SigningRequestError {
    /// Too long.
    #[error("{actual} bytes; a signing request has at most {SIGNING_REQUEST_BYTES_MAX}")]
    TooLong {
        /// Its length.
        actual: usize,
    },
    /// Not its JSON form.
    #[error("not the JSON form of a signing request")]
    Form(#[from] JsonFormError),
    /// Another format.
    #[error("not a \"{SIGNING_REQUEST_FORMAT}\"")]
    Format,
    /// Events of another chain of batches, none, or too many.
    #[error("{count} events, not all for the {} chain; 1 to {BATCH_EVENTS_MAX}, and one freeze, are allowed", chain.as_str())]
    Events {
        /// Chain of batches that the request is for.
        chain: BatchChain,
        /// How many there are.
        count: usize,
    },
    /// Keys or threshold do not fit together.
    #[error(
        "{threshold} of {keys} keys are to sign; 1 to {GOVERNANCE_KEYS_MAX} keys in ascending order are allowed"
    )]
    Keys {
        /// How many keys there are.
        keys: usize,
        /// How many have to sign.
        threshold: u8,
    },
    /// A vote on a proposal that the request does not show.
    #[error("proposal {proposal} is voted on and not in the request")]
    UnknownProposal {
        /// Id that an event of the request votes on.
        proposal: ProposalId,
    },
    /// A key that is not asked for.
    #[error("{key} is not one of the governance keys of {member}")]
    AnotherKey {
        /// Key that signed.
        key: PublicKey,
        /// Member whose request it is.
        member: MemberId,
    },
    /// A key signed already, or signatures are out of order.
    #[error("{key} has signed already, or the signatures are out of order")]
    SignedTwice {
        /// Key that signed twice, or stands out of order.
        key: PublicKey,
    },
    /// Signatures are missing.
    #[error("{signed} of {threshold} governance keys have signed")]
    Missing {
        /// How many signed.
        signed: usize,
        /// How many have to.
        threshold: u8,
    },
    /// A signature is of something else.
    #[error("a signature in the request is not over what the request says")]
    Signature(#[from] SignatureError),
}

impl SigningRequest {
    /// Reads and checks a request. The proof in it is not verified: see [`GovernanceProof::verify`].
    ///
    /// # Errors
    /// [`SigningRequestError`], the first thing that does not fit.
    pub fn from_json(text: &[u8]) -> Result<Self, SigningRequestError> {
        if text.len() > SIGNING_REQUEST_BYTES_MAX {
            return Err(SigningRequestError::TooLong { actual: text.len() });
        }
        let request: Self = json_form::read(text)?;
        request.check()?;
        Ok(request)
    }

    /// Checks that everything fits together, the signatures included.
    ///
    /// # Errors
    /// [`SigningRequestError`].
    pub fn check(&self) -> Result<(), SigningRequestError> {
        let Self { chain, events, keys, threshold, .. } = self;
        if self.format != SIGNING_REQUEST_FORMAT {
            return Err(SigningRequestError::Format);
        }
        let count = events.len();
        let most = if *chain == BatchChain::Freeze { 1 } else { BATCH_EVENTS_MAX };
        let fits = events.iter().all(|event| event.chain() == *chain);
        if *chain == BatchChain::Issuing || count == 0 || count > most || !fits {
            return Err(SigningRequestError::Events { chain: *chain, count });
        }
        let ascending = keys.is_sorted_by(|a, b| a < b) && keys.len() <= GOVERNANCE_KEYS_MAX;
        if !ascending || *threshold == 0 || usize::from(*threshold) > keys.len() {
            return Err(SigningRequestError::Keys { keys: keys.len(), threshold: *threshold });
        }
        for event in events {
            if let Event::Approve { proposal } | Event::Withdraw { proposal } = event
                && self.proposal(proposal).is_none()
            {
                return Err(SigningRequestError::UnknownProposal { proposal: *proposal });
            }
        }
        self.check_signatures()
    }

    fn check_signatures(&self) -> Result<(), SigningRequestError> {
        let message = batch_message(&self.batch().id());
        let mut last = None;
        for KeySignature { key, signature } in &self.signatures {
            self.check_key(key)?;
            if last.is_some_and(|last| last >= *key) {
                return Err(SigningRequestError::SignedTwice { key: *key });
            }
            key.verify(&message, signature)?;
            last = Some(*key);
        }
        Ok(())
    }

    fn check_key(&self, key: &PublicKey) -> Result<(), SigningRequestError> {
        match self.keys.contains(key) {
            true => Ok(()),
            false => Err(SigningRequestError::AnotherKey { key: *key, member: self.member.clone() }),
        }
    }

    /// A proposal that the request shows.
    pub fn proposal(&self, id: &ProposalId) -> Option<OpenProposal> {
        self.governance.as_ref()?.governance().proposal(id).cloned()
    }

    /// The batch that is signed.
    pub fn batch(&self) -> Batch {
        Batch {
            chain_id: self.chain_id,
            issuer: self.member.clone(),
            chain: self.chain,
            sequence: self.sequence,
            previous: self.previous,
            events: self.events.clone(),
        }
    }

    /// Adds the signature of one key.
    ///
    /// # Errors
    /// [`SigningRequestError::AnotherKey`], [`SigningRequestError::SignedTwice`].
    pub fn sign(&mut self, secret: &SecretKey) -> Result<(), SigningRequestError> {
        let key = secret.public();
        self.check_key(&key)?;
        match self.signatures.binary_search_by_key(&key, |signature| signature.key) {
            Ok(_) => Err(SigningRequestError::SignedTwice { key }),
            Err(place) => {
                let signature = secret.sign(&batch_message(&self.batch().id()));
                self.signatures.insert(place, KeySignature { key, signature });
                Ok(())
            }
        }
    }

    /// How many signatures are missing.
    pub fn missing(&self) -> usize {
        usize::from(self.threshold).saturating_sub(self.signatures.len())
    }

    /// The signed batch.
    ///
    /// # Errors
    /// [`SigningRequestError::Missing`].
    pub fn signed(&self) -> Result<SignedBatch, SigningRequestError> {
        if self.missing() > 0 {
            let (signed, threshold) = (self.signatures.len(), self.threshold);
            return Err(SigningRequestError::Missing { signed, threshold });
        }
        Ok(self.batch().with_signatures(BatchSignatures::Governance(self.signatures.clone())))
    }

    /// The JSON form.
    pub fn to_json(&self) -> String {
        let mut text =
            serde_json::to_string_pretty(self).expect("invariant: a signing request has only plain fields");
        text.push('\n');
        text
    }
}
