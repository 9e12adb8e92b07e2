//! What a node or an export answers, beside what a receipt proves.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::time::Duration;

use sanad_core::event::Event;
use sanad_core::ids::LogIndex;
use sanad_core::proof::{Evidence, StatusProof};
use sanad_testkit::{Ledger, issue};
use sanad_verify::{Answer, Asked, Finding, Language, Line, Trust, Verdict, Verifier};

const ISSUER: &str = "issuer";
const NODE: &str = "http://node.example";

/// Three proofs of one credential: active, revoked in the next block, and as of a block in which nothing else happened.
struct Story {
    trust: Trust,
    active: StatusProof,
    revoked: StatusProof,
    /// A rival history from the second block on, in which nobody revoked.
    rival: [StatusProof; 2],
    now_ms: u64,
}

fn story() -> Story {
    let mut ledger = Ledger::new();
    ledger.issue(ISSUER, 0..3);
    let active = ledger.prove(1);
    let mut rival = ledger.clone();
    let revoke = ledger.signed(ISSUER, vec![Event::Revoke { target: LogIndex(1) }]);
    ledger.commit(vec![revoke]);
    let revoked = ledger.prove(1);
    let mut other = |numbers| {
        rival.issue(ISSUER, numbers);
        rival.prove(1)
    };
    let rival = [other(10..11), other(11..12)];
    let now_ms = rival[1].header.time_ms + 1_000;
    Story { trust: Trust::from_genesis(ledger.genesis.clone()).unwrap(), active, revoked, rival, now_ms }
}

impl Story {
    fn verifier(&self) -> Verifier<'_> {
        Verifier::new(&self.trust, self.now_ms)
    }

    fn found(&self, held: &StatusProof, answer: &StatusProof) -> Finding {
        let mut finding = self.verifier().status("diploma", held);
        finding.refresh(&self.verifier(), NODE, answer);
        finding
    }
}

#[test]
fn of_two_proofs_the_newer_one_counts() {
    let story = story();
    let finding = story.found(&story.active, &story.revoked);
    assert_eq!((finding.verdict(), finding.answer()), (Verdict::Revoked, Answer::No));
    assert!(matches!(finding.asked(), Asked::Answered { .. }));
    assert_eq!(finding.as_of().unwrap().height, story.revoked.header.height);
    assert!(finding.fork().is_none());
}

#[test]
fn a_source_that_is_behind_says_nothing() {
    let story = story();
    let finding = story.found(&story.revoked, &story.active);
    assert_eq!((finding.verdict(), finding.answer()), (Verdict::Revoked, Answer::No), "the files prove it");
    assert!(matches!(finding.asked(), Asked::CouldNotBeChecked { .. }));
    // The same of a credential that is still active: nobody can say yes.
    let finding = story.found(&story.rival[1], &story.rival[0]);
    assert_eq!((finding.verdict(), finding.answer()), (Verdict::Active, Answer::CouldNotBeChecked));
}

#[test]
fn ignorance_changes_no_verdict() {
    let story = story();
    for (held, answer) in [(&story.active, Answer::CouldNotBeChecked), (&story.revoked, Answer::No)] {
        let mut finding = story.verifier().status("diploma", held);
        let verdict = finding.verdict();
        finding.unanswered(NODE, "it knows no such credential");
        assert_eq!((finding.verdict(), finding.answer()), (verdict, answer));
        assert!(finding.headline().contains("could not be checked now at http://node.example"));
    }
    let finding = story.verifier().not_answered("diploma", NODE, "no connection");
    assert_eq!(
        (finding.verdict(), finding.answer()),
        (Verdict::CouldNotBeChecked, Answer::CouldNotBeChecked)
    );
    // A tampered proof stays tampered, whatever a source says.
    let mut tampered = story.active.clone();
    tampered.log_path[0][0] ^= 1;
    let mut finding = story.verifier().status("diploma", &tampered);
    finding.refresh(&story.verifier(), NODE, &story.rival[1]);
    assert_eq!((finding.verdict(), finding.answer()), (Verdict::Tampered, Answer::No));
}

