//! What programs and people are told before there is anything to check, and how arguments are read.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;

use serde_json::Value;

use crate::documents::Issued;
use crate::program::{command, run, sanad};

/// One object for each input, whatever is in the way.
#[test]
fn failures_before_work_are_objects_too() {
    let issued = Issued::new();
    let at = issued.at();
    fs::create_dir_all(at.join("empty/inner")).unwrap();
    fs::write(at.join("empty/notes.txt"), "x").unwrap();
    let json = |arguments: &str| {
        let run = sanad(at, &format!("{arguments} --json")).expect(2);
        assert!(!run.stderr.is_empty(), "{arguments}: people are told, too");
        run.json()
    };
    let found = json("verify nothing.json ijazah.json --genesis genesis.json");
    assert_eq!(found["errors"][0]["document"], "nothing.json");
    assert_eq!((found["findings"].as_array().unwrap().len(), &found["verdict"]), (1, &Value::Null));
    let found = json("verify empty --genesis genesis.json");
    assert_eq!(found["errors"][0]["document"], "empty");
    assert_eq!(found["left_out"], serde_json::json!(["empty/inner", "empty/notes.txt"]));
    let found = json("verify ijazah.json other.json --genesis nothing.json");
    assert_eq!(found["errors"].as_array().unwrap().len(), 2);
    for (arguments, target) in [
        ("status nothing.json --genesis genesis.json", "nothing.json"),
        ("status 3 --genesis nothing.json", "3"),
        ("audit nowhere --genesis genesis.json", "nowhere"),
        ("proof verify nothing.json --genesis genesis.json", "nothing.json"),
        ("proof verify nothing.json --genesis nothing.json", "nothing.json"),
    ] {
        let found = json(arguments);
        assert_eq!((&found["target"], &found["verdict"]), (&target.into(), &Value::Null), "{arguments}");
        assert!(!found["error"].as_str().unwrap().is_empty());
    }
    let found = json("credential check nothing.json --member issuer --genesis nothing.json");
    assert_eq!(found["errors"][0]["document"], "nothing.json");
    assert!(json("verify ijazah.json --max-age soon")["error"].as_str().unwrap().contains("max-age"));
    // What is left out is in the object of a folder that has documents, too.
    fs::copy(at.join("ijazah.json"), at.join("empty/ijazah.json")).unwrap();
    fs::copy(at.join("ijazah.json.receipt.json"), at.join("empty/ijazah.json.receipt.json")).unwrap();
    let found = sanad(at, "verify empty --genesis genesis.json --json").expect(0).json();
    assert_eq!(found["left_out"].as_array().unwrap().len(), 2);
}

#[test]
fn arguments_say_what_was_expected() {
    let issued = Issued::new();
    let at = issued.at();
    for time in ["tomorrow", "2030-01-01", "2030-01-01T00:00:00"] {
        sanad(at, &format!("credential check ijazah.json --at {time}"))
            .expect_error("for example 2030-01-01T00:00:00Z");
    }
    sanad(at, "verify ijazah.json.receipt.json --genesis genesis.json").expect(2);
    let run = sanad(at, "verify ijazah.json.receipt.json --genesis genesis.json").expect(2);
    assert!(run.stderr.contains("sanad verify --receipt ijazah.json.receipt.json"), "{}", run.stderr);
    sanad(at, "credential check ijazah.json --member issuer").expect_error("SANAD_GENESIS");
    let mut check = command(at);
    check
        .args(["credential", "check", "ijazah.json", "--member", "nobody"])
        .env("SANAD_GENESIS", "genesis.json");
    run_error(&mut check, "names no member nobody");
}

fn run_error(command: &mut std::process::Command, what: &str) {
    run(command).expect_error(what);
}

#[test]
fn empty_variables_are_not_set() {
    let issued = Issued::new();
    let mut verify = command(issued.at());
    verify.args(["verify", "ijazah.json", "--genesis", "genesis.json"]);
    for name in ["SANAD_MAX_AGE", "SANAD_TRUST", "SANAD_GENESIS", "SANAD_NODE", "SANAD_NODE_CA"] {
        verify.env(name, "");
    }
    run(&mut verify).expect(0);
}

#[test]
fn names_of_files_need_not_be_utf_8() {
    let issued = Issued::new();
    let name = OsStr::from_bytes(b"ijaz\xe4h.json");
    fs::rename(issued.path("ijazah.json"), issued.at().join(name)).unwrap();
    let receipt = OsStr::from_bytes(b"ijaz\xe4h.json.receipt.json");
    fs::rename(issued.path("ijazah.json.receipt.json"), issued.at().join(receipt)).unwrap();
    let mut status = command(issued.at());
    status.arg("status").arg(name).args([
        "--genesis",
        "genesis.json",
        "--node",
        "http://127.0.0.1:1",
        "--json",
    ]);
    let found = run(&mut status).expect(2).json();
    assert_eq!((&found["log_index"], &found["asked"]["result"]), (&3.into(), &"could-not-be-checked".into()));
}

/// What findings say to people is in Indonesian, marks and totals included.
#[test]
fn findings_in_indonesian() {
    let issued = Issued::of(crate::documents::BADGE);
    let at = issued.at();
    let said = |arguments: &str, code| {
        let run = sanad(at, &format!("{arguments} --lang id")).expect(code);
        assert!(!run.stdout.contains("[ok]") && !run.stdout.contains("[NO]"), "{}", run.stdout);
        let words = |line: &str| {
            let mut words = line.split(|letter: char| !letter.is_alphanumeric()).map(str::to_owned);
            words.any(|word| {
                ["the", "is", "was", "not", "which", "has", "that", "of", "this"].contains(&&*word)
            })
        };
        let english: Vec<&str> = run.stdout.lines().filter(|line| words(line)).collect();
        assert!(english.is_empty(), "{arguments}: {english:#?}");
        run.stdout
    };
    assert!(said("verify ijazah.json --genesis genesis.json", 0).contains("[ya] dokumen"));
    assert!(said("verify ijazah.json --genesis genesis.json --max-age 7d", 1).contains("[TIDAK] usia"));
    said("credential check ijazah.json", 1);
    fs::copy(at.join("ijazah.json"), at.join("b.json")).unwrap();
    fs::copy(at.join("ijazah.json.receipt.json"), at.join("b.json.receipt.json")).unwrap();
    fs::write(at.join("b.json"), fs::read_to_string(at.join("b.json")).unwrap().replace("20", "21")).unwrap();
    let both = said("verify ijazah.json b.json --genesis genesis.json", 1);
    assert!(both.contains("2 dokumen: 1 aktif, 1 telah diubah"), "{both}");
    said("status ijazah.json --genesis genesis.json --node http://127.0.0.1:1 --node-timeout 1s", 2);
}
