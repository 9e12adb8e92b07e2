//! `sanad verify` and the independent verifier, written from the pages alone, on the same receipts: sound ones in
//! both forms, and one random change of each.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use rand::rngs::StdRng;
use rand::seq::{IndexedRandom as _, index};
use rand::{Rng as _, SeedableRng as _};
use sanad_core::commitment::{Opening, Secret};
use sanad_core::document::{self, DocumentKind};
use sanad_core::event::Event;
use sanad_core::ids::LogIndex;
use sanad_core::proof::{Finality, StatusProof};
use sanad_core::receipt::{RECEIPT_BINARY_SUFFIX, RECEIPT_JSON_SUFFIX, Receipt};
use sanad_e2e::program;
use sanad_testkit::{Ledger, id};
use serde_json::Value;

const RECEIPTS: usize = 1_000;
/// Documents that are told of in one call.
const CALL: usize = 250;

/// A credential of the ledger.
struct Credential {
    kind: DocumentKind,
    document: Vec<u8>,
    opening: Opening,
    index: u64,
    /// Its proof as of the block that entered it.
    first: Option<StatusProof>,
}

/// What a verifier was asked, and the file's stem.
struct Question {
    name: String,
    /// What was done to the files, for whoever reads a failure.
    change: String,
}

/// A ledger that grows while receipts are taken: three issuers, revocations and suspensions.
struct Consortium {
    ledger: Ledger,
    credentials: Vec<Credential>,
    random: StdRng,
}

impl Consortium {
    fn new(seed: u64) -> Self {
        Self { ledger: Ledger::new(), credentials: Vec::new(), random: StdRng::seed_from_u64(seed) }
    }

    fn grow(&mut self) {
        let mut batches = Vec::new();
        let mut size = self.ledger.entries.len() as u64;
        for issuer in ["issuer", "v1", "v2"] {
            let mut events = Vec::new();
            for _ in 0..self.random.random_range(1..40) {
                let number = self.credentials.len();
                let (kind, document) = match number % 3 {
                    0 => (DocumentKind::Bytes, format!("ijazah nomor {number}\n")),
                    _ => (DocumentKind::Json, format!("{{\"nomor\": {number}, \"nama\": \"Lencana\"}}")),
                };
                let document = document.into_bytes();
                let opening = Opening::Full { secret: Secret(self.random.random()), summary: None };
                let digest = document::digest(kind, &document).unwrap();
                let chain = self.ledger.state.chain_id();
                let commitment = opening.commitment(&chain, &id(issuer), kind, Some(&digest)).unwrap();
                events.push(Event::Issue { commitment });
                let opening = match number % 5 {
                    0 => opening.to_closed_summary().unwrap(),
                    _ => opening,
                };
                self.credentials.push(Credential { kind, document, opening, index: size, first: None });
                size += 1;
            }
            batches.push(self.ledger.signed(issuer, events));
        }
        self.ledger.commit(batches);
        for credential in self.credentials.iter_mut().filter(|credential| credential.first.is_none()) {
            credential.first = Some(self.ledger.prove(credential.index));
        }
        for _ in 0..3 {
            let target = LogIndex(self.random.random_range(0..self.ledger.entries.len() as u64));
            let event = match self.random.random_range(0..3) {
                0 => Event::Suspend { target },
                1 => Event::Reinstate { target },
                _ => Event::Revoke { target },
            };
            let issuer = self.ledger.entries[target.0 as usize].issuer.to_string();
            let batch = self.ledger.signed(&issuer, vec![event]);
            if self.ledger.refusal(batch.clone()).is_ok() {
                self.ledger.commit(vec![batch]);
            }
        }
    }

