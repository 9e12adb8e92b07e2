//! Validators, their keys and their peers change while the network runs.

use sanad_consensus_lite::{Config, PeerAddress, Phase, Role, SigningGuard};
use sanad_core::signature::SecretKey;
use sanad_core::validators::Validator;
use sanad_testkit::{consensus_key, id};

use crate::cluster::{Cluster, network_key, until, validator_key};

const ALL: [usize; 4] = [0, 1, 2, 3];

fn validator(node: usize, key: &SecretKey) -> Validator {
    Validator { member: id(&format!("m{node:02}")), key: key.public() }
}

/// From the second height after the next on, these decide. Returns that height.
async fn change(cluster: &Cluster, running: &[usize], validators: Vec<Validator>) -> u64 {
    cluster.idle(running).await;
    let height = cluster.ledgers[running[0]].height() as u64;
    assert!(running.iter().all(|node| cluster.ledgers[*node].height() as u64 == height));
    for ledger in &cluster.ledgers {
        ledger.state().change_set(height + 3, validators.clone());
    }
    height + 3
}

/// As a data directory that is older than every key which comes into force in a test.
fn remembers(cluster: &Cluster, node: usize) {
    std::fs::create_dir_all(cluster.node_directory(node)).unwrap();
    std::fs::write(cluster.node_directory(node).join("memory"), "0\n").unwrap();
}

async fn last_signed(cluster: &Cluster, node: usize) -> u64 {
    cluster.node(node).status().await.last_signed.map_or(0, |last| last.height.0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_replaced_while_the_network_runs() {
    let mut cluster = Cluster::started(4, 0).await;
    cluster.decide(0, &ALL).await;
    let old = Config::guard_path(&cluster.node_directory(0));
    for (round, name) in ["first", "second"].into_iter().enumerate() {
        let new = consensus_key(name);
        // The second has no memory that covers it, and has to wait until its peers have shown how far it can be.
        let known = round == 0;
        if known {
            remembers(&cluster, 0);
        } else {
            std::fs::remove_file(cluster.node_directory(0).join("memory")).unwrap();
        }
        let mut set: Vec<_> = ALL.iter().map(|node| validator(*node, &validator_key(*node))).collect();
        set[0] = validator(0, &new);
        let from = change(&cluster, &ALL, set).await;
        cluster.node(0).add_validator_key(new.clone());
        for work in 0..4 {
            cluster.decide(from * 100 + work, &ALL).await;
        }
        let path = Config::guard_path_of(&cluster.node_directory(0), &new.public());
        assert_ne!(path, old);
        if !known {
            assert!(cluster.node(0).is_lost());
            assert_eq!(last_signed(&cluster, 0).await, 0, "nothing is signed with the new key");
            let height = cluster.ledgers[0].height() as u64;
            cluster.node(0).settle(sanad_core::ids::Height(height + 1));
        }
        let (mut work, started) = (from * 100 + 50, std::time::Instant::now());
        let votes = async || matches!(cluster.node(0).status().await.role, Role::Validator { place: 0 });
        while !votes().await || last_signed(&cluster, 0).await < from {
            cluster.decide(work, &ALL).await;
            work += 1;
            assert!(started.elapsed() < crate::cluster::PATIENCE, "it does not vote with the new key");
        }
        assert_eq!(SigningGuard::inspect(&path).unwrap().public_key, new.public());
        let last = SigningGuard::inspect(&old).unwrap().position.unwrap();
        assert!(last.height.0 < from || !known, "the old key signed at {last}, after {from}");
    }
    // Again, from the disk: the process finds the guard of the key in force.
    cluster.stop(0).await;
    cluster.assert_agreement();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_becomes_a_validator_and_another_one_leaves() {
    let mut cluster = Cluster::new(4, 1);
    remembers(&cluster, 4);
    cluster.start_all().await;
    let new = consensus_key("of the fifth");
    let everyone = [0, 1, 2, 3, 4];
    cluster.decide(0, &everyone).await;
    cluster.node(4).add_validator_key(new.clone());
    let mut set: Vec<_> = ALL.iter().map(|node| validator(*node, &validator_key(*node))).collect();
    set.push(validator(4, &new));
    change(&cluster, &ALL, set.clone()).await;
    for work in 1..5 {
        cluster.decide(work, &everyone).await;
    }
    // Four of five are needed: without its vote, nothing is decided any more.
    cluster.stop(3).await;
    let four = [0, 1, 2, 4];
    for work in 5..8 {
        cluster.decide(work, &four).await;
    }
    // The first one leaves, and follows.
    set.remove(0);
    change(&cluster, &four, set).await;
    cluster.start(3).await;
    for work in 8..14 {
        cluster.decide(work, &everyone).await;
    }
    assert_eq!(cluster.node(0).status().await.role, Role::Follower);
    cluster.assert_agreement();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn peers_come_and_go_and_change_their_keys() {
    let cluster = Cluster::started(4, 0).await;
    cluster.decide(0, &ALL).await;
    let connected = async |node: usize, other: usize| {
        let key = network_key(other).public();
        let peers = cluster.node(node).status().await.peers;
        peers.iter().any(|peer| peer.network_key == key && peer.connected)
    };
    // All but the last expel it.
    let without = |absent: usize| -> Vec<PeerAddress> {
        ALL.iter().filter(|node| **node != absent).map(|node| cluster.peer(*node)).collect()
    };
    for node in [0, 1, 2] {
        cluster.node(node).set_peers(without(3)).await.unwrap();
    }
    let started = std::time::Instant::now();
    while connected(3, 0).await || connected(3, 1).await || connected(3, 2).await {
        assert!(started.elapsed() < crate::cluster::PATIENCE, "it is still connected");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    cluster.decide(1, &[0, 1, 2]).await;
    assert!(!cluster.ledgers[3].has_committed(1));
    // It is let in again under another network key, and is dialled by nobody.
    let new = sanad_testkit::network_key("another");
    for node in [0, 1, 2] {
        let mut peers = without(3);
        peers.push(PeerAddress { address: None, network_key: new.public() });
        cluster.node(node).set_peers(peers).await.unwrap();
    }
    assert!(!cluster.ledgers[3].has_committed(1));
    cluster.node(3).set_network_key(new);
    cluster.decide(2, &ALL).await;
    until("it has all", || cluster.ledgers[3].has_committed(1)).await;
    cluster.assert_agreement();
}

/// One program of four is too old: it stops before the height that it would not understand, and the others go on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_that_is_too_old_stops_voting_in_time() {
    let mut cluster = Cluster::started(4, 0).await;
    cluster.decide(0, &ALL).await;
    cluster.idle(&ALL).await;
    let from = cluster.ledgers[0].height() as u64 + 3;
    cluster.ledgers[3].state().unknown_from = Some(from);
    for work in 1..6 {
        cluster.decide(work, &[0, 1, 2]).await;
    }
    cluster.phase(3, Phase::Outdated).await;
    assert_eq!(cluster.ledgers[3].height() as u64, from - 1);
    assert!(last_signed(&cluster, 3).await < from);
    assert!(cluster.node(3).work().is_none());
    // It is no better after a restart, and a newer program goes on where it stopped.
    cluster.stop(3).await;
    cluster.start(3).await;
    cluster.phase(3, Phase::Outdated).await;
    cluster.stop(3).await;
    cluster.ledgers[3].state().unknown_from = None;
    cluster.start(3).await;
    cluster.decide(6, &ALL).await;
    cluster.assert_agreement();
}
