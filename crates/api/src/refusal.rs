//! Words for the rules of the ledger, stable for programs.

use sanad_core::execution::{BatchError, EventError};

/// The word for the rule that a batch broke. Words are never reused or changed.
pub fn word(error: &BatchError) -> &'static str {
    match error {
        BatchError::ForeignChain { .. } => "foreign-chain",
        BatchError::UnknownIssuer { .. } => "unknown-issuer",
        BatchError::InactiveIssuer { .. } => "inactive-issuer",
        BatchError::WrongRole { .. } => "wrong-role",
        BatchError::Signature { .. } => "bad-signature",
        BatchError::SequenceUsed { .. } => "sequence-used",
        BatchError::SequenceGap { .. } => "sequence-gap",
        BatchError::Fork { .. } => "fork",
        BatchError::BlockFull { .. } => "block-full",
        BatchError::Event { source, .. } => event_word(source),
        // A rule that came after this API: the sentence still says it.
        _ => "refused",
    }
}

fn event_word(error: &EventError) -> &'static str {
    match error {
        EventError::AlreadyIssued { .. } => "already-issued",
        EventError::DuplicateCommitment { .. } => "duplicate-commitment",
        EventError::UnknownTarget { .. } => "unknown-target",
        EventError::NotAnIssuance { .. } => "not-an-issuance",
        EventError::AnotherIssuer { .. } => "another-issuer",
        EventError::Status { .. } => "status-conflict",
        _ => "refused",
    }
}
