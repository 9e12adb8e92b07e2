//! A commitment that another member copies out of the pool, and enters first, harms nobody.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::path::PathBuf;

use sanad_api::{BatchOutcome, ClientError, CredentialKey, ErrorCode, ProofForm, Wait};
use sanad_core::batch::SignedBatch;
use sanad_core::event::Event;
use sanad_core::receipt::Receipt;
use sanad_core::trust::TrustAnchor;
use sanad_e2e::{Net, Stop};
use serde_json::Value;

fn pending(folder: &str) -> PathBuf {
    let mut files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    files.find(|path| path.to_string_lossy().contains(".sanad-pending-")).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copied_commitment_opens_to_nothing_and_blocks_nobody() {
    let net = Net::start(&["--heartbeat-ms", "1000"]);
    let folder = net.documents("awards", 3);
    let document = format!("{folder}/001.json");
    let owner = net.path("net/node-1");
    // Two of four are no quorum: the batch waits in the pools, for everybody to see.
    net.stop_node(3, Stop::Terminate);
    net.stop_node(4, Stop::Terminate);
    let issue = ["issue", &folder, "--issuer-dir", &owner, "--node", &net.url(1), "--wait", "2s"];
    assert_eq!(net.sanad(&issue).code, 2);
    let file: Value = serde_json::from_slice(&std::fs::read(pending(&folder)).unwrap()).unwrap();
    let batch = SignedBatch::decode(&hex::decode(file["batch"].as_str().unwrap()).unwrap()).unwrap();
    let copied: Vec<Event> = batch.batch().events.clone();

    // The pools are lost, and the copy is entered before the owner tries again.
    (1..=2).for_each(|node| net.stop_node(node, Stop::Kill));
    net.sanad(&["localnet", "start", &net.dir(), "--timeout", "90s"]).json(0);
    net.wait_for_equal_heads(0);
    let (thief, client) = (net.issuer("node-2"), net.client(2).await);
    let stolen = thief.next(&client, copied).await.sign(&thief.key);
    let outcome = client.submit(&stolen, Wait::Final).await.unwrap().outcome;
    assert!(matches!(outcome, BatchOutcome::Final(place) if place.first_index.0 == 0), "{outcome:?}");

    // The owner's batch is as good as ever.
    let resumed = net.sanad(&["issue", "--resume", &folder, "--node", &net.url(1)]).json(0);
    assert_eq!(resumed["issued"].as_array().unwrap().len(), 3);
    net.wait_for_equal_heads(6);
    let found = net.sanad(&["verify", &document]).json(0);
    let found = &found["findings"][0];
    assert_eq!(
        (&found["verdict"], &found["issuer"]["id"]),
        (&"active".into(), &"univ-merapi.example".into())
    );
    assert!(found["log_index"].as_u64() >= Some(3));

    // The thief's entry opens to nothing: not with the owner's document and secret either.
    let commitment = found["commitment"].as_str().unwrap().parse().unwrap();
    let key = CredentialKey::Issuance { issuer: thief.id.parse().unwrap(), commitment };
    let proof = client.status(&key, ProofForm::SelfContained).await.unwrap();
    proof.verify(&TrustAnchor::new(&net.genesis()).unwrap()).unwrap();
    assert_eq!(proof.entry.issuer.as_str(), thief.id);
    let text = std::fs::read(format!("{document}.receipt.json")).unwrap();
    let receipt = Receipt { proof, ..Receipt::from_json(&text).unwrap() };
    let forged = net.path("forged.receipt.json");
    std::fs::write(&forged, receipt.to_json()).unwrap();
    let refused = net.sanad(&["verify", &document, "--receipt", &forged]).json(1);
    assert_eq!(refused["verdict"], "tampered");
    assert!(refused["findings"][0]["reason"].as_str().unwrap().starts_with("document: "), "{refused}");

    // What the thief does to its copies does nothing to the originals, and those it cannot touch.
    let copy = format!("{}/{commitment}", thief.id);
    let revoke = |target: &str| {
        net.sanad(&[
            "revoke",
            "--yes",
            target,
            "--issuer-dir",
            &net.path("net/node-2"),
            "--node",
            &net.url(2),
        ])
    };
    revoke(&copy).json(0);
    let original = revoke(&document);
    assert!(original.code == 2 && original.err.contains("who alone may change it"), "{original:?}");
    for node in 1..=4 {
        net.wait_for_equal_heads(7);
        let url = net.url(node);
        assert_eq!(net.sanad(&["status", &document, "--node", &url]).json(0)["verdict"], "active");
        assert_eq!(net.sanad(&["status", &copy, "--node", &url]).json(1)["verdict"], "revoked");
    }
    for (issuer, active, revoked) in [("univ-merapi.example", 3, 0), (&*thief.id, 2, 1)] {
        let out = net.path(&format!("{issuer}.jsonl"));
        let list =
            net.sanad(&["proof", "completeness", issuer, "--out", &out, "--node", &net.url(3)]).json(0);
        assert_eq!((&list["active"], &list["revoked"]), (&active.into(), &revoked.into()), "{issuer}");
    }
    // Once is enough, for the thief as well.
    let again = thief.next(&client, stolen.batch().events.clone()).await.sign(&thief.key);
    let again = client.submit(&again, Wait::Final).await.unwrap_err();
    assert_eq!(ClientError::code(&again), Some(ErrorCode::AlreadyIssued));
}
