//! A chain as an issuer sees it: a node to ask, and what its answers are checked against.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures::stream::{self, StreamExt as _};
use sanad_api::limits::STATUSES_MAX;
use sanad_api::{Client, ClientError, CredentialKey, ErrorCode, ProofForm, ask_patiently};
use sanad_core::block::BlockHeader;
use sanad_core::document::NamedIssuer;
use sanad_core::genesis::Genesis;
use sanad_core::ids::MemberId;
use sanad_core::member::{IssuerId, MemberRest};
use sanad_core::proof::{Finality, ProofFault, StatusProof};
use sanad_core::status::CredentialStatus;
use sanad_core::trust::TrustAnchor;

/// A node, and the genesis or trust file that its answers are checked against.
#[derive(Clone, Debug)]
pub struct Chain {
    client: Client,
    /// How errors name the node.
    node: String,
    genesis: Genesis,
    anchor: TrustAnchor,
    patience: Duration,
    /// Whether the node has answered: what is strange from then on is the connection.
    answered: Arc<AtomicBool>,
}

/// Why a node gives no answer that can be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// The call failed.
    #[error("{node}")]
    Call {
        /// The node.
        node: String,
        /// Why.
        source: Box<ClientError>,
    },
    /// The connection broke, and was not to be made anew.
    #[error("the connection to {node} broke, and could not be made anew within {LOST_TIME_MAX:?}")]
    Lost {
        /// The node.
        node: String,
        /// Why the last call failed.
        source: Box<ClientError>,
    },
    /// The answer is not proved.
    #[error("{node} does not prove {what}; ask another node")]
    NotProven {
        /// The node.
        node: String,
        /// What is not proved.
        what: &'static str,
        /// Why.
        source: Box<ProofFault>,
    },
    /// The issuer's keys are not those of its record.
    #[error("{node} does not prove the issuer's keys; ask another node")]
    KeysNotProven {
        /// The node.
        node: String,
    },
    /// The genesis has no such member.
    #[error("{0} is not a member of this chain; check the issuer and the genesis")]
    NotAMember(MemberId),
}

impl Chain {
    /// The age from which a node's last block is not the chain's: a chain that runs has one every heartbeat.
    pub(crate) fn head_age_max(&self) -> Duration {
        let heartbeat = Duration::from_millis(self.genesis.parameters.heartbeat_ms.into());
        (heartbeat * OLD_HEARTBEATS).max(HEAD_AGE_MIN)
    }

    /// A chain at a node. `node` is how errors name it; `genesis` and `anchor` are what the caller trusts, and
    /// `patience` is for how long a call is repeated while the node has no block yet.
    pub fn new(
        client: Client,
        node: String,
        genesis: Genesis,
        anchor: TrustAnchor,
        patience: Duration,
    ) -> Self {
        Self { client, node, genesis, anchor, patience, answered: Arc::default() }
    }

    /// What proofs are checked against.
    pub fn anchor(&self) -> &TrustAnchor {
        &self.anchor
    }

