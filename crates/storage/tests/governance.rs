//! What governance decides is kept: members, items, sets of validators, and the entries by others that concern a member.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use sanad_core::event::Event;
use sanad_core::governance::{Change, Outcome, Proposal};
use sanad_core::ids::{Height, LogIndex};
use sanad_core::member::Standing;
use sanad_core::proof::CompletenessVerifier;
use sanad_storage::Store;
use support::{Consortium, check_same, issuer, small};

fn append(consortium: &mut Consortium, store: &Store, by: usize, event: Event) {
    let batch = consortium.ledger.governed(issuer(by).as_str(), vec![event]);
    let (block, certificate, execution) = consortium.block(store, vec![batch]);
    store.append(&block, &certificate, &execution).unwrap();
    consortium.enter(block, certificate);
}

/// Three of the four validators decide a change.
fn decide(consortium: &mut Consortium, store: &Store, change: Change) {
    let proposal = Proposal { change, expires: Height(1_000), effective: Height(0) };
    let state = consortium.state();
    let proposer = issuer(0);
    let sequence = state.registry().member(&proposer).unwrap().rest().governance.next_sequence;
    let id = proposal.id(&state.chain_id(), &proposer, sequence, 0);
    append(consortium, store, 0, Event::Propose(Box::new(proposal)));
    append(consortium, store, 1, Event::Approve { proposal: id });
    append(consortium, store, 2, Event::Approve { proposal: id });
}

#[test]
fn decisions_survive_a_restart_and_prove_what_they_concern() {
    let directory = tempfile::tempdir().unwrap();
    let mut consortium = Consortium::new(83);
    let genesis = consortium.genesis.clone();
    let (mut store, _) = Store::create(directory.path(), &genesis, small()).unwrap();
    let validators = vec![issuer(0), issuer(1), issuer(2)];
    let changes = [
        Change::NameSuccessor { member: issuer(3), successor: issuer(0) },
        Change::Suspend { member: issuer(3) },
        Change::SetValidators { validators, fewer_than_four: true },
    ];
    for change in changes {
        let suspends = matches!(change, Change::Suspend { .. });
        consortium.grow_some(&store, 5);
        decide(&mut consortium, &store, change);
        if suspends {
            check_votes(&consortium, &store);
        }
        store.close().unwrap();
        drop(store);
        let (opened, state) = Store::open(directory.path(), &genesis, small()).unwrap();
        check_same(&state, consortium.state());
        assert_eq!(state.governance(), consortium.state().governance());
        store = opened;
    }
    consortium.grow_some(&store, 5);

    let state = consortium.state();
    let closed: Vec<_> = state.governance().closed().map(|closed| closed.outcome).collect();
    assert_eq!(closed, [Outcome::Executed; 3]);
    assert_eq!(state.governance().successor(&issuer(3)), Some(&issuer(0)));
    assert_eq!(state.registry().member(&issuer(3)).unwrap().record().standing, Standing::Suspended);
    assert_eq!(store.validator_set_count(), 2);
    assert_eq!(store.validators_at(state.head().height.next()).unwrap().validators().len(), 3);
}

/// All six votes about the last member, none of which it signed.
fn check_votes(consortium: &Consortium, store: &Store) {
    let (head, runs) = consortium.ledger.completeness(issuer(3).as_str());
    let found: Vec<_> = store.member_entries(&issuer(3), LogIndex(0)..LogIndex(u64::MAX)).collect();
    let found: Vec<_> = found.into_iter().map(Result::unwrap).collect();
    assert_eq!(found, runs);
    assert_eq!(found.len(), 6, "the votes about its successor and its suspension");
    let mut verifier = CompletenessVerifier::new(head, &consortium.ledger.anchor()).unwrap();
    found.iter().for_each(|run| drop(verifier.add(run).unwrap()));
    assert_eq!(verifier.finish().unwrap().entries, 6);
}
