//! Measures a store: `cargo run --release -p sanad-storage --example commit -- <events> [events a block] [dir]`.
//!
//! Makes valid blocks, appends them, and prints how long appends and lookups take, and how much disk and memory
//! everything needs.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use sanad_core::batch::{Batch, BatchChain, SignedBatch};
use sanad_core::event::Event;
use sanad_core::execution::BlockBuilder;
use sanad_core::hash::{BatchId, Commitment, HistoryHash};
use sanad_core::ids::LogIndex;
use sanad_core::merkle::{Rfc6962, inclusion_path};
use sanad_core::state::State;
use sanad_storage::{Options, Store, UndecidedRecord, audit};
use sanad_testkit::{certify, commitment, id, issue, issuing_key, sign_genesis};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let events: usize = arguments.next().map_or(1_000_000, |text| text.parse().unwrap());
    let per_block: usize = arguments.next().map_or(1_000, |text| text.parse().unwrap());
    let directory = arguments.next().map_or_else(|| PathBuf::from("/tmp/sanad-bench"), PathBuf::from);
    let _ = std::fs::remove_dir_all(&directory);
    let mut genesis = sanad_testkit::genesis();
    genesis.parameters.block_bytes_max = 4 << 20;
    sign_genesis(&mut genesis);
    let (store, state) = Store::create(&directory, &genesis, Options::default()).unwrap();
    let rss_at_start = rss();
    let appends = append(state, &store, events / per_block, per_block);
    println!("{events} events in blocks of {per_block}");
    println!("append alone: {:.0} events/s", events as f64 / appends.iter().sum::<Duration>().as_secs_f64());
    report("append", appends);
    println!("RSS: {} MB, at the start {} MB", rss() >> 20, rss_at_start >> 20);
    look_up(&store, events as u64);
    undecided(&store);
    timed("close", || store.close().unwrap());
    drop(store);
    let disk = disk(&directory);
    println!("disk: {:.1} B an event", disk as f64 / events as f64);
    for part in std::fs::read_dir(&directory).unwrap() {
        let path = part.unwrap().path();
        println!("  {}: {:.1} B an event", path.display(), self::disk(&path) as f64 / events as f64);
    }
    let (store, _) = timed("open", || Store::open(&directory, &genesis, Options::default()).unwrap());
    println!("index memory: {} B, RSS {} MB", store.index_memory_bytes(), rss() >> 20);
    drop(store);
    let begin = Instant::now();
    let report = timed("audit", || audit(&directory, &genesis, |_| {}).unwrap());
    println!("audit: {:.0} events/s", events as f64 / begin.elapsed().as_secs_f64());
    assert_eq!(report.findings, []);
    timed("rebuild", || {
        Store::rebuild(&directory, &genesis, Options::default(), |_| {}).unwrap();
    });
    println!("RSS {} MB", rss() >> 20);
    std::fs::remove_dir_all(&directory).unwrap();
}

fn append(mut state: State, store: &Store, blocks: usize, events: usize) -> Vec<Duration> {
    let mut appends = Vec::with_capacity(blocks);
    let (mut made, mut executed) = (Duration::ZERO, Duration::ZERO);
    for block in 0..blocks {
        let begin = Instant::now();
        let events: Vec<Event> = (0..events).map(|n| issue((block * events + n) as u64)).collect();
        let batches = events.chunks(4096).enumerate().map(|(n, events)| batch(&state, n % 4, events));
        let batches: Vec<SignedBatch> = batches.collect();
        made += begin.elapsed();
        let begin = Instant::now();
        let mut builder = BlockBuilder::new(&state, store);
        batches.into_iter().for_each(|batch| builder.add(Arc::new(batch)).unwrap());
        let (block_, execution) = builder.finish(0, state.head().time_ms + 1_000).unwrap();
        executed += begin.elapsed();
        let certificate = certify(&block_.header, state.validators(), &[0, 1, 2]);
        let begin = Instant::now();
        store.append(&block_, &certificate, &execution).unwrap();
        appends.push(begin.elapsed());
        state.advance(&execution);
        if (block + 1) % (blocks / 5).max(1) == 0 {
            println!("  {} blocks: RSS {} MB", block + 1, rss() >> 20);
        }
    }
    println!("batches made in {made:?}, executed in {executed:?}");
    appends
}

