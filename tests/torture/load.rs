//! Issuers that never stop, and the record of what they were told.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use sanad_api::{BatchOutcome, Client, ClientError, FinalBatch, Wait};
use sanad_core::batch::SignedBatch;
use sanad_core::event::Event;
use sanad_core::hash::Commitment;
use sanad_core::ids::{LogIndex, MemberId};
use sanad_e2e::{Issuer, Net, issue};
use tokio::task::JoinSet;

/// A batch that a node said is final.
#[derive(Clone, Debug)]
pub(crate) struct Acknowledged {
    pub(crate) issuer: MemberId,
    pub(crate) commitments: Vec<Commitment>,
    pub(crate) first: LogIndex,
}

/// What the issuers were told so far.
pub(crate) struct Record(Mutex<State>);

struct State {
    acknowledged: Vec<Acknowledged>,
    counts: Counts,
    last: Instant,
    /// What holds now.
    now: String,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) batches: u64,
    pub(crate) events: u64,
    pub(crate) longest_stall: Duration,
    pub(crate) longest_stall_during: String,
    pub(crate) refusals: BTreeMap<String, u64>,
}

impl Record {
    pub(crate) fn new() -> Self {
        let (acknowledged, counts) = (Vec::new(), Counts::default());
        Self(Mutex::new(State { acknowledged, counts, last: Instant::now(), now: "the start".to_owned() }))
    }

    /// Names what holds from now on.
    pub(crate) fn now(&self, name: &str) {
        let mut state = self.lock();
        if name != "nothing" {
            state.now = name.to_owned();
        }
    }

    pub(crate) fn counts(&self) -> Counts {
        self.lock().counts.clone()
    }

    pub(crate) fn take_acknowledged(&self) -> Vec<Acknowledged> {
        std::mem::take(&mut self.lock().acknowledged)
    }

    fn acknowledge(&self, batch: &SignedBatch, place: &FinalBatch) {
        let commitment = |event: &Event| match event {
            Event::Issue { commitment } => *commitment,
            other => panic!("the load only issues, not {other:?}"),
        };
        let commitments: Vec<Commitment> = batch.batch().events.iter().map(commitment).collect();
        let mut state = self.lock();
        let stall = state.last.elapsed();
        state.last = Instant::now();
        if stall > state.counts.longest_stall {
            state.counts.longest_stall = stall;
            state.counts.longest_stall_during = state.now.clone();
        }
        state.counts.batches += 1;
        state.counts.events += commitments.len() as u64;
        let issuer = batch.batch().issuer.clone();
        state.acknowledged.push(Acknowledged { issuer, commitments, first: place.first_index });
    }

    fn refuse(&self, error: &ClientError) {
        let name = match error.code() {
            Some(code) => code.as_str().to_owned(),
            None if error.is_retryable() => "not reachable".to_owned(),
            None => error.to_string(),
        };
        *self.lock().counts.refusals.entry(name).or_default() += 1;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

/// Batches that share a place in the log with another.
pub(crate) fn overlapping(acknowledged: &[Acknowledged]) -> u64 {
    let mut places: Vec<(u64, u64)> = acknowledged
        .iter()
        .map(|batch| (batch.first.0, batch.first.0 + batch.commitments.len() as u64))
        .collect();
    places.sort_unstable();
    places.windows(2).filter(|pair| pair[0].1 > pair[1].0).count() as u64
}

/// The issuers.
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    tasks: JoinSet<Result<(), String>>,
}

impl Load {
    /// Begins: one issuer of each node's member.
    pub(crate) async fn begin(net: &Net, clients: &[Client], seed: u64, record: &Arc<Record>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let mut tasks = JoinSet::new();
        for node in net.nodes() {
            let issuer = net.issuer(&format!("node-{node}"));
            let random = StdRng::seed_from_u64(seed ^ node as u64);
            let (clients, record) = (clients.to_vec(), Arc::clone(record));
            tasks.spawn(issue_on(issuer, clients, random, record, Arc::clone(&stop)));
        }
        Self { stop, tasks }
    }

    /// Lets every issuer finish its batch; names those that cannot.
    pub(crate) async fn end(mut self) -> Vec<String> {
        self.stop.store(true, Ordering::Relaxed);
        let deadline = tokio::time::Instant::now() + sanad_e2e::DEADLINE;
        let mut problems = Vec::new();
        while let Ok(ended) = tokio::time::timeout_at(deadline, self.tasks.join_next()).await {
            match ended {
                Some(ended) => problems.extend(ended.unwrap().err()),
                None => return problems,
            }
        }
        problems.push(format!("{} issuers wait in vain for their last batch", self.tasks.len()));
        problems
    }
}

async fn issue_on(
    issuer: Issuer,
    clients: Vec<Client>,
    mut random: StdRng,
    record: Arc<Record>,
    stop: Arc<AtomicBool>,
) -> Result<(), String> {
    let mut next = issuer.next(&clients[0], Vec::new()).await;
    while !stop.load(Ordering::Relaxed) {
        let count = random.random_range(1..=EVENTS_MAX);
        next.events = (0..count).map(|n| issue(&format!("{}/{}/{n}", issuer.id, next.sequence))).collect();
        let batch = next.clone().sign(&issuer.key);
        let place = loop {
            match clients.choose(&mut random).unwrap().submit(&batch, Wait::Final).await {
                Ok(result) => match result.outcome {
                    BatchOutcome::Final(place) => break place,
                    BatchOutcome::Pending => {}
                    BatchOutcome::Refused { code, message } => {
                        return Err(format!(
                            "{}: a batch is refused for good: {code:?}, {message}",
                            issuer.id
                        ));
                    }
                },
                Err(error) => record.refuse(&error),
            }
            tokio::time::sleep(AGAIN).await;
        };
        record.acknowledge(&batch, &place);
        (next.sequence, next.previous) = (next.sequence.next(), batch.id());
        tokio::time::sleep(Duration::from_millis(random.random_range(PAUSE_MS))).await;
    }
    Ok(())
}

const EVENTS_MAX: usize = 20;
const PAUSE_MS: std::ops::Range<u64> = 20..300;
const AGAIN: Duration = Duration::from_millis(200);
