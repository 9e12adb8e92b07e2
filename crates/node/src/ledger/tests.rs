//! The node's proofs and its pool on a real store, and readers that must not hold up a commit.

use std::future::Future;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sanad_api::limits::ENTRY_RUNS_ENTRIES_MAX;
use sanad_api::{BatchState, CredentialKey, HeaderProof, Ledger as _, LedgerError, Peer, ProofForm};
use sanad_consensus_lite::{Application as _, Slot};
use sanad_core::batch::{BATCH_EVENTS_MAX, BatchChain};
use sanad_core::block::BlockHeader;
use sanad_core::commitment::IssuanceKey;
use sanad_core::event::Event;
use sanad_core::execution::{BlockBuilder, EventError, LedgerView as _};
use sanad_core::genesis::BLOCK_BYTES_DEFAULT;
use sanad_core::history::SEAL_HEADERS;
use sanad_core::ids::{LogIndex, MemberId, Sequence};
use sanad_core::proof::{CompletenessHead, CompletenessVerifier, Finality, RestsOn, VALIDATOR_CHANGES_MAX};
use sanad_core::trust::TrustAnchor;
use sanad_storage::Options;
use sanad_testkit::{
    Chain, certify, commitment, consensus_key, genesis, governance_key, id, issue, issuing_key, next_batch,
    next_batch_of,
};

use super::*;

const FORMS: [ProofForm; 3] = [ProofForm::SelfContained, ProofForm::Compact, ProofForm::Sealed];

fn limits() -> PoolLimits {
    PoolLimits {
        bytes_max: 1 << 20,
        issuer_percent_max: 100,
        batches_per_issuer_max: 8,
        age_max: Duration::from_secs(60),
    }
}

pub(super) fn new_ledger(folder: &tempfile::TempDir) -> Arc<Ledger> {
    let genesis = genesis();
    let (store, state) = Store::create(&folder.path().join("ledger"), &genesis, Options::default()).unwrap();
    let evidence = folder.path().join("evidence");
    Arc::new(Ledger::new(genesis, store, state, limits(), evidence).unwrap())
}

fn genesis_anchor(ledger: &Ledger) -> TrustAnchor {
    TrustAnchor::new(&ledger.genesis).unwrap()
}

/// The next batch of an issuer.
fn signed(ledger: &Ledger, issuer: &str, events: Vec<Event>) -> SignedBatch {
    next_batch(&ledger.current().state, issuer, events).sign(&issuing_key(issuer))
}

/// Commits a block of these batches, signed by three of the four validators.
fn commit_batches(ledger: &Ledger, batches: Vec<SignedBatch>) -> BlockHeader {
    let state = ledger.current().state.clone();
    let mut builder = BlockBuilder::new(&state, &ledger.store);
    for batch in batches {
        assert!(builder.add(Arc::new(batch)).is_ok());
    }
    let (block, execution) = builder.finish(0, state.head().time_ms + 1_000).unwrap();
    let certificate = certify(&execution.header, state.validators(), &[0, 1, 3]);
    ledger.commit(&block, &certificate, &execution, Durable::Now).unwrap();
    execution.header
}

/// Commits a block with one issuance of `v1`.
fn commit(ledger: &Ledger) -> BlockHeader {
    let number = ledger.current().state.log_size().0;
    commit_batches(ledger, vec![signed(ledger, "v1", vec![issue(number)])])
}

/// Commits the block that the node itself proposes.
fn decide(ledger: &Ledger, application: &mut LedgerApplication) -> BlockHeader {
    let next = application.next();
    let slot = Slot {
        height: next.height,
        round: 0,
        time_ms: next.time_ms_min,
        payload_bytes_max: BLOCK_BYTES_DEFAULT as usize,
    };
    let proposed = application.propose(&slot).unwrap();
    let header = Block::decode(&proposed.payload, slot.payload_bytes_max).unwrap().header;
    assert_eq!(header.id(), proposed.block);
    let certificate = certify(&header, ledger.current().state.validators(), &[0, 1, 3]);
    application.commit(&certificate, proposed.payload, Durable::Now).unwrap();
    header
}

