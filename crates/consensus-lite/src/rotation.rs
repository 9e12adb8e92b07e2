//! Whose turn it is to propose.

use sanad_core::ids::Height;
use sanad_core::validators::{Validator, ValidatorSet};

/// The validator that proposes in a round: place `(height - 1 + round) mod n` of the set sorted by member id.
pub fn proposer(validators: &ValidatorSet, height: Height, round: u32) -> &Validator {
    let validators = validators.validators();
    &validators[proposer_place(validators.len(), height, round)]
}

/// As [`proposer`], for a set of `count > 0` validators.
pub(crate) fn proposer_place(count: usize, height: Height, round: u32) -> usize {
    let turn = u128::from(height.0.saturating_sub(1)) + u128::from(round);
    // The remainder is less than `count`, which is a usize.
    (turn % count as u128) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_in_turn() {
        let places = |height, rounds: std::ops::Range<u32>| {
            rounds.map(|round| proposer_place(4, Height(height), round)).collect::<Vec<_>>()
        };
        assert_eq!(places(1, 0..5), [0, 1, 2, 3, 0]);
        assert_eq!(places(2, 0..5), [1, 2, 3, 0, 1]);
        assert_eq!(proposer_place(4, Height(0), 0), 0);
        assert_eq!(
            proposer_place(3, Height(u64::MAX), u32::MAX),
            ((u64::MAX - 1) as usize % 3 + u32::MAX as usize % 3) % 3
        );
    }
}
