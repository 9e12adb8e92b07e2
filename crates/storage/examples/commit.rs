//! Measures a store: `cargo run --release -p sanad-storage --example commit -- <events> [events a block] [dir]`.
//!
//! Makes valid blocks, appends them, and tells what the appends alone took, what lookups take, and how much
//! disk and memory all of it needs.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sanad_core::hash::{BatchId, Commitment};
use sanad_core::ids::LogIndex;
use sanad_core::merkle::{Rfc6962, inclusion_path};
use sanad_storage::{Options, Store, UndecidedRecord, audit};
use support::Consortium;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let events: usize = arguments.next().map_or(1_000_000, |text| text.parse().unwrap());
    let per_block: usize = arguments.next().map_or(1_000, |text| text.parse().unwrap());
    let directory = arguments.next().map_or_else(|| PathBuf::from("/tmp/sanad-bench"), PathBuf::from);
    let _ = std::fs::remove_dir_all(&directory);
    let mut consortium = Consortium::new(1);
    let (store, _) = Store::create(&directory, &consortium.genesis, Options::default()).unwrap();
    let rss_at_start = rss();
    let appends = append(&mut consortium, &store, events / per_block, per_block);
    println!("{events} events in blocks of {per_block}");
    println!("append alone: {:.0} events/s", events as f64 / appends.iter().sum::<Duration>().as_secs_f64());
    report("append", appends);
    println!("RSS: {} MB, at the start {} MB", rss() >> 20, rss_at_start >> 20);
    look_up(&mut consortium, &store, events as u64);
    undecided(&store);
    timed("close", || store.close().unwrap());
    drop(store);
    let disk = disk(&directory);
    println!("disk: {:.1} B an event", disk as f64 / events as f64);
    for part in std::fs::read_dir(&directory).unwrap() {
        let path = part.unwrap().path();
        println!("  {}: {:.1} B an event", path.display(), self::disk(&path) as f64 / events as f64);
    }
    let (store, _) =
        timed("open", || Store::open(&directory, &consortium.genesis, Options::default()).unwrap());
    println!("index memory: {} B, RSS {} MB", store.index_memory_bytes(), rss() >> 20);
    drop(store);
    let report = timed("audit", || audit(&directory, &consortium.genesis, |_| {}).unwrap());
    assert_eq!(report.findings, []);
    timed("rebuild", || {
        Store::rebuild(&directory, &consortium.genesis, Options::default(), |_| {}).unwrap();
    });
    println!("RSS {} MB", rss() >> 20);
    std::fs::remove_dir_all(&directory).unwrap();
}

fn append(consortium: &mut Consortium, store: &Store, blocks: usize, events: usize) -> Vec<Duration> {
    let mut appends = Vec::with_capacity(blocks);
    let (mut made, mut executed) = (Duration::ZERO, Duration::ZERO);
    for block in 0..blocks {
        let begin = Instant::now();
        let events = consortium.issuances(events);
        let batches =
            events.chunks(4096).enumerate().map(|(n, events)| consortium.batch(n % 4, events.to_vec()));
        let batches = batches.collect();
        made += begin.elapsed();
        let begin = Instant::now();
        let (block_, certificate, execution) = consortium.block(store, batches);
        executed += begin.elapsed();
        let begin = Instant::now();
        store.append(&block_, &certificate, &execution).unwrap();
        appends.push(begin.elapsed());
        consortium.state.advance(&execution);
        if (block + 1) % (blocks / 5).max(1) == 0 {
            println!("  {} blocks: RSS {} MB", block + 1, rss() >> 20);
        }
    }
    println!("batches made in {made:?}, executed in {executed:?}");
    appends
}

fn look_up(consortium: &mut Consortium, store: &Store, events: u64) {
    const LOOKUPS: usize = 100_000;
    let absent: Vec<Commitment> = (0..LOOKUPS).map(|_| consortium.commitment()).collect();
    each("issuance of an absent commitment", LOOKUPS, |n| {
        assert_eq!(store.issuance(&absent[n]).unwrap(), None);
    });
    each("batch of an absent id", LOOKUPS, |n| {
        assert_eq!(store.batch(&BatchId(absent[n].0)).unwrap(), None);
    });
    let place = |n: usize| LogIndex((n as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) % events);
    each("entry", LOOKUPS, |n| drop(store.entry(place(n)).unwrap()));
    let present: Vec<Commitment> = (0..10_000)
        .filter_map(|n| match store.entry(place(n)).unwrap().event {
            sanad_core::event::Event::Issue { commitment } => Some(commitment),
            _ => None,
        })
        .collect();
    each("issuance of a present commitment", present.len(), |n| {
        assert!(store.issuance(&present[n]).unwrap().is_some());
    });
    let tree = store.log_tree();
    each("inclusion path, consecutive", 10_000, |n| {
        inclusion_path::<Rfc6962, _>(&tree, n as u64, events).unwrap();
    });
    each("inclusion path, anywhere", 10_000, |n| {
        inclusion_path::<Rfc6962, _>(&tree, place(n).0, events).unwrap();
    });
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
