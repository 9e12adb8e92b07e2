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

/// Issues some credentials.
fn issue(net: &Net, name: &str) {
    let documents = net.documents(name, 3);
    let (url, issuer) = (net.url(2), net.path("net/node-2"));
    net.sanad(&["issue", &documents, "--issuer-dir", &issuer, "--node", &url]).json(0);
}

/// The indexes of a young ledger are in memory: a start reads every batch again, from its block.
#[test]
fn a_node_fetches_the_blocks_that_it_needs_to_start() {
    let net = Net::start(&["--heartbeat-ms", "500"]);
    issue(&net, "first");
    let after = height(&net, DAMAGED);
    poll("blocks after it", || (height(&net, DAMAGED) > after + 2).then_some(()));
    net.stop_node(DAMAGED, Stop::Terminate);
    // The last block that no batch came before.
    let records = std::fs::read(net.node_path(DAMAGED, "data/ledger/columns/blocks")).unwrap();
    let issued = records.chunks(32).take_while(|record| record[24..] == [0; 8]).count() as u64;
    let data = net.node_path(DAMAGED, "data").to_str().unwrap().to_owned();
    let check = || net.sanad_node(DAMAGED, &["check", "--offline"]);

    damage(&net, DAMAGED, issued, Part::Payload);
    let said = check();
    assert!(said.out.contains(&format!("the block of height {issued} is damaged")), "{said:?}");
    net.start_node(DAMAGED);
    net.wait_for_equal_heads(3);
    let log = std::fs::read_to_string(net.node_path(DAMAGED, "node.log")).unwrap();
    assert!(log.contains("a block that the node needs to start is damaged"), "{log}");
    net.stop_node(DAMAGED, Stop::Terminate);
    assert_eq!(net.sanad(&["audit", &data]).json(0)["verdict"], "sound");

    damage(&net, DAMAGED, issued, Part::Payload);
    let refused = net.sanad_node(DAMAGED, &["recover"]);
    assert!(refused.code == 1 && refused.err.contains("sanad-node repair"), "{refused:?}");
    let said = net.sanad_node(DAMAGED, &["repair"]);
    assert!(said.code == 0 && said.out.contains("1 put right, 0 still damaged"), "{said:?}");
    assert_eq!(net.sanad(&["audit", &data]).json(0)["verdict"], "sound");
}

/// A column is no block: it is rebuilt, by the next start or by `repair`.
#[test]
fn a_damaged_column_is_rebuilt() {
    let net = Net::start(&["--heartbeat-ms", "500"]);
    issue(&net, "first");
    poll("blocks", || (height(&net, DAMAGED) > 8).then_some(()));
    net.stop_node(DAMAGED, Stop::Terminate);
    let data = net.node_path(DAMAGED, "data").to_str().unwrap().to_owned();
    let column = |name: &str| net.node_path(DAMAGED, &format!("data/ledger/columns/{name}"));
    let check = || net.sanad_node(DAMAGED, &["check", "--offline"]);
    std::fs::write(column("batches"), [0; 64]).unwrap();
    let said = check();
    assert!(said.code == 0 && said.out.contains("rebuilds it from the log"), "{said:?}");
    net.start_node(DAMAGED);
    net.wait_for_equal_heads(3);

    let blocks = column("blocks");
    let flip = || {
        let mut records = std::fs::read(&blocks).unwrap();
        records[3 * 32 + 15] ^= 4;
        std::fs::write(&blocks, records).unwrap();
    };
    flip();
    let log = || std::fs::read_to_string(net.node_path(DAMAGED, "node.log")).unwrap();
    poll("the damage to be found", || {
        log().contains("derived from the log is damaged; it is rebuilt").then_some(())
    });
    assert!(!log().contains("a block is damaged on this disk"), "{}", log());
    net.stop_node(DAMAGED, Stop::Terminate);
    assert!(check().out.contains("rebuilds it from the log"), "{:?}", check());
    net.start_node(DAMAGED);
    net.wait_for_equal_heads(3);
    net.stop_node(DAMAGED, Stop::Terminate);
    assert_eq!(net.sanad(&["audit", &data]).json(0)["verdict"], "sound");

    flip();
    let said = net.sanad_node(DAMAGED, &["repair"]);
    assert!(said.code == 0 && said.out.contains("0 still damaged"), "{said:?}");
    assert_eq!(net.sanad(&["audit", &data]).json(0)["verdict"], "sound");
}
