//! Documents made to cost time or memory: each is answered soon, in little memory, and never good.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test that cannot go on fails")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use peak_alloc::PeakAlloc;
use sanad_credential::{CREDENTIAL_BYTES_MAX, Circumstances, Finding, Verdict, check};
use serde_json::{Value, json};

#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

/// Most time and memory of one check. Programs that are not optimised take longer.
const TIME_MAX: Duration = Duration::from_millis(if cfg!(debug_assertions) { 6_000 } else { 1_000 });
const MEMORY_MB_MAX: f32 = 200.0;

/// 2026-01-01T00:00:00Z.
const NOW_MS: u64 = 1_767_225_600_000;

/// One at a time: memory is counted for the whole program.
static TURN: Mutex<()> = Mutex::new(());

/// How often a slow check is tried again, since other programs run, too.
const TRIES: usize = 5;

fn measured(name: &str, document: &[u8]) -> Option<Finding> {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let circumstances = Circumstances { now_ms: NOW_MS, member: None, rest: None };
    let mut time = Duration::MAX;
    let mut finding = None;
    for _ in 0..TRIES {
        let before = ALLOCATED.current_usage_as_mb();
        ALLOCATED.reset_peak_usage();
        let start = Instant::now();
        finding = check(document, &circumstances);
        time = start.elapsed();
        let memory = ALLOCATED.peak_usage_as_mb() - before;
        println!("{name}: {} kB, {} ms, {memory:.0} MB", document.len() / 1000, time.as_millis());
        assert!(memory < MEMORY_MB_MAX, "{name}: {memory} MB");
        if time < TIME_MAX {
            break;
        }
    }
    assert!(time < TIME_MAX, "{name}: {time:?}");
    assert!(finding.as_ref().is_none_or(|finding| finding.verdict != Verdict::Good), "{name}");
    finding
}

const V2: &str = "https://www.w3.org/ns/credentials/v2";
const EXAMPLES: &str = "https://www.w3.org/ns/credentials/examples/v2";
const BADGES: &str = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json";

fn proof(suite: &str) -> Value {
    let key = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2";
    json!({
        "type": "DataIntegrityProof",
        "cryptosuite": suite,
        "created": "2025-01-01T00:00:00Z",
        "verificationMethod": format!("did:key:{key}#{key}"),
        "proofPurpose": "assertionMethod",
        "proofValue": format!("z{}", bs58::encode([1; 64]).into_string()),
    })
}

/// A credential with proofs of both kinds around a member that costs.
fn around(name: &str, costly: &str) -> Vec<u8> {
    let credential = json!({
        "@context": [V2, EXAMPLES, BADGES],
        "id": "urn:x:1",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "issuer": "urn:x:2",
        "credentialSubject": {"id": "urn:x:3"},
        "proof": (0..8).map(|n| proof(["eddsa-rdfc-2022", "eddsa-jcs-2022"][n % 2])).collect::<Vec<_>>(),
    });
    credential.to_string().replacen('{', &format!("{{\"{name}\":{costly},"), 1).into_bytes()
}

/// A list of as many elements as fit.
fn filled(element: impl Fn(usize) -> String) -> String {
    let mut list = "[".to_owned();
    for n in 0.. {
        let element = element(n);
        if list.len() + element.len() > CREDENTIAL_BYTES_MAX - 10_000 {
            break;
        }
        write!(list, "{}{element}", if n == 0 { "" } else { "," }).unwrap();
    }
    list + "]"
}

fn some(count: usize, element: impl Fn(usize) -> String) -> String {
    format!("[{}]", (0..count).map(element).collect::<Vec<_>>().join(","))
}

/// Objects in objects.
fn nested(depth: usize, open: &str, inner: &str) -> String {
    format!("{}{inner}{}", open.repeat(depth), "}".repeat(depth))
}

