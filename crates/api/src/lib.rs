//! The gRPC face of a node, and the client to it.
//!
//! - [`Ledger`] is what the services need of a node, in the types of `sanad-core`; [`serve`] puts it on the
//!   network with health checks, reflection, gRPC-web, TLS, deadlines and limits.
//! - [`Client`] calls a node and answers in the types of `sanad-core` again. It converts and bounds what comes
//!   in; whether a proof holds is for whoever has the genesis.
//!
//! **Invariant:** no type of prost or tonic stands in a public signature outside [`wire`].

mod batches;
mod blocks;
mod client;
mod convert;
mod entries;
mod ledger;
mod ledger_error;
pub mod limits;
mod metadata;
mod node_status;
mod proofs;
mod refusal;
mod server;
pub mod wire;

pub use batches::{BatchOutcome, BatchResult, BatchState, FinalBatch, Wait};
pub use blocks::{BlockSummary, FinalBlock, FinalHeader};
pub use client::{BatchProofStream, BlockStream, Client, ClientError, ClientOptions, StatusCode};
pub use convert::WireError;
pub use entries::LogEntry;
pub use ledger::{CredentialKey, Ledger};
pub use ledger_error::{LedgerError, Missing};
pub use node_status::{NodeStatus, Peer, PeerKind};
pub use proofs::{BatchProofs, EntryProof, InclusionProof, IssuerBatches, MemberProof, ProofHead};
pub use refusal::word as refusal_word;
pub use server::{
    CONNECTIONS_CLOSING_MAX, Health, Limits, ServeError, ServerConfig, Serving, TlsIdentity, WebOrigins,
    serve,
};
