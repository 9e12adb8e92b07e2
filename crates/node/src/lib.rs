//! The Sanad node: wires ledger, consensus, exchange of batches and gRPC service into one daemon.
//!
//! **Invariant:** only the consensus thread commits; everyone else reads what is final, or waits for it.

pub mod config;
mod descriptors;
mod error;
mod facts;
pub mod gossip;
mod keys;
mod ledger;
pub mod logging;
pub mod pool;
mod run;
mod saved_pool;
pub mod setup;
mod signals;
mod watchdog;

pub use error::NodeError;
pub use keys::{KeyError, NodeKeys, PASSPHRASE_VARIABLE};
pub use run::run;
pub use signals::stop_signal;
pub use watchdog::{Beat, EXIT_HUNG};