/// The next batch of a validator.
fn batch(state: &State, n: usize, events: &[Event]) -> SignedBatch {
    let name = format!("v{n}");
    let chain = state.registry().member(&id(&name)).unwrap().rest().issuing;
    let batch = Batch {
        chain_id: state.chain_id(),
        issuer: id(&name),
        chain: BatchChain::Issuing,
        sequence: chain.next_sequence,
        previous: chain.last_batch,
        events: events.to_vec(),
    };
    batch.sign(&issuing_key(&name))
}

fn look_up(store: &Store, events: u64) {
    const LOOKUPS: usize = 100_000;
    let absent: Vec<Commitment> = (0..LOOKUPS as u64).map(|n| commitment(events + n)).collect();
    let issuer = id("v0");
    each("issuance of an absent commitment", LOOKUPS, |n| {
        assert_eq!(store.issuance(&issuer, &absent[n]).unwrap(), None);
    });
    each("batch of an absent id", LOOKUPS, |n| {
        assert_eq!(store.batch(&BatchId(absent[n].0)).unwrap(), None);
    });
    let place = |n: usize| LogIndex((n as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) % events);
    each("entry", LOOKUPS, |n| drop(store.entry(place(n)).unwrap()));
    let present: Vec<_> = (0..10_000).map(|n| store.entry(place(n)).unwrap()).collect();
    each("issuance of a present commitment", present.len(), |n| {
        let Event::Issue { commitment } = present[n].event else { return };
        assert!(store.issuance(&present[n].issuer, &commitment).unwrap().is_some());
    });
    let tree = store.log_tree();
    each("inclusion path, consecutive", 10_000, |n| {
        inclusion_path::<Rfc6962, _>(&tree, n as u64, events).unwrap();
    });
    each("inclusion path, anywhere", 10_000, |n| {
        inclusion_path::<Rfc6962, _>(&tree, place(n).0, events).unwrap();
    });
    let history = store.history_tree();
    let size = history.size();
    each("history path, anywhere", 10_000, |n| {
        inclusion_path::<HistoryHash, _>(&history, place(n).0 % size, size).unwrap();
    });
    let begin = Instant::now();
    let found = store.member_entries(&issuer, LogIndex(0)..LogIndex(events));
    let found: usize = found.map(|run| run.unwrap().entries.len()).sum();
    println!("entries of a member: {:.2} us each", begin.elapsed().as_secs_f64() * 1e6 / found as f64);
}

fn undecided(store: &Store) {
    for bytes in [64 << 10, 1 << 20] {
        let mut times = Vec::new();
        for n in 0..200 {
            let height = store.height().next();
            let record = UndecidedRecord { height, round: n, bytes: vec![n as u8; bytes] };
            let begin = Instant::now();
            store.keep_undecided(&record).unwrap();
            times.push(begin.elapsed());
            store.forget_undecided(height);
        }
        report(&format!("undecided payload of {} KiB", bytes >> 10), times);
    }
}

fn each(what: &str, count: usize, mut work: impl FnMut(usize)) {
    let begin = Instant::now();
    (0..count).for_each(&mut work);
    println!("{what}: {:.2} us", begin.elapsed().as_secs_f64() * 1e6 / count as f64);
}

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let begin = Instant::now();
    let result = work();
    println!("{what}: {:?}", begin.elapsed());
    result
}

fn report(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize];
    println!("{what}: p50 {:?}, p99 {:?}, most {:?}", at(0.5), at(0.99), at(1.0));
}

fn disk(path: &Path) -> u64 {
    let metadata = std::fs::metadata(path).unwrap();
    match metadata.is_dir() {
        true => std::fs::read_dir(path).unwrap().map(|file| disk(&file.unwrap().path())).sum(),
        false => metadata.len(),
    }
}

fn rss() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}
