//! A run: an immutable file of sorted keys. Layout: `docs/formats/storage.md`.

use std::ops::Range;
use std::path::{Path, PathBuf};

use sanad_chain::IndexSecret;

use super::bloom::{BLOCK_BYTES, Bloom};
use crate::error::{Part, StoreError};
use crate::files::{self, PositionedFile};

/// Bytes of a page; the head of the file is one too.
pub(super) const PAGE_BYTES: usize = 4096;
/// Bytes of a record: key, value.
pub(super) const RECORD_BYTES: usize = 8 + 6;
/// Records of a page; the last page may have fewer.
pub(super) const PAGE_RECORDS: usize = (PAGE_BYTES - PAGE_CHECKSUM_BYTES) / RECORD_BYTES;
/// Bytes of the checksum that ends a page.
pub(super) const PAGE_CHECKSUM_BYTES: usize = 8;
/// Bytes of the checksum over head, fences and filter that ends the file.
pub(super) const CHECKSUM_BYTES: usize = 32;
/// First bytes of the file, version included.
pub(super) const MAGIC: &[u8; 8] = b"SANADRU1";

/// What a run's head holds to show which secret its keys are of.
pub(super) fn fingerprint(secret: &IndexSecret) -> [u8; 8] {
    let hash = blake3::keyed_hash(&secret.0, b"sanad index run");
    *hash.as_bytes().first_chunk().expect("invariant: 8 is less than 32")
}

/// What a run's head says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RunHead {
    /// The places that it covers.
    pub(super) range: Range<u64>,
    pub(super) keys: u64,
    pub(super) fingerprint: [u8; 8],
}

/// An open run: fences and filter in memory, pages on disk.
#[derive(Debug)]
pub(super) struct Run {
    head: RunHead,
    file: PositionedFile,
    /// First key of each page.
    fences: Vec<u64>,
    bloom: Bloom,
}

impl RunHead {
    pub(super) fn pages(&self) -> usize {
        self.keys.div_ceil(PAGE_RECORDS as u64) as usize
    }

    /// Length of the whole file.
    fn file_bytes(&self) -> u64 {
        (PAGE_BYTES * (1 + self.pages()) + self.tail_bytes()) as u64
    }

    fn tail_bytes(&self) -> usize {
        self.pages() * 8 + Bloom::blocks_for(self.keys) * BLOCK_BYTES + CHECKSUM_BYTES
    }

    pub(super) fn encode(&self) -> [u8; PAGE_BYTES] {
        let mut bytes = [0; PAGE_BYTES];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..16].copy_from_slice(&self.range.start.to_be_bytes());
        bytes[16..24].copy_from_slice(&self.range.end.to_be_bytes());
        bytes[24..32].copy_from_slice(&self.keys.to_be_bytes());
        bytes[32..40].copy_from_slice(&self.fingerprint);
        bytes
    }

    fn decode(bytes: &[u8; PAGE_BYTES]) -> Option<Self> {
        let number = |start: usize| bytes[start..].first_chunk().map(|bytes| u64::from_be_bytes(*bytes));
        let head = Self {
            range: number(8)?..number(16)?,
            keys: number(24)?,
            fingerprint: *bytes[32..].first_chunk()?,
        };
        (head.keys < 1 << 48 && head.encode() == *bytes).then_some(head)
    }
}

impl Run {
    /// Opens a run and checks all but its pages. None where it is not whole.
    pub(super) fn open(path: PathBuf) -> Result<Option<Self>, StoreError> {
        let file = PositionedFile::open_to_read(path)?;
        let mut head_page = [0; PAGE_BYTES];
        file.read_up_to_at(&mut head_page, 0)?;
        let Some(head) = RunHead::decode(&head_page) else { return Ok(None) };
        if file.bytes()? != head.file_bytes() {
            return Ok(None);
        }
        let mut tail = vec![0; head.tail_bytes()];
        let tail_position = head.file_bytes() - tail.len() as u64;
        file.read_exact_at(&mut tail, tail_position)?;
        let (checked, checksum) = tail.split_at(tail.len() - CHECKSUM_BYTES);
        if tail_checksum(&head_page, checked).as_bytes()[..] != *checksum {
            return Ok(None);
        }
        let (fences, bloom) = checked.split_at(head.pages() * 8);
        let fences = fences.as_chunks().0.iter().map(|fence| u64::from_be_bytes(*fence)).collect();
        Ok(Some(Self { head, file, fences, bloom: Bloom::decode(bloom) }))
    }

    pub(super) fn path(&self) -> &Path {
        self.file.path()
    }

    pub(super) fn range(&self) -> Range<u64> {
        self.head.range.clone()
    }

