//! What strangers and peers can make a node spend: connections, descriptors, and bytes of the exchange of batches.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use rustix::process::{Resource, getrlimit, setrlimit};
use sanad_api::{ClientError, ErrorCode, Wait};
use sanad_core::batch::SignedBatch;
use sanad_e2e::relay::Relay;
use sanad_e2e::{Net, Stop, chain_of_batches, poll};

/// Events of a batch of some 130 kB.
const EVENTS: usize = 3_930;

/// Hands in batches one after the other; returns when each was accepted, or with the first error that is not passing.
async fn submit(client: &sanad_api::Client, batches: &[SignedBatch], wait: Wait) {
    let deadline = Instant::now() + sanad_e2e::DEADLINE;
    for batch in batches {
        while let Err(error) = client.submit(batch, wait).await {
            let passing = matches!(&error, ClientError::Status { .. }) && error.is_retryable();
            assert!(passing && Instant::now() < deadline, "{error}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Connections that say nothing, or begin a handshake and stop.
fn strangers(address: SocketAddr, count: usize) -> Vec<TcpStream> {
    let connect = |number: usize| {
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(5)).ok()?;
        if number % 2 == 1 {
            let begun: &[u8] = if number % 4 == 1 {
                b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
            } else {
                b"\x13/multistream/1.0.0\n"
            };
            // It may be closed already.
            let _ = stream.write_all(begun);
        }
        Some(stream)
    };
    (0..count).filter_map(connect).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_do_not_take_the_descriptors_of_a_validator() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();
    let net = Net::start_with_open_files(1024, &["--heartbeat-ms", "1000"]);
    let issuer = net.issuer("node-2");
    // Of the node that is attacked. More keys than an index holds in memory, so that runs are written.
    let client = net.client(1).await;
    let batches = chain_of_batches(&issuer, &client, 30, EVENTS, "load").await;
    let [api, consensus, gossip] = net.listen_addresses(1);
    let mut held = Vec::new();
    for wave in batches.chunks(15) {
        for (address, count) in [(gossip, 1000), (api, 300), (consensus, 200)] {
            held.extend(strangers(address, count));
        }
        submit(&client, wave, Wait::Final).await;
        // An honest client with connections of its own.
        let folder = net.documents(&format!("wave-{}", held.len()), 2);
        net.sanad(&["issue", &folder, "--issuer-dir", &net.path("net/node-1"), "--node", &net.url(1)])
            .json(0);
        let status = net.sanad(&["status", &format!("{folder}/000.json"), "--node", &net.url(1)]).json(0);
        assert_eq!(status["verdict"], "active");
    }
    assert!(held.len() >= 2_900, "{} connections were made", held.len());
    let entries = (batches.len() * EVENTS + 4) as u64;
    net.wait_for_equal_heads(entries);
    let log = std::fs::read_to_string(net.node_path(1, "node.log")).unwrap();
    for bad in ["Too many open files", "takes no more"] {
        assert!(!log.contains(bad), "{bad}: {log}");
    }
    assert!(log.contains("ulimit -n"), "the node says that it serves fewer connections");
    let runs = net.node_path(1, "data/ledger/index").join("issuances");
    poll("an index run", || {
        let files = std::fs::read_dir(&runs).ok()?;
        files.flatten().find(|file| file.path().extension().is_some_and(|kind| kind == "run"))
    });

    drop(held);
    for node in 1..=4 {
        net.sanad(&["node", "status", "--node", &net.url(node)]).json(0);
    }
    let folder = net.documents("after", 1);
    net.sanad(&["issue", &folder, "--issuer-dir", &net.path("net/node-1"), "--node", &net.url(1)]).json(0);
    net.wait_for_equal_heads(entries + 1);
    poll("all peers", || {
        let peers = net.sanad(&["peer", "list", "--node", &net.url(1)]);
        (peers.code == 0
            && !peers.out.contains("\"connected\": false")
            && !peers.out.contains("\"connected\":false"))
        .then_some(())
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_restarts_is_sent_what_waits_once() {
    let net = Net::start(&["--heartbeat-ms", "1000"]);
    // No quorum from now on, and all that the other two exchange goes through relays.
    (1..=4).for_each(|node| net.stop_node(node, Stop::Terminate));
    let mut relays = Vec::new();
    for (node, other) in [(1, 2), (2, 1)] {
        let [_, _, gossip] = net.listen_addresses(other);
        let relay = Relay::start(gossip);
        let path = net.node_path(node, "node.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        let of_peers = text.replace(&gossip.to_string(), &relay.address().to_string());
        assert_ne!(of_peers, text);
        std::fs::write(&path, of_peers).unwrap();
        relays.push(relay);
    }
    let bytes_moved = || relays.iter().map(Relay::bytes).sum::<u64>();
    net.start_node(1);
    net.start_node(2);
    let client = net.client(1).await;
    let batches = chain_of_batches(&net.issuer("node-1"), &client, 120, EVENTS, "waiting").await;
    let size: u64 = batches.iter().map(|batch| batch.bytes().len() as u64).sum();
    assert!(size > 15_000_000);
    submit(&client, &batches, Wait::Accepted).await;
    let near = |what: &str, before: u64| {
        poll(what, || (bytes_moved() - before >= size).then_some(()));
        // The rest of the last message, and then nothing that counts.
        let watched = Instant::now() + Duration::from_secs(3);
        while Instant::now() < watched {
            let moved = bytes_moved() - before;
            assert!(moved < size + size / 10, "{what}: {moved} bytes for batches of {size}");
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    near("the batches on their way to node 2", 0);

    let before = bytes_moved();
    net.stop_node(2, Stop::Kill);
    net.start_node(2);
    near("the batches on their way to node 2, which had lost them", before);

    let before = bytes_moved();
    net.stop_node(2, Stop::Terminate);
    net.start_node(2);
    poll("node 2 to be connected again", || (bytes_moved() > before + 4_096).then_some(()));
    net.start_node(3);
    net.start_node(4);
    net.wait_for_equal_heads((batches.len() * EVENTS) as u64);
    let moved = bytes_moved() - before;
    assert!(moved < size / 10, "{moved} bytes for a node that had saved its batches");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_that_fills_the_pools_keeps_no_other_out() {
    let net = Net::start(&["--heartbeat-ms", "1000"]);
    // No quorum from now on, and pools of some 16 batches.
    (1..=4).for_each(|node| net.stop_node(node, Stop::Terminate));
    for node in 1..=4 {
        let path = net.node_path(node, "node.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(!text.contains("[pool]"));
        std::fs::write(&path, text + "\n[pool]\nbytes_max = 2097152\n").unwrap();
    }
    net.start_node(1);
    net.start_node(2);
    let (first, second) = (net.client(1).await, net.client(2).await);
    let flood = chain_of_batches(&net.issuer("node-1"), &first, 20, EVENTS, "flood").await;
    let mut taken = 0;
    let full = loop {
        match first.submit(&flood[taken], Wait::Accepted).await {
            Ok(_) => taken += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(full.code(), Some(ErrorCode::PoolFull));
    assert!(taken > 10);
    let is_at = async |client: &sanad_api::Client, batch: &SignedBatch| {
        let deadline = Instant::now() + sanad_e2e::DEADLINE;
        while client.batch(&batch.id()).await.is_err() {
            assert!(Instant::now() < deadline, "a batch does not come");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    is_at(&second, &flood[taken - 1]).await;

    // Another member is served at once, and its batches reach the node that is flooded.
    let honest = chain_of_batches(&net.issuer("node-2"), &second, 4, EVENTS, "honest").await;
    for batch in &honest {
        second.submit(batch, Wait::Accepted).await.unwrap();
    }
    for batch in &honest {
        is_at(&first, batch).await;
    }
    for client in [&first, &second] {
        let gone = client.batch(&flood[taken - 1].id()).await.unwrap_err();
        assert_eq!(gone.code(), Some(ErrorCode::Displaced), "{gone}");
    }

    // With a quorum again, all becomes final; what gave way is submitted once more.
    net.start_node(3);
    net.start_node(4);
    for (client, batches) in [(&second, &honest), (&first, &flood)] {
        submit(client, batches, Wait::Final).await;
    }
    net.wait_for_equal_heads(((honest.len() + flood.len()) * EVENTS) as u64);
}

/// Without a handler, SIGXFSZ ends the process without a word.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_whose_files_may_not_grow_says_so_and_loses_nothing() {
    let net = Net::start(&["--heartbeat-ms", "1000"]);
    net.stop_node(1, Stop::Terminate);
    let said = net.path("limited.log");
    // More than the log of consensus, which has its length from the start, and less than the blocks to come, in kilobytes.
    let mut limited = std::process::Command::new("bash")
        .args(["-c", "ulimit -f 1200; exec \"$0\" \"$@\""])
        .arg(sanad_e2e::program("sanad-node").get_program())
        .args(["run", "--config"])
        .arg(net.node_path(1, "node.toml"))
        .env("SANAD_PASSPHRASE_FILE", net.path("net/passphrase"))
        .stderr(std::fs::File::create(&said).unwrap())
        .spawn()
        .unwrap();
    let client = net.client(2).await;
    let batches = chain_of_batches(&net.issuer("node-2"), &client, 12, EVENTS, "long").await;
    submit(&client, &batches, Wait::Final).await;
    let ended = poll("its end", || limited.try_wait().unwrap());
    let said = std::fs::read_to_string(said).unwrap();
    assert_eq!(ended.code(), Some(1), "{ended}: {said}");
    let last = said.lines().last().unwrap();
    assert!(last.contains("File too large") && last.contains("raise the limit (`ulimit -f`"), "{said}");

    let (out, key) = (net.path("export"), net.path("checkpoint.json"));
    net.sanad(&["key", "new", "--purpose", "checkpoint", "--out", &key]).json(0);
    let export = std::process::Command::new("bash")
        .args(["-c", "ulimit -f 64; exec \"$0\" \"$@\""])
        .arg(sanad_e2e::program("sanad").get_program())
        .args([
            "export",
            &out,
            "--key",
            &key,
            "--genesis",
            &net.path("net/genesis.json"),
            "--node",
            &net.url(2),
        ])
        .env("SANAD_PASSPHRASE_FILE", net.path("net/passphrase"))
        .output()
        .unwrap();
    let words = String::from_utf8(export.stderr).unwrap();
    assert!(export.status.code() == Some(2) && words.contains("File too large"), "{words}");

    net.start_node(1);
    net.wait_for_equal_heads((batches.len() * EVENTS) as u64);
}
