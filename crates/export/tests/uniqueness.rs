//! No export shows a commitment that one member issued twice, however far apart.

mod support;

use sanad_core::ids::LogIndex;
use sanad_export::ExportError;
use sanad_testkit::issue;
use support::Chain;

/// A ledger in which `v1` issued its first commitment again in the last block, as no honest ledger has.
fn twice(blocks: u64) -> Chain {
    let mut chain = Chain::new("twice");
    for _ in 0..blocks {
        let events = chain.issuances(4096);
        chain.grow(vec![("v1", events)]);
    }
    // Another member may issue the same commitment.
    chain.grow(vec![("v2", vec![issue(0)])]);
    chain.ledger.issuances.clear();
    chain.grow(vec![("v1", vec![issue(0)])]);
    chain
}

#[test]
fn within_one_export_and_across_two() {
    // The second export keeps a whole run of the index, merges some, or has them all in one that grows.
    for (blocks, first) in [(3, None), (3, Some(3)), (17, Some(17)), (64, Some(60))] {
        let chain = twice(blocks);
        let folder = tempfile::tempdir().unwrap();
        if let Some(first) = first {
            chain.export(folder.path(), first).unwrap();
        }
        let head = std::fs::read(folder.path().join("head")).ok();
        let refused = chain.export(folder.path(), u64::MAX);
        let at = LogIndex(blocks * 4096 + 1);
        let named = matches!(
            &refused,
            Err(ExportError::IssuedTwice { first: LogIndex(0), second, .. }) if *second == at
        );
        assert!(named, "{blocks}, {first:?}: {refused:?}");
        assert_eq!(std::fs::read(folder.path().join("head")).ok(), head, "nothing was published");
        chain.export(folder.path(), blocks + 1).unwrap();
    }
}
