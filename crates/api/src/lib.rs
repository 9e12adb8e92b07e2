//! The interface of a node: gRPC server and client, and reads over HTTP.
//!
//! - [`Ledger`] is what the services need of a node, in the types of `sanad-core`; [`serve`] serves it
//!   with health checks, reflection, gRPC-web, TLS, deadlines and limits; and its reads as JSON over HTTP, for pages and
//!   scripts, under the same limits.
//! - [`Client`] calls a node and returns the types of `sanad-core`. It converts and bounds what comes in, and checks
//!   that it answers the question; proofs are verified by whoever holds a genesis or a trust file.
//!
//! **Invariant:** no type of prost or tonic is in a public signature outside [`wire`].

#[cfg(test)]
extern crate self as sanad_api;

mod batches;
mod blocks;
mod causes;
mod client;
mod convert;
mod diagnosis;
mod entries;
mod error_code;
mod error_detail;
mod ledger;
mod ledger_error;
pub mod limits;
mod node_status;
mod proofs;
mod server;
pub mod wire;

pub use batches::{BatchOutcome, BatchResult, BatchState, FinalBatch, Wait};
pub use blocks::{BlockSummary, FinalBlock, FinalHeader};
pub use client::{
    BatchProofStream, BlockStream, CertificateFault, Client, ClientError, ClientIdentity, ClientOptions,
    CompletenessStream, EntryRunStream, NodeUrl, NodeUrlError, StatusCode, ask_patiently, other_scheme,
};
pub use convert::WireError;
pub use diagnosis::{Attendance, ChainState, Diagnosis, ValidatorDiagnosis, Warning};
pub use entries::LogEntry;
pub use error_code::ErrorCode;
pub use ledger::{CredentialKey, Ledger};
pub use ledger_error::{LedgerError, Missing};
pub use node_status::{NodeStatus, Peer, PeerKind};
pub use proofs::{BatchProofs, EntryProof, HeaderProof, InclusionProof, MemberDetails, ProofForm, ProofHead};
pub use server::{
    CALL_SECONDS_BOUNDS, CONNECTIONS_CLOSING_MAX, CallCount, Health, Limits, Listeners, PlainLimits,
    ServeError, ServerConfig, ServerStats, Serving, SiteContent, SiteFile, TlsIdentity, WebOrigins, serve,
    serve_plain,
};
