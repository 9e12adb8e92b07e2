//! Nodes that hang end themselves, to be started again; nodes that only wait for others do not.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use sanad_e2e::{Net, Stop, poll, program};

/// `watchdog.hang_timeout_ms` of the nodes here.
const HANG: Duration = Duration::from_secs(5);
const EXIT_HUNG: i32 = 70;

fn with_watchdog(net: &Net, nodes: usize) {
    for node in 1..=nodes {
        let path = net.node_path(node, "node.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        let watchdog = format!("\n[watchdog]\nhang_timeout_ms = {}\n", HANG.as_millis());
        std::fs::write(&path, text + &watchdog).unwrap();
    }
}

fn run(net: &Net, node: usize, filter: &str) -> Child {
    let mut command: Command = program("sanad-node");
    command.args(["run", "--log-filter", filter, "--config"]).arg(net.node_path(node, "node.toml"));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Who reads the logs hangs: sooner or later every thread of the node waits for a full pipe.
#[test]
fn a_node_that_hangs_ends_and_starts_again() {
    let net = Net::create(&["--nodes", "1", "--heartbeat-ms", "100"]);
    with_watchdog(&net, 1);
    let mut node = run(&net, 1, "trace");
    let ended = poll("the node to end itself", || node.try_wait().unwrap());
    assert_eq!(ended.code(), Some(EXIT_HUNG), "{ended}");
    // What its last words are, where they can be written.
    drop(node.stderr.take());

    net.start_node(1);
    let height = |net: &Net| net.status()[0]["height"].as_u64().unwrap_or(0);
    let before = height(&net);
    poll("further blocks", || (height(&net) > before + 2).then_some(()));
}

/// Neither a chain without a quorum nor a process that was stopped and continued hangs.
#[test]
fn a_node_that_waits_for_others_does_not_end() {
    let net = Net::create(&["--heartbeat-ms", "500"]);
    with_watchdog(&net, 4);
    net.sanad(&["localnet", "start", &net.dir(), "--timeout", "90s"]).json(0);
    net.wait_for_equal_heads(0);
    net.stop_node(3, Stop::Terminate);
    net.stop_node(4, Stop::Terminate);
    let pid = std::fs::read_to_string(net.node_path(1, "node.pid")).unwrap();
    let pid = Pid::from_raw(pid.trim().parse().unwrap()).unwrap();
    kill_process(pid, Signal::STOP).unwrap();
    std::thread::sleep(HANG + Duration::from_secs(1));
    kill_process(pid, Signal::CONT).unwrap();
    let until = Instant::now() + HANG + Duration::from_secs(3);
    while Instant::now() < until {
        let status = net.status();
        assert!([0, 1].iter().all(|node| status[*node]["state"] == "running"), "{status:?}");
        std::thread::sleep(Duration::from_millis(200));
    }
    net.start_node(3);
    net.start_node(4);
    let height = net.status()[0]["height"].as_u64().unwrap();
    poll("blocks again", || (net.status()[0]["height"].as_u64() > Some(height)).then_some(()));
}
