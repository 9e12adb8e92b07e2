//! Background work that fails for I/O: the store goes on, and makes up for it.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::path::Path;
use std::time::{Duration, Instant};

use sanad_storage::{Options, Store};
use support::{Consortium, check_equal, small};

fn runs(index: &Path) -> usize {
    let files = std::fs::read_dir(index).into_iter().flatten().flatten();
    files.filter(|file| file.path().extension().is_some_and(|kind| kind == "run")).count()
}

#[test]
fn index_runs_that_cannot_be_written_are_written_later() {
    let directory = tempfile::tempdir().unwrap();
    let index = directory.path().join("index/issuances");
    let aside = directory.path().join("aside");
    let mut consortium = Consortium::new(7);
    let options = Options { index_memory_keys: 16, ..small() };
    let (store, _) = Store::create(directory.path(), &consortium.genesis, options).unwrap();
    std::fs::rename(&index, &aside).unwrap();
    // Far more than the tables that wait without holding up an append.
    for _ in 0..40 {
        consortium.grow_some(&store, 20);
    }
    check_equal(&store, &consortium);
    std::fs::rename(&aside, &index).unwrap();
    let started = Instant::now();
    while runs(&index) == 0 {
        assert!(started.elapsed() < Duration::from_secs(30), "no run is written");
        std::thread::sleep(Duration::from_millis(20));
    }
    consortium.grow_some(&store, 20);
    check_equal(&store, &consortium);
    store.close().unwrap();
    drop(store);
    let (store, state) = Store::open(directory.path(), &consortium.genesis, options).unwrap();
    assert_eq!(&state, consortium.state());
    check_equal(&store, &consortium);
}
