//! A node whose proofs all hold, but are not about what was asked.

use sanad_api::{Client, ClientError, CredentialKey, ProofForm, WireError};
use sanad_core::event::Event;
use sanad_core::ids::{Height, LogIndex, LogSize};

use crate::memory_ledger::ISSUER;
use crate::network::{Network, soon};

fn not_about_it<T: std::fmt::Debug>(answer: Result<T, ClientError>) {
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
    network.ledger.answer_about_another();
    let client: &Client = &network.client;
    let Event::Issue { commitment } = events[0] else { panic!("an issuance") };
    let issuer = ISSUER.parse().unwrap();
    let form = ProofForm::SelfContained;
    not_about_it(client.status(&CredentialKey::Issuance { issuer, commitment }, form).await);
    not_about_it(client.status(&CredentialKey::Index(LogIndex(0)), form).await);
    not_about_it(client.statuses(&[CredentialKey::Index(LogIndex(0))], form).await);
    not_about_it(client.batch_proofs(&id, form).await.unwrap().collect().await);
    not_about_it(client.header(Height(1)).await);
    not_about_it(client.block(Height(1)).await);
    not_about_it(client.blocks(Height(1), 2).await);
    not_about_it(soon(client.subscribe(Height(1)).await.unwrap().next()).await);
    not_about_it(client.entry(LogIndex(0)).await);
    not_about_it(client.entries(LogIndex(0), 2).await);
    not_about_it(client.inclusion(LogIndex(0), None).await);
    not_about_it(client.consistency(LogSize(2), None, form).await);
    not_about_it(client.history_proof(Height(1), form).await);
    not_about_it(client.member(&ISSUER.parse().unwrap(), form).await);
    not_about_it(client.member_as_of(&ISSUER.parse().unwrap(), Height(1), form).await);
    not_about_it(client.members_as_of(Height(1), form).await);
    not_about_it(client.completeness(&ISSUER.parse().unwrap(), form).await);
}
