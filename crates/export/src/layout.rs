//! Where everything stands in an export.

use sanad_core::hash::Root;
use sanad_core::ids::Height;

/// The genesis; written first.
pub(crate) const GENESIS: &str = "genesis.json";
/// What the export is as of; replaced last.
pub(crate) const HEAD: &str = "head";
/// The C2SP checkpoint.
pub(crate) const CHECKPOINT: &str = "checkpoint";
/// Longest checkpoint that is read, in bytes: witnesses may have added their signatures.
pub(crate) const CHECKPOINT_BYTES_MAX: u64 = 64 << 10;
/// Half-written files; there only while an export is made.
pub(crate) const TEMPORARY: &str = "tmp";
/// Folders in which files that no head needs any more are removed.
pub(crate) const STATE_FOLDER: &str = "state";
pub(crate) const STATUS_FOLDER: &str = "status";
pub(crate) const INDEX_FOLDER: &str = "index";

/// Records of a whole bundle, hashes of a whole tile.
pub(crate) const BUNDLE_RECORDS: u64 = 256;

/// What stands in bundles of [`BUNDLE_RECORDS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Series {
    /// Hashes of the log tree on a tile level.
    Hashes(u8),
    /// Entries of the log.
    Entries,
    /// Blocks.
    Blocks,
}

impl Series {
    /// Path of the bundle at a place; `width` is the number of its records, [`BUNDLE_RECORDS`] for a whole one.
    pub(crate) fn path(self, place: u64, width: u64) -> String {
        let folder = match self {
            Self::Hashes(level) => format!("tile/{level}"),
            Self::Entries => "tile/entries".to_owned(),
            Self::Blocks => "block".to_owned(),
        };
        let number = number(place);
        match width {
            BUNDLE_RECORDS => format!("{folder}/{number}"),
            _ => format!("{folder}/{number}.p/{width}"),
        }
    }
}

/// A number in groups of three digits, all but the last marked: 1234067 is `x001/x234/067` (C2SP tlog-tiles).
fn number(number: u64) -> String {
    let mut text = format!("{:03}", number % 1000);
    let mut rest = number / 1000;
    while rest > 0 {
        text = format!("x{:03}/{text}", rest % 1000);
        rest /= 1000;
    }
    text
}

/// Path of the state after a block.
pub(crate) fn state(height: Height) -> String {
    format!("{STATE_FOLDER}/{height}")
}

/// Path of the page of status leaves with a root.
pub(crate) fn status_page(root: &[u8; 32]) -> String {
    format!("{STATUS_FOLDER}/{}", Root(*root))
}

/// Path of the index of the commitments issued at the log indexes of a range.
pub(crate) fn run(range: &std::ops::Range<u64>) -> String {
    format!("{INDEX_FOLDER}/{}-{}", range.start, range.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_tlog_tiles() {
        assert_eq!(Series::Hashes(0).path(0, 256), "tile/0/000");
        assert_eq!(Series::Hashes(1).path(1_234_067, 256), "tile/1/x001/x234/067");
        assert_eq!(Series::Hashes(2).path(1000, 5), "tile/2/x001/000.p/5");
        assert_eq!(Series::Entries.path(999, 255), "tile/entries/999.p/255");
        assert_eq!(Series::Blocks.path(1, 256), "block/001");
    }
}
