//! The reads over HTTP.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::rt::TokioExecutor;
use sanad_api::{ClientOptions, LedgerError, Limits, ServerConfig, ServerStats, SiteContent, SiteFile};
use sanad_core::event::Event;
use sanad_core::genesis::Genesis;
use sanad_core::proof::{
    CompletenessHead, CompletenessVerifier, ConsistencyProof, EntryRun, GovernanceProof, StatusProof,
};
use sanad_core::status::CredentialStatus;
use sanad_core::trust::{TrustAnchor, TrustFile};
use serde_json::Value;
use tonic::codegen::Bytes;
use tonic::codegen::http::{HeaderMap, Method, Request};

use crate::memory_ledger::ISSUER;
use crate::network::{Network, soon};

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The error code of a problem, whose other fields must fit.
    #[track_caller]
    fn problem(&self) -> (u16, String) {
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(
            (self.header("cache-control"), self.header("access-control-allow-origin")),
            ("no-store", "*")
        );
        let problem = self.json();
        assert_eq!((&problem["status"], &problem["type"]), (&self.status.into(), &"about:blank".into()));
        assert!(!problem["detail"].as_str().unwrap().is_empty());
        (self.status, problem["code"].as_str().unwrap().to_owned())
    }
}

async fn ask(network: &Network, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    let client = HttpClient::builder(TokioExecutor::new()).build_http();
    let mut request =
        Request::builder().method(method).uri(format!("http://127.0.0.1:{}{path}", network.http_port));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = soon(client.request(request.body(Empty::<Bytes>::new()).unwrap())).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = soon(body.collect()).await.unwrap().to_bytes();
    Answer { status: parts.status.as_u16(), headers: parts.headers, body }
}

async fn get(network: &Network, path: &str) -> Answer {
    ask(network, Method::GET, path, &[]).await
}

async fn network() -> Network {
    let network = Network::start().await;
    network.ledger.commit_batch(network.ledger.next_batch(3));
    network.ledger.commit_batch(network.ledger.next_batch(2));
    network
}

/// Checks what JSON Schema says of an answer, as far as the description uses it.
fn check(description: &Value, schema: &Value, value: &Value, place: &str) {
    if let Some(name) = schema["$ref"].as_str() {
        let schema = description.pointer(name.trim_start_matches('#')).unwrap();
        return check(description, schema, value, place);
    }
    if let Some(constant) = schema.get("const") {
        assert_eq!(value, constant, "{place}");
    }
    if let Some(words) = schema["enum"].as_array() {
        assert!(words.contains(value), "{place}: {value}");
    }
    match schema["type"].as_str() {
        Some("object") => {
            let fields = value.as_object().unwrap_or_else(|| panic!("{place}: {value}"));
            for required in schema["required"].as_array().into_iter().flatten() {
                assert!(fields.contains_key(required.as_str().unwrap()), "{place} has no {required}");
            }
            let Some(known) = schema["properties"].as_object() else { return };
            for (name, value) in fields {
                match known.get(name) {
                    Some(schema) => check(description, schema, value, &format!("{place}.{name}")),
                    // What is described by a page alone has more fields than the description.
                    None => assert!(known.len() < 2, "{place}.{name} is not described"),
                }
            }
        }
        Some("array") => {
            for (number, item) in value.as_array().unwrap().iter().enumerate() {
                check(description, &schema["items"], item, &format!("{place}[{number}]"));
            }
        }
        Some("integer") => assert!(value.is_u64(), "{place}: {value}"),
        Some("string") => assert!(value.is_string(), "{place}: {value}"),
        Some("boolean") => assert!(value.is_boolean(), "{place}: {value}"),
        other => assert!(other.is_none(), "{place}: {other:?}"),
    }
}

