//! Trust files: fetched, shown, and in place of the genesis.

use std::fs;

use sanad_api::{Ledger as _, ProofForm};
use sanad_core::event::Event;
use sanad_core::ids::{Height, LogIndex};
use sanad_testkit::{Body, Chain, DOCUMENT, Shape};

use crate::documents::{BADGE, INDEX, Issued, foreign};
use crate::memory_ledger::{ISSUER, MemoryLedger};
use crate::node::Node;
use crate::program::sanad;

const GENESIS: &str = "--genesis genesis.json";
const FETCH: &str = "trust fetch konsorsium.trust.json --genesis genesis.json";
const TRUST: &str = "--trust konsorsium.trust.json";

#[test]
fn a_trust_file_is_fetched_shown_and_takes_the_place_of_the_genesis() {
    let issued = Issued::recently(BADGE);
    let folder = issued.folder;
    let at = folder.path();
    let node = Node::idle(issued.ledger);
    let fetched = node.sanad(at, &format!("{FETCH} --json")).expect(0).json();
    assert_eq!((&fetched["verdict"], &fetched["height"]), (&"proved".into(), &3.into()));
    node.sanad(at, &format!("trust fetch small.trust {GENESIS}")).expect(0);
    let sizes = ["konsorsium.trust.json", "small.trust"].map(|name| fs::read(at.join(name)).unwrap().len());
    assert!(sizes[1] * 2 < sizes[0], "{sizes:?}");
    for file in ["konsorsium.trust.json", "small.trust"] {
        let shown = sanad(at, &format!("trust show {file} --json")).expect(0).json();
        assert_eq!((&shown["block"], &shown["validators"]), (&fetched["block"], &4.into()));
        let text = sanad(at, &format!("trust show {file}")).expect(0).stdout;
        assert!(text.contains(fetched["fingerprint"].as_str().unwrap()), "{text}");
        let found = sanad(at, &format!("verify ijazah.json --trust {file} --json")).expect(0).json();
        let rests_on = &found["findings"][0]["rests_on"];
        assert_eq!((&rests_on["anchor"], &rests_on["height"]), (&"trust-file".into(), &3.into()));
        assert!(rests_on["age_seconds"].as_i64().unwrap() < 3_600, "{rests_on}");
    }
    // Above the anchor, with nothing but the trust file.
    node.ledger.commit_batch(node.ledger.next_batch_of(vec![Event::Suspend { target: LogIndex(INDEX) }]));
    let status = node.sanad(at, &format!("status ijazah.json {TRUST} --json")).expect(1).json();
    assert_eq!((&status["verdict"], &status["as_of"]["height"]), (&"suspended".into(), &4.into()));
    node.sanad(at, &format!("proof consistency 3 --out c.json {TRUST}")).expect(0);
    node.sanad(at, &format!("proof completeness {ISSUER} --out all.jsonl {TRUST}")).expect(0);
    for proof in ["c.json", "all.jsonl"] {
        sanad(at, &format!("proof verify {proof} {TRUST}")).expect(0);
        sanad(at, &format!("proof verify {proof} {GENESIS} {TRUST}")).expect(0);
    }
    let text = sanad(at, &format!("verify ijazah.json {TRUST}")).expect(0).stdout;
    assert!(text.contains("the trust file of block 3"), "{text}");
}

#[test]
fn compact_receipts_need_a_trust_file() {
    let mut chain = Chain::new(4);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    chain.start_ms = now.as_millis() as u64 - 60_000;
    let body = Body::new(&Shape::usual(1_000, 4), &chain.genesis.chain_id());
    chain.announce();
    chain.announce();
    let height = chain.enter(&body);
    chain.extend_to(height + 3);
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("genesis.json"), chain.genesis.to_json()).unwrap();
    fs::write(at.join("konsorsium.trust.json"), chain.trust_file(height + 2).to_json()).unwrap();
    fs::write(at.join("ijazah.json"), DOCUMENT).unwrap();
    let receipt = body.receipt(chain.header(height), chain.certified(height, 0));
    fs::write(at.join("ijazah.json.receipt.json"), receipt.to_json()).unwrap();
    let convert = "receipt convert ijazah.json.receipt.json";
    sanad(at, &format!("{convert} whole.receipt {GENESIS}")).expect(0);
    sanad(at, &format!("{convert} compact.receipt --compact {TRUST}")).expect(0);
    sanad(at, &format!("{convert} compact.json --compact {TRUST}")).expect(0);
    sanad(at, &format!("{convert} no.receipt --compact {GENESIS}")).expect_error("only a receipt that holds");
    let sizes = ["compact.receipt", "whole.receipt"].map(|name| fs::read(at.join(name)).unwrap().len());
    assert!(sizes[0] + 2 * 3 * 64 < sizes[1], "{sizes:?}");
    let verify = |receipt: &str, trust: &str, code: i32| {
        let arguments = format!("verify ijazah.json --receipt {receipt} {trust} --json");
        sanad(at, &arguments).expect(code).json()["findings"][0]["verdict"].clone()
    };
    for receipt in ["compact.receipt", "compact.json", "whole.receipt", "ijazah.json.receipt.json"] {
        assert_eq!(verify(receipt, TRUST, 0), "active", "{receipt}");
    }
    assert_eq!(verify("whole.receipt", GENESIS, 0), "active");
    assert_eq!(verify("compact.receipt", GENESIS, 2), "needs-trust-file");
    assert_eq!(verify("compact.json", GENESIS, 2), "needs-trust-file");
    let code = format!("receipt qr compact.receipt --png code.png {TRUST}");
    sanad(at, &code).expect(0);
    assert_eq!(verify("code.png", TRUST, 0), "active");
}

