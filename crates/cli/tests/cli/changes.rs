//! `sanad revoke`, `suspend` and `reinstate`: lists, what is so already, and what is asked for.

use std::fs;

use std::net::{Shutdown, TcpListener, TcpStream};

use sanad_core::ids::LogIndex;
use sanad_core::status::Status;

use crate::node::Node;
use crate::program::{Run, command, run, sanad};

const WITH: &str = "--issuer-dir issuer --genesis genesis.json";

fn issued(documents: &[&str]) -> (Node, tempfile::TempDir) {
    let node = Node::start();
    node.ledger.start_now();
    let folder = node.folder(documents);
    node.sanad(folder.path(), &format!("issue awards {WITH}")).expect(0);
    (node, folder)
}

/// The blocks of this node are of 2023: somebody else's may have lifted the suspension since.
#[test]
fn what_is_so_already_by_a_node_that_is_behind_is_not_done() {
    let node = Node::start();
    let folder = node.folder(&["a.json"]);
    let sanad = |arguments: &str| -> Run { node.sanad(folder.path(), &format!("{arguments} {WITH}")) };
    sanad("issue awards").expect(0);
    sanad("suspend awards/a.json").expect(0);
    sanad("suspend awards/a.json").expect_error("the node is behind");
    // A revocation is final: it holds now, however old the answer is.
    sanad("revoke awards/a.json --yes").expect(0);
    assert!(sanad("revoke awards/a.json --yes").expect(0).stdout.contains("revoked already, as of "));
}

/// A stolen key must not void everything: what is beyond the limit of a day is refused whole, or left for the next day.
#[test]
fn the_issuing_key_revokes_256_a_day() {
    let node = Node::start();
    let names: Vec<String> = (0..300).map(|number| format!("{number:03}.json")).collect();
    let folder = node.folder(&names.iter().map(String::as_str).collect::<Vec<_>>());
    node.sanad(folder.path(), &format!("issue awards {WITH}")).expect(0);
    // Not in the order of the log, and one of them twice.
    let list: String = (0..300).rev().map(|n| format!("{n}\n")).collect();
    fs::write(folder.path().join("list.txt"), format!("{list}299\n")).unwrap();
    let revoke =
        |more: &str| node.sanad(folder.path(), &format!("revoke --from list.txt --yes {WITH} --json {more}"));
    let revoked = || {
        let statuses = node.ledger.with_ledger(|ledger| {
            (0..300).map(|n| ledger.state.status().status(LogIndex(n))).collect::<Vec<_>>()
        });
        statuses.iter().map(|status| *status == Status::Revoked).collect::<Vec<_>>()
    };
    node.sanad(folder.path(), &format!("revoke 299 298 --yes {WITH}")).expect(0);

    let refused = revoke("").expect(2);
    for said in [
        "298 credentials are to be revoked, and 254 of them fit today",
        "at most 256 credentials a day (UTC); nothing was changed",
        "Give --as-many-as-fit to revoke the first ones now and the others from 2023-11-15T00:00:00.000Z on",
        "`sanad member revoke`",
    ] {
        assert!(refused.stderr.contains(said), "{said:?} is not in:\n{}", refused.stderr);
    }
    assert_eq!(refused.json()["batches"], serde_json::json!([]));
    assert_eq!(revoked().iter().filter(|is_revoked| **is_revoked).count(), 2);

    let first = revoke("--as-many-as-fit").expect(1).json();
    assert_eq!((&first["batches"][0]["changes"], &first["errors"]), (&254.into(), &serde_json::json!([])));
    assert_eq!(first["credentials"].as_array().unwrap().len(), 256);
    let left = &first["left"];
    assert_eq!((&left["limit"], &left["next_day_ms"]), (&256.into(), &1_700_006_400_000_u64.into()));
    assert_eq!(left["credentials"].as_array().unwrap().len(), 44);
    assert_eq!(left["credentials"][0], serde_json::json!({"target": "43", "log_index": 43}));
    // The first ones of the list, and no others.
    assert_eq!(revoked(), (0..300).map(|n| n >= 44).collect::<Vec<_>>());

    // On the same day there is nothing more to do, and it is no success.
    let told =
        node.sanad(folder.path(), &format!("revoke --from list.txt --as-many-as-fit --yes {WITH}")).expect(1);
    for said in [
        "nothing was changed\n",
        "44 credentials are left, from 43 on: an issuing key revokes at most 256 a day (UTC)",
        "Run the same command again from 2023-11-15T00:00:00.000Z on, after the first block of that day",
    ] {
        assert!(told.stdout.contains(said), "{said:?} is not in:\n{}", told.stdout);
    }
    let refused = revoke("").expect(2);
    assert!(
        refused.stderr.contains("44 credentials are to be revoked, and none of them fits today"),
        "{}",
        refused.stderr
    );

    node.ledger.begin_next_day();
    let last = revoke("--as-many-as-fit").expect(0).json();
    assert_eq!((&last["batches"][0]["changes"], last.get("left")), (&44.into(), None));
    assert_eq!(last["credentials"].as_array().unwrap().len(), 300);
    assert!(revoked().iter().all(|is_revoked| *is_revoked));
    assert_eq!(revoke("").expect(0).json()["batches"], serde_json::json!([]));
}

