//! What the caller receives for each error of the ledger.

use std::time::Duration;

use sanad_api::{ClientError, ErrorCode, LedgerError, Missing, StatusCode, Wait};
use sanad_core::batch::{BatchChain, GovernanceSignatureError, NO_BATCH};
use sanad_core::execution::{BatchError, EventError};
use sanad_core::governance::GovernanceError;
use sanad_core::hash::{BatchId, ChainId, Commitment};
use sanad_core::ids::{Height, LogIndex, LogSize, MemberId, Sequence};
use sanad_core::member::{Role, Standing};
use sanad_core::signature::{PublicKey, SignatureError};
use sanad_core::status::Status;

use crate::network::Network;

fn issuer() -> MemberId {
    "ui.ac.id".parse().unwrap()
}

fn event(source: EventError) -> LedgerError {
    BatchError::Event { position: 0, source }.into()
}

type Row = (fn() -> LedgerError, StatusCode, ErrorCode);

const ROWS: &[Row] = &[
    (
        || LedgerError::NotFound(Missing::Issuance { issuer: issuer(), commitment: Commitment([1; 32]) }),
        StatusCode::NotFound,
        ErrorCode::NotFound,
    ),
    (|| LedgerError::NotFound(Missing::Batch(NO_BATCH)), StatusCode::NotFound, ErrorCode::NotFound),
    (|| LedgerError::NotFound(Missing::Member(issuer())), StatusCode::NotFound, ErrorCode::NotFound),
    (|| LedgerError::NoBlock, StatusCode::Unavailable, ErrorCode::NoBlock),
    (
        || LedgerError::HeightBeyondHead { height: Height(9), head: Height(3) },
        StatusCode::OutOfRange,
        ErrorCode::HeightBeyondHead,
    ),
    (
        || LedgerError::IndexBeyondLog { index: LogIndex(9), size: LogSize(3) },
        StatusCode::OutOfRange,
        ErrorCode::IndexBeyondLog,
    ),
    (
        || LedgerError::SizeBeyondLog { asked: LogSize(9), size: LogSize(3) },
        StatusCode::OutOfRange,
        ErrorCode::SizeBeyondLog,
    ),
    (|| LedgerError::NotKept { first: Height(9) }, StatusCode::FailedPrecondition, ErrorCode::NotKept),
    (
        || LedgerError::RegisterNotKept { first: Height(9) },
        StatusCode::FailedPrecondition,
        ErrorCode::RegisterNotKept,
    ),
    (
        || LedgerError::NotFound(Missing::MemberAsOf { member: issuer(), height: Height(9) }),
        StatusCode::NotFound,
        ErrorCode::NotFound,
    ),
    (
        || LedgerError::SequencePending { issuer: issuer(), sequence: Sequence(1), pending: NO_BATCH },
        StatusCode::FailedPrecondition,
        ErrorCode::SequencePending,
    ),
    (
        || LedgerError::PoolFull { batches: 9, bytes: 99, retry_after: Duration::from_secs(7) },
        StatusCode::ResourceExhausted,
        ErrorCode::PoolFull,
    ),
    (|| LedgerError::DiskLow, StatusCode::FailedPrecondition, ErrorCode::DiskLow),
    (
        || LedgerError::Displaced { batch: NO_BATCH, retry_after: Duration::from_secs(7) },
        StatusCode::ResourceExhausted,
        ErrorCode::Displaced,
    ),
    (
        || LedgerError::SubmissionLimit { issuer: issuer(), batches: 9, retry_after: Duration::from_secs(7) },
        StatusCode::ResourceExhausted,
        ErrorCode::SubmissionLimit,
    ),
    (|| LedgerError::Syncing { height: Height(9) }, StatusCode::Unavailable, ErrorCode::Syncing),
    (|| LedgerError::Stopping, StatusCode::Unavailable, ErrorCode::Stopping),
    (|| LedgerError::Damaged("tile/0/000 was changed".into()), StatusCode::DataLoss, ErrorCode::Damaged),
    (
        || LedgerError::Unreadable("disk /var/secret failed".into()),
        StatusCode::Unavailable,
        ErrorCode::Unreadable,
    ),
    (
        || LedgerError::Unsupported { what: "a folder has no peers" },
        StatusCode::Unimplemented,
        ErrorCode::Unsupported,
    ),
    (|| LedgerError::internal("disk /var/secret failed"), StatusCode::Internal, ErrorCode::Internal),
    (
        || BatchError::ForeignChain { expected: ChainId([1; 32]), actual: ChainId([2; 32]) }.into(),
        StatusCode::FailedPrecondition,
        ErrorCode::ForeignChain,
    ),
    (
        || BatchError::UnknownIssuer { issuer: issuer() }.into(),
        StatusCode::PermissionDenied,
        ErrorCode::UnknownIssuer,
    ),
    (
        || BatchError::InactiveIssuer { issuer: issuer(), standing: Standing::Retired }.into(),
        StatusCode::PermissionDenied,
        ErrorCode::InactiveIssuer,
    ),
    (
        || BatchError::WrongRole { issuer: issuer(), role: Role::Observer }.into(),
        StatusCode::PermissionDenied,
        ErrorCode::WrongRole,
    ),
    (
        || {
            let source = SignatureError::Mismatch { key: PublicKey([1; 32]) };
            BatchError::Signature { issuer: issuer(), source }.into()
        },
        StatusCode::Unauthenticated,
        ErrorCode::BadSignature,
    ),
    (
        || {
            let (expected, actual) = (Sequence(5), Sequence(4));
            BatchError::SequenceUsed { issuer: issuer(), expected, actual }.into()
        },
        StatusCode::FailedPrecondition,
        ErrorCode::SequenceUsed,
    ),
    (
        || {
            let (expected, actual) = (Sequence(5), Sequence(6));
            BatchError::SequenceGap { issuer: issuer(), expected, actual }.into()
        },
        StatusCode::FailedPrecondition,
        ErrorCode::SequenceGap,
    ),
    (
        || BatchError::Fork { issuer: issuer(), expected: NO_BATCH, actual: BatchId([1; 32]) }.into(),
        StatusCode::FailedPrecondition,
        ErrorCode::Fork,
    ),
    (
        || {
            let source = GovernanceSignatureError::Threshold { signed: 1, threshold: 2 };
            BatchError::GovernanceSignature { issuer: issuer(), source }.into()
        },
        StatusCode::Unauthenticated,
        ErrorCode::BadSignature,
    ),
    (
        || BatchError::FreezeEvents { issuer: issuer(), events: 2 }.into(),
        StatusCode::FailedPrecondition,
        ErrorCode::Governance,
    ),
    (
        || {
            let source = EventError::WrongChain { kind: "issue", chain: BatchChain::Governance };
            BatchError::Event { position: 0, source }.into()
        },
        StatusCode::FailedPrecondition,
        ErrorCode::WrongChain,
    ),
    (
        || BatchError::Event { position: 0, source: GovernanceError::NoChange.into() }.into(),
        StatusCode::FailedPrecondition,
        ErrorCode::Governance,
    ),
    (|| BatchError::LogFull { size: LogSize(9) }.into(), StatusCode::FailedPrecondition, ErrorCode::LogFull),
    (
        || BatchError::BlockFull { bytes: 9, room: 8 }.into(),
        StatusCode::ResourceExhausted,
        ErrorCode::BlockFull,
    ),
    (
        || event(EventError::AlreadyIssued { commitment: Commitment([1; 32]), at: LogIndex(3) }),
        StatusCode::AlreadyExists,
        ErrorCode::AlreadyIssued,
    ),
    (
        || event(EventError::DuplicateCommitment { commitment: Commitment([1; 32]) }),
        StatusCode::AlreadyExists,
        ErrorCode::DuplicateCommitment,
    ),
    (
        || event(EventError::UnknownTarget { target: LogIndex(9), size: LogSize(3) }),
        StatusCode::FailedPrecondition,
        ErrorCode::UnknownTarget,
    ),
    (
        || event(EventError::NotAnIssuance { target: LogIndex(9), kind: "revoke" }),
        StatusCode::FailedPrecondition,
        ErrorCode::NotAnIssuance,
    ),
    (
        || event(EventError::AnotherIssuer { target: LogIndex(9), issuer: issuer() }),
        StatusCode::PermissionDenied,
        ErrorCode::AnotherIssuer,
    ),
    (
        || {
            let status = Status::Revoked;
            event(EventError::Status { target: LogIndex(9), status, change: "suspend" })
        },
        StatusCode::FailedPrecondition,
        ErrorCode::StatusConflict,
    ),
    (
        || event(EventError::RevocationLimit { limit: 256 }),
        StatusCode::FailedPrecondition,
        ErrorCode::RevocationLimit,
    ),
];

