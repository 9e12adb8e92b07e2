//! Members, validators and keys change on a network that runs, by votes and keys alone: no file of a running node is edited.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use sanad_api::{BatchOutcome, Client, PeerKind, ProofForm, Wait};
use sanad_core::block::ProtocolVersion;
use sanad_core::event::Event;
use sanad_core::governance::Change;
use sanad_core::ids::Height;
use sanad_core::member::KeyPurpose;
use sanad_core::signature::{PublicKey, SecretKey};
use sanad_e2e::members::{Governor, decide, later_guards, validators, wait_for_votes};
use sanad_e2e::{Issuer, Net, Stop, issue, reserve_ports, until};

/// Submits batches one after another until it is told to stop; each must become final. Counts them.
async fn load(client: Client, issuer: Issuer, stop: Arc<AtomicBool>, entered: Arc<AtomicUsize>) {
    let mut next = issuer.next(&client, Vec::new()).await;
    while !stop.load(Ordering::Relaxed) {
        let mut batch = next.clone();
        batch.events = (0..10).map(|n| issue(&format!("{}/{}/{n}", issuer.id, next.sequence))).collect();
        let batch = batch.sign(&issuer.key);
        let result = client.submit(&batch, Wait::Final).await.unwrap();
        assert!(matches!(result.outcome, BatchOutcome::Final(_)), "{result:?}");
        entered.fetch_add(1, Ordering::Relaxed);
        (next.sequence, next.previous) = (next.sequence.next(), batch.id());
    }
}

/// In which of the two networks a node is connected with the holder of a key.
async fn connected(client: &Client, key: &PublicKey) -> Vec<PeerKind> {
    let peers = client.peers().await.unwrap();
    peers.iter().filter(|peer| peer.connected && peer.network_key == *key).map(|peer| peer.kind).collect()
}

fn new_key(name: &str) -> SecretKey {
    SecretKey::from_seed(&blake3::derive_key("sanad e2e later key", name.as_bytes()))
}

