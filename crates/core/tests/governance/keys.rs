//! Members' keys: thresholds, replacement, compromise, freezing.

use sanad_core::batch::{
    Batch, BatchChain, BatchSignatures, GovernanceSignatureError, KeySignature, batch_message,
};
use sanad_core::event::Event;
use sanad_core::execution::BatchError;
use sanad_core::governance::{Admission, Change, Compromise, GovernanceError, NewGovernanceKeys, NewKey};
use sanad_core::ids::{Height, LogIndex};
use sanad_core::member::{IndexRange, KEY_TERMS_MAX, KeyPurpose, Role, Standing, possession_message};
use sanad_core::signature::SecretKey;
use sanad_core::status::CredentialStatus;
use sanad_testkit::{
    Consortium, Ledger, consensus_key, governance_key, id, issue, issuing_key, member, member_keys,
    next_batch_of,
};

use crate::{act, approve, decide, key, new_key, of, open, propose, refusal, refused, rotation, standing};

#[test]
fn governance_keys_sign_as_many_as_the_threshold() {
    let mut two = member("two", Role::Validator);
    two.governance_keys = vec![governance_key("two").public(), key("two").public()];
    two.governance_keys.sort();
    let consortium = (0..4).fold(Consortium::new(), |all, n| all.with(&format!("v{n}"), Role::Validator));
    let mut ledger = Ledger::of(consortium.genesis());
    let change = {
        two.governance_threshold = 2;
        let message = possession_message(&ledger.genesis.invitation(), &two);
        let mut keys = [governance_key("two"), key("two")];
        keys.sort_by_key(SecretKey::public);
        let others = member_keys(&member("two", Role::Validator)).split_off(1);
        let possession = keys.iter().chain(&others).map(|key| key.sign(&message)).collect();
        Change::Admit(Box::new(Admission { member: two.clone(), possession }))
    };
    decide(&mut ledger, change);
    let event = Event::SetAddresses { addresses: vec!["node.two.example:4040".into()] };
    let batch = next_batch_of(&ledger.state, "two", BatchChain::Governance, vec![event]);
    let sign = |batch: &Batch, keys: &[&SecretKey]| {
        let message = batch_message(&batch.id());
        let mut list: Vec<_> = keys
            .iter()
            .map(|key| KeySignature { key: key.public(), signature: key.sign(&message) })
            .collect();
        list.sort_by_key(|signature| signature.key);
        batch.clone().with_signatures(BatchSignatures::Governance(list))
    };
    let error = |refusal| match refusal {
        Err(BatchError::GovernanceSignature { source, .. }) => source,
        other => unreachable!("{other:?}"),
    };
    let (first, second, other) = (governance_key("two"), key("two"), governance_key("v0"));
    assert_eq!(
        error(ledger.refusal(sign(&batch, &[&first]))),
        GovernanceSignatureError::Threshold { signed: 1, threshold: 2 }
    );
    assert_eq!(
        error(ledger.refusal(sign(&batch, &[&first, &other]))),
        GovernanceSignatureError::Key { key: other.public() }
    );
    assert_eq!(ledger.refusal(sign(&batch, &[&first, &second])), Ok(()));
    // One of them is enough to freeze.
    let freeze = next_batch_of(&ledger.state, "two", BatchChain::Freeze, vec![Event::Freeze]);
    ledger.commit(vec![freeze.sign(&second)]);
    assert_eq!(standing(&ledger, "two"), Standing::Frozen);
}

