//! A chain as an issuer sees it: a node to ask, and what its answers are checked against.

use std::future::Future;
use std::time::Duration;

use sanad_api::{Client, ClientError, CredentialKey, ErrorCode, ProofForm, ask_patiently};
use sanad_core::document::NamedIssuer;
use sanad_core::genesis::Genesis;
use sanad_core::ids::MemberId;
use sanad_core::member::{IssuerId, MemberRest};
use sanad_core::proof::{ProofFault, ProvenStatus, StatusProof};
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
    /// A chain at a node. `node` is how errors name it; `genesis` and `anchor` are what the caller trusts, and
    /// `patience` is for how long a call is repeated while the node has no block yet.
    pub fn new(
        client: Client,
        node: String,
        genesis: Genesis,
        anchor: TrustAnchor,
        patience: Duration,
    ) -> Self {
        Self { client, node, genesis, anchor, patience }
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

    /// Makes a call, patiently.
    pub(crate) async fn ask<T, C>(&self, call: impl Fn() -> C) -> Result<T, ChainError>
    where
        C: Future<Output = Result<T, ClientError>>,
    {
        ask_patiently(self.patience, call).await.map_err(|source| self.failed(source))
    }

    pub(crate) fn failed(&self, source: ClientError) -> ChainError {
        ChainError::Call { node: self.node.clone(), source: source.into() }
    }

    /// The proof of a credential's status, not checked yet.
    pub(crate) async fn status(&self, key: &CredentialKey) -> Result<StatusProof, ChainError> {
        self.ask(|| self.client.status(key, ProofForm::SelfContained)).await
    }

    /// The status of a credential, proved.
    pub(crate) async fn proven_status(
        &self,
        key: &CredentialKey,
    ) -> Result<(StatusProof, ProvenStatus), ChainError> {
        let proof = self.status(key).await?;
        let proven = self.checked(proof.verify(&self.anchor), "the status")?;
        Ok((proof, proven))
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

impl ChainError {
    /// Whether the node has no such thing.
    pub(crate) fn is_missing(&self) -> bool {
        matches!(self, Self::Call { source, .. } if source.is_missing())
    }

    /// Whether the same call may succeed later.
    pub(crate) fn is_retryable(&self) -> bool {
        matches!(self, Self::Call { source, .. } if source.is_retryable())
    }
}
