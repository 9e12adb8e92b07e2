//! A folder that answers when no node does.

use std::fs;
use std::path::Path;

use sanad_api::Ledger as _;
use sanad_core::event::Event;
use sanad_core::ids::LogIndex;
use serde_json::Value;

use crate::documents::{Issued, foreign};
use crate::memory_ledger::ISSUER;
use crate::node::Node;
use crate::program::{Run, sanad};

const EXPORT: &str = "export public --genesis genesis.json --key checkpoint.json --json";
const FOLDER: &str = "--export public --genesis genesis.json --json";

fn network() -> (tempfile::TempDir, Node) {
    let issued = Issued::new();
    let folder = issued.folder;
    sanad(folder.path(), "key new --purpose checkpoint --out checkpoint.json").expect(0);
    (folder, Node::idle(issued.ledger))
}

fn ask(folder: &Path, what: &str) -> Run {
    sanad(folder, &format!("{what} {FOLDER}"))
}

#[test]
fn everything_is_answered_and_proved_with_no_node_running() {
    let (folder, node) = network();
    let at = folder.path();
    let made = node.sanad(at, EXPORT).expect(0).json();
    assert_eq!((&made["log_size"], &made["entries_added"]), (&7.into(), &7.into()));
    let verifier_key = made["verifier_key"].as_str().unwrap();
    assert!(verifier_key.starts_with("example.org/sanad+"), "{verifier_key}");
    drop(node);

    for target in ["3", "ijazah.json", "ijazah.json.receipt.json"] {
        let found = ask(at, &format!("status {target}")).expect(0).json();
        assert_eq!((&found["verdict"], &found["log_index"]), (&"active".into(), &3.into()), "{target}");
    }
    let unknown = ask(at, &format!("status {ISSUER}/{}", "0".repeat(64))).expect(2).json();
    assert_eq!(unknown["verdict"], "could-not-be-checked");
    assert!(unknown["reason"].as_str().unwrap().contains("knows no such credential"), "{unknown}");
    assert_eq!(ask(at, "status 999").expect(2).json()["verdict"], "could-not-be-checked");
    let found = ask(at, "verify ijazah.json --online").expect(0).json();
    assert_eq!(found["findings"][0]["verdict"], "active");

    let blocks = |what: &str| sanad(at, &format!("block {what} --export public --json")).expect(0).json();
    assert_eq!(blocks("list --from 1 --count 3")["blocks"].as_array().unwrap().len(), 3);
    let block = blocks("show 2 --genesis genesis.json");
    assert_eq!((&block["certificate_holds"], &block["batches"][0]["events"]), (&true.into(), &1.into()));
    let entry = sanad(at, "entry show 3 --export public --json").expect(0).json();
    assert_eq!((&entry["included"], &entry["issuer"]), (&true.into(), &ISSUER.into()));
    let entries = sanad(at, "entry list --export public --json").expect(0).json();
    assert_eq!(entries["entries"].as_array().unwrap().len(), 7);
    let member = ask(at, &format!("member show {ISSUER}")).expect(0).json();
    assert_eq!(member["rest"]["events"]["count"], 7, "{member}");
    let members = sanad(at, "member list --export public --json").expect(0).json();
    assert_eq!(members["members"].as_array().unwrap().len(), 6);
    ask(at, "proof consistency ijazah.json.receipt.json --out c.json").expect(0);
    ask(at, &format!("proof completeness {ISSUER} --out all.json")).expect(0);
    for proof in ["c.json", "all.json"] {
        sanad(at, &format!("proof verify {proof} --genesis genesis.json")).expect(0);
    }
    sanad(at, "block show 99999 --export public").expect_error("beyond the head");
    sanad(at, "member show nobody.example --export public").expect_error("nobody.example");
}

