//! Validators that change all the time: a light verifier follows, and receipts grow no longer for it.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::time::Instant;

use sanad_core::block::BlockHeader;
use sanad_core::event::Event;
use sanad_core::governance::{Change, Proposal};
use sanad_core::hash::HistoryHash;
use sanad_core::history::{HistoryProof, seals_and_remainder};
use sanad_core::ids::{Height, MemberId};
use sanad_core::member::Role;
use sanad_core::merkle::{Hash, MemoryTree, TreeHash as _};
use sanad_core::proof::{Finality, RestsOn};
use sanad_core::receipt::Receipt;
use sanad_core::trust::{Anchor, TrustFile, TrustedChange};
use sanad_core::validators::{CommitCertificate, ValidatorSet};
use sanad_testkit::{Body, Chain, Consortium, DOCUMENT, Ledger, Shape, certify, id};

const MEMBERS: u64 = 7;

/// A ledger whose members vote, with the certificate of each block and each set that a block announced.
struct Voted {
    ledger: Ledger,
    certificates: Vec<CommitCertificate>,
    announced: Vec<(BlockHeader, CommitCertificate, ValidatorSet)>,
}

impl Voted {
    fn commit(&mut self, acting: Option<(&str, Event)>) {
        let deciding = self.ledger.state.validators().clone();
        let batch = acting.map(|(by, event)| self.ledger.governed(by, vec![event]));
        let header = self.ledger.commit(Vec::from_iter(batch));
        let signers: Vec<usize> = (0..deciding.quorum()).collect();
        let certificate = certify(&header, &deciding, &signers);
        if header.validators_hash != header.next_validators_hash {
            self.announced.push((header, certificate.clone(), self.ledger.state.validators().clone()));
        }
        self.certificates.push(certificate);
    }

    /// Votes for a set, and goes on until it decides.
    fn change_to(&mut self, validators: Vec<MemberId>) {
        let before = self.ledger.state.validators().clone();
        let names: Vec<String> =
            before.validators().iter().map(|validator| validator.member.to_string()).collect();
        let change = Change::SetValidators { validators, fewer_than_four: false };
        let expires = Height(self.ledger.state.head().height.0 + 100);
        let proposal = Proposal { change, expires, effective: Height(0) };
        let sequence = self.ledger.governed(&names[0], Vec::new()).batch().sequence;
        let proposal_id = proposal.id(&self.ledger.state.chain_id(), &id(&names[0]), sequence, 0);
        self.commit(Some((&names[0], Event::Propose(Box::new(proposal)))));
        for name in &names[1..before.quorum()] {
            self.commit(Some((name, Event::Approve { proposal: proposal_id })));
        }
        while *self.ledger.state.validators() == before {
            self.commit(None);
        }
    }

    fn leaves(&self, before: u64) -> Vec<Hash> {
        let headers = self.ledger.blocks.iter().take(before as usize - 1).map(|block| &block.header);
        headers.map(|header| HistoryHash::leaf(&header.hash().0)).collect()
    }

    fn trust_file(&self) -> TrustFile {
        let head = self.ledger.head().clone();
        let tree = MemoryTree::<HistoryHash>::from_leaf_hashes(self.leaves(head.height.0));
        let (seals, remainder) = seals_and_remainder(&tree, tree.size()).unwrap();
        let trusted = |(header, certificate, next): &(BlockHeader, CommitCertificate, ValidatorSet)| {
            let (header, certificate, next) = (header.clone(), certificate.clone(), next.clone());
            let path = tree.inclusion_path(header.height.0 - 1).unwrap();
            TrustedChange { path, header, certificate, next }
        };
        let changes = self.announced.iter().map(trusted).collect();
        let certificate = self.certificates.last().unwrap().clone();
        let anchor = Anchor { header: head, certificate, past: *self.ledger.pasts.last().unwrap() };
        TrustFile::new(self.ledger.genesis.clone(), changes, anchor, seals, remainder)
    }
}

#[test]
fn a_light_verifier_follows_a_hundred_changes_that_members_voted_for() {
    let members = (0..MEMBERS).fold(Consortium::new(), |all, n| all.with(&format!("v{n}"), Role::Validator));
    let ledger = Ledger::of(members.genesis());
    let mut voted = Voted { ledger, certificates: Vec::new(), announced: Vec::new() };
    for change in 0..100 {
        let absent = change % MEMBERS;
        let set = (0..MEMBERS).filter(|n| *n != absent).map(|n| id(&format!("v{n}"))).collect();
        voted.change_to(set);
    }
    voted.commit(None);
    assert_eq!(voted.announced.len(), 100);
    assert_eq!(voted.ledger.state.validators().number(), 100);
    let file = voted.trust_file();
    let head = voted.ledger.head().clone();
    let anchor = file.verify(head.time_ms).unwrap();
    assert_eq!(anchor.set_numbered(100), Some(voted.ledger.state.validators()));
    assert_eq!(TrustFile::from_bytes(&file.to_binary()).unwrap().verify(head.time_ms).unwrap(), anchor);
    // One certificate that is not right, and nothing is believed.
    let mut forged = voted.announced[50].clone();
    forged.1 = voted.certificates[0].clone();
    voted.announced[50] = forged;
    assert!(voted.trust_file().verify(head.time_ms).is_err());

    // The first block of all, by its place in the history.
    let leaves = MemoryTree::<HistoryHash>::from_leaf_hashes(voted.leaves(head.height.0));
    let history = HistoryProof {
        path: leaves.inclusion_path(0).unwrap(),
        past: *voted.ledger.pasts.last().unwrap(),
        header: head,
        certificate: voted.certificates.last().unwrap().clone(),
        validator_changes: Vec::new(),
    };
    let proven = anchor.verify_header(voted.ledger.header(1), &Finality::History(Box::new(history))).unwrap();
    assert!(matches!(proven.rests_on, RestsOn::TrustFile { .. }), "{proven:?}");
}

/// Receipts under a trust file carry no changes: with 200 behind them they are as long as without any.
#[test]
fn a_receipt_is_as_short_with_two_hundred_changes_behind_it() {
    let written = |changes: u64| {
        let mut chain = Chain::new(14);
        let body = Body::new(&Shape::usual(100_000_000, 14), &chain.genesis.chain_id());
        let first = chain.enter(&body);
        for _ in 0..changes {
            chain.announce();
        }
        chain.extend_to(300);
        let last = chain.enter(&body);
        let anchor = chain.anchor(last);
        let verified = |receipt: Receipt| {
            let bytes = receipt.to_binary(&anchor).unwrap();
            let read = Receipt::from_bytes(&bytes, &anchor).unwrap();
            let began = Instant::now();
            assert!(read.verify(Some(DOCUMENT), &anchor).is_ok());
            (bytes.len(), began.elapsed())
        };
        let new = verified(body.receipt(chain.header(last), chain.certified(last, last)));
        // From before the first change, vouched for by the history of the last block.
        let history = Finality::History(Box::new(chain.history_proof(first, last, last)));
        let renewed = verified(body.receipt(chain.header(first), history));
        println!("{changes} changes: new {new:?}, renewed {renewed:?}");
        [new.0, renewed.0]
    };
    let (without, with) = (written(0), written(200));
    assert!(with.iter().zip(without).all(|(with, without)| *with <= without + 4), "{with:?} {without:?}");
}
