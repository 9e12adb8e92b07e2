//! What the server refuses before it asks the ledger, and how much it gives away.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use sanad_api::wire::ledger_service_client::LedgerServiceClient;
use sanad_api::wire::node_service_client::NodeServiceClient;
use sanad_api::wire::submission_service_client::SubmissionServiceClient;
use sanad_api::{ClientError, ClientOptions, ErrorCode, Limits, ServerConfig, ServerStats, StatusCode, wire};
use sanad_core::batch::BATCH_BYTES_MAX;
use sanad_core::ids::{Height, LogIndex};
use tonic::{Code, Status};

use crate::network::{Network, soon};

fn refused<T: std::fmt::Debug>(answer: Result<tonic::Response<T>, Status>, expected: ErrorCode) {
    let error = ClientError::from(answer.unwrap_err());
    let ClientError::Status { status, code, .. } = error else { panic!("{error:?}") };
    assert_eq!((status, code), (StatusCode::InvalidArgument, Some(expected)));
}

#[tokio::test]
async fn malformed_requests_are_refused() {
    let network = Network::start().await;
    network.ledger.commit_batch(network.ledger.next_batch(3));
    let mut ledger = LedgerServiceClient::new(network.channel().await);
    let mut submission = SubmissionServiceClient::new(network.channel().await);
    use wire::get_status_request::Credential;

    refused(
        ledger.get_status(wire::GetStatusRequest { credential: None, form: 0 }).await,
        ErrorCode::NoCredential,
    );
    for length in [0, 31, 33] {
        let issuance = wire::Issuance { issuer: "issuer".to_owned(), commitment: vec![0; length] };
        let credential = Some(Credential::Issuance(issuance));
        refused(
            ledger.get_status(wire::GetStatusRequest { credential, form: 0 }).await,
            ErrorCode::Malformed,
        );
        let batch_id = vec![0; length];
        let request = wire::GetBatchProofsRequest { batch_id: batch_id.clone(), first: 0, limit: 0, form: 0 };
        refused(ledger.get_batch_proofs(request).await.map(|answer| answer.map(drop)), ErrorCode::Malformed);
        refused(submission.get_batch(wire::GetBatchRequest { batch_id }).await, ErrorCode::Malformed);
    }
    let request = wire::GetBatchProofsRequest { batch_id: vec![0; 32], first: 0, limit: 4097, form: 0 };
    refused(ledger.get_batch_proofs(request).await.map(|answer| answer.map(drop)), ErrorCode::AboveLimit);
    refused(ledger.get_block(wire::GetBlockRequest { height: 0 }).await, ErrorCode::Zero);
    let requests = vec![wire::GetStatusRequest { credential: Some(Credential::LogIndex(0)), form: 0 }; 51];
    refused(ledger.get_statuses(wire::GetStatusesRequest { requests }).await, ErrorCode::AboveLimit);
    let requests = Vec::new();
    refused(ledger.get_statuses(wire::GetStatusesRequest { requests }).await, ErrorCode::NoCredential);
    let request = wire::SubscribeBlocksRequest { from_height: 0 };
    refused(ledger.subscribe_blocks(request).await.map(|answer| answer.map(drop)), ErrorCode::Zero);
    for id in ["", "UI", "a b", &"x".repeat(33)] {
        refused(
            ledger.get_member(wire::GetMemberRequest { id: id.to_owned(), form: 0, as_of: 0 }).await,
            ErrorCode::Malformed,
        );
    }
    // A page of the members as of one height leads on to no other height.
    for (page_token, as_of) in [("m.issuer@2", 1), ("m.issuer@2", 0), ("m.issuer", 2), ("m.issuer@x", 2)] {
        let page_token = page_token.to_owned();
        let request = wire::ListMembersRequest { page_size: 1, page_token, as_of, form: 0 };
        refused(ledger.list_members(request).await, ErrorCode::PageToken);
    }
    let request = wire::GetInclusionProofRequest { index: 3, size: 3 };
    refused(ledger.get_inclusion_proof(request).await, ErrorCode::IndexBeyondSize);
    let request = wire::GetConsistencyProofRequest { old_size: 0, new_size: 3, form: 0 };
    refused(ledger.get_consistency_proof(request).await, ErrorCode::Zero);
    let request = wire::GetConsistencyProofRequest { old_size: 3, new_size: 2, form: 0 };
    refused(ledger.get_consistency_proof(request).await, ErrorCode::SizesReversed);
    for signed_batch in [vec![], vec![1; 90], vec![0; BATCH_BYTES_MAX]] {
        let request = wire::SubmitBatchRequest { signed_batch, wait: 0 };
        refused(submission.submit_batch(request).await, ErrorCode::MalformedBatch);
    }
    let signed_batch = network.ledger.next_batch(1).bytes().to_vec();
    let request = wire::SubmitBatchRequest { signed_batch, wait: 9 };
    refused(submission.submit_batch(request).await, ErrorCode::Malformed);
}

