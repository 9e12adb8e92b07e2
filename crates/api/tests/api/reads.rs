//! Each read, there and back.

use sanad_api::limits::{GOVERNANCE_RUN_BYTES_MAX, PIECE_BYTES_MAX, STATUSES_MAX};
use sanad_api::wire::GetGovernanceRequest;
use sanad_api::wire::get_governance_response::Part;
use sanad_api::wire::ledger_service_client::LedgerServiceClient;
use sanad_api::{ClientError, CredentialKey, ErrorCode, Ledger, PeerKind, ProofForm};
use sanad_core::codec;
use sanad_core::event::Event;
use sanad_core::governance::{Change, GovernanceItem, OpenProposal, Proposal};
use sanad_core::hash::{BatchId, Commitment, ProposalId};
use sanad_core::ids::{Height, LogIndex, LogSize, MemberId, Sequence};
use sanad_core::merkle::{Rfc6962, verify_inclusion};
use sanad_core::proof::{Finality, GovernanceProof, ProofFault};
use sanad_core::snapshot::{Chunk, SnapshotManifest};
use sanad_core::state_root::{others_root, parts, state_root};
use sanad_core::status::CredentialStatus;
use sanad_core::trust::TrustAnchor;
use sanad_testkit::id;

use crate::memory_ledger::{ISSUER, peer};
use crate::network::Network;

const SELF_CONTAINED: ProofForm = ProofForm::SelfContained;

fn issuer() -> MemberId {
    id(ISSUER)
}

async fn network() -> Network {
    let network = Network::start().await;
    let ledger = &network.ledger;
    ledger.commit_batch(ledger.next_batch(5));
    ledger.commit_batch(
        ledger.next_batch_of(vec![
            Event::Revoke { target: LogIndex(1) },
            Event::Suspend { target: LogIndex(2) },
        ]),
    );
    ledger.commit();
    network
}

#[tokio::test]
async fn statuses_come_with_proofs_that_hold() {
    let network = network().await;
    let anchor = network.ledger.with_ledger(|ledger| ledger.anchor());
    let client = &network.client;
    for (index, status) in
        [(0, CredentialStatus::Active), (1, CredentialStatus::Revoked), (2, CredentialStatus::Suspended)]
    {
        let key = CredentialKey::Index(LogIndex(index));
        let proof = client.status(&key, SELF_CONTAINED).await.unwrap();
        let proven = proof.verify(&anchor).unwrap();
        assert_eq!((proven.status, proven.height), (status, Height(3)));
        let Event::Issue { commitment } = proof.entry.event else { panic!("an issuance") };
        let issuance = CredentialKey::Issuance { issuer: issuer(), commitment };
        let same = client.status(&issuance, SELF_CONTAINED).await.unwrap();
        assert_eq!(same, proof);
        let (verified, _) = client.verified_status(&key, ProofForm::Compact, &anchor).await.unwrap();
        assert_eq!(verified, network.ledger.status_proof(&key, ProofForm::Compact).unwrap());
    }
    let other = TrustAnchor::from_validators(sanad_core::hash::ChainId([0; 32]), anchor.validators);
    let unproven = client.verified_status(&CredentialKey::Index(LogIndex(0)), SELF_CONTAINED, &other).await;
    assert!(matches!(unproven, Err(sanad_api::ClientError::NotProven(_))));
}

#[tokio::test]
async fn commitments_are_looked_up_under_their_issuer() {
    let network = network().await;
    let commitment = sanad_testkit::commitment(0);
    for (issuer, commitment) in
        [(id("v0"), commitment), (id("nobody"), commitment), (issuer(), Commitment([0; 32]))]
    {
        let key = CredentialKey::Issuance { issuer, commitment };
        let error = network.client.status(&key, SELF_CONTAINED).await.unwrap_err();
        assert_eq!(error.code(), Some(ErrorCode::NotFound), "{key:?}");
    }
}

