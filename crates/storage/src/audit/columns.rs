//! Comparing columns and tiles with what the blocks give.

use std::path::PathBuf;

use rayon::prelude::*;
use sanad_core::ids::{Height, LogIndex};
use sanad_core::merkle::{Rfc6962, root_of};

use super::finding::Finding;
use crate::append::batch_records;
use crate::chain::{CheckedBlock, Seen};
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

/// The columns of a store, opened to read alone.
pub(super) struct ColumnFiles {
    blocks: File<BLOCK_RECORD_BYTES>,
    batches: File<BATCH_RECORD_BYTES>,
    levels: Vec<File<32>>,
}

/// A column, and where it is or should be.
struct File<const WIDTH: usize> {
    path: PathBuf,
    part: Part,
    column: Option<Column<WIDTH>>,
}

impl ColumnFiles {
    pub(super) fn open(directory: &StoreDirectory) -> Result<Self, StoreError> {
        let level = |level: usize| File::open(directory.tiles().join(level.to_string()), Part::Tiles);
        Ok(Self {
            blocks: File::open(directory.columns().join("blocks"), Part::Blocks)?,
            batches: File::open(directory.columns().join("batches"), Part::Batches)?,
            levels: (0..LEVELS).map(level).collect::<Result<_, _>>()?,
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
        let batches = batch_records(block, execution, &frame);
        let batches: Vec<_> = batches.iter().map(BatchColumnRecord::encode).collect();
        let mut findings = Vec::new();
        findings.extend(self.blocks.compare(height, height.0 - 1, &[record], &BLOCK_FIELDS)?);
        findings.extend(self.batches.compare(height, first_batch, &batches, &BATCH_FIELDS)?);
        let leaves = &execution.leaf_hashes;
        findings.extend(self.levels[0].compare(height, first_index, leaves, &[("leaf hash", 32)])?);
        Ok(findings)
    }

    /// Compares the tile levels above the leaves with the level below each, on all cores.
    pub(super) fn compare_levels(&self, size: u64, seen: &Seen) -> Result<Vec<Finding>, StoreError> {
        let mut findings = Vec::new();
        let mut leaves = 1;
        for pair in self.levels.windows(2) {
            leaves *= TILE_HASHES;
            let count = size / leaves;
            let height = |place: u64| seen.height_of(LogIndex((place + 1) * leaves - 1));
            let [below, level] = pair else { break };
            let chunks = (0..count.div_ceil(TILES_TOGETHER)).into_par_iter();
            let found = chunks.map(|chunk| {
                let first = chunk * TILES_TOGETHER;
                let tiles = TILES_TOGETHER.min(count - first);
                let Some(column) = &below.column else { return Ok(None) };
                // What the level below lacks was found there.
                let hashes = match column.slice(first * TILE_HASHES, (tiles * TILE_HASHES) as usize) {
                    Err(StoreError::Damaged { .. }) => return Ok(None),
                    hashes => hashes?,
                };
                let roots: Vec<_> = hashes.chunks(TILE_HASHES as usize).map(root_of::<Rfc6962>).collect();
                for (place, root) in (first..).zip(roots) {
                    let finding = level.compare(height(place), place, &[root], &[("tile hash", 32)])?;
                    if finding.is_some() {
                        return Ok(finding);
                    }
                }
                Ok(None)
            });
            findings.extend(found.collect::<Result<Vec<_>, StoreError>>()?.into_iter().flatten());
        }
        Ok(findings)
    }

    /// Compares the lengths of the files with a log that ends where they do.
    pub(super) fn compare_lengths(
        &self,
        height: Height,
        batches: u64,
        size: u64,
    ) -> Result<Vec<Finding>, StoreError> {
        let mut findings = vec![self.blocks.compare_length(height.0)?, self.batches.compare_length(batches)?];
        let mut count = size;
        for level in &self.levels {
            findings.push(level.compare_length(count)?);
            count /= TILE_HASHES;
        }
        Ok(findings.into_iter().flatten().collect())
    }
}

impl<const WIDTH: usize> File<WIDTH> {
    fn open(path: PathBuf, part: Part) -> Result<Self, StoreError> {
        Ok(Self { column: Column::open_to_read(path.clone(), part)?, path, part })
    }

    /// The first record from a place on that is not as expected. `fields` are the names and widths of a
    /// record's fields.
    fn compare(
        &self,
        height: Height,
        place: u64,
        expected: &[[u8; WIDTH]],
        fields: &[(&str, usize)],
    ) -> Result<Option<Finding>, StoreError> {
        let read = |place: u64, count: usize| match &self.column {
            None => Ok(None),
            Some(column) => match column.slice(place, count) {
                Err(StoreError::Damaged { .. }) => Ok(None),
                records => records.map(Some),
            },
        };
        if read(place, expected.len())?.as_deref() == Some(expected) {
            return Ok(None);
        }
        let part = self.part;
        for (place, expected) in (place..).zip(expected) {
            let Some(actual) = read(place, 1)?.and_then(|records| records.first().copied()) else {
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

    fn compare_length(&self, records: u64) -> Result<Option<Finding>, StoreError> {
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
