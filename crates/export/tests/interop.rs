//! An unmodified transparency-log library reads an export: `golang.org/x/mod/sumdb`, by the program in `tests/interop/go`.
//!
//! Skipped with a word if Go or the library is missing (Debian: `golang-go`, `golang-golang-x-mod-dev`), unless `SANAD_GO`
//! is set.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use sanad_core::ids::LogIndex;
use sanad_export::{Export, Source, TlogProof};
use support::{Chain, key, signer};

/// Where Debian has Go's packages.
const GOPATH: &str = "/usr/share/gocode";

/// The built program; `None` if it cannot be built here.
fn program(folder: &Path) -> Option<PathBuf> {
    let built = folder.join("tlogcheck");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/interop/go/main.go");
    let build = Command::new("go")
        .args(["build", "-o"])
        .arg(&built)
        .arg(source)
        .env("GO111MODULE", "off")
        .env("GOFLAGS", "")
        .env("GOPATH", std::env::var("SANAD_GOPATH").unwrap_or_else(|_| GOPATH.to_owned()))
        .env("GOCACHE", folder.join("cache"))
        .output();
    let lacking = match build {
        Ok(output) if output.status.success() => return Some(built),
        Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
        Err(error) => error.to_string(),
    };
    assert!(
        std::env::var_os("SANAD_GO").is_none(),
        "SANAD_GO is set, and the Go program does not build: {lacking}"
    );
    eprintln!("skipped: the Go program does not build here (golang-go, golang-golang-x-mod-dev): {lacking}");
    None
}

fn run(program: &Path, folder: &Path, key: &str) -> Output {
    Command::new(program).arg(folder).arg(key).output().unwrap()
}

#[test]
fn a_go_program_checks_tlog_proofs() {
    let work = tempfile::tempdir().unwrap();
    let Some(program) = program(work.path()) else { return };
    let folder = work.path().join("export");
    let mut chain = Chain::new("proofs");
    chain.grow_to(6);
    chain.export(&folder, 6).unwrap();
    let genesis = &chain.ledger.genesis;
    let export = Export::open(&folder, genesis).unwrap();
    let size = export.checkpoint().unwrap().size;
    // A witness has signed, too.
    let checkpoint = Source::from(&folder).checkpoint().unwrap();
    let witness = "\u{2014} witness.example/w1 CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJ\n";
    for index in [0, 1, size.0 / 2, size.0 - 1].map(LogIndex) {
        let (entry, path) = (export.entry(index).unwrap(), export.inclusion_path(index, size).unwrap());
        let proof = TlogProof::new(index, entry.encode(), path, checkpoint.clone() + witness).unwrap();
        proof.verify(&entry.encode(), &genesis.log_origin, &key().public()).unwrap();
        let file = work.path().join("entry.tlog-proof");
        let check = |text: &str| {
            std::fs::write(&file, text).unwrap();
            let key = signer(genesis).verifier_key();
            Command::new(&program).arg("-proof").arg(&file).arg(key).output().unwrap()
        };
        let checked = check(&proof.to_text());
        assert!(checked.status.success(), "{checked:?}");
        let found: serde_json::Value = serde_json::from_slice(&checked.stdout).unwrap();
        assert_eq!(found["size"], size.0);
        let other = format!("index {}\n", if index.0 == 0 { 1 } else { index.0 - 1 });
        let changed = proof.to_text().replacen(&format!("index {index}\n"), &other, 1);
        assert_eq!(check(&changed).status.code(), Some(1));
    }
}

#[test]
fn a_go_program_proves_every_record() {
    let work = tempfile::tempdir().unwrap();
    let Some(program) = program(work.path()) else { return };
    let folder = work.path().join("export");
    let mut chain = Chain::new("interop");
    chain.grow_to(5);
    chain.export(&folder, 5).unwrap();
    // A whole tile on level 1, and partial ones on each.
    while chain.ledger.entries.len() < 66_000 {
        let events = chain.issuances(4096);
        chain.grow(vec![("v1", events)]);
    }
    chain.export(&folder, u64::MAX).unwrap();
    let key = signer(&chain.ledger.genesis).verifier_key();
    let size = chain.ledger.entries.len() as u64;

    let checked = run(&program, &folder, &key);
    assert!(checked.status.success(), "{checked:?}");
    let found: serde_json::Value = serde_json::from_slice(&checked.stdout).unwrap();
    assert_eq!((&found["size"], &found["records"]), (&size.into(), &size.into()));
    assert_eq!(found["origin"], chain.ledger.genesis.log_origin);

    let refused = |name: &str, place: usize| {
        let path = folder.join(name);
        let sound = std::fs::read(&path).unwrap();
        let mut changed = sound.clone();
        changed[place] ^= 1;
        std::fs::write(&path, &changed).unwrap();
        let checked = run(&program, &folder, &key);
        assert_eq!(checked.status.code(), Some(1), "{name} was changed: {checked:?}");
        std::fs::write(&path, sound).unwrap();
    };
    refused("tile/0/007", 40);
    refused("tile/1/000", 8_000);
    refused("tile/2/000.p/1", 0);
    refused("tile/entries/003", 700);
    refused("checkpoint", 20);
    refused("head", 60);
    let other = chain.ledger.genesis.log_origin.clone() + "/other";
    let foreign = run(&program, &folder, &key.replace(&chain.ledger.genesis.log_origin, &other));
    assert_eq!(foreign.status.code(), Some(1), "{foreign:?}");
    assert!(run(&program, &folder, &key).status.success());
}
