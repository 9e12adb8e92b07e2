//! Programs of one issuer that work at once.

use std::fs;
use std::process::Child;
use std::time::{Duration, Instant};

use crate::node::Node;
use crate::program::{command, sanad};

const WITH: &str = "--issuer-dir issuer --genesis genesis.json";

fn spawn(node: &Node, folder: &tempfile::TempDir, arguments: &str) -> Child {
    let arguments = format!("{arguments} {WITH} --node {}", node.url);
    let notes = fs::OpenOptions::new().create(true).append(true).open(folder.path().join("notes")).unwrap();
    command(folder.path()).args(arguments.split_whitespace()).stderr(notes).spawn().unwrap()
}

/// Whether one of the programs in a folder has said something.
fn said(folder: &tempfile::TempDir, what: &str) -> bool {
    fs::read_to_string(folder.path().join("notes")).is_ok_and(|notes| notes.contains(what))
}

fn poll(what: &str, mut so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !so() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn waits(node: &Node, batches: usize) -> bool {
    node.ledger.pool_size() == batches
}

#[test]
fn two_issuances_of_one_issuer_both_succeed() {
    let node = Node::start();
    let folder = node.folder(&["a.json"]);
    fs::create_dir(folder.path().join("B")).unwrap();
    fs::write(folder.path().join("B/b.json"), "{\"b\": 1}").unwrap();
    node.commits(false);
    let mut first = spawn(&node, &folder, "issue awards");
    poll("the first batch waits", || waits(&node, 1));
    let mut second = spawn(&node, &folder, "issue B");
    poll("it waits for its turn", || said(&folder, "another batch of issuer is pending"));
    assert!(second.try_wait().unwrap().is_none(), "it waits for its turn");
    node.commits(true);
    assert!(first.wait().unwrap().success() && second.wait().unwrap().success());
    sanad(folder.path(), "verify awards B --genesis genesis.json").expect(0);
    for path in ["awards", "B"] {
        assert_eq!(fs::read_dir(folder.path().join(path)).unwrap().count(), 2, "no pending file is left");
    }
}

#[test]
fn two_issuances_of_one_folder_issue_each_document_once() {
    let node = Node::start();
    let folder = node.folder(&["a.json", "b.json"]);
    node.commits(false);
    let mut first = spawn(&node, &folder, "issue awards");
    poll("the first batch waits", || waits(&node, 1));
    let mut second = spawn(&node, &folder, "issue awards");
    poll("it waits for the folder", || said(&folder, "another `sanad issue` works in"));
    assert!(second.try_wait().unwrap().is_none(), "it waits for the folder");
    node.commits(true);
    assert!(first.wait().unwrap().success() && second.wait().unwrap().success());
    assert_eq!(node.ledger.with_ledger(|ledger| ledger.state.log_size().0), 2);
}

#[test]
fn one_that_was_killed_leaves_nothing_locked() {
    let node = Node::start();
    let folder = node.folder(&["a.json"]);
    fs::create_dir(folder.path().join("B")).unwrap();
    fs::write(folder.path().join("B/b.json"), "{\"b\": 1}").unwrap();
    node.commits(false);
    let mut first = spawn(&node, &folder, "issue awards");
    poll("the first batch waits", || waits(&node, 1));
    first.kill().unwrap();
    first.wait().unwrap();
    let mut second = spawn(&node, &folder, "issue B");
    node.commits(true);
    assert!(second.wait().unwrap().success());
    node.sanad(folder.path(), "issue --resume awards --genesis genesis.json").expect(0);
    sanad(folder.path(), "verify awards B --genesis genesis.json").expect(0);
}

#[test]
fn a_turn_that_does_not_come_in_time_is_said() {
    let node = Node::start();
    let folder = node.folder(&["a.json", "b.json"]);
    node.sanad(folder.path(), &format!("issue awards/b.json {WITH}")).expect(0);
    node.commits(false);
    let mut first = spawn(&node, &folder, "issue awards/a.json");
    poll("the first batch waits", || waits(&node, 1));
    let late = node.sanad(folder.path(), &format!("suspend awards/b.json {WITH} --wait 700ms"));
    late.expect_error("another batch of issuer was still pending");
    node.commits(true);
    assert!(first.wait().unwrap().success());
}