#[test]
fn a_proof_that_does_not_hold_or_is_of_something_else_is_no_answer() {
    let story = story();
    let mut forged = story.rival[1].clone();
    forged.header.time_ms += 1;
    let mut other = story.rival[1].clone();
    other.index = LogIndex(2);
    for answer in [forged, other] {
        let finding = story.found(&story.active, &answer);
        assert_eq!((finding.verdict(), finding.answer()), (Verdict::Active, Answer::CouldNotBeChecked));
        assert_eq!(finding.as_of().unwrap().height, story.active.header.height);
    }
}

#[test]
fn contradicting_proofs_are_evidence_of_a_fork() {
    let story = story();
    let [same_height, later] = &story.rival;
    for (held, answer) in [
        (&story.revoked, same_height),
        (same_height, &story.revoked),
        (&story.revoked, later),
        (later, &story.revoked),
    ] {
        let finding = story.found(held, answer);
        assert_eq!((finding.verdict(), finding.answer()), (Verdict::NotProven, Answer::No));
        assert!(finding.reason().unwrap().contains("FORK"), "{:?}", finding.reason());
        // A third party checks it from its text, with nothing but the genesis.
        let text = finding.fork().expect("a fork is shown").to_json();
        let fork = Evidence::from_json(text.as_bytes()).unwrap();
        let proven = fork.verify(story.trust.anchor()).unwrap();
        assert_eq!(proven.height, story.revoked.header.height);
    }
}

#[test]
fn what_is_no_fork_proves_none() {
    let story = story();
    let [same_height, later] = &story.rival;
    assert!(Evidence::of_statuses(&story.active, &story.revoked).is_none(), "it was revoked, later");
    assert!(Evidence::of_statuses(same_height, later).is_none(), "one history");
    assert!(Evidence::of_statuses(later, later).is_none(), "the same proof");
    let fork = Evidence::of_statuses(&story.revoked, later).unwrap();
    // A statement that too few signed is not final.
    let mut text: serde_json::Value = serde_json::from_str(&fork.to_json()).unwrap();
    let signatures = text.pointer_mut("/statements/later/finality/certificate/signatures").unwrap();
    signatures.as_array_mut().unwrap().truncate(2);
    let weak = Evidence::from_json(text.to_string().as_bytes()).unwrap();
    assert!(weak.verify(story.trust.anchor()).is_err());
}

#[test]
fn an_old_answer_is_stale() {
    let story = story();
    let day = 24 * 60 * 60 * 1_000;
    for (age_ms, age_max, expected) in [
        (day, None, Verdict::Active),
        (day + 1_000, None, Verdict::Stale),
        (day, Some(60), Verdict::Stale),
        (2 * day, Some(3 * 24 * 60 * 60), Verdict::Active),
    ] {
        let now_ms = story.rival[1].header.time_ms + age_ms;
        let verifier = Verifier::new(&story.trust, now_ms).age_max(age_max.map(Duration::from_secs));
        let mut finding = verifier.status("diploma", &story.active);
        finding.refresh(&verifier, NODE, &story.rival[1]);
        assert_eq!(finding.verdict(), expected, "{age_ms} {age_max:?}");
        let alone = verifier.answered("diploma", NODE, &story.rival[1]);
        assert_eq!(alone.verdict(), expected, "{age_ms} {age_max:?}");
    }
    // Nobody was asked: a receipt may be of any age, and the first line says which.
    let verifier = Verifier::new(&story.trust, story.now_ms + 400 * day);
    let finding = verifier.status("diploma", &story.active);
    assert_eq!(finding.verdict(), Verdict::Active);
    assert!(
        finding.headline().contains("(400 days ago), entered by University issuer (issuer); not asked since"),
        "{}",
        finding.headline()
    );
}

