//! Questions to a node.

use std::fs;

use sanad_core::event::Event;
use sanad_core::ids::LogIndex;

use crate::documents::Issued;
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
    let commitment = found["commitment"].as_str().unwrap();
    assert_eq!(ask(commitment, 0)["log_index"], 3);
    assert_eq!(ask("ijazah.json", 0)["log_index"], 3);
    assert_eq!(ask("ijazah.json.receipt.json", 0)["log_index"], 3);
    assert_eq!(ask(&"0".repeat(64), 1)["verdict"], "unknown");
    assert_eq!(ask("999", 1)["verdict"], "unknown");
    node.sanad(folder.path(), "status genesis.json --genesis genesis.json").expect_error("none beside it");
    let trusting = node.sanad(folder.path(), "status 3").expect(0);
    assert!(trusting.stderr.contains("warning: no --genesis"));
}

#[test]
fn a_node_of_another_chain_is_refused() {
    let issued = Issued::new();
    let folder = issued.folder;
    let node = Node::over(issued.ledger);
    let genesis = fs::read_to_string(folder.path().join("genesis.json")).unwrap();
    fs::write(folder.path().join("genesis.json"), genesis.replace("\"Test\"", "\"Lain\"")).unwrap();
    node.sanad(folder.path(), "status 3 --genesis genesis.json").expect_error("serves the chain");
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
    // A node that does not answer never makes a yes.
    let url = node.url.clone();
    drop(node);
    let silent =
        crate::program::sanad(folder.path(), &format!("{verify} --online --node {url}")).expect(2).json();
    assert_eq!(silent["findings"][0]["verdict"], "not-proven");
}

#[test]
fn members_blocks_entries_peers_nodes() {
    let issued = Issued::new();
    let folder = issued.folder;
    let node = Node::over(issued.ledger);
    node.commits(false);
    let ask = |arguments: &str| node.sanad(folder.path(), &format!("{arguments} --json")).expect(0).json();
    assert_eq!(ask("member list")["members"].as_array().unwrap().len(), 7);
    let member = ask("member show v1.ac.id --genesis genesis.json");
    assert_eq!((&member["proven"], &member["record"]["chain"]["entries"]), (&true.into(), &7.into()));
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
    node.sanad(folder.path(), "member show nobody.ac.id --genesis genesis.json").expect(2);
    node.sanad(folder.path(), "entry show 99").expect(2);
    for arguments in
        ["member list", "member show v1.ac.id", "block list", "block show 1", "entry list", "node status"]
    {
        assert!(node.sanad(folder.path(), arguments).expect(0).stdout.lines().count() > 2, "{arguments}");
    }
}

#[test]
fn blocks_are_checked_across_changes_of_the_validators() {
    let issued = Issued::changing_validators();
    let folder = issued.folder;
    let node = Node::over(issued.ledger);
    for (height, validators) in [(1, 20), (2, 19), (3, 18)] {
        let arguments = format!("block show {height} --genesis genesis.json --json");
        let block = node.sanad(folder.path(), &arguments).expect(0).json();
        assert_eq!(block["certificate_holds"], true);
        let detail = block["certificate_detail"].as_str().unwrap();
        assert!(detail.contains(&format!("of {validators}: v1.ac.id, ")), "{detail}");
    }
    // A node whose answer is another block.
    node.ledger.answer_beside_the_question();
    node.sanad(folder.path(), "block show 1 --genesis genesis.json").expect(2);
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
