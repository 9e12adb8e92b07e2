//! Why a call gave no answer.

use std::time::Duration;

use sanad_core::proof::ProofFault;
use tonic::Status;

use super::status_code::StatusCode;
use crate::convert::WireError;
use crate::metadata::{ERROR_WORD, RETRY_AFTER_MS};

/// Why a call gave no answer that can be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The URL or the TLS settings cannot be used.
    #[error("{url} cannot be used as the address of a node")]
    Endpoint {
        /// The URL.
        url: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// There is no connection.
    #[error("no connection to {url}")]
    Connect {
        /// The URL.
        url: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The node answered with an error, or the call broke off.
    #[error("{message} ({code}{})", word.as_ref().map(|word| format!(", {word}")).unwrap_or_default())]
    Status {
        /// The code.
        code: StatusCode,
        /// A sentence, from the node.
        message: String,
        /// A stable word, such as `sequence-gap`; none where the error is not the node's own.
        word: Option<String>,
        /// When the node says that it is worth trying again.
        retry_after: Option<Duration>,
    },
    /// The answer is none that a node gives. Try another node.
    #[error("the node's answer is malformed: {0}")]
    BadAnswer(#[from] WireError),
    /// The answer is well-formed, and proves nothing. Try another node, and tell the consortium.
    #[error("the node's answer is not proven: {0}")]
    NotProven(#[from] ProofFault),
}

impl ClientError {
    /// Whether the same call may succeed later, or at another node.
    ///
    /// Submissions included: to hand in a batch twice is harmless.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Connect { .. } => true,
            Self::Status { code, .. } => matches!(
                code,
                StatusCode::Unavailable
                    | StatusCode::ResourceExhausted
                    | StatusCode::DeadlineExceeded
                    | StatusCode::Aborted
                    | StatusCode::Cancelled
            ),
            Self::Endpoint { .. } | Self::BadAnswer(_) | Self::NotProven(_) => false,
        }
    }

    /// The stable word of the node's error, if it gave one.
    pub fn word(&self) -> Option<&str> {
        match self {
            Self::Status { word, .. } => word.as_deref(),
            _ => None,
        }
    }
}

impl From<Status> for ClientError {
    fn from(status: Status) -> Self {
        let metadata = |key: &str| status.metadata().get(key).and_then(|value| value.to_str().ok());
        let retry_after = metadata(RETRY_AFTER_MS).and_then(|text| text.parse().ok());
        Self::Status {
            code: code(&status),
            message: clipped(status.message()),
            word: metadata(ERROR_WORD).map(clipped),
            retry_after: retry_after.map(Duration::from_millis),
        }
    }
}

/// The status code; tonic calls its own timeouts a cancellation.
fn code(status: &Status) -> StatusCode {
    let mut source = std::error::Error::source(status);
    while let Some(error) = source {
        if error.is::<tonic::TimeoutExpired>() {
            return StatusCode::DeadlineExceeded;
        }
        source = error.source();
    }
    status.code().into()
}

/// What is shown of a text that a stranger chose.
fn clipped(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(TEXT_CHARACTERS_MAX).collect()
}

const TEXT_CHARACTERS_MAX: usize = 1024;