/// The signature of a batch that finds no room is not checked: see `Pool::check_room`.
#[test]
fn a_batch_that_finds_no_room_is_refused_for_that_alone() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = new_ledger(&folder);
    let mut next = next_batch(&ledger.current().state, "v1", vec![issue(0)]);
    for number in 1..=limits().batches_per_issuer_max as u64 {
        let batch = next.clone().sign(&issuing_key("v1"));
        ledger.admit(&Arc::new(batch.clone()), Source::Submitted).unwrap();
        (next.sequence, next.previous, next.events) = (next.sequence.next(), batch.id(), vec![issue(number)]);
    }
    let forged = Arc::new(next.sign(&issuing_key("v2")));
    let refused = ledger.admit(&forged, Source::Submitted).unwrap_err();
    assert!(matches!(refused, AdmitError::Pool(PoolError::IssuerFull { .. })), "{refused:?}");
}

/// A batch of governance is signed by other keys than the issuing key, and has a place of its own in another chain.
#[test]
fn a_batch_of_governance_is_taken_from_issuer_and_peer() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = new_ledger(&folder);
    commit(&ledger);
    let addresses =
        |port: &str| Event::SetAddresses { addresses: vec![format!("consensus://v1.example:{port}")] };
    let mut batch =
        next_batch_of(&ledger.current().state, "v1", BatchChain::Governance, vec![addresses("1")]);
    for source in [Source::Submitted, Source::Gossiped] {
        let signed = batch.clone().sign(&governance_key("v1"));
        ledger.admit(&Arc::new(signed.clone()), source).unwrap();
        (batch.sequence, batch.previous, batch.events) =
            (batch.sequence.next(), signed.id(), vec![addresses("2")]);
    }
    let forged = Arc::new(batch.sign(&issuing_key("v1")));
    assert!(matches!(
        ledger.admit(&forged, Source::Gossiped),
        Err(AdmitError::Pool(PoolError::Refused(BatchError::GovernanceSignature { .. })))
    ));
}

#[test]
fn a_status_is_proved_in_each_form_and_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = new_ledger(&folder);
    let anchor = genesis_anchor(&ledger);
    let proved = |ledger: &Ledger| {
        for form in FORMS {
            let proof = ledger.status_proof(&CredentialKey::Index(LogIndex(0)), form).unwrap();
            assert_eq!(proof.header.height, ledger.height());
            assert_eq!(proof.verify(&anchor).unwrap().basis.validators, 4);
        }
    };
    for _ in 0..3 {
        commit(&ledger);
        proved(&ledger);
    }
    ledger.close().unwrap();
    let genesis = ledger.genesis.clone();
    drop(ledger);
    let (store, state) = Store::open(&folder.path().join("ledger"), &genesis, Options::default()).unwrap();
    let ledger = Ledger::new(genesis, store, state, limits(), folder.path().join("evidence")).unwrap();
    proved(&ledger);
    commit(&ledger);
    proved(&ledger);
}

/// The pool's copy spares a batch in a block the check of its signature if the two are the same, to the last byte.
#[test]
fn a_forged_signature_is_refused_though_the_batch_waits() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = new_ledger(&folder);
    let mut application = LedgerApplication::new(Arc::clone(&ledger));
    let batch = Arc::new(signed(&ledger, "v1", vec![issue(1)]));
    ledger.admit(&batch, Source::Submitted).unwrap();
    let mut bytes = batch.bytes().to_vec();
    *bytes.last_mut().unwrap() ^= 1;
    let forged = Arc::new(SignedBatch::decode(&bytes).unwrap());
    assert_eq!(forged.id(), batch.id());

    let state = ledger.current().state.clone();
    let mut builder = BlockBuilder::new(&state, &ledger.store);
    assert!(builder.add(batch).is_ok());
    let (mut block, _) = builder.finish(0, state.head().time_ms + 1_000).unwrap();
    let validate = |application: &mut LedgerApplication, block: &Block| {
        application.validate(Height(1), &block.encode().into()).map_err(|error| error.to_string())
    };
    let genuine = std::mem::replace(&mut block.batches, vec![forged]);
    let refused = validate(&mut application, &block).unwrap_err();
    assert_eq!(refused, "batch 0 is refused");
    block.batches = genuine;
    assert!(validate(&mut application, &block).is_ok());
}

