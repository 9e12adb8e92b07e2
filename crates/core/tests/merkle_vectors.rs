//! The conformance cases of transparency-dev/merkle, read from `SANAD_VECTORS`.

// Clippy lets #[test] functions do so by configuration, but not what they call.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sanad_core::merkle::{Hash, Rfc6962, verify_consistency, verify_inclusion};
use serde_json::Value;

#[test]
fn inclusion_cases() {
    check_cases("inclusion", |case| {
        let (Some(leaf_hash), Some(root), Some(path)) =
            (hash(&case["leafHash"]), hash(&case["root"]), path(&case["proof"]))
        else {
            return false;
        };
        let (index, size) = (number(&case["leafIdx"]), number(&case["treeSize"]));
        verify_inclusion::<Rfc6962>(leaf_hash, index, size, &path, &root).is_ok()
    });
}

#[test]
fn consistency_cases() {
    check_cases("consistency", |case| {
        let (Some(old_root), Some(new_root), Some(path)) =
            (hash(&case["root1"]), hash(&case["root2"]), path(&case["proof"]))
        else {
            return false;
        };
        let (old_size, new_size) = (number(&case["size1"]), number(&case["size2"]));
        verify_consistency::<Rfc6962>(old_size, &old_root, new_size, &new_root, &path).is_ok()
    });
}

/// Runs every case below the folder, and asks for at least one of each verdict.
fn check_cases(folder: &str, accepts: impl Fn(&Value) -> bool) {
    let Some(vectors) = std::env::var_os("SANAD_VECTORS") else {
        println!("SANAD_VECTORS not set: skipped");
        return;
    };
    // A relative path is meant from the workspace; cargo runs tests in the crate.
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = Vec::new();
    collect_json(&workspace.join(vectors).join("merkle").join(folder), &mut files);

    let (mut accepted, mut rejected, mut wrong) = (0, 0, Vec::new());
    for file in &files {
        let text = fs::read(file).unwrap();
        let case: Value = serde_json::from_slice(&text).unwrap();
        let expected = !case["wantErr"].as_bool().expect("wantErr");
        match accepts(&case) {
            found if found != expected => wrong.push(file),
            true => accepted += 1,
            false => rejected += 1,
        }
    }
    assert!(wrong.is_empty(), "judged wrongly: {wrong:#?}");
    assert!(accepted > 0 && rejected > 0, "no cases of each verdict in {folder}");
    println!("{folder}: {accepted} accepted, {rejected} rejected");
}

fn collect_json(folder: &Path, files: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect_json(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
}

fn number(value: &Value) -> u64 {
    value.as_u64().expect("a number")
}

/// `None` for a hash of a wrong length, which no decoder of ours lets through: a rejection.
fn hash(value: &Value) -> Option<Hash> {
    let bytes = STANDARD.decode(value.as_str().expect("base64")).unwrap();
    bytes.try_into().ok()
}

fn path(value: &Value) -> Option<Vec<Hash>> {
    match value {
        Value::Null => Some(Vec::new()),
        Value::Array(hashes) => hashes.iter().map(hash).collect(),
        other => panic!("proof is {other}"),
    }
}
