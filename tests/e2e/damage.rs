//! Damage to old blocks on a node's disk: the node says so, fetches them again from its peers, and goes on meanwhile.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use sanad_api::ErrorCode;
use sanad_core::ids::Height;
use sanad_e2e::disk::{Part, damage};
use sanad_e2e::{Net, Stop, poll};

/// The node whose disk is damaged.
const DAMAGED: usize = 1;

fn height(net: &Net, node: usize) -> u64 {
    net.status()[node - 1]["height"].as_u64().unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_blocks_are_fetched_again_while_the_node_runs() {
    let net = Net::start(&["--heartbeat-ms", "500"]);
    poll("old blocks", || (height(&net, DAMAGED) > 8).then_some(()));
    damage(&net, DAMAGED, 3, Part::Payload);
    damage(&net, DAMAGED, 5, Part::Certificate);
    let status = poll("both to be put right", || {
        let said = net.sanad(&["node", "status", "--node", &net.url(DAMAGED)]).json(0);
        (said["nodes"][0]["repaired_blocks"].as_u64() >= Some(2)).then_some(said)
    });
    assert_eq!(status["nodes"][0]["damaged_blocks"], 0, "{status}");
    let log = std::fs::read_to_string(net.node_path(DAMAGED, "node.log")).unwrap();
    for height in [3, 5] {
        let line = |word: &str| {
            let mut lines = log.lines().filter(|line| line.contains(word));
            lines.any(|line| line.contains(&format!("height={height}")))
        };
        assert!(line("damaged on this disk") && line("put right from a peer's copy"), "{log}");
    }
    assert!(log.contains("00000000000000000000.seg"), "{log}");
    let (one, two) = (net.client(DAMAGED).await, net.client(2).await);
    for height in [3, 5] {
        let (mended, other) =
            (one.block(Height(height)).await.unwrap(), two.block(Height(height)).await.unwrap());
        assert_eq!(mended.block, other.block);
    }
    let before = height(&net, DAMAGED);
    poll("further blocks", || (height(&net, DAMAGED) >= before + 3).then_some(()));
    net.stop_node(DAMAGED, Stop::Terminate);
    let data = net.node_path(DAMAGED, "data").to_str().unwrap().to_owned();
    assert_eq!(net.sanad(&["audit", &data]).json(0)["verdict"], "sound");
}

#[test]
fn a_stopped_node_is_repaired() {
    let net = Net::start(&["--heartbeat-ms", "500"]);
    poll("old blocks", || (height(&net, DAMAGED) > 8).then_some(()));
    net.stop_node(DAMAGED, Stop::Terminate);
    let data = net.node_path(DAMAGED, "data").to_str().unwrap().to_owned();
    for (height, part) in [(2, Part::Certificate), (3, Part::Payload), (6, Part::Payload)] {
        damage(&net, DAMAGED, height, part);
    }
    assert_eq!(net.sanad(&["audit", &data]).json(1)["verdict"], "damaged");
    let said = net.sanad_node(DAMAGED, &["repair"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("3 put right, 0 still damaged"), "{said:?}");
    assert_eq!(net.sanad(&["audit", &data]).json(0)["verdict"], "sound");
    net.start_node(DAMAGED);
    net.wait_for_equal_heads(0);
}

/// What a start heals by itself, and what it does not: `check` says which before anybody tries.
#[test]
fn a_check_says_whether_the_ledger_opens() {
    let net = Net::start(&["--heartbeat-ms", "500"]);
    poll("blocks", || (height(&net, DAMAGED) > 4).then_some(()));
    net.stop_node(DAMAGED, Stop::Kill);
    let ledger = net.node_path(DAMAGED, "data/ledger");
    let check = || net.sanad_node(DAMAGED, &["check", "--offline"]);
    let said = check();
    assert!(said.out.contains("it opens, up to height"), "{said:?}");

    // A full disk while the node started, and a database that is gone.
    std::fs::write(ledger.join("checkpoint.sled/snap.FFFFFFFFFFFFFFFF.generating"), "half").unwrap();
    assert!(check().out.contains("it opens, up to height"));
    net.start_node(DAMAGED);
    net.wait_for_equal_heads(0);
    net.stop_node(DAMAGED, Stop::Terminate);
    std::fs::remove_dir_all(ledger.join("checkpoint.sled")).unwrap();
    let said = check();
    assert!(said.code == 0 && said.out.contains("rebuilds it from the log"), "{said:?}");
    net.start_node(DAMAGED);
    net.wait_for_equal_heads(0);
    net.stop_node(DAMAGED, Stop::Terminate);

    let segment = ledger.join("segments/00000000000000000000.seg");
    let whole = std::fs::read(&segment).unwrap();
    std::fs::write(&segment, &whole[..whole.len() - 40]).unwrap();
    let said = check();
    assert!(
        said.code == 1 && said.out.contains("FAILED") && said.out.contains("sanad-node recover"),
        "{said:?}"
    );
    for command in ["run", "repair", "recover"] {
        let said = net.sanad_node(DAMAGED, &[command]);
        assert!(
            said.code == 1 && said.err.contains("move") && said.err.contains("backup restore"),
            "{said:?}"
        );
    }
    std::fs::rename(&ledger, net.node_path(DAMAGED, "damaged")).unwrap();
    let said = net.sanad_node(DAMAGED, &["recover"]);
    assert_eq!(said.code, 0, "{said:?}");
    net.start_node(DAMAGED);
    net.wait_for_equal_heads(0);
}

/// Without a peer that has a copy, callers are told, and nothing else happens.
#[tokio::test(flavor = "multi_thread")]
async fn damage_that_nobody_can_repair_stops_nobody() {
    let net = Net::start(&["--nodes", "1", "--heartbeat-ms", "200"]);
    poll("old blocks", || (height(&net, 1) > 5).then_some(()));
    damage(&net, 1, 3, Part::Payload);
    let refused = net.client(1).await.block(Height(3)).await.unwrap_err();
    assert_eq!(refused.code(), Some(ErrorCode::Unreadable), "{refused}");
    let said = net.sanad(&["node", "status", "--node", &net.url(1)]).json(0);
    assert_eq!(said["nodes"][0]["damaged_blocks"], 1, "{said}");
    let before = height(&net, 1);
    poll("further blocks", || (height(&net, 1) >= before + 5).then_some(()));
}