/// 4, 5, 7 and 4 validators again, with load on, one down, and a key rotated: nothing is refused and nothing stops.
#[tokio::test(flavor = "multi_thread")]
async fn validators_come_and_go_while_batches_are_entered() {
    let net = Net::start(&["--heartbeat-ms", "500", "--issuers", "1"]);
    let folder = net.documents("before", 3);
    let dir = net.path("net/node-1");
    net.sanad(&["issue", &folder, "--issuer-dir", &dir, "--node", &net.url(1)]).json(0);
    let client = net.client(1).await;
    let (stop, entered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let issuer_folder = std::fs::read_dir(net.path("net/issuers")).unwrap().next().unwrap().unwrap();
    let issuer = net.issuer(&format!("issuers/{}", issuer_folder.file_name().to_str().unwrap()));
    let loading = tokio::spawn(load(client.clone(), issuer, Arc::clone(&stop), Arc::clone(&entered)));

    let mut all: Vec<Governor> = (1..=4).map(|node| net.governor(node)).collect();
    let admit = async |all: &mut Vec<Governor>, node: usize, voters: &[usize]| {
        let newcomer = net.newcomer(node, 1);
        let said = net.sanad_node(node, &["init"]);
        assert_eq!(said.code, 0, "{said:?}");
        let chosen: Vec<&Governor> = voters.iter().map(|node| &all[node - 1]).collect();
        decide(&client, &chosen, newcomer.admission(&net)).await;
        net.start_node(node);
        let key = newcomer.member.network_key.unwrap();
        until("all networks of the newcomer", async || {
            connected(&net.client(2).await, &key).await.len() == 2
        })
        .await;
        all.push(net.governor(node));
    };
    let set = async |all: &[Governor], voters: &[usize], new: &[usize]| {
        let pick = |nodes: &[usize]| -> Vec<&Governor> { nodes.iter().map(|node| &all[node - 1]).collect() };
        decide(&client, &pick(voters), validators(&pick(new))).await;
    };
    admit(&mut all, 5, &[1, 2, 3]).await;
    set(&all, &[1, 2, 3], &[1, 2, 3, 4, 5]).await;
    wait_for_votes(&net, 1, 5, 5).await;

    // A consensus key is replaced: its file is found beside the other, which never signs again.
    let key = new_key("consensus of node 2");
    net.write_key(2, "consensus-2", "consensus", &key);
    all[1].rotate(&client, KeyPurpose::Consensus, &key).await;
    until("the guard of the new key", async || later_guards(&net, 2).len() == 1).await;
    wait_for_votes(&net, 2, 5, 5).await;
    assert!(net.sanad_node(2, &["check", "--offline"]).out.contains("signed last"), "the old guard is there");

    // One down, and two more.
    net.stop_node(4, Stop::Kill);
    admit(&mut all, 6, &[1, 2, 3, 5]).await;
    admit(&mut all, 7, &[1, 2, 3, 5]).await;
    set(&all, &[1, 2, 3, 5], &[1, 2, 3, 4, 5, 6, 7]).await;
    wait_for_votes(&net, 1, 6, 7).await;
    net.start_node(4);
    wait_for_votes(&net, 1, 7, 7).await;

    // And four again. Those that leave follow.
    set(&all, &[1, 2, 3, 5, 6], &[1, 2, 5, 6]).await;
    wait_for_votes(&net, 1, 4, 4).await;
    let before = entered.load(Ordering::Relaxed);
    until("more batches", async || entered.load(Ordering::Relaxed) > before + 10).await;

    // One is expelled: nobody talks to it any more.
    let expelled = net.key(7, "network").public();
    let retire = Change::Retire { member: all[6].id.parse().unwrap() };
    decide(&client, &[&all[0], &all[1], &all[4]], retire).await;
    for node in [1, 3, 6] {
        let client = net.client(node).await;
        until("the end of its connections", async || connected(&client, &expelled).await.is_empty()).await;
    }
    stop.store(true, Ordering::Relaxed);
    loading.await.unwrap();
    net.stop_node(7, Stop::Terminate);
    until("equal heads", async || {
        let status = net.status();
        status[..6]
            .iter()
            .all(|node| node["state"] == "running" && node["head_hash"] == status[0]["head_hash"])
    })
    .await;

    // What was issued before the first change holds after the last, offline: by the genesis, and, once it is renewed, by a
    // trust file. Its old signers do not suffice for that: too few of them still hold their keys.
    let document = format!("{folder}/001.json");
    assert_eq!(net.sanad(&["verify", &document]).json(0)["verdict"], "active");
    let trust = net.path("trust.json");
    net.sanad(&["trust", "fetch", &trust, "--node", &net.url(5)]).json(0);
    let old = net.sanad(&["verify", &document, "--trust", &trust]).json(1);
    assert_eq!(old["verdict"], "needs-history-path");
    let (receipt, renewed) = (format!("{document}.receipt.json"), net.path("renewed.receipt.json"));
    let said = net.sanad(&["receipt", "renew", &receipt, &renewed, "--node", &net.url(6)]);
    assert_eq!(said.code, 0, "{said:?}");
    let verified = net.sanad(&["verify", &document, "--receipt", &renewed, "--trust", &trust]);
    assert_eq!(verified.json(0)["verdict"], "active");
}

/// A network key is replaced: the node finds the new one, and says so if it does not.
#[tokio::test(flavor = "multi_thread")]
async fn a_network_key_is_replaced_while_the_network_runs() {
    let net = Net::start(&["--heartbeat-ms", "500"]);
    let (client, owner) = (net.client(1).await, net.governor(2));
    let (old, new) = (net.key(2, "network").public(), new_key("network of node 2"));
    owner.rotate(&client, KeyPurpose::Network, &new).await;
    // Without its file the node is alone, and says why.
    until("a warning", async || {
        let diagnosis = net.client(2).await.diagnosis().await.unwrap();
        diagnosis.warnings.iter().any(|warning| warning.code == "key-missing")
    })
    .await;
    until("the end of the old key", async || connected(&client, &old).await.is_empty()).await;
    net.write_key(2, "network-2", "network", &new);
    until("the new key", async || connected(&client, &new.public()).await.len() == 2).await;
    wait_for_votes(&net, 1, 4, 4).await;
    // The configuration still names the old file: the node knows better.
    net.stop_node(2, Stop::Terminate);
    net.start_node(2);
    until("the new key again", async || connected(&client, &new.public()).await.len() == 2).await;
    net.wait_for_equal_heads(0);
}

/// "One disk lost, nothing kept" in docs/operations.md: a fresh consensus key, by the governance key.
#[tokio::test(flavor = "multi_thread")]
async fn a_validator_without_a_disk_votes_again_by_a_fresh_key() {
    let net = Net::start(&["--heartbeat-ms", "500"]);
    net.stop_node(4, Stop::Kill);
    std::fs::remove_dir_all(net.node_path(4, "data")).unwrap();
    let refused = net.sanad_node(4, &["run"]);
    assert_eq!(refused.code, 1, "{refused:?}");

    let recovered = net.sanad_node(4, &["recover"]);
    assert_eq!(recovered.code, 0, "{recovered:?}");
    let (client, key) = (net.client(1).await, new_key("consensus of node 4"));
    net.write_key(4, "consensus-2", "consensus", &key);
    net.governor(4).rotate(&client, KeyPurpose::Consensus, &key).await;
    net.start_node(4);
    until("the guard of the new key", async || later_guards(&net, 4).len() == 1).await;
    wait_for_votes(&net, 4, 4, 4).await;
    let member = client.member(&net.governor(4).id.parse().unwrap(), ProofForm::Compact).await.unwrap();
    assert_eq!(member.rest.current_key(KeyPurpose::Consensus), Some(key.public()));
    net.wait_for_equal_heads(0);

    // The memory of the new key is lost, and the configuration still names the first.
    net.stop_node(4, Stop::Kill);
    std::fs::remove_dir_all(net.node_path(4, "data/consensus")).unwrap();
    let refused = net.sanad_node(4, &["run"]);
    assert_eq!(refused.code, 1, "{refused:?}");
    let recovered = net.sanad_node(4, &["recover"]);
    assert_eq!(recovered.code, 0, "{recovered:?}");
    assert_eq!(later_guards(&net, 4).len(), 1, "the key in force has a guard");
    net.start_node(4);
    wait_for_votes(&net, 4, 4, 4).await;
}

/// "One disk lost, and peers that cannot answer" in docs/operations.md: the same key, by the governance key's word.
#[tokio::test(flavor = "multi_thread")]
async fn a_validator_without_a_disk_votes_again_by_a_rejoin_statement() {
    let net = Net::create(&["--heartbeat-ms", "500"]);
    net.log_signatures();
    // Of the others, one alone can tell it how far it is: too few. Nothing listens where it looks for the rest.
    let ports = reserve_ports(3);
    let text = std::fs::read_to_string(net.node_path(4, "node.toml")).unwrap();
    let mut text = text.replace(
        &format!("[gossip]\nlisten = \"{}\"", net.listen_addresses(4)[2]),
        &format!("[gossip]\nlisten = \"127.0.0.1:{}\"", ports[2]),
    );
    for (other, port) in [2, 3].into_iter().zip(&ports) {
        let gossip = net.listen_addresses(other)[2];
        text = text.replace(&format!("gossip = \"{gossip}\""), &format!("gossip = \"127.0.0.1:{port}\""));
    }
    std::fs::write(net.node_path(4, "node.toml"), text).unwrap();
    net.sanad(&["localnet", "start", &net.dir(), "--timeout", "90s"]).json(0);
    wait_for_votes(&net, 1, 4, 4).await;

    net.stop_node(4, Stop::Kill);
    std::fs::remove_dir_all(net.node_path(4, "data")).unwrap();
    let recovered = net.sanad_node(4, &["recover"]);
    assert_eq!(recovered.code, 0, "{recovered:?}");
    assert!(recovered.out.contains("sanad member rejoin"), "{recovered:?}");
    let before = net.log(4).len() as u64;
    net.start_node(4);
    let lost = net.client(4).await;
    until("the advice", async || {
        let warnings = lost.diagnosis().await.unwrap().warnings;
        warnings.iter().any(|warning| warning.advice.contains("sanad member rejoin"))
    })
    .await;
    until("all blocks", async || {
        let head = net.client(1).await.head().await.unwrap().header.height;
        lost.node_status().await.unwrap().rejoin.is_some()
            && lost.head().await.is_ok_and(|last| last.header.height.0 + 2 > head.0)
    })
    .await;
    assert!(!net.has_signed_since(4, before), "it signs nothing before");

    let (dir, other, own) = (net.node_path(4, ""), net.url(1), net.url(4));
    let dir = dir.to_str().unwrap();
    // A node that votes has nothing to rejoin.
    let refused =
        net.sanad(&["member", "rejoin", "--of", &other, "--node", &other, "--member-dir", dir, "--yes"]);
    assert_eq!(refused.code, 2, "{refused:?}");
    let acted = net
        .sanad(&["member", "rejoin", "--of", &own, "--node", &other, "--member-dir", dir, "--yes"])
        .json(0);
    let entered = acted["batches"][0]["height"].as_u64().unwrap();
    wait_for_votes(&net, 1, 4, 4).await;
    assert_eq!(lost.node_status().await.unwrap().rejoin, None);
    assert!(net.log(4).contains("a rejoin statement is entered"), "it was this that let it vote");

    // Nothing was signed twice, and nothing up to the statement in its second life.
    let signed = net.signatures(4).unwrap();
    assert!(!signed.is_empty());
    let second_life = &net.log(4)[before as usize..];
    let heights = second_life.lines().filter_map(|line| {
        let (_, rest) = line.split_once("signed position=")?;
        let digits: String =
            rest.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
        digits.parse::<u64>().ok()
    });
    let lowest = heights.min().unwrap();
    assert!(lowest > entered, "signed at height {lowest}, the statement is in block {entered}");

    // Without its ledger, but with this guard, it passes its own statement once more: that is of before the guard's last signature.
    net.stop_node(4, Stop::Terminate);
    std::fs::remove_dir_all(net.node_path(4, "data/ledger")).unwrap();
    assert_eq!(net.sanad_node(4, &["recover"]).code, 0);
    net.start_node(4);
    let from = net.client(1).await.head().await.unwrap().header.height.0;
    wait_for_votes(&net, 1, 4, 4).await;
    until("a vote after it", async || net.metric(4, "sanad_own_last_signed_height") > Some(from as f64))
        .await;

    // The statement counts for that process alone: one that is lost again needs another.
    net.stop_node(4, Stop::Kill);
    std::fs::remove_dir_all(net.node_path(4, "data")).unwrap();
    assert_eq!(net.sanad_node(4, &["recover"]).code, 0);
    let before = net.log(4).len() as u64;
    net.start_node(4);
    let lost = net.client(4).await;
    until("all blocks again", async || {
        let head = net.client(1).await.head().await.unwrap().header.height;
        lost.head().await.is_ok_and(|last| {
            let last = last.header.height.0;
            last + 2 > head.0 && last > entered + 5
        })
    })
    .await;
    assert!(lost.node_status().await.unwrap().rejoin.is_some());
    assert!(!net.has_signed_since(4, before), "an old statement frees nobody");
}

/// What is voted in is in force on nodes that run, and nothing is started anew.
#[tokio::test(flavor = "multi_thread")]
async fn parameters_that_are_voted_in_change_how_nodes_run() {
    let net = Net::start(&["--heartbeat-ms", "5000"]);
    let client = net.client(1).await;
    let members: Vec<Governor> = (1..=3).map(|node| net.governor(node)).collect();
    let voters: Vec<&Governor> = members.iter().collect();
    let metric = |node: usize| net.metric(node, "sanad_heartbeat_seconds");
    until("the genesis's heartbeat", async || metric(1) == Some(5.0)).await;
    let change = Change::SetParameters { block_bytes_max: 2 << 20, heartbeat_ms: 200 };
    decide(&client, &voters, change).await;
    let from = client.head().await.unwrap().header.height.0;
    until("twenty heartbeats", async || client.head().await.unwrap().header.height.0 > from + 20).await;
    for node in 1..=4 {
        until("the new heartbeat", async || metric(node) == Some(0.2)).await;
    }
}

/// No node of this network knows the version that is voted in: each says so from that moment on, and stops cleanly.
#[tokio::test(flavor = "multi_thread")]
async fn nodes_say_that_they_are_outdated_before_they_are() {
    let net = Net::start(&["--heartbeat-ms", "100"]);
    let client = net.client(1).await;
    let members: Vec<Governor> = (1..=3).map(|node| net.governor(node)).collect();
    let known = client.head().await.unwrap().header.version;
    // Of a localnet they know the one after theirs, too.
    let protocol = ProtocolVersion { rules: known.rules + 2, ..known };
    let height = Height(client.head().await.unwrap().header.height.0 + 160);
    let voters: Vec<&Governor> = members.iter().collect();
    decide(&client, &voters, Change::ActivateProtocol { protocol, height }).await;
    let says = async |node: usize, code: &str| {
        let client = net.client(node).await;
        until(code, async || {
            let diagnosis = client.diagnosis().await.unwrap();
            diagnosis.warnings.iter().any(|warning| warning.code == code)
        })
        .await;
    };
    for node in 1..=4 {
        says(node, "protocol-coming").await;
    }
    for node in 1..=4 {
        says(node, "outdated").await;
        let head = net.client(node).await.head().await.unwrap().header;
        assert_eq!(head.height.next(), height, "the last block that node {node} knows the rules of");
    }
    // The process goes on, answers, and says the same after a restart.
    net.stop_node(3, Stop::Terminate);
    net.start_node(3);
    says(3, "outdated").await;
    assert!(net.status().iter().all(|node| node["state"] == "running"), "{:?}", net.status());
}

/// An upgrade on a running network: three nodes know the next version, one was forgotten.
#[tokio::test(flavor = "multi_thread")]
async fn a_network_goes_on_under_the_next_version_and_a_forgotten_node_stops_voting() {
    let net = Net::start(&["--heartbeat-ms", "100"]);
    net.stop_node(4, Stop::Terminate);
    net.start_node_by(4, "env SANAD_WITHOUT_TEST_VERSION=true").json(0);
    let folder = net.documents("before", 2);
    let dir = net.path("net/node-1");
    wait_for_votes(&net, 1, 4, 4).await;
    net.sanad(&["issue", &folder, "--issuer-dir", &dir, "--node", &net.url(1)]).json(0);

    let client = net.client(1).await;
    let members: Vec<Governor> = (1..=3).map(|node| net.governor(node)).collect();
    let voters: Vec<&Governor> = members.iter().collect();
    let known = client.head().await.unwrap().header.version;
    let height = Height(client.head().await.unwrap().header.height.0 + 200);
    let change = Change::ActivateProtocol { protocol: ProtocolVersion::TEST, height };
    let proposal = members[0].propose(&client, change).await;
    let warned = async |node: usize, code: &str| {
        let diagnosis = net.client(node).await.diagnosis().await.unwrap();
        diagnosis.warnings.iter().any(|warning| warning.code == code)
    };
    assert!(!warned(4, "protocol-coming").await, "a proposal decides nothing");
    for voter in &voters[1..] {
        voter.act(&client, vec![Event::Approve { proposal }]).await;
    }
    // From that moment on: in the status, as a metric, in the log.
    until("the warning", async || warned(4, "protocol-coming").await).await;
    assert!(client.head().await.unwrap().header.height.0 + 100 < height.0, "well before");
    let metric = "sanad_warning{code=\"protocol-coming\"}";
    assert_eq!(net.metric(4, metric), Some(1.0), "{:?}", net.admin(4, "/metrics"));
    assert!(net.log(4).contains("protocol-coming"), "the log says it");
    assert!(!warned(1, "protocol-coming").await, "the others know the version");

    until("the version in force", async || client.head().await.unwrap().header.height.0 > height.0 + 5).await;
    assert_eq!(client.header(Height(height.0 - 1)).await.unwrap().header.version, known);
    assert_eq!(client.header(height).await.unwrap().header.version, ProtocolVersion::TEST);
    until("the end of its votes", async || warned(4, "outdated").await).await;
    wait_for_votes(&net, 1, 3, 4).await;
    // It answers as of the last block whose rules it knows, and does not end.
    assert_eq!(net.client(4).await.head().await.unwrap().header.height.next(), height);
    let after = net.documents("after", 2);
    net.sanad(&["issue", &after, "--issuer-dir", &dir, "--node", &net.url(1)]).json(0);
    for document in [format!("{folder}/001.json"), format!("{after}/001.json")] {
        assert_eq!(net.sanad(&["verify", &document]).json(0)["verdict"], "active");
    }

    // A newer program on the same directory goes on, and votes.
    net.stop_node(4, Stop::Terminate);
    net.start_node(4);
    wait_for_votes(&net, 4, 4, 4).await;
    net.wait_for_equal_heads(4);

    // Export and audit read across the boundary.
    let export = net.path("export");
    let data = net.node_path(4, "data");
    net.stop_node(4, Stop::Terminate);
    let key = net.path("checkpoint.json");
    net.sanad(&["key", "new", "--purpose", "checkpoint", "--out", &key]).json(0);
    net.sanad(&["export", &export, "--key", &key, "--data", data.to_str().unwrap()]).json(0);
    net.sanad(&["audit", data.to_str().unwrap()]).json(0);
    net.sanad(&["audit", &export]).json(0);
}
