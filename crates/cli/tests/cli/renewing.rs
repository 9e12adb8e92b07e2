//! `sanad receipt renew`: a newer block vouches for an old receipt.

use std::fs;

use sanad_core::history::SEAL_HEADERS;
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

/// From a node and from an export, once all of the first 65,536 blocks are there.
#[test]
fn a_sealed_receipt_is_smaller_and_needs_a_trust_file() {
    let issued = Issued::of(BADGE);
    let folder = issued.folder;
    let at = folder.path();
    let node = Node::idle(issued.ledger);
    let sealed = "receipt renew ijazah.json.receipt.json";
    node.sanad(at, &format!("{sealed} early.receipt --sealed {GENESIS}"))
        .expect_error("block 3 can be sealed from block 65537 on");
    node.ledger.commit_empty_blocks(SEAL_HEADERS as usize - 3);
    node.sanad(at, &format!("{sealed} early.receipt --sealed {GENESIS}"))
        .expect_error("block 3 can be sealed from block 65537 on");
    node.ledger.commit_empty_blocks(1);
    node.sanad(at, &format!("{sealed} genesis.receipt --sealed {GENESIS}"))
        .expect_error("a sealed receipt is checked with a trust file");
    node.sanad(at, &format!("trust fetch consortium.trust {GENESIS}")).expect(0);
    sanad(at, "key new --purpose checkpoint --out checkpoint.json").expect(0);
    node.sanad(at, &format!("export public --key checkpoint.json {GENESIS}")).expect(0);
    for out in ["sealed.receipt", "sealed.receipt.json"] {
        for from in ["", "--export public"] {
            let renew = format!("{sealed} {out} --sealed --trust consortium.trust --json {from}");
            let told = if from.is_empty() { node.sanad(at, &renew) } else { sanad(at, &renew) };
            let told = told.expect(0).json();
            assert_eq!((&told["height"], &told["vouched_for_by"]), (&3.into(), &65_537.into()));
            let verify =
                |trust: &str| sanad(at, &format!("verify ijazah.json --receipt {out} {trust} --json"));
            let found = verify("--trust consortium.trust").expect(0).json()["findings"][0].clone();
            assert_eq!((&found["verdict"], &found["form"]), (&"active".into(), &"sealed".into()));
            let found = verify(GENESIS).expect(2).json()["findings"][0].clone();
            assert_eq!(found["verdict"], "needs-trust-file");
            fs::remove_file(at.join(out)).unwrap();
        }
    }
    node.sanad(at, &format!("{sealed} with.receipt --trust consortium.trust")).expect(0);
    node.sanad(at, &format!("{sealed} sealed.receipt --sealed --trust consortium.trust")).expect(0);
    let size = |name: &str| fs::metadata(at.join(name)).unwrap().len();
    assert!(size("sealed.receipt") < size("with.receipt"));
}
