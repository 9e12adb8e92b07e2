//! Damage to an old block on one node's disk, while the node runs: it costs whoever asks for that block a detour,
//! and nobody else anything.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::os::unix::fs::FileExt as _;

use sanad_api::ErrorCode;
use sanad_core::ids::Height;
use sanad_e2e::{Net, Stop, poll};

/// The node whose disk is damaged, and the follower that comes late.
const DAMAGED: usize = 1;
const FOLLOWER: usize = 5;

fn height(net: &Net, node: usize) -> u64 {
    net.status()[node - 1]["height"].as_u64().unwrap_or(0)
}

/// Flips a bit in the middle of a block's payload. Layouts: `docs/formats/storage.md`.
fn damage(net: &Net, node: usize, height: u64) {
    let ledger = net.node_path(node, "data/ledger");
    let mut record = [0; 32];
    let blocks = std::fs::File::open(ledger.join("columns/blocks")).unwrap();
    blocks.read_exact_at(&mut record, (height - 1) * 32).unwrap();
    let offset = u64::from_be_bytes(record[..8].try_into().unwrap());
    let certificate = u32::from_be_bytes(record[8..12].try_into().unwrap());
    let payload = u32::from_be_bytes(record[12..16].try_into().unwrap());
    // Head of the segment, fixed part of the frame, certificate, checksum of the front.
    let middle = 96 + offset + 20 + u64::from(certificate) + 16 + u64::from(payload / 2);
    let segment = ledger.join("segments/00000000000000000000.seg");
    let segment = std::fs::OpenOptions::new().read(true).write(true).open(segment).unwrap();
    let mut byte = [0];
    segment.read_exact_at(&mut byte, middle).unwrap();
    segment.write_all_at(&[byte[0] ^ 0x10], middle).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_block_that_a_peer_asks_for_stops_nobody() {
    let net = Net::start(&["--followers", "1", "--heartbeat-ms", "500"]);
    net.stop_node(FOLLOWER, Stop::Terminate);
    let seen = height(&net, DAMAGED);
    let damaged = seen + 3;
    poll("old blocks", || (height(&net, DAMAGED) > damaged + 3).then_some(()));
    damage(&net, DAMAGED, damaged);

    // At first the follower knows of the damaged node alone.
    let config = net.node_path(FOLLOWER, "node.toml");
    let whole = std::fs::read_to_string(&config).unwrap();
    let mut parts = whole.split("\n[[peers]]\n");
    let alone = format!("{}\n[[peers]]\n{}", parts.next().unwrap(), parts.next().unwrap());
    std::fs::write(&config, alone).unwrap();
    net.start_node(FOLLOWER);
    let log = || std::fs::read_to_string(net.node_path(DAMAGED, "node.log")).unwrap();
    let line = poll("the damaged node to be asked", || {
        let running = net.status()[DAMAGED - 1]["state"] == "running";
        assert!(running, "the node that was asked has stopped");
        log().lines().find(|line| line.contains("a block that a peer asks for")).map(str::to_owned)
    });
    for part in [format!("height={damaged}"), "00000000000000000000.seg".to_owned(), "sanad audit".to_owned()]
    {
        assert!(line.contains(&part), "{part} in {line}");
    }
    let before = height(&net, DAMAGED);
    poll("further blocks of the damaged node", || (height(&net, DAMAGED) >= before + 5).then_some(()));
    assert!(height(&net, FOLLOWER) < damaged, "the follower has a block that nobody gave it");

    let refused = net.client(DAMAGED).await.block(Height(damaged)).await.unwrap_err();
    assert_eq!(refused.code(), Some(ErrorCode::Unreadable), "{refused}");

    net.stop_node(FOLLOWER, Stop::Terminate);
    std::fs::write(&config, whole).unwrap();
    net.start_node(FOLLOWER);
    poll("the follower to catch up", || (height(&net, FOLLOWER) > before).then_some(()));
    net.wait_for_equal_heads(0);
    let block = net.client(FOLLOWER).await.block(Height(damaged)).await.unwrap();
    assert_eq!(block.block.header.height, Height(damaged));
}
