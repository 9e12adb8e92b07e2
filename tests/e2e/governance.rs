//! A consortium's life with real processes: members come and are suspended, keys are rotated and stolen, votes are signed
//! without a network, and a thief meets his limits.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use sanad_api::{BatchOutcome, ClientError, ErrorCode, Wait};
use sanad_core::batch::{Batch, BatchChain};
use sanad_core::event::Event;
use sanad_core::governance::Proposal;
use sanad_core::ids::{Height, LogIndex};
use sanad_e2e::{Issuer, Net, Said, chain_of_batches, poll};
use serde_json::Value;

/// Runs a command in the name of a node's member, at node 1.
fn by(net: &Net, node: usize, arguments: &[&str]) -> Said {
    let folder = net.path(&format!("net/node-{node}"));
    net.sanad(&[arguments, &["--member-dir", &folder, "--yes", "--node", &net.url(1)]].concat())
}

/// Proposes in the name of node 1's member; returns the proposal's id.
fn propose(net: &Net, change: &[&str]) -> String {
    let proposed = by(net, 1, &[&["governance", "propose"], change].concat()).json(0);
    proposed["proposal"].as_str().unwrap().to_owned()
}

/// Proposes, approves with as many as it takes, and waits until the change is in force.
fn decide(net: &Net, change: &[&str]) -> String {
    let id = propose(net, change);
    for node in [3, 4] {
        by(net, node, &["governance", "approve", &id]).json(0);
    }
    let watched = net.sanad(&["governance", "watch", &id, "--timeout", "90s", "--node", &net.url(1)]).json(0);
    assert_eq!(watched["outcome"], "executed");
    id
}

fn issue(net: &Net, folder: &str, member: &str) -> Said {
    net.sanad(&["issue", folder, "--issuer-dir", member, "--node", &net.url(1)])
}

/// Whether a batch of a folder is not finished.
fn pending(folder: &str) -> bool {
    let mut files = std::fs::read_dir(folder).unwrap();
    files.any(|file| file.unwrap().file_name().to_string_lossy().starts_with(".sanad-pending"))
}

fn refused(said: &Said, word: &str) {
    assert_eq!(said.code, 2, "{said:?}");
    assert!(said.err.contains(word), "{word} is not in {said:?}");
}

fn id_of(net: &Net, node: usize) -> String {
    net.issuer(&format!("node-{node}")).id
}

/// The verdict of a receipt, offline.
fn verdict(net: &Net, document: &str, receipt: &str, code: i32) -> Value {
    net.sanad(&["verify", document, "--receipt", receipt]).json(code)["verdict"].clone()
}

