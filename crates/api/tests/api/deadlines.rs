//! The caller's deadline, on every kind of call.

use std::time::{Duration, Instant};

use sanad_api::wire::ledger_service_client::LedgerServiceClient;
use sanad_api::{ClientError, ErrorCode, Limits, StatusCode, wire};
use tonic::{Code, Request};

use crate::network::{Network, soon};

#[tokio::test]
async fn a_slow_read_ends_at_the_callers_deadline() {
    let network = Network::start().await;
    network.ledger.hold_reads(true);
    let hasty = network.client.with_timeout(Duration::from_millis(300));
    let begin = Instant::now();
    let error = hasty.head().await.unwrap_err();
    assert!(begin.elapsed() < Duration::from_secs(3));
    assert_eq!(error.code(), Some(ErrorCode::Deadline));
    assert!(matches!(error, ClientError::Status { status: StatusCode::DeadlineExceeded, .. }));
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
    let error = soon(network.client.with_timeout(Duration::from_secs(3600)).head()).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::Deadline));
    network.ledger.hold_reads(false);
}

#[tokio::test]
async fn reads_wait_for_their_turn_within_their_deadline() {
    let network = Network::with_limits(Limits { reads: 1, ..Limits::default() }).await;
    network.ledger.commit_batch(network.ledger.next_batch(1));
    network.ledger.hold_reads(true);
    let client = network.client.clone();
    let first = tokio::spawn(async move { client.head().await });
    let hasty = network.client.with_timeout(Duration::from_millis(300));
    assert_eq!(soon(hasty.head()).await.unwrap_err().code(), Some(ErrorCode::Deadline));
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
