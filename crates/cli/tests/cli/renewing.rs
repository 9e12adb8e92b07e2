//! `sanad receipt renew`: a newer block vouches for an old receipt.

use std::fs;

use serde_json::Value;

use crate::documents::{BADGE, Issued};
use crate::node::Node;
use crate::program::sanad;

const GENESIS: &str = "--genesis genesis.json";

#[test]
fn old_receipts_are_renewed_from_a_node_and_from_an_export_in_both_forms() {
    let issued = Issued::of(BADGE);
    let folder = issued.folder;
    let at = folder.path();
    let node = Node::idle(issued.ledger);
    node.ledger.commit_empty_blocks(3);
    sanad(at, "key new --purpose checkpoint --out checkpoint.json").expect(0);
    node.sanad(at, &format!("export public --key checkpoint.json {GENESIS}")).expect(0);
    sanad(at, &format!("receipt convert ijazah.json.receipt.json old.receipt {GENESIS}")).expect(0);
    let renew = |input: &str, out: &str, from: &str| -> Value {
        let renewed = format!("receipt renew {input} {out} {GENESIS} --json");
        let told = match from {
            "node" => node.sanad(at, &renewed),
            _ => sanad(at, &format!("{renewed} --export public")),
        };
        told.expect(0).json()
    };
    for (number, from) in ["node", "export"].into_iter().enumerate() {
        for input in ["ijazah.json.receipt.json", "old.receipt"] {
            for suffix in ["json", "receipt"] {
                let out = format!("{number}-{}.{suffix}", input.len());
                let told = renew(input, &out, from);
                assert_eq!((&told["height"], &told["vouched_for_by"]), (&3.into(), &6.into()));
                assert_eq!(told["bytes"], fs::read(at.join(&out)).unwrap().len());
                let verify = format!("verify ijazah.json --receipt {out} {GENESIS} --json");
                let found = sanad(at, &verify).expect(0).json()["findings"][0].clone();
                assert_eq!((&found["verdict"], &found["form"]), (&"active".into(), &"history".into()));
                assert_eq!((&found["as_of"]["height"], &found["log_index"]), (&3.into(), &3.into()));
                assert_eq!(found["summary"]["credits"], "20");
                // What was renewed is renewed again, and never in place of something.
                renew(&out, &format!("again-{out}"), from);
            }
        }
    }
    let again = format!("receipt renew old.receipt 0-11.json {GENESIS}");
    node.sanad(at, &again).expect_error("never overwritten");
}

#[test]
fn a_receipt_of_the_last_block_has_that_blocks_certificate() {
    let issued = Issued::new();
    let folder = issued.folder;
    let node = Node::idle(issued.ledger);
    let renew = format!("receipt renew ijazah.json.receipt.json new.json {GENESIS} --json");
    let told = node.sanad(folder.path(), &renew).expect(0).json();
    assert_eq!((&told["height"], &told["vouched_for_by"]), (&3.into(), &3.into()));
    let verify = format!("verify ijazah.json --receipt new.json {GENESIS} --json");
    assert_eq!(sanad(folder.path(), &verify).expect(0).json()["findings"][0]["form"], "certificate");
}

#[test]
fn a_node_with_another_history_renews_nothing() {
    let issued = Issued::new();
    // The same validators made other blocks.
    let other = Issued::of("{\"other\": true}");
    other.ledger.commit_empty_blocks(2);
    let node = Node::idle(other.ledger);
    let renew = format!("receipt renew ijazah.json.receipt.json new.json {GENESIS}");
    node.sanad(issued.at(), &renew).expect_error("does not prove this receipt's block");
    assert!(!issued.path("new.json").exists());
}
