//! Metadata keys of errors.

/// One stable word that says what is wrong, for programs.
pub(crate) const ERROR_WORD: &str = "sanad-error";
/// Milliseconds after which it is worth trying again (gRFC A6 "Server Pushback").
pub(crate) const RETRY_AFTER_MS: &str = "grpc-retry-pushback-ms";
