//! What the node proves at a block that changes the validators, and what readers do to a commit: nothing.

use std::future::Future;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sanad_api::{BatchState, CredentialKey, Ledger as _, Peer};
use sanad_core::batch::{Batch, NO_BATCH};
use sanad_core::event::Event;
use sanad_core::execution::BlockBuilder;
use sanad_core::genesis::{GENESIS_VERSION, Genesis, Parameters};
use sanad_core::hash::Commitment;
use sanad_core::ids::{LogIndex, MemberId, Sequence};
use sanad_core::member::{Member, Role};
use sanad_core::proof::TrustAnchor;
use sanad_core::signature::SecretKey;
use sanad_core::validators::{CommitSignature, VoteKind, vote_message};
use sanad_storage::Options;

use super::*;

fn key(number: u8, purpose: u8) -> SecretKey {
    SecretKey::from_seed(&[16 * purpose + number; 32])
}

fn member(number: u8) -> Member {
    Member {
        id: format!("v{number}").parse().unwrap(),
        name: format!("University {number}"),
        role: Role::Validator,
        issuing_key: Some(key(number, 1).public()),
        consensus_key: Some(key(number, 2).public()),
        network_key: Some(key(number, 3).public()),
        active_from: Height(0),
        active_until: None,
    }
}

/// `v5` ends with block 2.
fn genesis() -> Genesis {
    let mut members: Vec<Member> = (1..=5).map(member).collect();
    members[4].active_until = Some(Height(3));
    Genesis {
        version: GENESIS_VERSION,
        name: "Test".into(),
        time_ms: 1_000,
        parameters: Parameters::default(),
        members,
    }
}

fn limits() -> PoolLimits {
    PoolLimits { bytes_max: 1 << 20, batches_per_issuer_max: 8, age_max: Duration::from_secs(60) }
}

/// The next batch of `v1`: one issuance.
fn next_batch(state: &State) -> SignedBatch {
    let chain = state.registry().record(&"v1".parse().unwrap()).unwrap().chain;
    let batch = Batch {
        chain_id: state.chain_id(),
        issuer: "v1".parse().unwrap(),
        sequence: chain.next_sequence,
        previous: if chain.next_sequence == Sequence(0) { NO_BATCH } else { chain.last_batch },
        events: vec![Event::Issue { commitment: Commitment([chain.next_sequence.0 as u8; 32]) }],
    };
    batch.sign(&key(1, 1))
}

/// Commits a block with one issuance of `v1`, signed by `v1` to `v4`.
fn commit(ledger: &Ledger) {
    let state = ledger.current().state.clone();
    let mut builder = BlockBuilder::new(&state, &ledger.store);
    assert!(builder.add(Arc::new(next_batch(&state))).is_ok());
    let (block, execution) = builder.finish(0, state.head().time_ms + 1).unwrap();
    let (height, hash) = (execution.header.height, execution.hash);
    let vote = vote_message(&state.chain_id(), VoteKind::Precommit, height, 0, Some(&execution.header.id()));
    let sign = |validator: u16| {
        let key = key(validator as u8 + 1, 2);
        CommitSignature { validator, signature: key.sign(&vote) }
    };
    let signatures = (0..4).map(sign).collect();
    let certificate = CommitCertificate { height, round: 0, block: hash, signatures };
    ledger.commit(&block, &certificate, &execution).unwrap();
}

#[test]
fn proofs_hold_before_at_and_after_a_change_of_the_validators() {
    let folder = tempfile::tempdir().unwrap();
    let (genesis, directory) = (genesis(), folder.path().join("ledger"));
    let anchor = TrustAnchor::new(&genesis).unwrap();
    let (store, state) = Store::create(&directory, &genesis, Options::default()).unwrap();
    let limits = limits();
    let evidence = folder.path().join("evidence");
    let ledger = Ledger::new(genesis.clone(), store, state, limits, evidence.clone()).unwrap();
    let check = |ledger: &Ledger, validators: usize| {
        let proof = ledger.status_proof(&CredentialKey::Index(LogIndex(0))).unwrap();
        assert_eq!(proof.verify(&anchor).unwrap().validators, validators, "{}", proof.header.height);
    };
    for validators in [5, 5, 4, 4] {
        commit(&ledger);
        check(&ledger, validators);
    }
    ledger.close().unwrap();
    drop(ledger);

    // A node that starts at that very block.
    let directory = folder.path().join("again");
    let (store, state) = Store::create(&directory, &genesis, Options::default()).unwrap();
    let ledger = Ledger::new(genesis.clone(), store, state, limits, evidence.clone()).unwrap();
    commit(&ledger);
    commit(&ledger);
    ledger.close().unwrap();
    drop(ledger);
    let (store, state) = Store::open(&directory, &genesis, Options::default()).unwrap();
    let ledger = Ledger::new(genesis, store, state, limits, evidence).unwrap();
    check(&ledger, 5);
    commit(&ledger);
    check(&ledger, 4);
}

