//! `sanad verify` and the independent verifier, written from the pages alone, on the same receipts: sound ones in both
//! forms, and one random change of each. They have to agree on every fact, or on the word and the part that fails.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom as _, index};
use rand::{Rng as _, SeedableRng as _};
use sanad_core::block::BlockHeader;
use sanad_core::commitment::{Opening, Secret};
use sanad_core::document::{self, DocumentKind};
use sanad_core::event::Event;
use sanad_core::genesis::Genesis;
use sanad_core::ids::LogIndex;
use sanad_core::member::{Member, Role};
use sanad_core::proof::Finality;
use sanad_core::receipt::{RECEIPT_BINARY_SUFFIX, RECEIPT_JSON_SUFFIX, Receipt};
use sanad_core::summary::Summary;
use sanad_core::trust::TrustAnchor;
use sanad_e2e::program;
use sanad_testkit::{Body, Chain, Consortium, DOCUMENT, Ledger, Shape, certify, id, member};
use serde_json::Value;

/// Receipts on a ledger, and on each of the chains.
const ON_LEDGER: usize = 800;
const ON_CHAIN: usize = 150;
/// Documents that are asked about in one call.
const CALL: usize = 250;

/// What a verifier was asked about: the stem of the files, and what was done to them, for whoever reads a failure.
struct Question {
    name: String,
    change: String,
}

/// A folder of questions, with what is trusted.
struct World {
    folder: tempfile::TempDir,
    trust: Vec<&'static str>,
    questions: Vec<Question>,
}

impl World {
    fn new(genesis: &Genesis, trust: Vec<&'static str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("genesis.json"), genesis.to_json()).unwrap();
        Self { folder, trust, questions: Vec::new() }
    }

    /// Writes a document and its receipt, sound and with one change, in the one form or the other.
    fn ask(&mut self, document: &[u8], receipt: &Receipt, anchor: &TrustAnchor, random: &mut StdRng) {
        let number = self.questions.len() / 2;
        let (suffix, bytes) = match number % 2 {
            0 => (RECEIPT_JSON_SUFFIX, receipt.to_json().into_bytes()),
            _ => (RECEIPT_BINARY_SUFFIX, receipt.to_binary(anchor).unwrap()),
        };
        let write = |name: &str, document: &[u8], bytes: &[u8]| {
            fs::write(self.folder.path().join(name), document).unwrap();
            fs::write(self.folder.path().join(format!("{name}{suffix}")), bytes).unwrap();
        };
        let (sound, changed) = (format!("{number:04}-sound"), format!("{number:04}-changed"));
        write(&sound, document, &bytes);
        let mut other = (document.to_vec(), bytes);
        let change = match random.random_range(0..20) {
            0 => format!("document: {}", change_bytes(&mut other.0, random)),
            _ if number.is_multiple_of(2) => change_json(&mut other.1, random),
            _ => change_bytes(&mut other.1, random),
        };
        write(&changed, &other.0, &other.1);
        self.questions.push(Question { name: sound, change: "none".into() });
        self.questions.push(Question { name: changed, change });
    }
}

/// A credential of the ledger.
struct Credential {
    issuer: &'static str,
    kind: DocumentKind,
    document: Vec<u8>,
    opening: Opening,
    index: u64,
}

/// A ledger that grows while receipts are taken: three issuers, documents of all kinds, revocations and suspensions.
fn on_a_ledger(random: &mut StdRng) -> World {
    let named = |name: &str| Member {
        issuer_ids: vec![format!("https://{name}.example").parse().unwrap()],
        ..member(name, if name == "issuer" { Role::Issuer } else { Role::Validator })
    };
    let members = ["issuer", "v0", "v1", "v2", "v3"].map(named);
    let genesis = members.into_iter().fold(Consortium::new(), Consortium::with_member).genesis();
    let mut world = World::new(&genesis, vec!["--genesis", "genesis.json"]);
    let mut ledger = Ledger::of(genesis);
    let mut credentials: Vec<Credential> = Vec::new();
    for number in 0..ON_LEDGER {
        if number % 50 == 0 {
            grow(&mut ledger, &mut credentials, random);
        }
        let Credential { kind, document, opening, index, .. } = credentials.choose(random).unwrap();
        let mut proof = ledger.prove(*index);
        let finality = match random.random_range(0..4) {
            // As of an older block, renewed.
            0 if ledger.blocks.len() > 1 => None,
            _ => Some(signed(&ledger, &proof.header, random)),
        };
        match finality {
            Some(finality) => proof.finality = finality,
            None => {
                let height = proof.header.height.0;
                ledger.commit(Vec::new());
                proof.finality = Finality::History(Box::new(ledger.prove_history(height)));
            }
        }
        let opening = match random.random_range(0..3) {
            0 => opening.to_closed_summary().unwrap(),
            _ => opening.clone(),
        };
        let anchor = ledger.anchor();
        let receipt = Receipt::new(*kind, opening, proof).trimmed(&anchor);
        world.ask(document, &receipt, &anchor, random);
    }
    world
}

