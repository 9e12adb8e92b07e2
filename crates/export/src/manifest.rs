//! The manifest: SHA-256 of every file of an export, in the form that `sha256sum --check` reads.
//!
//! Whole bundles stay for ever, in the order in which the log completed them: every 4,096 lines about them are a
//! segment, a file that stays too. The manifest of a head lists the segments, the whole bundles after the last segment,
//! and all other files. The head is signed and names its hash.

use std::collections::BTreeMap;

use crate::error::ExportError;
use crate::folder::Folder;
use crate::layout::{self, MANIFEST_SEGMENTS};

/// Lines of a segment.
pub(crate) const SEGMENT_LINES: usize = 4096;
/// Longest path in a manifest, in bytes.
const PATH_BYTES_MAX: usize = 128;
/// Longest line, in bytes: hash, two spaces, path, line feed.
const LINE_BYTES_MAX: u64 = 64 + 2 + PATH_BYTES_MAX as u64 + 1;
/// Longest segment, in bytes.
pub(crate) const SEGMENT_BYTES_MAX: u64 = SEGMENT_LINES as u64 * LINE_BYTES_MAX;
/// Longest manifest, in bytes (256 MiB): every status page of 2^36 entries, and more.
pub(crate) const MANIFEST_BYTES_MAX: u64 = 256 << 20;

/// SHA-256 of a file.
pub(crate) type FileHash = [u8; 32];

/// A file and its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) hash: FileHash,
    pub(crate) path: String,
}

/// The files of an export.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Manifest {
    pub(crate) segments: Vec<Line>,
    /// Whole bundles after those in the segments, in the order in which the log completed them.
    pub(crate) whole: Vec<Line>,
    /// All other files.
    pub(crate) others: BTreeMap<String, FileHash>,
}

impl Manifest {
    /// One line a file: segments first, then those that are whole, then the others by path.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let others = self.others.iter().map(|(path, hash)| Line { hash: *hash, path: path.clone() });
        encode(self.segments.iter().chain(&self.whole).cloned().chain(others))
    }

    /// Reads a manifest in its one form.
    pub(crate) fn decode(folder: &Folder, path: &str, bytes: &[u8]) -> Result<Self, ExportError> {
        let mut manifest = Self::default();
        for line in decode(folder, path, bytes)? {
            if line.path.starts_with(MANIFEST_SEGMENTS) {
                manifest.segments.push(line);
            } else if layout::is_whole(&line.path) {
                manifest.whole.push(line);
            } else {
                manifest.others.insert(line.path, line.hash);
            }
        }
        let segments = (0..).zip(&manifest.segments);
        let in_order = segments.into_iter().all(|(n, line)| line.path == layout::manifest_segment(n));
        // Also refuses other orders and lines that occur twice.
        match in_order && manifest.encode() == bytes {
            true => Ok(manifest),
            false => Err(folder.malformed(path, "not the one form of a manifest")),
        }
    }

    /// The manifest with a hash, of an export up to a block.
    pub(crate) fn read(folder: &Folder, path: &str, hash: &FileHash) -> Result<Self, ExportError> {
        let bytes = folder.read(path, MANIFEST_BYTES_MAX)?;
        check_hash(folder, path, hash, &sha256(&bytes))?;
        Self::decode(folder, path, &bytes)
    }

    /// The lines of a segment.
    pub(crate) fn read_segment(folder: &Folder, segment: &Line) -> Result<Vec<Line>, ExportError> {
        let bytes = folder.read(&segment.path, SEGMENT_BYTES_MAX)?;
        check_hash(folder, &segment.path, &segment.hash, &sha256(&bytes))?;
        let lines = decode(folder, &segment.path, &bytes)?;
        match lines.len() == SEGMENT_LINES && lines.iter().all(|line| layout::is_whole(&line.path)) {
            true => Ok(lines),
            false => Err(folder.malformed(&segment.path, "not a segment of whole bundles")),
        }
    }
}

/// Checks the hash of a file against the manifest's.
pub(crate) fn check_hash(
    folder: &Folder,
    path: &str,
    expected: &FileHash,
    actual: &FileHash,
) -> Result<(), ExportError> {
    match expected == actual {
        true => Ok(()),
        false => Err(ExportError::FileHash {
            path: folder.path(path),
            expected: hex::encode(expected),
            actual: hex::encode(actual),
        }),
    }
}

pub(crate) fn sha256(bytes: &[u8]) -> FileHash {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).into()
}

/// Lines as `sha256sum` writes them.
pub(crate) fn encode(lines: impl IntoIterator<Item = Line>) -> Vec<u8> {
    let mut text = String::new();
    for Line { hash, path } in lines {
        text.push_str(&hex::encode(hash));
        text.push_str("  ");
        text.push_str(&path);
        text.push('\n');
    }
    text.into_bytes()
}

fn decode(folder: &Folder, path: &str, bytes: &[u8]) -> Result<Vec<Line>, ExportError> {
    let refused = || folder.malformed(path, "a line is not a SHA-256 and a path, as sha256sum writes them");
    let text = std::str::from_utf8(bytes).map_err(|_| refused())?;
    let mut lines = Vec::new();
    for line in text.split_inclusive('\n') {
        let (hash, file) =
            line.strip_suffix('\n').and_then(|line| line.split_once("  ")).ok_or_else(refused)?;
        let mut bytes = [0; 32];
        hex::decode_to_slice(hash, &mut bytes).map_err(|_| refused())?;
        if hash.bytes().any(|digit| digit.is_ascii_uppercase()) || !is_path(file) {
            return Err(refused());
        }
        lines.push(Line { hash: bytes, path: file.to_owned() });
    }
    Ok(lines)
}

/// Whether a path stays in the folder and has nothing that a tool could mistake.
fn is_path(path: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
    let part = |part: &str| !part.is_empty() && !part.starts_with('.') && part.bytes().all(plain);
    path.len() <= PATH_BYTES_MAX && path.split('/').all(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(text: &str) -> Result<Manifest, ExportError> {
        Manifest::decode(&Folder::new(std::path::Path::new("export")), "manifest/1", text.as_bytes())
    }

    #[test]
    fn one_form() {
        let line = |n: u8, path: &str| format!("{}  {path}\n", hex::encode([n; 32]));
        let good = [
            line(1, "manifest/whole/000"),
            line(2, "tile/0/001"),
            line(3, "block/000"),
            line(4, "genesis.json"),
            line(5, "tile/0/002.p/7"),
        ];
        let manifest = decoded(&good.concat()).unwrap();
        assert_eq!((manifest.segments.len(), manifest.whole.len(), manifest.others.len()), (1, 2, 2));
        let swapped = [&good[0][..], &good[1], &good[4], &good[3]].concat();
        let twice = [&good[3][..], &good[3]].concat();
        for bad in [
            swapped,
            twice,
            line(1, "manifest/whole/001"),
            line(1, "../head"),
            line(1, "/head"),
            line(1, "a//b"),
            line(1, "A"),
            line(1, ".hidden"),
            line(0xab, "genesis.json").to_uppercase(),
            line(1, "genesis.json").replace("  ", " *"),
            line(1, "genesis.json").trim_end().to_owned(),
            format!("{}\r\n", line(1, "genesis.json").trim_end()),
            "\n".to_owned(),
        ] {
            assert!(decoded(&bad).is_err(), "{bad:?}");
        }
        assert_eq!(decoded("").unwrap(), Manifest::default());
    }
}
