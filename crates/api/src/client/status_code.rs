//! The gRPC status codes.

use std::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// A gRPC status code (`google.rpc.Code`), without success.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum StatusCode {
            $($(#[$doc])* $name,)*
        }

        impl fmt::Display for StatusCode {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(match self { $(Self::$name => $text,)* })
            }
        }

        impl From<tonic::Code> for StatusCode {
            fn from(code: tonic::Code) -> Self {
                match code {
                    // An error that calls itself a success.
                    tonic::Code::Ok => Self::Unknown,
                    $(tonic::Code::$name => Self::$name,)*
                }
            }
        }
    };
}

codes! {
    /// The call was cancelled, usually by the caller.
    Cancelled = "CANCELLED";
    /// No known code.
    Unknown = "UNKNOWN";
    /// The request is malformed whatever the state of the ledger.
    InvalidArgument = "INVALID_ARGUMENT";
    /// The time limit ended first; what was asked for may have happened.
    DeadlineExceeded = "DEADLINE_EXCEEDED";
    /// It does not exist.
    NotFound = "NOT_FOUND";
    /// It exists already.
    AlreadyExists = "ALREADY_EXISTS";
    /// The caller may not do this.
    PermissionDenied = "PERMISSION_DENIED";
    /// A limit is reached.
    ResourceExhausted = "RESOURCE_EXHAUSTED";
    /// The state of the ledger does not allow it.
    FailedPrecondition = "FAILED_PRECONDITION";
    /// It clashed with something else at the same time.
    Aborted = "ABORTED";
    /// Beyond what exists so far.
    OutOfRange = "OUT_OF_RANGE";
    /// The node does not know this call.
    Unimplemented = "UNIMPLEMENTED";
    /// Something failed in the node.
    Internal = "INTERNAL";
    /// The node cannot serve now.
    Unavailable = "UNAVAILABLE";
    /// Something is lost or corrupt.
    DataLoss = "DATA_LOSS";
    /// The signature is not good.
    Unauthenticated = "UNAUTHENTICATED";
}
