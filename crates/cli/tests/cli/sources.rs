//! What `sanad issue` takes as a document, what it refuses, and what it remarks.

use std::fs;

use sanad_api::Ledger as _;
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
    sanad(folder.path(), "receipt qr awards/a.json.receipt.json --svg code.svg --genesis genesis.json")
        .expect(0);
    sanad(folder.path(), "genesis invite --name Uji --out invitation").expect(0);
    let finding = sanad(folder.path(), "verify awards/a.json --genesis genesis.json --json").expect(0).stdout;
    let issued = node.sanad(folder.path(), &format!("issue awards {WITH} --json")).expect(0).stdout;
    let key = fs::read_to_string(at("issuer/keys/issuing.json")).unwrap();
    let root = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    for (name, text) in [
        ("finding", finding.as_str()),
        ("issued", &issued),
        ("config", include_str!("../../../../configs/node.toml")),
        ("wrapped", &format!("[{key}]")),
        ("checkpoint", &format!("ledger.example/uji\n7\n{root}\n\n\u{2014} ledger.example AAAA\n")),
        ("proof", "c2sp.org/tlog-proof@v1\nindex 0\n"),
        ("fork", "{\"format\": \"sanad-evidence/v1\"}"),
    ] {
        fs::write(at(name), text).unwrap();
    }
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
        ("code.svg", "code.svg", "the picture of a receipt"),
        ("invitation", "i.json", "an invitation"),
        ("finding", "f.json", "what a `sanad` command printed"),
        ("issued", "j.json", "what a `sanad` command printed"),
        ("config", "node.xml", "a node's configuration"),
        ("wrapped", "w.json", "something with a secret key in it"),
        ("checkpoint", "c.xml", "a checkpoint of a log"),
        ("proof", "t.xml", "a tlog-proof"),
        ("fork", "k.json", "an evidence file"),
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
    assert_eq!(report["left_out"].as_array().unwrap().len(), 18, "{report:#}");
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

#[test]
fn a_folder_says_what_is_left_out_of_it_and_why() {
    let node = Node::start();
    let folder = node.folder(&["a.json"]);
    let at = |name: &str| folder.path().join("awards").join(name);
    fs::create_dir(at("sub")).unwrap();
    let passphrase = crate::program::PASSPHRASE;
    for (name, text) in [
        ("empty.json", ""),
        ("notes.txt", "x"),
        (".hidden.json", "{}"),
        ("secret.pdf", &format!("{passphrase}\nmore\n")),
        ("other.json.receipt.json", "{\"award\": \"named as a receipt\"}"),
    ] {
        fs::write(at(name), text).unwrap();
    }
    let issued = node.sanad(folder.path(), &format!("issue awards {WITH} --json")).expect(0);
    let report = issued.json();
    assert_eq!(report["issued"].as_array().unwrap().len(), 1, "{report:#}");
    for (name, why) in [
        ("empty.json", "it is empty"),
        ("notes.txt", "in a folder only json,"),
        (".hidden.json", "it is hidden"),
        ("sub", "it is a folder"),
        ("secret.pdf", "it holds the passphrase that was given"),
        ("other.json.receipt.json", "it is named as a receipt and is none"),
    ] {
        let left_out = report["left_out"].as_array().unwrap();
        let of_name = |one: &&Value| one["path"].as_str().unwrap().ends_with(&format!("/{name}"));
        let reason = left_out.iter().find(of_name).unwrap_or_else(|| panic!("{name}: {report:#}"));
        assert!(reason["reason"].as_str().unwrap().starts_with(why), "{reason}");
    }
    let said = issued.stderr;
    assert!(said.contains("left out files of other kinds than json"), "{said}");
    assert!(said.contains("cbor, sd-jwt: 1; folders: 1; hidden files: 1"), "{said}");
    let again = node.sanad(folder.path(), &format!("issue awards {WITH}")).expect(0);
    assert!(again.stdout.contains("0 issued, 1 skipped, 6 left out"), "{}", again.stdout);
    for (name, why) in [("empty.json", "it is empty"), ("secret.pdf", "it holds the passphrase")] {
        node.sanad(folder.path(), &format!("issue awards/{name} {WITH}")).expect_error(why);
    }
    let file = folder.path().join("pass.pdf");
    fs::write(&file, format!("{passphrase}\n")).unwrap();
    crate::program::private(&file);
    node.sanad(folder.path(), &format!("issue pass.pdf {WITH} --passphrase-file pass.pdf"))
        .expect_error("it holds the passphrase");
    // By its content, a document that is named itself may have any name.
    node.sanad(folder.path(), &format!("issue awards/other.json.receipt.json {WITH}")).expect(0);
}

#[test]
fn a_receipt_of_another_issuer_is_no_reason_to_skip() {
    let node = Node::start();
    let folder = node.folder(&["a.json", "b.json"]);
    let receipt = folder.path().join("awards/a.json.receipt.json");
    node.sanad(folder.path(), &format!("issue awards {WITH}")).expect(0);
    // v0 is a member that issues, too.
    let (member, files) = ("v0", folder.path().join("v0"));
    crate::node::write_issuer_of(&files, node.ledger.genesis(), member);
    let issue = "issue awards --issuer-dir v0 --genesis genesis.json";
    let refused = node.sanad(folder.path(), issue).expect(2);
    assert!(refused.stderr.contains("a.json has a receipt by issuer"), "{}", refused.stderr);
    assert!(refused.stderr.contains("is there already; move it away first"), "{}", refused.stderr);
    let binary = node.sanad(folder.path(), &format!("{issue} --receipts-form binary --json")).expect(0);
    assert_eq!(binary.json()["issued"].as_array().unwrap().len(), 2, "{}", binary.stdout);
    assert_eq!(binary.json()["skipped"].as_array().unwrap().len(), 0);
    assert!(receipt.exists() && folder.path().join("awards/a.json.receipt").exists());
    // Each of the two has issued both now.
    for issuer in ["issuer", "v0"] {
        let again = format!("issue awards --issuer-dir {issuer} --genesis genesis.json --json");
        let again = node.sanad(folder.path(), &again).expect(0).json();
        assert_eq!(again["skipped"].as_array().unwrap().len(), 2, "{again:#}");
    }
}

#[test]
fn dates_that_verifiers_will_object_to_are_said_before_anything_is_submitted() {
    let node = Node::start();
    let folder = node.folder(&[]);
    for (name, date) in [
        ("old.json", "validUntil\": \"2024"),
        ("older.json", "expirationDate\": \"2020"),
        ("early.json", "validFrom\": \"9990"),
    ] {
        let text = format!("{{\"type\": [\"VerifiableCredential\"], \"{date}-01-01T00:00:00Z\"}}");
        fs::write(folder.path().join("awards").join(name), text).unwrap();
    }
    node.commits(false);
    let said = node.sanad(folder.path(), &format!("issue awards {WITH} --wait 300ms --json")).expect(2);
    for expected in ["old.json and 1 other have expired already", "early.json is not valid yet"] {
        assert!(said.stderr.contains(expected), "{expected:?} is not in:\n{}", said.stderr);
        assert!(said.stdout.contains(expected), "{expected:?} is not in:\n{}", said.stdout);
    }
}
