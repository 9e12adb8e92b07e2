//! What shows that a header is final.

use sanad_core::block::Past;
use sanad_core::history::HistoryProof;
use sanad_core::proof::{Finality, VALIDATOR_CHANGES_MAX, ValidatorChange};

use super::{WireError, block, fixed, path, path_bytes, required, within};
use crate::blocks::FinalHeader;
use crate::proofs::HeaderProof;
use crate::wire;
use crate::wire::finality::By;

impl From<&Finality> for wire::Finality {
    fn from(finality: &Finality) -> Self {
        let by = match finality {
            Finality::Certificate { certificate, validator_changes } => {
                By::Certificate(wire::CertifiedFinality {
                    certificate: Some(certificate.into()),
                    validator_changes: validator_changes.iter().map(Into::into).collect(),
                })
            }
            Finality::Sealed { path } => By::Sealed(wire::SealedFinality { path: path_bytes(path) }),
            Finality::History(proof) => By::History((&**proof).into()),
        };
        Self { by: Some(by) }
    }
}

impl TryFrom<wire::Finality> for Finality {
    type Error = WireError;
    fn try_from(finality: wire::Finality) -> Result<Self, WireError> {
        match required("finality.by", finality.by)? {
            By::Certificate(wire::CertifiedFinality { certificate, validator_changes: changes }) => {
                Ok(Self::Certificate {
                    certificate: required("finality.certificate", certificate)?.try_into()?,
                    validator_changes: validator_changes(changes)?,
                })
            }
            By::Sealed(sealed) => Ok(Self::Sealed { path: path("finality.sealed.path", &sealed.path)? }),
            By::History(proof) => Ok(Self::History(Box::new(proof.try_into()?))),
        }
    }
}

impl From<&HistoryProof> for wire::HistoryProof {
    fn from(proof: &HistoryProof) -> Self {
        Self {
            path: path_bytes(&proof.path),
            past: Some((&proof.past).into()),
            newer: Some(block::final_header(&proof.header, &proof.certificate)),
            validator_changes: proof.validator_changes.iter().map(Into::into).collect(),
        }
    }
}

impl TryFrom<wire::HistoryProof> for HistoryProof {
    type Error = WireError;
    fn try_from(proof: wire::HistoryProof) -> Result<Self, WireError> {
        let FinalHeader { header, certificate } = required("history.newer", proof.newer)?.try_into()?;
        Ok(Self {
            path: path("history.path", &proof.path)?,
            past: required("history.past", proof.past)?.try_into()?,
            header,
            certificate,
            validator_changes: validator_changes(proof.validator_changes)?,
        })
    }
}

impl From<&Past> for wire::Past {
    fn from(past: &Past) -> Self {
        Self {
            previous: past.previous.0.to_vec(),
            history_root: past.history_root.0.to_vec(),
            batches_root: past.batches_root.0.to_vec(),
        }
    }
}

impl TryFrom<wire::Past> for Past {
    type Error = WireError;
    fn try_from(past: wire::Past) -> Result<Self, WireError> {
        Ok(Self {
            previous: fixed("past.previous", &past.previous)?,
            history_root: fixed("past.history_root", &past.history_root)?,
            batches_root: fixed("past.batches_root", &past.batches_root)?,
        })
    }
}

impl From<&ValidatorChange> for wire::ValidatorChange {
    fn from(change: &ValidatorChange) -> Self {
        Self {
            header: Some(block::final_header(&change.header, &change.certificate)),
            next: Some((&change.next).into()),
        }
    }
}

impl TryFrom<wire::ValidatorChange> for ValidatorChange {
    type Error = WireError;
    fn try_from(change: wire::ValidatorChange) -> Result<Self, WireError> {
        let last: FinalHeader = required("validator_changes.header", change.header)?.try_into()?;
        let next = required("validator_changes.next", change.next)?.try_into()?;
        Ok(Self { header: last.header, certificate: last.certificate, next })
    }
}

fn validator_changes(changes: Vec<wire::ValidatorChange>) -> Result<Vec<ValidatorChange>, WireError> {
    within("validator_changes", changes.len(), VALIDATOR_CHANGES_MAX)?;
    changes.into_iter().map(TryInto::try_into).collect()
}

impl From<&HeaderProof> for wire::GetHistoryProofResponse {
    fn from(proof: &HeaderProof) -> Self {
        Self { header: Some((&proof.header).into()), finality: Some((&proof.finality).into()) }
    }
}

impl TryFrom<wire::GetHistoryProofResponse> for HeaderProof {
    type Error = WireError;
    fn try_from(proof: wire::GetHistoryProofResponse) -> Result<Self, WireError> {
        Ok(Self {
            header: required("header", proof.header)?.try_into()?,
            finality: required("finality", proof.finality)?.try_into()?,
        })
    }
}
