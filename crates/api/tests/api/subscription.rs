//! Subscriptions to blocks.

use std::time::Duration;

use sanad_api::wire::ledger_service_client::LedgerServiceClient;
use sanad_api::{ErrorCode, Ledger, Limits, ProofForm, wire};
use sanad_core::ids::Height;

use crate::network::{Network, soon};

#[tokio::test]
async fn old_blocks_then_new_ones_without_a_gap() {
    let network = Network::start().await;
    for _ in 0..3 {
        network.ledger.commit_batch(network.ledger.next_batch(2));
    }
    let mut stream = network.client.subscribe(Height(2)).await.unwrap();
    for height in 2..=3 {
        let block = soon(stream.next()).await.unwrap();
        assert_eq!(block, network.ledger.block(Height(height)).unwrap());
    }
    for height in 4..=6 {
        network.ledger.commit_batch(network.ledger.next_batch(2));
        assert_eq!(soon(stream.next()).await.unwrap().block.header.height, Height(height));
    }
    assert_eq!(stream.next_height(), Height(7));
}

#[tokio::test]
async fn a_subscription_may_begin_with_the_next_block_and_no_later() {
    let network = Network::start().await;
    let mut stream = network.client.subscribe(Height(1)).await.unwrap();
    network.ledger.commit();
    assert_eq!(soon(stream.next()).await.unwrap().block.header.height, Height(1));
    let error = network.client.subscribe(Height(3)).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::HeightBeyondHead));
}

#[tokio::test]
async fn a_broken_subscription_is_resumed_where_it_ended() {
    let network = Network::start().await;
    for _ in 0..4 {
        network.ledger.commit();
    }
    let mut stream = network.client.subscribe(Height(1)).await.unwrap();
    assert_eq!(soon(stream.next()).await.unwrap().block.header.height, Height(1));
    assert_eq!(soon(stream.next()).await.unwrap().block.header.height, Height(2));
    let mut stream = network.client.subscribe(stream.next_height()).await.unwrap();
    assert_eq!(soon(stream.next()).await.unwrap().block.header.height, Height(3));
}

#[tokio::test]
async fn a_slow_subscriber_gets_every_block() {
    let network = Network::start().await;
    let mut stream = network.client.subscribe(Height(1)).await.unwrap();
    // More than any window on the way holds: 60 blocks of 66 KB.
    for _ in 0..60 {
        network.ledger.commit_batch(network.ledger.next_batch(2000));
    }
    for height in 1..=60 {
        assert_eq!(soon(stream.next()).await.unwrap().block.header.height, Height(height));
    }
}

#[tokio::test]
async fn a_subscriber_that_stalls_is_ended_and_its_place_is_free_again() {
    let stall_timeout = Duration::from_secs(1);
    let limits = Limits { stall_timeout, subscriptions: 1, ..Limits::default() };
    let network = Network::with_limits(limits).await;
    let mut ledger = LedgerServiceClient::new(network.channel().await);
    for _ in 0..60 {
        network.ledger.commit_batch(network.ledger.next_batch(2000));
    }
    let request = wire::SubscribeBlocksRequest { from_height: 1 };
    let mut stalled = ledger.subscribe_blocks(request).await.unwrap().into_inner();
    assert_eq!(network.client.subscribe(Height(1)).await.unwrap_err().code(), Some(ErrorCode::Busy));
    // It takes nothing, so its connection is cut, and with it all that waited in it.
    let mut next = soon(async {
        loop {
            match network.client.subscribe(Height(61)).await {
                Ok(stream) => return stream,
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    })
    .await;
    network.ledger.commit();
    assert_eq!(soon(next.next()).await.unwrap().block.header.height, Height(61));
    let (mut taken, mut ended) = (0, None);
    while ended.is_none() {
        match soon(stalled.message()).await {
            Ok(Some(_)) => taken += 1,
            other => ended = Some(other),
        }
    }
    assert!(taken < 60 && ended.unwrap().is_err(), "{taken} blocks, and no error");
}

#[tokio::test]
async fn a_caller_that_leaves_frees_its_place() {
    let network = Network::with_limits(Limits { subscriptions: 1, ..Limits::default() }).await;
    let stream = network.client.subscribe(Height(1)).await.unwrap();
    assert_eq!(network.client.subscribe(Height(1)).await.unwrap_err().code(), Some(ErrorCode::Busy));
    drop(stream);
    soon(async {
        while network.client.subscribe(Height(1)).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_stalled_stream_whose_deadline_ends_is_cut_too() {
    let stall_timeout = Duration::from_secs(2);
    let limits = Limits { stall_timeout, batch_proofs: 1, ..Limits::default() };
    let network = Network::with_limits(limits).await;
    let batch = network.ledger.next_batch(1500);
    let id = batch.id();
    network.ledger.commit_batch(batch);
    let mut ledger = LedgerServiceClient::new(network.channel().await);
    let message = wire::GetBatchProofsRequest { batch_id: id.0.to_vec(), first: 0, limit: 0, form: 0 };
    let mut request = tonic::Request::new(message);
    request.set_timeout(stall_timeout / 2);
    // Held, and never read.
    let _stalled = ledger.get_batch_proofs(request).await.unwrap();
    assert_eq!(
        network.client.batch_proofs(&id, ProofForm::SelfContained).await.unwrap_err().code(),
        Some(ErrorCode::Busy)
    );
    let proofs = soon(async {
        loop {
            match network.client.batch_proofs(&id, ProofForm::SelfContained).await {
                Ok(stream) => return stream.collect().await,
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    });
    assert_eq!(proofs.await.unwrap().len(), 1500);
}
