//! RFC 8785 conformance: `$SANAD_VECTORS/jcs/input/X` must give `output/X`, byte for byte.

#![allow(clippy::panic, reason = "helpers of tests say what they saw")]

use sanad_core::jcs::canonicalize;
use std::path::{Path, PathBuf};
use std::{env, fs};

#[test]
fn published_vectors_are_met_byte_for_byte() {
    let Some(folder) = vectors_folder() else {
        println!("SANAD_VECTORS not set: skipped");
        return;
    };
    let (inputs, outputs) = (folder.join("jcs/input"), folder.join("jcs/output"));
    let mut names: Vec<_> = fs::read_dir(&inputs)
        .unwrap_or_else(|error| panic!("{}: {error}", inputs.display()))
        .map(|entry| entry.expect("a directory entry").file_name())
        .collect();
    names.sort();
    assert!(!names.is_empty(), "no vectors in {}", inputs.display());
    for name in names {
        let expected = read(&outputs.join(&name));
        let canonical = canonicalize(&read(&inputs.join(&name)))
            .unwrap_or_else(|error| panic!("{}: {error}", name.display()));
        assert_eq!(
            String::from_utf8_lossy(&canonical),
            String::from_utf8_lossy(&expected),
            "{}",
            name.display()
        );
        assert_eq!(canonical, expected, "{}", name.display());
        assert_eq!(canonicalize(&canonical), Ok(expected), "{}", name.display());
    }
}

/// The folder that `SANAD_VECTORS` names. A relative one is meant from the workspace, whereas cargo
/// runs tests in the crate.
fn vectors_folder() -> Option<PathBuf> {
    let named = PathBuf::from(env::var_os("SANAD_VECTORS")?);
    if named.is_dir() {
        return Some(named);
    }
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    Some(workspace.join(named))
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
