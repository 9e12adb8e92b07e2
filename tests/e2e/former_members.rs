//! The members as of each height, proved by real nodes: one is admitted, renamed and suspended, and every height answers as
//! it was, on every node, before and after a restart.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use sanad_api::{Client, ErrorCode, ProofForm};
use sanad_core::ids::{Height, MemberId};
use sanad_core::member::Standing;
use sanad_core::proof::ProofFault;
use sanad_core::trust::TrustAnchor;
use sanad_e2e::{Net, Said, Stop};

const ELANG: &str = "politeknik-elang.example";

/// Runs a command in the name of a node's member, at node 1.
fn by(net: &Net, node: usize, arguments: &[&str]) -> Said {
    let folder = net.path(&format!("net/node-{node}"));
    net.sanad(&[arguments, &["--member-dir", &folder, "--yes", "--node", &net.url(1)]].concat())
}

/// Has three of four members decide a change; returns the height of the block that executed it.
fn decide(net: &Net, change: &[&str]) -> u64 {
    let proposed = by(net, 1, &[&["governance", "propose"], change].concat()).json(0);
    let id = proposed["proposal"].as_str().unwrap();
    for node in [3, 4] {
        by(net, node, &["governance", "approve", id]).json(0);
    }
    let watched = net.sanad(&["governance", "watch", id, "--timeout", "90s", "--node", &net.url(1)]).json(0);
    assert_eq!(watched["outcome"], "executed");
    watched["height"].as_u64().unwrap()
}

/// What each height has to answer.
struct Expected {
    admitted: u64,
    renamed: u64,
    suspended: u64,
}

impl Expected {
    fn at(&self, height: u64) -> Option<(Standing, &'static str)> {
        let name = if height < self.renamed { "Politeknik Elang" } else { "Universitas Elang" };
        let standing = if height < self.suspended { Standing::Active } else { Standing::Suspended };
        (height >= self.admitted).then_some((standing, name))
    }

