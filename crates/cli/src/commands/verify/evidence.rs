//! Evidence of a fork, in a file for a third party.

use std::ffi::OsString;
use std::path::Path;

use sanad_core::proof::{EVIDENCE_SUFFIX, Evidence};

use crate::files::{self, Mode};
use crate::output::{describe, warn};

/// Writes an evidence file beside a receipt; in the working directory, if that cannot be written.
pub(crate) fn keep(receipt: &Path, fork: &Evidence) {
    let beside = |path: &Path| {
        let mut path = OsString::from(path);
        path.push(EVIDENCE_SUFFIX);
        path
    };
    let name = receipt.file_name().map(Path::new).unwrap_or_else(|| Path::new("receipt"));
    let mut failure = None;
    for path in [beside(receipt), beside(name)] {
        let path = Path::new(&path);
        if path.exists() {
            return warn(format_args!("FORK: the evidence is in {} already", path.display()));
        }
        match files::create_new(path, fork.to_json().as_bytes(), Mode::Public) {
            Ok(()) => {
                return warn(format_args!(
                    "FORK: the evidence is in {}; anybody can check it with `sanad proof verify`: send it to the \
                     consortium's members",
                    path.display()
                ));
            }
            Err(error) => failure = Some(describe(&error)),
        }
    }
    warn(format_args!("FORK: the evidence cannot be written: {}", failure.unwrap_or_default()));
}
