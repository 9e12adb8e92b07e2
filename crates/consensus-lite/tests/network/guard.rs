//! The signing guard in a running network.

use sanad_consensus_lite::{Config, GuardError, Role, SigningGuard, StartError, Stopped};
use sanad_core::ids::Height;

use crate::cluster::{Cluster, until, validator_key};
use crate::ledger::Ledger;

const ALL: [usize; 4] = [0, 1, 2, 3];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_knows_all_that_is_decided() {
    let mut cluster = Cluster::started(4, 0).await;
    for work in 0..5 {
        cluster.decide(work, &ALL).await;
    }
    // While it runs, nobody else can use the guard.
    let path = Config::guard_path(&cluster.node_directory(0));
    let open = || SigningGuard::open(&path, cluster.chain_id, validator_key(0).public());
    assert!(matches!(open(), Err(GuardError::Locked { .. })));
    let height = cluster.ledgers[0].height() as u64;
    for node in ALL {
        cluster.nodes[node].take().unwrap().stop().await.unwrap();
    }
    let guard = open().unwrap();
    assert!(guard.position().unwrap().height.0 >= height);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_start_without_it() {
    let mut cluster = Cluster::started(4, 0).await;
    cluster.decide(0, &ALL).await;
    cluster.stop(3).await;
    let path = Config::guard_path(&cluster.node_directory(3));

    std::fs::remove_file(&path).unwrap();
    let missing = cluster.try_start(3).await;
    assert!(matches!(missing, Err(StartError::Guard(GuardError::Missing { .. }))));

    // A new one for a key that has signed: the ledger's head tells.
    cluster.create_guard(3);
    let head_signed =
        cluster.ledgers[3].state().blocks.last().unwrap().decided.certificate.signatures.clone();
    if head_signed.iter().any(|signed| signed.validator == 3) {
        let replaced = cluster.try_start(3).await;
        assert!(matches!(replaced, Err(StartError::SignedElsewhere(_))));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_guard_for_an_old_key_is_noticed_while_catching_up() {
    let mut cluster = Cluster::started(4, 0).await;
    for work in 0..12 {
        cluster.decide(work, &ALL).await;
    }
    cluster.stop(3).await;
    // A fresh machine with the old key: no ledger, no log, and a guard created too easily.
    std::fs::remove_dir_all(cluster.node_directory(3)).unwrap();
    cluster.create_guard(3);
    let validators = cluster.ledgers[0].state().blocks[0].decided.validators.clone();
    cluster.ledgers[3] = Ledger::new(cluster.chain_id, validators);
    cluster.start(3).await;
    let stopped = cluster.stopped(3).await;
    assert!(matches!(*stopped, Stopped::SignedElsewhere(_)), "{stopped}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_whose_member_says_that_it_is_gone_signs_no_more() {
    let mut cluster = Cluster::started(4, 0).await;
    cluster.decide(0, &ALL).await;
    cluster.ledgers[3].state().disowned = true;
    cluster.submit(1);
    let stopped = cluster.stopped(3).await;
    let Stopped::Disowned { height } = *stopped else { panic!("{stopped}") };
    cluster.nodes[3].take().unwrap().stop().await.unwrap_err();
    let path = Config::guard_path(&cluster.node_directory(3));
    let guard = SigningGuard::open(&path, cluster.chain_id, validator_key(3).public()).unwrap();
    assert!(guard.is_lost());
    assert!(guard.position().unwrap().height <= height);
    drop(guard);
    // Started again, it follows; what lacks its memory is not disowned once more.
    cluster.start(3).await;
    cluster.decide(2, &ALL).await;
    assert!(cluster.node(3).is_lost());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_ledger_is_caught_up_without_votes() {
    let mut cluster = Cluster::started(4, 0).await;
    for work in 0..12 {
        cluster.decide(work, &ALL).await;
    }
    cluster.stop(3).await;
    // The disk of the ledger is lost; guard and log are not.
    let validators = cluster.ledgers[0].state().blocks[0].decided.validators.clone();
    cluster.ledgers[3] = Ledger::new(cluster.chain_id, validators);
    cluster.start(3).await;
    assert!(matches!(cluster.node(3).status().await.role, Role::Abstaining { .. }));
    until("it catches up", || cluster.ledgers[3].has_committed(11)).await;
    // Then it votes again: the others alone are no quorum without it.
    cluster.stop(0).await;
    cluster.decide(12, &[1, 2, 3]).await;
    cluster.decide(13, &[1, 2, 3]).await;
    assert_eq!(cluster.node(3).status().await.role, Role::Validator { place: 3 });
    cluster.assert_agreement();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_log_is_no_reason_to_stop() {
    let mut cluster = Cluster::started(4, 0).await;
    cluster.decide(0, &ALL).await;
    for round in 0..3 {
        cluster.submit(1 + round);
        cluster.stop(2).await;
        std::fs::remove_file(cluster.node_directory(2).join("consensus.log")).unwrap();
        cluster.start(2).await;
        cluster.decide(10 + round, &ALL).await;
    }
    cluster.assert_agreement();
}

/// Copies a file as a backup tool does.
fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::write(to, std::fs::read(from).unwrap()).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restored_guard_follows_until_it_is_settled() {
    let mut cluster = Cluster::started(4, 0).await;
    cluster.decide(0, &ALL).await;
    cluster.stop(3).await;
    let path = Config::guard_path(&cluster.node_directory(3));
    let backup = path.with_extension("backup");
    copy(&path, &backup);
    cluster.start(3).await;
    for work in 1..6 {
        cluster.decide(work, &ALL).await;
    }
    cluster.stop(3).await;
    // Guard and ledger are set back; blocks with its signature are in the others'.
    std::fs::remove_file(&path).unwrap();
    copy(&backup, &path);
    let validators = cluster.ledgers[0].state().blocks[0].decided.validators.clone();
    cluster.ledgers[3] = Ledger::new(cluster.chain_id, validators);
    for life in 0..2 {
        cluster.start(3).await;
        assert!(cluster.node(3).is_lost() && !cluster.node(3).vouches());
        until("it catches up", || cluster.ledgers[3].has_committed(5)).await;
        cluster.decide(6 + life, &ALL).await;
        assert!(matches!(cluster.node(3).status().await.role, Role::Abstaining { .. }));
        cluster.stop(3).await;
    }
    cluster.start(3).await;
    cluster.decide(8, &ALL).await;
    let through = Height(cluster.ledgers[0].height() as u64 + 2);
    cluster.node(3).settle(through);
    let mut work = 9;
    while cluster.node(3).status().await.role != (Role::Validator { place: 3 }) {
        cluster.decide(work, &ALL).await;
        work += 1;
        assert!(work < 20, "it votes after {through}");
    }
    assert!(cluster.ledgers[0].height() as u64 >= through.0);
    assert!(!cluster.node(3).is_lost());
    // The others are no quorum without it.
    cluster.stop(0).await;
    cluster.decide(work, &[1, 2, 3]).await;
    assert!(cluster.node(3).vouches());
    cluster.assert_agreement();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_log_is_no_reason_to_stop() {
    let mut cluster = Cluster::started(4, 0).await;
    cluster.decide(0, &ALL).await;
    let log = cluster.node_directory(2).join("consensus.log");
    for round in 0..4 {
        cluster.submit(1 + round);
        cluster.stop(2).await;
        let mut bytes = std::fs::read(&log).unwrap();
        // Anywhere, with the head among it.
        let place = [0, 5, 20, bytes.len().saturating_sub(3)][round as usize];
        if let Some(byte) = bytes.get_mut(place) {
            *byte ^= 0x40;
        }
        std::fs::write(&log, bytes).unwrap();
        cluster.start(2).await;
        cluster.decide(10 + round, &ALL).await;
    }
    cluster.assert_agreement();
}
