//! What is no store of this chain, or not ours to open, is refused and left alone.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::fs;

use sanad_storage::{OpenError, Store};
use support::{Consortium, small};

#[test]
fn a_missing_directory() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("none");
    let error = Store::open(&path, &Consortium::new(1).genesis, small()).unwrap_err();
    assert!(matches!(error, OpenError::MissingDirectory { .. }), "{error}");
    assert!(!path.exists());
}

#[test]
fn a_directory_without_a_store() {
    let directory = tempfile::tempdir().unwrap();
    let error = Store::open(directory.path(), &Consortium::new(1).genesis, small()).unwrap_err();
    assert!(matches!(error, OpenError::NotAStore { .. }), "{error}");
}

#[test]
fn making_a_store_where_something_is() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("notes.txt"), "mine").unwrap();
    let error = Store::create(directory.path(), &Consortium::new(1).genesis, small()).unwrap_err();
    assert!(matches!(error, OpenError::NotEmpty { .. }), "{error}");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn making_a_store_twice() {
    let directory = tempfile::tempdir().unwrap();
    let consortium = Consortium::new(1);
    drop(Store::create(directory.path(), &consortium.genesis, small()).unwrap());
    let error = Store::create(directory.path(), &consortium.genesis, small()).unwrap_err();
    assert!(matches!(error, OpenError::NotEmpty { .. }), "{error}");
}

#[test]
fn another_chain() {
    let directory = tempfile::tempdir().unwrap();
    let (ours, theirs) = (Consortium::new(1), Consortium::new(2));
    drop(Store::create(directory.path(), &ours.genesis, small()).unwrap());
    let error = Store::open(directory.path(), &theirs.genesis, small()).unwrap_err();
    let (expected, found) = (theirs.genesis.chain_id(), ours.genesis.chain_id());
    assert!(
        matches!(error, OpenError::ForeignChain { expected: e, found: f } if (e, f) == (expected, found)),
        "{error}"
    );
}

#[test]
fn a_store_that_is_open() {
    let directory = tempfile::tempdir().unwrap();
    let consortium = Consortium::new(1);
    let (store, _) = Store::create(directory.path(), &consortium.genesis, small()).unwrap();
    for error in [
        Store::open(directory.path(), &consortium.genesis, small()).unwrap_err(),
        Store::rebuild(directory.path(), &consortium.genesis, small(), |_| {}).unwrap_err(),
    ] {
        assert!(matches!(error, OpenError::Locked { .. }), "{error}");
    }
    drop(store);
    Store::open(directory.path(), &consortium.genesis, small()).unwrap();
}

#[test]
fn another_version() {
    let directory = tempfile::tempdir().unwrap();
    let consortium = Consortium::new(1);
    drop(Store::create(directory.path(), &consortium.genesis, small()).unwrap());
    let path = directory.path().join("store.json");
    let text = fs::read_to_string(&path).unwrap();
    for (changed, unsupported) in [
        (text.replace("\"version\": 1", "\"version\": 2"), true),
        ("{\"version\": 3, \"more\": true}".to_owned(), true),
        (text.replace("chain_id", "chain"), false),
        (String::new(), false),
    ] {
        fs::write(&path, changed).unwrap();
        let error = Store::open(directory.path(), &consortium.genesis, small()).unwrap_err();
        assert_eq!(
            matches!(error, OpenError::UnsupportedVersion { expected: 1, .. }),
            unsupported,
            "{error}"
        );
        assert_eq!(matches!(error, OpenError::NotAStore { .. }), !unsupported, "{error}");
    }
}
