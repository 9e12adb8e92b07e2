//! `sanad issue` and the changes of status, against a server.

use std::fs;
use std::path::{Path, PathBuf};

use crate::node::Node;
use crate::program::{command, run, sanad};

const WITH: &str = "--issuer-dir issuer --genesis genesis.json";

fn pending(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder.join("awards")).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.to_string_lossy().contains(".sanad-pending-")).collect()
}

#[test]
fn documents_get_receipts_that_verify_offline_and_none_is_issued_twice() {
    let node = Node::start();
    let folder = node.folder(&["a.json", "b.json", "c.pdf", "d.jwt", "e.json"]);
    let issued =
        node.sanad(folder.path(), &format!("issue awards {WITH} --batch-size 2 --json")).expect(0).json();
    assert_eq!(issued["issued"].as_array().unwrap().len(), 5);
    assert_eq!(issued["batches"].as_array().unwrap().len(), 3);
    assert!(pending(folder.path()).is_empty());
    let verify = "verify awards/a.json awards/b.json awards/c.pdf awards/d.jwt awards/e.json";
    sanad(folder.path(), &format!("{verify} --genesis genesis.json")).expect(0);
    let again = node.sanad(folder.path(), &format!("issue awards {WITH} --json")).expect(0);
    assert_eq!(again.json()["skipped"].as_array().unwrap().len(), 5);
    assert_eq!(again.json()["issued"].as_array().unwrap().len(), 0);
    assert!(again.stderr.contains("skipped"));
    // A new one is issued beside the others.
    fs::write(folder.path().join("awards/f.json"), "{}").unwrap();
    let more = node.sanad(folder.path(), &format!("issue awards {WITH} --json")).expect(0).json();
    assert_eq!(more["issued"].as_array().unwrap().len(), 1);
    assert_eq!(more["issued"][0]["log_index"], 5);
}

#[test]
fn receipts_are_written_in_the_form_that_is_asked_for() {
    let node = Node::start();
    let folder = node.folder(&["a.json", "b.pdf"]);
    let issue = format!("issue awards {WITH} --receipts-form binary --json");
    let issued = node.sanad(folder.path(), &issue).expect(0).json();
    assert!(issued["issued"][0]["receipt"].as_str().unwrap().ends_with("a.json.receipt"));
    sanad(folder.path(), "verify awards --genesis genesis.json").expect(0);
    // It counts as issued, whatever form is asked for the next time.
    let again = node.sanad(folder.path(), &format!("issue awards {WITH} --json")).expect(0).json();
    assert_eq!(again["skipped"].as_array().unwrap().len(), 2);
    let first = fs::read(folder.path().join("awards/b.pdf.receipt")).unwrap();
    node.sanad(folder.path(), &format!("issue awards/b.pdf {WITH} --force")).expect(0);
    let index = issued["issued"][1]["log_index"].as_u64().unwrap();
    assert_eq!(fs::read(folder.path().join(format!("awards/b.pdf.{index}.receipt"))).unwrap(), first);
    assert!(!folder.path().join("awards/b.pdf.receipt").exists());
    sanad(folder.path(), "verify awards/b.pdf --genesis genesis.json").expect(0);
    node.sanad(folder.path(), &format!("revoke awards/a.json --yes {WITH}")).expect(0);
    node.sanad(folder.path(), "status awards/a.json --genesis genesis.json").expect(1);
}

#[test]
fn receipts_are_kept_when_a_document_is_issued_again() {
    let node = Node::start();
    let folder = node.folder(&["a.json"]);
    node.sanad(folder.path(), &format!("issue awards/a.json {WITH}")).expect(0);
    let first = fs::read(folder.path().join("awards/a.json.receipt.json")).unwrap();
    node.sanad(folder.path(), &format!("issue awards/a.json {WITH} --force")).expect(0);
    assert_eq!(fs::read(folder.path().join("awards/a.json.0.receipt.json")).unwrap(), first);
    assert_ne!(fs::read(folder.path().join("awards/a.json.receipt.json")).unwrap(), first);
    // A receipt of something else is left for people to look at.
    fs::write(folder.path().join("awards/a.json"), "{\"changed\": true}").unwrap();
    node.sanad(folder.path(), &format!("issue awards/a.json {WITH}")).expect_error("does not belong");
}

#[test]
fn receipts_of_a_batch_that_was_left_open_have_the_form_that_was_asked_for() {
    let node = Node::start();
    let folder = node.folder(&["a.json"]);
    node.commits(false);
    node.sanad(folder.path(), &format!("issue awards {WITH} --receipts-form binary --wait 1s"))
        .expect_error("--resume");
    node.commits(true);
    node.sanad(folder.path(), "issue --resume awards --genesis genesis.json").expect(0);
    assert!(folder.path().join("awards/a.json.receipt").exists());
    assert!(!folder.path().join("awards/a.json.receipt.json").exists());
}

