//! `sanad issue --resume`: what became of documents and pending files in the meantime.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::node::Node;
use crate::program::{private, sanad};

const WITH: &str = "--issuer-dir issuer --genesis genesis.json";
const RESUME: &str = "issue --genesis genesis.json --json --resume";

/// An issuance that was submitted, and whose receipts are still to be written.
struct Left {
    node: Node,
    folder: tempfile::TempDir,
    pending: PathBuf,
}

impl Left {
    fn of(documents: &[&str], paths: &str) -> Self {
        let node = Node::start();
        let folder = node.folder(documents);
        for path in ["other", "receipts"] {
            fs::create_dir(folder.path().join(path)).unwrap();
        }
        fs::write(folder.path().join("other/a.json"), "{\"award\": \"other\"}").unwrap();
        node.commits(false);
        let left = node.sanad(folder.path(), &format!("issue {paths} {WITH} --wait 300ms --json")).expect(2);
        let report = left.json();
        assert_eq!(report["unfinished"].as_array().unwrap().len(), 1, "{report:#}");
        assert!(report["errors"][0].as_str().unwrap().contains("--resume"), "{report:#}");
        let pending = report["unfinished"][0].as_str().unwrap().into();
        node.commits(true);
        Self { node, folder, pending }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Resumes; the report, and what people are told.
    #[track_caller]
    fn resume(&self, arguments: &str, code: i32) -> (Value, String) {
        let run = self.node.sanad(self.folder.path(), &format!("{RESUME} {arguments}")).expect(code);
        (run.json(), run.stderr)
    }

    fn change_pending(&self, change: impl FnOnce(&mut Value)) {
        let mut text: Value = serde_json::from_slice(&fs::read(&self.pending).unwrap()).unwrap();
        change(&mut text);
        fs::write(&self.pending, text.to_string()).unwrap();
    }

    fn verify(&self, document: &str, receipt: &str) {
        let verify = format!("verify {document} --receipt {receipt} --genesis genesis.json");
        sanad(self.folder.path(), &verify).expect(0);
    }
}

fn issued<'a>(report: &'a Value, name: &str) -> &'a Value {
    let all = report["issued"].as_array().unwrap();
    let found = all.iter().find(|one| one["document"].as_str().unwrap().ends_with(name));
    found.unwrap_or_else(|| panic!("{name} is not in {report:#}"))
}

fn private_text(path: &Path, text: &[u8]) {
    fs::write(path, text).unwrap();
    private(path);
}

#[test]
fn documents_of_one_name_get_receipts_of_two() {
    let left = Left::of(&["a.json", "b.json"], "awards other");
    let (report, _) = left.resume("awards --receipts receipts", 0);
    assert_eq!(report["issued"].as_array().unwrap().len(), 3, "{report:#}");
    for document in ["awards/a.json", "other/a.json", "awards/b.json"] {
        let receipt = issued(&report, document)["receipt"].as_str().unwrap();
        left.verify(document, receipt);
    }
    assert!(!left.pending.exists());
}

#[test]
fn receipts_go_where_they_were_wanted_first() {
    let left = Left::of(&["c.json", "b.json"], "awards other --receipts receipts");
    assert!(left.pending.starts_with(left.at("receipts").canonicalize().unwrap()));
    // Nothing of the folder of the documents is issued twice meanwhile.
    let twice = left.node.sanad(left.folder.path(), &format!("issue awards {WITH}")).expect(2);
    assert!(twice.stderr.contains("--resume"), "{}", twice.stderr);
    let (report, _) = left.resume("receipts", 0);
    assert_eq!(report["issued"].as_array().unwrap().len(), 3, "{report:#}");
    assert_eq!(fs::read_dir(left.at("receipts")).unwrap().count(), 3);
    left.verify("awards/b.json", "receipts/b.json.receipt.json");
}

#[test]
fn a_document_that_was_moved_is_found_where_the_user_says() {
    let left = Left::of(&["a.json", "b.json"], "awards");
    fs::create_dir(left.at("moved")).unwrap();
    fs::rename(left.at("awards/a.json"), left.at("moved/Ijazah Ani.txt")).unwrap();
    // Its old name has another content now.
    fs::write(left.at("awards/a.json"), "{\"award\": \"new\"}").unwrap();
    let (report, said) = left.resume("awards moved", 0);
    assert!(said.contains("is now") && said.contains("moved/Ijazah Ani.txt, by its content"), "{said}");
    assert_eq!(issued(&report, "moved/Ijazah Ani.txt")["content"], "as-issued");
    assert!(!left.at("awards/a.json.receipt.json").exists());
    let moved = left.at("moved/Ijazah Ani.txt.receipt.json");
    assert!(moved.exists() && left.at("awards/b.json.receipt.json").exists());
}