#[test]
fn without_a_block_nothing_is_proved() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = new_ledger(&folder);
    for form in FORMS {
        assert!(matches!(ledger.history_proof(Height(1), form), Err(LedgerError::NoBlock)));
        assert!(matches!(ledger.member_details(&id("v1"), form), Err(LedgerError::NoBlock)));
    }
    assert!(matches!(ledger.trust_file(), Err(LedgerError::NoBlock)));
}

#[test]
fn headers_are_proved_by_certificate_at_the_head_and_by_history_below() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = new_ledger(&folder);
    let headers: Vec<_> = (0..6).map(|_| commit(&ledger)).collect();
    let trusted = ledger.trust_file().unwrap().verify(headers[5].time_ms).unwrap();
    for anchor in [genesis_anchor(&ledger), trusted] {
        for form in FORMS {
            for expected in &headers {
                let proof = ledger.history_proof(expected.height, form).unwrap();
                assert_eq!(proof.header, *expected);
                assert_eq!(proof.verify(&anchor).unwrap().validators, 4, "{form:?} {}", expected.height);
                match proof.finality {
                    Finality::Certificate { .. } => assert_eq!(expected.height, Height(6)),
                    // No subtree of 2^16 headers is complete: sealed falls back.
                    Finality::History(history) => assert_eq!(history.header, headers[5]),
                    Finality::Sealed { .. } => panic!("sealed at {}", expected.height),
                }
            }
            for height in [0, 7, u64::MAX] {
                let refused = ledger.history_proof(Height(height), form);
                assert!(
                    matches!(refused, Err(LedgerError::HeightBeyondHead { head: Height(6), .. })),
                    "{refused:?}"
                );
            }
        }
    }
    let mut forged = ledger.history_proof(Height(2), ProofForm::Compact).unwrap();
    forged.header.time_ms += 1;
    assert!(forged.verify(&genesis_anchor(&ledger)).is_err());
}

/// A subtree of 2^16 headers is complete: what only chains of a day show.
#[test]
fn old_headers_are_sealed() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = new_ledger(&folder);
    let first = commit(&ledger);
    let mut last = first.clone();
    while last.height.0 < SEAL_HEADERS {
        last = commit_batches(&ledger, Vec::new());
    }
    let early = ledger.history_proof(Height(1), ProofForm::Sealed).unwrap();
    assert!(matches!(early.finality, Finality::History(_)), "{:?}", early.finality);
    let head = commit_batches(&ledger, Vec::new());
    let anchor = ledger.trust_file().unwrap().verify(head.time_ms).unwrap();
    for expected in [&first, &last] {
        let proof = ledger.history_proof(expected.height, ProofForm::Sealed).unwrap();
        assert!(matches!(proof.finality, Finality::Sealed { .. }), "{:?}", proof.finality);
        assert_eq!(proof.header, *expected);
        let rests_on = RestsOn::TrustFile { height: head.height, time_ms: head.time_ms };
        assert_eq!(proof.verify(&anchor).unwrap().rests_on, rests_on);
        assert!(proof.verify(&genesis_anchor(&ledger)).is_err());
        let mut forged = proof;
        forged.header.time_ms += 1;
        assert!(forged.verify(&anchor).is_err());
    }
}

#[test]
fn a_trust_file_holds_and_grows() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = new_ledger(&folder);
    let mut older: Option<HeaderProof> = None;
    for height in 1..=9 {
        let head = commit(&ledger);
        let file = ledger.trust_file().unwrap();
        assert_eq!(sanad_core::trust::TrustFile::from_bytes(&file.to_binary()).unwrap().anchor, file.anchor);
        let anchor = file.verify(head.time_ms).unwrap();
        assert_eq!(anchor.header(), Some(&head));
        // What an older node handed out holds under each newer file.
        let proof = older.get_or_insert_with(|| ledger.history_proof(Height(1), ProofForm::Compact).unwrap());
        let rests_on = RestsOn::TrustFile { height: Height(height), time_ms: head.time_ms };
        assert_eq!(proof.verify(&anchor).unwrap().rests_on, rests_on);
    }
}