#[tokio::test]
async fn many_statuses_are_asked_for_at_once() {
    let network = network().await;
    let anchor = network.ledger.with_ledger(|ledger| ledger.anchor());
    // As long as requests get: their members' ids and indices.
    let longest: MemberId = "x".repeat(32).parse().unwrap();
    let missing = CredentialKey::Issuance { issuer: longest, commitment: Commitment([0xff; 32]) };
    let mut keys = vec![missing; STATUSES_MAX];
    keys[0] = CredentialKey::Index(LogIndex(1));
    keys[7] = CredentialKey::Index(LogIndex(u64::MAX));
    keys[49] = CredentialKey::Index(LogIndex(2));
    let proofs = network.client.statuses(&keys, SELF_CONTAINED).await.unwrap();
    assert_eq!(proofs.len(), keys.len());
    for (key, proof) in keys.iter().zip(&proofs) {
        match key {
            CredentialKey::Index(LogIndex(1 | 2)) => {
                let proof = proof.as_ref().unwrap();
                assert_eq!(*proof, network.client.status(key, SELF_CONTAINED).await.unwrap());
                proof.verify(&anchor).unwrap();
            }
            _ => assert!(proof.is_none(), "{key:?}"),
        }
    }
}

#[tokio::test]
async fn proofs_of_a_batch_share_one_head() {
    let network = network().await;
    let anchor = network.ledger.with_ledger(|ledger| ledger.anchor());
    let batch = network.ledger.next_batch(700);
    let id = batch.id();
    network.ledger.commit_batch(batch);
    let stream = network.client.batch_proofs(&id, SELF_CONTAINED).await.unwrap();
    assert_eq!((stream.first_index(), stream.entries()), (LogIndex(7), 700));
    let proofs = stream.collect().await.unwrap();
    assert_eq!(proofs.len(), 700);
    for (index, proof) in (7..).zip(&proofs).step_by(99) {
        assert_eq!(proof.index, LogIndex(index));
        assert_eq!(proof.verify(&anchor).unwrap().height, Height(4));
    }
    let rest = network.client.batch_proofs_from(&id, 698, SELF_CONTAINED).await.unwrap();
    let rest = rest.collect().await.unwrap();
    assert_eq!(rest, proofs[698..]);
    let beyond = network.client.batch_proofs_from(&id, 9000, SELF_CONTAINED).await.unwrap();
    assert!(beyond.collect().await.unwrap().is_empty());
    let error = network.client.batch_proofs(&BatchId([1; 32]), SELF_CONTAINED).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::NotFound));
}

#[tokio::test]
async fn blocks_and_headers() {
    let network = network().await;
    let head = network.client.head().await.unwrap();
    assert_eq!(head, network.ledger.head().unwrap());
    assert_eq!(network.client.header(Height(3)).await.unwrap(), head);
    for height in 1..=3 {
        let block = network.client.block(Height(height)).await.unwrap();
        assert_eq!(block, network.ledger.block(Height(height)).unwrap());
    }
    let blocks = network.client.blocks(Height(2), 0).await.unwrap();
    assert_eq!(blocks, network.ledger.block_summaries(Height(2), 9).unwrap());
    assert_eq!(network.client.blocks(Height(2), 1).await.unwrap(), blocks[..1]);
    assert!(network.client.blocks(Height(99), 0).await.unwrap().is_empty());
    let error = network.client.block(Height(4)).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::HeightBeyondHead));
}

