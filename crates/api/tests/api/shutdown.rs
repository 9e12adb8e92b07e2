//! Stopping the server.

use std::time::Duration;

use sanad_api::{ClientError, ErrorCode, Limits, StatusCode, Wait};
use sanad_core::ids::Height;
use tokio::net::TcpStream;

use crate::memory_ledger::MemoryLedger;
use crate::network::{Network, soon};

fn unavailable(error: &ClientError) -> bool {
    matches!(error, ClientError::Status { status: StatusCode::Unavailable, .. })
}

/// Waits until a read is held.
async fn until_held(ledger: &MemoryLedger) {
    soon(async {
        while ledger.held_reads() == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn subscriptions_and_waiting_submissions_end_and_nothing_hangs() {
    let network = Network::start().await;
    let client = network.client.clone();
    let mut stream = client.subscribe(Height(1)).await.unwrap();
    let batch = network.ledger.next_batch(1);
    let id = batch.id();
    let waiting = {
        let client = client.clone();
        tokio::spawn(async move { client.submit(&batch, Wait::Final).await })
    };
    soon(async {
        while client.batch(&id).await.is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let server = network.stop();
    let error = soon(stream.next()).await.unwrap_err();
    assert!(unavailable(&error) && error.code() == Some(ErrorCode::Stopping), "{error:?}");
    let error = soon(waiting).await.unwrap().unwrap_err();
    assert!(unavailable(&error) && error.code() == Some(ErrorCode::BatchPending), "{error:?}");
    soon(server).await.unwrap().unwrap();
    assert!(soon(client.node_status()).await.unwrap_err().is_retryable());
}

#[tokio::test]
async fn calls_in_flight_are_answered() {
    let network = Network::start().await;
    network.ledger.commit();
    network.ledger.hold_reads(true);
    let (client, ledger) = (network.client.clone(), std::sync::Arc::clone(&network.ledger));
    let held = tokio::spawn(async move { client.head().await });
    until_held(&ledger).await;
    let port = network.port;
    let server = network.stop();
    soon(async {
        while TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    ledger.hold_reads(false);
    assert_eq!(soon(held).await.unwrap().unwrap().header.height, Height(1));
    soon(server).await.unwrap().unwrap();
}

#[tokio::test]
async fn what_does_not_end_in_time_is_cut_off() {
    let limits = Limits { shutdown_grace: Duration::from_millis(100), ..Limits::default() };
    let network = Network::with_limits(limits).await;
    network.ledger.hold_reads(true);
    let (client, ledger) = (network.client.clone(), std::sync::Arc::clone(&network.ledger));
    let held = tokio::spawn(async move { client.head().await });
    until_held(&ledger).await;
    soon(network.stop()).await.unwrap().unwrap();
    assert!(soon(held).await.unwrap().is_err());
    ledger.hold_reads(false);
}