#[test]
fn a_member_is_admitted_and_suspended_by_vote() {
    let net = Net::start(&["--heartbeat-ms", "1000"]);
    let (elang, genesis) = (net.path("elang"), net.path("net/genesis.json"));
    let name = ["--id", "politeknik-elang.example", "--name", "Politeknik Elang", "--role", "issuer"];
    net.sanad(&[&["member", "new", "--genesis", &genesis, "--dir", &elang][..], &name].concat()).json(0);
    let awards = net.documents("awards", 3);
    assert_eq!(issue(&net, &awards, &elang).code, 2, "it is not a member yet");

    let file = format!("{elang}/member.json");
    let id = propose(&net, &["admit", &file, "--expires", "1h"]);
    let shown = net.sanad(&["governance", "show", &id[..10], "--node", &net.url(2)]).json(0);
    let summary = shown["summary"].as_str().unwrap();
    let named = "admit politeknik-elang.example as issuer: name \"Politeknik Elang\"; no issuer id; one governance key signs: ";
    assert!(summary.starts_with(named), "{summary}");
    assert_eq!((&shown["missing"], &shown["needed"]), (&2.into(), &3.into()));
    assert_eq!(shown["approvals"], serde_json::json!([id_of(&net, 1)]));
    assert_eq!(shown["not_yet"].as_array().unwrap().len(), 3);
    refused(&by(&net, 1, &["governance", "approve", &id]), "approves this proposal already");
    refused(&by(&net, 2, &["governance", "withdraw", &id]), "does not approve this proposal");

    // A vote that is taken back does not count.
    by(&net, 2, &["governance", "approve", &id]).json(0);
    by(&net, 2, &["governance", "withdraw", &id]).json(0);
    by(&net, 3, &["governance", "approve", &id]).json(0);
    let listed = net.sanad(&["governance", "list", "--node", &net.url(3)]).json(0);
    assert_eq!(listed["open"][0]["missing"], 1);
    by(&net, 4, &["governance", "approve", &id]).json(0);
    net.sanad(&["governance", "watch", &id, "--timeout", "90s", "--node", &net.url(1)]).json(0);
    refused(&by(&net, 2, &["governance", "approve", &id]), "is closed");
    refused(&by(&net, 1, &["governance", "propose", "admit", &file]), "is a member, or was one");

    issue(&net, &awards, &elang).json(0);
    net.sanad(&["verify", &format!("{awards}/001.json")]).json(0);

    let suspension = decide(&net, &["suspend", "politeknik-elang.example"]);
    let later = net.documents("later", 2);
    let said = issue(&net, &later, &elang);
    refused(
        &said,
        "suspended: it cannot issue; submit it again once the consortium has lifted the suspension",
    );
    assert_eq!(net.sanad(&["verify", &format!("{awards}/001.json")]).json(0)["verdict"], "active");
    let status = net.sanad(&["status", &format!("{awards}/001.json"), "--node", &net.url(4)]).json(0);
    assert_eq!(status["verdict"], "active", "what stood stands");
    decide(&net, &["lift", "politeknik-elang.example"]);
    net.sanad(&["issue", "--resume", "--issuer-dir", &elang, &later, "--node", &net.url(1)]);

    let history =
        net.sanad(&["member", "history", "politeknik-elang.example", "--node", &net.url(2)]).json(0);
    let kinds = |kind: &str| {
        history["events"].as_array().unwrap().iter().filter(|event| event["kind"] == kind).count()
    };
    assert_eq!((kinds("propose"), kinds("approve")), (2, 5), "{history:#}");
    assert_eq!(history["record"]["standing"], "active");

    // The register at any height, from blocks alone.
    let closed = net.sanad(&["governance", "show", &suspension, "--node", &net.url(2)]).json(0);
    let height = closed["height"].as_u64().unwrap();
    let standing = |height: u64| {
        let shown =
            net.sanad(&["member", "as-of", "--height", &height.to_string(), "--node", &net.url(4)]).json(0);
        let members = shown["members"].as_array().unwrap().clone();
        let found = members.iter().find(|member| member["record"]["id"] == "politeknik-elang.example");
        found.map(|member| member["record"]["standing"].clone())
    };
    assert_eq!(standing(1), None);
    assert_eq!(standing(height - 1), Some("active".into()));
    assert_eq!(standing(height), Some("suspended".into()));
    let future = net.sanad(&["member", "as-of", "2100-01-01T00:00:00Z", "--node", &net.url(4)]);
    refused(&future, "the last block is");
    refused(
        &net.sanad(&["member", "as-of", "--height", "1000000", "--node", &net.url(4)]),
        "the last block is",
    );
}

