//! Writes proofs for the fuzzer to begin with, if `SANAD_SEEDS` names a folder.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use sanad_core::ids::LogIndex;
use sanad_export::{Export, Source, TlogProof};
use support::Chain;

#[test]
fn proofs_and_checkpoints() {
    let Some(seeds) = std::env::var_os("SANAD_SEEDS") else { return };
    let folder = std::path::Path::new(&seeds).join("tlog_proof");
    std::fs::create_dir_all(&folder).unwrap();
    let exported = tempfile::tempdir().unwrap();
    let mut chain = Chain::new("seeds");
    chain.grow_to(3);
    chain.export(exported.path(), 3).unwrap();
    let export = Export::open(exported.path(), &chain.ledger.genesis).unwrap();
    let checkpoint = Source::from(exported.path()).checkpoint().unwrap();
    let (index, size) = (LogIndex(7), export.checkpoint().unwrap().size);
    let path = export.inclusion_path(index, size).unwrap();
    let entry = export.entry(index).unwrap().encode();
    let proof = TlogProof::new(index, entry, path, checkpoint.clone()).unwrap();
    std::fs::write(folder.join("proof"), proof.to_text()).unwrap();
    std::fs::write(folder.join("checkpoint"), checkpoint).unwrap();
}
