//! Entries of the log.

use sanad_core::event::{Entry, Event};
use sanad_core::ids::LogIndex;

use super::{WireError, undecodable};
use crate::entries::LogEntry;
use crate::wire;

impl From<&LogEntry> for wire::Entry {
    fn from(entry: &LogEntry) -> Self {
        log_entry(&entry.entry, entry.index)
    }
}

/// The message of an entry and its place.
pub(super) fn log_entry(entry: &Entry, index: LogIndex) -> wire::Entry {
    use wire::EventKind as Kind;
    let kind = match entry.event {
        Event::Issue { .. } => Kind::Issue,
        Event::Revoke { .. } => Kind::Revoke,
        Event::Suspend { .. } => Kind::Suspend,
        Event::Reinstate { .. } => Kind::Reinstate,
        Event::RotateKey(_) => Kind::RotateKey,
        Event::SetAddresses { .. } => Kind::SetAddresses,
        Event::DropIssuerId { .. } => Kind::DropIssuerId,
        Event::DeclareCompromise(_) => Kind::DeclareCompromise,
        Event::Confirm { .. } => Kind::Confirm,
        Event::RevokeByGovernance { .. } => Kind::RevokeByGovernance,
        Event::RevokeAsSuccessor { .. } => Kind::RevokeAsSuccessor,
        Event::Propose(_) => Kind::Propose,
        Event::Approve { .. } => Kind::Approve,
        Event::Withdraw { .. } => Kind::Withdraw,
        Event::Freeze => Kind::Freeze,
        Event::RecordEvidence(_) => Kind::RecordEvidence,
        Event::Rejoin(_) => Kind::Rejoin,
        // A kind that came after this API: the encoding holds it.
        _ => Kind::Unspecified,
    };
    let commitment = match &entry.event {
        Event::Issue { commitment } => commitment.0.to_vec(),
        _ => Vec::new(),
    };
    wire::Entry {
        encoded: entry.encode(),
        index: index.0,
        issuer: entry.issuer.to_string(),
        kind: kind.into(),
        commitment,
        target: entry.event.target().map(|target| target.0),
    }
}

impl TryFrom<wire::Entry> for LogEntry {
    type Error = WireError;
    fn try_from(entry: wire::Entry) -> Result<Self, WireError> {
        let index = LogIndex(entry.index);
        let entry = Entry::decode(&entry.encoded).map_err(undecodable("entry.encoded"))?;
        Ok(Self { index, entry })
    }
}
