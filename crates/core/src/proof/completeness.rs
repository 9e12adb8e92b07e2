//! That a list is all there is of one issuer up to one block: every batch, every event, in order.
//!
//! The issuer's record under the registry root names its last batch, and how many batches and entries there are. Each
//! batch names the one before it by its hash. So the batches from the first to the last are the whole chain, and none
//! can be left out, added or changed. A range path shows where in the log each stands.
//!
//! Only the issuer changes the status of what it issued: from all its events follow the statuses of all its
//! credentials.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{ProofFault, TrustAnchor, ValidatorChange, hashes, trim, verify_header};
use crate::batch::{BATCH_BYTES_MAX, Batch};
use crate::block::BlockHeader;
use crate::codec::{self, CodecError};
use crate::event::{self, Event};
use crate::hash::{BatchId, ChainId};
use crate::ids::{Height, LogIndex, LogSize, MemberId, Sequence};
use crate::json_form::{self, JsonFormError};
use crate::member::ChainHead;
use crate::merkle::{self, Hash, ProofError, Rfc6962};
use crate::registry::RegistryProof;
use crate::status::Status;
use crate::validators::CommitCertificate;

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
    /// The issuer's record, with the head of its chain of batches.
    pub issuer: RegistryProof,
    /// The header whose roots all this leads to.
    pub header: BlockHeader,
    /// The signatures that make the header final.
    pub certificate: CommitCertificate,
    /// Each change of the validator set between the genesis and the header, oldest first.
    pub validator_changes: Vec<ValidatorChange>,
}

/// Each line after it: one batch, from the issuer's first to its last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerBatch {
    /// The encoding of the batch, without its signature: the chain of hashes vouches for it.
    #[serde(with = "hex::serde")]
    pub batch: Vec<u8>,
    /// Log index of its first entry.
    pub first_index: LogIndex,
    /// Range path of its entries in the log tree of the header.
    #[serde(with = "hashes")]
    pub path: Vec<Hash>,
}

/// Checks a completeness proof, batch by batch: what it holds in memory is one status a credential.
#[derive(Clone, Debug)]
pub struct CompletenessVerifier {
    issuer: RegistryProof,
    header: BlockHeader,
    signers: Vec<MemberId>,
    validators: usize,
    /// The chain as far as it was seen.
    chain: ChainHead,
    /// Log index after the last entry seen.
    end: LogIndex,
    statuses: BTreeMap<LogIndex, Status>,
}

/// What a completeness proof proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complete {
    /// The issuer's record as of the block.
    pub issuer: RegistryProof,
    /// The status of each credential that the issuer ever issued, as of the block.
    pub statuses: BTreeMap<LogIndex, Status>,
    /// The block.
    pub height: Height,
    /// Its time, in milliseconds since 1970-01-01 UTC.
    pub time_ms: u64,
    /// Entries in the log of the block.
    pub log_size: LogSize,
    /// Who signed the block.
    pub signers: Vec<MemberId>,
    /// How many validators there were.
    pub validators: usize,
}

