//! The state after the last block, except for what entries, history and trust file hold: members, parameters, and the
//! roots of the pages of status leaves.

use std::collections::BTreeMap;
use std::ops::Range;

use sanad_core::block::BlockHeader;
use sanad_core::codec::{self, CodecError, Fields};
use sanad_core::genesis::Parameters;
use sanad_core::governance::{GOVERNANCE_ITEM_BYTES_MAX, GOVERNANCE_ITEMS_MAX, Governance, GovernanceItem};
use sanad_core::hash::Root;
use sanad_core::ids::{Height, LogIndex, MEMBER_ID_BYTES_MAX, MemberId};
use sanad_core::member::{
    ADDRESSES_MAX, FACTS_MAX, KEY_TERMS_MAX, MEMBER_RECORD_BYTES_MAX, MEMBER_TEXT_BYTES_MAX, MemberRecord,
    MemberRest, MemberState,
};
use sanad_core::merkle::Hash;
use sanad_core::registry::{MEMBERS_MAX, Registry};
use sanad_core::signature::PUBLIC_KEY_BYTES;
use sanad_core::state_root::{others_root, parts, state_root};

use crate::error::ExportError;
use crate::folder::{ContentHash, Folder};
use crate::status::{page_count, root_of_pages};
use crate::{index, layout};

/// Most pages of status leaves: enough for 2^36 entries.
const PAGES_MAX: u64 = 1 << 20;
/// Most runs of the index, for as many entries.
const RUNS_MAX: usize = 64;
/// Longest encoded key of a member with the range in which it holds, in bytes.
const KEY_TERM_BYTES_MAX: usize = 1 + PUBLIC_KEY_BYTES + 8 + 9;
/// Longest encoded text of a member, in bytes.
const TEXT_BYTES_MAX: usize = 1 + MEMBER_TEXT_BYTES_MAX;
/// Longest encoded rest of a member, in bytes: role, threshold, keys, two chains, events, count, addresses, facts.
const MEMBER_REST_BYTES_MAX: usize = 2
    + (4 + KEY_TERMS_MAX * KEY_TERM_BYTES_MAX)
    + 2 * 40
    + 40
    + 8
    + (4 + ADDRESSES_MAX * TEXT_BYTES_MAX)
    + (4 + FACTS_MAX * 2 * TEXT_BYTES_MAX);
/// Longest encoded parameters, in bytes.
const PARAMETERS_BYTES_MAX: usize = 4 + 4 + 2 + 1 + 2 + 8;
/// Most entries that concern another member than the one that signed them.
const CONCERNS_MAX: usize = 1 << 24;
/// Longest such entry: member and log index.
const CONCERN_BYTES_MAX: u64 = 1 + MEMBER_ID_BYTES_MAX as u64 + 8;
/// Longest file, in bytes.
const SNAPSHOT_BYTES_MAX: u64 = 8
    + (MEMBERS_MAX * (MEMBER_RECORD_BYTES_MAX + MEMBER_REST_BYTES_MAX)) as u64
    + PARAMETERS_BYTES_MAX as u64
    + 4
    + (GOVERNANCE_ITEMS_MAX * GOVERNANCE_ITEM_BYTES_MAX) as u64
    + 4
    + CONCERNS_MAX as u64 * CONCERN_BYTES_MAX
    + 32 * PAGES_MAX
    + 4 * RUNS_MAX as u64;

/// Of each member, the entries by others that concern it.
pub(crate) type Concerns = BTreeMap<MemberId, Vec<LogIndex>>;

#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) registry: Registry,
    pub(crate) parameters: Parameters,
    pub(crate) governance: Governance,
    /// Of each member, the entries by others that concern it, in ascending order. No root vouches for them; that they are
    /// all shows in the member's accumulator.
    pub(crate) concerns: Concerns,
    pub(crate) pages: Vec<Hash>,
    /// Pages of each run of the index, in order. No root vouches for them: like the index, they only help to find.
    pub(crate) run_pages: Vec<u32>,
}