#[tokio::test]
async fn pages_are_capped_and_tokens_lead_through() {
    let network = Network::start().await;
    for _ in 0..3 {
        network.ledger.commit_batch(network.ledger.next_batch(3));
    }
    let mut ledger = LedgerServiceClient::new(network.channel().await);
    let mut node = NodeServiceClient::new(network.channel().await);
    let (page_size, page_token) = (u32::MAX, String::new());
    let request = wire::ListBlocksRequest { from_height: 1, page_size, page_token: page_token.clone() };
    refused(ledger.list_blocks(request).await, ErrorCode::AboveLimit);
    let request = wire::ListEntriesRequest { from_index: 1, page_size: 1001, page_token: page_token.clone() };
    refused(ledger.list_entries(request).await, ErrorCode::AboveLimit);
    let request =
        wire::ListMembersRequest { page_size: 201, page_token: page_token.clone(), ..Default::default() };
    refused(ledger.list_members(request).await, ErrorCode::AboveLimit);
    refused(
        node.list_peers(wire::ListPeersRequest { page_size: 501, page_token }).await,
        ErrorCode::AboveLimit,
    );
    let request =
        wire::ListMembersRequest { page_size: 1, page_token: "b.3".to_owned(), ..Default::default() };
    refused(ledger.list_members(request).await, ErrorCode::PageToken);
    let request = wire::ListPeersRequest { page_size: 1, page_token: "p.00".to_owned() };
    refused(node.list_peers(request).await, ErrorCode::PageToken);

    let (mut indices, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = wire::ListEntriesRequest { from_index: 2, page_size: 2, page_token };
        let page = ledger.list_entries(request).await.unwrap().into_inner();
        indices.extend(page.entries.iter().map(|entry| entry.index));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(indices, [2, 3, 4, 5, 6, 7, 8]);
    let request = wire::ListBlocksRequest { from_height: 0, page_size: 2, page_token: String::new() };
    let page = ledger.list_blocks(request).await.unwrap().into_inner();
    let request = wire::ListBlocksRequest { from_height: 9, page_size: 2, page_token: page.next_page_token };
    let page = ledger.list_blocks(request).await.unwrap().into_inner();
    assert_eq!((page.blocks.len(), page.next_page_token.as_str()), (1, ""));
    let request = wire::ListMembersRequest { page_size: 4, page_token: String::new(), ..Default::default() };
    let page = ledger.list_members(request).await.unwrap().into_inner();
    let request =
        wire::ListMembersRequest { page_size: 4, page_token: page.next_page_token, ..Default::default() };
    let page = ledger.list_members(request).await.unwrap().into_inner();
    assert_eq!(
        page.members.iter().map(|m| m.record.as_ref().unwrap().id.as_str()).collect::<Vec<_>>(),
        ["v2", "v3"]
    );
}

#[tokio::test]
async fn oversized_messages_are_refused() {
    let network = Network::start().await;
    let mut ledger = LedgerServiceClient::new(network.channel().await);
    let mut submission = SubmissionServiceClient::new(network.channel().await);
    let id = "x".repeat(8 << 10);
    let status = ledger.get_member(wire::GetMemberRequest { id, form: 0, as_of: 0 }).await.unwrap_err();
    assert_eq!(status.code(), Code::OutOfRange, "{status:?}");
    let signed_batch = vec![0; BATCH_BYTES_MAX + (8 << 10)];
    let status = submission.submit_batch(wire::SubmitBatchRequest { signed_batch, wait: 0 }).await;
    assert_eq!(status.unwrap_err().code(), Code::OutOfRange);
    // The longest batch there is fits.
    let most = network.ledger.next_batch(sanad_core::batch::BATCH_EVENTS_MAX);
    network.client.submit(&most, sanad_api::Wait::Accepted).await.unwrap();
}

#[tokio::test]
async fn a_connection_that_calls_too_fast_is_slowed_down() {
    let limits = Limits { calls_per_second: 1, calls_burst: 3, ..Limits::default() };
    let network = Network::with_limits(limits).await;
    for _ in 0..3 {
        network.client.node_status().await.unwrap();
    }
    let error = network.client.node_status().await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::Rate));
    assert!(
        matches!(error, ClientError::Status { retry_after: Some(after), .. } if after <= Duration::from_secs(1))
    );
    // Another connection has calls of its own.
    let other = sanad_api::Client::connect(&network.url, &ClientOptions::default()).await.unwrap();
    other.node_status().await.unwrap();
}

