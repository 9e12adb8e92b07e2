//! A member's chains of batches: who may continue them, by which keys, and after what.

use super::error::BatchError;
use crate::batch::{BatchChain, SignedBatch};
use crate::governance::{Governance, governance_keys_hash};
use crate::hash::BatchId;
use crate::ids::Sequence;
use crate::member::{ChainHead, KeyPurpose, MemberState, Role, Standing};
use crate::signature::PublicKey;

/// Checks that a batch is signed by the keys of its chain that are in force, and that its member may use that chain.
///
/// # Errors
/// [`BatchError::InactiveIssuer`], [`BatchError::WrongRole`], [`BatchError::Signature`] or
/// [`BatchError::GovernanceSignature`].
pub fn check_signatures(member: &MemberState, signed: &SignedBatch) -> Result<(), BatchError> {
    let issuer = || member.record().id.clone();
    let threshold = match signed.batch().chain {
        BatchChain::Issuing => {
            let key = issuing_key(member)?;
            return signed.verify(&key).map_err(|source| BatchError::Signature { issuer: issuer(), source });
        }
        BatchChain::Governance => member.rest().governance_threshold,
        BatchChain::Freeze => 1,
    };
    let keys: Vec<PublicKey> = member.rest().current_keys(KeyPurpose::Governance).collect();
    signed
        .verify_governance(&keys, threshold)
        .map_err(|source| BatchError::GovernanceSignature { issuer: issuer(), source })
}

/// What the next batch of one of a member's chains follows.
pub fn chain_head(member: &MemberState, governance: &Governance, chain: BatchChain) -> ChainHead {
    match chain {
        BatchChain::Issuing => member.rest().issuing,
        BatchChain::Governance => member.rest().governance,
        BatchChain::Freeze => {
            let freezes = governance.freezes(&member.record().id).map_or(0, |record| record.count);
            let keys = governance_keys_hash(member.rest().current_keys(KeyPurpose::Governance));
            ChainHead { next_sequence: Sequence(freezes), last_batch: BatchId(keys) }
        }
    }
}

/// The key with which a member may sign batches.
///
/// # Errors
/// [`BatchError::InactiveIssuer`] or [`BatchError::WrongRole`].
pub fn issuing_key(member: &MemberState) -> Result<PublicKey, BatchError> {
    let (record, rest) = (member.record(), member.rest());
    if record.standing != Standing::Active {
        return Err(BatchError::InactiveIssuer { issuer: record.id.clone(), standing: record.standing });
    }
    match rest.current_key(KeyPurpose::Issuing) {
        Some(key) if rest.role >= Role::Issuer => Ok(key),
        _ => Err(BatchError::WrongRole { issuer: record.id.clone(), role: rest.role }),
    }
}