/// Why a list is not proved to be all there is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompletenessFault {
    /// The header is not final, or the issuer's record is not proved.
    #[error(transparent)]
    Head(#[from] ProofFault),
    /// A batch does not decode.
    #[error("batch {sequence}: {source}")]
    Batch {
        /// The batch expected.
        sequence: Sequence,
        /// Why.
        source: CodecError,
    },
    /// A batch is for another chain.
    #[error("batch {sequence} is for chain {actual}, not {expected}")]
    ForeignChain {
        /// The batch expected.
        sequence: Sequence,
        /// The chain of the genesis.
        expected: ChainId,
        /// The batch's.
        actual: ChainId,
    },
    /// A batch is another member's.
    #[error("batch {sequence} is by {actual}, not {expected}")]
    Issuer {
        /// The batch expected.
        sequence: Sequence,
        /// The member that the proof is about.
        expected: MemberId,
        /// The batch's.
        actual: MemberId,
    },
    /// A batch is missing, or out of order.
    #[error("batch {actual} comes where batch {expected} is next")]
    Sequence {
        /// The batch expected.
        expected: Sequence,
        /// The batch's.
        actual: Sequence,
    },
    /// More batches than the issuer has.
    #[error("there are batches after the last, {expected} in number")]
    TooMany {
        /// How many the issuer has.
        expected: Sequence,
    },
    /// A batch does not follow the one before it.
    #[error("batch {sequence} names {actual} as the batch before it, which is {expected}")]
    Previous {
        /// The batch.
        sequence: Sequence,
        /// Id of the batch before it.
        expected: BatchId,
        /// The one named.
        actual: BatchId,
    },
    /// A batch is not where it is said to be.
    #[error("batch {sequence} is not proved to be at log index {index}: {source}")]
    Place {
        /// The batch.
        sequence: Sequence,
        /// The place claimed.
        index: LogIndex,
        /// Why.
        source: ProofError,
    },
    /// A batch stands before the end of the one before it.
    #[error(
        "batch {sequence} is said to be at log index {index}, before the end of the batch before it, {end}"
    )]
    Order {
        /// The batch.
        sequence: Sequence,
        /// The place claimed.
        index: LogIndex,
        /// Log index after the batch before it.
        end: LogIndex,
    },
    /// An event changes what the issuer did not issue, or in a way that its status does not allow.
    #[error("log index {index} is a {kind} of log index {target}, which allows none")]
    Event {
        /// Where the event stands.
        index: LogIndex,
        /// What it is.
        kind: &'static str,
        /// What it changes.
        target: LogIndex,
    },
    /// The list ends too early.
    #[error("{actual} of {expected} batches are there")]
    Incomplete {
        /// How many batches the issuer has.
        expected: Sequence,
        /// How many there are.
        actual: Sequence,
    },
    /// The list ends with another batch than the issuer's last.
    #[error("the last batch is {actual}, but the record of the issuer names {expected}")]
    LastBatch {
        /// That of the record.
        expected: BatchId,
        /// That of the list.
        actual: BatchId,
    },
    /// The batches have another number of entries than the record tells.
    #[error("the batches have {actual} entries, but the record of the issuer tells of {expected}")]
    Entries {
        /// That of the record.
        expected: u64,
        /// That of the list.
        actual: u64,
    },
}

/// Why a line is none of a completeness proof.
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
    #[error("not the JSON form of a line of a completeness proof: {0}")]
    Form(#[from] JsonFormError),
    /// Another format.
    #[error("not a \"{COMPLETENESS_FORMAT}\"")]
    Format,
}

impl CompletenessHead {
    /// The head of what an issuer's record says, as of a header.
    pub fn new(
        issuer: RegistryProof,
        header: BlockHeader,
        certificate: CommitCertificate,
        validator_changes: Vec<ValidatorChange>,
    ) -> Self {
        Self { format: COMPLETENESS_FORMAT.to_owned(), issuer, header, certificate, validator_changes }
    }