#[test]
fn a_batch_that_was_left_open_is_finished_with_the_same_secrets() {
    let node = Node::start();
    let folder = node.folder(&["a.json", "b.json"]);
    node.commits(false);
    let open = node.sanad(folder.path(), &format!("issue awards {WITH} --wait 1s"));
    open.expect_error("--resume");
    let left = pending(folder.path());
    assert_eq!(left.len(), 1);
    assert!(!folder.path().join("awards/a.json.receipt.json").exists());
    let text: serde_json::Value = serde_json::from_slice(&fs::read(&left[0]).unwrap()).unwrap();
    // Nothing is issued beside an unfinished issuance.
    node.sanad(folder.path(), &format!("issue awards {WITH}")).expect_error("did not finish");
    node.commits(true);
    let resumed = node.sanad(folder.path(), "issue --resume awards --genesis genesis.json --json").expect(0);
    assert_eq!(resumed.json()["issued"].as_array().unwrap().len(), 2);
    assert!(pending(folder.path()).is_empty());
    for document in text["documents"].as_array().unwrap() {
        let path = folder.path().join("awards").join(document["path"].as_str().unwrap());
        let receipt = fs::read_to_string(format!("{}.receipt.json", path.display())).unwrap();
        assert!(receipt.contains(document["secret"].as_str().unwrap()));
    }
    sanad(folder.path(), "verify awards/a.json awards/b.json --genesis genesis.json").expect(0);
    // To resume what is finished does nothing.
    let nothing =
        node.sanad(folder.path(), "issue --resume ./awards/../awards --genesis genesis.json").expect(0);
    assert!(nothing.stderr.contains("nothing to finish"));
}

#[test]
fn what_a_killed_program_left_half_written_is_cleared_away() {
    let node = Node::start();
    let folder = node.folder(&["a.json"]);
    let left = folder.path().join("awards/.sanad-0123456789ab.tmp");
    fs::write(&left, "secrets").unwrap();
    node.sanad(folder.path(), &format!("issue awards {WITH}")).expect(0);
    assert!(!left.exists());
}

#[cfg(unix)]
#[test]
fn one_issuance_at_a_time_works_in_a_folder() {
    let node = Node::start();
    let folder = node.folder(&["a.json"]);
    let lock = fs::File::open(folder.path().join("awards").canonicalize().unwrap()).unwrap();
    lock.lock().unwrap();
    node.sanad(folder.path(), &format!("issue awards {WITH} --wait 200ms")).expect_error("still at work in");
    drop(lock);
    node.sanad(folder.path(), &format!("issue awards {WITH}")).expect(0);
}

#[test]
fn a_batch_whose_place_was_taken_is_signed_anew() {
    let node = Node::start();
    let folder = node.folder(&["a.json"]);
    node.commits(false);
    node.sanad(folder.path(), &format!("issue awards {WITH} --wait 1s")).expect(2);
    // The node loses it, and another batch takes its place in the issuer's chain.
    node.ledger.forget_pool();
    node.ledger.commit_batch(node.ledger.next_batch(2));
    node.commits(true);
    let resume = "issue --resume awards --genesis genesis.json";
    node.sanad(folder.path(), resume).expect_error("--issuer-dir");
    assert_eq!(pending(folder.path()).len(), 1, "nothing is lost");
    node.sanad(folder.path(), &format!("{resume} --issuer-dir issuer")).expect(0);
    assert!(pending(folder.path()).is_empty());
    sanad(folder.path(), "verify awards/a.json --genesis genesis.json").expect(0);
}

#[test]
fn a_wrong_key_or_passphrase_issues_nothing() {
    let node = Node::start();
    let folder = node.folder(&["a.json"]);
    let issue = format!("issue awards {WITH} --node {}", node.url);
    let mut wrong = command(folder.path());
    run(wrong.args(issue.split(' ')).env("SANAD_PASSPHRASE", "salah")).expect_error("passphrase");
    sanad(folder.path(), "key new --purpose issuing --out other.json").expect(0);
    sanad(folder.path(), "key new --purpose network --out network.json").expect(0);
    let with = "issue awards --genesis genesis.json --issuer issuer --key";
    node.sanad(folder.path(), &format!("{with} other.json")).expect_error("not the issuing key of issuer");
    node.sanad(folder.path(), &format!("{with} network.json")).expect_error("\"issuing\" is needed");
    node.sanad(folder.path(), "issue awards --genesis genesis.json").expect_error("no issuer is named");
    assert!(pending(folder.path()).is_empty());
    assert!(!folder.path().join("awards/a.json.receipt.json").exists());
}

#[test]
fn revoke_suspend_reinstate() {
    let node = Node::start();
    let folder = node.folder(&["a.json", "b.json"]);
    node.sanad(folder.path(), &format!("issue awards {WITH}")).expect(0);
    let status = |document: &str, code: i32| {
        let arguments = format!("status awards/{document} --genesis genesis.json --json");
        node.sanad(folder.path(), &arguments).expect(code).json()["verdict"].clone()
    };
    assert_eq!(status("a.json", 0), "active");
    node.sanad(folder.path(), &format!("suspend awards/a.json {WITH}")).expect(0);
    assert_eq!(status("a.json", 1), "suspended");
    node.sanad(folder.path(), &format!("reinstate awards/a.json.receipt.json {WITH}")).expect(0);
    assert_eq!(status("a.json", 0), "active");
    let changed = node
        .sanad(folder.path(), &format!("revoke 0 awards/a.json awards/b.json --yes {WITH} --json"))
        .expect(0);
    let credentials = changed.json()["credentials"].clone();
    assert_eq!(credentials.as_array().unwrap().len(), 2, "one of them is named twice");
    assert_eq!(
        (&credentials[0]["status"], &credentials[1]["status"]),
        (&"revoked".into(), &"revoked".into())
    );
    assert_eq!(status("b.json", 1), "revoked");
    node.sanad(folder.path(), &format!("suspend awards/b.json {WITH}"))
        .expect_error("awards/b.json: it is revoked");
    node.sanad(folder.path(), &format!("suspend 99 {WITH}")).expect(2);
}
