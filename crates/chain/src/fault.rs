//! Why a block is not sound.

use sanad_core::block::{BlockHeader, ProtocolVersion};
use sanad_core::codec::CodecError;
use sanad_core::execution::{BatchError, BlockError};
use sanad_core::ids::Height;
use sanad_core::validators::CertificateError;

/// Why a block is not sound.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The front of its frame (lengths and certificate) does not match its checksum.
    #[error("the front of its frame does not match its checksum")]
    Front,
    /// The frame as a whole does not match its checksum.
    #[error("its frame does not match its checksum")]
    Checksum {
        /// What is wrong with the block inside, if that was looked at.
        #[source]
        shows: Option<Box<Fault>>,
    },
    /// The frame ends too early, before the end of the log.
    #[error("its frame is cut short")]
    Truncated,
    /// Another height stands in its place.
    #[error("its frame has the height {actual}")]
    Height {
        /// The height found.
        actual: Height,
    },
    /// A part of it does not decode.
    #[error("its {part} cannot be read")]
    Encoding {
        /// `block`, `header` or `certificate`.
        part: &'static str,
        /// What the decoder refused.
        source: CodecError,
    },
    /// It does not follow the block before.
    #[error("the {field} of its header is {}, not {}", value(actual, field), value(expected, field))]
    Header {
        /// First field that differs.
        field: &'static str,
        /// The header that follows from the block before and the batches.
        expected: Box<BlockHeader>,
        /// The header found.
        actual: Box<BlockHeader>,
    },
    /// One of its batches breaks a rule.
    #[error("its batch {position} is not allowed")]
    Batch {
        /// Place of the batch in the block, from 0.
        position: usize,
        /// The rule.
        source: Box<BatchError>,
    },
    /// Its time is not later than that of the block before, or after the year 9999.
    #[error(
        "its time {actual} ms is not between {previous} ms, that of the block before, and the year 10000"
    )]
    Time {
        /// Time of the block before.
        previous: u64,
        /// The block's.
        actual: u64,
    },
    /// It is decided under rules that this program does not know. Says nothing against the block.
    #[error("its protocol version {actual} is not known to this program: a newer one is needed")]
    Protocol {
        /// The version in force.
        actual: ProtocolVersion,
    },
    /// It breaks another rule of the chain.
    #[error("it breaks a rule of the chain")]
    Rule,
    /// Its certificate does not make it final.
    #[error("its certificate does not make it final")]
    Certificate(#[source] CertificateError),
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
            Self::Protocol { .. } => "header version".to_owned(),
            Self::Rule => "block".to_owned(),
            Self::Certificate(_) => "certificate".to_owned(),
            Self::Segment { .. } => "segment".to_owned(),
        }
    }

    /// What should be there and what is, if both are known.
    pub fn values(&self) -> Option<(String, String)> {
        match self {
            Self::Checksum { shows: Some(shows) } => shows.values(),
            Self::Header { field, expected, actual } => Some((value(expected, field), value(actual, field))),
            Self::Time { previous, actual } => Some((format!("after {previous}"), actual.to_string())),
            Self::Protocol { actual } => Some((ProtocolVersion::CURRENT.to_string(), actual.to_string())),
            Self::Certificate(CertificateError::Block { expected, actual }) => {
                Some((expected.to_string(), actual.to_string()))
            }
            Self::Certificate(CertificateError::Height { expected, actual }) => {
                Some((expected.to_string(), actual.to_string()))
            }
            Self::Front
            | Self::Checksum { shows: None }
            | Self::Truncated
            | Self::Height { .. }
            | Self::Encoding { .. }
            | Self::Batch { .. }
            | Self::Rule
            | Self::Certificate(_)
            | Self::Segment { .. } => None,
        }
    }

    /// Why a block does not follow.
    ///
    /// # Errors
    /// The view's, which says nothing of the block.
    pub(crate) fn of<E>(error: BlockError<E>) -> Result<Self, E> {
        Ok(match error {
            BlockError::View(error) => return Err(error),
            BlockError::Header { field, expected, actual } => Self::Header { field, expected, actual },
            BlockError::Batch { position, source } => Self::Batch { position, source: Box::new(source) },
            BlockError::Time { previous, actual } => Self::Time { previous, actual },
            BlockError::Protocol { actual } => Self::Protocol { actual },
            _ => Self::Rule,
        })
    }
}

fn value(header: &BlockHeader, wanted: &str) -> String {
    let value = header.fields().into_iter().find(|(field, _)| *field == wanted);
    value.map(|(_, value)| value).unwrap_or_default()
}
