//! What `sanad issue` takes as a document, what it refuses, and what it remarks.

use std::fs;

use serde_json::Value;

use crate::node::Node;
use crate::program::sanad;

const WITH: &str = "--issuer-dir issuer --genesis genesis.json";

#[test]
fn files_of_sanad_are_never_issued_whatever_they_are_called() {
    let node = Node::start();
    let folder = node.folder(&["a.json"]);
    let at = |name: &str| folder.path().join(name);
    node.sanad(folder.path(), &format!("issue awards {WITH}")).expect(0);
    node.sanad(folder.path(), "trust fetch konsorsium.trust.json --genesis genesis.json").expect(0);
    node.sanad(folder.path(), "proof completeness issuer --out all.jsonl --genesis genesis.json").expect(0);
    sanad(folder.path(), "receipt convert awards/a.json.receipt.json small.receipt --genesis genesis.json")
        .expect(0);
    sanad(folder.path(), "receipt qr awards/a.json.receipt.json --png code.png --genesis genesis.json")
        .expect(0);
    fs::create_dir(at("mixed")).unwrap();
    let pending = "{\"format\":\"sanad-pending/v1\",\"batch_id\":\"\",\"batch\":\"\",\"documents\":[]}";
    fs::write(at("pending"), pending).unwrap();
    for (from, to, what) in [
        ("awards/a.json.receipt.json", "receipt.json", "a receipt"),
        ("small.receipt", "small.pdf", "a receipt"),
        ("code.png", "code.png", "the picture of a receipt"),
        ("issuer/keys/issuing.json", "key.json", "a key file"),
        ("issuer/member.json", "member.json", "a member file"),
        ("genesis.json", "g.json", "a genesis"),
        ("konsorsium.trust.json", "t.json", "a trust file"),
        ("all.jsonl", "all.json", "a completeness proof"),
        ("pending", "p.json", "a pending file"),
    ] {
        let copy = at("mixed").join(to);
        fs::copy(at(from), &copy).unwrap();
        let named = format!("issue mixed/{to} {WITH}");
        node.sanad(folder.path(), &named).expect_error(&format!("it is {what}"));
        node.sanad(folder.path(), &format!("{named} --as bytes")).expect_error(&format!("it is {what}"));
    }
    fs::write(at("mixed/real.json"), "{\"award\": 2}").unwrap();
    let issued = node.sanad(folder.path(), &format!("issue mixed {WITH} --json")).expect(0);
    let report: Value = issued.json();
    assert_eq!(report["issued"].as_array().unwrap().len(), 1);
    assert_eq!(report["left_out"].as_array().unwrap().len(), 9, "{report:#}");
    assert!(issued.stderr.contains("key.json is left out: it is a key file"), "{}", issued.stderr);
}

#[cfg(unix)]
#[test]
fn links_and_special_files_are_refused_and_no_file_is_issued_twice() {
    let node = Node::start();
    let folder = node.folder(&["a.json"]);
    let at = |name: &str| folder.path().join("awards").join(name);
    std::os::unix::fs::symlink("a.json", at("link.json")).unwrap();
    fs::hard_link(at("a.json"), at("b.json")).unwrap();
    let pipe = std::process::Command::new("mkfifo").arg(at("pipe.json")).status().unwrap();
    assert!(pipe.success());
    let _socket = std::os::unix::net::UnixListener::bind(at("socket.json")).unwrap();
    fs::copy(at("a.json"), at("c.json")).unwrap();
    for (name, why) in [
        ("awards/link.json", "it is a link"),
        ("awards/pipe.json", "it is a device, pipe or socket"),
        ("awards/socket.json", "it is a device, pipe or socket"),
        ("/dev/null", "it is a device, pipe or socket"),
    ] {
        node.sanad(folder.path(), &format!("issue {name} {WITH}")).expect_error(why);
    }
    let issued = node.sanad(folder.path(), &format!("issue awards {WITH} --json")).expect(0);
    let names: Vec<String> = issued.json()["issued"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["document"].as_str().unwrap().rsplit('/').next().unwrap().to_owned())
        .collect();
    assert_eq!(names, ["a.json", "c.json"]);
    assert_eq!(issued.json()["left_out"].as_array().unwrap().len(), 4);
    assert!(
        issued.stderr.contains("(a hard link)") && issued.stderr.contains("it is a link"),
        "{}",
        issued.stderr
    );
    assert!(issued.stderr.contains("has the same content as"), "{}", issued.stderr);
}

#[test]
fn what_verifiers_will_not_look_at_is_said() {
    let node = Node::start();
    let folder = node.folder(&[]);
    let credential = "{\"type\": [\"VerifiableCredential\"]}";
    for (name, text) in [
        ("bom.json", format!("\u{feff}{credential}")),
        ("array.json", format!("[{credential}]")),
        ("text.json", "Ijazah".to_owned()),
        ("plain.json", "{\"award\": 1}".to_owned()),
        ("a.pdf", "%PDF-1".to_owned()),
        ("b.pdf", "%PDF-2".to_owned()),
        ("good.json", credential.to_owned()),
    ] {
        fs::write(folder.path().join("awards").join(name), text).unwrap();
    }
    let said = node.sanad(folder.path(), &format!("issue awards {WITH}")).expect(0).stderr;
    for expected in [
        "bom.json begins with a byte order mark: issued as bytes; its dates and issuer will not be looked at",
        "array.json is a JSON array, not an object: issued as bytes; its dates",
        "text.json is named as JSON and is not: issued as bytes; its dates",
        "plain.json is JSON, but not a credential (no type VerifiableCredential); its dates",
        "a.pdf and 1 other are not JSON: issued as bytes; their dates",
    ] {
        assert!(said.contains(expected), "{expected:?} is not in:\n{said}");
    }
    assert!(!said.contains("good.json"), "{said}");
}

#[test]
fn a_document_in_the_name_of_another_issuer_is_said_to_be_of_no_use() {
    let node = Node::start();
    let folder = node.folder(&["a.json"]);
    let at = |name: &str| folder.path().join("awards").join(name);
    fs::write(at("other.json"), r#"{"issuer": "https://unrelated.example"}"#).unwrap();
    fs::write(at("unreadable.json"), r#"{"issuer": ["https://unrelated.example"]}"#).unwrap();
    let run = node.sanad(folder.path(), &format!("issue awards {WITH}")).expect(0);
    assert!(
        run.stderr.contains("other.json and 1 other name an issuer that is not an issuer id of issuer"),
        "{}",
        run.stderr
    );
    let run = sanad(folder.path(), "verify awards/other.json --genesis genesis.json").expect(1);
    assert!(run.stdout.starts_with("awards/other.json: not proven (issuer-id)"), "{}", run.stdout);
}
