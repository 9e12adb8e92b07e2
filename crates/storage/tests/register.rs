//! The register as of each height: the members that there were then, with proofs under the header of the height.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::fs;

use sanad_core::event::Event;
use sanad_core::governance::{Change, Proposal};
use sanad_core::ids::{Height, MemberId};
use sanad_core::member::Standing;
use sanad_core::proof::MemberProof;
use sanad_core::state::State;
use sanad_storage::{Finding, SnapshotTrust, Store, StoreError, audit, create_snapshot, restore_snapshot};
use support::{Consortium, ISSUERS, issuer, small};

/// The states after each block, the genesis first.
struct Past {
    consortium: Consortium,
    states: Vec<State>,
}

impl Past {
    fn new(seed: u64) -> Self {
        let consortium = Consortium::new(seed);
        let states = vec![consortium.state().clone()];
        Self { consortium, states }
    }

    fn note(&mut self) {
        self.states.push(self.consortium.state().clone());
    }

    fn grow(&mut self, store: &Store, events: usize) {
        self.consortium.grow_some(store, events);
        self.note();
    }

    fn govern(&mut self, store: &Store, by: usize, event: Event) {
        let batch = self.consortium.ledger.governed(issuer(by).as_str(), vec![event]);
        let (block, certificate, execution) = self.consortium.block(store, vec![batch]);
        store.append(&block, &certificate, &execution).unwrap();
        self.consortium.enter(block, certificate);
        self.note();
    }

    /// Three of the four validators decide a change.
    fn decide(&mut self, store: &Store, change: Change) {
        let proposal = Proposal { change, expires: Height(10_000), effective: Height(0) };
        let state = self.consortium.state();
        let sequence = state.registry().member(&issuer(0)).unwrap().rest().governance.next_sequence;
        let id = proposal.id(&state.chain_id(), &issuer(0), sequence, 0);
        self.govern(store, 0, Event::Propose(Box::new(proposal)));
        self.govern(store, 1, Event::Approve { proposal: id });
        self.govern(store, 2, Event::Approve { proposal: id });
    }

    /// Every height from `first` on answers as its state does, with proofs that hold.
    fn check(&self, store: &Store, first: u64) {
        assert_eq!(store.register_begins(), Height(first));
        let anchor = self.consortium.ledger.anchor();
        for (height, state) in (0..).zip(&self.states).skip(first.max(1) as usize) {
            let register = store.register_as_of(Height(height)).unwrap().unwrap();
            let header = self.consortium.ledger.header(height).clone();
            for member in state.registry().members() {
                let id = &member.record().id;
                let (proved, rest) = register.prove(id).unwrap().unwrap();
                assert_eq!((&proved.record, &rest), (member.record(), member.rest()), "height {height}");
                let proof = MemberProof {
                    member: proved,
                    status_root: register.status_root(),
                    others_root: register.others_root(),
                    finality: self.consortium.ledger.finality(&header),
                    header: header.clone(),
                };
                proof.verify(&anchor).unwrap();
            }
            let stranger: MemberId = "nobody.example".parse().unwrap();
            assert!(register.prove(&stranger).unwrap().is_none());
            let page = register.members(Some(&issuer(0)), 2).unwrap();
            assert_eq!(page, state.registry().members().skip(1).take(2).cloned().collect::<Vec<_>>());
        }
        assert!(store.register_as_of(Height(0)).unwrap().is_none());
        assert!(store.register_as_of(Height(self.states.len() as u64)).unwrap().is_none());
    }
}

fn standing(store: &Store, height: u64, member: &MemberId) -> Standing {
    let register = store.register_as_of(Height(height)).unwrap().unwrap();
    register.prove(member).unwrap().unwrap().0.record.standing
}

#[test]
fn every_height_is_answered_as_it_was() {
    let directory = tempfile::tempdir().unwrap();
    let mut past = Past::new(91);
    let genesis = past.consortium.genesis.clone();
    let (store, _) = Store::create(directory.path(), &genesis, small()).unwrap();
    past.grow(&store, 5);
    let name = Some("Universitas Baru".to_owned());
    past.decide(&store, Change::Amend { member: issuer(3), name, facts: None });
    past.decide(&store, Change::Suspend { member: issuer(3) });
    let suspended = past.states.len() as u64 - 1;
    (0..9).for_each(|_| past.grow(&store, 3));
    past.check(&store, 0);
    assert_eq!(standing(&store, suspended - 1, &issuer(3)), Standing::Active);
    assert_eq!(standing(&store, suspended, &issuer(3)), Standing::Suspended);
    // Stopped without a checkpoint, so that the last blocks are executed again.
    drop(store);
    let (store, _) = Store::open(directory.path(), &genesis, small()).unwrap();
    past.check(&store, 0);
    past.grow(&store, 3);
    past.check(&store, 0);
    store.close().unwrap();
    drop(store);
    assert_eq!(audit(directory.path(), &genesis, |_| {}).unwrap().findings, []);
    let (store, _) = Store::rebuild(directory.path(), &genesis, small(), |_| {}).unwrap();
    past.check(&store, 0);
}

