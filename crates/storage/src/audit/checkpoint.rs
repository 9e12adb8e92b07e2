//! Comparing the checkpoint with the state that the blocks lead to.

use sanad_core::governance::Governance;
use sanad_core::state::State;
use sanad_core::status::StatusTree;
use sanad_core::validators::ValidatorSet;

use super::finding::Finding;
use crate::checkpoint::Loaded;

/// What differs, what it should be, what it is.
type Difference = (String, String, String);

/// The first difference between a checkpoint and the state after its block. `batches` and `sets` are those up to there.
pub(super) fn compare(
    loaded: &Loaded,
    state: &State,
    batches: u64,
    sets: &[ValidatorSet],
) -> Option<Finding> {
    let checkpoint = &loaded.checkpoint;
    let numbers = [
        ("height", state.head().height.to_string(), checkpoint.height.to_string()),
        ("block hash", state.head().hash.to_string(), checkpoint.hash.to_string()),
        ("log size", state.log_size().to_string(), checkpoint.log_size.to_string()),
        ("batches", batches.to_string(), checkpoint.batches.to_string()),
    ];
    let different = numbers.into_iter().find(|(_, expected, actual)| expected != actual);
    let different = different.map(|(what, expected, actual)| (what.to_owned(), expected, actual));
    let (what, expected, actual) = different
        .or_else(|| parts(loaded, state, sets))
        .or_else(|| member(loaded, state))
        .or_else(|| status(loaded, state))?;
    Some(Finding::Checkpoint { height: Some(state.head().height), what, expected, actual })
}

/// Parameters and validator sets.
fn parts(loaded: &Loaded, state: &State, sets: &[ValidatorSet]) -> Option<Difference> {
    let (expected, actual) = (state.parameters(), &loaded.parameters);
    if expected != actual {
        return Some(("parameters".to_owned(), format!("{expected:?}"), format!("{actual:?}")));
    }
    if *state.governance() != loaded.governance {
        let items = |governance: &Governance| format!("{:?}", governance.items().collect::<Vec<_>>());
        return Some(("governance".to_owned(), items(state.governance()), items(&loaded.governance)));
    }
    let places = 0..sets.len().max(loaded.sets.len());
    let mut places = places.map(|number| (number, sets.get(number), loaded.sets.get(number)));
    let (number, expected, actual) = places.find(|(_, expected, actual)| expected != actual)?;
    Some((format!("validator set {number}"), shown(expected), shown(actual)))
}

/// The first member whose state differs.
fn member(loaded: &Loaded, state: &State) -> Option<Difference> {
    let mut expected = state.registry().members();
    let mut actual = loaded.members.iter();
    loop {
        let (expected, actual) = (expected.next(), actual.next());
        let id = &expected.or(actual)?.record().id;
        if expected != actual {
            return Some((format!("state of {id}"), shown(expected), shown(actual)));
        }
    }
}

fn shown(part: Option<&impl std::fmt::Debug>) -> String {
    part.map_or_else(|| "missing".to_owned(), |part| format!("{part:?}"))
}

/// The status leaves. Leaves of zeros may be stored or not.
fn status(loaded: &Loaded, state: &State) -> Option<Difference> {
    let wrong = loaded.leaves.iter().find(|(place, leaf)| state.status().leaf(*place) != *leaf);
    if let Some((place, leaf)) = wrong {
        let expected = format!("{:02x?}", state.status().leaf(*place));
        return Some((format!("status leaf {place}"), expected, format!("{leaf:02x?}")));
    }
    let tree = StatusTree::from_leaves(loaded.leaves.iter().copied());
    let roots = (state.status().root(state.log_size()), tree.root(state.log_size()));
    (roots.0 != roots.1).then(|| ("status root".to_owned(), roots.0.to_string(), roots.1.to_string()))
}