/// The rules in force change no validators, so the changes come from a chain of headers alone.
#[test]
fn proofs_carry_the_changes_below_the_head_if_they_have_room() {
    let mut chain = Chain::new(4);
    chain.extend_to(2);
    chain.announce();
    chain.extend_to(5);
    chain.announce();
    let state = State::genesis(&chain.genesis).unwrap();
    let current = |chain: &Chain, height: u64| Current {
        state: state.clone(),
        head: Some(FinalHeader {
            header: chain.header(height).clone(),
            certificate: chain.certificate(height),
        }),
        past: Some(chain.pasts[height as usize - 1]),
        validator_changes: Arc::new(chain.changes(0, height + 1)),
    };
    chain.extend_to(8);
    let anchor = chain.genesis_anchor();
    // The heads at 3 and 6 announce a change, which is not theirs to carry.
    for (height, changes) in [(2, 0), (3, 0), (4, 1), (6, 1), (7, 2), (8, 2)] {
        let current = current(&chain, height);
        let proof = current.final_head(ProofForm::SelfContained).unwrap();
        assert_eq!(proof.finality.validator_changes().len(), changes, "{height}");
        proof.verify(&anchor).unwrap();
        let compact = current.final_head(ProofForm::Compact).unwrap();
        assert!(compact.finality.validator_changes().is_empty());
        compact.verify(&chain.anchor(height)).unwrap();
    }
    while chain.sets.len() <= VALIDATOR_CHANGES_MAX + 1 {
        chain.announce();
    }
    let end = chain.height();
    let carried = |height| {
        let proof = current(&chain, height).final_head(ProofForm::SelfContained).unwrap();
        proof.finality.validator_changes().len()
    };
    assert_eq!(carried(end), VALIDATOR_CHANGES_MAX);
    chain.extend_to(end + 1);
    let proof = current(&chain, end + 1).final_head(ProofForm::SelfContained).unwrap();
    assert!(proof.finality.validator_changes().is_empty(), "one more than there is room for");
}

#[test]
fn completeness_comes_in_pages() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = new_ledger(&folder);
    let batches = ENTRY_RUNS_ENTRIES_MAX / BATCH_EVENTS_MAX + 2;
    for number in 0..batches as u64 {
        let first = number * BATCH_EVENTS_MAX as u64;
        let full: Vec<_> = (first..first + BATCH_EVENTS_MAX as u64).map(issue).collect();
        // Others' entries stand between them.
        let other = signed(&ledger, "v2", vec![issue(number)]);
        commit_batches(&ledger, vec![signed(&ledger, "issuer", full), other]);
    }
    let revoked = Event::Revoke { target: LogIndex(7) };
    commit_batches(&ledger, vec![signed(&ledger, "issuer", vec![revoked])]);
    let details = ledger.member_details(&id("issuer"), ProofForm::SelfContained).unwrap();
    let head = CompletenessHead::new(details.proof, details.rest);
    let size = head.proof.header.log_size;
    let mut verifier = CompletenessVerifier::new(head, &genesis_anchor(&ledger)).unwrap();
    let (mut start, mut pages) = (LogIndex(0), 0);
    loop {
        let runs = ledger.entry_runs(&id("issuer"), start..LogIndex(size.0)).unwrap();
        let Some(last) = runs.last() else { break };
        start = LogIndex(last.first_index.0 + last.entries.len() as u64);
        assert!(runs.iter().map(|run| run.entries.len()).sum::<usize>() <= ENTRY_RUNS_ENTRIES_MAX);
        for run in &runs {
            verifier.add(run).unwrap();
        }
        pages += 1;
    }
    assert_eq!(pages, 2);
    let complete = verifier.finish().unwrap();
    assert_eq!(complete.entries, (batches * BATCH_EVENTS_MAX + 1) as u64);
    assert_eq!(complete.count(sanad_core::status::CredentialStatus::Revoked), 1);

    // From the middle of a batch; a member without entries; what is not there.
    let runs = ledger.entry_runs(&id("issuer"), LogIndex(10)..LogIndex(13)).unwrap();
    assert_eq!((runs.len(), runs[0].first_index, runs[0].entries.len()), (1, LogIndex(10), 3));
    assert!(ledger.entry_runs(&id("observer"), LogIndex(0)..LogIndex(size.0)).unwrap().is_empty());
    let beyond = ledger.entry_runs(&id("issuer"), LogIndex(0)..LogIndex(size.0 + 1));
    assert!(matches!(beyond, Err(LedgerError::SizeBeyondLog { .. })), "{beyond:?}");
    let unknown = ledger.entry_runs(&id("nobody"), LogIndex(0)..LogIndex(1));
    assert!(matches!(unknown, Err(LedgerError::NotFound(_))), "{unknown:?}");
}