#[test]
fn a_replaced_governance_key_votes_no_more() {
    let mut ledger = Ledger::new();
    let replace = |ledger: &Ledger, keys: &[&SecretKey]| {
        let purpose = KeyPurpose::Governance;
        let new: Vec<_> = keys.iter().map(|key| new_key(ledger, "v3", purpose, key)).collect();
        Change::ReplaceGovernanceKeys(Box::new(NewGovernanceKeys {
            member: id("v3"),
            keys: new.iter().map(|new| new.key).collect(),
            threshold: 1,
            possession: new.iter().map(|new| new.possession).collect(),
        }))
    };
    let reused = propose(&ledger, replace(&ledger, &[&issuing_key("v3")]));
    assert_eq!(
        refusal(&ledger, "v0", reused),
        GovernanceError::KeyReuse { key: issuing_key("v3").public(), holder: id("v3") }
    );
    let change = replace(&ledger, &[&key("v3")]);
    decide(&mut ledger, change);
    let vote = propose(&ledger, Change::Suspend { member: id("issuer") });
    let former = ledger.refusal(ledger.governed("v3", vec![vote.clone()]));
    let source = GovernanceSignatureError::Key { key: governance_key("v3").public() };
    assert_eq!(former, Err(BatchError::GovernanceSignature { issuer: id("v3"), source }));
    let batch = next_batch_of(&ledger.state, "v3", BatchChain::Governance, vec![vote]);
    assert_eq!(ledger.refusal(batch.sign(&key("v3"))), Ok(()));
    // The key never returns.
    let back = propose(&ledger, replace(&ledger, &[&governance_key("v3")]));
    assert!(matches!(refusal(&ledger, "v0", back), GovernanceError::KeyReuse { .. }));
}

#[test]
fn keys_change_at_the_next_height_and_never_return() {
    let mut ledger = Ledger::new();
    let fresh = key("issuer");
    let rotate = rotation(&ledger, "issuer", KeyPurpose::Issuing, &fresh);
    let own = |ledger: &Ledger, key: &SecretKey| ledger.batch("issuer", vec![issue(7)]).sign(key);
    // In the block of the rotation the former key still signs.
    ledger
        .commit(vec![ledger.governed("issuer", vec![rotate.clone()]), own(&ledger, &issuing_key("issuer"))]);
    assert!(matches!(
        ledger.refusal(own(&ledger, &issuing_key("issuer"))),
        Err(BatchError::Signature { .. })
    ));
    let batch = ledger.batch("issuer", vec![issue(8)]).sign(&fresh);
    ledger.commit(vec![batch]);
    let terms: Vec<_> =
        of(&ledger, "issuer").rest().keys.iter().filter(|term| term.purpose == KeyPurpose::Issuing).collect();
    assert_eq!((terms[0].until, terms[1].from, terms[1].until), (Some(LogIndex(2)), LogIndex(2), None));
    for used in [issuing_key("issuer"), fresh, consensus_key("v0")] {
        let event = rotation(&ledger, "issuer", KeyPurpose::Issuing, &used);
        assert!(matches!(refusal(&ledger, "issuer", event), GovernanceError::KeyReuse { .. }));
    }
    let governance = rotation(&ledger, "issuer", KeyPurpose::Governance, &key("other"));
    assert_eq!(refusal(&ledger, "issuer", governance), GovernanceError::VoteNeeded);
    // Two in one block; a key that signed for somebody else.
    let first = rotation(&ledger, "issuer", KeyPurpose::Issuing, &key("first"));
    let second = rotation(&ledger, "issuer", KeyPurpose::Issuing, &key("second"));
    let both = ledger.governed("issuer", vec![first, second]);
    let pending = GovernanceError::PendingKey { member: id("issuer"), purpose: KeyPurpose::Issuing };
    assert_eq!(refused(ledger.refusal(both)), pending);
    let foreign = rotation(&ledger, "v1", KeyPurpose::Issuing, &key("v1"));
    assert!(matches!(refusal(&ledger, "issuer", foreign), GovernanceError::Possession { .. }));
}

