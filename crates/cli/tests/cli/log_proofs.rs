//! Proofs of the log: asked of a node, and checked from their files.

use std::fs;

use sanad_api::Ledger as _;
use sanad_core::event::Event;
use sanad_core::ids::LogIndex;
use serde_json::Value;

use crate::documents::Issued;
use crate::memory_ledger::{ISSUER, MemoryLedger};
use crate::node::Node;
use crate::program::sanad;

const GENESIS: &str = "--genesis genesis.json --json";

fn network() -> (tempfile::TempDir, Node) {
    let issued = Issued::new();
    let change = |event| issued.ledger.commit_batch(issued.ledger.next_batch_of(vec![event]));
    change(Event::Revoke { target: LogIndex(1) });
    change(Event::Suspend { target: LogIndex(3) });
    let folder = issued.folder;
    (folder, Node::idle(issued.ledger))
}

#[test]
fn the_log_of_a_receipt_begins_the_log_of_today() {
    let (folder, node) = network();
    let ask = format!("proof consistency ijazah.json.receipt.json --out since.consistency.json {GENESIS}");
    let asked = node.sanad(folder.path(), &ask).expect(0).json();
    assert_eq!(
        (&asked["verdict"], &asked["older_size"], &asked["newer_size"]),
        (&"proved".into(), &7.into(), &9.into())
    );
    drop(node);
    let verify = format!("proof verify since.consistency.json {GENESIS}");
    let found =
        sanad(folder.path(), &format!("{verify} --receipt ijazah.json.receipt.json")).expect(0).json();
    assert_eq!((&found["verdict"], &found["older_root"]), (&"proved".into(), &asked["older_root"]));
    assert_eq!(found["signers"].as_array().unwrap().len(), 3);

    let path = folder.path().join("since.consistency.json");
    let text = fs::read_to_string(&path).unwrap();
    let mut proof: Value = serde_json::from_str(&text).unwrap();
    proof["older"]["root"] = "0".repeat(64).into();
    fs::write(&path, proof.to_string()).unwrap();
    let found = sanad(folder.path(), &verify).expect(1).json();
    assert_eq!(found["verdict"], "tampered");
    assert!(found["reason"].as_str().unwrap().starts_with("log: "), "{found}");
    fs::write(&path, &text[..text.len() / 2]).unwrap();
    let run = sanad(folder.path(), &verify).expect(2);
    let said = "is not a consistency or completeness proof, nor an evidence file";
    assert!(
        run.stderr.contains(said) && run.json()["error"].as_str().unwrap().contains(said),
        "{}",
        run.stdout
    );
    sanad(folder.path(), "proof verify nothing.json --genesis genesis.json").expect_error("cannot be opened");
    let both = "proof verify nothing.json since.consistency.json --genesis genesis.json --json";
    let lines: Vec<Value> = sanad(folder.path(), both)
        .expect(2)
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!((lines.len(), &lines[0]["target"]), (2, &"nothing.json".into()));
    assert!(
        lines[0]["verdict"].is_null() && lines[0]["error"].as_str().unwrap().contains("cannot be opened")
    );
}

#[test]
fn a_receipt_of_another_size_or_another_history_is_told_apart() {
    let (folder, node) = network();
    let ask = |older: &str, out: &str| {
        node.sanad(folder.path(), &format!("proof consistency {older} --out {out} {GENESIS}"))
    };
    ask("5", "five.consistency.json").expect(0);
    ask("5", "five.consistency.json").expect_error("exists already");
    ask("99", "x.consistency.json").expect_error("beyond the log");
    ask("nothing", "x.consistency.json").expect_error("cannot be opened");
    let verify = format!("proof verify five.consistency.json --receipt ijazah.json.receipt.json {GENESIS}");
    let found = sanad(folder.path(), &verify).expect(1).json();
    assert!(found["reason"].as_str().unwrap().contains("begins at 5 entries"), "{found}");

    // The same validators signed another history of the same length: nothing about either alone is wrong.
    let other = MemoryLedger::of(node.ledger.genesis().clone());
    other.commit_batch(other.next_batch(7));
    let forked = Node::over(other);
    let compare = format!("proof consistency ijazah.json.receipt.json {GENESIS}");
    let found = forked.sanad(folder.path(), &compare).expect(1).json();
    assert!(found["reason"].as_str().unwrap().starts_with("FORK"), "{found}");
}

#[test]
fn all_an_issuer_ever_said_is_listed_and_proved() {
    let (folder, node) = network();
    let ask = format!("proof completeness {ISSUER} --list {GENESIS}");
    let asked = node.sanad(folder.path(), &ask).expect(0).json();
    let counts = ["entries", "active", "confirmed", "suspended", "disputed", "revoked"];
    assert_eq!(counts.map(|name| asked[name].as_u64().unwrap()), [9, 5, 0, 1, 0, 1]);
    assert_eq!(
        (&asked["credentials"][1]["status"], &asked["credentials"][3]["status"]),
        (&"revoked".into(), &"suspended".into())
    );
    node.sanad(folder.path(), &ask).expect_error("exists already");
    let missing = format!("proof completeness nobody.example {GENESIS}");
    node.sanad(folder.path(), &missing).expect_error("not on the ledger");
    drop(node);

    let file = format!("{ISSUER}.completeness.jsonl");
    let verify = format!("proof verify {file} {GENESIS}");
    let found = sanad(folder.path(), &format!("{verify} --list")).expect(0).json();
    assert_eq!(found["credentials"], asked["credentials"]);
    let shown = sanad(folder.path(), &format!("proof verify {file} --genesis genesis.json")).expect(0);
    assert!(
        shown.stdout.contains("active: 5; active, confirmed: 0; suspended: 1; disputed: 0; revoked: 1"),
        "{}",
        shown.stdout
    );

    let path = folder.path().join(&file);
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let check = |lines: &[&str], code| {
        fs::write(&path, lines.join("\n") + "\n").unwrap();
        sanad(folder.path(), &verify).expect(code)
    };
    // The last entries left out, or one in between; out of order; more than there are.
    let found = |lines: &[&str]| {
        let found = check(lines, 1).json();
        (found["verdict"].as_str().unwrap().to_owned(), found["reason"].as_str().unwrap().to_owned())
    };
    let (word, reason) = found(&lines[..lines.len() - 1]);
    assert_eq!(word, "not-proven");
    assert!(reason.contains("counts 9"), "{reason}");
    let mut run: Value = serde_json::from_str(lines[1]).unwrap();
    run["first_index"] = 1.into();
    let shifted = run.to_string();
    for lines in [vec![lines[0], &shifted], [&lines[..], &lines[1..]].concat()] {
        let (word, reason) = found(&lines);
        assert_eq!(word, "tampered", "{reason}");
        assert!(reason.starts_with("entries: "), "{reason}");
    }
    let (word, reason) = found(&[lines[0], "{}"]);
    assert_eq!((word.as_str(), reason.split(':').next()), ("tampered", Some("encoding")));
    let (word, reason) = found(&[lines[0], &"x".repeat((1 << 20) + 1)]);
    assert_eq!((word.as_str(), reason.contains("more than 1048576 bytes")), ("tampered", true), "{reason}");
    fs::write(&path, text.trim_end()).unwrap();
    assert_eq!(
        sanad(folder.path(), &verify).expect(1).json()["verdict"],
        "tampered",
        "no line feed at the end"
    );
    fs::write(&path, "").unwrap();
    sanad(folder.path(), &verify)
        .expect_error("is not a consistency or completeness proof, nor an evidence file");
}
