//! `sanad verify` offline: document, receipt, genesis, nothing else.

use std::fs;

use sanad_api::Ledger as _;
use sanad_core::commitment::{Opening, Secret};
use sanad_core::event::Event;
use sanad_core::hash::Root;
use sanad_core::ids::LogIndex;
use sanad_core::proof::Finality;
use sanad_core::receipt::Receipt;
use sanad_core::validators::CommitCertificate;
use serde_json::Value;

use crate::documents::{BADGE, DOCUMENT, INDEX, Issued, foreign};
use crate::program::{Run, sanad};

const VERIFY: &str = "verify ijazah.json --genesis genesis.json";

fn finding(issued: &Issued, more: &str, code: i32) -> Value {
    let run = sanad(issued.at(), &format!("{VERIFY} --json {more}")).expect(code);
    assert_eq!(run.json()["verdict"], run.json()["findings"][0]["verdict"]);
    run.json()["findings"][0].clone()
}

fn parts(finding: &Value, holds: bool) -> Vec<&str> {
    let checks = finding["checks"].as_array().unwrap();
    checks
        .iter()
        .filter(|check| check["holds"] == holds)
        .map(|check| check["part"].as_str().unwrap())
        .collect()
}

fn certificate(receipt: &mut Receipt) -> &mut CommitCertificate {
    match &mut receipt.proof.finality {
        Finality::Certificate { certificate, .. } => certificate,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_good_credential() {
    let issued = Issued::new();
    let finding = finding(&issued, "", 0);
    assert_eq!(finding["verdict"], "active");
    assert_eq!(finding["log_index"], INDEX);
    assert_eq!(finding["issuer"]["id"], "issuer");
    assert_eq!(finding["issuer"]["standing"], "active");
    assert_eq!(finding["as_of"]["height"], 3);
    // The third block's time, 1 s of precision and 5 s of delay.
    assert_eq!(finding["as_of"]["time"], "2023-11-14T22:13:22.000Z");
    assert_eq!(finding["existed_by"], "2023-11-14T22:13:28.000Z");
    assert_eq!(
        (&finding["form"], &finding["rests_on"]["anchor"]),
        (&"certificate".into(), &"genesis".into())
    );
    assert_eq!(finding["signers"].as_array().unwrap().len(), 3);
    assert_eq!(
        parts(&finding, true),
        [
            "header",
            "chain",
            "anchor",
            "validators",
            "certificate",
            "inclusion",
            "issuer",
            "status",
            "state",
            "document",
            "age"
        ]
    );
    let Run { stdout, stderr, .. } = sanad(issued.at(), VERIFY).expect(0);
    assert!(stdout.starts_with("ijazah.json: active as of ") && stdout.contains("[ok] document"), "{stdout}");
    assert!(stdout.contains("genesis only"), "{stdout}");
    assert_eq!(stderr, "");
}

#[test]
fn a_badge_shows_its_summary_and_its_issuer_is_compared() {
    let issued = Issued::of(BADGE);
    let found = finding(&issued, "", 0);
    assert_eq!(found["summary"]["holder"], "Arkanendra Lokawisesa");
    assert_eq!(found["summary"]["credits"], "20");
    assert_eq!(parts(&found, true)[9..12], ["document", "summary", "issuer-id"]);

    // A record that does not list the issuer that the document names.
    let mut genesis = issued.ledger.genesis().clone();
    let place = genesis.members.iter().position(|member| member.id.as_str() == "issuer").unwrap();
    genesis.members[place].issuer_ids = vec!["https://somebody.example".parse().unwrap()];
    sanad_testkit::sign_genesis(&mut genesis);
    let other = Issued::on(genesis, BADGE);
    let found = finding(&other, "", 1);
    assert_eq!((&found["verdict"], parts(&found, false)), (&"not-proven".into(), vec!["issuer-id"]));
    assert!(found["reason"].as_str().unwrap().contains("https://univ-merapi.example"), "{found}");
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
    assert_eq!(parts(&stale, false), ["age"]);
    let target = LogIndex(INDEX);
    for (event, verdict) in [
        (Event::Suspend { target }, "suspended"),
        (Event::Reinstate { target }, "active"),
        (Event::Revoke { target }, "revoked"),
    ] {
        issued.ledger.commit_batch(issued.ledger.next_batch_of(vec![event]));
        issued.write(&issued.renewed());
        let code = if verdict == "active" { 0 } else { 1 };
        let found = finding(&issued, "", code);
        assert_eq!((&found["verdict"], &found["reason"]), (&verdict.into(), &Value::Null));
    }
    // Revoked stays revoked, however old the proof is.
    assert_eq!(finding(&issued, "--max-age 7d", 1)["verdict"], "revoked");
}

#[test]
fn a_changed_document_is_tampered() {
    let issued = Issued::new();
    fs::write(issued.path("ijazah.json"), DOCUMENT.replace('6', "7")).unwrap();
    let found = finding(&issued, "", 1);
    assert_eq!(found["verdict"], "tampered");
    assert_eq!(parts(&found, false), ["document"]);
    assert!(found["reason"].as_str().unwrap().contains("was changed"));
    // What is no longer JSON has no digest at all.
    fs::write(issued.path("ijazah.json"), "{").unwrap();
    let run = sanad(issued.at(), VERIFY).expect(1);
    assert!(run.stdout.contains("canonical JSON form"), "{}", run.stdout);
}

/// A change to a receipt, and what it leads to.
type Case = (fn(&mut Receipt), &'static str, &'static str);

#[test]
fn a_changed_receipt_names_the_part_that_does_not_fit() {
    let issued = Issued::new();
    let secret = |receipt: &mut Receipt| {
        receipt.opening = Opening::Full { secret: Secret([8; 32]), summary: None };
    };
    let cases: &[Case] = &[
        (secret, "tampered", "document"),
        (|receipt| receipt.proof.index = LogIndex(4), "tampered", "inclusion"),
        (|receipt| receipt.proof.log_path[0][0] ^= 1, "tampered", "inclusion"),
        (|receipt| receipt.proof.status_leaf[20] = 1, "tampered", "state"),
        (|receipt| receipt.proof.issuer.record.name = "Palsu".to_owned(), "tampered", "state"),
        (|receipt| receipt.proof.issuer.path.truncate(1), "tampered", "issuer"),
        (|receipt| certificate(receipt).signatures.truncate(2), "not-proven", "certificate"),
        (|receipt| certificate(receipt).signatures[1].signature.0[0] ^= 1, "tampered", "certificate"),
        (|receipt| receipt.proof.header.time_ms += 1, "tampered", "certificate"),
        (|receipt| receipt.proof.header.log_root = Root([0; 32]), "tampered", "certificate"),
        (|receipt| receipt.proof.header.version.layout = 9, "needs-newer-verifier", "header"),
    ];
    for (change, verdict, part) in cases {
        let mut receipt = issued.receipt.clone();
        change(&mut receipt);
        issued.write(&receipt);
        let finding = finding(&issued, "", if *verdict == "needs-newer-verifier" { 2 } else { 1 });
        assert_eq!(finding["verdict"], *verdict, "{part}");
        assert_eq!(parts(&finding, false), [*part]);
        assert!(finding["reason"].as_str().unwrap().len() > 20);
        let certified = !["certificate", "header"].contains(part);
        assert_eq!(finding["as_of"].is_object(), certified, "no time without signatures");
        let proved = *part == "document";
        assert_eq!(finding["issuer"].is_object(), proved, "{part}");
    }
}

#[test]
fn another_chain_is_foreign() {
    let issued = Issued::new();
    fs::write(issued.path("genesis.json"), foreign(issued.ledger.genesis())).unwrap();
    let finding = finding(&issued, "", 1);
    assert_eq!(finding["verdict"], "foreign-chain");
    assert_eq!(parts(&finding, false), ["chain"]);
}

#[test]
fn what_cannot_be_read_is_an_error_and_the_rest_is_answered() {
    let issued = Issued::new();
    fs::write(issued.path("b.json"), DOCUMENT).unwrap();
    fs::write(issued.path("b.json.receipt.json"), "{\"format\":").unwrap();
    let run = sanad(issued.at(), "verify ijazah.json b.json --genesis genesis.json --json").expect(2);
    assert_eq!(run.json()["findings"].as_array().unwrap().len(), 1);
    assert!(run.json()["verdict"].is_null());
    assert!(run.json()["errors"][0]["error"].as_str().unwrap().contains("is not a receipt"));
    for (text, why) in [
        ("{}", "missing field `format`"),
        ("{\"format\":\"x\",\"format\":\"y\"}", "unambiguous"),
        ("[", "is not a receipt"),
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
    sanad(issued.at(), VERIFY).expect_error("not a valid genesis file");
}

#[test]
fn a_receipt_alone_proves_no_document() {
    let issued = Issued::new();
    let run =
        sanad(issued.at(), "verify --receipt ijazah.json.receipt.json --genesis genesis.json").expect(2);
    assert!(run.stderr.contains("the document is needed"), "{}", run.stderr);
    assert_eq!(run.stdout, "");
}

#[test]
fn a_receipt_is_shown_without_a_word_on_whether_it_holds() {
    let issued = Issued::new();
    let shown = sanad(issued.at(), "receipt show ijazah.json.receipt.json --json").expect(0).json();
    assert_eq!((&shown["verified"], &shown["log_index"]), (&false.into(), &INDEX.into()));
    assert_eq!((&shown["finality"], &shown["opening"]), (&"certificate".into(), &"full".into()));
    let text = sanad(issued.at(), "receipt show ijazah.json.receipt.json").expect(0).stdout;
    assert!(text.contains("not checked"));
    sanad(issued.at(), "receipt show ijazah.json").expect_error("is not a receipt");
}