    /// Whether a document that names this issuer can be verified as the member's: see `docs/formats/receipt.md`, step 9.
    pub(crate) fn is_named_by(&self, member: &MemberId, named: &NamedIssuer) -> bool {
        let known = self.genesis.members.iter().find(|known| known.id == *member);
        match named {
            NamedIssuer::None => true,
            NamedIssuer::Unreadable => false,
            NamedIssuer::Name(name) => IssuerId::normalise(name)
                .is_ok_and(|id| known.is_some_and(|known| known.issuer_ids.contains(&id))),
        }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Whether the same call may succeed later. A frame that is cut off looks like another protocol, but not from a node
    /// that has answered before.
    pub(crate) fn may_recover_from(&self, error: &ClientError) -> bool {
        error.is_retryable() || (self.has_answered() && matches!(error, ClientError::NotANode))
    }

    fn has_answered(&self) -> bool {
        self.answered.load(Ordering::Relaxed)
    }

    pub(crate) fn failed(&self, source: ClientError) -> ChainError {
        ChainError::Call { node: self.node.clone(), source: source.into() }
    }

    /// Makes a call, patiently. Once the node has answered, a connection that breaks is made anew.
    pub(crate) async fn insist<T, C>(&self, call: impl Fn() -> C) -> Result<T, ChainError>
    where
        C: Future<Output = Result<T, ClientError>>,
    {
        let deadline = Instant::now() + LOST_TIME_MAX;
        loop {
            match ask_patiently(self.patience, &call).await {
                Ok(answer) => {
                    self.answered.store(true, Ordering::Relaxed);
                    return Ok(answer);
                }
                Err(error) if !self.has_answered() || !self.may_recover_from(&error) => {
                    return Err(self.failed(error));
                }
                Err(source) if Instant::now() >= deadline => {
                    let (node, source) = (self.node.clone(), source.into());
                    return Err(ChainError::Lost { node, source });
                }
                Err(_) => tokio::time::sleep(RETRY_INTERVAL).await,
            }
        }
    }

    /// The statuses of credentials, proved, some calls at once; `take` has them in the order of `keys`, `None` of those
    /// that the ledger does not hold. A connection that breaks is made anew.
    pub(crate) async fn statuses(
        &self,
        keys: &[CredentialKey],
        mut take: impl FnMut(Option<(StatusProof, CredentialStatus)>),
    ) -> Result<(), ChainError> {
        let call = |keys| self.insist(move || self.client.statuses(keys, ProofForm::SelfContained));
        let mut answers = stream::iter(keys.chunks(STATUSES_MAX).map(call)).buffered(CALLS_AT_ONCE);
        let mut header = HeaderOnce::default();
        while let Some(proofs) = answers.next().await {
            for proof in proofs? {
                take(match proof {
                    Some(proof) => {
                        let status = self.checked(header.verify(&proof, &self.anchor), "the status")?;
                        Some((proof, status))
                    }
                    None => None,
                });
            }
        }
        Ok(())
    }

    pub(crate) fn checked<T>(
        &self,
        result: Result<T, ProofFault>,
        what: &'static str,
    ) -> Result<T, ChainError> {
        result.map_err(|source| ChainError::NotProven {
            node: self.node.clone(),
            what,
            source: source.into(),
        })
    }

    /// The keys and chain heads of a member, proved.
    pub(crate) async fn member_rest(&self, id: &MemberId) -> Result<MemberRest, ChainError> {
        let asked = || self.client.member(id, ProofForm::SelfContained);
        match ask_patiently(Duration::ZERO, asked).await {
            Ok(details) => {
                self.answered.store(true, Ordering::Relaxed);
                self.checked(details.proof.verify(&self.anchor), "the issuer's record")?;
                if details.rest.hash() != details.proof.member.record.rest {
                    return Err(ChainError::KeysNotProven { node: self.node.clone() });
                }
                Ok(details.rest)
            }
            // Before the first block nothing can be proved, and the genesis says it all.
            Err(error) if error.code() == Some(ErrorCode::NoBlock) => {
                let registry = self.genesis.registry();
                let rest = registry.member(id).map(|member| member.rest().clone());
                rest.ok_or_else(|| ChainError::NotAMember(id.clone()))
            }
            Err(error) => Err(self.failed(error)),
        }
    }
}

/// Checks proofs one after the other, and a header that they share once.
#[derive(Default)]
struct HeaderOnce {
    verified: Option<(BlockHeader, Finality)>,
}

impl HeaderOnce {
    fn verify(&mut self, proof: &StatusProof, anchor: &TrustAnchor) -> Result<CredentialStatus, ProofFault> {
        let known = |(header, finality): &(BlockHeader, Finality)| {
            *header == proof.header && *finality == proof.finality
        };
        if !self.verified.as_ref().is_some_and(known) {
            proof.verify_header(anchor)?;
            self.verified = Some((proof.header.clone(), proof.finality.clone()));
        }
        proof.verify_inclusion()?;
        proof.verify_state()
    }
}

/// Calls for many statuses at once: a node answers so many to one address if it has other callers, too.
const CALLS_AT_ONCE: usize = 2;
/// How long a lost node is tried again, and how often.
const LOST_TIME_MAX: Duration = Duration::from_secs(30);
const RETRY_INTERVAL: Duration = Duration::from_millis(300);

/// Heartbeats after which the last block of a node is old.
const OLD_HEARTBEATS: u32 = 5;
/// An age that is never too old: clocks differ.
const HEAD_AGE_MIN: Duration = Duration::from_secs(120);
