//! Comparing columns and tiles with what the blocks give.

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use sanad_chain::{CheckedBlock, Seen};
use sanad_core::hash::HistoryHash;
use sanad_core::ids::{Height, LogIndex, LogSize};
use sanad_core::merkle::{Frontier, Hash, Rfc6962, TreeHash, root_of};

use super::finding::Finding;
use crate::append::batch_records;
use crate::column::Column;
use crate::columns::{
    BATCH_FIELDS, BATCH_RECORD_BYTES, BLOCK_FIELDS, BLOCK_RECORD_BYTES, BatchColumnRecord, BlockRecord,
};
use crate::directory::StoreDirectory;
use crate::error::{Part, StoreError};
use crate::segments::RawFrame;
use crate::tiles::{LEVELS, TILE_HASHES};

/// Tiles that are compared at a time.
const TILES_TOGETHER: u64 = 32;
/// Hashes of one level that are read at a time.
const HASHES_TOGETHER: u64 = TILES_TOGETHER * TILE_HASHES;
/// Tree levels that a tile spans.
const TILE_BITS: u32 = TILE_HASHES.trailing_zeros();

/// The roots of the log tree and of the history tree, the last block included.
pub(super) struct TreeRoots {
    pub(super) log: Hash,
    pub(super) history: Hash,
}

/// The columns of a store, opened to read alone.
pub(super) struct ColumnFiles {
    blocks: File<BLOCK_RECORD_BYTES>,
    batches: File<BATCH_RECORD_BYTES>,
    log: Levels,
    history: Levels,
}

/// The tile columns of one tree, the leaves first.
struct Levels(Vec<File<32>>);

/// A column, and where it is or should be.
pub(super) struct File<const WIDTH: usize> {
    path: PathBuf,
    part: Part,
    column: Option<Column<WIDTH>>,
}

impl ColumnFiles {
    pub(super) fn open(directory: &StoreDirectory) -> Result<Self, StoreError> {
        Ok(Self {
            blocks: File::open(directory.columns().join("blocks"), Part::Blocks)?,
            batches: File::open(directory.columns().join("batches"), Part::Batches)?,
            log: Levels::open(&directory.tiles(), Part::Tiles)?,
            history: Levels::open(&directory.history(), Part::History)?,
        })
    }

    /// Compares the records of some blocks, on all cores. `first_batch` is the number of batches before them.
    pub(super) fn compare(
        &self,
        blocks: &[CheckedBlock<RawFrame>],
        first_batch: u64,
    ) -> Result<Vec<Finding>, StoreError> {
        let firsts = blocks.iter().scan(first_batch, |next, checked| {
            let first = *next;
            *next += checked.block.batches.len() as u64;
            Some(first)
        });
        let firsts: Vec<u64> = firsts.collect();
        let compared =
            blocks.par_iter().zip(firsts).map(|(checked, first)| self.compare_block(checked, first));
        Ok(compared.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }

    fn compare_block(
        &self,
        checked: &CheckedBlock<RawFrame>,
        first_batch: u64,
    ) -> Result<Vec<Finding>, StoreError> {
        let CheckedBlock { raw, block, execution, .. } = checked;
        let (height, frame) = (execution.header.height, raw.frame.place);
        let first_index = execution.first_index.0;
        let record = BlockRecord { frame, first_index, first_batch }.encode();
        let batches = batch_records(block, LogSize(first_index), &frame);
        let batches: Vec<_> = batches.iter().map(BatchColumnRecord::encode).collect();
        let mut findings = Vec::new();
        findings.extend(self.blocks.compare(height, height.0 - 1, &[record], &BLOCK_FIELDS)?);
        findings.extend(self.batches.compare(height, first_batch, &batches, &BATCH_FIELDS)?);
        let leaves = &execution.leaf_hashes;
        findings.extend(self.log.compare_leaves(height, first_index, leaves)?);
        let leaf = HistoryHash::leaf(&execution.hash.0);
        findings.extend(self.history.compare_leaves(height, height.0 - 1, &[leaf])?);
        Ok(findings)
    }

    /// Compares the tile levels of both trees above the leaves, up to a block. `roots` are those of the two trees after
    /// it, if they are known from the blocks.
    pub(super) fn compare_levels(
        &self,
        height: Height,
        roots: Option<&TreeRoots>,
        seen: &Seen,
    ) -> Result<Vec<Finding>, StoreError> {
        let (log_root, history_root) = (roots.map(|roots| &roots.log), roots.map(|roots| &roots.history));
        let height_of = |index: u64| seen.height_of(LogIndex(index));
        let mut findings =
            self.log.compare_levels::<Rfc6962>(seen.size_after(height), log_root, height_of)?;
        let height_of = |index: u64| Height(index + 1);
        findings.extend(self.history.compare_levels::<HistoryHash>(height.0, history_root, height_of)?);
        Ok(findings)
    }

    /// Compares the lengths of the files with a log that ends where they do.
    pub(super) fn compare_lengths(
        &self,
        height: Height,
        batches: u64,
        size: u64,
    ) -> Result<Vec<Finding>, StoreError> {
        let columns = [self.blocks.compare_length(height.0)?, self.batches.compare_length(batches)?];
        let mut findings: Vec<Finding> = columns.into_iter().flatten().collect();
        findings.extend(self.log.compare_lengths(size)?);
        findings.extend(self.history.compare_lengths(height.0)?);
        Ok(findings)
    }
}

impl Levels {
    fn open(directory: &Path, part: Part) -> Result<Self, StoreError> {
        let level = |level: usize| File::open(directory.join(level.to_string()), part);
        Ok(Self((0..LEVELS).map(level).collect::<Result<_, _>>()?))
    }