fn signed(ledger: &Ledger, header: &BlockHeader, random: &mut StdRng) -> Finality {
    let set = ledger.state.validators();
    let count = random.random_range(set.quorum()..=set.validators().len());
    let mut signers = index::sample(random, set.validators().len(), count).into_vec();
    signers.sort_unstable();
    Finality::certificate(certify(header, set, &signers), Vec::new())
}

fn grow(ledger: &mut Ledger, credentials: &mut Vec<Credential>, random: &mut StdRng) {
    let chain_id = ledger.state.chain_id();
    let mut batches = Vec::new();
    let mut size = ledger.entries.len() as u64;
    for issuer in ["issuer", "v1", "v2"] {
        let mut events = Vec::new();
        for _ in 0..random.random_range(1..40) {
            let (kind, document) = document_of(issuer, credentials.len(), random);
            let summary = match kind {
                DocumentKind::Json => Summary::of_json(&serde_json::from_slice(&document).unwrap()),
                _ => None,
            };
            let opening = Opening::Full { secret: Secret(random.random()), summary };
            let digest = document::digest(kind, &document).unwrap();
            let commitment = opening.commitment(&chain_id, &id(issuer), kind, Some(&digest)).unwrap();
            events.push(Event::Issue { commitment });
            credentials.push(Credential { issuer, kind, document, opening, index: size });
            size += 1;
        }
        batches.push(ledger.signed(issuer, events));
    }
    ledger.commit(batches);
    for _ in 0..3 {
        let credential = credentials.choose(random).unwrap();
        let target = LogIndex(credential.index);
        let event = match random.random_range(0..3) {
            0 => Event::Suspend { target },
            1 => Event::Reinstate { target },
            _ => Event::Revoke { target },
        };
        let batch = ledger.signed(credential.issuer, vec![event]);
        if ledger.refusal(batch.clone()).is_ok() {
            ledger.commit(vec![batch]);
        }
    }
}

/// A document of some kind: bytes, JSON with and without an issuer, a credential with a summary, an SD-JWT. One in twenty
/// names an issuer that is not its own.
fn document_of(issuer: &str, number: usize, random: &mut StdRng) -> (DocumentKind, Vec<u8>) {
    let issuer = if random.random_ratio(1, 20) { "nobody" } else { issuer };
    let named = format!("HTTPS://{issuer}.example/");
    let json = |text: String| (DocumentKind::Json, text.into_bytes());
    match number % 5 {
        0 => (DocumentKind::Bytes, format!("ijazah nomor {number}\n").into_bytes()),
        1 => json(format!("{{\"nomor\": {number}, \"nama\": \"Lencana\"}}")),
        2 => json(format!("{{\"issuer\": \"{named}\", \"nomor\": {number}}}")),
        3 => json(format!(
            "{{\"type\": [\"VerifiableCredential\"], \"issuer\": {{\"id\": \"{named}\"}}, \"name\": \"Lencana {number}\", \
             \"validFrom\": \"2026-09-01T00:00:00Z\", \"credentialSubject\": {{\"name\": \"Sari\", \"creditsEarned\": 1.50}}}}"
        )),
        _ => {
            let part = |text: String| BASE64.encode(text);
            let header = part("{\"alg\":\"EdDSA\"}".into());
            let payload = part(format!("{{\"iss\":\"{named}\",\"nomor\":{number}}}"));
            let signature = part(format!("signature {number}"));
            (DocumentKind::SdJwt, format!("{header}.{payload}.{signature}~").into_bytes())
        }
    }
}

