//! `sanad-node recover --signed-through`: the operator's word in the place of a memory that is gone. A chain whose validators were
//! all stopped, copied and restored goes on, and nothing is signed twice; a wrong word is refused where it shows.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::fs;
use std::path::{Path, PathBuf};

use sanad_api::{Client, Wait};
use sanad_core::batch::Batch;
use sanad_e2e::disk::copy;
use sanad_e2e::{Issuer, Net, Stop, issue, poll};

const ALL: [usize; 4] = [1, 2, 3, 4];
/// No block is due while a test runs, except for work.
const QUIET: [&str; 2] = ["--heartbeat-ms", "60000"];

/// Enters a batch.
async fn enter(client: &Client, issuer: &Issuer, text: &str) {
    let batch = issuer.next(client, vec![issue(text)]).await;
    client.submit(&batch.sign(&issuer.key), Wait::Final).await.unwrap();
}

/// Takes the data directory of a stopped node away, and puts a copy without the consensus log in its place.
fn restore_copy(net: &Net, node: usize) {
    let (data, backup) = (net.node_path(node, "data"), PathBuf::from(net.path(&format!("copy-{node}"))));
    copy(&data, &backup);
    fs::remove_dir_all(&data).unwrap();
    copy(&backup, &data);
    fs::remove_file(data.join("consensus/consensus.log")).unwrap();
}

/// The height of a stopped node's ledger.
fn ledger_height(net: &Net, node: usize) -> u64 {
    let data = net.node_path(node, "data");
    let audited = net.sanad(&["audit", data.to_str().unwrap(), "--genesis", &net.path("net/genesis.json")]);
    audited.json(0)["height"].as_u64().unwrap()
}

fn recover(net: &Net, node: usize, through: u64) -> String {
    let said = net.sanad_node(node, &["recover", "--signed-through", &through.to_string()]);
    assert_eq!(said.code, 0, "{said:?}");
    said.out
}

fn guard(net: &Net, node: usize) -> PathBuf {
    net.node_path(node, "data/consensus/signing.guard")
}