#[test]
fn a_list_is_changed_whole_and_what_is_so_already_is_done() {
    let (node, folder) = issued(&["a.json", "b.json", "c.json", "d.json"]);
    let sanad = |arguments: &str| -> Run { node.sanad(folder.path(), &format!("{arguments} {WITH} --json")) };
    sanad("revoke awards/a.json --yes").expect(0);
    let receipt = fs::read_to_string(folder.path().join("awards/c.json.receipt.json")).unwrap();
    let receipt: serde_json::Value = serde_json::from_str(&receipt).unwrap();
    let commitment = receipt["proof"]["entry"]["event"]["commitment"].as_str().unwrap();
    let list = format!("# withdrawn\na.json\nb.json.receipt.json\n\nissuer/{commitment}\n");
    fs::write(folder.path().join("awards/list.txt"), list).unwrap();
    let changed = sanad("revoke --from awards/list.txt awards/b.json --yes").expect(0).json();
    let credentials = changed["credentials"].as_array().unwrap();
    let already = credentials.iter().filter(|one| one["already"] == true).count();
    assert_eq!((credentials.len(), already), (3, 1), "{changed:#}");
    assert!(credentials.iter().all(|one| one["status"] == "revoked"));
    assert_eq!(changed["batches"][0]["changes"], 2);
    // Once more there is nothing to do, and no key is needed for it.
    let again = sanad("revoke --from awards/list.txt --yes").expect(0).json();
    assert_eq!(again["batches"].as_array().unwrap().len(), 0);
    for (change, status) in [("suspend", "suspended"), ("reinstate", "active")] {
        for already in [false, true] {
            let told = sanad(&format!("{change} awards/d.json")).expect(0).json();
            assert_eq!(told["credentials"][0]["status"], status);
            assert_eq!(told["credentials"][0]["already"], already);
        }
    }
    // From standard input, names are as on the command line.
    let list = folder.path().join("stdin");
    fs::write(&list, "awards/d.json\n").unwrap();
    let arguments = format!("revoke --from - --yes {WITH} --json --node {}", node.url);
    let mut piped = command(folder.path());
    let piped = piped.args(arguments.split_whitespace()).stdin(fs::File::open(list).unwrap());
    assert_eq!(run(piped).expect(0).json()["credentials"][0]["status"], "revoked");
}

#[test]
fn what_cannot_be_changed_is_named_by_its_file_and_nothing_is() {
    let (node, folder) = issued(&["a.json", "b.json", "c.json"]);
    let sanad = |arguments: &str| -> Run { node.sanad(folder.path(), &format!("{arguments} {WITH}")) };
    sanad("revoke awards/a.json awards/b.json --yes").expect(0);
    let refused = sanad("suspend awards/a.json awards/c.json awards/b.json 99").expect(2);
    for said in [
        "3 of the credentials cannot be changed, so nothing was changed",
        "awards/a.json: it is revoked, which is final",
        "awards/b.json: it is revoked, which is final",
        "99: the ledger has no such credential",
    ] {
        assert!(refused.stderr.contains(said), "{said:?} is not in:\n{}", refused.stderr);
    }
    sanad("reinstate awards/b.json").expect_error("awards/b.json: it is revoked");
    let revocation = sanad("suspend 3").expect(2);
    assert!(
        revocation.stderr.contains("3: the entry at this index is a \"revoke\""),
        "{}",
        revocation.stderr
    );
    node.sanad(folder.path(), "status awards/c.json --genesis genesis.json").expect(0);
    fs::write(folder.path().join("empty.txt"), "# nobody\n").unwrap();
    sanad("revoke --yes --from empty.txt").expect_error("names no credential");
    // Another member's.
    node.ledger.commit_batch(node.ledger.next_batch_of_member("v0", 1));
    sanad("revoke --yes 5").expect_error("5: it was issued by v0, who alone may change it");
}

