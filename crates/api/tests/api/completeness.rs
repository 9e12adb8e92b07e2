//! Every entry that concerns a member.

use std::time::Duration;

use sanad_api::limits::{ENTRY_RUN_ENTRIES_MAX, ENTRY_RUNS_ENTRIES_MAX};
use sanad_api::wire::ledger_service_client::LedgerServiceClient;
use sanad_api::{ClientError, ErrorCode, Limits, ProofForm, wire};
use sanad_core::batch::BATCH_EVENTS_MAX;
use sanad_core::event::Event;
use sanad_core::ids::{LogIndex, LogSize};
use sanad_core::proof::CompletenessVerifier;
use sanad_core::status::CredentialStatus;
use sanad_testkit::id;

use crate::memory_ledger::ISSUER;
use crate::network::{Network, soon};

const FORM: ProofForm = ProofForm::SelfContained;

#[tokio::test]
async fn all_entries_of_a_member_come_with_their_proof() {
    let network = Network::start().await;
    let ledger = &network.ledger;
    ledger.commit_batch(ledger.next_batch(5));
    ledger.commit_batch(ledger.next_batch_of_member("v1", 3));
    ledger.commit_batch(ledger.next_batch_of(vec![Event::Revoke { target: LogIndex(1) }]));
    let mut stream = network.client.completeness(&id(ISSUER), FORM).await.unwrap();
    // What comes after the header is not part of the proof.
    ledger.commit_batch(ledger.next_batch(2));
    let anchor = ledger.with_ledger(|ledger| ledger.anchor());
    let mut verifier = CompletenessVerifier::new(stream.head.clone().completeness(), &anchor).unwrap();
    let mut firsts = Vec::new();
    while let Some(run) = stream.runs.next().await.unwrap() {
        firsts.push(run.first_index.0);
        verifier.add(&run).unwrap();
    }
    assert_eq!(firsts, [0, 8]);
    let complete = verifier.finish().unwrap();
    assert_eq!((complete.entries, complete.log_size), (6, LogSize(9)));
    assert_eq!(complete.count(CredentialStatus::Active), 4);
    assert_eq!(complete.count(CredentialStatus::Revoked), 1);
}

#[tokio::test]
async fn a_member_without_entries_has_an_empty_list() {
    let network = Network::start().await;
    network.ledger.commit_batch(network.ledger.next_batch(5));
    let mut stream = network.client.completeness(&id("observer"), FORM).await.unwrap();
    let anchor = network.ledger.with_ledger(|ledger| ledger.anchor());
    let verifier = CompletenessVerifier::new(stream.head.clone().completeness(), &anchor).unwrap();
    assert_eq!(stream.runs.next().await.unwrap(), None);
    assert!(verifier.finish().unwrap().statuses.is_empty());
}

#[tokio::test]
async fn a_broken_stream_continues_where_it_ended() {
    let network = Network::start().await;
    // More than the ledger returns at once.
    let batches = ENTRY_RUNS_ENTRIES_MAX / BATCH_EVENTS_MAX + 2;
    for _ in 0..batches {
        network.ledger.commit_batch(network.ledger.next_batch(BATCH_EVENTS_MAX));
    }
    let stream = network.client.completeness(&id(ISSUER), FORM).await.unwrap();
    let anchor = network.ledger.with_ledger(|ledger| ledger.anchor());
    let size = stream.head.proof.header.log_size;
    let mut verifier = CompletenessVerifier::new(stream.head.completeness(), &anchor).unwrap();
    let mut runs = stream.runs;
    verifier.add(&runs.next().await.unwrap().unwrap()).unwrap();
    let next = runs.next_index();
    assert_eq!(next, LogIndex(ENTRY_RUN_ENTRIES_MAX as u64));
    drop(runs);
    network.ledger.commit_batch(network.ledger.next_batch(1));
    let mut runs = network.client.completeness_from(&id(ISSUER), next, size).await.unwrap();
    while let Some(run) = runs.next().await.unwrap() {
        verifier.add(&run).unwrap();
    }
    assert_eq!(verifier.finish().unwrap().statuses.len(), batches * BATCH_EVENTS_MAX);
}

#[tokio::test]
async fn bad_questions_are_refused() {
    let network = Network::start().await;
    let error = network.client.completeness(&id(ISSUER), FORM).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::NoBlock));
    network.ledger.commit_batch(network.ledger.next_batch(5));
    let error = network.client.completeness(&id("nobody"), FORM).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::NotFound));
    let mut ahead = network.client.completeness_from(&id(ISSUER), LogIndex(0), LogSize(6)).await.unwrap();
    assert_eq!(ahead.next().await.unwrap_err().code(), Some(ErrorCode::SizeBeyondLog));
    let mut ledger = LedgerServiceClient::new(network.channel().await);
    let ask = |member: &str, form, resume| wire::GetCompletenessRequest {
        member_id: member.to_owned(),
        form,
        resume,
    };
    let reversed = Some(wire::CompletenessResume { from_index: 5, log_size: 4 });
    for (request, code) in [
        (ask("A", 0, None), ErrorCode::Malformed),
        (ask(ISSUER, 9, None), ErrorCode::Malformed),
        (ask(ISSUER, 0, reversed), ErrorCode::IndexBeyondSize),
    ] {
        let error = ClientError::from(ledger.get_completeness(request).await.unwrap_err());
        assert_eq!(error.code(), Some(code));
    }
}

#[tokio::test]
async fn a_reader_that_stalls_is_ended() {
    let limits = Limits { stall_timeout: Duration::from_secs(1), subscriptions: 1, ..Limits::default() };
    let network = Network::with_limits(limits).await;
    for _ in 0..16 {
        network.ledger.commit_batch(network.ledger.next_batch(BATCH_EVENTS_MAX));
    }
    let mut ledger = LedgerServiceClient::new(network.channel().await);
    let request = wire::GetCompletenessRequest { member_id: ISSUER.to_owned(), form: 0, resume: None };
    // Held, and never read.
    let _stalled = ledger.get_completeness(request).await.unwrap();
    let error = network.client.completeness(&id(ISSUER), FORM).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::Busy));
    soon(async {
        while network.client.completeness(&id(ISSUER), FORM).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}