#[test]
fn a_document_that_changed_or_is_gone_is_no_success() {
    let left = Left::of(&["a.json", "b.json", "c.json"], "awards");
    fs::write(left.at("awards/a.json"), "{\"award\": \"changed\"}").unwrap();
    fs::remove_file(left.at("awards/b.json")).unwrap();
    let (report, said) = left.resume("awards", 2);
    assert_eq!(issued(&report, "a.json")["content"], "changed");
    assert_eq!(issued(&report, "b.json")["content"], "gone");
    assert_eq!(issued(&report, "c.json")["content"], "as-issued");
    assert!(said.contains("error: 2 documents are not what was issued"), "{said}");
    assert!(!left.pending.exists(), "every receipt is written");
    sanad(left.folder.path(), "verify awards/c.json --genesis genesis.json").expect(0);
    // Resuming finds the original of the changed one no more, but its receipt can revoke it.
    left.node.sanad(left.folder.path(), &format!("revoke --yes awards/b.json.receipt.json {WITH}")).expect(0);
}

#[test]
fn a_damaged_secret_keeps_the_pending_file() {
    let left = Left::of(&["a.json", "b.json"], "awards");
    let before = fs::read(&left.pending).unwrap();
    left.change_pending(|text| text["documents"][0]["secret"] = "11".repeat(32).into());
    let damaged = serde_json::from_slice::<Value>(&before).unwrap()["documents"][0]["path"].clone();
    // The batch waits in the pool and is final by now or soon; either way nothing is finished.
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while left.node.ledger.with_ledger(|ledger| ledger.state.log_size().0) < 2 {
        assert!(std::time::Instant::now() < deadline, "the batch is final");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let (report, said) = left.resume("awards", 2);
    assert_eq!(report["issued"].as_array().unwrap().len(), 1, "{report:#}");
    assert!(report["failed"][0]["document"].as_str().unwrap().ends_with(damaged.as_str().unwrap()));
    assert!(said.contains("its secret in the pending file is damaged"), "{said}");
    assert!(left.pending.exists());
    private_text(&left.pending, &before);
    left.resume("awards", 0);
    sanad(left.folder.path(), "verify awards --genesis genesis.json").expect(0);
}

#[test]
fn a_damaged_secret_is_not_entered() {
    let node = Node::start();
    let folder = node.folder(&["a.json"]);
    node.commits(false);
    let left =
        node.sanad(folder.path(), &format!("issue awards {WITH} --wait 300ms --json")).expect(2).json();
    node.ledger.forget_pool();
    let left = Left { node, folder, pending: left["unfinished"][0].as_str().unwrap().into() };
    left.node.commits(true);
    left.change_pending(|text| text["documents"][0]["digest"] = "11".repeat(32).into());
    let (_, said) = left.resume("awards", 2);
    assert!(said.contains("secrets in it are damaged (of /"), "{said}");
    assert!(left.pending.exists());
    assert_eq!(left.node.ledger.with_ledger(|ledger| ledger.state.log_size().0), 0);
}

#[test]
fn a_pending_file_does_not_say_where_to_write() {
    let left = Left::of(&["a.json", "b.json"], "awards");
    let before = fs::read(&left.pending).unwrap();
    left.change_pending(|text| text["documents"][0]["path"] = "../other/x.json".into());
    let (_, said) = left.resume("awards", 2);
    assert!(said.contains("is not one that `sanad issue` writes"), "{said}");
    let outside = left.at("other").canonicalize().unwrap().join("x.json");
    private_text(&left.pending, &before);
    let mut first = String::new();
    left.change_pending(|text| {
        first = text["documents"][0]["path"].as_str().unwrap().to_owned();
        text["documents"][0]["path"] = outside.to_str().unwrap().into();
    });
    // Its content is nowhere else.
    fs::rename(left.at("awards").join(first), left.at("elsewhere")).unwrap();
    let (report, said) = left.resume("awards", 2);
    assert!(said.contains("is not in the folder of the pending file; name it, too"), "{said}");
    assert_eq!(report["issued"].as_array().unwrap().len(), 1, "the other gets its receipt: {report:#}");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(left.at("other"), left.at("awards/link")).unwrap();
        left.change_pending(|text| text["documents"][0]["path"] = "link/x.json".into());
        let (_, said) = left.resume("awards", 2);
        assert!(said.contains("is not in the folder of the pending file"), "{said}");
    }
    let there: Vec<_> = fs::read_dir(left.at("other")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(there, [left.at("other/a.json")], "nothing was written there");
    assert!(left.pending.exists());
}

#[test]
fn documents_of_several_folders_are_finished_when_each_is_named() {
    let left = Left::of(&["a.json"], "awards other");
    // Nothing of the other folder is issued twice meanwhile.
    let twice = left.node.sanad(left.folder.path(), &format!("issue other {WITH}")).expect(2);
    assert!(twice.stderr.contains("was left by an issuance that did not finish"), "{}", twice.stderr);
    let (report, _) = left.resume("awards", 2);
    assert_eq!(report["issued"].as_array().unwrap().len(), 1, "{report:#}");
    let (report, _) = left.resume("awards other", 0);
    assert_eq!(report["issued"].as_array().unwrap().len(), 2, "{report:#}");
    sanad(left.folder.path(), "verify awards other --genesis genesis.json").expect(0);
    let left_behind = fs::read_dir(left.at("other")).unwrap().count();
    assert_eq!(left_behind, 2, "the document and its receipt");
    left.node.sanad(left.folder.path(), &format!("issue other {WITH}")).expect(0);
}

#[cfg(unix)]
#[test]
fn a_pending_file_that_others_can_write_is_refused_and_holds_no_other_back() {
    use std::os::unix::fs::PermissionsExt as _;
    let left = Left::of(&["a.json"], "awards");
    fs::set_permissions(&left.pending, fs::Permissions::from_mode(0o644)).unwrap();
    let copy = left.at("awards/.sanad-pending-00.json");
    private_text(&copy, b"{}");
    let (report, said) = left.resume("awards", 2);
    assert!(said.contains("can be read or written by others than its owner"), "{said}");
    assert!(said.contains("is not a pending file"), "{said}");
    assert_eq!(report["errors"].as_array().unwrap().len(), 2, "{report:#}");
    assert_eq!(report["unfinished"].as_array().unwrap().len(), 2, "{report:#}");
    private(&left.pending);
    let (report, _) = left.resume("awards", 2);
    assert_eq!(report["issued"].as_array().unwrap().len(), 1, "the other is finished: {report:#}");
    assert!(copy.exists() && !left.pending.exists());
}

#[test]
fn results_are_one_object_also_for_an_empty_folder() {
    let node = Node::start();
    let folder = node.folder(&[]);
    let empty = node.sanad(folder.path(), &format!("issue awards {WITH} --json")).expect(2);
    assert!(empty.json()["errors"][0].as_str().unwrap().contains("no documents were found"));
    let nothing = node.sanad(folder.path(), &format!("{RESUME} awards")).expect(0).json();
    assert!(nothing["issued"].as_array().unwrap().is_empty(), "{nothing:#}");
    assert!(nothing["notices"][0].as_str().unwrap().contains("nothing to finish"), "{nothing:#}");
    let missing = node.sanad(folder.path(), &format!("issue nowhere.json gone.json {WITH} --json")).expect(2);
    let error = missing.json()["errors"][0].as_str().unwrap().to_owned();
    assert!(error.contains("nowhere.json") && error.contains("gone.json"), "{error}");
    let refused =
        sanad(folder.path(), &format!("issue awards {WITH} --json --node http://127.0.0.1:9")).expect(2);
    assert!(refused.json()["chain_id"].is_null() && !refused.json()["errors"][0].is_null());
}

/// The batch is the same, so the pending file has the same name.
#[test]
fn a_batch_that_a_former_key_signed_is_signed_anew() {
    let node = Node::start();
    let folder = node.folder(&["a.json", "b.json"]);
    node.commits(false);
    node.sanad(folder.path(), &format!("issue awards {WITH} --wait 300ms --json")).expect(2);
    // It is neither pending at the node nor entered, and its signature is not of today's key.
    node.ledger.forget_pool();
    let mut files = fs::read_dir(folder.path().join("awards")).unwrap().map(|file| file.unwrap().path());
    let pending = files.find(|file| file.to_str().unwrap().contains(".sanad-pending")).unwrap();
    let mut text: Value = serde_json::from_slice(&fs::read(&pending).unwrap()).unwrap();
    let batch = text["batch"].as_str().unwrap();
    let (rest, last) = batch.split_at(batch.len() - 1);
    text["batch"] = format!("{rest}{}", if last == "0" { "1" } else { "0" }).into();
    fs::write(&pending, text.to_string()).unwrap();
    node.commits(true);
    let run = node.sanad(folder.path(), &format!("{RESUME} awards --issuer-dir issuer")).expect(0);
    let report = run.json();
    assert_eq!(report["issued"].as_array().unwrap().len(), 2, "{report:#}");
    let notices = report["notices"].to_string();
    assert!(notices.contains("(bad-signature); signing the same commitments anew"), "{report:#}");
    assert!(!pending.exists());
    sanad(folder.path(), "verify awards/a.json --genesis genesis.json").expect(0);
}