/// Batches are public while they wait: whoever copies a commitment and is first harms nobody.
#[test]
fn a_copied_commitment_is_entered_for_both_issuers() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = new_ledger(&folder);
    let mut application = LedgerApplication::new(Arc::clone(&ledger));
    let original = Arc::new(signed(&ledger, "issuer", vec![issue(5), issue(6)]));
    assert_eq!(ledger.admit(&original, Source::Submitted).unwrap(), Admission::New);
    // The copy overtakes: it is entered in a block of its own while the original waits.
    commit_batches(&ledger, vec![signed(&ledger, "v2", vec![issue(6)])]);
    assert_eq!(ledger.waiting(), [Arc::clone(&original)]);
    assert!(application.has_work());
    let head = decide(&ledger, &mut application);
    assert_eq!((head.height, head.log_size.0), (Height(2), 3));
    assert!(ledger.waiting().is_empty());

    let proof = |issuer: &str, number| {
        let credential = CredentialKey::Issuance { issuer: id(issuer), commitment: commitment(number) };
        ledger.status_proof(&credential, ProofForm::SelfContained)
    };
    for (issuer, number, index) in [("v2", 6, 0), ("issuer", 5, 1), ("issuer", 6, 2)] {
        let proof = proof(issuer, number).unwrap();
        assert_eq!((proof.index, proof.entry.issuer.as_str()), (LogIndex(index), issuer));
        proof.verify(&genesis_anchor(&ledger)).unwrap();
    }
    assert!(matches!(proof("v2", 5), Err(LedgerError::NotFound(_))));
    assert!(matches!(proof("v1", 6), Err(LedgerError::NotFound(_))));

    // A second time by the same issuer is refused.
    let again = Arc::new(signed(&ledger, "issuer", vec![issue(6)]));
    match ledger.admit(&again, Source::Submitted) {
        Err(AdmitError::Pool(PoolError::Refused(BatchError::Event { position: 0, source }))) => {
            assert_eq!(source, EventError::AlreadyIssued { commitment: commitment(6), at: LogIndex(2) });
        }
        other => panic!("{other:?}"),
    }
}

/// As above, with both in one block: first the copy, then the original.
#[test]
fn a_copied_commitment_is_entered_for_both_issuers_in_one_block() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = new_ledger(&folder);
    let mut application = LedgerApplication::new(Arc::clone(&ledger));
    for issuer in ["v2", "issuer", "v3"] {
        let batch = Arc::new(signed(&ledger, issuer, vec![issue(6)]));
        ledger.admit(&batch, Source::Gossiped).unwrap();
    }
    assert_eq!(decide(&ledger, &mut application).log_size.0, 3);
    let mut indexes: Vec<_> = ["v2", "issuer", "v3"]
        .iter()
        .map(|issuer| {
            let credential = CredentialKey::Issuance { issuer: id(issuer), commitment: commitment(6) };
            ledger.status_proof(&credential, ProofForm::Compact).unwrap().index.0
        })
        .collect();
    indexes.sort_unstable();
    assert_eq!(indexes, [0, 1, 2]);
}

/// Longest wait for what must not wait at all.
const DEADLINE: Duration = Duration::from_secs(20);

/// Facts whose answers come only after a block was committed by another thread.
struct CommitsMeanwhile {
    ledger: Arc<Ledger>,
    member: MemberId,
    /// Whether a block was committed before the answer was given.
    committed: Sender<bool>,
}

impl CommitsMeanwhile {
    fn commit(&self) {
        let (done, committed) = channel();
        let ledger = Arc::clone(&self.ledger);
        std::thread::spawn(move || {
            commit(&ledger);
            let _ = done.send(());
        });
        self.committed.send(committed.recv_timeout(DEADLINE).is_ok()).unwrap();
    }
}

