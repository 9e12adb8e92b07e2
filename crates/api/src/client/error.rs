//! Errors of calls.

use std::time::Duration;

use sanad_core::proof::ProofFault;
use tonic::Status;

use super::status_code::StatusCode;
use super::tls::{CertificateFault, certificate_fault};
use crate::convert::WireError;
use crate::error_code::ErrorCode;
use crate::error_detail::{self, RETRY_AFTER_MS};

/// Why a call gave no usable answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The URL or the TLS settings cannot be used.
    #[error("{url} cannot be used as the address of a node")]
    Endpoint {
        /// URL as the caller gave it.
        url: String,
        /// What is wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The node cannot be reached.
    #[error("no connection to {url}")]
    Connect {
        /// URL that was dialled.
        url: String,
        /// Why the connection failed.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Something answers, and not as a node does: a web server, another protocol, TLS in place of plain HTTP or the
    /// reverse, or a node of another version.
    #[error("it answers, but not as a Sanad node; check the host, the port, and whether it is http or https")]
    NotANode,
    /// The server speaks TLS and the URL is plain HTTP, or the reverse.
    #[error("the server there {}; give it as {url}", if url.starts_with("https") { "speaks TLS" } else { "speaks HTTP without TLS" })]
    Scheme {
        /// The URL with the other scheme.
        url: String,
    },
    /// The node's certificate is not accepted, so nothing was asked of it.
    #[error("its certificate is not accepted: {0}")]
    Certificate(CertificateFault),
    /// The node lets in those alone whom an authority of its own vouches for.
    #[error(
        "the node asks for a client certificate, and there is none, or not one that it knows the authority of"
    )]
    CertificateWanted,
    /// The connection was closed without an answer: the node stopped, or is no node. A server that expects TLS does so,
    /// too.
    #[error(
        "the connection was closed before the whole answer was there; does the node run, with http or https as in the URL, \
         and does it want a client certificate (--client-cert)?"
    )]
    Closed,
    /// The node answered with an error, or the call broke off.
    #[error("{message} ({status}{})", code.map(|code| format!(", {code}")).unwrap_or_default())]
    Status {
        /// The gRPC status code.
        status: StatusCode,
        /// What is wrong; `None` if the error is not the node's own, but of the transport or a proxy.
        code: Option<ErrorCode>,
        /// A sentence, from the node.
        message: String,
        /// When it is worth trying again, if the node says so; ten seconds at most, whatever it says.
        retry_after: Option<Duration>,
    },
    /// The answer is malformed, or not about what was asked. Try another node.
    #[error("the node's answer is malformed")]
    BadAnswer(#[from] WireError),
    /// The answer is well-formed, and proves nothing. Try another node, and tell the consortium.
    #[error("the node's answer is not proven")]
    NotProven(#[from] ProofFault),
}

impl ClientError {
    /// Whether the same call may succeed later, or at another node.
    ///
    /// Submissions included: submitting a batch twice is harmless.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Connect { .. } | Self::Closed => true,
            Self::Status { status, .. } => matches!(
                status,
                StatusCode::Unavailable
                    | StatusCode::ResourceExhausted
                    | StatusCode::DeadlineExceeded
                    | StatusCode::Aborted
                    | StatusCode::Cancelled
            ),
            Self::Endpoint { .. }
            | Self::NotANode
            | Self::Scheme { .. }
            | Self::Certificate(_)
            | Self::CertificateWanted
            | Self::BadAnswer(_)
            | Self::NotProven(_) => false,
        }
    }

    /// Whether the node has no such thing, or not yet.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Status { status: StatusCode::NotFound | StatusCode::OutOfRange, .. })
    }

    /// What is wrong, if the error is the node's own.
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Status { code, .. } => *code,
            _ => None,
        }
    }
}

impl From<Status> for ClientError {
    fn from(status: Status) -> Self {
        if let Some(fault) = std::error::Error::source(&status).and_then(certificate_fault) {
            return Self::Certificate(fault);
        }
        if std::error::Error::source(&status).is_some_and(wants_certificate) {
            return Self::CertificateWanted;
        }
        if is_no_answer_of_a_node(&status) {
            return Self::NotANode;
        }
        if is_closed(&status) {
            return Self::Closed;
        }
        let metadata = |key: &str| status.metadata().get(key).and_then(|value| value.to_str().ok());
        let retry_after = metadata(RETRY_AFTER_MS).and_then(|text| text.parse().ok());
        Self::Status {
            status: status_code(&status),
            code: error_detail::decode(status.details()),
            message: clipped(&said(&status)),
            retry_after: retry_after.map(|ms| Duration::from_millis(ms).min(RETRY_AFTER_MAX)),
        }
    }
}