#[tokio::test]
async fn every_read_that_is_described_answers_as_described() {
    let network = network().await;
    let description = get(&network, "/openapi.json").await.json();
    assert_eq!(description["openapi"], "3.1.0");
    let commitment = network.ledger.with_ledger(|ledger| match &ledger.batches[0].0.batch().events[0] {
        Event::Issue { commitment } => commitment.to_string(),
        other => panic!("{other:?}"),
    });
    for (path, item) in description["paths"].as_object().unwrap() {
        let operation = &item["get"];
        let mut target = path.clone();
        let mut query = Vec::new();
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let parameter =
                description.pointer(parameter["$ref"].as_str().unwrap().trim_start_matches('#')).unwrap();
            let name = parameter["name"].as_str().unwrap();
            let value = match (name, &parameter["example"]) {
                ("id" | "issuer", _) => ISSUER.to_owned(),
                ("commitment", _) => commitment.clone(),
                (_, Value::Null) => continue,
                (_, example) => example.to_string(),
            };
            match parameter["in"].as_str() {
                Some("path") => target = target.replace(&format!("{{{name}}}"), &value),
                _ => query.push(format!("{name}={value}")),
            }
        }
        if !query.is_empty() {
            target = format!("{target}?{}", query.join("&"));
        }
        let answer = get(&network, &target).await;
        assert_eq!(answer.status, 200, "{target}: {:?}", answer.body);
        let described = &operation["responses"]["200"];
        let media_type = answer.header("content-type");
        let schema = &described["content"][media_type]["schema"];
        assert!(schema.is_object(), "{target}: {media_type}");
        assert_eq!(
            answer.header("cache-control"),
            described["headers"]["Cache-Control"]["description"],
            "{target}"
        );
        if media_type == "application/json" {
            check(&description, schema, &answer.json(), path);
        }
    }
}

#[tokio::test]
async fn what_is_proved_can_be_checked() {
    let network = network().await;
    let genesis = Genesis::from_json(&get(&network, "/v1/genesis").await.body).unwrap();
    assert_eq!(&genesis, sanad_api::Ledger::genesis(&*network.ledger));
    let anchor = TrustAnchor::new(&genesis).unwrap();
    for path in ["/v1/trust", "/v1/trust.bin"] {
        let file = TrustFile::from_bytes(&get(&network, path).await.body).unwrap();
        file.verify(network.ledger.with_ledger(|ledger| ledger.state.head().time_ms)).unwrap();
    }
    for form in ["self-contained", "compact", "sealed"] {
        let text = get(&network, &format!("/v1/entries/1/status?form={form}")).await.body;
        let proof: StatusProof = serde_json::from_slice(&text).unwrap();
        assert_eq!(proof.verify(&anchor).unwrap().status, CredentialStatus::Active);
        let mut tampered = proof.clone();
        tampered.index.0 += 1;
        assert!(tampered.verify(&anchor).is_err());
    }
    let head = get(&network, &format!("/v1/members/{ISSUER}")).await.body;
    let head = CompletenessHead::from_json(&head).unwrap();
    head.proof.verify(&anchor).unwrap();
    assert_eq!((head.rest.hash(), head.rest.events.count), (head.proof.member.record.rest, 5));
    let text = get(&network, "/v1/consistency?old=3").await.body;
    assert_eq!(ConsistencyProof::from_json(&text).unwrap().verify(&anchor).unwrap().newer.size.0, 5);
    let governance: GovernanceProof =
        serde_json::from_slice(&get(&network, "/v1/governance").await.body).unwrap();
    governance.verify(&anchor).unwrap();
    for path in ["/v1/headers/1", "/v1/headers/latest", "/v1/headers/1/history"] {
        let proved = get(&network, path).await.json();
        let header = serde_json::from_value(proved["header"].clone()).unwrap();
        let finality = serde_json::from_value(proved["finality"].clone()).unwrap();
        anchor.verify_header(&header, &finality).unwrap();
    }
}

#[tokio::test]
async fn lists_end_where_the_ledger_ends() {
    let network = network().await;
    let heights = |answer: Answer| -> Vec<u64> {
        let headers = answer.json()["headers"].as_array().unwrap().clone();
        headers.iter().map(|one| one["header"]["height"].as_u64().unwrap()).collect()
    };
    assert_eq!(heights(get(&network, "/v1/headers?from=1").await), [1, 2]);
    assert_eq!(heights(get(&network, "/v1/headers?from=2&limit=1").await), [2]);
    assert!(heights(get(&network, "/v1/headers?from=18446744073709551615").await).is_empty());
    let entries =
        get(&network, "/v1/entries?from=3&limit=10").await.json()["entries"].as_array().unwrap().len();
    assert_eq!(entries, 2);
    let mut after = String::new();
    let mut seen = 0;
    loop {
        let page = get(&network, &format!("/v1/members?limit=2{after}")).await.json();
        let members = page["members"].as_array().unwrap();
        seen += members.len();
        if page["more"] == false {
            break;
        }
        after = format!("&after={}", members.last().unwrap()["record"]["id"].as_str().unwrap());
    }
    assert_eq!(seen, network.ledger.with_ledger(|ledger| ledger.state.registry().members().count()));
}