#[tokio::test]
async fn every_error_has_its_status_code_and_next_step() {
    let network = Network::start().await;
    let batch = network.ledger.next_batch(1);
    for (failure, expected_status, expected_code) in ROWS {
        network.ledger.fail_with(*failure);
        let read = network.client.head().await.unwrap_err();
        let submitted = network.client.submit(&batch, Wait::Accepted).await.unwrap_err();
        for error in [read, submitted] {
            let ClientError::Status { status, code, message, .. } = &error else { panic!("{error:?}") };
            assert_eq!((*status, *code), (*expected_status, Some(*expected_code)), "{message}");
            assert!(!message.contains("secret"), "{message}");
            assert!(message.contains("; "), "no next step: {message}");
        }
    }
}

#[tokio::test]
async fn a_full_pool_says_when_to_try_again() {
    let network = Network::start().await;
    let retry_after = Duration::from_millis(7500);
    network.ledger.fail_with(|| LedgerError::PoolFull {
        batches: 1,
        bytes: 2,
        retry_after: Duration::from_millis(7500),
    });
    let error = network.client.submit(&network.ledger.next_batch(1), Wait::Final).await.unwrap_err();
    assert!(error.is_retryable());
    assert!(matches!(error, ClientError::Status { retry_after: Some(after), .. } if after == retry_after));
}

