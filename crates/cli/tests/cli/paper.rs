//! Receipts that open one half of a commitment: for paper, and with the summary closed.

use std::fs;

use serde_json::Value;

use crate::documents::{BADGE, Issued};
use crate::node::Node;
use crate::program::{Run, sanad};

const GENESIS: &str = "--genesis genesis.json";

fn convert(issued: &Issued, arguments: &str) -> Run {
    sanad(issued.at(), &format!("receipt convert ijazah.json.receipt.json {arguments} {GENESIS}"))
}

fn verify(issued: &Issued, arguments: &str, code: i32) -> Value {
    let run = sanad(issued.at(), &format!("verify {arguments} {GENESIS} --json")).expect(code);
    run.json()["findings"][0].clone()
}

#[test]
fn a_code_on_paper_says_who_was_awarded_what_without_the_document() {
    let issued = Issued::of(BADGE);
    convert(&issued, "paper.receipt --paper --document ijazah.json").expect(0);
    sanad(issued.at(), &format!("receipt qr paper.receipt --png code.png {GENESIS}")).expect(0);
    let found = verify(&issued, "--receipt code.png", 0);
    assert_eq!((&found["verdict"], &found["target"]), (&"active".into(), &"code.png".into()));
    assert_eq!(found["issuer"]["name"], "University issuer");
    let summary = &found["summary"];
    assert_eq!(
        ["holder", "title", "awarded_on", "credits"].map(|label| summary[label].as_str().unwrap()),
        ["Arkanendra Lokawisesa", "Program Mikro Pengembang Gim", "2026-09-01", "20"]
    );
    let open = found["not_proved"].to_string();
    assert!(open.contains("document not seen"), "{open}");
    assert!(!found["checks"].to_string().contains("\"document\""), "{found}");
    let text = sanad(issued.at(), &format!("verify --receipt code.png {GENESIS}")).expect(0).stdout;
    for line in [
        "code.png: active as of ",
        "Arkanendra Lokawisesa",
        "University issuer (issuer)",
        "document not seen",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }

    // Nothing of the document can be guessed from it: neither the secret nor its digest is there.
    let paper = convert(&issued, "- --to json --paper --document ijazah.json").expect(0).stdout;
    assert!(!paper.contains(&"09".repeat(32)) && paper.contains("\"form\": \"paper\""), "{paper}");
    fs::write(issued.path("forged.json"), paper.replace("Arkanendra", "Seseorang")).unwrap();
    let forged = verify(&issued, "--receipt forged.json", 1);
    assert_eq!((&forged["verdict"], &forged["summary"]), (&"tampered".into(), &Value::Null));
}

#[test]
fn paper_proves_no_document_and_is_made_of_the_right_one_alone() {
    let issued = Issued::of(BADGE);
    convert(&issued, "paper.receipt --paper").expect_error("--document");
    fs::write(issued.path("changed.json"), BADGE.replace("20 SKS", "40 SKS")).unwrap();
    convert(&issued, "paper.receipt --paper --document changed.json")
        .expect_error("does not fit the receipt");
    assert!(!issued.path("paper.receipt").exists());
    convert(&issued, "paper.receipt --paper --document ijazah.json").expect(0);
    // Even the right document: the code would hold for any.
    let found = verify(&issued, "ijazah.json --receipt paper.receipt", 1);
    assert_eq!(found["verdict"], "not-proven");
    assert_eq!(found["reason"], "document: a paper receipt does not prove a document");
    assert_eq!(found["summary"], Value::Null);
    // Nothing can be closed any more, and nothing made of it.
    let again =
        sanad(issued.at(), &format!("receipt convert paper.receipt x.json --closed-summary {GENESIS}"));
    again.expect_error("only a full receipt");

    let plain = Issued::new();
    convert(&plain, "paper.receipt --paper --document ijazah.json").expect_error("binds no summary");
}

#[test]
fn a_closed_summary_proves_the_document_and_tells_nothing_else() {
    let issued = Issued::of(BADGE);
    for (name, qr) in [("closed.json", "closed.png"), ("closed.receipt", "again.png")] {
        convert(&issued, &format!("{name} --closed-summary")).expect(0);
        sanad(issued.at(), &format!("receipt qr {name} --png {qr} {GENESIS}")).expect(0);
        for receipt in [name, qr] {
            let found = verify(&issued, &format!("ijazah.json --receipt {receipt}"), 0);
            assert_eq!((&found["verdict"], &found["summary"]), (&"active".into(), &Value::Null));
        }
    }
    let text = fs::read_to_string(issued.path("closed.json")).unwrap();
    assert!(!text.contains("Arkanendra") && !text.contains(&"09".repeat(32)), "{text}");
    let alone = sanad(issued.at(), &format!("verify --receipt closed.json {GENESIS}")).expect(2);
    assert!(alone.stderr.contains("the document is needed"), "{}", alone.stderr);
    fs::write(issued.path("ijazah.json"), BADGE.replace("Arkanendra", "Seseorang")).unwrap();
    assert_eq!(verify(&issued, "ijazah.json --receipt closed.json", 1)["verdict"], "tampered");
}

#[test]
fn a_last_day_that_is_over_is_said_on_paper_too() {
    for (last, code) in [("2001-01-01", 1), ("9999-12-31", 0)] {
        let mut badge: Value = serde_json::from_str(BADGE).unwrap();
        badge["validUntil"] = format!("{last}T00:00:00Z").into();
        let issued = Issued::of(&badge.to_string());
        convert(&issued, "paper.receipt --paper --document ijazah.json").expect(0);
        let found = verify(&issued, "--receipt paper.receipt", code);
        assert_eq!((&found["verdict"], &found["expired"]), (&"active".into(), &(code == 1).into()));
        assert_eq!(found["summary"]["valid_until"], last);
        let text =
            sanad(issued.at(), &format!("verify --receipt paper.receipt {GENESIS}")).expect(code).stdout;
        assert_eq!(
            text.lines()
                .next()
                .unwrap()
                .ends_with("; not asked since; document not seen; expired by its summary"),
            code == 1,
            "{text}"
        );
    }
}

#[test]
fn a_forged_code_is_neither_active_nor_renewed() {
    let issued = Issued::of(BADGE);
    convert(&issued, "paper.json --paper --document ijazah.json").expect(0);
    let sound = fs::read_to_string(issued.path("paper.json")).unwrap();
    fs::write(issued.path("forged.json"), sound.replace("Arkanendra", "Seseorang")).unwrap();
    let at = issued.folder;
    let node = Node::over(issued.ledger);
    let ask = |arguments: &str| node.sanad(at.path(), &format!("{arguments} {GENESIS}"));
    ask("receipt renew forged.json renewed.json").expect_error("its summary was changed");
    let found = ask("status forged.json --json").expect(1).json();
    assert_eq!(found["verdict"], "tampered");
    ask("receipt renew paper.json renewed.json").expect(0);
    assert_eq!(
        ask("status paper.json --json").expect(0).json()["summary"]["holder"],
        "Arkanendra Lokawisesa"
    );
}
