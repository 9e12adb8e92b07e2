//! Each read, there and back.

use sanad_api::{CredentialKey, Ledger, PeerKind, wire};
use sanad_core::event::Event;
use sanad_core::hash::{BatchId, Commitment, RegistryHash};
use sanad_core::ids::{Height, LogIndex, LogSize, MemberId, Sequence};
use sanad_core::merkle::{Rfc6962, verify_inclusion};
use sanad_core::proof::{CompletenessVerifier, IssuerBatch, TrustAnchor};
use sanad_core::registry::Registry;
use sanad_core::status::Status;

use crate::chain::ISSUER;
use crate::memory_ledger::peer;
use crate::network::Network;

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
    let anchor = TrustAnchor::new(network.ledger.genesis()).unwrap();
    for (index, status) in [(0, Status::Active), (1, Status::Revoked), (2, Status::Suspended)] {
        let proof = network.client.status_by_index(LogIndex(index)).await.unwrap();
        let proven = proof.verify(&anchor).unwrap();
        assert_eq!((proven.status, proven.height), (status, Height(3)));
        let Event::Issue { commitment } = proof.entry.event else { panic!("an issuance") };
        let same = network.client.status_by_commitment(&commitment).await.unwrap();
        assert_eq!(same, proof);
        let key = CredentialKey::Index(LogIndex(index));
        let (verified, _) = network.client.verified_status(&key, &anchor).await.unwrap();
        assert_eq!(verified, network.ledger.status_proof(&key).unwrap());
    }
    let other = TrustAnchor { chain_id: sanad_core::hash::ChainId([0; 32]), ..anchor };
    let key = CredentialKey::Commitment(Commitment([0; 32]));
    assert_eq!(network.client.status(&key).await.unwrap_err().word(), Some("not-found"));
    let unproven = network.client.verified_status(&CredentialKey::Index(LogIndex(0)), &other).await;
    assert!(matches!(unproven, Err(sanad_api::ClientError::NotProven(_))));
}

#[tokio::test]
async fn proofs_of_a_batch_share_one_head() {
    let network = network().await;
    let anchor = TrustAnchor::new(network.ledger.genesis()).unwrap();
    let batch = network.ledger.next_batch(700);
    let id = batch.id();
    network.ledger.commit_batch(batch);
    let stream = network.client.batch_proofs(&id).await.unwrap();
    assert_eq!((stream.first_index(), stream.entries()), (LogIndex(7), 700));
    let proofs = stream.collect().await.unwrap();
    assert_eq!(proofs.len(), 700);
    for (index, proof) in (7..).zip(&proofs).step_by(99) {
        assert_eq!(proof.index, LogIndex(index));
        assert_eq!(proof.verify(&anchor).unwrap().height, Height(4));
    }
    let rest = network.client.batch_proofs_from(&id, 698).await.unwrap().collect().await.unwrap();
    assert_eq!(rest, proofs[698..]);
    let beyond = network.client.batch_proofs_from(&id, 9000).await.unwrap();
    assert!(beyond.collect().await.unwrap().is_empty());
    let error = network.client.batch_proofs(&BatchId([1; 32])).await.unwrap_err();
    assert_eq!(error.word(), Some("not-found"));
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
    assert_eq!(network.client.block(Height(4)).await.unwrap_err().word(), Some("height-beyond-head"));
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

    let grown = network.client.consistency(LogSize(5), None).await.unwrap();
    let anchor = TrustAnchor::new(network.ledger.genesis()).unwrap();
    let proven = grown.verify(&anchor).unwrap();
    assert_eq!((proven.older.root, proven.newer.root), (older.root, proof.root));
    let between = network.client.consistency(LogSize(2), Some(LogSize(5))).await.unwrap();
    assert_eq!(between.verify(&anchor).unwrap().newer, proven.older);
    let error = network.client.consistency(LogSize(8), None).await.unwrap_err();
    assert_eq!(error.word(), Some("size-beyond-log"));
}

#[tokio::test]
async fn members_and_genesis() {
    let network = network().await;
    let genesis = network.client.genesis().await.unwrap();
    assert_eq!(&genesis, network.ledger.genesis());
    let members = network.client.members().await.unwrap();
    assert_eq!(members, network.ledger.members(None, 99).unwrap());
    let id: MemberId = ISSUER.parse().unwrap();
    let proof = network.client.member(&id).await.unwrap();
    assert_eq!(proof.member.record.chain.entries, 7);
    let leaf = Registry::leaf_hash(&proof.member.record);
    let root = proof.head.header.registry_root.0;
    let sanad_core::registry::RegistryProof { index, count, path, .. } = &proof.member;
    verify_inclusion::<RegistryHash>(leaf, *index, *count, path, &root).unwrap();
    let error = network.client.member(&"nobody".parse().unwrap()).await.unwrap_err();
    assert_eq!(error.word(), Some("not-found"));
}

#[tokio::test]
async fn the_node_tells_of_itself() {
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
async fn all_batches_of_an_issuer_come_page_by_page_with_their_proof() {
    let network = Network::start().await;
    for _ in 0..5 {
        network.ledger.commit_batch(network.ledger.next_batch(3));
    }
    let issuer: MemberId = ISSUER.parse().unwrap();
    let anchor = TrustAnchor::new(network.ledger.genesis()).unwrap();
    let head = network.client.member(&issuer).await.unwrap().completeness();
    // What comes after the header is no part of the proof.
    network.ledger.commit_batch(network.ledger.next_batch(1));
    let size = Some(head.header.log_size);
    let mut verifier = CompletenessVerifier::new(head, &anchor).unwrap();
    let mut pages = 0;
    let mut token = String::new();
    loop {
        let request = wire::ListIssuerBatchesRequest {
            issuer: ISSUER.to_owned(),
            from_sequence: 0,
            log_size: 15,
            page_size: 2,
            page_token: token,
        };
        let page = wire::ledger_service_client::LedgerServiceClient::new(network.channel().await)
            .list_issuer_batches(request)
            .await
            .unwrap()
            .into_inner();
        for batch in page.batches {
            let wire::IssuerBatch { encoded, first_index, path } = batch;
            let path = path.iter().map(|hash| hash.as_slice().try_into().unwrap()).collect();
            let first_index = LogIndex(first_index);
            verifier.add(&IssuerBatch { batch: encoded, first_index, path }).unwrap();
        }
        pages += 1;
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(pages, 3);
    assert_eq!(verifier.finish().unwrap().statuses.len(), 15);

    let page = network.client.issuer_batches(&issuer, Sequence(3), size).await.unwrap();
    assert_eq!((page.batches.len(), page.more, page.batches[0].first_index), (2, false, LogIndex(9)));
    assert!(
        network.client.issuer_batches(&issuer, Sequence(u64::MAX), size).await.unwrap().batches.is_empty()
    );
    let error = network.client.issuer_batches(&issuer, Sequence(0), Some(LogSize(17))).await.unwrap_err();
    assert_eq!(error.word(), Some("size-beyond-log"));
}
