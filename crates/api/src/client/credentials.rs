//! Calls about credentials.

use sanad_core::event::Event;
use sanad_core::hash::{BatchId, Commitment};
use sanad_core::ids::LogIndex;
use sanad_core::proof::{ProvenStatus, StatusProof, TrustAnchor};

use super::streams::BatchProofStream;
use super::{Client, ClientError, asked};
use crate::convert::WireError;
use crate::ledger::CredentialKey;
use crate::wire;
use crate::wire::get_status_request::Credential;

impl Client {
    /// The status of the credential with a commitment, as of the node's last block. Not verified.
    ///
    /// # Errors
    /// [`ClientError`]; `NOT_FOUND` where it was never issued.
    pub async fn status_by_commitment(&self, commitment: &Commitment) -> Result<StatusProof, ClientError> {
        self.status(&CredentialKey::Commitment(*commitment)).await
    }

    /// The status of the credential issued at a place of the log. Not verified.
    ///
    /// # Errors
    /// [`ClientError`]; `OUT_OF_RANGE` where the log is not that long.
    pub async fn status_by_index(&self, index: LogIndex) -> Result<StatusProof, ClientError> {
        self.status(&CredentialKey::Index(index)).await
    }

    /// The status of a credential. Not verified.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn status(&self, key: &CredentialKey) -> Result<StatusProof, ClientError> {
        let credential = match key {
            CredentialKey::Commitment(commitment) => Credential::Commitment(commitment.0.to_vec()),
            CredentialKey::Index(index) => Credential::LogIndex(index.0),
        };
        let request = self.request(wire::GetStatusRequest { credential: Some(credential) });
        let proof = self.ledger().get_status(request).await?.into_inner().try_into()?;
        is_about(key, &proof)?;
        Ok(proof)
    }

    /// The status of a credential, verified up to the genesis that gave the anchor.
    ///
    /// # Errors
    /// [`ClientError`]; [`ClientError::NotProven`] where the node's proof does not hold.
    pub async fn verified_status(
        &self,
        key: &CredentialKey,
        anchor: &TrustAnchor,
    ) -> Result<(StatusProof, ProvenStatus), ClientError> {
        let proof = self.status(key).await?;
        let proven = proof.verify(anchor)?;
        Ok((proof, proven))
    }

    /// Proofs of all entries of a batch, all as of one block, in the order of the log. Not verified.
    ///
    /// # Errors
    /// [`ClientError`]; `NOT_FOUND` unless the batch is final.
    pub async fn batch_proofs(&self, id: &BatchId) -> Result<BatchProofStream, ClientError> {
        self.batch_proofs_from(id, 0).await
    }

    /// As [`Client::batch_proofs`], from an entry of the batch on, counted from 0: to go on where a stream broke
    /// off. The block may be a later one.
    ///
    /// # Errors
    /// As [`Client::batch_proofs`].
    pub async fn batch_proofs_from(&self, id: &BatchId, first: u32) -> Result<BatchProofStream, ClientError> {
        let message = wire::GetBatchProofsRequest { batch_id: id.0.to_vec(), first, limit: 0 };
        let stream = self.ledger().get_batch_proofs(self.request(message)).await?.into_inner();
        BatchProofStream::open(stream, first).await
    }
}

fn is_about(key: &CredentialKey, proof: &StatusProof) -> Result<(), WireError> {
    match (key, proof.entry.event) {
        (CredentialKey::Index(index), _) => asked("entry.index", index, &proof.index),
        (CredentialKey::Commitment(expected), Event::Issue { commitment }) => {
            asked("entry.commitment", expected, &commitment)
        }
        (CredentialKey::Commitment(_), _) => Err(WireError::NotAsked { field: "entry.kind" }),
    }
}
