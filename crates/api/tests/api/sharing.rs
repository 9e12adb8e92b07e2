//! What one caller can hold, and that the others are answered nevertheless.

use std::net::IpAddr;
use std::time::Duration;

use sanad_api::limits::ANSWER_BYTES_MAX;
use sanad_api::wire::ledger_service_client::LedgerServiceClient;
use sanad_api::{ClientError, ClientOptions, ErrorCode, Limits, ProofForm, ServerConfig, Wait, wire};
use sanad_core::batch::BATCH_EVENTS_MAX;
use sanad_core::ids::Height;
use tokio::task::JoinSet;
use tonic::transport::{Channel, Endpoint};

use crate::network::{Network, soon};

/// Not the address of [`Network::client`], though of the same network.
const ATTACKER: [u8; 4] = [127, 0, 0, 2];

/// A channel from the proxy's address.
async fn proxied(network: &Network) -> LedgerServiceClient<Channel> {
    let endpoint = Endpoint::from_shared(network.url.clone()).unwrap();
    let channel = endpoint.local_address(Some(IpAddr::from(ATTACKER))).connect().await.unwrap();
    LedgerServiceClient::new(channel)
}

/// A channel whose answers find no room at the caller.
async fn closed_window(network: &Network) -> LedgerServiceClient<Channel> {
    let endpoint = Endpoint::from_shared(network.url.clone()).unwrap().initial_stream_window_size(0);
    let endpoint = endpoint.local_address(Some(IpAddr::from(ATTACKER)));
    let channel = endpoint.connect().await.unwrap();
    LedgerServiceClient::new(channel).max_decoding_message_size(ANSWER_BYTES_MAX)
}

fn code(status: tonic::Status) -> Option<ErrorCode> {
    ClientError::from(status).code()
}

#[tokio::test]
async fn answers_that_nobody_reads_hold_no_more_than_their_share() {
    const CALLS: usize = 120;
    let limits =
        Limits { answer_bytes: 72 << 20, stall_timeout: Duration::from_secs(2), ..Limits::default() };
    let network = Network::with_limits(limits).await;
    for member in ["v0", "v1", "v2", "v3", "issuer"] {
        let batch = network.ledger.next_batch_of_member(member, BATCH_EVENTS_MAX);
        network.client.submit(&batch, Wait::Accepted).await.unwrap();
    }
    network.ledger.commit();
    let bytes = network.client.block(Height(1)).await.unwrap().block.encode().len();
    let share = ANSWER_BYTES_MAX.max(limits.answer_bytes / 4);
    assert!(CALLS * bytes > 3 * share);

    let mut calls = JoinSet::new();
    for connection in [closed_window(&network).await, closed_window(&network).await] {
        for _ in 0..CALLS / 2 {
            let mut ledger = connection.clone();
            calls.spawn(async move { ledger.get_block(wire::GetBlockRequest { height: 1 }).await });
        }
    }
    // All but those that fit the share are refused at once.
    let mut refused = 0;
    while refused < CALLS - share / bytes {
        let status = soon(calls.join_next()).await.unwrap().unwrap().unwrap_err();
        assert_eq!(code(status), Some(ErrorCode::Busy));
        refused += 1;
    }
    soon(network.client.block(Height(1))).await.unwrap();
    // The others wait, until their connections are cut.
    let mut cut = 0;
    while let Some(ended) = soon(calls.join_next()).await {
        match code(ended.unwrap().unwrap_err()) {
            Some(ErrorCode::Busy) => refused += 1,
            code => {
                assert_eq!(code, None, "by the transport");
                cut += 1;
            }
        }
    }
    assert_eq!(refused + cut, CALLS);
    assert!(cut > 0 && cut * bytes <= share, "{cut} answers of {bytes} bytes were held");
    soon(network.client.block(Height(1))).await.unwrap();
}