#[test]
fn many_changes_are_read_from_the_last_whole_list_on() {
    let directory = tempfile::tempdir().unwrap();
    let mut past = Past::new(92);
    let genesis = past.consortium.genesis.clone();
    let (store, _) = Store::create(directory.path(), &genesis, small()).unwrap();
    for _ in 0..700 {
        let batches = (0..ISSUERS).map(|_| past.consortium.issuances(1)).collect();
        past.consortium.grow(&store, batches);
        past.note();
    }
    // 4 changes a block, and all 4 members again after each 1,024.
    let changes = fs::metadata(directory.path().join("register/changes")).unwrap().len() / 77;
    assert_eq!(changes, 4 + 700 * 4 + 2 * 4);
    past.check(&store, 0);
    store.close().unwrap();
    drop(store);
    let (store, _) = Store::open(directory.path(), &genesis, small()).unwrap();
    past.grow(&store, 3);
    past.check(&store, 0);
    store.close().unwrap();
    drop(store);
    assert_eq!(audit(directory.path(), &genesis, |_| {}).unwrap().findings, []);
}

#[test]
fn a_store_made_from_a_snapshot_begins_there_and_says_so() {
    let (directory, folder, to) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut past = Past::new(93);
    let genesis = past.consortium.genesis.clone();
    let (store, _) = Store::create(directory.path(), &genesis, small()).unwrap();
    (0..12).for_each(|_| past.grow(&store, 4));
    create_snapshot(&store, past.consortium.state(), &genesis, folder.path(), |_| {}).unwrap();
    let trust = SnapshotTrust { genesis: &genesis, anchor: None, now_ms: 0 };
    restore_snapshot(folder.path(), trust, to.path(), small(), |_| {}).unwrap();
    let (store, _) = Store::open(to.path(), &genesis, small()).unwrap();
    past.check(&store, 12);
    for height in 1..12 {
        let error = store.register_as_of(Height(height)).unwrap_err();
        assert!(matches!(error, StoreError::BeforeRegister { first: Height(12) }), "{error}");
    }
    (0..9).for_each(|_| past.grow(&store, 4));
    store.close().unwrap();
    drop(store);
    assert_eq!(audit(to.path(), &genesis, |_| {}).unwrap().findings, []);
    let (store, _) = Store::open(to.path(), &genesis, small()).unwrap();
    past.check(&store, 12);
    drop(store);
    let (store, _) = Store::rebuild(to.path(), &genesis, small(), |_| {}).unwrap();
    past.check(&store, 0);
}

/// Whatever is read is right or an error, and a store opens all the same.
#[test]
fn a_damaged_register_gives_no_wrong_answer_and_stops_nobody() {
    let directory = tempfile::tempdir().unwrap();
    let mut past = Past::new(94);
    let genesis = past.consortium.genesis.clone();
    let (store, _) = Store::create(directory.path(), &genesis, small()).unwrap();
    (0..15).for_each(|_| past.grow(&store, 4));
    store.close().unwrap();
    drop(store);
    let files = ["heights", "changes", "states"].map(|name| directory.path().join("register").join(name));
    let sound = files.each_ref().map(|file| fs::read(file).unwrap());
    // A store that finds no sound register at its checkpoint begins anew there.
    let open = || Store::open(directory.path(), &genesis, small()).unwrap().0;
    for (file, whole) in files.iter().zip(&sound) {
        let mut refused = 0;
        for place in (0..whole.len()).step_by(whole.len() / 20) {
            let mut bytes = whole.clone();
            bytes[place] ^= 0x10;
            fs::write(file, bytes).unwrap();
            let report = audit(directory.path(), &genesis, |_| {}).unwrap();
            assert!(
                matches!(&report.findings[..], [Finding::Record { part, .. }] if part.as_str() == "register"),
                "{} {place}: {:?}",
                file.display(),
                report.findings
            );
            refused += read_all(&past, &open());
            files.iter().zip(&sound).for_each(|(file, whole)| fs::write(file, whole).unwrap());
        }
        assert!(refused > 0, "{}", file.display());
    }
    past.check(&open(), 0);
    for file in &files {
        fs::remove_file(file).unwrap();
        past.check(&open(), 15);
        files.iter().zip(&sound).for_each(|(file, whole)| fs::write(file, whole).unwrap());
    }
    past.check(&open(), 0);
}

/// Compares what can be read with what was; returns how much cannot be.
fn read_all(past: &Past, store: &Store) -> usize {
    let mut refused = 0;
    for (height, state) in (0..).zip(&past.states).skip(1) {
        let register = match store.register_as_of(Height(height)) {
            Ok(register) => register.unwrap(),
            Err(StoreError::Damaged { .. } | StoreError::BeforeRegister { .. }) => {
                refused += 1;
                continue;
            }
            Err(error) => panic!("{error}"),
        };
        for member in state.registry().members() {
            match register.prove(&member.record().id) {
                Ok(proved) => {
                    let (proved, rest) = proved.unwrap();
                    assert_eq!((&proved.record, &rest), (member.record(), member.rest()));
                }
                Err(StoreError::Damaged { .. }) => refused += 1,
                Err(error) => panic!("{error}"),
            }
        }
    }
    refused
}
