//! Whatever members do in whatever order.

use sanad_core::event::Event;
use sanad_core::governance::{Change, Compromise};
use sanad_core::hash::ProposalId;
use sanad_core::ids::LogIndex;
use sanad_core::member::{KeyPurpose, Role, Standing};
use sanad_core::signature::SecretKey;
use sanad_testkit::{Consortium, Ledger, id, issuing_key};

use crate::{propose_at, rotation, validators};

const NAMES: [&str; 8] = ["v0", "v1", "v2", "v3", "v4", "v5", "issuer", "observer"];

/// One random act: who, what, about whom, with which number.
type Act = (usize, u8, usize, u64);

fn event_of(ledger: &Ledger, (by, what, about, number): Act, proposals: &[ProposalId]) -> Event {
    let member = || id(NAMES[about % NAMES.len()]);
    let some = |n: u64| {
        NAMES.iter().enumerate().filter(move |(place, _)| n >> place & 1 == 1).map(|(_, name)| *name)
    };
    let vote = || proposals.iter().rev().nth(number as usize % 4).copied().unwrap_or(ProposalId([0; 32]));
    let propose = |change| {
        propose_at(
            ledger,
            change,
            if number % 3 == 0 { ledger.state.head().height.0 + 2 + number % 5 } else { 0 },
        )
    };
    let fresh = SecretKey::from_seed(&blake3_of(by as u64, number % 40));
    match what % 20 {
        0..=6 => Event::Approve { proposal: vote() },
        7 => Event::Withdraw { proposal: vote() },
        8 => rotation(ledger, NAMES[by], KeyPurpose::Consensus, &fresh),
        9 => rotation(ledger, NAMES[by], KeyPurpose::Issuing, &fresh),
        10 => Event::DeclareCompromise(Box::new(Compromise {
            key: issuing_key(NAMES[by]).public(),
            from: LogIndex(number % 9),
            replacement: None,
        })),
        11 => propose(Change::Suspend { member: member() }),
        12 => propose(Change::Lift { member: member() }),
        13 => propose(Change::Retire { member: member() }),
        14 => propose(Change::SetRole {
            member: member(),
            role: [Role::Observer, Role::Issuer, Role::Validator][number as usize % 3],
        }),
        15..=18 => propose(validators(&some(number | 1).collect::<Vec<_>>())),
        _ => propose(Change::NameSuccessor { member: member(), successor: id(NAMES[number as usize % 8]) }),
    }
}

fn blake3_of(a: u64, b: u64) -> [u8; 32] {
    sanad_testkit::commitment(1_000_000 + a * 1_000 + b).0
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(48))]

    /// Whatever members do in whatever order: every node comes to the same state (the ledger of these tests executes each
    /// block anew from its bytes), and those who decide can decide.
    #[test]
    fn no_sequence_of_events_leads_to_a_set_that_cannot_decide(
        blocks in proptest::collection::vec(
            proptest::collection::vec((0..8usize, proptest::prelude::any::<u8>(), 0..8usize, proptest::prelude::any::<u64>()), 1..6),
            1..30,
        )
    ) {
        let consortium = (0..6).fold(Consortium::new(), |all, n| all.with(&format!("v{n}"), Role::Validator));
        let mut ledger = Ledger::of(consortium.with("issuer", Role::Issuer).with("observer", Role::Observer).genesis());
        let mut proposals = Vec::new();
        for acts in blocks {
            let mut builder = sanad_core::execution::BlockBuilder::new(&ledger.state, &ledger);
            let mut entered = Vec::new();
            let mut used = std::collections::BTreeSet::new();
            for act in acts {
                // One batch a member and block; one in twenty acts is a freeze.
                let name = NAMES[act.0];
                if !used.insert(name) {
                    continue;
                }
                let batch = match act.1 {
                    240.. => ledger.freeze(name),
                    _ => ledger.governed(name, vec![event_of(&ledger, act, &proposals)]),
                };
                if builder.add(batch.clone().into()).is_ok() {
                    if let Event::Propose(proposal) = &batch.batch().events[0] {
                        proposals.push(proposal.id(&ledger.state.chain_id(), &id(name), batch.batch().sequence, 0));
                    }
                    entered.push(batch);
                }
            }
            ledger.commit(entered);
            let set = ledger.state.validators();
            proptest::prop_assert!(!set.validators().is_empty());
            for validator in set.validators() {
                let member = ledger.state.registry().member(&validator.member).unwrap();
                proptest::prop_assert_ne!(member.record().standing, Standing::Retired);
                proptest::prop_assert_eq!(member.rest().role, Role::Validator);
                proptest::prop_assert_eq!(member.rest().current_key(KeyPurpose::Consensus), Some(validator.key));
            }
            // What a node keeps comes back the same.
            let items: Vec<_> = ledger.state.governance().items().cloned().collect();
            for item in &items {
                let bytes = sanad_core::codec::encode(item);
                proptest::prop_assert_eq!(&sanad_core::codec::decode::<sanad_core::governance::GovernanceItem>(&bytes, 1 << 20).unwrap(), item);
            }
            let again = sanad_core::governance::Governance::from_items(items);
            proptest::prop_assert_eq!(again.part(), ledger.state.governance().part());
        }
    }
}