#[tokio::test]
async fn what_is_wrong_is_said_in_problem_details() {
    let network = network().await;
    for (path, status, code) in [
        ("/nothing", 404, "not-found"),
        ("/v1/headers/0", 400, "zero"),
        ("/v1/headers/9", 404, "height-beyond-head"),
        ("/v1/headers/-1", 400, "malformed"),
        ("/v1/headers/18446744073709551616", 400, "malformed"),
        ("/v1/headers/+1", 400, "malformed"),
        ("/v1/headers/01", 400, "malformed"),
        ("/v1/headers?from=%2B1", 400, "malformed"),
        ("/v1/entries/+0", 400, "malformed"),
        ("/v1/entries/%ff", 404, "not-found"),
        ("/v1/headers?from=0", 400, "zero"),
        ("/v1/headers", 400, "malformed"),
        ("/v1/headers?from=1&limit=101", 400, "above-limit"),
        ("/v1/headers?from=1&from=2", 400, "malformed"),
        ("/v1/members?limit=201", 400, "above-limit"),
        ("/v1/members/UI", 400, "malformed"),
        ("/v1/members/nobody", 404, "not-found"),
        ("/v1/members/%00", 400, "malformed"),
        ("/v1/members/issuer?from=short", 400, "malformed"),
        ("/v1/members/issuer?form=short", 400, "malformed"),
        ("/v1/credentials/issuer/00", 400, "malformed"),
        ("/v1/entries/5", 404, "index-beyond-log"),
        ("/v1/entries/5/status", 404, "index-beyond-log"),
        ("/v1/entries/3/inclusion?size=3", 400, "index-beyond-size"),
        ("/v1/entries/3/inclusion?size=6", 404, "size-beyond-log"),
        ("/v1/consistency?old=0", 400, "zero"),
        ("/v1/consistency?old=3&new=2", 400, "sizes-reversed"),
        ("/v1/../v1/node", 404, "not-found"),
    ] {
        assert_eq!(get(&network, path).await.problem(), (status, code.to_owned()), "{path}");
    }
    let told = get(&network, "/v1/headers?from=x").await.body;
    assert_eq!(String::from_utf8_lossy(&told).matches("whole number").count(), 1, "said once");
    let told = get(&network, "/v1/entries?from=0&limit=100000").await.body;
    assert!(!String::from_utf8_lossy(&told).contains("page_size"), "a name of gRPC");
    let nobody = format!("/v1/credentials/issuer/{}", "0".repeat(64));
    assert_eq!(get(&network, &nobody).await.problem(), (404, "not-found".to_owned()));
    let long = format!("/v1/members/{}", "a".repeat(2_000));
    assert_eq!(get(&network, &long).await.problem(), (414, "malformed".to_owned()));
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        let answer = ask(&network, method, "/v1/node", &[]).await;
        assert_eq!(
            (answer.problem(), answer.header("allow")),
            ((405, "unsupported".to_owned()), "GET, HEAD")
        );
    }
    network.ledger.fail_with(|| LedgerError::internal("the disk of the node in Jalan Merdeka"));
    let answer = get(&network, "/v1/headers/latest").await;
    assert_eq!(answer.problem(), (500, "internal".to_owned()));
    assert!(!String::from_utf8_lossy(&answer.body).contains("Merdeka"));
}

#[tokio::test]
async fn caches_and_pages_are_told_what_they_may_do() {
    let network = network().await;
    let first = get(&network, "/v1/headers/1").await;
    assert_eq!(first.header("access-control-allow-origin"), "*");
    assert_eq!(first.header("x-content-type-options"), "nosniff");
    let tag = first.header("etag").to_owned();
    for known in [tag.clone(), format!("\"x\", W/{tag}"), "*".to_owned()] {
        let again = ask(&network, Method::GET, "/v1/headers/1", &[("if-none-match", &known)]).await;
        assert_eq!((again.status, again.body.len(), again.header("etag")), (304, 0, tag.as_str()));
    }
    let other = ask(&network, Method::GET, "/v1/headers/2", &[("if-none-match", &tag)]).await;
    assert_eq!(other.status, 200);
    let head = ask(&network, Method::HEAD, "/v1/headers/1", &[]).await;
    assert_eq!((head.status, head.body.len(), head.header("etag")), (200, 0, tag.as_str()));
    assert_eq!(head.header("content-length"), first.body.len().to_string());
    let headers = [("origin", "https://a.example"), ("access-control-request-method", "GET")];
    let preflight = ask(&network, Method::OPTIONS, "/v1/headers/1", &headers).await;
    assert_eq!((preflight.status, preflight.header("access-control-allow-methods")), (204, "GET, HEAD"));
}