#[test]
fn consensus_keys_take_effect_two_heights_later() {
    let mut ledger = Ledger::new();
    let fresh = key("v2");
    let event = rotation(&ledger, "v2", KeyPurpose::Consensus, &fresh);
    act(&mut ledger, "v2", event);
    assert_eq!(ledger.state.validators().number(), 0);
    let again = rotation(&ledger, "v2", KeyPurpose::Consensus, &key("again"));
    assert!(matches!(refusal(&ledger, "v2", again), GovernanceError::PendingKey { .. }));
    let taken = rotation(&ledger, "v1", KeyPurpose::Network, &fresh);
    assert!(matches!(refusal(&ledger, "v1", taken), GovernanceError::KeyReuse { .. }));
    let header = ledger.commit(vec![]);
    assert_ne!(header.next_validators_hash, header.validators_hash);
    let set = ledger.state.validators();
    assert_eq!((set.number(), set.first_height(), set.validators()[2].key), (1, Height(3), fresh.public()));
    assert_eq!(of(&ledger, "v2").rest().current_key(KeyPurpose::Consensus), Some(fresh.public()));
    assert_eq!(ledger.state.governance().items().count(), 0);
}

#[test]
fn a_compromise_disputes_a_range_that_the_issuer_confirms_by_governance() {
    let mut ledger = Ledger::new();
    ledger.issue("issuer", 0..10);
    let declare = |key: &SecretKey, from: u64, replacement: Option<NewKey>| {
        Event::DeclareCompromise(Box::new(Compromise {
            key: key.public(),
            from: LogIndex(from),
            replacement,
        }))
    };
    let stolen = issuing_key("issuer");
    assert_eq!(
        refusal(&ledger, "issuer", declare(&stolen, 11, None)),
        GovernanceError::CompromiseRange { from: LogIndex(0), until: LogIndex(10), actual: LogIndex(11) }
    );
    assert!(matches!(
        refusal(&ledger, "issuer", declare(&key("x"), 4, None)),
        GovernanceError::NotItsKey { .. }
    ));
    assert_eq!(
        refusal(&ledger, "issuer", Event::Confirm { target: LogIndex(4) }),
        GovernanceError::NotDisputed { target: LogIndex(4) }
    );
    let fresh = new_key(&ledger, "issuer", KeyPurpose::Issuing, &key("issuer"));
    // The thief issues on in the same block; the range ends with the block.
    let thief = ledger.signed("issuer", vec![issue(20)]);
    let owner = ledger.governed("issuer", vec![declare(&stolen, 4, Some(fresh))]);
    ledger.commit(vec![owner, thief]);
    let record = of(&ledger, "issuer").record();
    assert_eq!(record.disputed, [IndexRange { from: LogIndex(4), until: LogIndex(12) }]);
    assert!(matches!(
        ledger.refusal(ledger.signed("issuer", vec![issue(21)])),
        Err(BatchError::Signature { .. })
    ));
    let status = |ledger: &Ledger, n| {
        let index = LogIndex(n);
        CredentialStatus::new(ledger.state.status().status(index), index, of(ledger, "issuer").record())
    };
    act(&mut ledger, "issuer", Event::Confirm { target: LogIndex(5) });
    assert_eq!(
        [3, 4, 5, 11].map(|n| status(&ledger, n)),
        [
            CredentialStatus::Active,
            CredentialStatus::Disputed,
            CredentialStatus::Confirmed,
            CredentialStatus::Disputed
        ]
    );
    // A former key again, from earlier on: ranges merge.
    let replaced = refusal(
        &ledger,
        "issuer",
        declare(&stolen, 1, Some(new_key(&ledger, "issuer", KeyPurpose::Issuing, &key("y")))),
    );
    assert_eq!(replaced, GovernanceError::NeedlessReplacement { key: stolen.public() });
    act(&mut ledger, "issuer", declare(&stolen, 1, None));
    assert_eq!(
        of(&ledger, "issuer").record().disputed,
        [IndexRange { from: LogIndex(1), until: LogIndex(12) }]
    );
}