    /// Writes a receipt of some credential as of now, sound and changed.
    fn ask(&mut self, folder: &Path, number: usize) -> [Question; 2] {
        let anchor = self.ledger.anchor();
        let Credential { kind, document, opening, index, first } =
            self.credentials.choose(&mut self.random).unwrap();
        let mut proof = self.ledger.prove(*index);
        let old = first.clone().filter(|first| first.header.height < proof.header.height);
        if let Some(mut old) = old.filter(|_| number % 4 < 2) {
            // As of the block that entered it, which the head vouches for.
            old.finality = Finality::History(Box::new(self.ledger.prove_history(old.header.height.0)));
            proof = old;
        } else {
            let validators = self.ledger.state.validators();
            let count = self.random.random_range(validators.quorum()..=validators.validators().len());
            let mut signers =
                index::sample(&mut self.random, validators.validators().len(), count).into_vec();
            signers.sort_unstable();
            let certificate = self.ledger.certify(&proof.header, &signers);
            proof.finality = Finality::certificate(certificate, Vec::new());
        }
        let receipt = Receipt::new(*kind, opening.clone(), proof).trimmed(&anchor);
        let (suffix, bytes) = match number % 2 {
            0 => (RECEIPT_JSON_SUFFIX, receipt.to_json().into_bytes()),
            _ => (RECEIPT_BINARY_SUFFIX, receipt.to_binary(&anchor).unwrap()),
        };
        let write = |name: &str, document: &[u8], bytes: &[u8]| {
            std::fs::write(folder.join(name), document).unwrap();
            std::fs::write(folder.join(format!("{name}{suffix}")), bytes).unwrap();
        };
        let (sound, changed) = (format!("{number:04}-sound"), format!("{number:04}-changed"));
        write(&sound, document, &bytes);
        let mut other = (document.clone(), bytes);
        let change = match self.random.random_range(0..20) {
            0 => format!("document: {}", change_bytes(&mut other.0, &mut self.random)),
            _ if number.is_multiple_of(2) => change_json(&mut other.1, &mut self.random),
            _ => change_bytes(&mut other.1, &mut self.random),
        };
        write(&changed, &other.0, &other.1);
        let sound = Question { name: sound, change: "none".into() };
        [sound, Question { name: changed, change }]
    }
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

/// What a verifier says of each document: the facts it proved, or its word, or that there is no receipt.
fn answers(mut command: Command) -> BTreeMap<String, (Value, String)> {
    let output = command.output().unwrap();
    let said: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)));
    let mut answers = BTreeMap::new();
    for finding in said["findings"].as_array().unwrap() {
        let verdict = finding["verdict"].as_str().unwrap().replace('-', " ");
        let proven = ["active", "confirmed", "suspended", "disputed", "revoked"].contains(&verdict.as_str());
        let facts = |finding: &Value| {
            let as_of = [&finding["as_of"]["height"], &finding["as_of"]["time_ms"]];
            let names = ["issuer", "log_index", "commitment", "signers", "validators"];
            let named: Vec<&Value> = names.iter().map(|name| &finding[*name]).collect();
            serde_json::json!([verdict, as_of, named])
        };
        let answer = if proven { facts(finding) } else { Value::from(verdict) };
        answers
            .insert(finding["target"].as_str().unwrap().to_owned(), (answer, finding["reason"].to_string()));
    }
    for error in said["errors"].as_array().unwrap() {
        let answer = (Value::from("no receipt"), error["error"].to_string());
        answers.insert(error["document"].as_str().unwrap().to_owned(), answer);
    }
    answers
}

#[test]
fn two_implementations_agree_on_receipts_and_on_changes_of_them() {
    let Some(python) = sanad_e2e::independent_verifier() else { return };
    let seed = std::env::var("SANAD_SEED").map_or_else(|_| rand::random(), |seed| seed.parse().unwrap());
    eprintln!("SANAD_SEED={seed} makes this run again");
    let folder = tempfile::tempdir().unwrap();
    let mut consortium = Consortium::new(seed);
    std::fs::write(folder.path().join("genesis.json"), consortium.ledger.genesis.to_json()).unwrap();
    let mut questions = Vec::new();
    for number in 0..RECEIPTS {
        if number % 50 == 0 {
            consortium.grow();
        }
        questions.extend(consortium.ask(folder.path(), number));
    }
    let mut words: BTreeMap<String, usize> = BTreeMap::new();
    for questions in questions.chunks(CALL) {
        let ask = |mut command: Command, arguments: &[&str]| {
            command
                .current_dir(&folder)
                .args(arguments)
                .args(questions.iter().map(|question| &question.name));
            answers(command)
        };
        let rust = ask(program("sanad"), &["verify", "--json", "--genesis", "genesis.json"]);
        let mut command = Command::new("python3");
        command.arg(&python);
        let independent = ask(command, &["--json", "--genesis", "genesis.json"]);
        for Question { name, change } in questions {
            let ((answer, reason), (other, other_reason)) = (&rust[name], &independent[name]);
            let why = format!("{name}: {change}: {reason}, {other_reason} (SANAD_SEED={seed})");
            assert_eq!(answer, other, "{why}");
            assert!(answer.is_array() || change != "none", "{why}");
            let word = answer.as_str().or(answer[0].as_str()).unwrap();
            *words.entry(word.to_owned()).or_default() += 1;
        }
    }
    eprintln!("{} receipts, as many changes of them: {words:?}", RECEIPTS);
}
