//! The caller's deadline, on every kind of call.

use std::time::Duration;

use sanad_api::wire::ledger_service_client::LedgerServiceClient;
use sanad_api::{Client, ClientError, ClientOptions, ErrorCode, Limits, ProofForm, StatusCode, wire};
use sanad_core::hash::BatchId;
use tonic::{Code, Request};

use crate::network::{Network, soon};

/// A server that begins every answer, and never says anything of it; it reads on, so that the connection lives.
async fn says_headers_only(listener: tokio::net::TcpListener) {
    while let Ok((connection, _)) = listener.accept().await {
        tokio::spawn(async move {
            let mut connection = h2::server::handshake(connection).await.unwrap();
            let mut answers = Vec::new();
            while let Some(Ok((_, mut answer))) = connection.accept().await {
                let head = tonic::codegen::http::Response::builder()
                    .header("content-type", "application/grpc")
                    .body(())
                    .unwrap();
                answers.push(answer.send_response(head, false));
            }
        });
    }
}

#[tokio::test]
async fn an_answer_that_begins_and_never_ends_is_given_up() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(says_headers_only(listener));
    let options = ClientOptions { timeout: Duration::from_millis(200), ..ClientOptions::default() };
    let client = Client::connect(&url, &options).await.unwrap();
    let late = |error: ClientError| {
        let late = matches!(error, ClientError::Status { status: StatusCode::DeadlineExceeded, .. });
        assert!(late && error.is_retryable(), "{error:?}");
    };
    let issuer = "univ-merapi.example".parse().unwrap();
    soon(async {
        late(client.node_status().await.unwrap_err());
        late(client.members().await.unwrap_err());
        late(client.trust_file().await.unwrap_err());
        late(client.completeness(&issuer, ProofForm::SelfContained).await.unwrap_err());
        late(client.batch_proofs(&BatchId([7; 32]), ProofForm::SelfContained).await.unwrap_err());
    })
    .await;
    server.abort();
}

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
