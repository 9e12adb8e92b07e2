//! The state after the last block, as far as entries do not hold it: members' records, roots of status pages.

use sanad_core::block::BlockHeader;
use sanad_core::codec::{self, CodecError};
use sanad_core::ids::Height;
use sanad_core::member::{MEMBER_RECORD_BYTES_MAX, MemberRecord};
use sanad_core::merkle::Hash;
use sanad_core::registry::{MEMBERS_MAX, Registry};

use crate::error::ExportError;
use crate::folder::Folder;
use crate::layout;
use crate::status::{page_count, root_of_pages};

/// Most pages of status leaves: enough for 2^36 entries.
const PAGES_MAX: u64 = 1 << 20;
/// Longest file, in bytes.
const SNAPSHOT_BYTES_MAX: u64 = 8 + (MEMBERS_MAX * MEMBER_RECORD_BYTES_MAX) as u64 + 32 * PAGES_MAX;

#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) registry: Registry,
    pub(crate) pages: Vec<Hash>,
}

impl Snapshot {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = codec::encode(&(self.registry.records().len() as u32));
        self.registry.records().for_each(|record| codec::encode_into(record, &mut bytes));
        codec::encode_into(&(self.pages.len() as u32), &mut bytes);
        self.pages.iter().for_each(|root| bytes.extend_from_slice(root));
        bytes
    }

    /// The state after a block, checked against its header.
    pub(crate) fn read(folder: &Folder, header: &BlockHeader) -> Result<Self, ExportError> {
        let path = layout::state(header.height);
        let bytes = folder.read(&path, SNAPSHOT_BYTES_MAX)?;
        let snapshot =
            decode(&bytes).map_err(|source| ExportError::Codec { path: folder.path(&path), source })?;
        if snapshot.pages.len() as u64 != page_count(header.log_size) {
            return Err(folder.malformed(&path, "not as many status pages as the log has"));
        }
        for (tree, expected, actual) in [
            ("registry", header.registry_root.0, snapshot.registry.root().0),
            ("status", header.status_root.0, root_of_pages(&snapshot.pages)),
        ] {
            if actual != expected {
                return Err(ExportError::root(folder.path(&path), tree, expected, actual));
            }
        }
        Ok(snapshot)
    }

    /// Paths of the files that the state after a block needs; none where there is no such state.
    pub(crate) fn files(folder: &Folder, height: Height) -> Result<Vec<String>, ExportError> {
        let path = layout::state(height);
        let Some(bytes) = folder.read_if_there(&path, SNAPSHOT_BYTES_MAX)? else { return Ok(Vec::new()) };
        let snapshot =
            decode(&bytes).map_err(|source| ExportError::Codec { path: folder.path(&path), source })?;
        Ok(snapshot.pages.iter().map(layout::status_page).chain([path]).collect())
    }
}

fn decode(bytes: &[u8]) -> Result<Snapshot, CodecError> {
    let limit = SNAPSHOT_BYTES_MAX as usize;
    let (count, mut read) = codec::decode_prefix::<u32>(bytes, limit)?;
    if count as usize > MEMBERS_MAX {
        return Err(CodecError::Invalid { field: "member count" });
    }
    let mut records: Vec<MemberRecord> = Vec::new();
    for _ in 0..count {
        let (record, width) = codec::decode_prefix::<MemberRecord>(&bytes[read..], limit)?;
        if records.last().is_some_and(|last| last.member.id >= record.member.id) {
            return Err(CodecError::Invalid { field: "order of members" });
        }
        read += width;
        records.push(record);
    }
    let (count, width) = codec::decode_prefix::<u32>(&bytes[read..], limit)?;
    let rest = &bytes[read + width..];
    let expected = u64::from(count) * 32;
    match (rest.len() as u64).cmp(&expected) {
        std::cmp::Ordering::Less => {
            Err(CodecError::Truncated { missing: (expected - rest.len() as u64) as usize })
        }
        std::cmp::Ordering::Greater => {
            Err(CodecError::Trailing { excess: (rest.len() as u64 - expected) as usize })
        }
        std::cmp::Ordering::Equal => {
            Ok(Snapshot { registry: Registry::from_records(records), pages: rest.as_chunks().0.to_vec() })
        }
    }
}
