//! Bad batches over gRPC: each has a code, a word and a sentence, and leaves the ledger as it was.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use sanad_api::{Client, ClientError, Wait};
use sanad_core::batch::{Batch, BatchChain};
use sanad_core::event::Event;
use sanad_core::hash::{BatchId, ChainId};
use sanad_core::ids::{LogIndex, Sequence};
use sanad_core::signature::SecretKey;
use sanad_e2e::{Issuer, Net, Stop, issue};

async fn word(client: &Client, batch: Batch, key: &SecretKey) -> String {
    match client.submit(&batch.sign(key), Wait::Final).await {
        Err(ClientError::Status { code: Some(code), message, .. }) => {
            assert!(message.len() > 20, "a sentence, not \"{message}\"");
            code.to_string()
        }
        other => panic!("expected a refusal, found {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_batches_are_refused_each_with_its_word() {
    let net = Net::start(&["--issuers", "1"]);
    let (one, two) = (net.issuer("node-1"), net.issuer("node-2"));
    let client = net.client(1).await;
    let first = one.next(&client, vec![issue("a"), issue("b")]).await.sign(&one.key);
    client.submit(&first, Wait::Final).await.unwrap();
    let suspend = one.next(&client, vec![Event::Suspend { target: LogIndex(1) }]).await;
    client.submit(&suspend.sign(&one.key), Wait::Final).await.unwrap();
    let revoke = one.next(&client, vec![Event::Revoke { target: LogIndex(1) }]).await;
    client.submit(&revoke.sign(&one.key), Wait::Final).await.unwrap();

    let next = async |events: Vec<Event>| one.next(&client, events).await;
    let base = next(vec![issue("c")]).await;
    let stranger = Issuer { id: "nobody.example".into(), key: SecretKey::from_seed(&[1; 32]) };
    let target = |index| Event::Revoke { target: LogIndex(index) };
    let cases: Vec<(&str, Batch, &SecretKey)> = vec![
        ("bad-signature", base.clone(), &two.key),
        ("unknown-issuer", Batch { issuer: stranger.id.parse().unwrap(), ..base.clone() }, &stranger.key),
        ("foreign-chain", Batch { chain_id: ChainId([9; 32]), ..base.clone() }, &one.key),
        // An issuing key says nothing on the chain of governance.
        ("bad-signature", Batch { chain: BatchChain::Governance, ..base.clone() }, &one.key),
        ("sequence-used", Batch { sequence: Sequence(0), ..base.clone() }, &one.key),
        ("sequence-gap", Batch { sequence: Sequence(9), ..base.clone() }, &one.key),
        ("fork", Batch { previous: BatchId([4; 32]), ..base.clone() }, &one.key),
        ("duplicate-commitment", next(vec![issue("x"), issue("x")]).await, &one.key),
        ("already-issued", next(vec![issue("b")]).await, &one.key),
        ("another-issuer", two.next(&client, vec![target(0)]).await, &two.key),
        ("not-an-issuance", next(vec![target(2)]).await, &one.key),
        ("status-conflict", next(vec![target(1)]).await, &one.key),
        ("unknown-target", next(vec![target(99)]).await, &one.key),
    ];
    for (expected, batch, key) in cases {
        assert_eq!(word(&client, batch, key).await, expected);
    }
    net.wait_for_equal_heads(4);
    assert_eq!(client.node_status().await.unwrap().log_size.0, 4, "nothing of it was entered");
    let good = client.submit(&base.sign(&one.key), Wait::Final).await;
    assert!(good.is_ok(), "and the issuer goes on: {good:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_pool_says_so_and_loses_nothing() {
    let net = Net::create(&["--issuers", "6", "--heartbeat-ms", "1000"]);
    for node in 1..=4 {
        let path = net.node_path(node, "node.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text + "\n[pool]\nbytes_max = 3000\nbatches_per_issuer_max = 2\n").unwrap();
    }
    net.sanad(&["localnet", "start", &net.dir(), "--timeout", "90s"]).json(0);
    net.wait_for_equal_heads(0);
    net.stop_node(3, Stop::Kill);
    net.stop_node(4, Stop::Kill);
    let client = net.client(1).await;
    let one = net.issuer("node-1");
    let mut batch = one.next(&client, vec![issue("0")]).await;
    for number in 1..=3 {
        let signed = batch.clone().sign(&one.key);
        match (number, client.submit(&signed, Wait::Accepted).await) {
            (1 | 2, Ok(_)) => {}
            (3, Err(error)) => assert!(error.is_retryable(), "{error}"),
            (_, other) => panic!("batch {number}: {other:?}"),
        }
        batch.previous = signed.id();
        batch.sequence = batch.sequence.next();
        batch.events = vec![issue(&number.to_string())];
    }
    let two = net.issuer("node-2");
    let large = (0..80).map(|n| issue(&format!("large {n}"))).collect();
    let full = two.next(&client, large).await.sign(&two.key);
    match client.submit(&full, Wait::Accepted).await {
        Err(error @ ClientError::Status { .. }) => {
            assert!(error.is_retryable() && error.to_string().contains("full"), "{error}");
        }
        other => panic!("{other:?}"),
    }
    net.start_node(3);
    net.start_node(4);
    net.wait_for_equal_heads(2);
}
