//! How damage to a block shows.

use sanad_core::block::BlockHeader;
use sanad_core::codec::CodecError;
use sanad_core::execution::{BatchError, BlockError};
use sanad_core::ids::Height;
use sanad_core::validators::{CertificateError, ValidatorSetError};

/// How damage to a block shows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The front of its frame (lengths and certificate) does not match its checksum.
    #[error("the front of its frame does not match its checksum")]
    Front,
    /// The frame as a whole does not match its checksum.
    #[error("its frame does not match its checksum{}", within(shows))]
    Checksum {
        /// What is wrong with the block inside, where that was looked at.
        shows: Option<Box<Fault>>,
    },
    /// The frame ends too early, before the end of the log.
    #[error("its frame is cut short")]
    Truncated,
    /// Another height stands in its place.
    #[error("its frame has the height {actual}")]
    Height {
        /// The height there.
        actual: Height,
    },
    /// The bytes of a part are none that an encoder writes.
    #[error("its {part} cannot be read: {source}")]
    Encoding {
        /// `block`, `header` or `certificate`.
        part: &'static str,
        /// Why.
        source: CodecError,
    },
    /// It does not follow the block before.
    #[error("the {field} of its header is {}, not {}", value(actual, field), value(expected, field))]
    Header {
        /// First field that differs.
        field: &'static str,
        /// The header that follows from the block before and the batches.
        expected: Box<BlockHeader>,
        /// The header there.
        actual: Box<BlockHeader>,
    },
    /// A batch of it breaks a rule.
    #[error("its batch {position} is not allowed: {source}")]
    Batch {
        /// Place of the batch in the block, from 0.
        position: usize,
        /// The rule.
        source: Box<BatchError>,
    },
    /// Its time does not move on.
    #[error("its time {actual} ms is not after {previous} ms, that of the block before")]
    Time {
        /// Time of the block before.
        previous: u64,
        /// The block's.
        actual: u64,
    },
    /// There would be no validators after it.
    #[error("after it there is no validator set: {0}")]
    Validators(ValidatorSetError),
    /// It breaks another rule of the chain.
    #[error("it breaks a rule of the chain")]
    Rule,
    /// Its certificate does not make it final.
    #[error("its certificate does not make it final: {0}")]
    Certificate(CertificateError),
    /// A segment file is missing or too short.
    #[error("the log is missing from offset {base} on")]
    Segment {
        /// Logical offset from which frames are missing.
        base: u64,
    },
}

impl Fault {
    /// The part of the block that is at fault, in a word or two.
    pub fn part(&self) -> String {
        match self {
            Self::Front => "frame front".to_owned(),
            Self::Checksum { shows: Some(shows) } => shows.part(),
            Self::Checksum { shows: None } => "frame checksum".to_owned(),
            Self::Truncated | Self::Height { .. } => "frame".to_owned(),
            Self::Encoding { part, .. } => (*part).to_owned(),
            Self::Header { field, .. } => format!("header {field}"),
            Self::Batch { position, .. } => format!("batch {position}"),
            Self::Time { .. } => "header time_ms".to_owned(),
            Self::Validators(_) => "validator set".to_owned(),
            Self::Rule => "block".to_owned(),
            Self::Certificate(_) => "certificate".to_owned(),
            Self::Segment { .. } => "segment".to_owned(),
        }
    }

    /// What should stand there and what does, where both are known.
    pub fn values(&self) -> Option<(String, String)> {
        match self {
            Self::Checksum { shows: Some(shows) } => shows.values(),
            Self::Header { field, expected, actual } => Some((value(expected, field), value(actual, field))),
            Self::Time { previous, actual } => Some((format!("after {previous}"), actual.to_string())),
            Self::Certificate(CertificateError::Block { expected, actual }) => {
                Some((expected.to_string(), actual.to_string()))
            }
            Self::Certificate(CertificateError::Height { expected, actual }) => {
                Some((expected.to_string(), actual.to_string()))
            }
            _ => None,
        }
    }

    /// Why a block does not follow; the error of a view comes back as it is.
    pub(crate) fn of<E>(error: BlockError<E>) -> Result<Self, E> {
        Ok(match error {
            BlockError::View(error) => return Err(error),
            BlockError::Header { field, expected, actual } => Self::Header { field, expected, actual },
            BlockError::Batch { position, source } => Self::Batch { position, source: Box::new(source) },
            BlockError::Time { previous, actual } => Self::Time { previous, actual },
            BlockError::Validators(error) => Self::Validators(error),
            _ => Self::Rule,
        })
    }
}

fn within(shows: &Option<Box<Fault>>) -> String {
    shows.as_ref().map(|fault| format!(": {fault}")).unwrap_or_default()
}

fn value(header: &BlockHeader, wanted: &str) -> String {
    let value = header.fields().into_iter().find(|(field, _)| *field == wanted);
    value.map(|(_, value)| value).unwrap_or_default()
}
