//! The way from a node up to the root, as a verifier knows it: from index and size alone.

/// On which side of the node being proven a path's hash stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
}

/// Gives the side of each hash of a path, from the bottom up: the loop of RFC 9162 2.1.3.2 (and
/// 2.1.4.2) without the hashing, so that lengths and roots come from the same steps.
///
/// At most 64 steps, since each halves `last`.
#[derive(Clone, Debug)]
pub(super) struct Climb {
    /// RFC 9162's `fn`: index of the node on its level.
    index: u64,
    /// RFC 9162's `sn`: index of the last node on that level.
    last: u64,
}

impl Climb {
    /// From the node at `index` on its level, whose last node is at `last`. Requires
    /// `index <= last`.
    pub(super) fn new(index: u64, last: u64) -> Self {
        Self { index, last }
    }
}

impl Iterator for Climb {
    type Item = Side;

    fn next(&mut self) -> Option<Side> {
        if self.last == 0 {
            return None;
        }
        let side = if self.index == self.last {
            // On the right edge a node without a sibling rises unchanged, up to the level where it is
            // a right child. `index` is not zero here, so the shift is below 64.
            let lonely_levels = self.index.trailing_zeros();
            self.index >>= lonely_levels;
            self.last >>= lonely_levels;
            Side::Left
        } else if self.index & 1 == 1 {
            Side::Left
        } else {
            Side::Right
        };
        self.index >>= 1;
        self.last >>= 1;
        Some(side)
    }
}