/// A chain whose validators change, with more headers than one seal covers; by the genesis, or by a trust file.
fn on_a_chain(chain: &Chain, bodies: &[(u64, Body)], anchor: Option<u64>, random: &mut StdRng) -> World {
    let trust = match anchor {
        None => vec!["--genesis", "genesis.json"],
        Some(_) => vec!["--genesis", "genesis.json", "--trust", "trust.json"],
    };
    let mut world = World::new(&chain.genesis, trust);
    let trusted = match anchor {
        None => chain.genesis_anchor(),
        Some(height) => {
            let file = chain.trust_file(height);
            fs::write(world.folder.path().join("trust.json"), file.to_json()).unwrap();
            file.verify(now_ms()).unwrap()
        }
    };
    while world.questions.len() < 2 * ON_CHAIN {
        let (height, body) = bodies.choose(random).unwrap();
        let newer = random.random_range(height + 1..=chain.height());
        let finality = match random.random_range(0..4) {
            0 => chain.certified(*height, 0),
            1 => chain.certified(*height, anchor.unwrap_or(0)),
            2 => Finality::History(Box::new(chain.history_proof(*height, newer, 0))),
            _ if *height <= 65_536 => chain.seal(*height),
            _ => continue,
        };
        let receipt = body.receipt(chain.header(*height), finality).trimmed(&trusted);
        // A binary form is of what holds; the rest is asked about as JSON.
        let binary = world.questions.len() / 2 % 2 == 1;
        if binary && receipt.to_binary(&trusted).is_err() {
            continue;
        }
        world.ask(DOCUMENT, &receipt, &trusted, random);
    }
    world
}

fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64
}

/// Makes one random change of bytes; says which.
fn change_bytes(bytes: &mut Vec<u8>, random: &mut StdRng) -> String {
    let at = random.random_range(0..bytes.len());
    let length = random.random_range(1..=64.min(bytes.len() - at));
    match random.random_range(0..10) {
        0 => {
            bytes.truncate(at);
            format!("cut to {at}")
        }
        1 => {
            bytes.drain(at..at + length);
            format!("{length} bytes taken out at {at}")
        }
        2 => {
            let more: Vec<u8> = (0..length).map(|_| random.random()).collect();
            bytes.splice(at..at, more);
            format!("{length} bytes put in at {at}")
        }
        3 => {
            let copy = bytes[at..at + length].to_vec();
            bytes.splice(at..at, copy);
            format!("{length} bytes doubled at {at}")
        }
        _ => {
            let bit = random.random_range(0..8);
            bytes[at] ^= 1 << bit;
            format!("bit {bit} of byte {at}")
        }
    }
}

/// Makes one random change of a JSON text; says which.
fn change_json(text: &mut Vec<u8>, random: &mut StdRng) -> String {
    if random.random_ratio(1, 8) {
        return change_bytes(text, random);
    }
    let mut value: Value = serde_json::from_slice(text).unwrap();
    let mut places = Vec::new();
    pointers(&value, String::new(), &mut places);
    let place = places.choose(random).unwrap().clone();
    let part = value.pointer_mut(&place).unwrap();
    let change = change_value(part, random);
    *text = serde_json::to_vec_pretty(&value).unwrap();
    format!("{place}: {change}")
}

fn change_value(value: &mut Value, random: &mut StdRng) -> &'static str {
    if random.random_ratio(1, 20) {
        *value = Value::Null;
        return "null";
    }
    match value {
        Value::String(text) => {
            let at = random.random_range(0..text.len());
            match random.random_range(0..6) {
                0 => text.truncate(at),
                1 => *text = text.to_uppercase(),
                2 => text.push('0'),
                _ => {
                    let digit = (b'0'..=b'9').chain(b'a'..=b'f').map(char::from).collect::<Vec<_>>();
                    text.replace_range(at..=at, &digit.choose(random).unwrap().to_string());
                }
            }
            "text"
        }
        Value::Number(number) => {
            let former = number.as_u64().unwrap();
            let values =
                [0, 1, former.wrapping_add(1), former.wrapping_sub(1), former * 2, 1 << 53, u64::MAX];
            *number = (*values.choose(random).unwrap()).into();
            "number"
        }
        Value::Array(items) => {
            let at = random.random_range(0..=items.len());
            match random.random_range(0..4) {
                0 => items.clear(),
                1 if at < items.len() => drop(items.remove(at)),
                2 if at < items.len() => items.insert(at, items[at].clone()),
                _ => items.reverse(),
            }
            "array"
        }
        Value::Object(fields) => {
            let names: Vec<String> = fields.keys().cloned().collect();
            let name = names.choose(random).unwrap();
            match random.random_range(0..3) {
                0 => drop(fields.remove(name)),
                1 => drop(fields.insert(format!("{name}2"), Value::Bool(true))),
                _ => *value = Value::Array(fields.values().cloned().collect()),
            }
            "object"
        }
        other => {
            *other = Value::String("true".into());
            "word"
        }
    }
}

/// The place of each part of a value.
fn pointers(value: &Value, place: String, places: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| pointers(value, format!("{place}/{name}"), places));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, value)| pointers(value, format!("{place}/{at}"), places));
        }
        _ => {}
    }
    places.push(place);
}

