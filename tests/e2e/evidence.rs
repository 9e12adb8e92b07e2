//! A validator's key signs twice: whoever holds the proof names the member, and records it on the ledger.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use sanad_api::{ErrorCode, FinalBlock};
use sanad_core::block::BlockId;
use sanad_core::event::Event;
use sanad_core::evidence::{Accusation, Equivocation, Statement, StatementKind};
use sanad_core::governance::EVIDENCE_PER_MEMBER_MAX;
use sanad_core::hash::BlockHash;
use sanad_core::ids::Height;
use sanad_core::proof::{Evidence, FinalStatement, Finality};
use sanad_core::signature::SecretKey;
use sanad_core::validators::{VoteKind, vote_message};
use sanad_e2e::Net;

/// Two precommits by a node's key, for a decided block and for another, as a node that meets them keeps them.
async fn double_vote(net: &Net, node: usize, height: Height) -> Evidence {
    double_votes(net, node, height, 1).await.remove(0)
}

/// One such pair for each of the first `rounds` rounds of a height.
async fn double_votes(net: &Net, node: usize, height: Height, rounds: u32) -> Vec<Evidence> {
    let decided = net.client(1).await.block(height).await.unwrap();
    let key = net.key(node, "consensus");
    (0..rounds).map(|round| double_vote_in(&decided, &key, round)).collect()
}

fn double_vote_in(decided: &FinalBlock, key: &SecretKey, round: u32) -> Evidence {
    let header = decided.block.header.clone();
    let height = header.height;
    let vote = |block: BlockId| {
        let message = vote_message(&header.chain_id, VoteKind::Precommit, height, round, Some(&block));
        Statement { block: Some(block), valid_round: None, signature: key.sign(&message) }
    };
    let other = BlockId { hash: BlockHash([7; 32]), round: 0 };
    let signed = Equivocation {
        key: key.public(),
        height,
        round,
        statement: StatementKind::Precommit,
        first: vote(header.id()),
        second: vote(other),
    };
    let certificate = decided.certificate.clone();
    let finality = Finality::Certificate { certificate, validator_changes: Vec::new() };
    Evidence::of_validator(signed, Some(FinalStatement { header, finality }))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_double_vote_is_named_offline_and_recorded_once() {
    let net = Net::start(&["--heartbeat-ms", "500"]);
    let accused = net.governor(4).id;
    let evidence = double_vote(&net, 4, Height(1)).await;
    let file = net.path("evidence.jsonl");
    // What somebody damaged is not passed over, wherever it stands.
    for damage in [
        "{\"format\":\n",
        "nonsense\n",
        "{\"format\":\"sanad-evidence/v1\",\"statements\":{\"kind\":\"new\"}}\n",
    ] {
        for text in [format!("{}{damage}", evidence.to_line()), format!("{damage}{}", evidence.to_line())] {
            std::fs::write(&file, text).unwrap();
            let damaged = net.sanad(&["evidence", "verify", &file]);
            assert_eq!(damaged.code, 2, "{damaged:?}");
            assert!(damaged.err.contains("is no evidence"), "{damaged:?}");
        }
    }
    // As a node keeps it, with a line that a crash tore.
    std::fs::write(&file, format!("{}{{\"format\":", evidence.to_line())).unwrap();
    let found = net.sanad(&["evidence", "verify", &file]).json(0);
    assert_eq!(found["verdict"], "proved");
    assert_eq!(found["accused"][0]["member"], accused.as_str(), "{found}");

    // Any member records it, one that does not validate as well; here the first node's.
    let submit = |node: usize| {
        let (dir, url) = (net.node_path(node, ""), net.url(node));
        let dir = dir.to_str().unwrap().to_owned();
        net.sanad(&["evidence", "submit", &file, "--member-dir", &dir, "--node", &url, "--yes"])
    };
    let acted = submit(1).json(0);
    assert_eq!(acted["batches"].as_array().unwrap().len(), 1, "{acted}");
    let again = submit(2).json(0);
    assert_eq!((again["already"].as_u64(), again.get("batches")), (Some(1), None), "{again}");

    // It is in the member's history, proved to be complete, and in what governance holds.
    let url = net.url(3);
    let history = net.sanad(&["member", "history", &accused, "--node", &url]).json(0);
    let recorded: Vec<_> = history["events"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["kind"] == "record-evidence")
        .collect();
    assert_eq!(recorded.len(), 1, "{history}");
    assert_eq!(recorded[0]["by"], net.governor(1).id.as_str());
    let listed = net.sanad(&["governance", "list", "--node", &url]).json(0);
    let kept = listed["others"].as_array().unwrap();
    assert!(
        kept.iter().any(|item| item["item"] == "evidence" && item["member"] == accused.as_str()),
        "{listed}"
    );

    // What is forged, or of another chain, says nothing against anybody.
    let mut forged = evidence;
    let sanad_core::proof::Contradiction::Equivocation { signed, .. } = &mut forged.statements else {
        panic!()
    };
    signed.round = 1;
    std::fs::write(&file, forged.to_json()).unwrap();
    let found = net.sanad(&["evidence", "verify", &file]).json(1);
    assert_eq!(found["verdict"], "not-proven", "{found}");
    assert_eq!(submit(2).code, 2);
    net.wait_for_equal_heads(1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_record_of_a_member_has_an_end_and_says_so() {
    let net = Net::start(&["--heartbeat-ms", "500"]);
    let accused = net.governor(4).id;
    let rounds = EVIDENCE_PER_MEMBER_MAX as u32 + 1;
    let evidence = double_votes(&net, 4, Height(1), rounds).await;
    let file = net.path("evidence.jsonl");
    std::fs::write(&file, evidence.iter().map(Evidence::to_line).collect::<String>()).unwrap();
    let (dir, url) = (net.node_path(1, "").to_str().unwrap().to_owned(), net.url(1));
    let submit = || net.sanad(&["evidence", "submit", &file, "--member-dir", &dir, "--node", &url, "--yes"]);
    // All that fits is recorded, and what does not is named: exit code 1.
    let submitted = submit().json(1);
    let no_room = submitted["no_room"].as_array().unwrap();
    assert_eq!((no_room.len(), &no_room[0]["member"]), (1, &accused.as_str().into()), "{submitted}");
    assert_eq!(submitted["batches"].as_array().unwrap().len(), 1, "{submitted}");
    let again = submit().json(1);
    assert_eq!(again["already"], EVIDENCE_PER_MEMBER_MAX, "{again}");
    assert!(again.get("batches").is_none() && again["no_room"] == submitted["no_room"], "{again}");
    // Whoever asks the ledger itself for one more is refused by it, and the chain goes on.
    let last = evidence.last().unwrap();
    let sanad_core::proof::Contradiction::Equivocation { signed, .. } = &last.statements else { panic!() };
    let equivocation = signed.as_ref().clone();
    let event =
        Event::RecordEvidence(Box::new(Accusation { member: accused.parse().unwrap(), equivocation }));
    let (_, refused) = net.governor(1).submit(&net.client(1).await, vec![event]).await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.code(), Some(ErrorCode::Governance), "{refused:?}");
    assert!(refused.to_string().contains("no more are taken"), "{refused}");
    net.wait_for_equal_heads(EVIDENCE_PER_MEMBER_MAX as u64);
}