    /// Compares leaves of a block with the first level.
    fn compare_leaves(
        &self,
        height: Height,
        first: u64,
        leaves: &[Hash],
    ) -> Result<Option<Finding>, StoreError> {
        match self.0.first() {
            Some(level) => level.compare(height, first, leaves, &[("leaf hash", 32)]),
            None => Ok(None),
        }
    }

    /// Compares the levels above the leaves of a tree of `size` leaves. A level that gives the right root is right, at
    /// a 256th of the hashing; only if it does not is each hash compared with those below it, on all cores.
    /// `height_of` is the block of a leaf.
    fn compare_levels<H: TreeHash>(
        &self,
        size: u64,
        root: Option<&Hash>,
        height_of: impl Fn(u64) -> Height + Sync,
    ) -> Result<Vec<Finding>, StoreError> {
        let mut findings = Vec::new();
        for level in 1..self.0.len() {
            if size >> (TILE_BITS * level as u32) == 0 {
                break;
            }
            if let Some(root) = root
                && self.root_from::<H>(level, size)? == Some(*root)
            {
                continue;
            }
            findings.extend(self.compare_level::<H>(level, size, &height_of)?);
        }
        Ok(findings)
    }

    /// The root that the hashes of a level give, together with those at the right edge of the levels below. `None` if
    /// some are missing.
    fn root_from<H: TreeHash>(&self, level: usize, size: u64) -> Result<Option<Hash>, StoreError> {
        let (mut peaks, mut covered) = (Vec::new(), 0);
        for level in (0..=level).rev() {
            let bits = TILE_BITS * level as u32;
            let (mut first, end) = (covered >> bits, size >> bits);
            covered = end << bits;
            let mut frontier = Frontier::<H>::new();
            while first < end {
                let count = HASHES_TOGETHER.min(end - first);
                let Some(hashes) = self.0[level].read(first, count as usize)? else { return Ok(None) };
                frontier.extend(hashes);
                first += count;
            }
            peaks.extend_from_slice(frontier.peaks());
        }
        let root = peaks.into_iter().rev().reduce(|right, left| H::node(&left, &right));
        Ok(Some(root.unwrap_or_else(H::empty)))
    }

