//! Why bytes or texts are not a summary.

use crate::codec::CodecError;
use crate::summary::{SUMMARY_BYTES_MAX, SUMMARY_FIELDS_MAX, SummaryLabel};
use crate::text::TextError;

/// Why there is no such summary.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SummaryError {
    /// Not the encoding of a list of fields.
    #[error("the summary has no valid encoding")]
    Codec(#[from] CodecError),
    /// No field, or more than [`SUMMARY_FIELDS_MAX`].
    #[error("a summary has 1 to {SUMMARY_FIELDS_MAX} fields, not {count}")]
    Count {
        /// Number of fields.
        count: usize,
    },
    /// A label that this program does not know. The summary may be sound: a newer verifier is needed.
    #[error("the summary's label {code} needs a newer verifier")]
    UnknownLabel {
        /// The label's number.
        code: u8,
    },
    /// A label of the JSON form that this program does not know. A newer verifier is needed.
    #[error("the summary's label \"{name}\" needs a newer verifier")]
    UnknownLabelName {
        /// The label's name.
        name: String,
    },
    /// A label that is not above the one before it.
    #[error("the summary's labels are not in strictly ascending order at \"{label}\"")]
    Order {
        /// The label out of order.
        label: SummaryLabel,
    },
    /// A field without text.
    #[error("the summary's field \"{label}\" is empty")]
    Empty {
        /// The field.
        label: SummaryLabel,
    },
    /// A code point that no text may contain.
    #[error("the summary's field \"{label}\" has a character that is not allowed")]
    Text {
        /// The field.
        label: SummaryLabel,
        /// The code point and its place.
        source: TextError,
    },
    /// A date in another form than `YYYY-MM-DD`.
    #[error("the summary's field \"{label}\" is not a date of the form YYYY-MM-DD")]
    Date {
        /// The field.
        label: SummaryLabel,
    },
    /// Longer than [`SUMMARY_BYTES_MAX`].
    #[error("the summary has {actual} bytes, more than {SUMMARY_BYTES_MAX}")]
    TooLong {
        /// Length of the encoding, in bytes.
        actual: usize,
    },
}

impl SummaryError {
    /// Whether a newer verifier may accept what this one does not know.
    #[must_use]
    pub fn needs_newer_verifier(&self) -> bool {
        matches!(self, Self::UnknownLabel { .. } | Self::UnknownLabelName { .. })
    }
}
