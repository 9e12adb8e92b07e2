//! A file of records of one width, read and written by position.

use std::cmp::Ordering;
use std::path::PathBuf;

use crate::error::{Part, StoreError};
use crate::files::PositionedFile;

/// Records of `WIDTH` bytes, one after the other. It does not know its length: readers ask only for what the store has
/// published.
#[derive(Debug)]
pub(crate) struct Column<const WIDTH: usize> {
    file: PositionedFile,
    part: Part,
}

impl<const WIDTH: usize> Column<WIDTH> {
    pub(crate) fn open(path: PathBuf, part: Part) -> Result<Self, StoreError> {
        Ok(Self { file: PositionedFile::open(path)?, part })
    }

    /// Opens a column read-only; `None` if the file does not exist.
    pub(crate) fn open_to_read(path: PathBuf, part: Part) -> Result<Option<Self>, StoreError> {
        match path.is_file() {
            true => Ok(Some(Self { file: PositionedFile::open_to_read(path)?, part })),
            false => Ok(None),
        }
    }

    /// Bytes of the file.
    pub(crate) fn bytes(&self) -> Result<u64, StoreError> {
        self.file.bytes()
    }

    /// Cuts the file to the records of a checkpoint. It must have at least those.
    pub(crate) fn cut(&self, records: u64) -> Result<(), StoreError> {
        let (found, wanted) = (self.file.bytes()?, records * WIDTH as u64);
        match found.cmp(&wanted) {
            Ordering::Less => Err(StoreError::Damaged { part: self.part }),
            Ordering::Equal => Ok(()),
            Ordering::Greater => self.file.cut(wanted),
        }
    }

    /// Writes records from a place on, all in one write.
    pub(crate) fn write(&self, place: u64, records: &[[u8; WIDTH]]) -> Result<(), StoreError> {
        match records {
            [] => Ok(()),
            _ => self.file.write_at(records.as_flattened(), place * WIDTH as u64),
        }
    }

    /// The record at a place that was written.
    pub(crate) fn record(&self, place: u64) -> Result<[u8; WIDTH], StoreError> {
        let mut record = [0; WIDTH];
        self.fill(place, &mut record)?;
        Ok(record)
    }

    /// `count` records from a place on, all written.
    pub(crate) fn slice(&self, place: u64, count: usize) -> Result<Vec<[u8; WIDTH]>, StoreError> {
        let mut records = vec![[0; WIDTH]; count];
        self.fill(place, records.as_flattened_mut())?;
        Ok(records)
    }

    pub(crate) fn sync(&self) -> Result<(), StoreError> {
        self.file.sync()
    }

    fn fill(&self, place: u64, buffer: &mut [u8]) -> Result<(), StoreError> {
        let read = self.file.read_up_to_at(buffer, place * WIDTH as u64)?;
        if read < buffer.len() { Err(StoreError::Damaged { part: self.part }) } else { Ok(()) }
    }
}