#[tokio::test]
async fn entries_and_proofs_of_the_log() {
    let network = network().await;
    let entries = network.client.entries(LogIndex(0), 0).await.unwrap();
    assert_eq!(entries, network.ledger.entries(LogIndex(0), 99).unwrap());
    assert_eq!(network.client.entry(LogIndex(6)).await.unwrap(), entries[6]);
    assert_eq!(network.client.entries(LogIndex(5), 1).await.unwrap(), entries[5..6]);
    assert!(network.client.entries(LogIndex(u64::MAX), 0).await.unwrap().is_empty());

    let proof = network.client.inclusion(LogIndex(4), None).await.unwrap();
    assert_eq!((proof.size, proof.root), (proof.head.header.log_size, proof.head.header.log_root));
    let leaf = entries[4].entry.leaf_hash();
    verify_inclusion::<Rfc6962>(leaf, 4, 7, &proof.path, &proof.root.0).unwrap();
    let older = network.client.inclusion(LogIndex(4), Some(LogSize(5))).await.unwrap();
    verify_inclusion::<Rfc6962>(leaf, 4, 5, &older.path, &older.root.0).unwrap();

    let grown = network.client.consistency(LogSize(5), None, SELF_CONTAINED).await.unwrap();
    let anchor = network.ledger.with_ledger(|ledger| ledger.anchor());
    let proven = grown.verify(&anchor).unwrap();
    assert_eq!((proven.older.root, proven.newer.root), (older.root, proof.root));
    let between = network.client.consistency(LogSize(2), Some(LogSize(5)), ProofForm::Compact).await.unwrap();
    assert_eq!(between.verify(&anchor).unwrap().newer, proven.older);
    let error = network.client.consistency(LogSize(8), None, SELF_CONTAINED).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::SizeBeyondLog));
}

#[tokio::test]
async fn members_and_genesis() {
    let network = network().await;
    let genesis = network.client.genesis().await.unwrap();
    assert_eq!(&genesis, network.ledger.genesis());
    let members = network.client.members().await.unwrap();
    assert_eq!(members, network.ledger.members(None, 99).unwrap());
    let member = network.client.member(&issuer(), SELF_CONTAINED).await.unwrap();
    assert_eq!(member, network.ledger.member(&issuer(), SELF_CONTAINED).unwrap());
    assert_eq!((member.rest.events.count, member.rest.issuing.next_sequence), (7, Sequence(2)));
    member.proof.verify(&network.ledger.with_ledger(|ledger| ledger.anchor())).unwrap();
    let error = network.client.member(&id("nobody"), SELF_CONTAINED).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::NotFound));
}

#[tokio::test]
async fn members_as_of_a_height_are_proved_alone_and_all_together() {
    let network = network().await;
    let anchor = network.ledger.with_ledger(|ledger| ledger.anchor());
    let client = &network.client;
    let entries = [5, 7, 7];
    for (height, entries) in (1..).map(Height).zip(entries) {
        let member = client.member_as_of(&issuer(), height, SELF_CONTAINED).await.unwrap();
        member.proof.verify(&anchor).unwrap();
        assert_eq!(member.proof.header.height, height);
        assert_eq!(member.rest.events.count, entries);
        let all = client.members_as_of(height, ProofForm::Compact).await.unwrap();
        all.verify(&anchor).unwrap();
        assert_eq!(all.header.height, height);
        assert_eq!(all.members.len(), network.ledger.genesis().members.len());
        let same = all.members.iter().find(|member| member.record().id == issuer()).unwrap();
        assert_eq!((same.record(), same.rest()), (&member.proof.member.record, &member.rest));
        let mut fewer = all;
        fewer.members.pop();
        assert!(matches!(fewer.verify(&anchor), Err(ProofFault::StateRoot { .. })));
    }
    let missing = client.member_as_of(&id("nobody"), Height(1), SELF_CONTAINED).await.unwrap_err();
    assert_eq!(missing.code(), Some(ErrorCode::NotFound));
    let beyond = client.members_as_of(Height(4), SELF_CONTAINED).await.unwrap_err();
    assert_eq!(beyond.code(), Some(ErrorCode::HeightBeyondHead));
    *network.ledger.tampering.lock().unwrap() = Some(|record| record.name.push('x'));
    let member = client.member_as_of(&issuer(), Height(2), SELF_CONTAINED).await.unwrap();
    assert!(member.proof.verify(&anchor).is_err());
    let all = client.members_as_of(Height(2), SELF_CONTAINED).await.unwrap();
    assert!(matches!(all.verify(&anchor), Err(ProofFault::StateRoot { .. })));
}