/// A node that lies does not put its caller to sleep for years.
#[tokio::test]
async fn no_node_can_ask_for_a_long_wait() {
    let network = Network::start().await;
    let late = || LedgerError::PoolFull { batches: 1, bytes: 2, retry_after: Duration::from_secs(11) };
    let never =
        || LedgerError::PoolFull { batches: 1, bytes: 2, retry_after: Duration::from_millis(u64::MAX) };
    for failure in [late as fn() -> LedgerError, never] {
        network.ledger.fail_with(failure);
        let error = network.client.submit(&network.ledger.next_batch(1), Wait::Final).await.unwrap_err();
        let ClientError::Status { retry_after, .. } = error else { panic!("{error:?}") };
        assert_eq!(retry_after, Some(Duration::from_secs(10)));
    }
}

#[tokio::test]
async fn internal_details_stay_inside() {
    let network = Network::start().await;
    network.ledger.fail_with(|| LedgerError::internal("disk /var/secret failed"));
    let error = network.client.node_status().await.unwrap_err();
    assert!(!error.to_string().contains("secret"), "{error}");
    network.ledger.fail_with(|| panic!("a bug in the node"));
    let error = network.client.head().await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::Internal));
}

#[tokio::test]
async fn a_refusal_says_which_rule_of_which_event() {
    let network = Network::start().await;
    let batch = network.ledger.next_batch(1);
    network.ledger.commit_batch(batch.clone());
    let again = network.ledger.next_batch_of(batch.batch().events.clone());
    let error = network.client.submit(&again, Wait::Accepted).await.unwrap_err();
    assert!(error.code().unwrap().is_refusal());
    let text = error.to_string();
    assert!(text.contains("event 0 breaks a rule: the commitment") && text.contains("log index 0"), "{text}");
}
