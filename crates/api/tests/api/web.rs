//! Calls from web pages: gRPC-web over HTTP/1.1, and what browsers ask first.

use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::rt::TokioExecutor;
use prost::Message;
use sanad_api::{ClientError, ClientOptions, ErrorCode, ServerConfig, WebOrigins, wire};
use tonic::codegen::Bytes;
use tonic::codegen::http::{HeaderMap, HeaderName, Method, Request, Version};

use crate::network::Network;

async fn network(web_origins: WebOrigins) -> Network {
    let config = ServerConfig { web_origins, ..ServerConfig::default() };
    Network::with_config(config, "http", &ClientOptions::default()).await
}

async fn send(network: &Network, request: Request<Full<Bytes>>) -> (u16, HeaderMap, Bytes) {
    let client = HttpClient::builder(TokioExecutor::new()).build_http();
    let response = client.request(request).await.unwrap();
    assert_eq!(response.version(), Version::HTTP_11, "{}", network.url);
    let (parts, body) = response.into_parts();
    (parts.status.as_u16(), parts.headers, body.collect().await.unwrap().to_bytes())
}

fn call(network: &Network, method: &str, message: &impl Message) -> Request<Full<Bytes>> {
    let encoded = message.encode_to_vec();
    let mut frame = vec![0];
    frame.extend_from_slice(&(encoded.len() as u32).to_be_bytes());
    frame.extend_from_slice(&encoded);
    Request::post(format!("{}/sanad.v1.{method}", network.url))
        .header("content-type", "application/grpc-web+proto")
        .header("origin", "https://verify.example")
        .header("x-grpc-web", "1")
        .body(Full::from(frame))
        .unwrap()
}

#[tokio::test]
async fn a_page_can_ask_for_a_status() {
    let network = network(WebOrigins::Any).await;
    network.ledger.commit_batch(network.ledger.next_batch(1));
    let credential = Some(wire::get_status_request::Credential::LogIndex(0));
    let request = call(&network, "LedgerService/GetStatus", &wire::GetStatusRequest { credential, form: 0 });
    let (status, headers, body) = send(&network, request).await;
    assert_eq!((status, headers["access-control-allow-origin"].to_str().unwrap()), (200, "*"));
    // One frame with the message, one with the trailers.
    let length = u32::from_be_bytes(body[1..5].try_into().unwrap()) as usize;
    let answer = wire::GetStatusResponse::decode(&body[5..5 + length]).unwrap();
    assert_eq!(answer.entry.unwrap().status(), wire::CredentialStatus::Active);
    let trailers = String::from_utf8_lossy(&body[5 + length + 5..]).into_owned();
    assert!(body[5 + length] == 0x80 && trailers.contains("grpc-status:0"), "{trailers}");
}

#[tokio::test]
async fn a_page_hears_what_is_wrong() {
    let network = network(WebOrigins::Any).await;
    let request = call(&network, "LedgerService/GetBlock", &wire::GetBlockRequest { height: 0 });
    let (_, headers, body) = send(&network, request).await;
    // An error without an answer is in the headers (gRPC over HTTP/2, "Trailers-Only"), or else in a frame of trailers.
    let mut trailers = headers.clone();
    if let Some(frame) = body.get(5..) {
        for line in std::str::from_utf8(frame).unwrap().lines() {
            let (name, value) = line.split_once(':').unwrap();
            trailers.insert(HeaderName::try_from(name).unwrap(), value.trim().try_into().unwrap());
        }
    }
    let error = ClientError::from(tonic::Status::from_header_map(&trailers).unwrap());
    assert_eq!(error.code(), Some(ErrorCode::Zero), "{error:?}");
    let exposed = headers["access-control-expose-headers"].to_str().unwrap();
    assert!(exposed.contains("grpc-status-details-bin"), "{exposed}");
}

#[tokio::test]
async fn browsers_may_ask_first_where_pages_are_allowed() {
    for (web_origins, allowed) in [(WebOrigins::Any, true), (WebOrigins::SameOrigin, false)] {
        let network = network(web_origins).await;
        let request = Request::builder()
            .method(Method::OPTIONS)
            .uri(format!("{}/sanad.v1.LedgerService/GetStatus", network.url))
            .header("origin", "https://verify.example")
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type,x-grpc-web")
            .body(Full::default())
            .unwrap();
        let (status, headers, _) = send(&network, request).await;
        assert_eq!(status == 200 && headers.contains_key("access-control-allow-methods"), allowed);
        assert_eq!(headers.contains_key("access-control-allow-origin"), allowed);
    }
}

#[tokio::test]
async fn only_pages_of_the_named_origins_may_call() {
    let network = network(WebOrigins::These(vec!["https://verify.example".to_owned()])).await;
    network.ledger.commit_batch(network.ledger.next_batch(1));
    let ask = |origin: &'static str| {
        let credential = Some(wire::get_status_request::Credential::LogIndex(0));
        let message = wire::GetStatusRequest { credential, form: 0 };
        let mut request = call(&network, "LedgerService/GetStatus", &message);
        request.headers_mut().insert("origin", origin.parse().unwrap());
        request
    };
    let allowed = async |origin| {
        let (status, headers, _) = send(&network, ask(origin)).await;
        assert_eq!(status, 200);
        headers.get("access-control-allow-origin").map(|value| value.to_str().unwrap().to_owned())
    };
    assert_eq!(allowed("https://verify.example").await.as_deref(), Some("https://verify.example"));
    assert_eq!(allowed("https://verify.example.evil").await, None);
    assert_eq!(allowed("http://verify.example").await, None);
    let preflight = |origin: &'static str| {
        let mut request = ask(origin);
        *request.method_mut() = Method::OPTIONS;
        request.headers_mut().insert("access-control-request-method", "POST".parse().unwrap());
        request
    };
    let (_, headers, _) = send(&network, preflight("https://verify.example")).await;
    assert_eq!(headers["access-control-allow-origin"], "https://verify.example");
    assert_eq!(headers["vary"], "origin");
    let (_, headers, _) = send(&network, preflight("https://elsewhere.example")).await;
    assert!(!headers.contains_key("access-control-allow-origin"));
}