/// What a verifier says of each document: the facts it proved, or its word and the part that fails, or that there is no
/// receipt; and its sentence.
fn answers(mut command: Command) -> BTreeMap<String, (Value, String)> {
    let output = command.output().unwrap();
    let said: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)));
    let mut answers = BTreeMap::new();
    for finding in said["findings"].as_array().unwrap() {
        let answer = (answer_of(finding), finding["reason"].to_string());
        answers.insert(finding["target"].as_str().unwrap().to_owned(), answer);
    }
    for error in said["errors"].as_array().unwrap() {
        let answer = (Value::from("no receipt"), error["error"].to_string());
        answers.insert(error["document"].as_str().unwrap().to_owned(), answer);
    }
    answers
}

/// The facts that a finding proves, and where it does not say the status alone, the part that fails.
fn answer_of(finding: &Value) -> Value {
    let part = finding["reason"].as_str().map(|reason| reason.split(':').next().unwrap());
    let of = |object: &str, fields: &[&str]| -> Vec<Value> {
        fields.iter().map(|field| finding[object][field].clone()).collect()
    };
    let names =
        ["existed_by", "form", "issuer", "log_index", "commitment", "summary", "signers", "validators"];
    let facts: Vec<&Value> = names.iter().map(|name| &finding[name]).collect();
    serde_json::json!([
        finding["verdict"],
        part,
        of("as_of", &["height", "time_ms", "time"]),
        of("rests_on", &["anchor", "height", "time_ms"]),
        facts
    ])
}

#[test]
fn two_implementations_agree_on_receipts_and_on_changes_of_them() {
    let Some(python) = sanad_e2e::independent_verifier() else { return };
    let seed = std::env::var("SANAD_SEED").map_or_else(|_| rand::random(), |seed| seed.parse().unwrap());
    eprintln!("SANAD_SEED={seed} makes this run again");
    let mut random = StdRng::seed_from_u64(seed);
    let (chain, bodies) = chain();
    let mut worlds = vec![on_a_ledger(&mut random), on_a_chain(&chain, &bodies, None, &mut random)];
    for anchor in [5, 30, 65_540] {
        worlds.push(on_a_chain(&chain, &bodies, Some(anchor), &mut random));
    }
    let mut words: BTreeMap<String, usize> = BTreeMap::new();
    for World { folder, trust, questions } in &worlds {
        for questions in questions.chunks(CALL) {
            let ask = |mut command: Command| {
                command.current_dir(folder).arg("--json").args(trust);
                answers_of(command, questions)
            };
            let mut rust = program("sanad");
            rust.arg("verify");
            let rust = ask(rust);
            let mut independent = Command::new("python3");
            independent.arg(&python);
            let independent = ask(independent);
            for Question { name, change } in questions {
                let ((answer, reason), (other, other_reason)) = (&rust[name], &independent[name]);
                let why = format!("{trust:?} {name}: {change}: {reason}, {other_reason} (SANAD_SEED={seed})");
                assert_eq!(answer, other, "{why}");
                assert!(answer.is_array() || change != "none", "{why}");
                let word = answer.as_str().or(answer[0].as_str()).unwrap();
                *words.entry(word.to_owned()).or_default() += 1;
            }
        }
    }
    eprintln!("{words:?}");
    for word in ["active", "revoked", "tampered", "not-proven", "foreign-chain", "needs-trust-file", "renew"]
    {
        assert!(words.contains_key(word), "{word} was never said: {words:?}");
    }
}

fn answers_of(mut command: Command, questions: &[Question]) -> BTreeMap<String, (Value, String)> {
    command.args(questions.iter().map(|question| &question.name));
    answers(command)
}

/// A chain that ends some seconds ago, and at which heights there are credentials.
fn chain() -> (Chain, Vec<(u64, Body)>) {
    const HEADERS: u64 = 65_600;
    let mut chain = Chain::new(4);
    chain.start_ms = now_ms() - 1_000 * (HEADERS + 60);
    let mut bodies = Vec::new();
    for (number, height) in [1, 4, 9, 20, 31, 60_000, 65_536, 65_539, 65_545].into_iter().enumerate() {
        chain.extend_to(height - 1);
        let shape = Shape {
            summary_bytes: 40 * (number % 2),
            index: 300 + 10 * number as u64,
            ..Shape::usual(1_000 + height, 4)
        };
        let mut body = Body::new(&shape, &chain.genesis.chain_id());
        if number % 3 == 2 {
            // Revoked: both bits of its place.
            body = body
                .with_state(|leaf, _| leaf[(shape.index % 256 / 4) as usize] |= 3 << (2 * (shape.index % 4)));
        }
        let height = chain.enter(&body);
        bodies.push((height, body));
        if number < 6 {
            chain.announce();
        }
    }
    chain.extend_to(HEADERS);
    (chain, bodies)
}