#[test]
fn a_trust_file_is_replaced_only_by_one_that_follows_from_it() {
    let issued = Issued::recently(BADGE);
    let at = issued.folder.path();
    let genesis = issued.ledger.genesis().clone();
    let node = Node::idle(issued.ledger);
    node.sanad(at, FETCH).expect(0);
    node.sanad(at, FETCH).expect(0);
    node.ledger.commit_empty_blocks(2);
    assert_eq!(node.sanad(at, &format!("{FETCH} --json")).expect(0).json()["height"], 5);
    let kept = fs::read(at.join("konsorsium.trust.json")).unwrap();

    let another = |blocks: usize| {
        let other = MemoryLedger::of(genesis.clone());
        other.start_now();
        other.commit_empty_blocks(blocks);
        Node::idle(other)
    };
    for (blocks, why) in [(2, "newer than block 2"), (5, "FORK: block 5"), (7, "FORK: block 5")] {
        another(blocks).sanad(at, FETCH).expect_error(why);
    }
    // The fork's node shows the block that was compared, signed, but in no history of its own.
    let signed = node.ledger.history_proof(Height(5), ProofForm::SelfContained).unwrap();
    node.ledger.commit_empty_blocks(1);
    let elsewhere = node.ledger.history_proof(Height(5), ProofForm::SelfContained).unwrap();
    for proof in [signed, elsewhere] {
        let liar = another(7);
        *liar.ledger.history.lock().unwrap() = Some(proof);
        liar.sanad(at, FETCH).expect_error("konsorsium.trust.json stays as it is");
    }
    assert_eq!(fs::read(at.join("konsorsium.trust.json")).unwrap(), kept);
    // One that is too old vouches for nothing newer.
    let old = Issued::of(BADGE);
    let node = Node::idle(old.ledger);
    node.sanad(old.folder.path(), FETCH).expect(0);
    node.sanad(old.folder.path(), FETCH).expect(0);
    node.ledger.commit_empty_blocks(1);
    node.sanad(old.folder.path(), FETCH).expect_error("compare the block with somebody");
}

#[test]
fn a_trust_file_that_does_not_hold_is_trusted_by_nobody() {
    let issued = Issued::recently(BADGE);
    let folder = issued.folder;
    let at = folder.path();
    let node = Node::idle(issued.ledger);
    node.sanad(at, FETCH).expect(0);
    let good = fs::read_to_string(at.join("konsorsium.trust.json")).unwrap();
    let mut file: serde_json::Value = serde_json::from_str(&good).unwrap();
    file["anchor"]["header"]["time_ms"] = 1.into();
    fs::write(at.join("bad.trust.json"), file.to_string()).unwrap();
    let shown = sanad(at, "trust show bad.trust.json --json").expect(1).json();
    assert_eq!((&shown["verdict"], shown.get("height")), (&"tampered".into(), None));
    sanad(at, "verify ijazah.json --trust bad.trust.json").expect_error("does not hold");
    sanad(at, "trust show genesis.json").expect_error("is not a trust file");
    fs::write(at.join("foreign.json"), foreign(node.ledger.genesis())).unwrap();
    let mixed = sanad(at, &format!("verify ijazah.json --genesis foreign.json {TRUST}"));
    mixed.expect_error("is of another chain than foreign.json");
    sanad(at, "verify ijazah.json").expect_error("--genesis FILE or --trust FILE");
    drop(node);
    let other = MemoryLedger::new();
    other.commit_empty_blocks(1);
    Node::idle(other).sanad(at, &format!("trust fetch new.trust {TRUST}")).expect_error("serves the chain");
}
