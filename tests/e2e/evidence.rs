//! A validator's key signs twice: whoever holds the proof names the member, and records it on the ledger.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use sanad_core::block::BlockId;
use sanad_core::evidence::{Equivocation, Statement, StatementKind};
use sanad_core::hash::BlockHash;
use sanad_core::ids::Height;
use sanad_core::proof::{Evidence, FinalStatement, Finality};
use sanad_core::validators::{VoteKind, vote_message};
use sanad_e2e::Net;

/// Two precommits by a node's key, for a decided block and for another, as a node that meets them keeps them.
async fn double_vote(net: &Net, node: usize, height: Height) -> Evidence {
    let decided = net.client(1).await.block(height).await.unwrap();
    let (header, key) = (decided.block.header, net.key(node, "consensus"));
    let vote = |block: BlockId| {
        let message = vote_message(&header.chain_id, VoteKind::Precommit, height, 0, Some(&block));
        Statement { block: Some(block), valid_round: None, signature: key.sign(&message) }
    };
    let other = BlockId { hash: BlockHash([7; 32]), round: 0 };
    let signed = Equivocation {
        key: key.public(),
        height,
        round: 0,
        statement: StatementKind::Precommit,
        first: vote(header.id()),
        second: vote(other),
    };
    let finality = Finality::Certificate { certificate: decided.certificate, validator_changes: Vec::new() };
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
