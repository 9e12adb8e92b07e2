//! The paths of an export.

use sanad_core::hash::Root;
use sanad_core::ids::{Height, LogSize};

/// The genesis; written first.
pub(crate) const GENESIS: &str = "genesis.json";
/// What the export is as of; replaced after everything it needs is there.
pub(crate) const HEAD: &str = "head";
/// Longest head, in bytes.
pub(crate) const HEAD_BYTES_MAX: u64 = 1024;
/// The C2SP checkpoint.
pub(crate) const CHECKPOINT: &str = "checkpoint";
/// Longest checkpoint that is read, in bytes: witnesses may have added their signatures.
pub const CHECKPOINT_BYTES_MAX: u64 = 64 << 10;
/// Half-written files. There while an export is made, or after one was cut off.
pub(crate) const TEMPORARY: &str = "tmp";
/// Every folder in which an export has files.
pub(crate) const FOLDERS: [&str; 8] =
    ["block", "history", "index", "manifest", "state", "status", "tile", "trust"];

/// Records of a whole bundle, hashes of a whole tile.
pub(crate) const BUNDLE_RECORDS: u64 = 256;
/// Tree levels that a tile spans.
pub(crate) const TILE_HEIGHT: u8 = 8;

/// What is kept in bundles of [`BUNDLE_RECORDS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Series {
    /// Hashes of the log tree on a tile level.
    Log(u8),
    /// Hashes of the history tree on a tile level.
    History(u8),
    /// Entries of the log.
    Entries,
    /// Encoded blocks, one for each height.
    Blocks,
}

impl Series {
    /// Path of the bundle at a place; `width` is the number of its records, [`BUNDLE_RECORDS`] for a whole one.
    pub(crate) fn path(self, place: u64, width: u64) -> String {
        let folder = match self {
            Self::Log(level) => format!("tile/{level}"),
            Self::History(level) => format!("history/{level}"),
            Self::Entries => "tile/entries".to_owned(),
            Self::Blocks => "block".to_owned(),
        };
        let number = number(place);
        match width {
            BUNDLE_RECORDS => format!("{folder}/{number}"),
            _ => format!("{folder}/{number}.p/{width}"),
        }
    }

    /// Every series of an export up to a block, from height 1 on, with the number of its records.
    fn all(size: LogSize, height: Height) -> Vec<(Self, u64)> {
        let levels = |count: u64, series: fn(u8) -> Self| {
            let counts = (0..).map(move |level| (series(level), count >> (TILE_HEIGHT * level)));
            counts.take_while(|(_, count)| *count > 0)
        };
        levels(size.0, Self::Log)
            .chain(levels(history_size(height), Self::History))
            .chain([(Self::Entries, size.0), (Self::Blocks, height.0)])
            .collect()
    }
}

/// Leaves of the history tree in the header at a height, from 1 on.
pub(crate) fn history_size(height: Height) -> u64 {
    height.0 - 1
}

/// Paths of the incomplete bundles of an export up to a block.
pub(crate) fn edges(size: LogSize, height: Height) -> Vec<String> {
    let edge = |(series, count): (Series, u64)| match count % BUNDLE_RECORDS {
        0 => None,
        width => Some(series.path(count / BUNDLE_RECORDS, width)),
    };
    Series::all(size, height).into_iter().filter_map(edge).collect()
}

/// Paths that the incomplete bundles of an export up to a block will have once they are whole.
pub(crate) fn next_wholes(size: LogSize, height: Height) -> Vec<String> {
    let next = |(series, count): (Series, u64)| series.path(count / BUNDLE_RECORDS, BUNDLE_RECORDS);
    Series::all(size, height).into_iter().map(next).collect()
}

/// Whether a path is that of a whole bundle, which stays for ever.
pub(crate) fn is_whole(path: &str) -> bool {
    let series = ["block/", "history/", "tile/"];
    series.iter().any(|folder| path.starts_with(folder)) && whole_of(path).is_none()
}

/// Path of the whole bundle that an incomplete one becomes; `None` for other paths.
pub(crate) fn whole_of(path: &str) -> Option<&str> {
    path.split_once(".p/").map(|(whole, _)| whole)
}

/// A number in groups of three digits, all but the last marked: 1234067 is `x001/x234/067` (C2SP tlog-tiles).
pub(crate) fn number(number: u64) -> String {
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
    format!("state/{height}")
}

/// Path of the trust file in its binary form whose anchor is a block.
pub(crate) fn trust(height: Height) -> String {
    format!("trust/{height}.trust")
}

/// Path of the same trust file in its JSON form.
pub(crate) fn trust_json(height: Height) -> String {
    format!("trust/{height}{}", sanad_core::trust::TRUST_FILE_SUFFIX)
}

/// Path of the page of status leaves with a root.
pub(crate) fn status_page(root: &[u8; 32]) -> String {
    format!("status/{}", Root(*root))
}

/// Path of the index of the issuances at the log indices of a range.
pub(crate) fn run(range: &std::ops::Range<u64>) -> String {
    format!("index/{}-{}", range.start, range.end)
}

/// Path of the manifest of an export up to a block.
pub(crate) fn manifest(height: Height) -> String {
    format!("manifest/{height}")
}

/// Path of a segment of the manifest of whole bundles.
pub(crate) fn manifest_segment(place: u64) -> String {
    format!("{MANIFEST_SEGMENTS}/{}", number(place))
}

/// Folder of those segments.
pub(crate) const MANIFEST_SEGMENTS: &str = "manifest/whole";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_tlog_tiles() {
        assert_eq!(Series::Log(0).path(0, 256), "tile/0/000");
        assert_eq!(Series::Log(1).path(1_234_067, 256), "tile/1/x001/x234/067");
        assert_eq!(Series::Log(2).path(1000, 5), "tile/2/x001/000.p/5");
        assert_eq!(Series::Entries.path(999, 255), "tile/entries/999.p/255");
        assert_eq!(Series::Blocks.path(1, 256), "block/001");
        assert_eq!(Series::History(0).path(0, 7), "history/0/000.p/7");
    }

    #[test]
    fn edges_of_a_head() {
        let expected = ["tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/001.p/44", "block/000.p/1"];
        assert_eq!(edges(LogSize(300), Height(1)), expected);
        let expected = ["tile/1/000.p/1", "history/1/000.p/1", "block/001.p/1"];
        assert_eq!(edges(LogSize(256), Height(257)), expected);
        assert!(is_whole("tile/0/x001/000") && !is_whole("tile/0/x001/000.p/4") && !is_whole("state/7"));
        assert_eq!(whole_of("tile/0/x001/000.p/4"), Some("tile/0/x001/000"));
    }
}
