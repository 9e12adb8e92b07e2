//! That a list is all there is of one member up to one block: every entry that concerns it, in order.
//!
//! A member's rest names the number of those entries and a hash that each of them was folded into, with its place in
//! the log ([`EventsHead`]). Folding the list gives the same hash only if nothing was left out, added, moved or
//! changed. From the entries follow the statuses of all that the member ever issued.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{MemberProof, ProofFault, ProvenHeader, TrustAnchor};
use crate::block::BlockHeader;
use crate::codec::CodecError;
use crate::event::{Entry, Event};
use crate::ids::{Height, LogIndex, LogSize, MemberId};
use crate::json_form::{self, JsonFormError};
use crate::member::{EventsHead, MemberError, MemberRecord, MemberRest};
use crate::merkle::{Hash, Rfc6962, TreeHash};
use crate::status::{CredentialStatus, Status};

/// What the head of a completeness proof says it is.
pub const COMPLETENESS_FORMAT: &str = "sanad-completeness-proof/v1";
/// Media type of a completeness proof: JSON texts, one a line.
pub const COMPLETENESS_MEDIA_TYPE: &str = "application/vnd.sanad.completeness-proof+jsonl";
/// What the names of its files end with.
pub const COMPLETENESS_SUFFIX: &str = ".completeness.jsonl";
/// Longest line of a completeness proof, in bytes (1 MiB).
pub const COMPLETENESS_LINE_BYTES_MAX: usize = 1 << 20;

/// The first line: who, and as of which block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompletenessHead {
    /// [`COMPLETENESS_FORMAT`].
    pub format: String,
    /// The member's record as of a final header.
    pub proof: MemberProof,
    /// What stands under the record's rest hash.
    pub rest: MemberRest,
}

/// Each line after it: entries that concern the member and stand one after the other in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryRun {
    /// Log index of the first of the entries.
    pub first_index: LogIndex,
    /// The encoded entries, one or more.
    #[serde(with = "hex_list")]
    pub entries: Vec<Vec<u8>>,
}

/// Checks a completeness proof, line by line: what it holds in memory is one status a credential.
#[derive(Clone, Debug)]
pub struct CompletenessVerifier {
    record: MemberRecord,
    expected: EventsHead,
    header: BlockHeader,
    proven: ProvenHeader,
    /// The entries as far as they were seen.
    seen: EventsHead,
    /// Log index after the last entry seen.
    end: LogIndex,
    statuses: BTreeMap<LogIndex, Status>,
    /// The first thing that was not so: nothing after it makes the list whole again.
    fault: Option<CompletenessFault>,
}

/// What a completeness proof proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complete {
    /// The member's record as of the block.
    pub record: MemberRecord,
    /// The status of each credential that the member ever issued, as of the block.
    pub statuses: BTreeMap<LogIndex, CredentialStatus>,
    /// How many entries concern the member.
    pub entries: u64,
    /// The block.
    pub height: Height,
    /// Its time, in milliseconds since 1970-01-01 UTC.
    pub time_ms: u64,
    /// Entries in the log of the block.
    pub log_size: LogSize,
    /// What makes the block final.
    pub basis: ProvenHeader,
}

