//! Writing a run from sorted keys.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use super::bloom::Bloom;
use super::run::{
    PAGE_BYTES, PAGE_CHECKSUM_BYTES, PAGE_RECORDS, Run, RunHead, encode_record, page_checksum, tail_checksum,
};
use super::run_files;
use crate::error::{Part, StoreError, at};
use crate::files;

/// A run in the making, under a name that opening does not take for one.
pub(super) struct RunWriter {
    head: RunHead,
    file: BufWriter<File>,
    temporary: PathBuf,
    directory: PathBuf,
    page: Vec<u8>,
    fences: Vec<u64>,
    bloom: Bloom,
}

impl RunWriter {
    pub(super) fn new(directory: &Path, head: RunHead) -> Result<Self, StoreError> {
        let temporary = directory.join(format!("{}.new", run_files::name(&head.range)));
        let file = File::create(&temporary).map_err(at(&temporary))?;
        let mut file = BufWriter::with_capacity(WRITE_BYTES, file);
        file.write_all(&head.encode()).map_err(at(&temporary))?;
        let bloom = Bloom::for_keys(head.keys);
        let (page, fences) = (Vec::with_capacity(PAGE_BYTES), Vec::with_capacity(head.pages()));
        Ok(Self { head, file, temporary, directory: directory.to_owned(), page, fences, bloom })
    }

    /// Adds the next record. Requires ascending keys, as many as the head says.
    pub(super) fn push(&mut self, key: u64, value: u64) -> Result<(), StoreError> {
        if self.page.is_empty() {
            self.fences.push(key);
        }
        self.page.extend_from_slice(&encode_record(key, value));
        self.bloom.insert(key);
        if self.page.len() == PAGE_RECORDS * encode_record(0, 0).len() { self.end_page() } else { Ok(()) }
    }

    /// Pages begun so far.
    pub(super) fn pages(&self) -> usize {
        self.fences.len()
    }

    /// Makes the run durable, gives it its name and opens it.
    pub(super) fn finish(mut self) -> Result<Run, StoreError> {
        if !self.page.is_empty() {
            self.end_page()?;
        }
        let mut tail: Vec<u8> = self.fences.iter().flat_map(|fence| fence.to_be_bytes()).collect();
        tail.extend(self.bloom.encode());
        tail.extend(tail_checksum(&self.head.encode(), &tail).as_bytes());
        self.file.write_all(&tail).map_err(at(&self.temporary))?;
        let file = self.file.into_inner().map_err(|error| at(&self.temporary)(error.into_error()))?;
        file.sync_all().map_err(at(&self.temporary))?;
        let path = self.directory.join(run_files::name(&self.head.range));
        std::fs::rename(&self.temporary, &path).map_err(at(&path))?;
        files::sync_directory(&self.directory)?;
        Run::open(path)?.ok_or(StoreError::Damaged { part: Part::Index })
    }

    /// Removes what was written.
    pub(super) fn abandon(self) -> Result<(), StoreError> {
        files::remove_all(&self.temporary)
    }

    fn end_page(&mut self) -> Result<(), StoreError> {
        self.page.resize(PAGE_BYTES - PAGE_CHECKSUM_BYTES, 0);
        let checksum = page_checksum(&self.page);
        self.page.extend_from_slice(&checksum);
        self.file.write_all(&self.page).map_err(at(&self.temporary))?;
        self.page.clear();
        Ok(())
    }
}

/// Bytes that are written at a time.
const WRITE_BYTES: usize = 256 << 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::run::fingerprint;
    use sanad_chain::IndexSecret;

    // Changing what is pinned here is a change of format.
    #[test]
    fn layout() {
        let directory = tempfile::tempdir().unwrap();
        let fingerprint = fingerprint(&IndexSecret([7; 32]));
        let mut writer =
            RunWriter::new(directory.path(), RunHead { range: 5..1_000, keys: 300, fingerprint }).unwrap();
        (0..300u64).for_each(|n| writer.push(n << 50, 5 + n).unwrap());
        let run = writer.finish().unwrap();
        assert_eq!(run.path().file_name().unwrap(), "000000000000005-000000000001000.run");
        let bytes = std::fs::read(run.path()).unwrap();
        assert_eq!(bytes.len(), 3 * 4096 + 2 * 8 + 9 * 64 + 32);
        assert_eq!(bytes[..8], *b"SANADRU1");
        assert_eq!(bytes[4096 + 14..4096 + 28], [0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6]);
        assert_eq!(
            blake3::hash(&bytes).to_hex().as_str(),
            "80f261b84d4b5999cde6558b179c091f396ba79d538285dae1b3f89a264c024b"
        );
        for n in 0..300u64 {
            let mut found = Vec::new();
            run.find(n << 50, &mut found).unwrap();
            assert_eq!(found, [5 + n]);
        }
    }
}