/// Head and runs together are a completeness proof.
#[tokio::test]
async fn a_member_with_its_entries_is_complete() {
    let network = network().await;
    let path = format!("/v1/members/{ISSUER}");
    let head = CompletenessHead::from_json(&get(&network, &path).await.body).unwrap();
    let (size, count) = (head.proof.header.log_size.0, head.rest.events.count);
    let genesis = Genesis::from_json(&get(&network, "/v1/genesis").await.body).unwrap();
    let anchor = TrustAnchor::new(&genesis).unwrap();
    let mut verifier = CompletenessVerifier::new(head, &anchor).unwrap();
    let answer = get(&network, &format!("{path}/entries?from=0&size={size}")).await;
    assert_eq!(answer.header("content-type"), "application/vnd.sanad.completeness-proof+jsonl");
    assert!(answer.body.ends_with(b"\n") && answer.header("cache-control").contains("immutable"));
    for line in answer.body.strip_suffix(b"\n").unwrap().split(|byte| *byte == b'\n') {
        verifier.add(&EntryRun::from_json(line).unwrap()).unwrap();
    }
    assert_eq!((verifier.remaining(), count), (0, 5));
    verifier.finish().unwrap();
    let end = get(&network, &format!("{path}/entries?from={size}&size={size}")).await;
    assert_eq!((end.status, end.body.len()), (200, 0));
    for (query, status, code) in [
        ("from=6&size=5", 400, "index-beyond-size"),
        ("from=0&size=6", 404, "size-beyond-log"),
        ("from=0", 400, "malformed"),
    ] {
        let answer = get(&network, &format!("{path}/entries?{query}")).await;
        assert_eq!(answer.problem(), (status, code.to_owned()), "{query}");
    }
}

#[tokio::test]
async fn files_are_served_as_they_are() {
    let file = SiteFile {
        path: "/page.js",
        media_type: "text/javascript",
        content: SiteContent::Fixed { plain: b"plain", gzip: b"compressed" },
        headers: &[("content-security-policy", "default-src 'none'")],
    };
    let config = ServerConfig { site: vec![file], ..ServerConfig::default() };
    let network = Network::with_config(config, "http", &ClientOptions::default()).await;
    let plain = get(&network, "/page.js").await;
    assert_eq!(
        (plain.status, &plain.body[..], plain.header("content-type")),
        (200, &b"plain"[..], "text/javascript")
    );
    assert_eq!(plain.header("content-security-policy"), "default-src 'none'");
    assert_eq!(
        (plain.header("cache-control"), plain.header("vary")),
        ("public, no-cache", "accept-encoding")
    );
    let asked = [("accept-encoding", "gzip, deflate, br")];
    let compressed = ask(&network, Method::GET, "/page.js", &asked).await;
    assert_eq!((&compressed.body[..], compressed.header("content-encoding")), (&b"compressed"[..], "gzip"));
    assert_ne!(plain.header("etag"), compressed.header("etag"));
    let again = [asked[0], ("if-none-match", compressed.header("etag"))];
    assert_eq!(ask(&network, Method::GET, "/page.js", &again).await.status, 304);
}

#[tokio::test]
async fn a_file_has_the_trust_file_inside() {
    let file = SiteFile {
        path: "/config.json",
        media_type: "application/json",
        content: SiteContent::WithTrustFile(|trust| format!("<{trust:?}>")),
        headers: &[("content-security-policy", "default-src 'none'")],
    };
    let config = ServerConfig { site: vec![file], ..ServerConfig::default() };
    let network = Network::with_config(config, "http", &ClientOptions::default()).await;
    network.ledger.commit();
    let trust = get(&network, "/v1/trust.bin").await;
    let answer = get(&network, "/config.json").await;
    assert_eq!(answer.body, format!("<{:?}>", &trust.body[..]));
    assert_eq!(
        (answer.header("content-type"), answer.header("cache-control")),
        ("application/json", "public, max-age=60")
    );
    assert_eq!(answer.header("content-security-policy"), "default-src 'none'");
}

