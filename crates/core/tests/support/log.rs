//! Proofs about the log of a [`Ledger`], as a node makes them.
#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::sync::Arc;

use sanad_core::batch::SignedBatch;
use sanad_core::codec;
use sanad_core::event::Entry;
use sanad_core::hash::Root;
use sanad_core::ids::{LogIndex, LogSize};
use sanad_core::merkle::{MemoryTree, Rfc6962, consistency_path, range_path, root_at};
use sanad_core::proof::{
    CONSISTENCY_FORMAT, Complete, CompletenessFault, CompletenessHead, CompletenessVerifier,
    ConsistencyProof, IssuerBatch, LogHead, TrustAnchor,
};

use super::{Ledger, id};

fn tree(ledger: &Ledger) -> MemoryTree<Rfc6962> {
    MemoryTree::from_leaf_hashes(ledger.entries.iter().map(Entry::leaf_hash).collect())
}

/// The consistency proof between two sizes, as of the head.
pub fn consistency(ledger: &Ledger, older: u64, newer: u64) -> ConsistencyProof {
    let tree = tree(ledger);
    let header = ledger.headers.last().unwrap().clone();
    let at = |size| LogHead { size: LogSize(size), root: Root(root_at::<Rfc6962, _>(&tree, size).unwrap()) };
    let path = |older, newer| consistency_path::<Rfc6962, _>(&tree, older, newer).unwrap();
    ConsistencyProof {
        format: CONSISTENCY_FORMAT.into(),
        older: at(older),
        newer: at(newer),
        path: path(older, newer),
        head_path: path(newer, tree.size()),
        certificate: ledger.certify(&header, &[0, 1, 2]),
        validator_changes: ledger.changes(header.height),
        header,
    }
}

/// The completeness proof of an issuer, as of the head.
pub fn completeness(ledger: &Ledger, issuer: &str) -> (CompletenessHead, Vec<IssuerBatch>) {
    let header = ledger.headers.last().unwrap().clone();
    let record = ledger.state.registry().prove(&id(issuer)).unwrap();
    let certificate = ledger.certify(&header, &[1, 2, 3]);
    let changes = ledger.changes(header.height);
    let head = CompletenessHead::new(record, header, certificate, changes);
    let tree = tree(ledger);
    let own = ledger.batches.iter().filter(|(batch, _)| batch.batch().issuer.as_str() == issuer);
    let batch = |(signed, first_index): &(Arc<SignedBatch>, LogIndex)| {
        let leaves = first_index.0..first_index.0 + signed.batch().events.len() as u64;
        IssuerBatch {
            batch: codec::encode(signed.batch()),
            first_index: *first_index,
            path: range_path::<Rfc6962, _>(&tree, leaves, tree.size()).unwrap(),
        }
    };
    (head, own.map(batch).collect())
}

/// What is proved by a head and its batches.
pub fn verify(
    head: &CompletenessHead,
    batches: &[IssuerBatch],
    anchor: &TrustAnchor,
) -> Result<Complete, CompletenessFault> {
    let mut verifier = CompletenessVerifier::new(head.clone(), anchor)?;
    for batch in batches {
        verifier.add(batch)?;
    }
    verifier.finish()
}
