//! `sanad verify` offline: document, receipt, genesis, nothing else.

use std::fs;

use sanad_api::Ledger as _;
use sanad_core::event::Event;
use sanad_core::hash::{Root, Salt};
use sanad_core::ids::LogIndex;
use sanad_core::receipt::Receipt;
use serde_json::Value;

use crate::documents::{DOCUMENT, Issued};
use crate::program::{Run, sanad};

const VERIFY: &str = "verify ijazah.json --genesis genesis.json";

fn finding(issued: &Issued, more: &str, code: i32) -> Value {
    let run = sanad(issued.at(), &format!("{VERIFY} --json {more}")).expect(code);
    assert_eq!(run.json()["verdict"], run.json()["findings"][0]["verdict"]);
    run.json()["findings"][0].clone()
}

fn failed(finding: &Value) -> Vec<&str> {
    let checks = finding["checks"].as_array().unwrap();
    checks
        .iter()
        .filter(|check| check["holds"] == false)
        .map(|check| check["part"].as_str().unwrap())
        .collect()
}

#[test]
fn a_good_credential() {
    let issued = Issued::new();
    let finding = finding(&issued, "", 0);
    assert_eq!(finding["verdict"], "active");
    assert_eq!(finding["log_index"], 3);
    assert_eq!(finding["issuer"]["id"], "v1.ac.id");
    assert_eq!(finding["as_of"]["height"], 3);
    assert_eq!(finding["signers"].as_array().unwrap().len(), 3);
    let parts: Vec<_> =
        finding["checks"].as_array().unwrap().iter().map(|check| check["part"].clone()).collect();
    assert_eq!(parts, ["chain", "certificate", "inclusion", "status", "issuer", "document"]);
    let Run { stdout, stderr, .. } = sanad(issued.at(), VERIFY).expect(0);
    assert!(stdout.starts_with("ijazah.json: active\n") && stdout.contains("[ok] document"), "{stdout}");
    assert_eq!(stderr, "");
}

#[test]
fn json_may_be_laid_out_anew_and_receipts_stand_elsewhere() {
    let issued = Issued::new();
    fs::write(issued.path("ijazah.json"), "{ \"level\": 6.0,\n\n \"type\": \"OpenBadgeCredential\" }")
        .unwrap();
    fs::rename(issued.path("ijazah.json.receipt.json"), issued.path("r.json")).unwrap();
    assert_eq!(finding(&issued, "--receipt r.json", 0)["verdict"], "active");
    sanad(issued.at(), VERIFY).expect(2);
}

#[test]
fn suspended_revoked_stale() {
    let issued = Issued::new();
    let fresh = finding(&issued, "--max-age 36500d", 0);
    assert_eq!(fresh["verdict"], "active");
    let stale = finding(&issued, "--max-age 7d", 1);
    assert_eq!(stale["verdict"], "stale");
    assert_eq!(failed(&stale), ["age"]);
    let target = LogIndex(3);
    for (event, verdict) in [
        (Event::Suspend { target }, "suspended"),
        (Event::Reinstate { target }, "active"),
        (Event::Revoke { target }, "revoked"),
    ] {
        issued.ledger.commit_batch(issued.ledger.next_batch_of(vec![event]));
        issued.write(&issued.renewed());
        let code = if verdict == "active" { 0 } else { 1 };
        assert_eq!(finding(&issued, "", code)["verdict"], verdict);
    }
    // Revoked stays revoked, however old the proof is.
    assert_eq!(finding(&issued, "--max-age 7d", 1)["verdict"], "revoked");
}

#[test]
fn a_changed_document_is_tampered() {
    let issued = Issued::new();
    fs::write(issued.path("ijazah.json"), DOCUMENT.replace('6', "7")).unwrap();
    let finding = finding(&issued, "", 1);
    assert_eq!(finding["verdict"], "tampered");
    assert_eq!(failed(&finding), ["document"]);
    assert!(finding["reason"].as_str().unwrap().contains("was changed"));
    // What is no JSON any more has no digest at all.
    fs::write(issued.path("ijazah.json"), "{").unwrap();
    let run = sanad(issued.at(), VERIFY).expect(1);
    assert!(run.stdout.contains("canonical JSON form"), "{}", run.stdout);
}

