//! Localnets, as far as they need no node.

use std::fs;

use crate::program::{command, run, sanad};

#[test]
fn a_localnet_is_written_whole() {
    let folder = tempfile::tempdir().unwrap();
    let made =
        sanad(folder.path(), "localnet create net --nodes 3 --issuers 2 --no-init --json").expect(0).json();
    let at = |path: &str| folder.path().join("net").join(path);
    for file in
        ["genesis.json", "passphrase", "node-1/node.toml", "node-3/member.json", "node-2/keys/network.json"]
    {
        assert!(at(file).is_file(), "{file}");
    }
    let issuer = made["issuers"][1]["member"].as_str().unwrap();
    assert!(at("issuers").join(issuer).join("keys/issuing.json").is_file());
    let shown = sanad(folder.path(), "genesis show net/genesis.json --json").expect(0).json();
    assert_eq!(shown["chain_id"], made["chain_id"]);
    assert_eq!((&shown["validators"], &shown["quorum"]), (&3.into(), &3.into()));
    let urls: std::collections::BTreeSet<_> =
        made["nodes"].as_array().unwrap().iter().map(|node| node["url"].to_string()).collect();
    assert_eq!(urls.len(), 3);
    sanad(folder.path(), "localnet create net --no-init").expect_error("not empty");
}

/// Keys take seconds to make: what cannot be is said before.
#[test]
fn what_cannot_be_a_localnet_is_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, expected) in [
        ("--heartbeat-ms 1", "heartbeat_ms is 1"),
        ("--issuers 5000", "at most 4096"),
        ("--name \u{202e}", "cannot be the name of a consortium"),
        ("--nodes 129", "1 to 128"),
        ("--ports 20000-20018", "20 ports are needed"),
        ("--ports 20019-20000", "expected FROM-TO"),
    ] {
        sanad(folder.path(), &format!("localnet create net --no-init {arguments}")).expect_error(expected);
        assert!(!folder.path().join("net").exists(), "{arguments}");
    }
}

#[test]
fn ports_are_taken_from_a_range_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let ports = 20_000..=20_999;
    let arguments = "localnet create net --nodes 2 --followers 1 --no-init --ports 20000-20999";
    sanad(folder.path(), arguments).expect(0);
    let mut taken = Vec::new();
    for node in 1..=3 {
        let text = fs::read_to_string(folder.path().join(format!("net/node-{node}/node.toml"))).unwrap();
        let own = text.split("[[peers]]").next().unwrap();
        let listen = own.lines().filter_map(|line| line.strip_prefix("listen = \"127.0.0.1:"));
        taken.extend(listen.map(|port| port.trim_end_matches('"').parse::<u16>().unwrap()));
    }
    assert_eq!(taken.len(), 15, "{taken:?}");
    assert!(taken.is_sorted_by(|one, next| one < next), "{taken:?}");
    assert!(taken.iter().all(|port| ports.contains(port)), "{taken:?}");
}

#[test]
fn nodes_that_do_not_run_are_said_to() {
    let folder = tempfile::tempdir().unwrap();
    sanad(folder.path(), "localnet create net --nodes 2 --no-init").expect(0);
    let status = sanad(folder.path(), "localnet status net --json").expect(1).json();
    assert_eq!(status["nodes"][1]["state"], "stopped");
    // A pid file whose process is long another program.
    fs::write(folder.path().join("net/node-2/node.pid"), format!("{}\n", std::process::id())).unwrap();
    let status = sanad(folder.path(), "localnet status net --json").expect(1).json();
    assert_eq!(status["nodes"][1]["state"], "dead");
    let stopped = sanad(folder.path(), "localnet stop net --json").expect(0).json();
    assert_eq!(
        (&stopped["nodes"][0]["how"], &stopped["nodes"][1]["how"]),
        (&"was-stopped".into(), &"was-dead".into())
    );
    assert!(!folder.path().join("net/node-2/node.pid").exists());
    sanad(folder.path(), "localnet stop net --node 7").expect_error("no node 7");
    sanad(folder.path(), "localnet status elsewhere").expect_error("localnet create");
}

#[test]
fn the_nodes_program_must_be_there() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["localnet", "create", "net", "--node-binary", "missing"];
    run(command(folder.path()).args(arguments)).expect_error("--node-binary");
    assert!(!folder.path().join("net").exists(), "nothing is written before it is found");
}

/// A program in the node's place that takes its arguments and ends, or stays.
#[cfg(unix)]
fn stand_in(folder: &std::path::Path, script: &str) -> std::path::PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let path = folder.join("stand-in");
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[cfg(unix)]
#[test]
fn a_node_that_ends_at_once_shows_its_last_words() {
    let folder = tempfile::tempdir().unwrap();
    sanad(folder.path(), "localnet create net --nodes 1 --no-init").expect(0);
    let program = stand_in(folder.path(), "echo 'no such data, run init' >&2; exit 3");
    let start = ["localnet", "start", "net", "--node-binary"];
    run(command(folder.path()).args(start).arg(program)).expect_error("no such data, run init");
    let status = sanad(folder.path(), "localnet status net --json").expect(1).json();
    assert_eq!(status["nodes"][0]["state"], "stopped");
}

#[cfg(unix)]
#[test]
fn a_node_that_will_not_stop_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    sanad(folder.path(), "localnet create net --nodes 1 --no-init").expect(0);
    // It never answers, so that starting gives up, and leaves it to be looked at.
    let program = stand_in(folder.path(), "trap '' TERM; while :; do sleep 0.1; done");
    let start = ["localnet", "start", "net", "--timeout", "1s", "--node-binary"];
    run(command(folder.path()).args(start).arg(program)).expect_error("is not ready in time");
    let status = sanad(folder.path(), "localnet status net --json").expect(1).json();
    assert_eq!(status["nodes"][0]["state"], "silent");
    let stopped = sanad(folder.path(), "localnet stop net --timeout 1s --json").expect(0);
    assert!(stopped.stderr.contains("killing it"));
    assert_eq!(stopped.json()["nodes"][0]["how"], "killed");
    let status = sanad(folder.path(), "localnet status net --json").expect(1).json();
    assert_eq!(status["nodes"][0]["state"], "stopped");
}
