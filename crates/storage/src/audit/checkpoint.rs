//! Comparing the checkpoint with the state that the blocks lead to.

use sanad_core::state::State;
use sanad_core::status::StatusTree;

use super::finding::Finding;
use crate::checkpoint::Loaded;

/// What of a checkpoint differs from the state after its block; `batches` are those up to there.
pub(super) fn compare(loaded: &Loaded, state: &State, batches: u64) -> Option<Finding> {
    let checkpoint = &loaded.checkpoint;
    let numbers = [
        ("height", state.head().height.to_string(), checkpoint.height.to_string()),
        ("block hash", state.head().hash.to_string(), checkpoint.hash.to_string()),
        ("log size", state.log_size().to_string(), checkpoint.log_size.to_string()),
        ("batches", batches.to_string(), checkpoint.batches.to_string()),
    ];
    let different = numbers.into_iter().find(|(_, expected, actual)| expected != actual);
    let different = different.map(|(what, expected, actual)| (what.to_owned(), expected, actual));
    let (what, expected, actual) =
        different.or_else(|| record(loaded, state)).or_else(|| status(loaded, state))?;
    Some(Finding::Checkpoint { height: Some(state.head().height), what, expected, actual })
}

/// The first member whose record differs.
fn record(loaded: &Loaded, state: &State) -> Option<(String, String, String)> {
    let mut expected = state.registry().records();
    let mut actual = loaded.records.iter();
    loop {
        let (expected, actual) = (expected.next(), actual.next());
        let member = expected.or(actual)?.member.id.clone();
        if expected != actual {
            let shown = |record: Option<_>| {
                record.map_or_else(|| "missing".to_owned(), |record| format!("{record:?}"))
            };
            return Some((format!("record of {member}"), shown(expected), shown(actual)));
        }
    }
}

/// The status leaves, of which zeros may be there or not.
fn status(loaded: &Loaded, state: &State) -> Option<(String, String, String)> {
    let wrong = loaded.leaves.iter().find(|(place, leaf)| state.status().leaf(*place) != *leaf);
    if let Some((place, leaf)) = wrong {
        let expected = format!("{:02x?}", state.status().leaf(*place));
        return Some((format!("status leaf {place}"), expected, format!("{leaf:02x?}")));
    }
    let tree = StatusTree::from_leaves(loaded.leaves.iter().copied());
    let roots = (state.status().root(state.log_size()), tree.root(state.log_size()));
    (roots.0 != roots.1).then(|| ("status root".to_owned(), roots.0.to_string(), roots.1.to_string()))
}
