//! Questions to a node.

use std::fs;

use sanad_api::Ledger as _;
use sanad_core::event::Event;
use sanad_core::ids::LogIndex;
use serde_json::Value;

use crate::documents::{Issued, foreign};
use crate::memory_ledger::MemoryLedger;
use crate::node::Node;

#[test]
fn a_status_is_proved_and_unknown_is_a_word_of_its_own() {
    let issued = Issued::new();
    let folder = issued.folder;
    let node = Node::over(issued.ledger);
    let ask = |target: &str, code: i32| {
        let arguments = format!("status {target} --genesis genesis.json --json");
        node.sanad(folder.path(), &arguments).expect(code).json()
    };
    let found = ask("3", 0);
    assert_eq!((&found["verdict"], &found["log_index"]), (&"active".into(), &3.into()));
    let issuance = format!("issuer/{}", found["commitment"].as_str().unwrap());
    assert_eq!(ask(&issuance, 0)["log_index"], 3);
    assert_eq!(ask("ijazah.json", 0)["log_index"], 3);
    assert_eq!(ask("ijazah.json.receipt.json", 0)["log_index"], 3);
    assert_eq!(ask(&format!("issuer/{}", "0".repeat(64)), 2)["verdict"], "could-not-be-checked");
    assert_eq!(ask("999", 2)["verdict"], "could-not-be-checked");
    node.sanad(folder.path(), "status genesis.json --genesis genesis.json").expect_error("none beside it");
    let trusting = node.sanad(folder.path(), "status 3").expect(0);
    assert!(trusting.stderr.contains("warning: no --genesis or --trust"));
}

#[test]
fn a_node_of_another_chain_is_refused() {
    let issued = Issued::new();
    let folder = issued.folder;
    let node = Node::over(issued.ledger);
    fs::write(folder.path().join("genesis.json"), foreign(node.ledger.genesis())).unwrap();
    let found = node.sanad(folder.path(), "status 3 --genesis genesis.json --json").expect(2).json();
    assert_eq!(found["verdict"], "could-not-be-checked");
    assert!(found["reason"].as_str().unwrap().contains("not of the chain of this genesis"), "{found}");
}

#[test]
fn online_verification_finds_what_happened_since() {
    let issued = Issued::new();
    issued.ledger.commit_batch(issued.ledger.next_batch_of(vec![Event::Revoke { target: LogIndex(3) }]));
    let folder = issued.folder;
    let node = Node::over(issued.ledger);
    let verify = "verify ijazah.json --genesis genesis.json --json";
    let offline = crate::program::sanad(folder.path(), verify).expect(0).json();
    assert_eq!(offline["findings"][0]["verdict"], "active");
    let online = node.sanad(folder.path(), &format!("{verify} --online")).expect(1).json();
    assert_eq!(online["findings"][0]["verdict"], "revoked");
    let (then, now) = (&offline["findings"][0], &online["findings"][0]);
    assert_eq!(now["existed_by"], then["existed_by"], "the older proof says since when it is there");
    assert_ne!(now["as_of"]["height"], then["as_of"]["height"]);
    // No answer changes no word, and is no yes.
    let revoked = Issued::new();
    let revoke = vec![Event::Revoke { target: LogIndex(3) }];
    revoked.ledger.commit_batch(revoked.ledger.next_batch_of(revoke));
    let url = node.url.clone();
    drop(node);
    let silent =
        crate::program::sanad(folder.path(), &format!("{verify} --online --node {url}")).expect(2).json();
    assert_eq!((&silent["verdict"], &silent["findings"][0]["verdict"]), (&Value::Null, &"active".into()));
    assert!(silent["errors"][0]["error"].as_str().unwrap().contains("cannot be reached"), "{silent}");
    let finding = &silent["findings"][0];
    let online = finding["checks"].as_array().unwrap().iter().find(|check| check["part"] == "online");
    assert_eq!(online.unwrap()["holds"], false);
    assert_eq!(finding["asked"]["result"], "could-not-be-checked");
    // What the files prove against it stands.
    let renewed = revoked.renewed();
    revoked.write(&renewed);
    let silent = crate::program::sanad(revoked.at(), &format!("{verify} --node {url}")).expect(1).json();
    assert_eq!(silent["verdict"], "revoked");
}

#[test]
fn a_node_that_is_behind_or_forgetful_is_no_evidence() {
    let issued = Issued::new();
    let folder = issued.folder;
    let verify = "verify ijazah.json --genesis genesis.json --online --json";
    // Another ledger of the same genesis, without the credential.
    let ledger = MemoryLedger::of(issued.ledger.genesis().clone());
    ledger.commit_batch(ledger.next_batch(1));
    let behind = Node::idle(ledger).sanad(folder.path(), verify).expect(2).json();
    assert_eq!(behind["findings"][0]["verdict"], "active");
    assert!(behind["errors"][0]["error"].as_str().unwrap().contains("knows no such credential"), "{behind}");
}