/// A change to a receipt, and what it leads to.
type Case = (fn(&mut Receipt), &'static str, &'static [&'static str]);

#[test]
fn a_changed_receipt_names_the_part_that_does_not_fit() {
    let issued = Issued::new();
    let cases: &[Case] = &[
        (|receipt| receipt.salt = Salt([8; 32]), "tampered", &["document"]),
        (|receipt| receipt.proof.index = LogIndex(4), "tampered", &["inclusion"]),
        (|receipt| receipt.proof.log_path[0][0] ^= 1, "tampered", &["inclusion"]),
        (|receipt| receipt.proof.status_leaf[20] = 1, "tampered", &["status"]),
        (|receipt| receipt.proof.issuer.record.member.name = "Palsu".to_owned(), "tampered", &["issuer"]),
        (|receipt| receipt.proof.certificate.signatures.truncate(2), "not-proven", &["certificate"]),
        (|receipt| receipt.proof.certificate.signatures[1].signature.0[0] ^= 1, "tampered", &["certificate"]),
        (|receipt| receipt.proof.header.time_ms += 1, "tampered", &["certificate"]),
        (|receipt| receipt.proof.header.log_root = Root([0; 32]), "tampered", &["certificate", "inclusion"]),
    ];
    for (change, verdict, parts) in cases {
        let mut receipt = issued.receipt.clone();
        change(&mut receipt);
        issued.write(&receipt);
        let finding = finding(&issued, "", 1);
        assert_eq!(finding["verdict"], *verdict, "{parts:?}");
        assert_eq!(failed(&finding), *parts);
        assert!(finding["reason"].as_str().unwrap().len() > 20);
        let certified = !parts.contains(&"certificate");
        assert_eq!(finding["as_of"].is_object(), certified, "no time without signatures");
    }
}

#[test]
fn another_chain_is_foreign() {
    let issued = Issued::new();
    let genesis = issued.ledger.genesis().to_json().replace("\"Test\"", "\"Lain\"");
    fs::write(issued.path("genesis.json"), genesis).unwrap();
    let finding = finding(&issued, "", 1);
    assert_eq!(finding["verdict"], "foreign-chain");
    assert_eq!(failed(&finding), ["chain", "certificate"]);
}

#[test]
fn what_cannot_be_read_is_an_error_and_the_rest_is_answered() {
    let issued = Issued::new();
    fs::write(issued.path("b.json"), DOCUMENT).unwrap();
    fs::write(issued.path("b.json.receipt.json"), "{\"format\":").unwrap();
    let run = sanad(issued.at(), "verify ijazah.json b.json --genesis genesis.json --json").expect(2);
    assert_eq!(run.json()["findings"].as_array().unwrap().len(), 1);
    assert!(run.json()["verdict"].is_null());
    assert!(run.json()["errors"][0]["error"].as_str().unwrap().contains("no readable receipt"));
    for (text, why) in [
        ("{}", "missing field `format`"),
        ("{\"format\":\"x\",\"format\":\"y\"}", "unambiguous"),
        ("[", "no readable receipt"),
    ] {
        fs::write(issued.path("b.json.receipt.json"), text).unwrap();
        let run = sanad(issued.at(), "verify b.json --genesis genesis.json").expect(2);
        assert!(run.stderr.contains(why), "{}", run.stderr);
    }
    let text = issued.receipt.to_json().replacen('{', "{\"extra\":1,", 1);
    fs::write(issued.path("ijazah.json.receipt.json"), text).unwrap();
    let run = sanad(issued.at(), VERIFY).expect(1);
    assert!(run.stdout.contains("tampered (encoding)"), "{}", run.stdout);
    assert!(run.stdout.contains("unknown field"), "{}", run.stdout);
    fs::write(issued.path("genesis.json"), "{}").unwrap();
    sanad(issued.at(), VERIFY).expect_error("no usable genesis");
}

#[test]
fn a_receipt_is_shown_without_a_word_on_whether_it_holds() {
    let issued = Issued::new();
    let shown = sanad(issued.at(), "receipt show ijazah.json.receipt.json --json").expect(0).json();
    assert_eq!((&shown["verified"], &shown["log_index"]), (&false.into(), &3.into()));
    let text = sanad(issued.at(), "receipt show ijazah.json.receipt.json").expect(0).stdout;
    assert!(text.contains("not checked"));
    sanad(issued.at(), "receipt show ijazah.json").expect_error("no readable receipt");
}
