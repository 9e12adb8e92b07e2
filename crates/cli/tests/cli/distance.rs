//! Exports with a web server, and proofs for the tools of transparency logs.

use std::fs;
use std::path::Path;

use sanad_api::Ledger as _;
use sanad_core::event::Event;
use sanad_core::ids::LogIndex;
use sanad_core::signature::PublicKey;
use sanad_export::TlogProof;

use crate::documents::{Issued, foreign};
use crate::node::Node;
use crate::program::{Run, command, run, sanad};
use crate::web_server::{Server, answer};

const EXPORT: &str = "export public --genesis genesis.json --key checkpoint.json --json";

/// A folder with an export in it, and a server of that.
fn served() -> (tempfile::TempDir, Server) {
    let issued = Issued::new();
    let folder = issued.folder;
    sanad(folder.path(), "key new --purpose checkpoint --out checkpoint.json").expect(0);
    let node = Node::idle(issued.ledger);
    node.sanad(folder.path(), EXPORT).expect(0);
    fs::write(folder.path().join("foreign.json"), foreign(node.ledger.genesis())).unwrap();
    let server = Server::of(&folder.path().join("public"));
    (folder, server)
}

/// Runs the program with a folder of its own for what it keeps.
fn ask(folder: &Path, arguments: &str) -> Run {
    let mut command = command(folder);
    command.args(arguments.split_whitespace()).env("XDG_CACHE_HOME", folder.join("cache"));
    run(&mut command)
}

#[test]
fn every_question_takes_a_url() {
    let (folder, server) = served();
    let (at, url) = (folder.path(), &server.url);
    let from = format!("--export {url} --genesis genesis.json --json");
    for target in ["3", "ijazah.json", "ijazah.json.receipt.json"] {
        let run = ask(at, &format!("status {target} {from} --no-cache")).expect(0);
        assert_eq!(run.json()["verdict"], "active");
        let paths = server.served();
        let (requests, bytes) = (paths.len(), paths.iter().map(|(_, bytes)| bytes).sum::<u64>());
        assert!(requests < 20 && bytes < 100_000, "{target}: {requests} requests, {bytes} bytes");
        // What it took; a receipt names the place, so that no index is read.
        let kilobytes = bytes.div_ceil(1000);
        let cost = format!("{url}: {requests} requests, {kilobytes} kB");
        assert!(run.stderr.contains(&cost), "{cost}: {}", run.stderr);
        let indexed = paths.iter().any(|(path, _)| path.starts_with("index/"));
        assert!(!indexed, "{target}: {paths:?}");
        // How old it is.
        assert!(run.stderr.contains(&format!("the export {url} is as of block ")), "{}", run.stderr);
        assert!(run.stderr.contains(" ago)") || run.stderr.contains("just now"), "{}", run.stderr);
    }
    assert!(!at.join("cache").exists(), "--no-cache");
    let found = ask(at, &format!("verify ijazah.json --online {from}")).expect(0).json();
    assert_eq!(found["findings"][0]["verdict"], "active");
    assert!(fs::read_dir(at.join("cache/sanad/exports")).unwrap().count() > 2);
    let list = format!("--export {url} --json");
    for question in ["block list", "block show 2", "entry show 3", "entry list", "member list"] {
        ask(at, &format!("{question} {list}")).expect(0);
    }
    ask(at, &format!("proof consistency ijazah.json.receipt.json --out c.json {from}")).expect(0);
    sanad(at, "proof verify c.json --genesis genesis.json").expect(0);
}

#[test]
fn an_audit_takes_a_url() {
    let (folder, server) = served();
    let at = folder.path();
    let key = sanad(at, "key show checkpoint.json --json").expect(0).json();
    let audit = format!(
        "audit {} --genesis genesis.json --checkpoint-key {} --json",
        server.url,
        key["public_key"].as_str().unwrap()
    );
    let sound = ask(at, &audit).expect(0).json();
    assert_eq!((&sound["verdict"], &sound["log_size"]), (&"sound".into(), &7.into()));
    server.trick(|path| path.starts_with("index/").then(|| answer("404 Not Found", "", b"")));
    let found = ask(at, &audit).expect(1).json();
    assert!(found["findings"].to_string().contains("not there (404)"), "{found}");
    server.trick(|path| path.starts_with("index/").then(|| answer("503 Service Unavailable", "", b"")));
    // Of an export that cannot be read nothing is said.
    ask(at, &audit).expect_error("answered with status 503");
    ask(at, &format!("{audit} --rebuild")).expect_error("nothing can be rebuilt");
}

/// What is said of an export is not what helps a node.
#[test]
fn audits_of_exports_advise_about_exports() {
    let (folder, _server) = served();
    let at = folder.path();
    let audit = "audit public --genesis genesis.json";
    let other = "ed25519:8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c";
    let run = sanad(at, &format!("{audit} --checkpoint-key {other}")).expect(1);
    assert!(
        run.stdout.starts_with("sound: ") && run.stdout.contains("not signed with the given key"),
        "{}",
        run.stdout
    );
    let json = sanad(at, &format!("{audit} --checkpoint-key {other} --json")).expect(1).json();
    assert_eq!((&json["sound"], &json["signed"]), (&true.into(), &false.into()));
    let checkpoint = fs::read(at.join("public/checkpoint")).unwrap();
    fs::write(at.join("public/checkpoint"), "x").unwrap();
    let run = sanad(at, audit).expect(1);
    assert!(run.stdout.contains("copy it again") && !run.stdout.contains("--rebuild"), "{}", run.stdout);
    fs::write(at.join("public/checkpoint"), checkpoint).unwrap();
    let blocks = fs::read_dir(at.join("public/tile/entries")).unwrap().next().unwrap().unwrap().path();
    let blocks =
        if blocks.is_dir() { fs::read_dir(blocks).unwrap().next().unwrap().unwrap().path() } else { blocks };
    fs::write(&blocks, "x").unwrap();
    let run = sanad(at, audit).expect(1);
    assert!(run.stdout.contains("another copy") && !run.stdout.contains("node"), "{}", run.stdout);
    fs::remove_file(at.join("public/head")).unwrap();
    sanad(at, audit).expect_error("has no file \"head\"");
    fs::create_dir(at.join("empty")).unwrap();
    sanad(at, "audit empty --genesis genesis.json").expect_error("neither the ledger of a node");
    sanad(at, "audit nowhere --genesis genesis.json").expect_error("no such folder");
}