#[test]
fn any_governance_key_freezes_and_a_vote_with_new_keys_thaws() {
    let mut ledger = Ledger::new();
    let pending = rotation(&ledger, "v3", KeyPurpose::Consensus, &key("thief"));
    act(&mut ledger, "v3", pending);
    let freeze = ledger.freeze("v3");
    ledger.commit(vec![freeze.clone()]);
    assert_eq!((standing(&ledger, "v3"), of(&ledger, "v3").record().since), (Standing::Frozen, Height(3)));
    assert_eq!(
        ledger.state.governance().pending_keys().count(),
        0,
        "the thief's key does not come into force"
    );
    assert!(ledger.refusal(freeze.clone()).is_err(), "good once");
    let frozen = GovernanceError::Standing { member: id("v3"), standing: Standing::Frozen };
    let addresses = Event::SetAddresses { addresses: vec!["x.example:1".into()] };
    assert_eq!(refusal(&ledger, "v3", addresses), frozen);
    assert!(matches!(
        ledger.refusal(ledger.signed("v3", vec![issue(1)])),
        Err(BatchError::InactiveIssuer { .. })
    ));
    // Its votes count.
    let proposal = open(&mut ledger, Change::Suspend { member: id("issuer") }, 0);
    approve(&mut ledger, &["v1", "v3"], proposal);
    assert_eq!(standing(&ledger, "issuer"), Standing::Suspended);
    let replace = |ledger: &Ledger, keys: &SecretKey| {
        let new = new_key(ledger, "v3", KeyPurpose::Governance, keys);
        let (keys, possession) = (vec![new.key], vec![new.possession]);
        Change::ReplaceGovernanceKeys(Box::new(NewGovernanceKeys {
            member: id("v3"),
            keys,
            threshold: 1,
            possession,
        }))
    };
    let same = propose(&ledger, replace(&ledger, &governance_key("v3")));
    assert!(matches!(refusal(&ledger, "v0", same), GovernanceError::FrozenKey { .. }));
    let change = replace(&ledger, &key("v3"));
    decide(&mut ledger, change);
    assert_eq!(standing(&ledger, "v3"), Standing::Active);
    assert!(ledger.refusal(freeze).is_err(), "the freeze was for the former keys");
    // A member that was suspended when it froze is suspended when it thaws.
    let freeze = ledger.freeze("issuer");
    ledger.commit(vec![freeze]);
    assert_eq!(standing(&ledger, "issuer"), Standing::Frozen);
    let new = new_key(&ledger, "issuer", KeyPurpose::Governance, &key("thawed"));
    let (keys, possession) = (vec![new.key], vec![new.possession]);
    decide(
        &mut ledger,
        Change::ReplaceGovernanceKeys(Box::new(NewGovernanceKeys {
            member: id("issuer"),
            keys,
            threshold: 1,
            possession,
        })),
    );
    assert_eq!(standing(&ledger, "issuer"), Standing::Suspended);
}

#[test]
fn a_member_keeps_room_for_keys_that_a_vote_may_bring() {
    let mut ledger = Ledger::new();
    let rotate = |ledger: &Ledger, n: usize| {
        rotation(ledger, "issuer", KeyPurpose::Issuing, &key(&format!("issuing {n}")))
    };
    let own = KEY_TERMS_MAX - 16 - of(&ledger, "issuer").rest().keys.len();
    for n in 0..=own {
        let event = rotate(&ledger, n);
        act(&mut ledger, "issuer", event);
    }
    let full = GovernanceError::TooManyKeys { member: id("issuer") };
    assert_eq!(refusal(&ledger, "issuer", rotate(&ledger, own + 1)), full);
    let new = new_key(&ledger, "issuer", KeyPurpose::Governance, &key("voted"));
    let change = Change::ReplaceGovernanceKeys(Box::new(NewGovernanceKeys {
        member: id("issuer"),
        keys: vec![new.key],
        threshold: 1,
        possession: vec![new.possession],
    }));
    decide(&mut ledger, change);
}