    /// Compares every height with the answers of a node, alone and all together, each with its proof.
    async fn check(&self, client: &Client, anchor: &TrustAnchor, head: u64) {
        let (elang, form): (MemberId, _) = (ELANG.parse().unwrap(), ProofForm::SelfContained);
        for height in 1..=head {
            let asked = client.member_as_of(&elang, Height(height), form).await;
            let all = client.members_as_of(Height(height), form).await.unwrap();
            all.verify(anchor).unwrap();
            assert_eq!(all.header.height, Height(height));
            let listed = all.members.iter().find(|member| member.record().id == elang);
            let Some((standing, name)) = self.at(height) else {
                assert_eq!(asked.unwrap_err().code(), Some(ErrorCode::NotFound), "height {height}");
                assert_eq!((listed, all.members.len()), (None, 4), "height {height}");
                continue;
            };
            let member = asked.unwrap();
            member.proof.verify(anchor).unwrap();
            assert_eq!(member.proof.header.height, Height(height));
            let record = &member.proof.member.record;
            assert_eq!((record.standing, record.name.as_str()), (standing, name), "height {height}");
            let listed = listed.unwrap();
            assert_eq!((listed.record(), listed.rest()), (record, &member.rest));
        }
        let beyond = client.member_as_of(&elang, Height(head + 1_000_000), form).await.unwrap_err();
        assert_eq!(beyond.code(), Some(ErrorCode::HeightBeyondHead));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_height_answers_as_it_was_with_a_proof() {
    let net = Net::start(&["--heartbeat-ms", "1000"]);
    let (folder, genesis) = (net.path("elang"), net.path("net/genesis.json"));
    let did = format!("did:web:{ELANG}");
    let name = ["--id", ELANG, "--name", "Politeknik Elang", "--role", "issuer", "--issuer-id", &did];
    net.sanad(&[&["member", "new", "--genesis", &genesis, "--dir", &folder][..], &name].concat()).json(0);
    let admitted = decide(&net, &["admit", &format!("{folder}/member.json")]);
    let awards = net.documents("awards", 3);
    net.sanad(&["issue", &awards, "--issuer-dir", &folder, "--node", &net.url(1)]).json(0);
    let award = format!("{awards}/000.json");
    let endorse = ["endorse", &award, "--comment", "Setara 3 SKS.", "--issuer-dir", &folder];
    net.sanad(&[&endorse[..], &["--node", &net.url(1)]].concat()).json(0);
    let endorsement = format!("{awards}/000.endorsement.json");
    let both = ["verify", &award, &endorsement, "--node", &net.url(1)];
    assert_eq!(net.sanad(&both).json(0)["findings"][1]["endorses"]["endorsed"], "award");
    let renamed = decide(&net, &["amend", ELANG, "--name", "Universitas Elang"]);
    let suspended = decide(&net, &["suspend", ELANG]);
    // Whoever is suspended endorses nothing for now, though what it entered is active.
    let said = net.sanad(&both).json(1);
    let found = &said["findings"][1];
    assert_eq!((&found["verdict"], found.get("endorses")), (&"active".into(), None), "{found:#}");
    let reason = found["claims_to_endorse"]["reason"].as_str().unwrap();
    // Since the block that was asked for, or from the next one on.
    let is_said =
        ["is suspended since block ", "is suspended from block "].iter().any(|said| reason.contains(said));
    assert!(reason.contains("Universitas Elang") && is_said, "{reason}");
    let expected = Expected { admitted, renamed, suspended };

    let anchor = TrustAnchor::new(&net.genesis()).unwrap();
    for node in [1, 2] {
        let client = net.client(node).await;
        let head = client.head().await.unwrap().header.height.0;
        assert!(head >= suspended);
        expected.check(&client, &anchor, head).await;
    }

    // A record that was changed on the way is refused, and so is a list without one of the members.
    let client = net.client(3).await;
    let form = ProofForm::SelfContained;
    let mut forged = client.member_as_of(&ELANG.parse().unwrap(), Height(suspended), form).await.unwrap();
    forged.proof.member.record.standing = Standing::Active;
    assert!(matches!(forged.proof.verify(&anchor), Err(ProofFault::StateRoot { .. })));
    let mut fewer = client.members_as_of(Height(suspended), form).await.unwrap();
    fewer.members.remove(0);
    assert!(matches!(fewer.verify(&anchor), Err(ProofFault::StateRoot { .. })));

    // The commands.
    let at = |height: u64| {
        let height = height.to_string();
        net.sanad(&["member", "show", ELANG, "--as-of", &height, "--node", &net.url(4)])
    };
    let shown = at(renamed).json(0);
    assert_eq!((&shown["proven"], &shown["height"]), (&true.into(), &renamed.into()));
    assert_eq!(shown["record"]["name"], "Universitas Elang");
    assert_eq!(at(renamed - 1).json(0)["record"]["name"], "Politeknik Elang");
    let none = at(admitted - 1);
    assert!(none.code == 2 && none.err.contains("there was no member"), "{none:?}");
    for height in [1, admitted, suspended] {
        let height = height.to_string();
        let proved = net.sanad(&["member", "as-of", "--height", &height, "--node", &net.url(4)]).json(0);
        let execute = ["member", "as-of", "--height", &height, "--execute", "--node", &net.url(4)];
        let executed = net.sanad(&execute).json(0);
        assert_eq!((&proved["proved_by"], &executed["proved_by"]), (&"proof".into(), &"execution".into()));
        for field in ["members", "block", "log_size", "as_of"] {
            assert_eq!(proved[field], executed[field], "{field} at {height}");
        }
    }
    let history = net.sanad(&["member", "history", ELANG, "--records", "--node", &net.url(2)]).json(0);
    let events = history["events"].as_array().unwrap();
    for event in events {
        let (standing, name) = expected.at(event["height"].as_u64().unwrap()).unwrap();
        let record = &event["record"];
        assert_eq!((&record["standing"], &record["name"]), (&standing.to_string().into(), &name.into()));
    }
    assert!(events.len() >= 7, "{history:#}");

    // Killed at any moment and started again, a node answers as before; what it has is sound.
    net.stop_node(2, Stop::Kill);
    net.start_node(2);
    let client = net.client(2).await;
    let head = client.head().await.unwrap().header.height.0;
    expected.check(&client, &anchor, head).await;
    net.stop_node(2, Stop::Terminate);
    let audited = net.sanad(&["audit", net.node_path(2, "data").to_str().unwrap()]);
    assert_eq!(audited.code, 0, "{audited:?}");
}