/// Two validators give their first votes at a height that is not decided, and no more than that.
async fn vote_in_vain(net: &Net, height: u64) {
    [1, 2].into_iter().for_each(|node| net.stop_node(node, Stop::Terminate));
    let (client, issuer) = (net.client(3).await, net.issuer("node-1"));
    let batch: Batch = issuer.next(&client, vec![issue("in vain")]).await;
    client.submit(&batch.sign(&issuer.key), Wait::Accepted).await.unwrap();
    let voted = format!("signed position=height {height}, round 0, prevote");
    for node in [3, 4] {
        poll("its first vote", || net.log(node).contains(&voted).then_some(()));
        net.stop_node(node, Stop::Terminate);
        let signed = net.signatures(node).unwrap();
        assert!(signed.keys().all(|at| !at.starts_with(&format!("height {height}, round 0, precommit"))));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_whose_validators_were_all_restored_goes_on() {
    let net = Net::create(&QUIET);
    net.log_signatures();
    net.sanad(&["localnet", "start", &net.dir(), "--timeout", "90s"]).json(0);
    let issuer = net.issuer("node-1");
    enter(&net.client(1).await, &issuer, "before").await;
    let height = net.wait_for_equal_heads(1)[0]["height"].as_u64().unwrap();
    vote_in_vain(&net, height + 1).await;
    for node in ALL {
        restore_copy(&net, node);
        let through = ledger_height(&net, node);
        assert_eq!(through, height);
        let said = recover(&net, node, through);
        // What the guard knows beyond the operator's word still counts.
        let above = format!("nothing after height {}, round 0, prevote, as you say", height + 1);
        assert_eq!(said.contains(&above), [3, 4].contains(&node), "{node}: {said}");
    }
    ALL.into_iter().for_each(|node| net.start_node(node));
    // The batch that was submitted in vain still waits, and is entered as well.
    let issuer = net.issuer("node-2");
    enter(&net.client(1).await, &issuer, "after").await;
    net.wait_for_equal_heads(3);
    let left_out = |node: &usize| net.log(*node).contains("leaving out round 0");
    // The first of the two at the latest votes otherwise than it did. The second one may come when round 0 is over.
    let those: Vec<usize> = ALL.into_iter().filter(left_out).collect();
    assert!(those == [3] || those == [4] || those == [3, 4], "{those:?}");
    for node in ALL {
        net.signatures(node).unwrap();
        assert!(!net.node_path(node, "data/evidence.jsonl").exists());
    }
    // All of them vote from now on, and remember.
    for node in ALL {
        net.stop_node(node, Stop::Kill);
        net.start_node(node);
        enter(&client_of(&net, node).await, &issuer, &format!("after {node}")).await;
    }
    ALL.into_iter().for_each(|node| drop(net.signatures(node).unwrap()));
}

/// A client of another node than one that was just stopped.
async fn client_of(net: &Net, node: usize) -> Client {
    net.client(node % ALL.len() + 1).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_single_validator_that_was_restored_goes_on() {
    let net = Net::create(&["--nodes", "1", "--heartbeat-ms", "60000"]);
    net.log_signatures();
    net.sanad(&["localnet", "start", &net.dir(), "--timeout", "90s"]).json(0);
    let issuer = net.issuer("node-1");
    enter(&net.client(1).await, &issuer, "before").await;
    net.stop_node(1, Stop::Terminate);
    restore_copy(&net, 1);
    recover(&net, 1, ledger_height(&net, 1));
    net.start_node(1);
    enter(&net.client(1).await, &issuer, "after").await;
    net.signatures(1).unwrap();
}

/// Whether `recover` ends with an error that has these words, and changes nothing of a guard.
fn is_refused(net: &Net, node: usize, arguments: &[&str], words: &[&str]) {
    let read = |path: &Path| fs::read(path).unwrap();
    let before = read(&guard(net, node));
    let said = net.sanad_node(node, &[&["recover"], arguments].concat());
    assert_eq!(said.code, 1, "{said:?}");
    words.iter().for_each(|word| assert!(said.err.contains(word), "{word}: {said:?}"));
    assert_eq!(before, read(&guard(net, node)), "{arguments:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_word_is_refused_where_it_shows() {
    let net = Net::start(&QUIET);
    enter(&net.client(1).await, &net.issuer("node-1"), "entry").await;
    net.wait_for_equal_heads(1);
    is_refused(&net, 2, &["--signed-through", "1"], &["in use by another process"]);
    ALL.into_iter().for_each(|node| net.stop_node(node, Stop::Terminate));
    let height = ledger_height(&net, 2);
    let most = u64::MAX.to_string();
    is_refused(&net, 2, &["--signed-through", &most], &["no chain comes so far"]);

    // Twice, and at once after it: the guard stays above what it knew.
    assert!(recover(&net, 2, height).contains("nothing, as you say"));
    assert!(recover(&net, 2, 0).contains(&format!("nothing after height {height}")));
    let ahead = recover(&net, 2, height + 5);
    assert!(ahead.contains(&format!(
        "the ledger ends at height {height}, and the node votes above height {}",
        height + 5
    )));

    // Without a guard that knows better, the ledger shows what was signed.
    let (own, other) = (guard(&net, 3), guard(&net, 4));
    fs::remove_file(&own).unwrap();
    let said = net.sanad_node(3, &["recover", "--signed-through", "0"]);
    // Three of four sign a block, so this one may be without its signature. The key may have signed the next height in any case.
    let signed = said.err.contains("this node's key has signed block");
    assert!(said.code == 1 && (signed || said.err.contains("there is no signing guard")), "{said:?}");
    let said = net.sanad_node(3, &["recover", "--signed-through", &height.to_string()]);
    assert!(said.code == 1 && said.err.contains(&format!("Say {}", height + 1)), "{said:?}");

    // A guard of another key is nobody's business here, and that of the node's own key is made beside it.
    let _ = fs::remove_file(&own);
    fs::copy(&other, &own).unwrap();
    assert!(recover(&net, 3, height + 1).contains("as you say"));
    let guards = fs::read_dir(own.parent().unwrap()).unwrap();
    let guards =
        guards.filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|end| end == "guard"));
    assert_eq!(guards.count(), 2);

    // One of another chain is not touched.
    let elsewhere = Net::create(&QUIET);
    fs::copy(guard(&elsewhere, 4), guard(&net, 4)).unwrap();
    is_refused(&net, 4, &["--signed-through", &height.to_string(), "--yes"], &["is for the chain"]);
    is_refused(&net, 4, &[], &["is for the chain"]);
}
