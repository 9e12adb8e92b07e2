//! Submitting batches.

use std::time::Duration;

use sanad_api::{BatchOutcome, ErrorCode, FinalBatch, StatusCode, Wait};
use sanad_core::hash::BatchId;
use sanad_core::ids::{Height, LogIndex};

use crate::network::{Network, soon};

#[tokio::test]
async fn a_batch_is_accepted_then_final_and_harmless_to_repeat() {
    let network = Network::start().await;
    let batch = network.ledger.next_batch(3);
    let accepted = network.client.submit(&batch, Wait::Accepted).await.unwrap();
    assert_eq!((accepted.id, accepted.outcome), (batch.id(), BatchOutcome::Pending));
    assert_eq!(network.client.batch(&batch.id()).await.unwrap().outcome, BatchOutcome::Pending);
    network.ledger.commit();
    let block_time_ms = network.client.head().await.unwrap().header.time_ms;
    let place = FinalBatch { height: Height(1), block_time_ms, first_index: LogIndex(0), entries: 3 };
    let known = network.client.batch(&batch.id()).await.unwrap();
    assert_eq!(known.outcome, BatchOutcome::Final(place));
    assert_eq!(network.client.submit(&batch, Wait::Final).await.unwrap(), known);
}

#[tokio::test]
async fn waiting_ends_when_the_batch_is_final() {
    let network = Network::start().await;
    let batch = network.ledger.next_batch(3);
    let client = network.client.clone();
    let waiting = {
        let batch = batch.clone();
        tokio::spawn(async move { client.submit(&batch, Wait::Final).await })
    };
    pending(&network, &batch.id()).await;
    network.ledger.commit();
    let result = soon(waiting).await.unwrap().unwrap();
    assert!(matches!(result.outcome, BatchOutcome::Final(_)));
}

#[tokio::test]
async fn a_batch_refused_while_it_waits_is_an_error_and_remembered() {
    let network = Network::start().await;
    let (first, second) = (network.ledger.next_batch(1), network.ledger.next_batch(2));
    network.client.submit(&second, Wait::Accepted).await.unwrap();
    let client = network.client.clone();
    let waiting = {
        let second = second.clone();
        tokio::spawn(async move { client.submit(&second, Wait::Final).await })
    };
    pending(&network, &second.id()).await;
    network.ledger.drop_pool();
    network.ledger.commit_batch(first);
    // The second batch comes too late for its place in the chain.
    network.ledger.commit_batch(second.clone());
    let error = soon(waiting).await.unwrap().unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::SequenceUsed));
    let outcome = network.client.batch(&second.id()).await.unwrap().outcome;
    let BatchOutcome::Refused { code, message } = outcome else { panic!("{outcome:?}") };
    assert_eq!(code, ErrorCode::SequenceUsed);
    assert!(message.contains("its next is 1"), "{message}");
}

#[tokio::test]
async fn at_the_deadline_the_batch_is_said_to_be_pending() {
    let network = Network::start().await;
    let batch = network.ledger.next_batch(1);
    let hasty = network.client.with_timeout(Duration::from_millis(400));
    // On a busy machine the client's own clock may be first; submitting again is harmless.
    let error = soon(async {
        loop {
            let error = hasty.submit(&batch, Wait::Final).await.unwrap_err();
            assert!(error.is_retryable());
            if error.code().is_some() {
                return error;
            }
        }
    })
    .await;
    let sanad_api::ClientError::Status { status, code, message, .. } = error else { panic!("{error:?}") };
    assert_eq!((status, code), (StatusCode::DeadlineExceeded, Some(ErrorCode::BatchPending)));
    assert!(message.contains(&batch.id().to_string()) && message.contains("submit it again"), "{message}");
    network.ledger.commit();
    let known = network.client.batch(&batch.id()).await.unwrap();
    assert!(matches!(known.outcome, BatchOutcome::Final(_)));
}

#[tokio::test]
async fn unknown_batches_are_not_found() {
    let network = Network::start().await;
    let error = network.client.batch(&BatchId([3; 32])).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::NotFound));
    assert!(!error.is_retryable());
}

/// Waits until the node knows the batch.
async fn pending(network: &Network, id: &BatchId) {
    soon(async {
        while network.client.batch(id).await.is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}
