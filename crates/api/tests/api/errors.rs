//! What the caller hears of each error of the ledger.

use std::time::Duration;

use sanad_api::{ClientError, LedgerError, Missing, StatusCode, Wait};
use sanad_core::batch::NO_BATCH;
use sanad_core::execution::{BatchError, EventError};
use sanad_core::hash::{BatchId, ChainId, Commitment};
use sanad_core::ids::{Height, LogIndex, LogSize, MemberId, Sequence};
use sanad_core::member::Role;
use sanad_core::signature::{PublicKey, SignatureError};
use sanad_core::status::Status;

use crate::network::Network;

fn issuer() -> MemberId {
    "ui.ac.id".parse().unwrap()
}

fn event(source: EventError) -> LedgerError {
    BatchError::Event { position: 0, source }.into()
}

type Row = (fn() -> LedgerError, StatusCode, &'static str);

const ROWS: &[Row] = &[
    (|| LedgerError::NotFound(Missing::Commitment(Commitment([1; 32]))), StatusCode::NotFound, "not-found"),
    (|| LedgerError::NotFound(Missing::Batch(NO_BATCH)), StatusCode::NotFound, "not-found"),
    (|| LedgerError::NotFound(Missing::Member(issuer())), StatusCode::NotFound, "not-found"),
    (|| LedgerError::NoBlock, StatusCode::Unavailable, "no-block"),
    (
        || LedgerError::HeightBeyondHead { height: Height(9), head: Height(3) },
        StatusCode::OutOfRange,
        "height-beyond-head",
    ),
    (
        || LedgerError::IndexBeyondLog { index: LogIndex(9), size: LogSize(3) },
        StatusCode::OutOfRange,
        "index-beyond-log",
    ),
    (
        || LedgerError::SizeBeyondLog { asked: LogSize(9), size: LogSize(3) },
        StatusCode::OutOfRange,
        "size-beyond-log",
    ),
    (|| LedgerError::NotKept { first: Height(9) }, StatusCode::FailedPrecondition, "not-kept"),
    (
        || LedgerError::SequencePending { issuer: issuer(), sequence: Sequence(1), pending: NO_BATCH },
        StatusCode::FailedPrecondition,
        "sequence-pending",
    ),
    (
        || LedgerError::PoolFull { batches: 9, bytes: 99, retry_after: Duration::from_secs(7) },
        StatusCode::ResourceExhausted,
        "pool-full",
    ),
    (
        || LedgerError::SubmissionLimit { issuer: issuer(), batches: 9, retry_after: Duration::from_secs(7) },
        StatusCode::ResourceExhausted,
        "submission-limit",
    ),
    (|| LedgerError::Syncing { height: Height(9) }, StatusCode::Unavailable, "syncing"),
    (|| LedgerError::Stopping, StatusCode::Unavailable, "stopping"),
    (|| LedgerError::Damaged("tile/0/000 was changed".into()), StatusCode::DataLoss, "damaged"),
    (|| LedgerError::Unreadable("disk /var/secret failed".into()), StatusCode::Unavailable, "unreadable"),
    (|| LedgerError::Unsupported { what: "a folder has no peers" }, StatusCode::Unimplemented, "unsupported"),
    (|| LedgerError::internal("disk /var/secret failed"), StatusCode::Internal, "internal"),
    (
        || BatchError::ForeignChain { expected: ChainId([1; 32]), actual: ChainId([2; 32]) }.into(),
        StatusCode::FailedPrecondition,
        "foreign-chain",
    ),
    (
        || BatchError::UnknownIssuer { issuer: issuer() }.into(),
        StatusCode::PermissionDenied,
        "unknown-issuer",
    ),
    (
        || BatchError::InactiveIssuer { issuer: issuer(), height: Height(9) }.into(),
        StatusCode::PermissionDenied,
        "inactive-issuer",
    ),
    (
        || BatchError::WrongRole { issuer: issuer(), role: Role::Observer }.into(),
        StatusCode::PermissionDenied,
        "wrong-role",
    ),
    (
        || {
            let source = SignatureError::Mismatch { key: PublicKey([1; 32]) };
            BatchError::Signature { issuer: issuer(), source }.into()
        },
        StatusCode::Unauthenticated,
        "bad-signature",
    ),
    (
        || {
            let (expected, actual) = (Sequence(5), Sequence(4));
            BatchError::SequenceUsed { issuer: issuer(), expected, actual }.into()
        },
        StatusCode::FailedPrecondition,
        "sequence-used",
    ),
    (
        || {
            let (expected, actual) = (Sequence(5), Sequence(6));
            BatchError::SequenceGap { issuer: issuer(), expected, actual }.into()
        },
        StatusCode::FailedPrecondition,
        "sequence-gap",
    ),
    (
        || BatchError::Fork { issuer: issuer(), expected: NO_BATCH, actual: BatchId([1; 32]) }.into(),
        StatusCode::FailedPrecondition,
        "fork",
    ),
    (|| BatchError::BlockFull { bytes: 9, room: 8 }.into(), StatusCode::ResourceExhausted, "block-full"),
    (
        || event(EventError::AlreadyIssued { commitment: Commitment([1; 32]), at: LogIndex(3) }),
        StatusCode::AlreadyExists,
        "already-issued",
    ),
    (
        || event(EventError::DuplicateCommitment { commitment: Commitment([1; 32]) }),
        StatusCode::AlreadyExists,
        "duplicate-commitment",
    ),
    (
        || event(EventError::UnknownTarget { target: LogIndex(9), size: LogSize(3) }),
        StatusCode::FailedPrecondition,
        "unknown-target",
    ),
    (
        || event(EventError::NotAnIssuance { target: LogIndex(9), kind: "revoke" }),
        StatusCode::FailedPrecondition,
        "not-an-issuance",
    ),
    (
        || event(EventError::AnotherIssuer { target: LogIndex(9), issuer: issuer() }),
        StatusCode::PermissionDenied,
        "another-issuer",
    ),
    (
        || {
            let status = Status::Revoked;
            event(EventError::Status { target: LogIndex(9), status, change: "suspend" })
        },
        StatusCode::FailedPrecondition,
        "status-conflict",
    ),
];

#[tokio::test]
async fn every_error_has_its_code_word_and_next_step() {
    let network = Network::start().await;
    let batch = network.ledger.next_batch(1);
    for (failure, expected_code, expected_word) in ROWS {
        network.ledger.fail_with(*failure);
        let read = network.client.head().await.unwrap_err();
        let submitted = network.client.submit(&batch, Wait::Accepted).await.unwrap_err();
        for error in [read, submitted] {
            let ClientError::Status { code, message, word, .. } = &error else { panic!("{error:?}") };
            assert_eq!((*code, word.as_deref()), (*expected_code, Some(*expected_word)), "{message}");
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

#[tokio::test]
async fn internal_details_stay_inside() {
    let network = Network::start().await;
    network.ledger.fail_with(|| LedgerError::internal("disk /var/secret failed"));
    let error = network.client.node_status().await.unwrap_err();
    assert!(!error.to_string().contains("secret"), "{error}");
    network.ledger.fail_with(|| panic!("a bug in the node"));
    let error = network.client.head().await.unwrap_err();
    assert_eq!(error.word(), Some("internal"));
}