#[test]
fn a_second_export_adds_what_is_new_and_receipts_are_renewed_from_it() {
    let (folder, node) = network();
    let at = folder.path();
    let first = node.sanad(at, EXPORT).expect(0).json();
    node.ledger.commit_batch(node.ledger.next_batch_of(vec![Event::Revoke { target: LogIndex(3) }]));
    let second = node.sanad(at, EXPORT).expect(0).json();
    assert_eq!((&second["log_size"], &second["entries_added"]), (&8.into(), &1.into()));
    let added = second["height"].as_u64().unwrap() - first["height"].as_u64().unwrap();
    assert_eq!(second["blocks_added"], added);
    drop(node);
    let found = ask(at, "status ijazah.json --receipt-out fresh.json").expect(1).json();
    assert_eq!(found["verdict"], "revoked");
    ask(at, "status ijazah.json --receipt-out fresh.json").expect_error("exists already");
    ask(at, "status 3 --receipt-out other.json").expect_error("needs a receipt");
    let verify = "verify ijazah.json --genesis genesis.json --json";
    let fresh = sanad(at, &format!("{verify} --receipt fresh.json")).expect(1).json();
    assert_eq!(fresh["findings"][0]["verdict"], "revoked");
    assert_eq!(sanad(at, verify).expect(0).json()["findings"][0]["verdict"], "active", "as of then");
    let online = sanad(at, &format!("{verify} --online --export public")).expect(1).json();
    assert_eq!(online["findings"][0]["verdict"], "revoked");
}

#[test]
fn what_was_changed_is_named_and_never_an_answer() {
    let (folder, node) = network();
    let at = folder.path();
    let made = node.sanad(at, EXPORT).expect(0).json();
    let genesis = node.ledger.genesis().clone();
    drop(node);
    let height = made["height"].as_u64().unwrap();
    let partial = |series: &str| fs::read_dir(at.join(series)).unwrap().next().unwrap().unwrap().path();
    let state = at.join(format!("public/state/{height}"));
    let flip = |path: &Path, place: usize, refused: &str| {
        let sound = fs::read(path).unwrap();
        let mut changed = sound.clone();
        changed[place] ^= 1;
        fs::write(path, changed).unwrap();
        for question in ["status 3", "verify ijazah.json --online"] {
            let run = ask(at, question).expect(2);
            let said = run.stderr + &run.stdout;
            assert!(said.contains(refused), "{question}: {refused:?} is not in {said}");
        }
        fs::write(path, sound).unwrap();
    };
    flip(
        &at.join("public/tile/entries/000.p/7"),
        20,
        "the entry of log index 0 is not the one in the log tree",
    );
    flip(&partial("public/tile/0/000.p"), 5, "leads to the log root");
    flip(&state, 9, "leads to the state root");
    flip(&at.join("public/head"), 4, "not the fields of the head");
    fs::write(at.join("foreign.json"), foreign(&genesis)).unwrap();
    sanad(at, "status 3 --export public --genesis foreign.json").expect(2);
    sanad(at, "status 3 --export nowhere").expect_error("holds no export");
    assert_eq!(ask(at, "status 3").expect(0).json()["verdict"], "active");
}

#[test]
fn mistakes_are_refused_before_anything_is_written() {
    let (folder, node) = network();
    let at = folder.path();
    sanad(at, "key new --purpose network --out network.json").expect(0);
    let export = |arguments: &str| node.sanad(at, &format!("export {arguments} --genesis genesis.json"));
    export("public --key network.json").expect_error("one for \"checkpoint\" is needed");
    assert!(!at.join("public").exists());
    fs::create_dir(at.join("mine")).unwrap();
    fs::write(at.join("mine/diary.txt"), "mine").unwrap();
    export("mine --key checkpoint.json").expect_error("is not empty and holds no export");
    export("public --key checkpoint.json").expect(0);
    let note = fs::read_to_string(at.join("public/checkpoint")).unwrap();
    assert!(note.starts_with("example.org/sanad\n7\n"), "{note}");
    fs::write(at.join("foreign.json"), foreign(node.ledger.genesis())).unwrap();
    let refused = node.sanad(at, "export public --genesis foreign.json --key checkpoint.json");
    refused.expect_error("the export is of chain");
    let elsewhere = node.sanad(at, "export other --genesis foreign.json --key checkpoint.json");
    elsewhere.expect_error("serves the chain");
    let none: Value = sanad(at, "status 3 --export other --json").expect(2).json();
    assert!(
        none["verdict"].is_null() && none["error"].as_str().unwrap().contains("holds no export"),
        "{none}"
    );
}

