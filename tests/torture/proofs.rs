//! At the end, every node must prove every event that any node acknowledged, in the place that was acknowledged.

use std::collections::HashSet;

use sanad_api::{Client, CredentialKey, ProofForm};
use sanad_core::hash::Commitment;
use sanad_core::ids::{LogIndex, MemberId};
use sanad_core::status::CredentialStatus;
use sanad_core::trust::TrustAnchor;
use sanad_e2e::Net;
use tokio::task::JoinSet;

use crate::load::Acknowledged;

/// What the nodes proved.
#[derive(Debug, Default)]
pub(crate) struct Proved {
    /// Events that not all of them prove.
    pub(crate) lost: u64,
    /// Events proved in another place than the one acknowledged.
    pub(crate) elsewhere: u64,
    /// The first of them.
    pub(crate) examples: Vec<String>,
}

type Expected = (MemberId, Commitment, LogIndex);

/// Asks every node for a proof of everything, and checks each from the genesis.
pub(crate) async fn check(net: &Net, clients: &[Client], acknowledged: &[Acknowledged]) -> Proved {
    let anchor = TrustAnchor::new(&net.genesis()).unwrap();
    let events = acknowledged.iter().flat_map(|batch| {
        let places = batch.commitments.iter().zip(batch.first.0..);
        places.map(|(commitment, index)| (batch.issuer.clone(), *commitment, LogIndex(index)))
    });
    let events: Vec<Expected> = events.collect();
    let mut nodes = JoinSet::new();
    for (client, node) in clients.iter().zip(1..) {
        nodes.spawn(check_node(node, client.clone(), anchor.clone(), events.clone()));
    }
    let (mut lost, mut proved) = (HashSet::new(), Proved::default());
    while let Some(found) = nodes.join_next().await {
        let (of_node, elsewhere, examples) = found.unwrap();
        lost.extend(of_node);
        proved.elsewhere += elsewhere;
        proved.examples.extend(examples);
    }
    proved.lost = lost.len() as u64;
    proved
}

/// The events that the node does not prove, the number that it proves elsewhere, and examples.
async fn check_node(
    node: usize,
    client: Client,
    anchor: TrustAnchor,
    events: Vec<Expected>,
) -> (Vec<LogIndex>, u64, Vec<String>) {
    let (mut lost, mut elsewhere, mut examples) = (Vec::new(), 0, Vec::new());
    let mut final_headers = HashSet::new();
    for page in events.chunks(sanad_api::limits::STATUSES_MAX) {
        let keys: Vec<CredentialKey> = page
            .iter()
            .map(|(issuer, commitment, _)| CredentialKey::Issuance {
                issuer: issuer.clone(),
                commitment: *commitment,
            })
            .collect();
        let proofs = match patiently(&client, &keys).await {
            Ok(proofs) => proofs,
            Err(error) => {
                examples.push(format!("node {node} does not answer: {error}"));
                lost.extend(page.iter().map(|(_, _, index)| *index));
                continue;
            }
        };
        for ((_, _, index), proof) in page.iter().zip(proofs) {
            let proved = proof.ok_or_else(|| "it is not there".to_owned()).and_then(|proof| {
                // A header is proved final once, and not again for each of its entries.
                if !final_headers.contains(&proof.header.id()) {
                    proof.verify_header(&anchor).map_err(|fault| fault.to_string())?;
                    final_headers.insert(proof.header.id());
                }
                proof.verify_inclusion().map_err(|fault| fault.to_string())?;
                let status = proof.verify_state().map_err(|fault| fault.to_string())?;
                if status != CredentialStatus::Active {
                    return Err(format!("it is {status:?}"));
                }
                Ok(proof.index)
            });
            match proved {
                Ok(place) if place == *index => {}
                Ok(place) => {
                    elsewhere += 1;
                    examples.push(format!("node {node}: {index:?} is at {place:?}"));
                }
                Err(why) => {
                    lost.push(*index);
                    examples.push(format!("node {node}: {index:?}: {why}"));
                }
            }
        }
    }
    examples.truncate(EXAMPLES_MAX);
    (lost, elsewhere, examples)
}

async fn patiently(
    client: &Client,
    keys: &[CredentialKey],
) -> Result<Vec<Option<sanad_core::proof::StatusProof>>, sanad_api::ClientError> {
    let deadline = tokio::time::Instant::now() + sanad_e2e::DEADLINE;
    loop {
        match client.statuses(keys, ProofForm::SelfContained).await {
            Err(error) if error.is_retryable() && tokio::time::Instant::now() < deadline => {
                tokio::time::sleep(std::time::Duration::from_millis(200)).await;
            }
            answered => return answered,
        }
    }
}

const EXAMPLES_MAX: usize = 5;