#[test]
fn a_status_that_comes_back_from_revocation_is_evidence_of_a_fork() {
    let issued = Issued::new();
    let ledger = &issued.ledger;
    // The receipt says that it was revoked; the node's ledger, of the same validators, never did.
    let other = Issued::new();
    ledger.commit_batch(ledger.next_batch_of(vec![Event::Revoke { target: LogIndex(3) }]));
    issued.write(&issued.renewed());
    other.ledger.commit_empty_blocks(1);
    let node = Node::idle(other.ledger);
    let verify = "verify ijazah.json --genesis genesis.json --json";
    assert_eq!(crate::program::sanad(issued.at(), verify).expect(1).json()["verdict"], "revoked");
    for step in
        ["two different blocks are final at height 4", "revoked as of block 4, but active as of block 5"]
    {
        let found = node.sanad(issued.at(), &format!("{verify} --online")).expect(1).json();
        assert_eq!(found["verdict"], "not-proven");
        assert!(found["findings"][0]["reason"].as_str().unwrap().contains(step), "{found}");
        // The evidence convinces a third party that has nothing but the genesis.
        let evidence = issued.path("ijazah.json.receipt.json.evidence.json");
        let prove = format!("proof verify {} --genesis genesis.json --json", evidence.display());
        let proved = crate::program::sanad(issued.at(), &prove).expect(0).json();
        assert_eq!((&proved["verdict"], &proved["height"]), (&"proved".into(), &4.into()));
        fs::write(issued.path("other.json"), foreign(issued.ledger.genesis())).unwrap();
        let foreign = prove.replace("genesis.json", "other.json");
        crate::program::sanad(issued.at(), &foreign).expect(1);
        fs::remove_file(evidence).unwrap();
        node.ledger.commit_empty_blocks(1);
    }
}

#[test]
fn members_of_the_past_count_only_as_they_are_proved() {
    let issued = Issued::new();
    let folder = issued.folder;
    let node = Node::over(issued.ledger);
    node.commits(false);
    let ask =
        |arguments: &str| node.sanad(folder.path(), &format!("{arguments} --genesis genesis.json --json"));
    let now = ask("member show issuer").expect(0).json();
    let then = ask("member show issuer --as-of 1").expect(0).json();
    assert_eq!((&then["proven"], &then["height"]), (&true.into(), &1.into()));
    assert!(then["rest"]["events"]["count"].as_u64() < now["rest"]["events"]["count"].as_u64());
    ask("member show nobody --as-of 1").expect_error("there was no member nobody after block 1");
    ask("member show issuer --as-of 99").expect_error("height 99 is beyond the head");
    *node.ledger.tampering.lock().unwrap() = Some(|record| record.name.push('x'));
    let forged = ask("member show issuer --as-of 1").expect(1).json();
    assert_eq!(forged["proven"], false);
    ask("member show issuer").expect(0);
}

#[test]
fn members_blocks_entries_peers_nodes() {
    let issued = Issued::new();
    let folder = issued.folder;
    let node = Node::over(issued.ledger);
    node.commits(false);
    let ask = |arguments: &str| node.sanad(folder.path(), &format!("{arguments} --json")).expect(0).json();
    assert_eq!(ask("member list")["members"].as_array().unwrap().len(), 6);
    let member = ask("member show issuer --genesis genesis.json");
    assert_eq!((&member["proven"], &member["rest"]["events"]["count"]), (&true.into(), &7.into()));
    assert_eq!(ask("block list --from 2 --count 2")["blocks"][1]["header"]["height"], 3);
    assert!(!ask("block list")["blocks"].as_array().unwrap().is_empty());
    let block = ask("block show 1 --genesis genesis.json");
    assert_eq!((&block["certificate_holds"], &block["batches"][0]["events"]), (&true.into(), &3.into()));
    assert_eq!(ask("entry list --from 2 --count 3")["entries"][0]["index"], 2);
    let entry = ask("entry show 3");
    assert_eq!((&entry["included"], &entry["event"]["kind"]), (&true.into(), &"issue".into()));
    assert!(ask("peer list")["peers"].is_array());
    let status = ask("node status");
    assert_eq!((&status["agree"], &status["nodes"][0]["log_size"]), (&true.into(), &7.into()));
    node.sanad(folder.path(), "member show nobody.example --genesis genesis.json").expect(2);
    node.sanad(folder.path(), "entry show 99").expect(2);
    for arguments in
        ["member list", "member show issuer", "block list", "block show 1", "entry list", "node status"]
    {
        assert!(node.sanad(folder.path(), arguments).expect(0).stdout.lines().count() > 2, "{arguments}");
    }
}

#[test]
fn a_node_that_answers_about_another_block_is_refused() {
    let issued = Issued::new();
    let folder = issued.folder;
    let node = Node::idle(issued.ledger);
    let show = "block show 1 --genesis genesis.json";
    let shown = node.sanad(folder.path(), &format!("{show} --json")).expect(0).json();
    assert!(shown["certificate_detail"].as_str().unwrap().starts_with("3 of 4: v0, "), "{shown}");
    node.ledger.answer_about_another();
    node.sanad(folder.path(), show).expect(2);
}

#[test]
fn the_tail_prints_one_line_of_json_a_block() {
    let node = Node::start();
    let folder = node.folder(&[]);
    let run = node.sanad(folder.path(), "tail --from 1 --count 5 --json").expect(0);
    let heights: Vec<u64> = run
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["height"].as_u64().unwrap())
        .collect();
    assert_eq!(heights, [1, 2, 3, 4, 5]);
}

#[test]
fn a_status_of_files_is_as_strict_as_their_verification() {
    let issued = Issued::new();
    let changed = fs::read_to_string(issued.path("ijazah.json")).unwrap() + " ";
    let changed = changed.replacen('{', "{\"changed\": 1, ", 1);
    let text = fs::read_to_string(issued.path("ijazah.json.receipt.json")).unwrap();
    fs::write(issued.path("changed.json"), changed).unwrap();
    fs::write(issued.path("changed.json.receipt.json"), &text).unwrap();
    let at = issued.folder;
    let node = Node::over(issued.ledger);
    let status = |target: &str, code: i32| {
        node.sanad(at.path(), &format!("status {target} --genesis genesis.json --json")).expect(code).json()
    };
    let found = status("ijazah.json", 0);
    assert!(found["checks"].to_string().contains("document"), "{found}");
    let found = status("changed.json", 1);
    assert_eq!(found["verdict"], "tampered");
    assert!(found["reason"].as_str().unwrap().starts_with("document"), "{found}");
}
