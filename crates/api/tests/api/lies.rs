//! A node whose proofs all hold, but which answers another question.

use sanad_api::{Client, ClientError, WireError};
use sanad_core::event::Event;
use sanad_core::ids::{Height, LogIndex, LogSize, Sequence};

use crate::chain::ISSUER;
use crate::network::{Network, soon};

fn beside<T: std::fmt::Debug>(answer: Result<T, ClientError>) {
    let wrong = matches!(
        answer,
        Err(ClientError::BadAnswer(WireError::NotAsked { .. } | WireError::OutOfOrder { .. }))
    );
    assert!(wrong, "{answer:?}");
}

#[tokio::test]
async fn answers_are_about_the_question() {
    let network = Network::start().await;
    let batch = network.ledger.next_batch(3);
    let (id, events) = (batch.id(), batch.batch().events.clone());
    network.ledger.commit_batch(batch);
    for _ in 0..3 {
        network.ledger.commit_batch(network.ledger.next_batch(2));
    }
    network.ledger.answer_beside_the_question();
    let client: &Client = &network.client;
    let Event::Issue { commitment } = events[0] else { panic!("an issuance") };
    beside(client.status_by_commitment(&commitment).await);
    beside(client.status_by_index(LogIndex(0)).await);
    beside(client.batch_proofs(&id).await.unwrap().collect().await);
    beside(client.header(Height(1)).await);
    beside(client.block(Height(1)).await);
    beside(client.blocks(Height(1), 2).await);
    beside(soon(client.subscribe(Height(1)).await.unwrap().next()).await);
    beside(client.entry(LogIndex(0)).await);
    beside(client.entries(LogIndex(0), 2).await);
    beside(client.inclusion(LogIndex(0), None).await);
    beside(client.consistency(LogSize(2), None).await);
    beside(client.issuer_batches(&ISSUER.parse().unwrap(), Sequence(0), Some(LogSize(4))).await);
    beside(client.member(&ISSUER.parse().unwrap()).await);
}