impl Snapshot {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = codec::encode(&(self.registry.members().len() as u32));
        for member in self.registry.members() {
            codec::encode_into(member.record(), &mut bytes);
            codec::encode_into(member.rest(), &mut bytes);
        }
        codec::encode_into(&self.parameters, &mut bytes);
        codec::encode_into(&(self.run_pages.len() as u32), &mut bytes);
        self.run_pages.iter().for_each(|pages| codec::encode_into(pages, &mut bytes));
        codec::encode_into(&(self.pages.len() as u32), &mut bytes);
        self.pages.iter().for_each(|root| bytes.extend_from_slice(root));
        if self.governance.items().len() > 0 || !self.concerns.is_empty() {
            self.encode_governance(&mut bytes);
        }
        bytes
    }

    fn encode_governance(&self, bytes: &mut Vec<u8>) {
        let items = self.governance.items();
        codec::encode_into(&(items.len() as u32), bytes);
        items.for_each(|item| codec::encode_into(item, bytes));
        let concerns = self.concerns.iter().flat_map(|(id, all)| all.iter().map(move |index| (id, *index)));
        codec::encode_into(&(concerns.clone().count() as u32), bytes);
        concerns.for_each(|concern| codec::encode_into(&concern, bytes));
    }

    /// The state after a block, checked against its header.
    pub(crate) fn read(folder: &Folder, header: &BlockHeader) -> Result<Self, ExportError> {
        let path = layout::state(header.height);
        let check = |bytes: &[u8]| {
            let snapshot =
                decode(bytes).map_err(|source| ExportError::Codec { path: folder.path(&path), source })?;
            if snapshot.pages.len() as u64 != page_count(header.log_size) {
                return Err(folder.malformed(&path, "not as many status pages as the log has"));
            }
            let ranges = index::ranges(header.log_size.0);
            let fits = |(range, pages): (&Range<u64>, &u32)| u64::from(*pages) <= index::pages_max(range);
            if snapshot.run_pages.len() != ranges.len() || !ranges.iter().zip(&snapshot.run_pages).all(fits) {
                return Err(folder.malformed(&path, "not the runs of the index that the log has"));
            }
            let actual = snapshot.state_root();
            match actual == header.state_root {
                true => Ok(snapshot),
                false => Err(ExportError::root(folder.path(&path), "state", header.state_root.0, actual.0)),
            }
        };
        let content = ContentHash::new("state", &header.hash().0);
        folder.checked(&content, || folder.read(&path, SNAPSHOT_BYTES_MAX), check)
    }

    /// Root of the status tree.
    pub(crate) fn status_root(&self) -> Root {
        Root(root_of_pages(&self.pages))
    }

    /// Root over the parts of the state other than statuses and members.
    pub(crate) fn others_root(&self) -> Root {
        others_root(&parts(&self.governance, &self.parameters))
    }

    fn state_root(&self) -> Root {
        state_root(&self.status_root(), &self.registry.root(), &self.others_root())
    }

    /// Paths of the pages of the state after a block; none if there is no such state.
    pub(crate) fn page_paths(folder: &Folder, height: Height) -> Result<Vec<String>, ExportError> {
        let path = layout::state(height);
        let Some(bytes) = folder.read_if_there(&path, SNAPSHOT_BYTES_MAX)? else { return Ok(Vec::new()) };
        let snapshot =
            decode(&bytes).map_err(|source| ExportError::Codec { path: folder.path(&path), source })?;
        Ok(snapshot.pages.iter().map(layout::status_page).collect())
    }
}

fn decode(bytes: &[u8]) -> Result<Snapshot, CodecError> {
    let mut fields = Fields::new(bytes, SNAPSHOT_BYTES_MAX as usize);
    let mut members: Vec<MemberState> = Vec::new();
    for _ in 0..fields.count(MEMBERS_MAX, "member count")? {
        let (record, rest) = (fields.take::<MemberRecord>()?, fields.take::<MemberRest>()?);
        if members.last().is_some_and(|last| last.record().id >= record.id) {
            return Err(CodecError::Invalid { field: "order of members" });
        }
        let member = MemberState::new(record, rest);
        members.push(member.map_err(|_| CodecError::Invalid { field: "rest of a member" })?);
    }
    let parameters = fields.take::<Parameters>()?;
    let runs = fields.count(RUNS_MAX, "run count")?;
    let run_pages = (0..runs).map(|_| fields.take::<u32>()).collect::<Result<_, _>>()?;
    let expected = u64::from(fields.take::<u32>()?) * 32;
    let roots = fields.rest();
    if (roots.len() as u64) < expected {
        return Err(CodecError::Truncated { missing: (expected - roots.len() as u64) as usize });
    }
    let (roots, tail) = roots.split_at(expected as usize);
    let pages = roots.as_chunks().0.to_vec();
    let (governance, concerns) = match tail.is_empty() {
        true => (Governance::default(), Concerns::new()),
        false => decode_governance(tail)?,
    };
    Ok(Snapshot { registry: Registry::new(members), parameters, governance, concerns, pages, run_pages })
}

/// What follows the pages once governance was used: items, then the entries by others.
fn decode_governance(bytes: &[u8]) -> Result<(Governance, Concerns), CodecError> {
    let mut fields = Fields::new(bytes, bytes.len());
    let mut items: Vec<GovernanceItem> = Vec::new();
    for _ in 0..fields.count(GOVERNANCE_ITEMS_MAX, "governance item count")? {
        let item = fields.take::<GovernanceItem>()?;
        if items.last().is_some_and(|last| last.key() >= item.key()) {
            return Err(CodecError::Invalid { field: "order of governance items" });
        }
        items.push(item);
    }
    let (mut concerns, mut last) = (Concerns::new(), None);
    for _ in 0..fields.count(CONCERNS_MAX, "concern count")? {
        let concern = fields.take::<(MemberId, LogIndex)>()?;
        if last.as_ref().is_some_and(|last| *last >= concern) {
            return Err(CodecError::Invalid { field: "order of concerns" });
        }
        concerns.entry(concern.0.clone()).or_default().push(concern.1);
        last = Some(concern);
    }
    fields.end()?;
    // The one encoding of nothing is to leave it out.
    if items.is_empty() && concerns.is_empty() {
        return Err(CodecError::Invalid { field: "governance item count" });
    }
    Ok((Governance::from_items(items), concerns))
}
