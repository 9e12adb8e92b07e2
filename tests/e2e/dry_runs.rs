//! What the commands of governance say before anything is signed, and what they refuse by then.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::fs::File;
use std::process::Command;

use sanad_core::ids::Height;
use sanad_e2e::{Net, Said, poll, program};
use serde_json::Value;

/// `sanad` at node 1, with its text for people as the answer.
fn text(net: &Net, arguments: &[&str]) -> Command {
    let mut command = program("sanad");
    command.args(arguments).args(["--node", &net.url(1)]);
    command.env("SANAD_GENESIS", net.path("net/genesis.json"));
    command.env("SANAD_PASSPHRASE_FILE", net.path("net/passphrase")).env_remove("SANAD_NODE");
    command
}

fn said(command: &mut Command) -> Said {
    let output = command.output().unwrap();
    Said {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn by(net: &Net, node: usize, arguments: &[&str]) -> Said {
    let folder = net.path(&format!("net/node-{node}"));
    net.sanad(&[arguments, &["--member-dir", &folder, "--yes", "--node", &net.url(1)]].concat())
}

/// Writes a request of node 2's member; nothing is signed.
fn prepare(net: &Net, name: &str, arguments: &[&str]) -> (Said, String) {
    let (file, folder) = (net.path(name), net.path("net/node-2"));
    let with = ["--member-dir", &folder, "--prepare", &file, "--node", &net.url(1)];
    (net.sanad(&[arguments, &with].concat()), file)
}

fn sign(net: &Net, file: &str) -> Value {
    let key = net.path("net/node-2/keys/governance.json");
    net.sanad(&["governance", "sign", file, "--key", &key, "--yes"]).json(0)
}

fn refused(said: &Said, word: &str) {
    assert_eq!(said.code, 2, "{said:?}");
    assert!(said.err.contains(word), "{word} is not in {said:?}");
}

#[tokio::test]
async fn what_the_ledger_would_refuse_is_refused_before_anything_is_signed() {
    let net = Net::start(&["--heartbeat-ms", "1000"]);
    let awards = net.documents("awards", 3);
    let bromo = net.path("net/node-2");
    net.sanad(&["issue", &awards, "--issuer-dir", &bromo, "--node", &net.url(1)]).json(0);
    let ids: Vec<String> = (1..=4).map(|node| net.issuer(&format!("node-{node}")).id).collect();
    let head = net.client(1).await.head().await.unwrap().header.height.0;
    let (late, never) = ((head + (1 << 26)).to_string(), (head + (1 << 53)).to_string());
    let near = (head + 1000).to_string();
    let propose = ["governance", "propose"];
    let cases: [(&[&str], &str); 20] = [
        (&["suspend", "univ-nobody.example"], "univ-nobody.example is not a member"),
        (&["set-role", "univ-nobody.example", "issuer"], "univ-nobody.example is not a member"),
        (&["name-successor", &ids[0], "univ-nobody.example"], "univ-nobody.example is not a member"),
        (&["name-successor", &ids[0], &ids[0]], "its own successor"),
        (&["set-validators", &ids[0], &ids[1], &ids[2], "univ-nobody.example"], "is not a member"),
        (&["set-validators", &ids[0]], "fewer than 4 must be asked for by name"),
        (&["set-validators", &ids[0], &ids[0], &ids[1], &ids[2]], "is named twice"),
        (&["set-parameters", "--heartbeat-ms", "0"], "heartbeat"),
        (&["set-parameters", "--heartbeat-ms", "1000"], "leaves everything as it is"),
        (&["set-parameters", "--block-bytes-max", "1"], "bytes"),
        (&["suspend", &ids[2], "--expires", "1"], "must be"),
        (&["suspend", &ids[2], "--expires", &late], "heights ahead"),
        (&["suspend", &ids[2], "--effective", &late], "heights ahead"),
        (&["activate-protocol", "--layout", "1", "--rules", "2", "--height", "3"], "must be"),
        (&["activate-protocol", "--layout", "1", "--rules", "2", "--height", &never], "heights ahead"),
        (&["activate-protocol", "--layout", "1", "--rules", "1", "--height", &near], "version"),
        (
            &["activate-protocol", "--layout", "9", "--rules", "9", "--height", &near],
            "does not know the protocol version 9.9",
        ),
        (&["amend", &ids[2], "--name", ""], "name"),
        (&["amend", &ids[2], "--fact", "rank=a\nb"], "is not allowed in a text"),
        (&["amend", &ids[2], "--fact", "rank=a", "--fact", "rank=b"], "facts"),
    ];
    for (number, (change, why)) in cases.iter().enumerate() {
        let (said, file) = prepare(&net, &format!("{number}.json"), &[&propose[..], change].concat());
        refused(&said, why);
        assert!(!std::path::Path::new(&file).exists(), "nothing is written: {change:?}");
    }
    let own: [(&[&str], &str); 7] = [
        (&["member", "set-address", ""], "address"),
        (&["member", "set-address", "a\tb:1"], "address"),
        (&["member", "drop-issuer-id", "did:web:nobody.example"], "does not have the issuer id"),
        (&["member", "declare-compromise", "--from", "1000", "--new-key", "new.json"], "the log ends before"),
        (&["member", "revoke", "1000"], "is not in the log"),
        (&["member", "revoke", "1", "1", "1"], "which was named before"),
        (&["governance", "approve", "0"], "is too short"),
    ];
    for (number, (arguments, why)) in own.iter().enumerate() {
        let (said, file) = prepare(&net, &format!("own-{number}.json"), arguments);
        refused(&said, why);
        assert!(!std::path::Path::new(&file).exists(), "nothing is written: {arguments:?}");
    }
    // Another's issuer id.
    let taken = net.genesis().members.iter().find(|member| member.id.as_str() == ids[0]).unwrap().clone();
    if let Some(issuer_id) = taken.issuer_ids.first() {
        let change = ["add-issuer-id", &ids[2], issuer_id.as_str()];
        let (said, _) = prepare(&net, "taken.json", &[&propose[..], &change].concat());
        refused(&said, &format!("is that of {}", ids[0]));
    } else {
        unreachable!("members of a localnet have issuer ids");
    }
    // Names that people would take for another's are no fault by the rules: who votes is told.
    let names: Vec<String> = net.genesis().members.iter().map(|member| member.name.clone()).collect();
    let own = net.genesis().members.iter().position(|member| member.id.as_str() == ids[0]).unwrap();
    for (number, name) in [names[own].clone(), names[own].replace('a', "\u{430}")].iter().enumerate() {
        let change = ["amend", &ids[2], "--name", name];
        let (said, _) = prepare(&net, &format!("alike-{number}.json"), &[&propose[..], &change].concat());
        assert!(said.code == 0 && said.err.contains("warning: ") && said.err.contains(&ids[0]), "{said:?}");
        assert!(said.json(0)["warnings"][0].as_str().unwrap().contains(&ids[0]), "{said:?}");
    }
    // None of it reached the ledger.
    let member = net.sanad(&["member", "show", &ids[1], "--node", &net.url(1)]).json(0);
    assert_eq!(member["rest"]["governance"]["next_sequence"], 0);
}

#[tokio::test]
async fn a_vote_says_what_and_when_wherever_it_is_read() {
    let net = Net::start(&["--heartbeat-ms", "1000"]);
    let ids: Vec<String> = (1..=4).map(|node| net.issuer(&format!("node-{node}")).id).collect();

    // Who leaves, and what a small set bears.
    let three = ["set-validators", &ids[0], &ids[1], &ids[2], "--fewer-than-four"];
    let (prepared, _) = prepare(&net, "three.json", &[&["governance", "propose"], &three[..]].concat());
    let words = prepared.json(0)["events"][0].as_str().unwrap().to_owned();
    for part in ["WARNING: fewer than four", "joining: nobody", &format!("leaving: {}", ids[3])] {
        assert!(words.contains(part), "{part} is not in {words}");
    }

    // When: in the proposal, and in each place where somebody approves it.
    let head = net.client(1).await.head().await.unwrap().header.height;
    let (expires, effective) = (Height(head.0 + 5000), Height(head.0 + 4000));
    let heights = [expires.to_string(), effective.to_string()];
    let change = ["governance", "propose", "suspend", &ids[3], "--expires", &heights[0]];
    let proposed = by(&net, 1, &[&change[..], &["--effective", &heights[1]]].concat()).json(0);
    let id = proposed["proposal"].as_str().unwrap().to_owned();
    let when = format!("to be voted on up to height {expires}, in force from height {effective} on");
    let complete = |said: &Value| {
        let words = said["events"][0].as_str().unwrap();
        let what = format!("suspend {}: it issues nothing for now", ids[3]);
        assert!(words.contains(&what) && words.contains(&when), "{words}");
    };
    complete(&proposed);
    let (prepared, vote) = prepare(&net, "vote.json", &["governance", "approve", &id]);
    complete(&prepared.json(0));
    complete(&sign(&net, &vote));
    let submit = || net.sanad(&["governance", "submit", &vote, "--node", &net.url(3)]).json(0);
    complete(&submit());
    complete(&by(&net, 3, &["governance", "approve", &id]).json(0));
    // The votes suffice, and the proposal waits for its height. Submitted again the request says the same.
    complete(&submit());
    let shown = said(&mut text(&net, &["governance", "show", &id]));
    assert!(shown.out.contains(&format!("height {effective}")), "{shown:?}");

    // On a chain that has just begun the heartbeat says how long blocks take, and not the first few of them.
    let weeks = by(&net, 1, &["governance", "propose", "suspend", &ids[2], "--expires", "14d"]).json(0);
    let words = weeks["events"][0].as_str().unwrap().to_owned();
    let expires = words.split("up to height ").nth(1).and_then(|rest| rest.split(',').next()).unwrap();
    let expires: u64 = expires.parse().unwrap();
    assert!((1_209_600..1_209_700).contains(&expires), "two weeks of a block a second: {words}");

    let shown = said(&mut text(&net, &["member", "show", &ids[1]]));
    assert!(shown.out.contains("1 of 1 governance keys sign"), "{shown:?}");
}

#[tokio::test]
async fn two_runs_at_once_and_a_full_disk_leave_nobody_in_doubt() {
    let net = Net::start(&["--heartbeat-ms", "1000"]);
    let id = net.issuer("node-2").id;

    // Three people prepare at once; the first that submits takes the place of the others.
    let file = |name: &str, arguments: &[&str]| {
        let (prepared, file) = prepare(&net, name, arguments);
        prepared.json(0);
        sign(&net, &file);
        file
    };
    let first = file("first.json", &["member", "set-address", "one.example:1"]);
    let second = file("second.json", &["member", "set-address", "two.example:2"]);
    let key = net.path("issuing-2.json");
    let rotation = file("rotation.json", &["member", "rotate-key", "issuing", "--new-key", &key]);
    let submit = |file: &str| net.sanad(&["governance", "submit", file, "--node", &net.url(1)]);
    submit(&first).json(0);
    let late = submit(&second);
    refused(&late, &format!("another batch of {id} came first, and this one was not entered: do it again"));
    assert!(!late.err.contains("sanad member show"), "nothing to look at: {late:?}");
    let late = submit(&rotation);
    refused(&late, "do it again");
    refused(&late, "its new key is in force or about to be");

    // What is entered is said on stderr if stdout takes nothing.
    let folder = net.path("net/node-2");
    let arguments = ["member", "set-address", "three.example:3", "--member-dir", &folder, "--yes"];
    let mut full = text(&net, &arguments);
    let full = full.stdout(File::options().write(true).open("/dev/full").unwrap());
    let said = said(full);
    refused(&said, "entered in block");
    let shown = net.sanad(&["member", "show", &id, "--node", &net.url(1)]).json(0);
    assert_eq!(shown["rest"]["addresses"], serde_json::json!(["three.example:3"]), "{shown:#}");
    assert_eq!(shown["rest"]["governance"]["next_sequence"], 2);
}

#[tokio::test]
async fn a_compromise_is_declared_of_the_key_that_was_stolen() {
    let net = Net::start(&["--heartbeat-ms", "1000"]);
    let (id, bromo) = (net.issuer("node-2").id, net.path("net/node-2"));
    let issue = |name: &str| {
        let folder = net.documents(name, 2);
        net.sanad(&["issue", &folder, "--issuer-dir", &bromo, "--node", &net.url(1)]).json(0);
    };
    issue("with the stolen key");
    let stolen = net.issuer("node-2").key.public().to_string();
    let client = net.client(1).await;
    let header = client.head().await.unwrap().header;
    by(&net, 2, &["member", "rotate-key", "issuing"]).json(0);
    issue("with the next key");

    let future = ["member", "declare-compromise", "--since", "2100-01-01T00:00:00Z"];
    refused(&by(&net, 2, &future), "is in the future; nothing in the future is disputed");
    let since = ["member", "declare-compromise", "--since", "2026-01-01T00:00:00Z"];
    let said = by(&net, 2, &since);
    refused(&said, "other issuing keys were in force since then");
    assert!(said.err.contains(&stolen) && said.err.contains("--issuing-key"), "{said:?}");
    let said = by(&net, 2, &[&since[..], &["--issuing-key", &stolen]].concat());
    let words = said.json(0)["events"][0].as_str().unwrap().to_owned();
    assert!(words.contains(&stolen) && words.contains("from log index 0 on"), "{words}");
    assert!(said.err.contains("credentials disputed by this: 2; the first at log index 0"), "{said:?}");
    let affected = net.sanad(&["member", "affected", &id, "--node", &net.url(1)]).json(0);
    assert_eq!(affected["disputed"].as_array().unwrap().len(), 2, "those of the present key stand");

    // The register as of a block's own time is the one after that block.
    poll("a later block", || {
        let status = net.status();
        (status[0]["height"].as_u64() > Some(header.height.0 + 1)).then_some(())
    });
    let time = time_of(header.time_ms);
    let shown = net.sanad(&["member", "as-of", &time, "--node", &net.url(1)]).json(0);
    assert_eq!(shown["as_of"].as_u64(), Some(header.height.0), "{time}");
}

/// RFC 3339, of a time this year.
fn time_of(time_ms: u64) -> String {
    let at = format!("@{}.{:03}", time_ms / 1000, time_ms % 1000);
    let output =
        Command::new("date").args(["--utc", "--date", &at, "+%Y-%m-%dT%H:%M:%S.%3NZ"]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
