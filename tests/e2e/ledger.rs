//! The main path: issue, replicate, prove, revoke, with four real nodes.

use std::process::Command;

use sanad_api::{CredentialKey, ProofForm};
use sanad_core::ids::LogIndex;
use sanad_core::status::CredentialStatus;
use sanad_core::trust::TrustAnchor;
use sanad_e2e::{Net, independent_verifier, issue};

#[test]
fn credentials_are_issued_proved_and_revoked_on_every_node() {
    let net = Net::start(&["--heartbeat-ms", "1000"]);
    let folder = net.documents("awards", 20);
    let issued =
        net.sanad(&["issue", &folder, "--issuer-dir", &net.path("net/node-1"), "--node", &net.url(1)]);
    issued.json(0);
    net.wait_for_equal_heads(20);
    let document = format!("{folder}/007.json");
    for node in 1..=4 {
        let status = net.sanad(&["status", &document, "--node", &net.url(node)]).json(0);
        assert_eq!(status["verdict"], "active", "node {node}");
    }
    let offline = net.sanad(&["verify", &document]).json(0);
    assert_eq!(offline["verdict"], "active");

    if let Some(verifier) = independent_verifier() {
        let documents: Vec<String> = (0..20).map(|n| format!("{folder}/{n:03}.json")).collect();
        let mut command = Command::new("python3");
        command.arg(verifier).args(["--genesis", &net.path("net/genesis.json")]).args(&documents);
        let said = command.output().unwrap();
        assert!(said.status.success(), "{said:?}");
        assert_eq!(String::from_utf8_lossy(&said.stdout).matches(": active as of").count(), 20);
    }

    let another = net.sanad(&[
        "revoke",
        "--yes",
        &document,
        "--issuer-dir",
        &net.path("net/node-2"),
        "--node",
        &net.url(2),
    ]);
    assert_eq!(another.code, 2, "{another:?}");
    assert!(another.err.contains("who alone may change it"), "{another:?}");
    let revoke = |verb: &str| {
        let (issuer, url) = (net.path("net/node-1"), net.url(3));
        let mut arguments = vec![verb, &document, "--issuer-dir", &issuer, "--node", &url];
        if verb == "revoke" {
            arguments.push("--yes");
        }
        net.sanad(&arguments)
    };
    for (verb, verdict) in [("suspend", "suspended"), ("reinstate", "active"), ("revoke", "revoked")] {
        revoke(verb).json(0);
        net.wait_for_equal_heads(21);
        for node in 1..=4 {
            let said = net.sanad(&["status", &document, "--node", &net.url(node)]);
            assert_eq!(said.json(i32::from(verdict != "active"))["verdict"], verdict, "node {node}");
        }
    }
    let again = revoke("revoke");
    assert_eq!(again.json(0)["credentials"][0]["already"], true, "{again:?}");

    let receipt = format!("{document}.receipt.json");
    let (since, list) = (net.path("since.consistency.json"), net.path("all.completeness.jsonl"));
    net.sanad(&["proof", "consistency", &receipt, "--out", &since, "--node", &net.url(4)]).json(0);
    let consistent = net.sanad(&["proof", "verify", &since, "--receipt", &receipt]).json(0);
    assert_eq!((&consistent["older_size"], &consistent["newer_size"]), (&20.into(), &23.into()));
    let status = net.sanad(&["status", &document, "--node", &net.url(1)]).json(1);
    let issuer = status["issuer"]["id"].as_str().unwrap();
    net.sanad(&["proof", "completeness", issuer, "--out", &list, "--node", &net.url(2)]).json(0);
    let complete = net.sanad(&["proof", "verify", &list]).json(0);
    let counts = ["entries", "active", "suspended", "revoked"];
    assert_eq!(counts.map(|name| complete[name].as_u64().unwrap()), [23, 19, 0, 1]);

    let old = net.sanad(&["verify", &document]).json(0);
    assert_eq!(old["verdict"], "active", "an old receipt goes on saying what was so");
    let online = net.sanad(&["verify", &document, "--online", "--node", &net.url(4)]).json(1);
    assert_eq!(online["verdict"], "revoked");

    std::fs::write(&document, r#"{"name":"Lencana awards 7","credits":9}"#).unwrap();
    let tampered = net.sanad(&["verify", &document]).json(1);
    assert_eq!(tampered["verdict"], "tampered");
}

#[tokio::test(flavor = "multi_thread")]
async fn proofs_over_grpc_lead_to_the_genesis() {
    let net = Net::start(&["--issuers", "1"]);
    let issuer = net.issuer("node-2");
    let client = net.client(2).await;
    let anchor = TrustAnchor::new(&net.genesis()).unwrap();
    for round in 0..3 {
        let events = (0..300).map(|n| issue(&format!("{round}/{n}"))).collect();
        let batch = issuer.next(&client, events).await.sign(&issuer.key);
        let result = client.submit(&batch, sanad_api::Wait::Final).await.unwrap();
        assert!(matches!(result.outcome, sanad_api::BatchOutcome::Final(entered) if entered.entries == 300));
        let again = client.submit(&batch, sanad_api::Wait::Final).await.unwrap();
        assert_eq!(again, result, "submitting again is harmless");
    }
    let other = net.client(4).await;
    for index in [0, 255, 256, 511, 899] {
        let key = CredentialKey::Index(LogIndex(index));
        let proof = sanad_e2e::poll("the other node to have the entries", || {
            let ask = other.status(&key, ProofForm::SelfContained);
            tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(ask)).ok()
        });
        let proven = proof.verify(&anchor).unwrap();
        assert_eq!(proven.status, CredentialStatus::Active);
        assert!(proven.basis.signers.len() >= 3);
    }
}

#[test]
fn a_follower_serves_what_the_validators_decide_and_passes_batches_on() {
    let net = Net::start(&["--followers", "1", "--issuers", "1", "--heartbeat-ms", "1000"]);
    let follower = net.sanad(&["node", "status", "--node", &net.url(5)]).json(0);
    assert!(follower.to_string().contains("\"is_validator\":false"), "{follower}");
    let folder = net.documents("awards", 3);
    net.sanad(&["issue", &folder, "--issuer-dir", &net.path("net/node-1"), "--node", &net.url(5)]).json(0);
    net.wait_for_equal_heads(3);
    net.stop_node(5, sanad_e2e::Stop::Kill);
    let more = net.documents("more", 3);
    net.sanad(&["issue", &more, "--issuer-dir", &net.path("net/node-2"), "--node", &net.url(2)]).json(0);
    net.start_node(5);
    net.wait_for_equal_heads(6);
    let status = net.sanad(&["status", &format!("{more}/001.json"), "--node", &net.url(5)]).json(0);
    assert_eq!(status["verdict"], "active");
}