/// Why a list is not proved to be all there is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompletenessFault {
    /// The header is not final, or the member's record is not proved.
    #[error(transparent)]
    Head(#[from] ProofFault),
    /// The rest has something that no member's rest has.
    #[error(transparent)]
    RestForm(#[from] MemberError),
    /// The rest is not the one that the record names.
    #[error("the record of {member} names another rest than the one given")]
    Rest {
        /// Member that the list is of.
        member: MemberId,
    },
    /// A line without entries.
    #[error("a line without entries")]
    Empty,
    /// An entry does not decode.
    #[error("the entry at log index {index}: {source}")]
    Entry {
        /// Its place.
        index: LogIndex,
        /// What the decoder refused.
        source: CodecError,
    },
    /// An entry stands before the end of the one before it, or beyond the log.
    #[error("an entry at log index {index}; it must be from {from} up to {size}")]
    Order {
        /// Its place.
        index: LogIndex,
        /// The earliest place that it could have.
        from: LogIndex,
        /// Entries of the log.
        size: LogSize,
    },
    /// An entry does not concern the member.
    #[error("the entry at log index {index} is by {actual}, not {expected}")]
    Member {
        /// Its place.
        index: LogIndex,
        /// The member that the proof is about.
        expected: MemberId,
        /// The entry's.
        actual: MemberId,
    },
    /// An entry breaks a rule.
    #[error("log index {index}: \"{kind}\" of {target} is against the rules")]
    Event {
        /// Its place.
        index: LogIndex,
        /// What it does.
        kind: &'static str,
        /// The issuance.
        target: LogIndex,
    },
    /// More or fewer entries than concern the member.
    #[error("{actual} entries, but the record of the member counts {expected}")]
    Count {
        /// That of the record.
        expected: u64,
        /// That of the list.
        actual: u64,
    },
    /// Other entries than those that concern the member.
    #[error("the entries are not those that the record of the member was made with")]
    Entries,
}

/// Why a line is not one of a completeness proof.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompletenessFormatError {
    /// Too long.
    #[error("{actual} bytes; a line of a completeness proof has at most {COMPLETENESS_LINE_BYTES_MAX}")]
    TooLong {
        /// Length.
        actual: usize,
    },
    /// Not its JSON form.
    #[error("not the JSON form of a line of a completeness proof")]
    Form(#[from] JsonFormError),
    /// Another format.
    #[error("not a \"{COMPLETENESS_FORMAT}\"")]
    Format,
}

impl CompletenessHead {
    /// The head of what a member's record and rest say, as of a header.
    pub fn new(proof: MemberProof, rest: MemberRest) -> Self {
        Self { format: COMPLETENESS_FORMAT.to_owned(), proof, rest }
    }

    /// The head with no more signatures than suffice, as it is handed out.
    #[must_use]
    pub fn trimmed(mut self, anchor: &TrustAnchor) -> Self {
        self.proof.finality.trim(&self.proof.header, anchor);
        self
    }

    /// Reads the first line.
    ///
    /// # Errors
    /// [`CompletenessFormatError`].
    pub fn from_json(line: &[u8]) -> Result<Self, CompletenessFormatError> {
        let head: Self = read(line)?;
        if head.format == COMPLETENESS_FORMAT { Ok(head) } else { Err(CompletenessFormatError::Format) }
    }

    /// The first line, with its end.
    pub fn to_json(&self) -> String {
        line(self)
    }
}

impl EntryRun {
    /// Reads a line after the first.
    ///
    /// # Errors
    /// [`CompletenessFormatError`].
    pub fn from_json(line: &[u8]) -> Result<Self, CompletenessFormatError> {
        read(line)
    }

    /// The line, with its end.
    pub fn to_json(&self) -> String {
        line(self)
    }
}

impl CompletenessVerifier {
    /// Checks the head, and waits for the first line of entries.
    ///
    /// # Errors
    /// [`CompletenessFault::Head`], [`CompletenessFault::RestForm`] or [`CompletenessFault::Rest`].
    pub fn new(head: CompletenessHead, anchor: &TrustAnchor) -> Result<Self, CompletenessFault> {
        let CompletenessHead { proof, rest, .. } = head;
        let proven = proof.verify(anchor)?;
        let record = proof.member.record;
        // Only what has an encoding can be hashed.
        rest.check(&record.id)?;
        if rest.hash() != record.rest {
            return Err(CompletenessFault::Rest { member: record.id });
        }
        Ok(Self {
            record,
            expected: rest.events,
            header: proof.header,
            proven,
            seen: EventsHead::START,
            end: LogIndex(0),
            statuses: BTreeMap::new(),
            fault: None,
        })
    }

    /// How many entries are still to come.
    pub fn remaining(&self) -> u64 {
        self.expected.count.saturating_sub(self.seen.count)
    }

    /// Checks the next line; returns its entries.
    ///
    /// # Errors
    /// [`CompletenessFault`], the first thing that is not so; from then on always the same.
    pub fn add(&mut self, run: &EntryRun) -> Result<Vec<Entry>, CompletenessFault> {
        let added = match self.fault.take() {
            Some(fault) => Err(fault),
            None => self.add_run(run),
        };
        self.fault = added.as_ref().err().cloned();
        added
    }

    fn add_run(&mut self, run: &EntryRun) -> Result<Vec<Entry>, CompletenessFault> {
        if run.entries.is_empty() {
            return Err(CompletenessFault::Empty);
        }
        if run.entries.len() as u64 > self.remaining() {
            let (expected, actual) = (self.expected.count, self.seen.count + run.entries.len() as u64);
            return Err(CompletenessFault::Count { expected, actual });
        }
        let mut entries = Vec::with_capacity(run.entries.len());
        for (place, bytes) in run.entries.iter().enumerate() {
            let index = LogIndex(run.first_index.0.saturating_add(place as u64));
            let (from, size) = (self.end, self.header.log_size);
            if index < from || index.0 >= size.0 {
                return Err(CompletenessFault::Order { index, from, size });
            }
            let entry = Entry::decode(bytes).map_err(|source| CompletenessFault::Entry { index, source })?;
            if entry.issuer != self.record.id && !is_by_others(&entry.event) {
                let (expected, actual) = (self.record.id.clone(), entry.issuer);
                return Err(CompletenessFault::Member { index, expected, actual });
            }
            let leaf: Hash = Rfc6962::leaf(bytes);
            self.seen.push(index, &leaf);
            self.end = LogIndex(index.0 + 1);
            self.enter(index, &entry)?;
            entries.push(entry);
        }
        Ok(entries)
    }

    /// Checks that nothing is missing.
    ///
    /// # Errors
    /// [`CompletenessFault::Count`], [`CompletenessFault::Entries`], or that of an earlier line.
    pub fn finish(self) -> Result<Complete, CompletenessFault> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        if self.seen.count != self.expected.count {
            let (expected, actual) = (self.expected.count, self.seen.count);
            return Err(CompletenessFault::Count { expected, actual });
        }
        if self.seen.head != self.expected.head {
            return Err(CompletenessFault::Entries);
        }
        let Self { record, header, proven, statuses, expected, .. } = self;
        let read = |(index, status)| (index, CredentialStatus::new(status, index, &record));
        Ok(Complete {
            statuses: statuses.into_iter().map(read).collect(),
            entries: expected.count,
            record,
            height: header.height,
            time_ms: header.time_ms,
            log_size: header.log_size,
            basis: proven,
        })
    }

    /// Enters what an entry does to the member's issuances.
    fn enter(&mut self, index: LogIndex, entry: &Entry) -> Result<(), CompletenessFault> {
        let Entry { issuer, event } = entry;
        let target = match event {
            Event::Issue { .. } => {
                self.statuses.insert(index, Status::Active);
                return Ok(());
            }
            // What the member revokes as a successor is another's.
            Event::RevokeAsSuccessor { .. } if *issuer == self.record.id => return Ok(()),
            event => match event.target() {
                Some(target) => target,
                None => return Ok(()),
            },
        };
        let status = self.statuses.get_mut(&target);
        match status.and_then(|status| Some((status.after(event)?, status))) {
            Some((next, status)) => *status = next,
            None => return Err(CompletenessFault::Event { index, kind: event.kind(), target }),
        }
        Ok(())
    }
}

/// Whether an entry of this kind may concern a member that did not sign it. That it does shows in the accumulator.
fn is_by_others(event: &Event) -> bool {
    matches!(
        event,
        Event::Propose(_)
            | Event::Approve { .. }
            | Event::Withdraw { .. }
            | Event::RevokeAsSuccessor { .. }
            | Event::RecordEvidence(_)
    )
}

impl Complete {
    /// How many of the member's credentials have a status.
    pub fn count(&self, status: CredentialStatus) -> u64 {
        self.statuses.values().filter(|found| **found == status).count() as u64
    }
}

fn read<T: DeserializeOwned + Serialize>(line: &[u8]) -> Result<T, CompletenessFormatError> {
    if line.len() > COMPLETENESS_LINE_BYTES_MAX {
        return Err(CompletenessFormatError::TooLong { actual: line.len() });
    }
    Ok(json_form::read(line)?)
}

fn line(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string(value).expect("invariant: a line has only plain fields");
    text.push('\n');
    text
}

/// Byte strings as hexadecimal texts.
mod hex_list {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(items: &[Vec<u8>], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(items.iter().map(hex::encode))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Vec<u8>>, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        texts.iter().map(|text| hex::decode(text).map_err(serde::de::Error::custom)).collect()
    }
}