#[test]
fn an_audit_finds_what_was_changed_in_any_file() {
    let (folder, node) = network();
    let at = folder.path();
    node.ledger.commit_batch(node.ledger.next_batch_of(vec![Event::Revoke { target: LogIndex(3) }]));
    node.sanad(at, EXPORT).expect(0);
    drop(node);
    let key = sanad(at, "key show checkpoint.json --json").expect(0).json();
    let key = key["public_key"].as_str().unwrap();
    let audit = &format!("audit public --genesis genesis.json --checkpoint-key {key} --json");
    let sound = sanad(at, audit).expect(0).json();
    assert_eq!((&sound["verdict"], &sound["log_size"]), (&"sound".into(), &8.into()));
    assert_eq!(sound["checkpoint"], sound["height"]);

    let mut files = Vec::new();
    let mut folders = vec![at.join("public")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    assert!(files.len() >= 8, "{files:?}");
    for path in &files {
        let name = path.strip_prefix(at).unwrap().display().to_string();
        let bytes = fs::read(path).unwrap();
        // Every byte of every file is the business of the export's own tests.
        for place in [0, bytes.len() / 2, bytes.len() - 1] {
            let mut changed = bytes.clone();
            changed[place] ^= 1 << (place % 7);
            fs::write(path, changed).unwrap();
            let run = sanad(at, audit);
            // Another chain's, by the file that says so.
            let foreign = name.ends_with("head") && run.stderr.contains("is of chain");
            assert!(foreign || run.code == 1, "{name}, byte {place}: {}{}", run.stdout, run.stderr);
            if !foreign {
                assert!(!run.json()["findings"][0]["message"].as_str().unwrap().is_empty());
            }
        }
        fs::remove_file(path).unwrap();
        assert_ne!(sanad(at, audit).code, 0, "without {name}");
        fs::write(path, bytes).unwrap();
    }
    sanad(at, audit).expect(0);
    sanad(at, &format!("{audit} --rebuild")).expect_error("nothing can be rebuilt");
    sanad(at, "key new --purpose issuing --out issuing.json").expect(0);
    sanad(at, &format!("{audit} --report report.json --key issuing.json")).expect(0);
    let report: Value = serde_json::from_slice(&fs::read(at.join("report.json")).unwrap()).unwrap();
    assert_eq!(report["statement"]["verdict"], "sound");
}

#[test]
fn an_index_that_hides_a_credential_does_not_hide_it_from_its_receipt() {
    let (folder, node) = network();
    let at = folder.path();
    node.sanad(at, EXPORT).expect(0);
    drop(node);
    let path = at.join("public/index/0-7");
    let page = fs::read(&path).unwrap();
    let (records, _) = page[2..4080].as_chunks::<14>();
    let left: Vec<u8> = records[..7].iter().filter(|record| record[13] != 3).flatten().copied().collect();
    let mut hiding = [&[0, 6], &left[..]].concat();
    hiding.resize(4080, 0);
    hiding.extend_from_slice(&blake3::hash(&hiding).as_bytes()[..16]);
    fs::write(&path, hiding).unwrap();
    let commitment = ask(at, "status 3").expect(0).json()["commitment"].as_str().unwrap().to_owned();
    assert_eq!(
        ask(at, &format!("status {ISSUER}/{commitment}")).expect(2).json()["verdict"],
        "could-not-be-checked"
    );
    assert_eq!(ask(at, "status ijazah.json").expect(0).json()["verdict"], "active");
    let audit = sanad(at, "audit public --genesis genesis.json --json").expect(1).json();
    let found = audit["findings"][0]["message"].as_str().unwrap();
    assert!(found.contains("the index is wrong about the entry of log index 3"), "{found}");
}
