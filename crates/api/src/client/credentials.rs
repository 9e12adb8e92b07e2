//! Calls about credentials.

use sanad_core::event::{Entry, Event};
use sanad_core::hash::BatchId;
use sanad_core::proof::{ProvenStatus, StatusProof};
use sanad_core::trust::TrustAnchor;

use super::streams::BatchProofStream;
use super::{Client, ClientError, asked};
use crate::convert::{WireError, required, within};
use crate::ledger::CredentialKey;
use crate::limits::STATUSES_MAX;
use crate::proofs::{ProofForm, ProofHead};
use crate::wire;
use crate::wire::get_status_request::Credential;

impl Client {
    /// The status of a credential as of the node's last block. Not verified.
    ///
    /// # Errors
    /// [`ClientError`]; `NOT_FOUND` if it was never issued, `OUT_OF_RANGE` if the log is not that long.
    pub async fn status(&self, key: &CredentialKey, form: ProofForm) -> Result<StatusProof, ClientError> {
        let request = self.request(asking(key, form));
        let proof = self.timed(self.ledger().get_status(request)).await?.try_into()?;
        is_about(key, &proof)?;
        Ok(proof)
    }

    /// The status of a credential, verified against an anchor.
    ///
    /// # Errors
    /// [`ClientError`]; [`ClientError::NotProven`] if the node's proof does not hold.
    pub async fn verified_status(
        &self,
        key: &CredentialKey,
        form: ProofForm,
        anchor: &TrustAnchor,
    ) -> Result<(StatusProof, ProvenStatus), ClientError> {
        let proof = self.status(key, form).await?;
        let proven = proof.verify(anchor)?;
        Ok((proof, proven))
    }

    /// The statuses of at most [`STATUSES_MAX`] credentials, in their order; `None` of those that the ledger does not
    /// hold, or not yet. Not verified.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn statuses(
        &self,
        keys: &[CredentialKey],
        form: ProofForm,
    ) -> Result<Vec<Option<StatusProof>>, ClientError> {
        let requests = keys.iter().map(|key| asking(key, form)).collect();
        let request = self.request(wire::GetStatusesRequest { requests });
        let wire::GetStatusesResponse { heads, answers } =
            self.timed(self.ledger().get_statuses(request)).await?;
        within("heads", heads.len(), STATUSES_MAX)?;
        asked("answers", &keys.len(), &answers.len())?;
        let heads: Vec<ProofHead> = heads.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?;
        let mut proofs = Vec::new();
        for (key, answer) in keys.iter().zip(answers) {
            let Some(entry) = answer.entry else {
                proofs.push(None);
                continue;
            };
            let head = required("head", heads.get(answer.head as usize))?;
            let proof = head.complete(entry.try_into()?);
            is_about(key, &proof)?;
            proofs.push(Some(proof));
        }
        Ok(proofs)
    }

    /// Proofs of all entries of a batch, all as of one block, in the order of the log. Not verified.
    ///
    /// # Errors
    /// [`ClientError`]; `NOT_FOUND` unless the batch is final.
    pub async fn batch_proofs(&self, id: &BatchId, form: ProofForm) -> Result<BatchProofStream, ClientError> {
        self.batch_proofs_from(id, 0, form).await
    }

    /// As [`Client::batch_proofs`], from an entry of the batch on, counted from 0: to continue where a stream broke
    /// off. The block may be a later one.
    ///
    /// # Errors
    /// As [`Client::batch_proofs`].
    pub async fn batch_proofs_from(
        &self,
        id: &BatchId,
        first: u32,
        form: ProofForm,
    ) -> Result<BatchProofStream, ClientError> {
        let form = wire::ProofForm::from(form).into();
        let message = wire::GetBatchProofsRequest { batch_id: id.0.to_vec(), first, limit: 0, form };
        let stream = self.timed_stream(self.ledger().get_batch_proofs(self.request(message))).await?;
        BatchProofStream::open(stream, first).await
    }
}

fn asking(key: &CredentialKey, form: ProofForm) -> wire::GetStatusRequest {
    let credential = match key {
        CredentialKey::Issuance { issuer, commitment } => Credential::Issuance(wire::Issuance {
            issuer: issuer.to_string(),
            commitment: commitment.0.to_vec(),
        }),
        CredentialKey::Index(index) => Credential::LogIndex(index.0),
    };
    wire::GetStatusRequest { credential: Some(credential), form: wire::ProofForm::from(form).into() }
}

fn is_about(key: &CredentialKey, proof: &StatusProof) -> Result<(), WireError> {
    match key {
        CredentialKey::Index(index) => asked("entry.index", index, &proof.index),
        CredentialKey::Issuance { issuer, commitment } => {
            let issuance = Entry { issuer: issuer.clone(), event: Event::Issue { commitment: *commitment } };
            asked("entry", &issuance, &proof.entry)
        }
    }
}