/// What governance holds with a thousand proposals, each of them long, under a header that three of four signed.
fn a_thousand_proposals(ledger: &sanad_testkit::Ledger) -> GovernanceProof {
    let approvals: Vec<MemberId> =
        (0..300).map(|n| id(&format!("university-with-a-long-name-{n:04}"))).collect();
    let open = |n: u16| {
        let mut proposal_id = [0; 32];
        proposal_id[..2].copy_from_slice(&n.to_be_bytes());
        GovernanceItem::Open(OpenProposal {
            id: ProposalId(proposal_id),
            proposer: id("v1"),
            proposed: Height(1),
            proposal: Proposal {
                change: Change::Suspend { member: id(ISSUER) },
                expires: Height(100 + u64::from(n)),
                effective: Height(0),
            },
            approvals: approvals.clone(),
            passed: None,
        })
    };
    let mut proof = ledger.prove_governance();
    proof.items = (0..1000).map(open).collect();
    let others = others_root(&parts(&proof.governance(), &proof.parameters));
    proof.header.state_root = state_root(&proof.status_root, &proof.members_root, &others);
    proof.finality = ledger.finality(&proof.header);
    proof
}

#[tokio::test]
async fn a_thousand_proposals_come_in_runs_and_are_proved_together() {
    let network = network().await;
    let anchor = network.ledger.with_ledger(|ledger| ledger.anchor());
    let proof = network.client.governance(SELF_CONTAINED).await.unwrap();
    proof.verify(&anchor).unwrap();
    assert!(proof.items.is_empty());
    let expected = network.ledger.with_ledger(a_thousand_proposals);
    *network.ledger.governance.lock().unwrap() = Some(expected.clone());
    let proof = network.client.governance(SELF_CONTAINED).await.unwrap();
    assert_eq!(proof, expected);
    proof.verify(&anchor).unwrap();
    // The last one left out: what is left is not what the header names.
    let mut fewer = expected;
    fewer.items.pop();
    *network.ledger.governance.lock().unwrap() = Some(fewer);
    let proof = network.client.governance(SELF_CONTAINED).await.unwrap();
    assert!(matches!(proof.verify(&anchor), Err(ProofFault::StateRoot { .. })));
}

#[tokio::test]
async fn runs_of_governance_are_bounded() {
    let network = network().await;
    let expected = network.ledger.with_ledger(a_thousand_proposals);
    let encoded: Vec<Vec<u8>> = expected.items.iter().map(codec::encode).collect();
    *network.ledger.governance.lock().unwrap() = Some(expected);
    let mut client = LedgerServiceClient::new(network.channel().await);
    let mut stream = client.get_governance(GetGovernanceRequest { form: 0 }).await.unwrap().into_inner();
    let Some(Part::Head(head)) = stream.message().await.unwrap().unwrap().part else { panic!("a head") };
    assert_eq!((head.items, head.bytes), (1000, encoded.iter().map(|item| item.len() as u64).sum()));
    let (mut items, mut runs) = (Vec::new(), 0);
    while let Some(message) = stream.message().await.unwrap() {
        let Some(Part::Run(run)) = message.part else { panic!("a run") };
        assert!(run.items.iter().map(Vec::len).sum::<usize>() <= GOVERNANCE_RUN_BYTES_MAX);
        items.extend(run.items);
        runs += 1;
    }
    assert_eq!(items, encoded);
    assert!(runs > 8, "{runs}");
}

#[tokio::test]
async fn the_node_describes_itself() {
    let network = network().await;
    let status = network.client.node_status().await.unwrap();
    assert_eq!(status, network.ledger.node_status().await.unwrap());
    assert_eq!(status.validators.len(), 4);
    assert!(network.client.peers().await.unwrap().is_empty());
    // Both kinds of 600 keys: three pages, although they come in no order.
    let mut peers: Vec<_> = (0..600).map(|number| peer(number, PeerKind::Consensus)).collect();
    peers.extend((0..600).map(|number| peer(number, PeerKind::Gossip)));
    *network.ledger.peers.lock().unwrap() = peers.iter().rev().cloned().collect();
    peers.sort_by_key(|peer| (peer.network_key, peer.kind));
    assert_eq!(network.client.peers().await.unwrap(), peers);
}