/// Longest wait that a node can ask for. A node that lies must not put its caller to sleep.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(10);

/// What a node says, or what broke the call off: tonic alone says "transport error".
fn said(status: &Status) -> String {
    let mut text = status.message().to_owned();
    let mut cause = std::error::Error::source(status);
    while let Some(error) = cause {
        let error_text = error.to_string();
        if !text.contains(&error_text) {
            text = format!("{text}: {error_text}");
        }
        cause = error.source();
    }
    text
}

/// Whether an error comes from something that does not speak gRPC, or has no such call.
fn is_no_answer_of_a_node(status: &Status) -> bool {
    if std::error::Error::source(status).is_some_and(is_other_protocol) {
        return true;
    }
    // A proxy whose node is down answers with 502 to 504, which tonic makes UNAVAILABLE.
    let own = error_detail::decode(status.details()).is_some();
    match status.code() {
        tonic::Code::Unavailable => false,
        tonic::Code::Unimplemented => !own,
        _ => NOT_GRPC.iter().any(|text| status.message().starts_with(text)),
    }
}

/// Whether what went wrong is that the other side speaks another protocol than HTTP/2, or than TLS.
pub(super) fn is_other_protocol(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let reason = error.downcast_ref::<h2::Error>().and_then(h2::Error::reason);
        if reason.is_some_and(|reason| OTHER_PROTOCOL.contains(&reason)) {
            return true;
        }
        // Of rustls, whose types tonic hides; and of an answer that ends within a frame.
        let text = error.to_string();
        if text.contains(NOT_TLS) || text.contains(HALF_A_FRAME) {
            return true;
        }
        cause = error.source();
    }
    false
}

/// Whether the other side wants a certificate of the client, or another one (RFC 8446 6.2).
pub(super) fn wants_certificate(error: &(dyn std::error::Error + 'static)) -> bool {
    let causes = std::iter::successors(Some(error), |error| error.source());
    // Of rustls, whose types tonic hides.
    causes.map(ToString::to_string).any(|text| WANTS_CERTIFICATE.iter().any(|alert| text.contains(alert)))
}

/// Whether a call broke off because the other side closed the connection.
fn is_closed(status: &Status) -> bool {
    let mut cause = std::error::Error::source(status);
    while let Some(error) = cause {
        let of_h2 = error.downcast_ref::<h2::Error>().and_then(h2::Error::get_io);
        if let Some(error) = of_h2.or_else(|| error.downcast_ref::<std::io::Error>()) {
            use std::io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
            return matches!(error.kind(), BrokenPipe | ConnectionReset | UnexpectedEof);
        }
        // Of hyper, whose types tonic hides.
        if error.to_string() == CLOSED {
            return true;
        }
        cause = error.source();
    }
    false
}

/// The status code; tonic reports its own timeouts as cancellations.
fn status_code(status: &Status) -> StatusCode {
    let mut source = std::error::Error::source(status);
    while let Some(error) = source {
        if error.is::<tonic::TimeoutExpired>() {
            return StatusCode::DeadlineExceeded;
        }
        source = error.source();
    }
    status.code().into()
}

/// A text that a stranger chose, fit to be shown.
fn clipped(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(TEXT_CHARACTERS_MAX).collect()
}

const OTHER_PROTOCOL: [h2::Reason; 3] =
    [h2::Reason::PROTOCOL_ERROR, h2::Reason::FRAME_SIZE_ERROR, h2::Reason::HTTP_1_1_REQUIRED];
/// What tonic says of answers without the marks of gRPC.
const NOT_GRPC: [&str; 2] =
    ["grpc-status header missing", "protocol error: received message with invalid compression flag"];
const WANTS_CERTIFICATE: [&str; 5] = [
    "received fatal alert: CertificateRequired",
    // The signature does not fit an authority of the same name.
    "received fatal alert: DecryptError",
    "received fatal alert: UnknownCA",
    "received fatal alert: BadCertificate",
    "received fatal alert: CertificateUnknown",
];
const CLOSED: &str = "connection closed";
const HALF_A_FRAME: &str = "bytes remaining on stream";
const NOT_TLS: &str = "received corrupt message";
const TEXT_CHARACTERS_MAX: usize = 1024;