#[test]
fn what_cannot_be_relied_on_is_no_answer() {
    let (folder, server) = served();
    let at = folder.path();
    let status = |place: &str| format!("status 3 --export {place} --genesis genesis.json");
    ask(at, &status("http://university.example/")).expect_unchecked("http is for this machine alone");
    ask(at, &status("ftp://university.example/")).expect_unchecked("begins neither with https://");
    ask(at, &status("http://127.0.0.1:1/")).expect_unchecked("cannot be reached");
    ask(
        at,
        &format!(
            "{}nowhere/ --genesis genesis.json",
            status(&server.url).split(" --genesis").next().unwrap()
        ),
    )
    .expect_unchecked("holds no export");
    ask(at, &format!("status 3 --export {} --genesis foreign.json", server.url))
        .expect_unchecked("not of the chain of this genesis");
    server.trick(|path| {
        let elsewhere = "Location: https://elsewhere.example/head\r\n";
        (path == "head").then(|| answer("301 Moved Permanently", elsewhere, b""))
    });
    ask(at, &status(&server.url)).expect_unchecked("redirected to https://elsewhere.example/head");
    server.trick(|path| path.starts_with("tile/entries").then(|| answer("200 OK", "", b"\0\x01x")));
    ask(at, &status(&server.url)).expect_unchecked("could not be checked");
}

#[test]
fn a_proof_for_the_tools_of_transparency_logs() {
    let (folder, server) = served();
    let at = folder.path();
    let key = sanad(at, "key show checkpoint.json --json").expect(0).json()["public_key"].clone();
    let key: PublicKey = key.as_str().unwrap().parse().unwrap();
    let signed = fs::read_to_string(at.join("public/checkpoint")).unwrap();
    let cosigned = format!("{signed}\u{2014} witness.example/w1 {}\n", "CQkJ".repeat(19));
    fs::write(at.join("cosigned"), &cosigned).unwrap();
    for (target, source) in [
        ("3", "--export public".to_owned()),
        ("ijazah.json", format!("--export {}", server.url)),
        ("ijazah.json.receipt.json", "--export public --checkpoint cosigned".to_owned()),
    ] {
        let arguments = format!("tlog-proof {target} {source} --genesis genesis.json --checkpoint-key {key}");
        let run = ask(at, &format!("{arguments} --out 3.tlog-proof --json")).expect(0).json();
        assert_eq!((&run["log_index"], &run["log_size"]), (&3.into(), &7.into()));
        let text = fs::read_to_string(at.join("3.tlog-proof")).unwrap();
        let checkpoint = if source.contains("cosigned") { &cosigned } else { &signed };
        assert!(
            text.starts_with("c2sp.org/tlog-proof@v1\nextra ") && text.ends_with(checkpoint.as_str()),
            "{text}"
        );
        let proof = TlogProof::parse(&text).unwrap();
        assert_eq!(proof.index(), LogIndex(3));
        let entry = proof.entry().unwrap().to_vec();
        proof.verify(&entry, "example.org/sanad", &key).unwrap();
        ask(at, &format!("{arguments} --out 3.tlog-proof")).expect_error("exists already");
        assert_eq!(ask(at, &arguments).expect(0).stdout, text);
        fs::remove_file(at.join("3.tlog-proof")).unwrap();
    }
    let from = "--export public --genesis genesis.json";
    ask(at, &format!("tlog-proof 7 {from}")).expect_error("does not have the one of log index 7");
    let other = "ed25519:8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c";
    ask(at, &format!("tlog-proof 3 {from} --checkpoint-key {other}"))
        .expect_error("not signed with that key");
    ask(at, "tlog-proof 3 --genesis genesis.json").expect_error("a node has no checkpoint");
    // A root that is none of this log's.
    let root = signed.lines().nth(2).unwrap();
    fs::write(at.join("forged"), signed.replacen(root, &format!("{}=", "A".repeat(43)), 1)).unwrap();
    ask(at, &format!("tlog-proof 3 {from} --checkpoint forged")).expect_error("do not fit together");
}

#[test]
fn a_node_proves_in_a_checkpoint_that_is_given() {
    let issued = Issued::new();
    let folder = issued.folder;
    let at = folder.path();
    sanad(at, "key new --purpose checkpoint --out checkpoint.json").expect(0);
    let node = Node::idle(issued.ledger);
    node.sanad(at, EXPORT).expect(0);
    node.ledger.commit_batch(node.ledger.next_batch_of(vec![Event::Revoke { target: LogIndex(3) }]));
    let proof = "tlog-proof ijazah.json --checkpoint public/checkpoint --genesis genesis.json";
    let text = node.sanad(at, proof).expect(0).stdout;
    assert!(text.contains("\nindex 3\n"), "{text}");
    assert_eq!(text, sanad(at, "tlog-proof 3 --export public --genesis genesis.json").expect(0).stdout);
}