#[test]
fn a_stolen_issuing_key_is_told_apart_offline() {
    let net = Net::start(&["--heartbeat-ms", "1000"]);
    let (merapi, id) = (net.path("net/node-1"), id_of(&net, 1));
    let before = net.documents("before", 3);
    issue(&net, &before, &merapi).json(0);

    // The key is rotated while the member issues: what hits the moment is refused, and entered when tried again.
    let folders: Vec<String> = (0..12).map(|number| net.documents(&format!("load{number}"), 2)).collect();
    std::thread::scope(|scope| {
        let load = scope.spawn(|| {
            for folder in &folders {
                poll("a batch around the rotation", || {
                    let said = match pending(folder) {
                        true => net.sanad(&[
                            "issue",
                            "--resume",
                            folder,
                            "--issuer-dir",
                            &merapi,
                            "--node",
                            &net.url(1),
                        ]),
                        false => issue(&net, folder, &merapi),
                    };
                    let known = ["is not the issuing key", "bad-signature"]
                        .iter()
                        .any(|why| format!("{said:?}").contains(why));
                    assert!(said.code == 0 || known, "{said:?}");
                    (said.code == 0).then_some(())
                });
            }
        });
        let rotated = by(&net, 1, &["member", "rotate-key", "issuing"]).json(0);
        assert!(rotated["new_key"].as_str().unwrap().ends_with("keys/issuing.json"), "{rotated}");
        load.join().unwrap();
    });
    assert!(net.node_path(1, "keys/issuing.former-1.json").is_file());
    assert!(!net.node_path(1, "keys/issuing.next.json").exists());

    // A thief has the new key, and issues; so does the member.
    let thief = net.documents("thief", 4);
    issue(&net, &thief, &merapi).json(0);
    let own = net.documents("own", 2);
    issue(&net, &own, &merapi).json(0);
    let (good, forged, mine) =
        (format!("{before}/000.json"), format!("{thief}/000.json"), format!("{own}/000.json"));
    let index = |document: &str| {
        net.sanad(&["status", document, "--node", &net.url(1)]).json(0)["log_index"].as_u64().unwrap()
    };
    let first = index(&format!("{thief}/000.json")).min(index(&format!("{thief}/001.json")));
    let first = (2..4).map(|number| index(&format!("{thief}/{number:03}.json"))).fold(first, u64::min);
    let declared = by(&net, 1, &["member", "declare-compromise", "--from", &first.to_string()]).json(0);
    assert!(declared["events"][0].as_str().unwrap().contains(&format!("from log index {first} on")));
    let key = declared["new_key"].as_str().unwrap();
    assert!(key.ends_with("keys/issuing.json"), "{declared}");
    let after = net.documents("after", 1);
    issue(&net, &after, &merapi).json(0);

    let affected = net.sanad(&["member", "affected", &id, "--node", &net.url(2)]).json(0);
    assert_eq!(affected["disputed"].as_array().unwrap().len(), 6);
    by(&net, 1, &["member", "confirm", &mine]).json(0);
    let affected = net.sanad(&["member", "affected", &id, "--node", &net.url(2)]).json(0);
    assert_eq!(affected["disputed"].as_array().unwrap().len(), 5);
    assert_eq!(affected["confirmed"], 1);

    // Offline, by receipts, by a list and by an export.
    let new = format!("{after}/000.json");
    let fresh = |document: &str, name: &str, code: i32| {
        let receipt = net.path(name);
        net.sanad(&["status", document, "--receipt-out", &receipt, "--node", &net.url(3)]).json(code);
        receipt
    };
    let receipts = [
        (&good, fresh(&good, "good.receipt.json", 0), 0, "active"),
        (&forged, fresh(&forged, "forged.receipt.json", 1), 1, "disputed"),
        (&mine, fresh(&mine, "mine.receipt.json", 0), 0, "confirmed"),
        (&new, fresh(&new, "new.receipt.json", 0), 0, "active"),
    ];
    let (list, folder) = (net.path("all.completeness.jsonl"), net.path("public"));
    net.sanad(&["proof", "completeness", &id, "--out", &list, "--node", &net.url(4)]).json(0);
    let checkpoint = net.path("checkpoint.json");
    net.sanad(&["key", "new", "--purpose", "checkpoint", "--out", &checkpoint]).json(0);
    net.sanad(&["export", &folder, "--key", &checkpoint, "--node", &net.url(2)]).json(0);
    let dir = net.dir();
    net.sanad(&["localnet", "stop", &dir]).json(0);

    for (document, receipt, code, expected) in &receipts {
        assert_eq!(verdict(&net, document, receipt, *code), *expected, "{document}");
        let status = net.sanad(&["status", document, "--export", &folder]).json(*code);
        assert_eq!(status["verdict"], *expected, "{document} in the export");
    }
    let counted = net.sanad(&["proof", "verify", &list]).json(0);
    assert_eq!((&counted["disputed"], &counted["confirmed"]), (&5.into(), &1.into()), "{counted:#}");
    let audited = net.sanad(&["audit", net.node_path(1, "").to_str().unwrap()]);
    assert_eq!(audited.code, 0, "{audited:?}");
    let affected = net.sanad(&["member", "affected", &id, "--export", &folder]).json(0);
    assert_eq!(affected["disputed"].as_array().unwrap().len(), 5);
}

