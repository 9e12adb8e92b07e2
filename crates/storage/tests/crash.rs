//! `kill -9` at any moment loses nothing that was acknowledged.
//!
//! The test runs itself as another process, which appends and says so, and is killed. It keeps the page
//! cache, so it proves nothing of a loss of power.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use sanad_core::ids::Height;
use sanad_storage::{Options, Store, StoreError, UndecidedRecord};
use support::{Consortium, check_equal, check_same, small};

const DIRECTORY: &str = "SANAD_CRASH_DIRECTORY";
/// How many events a block has at most.
const EVENTS: &str = "SANAD_CRASH_EVENTS";
const ROUNDS: u64 = 20;
const FEW: usize = 50;

fn options() -> Options {
    Options { index_memory_keys: 40, checkpoint_blocks: 5, ..small() }
}

/// Events of the block after `blocks` others.
fn count(blocks: usize, most: usize) -> usize {
    1 + blocks * 7 % most
}

/// The blocks are the same in every process: those up to the head are made again in memory.
fn consortium_at(height: Height, most: usize) -> Consortium {
    let mut consortium = Consortium::new(21);
    while consortium.state().head().height < height {
        let events = consortium.issuances(count(consortium.blocks.len(), most));
        let batch = consortium.batch(consortium.blocks.len() % 4, events);
        let (block, _) = consortium.ledger.build(vec![batch]);
        let certificate = consortium.certify(&block);
        consortium.enter(block, certificate);
    }
    consortium
}

#[test]
fn child() {
    let Ok(directory) = std::env::var(DIRECTORY) else { return };
    let most = std::env::var(EVENTS).unwrap().parse().unwrap();
    let mut consortium = Consortium::new(21);
    let options = if most == FEW { options() } else { Options::default() };
    let (store, state) = Store::open(Path::new(&directory), &consortium.genesis, options).unwrap();
    consortium = consortium_at(state.head().height, most);
    check_same(&state, consortium.state());
    let mut out = std::io::stdout().lock();
    loop {
        let next = store.height().next();
        let bytes = vec![next.0 as u8; 1 + next.0 as usize * 97 % 5_000];
        store.keep_undecided(&UndecidedRecord { height: next, round: 0, bytes }).unwrap();
        writeln!(out, "kept {next}").unwrap();
        let events = consortium.issuances(count(consortium.blocks.len(), most));
        let n = consortium.blocks.len() % 4;
        let batch = consortium.batch(n, events);
        let (block, certificate, execution) = consortium.block(&store, vec![batch]);
        match store.append(&block, &certificate, &execution) {
            Ok(()) => writeln!(out, "appended {next}").unwrap(),
            Err(error) => {
                // The disk is full, for the test that makes it so.
                assert!(matches!(error, StoreError::Io { .. }), "{error}");
                let again = store.append(&block, &certificate, &execution);
                assert!(matches!(again, Err(StoreError::Poisoned)));
                writeln!(out, "poisoned").unwrap();
                return;
            }
        }
        store.forget_undecided(next);
        consortium.enter(block, certificate);
    }
}

/// What a child has acknowledged.
#[derive(Default)]
struct Acknowledged {
    appended: Height,
    kept: Height,
    poisoned: bool,
}

impl Acknowledged {
    fn read(&mut self, line: &str) {
        let number = |text: &str| Height(text.parse().unwrap());
        if let Some((_, height)) = line.split_once("appended ") {
            self.appended = number(height);
        } else if let Some((_, height)) = line.split_once("kept ") {
            self.kept = number(height);
        } else if line.contains("poisoned") {
            self.poisoned = true;
        }
    }
}

fn arguments() -> [&'static str; 4] {
    ["child", "--exact", "--nocapture", "--test-threads=1"]
}

fn check(directory: &Path, acknowledged: &Acknowledged, most: usize) {
    let genesis = Consortium::new(21).genesis;
    let (store, state) = Store::open(directory, &genesis, options()).unwrap();
    let height = state.head().height;
    assert!(height >= acknowledged.appended, "{height} < {}", acknowledged.appended);
    assert!(height <= acknowledged.appended.next());
    let consortium = consortium_at(height, most);
    check_same(&state, consortium.state());
    check_equal(&store, &consortium);
    if acknowledged.kept > height {
        let kept = store.undecided(acknowledged.kept).unwrap();
        let bytes = vec![acknowledged.kept.0 as u8; 1 + acknowledged.kept.0 as usize * 97 % 5_000];
        assert_eq!(kept, [UndecidedRecord { height: acknowledged.kept, round: 0, bytes }]);
    }
}

#[test]
fn killed_at_any_moment() {
    let directory = tempfile::tempdir().unwrap();
    drop(Store::create(directory.path(), &Consortium::new(21).genesis, options()).unwrap());
    let mut last = Height(0);
    for round in 0..ROUNDS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(arguments())
            .env(DIRECTORY, directory.path())
            .env(EVENTS, FEW.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let reader = std::thread::spawn(move || {
            let mut acknowledged = Acknowledged::default();
            out.lines().map_while(Result::ok).for_each(|line| acknowledged.read(&line));
            acknowledged
        });
        // A random moment: from before it has opened the store to some hundred blocks.
        std::thread::sleep(Duration::from_micros(20_000 + round * 0x9E37 % 300_000));
        child.kill().unwrap();
        child.wait().unwrap();
        let mut acknowledged = reader.join().unwrap();
        acknowledged.appended = acknowledged.appended.max(last);
        check_killed(directory.path(), &mut acknowledged);
        last = acknowledged.appended;
    }
    assert!(last > Height(50), "the children came to height {last} only");
}

/// As [`check`]; then the head may be one further than acknowledged, which the next round counts from.
fn check_killed(directory: &Path, acknowledged: &mut Acknowledged) {
    check(directory, acknowledged, FEW);
    let genesis = Consortium::new(21).genesis;
    let (store, _) = Store::open(directory, &genesis, options()).unwrap();
    acknowledged.appended = store.height();
}

#[test]
fn a_full_disk_poisons_the_store_and_loses_nothing() {
    let directory = tempfile::tempdir().unwrap();
    drop(Store::create(directory.path(), &Consortium::new(21).genesis, options()).unwrap());
    let most = 900;
    // Files of this process may not grow beyond a megabyte: a write is cut off there, then fails.
    let script = "trap '' XFSZ; ulimit -f 1024; exec \"$0\" \"$@\"";
    let output = Command::new("bash")
        .args(["-c", script])
        .arg(std::env::current_exe().unwrap())
        .args(arguments())
        .env(DIRECTORY, directory.path())
        .env(EVENTS, most.to_string())
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    let mut acknowledged = Acknowledged::default();
    String::from_utf8(output.stdout).unwrap().lines().for_each(|line| acknowledged.read(line));
    assert!(acknowledged.poisoned);
    check(directory.path(), &acknowledged, most);
}
