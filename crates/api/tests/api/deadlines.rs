//! The caller's deadline, on every kind of call.

use std::time::Duration;

use sanad_api::wire::ledger_service_client::LedgerServiceClient;
use sanad_api::{Client, ClientError, ErrorCode, Limits, StatusCode, wire};
use tonic::{Code, Request};

use crate::network::{Network, soon};

/// Calls until the server says that the deadline passed: on a busy machine the client's own clock may be first.
async fn deadline_passes(client: &Client) {
    soon(async {
        loop {
            let error = client.head().await.unwrap_err();
            assert!(
                matches!(error, ClientError::Status { status: StatusCode::DeadlineExceeded, .. }),
                "{error:?}"
            );
            if error.code() == Some(ErrorCode::Deadline) {
                return;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_slow_read_ends_at_the_callers_deadline() {
    let network = Network::start().await;
    network.ledger.hold_reads(true);
    deadline_passes(&network.client.with_timeout(Duration::from_millis(300))).await;
    network.ledger.hold_reads(false);
}

#[tokio::test]
async fn without_a_deadline_the_servers_own_holds() {
    let limits = Limits { call_timeout: Duration::from_millis(100), ..Limits::default() };
    let network = Network::with_limits(limits).await;
    network.ledger.hold_reads(true);
    let mut ledger = LedgerServiceClient::new(network.channel().await);
    let status = soon(ledger.get_header(wire::GetHeaderRequest { height: 0 })).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status:?}");
    network.ledger.hold_reads(false);
}

#[tokio::test]
async fn a_far_deadline_is_cut_short() {
    let limits = Limits { call_timeout_max: Duration::from_millis(100), ..Limits::default() };
    let network = Network::with_limits(limits).await;
    network.ledger.hold_reads(true);
    deadline_passes(&network.client.with_timeout(Duration::from_secs(3600))).await;
    network.ledger.hold_reads(false);
}

#[tokio::test]
async fn reads_wait_for_their_turn_within_their_deadline() {
    let network = Network::with_limits(Limits { reads: 1, ..Limits::default() }).await;
    network.ledger.commit_batch(network.ledger.next_batch(1));
    network.ledger.hold_reads(true);
    let client = network.client.clone();
    let first = tokio::spawn(async move { client.head().await });
    deadline_passes(&network.client.with_timeout(Duration::from_millis(300))).await;
    network.ledger.hold_reads(false);
    soon(first).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_subscription_with_a_deadline_ends_at_it() {
    let network = Network::start().await;
    let mut ledger = LedgerServiceClient::new(network.channel().await);
    let mut request = Request::new(wire::SubscribeBlocksRequest { from_height: 1 });
    request.set_timeout(Duration::from_millis(400));
    let mut stream = ledger.subscribe_blocks(request).await.unwrap().into_inner();
    let status = soon(stream.message()).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status:?}");
}