/// Signs events with a key as the next batch of a chain of batches, and submits them past the program.
async fn submit(net: &Net, issuer: &Issuer, chain: BatchChain, event: Event) -> Result<(), ErrorCode> {
    let client = net.client(1).await;
    let next = issuer.next(&client, vec![event]).await;
    let details = client.member(&next.issuer, sanad_api::ProofForm::Compact).await.unwrap();
    let head = match chain {
        BatchChain::Governance => details.rest.governance,
        BatchChain::Issuing | BatchChain::Freeze => details.rest.issuing,
    };
    let batch = Batch { chain, sequence: head.next_sequence, previous: head.last_batch, ..next };
    match client.submit(&batch.sign(&issuer.key), Wait::Final).await {
        Ok(result) => match result.outcome {
            BatchOutcome::Refused { code, .. } => Err(code),
            BatchOutcome::Final(_) | BatchOutcome::Pending => Ok(()),
        },
        Err(ClientError::Status { code: Some(code), .. }) => Err(code),
        Err(error) => unreachable!("{error}"),
    }
}

#[tokio::test]
async fn three_keys_sign_without_a_network_and_a_thief_has_limits() {
    let net = Net::start(&["--heartbeat-ms", "1000"]);
    let (bromo, id) = (net.path("net/node-2"), id_of(&net, 2));
    let awards = net.documents("awards", 2);
    issue(&net, &awards, &bromo).json(0);

    // The issuing key alone neither governs nor confirms, whatever program signs with it.
    let thief = net.issuer("node-2");
    let issuing = format!("{bromo}/keys/issuing.json");
    let said = net.sanad(&[
        "member",
        "confirm",
        "0",
        "--as",
        &id,
        "--key",
        &issuing,
        "--yes",
        "--node",
        &net.url(1),
    ]);
    refused(&said, "holds a key for \"issuing\"");
    let confirm = Event::Confirm { target: LogIndex(0) };
    assert_eq!(submit(&net, &thief, BatchChain::Governance, confirm).await, Err(ErrorCode::BadSignature));
    let change = sanad_core::governance::Change::Suspend { member: id_of(&net, 1).parse().unwrap() };
    let proposal = Proposal { change, expires: Height(1 << 20), effective: Height(0) };
    let event = Event::Propose(Box::new(proposal));
    assert_eq!(submit(&net, &thief, BatchChain::Governance, event).await, Err(ErrorCode::BadSignature));

    // Three people get a key each, and two of them have to sign.
    let people = ["rector", "registrar", "deputy"].map(|name| net.path(&format!("{name}.json")));
    for key in &people {
        net.sanad(&["key", "new", "--purpose", "governance", "--out", key]).json(0);
    }
    let offer = net.path("bromo.offer.json");
    let keys = people.iter().flat_map(|key| ["--key", key]);
    let offered: Vec<&str> =
        ["member", "offer-keys", &id, "--threshold", "2", "--out", &offer].into_iter().chain(keys).collect();
    net.sanad(&offered).json(0);
    decide(&net, &["replace-governance-keys", &offer]);
    refused(
        &by(&net, 2, &["governance", "propose", "suspend", &id_of(&net, 4)]),
        "not one of the governance keys",
    );

    // Prepared here, signed without a network by one and then by another, submitted here.
    let voted = propose(&net, &["set-parameters", "--heartbeat-ms", "2000"]);
    let request = net.path("vote.json");
    let prepare = |file: &str| {
        net.sanad(&["governance", "approve", &voted, "--as", &id, "--prepare", file, "--node", &net.url(3)])
    };
    prepare(&request).json(0);
    refused(&prepare(&request), "never overwritten");
    let sign = |key: &str| net.sanad(&["governance", "sign", &request, "--key", key, "--yes"]);
    let signed = sign(&people[0]).json(0);
    assert_eq!((&signed["signatures"], &signed["missing"]), (&1.into(), &1.into()));
    let words = signed["events"][0].as_str().unwrap();
    assert!(words.contains("approve") && words.contains("the heartbeat to 2000 ms"), "{words}");
    refused(&sign(&people[0]), "has signed already");
    let old = format!("{bromo}/keys/governance.json");
    refused(&sign(&old), "not one of the governance keys");
    let submit_request = || net.sanad(&["governance", "submit", &request, "--node", &net.url(4)]);
    refused(&submit_request(), "1 of 2 governance keys have signed");
    assert_eq!(sign(&people[2]).json(0)["missing"], 0);
    // A changed byte is found before anybody asks a node.
    let text = std::fs::read_to_string(&request).unwrap();
    let forged = net.path("forged.json");
    std::fs::write(&forged, text.replacen("\"sequence\": ", "\"sequence\": 1", 1)).unwrap();
    let said = net.sanad(&["governance", "submit", &forged, "--node", &net.url(4)]);
    refused(&said, "not a signing request");
    submit_request().json(0);
    let shown = net.sanad(&["governance", "show", &voted, "--node", &net.url(1)]).json(0);
    assert_eq!(shown["missing"], 1);

    // One of the keys does nothing but freeze.
    let one = ["--as", &id, "--key", &people[1], "--yes", "--node", &net.url(1)];
    let alone = |arguments: &[&str]| net.sanad(&[arguments, &one[..]].concat());
    refused(&alone(&["governance", "withdraw", &voted]), "1 of 2 governance keys have signed");
    refused(&alone(&["member", "revoke", "0"]), "1 of 2 governance keys have signed");
    alone(&["member", "freeze"]).json(0);
    let member = poll("the freeze", || {
        let shown = net.sanad(&["member", "show", &id, "--node", &net.url(1)]).json(0);
        (shown["record"]["standing"] == "frozen").then_some(shown)
    });
    assert_eq!(member["record"]["standing"], "frozen");
    let said = issue(&net, &net.documents("frozen", 1), &bromo);
    refused(&said, "frozen: it cannot issue; submit it again once a vote has brought new governance keys");
    let two = ["--as", &id, "--key", &people[0], "--key", &people[1], "--yes", "--node", &net.url(1)];
    refused(&net.sanad(&[&["member", "revoke", "0"], &two[..]].concat()), "is frozen: it cannot do this");
    refused(&alone(&["member", "freeze"]), "is frozen already");

    // It thaws with new keys alone.
    let again = net.path("again.offer.json");
    let offered = ["member", "offer-keys", &id, "--threshold", "1", "--out", &again, "--key", &people[0]];
    net.sanad(&offered).json(0);
    let said = by(&net, 1, &["governance", "propose", "replace-governance-keys", &again]);
    refused(&said, "it thaws with new keys alone");
    let (fresh, offer) = (net.path("fresh.json"), net.path("fresh.offer.json"));
    net.sanad(&["key", "new", "--purpose", "governance", "--out", &fresh]).json(0);
    net.sanad(&["member", "offer-keys", &id, "--threshold", "1", "--out", &offer, "--key", &fresh]).json(0);
    decide(&net, &["replace-governance-keys", &offer]);
    issue(&net, &net.documents("thawed", 1), &bromo).json(0);
}

#[tokio::test]
async fn a_hundred_thousand_disputed_credentials_are_listed() {
    let net = Net::start(&["--heartbeat-ms", "1000"]);
    let (issuer, client) = (net.issuer("node-1"), net.client(1).await);
    for batch in chain_of_batches(&issuer, &client, 25, 4000, "disputed").await {
        client.submit(&batch, Wait::Final).await.unwrap();
    }
    by(&net, 1, &["member", "declare-compromise", "--from", "0", "--no-replacement"]).json(0);
    let affected = net.sanad(&["member", "affected", &issuer.id, "--node", &net.url(1)]).json(0);
    assert_eq!(affected["disputed"].as_array().unwrap().len(), 100_000);
    println!("100,000 disputed credentials, proved and listed in {} ms", affected["took_ms"]);
}