/// Longest wait for what must not wait at all.
const DEADLINE: Duration = Duration::from_secs(20);

fn new_ledger(folder: &tempfile::TempDir) -> Arc<Ledger> {
    let genesis = genesis();
    let (store, state) = Store::create(&folder.path().join("ledger"), &genesis, Options::default()).unwrap();
    let evidence = folder.path().join("evidence");
    Arc::new(Ledger::new(genesis, store, state, limits(), evidence).unwrap())
}

/// Facts whose answers come only after a block was committed by another thread.
struct CommitsMeanwhile {
    ledger: Arc<Ledger>,
    member: MemberId,
    /// Blocks that were committed before the answer was given.
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
        self.ledger.is_validator(&key(1, 2).public())
    }
    fn catching_up(&self) -> bool {
        self.commit();
        self.ledger.head_time_ms() == 0
    }
    async fn peers(&self) -> Vec<Peer> {
        Vec::new()
    }
    fn accepted(&self, _: Arc<SignedBatch>) {}
    fn stopping(&self) -> bool {
        false
    }
}

#[test]
fn a_commit_between_two_reads_of_a_status_waits_for_neither() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = new_ledger(&folder);
    let (committed, commits) = channel();
    let member = "v1".parse().unwrap();
    let service = Service::new(
        Arc::clone(&ledger),
        CommitsMeanwhile { ledger: Arc::clone(&ledger), member, committed },
    );
    // On a thread of its own, so that this test fails where the service and a commit wait for each other.
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
    let anchor = TrustAnchor::new(&ledger.genesis).unwrap();
    commit(&ledger);
    let before = ledger.current();
    for _ in 0..3 {
        commit(&ledger);
    }
    assert_eq!((before.state.head().height, before.state.log_size().0), (Height(1), 1));
    let index = LogIndex(0);
    let entry = ledger.store.entry(index).unwrap();
    let proof = before.proof_head(&entry.issuer).unwrap();
    let proof = proof.complete(ledger.entry_proof(&before, index, entry).unwrap());
    assert_eq!(proof.header.height, Height(1));
    proof.verify(&anchor).unwrap();
    // A batch that is ahead of a state is not seen by what is executed on top of it.
    let view = LogView::new(&ledger.store, &before.state);
    let again = ledger.store.entry(LogIndex(1)).unwrap();
    let Event::Issue { commitment } = again.event else { unreachable!("only issuances are committed") };
    assert_eq!(sanad_core::execution::LedgerView::issuance(&view, &commitment).unwrap(), None);
}

/// Facts of a node that does nothing.
struct Quiet(OnceLock<MemberId>);

impl NodeFacts for Quiet {
    fn member(&self) -> &MemberId {
        self.0.get_or_init(|| "v1".parse().unwrap())
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
    fn accepted(&self, _: Arc<SignedBatch>) {}
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
    let batch = Arc::new(next_batch(&ledger.current().state));
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
    assert!(matches!(refused, Err(sanad_api::LedgerError::Unreadable(_))), "{refused:?}");
    assert_eq!(ledger.failed_reads(), 1);
    let message = ledger.unreadable(ledger.store.block(Height(1)).unwrap_err()).to_string();
    assert!(message.contains(path.to_str().unwrap()) && message.contains("sanad audit"), "{message}");
    assert!(service.block(Height(2)).is_ok());
    commit(&ledger);
    assert_eq!(ledger.height(), Height(3));
}