fn costly() -> Vec<(&'static str, Vec<u8>)> {
    let contexts = format!("{{\"@context\":[\"{V2}\",\"{BADGES}\"],\"a\":");
    let label = |n: usize| format!("{{\"id\":\"_:n{n}\",\"p\":{{\"id\":\"_:n{}\"}}}}", n + 1);
    let complete = |nodes: usize| {
        some(nodes, |a| {
            let all = some(nodes, |b| format!("{{\"id\":\"_:n{b}\"}}"));
            format!("{{\"id\":\"_:n{a}\",\"p\":{all}}}")
        })
    };
    let cliques = |count: usize, nodes: usize| {
        some(count, |c| {
            let all = |a: usize| {
                some(nodes, |b| {
                    if a == b {
                        format!("{{\"id\":\"_:c{c}x{}\"}}", (a + 1) % nodes)
                    } else {
                        format!("{{\"id\":\"_:c{c}x{b}\"}}")
                    }
                })
            };
            some(nodes, |a| format!("{{\"id\":\"_:c{c}x{a}\",\"p\":{}}}", all(a)))
        })
    };
    let rings = |count: usize, nodes: usize| {
        some(count, |c| {
            some(nodes, |a| {
                format!("{{\"id\":\"_:r{c}x{a}\",\"p\":{{\"id\":\"_:r{c}x{}\"}}}}", (a + 1) % nodes)
            })
        })
    };
    let many_types =
        |n: usize| format!("{{\"type\":[\"Achievement\",\"Profile\",\"Result\",\"T{n}\"],\"p\":{n}}}");
    vec![
        ("numbers", around("a", &filled(|_| "1".to_owned()))),
        ("few-numbers", around("a", &some(90_000, |n| n.to_string()))),
        ("text", around("a", &format!("\"{}\"", "x".repeat(CREDENTIAL_BYTES_MAX - 10_000)))),
        ("escapes", around("a", &format!("\"{}\"", "\\u0000".repeat((CREDENTIAL_BYTES_MAX - 10_000) / 6)))),
        ("quotes", around("a", &format!("\"{}\"", "\\\"".repeat((CREDENTIAL_BYTES_MAX - 10_000) / 2)))),
        ("large-texts", around("a", &some(4000, |n| format!("\"{n}{}\"", "é".repeat(500))))),
        ("empty-objects", around("a", &filled(|_| "{}".to_owned()))),
        ("some-empty-objects", around("a", &some(18_000, |_| "{}".to_owned()))),
        ("more-empty-objects", around("a", &some(49_000, |_| "{}".to_owned()))),
        (
            "undefined-names",
            around(
                "name",
                &format!("{{{}}}", (0..45_000).map(|n| format!("\"u{n}\":[]")).collect::<Vec<_>>().join(",")),
            ),
        ),
        ("long-names", around("a", &some(3_000, |n| format!("{{\"@{n}{}\":null}}", "k".repeat(1000))))),
        ("types", around("a", &some(12_000, many_types))),
        (
            "type-list",
            around(
                "a",
                &format!("{{\"type\":{}}}", some(19_000, |n| format!("\"https://example.org/{n}\""))),
            ),
        ),
        (
            "contexts",
            around(
                "a",
                &some(2_000, |_| format!("{{\"@context\":[\"{V2}\",\"{BADGES}\"],\"id\":\"urn:x:9\"}}")),
            ),
        ),
        ("nested-contexts", around("a", &nested(60, &contexts, "1"))),
        (
            "nested-undefined",
            around(
                "a",
                &nested(
                    60,
                    &format!("{{\"@context\":[{}],\"a\":", vec![format!("\"{EXAMPLES}\""); 1000].join(",")),
                    "1",
                ),
            ),
        ),
        (
            "context-list",
            around("a", &format!("{{\"@context\":{}}}", some(40_000, |_| format!("\"{EXAMPLES}\"")))),
        ),
        (
            "inline-contexts",
            around(
                "a",
                &nested(60, "{\"@context\":{\"b\":\"urn:x:b\"},\"a\":", &some(20_000, |n| n.to_string())),
            ),
        ),
        ("deep", around("a", &format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000)))),
        ("deep-objects", around("a", &nested(60, "{\"a\":", &some(1500, |n| format!("{{\"a\":{n}}}"))))),
        ("chain", around("a", &some(5_000, label))),
        (
            "long-chain",
            around(
                "a",
                &some(19_000, |n| format!("{{\"id\":\"_:n{n}\",\"p\":{{\"id\":\"_:n{}\"}}}}", n + 1)),
            ),
        ),
        ("complete-9", around("a", &complete(9))),
        ("complete-100", around("a", &complete(100))),
        ("cliques-3", around("a", &cliques(650, 3))),
        ("cliques-4", around("a", &cliques(490, 4))),
        ("cliques-5", around("a", &cliques(400, 5))),
        ("cliques-6", around("a", &cliques(200, 6))),
        ("cliques-7", around("a", &cliques(100, 7))),
        ("cliques-8", around("a", &cliques(100, 8))),
        ("rings-10", around("a", &rings(199, 10))),
        ("rings-5", around("a", &rings(399, 5))),
        ("stars-8", around("a", &some(1000, |_| format!("{{\"p\":{}}}", some(8, |_| "{}".to_owned()))))),
        ("trees", around("a", &some(280, |_| "{\"p\":[{\"p\":[{},{}]},{\"p\":[{},{}]}]}".to_owned()))),
        ("chains-10", around("a", &some(190, |_| nested(10, "{\"p\":", "1")))),
        ("twins", around("a", &some(9_000, |n| format!("{{\"p\":{{\"q\":{}}}}}", n / 2)))),
        ("same", around("a", &some(6_000, |_| "{\"p\":{\"q\":{}}}".to_owned()))),
        ("stars", around("a", &some(900, |_| format!("{{\"p\":{}}}", some(9, |_| "{}".to_owned()))))),
        ("proofs", around("proof", &filled(|_| proof("eddsa-rdfc-2022").to_string()))),
        ("large-proof", {
            let mut large = proof("eddsa-rdfc-2022");
            large["a"] = json!(vec![json!({}); 20_000]);
            around("proof", &large.to_string())
        }),
        ("long-proof", {
            let mut long = proof("eddsa-jcs-2022");
            long["proofValue"] = json!(format!("z{}", "1".repeat(3_000_000)));
            long["verificationMethod"] = json!(format!("did:key:z{}", "1".repeat(500_000)));
            around("x", &long.to_string())
        }),
        ("subjects", around("credentialSubject", &filled(|_| "{}".to_owned()))),
        ("year", around("validUntil", &format!("\"{}-01-01T00:00:00Z\"", "9".repeat(3_000_000)))),
        ("fraction", around("validUntil", &format!("\"2030-01-01T00:00:00.{}Z\"", "9".repeat(3_000_000)))),
        ("jwt-numbers", jwt(&json!({"alg": "EdDSA"}), &filled(|_| "1".to_owned())[..3_000_000])),
        ("jwt-header", jwt(&json!({"alg": "EdDSA", "jwk": "x".repeat(3_000_000)}), "{}")),
        ("jwt-dots", "eyJ.".repeat(1_000_000).into_bytes()),
        (
            "jwt-signature",
            format!(
                "{}{}",
                String::from_utf8(jwt(&json!({"alg": "RS256"}), "{\"type\":\"VerifiableCredential\"}"))
                    .unwrap(),
                "A".repeat(4_000_000)
            )
            .into_bytes(),
        ),
        (
            "sd-jwt-numbers",
            [
                &jwt(
                    &json!({"alg": "EdDSA"}),
                    &format!("{{\"vct\":\"x\",\"a\":{}}}", some(350_000, |_| "1".to_owned())),
                ),
                &b"~"[..],
            ]
            .concat(),
        ),
        ("sd-jwt", format!("eyJ.eyJ.AAAA~{}", "W10~".repeat(260_000)).into_bytes()),
        ("too-long", around("a", &format!("\"{}\"", "x".repeat(16_000_000)))),
        ("not-json", vec![b'{'; 4_000_000]),
        ("list", format!("[{}", "VerifiableCredentia".repeat(3_000_000)).into_bytes()),
    ]
}

fn jwt(header: &Value, payload: &str) -> Vec<u8> {
    format!("{}.{}.AAAA", BASE64.encode(header.to_string()), BASE64.encode(payload)).into_bytes()
}

#[test]
fn costly_documents() {
    let mut limited = Vec::new();
    for (name, document) in costly() {
        let finding = measured(name, &document);
        let is_limit = |text: &str| text.contains("beyond the limits of this program");
        if finding.is_some_and(|finding| finding.checks.iter().any(|check| is_limit(&check.detail))) {
            limited.push(name);
        }
    }
    assert_eq!(limited, LIMITED);
}

/// Those that are beyond a limit, and say so; the others are read, or are nothing.
const LIMITED: [&str; 7] =
    ["numbers", "empty-objects", "deep", "jwt-header", "sd-jwt-numbers", "too-long", "not-json"];

#[test]
fn small_files() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/testdata/hostile");
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        measured(&path.display().to_string(), &fs::read(&path).unwrap());
    }
}