/// Reads of both ports count together.
#[tokio::test]
async fn limits_are_those_of_grpc() {
    let stats = ServerStats::default();
    let limits = Limits { calls: 2, address_percent: 100, network_percent: 100, ..Limits::default() };
    let config = ServerConfig { limits, stats: stats.clone(), ..ServerConfig::default() };
    let network = Network::with_config(config, "http", &ClientOptions::default()).await;
    network.ledger.commit();
    network.ledger.hold_reads(true);
    let client = network.client.clone();
    let held = tokio::spawn(async move { client.head().await });
    let (first, refused) = (get(&network, "/v1/headers/latest"), async {
        while network.ledger.held_reads() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        get(&network, "/v1/headers/latest").await
    });
    let (first, refused) = tokio::join!(first, async {
        let refused = refused.await;
        network.ledger.hold_reads(false);
        refused
    });
    assert_eq!((refused.problem(), refused.header("retry-after")), ((429, "busy".to_owned()), "1"));
    assert_eq!(first.status, 200);
    soon(held).await.unwrap().unwrap();
    let counted = stats.calls();
    let of = |method: &str| counted.iter().find(|call| &*call.method == method).unwrap().codes.clone();
    assert_eq!(of("GET /v1/headers/latest"), [("OK", 1)]);
    assert_eq!(of("GET"), [("RESOURCE_EXHAUSTED", 1)]);
    assert_eq!(stats.limits_hit(), [("calls", 1)]);
}

#[tokio::test]
async fn calls_have_a_rate() {
    let limits = Limits { calls_burst: 3, calls_per_second: 1, ..Limits::default() };
    let config = ServerConfig { limits, ..ServerConfig::default() };
    let network = Network::with_config(config, "http", &ClientOptions::default()).await;
    let statuses = tokio::task::spawn_blocking({
        let port = network.http_port;
        move || {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
            let request = "GET /v1/node HTTP/1.1\r\nhost: a\r\n\r\n";
            stream.write_all(request.repeat(4).as_bytes()).unwrap();
            stream.write_all(b"GET /v1/node HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").unwrap();
            let mut text = String::new();
            stream.read_to_string(&mut text).unwrap();
            text
        }
    });
    let text = soon(statuses).await.unwrap();
    assert_eq!(
        (text.matches("HTTP/1.1 200").count(), text.matches("HTTP/1.1 429").count()),
        (3, 2),
        "{text}"
    );
    assert!(text.contains("\"rate\"") && text.contains("retry-after"), "{text}");
    assert_eq!(text.matches("access-control-expose-headers: etag, retry-after").count(), 5, "{text}");
}

/// Neither a connection that says nothing nor one that never ends its request stays.
#[tokio::test]
async fn slow_connections_are_closed() {
    let limits = Limits {
        handshake_timeout: Duration::from_millis(300),
        idle_timeout: Duration::from_millis(600),
        ..Limits::default()
    };
    let network = Network::with_limits(limits).await;
    for begun in ["", "GET /v1/node HTTP/1.1\r\nhost: a.example.org\r\n"] {
        let port = network.http_port;
        let closed = tokio::task::spawn_blocking(move || {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(8))).unwrap();
            stream.write_all(begun.as_bytes()).unwrap();
            match stream.read(&mut [0; 64]) {
                Ok(read) => read == 0,
                Err(error) => error.kind() == ErrorKind::ConnectionReset,
            }
        });
        assert!(soon(closed).await.unwrap(), "{begun:?}");
    }
}

/// Connections of both ports are limited together, by address, too.
#[tokio::test]
async fn connections_are_limited_together() {
    let stats = ServerStats::default();
    let limits = Limits { connections_per_address: 3, ..Limits::default() };
    let config = ServerConfig { limits, stats: stats.clone(), ..ServerConfig::default() };
    let network = Network::with_config(config, "http", &ClientOptions::default()).await;
    network.ledger.commit();
    network.ledger.hold_reads(true);
    let client = network.client.clone();
    let held = tokio::spawn(async move { client.head().await });
    let port = network.http_port;
    let mut streams = Vec::new();
    for number in 1..=3 {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.write_all(b"GET /v1/headers/latest HTTP/1.1\r\nhost: a\r\n\r\n").unwrap();
        streams.push(stream);
        soon(async {
            while network.ledger.held_reads() < (1 + number).min(3) && stats.limits_hit().is_empty() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
    }
    soon(async {
        while stats.limits_hit() != [("connections", 1)] {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    network.ledger.hold_reads(false);
    soon(held).await.unwrap().unwrap();
}