impl NodeFacts for CommitsMeanwhile {
    fn member(&self) -> &MemberId {
        &self.member
    }
    fn is_validator(&self) -> bool {
        self.commit();
        self.ledger.is_validator(&consensus_key("v1").public())
    }
    fn catching_up(&self) -> bool {
        self.commit();
        self.ledger.head_time_ms() == 0
    }
    async fn peers(&self) -> Vec<Peer> {
        Vec::new()
    }
    fn accepted(&self) {}
    fn stopping(&self) -> bool {
        false
    }
}

#[test]
fn a_commit_between_two_reads_of_a_status_waits_for_neither() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = new_ledger(&folder);
    let (committed, commits) = channel();
    let facts = CommitsMeanwhile { ledger: Arc::clone(&ledger), member: id("v1"), committed };
    let service = Service::new(Arc::clone(&ledger), facts);
    // On a thread of its own, so that this test fails if the service and a commit wait for each other.
    let (answer, answered) = channel();
    std::thread::spawn(move || {
        let status = futures::executor::block_on(service.node_status()).unwrap();
        let _ = answer.send(status);
    });
    assert_eq!(commits.recv_timeout(2 * DEADLINE), Ok(true), "a commit waits for a reader");
    assert_eq!(commits.recv_timeout(2 * DEADLINE), Ok(true), "a commit waits for a reader");
    let status = answered.recv_timeout(DEADLINE).unwrap();
    assert_eq!((status.head.height, status.log_size.0), (Height(2), 2));
}

#[test]
fn a_snapshot_proves_as_of_its_block_whatever_is_committed_since() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = new_ledger(&folder);
    commit(&ledger);
    let before = ledger.current();
    for _ in 0..3 {
        commit(&ledger);
    }
    assert_eq!((before.state.head().height, before.state.log_size().0), (Height(1), 1));
    let index = LogIndex(0);
    let entry = ledger.store.entry(index).unwrap();
    let proof = before.proof_head(&entry.issuer, ProofForm::SelfContained).unwrap();
    let proof = proof.complete(ledger.entry_proof(&before, index, entry).unwrap());
    assert_eq!(proof.header.height, Height(1));
    proof.verify(&genesis_anchor(&ledger)).unwrap();
    // A batch that is ahead of a state is not seen by what is executed on top of it.
    let view = LogView::new(&ledger.store, &before.state);
    let issued = |number| IssuanceKey::new(&id("v1"), &commitment(number));
    assert_eq!(view.issuance(&issued(0)).unwrap(), Some(LogIndex(0)));
    assert_eq!(view.issuance(&issued(1)).unwrap(), None);
    assert!(view.origin(LogIndex(1)).is_err());
}

/// Facts of a node that does nothing.
struct Quiet(OnceLock<MemberId>);

impl NodeFacts for Quiet {
    fn member(&self) -> &MemberId {
        self.0.get_or_init(|| id("v1"))
    }
    fn is_validator(&self) -> bool {
        true
    }
    fn catching_up(&self) -> bool {
        false
    }
    fn peers(&self) -> impl Future<Output = Vec<Peer>> + Send {
        std::future::ready(Vec::new())
    }
    fn accepted(&self) {}
    fn stopping(&self) -> bool {
        false
    }
}

/// Holds the pool's lock until it is told to let go, or the deadline has passed.
fn hold_pool(ledger: &Arc<Ledger>, release: Receiver<()>) -> std::thread::JoinHandle<bool> {
    let (locked, is_locked) = channel();
    let ledger = Arc::clone(ledger);
    let holder = std::thread::spawn(move || {
        let _pool = ledger.pool();
        locked.send(()).unwrap();
        release.recv_timeout(DEADLINE).is_ok()
    });
    is_locked.recv().unwrap();
    holder
}

#[tokio::test]
async fn a_submission_that_waits_holds_up_no_async_worker() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = new_ledger(&folder);
    let service = Service::new(Arc::clone(&ledger), Quiet(OnceLock::new()));
    let batch = Arc::new(signed(&ledger, "v1", vec![issue(0)]));
    let (release, released) = channel();
    let holder = hold_pool(&ledger, released);
    // Both on the only worker: the second has its turn only if the first gives it up.
    let (state, ()) = tokio::join!(service.submit(batch), async { release.send(()).unwrap() });
    assert!(matches!(state, Ok(BatchState::Pending)), "{state:?}");
    assert!(holder.join().unwrap(), "the worker waited with the submission");
}