#[test]
fn names_of_a_list_that_cannot_be_used_are_all_named_with_their_lines() {
    let (node, folder) = issued(&["a.json"]);
    fs::write(folder.path().join("plain.json"), "{}").unwrap();
    let list = "# withdrawn\nawards/a.json\nnowhere.json\n\nplain.json\n007\n";
    fs::write(folder.path().join("list.txt"), list).unwrap();
    let refused =
        node.sanad(folder.path(), &format!("suspend --from list.txt x.json {WITH} --json")).expect(2);
    for said in [
        "4 of 5 targets cannot be used, so nothing was asked or changed",
        "list.txt:3: nowhere.json is neither a log index",
        "list.txt:5: plain.json is not a receipt",
        "list.txt:6: 007 is neither a log index",
        "    x.json is neither a log index",
    ] {
        assert!(refused.stderr.contains(said), "{said:?} is not in:\n{}", refused.stderr);
    }
    let report = refused.json();
    let faults = report["faults"].as_array().unwrap();
    assert_eq!((faults.len(), &faults[1]["listed"]), (4, &"list.txt:3".into()), "{report:#}");
    assert_eq!(report["errors"].as_array().unwrap().len(), 1);
    // What the ledger does not have is named so, too.
    fs::write(folder.path().join("list.txt"), "0\n\n99\n98\n").unwrap();
    let refused = node.sanad(folder.path(), &format!("suspend --from list.txt {WITH} --json")).expect(2);
    for line in ["list.txt:3: 99: the ledger has no such", "list.txt:4: 98: the ledger has no such"] {
        assert!(refused.stderr.contains(line), "{line:?} is not in:\n{}", refused.stderr);
    }
    assert_eq!(refused.json()["faults"][1]["target"], "98");
}

#[test]
fn results_are_one_object_also_if_nothing_could_be_done() {
    let (node, folder) = issued(&["a.json"]);
    let unreachable = sanad(folder.path(), &format!("suspend 0 {WITH} --node http://127.0.0.1:9 --json"));
    let report = unreachable.expect(2).json();
    assert_eq!((&report["change"], report["errors"].as_array().unwrap().len()), (&"suspend".into(), 1));
    assert!(report["batches"].as_array().unwrap().is_empty());
    let report = node.sanad(folder.path(), &format!("revoke 0 {WITH} --json")).expect(2).json();
    assert!(report["errors"][0].as_str().unwrap().contains("give --yes"), "{report:#}");
}

/// Passes connections on to a node. The first is cut off after some bytes of answers.
fn cutting_proxy(node: &Node, bytes_max: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let node = node.url.strip_prefix("http://").unwrap().to_owned();
    std::thread::spawn(move || {
        for (number, caller) in listener.incoming().enumerate() {
            let (caller, callee) = (caller.unwrap(), TcpStream::connect(&node).unwrap());
            let pass = |mut from: TcpStream, mut to: TcpStream, bytes_max: u64| {
                std::thread::spawn(move || {
                    let _ = std::io::copy(&mut std::io::Read::take(&mut from, bytes_max), &mut to);
                    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
                });
            };
            pass(caller.try_clone().unwrap(), callee.try_clone().unwrap(), u64::MAX);
            pass(callee, caller, if number == 0 { bytes_max as u64 } else { u64::MAX });
        }
    });
    url
}

#[test]
fn a_connection_that_breaks_is_made_anew() {
    let node = Node::start();
    let folder = node.folder(&[]);
    node.ledger.commit_batch(node.ledger.next_batch(400));
    let list: String = (0..400).map(|index| format!("{index}\n")).collect();
    fs::write(folder.path().join("list.txt"), list).unwrap();
    let url = cutting_proxy(&node, 100_000);
    let suspend = format!("suspend --from list.txt {WITH} --json --node {url}");
    let report = sanad(folder.path(), &suspend).expect(0).json();
    assert_eq!(report["credentials"].as_array().unwrap().len(), 400);
    assert!(report["credentials"].as_array().unwrap().iter().all(|one| one["status"] == "suspended"));
}

#[test]
fn a_revocation_is_asked_for() {
    let (node, folder) = issued(&["a.json"]);
    let revoke = format!("revoke awards/a.json {WITH}");
    node.sanad(folder.path(), &revoke).expect_error("give --yes");
    node.sanad(folder.path(), "status awards/a.json --genesis genesis.json").expect(0);
    // `script` gives the program a terminal, where there is one of util-linux.
    let Ok(true) = std::process::Command::new("script")
        .arg("--version")
        .output()
        .map(|said| String::from_utf8_lossy(&said.stdout).contains("util-linux"))
    else {
        return;
    };
    let at_terminal = |answer: &str, code: i32| {
        let typed = folder.path().join("typed");
        fs::write(&typed, answer).unwrap();
        let line = format!("{} {revoke} --node {}", env!("CARGO_BIN_EXE_sanad"), node.url);
        let mut script = std::process::Command::new("script");
        script.args(["-qec", &line, "/dev/null"]).current_dir(folder.path());
        script.env("SANAD_PASSPHRASE", crate::program::PASSPHRASE);
        run(script.stdin(fs::File::open(typed).unwrap())).expect(code)
    };
    let said = at_terminal("no\n", 2);
    assert!(said.stdout.contains("Revoke 1 credential of issuer, for ever?"), "{}", said.stdout);
    node.sanad(folder.path(), "status awards/a.json --genesis genesis.json").expect(0);
    at_terminal("yes\n", 0);
    node.sanad(folder.path(), "status awards/a.json --genesis genesis.json").expect(1);
}