#[tokio::test]
async fn one_address_does_not_hold_all_batch_proofs() {
    let limits = Limits { batch_proofs: 4, ..Limits::default() };
    let network = Network::with_limits(limits).await;
    let batch = network.ledger.next_batch(1500);
    let id = batch.id();
    network.ledger.commit_batch(batch);
    let request = wire::GetBatchProofsRequest { batch_id: id.0.to_vec(), first: 0, limit: 0, form: 0 };
    let mut ledger = closed_window(&network).await;
    let _held = ledger.get_batch_proofs(request.clone()).await.unwrap();
    for mut ledger in [ledger, closed_window(&network).await] {
        let status = ledger.get_batch_proofs(request.clone()).await.unwrap_err();
        assert_eq!(code(status), Some(ErrorCode::Busy));
    }
    let proofs = soon(async {
        network.client.batch_proofs(&id, ProofForm::SelfContained).await.unwrap().collect().await
    });
    assert_eq!(proofs.await.unwrap().len(), 1500);
}

#[tokio::test]
async fn one_address_does_not_hold_all_calls() {
    let limits = Limits { calls: 8, ..Limits::default() };
    let network = Network::with_limits(limits).await;
    network.ledger.commit_batch(network.ledger.next_batch(1));
    network.ledger.hold_reads(true);
    let mut calls = JoinSet::new();
    for _ in 0..8 {
        let mut ledger = closed_window(&network).await;
        calls.spawn(async move { ledger.get_block(wire::GetBlockRequest { height: 1 }).await });
    }
    for _ in 0..6 {
        let status = soon(calls.join_next()).await.unwrap().unwrap().unwrap_err();
        assert_eq!(code(status), Some(ErrorCode::Busy));
    }
    soon(network.client.node_status()).await.unwrap();
    network.ledger.hold_reads(false);
}

#[tokio::test]
async fn callers_behind_a_proxy_count_by_the_address_that_it_names() {
    let limits = Limits {
        calls: 8,
        connections_per_address: 1,
        subscriptions_per_connection: 1,
        address_calls_per_second: 1,
        address_calls_burst: 4,
        ..Limits::default()
    };
    let trusted_proxies = vec!["127.0.0.2/32".parse().unwrap()];
    let config = ServerConfig { limits, trusted_proxies, ..ServerConfig::default() };
    let network = Network::with_config(config, "http", &ClientOptions::default()).await;
    network.ledger.commit_batch(network.ledger.next_batch(1));
    let request = |from: &str| {
        let mut request = tonic::Request::new(wire::GetBlockRequest { height: 1 });
        request.metadata_mut().insert("x-forwarded-for", from.parse().unwrap());
        request
    };
    network.ledger.hold_reads(true);
    let mut proxy = proxied(&network).await;
    let mut calls = JoinSet::new();
    for from in ["192.0.2.1", "198.51.100.1"] {
        // A quarter of the calls for each, however often the proxy connects.
        for number in 0..3 {
            let mut proxy = if number == 0 { proxy.clone() } else { proxied(&network).await };
            let request = request(&format!("203.0.113.9, {from}"));
            calls.spawn(async move { proxy.get_block(request).await });
        }
        let status = soon(calls.join_next()).await.unwrap().unwrap().unwrap_err();
        assert_eq!(code(status), Some(ErrorCode::Busy));
    }
    network.ledger.hold_reads(false);
    while let Some(ended) = soon(calls.join_next()).await {
        ended.unwrap().unwrap();
    }
    // Each address has calls a second of its own.
    let refused = loop {
        if let Err(status) = proxy.get_block(request("192.0.2.1")).await {
            break status;
        }
    };
    assert_eq!(code(refused), Some(ErrorCode::Rate));
    proxy.get_block(request("192.0.2.7")).await.unwrap();
    // Who is no proxy speaks for itself.
    let mut direct = LedgerServiceClient::new(network.channel().await);
    for number in 0..4 {
        let answer = direct.get_block(request(&format!("198.51.100.{number}"))).await;
        assert!(answer.is_ok() || number > 0);
    }
    let status = direct.get_block(request("198.51.100.99")).await.unwrap_err();
    assert_eq!(code(status), Some(ErrorCode::Rate));
}