    /// The head with no more signatures than suffice, as it is handed out.
    #[must_use]
    pub fn trimmed(mut self, anchor: &TrustAnchor) -> Self {
        trim(anchor, &mut self.validator_changes, &mut self.certificate);
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

impl IssuerBatch {
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
    /// Checks the head from the genesis on, and waits for the first batch.
    ///
    /// # Errors
    /// [`CompletenessFault::Head`].
    pub fn new(head: CompletenessHead, anchor: &TrustAnchor) -> Result<Self, CompletenessFault> {
        let CompletenessHead { issuer, header, certificate, validator_changes, .. } = head;
        let validators = verify_header(anchor, &validator_changes, &header, &certificate)?;
        issuer.verify(&header)?;
        Ok(Self {
            issuer,
            header,
            signers: certificate.signers(&validators).cloned().collect(),
            validators: validators.validators().len(),
            chain: ChainHead::START,
            end: LogIndex(0),
            statuses: BTreeMap::new(),
        })
    }

    /// How many batches are still to come.
    pub fn remaining(&self) -> u64 {
        self.issuer.record.chain.next_sequence.0.saturating_sub(self.chain.next_sequence.0)
    }

    /// Checks the next batch; returns it.
    ///
    /// # Errors
    /// [`CompletenessFault`], the first thing that is not so.
    pub fn add(&mut self, next: &IssuerBatch) -> Result<Batch, CompletenessFault> {
        let sequence = self.chain.next_sequence;
        let batch = self.check_chain(&next.batch)?;
        let index = next.first_index;
        if index < self.end {
            return Err(CompletenessFault::Order { sequence, index, end: self.end });
        }
        let leaves = event::leaf_hashes(&batch.issuer, &batch.events);
        let (size, root) = (self.header.log_size.0, &self.header.log_root.0);
        merkle::verify_range::<Rfc6962>(&leaves, index.0, size, &next.path, root)
            .map_err(|source| CompletenessFault::Place { sequence, index, source })?;
        for (at, event) in (index.0..).zip(&batch.events) {
            self.enter(LogIndex(at), event, index)?;
        }
        let entries = batch.events.len() as u64;
        self.end = LogIndex(index.0 + entries);
        self.chain = ChainHead {
            next_sequence: sequence.next(),
            last_batch: batch.id(),
            entries: self.chain.entries + entries,
        };
        Ok(batch)
    }

    /// Checks that nothing is missing.
    ///
    /// # Errors
    /// [`CompletenessFault::Incomplete`], [`CompletenessFault::LastBatch`] or [`CompletenessFault::Entries`].
    pub fn finish(self) -> Result<Complete, CompletenessFault> {
        let (expected, actual) = (self.issuer.record.chain, self.chain);
        if expected.next_sequence != actual.next_sequence {
            let (expected, actual) = (expected.next_sequence, actual.next_sequence);
            return Err(CompletenessFault::Incomplete { expected, actual });
        }
        if expected.last_batch != actual.last_batch {
            let (expected, actual) = (expected.last_batch, actual.last_batch);
            return Err(CompletenessFault::LastBatch { expected, actual });
        }
        if expected.entries != actual.entries {
            let (expected, actual) = (expected.entries, actual.entries);
            return Err(CompletenessFault::Entries { expected, actual });
        }
        Ok(Complete {
            issuer: self.issuer,
            statuses: self.statuses,
            height: self.header.height,
            time_ms: self.header.time_ms,
            log_size: self.header.log_size,
            signers: self.signers,
            validators: self.validators,
        })
    }

    /// Checks that a batch is the next one of the issuer's chain.
    fn check_chain(&self, bytes: &[u8]) -> Result<Batch, CompletenessFault> {
        let sequence = self.chain.next_sequence;
        let record = &self.issuer.record;
        if sequence >= record.chain.next_sequence {
            return Err(CompletenessFault::TooMany { expected: record.chain.next_sequence });
        }
        let batch: Batch = codec::decode(bytes, BATCH_BYTES_MAX)
            .map_err(|source| CompletenessFault::Batch { sequence, source })?;
        if batch.chain_id != self.header.chain_id {
            let (expected, actual) = (self.header.chain_id, batch.chain_id);
            return Err(CompletenessFault::ForeignChain { sequence, expected, actual });
        }
        if batch.issuer != record.member.id {
            let (expected, actual) = (record.member.id.clone(), batch.issuer);
            return Err(CompletenessFault::Issuer { sequence, expected, actual });
        }
        if batch.sequence != sequence {
            return Err(CompletenessFault::Sequence { expected: sequence, actual: batch.sequence });
        }
        if batch.previous != self.chain.last_batch {
            let (expected, actual) = (self.chain.last_batch, batch.previous);
            return Err(CompletenessFault::Previous { sequence, expected, actual });
        }
        Ok(batch)
    }

    /// Enters what an event of the batch that begins at `first` does.
    fn enter(&mut self, index: LogIndex, event: &Event, first: LogIndex) -> Result<(), CompletenessFault> {
        let Some(target) = event.target() else {
            self.statuses.insert(index, Status::Active);
            return Ok(());
        };
        let status = self.statuses.get_mut(&target).filter(|_| target < first);
        match status.and_then(|status| Some((status.after(event)?, status))) {
            Some((next, status)) => *status = next,
            None => return Err(CompletenessFault::Event { index, kind: event.kind(), target }),
        }
        Ok(())
    }
}

impl Complete {
    /// How many of the issuer's credentials have a status.
    pub fn count(&self, status: Status) -> u64 {
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