/// Whether the other end has closed.
fn is_closed(stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    let read = (&*stream).read(&mut [0; 64]);
    read.map_or_else(|error| error.kind() != ErrorKind::WouldBlock, |read| read == 0)
}

async fn until_closed(stream: &TcpStream) {
    soon(async {
        while !is_closed(stream) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn connections_are_counted() {
    let limits = Limits { connections_per_address: 2, ..Limits::default() };
    let network = Network::with_limits(limits).await;
    let _held = network.client.subscribe(Height(1)).await.unwrap();
    let second = sanad_api::Client::connect(&network.url, &ClientOptions::default()).await.unwrap();
    let stream = second.subscribe(Height(1)).await.unwrap();
    let third = sanad_api::Client::connect_lazy(&network.url, &ClientOptions::default()).unwrap();
    assert!(soon(third.node_status()).await.unwrap_err().is_retryable());
    drop(stream);
    soon(async {
        while third.node_status().await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

/// A flood from one address is closed as it comes; who is connected, and who comes from elsewhere, is served.
#[tokio::test]
async fn an_address_opens_so_many_connections_a_second() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let stats = ServerStats::default();
    let limits =
        Limits { address_connections_per_second: 1, address_connections_burst: 4, ..Limits::default() };
    let config = ServerConfig { limits, stats: stats.clone(), ..ServerConfig::default() };
    let network = Network::with_config(config, "http", &ClientOptions::default()).await;
    network.client.node_status().await.unwrap();
    let flood: Vec<_> = (0..60).map(|_| TcpStream::connect(("127.0.0.1", network.port)).unwrap()).collect();
    soon(async {
        while flood.iter().filter(|stream| is_closed(stream)).count() < 40 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    let hit = stats.limits_hit();
    assert!(matches!(hit[..], [("connection-rate", 40..=60)]), "{hit:?}");
    soon(network.client.node_status()).await.unwrap();
    let elsewhere = tokio::net::TcpSocket::new_v4().unwrap();
    elsewhere.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let mut elsewhere = elsewhere.connect(([127, 0, 0, 1], network.http_port).into()).await.unwrap();
    elsewhere.write_all(b"GET /livez HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let mut answer = [0; 8];
    soon(elsewhere.read_exact(&mut answer)).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1");
}

#[tokio::test]
async fn connections_that_are_not_used_make_room_and_are_closed() {
    let limits = Limits {
        connections_per_address: 3,
        handshake_timeout: Duration::from_millis(500),
        idle_timeout: Duration::from_secs(1),
        ..Limits::default()
    };
    let network = Network::with_limits(limits).await;
    let _held = network.client.subscribe(Height(1)).await.unwrap();
    let strangers: Vec<_> =
        (0..50).map(|_| TcpStream::connect(("127.0.0.1", network.port)).unwrap()).collect();
    let client = sanad_api::Client::connect(&network.url, &ClientOptions::default()).await.unwrap();
    soon(client.node_status()).await.unwrap();
    for stranger in &strangers[..48] {
        until_closed(stranger).await;
    }
    // The others say nothing, or begin to speak and make no call.
    let mut greeted = TcpStream::connect(("127.0.0.1", network.port)).unwrap();
    greeted.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap();
    for stranger in strangers.iter().chain([&greeted]) {
        until_closed(stranger).await;
    }
    // A subscription is use.
    network.client.node_status().await.unwrap();
    network.client.subscribe(Height(1)).await.unwrap();
}

#[tokio::test]
async fn one_connection_does_not_hold_all_subscriptions() {
    let limits = Limits {
        subscriptions_per_connection: 2,
        subscriptions: 12,
        address_percent: 25,
        ..Limits::default()
    };
    let network = Network::with_limits(limits).await;
    let mut held = Vec::new();
    let other = sanad_api::Client::connect(&network.url, &ClientOptions::default()).await.unwrap();
    for (client, may) in [(&network.client, 2), (&other, 1)] {
        for _ in 0..may {
            held.push(client.subscribe(Height(1)).await.unwrap());
        }
        assert_eq!(client.subscribe(Height(1)).await.unwrap_err().code(), Some(ErrorCode::Busy));
    }
}

#[tokio::test]
async fn calls_beyond_the_budget_are_refused_at_once() {
    let network = Network::with_limits(Limits { calls: 1, ..Limits::default() }).await;
    network.ledger.commit_batch(network.ledger.next_batch(1));
    network.ledger.hold_reads(true);
    let client = network.client.clone();
    let held = tokio::spawn(async move { client.head().await });
    soon(async {
        while network.ledger.held_reads() == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let error = network.client.node_status().await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::Busy));
    network.ledger.hold_reads(false);
    assert_eq!(soon(held).await.unwrap().unwrap().header.height, Height(1));
    soon(network.client.entry(LogIndex(0))).await.unwrap();
}

#[tokio::test]
async fn calls_are_counted_by_method_and_code() {
    let stats = ServerStats::default();
    let config = ServerConfig {
        stats: stats.clone(),
        limits: Limits { calls_per_second: 1, calls_burst: 3, ..Limits::default() },
        ..ServerConfig::default()
    };
    let network = Network::with_config(config, "http", &ClientOptions::default()).await;
    network.client.node_status().await.unwrap();
    assert!(network.client.diagnosis().await.is_err(), "no consensus runs behind this ledger");
    let refused = async {
        while network.client.node_status().await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    soon(refused).await;
    // An answer is counted when its last byte is sent, a moment after the caller has it.
    let counted = || {
        let calls = stats.calls();
        let code = |method: &str, code: &str| {
            let call = calls.iter().find(|call| call.method.ends_with(method))?;
            call.codes.iter().find(|(name, _)| *name == code).map(|(_, count)| *count)
        };
        Some((
            code("/GetNodeStatus", "OK")?,
            code("/GetNodeStatus", "RESOURCE_EXHAUSTED")?,
            code("other", "UNIMPLEMENTED")?,
        ))
    };
    soon(async {
        while counted().is_none() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let (answered, refused, unsupported) = counted().unwrap();
    assert!(answered >= 1 && refused >= 1 && unsupported == 1, "{answered} {refused} {unsupported}");
    assert_eq!(stats.limits_hit(), [("rate", refused)]);
}
