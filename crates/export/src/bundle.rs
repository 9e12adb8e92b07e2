//! The right edge of a series of bundles, as it grows.

use crate::error::ExportError;
use crate::layout::{BUNDLE_RECORDS, Series};
use crate::writing::Writing;

/// The last, incomplete bundle of a series.
#[derive(Debug)]
pub(crate) struct Edge {
    series: Series,
    /// Records of the whole series.
    count: u64,
    // Invariant: the bytes of the last count % BUNDLE_RECORDS records.
    bytes: Vec<u8>,
}

impl Edge {
    /// The edge of a series of `count` records, whose incomplete bundle has `bytes`.
    pub(crate) fn new(series: Series, count: u64, bytes: Vec<u8>) -> Self {
        Self { series, count, bytes }
    }

    /// The place of the incomplete bundle.
    pub(crate) fn place(&self) -> u64 {
        self.count / BUNDLE_RECORDS
    }

    /// Records in the incomplete bundle.
    pub(crate) fn width(&self) -> u64 {
        self.count % BUNDLE_RECORDS
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Adds a record. If that completes a bundle, writes and returns it.
    pub(crate) fn push(
        &mut self,
        record: &[u8],
        writing: &mut Writing,
    ) -> Result<Option<Vec<u8>>, ExportError> {
        let place = self.place();
        self.bytes.extend_from_slice(record);
        self.count += 1;
        if self.width() > 0 {
            return Ok(None);
        }
        let whole = std::mem::take(&mut self.bytes);
        self.bytes.reserve(whole.len());
        writing.write_whole(self.series, place, &whole)?;
        Ok(Some(whole))
    }

    /// Writes the incomplete bundle, unless it is empty.
    pub(crate) fn write(&self, writing: &mut Writing) -> Result<(), ExportError> {
        match self.width() {
            0 => Ok(()),
            width => writing.write(&self.series.path(self.place(), width), &self.bytes),
        }
    }
}

/// Records of the bundle at a place in a series of `count`.
pub(crate) fn width_at(place: u64, count: u64) -> u64 {
    count.saturating_sub(place.saturating_mul(BUNDLE_RECORDS)).min(BUNDLE_RECORDS)
}