    pub(super) fn keys(&self) -> u64 {
        self.head.keys
    }

    pub(super) fn pages(&self) -> usize {
        self.head.pages()
    }

    pub(super) fn fingerprint(&self) -> [u8; 8] {
        self.head.fingerprint
    }

    pub(super) fn is_of(&self, secret: &IndexSecret) -> bool {
        self.head.fingerprint == fingerprint(secret)
    }

    pub(super) fn may_hold(&self, key: u64) -> bool {
        self.bloom.may_hold(key)
    }

    /// Adds the values of a key to the candidates.
    pub(super) fn find(&self, key: u64, candidates: &mut Vec<u64>) -> Result<(), StoreError> {
        // A key may begin at the end of the page before the first that begins with it.
        let first = self.fences.partition_point(|fence| *fence < key).saturating_sub(1);
        for page in (first..self.fences.len()).take_while(|page| self.fences[*page] <= key) {
            let mut buffer = [0; PAGE_BYTES];
            let records = self.read_page(page, &mut buffer)?;
            let start = records.partition_point(|record| decode_record(record).0 < key);
            let found = records[start..].iter().map(decode_record).take_while(|(other, _)| *other == key);
            candidates.extend(found.map(|(_, value)| value));
        }
        Ok(())
    }

    /// The records of a page, without removing a damaged file; `None` if the page is damaged.
    pub(super) fn inspect(&self, page: usize) -> Result<Option<Vec<(u64, u64)>>, StoreError> {
        let mut buffer = [0; PAGE_BYTES];
        let records = self.inspect_page(page, &mut buffer)?;
        Ok(records.map(|records| records.iter().map(decode_record).collect()))
    }

    /// The first key of each page.
    pub(super) fn fences(&self) -> &[u64] {
        &self.fences
    }

    /// The records of a page.
    pub(super) fn page(&self, page: usize) -> Result<Vec<(u64, u64)>, StoreError> {
        let records = |records: &[_]| records.iter().map(decode_record).collect();
        self.read_page(page, &mut [0; PAGE_BYTES]).map(records)
    }

    /// Reads the records of a page and checks them.
    fn read_page<'a>(
        &self,
        page: usize,
        buffer: &'a mut [u8; PAGE_BYTES],
    ) -> Result<&'a [[u8; RECORD_BYTES]], StoreError> {
        let records = self.inspect_page(page, buffer)?;
        if records.is_none() {
            // Without the file, the next opening reads its keys from the log again.
            files::remove_all(self.path())?;
        }
        records.ok_or(StoreError::Damaged { part: Part::Index })
    }

    /// Reads the records of a page; `None` if they do not match their checksum.
    fn inspect_page<'a>(
        &self,
        page: usize,
        buffer: &'a mut [u8; PAGE_BYTES],
    ) -> Result<Option<&'a [[u8; RECORD_BYTES]]>, StoreError> {
        self.file.read_exact_at(buffer, (PAGE_BYTES * (1 + page)) as u64)?;
        let (records, checksum) = buffer.split_at(PAGE_BYTES - PAGE_CHECKSUM_BYTES);
        if page_checksum(records) != *checksum {
            return Ok(None);
        }
        let count = (self.head.keys as usize - page * PAGE_RECORDS).min(PAGE_RECORDS);
        Ok(Some(&records.as_chunks::<RECORD_BYTES>().0[..count]))
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.fences.len() * 8 + self.bloom.memory_bytes()
    }
}

pub(super) fn encode_record(key: u64, value: u64) -> [u8; RECORD_BYTES] {
    let mut record = [0; RECORD_BYTES];
    record[..8].copy_from_slice(&key.to_be_bytes());
    record[8..].copy_from_slice(&value.to_be_bytes()[2..]);
    record
}

fn decode_record(record: &[u8; RECORD_BYTES]) -> (u64, u64) {
    let [k0, k1, k2, k3, k4, k5, k6, k7, v0, v1, v2, v3, v4, v5] = *record;
    let key = u64::from_be_bytes([k0, k1, k2, k3, k4, k5, k6, k7]);
    (key, u64::from_be_bytes([0, 0, v0, v1, v2, v3, v4, v5]))
}

pub(super) fn page_checksum(records: &[u8]) -> [u8; PAGE_CHECKSUM_BYTES] {
    *blake3::hash(records).as_bytes().first_chunk().expect("invariant: 8 is less than 32")
}

pub(super) fn tail_checksum(head: &[u8; PAGE_BYTES], fences_and_bloom: &[u8]) -> blake3::Hash {
    blake3::Hasher::new().update(head).update(fences_and_bloom).finalize()
}