#[tokio::test]
async fn a_damaged_block_is_refused_to_a_caller_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = new_ledger(&folder);
    commit(&ledger);
    commit(&ledger);
    let path = ledger.store.segment_path(Height(1)).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    // The front of the first frame, after the head of the segment.
    bytes[96 + 20] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let service = Service::new(Arc::clone(&ledger), Quiet(OnceLock::new()));
    let refused = service.block(Height(1));
    assert!(matches!(refused, Err(LedgerError::Unreadable(_))), "{refused:?}");
    assert_eq!(ledger.failed_reads(), 1);
    let message = ledger.unreadable(ledger.store.block(Height(1)).unwrap_err()).to_string();
    assert!(message.contains(path.to_str().unwrap()) && message.contains("sanad audit"), "{message}");
    assert!(service.block(Height(2)).is_ok());
    commit(&ledger);
    assert_eq!(ledger.height(), Height(3));
}

#[test]
fn summaries_of_blocks_read_no_batches() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = new_ledger(&folder);
    let service = Service::new(Arc::clone(&ledger), Quiet(OnceLock::new()));
    for issuers in [&["v1"][..], &["v1", "v2", "v3"], &[], &["v2"]] {
        let size = ledger.current().state.log_size().0;
        let batch = |issuer: &&str| signed(&ledger, issuer, (size..size + 5).map(issue).collect());
        commit_batches(&ledger, issuers.iter().map(batch).collect());
    }
    let summary = |height| {
        let block = service.block(Height(height)).unwrap().block;
        sanad_api::BlockSummary {
            batches: block.batches.len() as u32,
            entries: block.batches.iter().map(|batch| batch.batch().events.len() as u64).sum(),
            bytes: block.encode().len() as u64,
            header: block.header,
        }
    };
    let expected: Vec<_> = (1..=4).map(summary).collect();
    assert_eq!(service.block_summaries(Height(1), 9).unwrap(), expected);
    assert_eq!(service.block_summaries(Height(2), 2).unwrap(), expected[1..3]);
    assert!(service.block_summaries(Height(5), 9).unwrap().is_empty());

    let path = ledger.store.segment_path(Height(4)).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    // In the last batch.
    let end = bytes.len() - 100;
    bytes[end] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    assert!(service.block(Height(4)).is_err());
    assert_eq!(service.block_summaries(Height(1), 9).unwrap(), expected);
}

/// Both hear of it: the caller that waits for the batch, and one that asks later.
#[tokio::test]
async fn a_batch_that_gave_way_is_said_to_have() {
    const EVENTS: u64 = 3_930;
    let folder = tempfile::tempdir().unwrap();
    let ledger = new_ledger(&folder);
    let service = Service::new(Arc::clone(&ledger), Quiet(OnceLock::new()));
    let mut batch = next_batch(&ledger.current().state, "v1", Vec::new());
    let mut ids = Vec::new();
    for number in 0..8 {
        batch.sequence = Sequence(number);
        batch.events = (number * EVENTS..(number + 1) * EVENTS).map(issue).collect();
        let signed = Arc::new(batch.clone().sign(&issuing_key("v1")));
        batch.previous = signed.id();
        ids.push(signed.id());
        assert!(matches!(service.submit(signed).await, Ok(BatchState::Pending)));
    }
    let other = Arc::new(signed(&ledger, "v2", (0..EVENTS).map(issue).collect()));
    let (decided, submitted) = tokio::join!(service.batch_decided(ids[7]), service.submit(other));
    assert!(matches!(submitted, Ok(BatchState::Pending)), "{submitted:?}");
    for told in [decided, service.batch_state(&ids[7])] {
        assert!(matches!(told, Err(LedgerError::Displaced { batch, .. }) if batch == ids[7]), "{told:?}");
    }
    assert!(matches!(service.batch_state(&ids[6]), Ok(BatchState::Pending)));
}
