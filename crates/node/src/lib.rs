//! The Sanad node: wires ledger, consensus, exchange of batches and gRPC service into one daemon.
//!
//! **Invariant:** only the consensus thread commits; everyone else reads what is final, or waits for it.

pub mod checking;
pub mod config;
mod descriptors;
mod desk;
mod error;
mod facts;
pub mod gossip;
mod keys;
mod ledger;
pub mod logging;
pub mod oddities;
pub mod pool;
mod reload;
mod run;
mod saved_pool;
mod serving;
pub mod setup;
mod signals;
mod supervisor;

pub use error::NodeError;
pub use keys::{KeyError, NodeKeys, PASSPHRASE_VARIABLE};
pub use reload::Reload;
pub use run::run;
pub use signals::stop_signal;