#[tokio::test]
async fn older_headers_are_proved_by_the_history_of_the_head() {
    let network = network().await;
    let anchor = network.ledger.with_ledger(|ledger| ledger.anchor());
    for height in 1..=3 {
        for form in [ProofForm::SelfContained, ProofForm::Compact, ProofForm::Sealed] {
            let proof = network.client.history_proof(Height(height), form).await.unwrap();
            assert_eq!(proof, network.ledger.history_proof(Height(height), form).unwrap());
            proof.verify(&anchor).unwrap();
            let in_history = matches!(proof.finality, Finality::History(_));
            assert_eq!(in_history, height < 3, "{:?}", proof.finality);
        }
    }
    let error = network.client.history_proof(Height(4), SELF_CONTAINED).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::HeightBeyondHead));
}

#[tokio::test]
async fn headers_of_a_complete_subtree_are_sealed() {
    let network = Network::start().await;
    network.ledger.commit_empty_blocks(65_537);
    let file = network.client.trust_file().await.unwrap();
    assert_eq!(file.seals.len(), 1);
    let anchor = file.verify(file.anchor.header.time_ms).unwrap();
    let sealed = network.client.history_proof(Height(4711), ProofForm::Sealed).await.unwrap();
    assert!(matches!(&sealed.finality, Finality::Sealed { path } if path.len() == 16));
    assert!(sealed.verify(&anchor).unwrap().signers.is_empty());
}

#[tokio::test]
async fn the_trust_file_comes_in_chunks_and_vouches_for_compact_proofs() {
    let network = Network::start().await;
    let error = network.client.trust_file().await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::NoBlock));
    network.ledger.commit_batch(network.ledger.next_batch(5));
    let file = network.client.trust_file().await.unwrap();
    // The binary form leaves out what the members signed.
    let mut expected = network.ledger.trust_file().unwrap();
    expected.genesis.signatures.clear();
    assert_eq!(file, expected);
    network.ledger.commit();
    let anchor = file.verify(file.anchor.header.time_ms).unwrap();
    let key = CredentialKey::Index(LogIndex(3));
    let (_, proven) = network.client.verified_status(&key, ProofForm::Compact, &anchor).await.unwrap();
    assert_eq!((proven.status, proven.height), (CredentialStatus::Active, Height(2)));
}

#[tokio::test]
async fn snapshots_come_in_pieces_and_chunks_are_those_asked_for() {
    let network = network().await;
    let missing = network.client.snapshot().await.unwrap_err();
    assert!(missing.is_missing() && missing.code() == Some(ErrorCode::NotFound), "{missing}");
    // Longer than a message, and than two.
    let bytes: Vec<Vec<u8>> =
        [1, PIECE_BYTES_MAX, 2 * PIECE_BYTES_MAX + 1].map(|length| vec![7; length]).into();
    let [state, blocks, certificates] = [&bytes[0], &bytes[1], &bytes[2]].map(|bytes| vec![Chunk::of(bytes)]);
    let trust = network.ledger.trust_file().unwrap();
    let manifest = SnapshotManifest { state, blocks, certificates, trust };
    *network.ledger.snapshot.lock().unwrap() = Some(manifest.to_bytes());
    let chunks = bytes.iter().map(|bytes| (Chunk::of(bytes).hash, bytes.clone()));
    network.ledger.chunks.lock().unwrap().extend(chunks);
    assert_eq!(network.client.snapshot().await.unwrap().to_bytes(), manifest.to_bytes());
    for (chunk, bytes) in manifest.chunks().zip(&bytes) {
        assert_eq!(network.client.snapshot_chunk(chunk).await.unwrap(), *bytes);
    }
    let other = Chunk::of(b"another");
    assert!(network.client.snapshot_chunk(&other).await.unwrap_err().is_missing());
    for lie in [b"anothes".as_slice(), b"anothe", b"another one", b""] {
        network.ledger.chunks.lock().unwrap().insert(other.hash, lie.to_vec());
        let error = network.client.snapshot_chunk(&other).await.unwrap_err();
        assert!(matches!(error, ClientError::BadAnswer(_)), "{lie:?}: {error}");
    }
    *network.ledger.snapshot.lock().unwrap() = Some(manifest.to_bytes()[1..].to_vec());
    assert!(matches!(network.client.snapshot().await, Err(ClientError::BadAnswer(_))));
}