    /// Compares each hash of a level above the leaves with those below it: of each chunk the first that differs.
    fn compare_level<H: TreeHash>(
        &self,
        level: usize,
        size: u64,
        height_of: &(impl Fn(u64) -> Height + Sync),
    ) -> Result<Vec<Finding>, StoreError> {
        let bits = TILE_BITS * level as u32;
        let count = size >> bits;
        let (below, level) = (&self.0[level - 1], &self.0[level]);
        let compare = |chunk: u64| {
            let first = chunk * TILES_TOGETHER;
            let tiles = TILES_TOGETHER.min(count - first);
            // What the level below lacks was found there.
            let Some(hashes) = below.read(first * TILE_HASHES, (tiles * TILE_HASHES) as usize)? else {
                return Ok(None);
            };
            let roots = hashes.chunks(TILE_HASHES as usize).map(root_of::<H>);
            for (place, root) in (first..).zip(roots) {
                let height = height_of(((place + 1) << bits) - 1);
                let finding = level.compare(height, place, &[root], &[("tile hash", 32)])?;
                if finding.is_some() {
                    return Ok(finding);
                }
            }
            Ok(None)
        };
        let found = (0..count.div_ceil(TILES_TOGETHER)).into_par_iter().map(compare);
        Ok(found.collect::<Result<Vec<_>, StoreError>>()?.into_iter().flatten().collect())
    }

    fn compare_lengths(&self, size: u64) -> Result<Vec<Finding>, StoreError> {
        let mut findings = Vec::new();
        let mut count = size;
        for level in &self.0 {
            findings.extend(level.compare_length(count)?);
            count /= TILE_HASHES;
        }
        Ok(findings)
    }
}

impl<const WIDTH: usize> File<WIDTH> {
    pub(super) fn open(path: PathBuf, part: Part) -> Result<Self, StoreError> {
        Ok(Self { column: Column::open_to_read(path.clone(), part)?, path, part })
    }

    /// Records from a place on; `None` if they are not all there.
    pub(super) fn read(&self, place: u64, count: usize) -> Result<Option<Vec<[u8; WIDTH]>>, StoreError> {
        let Some(column) = &self.column else { return Ok(None) };
        match column.slice(place, count) {
            Err(StoreError::Damaged { .. }) => Ok(None),
            records => records.map(Some),
        }
    }

    /// The first record from a place on that is not as expected. `fields` are the names and widths of a
    /// record's fields.
    pub(super) fn compare(
        &self,
        height: Height,
        place: u64,
        expected: &[[u8; WIDTH]],
        fields: &[(&str, usize)],
    ) -> Result<Option<Finding>, StoreError> {
        if self.read(place, expected.len())?.as_deref() == Some(expected) {
            return Ok(None);
        }
        let part = self.part;
        for (place, expected) in (place..).zip(expected) {
            let Some(actual) = self.read(place, 1)?.and_then(|records| records.first().copied()) else {
                let (field, actual) = ("record".to_owned(), "missing".to_owned());
                let expected = hex(expected);
                return Ok(Some(Finding::Record { part, height, place, field, expected, actual }));
            };
            if actual != *expected {
                let (field, expected, actual) = difference(expected, &actual, fields);
                return Ok(Some(Finding::Record { part, height, place, field, expected, actual }));
            }
        }
        Ok(None)
    }

    /// How many whole records there are.
    pub(super) fn records(&self) -> Result<u64, StoreError> {
        let bytes = self.column.as_ref().map_or(Ok(0), Column::bytes)?;
        Ok(bytes / WIDTH as u64)
    }

    pub(super) fn compare_length(&self, records: u64) -> Result<Option<Finding>, StoreError> {
        let expected = records * WIDTH as u64;
        let actual = self.column.as_ref().map_or(Ok(0), Column::bytes)?;
        let (part, path) = (self.part, self.path.clone());
        Ok((expected != actual).then_some(Finding::Length { part, path, expected, actual }))
    }
}

/// The first field that differs, with both values.
fn difference(expected: &[u8], actual: &[u8], fields: &[(&str, usize)]) -> (String, String, String) {
    let mut start = 0;
    for (name, width) in fields {
        let (expected, actual) = (&expected[start..start + width], &actual[start..start + width]);
        if expected != actual {
            return ((*name).to_owned(), shown(expected), shown(actual));
        }
        start += width;
    }
    ("record".to_owned(), hex(expected), hex(actual))
}

/// A number as a number, a hash as a hash.
fn shown(field: &[u8]) -> String {
    match field.len() {
        1..=8 => field.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)).to_string(),
        _ => hex(field),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