#[test]
fn clocks_two_minutes_apart_are_tolerated_and_said() {
    let story = story();
    let time_ms = story.active.header.time_ms;
    for (ahead_ms, verdict, said) in [
        (120_000, Verdict::Active, "ahead of this machine's clock, which is tolerated"),
        (121_000, Verdict::Stale, "ahead of this machine's clock: check the clock"),
    ] {
        let verifier = Verifier::new(&story.trust, time_ms - ahead_ms).age_max(Some(Duration::from_secs(60)));
        let finding = verifier.status("diploma", &story.active);
        assert_eq!(finding.verdict(), verdict);
        assert!(finding.headline().contains(said), "{}", finding.headline());
    }
}

#[test]
fn nothing_is_shown_as_proved_without_good_signatures() {
    let story = story();
    let mut unsigned = story.active.clone();
    unsigned.issuer.record.name = "Universitas Palsu".to_owned();
    unsigned.header.state_root.0[0] ^= 1;
    let finding = story.verifier().status("diploma", &unsigned);
    assert_ne!(finding.answer(), Answer::Yes);
    assert!(finding.issuer().is_none() && finding.as_of().is_none() && finding.log_index().is_none());
    let shown = serde_json::to_string(&finding).unwrap();
    assert!(!shown.contains("Palsu"), "{shown}");
    // Of a good header with another record the block is proved, and no name.
    let mut renamed = story.active.clone();
    renamed.issuer.record.name = "Universitas Palsu".to_owned();
    let finding = story.verifier().status("diploma", &renamed);
    assert_eq!(finding.verdict(), Verdict::Tampered);
    assert!(finding.as_of().is_some() && finding.issuer().is_none());
    assert!(!serde_json::to_string(&finding).unwrap().contains("Palsu"));
}

#[test]
fn events_other_than_issuances_have_no_status() {
    let mut ledger = Ledger::new();
    let batch = ledger.signed(ISSUER, vec![issue(0)]);
    ledger.commit(vec![batch]);
    let batch = ledger.signed(ISSUER, vec![Event::Suspend { target: LogIndex(0) }]);
    ledger.commit(vec![batch]);
    let trust = Trust::from_genesis(ledger.genesis.clone()).unwrap();
    let finding = Verifier::new(&trust, 0).status("1", &ledger.prove(1));
    assert_eq!(finding.verdict(), Verdict::NotProven);
    assert!(finding.issuer().is_none());
}

/// A freeze comes into force with the block after its own, which a proof as of its own block has not seen.
#[test]
fn a_standing_is_not_older_than_the_block_that_proves_it() {
    let mut ledger = Ledger::new();
    ledger.issue(ISSUER, 0..1);
    ledger.commit(vec![ledger.freeze(ISSUER)]);
    let own = ledger.prove(0);
    ledger.commit(Vec::new());
    let later = ledger.prove(0);
    let trust = Trust::from_genesis(ledger.genesis.clone()).unwrap();
    let verifier = Verifier::new(&trust, later.header.time_ms + 1_000);
    let since = own.header.height.next();
    for (proof, english, indonesian) in [
        (&own, format!("from block {since} on"), format!("mulai blok {since}")),
        (&later, format!("since block {since}"), format!("sejak blok {since}")),
    ] {
        let finding = verifier.status("diploma", proof);
        assert_eq!(finding.issuer().unwrap().since, since);
        for (language, said) in [(Language::English, english), (Language::Indonesian, indonesian)] {
            let lines = finding.lines(language);
            let said_by = |line: &Line| match line {
                Line::Fact(_, value) => value.contains("(issuer), ") && value.ends_with(&said),
                Line::Headline(_) | Line::Check(..) | Line::Text(_) => false,
            };
            assert_eq!(lines.iter().filter(|line| said_by(line)).count(), 1, "{said:?}: {lines:#?}");
        }
    }
}
