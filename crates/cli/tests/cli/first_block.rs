//! A chain without a block: commands that need one wait for it.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::memory_ledger::MemoryLedger;
use crate::node::Node;
use crate::program::{command, sanad};

const COMMANDS: [&str; 4] = [
    "trust fetch konsorsium.trust.json",
    "member show issuer",
    "proof completeness issuer",
    "export public --key checkpoint.json",
];

#[test]
fn commands_that_need_a_block_wait_for_the_first() {
    let node = Node::idle(MemoryLedger::new());
    let folder = node.folder(&[]);
    sanad(folder.path(), "key new --purpose checkpoint --out checkpoint.json").expect(0);
    node.ledger.hold_reads(true);
    let children: Vec<_> = COMMANDS
        .iter()
        .map(|arguments| {
            let mut command = command(folder.path());
            command.args(arguments.split(' ')).args(["--genesis", "genesis.json", "--node", &node.url]);
            command.args(["--node-timeout", "60s"]).stdout(Stdio::null()).stderr(Stdio::piped());
            command.spawn().unwrap()
        })
        .collect();
    // Some of them have asked, and hear that there is no block.
    let started = Instant::now();
    while node.ledger.held_reads() == 0 {
        assert!(started.elapsed() < Duration::from_secs(60), "nobody asks");
        std::thread::sleep(Duration::from_millis(10));
    }
    node.ledger.hold_reads(false);
    while node.ledger.held_reads() > 0 {
        std::thread::yield_now();
    }
    node.ledger.commit();
    for (child, arguments) in children.into_iter().zip(COMMANDS) {
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments}: {said}");
    }
}

#[test]
fn they_do_not_wait_for_ever() {
    let node = Node::idle(MemoryLedger::new());
    let folder = node.folder(&[]);
    sanad(folder.path(), "key new --purpose checkpoint --out checkpoint.json").expect(0);
    for arguments in COMMANDS {
        let run = node.sanad(folder.path(), &format!("{arguments} --genesis genesis.json --node-timeout 1s"));
        run.expect_error("no block");
    }
    let status = node.sanad(folder.path(), "node status");
    assert!(status.stdout.contains("no block yet"), "{}\n{}", status.stdout, status.stderr);
}
