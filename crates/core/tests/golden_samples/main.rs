//! Golden samples: of each format some sound and some broken ones, as files of `testdata/<format>/`, with what is said
//! of each. A test that fails here means a format change. Those of receipts are in `receipt_golden.rs`.
//!
//! `SANAD_UPDATE=1` writes the files anew; `SANAD_SEEDS=DIR` also writes the samples, as fuzz targets take them.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod blocks;
mod credentials;
mod governance;
mod members;
mod proofs;
mod snapshots;
#[path = "../support/mod.rs"]
mod support;
mod trust_files;

use std::path::PathBuf;

use blocks::{blocks, certificates, entries, headers, signed_batches, validator_sets};
use credentials::{commitments, summaries};
use governance::{evidence_files, signing_requests};
use members::{geneses, key_files, member_files, member_proofs, member_records, member_rests, members};
use proofs::{completeness_proofs, consistency_proofs, history_proofs};
use sanad_core::event::Event;
use sanad_core::ids::LogIndex;
use sanad_testkit::{Ledger, issue};
use serde_json::{Value, json};
use snapshots::{snapshot_chunks, snapshot_manifests, snapshot_states};
use support::page;
use trust_files::{binary_trust_files, trust_files};

/// One format: what its samples are checked against, and how.
struct Format {
    name: &'static str,
    /// The fuzz target that takes such bytes, and what it wants before them.
    target: (&'static str, &'static str),
    /// What a reader must know beside the sample.
    context: Value,
    check: Check,
    samples: Vec<Sample>,
}

/// Says what is wrong with a sample.
type Check = Box<dyn Fn(&[u8]) -> Result<(), String>>;

/// Name, description and bytes; the samples named `sound…` are good, and no others.
type Sample = (&'static str, &'static str, Vec<u8>);

#[test]
fn samples_of_every_format() {
    for Format { name: format, target, context, check, samples } in formats() {
        for (name, description, bytes) in samples {
            let verdict = check(&bytes).map_or_else(|error| error, |()| "good".to_owned());
            assert_eq!(verdict == "good", name.starts_with("sound"), "{format}/{name}: {verdict}");
            let (form, content) = match String::from_utf8(bytes.clone()) {
                Ok(text) if text.starts_with('{') => ("text", text),
                _ => ("hex", hex::encode(&bytes)),
            };
            let mut file = json!({
                "description": description,
                "blake3": blake3::hash(&bytes).to_hex().as_str(),
                "verdict": verdict,
            });
            file[form] = content.into();
            if !context.is_null() {
                file["context"] = context.clone();
            }
            let text = serde_json::to_string_pretty(&file).unwrap() + "\n";
            page::check_file(&format!("{format}/{name}.json"), &text);
            seed(target.0, &format!("{format}-{name}"), &[target.1.as_bytes(), &bytes].concat());
        }
    }
}

#[test]
fn receipts_are_seeds_too() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/testdata/receipt");
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        let sample: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let binary = hex::decode(sample["binary"].as_str().unwrap()).unwrap();
        seed("receipt_binary", name, &binary);
        seed("receipt_json", name, sample["json"].to_string().as_bytes());
        if let Some(document) = sample["document"].as_str() {
            seed("json_document", name, document.as_bytes());
        }
        assert!(!binary.is_empty() && sample["json"].is_object(), "{name}");
    }
}

/// Writes a sample where `SANAD_SEEDS` asks for it.
fn seed(target: &str, name: &str, bytes: &[u8]) {
    if let Some(folder) = std::env::var_os("SANAD_SEEDS") {
        let folder = PathBuf::from(folder).join(target);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(name), bytes).unwrap();
    }
}

fn formats() -> Vec<Format> {
    let mut ledger = Ledger::new();
    ledger.issue("issuer", 0..5);
    let batches = vec![
        ledger.signed("v1", vec![issue(100), issue(101)]),
        ledger.signed("issuer", vec![Event::Revoke { target: LogIndex(1) }, issue(10)]),
    ];
    let (block, _) = ledger.build(batches.clone());
    ledger.commit(batches);
    ledger.issue("v2", 200..203);
    vec![
        commitments(),
        summaries(),
        entries(),
        signed_batches(&ledger),
        headers(&block),
        blocks(&block),
        certificates(&ledger),
        validator_sets(&ledger),
        geneses(),
        members(),
        member_files(),
        member_records(&ledger),
        member_rests(&ledger),
        key_files(),
        consistency_proofs(&ledger),
        completeness_proofs(&ledger),
        evidence_files(),
        signing_requests(),
        member_proofs(&ledger),
        history_proofs(),
        trust_files(),
        binary_trust_files(),
        snapshot_manifests(&ledger),
        snapshot_states(&ledger),
        snapshot_chunks(&ledger),
    ]
}

fn text<T>(result: Result<T, impl ToString>) -> Result<(), String> {
    result.map(|_| ()).map_err(|error| error.to_string())
}

/// A copy with a change.
fn with<T: Clone>(value: &T, change: impl FnOnce(&mut T)) -> T {
    let mut value = value.clone();
    change(&mut value);
    value
}

fn cut(bytes: &[u8]) -> Vec<u8> {
    bytes[..bytes.len() - 1].to_vec()
}

fn longer(bytes: &[u8]) -> Vec<u8> {
    [bytes, &[0]].concat()
}

fn format(
    name: &'static str,
    target: (&'static str, &'static str),
    context: Value,
    check: impl Fn(&[u8]) -> Result<(), String> + 'static,
    samples: impl IntoIterator<Item = Sample>,
) -> Format {
    Format { name, target, context, check: Box::new(check), samples: samples.into_iter().collect() }
}
