//! Where the receipts of `sanad issue` go, and what happens if they cannot.

use std::fs;
use std::path::Path;

use crate::node::Node;
use crate::program::sanad;

const WITH: &str = "--issuer-dir issuer --genesis genesis.json";

fn entries(node: &Node) -> u64 {
    node.ledger.with_ledger(|ledger| ledger.state.log_size().0)
}

fn pending(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.to_string_lossy().contains(".sanad-pending-")).count()
}

#[test]
fn no_document_is_entered_whose_receipt_has_no_place() {
    let node = Node::start();
    let folder = node.folder(&["b.json"]);
    let awards = folder.path().join("awards");
    for bytes in [243, 250, 255] {
        let long = awards.join("a".repeat(bytes - 5) + ".json");
        fs::write(&long, "{\"n\": 1}").unwrap();
        let issue = format!("issue awards {WITH}");
        node.sanad(folder.path(), &issue).expect_error("give the document a shorter name");
        fs::remove_file(long).unwrap();
    }
    // A folder that holds something in the place of a receipt.
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("nowhere", awards.join("b.json.receipt.json")).unwrap();
        node.sanad(folder.path(), &format!("issue awards {WITH}"))
            .expect_error("is there already; move it away");
        fs::remove_file(awards.join("b.json.receipt.json")).unwrap();
    }
    fs::create_dir(folder.path().join("other")).unwrap();
    fs::copy(awards.join("b.json"), folder.path().join("other/b.json")).unwrap();
    fs::create_dir(folder.path().join("receipts")).unwrap();
    let both = format!("issue awards other {WITH} --receipts receipts");
    node.sanad(folder.path(), &both).expect_error("rename one of the two");
    node.sanad(folder.path(), &format!("issue awards {WITH} --receipts nowhere"))
        .expect_error("no such folder");
    assert_eq!((entries(&node), pending(&awards)), (0, 0), "nothing was submitted");
    // Of 242 bytes the receipt has 255, the most that there are.
    fs::write(awards.join("a".repeat(237) + ".json"), "{\"n\": 2}").unwrap();
    node.sanad(folder.path(), &format!("issue awards {WITH}")).expect(0);
    sanad(folder.path(), "verify awards --genesis genesis.json").expect(0);
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_is_refused_and_another_can_be_given() {
    use std::os::unix::fs::PermissionsExt as _;
    let node = Node::start();
    let folder = node.folder(&["a.json"]);
    // The superuser writes everywhere but here.
    let read_only = Path::new("/proc/self/task");
    if !read_only.exists() {
        return;
    }
    fs::create_dir(folder.path().join("receipts")).unwrap();
    let awards = folder.path().join("awards");
    node.sanad(folder.path(), &format!("issue awards {WITH} --receipts /proc/self/task"))
        .expect_error("make the folder writable, or give another with --receipts DIR");
    fs::set_permissions(&awards, fs::Permissions::from_mode(0o555)).unwrap();
    let issued =
        node.sanad(folder.path(), &format!("issue awards {WITH} --receipts receipts --json")).expect(0);
    fs::set_permissions(&awards, fs::Permissions::from_mode(0o755)).unwrap();
    let receipt = "receipts/a.json.receipt.json";
    assert!(issued.json()["issued"][0]["receipt"].as_str().unwrap().ends_with(receipt));
    sanad(folder.path(), &format!("verify awards/a.json --receipt {receipt} --genesis genesis.json"))
        .expect(0);
    assert_eq!(fs::metadata(folder.path().join(receipt)).unwrap().permissions().mode() & 0o777, 0o600);
    // It counts as issued.
    let again =
        node.sanad(folder.path(), &format!("issue awards {WITH} --receipts receipts --json")).expect(0);
    assert_eq!(again.json()["skipped"].as_array().unwrap().len(), 1);
}

#[test]
fn a_receipt_that_fails_later_holds_none_of_the_others_back() {
    let node = Node::start();
    let folder = node.folder(&["a.json", "b.json", "c.json"]);
    let (awards, other) = (folder.path().join("awards"), folder.path().join("other"));
    fs::create_dir(&other).unwrap();
    fs::rename(awards.join("c.json"), other.join("c.json")).unwrap();
    node.commits(false);
    let left = node.sanad(folder.path(), &format!("issue awards other {WITH} --wait 500ms"));
    left.expect_error("--resume");
    // The folder of one of them goes away.
    fs::rename(&other, folder.path().join("moved")).unwrap();
    node.commits(true);
    let resume = "issue --resume awards moved --genesis genesis.json --json";
    let resumed = node.sanad(folder.path(), "issue --resume awards --genesis genesis.json --json").expect(2);
    let report = resumed.json();
    assert_eq!(report["issued"].as_array().unwrap().len(), 2, "{report:#}");
    assert_eq!(report["failed"].as_array().unwrap().len(), 1, "{report:#}");
    assert!(resumed.stderr.contains("--receipts DIR"), "{}", resumed.stderr);
    assert_eq!(pending(&awards), 1, "the secret of the third is kept");
    sanad(folder.path(), "verify awards --genesis genesis.json").expect(0);
    // Told of another folder, it writes the rest.
    fs::create_dir(folder.path().join("receipts")).unwrap();
    node.sanad(folder.path(), &format!("{resume} --receipts receipts")).expect(0);
    assert_eq!((pending(&awards), entries(&node)), (0, 3));
    assert_eq!(fs::read_dir(folder.path().join("receipts")).unwrap().count(), 3);
    let verify = "verify moved/c.json --receipt receipts/c.json.receipt.json --genesis genesis.json";
    sanad(folder.path(), verify).expect(0);
}

#[test]
fn a_document_that_was_renamed_is_found_by_its_content() {
    let node = Node::start();
    let folder = node.folder(&["a.json", "b.json"]);
    let awards = folder.path().join("awards");
    node.commits(false);
    node.sanad(folder.path(), &format!("issue awards {WITH} --wait 500ms")).expect(2);
    fs::rename(awards.join("a.json"), awards.join("short.json")).unwrap();
    fs::write(awards.join("another.json"), "{}").unwrap();
    node.commits(true);
    let resumed = node.sanad(folder.path(), "issue --resume awards --genesis genesis.json").expect(0);
    assert!(resumed.stderr.contains("short.json, by its content"), "{}", resumed.stderr);
    assert!(!awards.join("a.json.receipt.json").exists());
    sanad(folder.path(), "verify awards/short.json awards/b.json --genesis genesis.json").expect(0);
}
