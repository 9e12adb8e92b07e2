//! The samples of `docs/formats/receipt.md`: what the program says of each, in both forms, at today's time.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::program::sanad;

/// Verdict and part of the samples that do not give the status that they name; JSON, then binary.
fn refused(name: &str) -> Option<[(&'static str, &'static str); 2]> {
    let both = |word, part| Some([(word, part); 2]);
    match name {
        "foreign-chain" => both("foreign-chain", "chain"),
        "needs-trust-file" => both("needs-trust-file", "anchor"),
        "not-covered" => both("renew", "anchor"),
        "not-the-anchor" => both("not-proven", "history"),
        "other-document" | "other-secret" => both("tampered", "document"),
        "other-commitment" => Some([("tampered", "inclusion"), ("tampered", "certificate")]),
        "revocation-hidden" => Some([("tampered", "state"), ("tampered", "certificate")]),
        "retired-signers" => both("needs-history-path", "history"),
        "signature-changed" | "signature-not-canonical" => both("tampered", "certificate"),
        "too-few-signatures" => both("not-proven", "certificate"),
        // Their trust files were fresh in 2023.
        "compact" | "compact-covered" | "history-newer" | "renew" => both("renew", "anchor"),
        _ => None,
    }
}

#[test]
fn each_sample_has_its_word() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/tests/testdata/receipt");
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let mut count = 0;
    for entry in fs::read_dir(samples).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let sample: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        fs::write(at("genesis.json"), sample["genesis"].to_string()).unwrap();
        fs::write(at("json"), sample["json"].to_string()).unwrap();
        fs::write(at("binary"), hex::decode(sample["binary"].as_str().unwrap()).unwrap()).unwrap();
        let mut arguments = "verify --json --genesis genesis.json".to_owned();
        if let Some(document) = sample["document"].as_str() {
            fs::write(at("document"), document).unwrap();
            arguments += " document";
        }
        if sample["trust_file"].is_object() {
            fs::write(at("trust.json"), sample["trust_file"].to_string()).unwrap();
            arguments += " --trust trust.json";
        }
        for (place, form) in ["json", "binary"].into_iter().enumerate() {
            let run = sanad(folder.path(), &format!("{arguments} --receipt {form}"));
            let found = run.json()["findings"][0].clone();
            let said = (found["verdict"].as_str().unwrap(), found["reason"].as_str());
            match refused(name) {
                Some(expected) => {
                    let (word, part) = expected[place];
                    let begins = said.1.is_some_and(|reason| reason.starts_with(&format!("{part}: ")));
                    assert!(said.0 == word && begins, "{name} {form}: {said:?}");
                }
                None => {
                    let expected = &sample["expected"][form];
                    assert_eq!(said, (expected["status"].as_str().unwrap(), None), "{name} {form}");
                    assert_eq!(found["as_of"]["height"], expected["height"], "{name} {form}");
                    assert_eq!(found["signers"], expected["signers"], "{name} {form}");
                    for (field, value) in expected["rests_on"].as_object().unwrap() {
                        assert_eq!(&found["rests_on"][field], value, "{name} {form}");
                    }
                }
            }
            count += 1;
        }
    }
    assert!(count >= 50, "{count}");
}
